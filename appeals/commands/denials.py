"""A refusal: facts proposed from its letter, the denial as recorded, and its confirmation, which starts the clocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, WrongState
from appeals.commands.checks import (
    asked_in_time,
    call_window,
    foreign,
    future_days,
    locked_case_of,
    notice_order,
    refuse,
    today_of,
)
from appeals.commands.deadlines import follow_act
from appeals.commands.openings import open_first_level
from appeals.models import (
    AuthorizationRequest,
    Denial,
    DenialItem,
    DenialReason,
    PeerToPeer,
    Proposal,
    RequestItem,
)
from appeals.queries.denial_intake import names_another
from appeals.queries.lookup import get_version_for_reading
from appeals.refusals import refusals
from appeals.workflow import REQUEST, RequestStatus
from cases.commands.patient_notices import show_and_tell
from cases.commands.search_text import index_case
from cases.models import Case, Document, DocumentVersion

MOST_AHEAD = timedelta(days=31)
"""How far ahead of today a letter may be dated."""
READ_KINDS = frozenset({Document.Kind.DENIAL_LETTER, Document.Kind.DECISION_LETTER})


@dataclass(frozen=True)
class DenialInput:
    """The facts of the letter. Days are days in the patient's zone; `stated_deadline_on` is only what the letter says."""

    notice_on: date | None = None
    sent_on: date | None = None
    sent_evidence: str = "none"
    received_on: date | None = None
    received_evidence: str = "none"
    effective_on: date | None = None
    reference_number: str = ""
    stated_deadline_on: date | None = None
    continuation_stated_on: date | None = None
    stated_deadline_words: str = ""
    criteria: str = ""
    reviewer: str = ""
    send_to_address: str = ""
    send_to_fax: str = ""
    send_to_portal: str = ""
    appeal_phone: str = ""
    expedited_offered: bool | None = None
    expedited_hours: int | None = None
    peer_to_peer_until: date | None = None
    peer_to_peer_phone: str = ""


@dataclass(frozen=True)
class ReasonInput:
    """One reason of the letter, by its key in the taxonomy, in the letter's own words where they are known."""

    reason: str
    words: str = ""
    is_primary: bool = False


def propose_from_version(*, actor: Actor, version: DocumentVersion, at: datetime) -> int:
    """Keep what the program reads in a letter as proposals, for a person to decide; returns how many there are.

    Only letters of the payer are read, and only once: reading a version again adds nothing.
    """
    require(actor, Permission.RECORD_DENIAL, version)
    if version.document.kind not in READ_KINDS or not version.pages:
        return 0
    with transaction.atomic():
        DocumentVersion.objects.select_for_update().only("pk").get(pk=version.pk)
        standing = Proposal.objects.filter(document_version=version).count()
        if standing:
            return standing
        from appeals.intake import propose_facts  # noqa: PLC0415  its patterns take long to compile, few starts read a letter

        found = propose_facts(version.pages)
        for fact in found:
            Proposal.objects.create(
                case_id=version.case_id,
                document_version=version,
                fact=fact.fact,
                value=fact.value,
                words=fact.words,
                page=fact.page,
                span=[fact.start, fact.end],
                confidence=fact.confidence,
            )
        if found:
            record("facts_proposed", subject=version, detail={"facts": len(found)})
    return len(found)


def propose_by_key(*, actor: Actor, version: int, at: datetime) -> int:
    """The same by the version's primary key, for the job. Raises NotFound."""
    return propose_from_version(actor=actor, version=get_version_for_reading(actor, version), at=at)


def decide_proposal(
    *, actor: Actor, proposal: Proposal, status: str, value: str = "", at: datetime
) -> Proposal:
    """Accept, correct (with the right value) or reject one proposed fact. Raises Refused, WrongState when decided.

    Whoever may record what the letter is about may decide: a denial, or the decision of a level.
    """
    about_level = proposal.document_version.document.kind == Document.Kind.DECISION_LETTER
    require(actor, Permission.RECORD_DECISION if about_level else Permission.RECORD_DENIAL, proposal)
    reasons = []
    if status not in ("accepted", "corrected", "rejected"):
        reasons.append(Reason("status_unknown", "Accept, correct or reject it.", "status"))
    if status == "corrected" and not value.strip():
        reasons.append(Reason("value_missing", "Enter the right value.", "value"))
    refuse(reasons)
    with transaction.atomic():
        row = Proposal.objects.select_for_update().get(pk=proposal.pk)
        if row.status != Proposal.Status.PROPOSED:
            raise WrongState("decide", row.status, "Somebody has decided about this already.")
        row.status, row.decided_at, row.decided_by_id = status, at, actor.user_id
        if status == "corrected":
            row.value = value.strip()
        row.save(update_fields=["status", "decided_at", "decided_by", "value"])
        record("proposal_decided", subject=row, detail={"fact": row.fact, "status": status})
    return row


