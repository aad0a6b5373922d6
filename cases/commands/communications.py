"""What was said and promised, in both directions, on one log; and notes, internal unless marked for the patient.

An entry is never overwritten: a correction is a new entry with its reason, and the old one stays behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, BinaryIO

from django.db import transaction
from django.utils import timezone

from advocacy.access.disclosures import VERB as DISCLOSED
from advocacy.access.disclosures import Door, Party, Purpose, Recipient, disclose
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.models import Event
from advocacy.audit.trail import about, record
from advocacy.errors import Reason, Refused, WrongState
from advocacy.people.rules import day_in
from advocacy.tenancy.joined import joined
from cases.commands.accounting import write_correction
from cases.commands.cases import must_be_open
from cases.commands.documents import upload_document
from cases.commands.search_text import index_case
from cases.commands.touch import touch
from cases.models import Attachment, Case, Communication, Document, DocumentVersion, Note
from cases.queries.documents import newest_versions

TO_LOG = "log a contact"
"""What a closed case is reopened for, in words. What a step or the patient sends is logged all the same."""
OUTSIDE = {
    Communication.With.PAYER.value: Party.PLAN,
    Communication.With.PROVIDER.value: Party.CLINIC,
    Communication.With.REVIEWER.value: Party.REVIEWER,
    Communication.With.OTHER.value: Party.OTHER,
}
"""Whoever gets papers that are logged as sent, apart from the patient's own side."""
CLOCKS_DIFFER = timedelta(minutes=5)
"""A call that has just ended may stand a little ahead of the server's clock."""


@dataclass(frozen=True)
class Upload:
    """A file that comes with an entry; `stream` is seekable. It becomes a document of the case, or nothing is kept."""

    kind: str
    title: str
    filename: str
    stream: BinaryIO


def log_communication(
    *,
    actor: Actor,
    case: Case,
    channel: str = "call",
    direction: str = "out",
    party: str = "payer",
    person: str = "",
    address: str = "",
    happened_at: datetime,
    minutes: int | None = None,
    reference_number: str = "",
    summary: str = "",
    promise: str = "",
    promised_by: date | None = None,
    attachments: Sequence[Document] = (),
    upload: Upload | None = None,
    at: datetime,
) -> Communication:
    """Log one contact, in either direction, with documents of the case and, in the same act, a new one.

    `happened_at` is aware; `promised_by` is a calendar day. Raises Refused with all reasons: nothing_said,
    happened_in_future, promise_missing (a day without a promise), promised_before (the day lies before the contact),
    channel_unknown, direction_unknown, party_unknown, message_is_written, attachment_elsewhere; and as `upload_document`.
    Raises WrongState for a closed case.
    """
    require(actor, Permission.WRITE_NOTE, case)
    reasons = [
        *_said_reasons(channel, direction, party, summary, promise),
        *_when_reasons(happened_at, promise, promised_by, at),
        *attachment_reasons(case, attachments),
    ]
    if reasons:
        raise Refused(reasons)
    with transaction.atomic():
        must_be_open(Case.objects.select_for_update().get(pk=case.pk), TO_LOG)
        entry = _create(
            actor,
            case,
            at,
            channel=channel,
            direction=direction,
            party=party,
            person=person.strip(),
            address=address.strip(),
            happened_at=happened_at,
            minutes=minutes,
            reference_number=reference_number.strip(),
            summary=summary.strip(),
            promise=promise.strip(),
            promised_by=promised_by,
        )
        attached = attach(actor, entry, attachments, upload, at)
        _papers_left(actor, case, entry)
        record("communication_logged", subject=entry, detail=_codes(entry) | attached)
        if entry.reference_number:
            index_case(case)
        touch(case, at)
    return entry


