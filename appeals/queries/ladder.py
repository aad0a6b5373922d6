"""All dates of a case from its rows, and the ladder: every level with both sides' clocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from advocacy.errors import Reason
from appeals.dues import (
    CLAIMANT,
    ENDED,
    MET,
    MISSED,
    Due,
    affirmed_due,
    completion_due,
    continuation_due,
    day_of,
    decision_due,
    filing_due,
    forwarding_due,
    passed,
    request_due,
)
from appeals.facts import (
    History,
    completion_facts,
    decision_facts,
    filing_facts,
    notice_answered,
    request_facts,
)
from appeals.models import Appeal, AuthorizationRequest, PeerToPeer
from appeals.own_dates import with_own_date
from appeals.plan_windows import with_plan_words
from appeals.queries.as_sent import as_sent, sent_by
from appeals.queries.beside import GIVEN_UP, by_the_state
from appeals.queries.documents import dues_of_documents
from appeals.queries.effectuations import effectuation_of
from appeals.queries.history import load_history
from appeals.regimes.classifier import Classification
from appeals.rungs import Rung, first_position, rung_at, rungs
from appeals.workflow import AppealStatus, PeerToPeerStatus, RequestStatus
from cases.models import Case

BEFORE_FILING = frozenset({AppealStatus.OPEN, AppealStatus.DRAFTING})
AWAITING = frozenset(
    {AppealStatus.FILED, AppealStatus.FORWARDED, AppealStatus.RETURNED, AppealStatus.RECEIVED}
)
NO_TIME_AGAIN = Reason(
    "no_time_after_return",
    "No rule here sets a time to decide after a case came back. Ask the decision maker by when it decides, and set a task.",
)
NO_LAW = "No law sets this window: it comes from the letter or the payer's contract, and it never stops the appeal's clock."


@dataclass(frozen=True)
class Standing:
    """One level of the ladder. `appeal` is None for a level not opened (yet); its dates then do not exist yet.

    `filing` is the patient's clock, `decision` the other side's, `forwarding` the plan's where it sends the case on itself,
    `continuation` the patient's to keep treatment going, `completion` to complete a request for review, `effectuation` the
    plan's to carry out what was decided against it. A court has a
    `filing` date when one is known, and is no level.
    """

    rung: Rung
    denial_id: int | None
    appeal: Appeal | None
    filing: Due | None
    decision: Due | None
    forwarding: Due | None
    continuation: Due | None
    completion: Due | None = None
    effectuation: Due | None = None


@dataclass(frozen=True)
class Ladder:
    """`requests` are the payer's clocks on each request, `peer_to_peers` the windows of calls, `documents` the plan's
    time on what it was asked for, each oldest first."""

    classification: Classification
    requests: tuple[Due, ...]
    peer_to_peers: tuple[Due, ...]
    levels: tuple[Standing, ...]
    documents: tuple[Due, ...] = ()

    @property
    def dues(self) -> tuple[Due, ...]:
        """Every date of the case, without those of levels that are not opened."""
        found = [*self.requests, *self.peer_to_peers, *self.documents]
        for level in self.levels:
            found += [
                d
                for d in (
                    level.filing,
                    level.completion,
                    level.decision,
                    level.forwarding,
                    level.continuation,
                    level.effectuation,
                )
                if d is not None
            ]
        return tuple(found)


def ladder_of(case: Case) -> Ladder:
    """Both sides' clocks at every level of a case, computed now from its rows."""
    return ladder_from(load_history(case))


def ladder_from(history: History) -> Ladder:
    """The same for rows that are loaded already. An unconfirmed denial has no clock and no level."""
    standing: list[Standing] = []
    for denial in history.denials:
        own = [a for a in history.appeals if a.denial_id == denial.pk]
        if not own:
            continue
        standing += [_standing(history, appeal) for appeal in own]
        standing += _above(history, own)
    if not standing:
        found, levels = history.classification, history.levels
        first = first_position(found, levels, 0)
        standing = [
            Standing(rung, None, None, None, None, None, None)
            for rung in rungs(found, levels)
            if rung.position >= first
        ]
    return Ladder(
        history.classification,
        tuple(answer_of(history, r) for r in history.requests if r.status != RequestStatus.DRAFTING),
        tuple(d for d in (_window(history, call) for call in history.peer_to_peers) if d is not None),
        tuple(standing),
        dues_of_documents(history),
    )