def record_denial(
    *,
    actor: Actor,
    request: AuthorizationRequest,
    letter: Document | None,
    fields: DenialInput,
    items: Iterable[UUID | str],
    reasons: Sequence[ReasonInput],
    at: datetime,
) -> Denial:
    """Record a denial as its letter tells it, unconfirmed: it starts no clock. `items` are public ids of refused items.

    Raises Refused with every reason, each on its field.
    """
    require(actor, Permission.RECORD_DENIAL, request)
    with transaction.atomic():
        case = locked_case_of(request)
        refused, reasons_found = _refused_items(request, items)
        refuse([*reasons_found, *_field_reasons(case, fields, letter, at), *_taxonomy_reasons(reasons)])
        denial = Denial.objects.create(
            case=case,
            request=request,
            letter=letter,
            recorded_at=at,
            recorded_by_id=actor.user_id,
            **_columns(fields),
        )
        _write_parts(denial, refused, reasons)
        record("denial_recorded", subject=denial, detail={"items": len(refused), "reasons": _keys(reasons)})
        finish(case, at)
    return denial


def change_denial(
    *,
    actor: Actor,
    denial: Denial,
    letter: Document | None,
    fields: DenialInput,
    items: Iterable[UUID | str],
    reasons: Sequence[ReasonInput],
    at: datetime,
    expected_version: int | None = None,
) -> Denial:
    """Correct a denial. Once confirmed, its dates, addresses and words may still be corrected (proof may come later), and
    every date is computed again; its items and reasons stay. Raises WrongState (changed meanwhile), Refused.
    """
    require(actor, Permission.RECORD_DENIAL, denial)
    with transaction.atomic():
        case = locked_case_of(denial)
        row = Denial.objects.select_for_update().select_related("request").get(pk=denial.pk)
        still_as_seen(row, "change", expected_version)
        refused, reasons_found = _refused_items(row.request, items)
        confirmed = row.confirmed_at is not None
        found = [*reasons_found, *_field_reasons(case, fields, letter, at), *_taxonomy_reasons(reasons)]
        if confirmed:
            found += _confirmed_reasons(row, fields, refused)
        refuse(found)
        values = _columns(fields) | {"letter": letter, "version": row.version + 1}
        for name, value in values.items():
            setattr(row, name, value)
        row.save(update_fields=[*values, "reference_number_index"])
        if not confirmed:
            DenialItem.objects.filter(denial=row).delete()
            DenialReason.objects.filter(denial=row).delete()
            _write_parts(row, refused, reasons)
        record("denial_changed", subject=row, detail={"confirmed": confirmed})
        finish(case, at)
    return row


