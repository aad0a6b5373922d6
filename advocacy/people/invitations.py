"""Somebody becomes a member by accepting an invitation: an expiring link, sent by mail, that works once.

Also somebody with an account is asked: joining takes their own consent. Of the link only the SHA-256 of its token is kept
(256 random bits need no salt).
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Collection
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from advocacy.access.disclosures import Party
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.access.roles import ROLES, Role
from advocacy.audit.trail import record
from advocacy.errors import NotFound, Reason, Refused, WrongState
from advocacy.mail import Notice, deliver, link_to
from advocacy.people.membership import end_can_be_set, own_team
from advocacy.people.models import Invitation, Membership, Team, User
from advocacy.people.rules import email_can_be_used, roles_can_be_held
from advocacy.tenancy.scope import current_scope, scoped_to
from advocacy.tenancy.sealing import blind_index

log = logging.getLogger("recourse.invitations")
VALID = timedelta(days=7)


@dataclass(frozen=True)
class Sent:
    """An invitation that was just sent. `url` is known at this moment only; `mailed` is False when the mail server refused."""

    invitation: Invitation
    url: str
    mailed: bool


@dataclass(frozen=True)
class Offer:
    """What an open link offers, to whoever holds it."""

    invitation_id: int
    organization_id: int
    organization_public_id: UUID
    organization_name: str
    email: str
    name: str
    roles: tuple[str, ...]
    has_account: bool


def invite_member(
    *,
    actor: Actor,
    email: str,
    name: str,
    roles: Collection[str],
    team: Team | None = None,
    until: datetime | None = None,
    at: datetime,
) -> Sent:
    """Invite somebody by mail. Raises NotAllowed, NotFound (team of another organization), Refused with every reason."""
    require(actor, Permission.MANAGE_MEMBERS)
    own_team(actor, team)
    email = email.strip().lower()
    reasons = [*roles_can_be_held(roles), *end_can_be_set(until, at)]
    reasons += [r for r in (email_can_be_used(email), _unless_waiting(actor, email)) if r]
    if Membership.objects.filter(user__email=email, ended_at=None).exists():
        reasons.append(
            Reason("member_exists", "This person is a member already. Change their roles instead.", "email")
        )
    if reasons:
        raise Refused(reasons)
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        invitation = Invitation.objects.create(
            email=email,
            name=name.strip(),
            token_hash=hashed(token),
            roles=sorted(set(roles)),
            team=team,
            until=until,
            invited_at=at,
            invited_by_id=actor.user_id,
            sent_at=at,
            expires_at=at + VALID,
        )
        record("member_invited", subject=invitation, detail={"roles": invitation.roles})
        mailed = _mail(invitation, token)
    return Sent(invitation, link_of(token), mailed)


def resend_invitation(*, actor: Actor, invitation: Invitation, at: datetime) -> Sent:
    """Send a new link, valid from `at`; the old one is dead. Raises NotAllowed, NotFound, WrongState when it was used."""
    require(actor, Permission.MANAGE_MEMBERS, invitation)
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        row = _open(invitation.pk, "resend")
        row.token_hash, row.sent_at, row.expires_at = hashed(token), at, at + VALID
        row.save(update_fields=["token_hash", "sent_at", "expires_at"])
        record("invitation_resent", subject=row)
        mailed = _mail(row, token)
    return Sent(row, link_of(token), mailed)


def revoke_invitation(*, actor: Actor, invitation: Invitation, at: datetime) -> Invitation:
    """The link opens nothing from `at` on. Raises NotAllowed, NotFound, WrongState when it was used or revoked."""
    require(actor, Permission.MANAGE_MEMBERS, invitation)
    with transaction.atomic():
        row = _open(invitation.pk, "revoke")
        row.revoked_at = at
        row.save(update_fields=["revoked_at"])
        record("invitation_revoked", subject=row)
    return row


def offer_of(token: str, at: datetime) -> Offer | None:
    """What the link offers at the moment `at`; None for one that is unknown, expired, revoked or used: all look the same."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM search.invitation_of(%s)", [hashed(token)])
        found = cursor.fetchone()
    if found is None:
        return None
    with transaction.atomic(), _scope_of(found[1], found[0]):
        row = Invitation.objects.filter(pk=found[0], expires_at__gt=at).first()
        if row is None:
            return None
        known = User.objects.filter(email=row.email).exists()
        return Offer(row.pk, found[1], found[2], found[3], row.email, row.name, tuple(row.roles), known)


def accept_as_new(*, offer: Offer, name: str, passphrase: str, again: str, at: datetime) -> Membership:
    """Make the account and the membership. Raises NotFound (the link was used meanwhile), Refused with every reason."""
    reasons = []
    person = User(email=offer.email, name=name.strip(), is_staff=True)
    if not name.strip():
        reasons.append(Reason("name_missing", "Fill in your name.", "name"))
    if passphrase != again:
        reasons.append(
            Reason("passphrase_differs", "The two passphrases differ. Type the same one twice.", "password2")
        )
    try:
        validate_password(passphrase, person)
    except ValidationError as weak:
        reasons += [Reason("passphrase_weak", text, "password1") for text in weak.messages]
    if reasons:
        raise Refused(reasons)
    with transaction.atomic(), _scope_of(offer.organization_id, offer.invitation_id):
        row = _offered(offer, at)
        if User.objects.filter(email=offer.email).exists():
            raise NotFound("invitation")
        person.set_password(passphrase)
        person.save()
        # The link came by mail to this address: it is proven.
        EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
        return _join(row, person, at)


