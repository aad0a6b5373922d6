"""Rows to facts: what was recorded about a request, a denial and its levels, as `appeals.clock` reads it.

Nothing is guessed: a date that is not recorded stays missing, and `recorded_at` is never passed on. Days are days in the
patient's zone, where letters reach the patient (rule silent; the zone of the payer is not known). One convention: what
went out by fax, portal, phone or e-mail arrived when it was sent, unless another moment is recorded; post arrives when
somebody records that it did, since a payer must not be called late on a presumption.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from advocacy.errors import Reason
from appeals.clock.facts import Facts
from appeals.models import (
    Appeal,
    AuthorizationRequest,
    ClockEvent,
    Decision,
    Denial,
    DocumentRequest,
    Effectuation,
    Filing,
    ItemOutcome,
    PeerToPeer,
    RequestItem,
)
from appeals.models.authorization import Channel
from appeals.own_dates import OwnDate
from appeals.plan_facts import PlanFact
from appeals.regimes.classifier import Classification
from appeals.rungs import Rung, rung_of
from appeals.workflow import AppealStatus
from cases.models import Case

ARRIVES_AT_ONCE = frozenset({Channel.FAX, Channel.PORTAL, Channel.PHONE, Channel.EMAIL})
_SERVICES = {"part_b_drug": "part_b_drug", "pharmacy": "outpatient_drug"}
# What the patient says is no proof against the presumed day of receipt: doubt is resolved early for the patient.
_UNPROVEN = frozenset({"", Denial.Evidence.NONE, Denial.Evidence.PATIENT})


@dataclass(frozen=True)
class History:
    """Every row of one case that a clock may read, loaded once; mappings are by primary key of the row they hang on."""

    case: Case
    zone: str
    classification: Classification
    levels: int | None
    requests: tuple[AuthorizationRequest, ...] = ()
    course_ends: Mapping[int, date] = field(default_factory=dict)
    """The last day of each authorization that a request asks to go on with, by its primary key."""
    items: tuple[RequestItem, ...] = ()
    denials: tuple[Denial, ...] = ()
    refused: Mapping[int, frozenset[int]] = field(default_factory=dict)
    peer_to_peers: tuple[PeerToPeer, ...] = ()
    appeals: tuple[Appeal, ...] = ()
    filings: Mapping[int, Filing] = field(default_factory=dict)
    decisions: Mapping[int, Decision] = field(default_factory=dict)
    outcomes: tuple[ItemOutcome, ...] = ()
    events: tuple[ClockEvent, ...] = ()
    effectuations: tuple[Effectuation, ...] = ()
    """What the plan delivered of what was decided, without what was recorded wrongly."""
    documents: tuple[DocumentRequest, ...] = ()
    """What was asked of the plan in writing."""
    plan: Mapping[str, Any] = field(default_factory=dict)
    """Facts of the plan that count, by their name in `Facts` (`appeals.plan_facts.counted`)."""
    plan_argued: Mapping[str, Any] = field(default_factory=dict)
    """What was read of the plan's own time to file (`appeals.plan_facts.argued`): no clock takes it."""
    plan_disagreements: tuple[PlanFact, ...] = ()
    own_dates: tuple[OwnDate, ...] = ()
    """The organization's own, earlier dates that stand."""
    answered: bool = False
    court_considered: frozenset[int] = frozenset()
    """Appeals after which the task about a court is still open."""

    def request(self, pk: int) -> AuthorizationRequest:
        return next(r for r in self.requests if r.pk == pk)

    def denial(self, pk: int) -> Denial:
        return next(d for d in self.denials if d.pk == pk)

    def previous(self, appeal: Appeal) -> Appeal | None:
        return next((a for a in self.appeals if a.pk == appeal.previous_id), None)

    def beside(self, appeal: Appeal) -> Appeal | None:
        """The level that was open when this one was opened at once, or None."""
        return next((a for a in self.appeals if a.pk == appeal.beside_id), None)

    def fellows(self, appeal: Appeal) -> tuple[Appeal, ...]:
        """The levels that stand at once with this one, for the same denial: those below one that was opened beside another, and
        the other way round."""
        return tuple(
            a
            for a in self.appeals
            if a.denial_id == appeal.denial_id
            and a.turn == appeal.turn
            and (
                (a.position < appeal.position and appeal.beside_id)
                or (a.position > appeal.position and a.beside_id)
            )
        )

    def rung(self, appeal: Appeal) -> Rung:
        """The rung this level stands on, under the rules it is recorded with. One that was opened again says so in its title."""
        return rung_recorded(appeal, self.classification, self.levels)

    def answered_above(self, request: AuthorizationRequest) -> Appeal | None:
        """The level that decided what a request was never answered on: one that silence opened, or one above it."""
        silent = {d.pk for d in self.denials if d.request_id == request.pk and d.silent_from is not None}
        deemed = {d.appeal_id for d in self.decisions.values() if d.is_deemed}
        own = (a for a in self.appeals if a.denial_id in silent and a.pk not in deemed)
        return next((a for a in own if a.status == AppealStatus.DECIDED), None)

    def day(self, moment: datetime | None) -> date | None:
        """The calendar day of a moment where the patient is."""
        return day_in(self.zone, moment)


