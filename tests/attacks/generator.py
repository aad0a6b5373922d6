"""What is asked, of whom, by which verb: every address of the resolver, of the admin site and of the API's description.

An attack is one request and the answer that the hand-written table (expectations.py) wants. What the attackers of Meadow,
and whoever sees no patient, are shown is searched for the words that only Harbor's rows hold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.test import Client

from tests.attacks.siege import undone
from tests.guards.marks import MARKS, PRIVATE

PAGES = ("GET", "POST")
BY_CHANCE = re.compile(r'name="csrfmiddlewaretoken" value="\w+"|nonce="[^"]+"')
"""Letters that an answer has by chance: four of them are a name now and then."""
OF_MEADOW = ("MD-2026-0001", "Wren", "Castellano", "MEAD-77")
"""Words that only Meadow's rows hold (tests/cast.py)."""


@dataclass(frozen=True)
class Answer:
    """How an answer counts: "open", "shut" (403, 404), "405", "away" (to a sign-in), or its number where it is none of them."""

    status: int
    kind: str
    text: str


def ask(client: Client, verb: str, url: str, /, **data: Any) -> Answer:
    """One request; what it wrote is undone."""
    with undone():
        send = getattr(client, verb.lower()) if verb in PAGES else None
        answer = send(url, data) if send else client.generic(verb, url)
        text = (b"".join(answer) if answer.streaming else answer.content).decode(errors="replace")
    return Answer(answer.status_code, _kind(answer), BY_CHANCE.sub("", text))


def _kind(answer: Any) -> str:
    status = answer.status_code
    if status in (403, 404):
        return "shut"
    if status == 405:
        return "405"
    place = answer.headers.get("Location", "")
    if status == 302 and place.startswith(("/accounts/login/", "/portal/sign-in/?")):
        return "away"
    return "open" if status < 500 else str(status)


def expected(verb: str, row: tuple[str, str], letter: str) -> str:
    """What somebody with this letter must get. Verbs beside GET, HEAD and POST are no page's."""
    if verb not in ("GET", "HEAD", "POST"):
        return "405"
    opens = row[1] if verb == "POST" else row[0]
    return "405" if opens == "-" else "open" if letter in opens else "shut"


def leaks(text: str, *, whose: str = "all") -> list[str]:
    """Words of Harbor's that stand there: all of them, or (`patients`) those of its patients and cases; or `meadow`'s."""
    if whose == "meadow":
        return [word for word in OF_MEADOW if word in text]
    words = [*PRIVATE, *MARKS] if whose == "all" else [*PRIVATE, *(m for m in MARKS if m.startswith("HB-"))]
    return [word for word in words if word in text]
