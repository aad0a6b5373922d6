"""Who somebody is, where they work, which patients they may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from advocacy.people.models import Membership, Patient
from advocacy.tenancy.models import Organization

SESSION_KEY = "organization"


@dataclass(frozen=True)
class LiveMembership:
    """One row of the definer function: a membership that is live now, with its organization."""

    membership_id: int
    organization_id: int
    organization_public_id: UUID
    organization_name: str
    roles: tuple[str, ...]
    team_id: int | None


@dataclass(frozen=True)
class Resolved:
    actor: Actor | None
    organization: Organization | None
    memberships: tuple[LiveMembership, ...]


NOBODY = Resolved(None, None, ())


def memberships_of(user_id: int) -> tuple[LiveMembership, ...]:
    """The user's live memberships in every organization, by organization name: the one read that crosses tenants.

    It goes through a definer function that returns nothing but these columns, since row-level security hides memberships
    until an organization is chosen.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM search.memberships_of(%s)", [user_id])
        return tuple(
            LiveMembership(row[0], row[1], row[2], row[3], tuple(row[4]), row[5]) for row in cursor.fetchall()
        )


def resolve(request: HttpRequest) -> Resolved:
    """The signed-in user's actor in the organization chosen in the session (the first one when none is chosen)."""
    user: Any = request.user
    if not user.is_authenticated:
        return NOBODY
    memberships = memberships_of(user.pk)
    if not memberships:
        return NOBODY
    chosen = request.session.get(SESSION_KEY)
    live = next((m for m in memberships if str(m.organization_public_id) == chosen), memberships[0])
    organization = Organization.objects.get(pk=live.organization_id)
    return Resolved(actor_of(user, live), organization, memberships)


def actor_of(user: Any, live: LiveMembership) -> Actor:
    return Actor(
        key=f"user:{user.pk}",
        label=str(user),
        organization_id=live.organization_id,
        user_id=user.pk,
        membership_id=live.membership_id,
        roles=frozenset(live.roles),
        team_ids=frozenset({live.team_id} if live.team_id else ()),
    )


def patients_visible_to(actor: Actor) -> QuerySet[Patient]:
    return Patient.objects.filter(visible(actor, Patient))


def get_patient(actor: Actor, public_id: UUID) -> Patient:
    """The patient. Raises NotFound when absent or invisible."""
    patient = patients_visible_to(actor).filter(public_id=public_id).first()
    if patient is None:
        raise NotFound("patient")
    return patient


def members_of_organization(*, live: bool = True) -> QuerySet[Membership]:
    """Members of the scope's organization by name; only live ones unless asked otherwise."""
    members = Membership.objects.select_related("user", "team").order_by("user__name", "id")
    return members.filter(ended_at=None) if live else members