def rung_recorded(appeal: Appeal, found: Classification, levels: int | None) -> Rung:
    """As `History.rung`, of what is known about the coverage."""
    rung = rung_of(appeal.regime, appeal.level, appeal.position, found, levels)
    return rung if appeal.returned_at is None else replace(rung, title=f"{rung.title}, opened again")


def day_in(zone: str, moment: datetime | None) -> date | None:
    """The calendar day of an aware moment in a zone (IANA name)."""
    return moment.astimezone(ZoneInfo(zone)).date() if moment else None


def arrived(channel: str, sent_at: datetime | None, received_at: datetime | None) -> datetime | None:
    """When something reached the other side: as recorded, else at sending where the channel has no way to travel."""
    return received_at or (sent_at if channel in ARRIVES_AT_ONCE else None)


def request_facts(history: History, request: AuthorizationRequest) -> Facts:
    """What the payer's clock on a request counts from, with extensions and questions for information."""
    events = [e for e in history.events if e.request_id == request.pk]
    moved = _moved(history, events)
    asked = [e for e in events if e.kind == ClockEvent.Kind.INFORMATION_REQUESTED]
    if asked and request.is_urgent:
        # 29 CFR 2560.503-1(f)(2)(i): what is urgent is counted in hours, from the moment and not from the day on the notice.
        moved["information_requested"] = asked[-1].occurred_at
    return Facts(
        **_surroundings(history, request),
        **moved,
        received=(received := arrived(request.channel, request.submitted_at, request.received_at)),
        urgent=request.is_urgent,
        exception=request.exception != AuthorizationRequest.ExceptionAsked.NONE
        if request.exception
        else None,
        incomplete=True if request.is_urgent and "information_requested" in moved else None,
        before_course_ends=_a_day_is_left(history, request, received),
    )


def _a_day_is_left(history: History, request: AuthorizationRequest, received: datetime | None) -> bool | None:
    """Whether a renewal reached the payer at least 24 hours before the last day of what it renews was over; None where that is
    not known. 29 CFR 2560.503-1(f)(2)(ii)(B).
    """
    last = history.course_ends.get(request.renews_id or 0)
    if last is None or received is None:
        return None
    over = datetime.combine(last + timedelta(days=1), time.min, tzinfo=ZoneInfo(history.zone))
    return received.astimezone(UTC) <= over.astimezone(UTC) - timedelta(hours=24)


