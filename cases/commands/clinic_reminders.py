"""A clinic that does not answer is written to once more; after the second silence a person takes over.

Both silences last as many days as the link says. Who is waited for: a provider with open asks on an open case whose release
stands, and whose latest link a person sent and nobody revoked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from advocacy.access.policy import Actor
from advocacy.audit.trail import record
from advocacy.errors import NotAllowed
from advocacy.people.rules import day_in
from cases.commands.clinic import SILENT, mail_clinic, new_link, released
from cases.commands.clinic_leaving import link_goes_out
from cases.commands.tasks import open_task
from cases.models import ClinicAsk, ClinicLink
from cases.queries.clinic import latest_link, open_asks, waiting_links

SUBJECT = "still waits for your office"


def due_reminders(*, actor: Actor, at: datetime) -> list[int]:
    """Primary keys of links whose clinic is to be reminded now. For the program itself; raises NotAllowed."""
    _program_only(actor)
    return [link.pk for link in waiting_links(at) if released(link.case, at) and _unreminded(link, at)]


def remind_clinic(*, actor: Actor, link: ClinicLink, at: datetime) -> ClinicLink | None:
    """Write to the clinic once more: the link again in a mail of its own while it opens, else a word how to reach us.

    Does nothing, and returns None, when it was done, answered, revoked or closed meanwhile. Raises NotAllowed, and OSError
    when the mail server refuses: then nothing counts as sent.
    """
    _program_only(actor)
    with transaction.atomic():
        row = (
            ClinicLink.objects.select_for_update(of=("self",)).select_related("case__patient").get(pk=link.pk)
        )
        asks = _unreminded(row, at)
        standing = latest_link(row.case_id, row.provider_id)
        if not asks or standing is None or standing.pk != row.pk or row.revoked_at is not None:
            return None
        if row.case.status != "open" or not released(row.case, at):
            return None
        sent, url = row, ""
        if row.expires_at > at:
            sent, url = new_link(
                case_id=row.case_id,
                provider_id=row.provider_id,
                email=row.email,
                sent_at=at,
                expires_at=row.expires_at,
                remind_days=row.remind_days,
                reminder_of=row,
            )
        if url:
            link_goes_out(actor, row.case, row.provider, row.email, at)
        for ask in asks:
            ask.reminded_at = at
            ask.save(update_fields=["reminded_at"])
        record("clinic_reminded", subject=row, detail={"asks": [a.pk for a in asks], "link": bool(url)})
        mail_clinic(row.email, "notices/clinic_reminder.txt", SUBJECT, url, row)
    return sent


def raise_silent_clinics(*, actor: Actor, at: datetime) -> int:
    """Open a task for the owner of each case whose clinic did not answer the reminder either; how many. Again adds none."""
    _program_only(actor)
    count = 0
    for link in waiting_links(at):
        with transaction.atomic():
            silent = [
                ask
                for ask in open_asks(link.case_id, link.provider_id).select_for_update(of=("self",))
                if ask.reminded_at is not None and ask.reminded_at + timedelta(days=link.remind_days) <= at
            ]
            if silent:
                _raise(actor, link, silent, at)
                count += 1
    return count


def _raise(actor: Actor, link: ClinicLink, silent: Sequence[ClinicAsk], at: datetime) -> None:
    case = link.case
    there = silent[0].reminded_at
    assert there is not None
    reminded = day_in(case.patient.time_zone, there)
    open_task(
        actor=actor,
        case=case,
        title="The clinic has not answered: call it",
        detail=f"{link.provider} was reminded on {reminded:%B} {reminded.day}, {reminded.year} and has not answered. "
        "What it is asked for stands on the case's page of the clinic.",
        due_on=day_in(case.patient.time_zone, at),
        code=f"{SILENT}{link.provider_id}",
        opened_by="rule",
        at=at,
    )
    for ask in silent:
        ask.raised_at = at
        ask.save(update_fields=["raised_at"])


def _unreminded(link: ClinicLink, at: datetime) -> list[ClinicAsk]:
    """Open asks that this link has told the clinic of long enough ago, and no reminder."""
    silence = timedelta(days=link.remind_days)
    return [
        ask
        for ask in open_asks(link.case_id, link.provider_id)
        if ask.reminded_at is None and max(ask.asked_at, link.sent_at) + silence <= at
    ]


def _program_only(actor: Actor) -> None:
    if not actor.system:
        raise NotAllowed("remind_clinic")
