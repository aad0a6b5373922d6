"""What was said and promised, and notes, which are internal unless marked for the patient."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused
from cases.commands.search_text import index_case
from cases.commands.touch import touch
from cases.models import Case, Communication, Note

CLOCKS_DIFFER = timedelta(minutes=5)
"""A call that has just ended may stand a little ahead of the server's clock."""


def log_communication(
    *,
    actor: Actor,
    case: Case,
    channel: str = "call",
    direction: str = "out",
    party: str = "payer",
    person: str = "",
    happened_at: datetime,
    minutes: int | None = None,
    reference_number: str = "",
    summary: str = "",
    promise: str = "",
    promised_by: date | None = None,
    at: datetime,
) -> Communication:
    """Log one contact, in either direction. `happened_at` is aware; `promised_by` is a calendar day.

    Raises Refused with all reasons: nothing_said, happened_in_future, promise_missing (a day without a promise),
    promised_before (the day lies before the contact), channel_unknown, direction_unknown, party_unknown.
    """
    require(actor, Permission.WRITE_NOTE, case)
    reasons = [
        Reason(f"{field}_unknown", "Choose one of the list.", field)
        for field, value, choices in (
            ("channel", channel, Communication.Channel),
            ("direction", direction, Communication.Direction),
            ("party", party, Communication.With),
        )
        if value not in choices.values
    ]
    if not (summary.strip() or promise.strip()):
        reasons.append(Reason("nothing_said", "Write what was said, or what was promised.", "summary"))
    if happened_at > at + CLOCKS_DIFFER:
        reasons.append(
            Reason("happened_in_future", "This moment has not come yet. Check date and time.", "happened_at")
        )
    if promised_by and not promise.strip():
        reasons.append(Reason("promise_missing", "Write what was promised for that day.", "promise"))
    if promised_by and promised_by < timezone.localdate(happened_at):
        reasons.append(
            Reason("promised_before", "The promised day lies before the contact itself.", "promised_by")
        )
    if reasons:
        raise Refused(reasons)
    with transaction.atomic():
        entry = Communication.objects.create(
            case=case,
            channel=channel,
            direction=direction,
            party=party,
            person=person.strip(),
            happened_at=happened_at,
            minutes=minutes,
            reference_number=reference_number.strip(),
            summary=summary.strip(),
            promise=promise.strip(),
            promised_by=promised_by,
            logged_at=at,
            logged_by_id=actor.user_id,
        )
        record(
            "communication_logged",
            subject=entry,
            detail={"channel": channel, "direction": direction, "party": party, "promised_by": promised_by},
        )
        if entry.reference_number:
            index_case(case)
        touch(case, at)
    return entry


def keep_promise(*, actor: Actor, communication: Communication, kept: bool, at: datetime) -> Communication:
    """Record whether what was promised came about. Raises Refused ("no_promise") when nothing was promised."""
    require(actor, Permission.WRITE_NOTE, communication)
    if not communication.promise:
        raise Refused([Reason("no_promise", "Nothing was promised in this contact.")])
    with transaction.atomic():
        locked = Communication.objects.select_for_update().get(pk=communication.pk)
        locked.promise_kept = kept
        locked.save(update_fields=["promise_kept"])
        record("promise_followed_up", subject=locked, detail={"kept": kept})
        touch(locked.case, at)
    return locked


def write_note(*, actor: Actor, case: Case, body: str, for_patient: bool = False, at: datetime) -> Note:
    """Write a note: internal, or marked for the patient to see. Raises Refused ("note_empty")."""
    require(actor, Permission.WRITE_NOTE, case)
    if not body.strip():
        raise Refused([Reason("note_empty", "Write the note before saving it.", "body")])
    with transaction.atomic():
        note = Note.objects.create(
            case=case, body=body.strip(), for_patient=for_patient, written_at=at, written_by_id=actor.user_id
        )
        record("note_written", subject=note, detail={"for_patient": for_patient})
        touch(case, at)
    return note