def filing_facts(history: History, appeal: Appeal, *, deemed_on: date | None = None) -> Facts:
    """What the patient's window of a level counts from: the denial, or the decision of the level before.

    `deemed_on` is the day from which the level before counts as exhausted by silence.
    """
    denial = history.denial(appeal.denial_id)
    request = history.request(denial.request_id)
    previous = history.previous(appeal)
    asked = [
        e
        for e in history.events
        if previous and e.appeal_id == previous.pk and e.kind == ClockEvent.Kind.INFORMATION_REQUESTED
    ]
    return Facts(
        **_surroundings(history, request),
        **_notice(history, appeal),
        **_path(history, appeal, deemed_on),
        urgent=appeal.is_expedited,
        effective_date=denial.effective_on,
        change_undated=denial.effective_on is None or None,
        information_requested=_asked(asked[-1]) if asked else None,
    )


def decision_facts(history: History, appeal: Appeal, *, deemed_on: date | None = None) -> Facts:
    """What the decision maker's clock of a level counts from; `deemed_on` as in `filing_facts`."""
    denial = history.denial(appeal.denial_id)
    request = history.request(denial.request_id)
    filing = history.filings.get(appeal.pk)
    events = [e for e in history.events if e.appeal_id == appeal.pk]
    return Facts(
        **_surroundings(history, request),
        **_path(history, appeal, deemed_on),
        **_moved(history, events),
        received=arrived(filing.channel if filing else "", appeal.filed_at, appeal.received_at),
        urgent=appeal.is_expedited,
        remanded=appeal.returned_why == Appeal.Returned.REMAND or None,
    )


def effectuation_facts(history: History, appeal: Appeal, decision: Decision) -> Facts:
    """What the plan's time counts from to carry out what this level decided against it.

    When the plan had the notice is recorded, or not known; a plan that reversed itself had it, at the latest, when the day of
    its own letter was over: a letter proves a day, not an hour, and doubt is resolved for the plan. For the same reason it
    had an appeal, of which no receipt is recorded, when it decided it.
    """
    outcomes = {o.outcome for o in history.outcomes if o.decision_id == decision.pk}
    facts, notice = decision_facts(history, appeal), decision.plan_received_at
    if history.rung(appeal).kind == "plan":
        notice = notice or _end_of_letter(history, decision)
        facts = replace(facts, received=facts.received or decision.decided_at)
    return replace(
        facts,
        reversal_received=notice,
        partly=outcomes != {ItemOutcome.Outcome.OVERTURNED},
    )


def _end_of_letter(history: History, decision: Decision) -> datetime:
    days = [d for d in (decision.notice_on, decision.sent_on) if d is not None]
    if not days:
        return decision.decided_at
    last = datetime.combine(max(days), time(23, 59), tzinfo=ZoneInfo(history.zone))
    return max(decision.decided_at, last)


def completion_facts(history: History, appeal: Appeal) -> Facts | None:
    """What the time to complete a request for external review counts from; None before a notice that it is incomplete.

    `stated` is the day the notice names; `information_received` is set when what was missing went out after the notice.
    """
    kinds = ClockEvent.Kind
    own = [e for e in history.events if e.appeal_id == appeal.pk]
    notices = [e for e in own if e.kind == kinds.INCOMPLETE_NOTICE]
    if not notices:
        return None
    notice = notices[-1]
    sent = [e for e in own if e.kind == kinds.INFORMATION_SENT and e.occurred_at >= notice.occurred_at]
    return replace(
        filing_facts(history, appeal),
        incomplete_notice=notice.occurred_at,
        information_requested=None,
        information_received=sent[0].occurred_at if sent else None,
        stated=history.day(notice.respond_by),
    )


def documents_facts(history: History, row: DocumentRequest) -> Facts:
    """What the plan's time to send documents counts from: the day the request reached it; a notice that it takes longer."""
    return Facts(
        zone=history.zone,
        receipt_zone=history.zone,
        state=history.classification.state,
        asked=row.asked,
        documents_requested=history.day(arrived(row.channel, row.sent_at, row.received_at)),
        extension_noticed=True if row.extended_on else None,
        extension_notice_date=row.extended_on,
    )


