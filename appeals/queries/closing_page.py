"""What stands between a case and its closing, each thing with the page that resolves it; and its money."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from advocacy.errors import Reason
from advocacy.tenancy.together import fetched
from appeals.models import AuthorizationRequest
from appeals.queries.shown_dues import history_rows
from appeals.queries.steps import history_from
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
    """Money is in US dollars, each kind apart."""

    obstacles: tuple[Obstacle, ...]
    costs: dict[str, Cost]


UNSENT, UNDECIDED = ("drafting",), ("submitted", "received")


def closing_page(case: Case, reasons: Sequence[Reason]) -> ClosingPage:
    """One statement. `reasons` are what every app says; an unknown one leads to the case itself."""
    rows = fetched(
        history_rows(case)
        | {"costs": Cost.objects.filter(case_id=case.pk, superseded_at=None).order_by("id")}
    )
    history = history_from(case, rows)
    own: dict[str, list[UUID]] = {
        "request_drafted": _ids(r for r in history.requests if r.status in UNSENT),
        "request_undecided": _ids(r for r in history.requests if r.status in UNDECIDED),
        "denial_unconfirmed": _ids(d for d in history.denials if d.confirmed_at is None),
        "peer_to_peer_scheduled": _ids(c for c in history.peer_to_peers if c.status == "scheduled"),
        "level_open": _ids(a for a in history.appeals if a.status in ("open", "drafting")),
        "level_undecided": _ids(a for a in history.appeals if a.status in ("filed", "forwarded", "received")),
        "item_without_outcome": _ids(history.appeals[-1:]) * 40,
        "authorization_missing": _ids(_won_requests(history)),
    }
    return ClosingPage(
        tuple(_obstacle(case, reason, own) for reason in reasons),
        {cost.kind: cost for cost in rows["costs"]},
    )


def _ids(rows: Iterable[Any]) -> list[UUID]:
    return [row.public_id for row in rows]


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