def correct_communication(
    *,
    actor: Actor,
    communication: Communication,
    reason: str,
    channel: str,
    direction: str,
    party: str,
    person: str = "",
    address: str = "",
    happened_at: datetime,
    minutes: int | None = None,
    reference_number: str = "",
    summary: str = "",
    promise: str = "",
    promised_by: date | None = None,
    attachments: Sequence[Document] | None = None,
    upload: Upload | None = None,
    at: datetime,
) -> Communication:
    """Put a corrected entry in the place of one that is wrong; the old one stays, marked, and both name each other.

    Without `attachments` the old ones are kept. Raises WrongState when it was corrected already, Refused with all reasons:
    as `log_communication`, reason_missing, made_by_program (it stands for a thing the program sent) and message_stands (what
    somebody else has read is answered, not corrected).
    """
    require(actor, Permission.WRITE_NOTE, communication)
    case = communication.case
    reasons = [
        *_said_reasons(channel, direction, party, summary, promise),
        *_when_reasons(happened_at, promise, promised_by, at),
        *attachment_reasons(case, attachments or ()),
    ]
    if not reason.strip():
        reasons.append(Reason("reason_missing", "Say what was wrong with the entry.", "reason"))
    if communication.source:
        reasons.append(
            Reason(
                "made_by_program",
                "The program made this entry when it sent something, and it stays. Write another one beside it.",
            )
        )
    if communication.channel == Communication.Channel.MESSAGE:
        reasons = [Reason("message_stands", "A message stands as it was sent. Write another one.")]
    if reasons:
        raise Refused(reasons)
    with transaction.atomic():
        old = Communication.objects.select_for_update().get(pk=communication.pk)
        if old.superseded_at is not None:
            raise WrongState(
                "correct", "corrected", "Somebody corrected this entry already. Look at it again."
            )
        old.superseded_at = at
        old.save(update_fields=["superseded_at"])
        kept = promise.strip() == old.promise
        entry = _create(
            actor,
            case,
            at,
            corrects=old,
            correction_reason=reason.strip(),
            channel=channel,
            direction=direction,
            party=party,
            person=person.strip(),
            address=address.strip(),
            happened_at=happened_at,
            minutes=minutes,
            reference_number=reference_number.strip(),
            summary=summary.strip(),
            promise=promise.strip(),
            promised_by=promised_by,
            promise_kept=old.promise_kept if kept else None,
        )
        attached = attach(actor, entry, attachments or (), upload, at)
        if attachments is None:
            carry_over(old, entry)
        _papers_left(actor, case, entry, before=old)
        record(
            "communication_corrected",
            subject=entry,
            detail=_codes(entry) | attached | {"corrects": old.pk},
            reason=reason.strip(),
        )
        index_case(case)
        touch(case, at)
    return entry


def log_sent(
    *,
    actor: Actor,
    case: Case,
    source: str,
    channel: str,
    party: str,
    person: str = "",
    address: str = "",
    reference_number: str = "",
    summary: str,
    versions: Iterable[DocumentVersion] = (),
    sent_at: datetime,
    at: datetime,
) -> Communication:
    """Log what we sent, or the call we made, for the thing that `source` names ("filing:12"): once, however often asked.

    Called by the command that sends or records it; `versions` are the very files that went.
    """
    require(actor, Permission.WRITE_NOTE, case)
    standing = Communication.objects.filter(source=source).first()
    if standing is not None:
        return standing
    with joined():
        entry = _create(
            actor,
            case,
            at,
            source=source,
            channel=channel,
            direction=Communication.Direction.OUT,
            party=party,
            person=person,
            address=address,
            reference_number=reference_number,
            happened_at=sent_at,
            summary=summary,
        )
        files = attach_versions(entry, versions)
        record("communication_logged", subject=entry, detail=_codes(entry) | {"source": source} | files)
    return entry


def keep_promise(*, actor: Actor, communication: Communication, kept: bool, at: datetime) -> Communication:
    """Record whether what was promised came about. Raises Refused ("no_promise") when nothing was promised."""
    require(actor, Permission.WRITE_NOTE, communication)
    if not communication.promise:
        raise Refused(
            [
                Reason(
                    "no_promise",
                    "Nothing was promised in this contact. Correct the entry first, if something was.",
                )
            ]
        )
    with transaction.atomic():
        locked = Communication.objects.select_for_update().get(pk=communication.pk)
        if locked.superseded_at is not None:
            raise WrongState(
                "follow_up", "corrected", "This entry was corrected. Settle the promise of the new one."
            )
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


def attachment_reasons(case: Case, attachments: Iterable[Document]) -> list[Reason]:
    """A document of another case is no attachment of this one's log."""
    if all(document.case_id == case.pk for document in attachments):
        return []
    return [Reason("attachment_elsewhere", "Choose documents of this case only.", "attachments")]


def attach(
    actor: Actor, entry: Communication, documents: Sequence[Document], upload: Upload | None, at: datetime
) -> dict[str, int]:
    """Attach documents in their newest versions and, first, the one that comes with the entry; how many, for the trail."""
    chosen = list(documents)
    if upload is not None:
        chosen.append(
            upload_document(
                actor=actor,
                case=entry.case,
                kind=upload.kind,
                title=upload.title,
                filename=upload.filename,
                stream=upload.stream,
                at=at,
            )
        )
    return attach_versions(entry, newest_versions(chosen))


def attach_versions(entry: Communication, versions: Iterable[DocumentVersion]) -> dict[str, int]:
    """Attach these very versions; how many, for the trail."""
    rows = [Attachment(case_id=entry.case_id, communication=entry, version=version) for version in versions]
    Attachment.objects.bulk_create(rows)
    return {"attachments": len(rows)} if rows else {}


def carry_over(old: Communication, new: Communication) -> None:
    """What came with the old entry came with the corrected one, in the same versions."""
    there = {a.version_id for a in Attachment.objects.filter(communication=new)}
    for attached in Attachment.objects.filter(communication=old).order_by("pk"):
        if attached.version_id not in there:
            Attachment.objects.create(case_id=new.case_id, communication=new, version_id=attached.version_id)


