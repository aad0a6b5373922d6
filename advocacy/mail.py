"""The one door to e-mail: plain text, the fixed notice sentence under it, never anything that identifies a patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from advocacy.access.disclosures import Door, Party, Purpose, Recipient, disclose
from advocacy.access.policy import system_actor
from advocacy.words import notice_sentence


@dataclass(frozen=True)
class Notice:
    """What is to be said: to which address, under which subject, from which template, with which facts, and who reads it.

    Subject and facts hold references, dates, counts and links. A name, a member id or a diagnosis has no place here: mail
    is read on screens that nobody guards.
    """

    to: str
    subject: str
    template: str
    facts: Mapping[str, Any]
    reader: Party
    language: str = "en"
    reply_to: str = ""


PROGRAM = system_actor(0, "mail")


def link_to(path: str) -> str:
    """The absolute address of a page of this installation."""
    return f"{settings.SITE_URL.rstrip('/')}{path}"


def deliver(notice: Notice, *, message_id: str = "") -> None:
    """Render and hand over to the mail server. Raises what the server raises: an undelivered notice is a failure.

    `message_id` names the mail (letters, digits, dots and hyphens; nothing of a patient): handed over twice, it is the same
    mail to every mailbox on its way.
    """
    disclose(
        actor=PROGRAM,
        door=Door.MAIL,
        purpose=Purpose.NOTICE,
        to=Recipient(notice.reader, notice.to, notice.to),
    )
    facts = dict(notice.facts) | {"notice_sentence": notice_sentence(notice.language)}
    body = render_to_string(notice.template, facts).strip() + "\n"
    subject = " ".join(notice.subject.split())
    EmailMessage(
        subject=subject,
        body=body,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[notice.to],
        reply_to=[notice.reply_to] if notice.reply_to else None,
        headers={"Message-ID": f"<{message_id}@{_sending_domain()}>"} if message_id else None,
    ).send()


def _sending_domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].partition("@")[2] or "localhost"
