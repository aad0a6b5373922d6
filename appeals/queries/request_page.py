"""One authorization request as its page shows it: items, both clocks, what moved them, what was granted or refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from appeals.models import (
    AuthorizationRequest,
    ClockEvent,
    Deadline,
    Denial,
    GrantedAuthorization,
    RequestItem,
)
from appeals.queries.clocks import Day, Due, due_of
from appeals.queries.lookup import get_request
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
    """`clocks` are running; `past` ended with the stage or were met or missed (title, day, status in words)."""

    request: AuthorizationRequest
    items: tuple[ItemShown, ...]
    clocks: tuple[Due, ...]
    past: tuple[tuple[str, date, str], ...]
    events: tuple[ClockEvent, ...]
    grants: tuple[GrantedAuthorization, ...]
    denials: tuple[Denial, ...]


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
    """Everything the page shows, in seven statements. Raises NotFound."""
    request = get_request_of(actor, case, public_id)
    rows = list(
        Deadline.objects.filter(request=request)
        .exclude(status=Deadline.Status.SUPERSEDED)
        .order_by("due_on", "id")
    )
    running = [row for row in rows if row.status == Deadline.Status.RUNNING]
    return RequestPage(
        request,
        items_of(request),
        tuple(due_of(row, day) for row in running),
        tuple((row.title, row.due_on, row.get_status_display()) for row in rows if row not in running),
        tuple(ClockEvent.objects.filter(request=request).order_by("occurred_at", "id")),
        tuple(GrantedAuthorization.objects.filter(request=request).order_by("granted_at", "id")),
        tuple(Denial.objects.filter(request=request).order_by("id")),
    )
