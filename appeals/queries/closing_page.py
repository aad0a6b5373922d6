"""What stands between a case and its closing, each thing with the page that resolves it; what is loose besides; its money."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from advocacy.errors import Reason
from advocacy.tenancy.together import fetched
from appeals.facts import History
from appeals.models import Appeal, AuthorizationRequest, GrantedAuthorization
from appeals.queries.choices import choice_points, standing_choices
from appeals.queries.effectuations import NOT_DELIVERED, effectuation_of, undelivered_at
from appeals.queries.ladder import AWAITING, BEFORE_FILING
from appeals.queries.owed import owed_at
from appeals.queries.sessions import counted, lines_of
from appeals.queries.shown_dues import history_rows
from appeals.queries.steps import history_from, level_titles
from appeals.workflow import AppealStatus
from cases.models import Case, Cost


@dataclass(frozen=True)
class Obstacle:
    """A reason with the page that resolves it: a url name, its public ids, and what to do there."""

    code: str
    message: str
    url_name: str
    args: tuple[UUID, ...]
    do: str


@dataclass(frozen=True)
class ClosingPage:
    """`loose` are ends that do not stand in the way and are easily forgotten. Money is in US dollars, each kind apart."""

    obstacles: tuple[Obstacle, ...]
    loose: tuple[Obstacle, ...]
    costs: dict[str, Cost]


_NOT_TAKEN = {*BEFORE_FILING, AppealStatus.DECLINED, AppealStatus.LAPSED}
UNSENT, UNDECIDED = ("drafting",), ("submitted", "received")


def closing_page(case: Case, reasons: Sequence[Reason], today: date) -> ClosingPage:
    """One statement. `reasons` are what every app says; an unknown one leads to the case itself. `today` is the patient's day."""
    rows = fetched(
        history_rows(case)
        | {
            "costs": Cost.objects.filter(case_id=case.pk, superseded_at=None).order_by("id"),
            "choices": standing_choices([case.pk]),
            "grants": counted(GrantedAuthorization.objects.filter(case_id=case.pk)).order_by("id"),
        }
    )
    history = history_from(case, rows)
    own: dict[str, list[UUID]] = {
        "request_drafted": _ids(r for r in history.requests if r.status in UNSENT),
        "request_undecided": _ids(r for r in history.requests if r.status in UNDECIDED),
        "denial_unconfirmed": _ids(d for d in history.denials if d.confirmed_at is None),
        "peer_to_peer_scheduled": _ids(c for c in history.peer_to_peers if c.status == "scheduled"),
        "level_open": _ids(a for a in history.appeals if a.status in ("open", "drafting")),
        "level_undecided": _ids(a for a in history.appeals if a.status in AWAITING),
        "item_without_outcome": _ids(history.appeals[-1:]) * 40,
        "authorization_missing": _ids(_won_requests(history)),
        NOT_DELIVERED: _ids(a for a in history.appeals if _is_owed(history, a)),
    }
    return ClosingPage(
        tuple(_obstacle(case, reason, own) for reason in reasons),
        (
            *_choices(case, history, rows),
            *_proofs(case, history),
            *_sessions(case, rows["grants"], today),
        ),
        {cost.kind: cost for cost in rows["costs"]},
    )


def _choices(case: Case, history: History, rows: Mapping[str, list[Any]]) -> Iterator[Obstacle]:
    """What was refused, is refused still, and was taken no further, without a word of what the patient wanted."""
    titles = level_titles(history)
    last = {o.item_id: o.outcome for o in sorted(history.outcomes, key=lambda o: (o.decided_at, o.pk))}
    appeals = {a.public_id: a for a in history.appeals}
    denials = {d.public_id: d for d in history.denials}
    for point in choice_points(case, rows, titles):
        after = appeals.get(point.args[-1])
        denial = history.denial(after.denial_id) if after else denials[point.args[-1]]
        before = after.pk if after else None
        further = any(
            a.denial_id == denial.pk and a.previous_id == before and a.status not in _NOT_TAKEN
            for a in history.appeals
        )
        refused = any(last.get(pk) != "overturned" for pk in history.refused.get(denial.pk, ()))
        if point.choice is None and refused and not further:
            words = f"{point.title}: what the patient chose is not recorded."
            yield Obstacle("choice_open", words, point.url_name, point.args, "Record the choice")


