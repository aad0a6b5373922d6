"""An appeal goes out: one file is frozen, with its fingerprint, address, channel, time and proof."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from advocacy.access.disclosures import Door, Party, Purpose, Recipient, disclose
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused
from advocacy.people.models import Consent
from advocacy.people.queries import standing_consents
from appeals.blocks import blocks_from_data, cited_and_left_out, unfilled_gaps
from appeals.commands.approvals import approval_reasons, unsaid_reasons
from appeals.commands.checks import consent_stands, foreign, guards_of, locked_case_of, refuse
from appeals.commands.deadlines import follow_act
from appeals.commands.drafts import NAMED, packet_of
from appeals.commands.letter_dates import answered_on, date_reasons, office_day
from appeals.commands.overrides import allowed_override, left_of, use_override
from appeals.commands.paper import letterhead_of
from appeals.conditions import address_suits_channel
from appeals.facts import History
from appeals.models import Appeal, Exhibit, Filing, StepOverride
from appeals.models.authorization import Channel
from appeals.packets import CallRecord, render_call_record
from appeals.queries.beside import filing_lacks
from appeals.queries.doubtful import doubtful_letters
from appeals.queries.drafts import exhibit_label, exhibit_set_aside, exhibits_of, special_among
from appeals.queries.history import load_history
from appeals.queries.ladder import filing_of
from appeals.queries.representation import who_may_not
from appeals.representation import REPRESENTATIVE
from appeals.rungs import Rung
from appeals.workflow import APPEAL
from cases.commands.communications import log_sent
from cases.commands.documents import store_frozen
from cases.commands.touch import touch
from cases.models import Case, Communication, Document, DocumentVersion
from cases.queries.work import at_stake

WRITTEN = frozenset(Channel.values) - {Channel.PHONE}
DATED_LATER = Reason(
    "letter_dated_later", "The letter is dated after the day it was sent. Correct one of the two.", "filed_at"
)
TO_THE_PLAN = frozenset({"", "plan"})
"""Kinds of levels that go to the plan itself; where only the letter speaks, it is the plan's letter that says where."""


def file_appeal(
    *,
    actor: Actor,
    appeal: Appeal,
    channel: str,
    address: str,
    filed_at: datetime | None,
    proof_note: str = "",
    good_cause: str = "",
    amount_reason: str = "",
    unapproved_reason: str = "",
    filed_as: str = REPRESENTATIVE,
    proof: Document | None = None,
    expected_sha256: str | None = None,
    at: datetime,
) -> Filing:
    """File a level in writing: the letter and its exhibits become one file that never changes.

    With `expected_sha256` only the very bytes that were shown are filed. `good_cause` is the reason why a filing is late,
    `amount_reason` why the amount a level asks for is met where the record does not show it (claims taken together),
    `unapproved_reason` why an urgent one goes without the patient's approval where the organization asks for it, `filed_as`
    who files: the patient's representative, or a physician who needs no appointment where the rules say so.
    Raises WrongState, Refused with every reason (draft, open places, address, consent, window, amount, dates, exhibits).
    """
    require(actor, Permission.FILE_APPEAL, appeal)
    with transaction.atomic():
        case, row, history = _ready(appeal)
        exhibits = exhibits_of(row)
        changes: dict[str, Any] = {"filed_at": filed_at, "frozen_version": True}
        facts = _filing_facts(history, row, filed_at, good_cause, amount_reason)
        facts["address"] = address.strip()
        override = allowed_override("file_unapproved", row)
        unapproved = list(approval_reasons(case, row, history, unapproved_reason))
        reasons = [
            *guards_of(APPEAL, "file", row, {"at": at, "actor": actor, "changes": changes} | facts),
            *_filer(history, row, facts["filed_on"], filed_as),
            *_letter_reasons(case, row, history, exhibits, filed_at),
            *left_of(unapproved, override),
            *foreign(case, proof, "proof", "document"),
        ]
        if channel not in WRITTEN:
            reasons.append(Reason("channel_missing", "Say how it was sent.", "channel"))
        if elsewhere := address_suits_channel(channel, address, "address"):
            reasons.append(elsewhere)
        refuse(reasons)
        packet = packet_of(actor, case, row, history, exhibits)
        if expected_sha256 and expected_sha256 != packet.sha256:
            raise Refused(
                [
                    Reason(
                        "file_changed",
                        "The file has changed since you looked at it. Look at it again, then file it.",
                    )
                ]
            )
        rung = history.rung(row)
        special = special_among(exhibits)
        disclose(
            actor=actor,
            door=Door.FILING,
            purpose=Purpose.APPEAL,
            to=_recipient(case, rung, address),
            about=case,
            on=facts["filed_on"],
            special=special,
            what=f"The letter of the level with its exhibits, {packet.page_count} pages: {rung.title}",
            detail={"level": rung.key, "sha256": packet.sha256},
        )
        version = _frozen(actor, case, rung, packet.pdf, at, special)
        filed = APPEAL.take(
            "file",
            appeal,
            actor=actor,
            at=at,
            changes={"filed_at": filed_at, "frozen_version": version},
            facts=facts,
            detail={
                "sha256": packet.sha256,
                "channel": channel,
                "late": bool(good_cause.strip()),
                "filed_as": filed_as,
            },
            held=row,
        )
        filing = _write(
            case,
            filed,
            version,
            actor,
            channel=channel,
            address=address.strip(),
            sha256=packet.sha256,
            page_count=packet.page_count,
            manifest=packet.manifest,
            proof=proof,
            proof_note=proof_note.strip(),
            good_cause=good_cause.strip(),
            amount_reason=amount_reason.strip(),
            unapproved_reason=_unapproved(row, unapproved_reason, override if unapproved else None),
            filed_as=filed_as,
        )
        _log(actor, case, rung, filing, at)
        use_override(override if unapproved else None, at)
        _finish(case, at)
    return filing


