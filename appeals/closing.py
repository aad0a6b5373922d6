"""What stands in the way of closing a case, as far as the contest goes: each thing with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from advocacy.errors import Reason
from advocacy.tenancy.kept import KeptRows, kept_rows
from advocacy.tenancy.together import fetched
from appeals.facts import History
from appeals.models import GrantedAuthorization
from appeals.queries.effectuations import NOT_DELIVERED, effectuation_of, undelivered_at
from appeals.queries.ladder import AWAITING, BEFORE_FILING
from appeals.queries.owed import owed_at
from appeals.queries.shown_dues import history_rows
from appeals.queries.steps import history_from
from appeals.workflow import APPEAL, AppealStatus, PeerToPeerStatus, RequestStatus
from cases.models import Case, Cost

_UNDECIDED = {
    RequestStatus.DRAFTING: (
        "request_drafted",
        "A request was drafted and not sent. Send it or withdraw it.",
    ),
    RequestStatus.SUBMITTED: (
        "request_undecided",
        "A request has no decision. Record the decision or withdraw it.",
    ),
    RequestStatus.RECEIVED: (
        "request_undecided",
        "A request has no decision. Record the decision or withdraw it.",
    ),
}
NOT_SHOWN = Reason(
    "coverage_not_shown",
    "Nothing on the case shows coverage: no authorization, no approved request, nothing overturned, no money. Say in the note"
    " why it is covered all the same, such as: this care needs no authorization.",
    "note",
)
_WON_WORDS = {"overturned": "overturned", "partly": "partly overturned"}
WON = frozenset(_WON_WORDS)


_THE_CASE = -7_102


@cache
def _kept() -> KeptRows:
    return kept_rows(
        lambda: (
            history_rows(Case(pk=_THE_CASE))
            | {
                "costs": Cost.objects.filter(case_id=_THE_CASE, superseded_at=None),
                "grants": GrantedAuthorization.objects.filter(case_id=_THE_CASE),
            }
        ),
        {"case": _THE_CASE},
    )


def open_contest_of(case: Case) -> list[Reason]:
    """Every reason the contest of a case gives against closing it; empty when nothing is open. One statement.

    A case that comes with its outcome is judged as it would be closed; without one, nothing is said about that.
    """
    rows = fetched(_kept().written({"case": case.pk}))
    history = history_from(case, rows)
    return [
        *(
            Reason(*_UNDECIDED[RequestStatus(r.status)])
            for r in history.requests
            if r.status in _UNDECIDED and history.answered_above(r) is None
        ),
        *_denials(history),
        *_calls(history),
        *_levels(history),
        *_items(history),
        *_money(history, rows),
        *_effectuation(case, history),
        *_outcome(case, history, rows),
    ]


def _denials(history: History) -> Iterator[Reason]:
    for denial in history.denials:
        if denial.confirmed_at is None:
            yield Reason(
                "denial_unconfirmed", "A denial is not confirmed. Confirm its facts, or correct them first."
            )


def _calls(history: History) -> Iterator[Reason]:
    for call in history.peer_to_peers:
        if call.status == PeerToPeerStatus.SCHEDULED:
            yield Reason(
                "peer_to_peer_scheduled",
                "A peer-to-peer is scheduled. Record how it went, or that it did not take place.",
            )


def _levels(history: History) -> Iterator[Reason]:
    for appeal in history.appeals:
        title = history.rung(appeal).title
        if appeal.settled_by_id is not None and appeal.status not in APPEAL.final:
            yield Reason(
                "level_open" if appeal.status in BEFORE_FILING else "level_undecided",
                f"{title} has nothing left to decide: another decision settled it. Withdraw it, and say so.",
            )
        elif appeal.status in BEFORE_FILING:
            yield Reason(
                "level_open",
                f"{title} is open. File it, record that it is not pursued, or that its window passed.",
            )
        elif appeal.status in AWAITING:
            yield Reason(
                "level_undecided", f"{title} has no decision. Record the decision or withdraw the appeal."
            )


def _items(history: History) -> Iterator[Reason]:
    """A refused item ends by an outcome, or with a level that was given up, withdrawn or lapsed, or that nobody decided: what
    silence opens is a level of its own, and above the last one a court."""
    silent = {d.appeal_id for d in history.decisions.values() if d.is_deemed}
    ended = {
        a.denial_id
        for a in history.appeals
        if a.pk in silent or a.status in (AppealStatus.LAPSED, AppealStatus.DECLINED, AppealStatus.WITHDRAWN)
    }
    known = {o.item_id for o in history.outcomes}
    for denial in history.denials:
        if denial.confirmed_at is None or denial.pk in ended:
            continue
        for item in history.items:
            if item.pk in history.refused.get(denial.pk, frozenset()) and item.pk not in known:
                yield Reason(
                    "item_without_outcome", f"Item {item.code} has no outcome. Record what became of it."
                )


def _effectuation(case: Case, history: History) -> Iterator[Reason]:
    """What the plan lost and owes by a rule is delivered before a case ends as won. One that ends otherwise is let go: nobody may
    be there to deliver to."""
    if case.outcome not in ("", Case.Outcome.COVERED, Case.Outcome.PARTLY_COVERED):
        return
    codes = {item.pk: item.code for item in history.items}
    for appeal in history.appeals:
        open_ones = undelivered_at(history, appeal)
        due = effectuation_of(history, appeal)
        owed = owed_at(history, appeal) if due is None else None
        if not open_ones or (due is None and not (owed and owed.at_once)):
            continue
        citation = due.citation if due is not None else owed.citation if owed else ""
        by = f" ({citation})" if citation else ""
        left = ", ".join(sorted(codes[pk] for pk in open_ones))
        yield Reason(
            NOT_DELIVERED,
            f"{history.rung(appeal).title}: the plan lost, and {left} is not recorded as delivered{by}."
            " Record what the plan authorized, paid or provided; until then the case stays open.",
        )


def _outcome(case: Case, history: History, rows: Mapping[str, list[Any]]) -> Iterator[Reason]:
    """The outcome a case is to be closed with (on the row; empty until one is chosen) is what was decided.

    The last word on an item counts: one that was overturned is covered, whatever an earlier level said.
    """
    last = {o.item_id: o for o in sorted(history.outcomes, key=lambda o: (o.decided_at, o.pk))}
    won = [
        (item.code, last[item.pk].outcome)
        for item in history.items
        if item.pk in last and last[item.pk].outcome in WON
    ]
    numbers = [grant.number for grant in rows["grants"]]
    granted = bool(won or numbers) or any(r.status == RequestStatus.APPROVED for r in history.requests)
    if case.outcome == Case.Outcome.NOT_COVERED and (won or numbers):
        stands = [
            *(f"item {code} was {_WON_WORDS[outcome]}" for code, outcome in won),
            *(f"authorization {number} stands" for number in numbers),
        ]
        yield Reason(
            "outcome_contradicts",
            f"It cannot be closed as not covered: {', '.join(stands)}. Choose “Covered” or “Partly covered”.",
            "outcome",
        )
    if case.outcome in (Case.Outcome.COVERED, Case.Outcome.PARTLY_COVERED) and not granted:
        refused = [item.code for item in history.items if any(item.pk in r for r in history.refused.values())]
        if not refused and not case.outcome_note.strip() and not _paid(rows):
            yield NOT_SHOWN
        if refused:
            yield Reason(
                "outcome_contradicts",
                f"It cannot be closed as covered: {', '.join(dict.fromkeys(refused))} was refused, and no decision and no"
                " authorization says otherwise. Record it first, or choose “Not covered”.",
                "outcome",
            )


def _paid(rows: Mapping[str, list[Any]]) -> bool:
    """Whether the record shows that something was paid: a figure of what the patient saved or the plan pays, above zero."""
    kinds = (Cost.Kind.PATIENT_SAVINGS, Cost.Kind.PLAN_DOLLARS)
    actual = [cost for cost in rows["costs"] if cost.certainty == Cost.Certainty.ACTUAL]
    return any(cost.kind in kinds and cost.amount > 0 for cost in actual)


def _money(history: History, rows: Mapping[str, list[Any]]) -> Iterator[Reason]:
    confirmed = any(d.confirmed_at for d in history.denials)
    won = [o for o in history.outcomes if o.outcome in WON]
    kinds = {cost.kind for cost in rows["costs"]}
    if confirmed and Cost.Kind.AT_STAKE not in kinds:
        yield Reason("money_at_stake_missing", "Record the money at stake: the price of what was refused.")
    if won:
        for kind in (Cost.Kind.PATIENT_SAVINGS, Cost.Kind.PLAN_DOLLARS):
            if kind not in kinds:
                yield Reason(
                    f"{kind.value}_missing", f"Something was won: record {kind.label.lower()} (0 counts)."
                )
    ahead = {r.pk for r in history.requests if r.timing != r.Timing.POST_SERVICE}
    owed = {i.request_id for i in history.items if i.pk in {o.item_id for o in won}} & ahead
    granted = {grant.request_id for grant in rows["grants"]}
    if owed - granted:
        yield Reason(
            "authorization_missing",
            "Something was won and no authorization is recorded. Record its number, sessions and validity.",
        )