def confirm_denial(
    *,
    actor: Actor,
    denial: Denial,
    at: datetime,
    theirs_all_the_same: bool = False,
    show_letter: bool = True,
    expected_version: int | None = None,
) -> Denial:
    """A person stands for the facts of the letter: the clocks start, the request is denied, the first level opens, and a
    peer-to-peer where the letter offers one. With `show_letter` the patient sees the letter in the portal from now on, and is
    told that something is there.

    Raises WrongState (confirmed already, set aside, changed meanwhile, or the request was never sent), Refused with every
    reason: where the letter names another person or member id, somebody has to say that it is the patient's all the same.
    """
    require(actor, Permission.RECORD_DENIAL, denial)
    with transaction.atomic():
        case = locked_case_of(denial)
        row = Denial.objects.select_for_update().select_related("request").get(pk=denial.pk)
        if row.confirmed_at is not None:
            raise WrongState("confirm", "confirmed", "This denial is confirmed already.")
        still_as_seen(row, "confirm", expected_version)
        said = () if theirs_all_the_same else names_another(case, row.request, row.letter_id)
        another = [c.label.lower() for c in said]
        refuse([*_confirmation_reasons(case, row, actor), *_another_reasons(another)])
        row.confirmed_at, row.confirmed_by_id, row.version = at, actor.user_id, row.version + 1
        row.save(update_fields=["confirmed_at", "confirmed_by", "version"])
        record("denial_confirmed", subject=row, detail={"notice_on": row.notice_on})
        if row.request.status != RequestStatus.DENIED:
            REQUEST.take(
                "deny",
                row.request,
                actor=actor,
                at=at,
                changes={"decided_at": _told_at(case, row, at)},
            )
        open_first_level(case, row, at)
        _offer_peer_to_peer(case, row, at)
        if show_letter and row.letter is not None:
            show_and_tell(actor=actor, document=row.letter, at=at)
        follow_act(case, at)
    for name in ("confirmed_at", "confirmed_by_id", "version"):
        setattr(denial, name, getattr(row, name))
    return row


def still_as_seen(row: Denial, step: str, expected_version: int | None) -> None:
    """Raises WrongState when the denial was set aside or changed meanwhile, or stands for a letter that never came."""
    if row.silent_from is not None:
        raise WrongState(
            step, "silent", "No letter came here. When one comes, record it as a denial of its own."
        )
    if row.set_aside_at is not None:
        raise WrongState(step, "set_aside", "This denial was set aside. Take it up again first.")
    if expected_version is not None and row.version != expected_version:
        raise WrongState(step, "changed", "Somebody changed this denial meanwhile. Look at it again.")


def _another_reasons(another: Sequence[str]) -> Iterator[Reason]:
    if another:
        yield Reason(
            "letter_of_another",
            f"The letter and the case disagree ({', '.join(another)}). Say that it is this patient's letter, or set it aside.",
            "theirs_all_the_same",
        )


def finish(case: Case, at: datetime) -> None:
    """What follows from any change of what a denial says: the search text, every date, and when the case was touched."""
    index_case(case)
    follow_act(case, at)


def _columns(fields: DenialInput) -> dict[str, Any]:
    return {k: v.strip() if isinstance(v, str) else v for k, v in asdict(fields).items()}


def _keys(reasons: Sequence[ReasonInput]) -> list[str]:
    return [r.reason for r in reasons]


def _write_parts(denial: Denial, items: Sequence[RequestItem], reasons: Sequence[ReasonInput]) -> None:
    for item in items:
        DenialItem.objects.create(case_id=denial.case_id, denial=denial, item=item)
    chosen = next((r.reason for r in reasons if r.is_primary), reasons[0].reason if reasons else "")
    for reason in reasons:
        DenialReason.objects.create(
            case_id=denial.case_id,
            denial=denial,
            reason=reason.reason,
            words=reason.words.strip(),
            is_primary=reason.reason == chosen,
        )


def _refused_items(
    request: AuthorizationRequest, items: Iterable[UUID | str]
) -> tuple[list[RequestItem], list[Reason]]:
    """The items by their public ids; an id that is no item of this request is a Reason, whoever owns it."""
    wanted = dict.fromkeys(str(getattr(i, "public_id", i)) for i in items)
    own = {str(i.public_id): i for i in RequestItem.objects.filter(request=request).order_by("position")}
    if unknown := [i for i in wanted if i not in own]:
        return [], [
            Reason(
                "item_unknown",
                f"{len(unknown)} of these items is not of this request. Choose items of it.",
                "items",
            )
        ]
    return [own[i] for i in own if i in wanted], []


def _taxonomy_reasons(reasons: Sequence[ReasonInput]) -> Iterator[Reason]:
    keys = _keys(reasons)
    if any(key not in refusals() for key in keys):
        yield Reason("reason_unknown", "Choose the reasons from the list.", "reasons")
    if len(set(keys)) != len(keys):
        yield Reason("reason_twice", "Name each reason once.", "reasons")
    if sum(r.is_primary for r in reasons) > 1:
        yield Reason("primary_twice", "Only one reason can be the main one. Choose it.", "primary_reason")