def filing_of(history: History, appeal: Appeal) -> Due:
    """The patient's window of one level; without a date where the plan forwards the case."""
    rung = history.rung(appeal)
    facts = filing_facts(history, appeal, deemed_on=_deemed_on(history, history.previous(appeal)))
    due = with_plan_words(filing_due(rung, facts, subject_id=appeal.pk), rung, facts, history.plan_argued)
    due = with_own_date(by_the_state(history, appeal, rung, facts, due), rung, facts, history.own_dates)
    on = history.day(appeal.filed_at or appeal.forwarded_at)
    return _ended(due, appeal, on, late=passed(due.last_day or due.due, on, history.zone) if on else False)


def decision_of(history: History, appeal: Appeal) -> Due:
    """The decision maker's time at one level. One that was opened again has a time only where a rule gives one after a remand:
    nobody is called late by the rule for another case."""
    found = decision_due(
        history.rung(appeal),
        decision_facts(history, appeal, deemed_on=_deemed_on(history, history.previous(appeal))),
        subject_id=appeal.pk,
    )
    due = as_sent(found, "appeal", assumed=appeal.received_at is None, channel=sent_by(history, appeal))
    if appeal.returned_at is not None and not _has_time_again(history, appeal):
        due = Due(
            due.subject,
            due.subject_id,
            due.clock,
            due.title,
            due.side,
            None,
            decider=due.decider,
            error=NO_TIME_AGAIN,
        )
    if appeal.status == AppealStatus.DECIDED:
        decision = history.decisions.get(appeal.pk)
        late = bool(decision and decision.is_deemed) or passed(
            due.due, _told_on(history, appeal), history.zone
        )
        return replace(due, status=MISSED if late else MET, ended_at=appeal.decided_at)
    if appeal.status not in AWAITING or appeal.settled_by_id is not None:
        return replace(due, status=ENDED, ended_at=appeal.decided_at)
    return due


def _has_time_again(history: History, appeal: Appeal) -> bool:
    return appeal.returned_why == Appeal.Returned.REMAND and history.rung(appeal).has_time_after_remand


def stage_of(history: History) -> str:
    """Where the case stands, as one key: "", request, denial, peer_to_peer, approved, a level's key, court or closed."""
    if history.case.status == "closed":
        return "closed"
    if any(d.confirmed_at is None for d in history.denials):
        return "denial"
    open_levels = [a for a in history.appeals if a.status in BEFORE_FILING | AWAITING]
    if open_levels:
        level = open_levels[-1]
        scheduled = any(
            c.status == PeerToPeerStatus.SCHEDULED and c.denial_id == level.denial_id
            for c in history.peer_to_peers
        )
        return "peer_to_peer" if scheduled and level.status == AppealStatus.OPEN else level.level
    pending = [r for r in history.requests if r.status in ("drafting", "submitted", "received")]
    if any(history.answered_above(r) is None for r in pending):
        return "request"
    if history.court_considered:
        return "court"
    if history.appeals:
        return history.appeals[-1].level
    return (
        "approved"
        if any(r.status == "approved" for r in history.requests)
        else ("request" if history.requests else "")
    )


def _standing(history: History, appeal: Appeal) -> Standing:
    rung = history.rung(appeal)
    filing = filing_of(history, appeal) if rung.may_be_filed and appeal.returned_at is None else None
    decision = decision_of(history, appeal) if appeal.status in AWAITING | {AppealStatus.DECIDED} else None
    return Standing(
        rung,
        appeal.denial_id,
        appeal,
        filing,
        decision,
        _forwarding(history, appeal, rung),
        _continuation(history, appeal, rung),
        _completion(history, appeal, rung),
        effectuation_of(history, appeal),
    )