def file_orally(
    *,
    actor: Actor,
    appeal: Appeal,
    communication: Communication,
    good_cause: str = "",
    amount_reason: str = "",
    unapproved_reason: str = "",
    filed_as: str = REPRESENTATIVE,
    at: datetime,
) -> Filing:
    """File a level by a call that was logged: the record of the call is the file that is frozen.

    Where the organization asks for it the patient has approved the letter of the level before the call, or
    `unapproved_reason` says why the call went without. Raises WrongState, Refused with every reason (the level is not filed
    by voice, not a call of this case, consent ...).
    """
    require(actor, Permission.FILE_APPEAL, appeal)
    with transaction.atomic():
        case, row, history = _ready(appeal)
        filed_at = communication.happened_at
        rung = history.rung(row)
        changes: dict[str, Any] = {"filed_at": filed_at, "frozen_version": True}
        facts = _filing_facts(history, row, filed_at, good_cause, amount_reason)
        facts["oral_filing_allowed"] = rung.may_be_filed_orally(row.is_expedited)
        found = list(foreign(case, communication, "communication", "call"))
        # A row of elsewhere is not looked into: its moment says nothing about this level.
        refuse(found)
        reasons = [
            *guards_of(APPEAL, "file_orally", row, {"at": at, "actor": actor, "changes": changes} | facts),
            *_filer(history, row, facts["filed_on"], filed_as),
        ]
        if communication.channel != Communication.Channel.CALL:
            reasons.append(Reason("not_a_call", "Choose a logged phone call.", "communication"))
        without = list(unsaid_reasons(case, row, history, filed_at))
        reasons += [] if unapproved_reason.strip() else without
        refuse(reasons)
        number = row.denial.appeal_phone or case.coverage.payer.phone or "by phone"
        disclose(
            actor=actor,
            door=Door.CALL,
            purpose=Purpose.APPEAL,
            to=_recipient(case, rung, number),
            about=case,
            on=facts["filed_on"],
            what=f"What was said in the call by which the level was filed: {rung.title}",
            detail={"level": rung.key},
        )
        pdf = render_call_record(_call_record(case, row, rung, communication))
        version = _frozen(actor, case, rung, pdf, at)
        filed = APPEAL.take(
            "file_orally",
            appeal,
            actor=actor,
            at=at,
            changes={"filed_at": filed_at, "frozen_version": version},
            facts=facts,
            detail={
                "sha256": version.blob.sha256,
                "channel": Channel.PHONE.value,
                "filed_as": filed_as,
            },
            held=row,
        )
        filing = _write(
            case,
            filed,
            version,
            actor,
            channel=Channel.PHONE.value,
            address=number,
            sha256=version.blob.sha256,
            page_count=version.page_count or 1,
            manifest={"version": 1, "kind": "call_record", "sha256": version.blob.sha256},
            is_oral=True,
            communication=communication,
            good_cause=good_cause.strip(),
            amount_reason=amount_reason.strip(),
            unapproved_reason=unapproved_reason.strip() if without else "",
            filed_as=filed_as,
        )
        _finish(case, at)
    return filing


def _unapproved(appeal: Appeal, said: str, override: StepOverride | None) -> str:
    """Why it went without the patient's approval: of an urgent one as typed, else what two people agreed on."""
    if override is not None:
        return override.reason
    return said.strip() if appeal.is_expedited else ""


def add_proof(
    *, actor: Actor, filing: Filing, document: Document | None = None, note: str = "", at: datetime
) -> Filing:
    """Keep what proves a filing: a document of the case, a note, or both. Raises Refused when there is neither."""
    require(actor, Permission.FILE_APPEAL, filing)
    with transaction.atomic():
        case = locked_case_of(filing)
        reasons = list(foreign(case, document, "document", "document"))
        if document is None and not note.strip():
            reasons.append(
                Reason("proof_missing", "Choose the document that proves it, or say what does.", "note")
            )
        refuse(reasons)
        row = Filing.objects.select_for_update().get(pk=filing.pk)
        row.proof = document or row.proof
        row.proof_note = note.strip() or row.proof_note
        row.save(update_fields=["proof", "proof_note"])
        record("proof_added", subject=row, detail={"document": document.pk if document else None})
        touch(case, at)
    return row