def offer_by_key(organization: tuple[int, UUID, str], invitation_id: int, at: datetime) -> Offer | None:
    """What an open invitation of the scope's organization (key, public id, name) offers; None when it is open no more."""
    row = Invitation.objects.filter(
        pk=invitation_id, accepted_at=None, revoked_at=None, expires_at__gt=at
    ).first()
    if row is None:
        return None
    known = User.objects.filter(email=row.email).exists()
    return Offer(row.pk, *organization, row.email, row.name, tuple(row.roles), known)


def accept_by_provider(*, offer: Offer, name: str, at: datetime) -> Membership:
    """Make an account without a passphrase, and the membership, for whom the organization's own provider vouches.

    Raises NotFound (the invitation was used meanwhile, or the address has an account), Refused.
    """
    if not name.strip():
        raise Refused([Reason("name_missing", "Fill in your name.", "name")])
    with transaction.atomic(), _scope_of(offer.organization_id, offer.invitation_id):
        row = _offered(offer, at)
        if User.objects.filter(email=offer.email).exists():
            raise NotFound("invitation")
        person = User(email=offer.email, name=name.strip(), is_staff=True)
        person.set_unusable_password()
        person.save()
        EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
        return _join(row, person, at)


def accept_as_known(*, offer: Offer, user: Any, at: datetime) -> Membership:
    """The signed-in owner of the invited address joins. Raises NotFound (used meanwhile, or another person's), Refused."""
    if user.email.lower() != offer.email:
        raise NotFound("invitation")
    with (
        transaction.atomic(),
        scoped_to(
            offer.organization_id, actor=f"user:{user.pk}", actor_label=str(user), request_id=_request()
        ),
    ):
        row = _offered(offer, at)
        if Membership.objects.filter(user=user, ended_at=None).exists():
            raise Refused(
                [
                    Reason(
                        "member_exists",
                        "You are a member of this organization already. Sign in as usual; write to its admin about your roles.",
                    )
                ]
            )
        return _join(row, user, at)


def link_of(token: str) -> str:
    return link_to(reverse("invitation", args=[token]))


def hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def titles_of(roles: Collection[str]) -> str:
    """The roles in words, for a page or a mail."""
    return ", ".join(d.title for role, d in ROLES.items() if role.value in roles)


@contextmanager
def _scope_of(organization_id: int, invitation_id: int) -> Any:
    """Whoever opens a link acts as the invitation itself until there is an account."""
    with scoped_to(
        organization_id,
        actor=f"invitation:{invitation_id}",
        actor_label="Invited person",
        request_id=_request(),
    ) as scope:
        yield scope


def _request() -> str:
    scope = current_scope()
    return scope.request_id if scope else ""


def _open(pk: int, step: str) -> Invitation:
    row = Invitation.objects.select_for_update().get(pk=pk)
    if row.accepted_at is not None:
        raise WrongState(step, "accepted", "This invitation was accepted already.")
    if row.revoked_at is not None:
        raise WrongState(step, "revoked", "This invitation was revoked already.")
    return row


def _offered(offer: Offer, at: datetime) -> Invitation:
    row = Invitation.objects.select_for_update().filter(pk=offer.invitation_id, expires_at__gt=at).first()
    if row is None or row.accepted_at is not None or row.revoked_at is not None:
        raise NotFound("invitation")
    return row


def _join(row: Invitation, user: Any, at: datetime) -> Membership:
    member = Membership.objects.create(
        user=user, roles=row.roles, team=row.team, starts_at=at, until=row.until
    )
    row.accepted_at, row.member = at, member
    row.save(update_fields=["accepted_at", "member"])
    record("invitation_accepted", subject=row, detail={"member": member.pk})
    record("member_added", subject=member, detail={"roles": member.roles})
    return member


def _unless_waiting(actor: Actor, email: str) -> Reason | None:
    waiting = Invitation.objects.filter(
        email_index=blind_index(actor.organization_id, email), accepted_at=None, revoked_at=None
    )
    if not waiting.exists():
        return None
    return Reason(
        "already_invited", "This address has an open invitation. Send it again, or revoke it first.", "email"
    )


def _mail(invitation: Invitation, token: str) -> bool:
    """Hand the link to the mail server. False when it refuses: the invitation stands and can be sent again."""
    try:
        with timezone.override(invitation.organization.time_zone):
            deliver(
                Notice(
                    to=invitation.email,
                    subject=f"You are invited to {invitation.organization.name}",
                    template="notices/invitation.txt",
                    facts={
                        "organization": invitation.organization.name,
                        "roles": titles_of(invitation.roles),
                        "url": link_of(token),
                        "expires_at": invitation.expires_at,
                        "is_admin": Role.ORGANIZATION_ADMIN in invitation.roles,
                    },
                    reader=Party.WORKFORCE,
                )
            )
    except OSError as problem:
        log.error("invitation %s was not mailed: %s", invitation.public_id, type(problem).__name__)
        return False
    return True