def shift_reasons(event: ClockEvent) -> tuple[Reason, ...]:
    """Why an event cannot be as recorded: its own three dates contradict each other."""
    found = []
    if event.sent_on and event.received_on and event.received_on < event.sent_on:
        found.append(
            Reason("received_before_sent", "It cannot have arrived before it was sent.", "received_on")
        )
    if event.respond_by and event.respond_by < event.occurred_at:
        found.append(
            Reason("respond_by_past", "The time to answer cannot end before it was asked.", "respond_by")
        )
    return tuple(found)


def _surroundings(history: History, request: AuthorizationRequest) -> dict[str, Any]:
    starts = [i.starts_on for i in history.items if i.request_id == request.pk and i.starts_on]
    return {
        **history.plan,
        "zone": history.zone,
        "receipt_zone": history.zone,
        "state": history.classification.state,
        "levels": history.levels,
        "timing": request.timing,
        "service": _SERVICES.get(request.benefit) or history.plan.get("service"),
        "care_date": min(starts) if starts and request.timing == request.Timing.POST_SERVICE else None,
    }


def notice_answered(history: History, appeal: Appeal) -> Denial | Decision | None:
    """The notice that a level contests: of the level before, else of the denial. None where none came."""
    decision = history.decisions.get(appeal.previous_id) if appeal.previous_id else None
    if appeal.previous_id and (decision is None or decision.is_deemed):
        return None
    return decision or history.denial(appeal.denial_id)


def _notice(history: History, appeal: Appeal) -> dict[str, Any]:
    letter = notice_answered(history, appeal)
    if letter is None:
        return {}
    return {
        "notice_date": letter.notice_on,
        "sent": letter.sent_on,
        "receipt": letter.received_on,
        "receipt_evidence": "none" if letter.received_evidence in _UNPROVEN else letter.received_evidence,
        "stated": letter.stated_deadline_on,
    }


def _path(history: History, appeal: Appeal, deemed_on: date | None) -> dict[str, Any]:
    """What the level before contributes: when it was filed, what was decided, or that silence ended it."""
    if appeal.stands_at_once and (beside := history.beside(appeal)) is not None:
        # A state may count from the day on which the level that is still open was filed.
        return {"grievance_filed": history.day(beside.filed_at)}
    previous = history.previous(appeal)
    if previous is None:
        return {}
    filed = history.day(previous.filed_at)
    decision = history.decisions.get(previous.pk)
    notice = decision.notice_on if decision and not decision.is_deemed else None
    return {
        "grievance_filed": filed,
        "reconsideration_requested": filed,
        "mco_appeal_filed": filed,
        "plan_decision": notice,
        "mco_resolution_notice": notice,
        "sfh_requested": history.day(appeal.filed_at),
        "deemed_exhausted_on": deemed_on,
        "plan_affirmed": decision.decided_at if decision and not decision.is_deemed else None,
    }


def _moved(history: History, events: Iterable[ClockEvent]) -> dict[str, Any]:
    """Extensions, questions for information and answers; of several of a kind the first extension, else the last."""
    kinds = ClockEvent.Kind
    found: dict[str, Any] = {}
    for event in events:
        if event.kind == kinds.EXTENSION and "extension_notice_date" not in found:
            found |= {
                "extension_noticed": True,
                "extension_notice_date": event.sent_on or history.day(event.occurred_at),
                "extension_days": event.days,
            }
        elif event.kind == kinds.INFORMATION_REQUESTED:
            found |= {
                "missing_information": True,
                "information_requested": _asked(event),
                "claimant_period_end": event.respond_by,
            }
        elif event.kind == kinds.INFORMATION_SENT:
            found["information_received"] = event.occurred_at
        elif event.kind == kinds.SUPPORTING_STATEMENT:
            found["supporting_statement"] = event.occurred_at
        elif event.kind == kinds.FILE_ASSIGNED:
            found["assigned"] = history.day(event.occurred_at)
        elif event.kind == kinds.CASE_FILE_RECEIVED:
            found["case_file_received"] = history.day(event.occurred_at)
    return found


def _asked(event: ClockEvent) -> date | datetime:
    return event.sent_on or event.occurred_at