def _ready(appeal: Appeal) -> tuple[Case, Appeal, History]:
    case = locked_case_of(appeal, *NAMED)
    row = Appeal.objects.select_for_update(of=("self",)).select_related("denial").get(pk=appeal.pk)
    return case, row, load_history(case)


def _filing_facts(
    history: History, appeal: Appeal, filed_at: datetime | None, good_cause: str, amount_reason: str
) -> dict[str, Any]:
    due = filing_of(history, appeal)
    filed_on = history.day(filed_at)
    return {
        "opened_by": "filing" if history.rung(appeal).may_be_filed else "forwarding",
        "filed_on": filed_on,
        "notice_on": answered_on(history, appeal),
        "beside_lacks": tuple(filing_lacks(history, appeal, filed_at)),
        "window_end": due.last_day,
        "good_cause": good_cause.strip(),
        "amount_lacks": filed_on and history.rung(appeal).amount_lacks(at_stake(history.case), filed_on.year),
        "amount_reason": amount_reason.strip(),
        "consent": filed_on is not None and consent_stands(history.case, Consent.Kind.RELEASE, filed_on),
    }


def _filer(history: History, appeal: Appeal, on: date | None, filed_as: str) -> Iterator[Reason]:
    """Whether whoever files may: an appointment whose form fits and is in force on the day, or a rule that asks for none."""
    if on is None:
        return
    appointed = standing_consents(history.case.patient, on).filter(kind=Consent.Kind.REPRESENTATION)
    yield from who_may_not(history, appeal, appointed, on, filed_as=filed_as)


def _letter_reasons(
    case: Case,
    appeal: Appeal,
    history: History,
    exhibits: Sequence[Exhibit],
    filed_at: datetime | None,
) -> Iterator[Reason]:
    if not appeal.draft:
        yield Reason("letter_missing", "Write the letter first.", "text")
        return
    blocks = blocks_from_data(appeal.draft["blocks"])
    yield from unfilled_gaps(blocks)
    yield from cited_and_left_out(blocks, (exhibit_label(e.position) for e in exhibits))
    aside, _ = doubtful_letters(case)
    for exhibit in exhibits:
        if exhibit.document_version.document_id in aside:
            yield exhibit_set_aside(exhibit.position)
    dated = date.fromisoformat(appeal.draft["dated"])
    last = office_day(case, filed_at) if filed_at else None
    yield from date_reasons(history, appeal, dated, last=last, late=DATED_LATER)


def _recipient(case: Case, rung: Rung, address: str) -> Recipient:
    """The plan, or whoever reviews it at this level; where only the level's name is known, that is said."""
    if rung.kind in TO_THE_PLAN:
        return Recipient(Party.PLAN, case.coverage.payer.name, address)
    return Recipient(Party.REVIEWER, f"Reviewer of this level: {rung.title}", address)


def _frozen(
    actor: Actor, case: Case, rung: Rung, pdf: bytes, at: datetime, special: Collection[str] = ()
) -> DocumentVersion:
    return store_frozen(
        actor=actor,
        case=case,
        kind=Document.Kind.FILING,
        title=f"As filed: {rung.title}",
        filename=f"{case.reference}-{rung.key}.pdf",
        data=pdf,
        special=special,
        at=at,
    )


def _write(case: Case, appeal: Appeal, version: DocumentVersion, actor: Actor, **fields: Any) -> Filing:
    assert appeal.filed_at is not None
    return Filing.objects.create(
        case=case,
        appeal=appeal,
        document_version=version,
        filed_at=appeal.filed_at,
        filed_by_id=actor.user_id,
        **fields,
    )


def _log(actor: Actor, case: Case, rung: Rung, filing: Filing, at: datetime) -> None:
    """What went out stands in the log too, with the very file; a filing by phone is a logged call already."""
    pages = f"{filing.page_count} page{'' if filing.page_count == 1 else 's'}"
    log_sent(
        actor=actor,
        case=case,
        source=f"filing:{filing.pk}",
        channel=filing.channel,
        party=Communication.With.PAYER if rung.kind in TO_THE_PLAN else Communication.With.REVIEWER,
        address=filing.address,
        summary=f"{rung.title}: {pages}, SHA-256 {filing.sha256[:12]}.",
        versions=[filing.document_version],
        sent_at=filing.filed_at,
        at=at,
    )


def _call_record(case: Case, appeal: Appeal, rung: Rung, call: Communication) -> CallRecord:
    return CallRecord(
        letterhead=letterhead_of(case.organization),
        started_at=call.happened_at.astimezone(ZoneInfo(case.organization.time_zone)),
        made_by=str(call.logged_by) if call.logged_by else "",
        payer=case.coverage.payer.name,
        number_dialed=appeal.denial.appeal_phone or case.coverage.payer.phone,
        spoke_with=call.person,
        call_reference=call.reference_number,
        what_was_said=call.summary,
        patient_name=case.patient.full_name,
        member_id=case.coverage.member_id,
        reference_number=appeal.denial.reference_number,
        what_was_asked=f"{rung.title}, filed by phone{', urgent' if appeal.is_expedited else ''}.",
        promised=call.promise,
        minutes=call.minutes,
    )


def _finish(case: Case, at: datetime) -> None:
    follow_act(case, at)
