"""The one door to text messages: a code and the words around it, to one number. Never a name, never what it is about.

Who carries them is the installation's choice (RECOURSE_TEXTS): a folder for the demonstration, any service that takes a POST
over https, or a class of one's own that has `send`. Without one nobody is offered a text message.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from advocacy.access.disclosures import Door, Party, Purpose, Recipient, disclose
from advocacy.access.policy import system_actor
from advocacy.outgoing import CallFailed, CallRefused, call
from advocacy.tenancy.sealing import digest

PROGRAM = system_actor(0, "texts")
log = logging.getLogger("recourse.texts")
INTERNATIONAL = re.compile(r"\+[1-9][0-9]{7,14}", re.ASCII)
LONGEST = 320


class NotSent(Exception):
    """Nobody took the message."""


class Sender(Protocol):
    def send(self, number: str, text: str) -> None:
        """Hand `text` over for `number` (E.164). Raises NotSent."""


class ToFolder:
    """Each message is a file of RECOURSE_TEXT_DIR: for the demonstration and for tests."""

    def send(self, number: str, text: str) -> None:
        folder = Path(settings.TEXT_DIR or settings.LOCAL_DIR / "texts")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        at = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        with (folder / f"{at}-{digest(number.encode())[:8]}.txt").open("x") as file:
            file.write(f"To: {number}\n\n{text}\n")


class ByHttps:
    """A service that takes {"to", "from", "text"} as JSON at RECOURSE_TEXT_URL, with RECOURSE_TEXT_TOKEN as bearer."""

    def send(self, number: str, text: str) -> None:
        told = {"to": number, "text": text} | ({"from": settings.TEXT_FROM} if settings.TEXT_FROM else {})
        headers = {"Content-Type": "application/json"}
        if settings.TEXT_TOKEN:
            headers["Authorization"] = f"Bearer {settings.TEXT_TOKEN}"
        try:
            answer = call("POST", settings.TEXT_URL, body=json.dumps(told).encode(), headers=headers)
        except (CallRefused, CallFailed) as problem:
            raise NotSent(problem.code) from problem
        if not 200 <= answer.status < 300:
            raise NotSent(str(answer.status))


SENDERS = {"folder": "advocacy.texts.ToFolder", "https": "advocacy.texts.ByHttps"}


def are_sent() -> bool:
    """Whether this installation sends text messages at all."""
    return bool(settings.TEXTS)


def international(number: str) -> str:
    """A number as senders want it (E.164); ten digits are of the United States. "" for what is none."""
    digits = "".join(c for c in number if c.isascii() and c.isdigit())
    plain = number.strip().startswith("+")
    found = f"+{digits}" if plain or (len(digits) == 11 and digits[0] == "1") else f"+1{digits}"
    usual = plain or len(found) == 12
    return found if usual and INTERNATIONAL.fullmatch(found) else ""


def send_text(number: str, text: str) -> None:
    """Send one message. Raises NotSent: whoever asked for it is told in another way."""
    disclose(
        actor=PROGRAM, door=Door.MAIL, purpose=Purpose.NOTICE, to=Recipient(Party.PATIENT, number, number)
    )
    to = international(number)
    if not to:
        raise NotSent("number")
    try:
        sender: Sender = import_string(SENDERS.get(settings.TEXTS, settings.TEXTS))()
        sender.send(to, " ".join(text.split())[:LONGEST])
    except NotSent:
        raise
    except (
        Exception
    ) as problem:  # a sender of the installation's own may fail in any way; its words may hold the number
        raise NotSent(type(problem).__name__) from problem