def _field_reasons(
    case: Case, fields: DenialInput, letter: Document | None, at: datetime
) -> Iterator[Reason]:
    yield from foreign(case, letter, "letter", "document")
    yield from future_days(case, at, {"sent_on": fields.sent_on, "received_on": fields.received_on})
    yield from _dated_ahead(case, fields, at)
    yield from notice_order(fields.notice_on, fields.sent_on, fields.received_on, fields.stated_deadline_on)
    yield from asked_in_time(
        (fields.notice_on, fields.sent_on, fields.received_on), fields.continuation_stated_on
    )
    yield from call_window(fields.notice_on, fields.sent_on, fields.peer_to_peer_until)
    for name in ("sent_evidence", "received_evidence"):
        if getattr(fields, name) not in Denial.Evidence.values:
            yield Reason("evidence_unknown", "Choose what proves the day.", name)
    if len(fields.criteria) > 120:
        yield Reason("criteria_long", "Name the criterion in at most 120 characters.", "criteria")
    if fields.expedited_hours is not None and not 0 < fields.expedited_hours <= 999:
        yield Reason("hours_impossible", "Enter the hours the letter names.", "expedited_hours")


def _dated_ahead(case: Case, fields: DenialInput, at: datetime) -> Iterator[Reason]:
    """A letter may be dated for the day on which it is to go out. Where it is here already, the patient's time may count from the
    day it was sent, so that is asked for; further ahead the day is taken for a slip.
    """
    today = today_of(case, at)
    if fields.notice_on is None or fields.notice_on <= today:
        return
    if fields.notice_on > today + MOST_AHEAD:
        yield from future_days(case, at, {"notice_on": fields.notice_on})
    elif fields.sent_on is None:
        yield Reason(
            "dated_ahead",
            "The letter is dated ahead of today. Enter the day on which it was sent, or on which somebody first had it: the time"
            " may count from there.",
            "sent_on",
        )


def _confirmed_reasons(row: Denial, fields: DenialInput, refused: Sequence[RequestItem]) -> Iterator[Reason]:
    if fields.notice_on is None and fields.received_on is None:
        yield _no_date()
    standing = set(DenialItem.objects.filter(denial=row).values_list("item_id", flat=True))
    if {i.pk for i in refused} != standing:
        yield Reason(
            "items_confirmed",
            "The refused items are confirmed. Leave them as they are; what became of them is recorded with the decision.",
            "items",
        )


def _no_date() -> Reason:
    return Reason(
        "date_missing",
        "A clock needs a date: enter the date on the notice, or the day it was received.",
        "notice_on",
    )


def _confirmation_reasons(case: Case, row: Denial, actor: Actor) -> Iterator[Reason]:
    if actor.user_id is None:
        yield Reason(
            "person_needed",
            "Only a person confirms what a letter says. Ask somebody of the desk to confirm it.",
        )
    if row.notice_on is None and row.received_on is None:
        yield _no_date()
    if not DenialItem.objects.filter(denial=row).exists():
        yield Reason("items_missing", "Choose at least one item that the letter refuses.", "items")
    sent = row.request.submitted_at or row.request.received_at
    told = min((d for d in (row.notice_on, row.sent_on, row.received_on) if d), default=None)
    if sent and told and told < today_of(case, sent):
        yield Reason(
            "denied_before_sent",
            "The letter is dated before the request was sent. One of the two is wrong: correct it.",
            "notice_on",
        )


def _told_at(case: Case, row: Denial, at: datetime) -> datetime:
    """A moment on the day the letter proves. A letter proves no hour: the end of its day, and never later than now."""
    day = min(d for d in (row.notice_on, row.sent_on, row.received_on) if d)
    zone = ZoneInfo(case.patient.time_zone)
    end = datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone) - timedelta(minutes=1)
    return min(end, at)


def _offer_peer_to_peer(case: Case, row: Denial, at: datetime) -> None:
    if not (row.peer_to_peer_until or row.peer_to_peer_phone):
        return
    call = PeerToPeer.objects.create(
        case=case,
        denial=row,
        window_ends_on=row.peer_to_peer_until,
        phone=row.peer_to_peer_phone,
        clinician=case.provider,
        opened_at=at,
    )
    record("peer_to_peer_offered", subject=call, detail={"until": row.peer_to_peer_until})
