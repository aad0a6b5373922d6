"""The way of a case as one column: requests, peer-to-peers, and every level with both sides' clocks. Pure over loaded rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from appeals.facts import History
from appeals.models import Appeal, Decision, ItemOutcome
from appeals.queries.clocks import Day, Shown, shown_due
from appeals.queries.effectuations import undelivered_in
from appeals.queries.history import COURT_TASK, history_of
from appeals.queries.ladder import Ladder, Standing, ladder_from
from cases.models import Case

_STATES = {"decided": "done", "withdrawn": "closed", "lapsed": "closed", "declined": "closed"}
_TONES = {"overturned": "good", "partly": "warn", "upheld": "bad"}
_ENDED_TONES = {"lapsed": "bad"}
_REQUEST_STATES = {"approved": "done", "denied": "done", "withdrawn": "closed"}
_REQUEST_TONES = {"approved": "good", "denied": "bad"}
NO_WINDOW = "No law sets this window, and it never stops the appeal's clock."
WON_NOT_DELIVERED = "Won, and not recorded as delivered. No rule known here gives the plan a time for it."
_CALL_STATES = {"held": "done", "missed": "closed"}


@dataclass(frozen=True)
class Step:
    """One rung as shown. `url_name` and `row` lead to its page; `ours` and `plan` are the clocks of both sides."""

    name: str
    state: str
    state_label: str
    tone: str
    url_name: str = ""
    row: UUID | None = None
    ours: Shown | None = None
    plan: Shown | None = None
    outcome: str = ""
    note: str = ""


def history_from(case: Case, rows: Mapping[str, list[Any]]) -> History:
    """The same as `history.load_history`, of rows that are loaded already, as pages want them."""
    own: dict[str, Sequence[Any]] = {
        "refused": rows["denial_items"],
        "appeals": sorted(rows["appeals"], key=lambda a: (a.denial_id, a.turn, a.position, a.pk)),
        "outcomes": sorted(rows["outcomes"], key=lambda o: (o.decided_at, o.pk)),
        "court": [task for task in rows["tasks"] if task.code.startswith(COURT_TASK)],
    }
    return history_of(case, {**rows, **own})


def level_titles(history: History) -> dict[int, str]:
    """The title of every recorded level, by primary key."""
    return {a.pk: history.rung(a).title for a in history.appeals}


def steps_of(history: History, day: Day) -> tuple[Step, ...]:
    """Recorded steps in their order, then the levels still ahead under the rules that apply."""
    ladder = ladder_from(history)
    outcomes: dict[int, list[ItemOutcome]] = {}
    for outcome in history.outcomes:
        if outcome.decision_id is not None:
            outcomes.setdefault(outcome.decision_id, []).append(outcome)
    return (
        *_requests(history, ladder, day),
        *_calls(history, ladder, day),
        *_documents(history, ladder, day),
        *(_level(level, history, outcomes, day) for level in ladder.levels),
    )


def _requests(history: History, ladder: Ladder, day: Day) -> Sequence[Step]:
    if not history.requests:
        return [Step("Authorization request", "next", "Not recorded", "")]
    clocks = {d.subject_id: d for d in ladder.requests}
    never = {request.pk for request in history.requests if history.answered_above(request) is not None}
    return [
        Step(
            "Authorization request",
            _REQUEST_STATES.get(request.status, "closed" if request.pk in never else "current"),
            request.get_status_display(),
            _REQUEST_TONES.get(request.status, ""),
            "appeals:request",
            request.public_id,
            plan=shown_due(clocks[request.pk], day) if request.pk in clocks else None,
        )
        for request in history.requests
    ]


def _calls(history: History, ladder: Ladder, day: Day) -> Sequence[Step]:
    clocks = {d.subject_id: d for d in ladder.peer_to_peers}
    return [
        Step(
            "Peer-to-peer",
            _CALL_STATES.get(call.status, "current"),
            call.get_outcome_display() if call.outcome else call.get_status_display(),
            "",
            "appeals:peer_to_peer",
            call.public_id,
            ours=shown_due(clocks[call.pk], day) if call.pk in clocks else None,
            note=WON_NOT_DELIVERED if undelivered_in(history, call) else NO_WINDOW,
        )
        for call in history.peer_to_peers
    ]


def _documents(history: History, ladder: Ladder, day: Day) -> Sequence[Step]:
    clocks = {d.subject_id: d for d in ladder.documents}
    return [
        Step(
            f"Asked for: {row.get_asked_display().lower()}",
            "current" if row.is_open else "done" if row.answered_at else "closed",
            "Awaited" if row.is_open else "Came" if row.answered_at else "Taken back",
            "good" if row.answered_at else "",
            "appeals:documents",
            row.public_id,
            plan=shown_due(clocks[row.pk], day) if row.pk in clocks else None,
        )
        for row in history.documents
    ]


def _level(level: Standing, history: History, outcomes: Mapping[int, list[ItemOutcome]], day: Day) -> Step:
    ours = level.filing or level.continuation
    plan = level.effectuation or level.decision or level.forwarding
    mine, others = shown_due(ours, day) if ours else None, shown_due(plan, day) if plan else None
    appeal = level.appeal
    if appeal is None:
        sent_on = level.rung.opened_by == "forwarding"
        note = "The plan sends the case here itself." if sent_on else ""
        return Step(level.rung.title, "next", "Ahead", "", note=note, ours=mine, plan=others)
    decision = history.decisions.get(appeal.pk)
    label, tone = _ended_as(appeal, decision, outcomes)
    return Step(
        level.rung.title,
        _STATES.get(appeal.status, "current"),
        label,
        tone,
        "appeals:level",
        appeal.public_id,
        outcome="The time to decide was missed." if decision and decision.is_deemed else "",
        note=_handled(appeal, history),
        ours=mine,
        plan=others,
    )


def _handled(appeal: Appeal, history: History) -> str:
    """How a level is handled, and what it stands beside or was settled by."""
    parts = ["Expedited"] if appeal.is_expedited else []
    beside = history.beside(appeal)
    if beside is not None:
        parts.append(f"Beside: {history.rung(beside).title}")
    if appeal.settled_by_id and appeal.status not in _STATES:
        parts.append("Settled by the other decision: end it")
    return ". ".join(parts)


def _ended_as(
    appeal: Appeal, decision: Decision | None, outcomes: Mapping[int, list[ItemOutcome]]
) -> tuple[str, str]:
    """The state in words: how the items ended where a decision says so, else the state of the level."""
    results = outcomes.get(decision.pk, []) if decision else []
    kinds = {o.outcome for o in results}
    if len(kinds) == 1:
        return results[0].get_outcome_display(), _TONES.get(results[0].outcome, "")
    if kinds:
        return "Decided, item by item", "warn"
    return appeal.get_status_display(), _ENDED_TONES.get(appeal.status, "")