def _above(history: History, own: Sequence[Appeal]) -> list[Standing]:
    """The levels of a denial not opened yet, with the date of the court where it is the next step and one is known. One that was
    opened at once leaves those between open."""
    last, found = own[-1], []
    turn = [a for a in own if a.turn == last.turn]
    reached = max((a.position for a in turn if a.beside_id is None), default=0)
    there = {a.position for a in turn if a.status not in GIVEN_UP}
    for rung in rungs(history.classification, history.levels):
        if rung.position <= reached or rung.position in there:
            continue
        court = None
        if rung.is_court and last.pk in history.court_considered:
            court = _court(history, last, rung)
        found.append(Standing(rung, last.denial_id, None, court, None, None, None))
    return found


def _court(history: History, last: Appeal, rung: Rung) -> Due:
    """The window of a court counts from the decision of the last level, as if a level stood there."""
    beyond = Appeal(
        case_id=last.case_id,
        denial_id=last.denial_id,
        previous_id=last.pk,
        regime=rung.regime,
        level=rung.key,
        position=rung.position,
    )
    facts = filing_facts(history, beyond, deemed_on=_deemed_on(history, last))
    return filing_due(rung, facts, subject_id=last.pk)


def court_of(history: History, last: Appeal) -> tuple[Rung, Due] | None:
    """The court above a level and its window; None when something other than a court comes next."""
    rung = rung_at(history.classification, history.levels, last.position + 1)
    return (rung, _court(history, last, rung)) if rung is not None and rung.is_court else None


def answer_of(history: History, request: AuthorizationRequest) -> Due:
    """The payer's time to decide one request. It runs on where somebody went on without an answer, until a level decides."""
    found = request_due(history.classification, request_facts(history, request), subject_id=request.pk)
    due = as_sent(found, "request", assumed=request.received_at is None, channel=request.channel)
    if request.status == RequestStatus.WITHDRAWN:
        return replace(due, status=ENDED)
    if request.status not in (RequestStatus.APPROVED, RequestStatus.DENIED):
        above = history.answered_above(request)
        return replace(due, status=MISSED, ended_at=above.decided_at) if above is not None else due
    # A notice proves a day, not an hour: the day counts, and doubt is resolved for the payer.
    days = [
        d
        for denial in history.denials
        if denial.request_id == request.pk and denial.confirmed_at
        for d in (denial.notice_on, denial.sent_on)
        if d
    ]
    on = min(days) if days and request.status == RequestStatus.DENIED else history.day(request.decided_at)
    late = passed(due.due, on, history.zone) if on else False
    return replace(due, status=MISSED if late else MET, ended_at=request.decided_at)


def _window(history: History, call: PeerToPeer) -> Due | None:
    if call.window_ends_on is None:
        return None
    due = Due(
        "peer_to_peer",
        call.pk,
        "peer_to_peer",
        "Peer-to-peer: last day for the call",
        CLAIMANT,
        call.window_ends_on,
        stated=call.window_ends_on,
        last_day=call.window_ends_on,
        rule="letter",
        citation="No federal rule; the letter or the payer's contract.",
        confidence="letter",
        if_missed="none",
        arithmetic=(NO_LAW,),
    )
    if call.status == PeerToPeerStatus.HELD:
        on = history.day(call.held_at)
        late = on is not None and on > call.window_ends_on
        return replace(due, status=MISSED if late else MET, ended_at=call.held_at)
    if call.status == PeerToPeerStatus.MISSED:
        return replace(due, status=MISSED)
    return due


