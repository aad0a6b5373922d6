"""One authorization request as its page shows it: items, both clocks, what moved them, what was granted or refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from advocacy.tenancy.together import fetched
from appeals.dues import Due
from appeals.facts import History
from appeals.models import (
    STANDS,
    AuthorizationRequest,
    ClockEvent,
    Denial,
    GrantedAuthorization,
    RequestItem,
)
from appeals.queries.clocks import Day
from appeals.queries.ladder import ladder_from
from appeals.queries.lookup import classification_of, get_request
from appeals.queries.readiness import Lack, benefit_rows, lacks_from, release_rows
from appeals.queries.shown_dues import Card, card_of, history_rows, is_past
from appeals.queries.steps import history_from
from appeals.rungs import may_ask_exceptions
from appeals.silence import opens_unless_denied
from appeals.workflow import RequestStatus
from cases.codes import label_of
from cases.models import Case


@dataclass(frozen=True)
class ItemShown:
    """One line of the request with the words for its code."""

    key: str
    code: str
    label: str
    units: Any
    sessions: int | None
    frequency: str
    starts_on: date | None
    ends_on: date | None

    @property
    def name(self) -> str:
        return f"{self.code} · {self.label}" if self.label else self.code


def item_shown(item: RequestItem) -> ItemShown:
    return ItemShown(
        str(item.public_id),
        item.code,
        label_of(item.code) or "",
        item.units.normalize(),
        item.sessions,
        item.frequency,
        item.starts_on,
        item.ends_on,
    )


@dataclass(frozen=True)
class RequestPage:
    """`clocks` are the payer's on this request, running or ended; without a date a clock says why.

    `lacks` is what a request that was not sent lacks today, `aside` the denials that were taken in by mistake;
    `asks_exceptions` whether it matters that one is asked for, `unanswered` that the plan is late and its rule opens a level.
    """

    request: AuthorizationRequest
    items: tuple[ItemShown, ...]
    clocks: tuple[Card, ...]
    events: tuple[ClockEvent, ...]
    grants: tuple[GrantedAuthorization, ...]
    denials: tuple[Denial, ...]
    follows: AuthorizationRequest | None = None
    followed_by: tuple[AuthorizationRequest, ...] = ()
    lacks: tuple[Lack, ...] = ()
    aside: tuple[Denial, ...] = ()
    asks_exceptions: bool = False
    unanswered: bool = False


def asks_exceptions(case: Case) -> bool:
    """Whether the time for a first request turns on an exception by the rules of this case. One statement."""
    return may_ask_exceptions(classification_of(case))


def get_request_of(actor: Actor, case: Case, public_id: UUID) -> AuthorizationRequest:
    """A request of this case. Raises NotFound when absent or invisible."""
    found = get_request(actor, public_id)
    if found.case_id != case.pk:
        raise NotFound("request")
    return found


def requests_of(actor: Actor, case: Case) -> list[AuthorizationRequest]:
    """The requests of a case, newest first."""
    seen = AuthorizationRequest.objects.filter(visible(actor, AuthorizationRequest), case=case)
    return list(seen.order_by("-id"))


def items_of(request: AuthorizationRequest) -> tuple[ItemShown, ...]:
    """The items of a request the actor was already shown, in their order."""
    return tuple(item_shown(i) for i in RequestItem.objects.filter(request=request).order_by("position"))


def request_page(actor: Actor, case: Case, public_id: UUID, day: Day) -> RequestPage:
    """Two statements beside the case's own. Raises NotFound."""
    request = get_request_of(actor, case, public_id)
    rows = fetched(
        history_rows(case)
        | {"grants": GrantedAuthorization.objects.filter(request_id=request.pk).order_by("granted_at", "id")}
        | {"aside": Denial.objects.filter(request_id=request.pk).exclude(STANDS).order_by("id")}
        | benefit_rows(case)
        | release_rows(case)
    )
    history = history_from(case, rows)
    dues = [due for due in ladder_from(history).requests if due.subject_id == request.pk]
    return RequestPage(
        request,
        tuple(item_shown(i) for i in history.items if i.request_id == request.pk),
        tuple(card_of(due, day) for due in dues),
        tuple(e for e in history.events if e.request_id == request.pk),
        tuple(rows["grants"]),
        tuple(d for d in history.denials if d.request_id == request.pk),
        next((r for r in history.requests if r.pk == request.follows_id), None),
        tuple(r for r in history.requests if r.follows_id == request.pk),
        _lacks(request, case, rows, day),
        tuple(rows["aside"]),
        may_ask_exceptions(history.classification),
        any(_goes_on(due, history, request, day) for due in dues),
    )


def _goes_on(due: Due, history: History, request: AuthorizationRequest, day: Day) -> bool:
    return (
        request.status in (RequestStatus.SUBMITTED, RequestStatus.RECEIVED)
        and is_past(due, day)
        and opens_unless_denied(history, request)
    )


def _lacks(
    request: AuthorizationRequest, case: Case, rows: Mapping[str, list[Any]], day: Day
) -> tuple[Lack, ...]:
    if request.status != RequestStatus.DRAFTING:
        return ()
    mine = dict(rows) | {"items": [i for i in rows["items"] if i.request_id == request.pk]}
    return tuple(lacks_from(request, case, mine, day.today))