def _proofs(case: Case, history: History) -> Iterator[Obstacle]:
    titles = level_titles(history)
    for appeal_id, filing in history.filings.items():
        if filing.proof_id is None and not filing.is_oral and not filing.proof_note:
            words = f"{titles[appeal_id]}, filed {_in_words(history.day(filing.filed_at))}, has no proof of sending or receipt."
            there = (case.public_id, filing.public_id)
            yield Obstacle("proof_missing", words, "appeals:proof_new", there, "Add the proof")


def _sessions(case: Case, grants: Iterable[Any], today: date) -> Iterator[Obstacle]:
    """What the payer allowed, nobody recorded as held, and can still be used."""
    for line in lines_of(grants, today):
        left, granted = line.sessions_left, line.granted
        if line.days_left < 0 or left is None or left <= 0:
            continue
        words = (
            f"Authorization {granted.number}: {left} of {granted.sessions}"
            f" session{'' if granted.sessions == 1 else 's'} not recorded as held; valid until {_in_words(granted.valid_until)}."
        )
        there = (case.public_id, granted.public_id)
        yield Obstacle("sessions_left", words, "appeals:authorization", there, "Open the authorization")


def _in_words(day: date | None) -> str:
    return f"{day:%b} {day.day}, {day.year}" if day else ""


def _ids(rows: Iterable[Any]) -> list[UUID]:
    return [row.public_id for row in rows]


def _is_owed(history: History, appeal: Appeal) -> bool:
    if effectuation_of(history, appeal) is not None:
        return bool(undelivered_at(history, appeal))
    owed = owed_at(history, appeal)
    return owed is not None and owed.at_once


def _won_requests(history: Any) -> list[AuthorizationRequest]:
    won = {o.item_id for o in history.outcomes if o.outcome in ("overturned", "partly")}
    wanted = {i.request_id for i in history.items if i.pk in won}
    return [r for r in history.requests if r.pk in wanted]


_PAGES = {
    "request_drafted": ("appeals:request", "Open the request"),
    "request_undecided": ("appeals:request", "Open the request"),
    "denial_unconfirmed": ("appeals:denial", "Open the denial"),
    "peer_to_peer_scheduled": ("appeals:peer_to_peer", "Open the peer-to-peer"),
    "level_open": ("appeals:level", "Open the level"),
    "level_undecided": ("appeals:level", "Open the level"),
    "item_without_outcome": ("appeals:level", "Open the level"),
    "authorization_missing": ("appeals:request_grant", "Record the authorization"),
    NOT_DELIVERED: ("appeals:effectuation", "Record what was delivered"),
}
_OF_THE_CASE = {
    "tasks_open": ("cases:tasks", "Open the tasks"),
    "promise_open": ("cases:communications", "Open the log of contacts"),
}
_COSTS = ("money_at_stake_missing", "patient_savings_missing", "plan_dollars_missing")


def _obstacle(case: Case, reason: Reason, own: dict[str, list[UUID]]) -> Obstacle:
    """The rows of one code come in the order of their reasons, so the first that is left is the one meant."""
    if reason.code in _COSTS:
        return Obstacle(reason.code, reason.message, "cases:cost_new", (case.public_id,), "Record the amount")
    if reason.code in _OF_THE_CASE:
        name, do = _OF_THE_CASE[reason.code]
        return Obstacle(reason.code, reason.message, name, (case.public_id,), do)
    if reason.code in _PAGES and own[reason.code]:
        name, do = _PAGES[reason.code]
        return Obstacle(reason.code, reason.message, name, (case.public_id, own[reason.code].pop(0)), do)
    return Obstacle(reason.code, reason.message, "appeals:case", (case.public_id,), "Open the case")
