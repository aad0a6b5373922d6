"""The secret address at which a member's calendar program reads their dates: made, revoked, and opened without a sign-in.

It opens what the member themself opens at that moment: who has left, whose roles were taken, whose account is closed, opens
nothing. What is read there says nothing of a patient (`appeals.queries.calendar`).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.urls import reverse

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require, visible
from advocacy.audit.trail import record
from advocacy.errors import NotFound, WrongState
from advocacy.mail import link_to
from advocacy.people.models import CalendarFeed, Membership, User
from advocacy.people.queries import actor_of, memberships_of
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to

LASTS = timedelta(days=365)
NOTED_AGAIN = timedelta(days=1)


@dataclass(frozen=True)
class Made:
    """A feed that was just made. `address` is known at this moment only."""

    feed: CalendarFeed
    address: str


@dataclass(frozen=True)
class Opened:
    """A feed that was opened by its token: who reads, and where they work."""

    actor: Actor
    organization: Organization


def hashed(token: str) -> bytes:
    """What is kept of a token. 256 random bits need no salt."""
    return hashlib.sha256(token.encode()).digest()


def make_feed(*, actor: Actor, at: datetime) -> Made:
    """Make the actor's own address, for a year; an earlier one opens nothing any more. Raises NotAllowed, NotFound."""
    require(actor, Permission.SEE_CASES)
    if actor.membership_id is None:
        raise NotFound("member")
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        # One after the other: of two made at a time one stands.
        Membership.objects.select_for_update(no_key=True).get(pk=actor.membership_id)
        for row in CalendarFeed.objects.filter(member_id=actor.membership_id, revoked_at=None):
            _revoke(row, at)
        feed = CalendarFeed.objects.create(
            member_id=actor.membership_id, token_hash=hashed(token), made_at=at, expires_at=at + LASTS
        )
        record("calendar_made", subject=feed, detail={"until": feed.expires_at})
    return Made(feed, link_to(reverse("calendar", args=[token])))


def revoke_feed(*, actor: Actor, at: datetime) -> None:
    """The actor's own address opens nothing from now on. Raises WrongState when there is none."""
    with transaction.atomic():
        row = (
            CalendarFeed.objects.select_for_update()
            .filter(visible(actor, CalendarFeed), revoked_at=None)
            .first()
        )
        if row is None:
            raise WrongState("revoke", "none", "There is no calendar address any more.")
        _revoke(row, at)


def own_feed(actor: Actor, at: datetime) -> CalendarFeed | None:
    """The actor's address that opens something at `at`, if there is one."""
    rows = CalendarFeed.objects.filter(visible(actor, CalendarFeed), revoked_at=None, expires_at__gt=at)
    return rows.first()


@contextmanager
def opened(token: str, at: datetime, request_id: str = "") -> Iterator[Opened]:
    """Inside: the scope and one transaction of whoever made the address. Raises NotFound for one that opens nothing.

    Unknown, revoked, expired, of somebody who has left or sees no case: all look the same.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM search.calendar_feed_of(%s)", [hashed(token)])
        found = cursor.fetchone()
    if found is None:
        raise NotFound("calendar")
    feed_id, organization_id, member_id, user_id = found
    user = User.objects.filter(pk=user_id, is_active=True).first()
    live = next((m for m in memberships_of(user_id) if m.membership_id == member_id), None)
    if user is None or live is None:
        raise NotFound("calendar")
    actor = actor_of(user, live)
    if not actor.may(Permission.SEE_CASES):
        raise NotFound("calendar")
    with (
        transaction.atomic(),
        scoped_to(organization_id, actor=actor.key, actor_label=actor.label, request_id=request_id),
    ):
        feed = CalendarFeed.objects.get(pk=feed_id)
        if feed.last_read_at is None or feed.last_read_at <= at - NOTED_AGAIN:
            feed.last_read_at = at
            feed.save(update_fields=["last_read_at"])
        yield Opened(actor, live.organization)


def _revoke(row: CalendarFeed, at: datetime) -> None:
    row.revoked_at = at
    row.save(update_fields=["revoked_at"])
    record("calendar_revoked", subject=row)