def _recipient(case: Case, entry: Communication) -> Recipient:
    """Whom papers went to: by name where one was typed, else what they are."""
    usual = case.coverage.payer.name if entry.party == Communication.With.PAYER else entry.get_party_display()
    return Recipient(OUTSIDE.get(entry.party, Party.PATIENT), entry.person or usual, entry.address)


def _went(entry: Communication) -> tuple[Any, ...]:
    """To whom which versions went with an entry."""
    versions = Attachment.objects.filter(communication=entry).values_list("version_id", flat=True)
    return (entry.direction, entry.party, entry.person, entry.address, *sorted(versions))


def _special_papers(entry: Communication) -> frozenset[str]:
    """Which specially protected records went with it."""
    rows = Attachment.objects.filter(communication=entry).values_list("version__document__special", flat=True)
    return frozenset(code for codes in rows for code in codes)


def _papers_left(actor: Actor, case: Case, entry: Communication, before: Communication | None = None) -> None:
    """What went out with an entry of the log has left, to somebody outside. Where an entry `before` said so already, its line in
    the accounting is put right: that happened, and a release that was withdrawn since does not undo it. Papers that it did not
    name have left too, and need what every paper needs.

    Raises Refused where nothing allowed it on that day.
    """
    went = _went(entry)
    line = _line_of(before) if before is not None else None
    if line is not None and before is not None:
        was = _went(before)
        if (went[:4], entry.happened_at) != (was[:4], before.happened_at):
            _put_right(case, entry, line)
        if set(went[4:]) <= set(was[4:]):
            return
    if entry.direction != Communication.Direction.OUT or entry.party not in OUTSIDE or not went[4:]:
        return
    disclose(
        actor=actor,
        door=Door.LOG,
        purpose=Purpose.CASEWORK,
        to=_recipient(case, entry),
        about=case,
        on=day_in(case.patient.time_zone, entry.happened_at),
        special=_special_papers(entry),
        what=entry.summary,
        detail={"documents": len(went[4:]), "entry": entry.pk},
    )


def _line_of(entry: Communication) -> int | None:
    """The act by which the papers of an entry, or of one that it corrects, were told as left."""
    keys, row = [entry.pk], entry
    while row.corrects_id is not None and (earlier := row.corrects) is not None:
        keys.append(earlier.pk)
        row = earlier
    acts = Event.objects.filter(
        about(cases=[entry.case_id]), kind=Event.Kind.VERB, verb=DISCLOSED, data__entry__in=keys
    )
    return acts.order_by("-pk").values_list("pk", flat=True).first()


def _put_right(case: Case, entry: Communication, line: int) -> None:
    """The line of the accounting says what the corrected entry says."""
    if entry.direction == Communication.Direction.OUT:
        to, what = _recipient(case, entry), entry.summary
    else:
        to, what = Recipient(Party.OTHER, entry.get_party_display()), "It did not leave; it came in."
    days = {"on": day_in(case.patient.time_zone, entry.happened_at)}
    write_correction(case.patient, line, to, what, entry.correction_reason, detail=days)


def _create(actor: Actor, case: Case, at: datetime, **fields: Any) -> Communication:
    return Communication.objects.create(case=case, logged_at=at, logged_by_id=actor.user_id, **fields)


def _codes(entry: Communication) -> dict[str, Any]:
    return {
        "channel": entry.channel,
        "direction": entry.direction,
        "party": entry.party,
        "promised_by": entry.promised_by,
    }


def _said_reasons(channel: str, direction: str, party: str, summary: str, promise: str) -> list[Reason]:
    reasons = [
        Reason(f"{field}_unknown", "Choose one of the list.", field)
        for field, value, choices in (
            ("channel", channel, Communication.Channel),
            ("direction", direction, Communication.Direction),
            ("party", party, Communication.With),
        )
        if value not in choices.values
    ]
    if channel == Communication.Channel.MESSAGE:
        text = "A message to the patient is written on the page of messages; it stands here by itself."
        reasons.append(Reason("message_is_written", text, "channel"))
    if not (summary.strip() or promise.strip()):
        reasons.append(Reason("nothing_said", "Write what was said, or what was promised.", "summary"))
    return reasons


def _when_reasons(
    happened_at: datetime, promise: str, promised_by: date | None, at: datetime
) -> list[Reason]:
    reasons = []
    if happened_at > at + CLOCKS_DIFFER:
        reasons.append(
            Reason("happened_in_future", "This moment has not come yet. Check date and time.", "happened_at")
        )
    if promised_by and not promise.strip():
        reasons.append(Reason("promise_missing", "Write what was promised for that day.", "promise"))
    if promised_by and promised_by < timezone.localdate(happened_at):
        reasons.append(
            Reason(
                "promised_before",
                "The promised day lies before the contact itself. Correct one of the two.",
                "promised_by",
            )
        )
    return reasons
