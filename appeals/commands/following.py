"""A request that follows another: corrected after a refusal, or going on with what was granted."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.errors import WrongState
from appeals.commands.requests import ItemInput, draft_request
from appeals.models import AuthorizationRequest, GrantedAuthorization, RequestItem
from appeals.workflow import RequestStatus

UNDER_WAY = (RequestStatus.DRAFTING, RequestStatus.SUBMITTED, RequestStatus.RECEIVED)


def draft_following(
    *,
    actor: Actor,
    request: AuthorizationRequest,
    timing: str = "",
    renews: GrantedAuthorization | None = None,
    starts_on: date | None = None,
    at: datetime,
) -> AuthorizationRequest:
    """Draft a request with the same items, linked to the one it follows. With `starts_on` every item begins on that day.

    Raises NotAllowed, NotFound, Refused.
    """
    with transaction.atomic():
        made = draft_request(
            actor=actor,
            case=request.case,
            timing=timing or request.timing,
            benefit=request.benefit,
            place_of_service=request.place_of_service,
            exception="" if renews else request.exception,
            is_urgent=False,
            items=[
                _moved(item, starts_on)
                for item in RequestItem.objects.filter(request=request).order_by("position")
            ],
            at=at,
        )
        made.follows, made.renews = request, renews
        made.save(update_fields=["follows", "renews"])
    return made


def draft_renewal(*, actor: Actor, granted: GrantedAuthorization, at: datetime) -> AuthorizationRequest:
    """Draft the request to go on after an authorization: same items, while treatment is running, from the day after its last.

    Raises NotAllowed, NotFound, WrongState while a renewal of it is under way, Refused.
    """
    require(actor, Permission.REQUEST_AUTHORIZATION, granted)
    with transaction.atomic():
        GrantedAuthorization.objects.select_for_update().get(pk=granted.pk)
        if renewal_under_way(granted) is not None:
            raise WrongState("renew", "asked", "A renewal of this authorization is under way already.")
        return draft_following(
            actor=actor,
            request=granted.request,
            timing=AuthorizationRequest.Timing.CONCURRENT,
            renews=granted,
            starts_on=granted.valid_until + timedelta(days=1),
            at=at,
        )


def renewal_under_way(granted: GrantedAuthorization) -> AuthorizationRequest | None:
    """The renewal of this authorization that is being prepared or is with the payer."""
    return AuthorizationRequest.objects.filter(renews=granted, status__in=UNDER_WAY).order_by("-id").first()


def _moved(item: RequestItem, starts_on: date | None) -> ItemInput:
    first, last = item.starts_on, item.ends_on
    if starts_on is not None:
        last = starts_on + (last - first) if first and last else None
        first = starts_on
    return ItemInput(item.code, item.units, item.sessions, item.frequency, first, last)