def _forwarding(history: History, appeal: Appeal, rung: Rung) -> Due | None:
    previous = history.previous(appeal)
    if not rung.may_be_forwarded or appeal.returned_at is not None:
        return None
    denial = history.denial(appeal.denial_id)
    if previous is None:
        if denial.silent_from is None:
            return None
        # 42 CFR 423.568(h): without a decision in time the plan sends the request on by itself.
        asked = answer_of(history, history.request(denial.request_id))
        return _forwarded(history, appeal, forwarding_due(asked, rung, subject_id=appeal.pk))
    decision = history.decisions.get(previous.pk)
    if rung.is_forwarded_after_silence_only and (decision is None or not decision.is_deemed):
        return None
    due = None
    if previous.is_expedited:
        due = affirmed_due(rung, filing_facts(history, appeal), subject_id=appeal.pk)
    due = due or forwarding_due(decision_of(history, previous), rung, subject_id=appeal.pk)
    return _forwarded(history, appeal, due)


def _forwarded(history: History, appeal: Appeal, due: Due | None) -> Due | None:
    """It ends when the plan sent the case on, or with the level."""
    if due is None:
        return None
    if appeal.forwarded_at:
        late = passed(due.due, appeal.forwarded_at, history.zone)
        return replace(due, status=MISSED if late else MET, ended_at=appeal.forwarded_at)
    return due if appeal.status in BEFORE_FILING else replace(due, status=ENDED)


def _continuation(history: History, appeal: Appeal, rung: Rung) -> Due | None:
    denial = history.denial(appeal.denial_id)
    request = history.request(denial.request_id)
    letter = notice_answered(history, appeal)
    stated = letter.continuation_stated_on if letter is not None else None
    running_service = denial.effective_on is not None or request.timing == request.Timing.CONCURRENT
    if (not running_service and stated is None) or appeal.returned_at is not None:
        return None
    deemed = _deemed_on(history, history.previous(appeal))
    facts = filing_facts(history, appeal, deemed_on=deemed)
    due = continuation_due(rung, facts, subject_id=appeal.pk, stated=stated)
    if due is None:
        return None
    on = history.day(appeal.filed_at)
    return _ended(due, appeal, on, late=passed(due.last_day or due.due, on, history.zone) if on else False)


def _completion(history: History, appeal: Appeal, rung: Rung) -> Due | None:
    """Runs from the notice that something is missing until it was sent, or until the level ended."""
    facts = completion_facts(history, appeal)
    due = completion_due(rung, facts, subject_id=appeal.pk) if facts is not None else None
    if due is None or facts is None:
        return None
    if facts.information_received is not None:
        late = passed(due.last_day or due.due, facts.information_received, history.zone)
        sent = facts.information_received
        return replace(
            due, status=MISSED if late else MET, ended_at=sent if isinstance(sent, datetime) else None
        )
    runs = appeal.status in AWAITING and appeal.settled_by_id is None
    return due if runs else replace(due, status=ENDED)


def _ended(due: Due, appeal: Appeal, on: date | None, *, late: bool) -> Due:
    if on is not None:
        return replace(due, status=MISSED if late else MET, ended_at=appeal.filed_at or appeal.forwarded_at)
    if appeal.status == AppealStatus.LAPSED:
        return replace(due, status=MISSED)
    runs = appeal.status in BEFORE_FILING and appeal.settled_by_id is None
    return due if runs else replace(due, status=ENDED)


def _told_on(history: History, appeal: Appeal) -> date | datetime:
    """When the decision was made known, as exactly as it is recorded: the earliest day the letter proves, or the moment."""
    decision = history.decisions.get(appeal.pk)
    assert appeal.decided_at is not None
    days = [d for d in (decision.notice_on, decision.sent_on) if d] if decision else []
    decided = history.day(appeal.decided_at)
    assert decided is not None
    return min(days) if days and min(days) < decided else appeal.decided_at


def _deemed_on(history: History, previous: Appeal | None) -> date | None:
    """The day after the time to decide ran out, when the level before ended by silence."""
    decision = history.decisions.get(previous.pk) if previous else None
    if previous is None or decision is None or not decision.is_deemed:
        return None
    due = decision_due(
        history.rung(previous),
        decision_facts(history, previous, deemed_on=_deemed_on(history, history.previous(previous))),
        subject_id=previous.pk,
    )
    last = day_of(due.due, history.zone)
    if last is None or isinstance(due.due, datetime):
        return last
    return date.fromordinal(last.toordinal() + 1)
