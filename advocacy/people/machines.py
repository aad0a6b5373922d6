"""Machines get access to the API and lose it: issued by whoever keeps the organization, for a purpose and a time.

The secret is shown once and kept as a hash by allauth, whose client-credential tokens (RFC 6749, 4.4) are the only ones there
are. What a token may do is asked of the database at each request, so revoking ends every token at once.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from allauth.idp.oidc.models import Client, Token
from django.db import connection, transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require, visible
from advocacy.access.roles import ROLES, Role
from advocacy.access.scopes import HELD_BY_MACHINES, SCOPES, Scope, beyond_roles
from advocacy.audit.trail import record
from advocacy.errors import NotFound, Reason, Refused, WrongState
from advocacy.people.models import MachineClient
from advocacy.people.queries import NOBODY, Resolved
from advocacy.people.rules import roles_are_apart
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to

LONGEST = timedelta(days=366)
TOKEN = re.compile(r"Bearer ([A-Za-z0-9_~+/.=-]{40,200})", re.ASCII)
"""RFC 6750, 2.1. What does not look like one of ours is refused without asking the database."""

ORGANIZATION_COLUMNS = ("id", "public_id", "slug", "name", "time_zone")


@dataclass(frozen=True)
class Issued:
    """A machine that was just given access. `secret` is known at this moment only."""

    machine: MachineClient
    client_id: str
    secret: str


def issue_machine(
    *,
    actor: Actor,
    purpose: str,
    roles: Collection[str],
    scopes: Collection[str],
    expires_at: datetime,
    at: datetime,
) -> Issued:
    """Let a machine in until `expires_at` (aware). Raises NotAllowed, Refused with every reason."""
    require(actor, Permission.MANAGE_MACHINES)
    purpose = " ".join(purpose.split())
    if reasons := _wrong(purpose, roles, scopes, expires_at, at):
        raise Refused(reasons)
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        client = Client(name="machine", grant_types=Client.GrantType.CLIENT_CREDENTIALS, response_types="")
        client.set_scopes(sorted(set(scopes)))
        client.set_default_scopes(sorted(set(scopes)))
        client.set_secret(secret)
        client.save(force_insert=True)
        machine = MachineClient.objects.create(
            client=client,
            purpose=purpose,
            roles=sorted(set(roles)),
            scopes=sorted(set(scopes)),
            issued_at=at,
            issued_by_id=actor.user_id,
            expires_at=expires_at,
        )
        record(
            "machine_issued",
            subject=machine,
            detail={"roles": machine.roles, "scopes": machine.scopes, "until": expires_at},
        )
    return Issued(machine, client.pk, secret)


def revoke_machine(*, actor: Actor, machine: MachineClient, at: datetime) -> MachineClient:
    """Every token of the machine ends now, and it gets no other. Raises NotAllowed, NotFound, WrongState when it had ended."""
    require(actor, Permission.MANAGE_MACHINES, machine)
    with transaction.atomic():
        row = MachineClient.objects.select_for_update().get(pk=machine.pk)
        if row.revoked_at is not None:
            raise WrongState("revoke", "revoked", "This machine's access is revoked already.")
        row.revoked_at, row.revoked_by_id = at, actor.user_id
        row.save(update_fields=["revoked_at", "revoked_by"])
        Token.objects.filter(client_id=row.client_id).delete()
        Client.objects.filter(pk=row.client_id).update(grant_types="", secret="")
        record("machine_revoked", subject=row)
    return row


def _wrong(
    purpose: str, roles: Collection[str], scopes: Collection[str], expires_at: datetime, at: datetime
) -> list[Reason]:
    reasons = []
    if not 3 <= len(purpose) <= 60:
        reasons.append(
            Reason("purpose_missing", "Say in 3 to 60 characters what the machine is for.", "purpose")
        )
    if not roles or not set(roles) <= {role.value for role in HELD_BY_MACHINES}:
        reasons.append(Reason("roles_missing", "Choose at least one role that a machine can hold.", "roles"))
    reasons += roles_are_apart(roles, "machine")
    if not scopes or not set(scopes) <= {scope.value for scope in Scope}:
        reasons.append(Reason("scopes_missing", "Choose at least one thing it may do.", "scopes"))
    for scope in beyond_roles(scopes, roles) if roles else ():
        titles = ", ".join(
            ROLES[role].title
            for role in Role
            if role in HELD_BY_MACHINES and not beyond_roles([scope], [role])
        )
        said = f"“{SCOPES[scope].title}” is more than these roles may. It needs one of: {titles}."
        reasons.append(Reason("scope_beyond_roles", said, "scopes"))
    if expires_at <= at:
        reasons.append(Reason("expires_past", "Choose a last day that is today or later.", "last_day"))
    elif expires_at > at + LONGEST:
        reasons.append(
            Reason("expires_late", "Choose a last day within a year. It can be issued again.", "last_day")
        )
    return reasons


def machines_issued(actor: Actor) -> QuerySet[MachineClient]:
    """Every machine ever let in; unordered, so that a list can page them by key."""
    return MachineClient.objects.filter(visible(actor, MachineClient)).select_related("issued_by")


def get_machine(actor: Actor, public_id: UUID) -> MachineClient:
    """The machine. Raises NotFound when absent or invisible."""
    found = machines_issued(actor).filter(public_id=public_id).first()
    if found is None:
        raise NotFound("machine")
    return found


# -- at the door of the API ------------------------------------------------------------------------------------------
def resolve_machine(request: HttpRequest) -> Resolved:
    """The machine whose token the request carries, or nobody. One statement, which writes the scope's settings too."""
    match = TOKEN.fullmatch(request.META.get("HTTP_AUTHORIZATION", ""))
    if match is None:
        return NOBODY
    hashed = hashlib.sha256(match[1].encode()).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM search.machine_of(%s, %s)", [hashed, getattr(request, "request_id", "")]
        )
        found: tuple[Any, ...] | None = cursor.fetchone()
    if found is None:
        return NOBODY
    actor = Actor(
        key=found[1],
        label=found[2],
        organization_id=found[5],
        roles=frozenset(found[3]),
        scopes=frozenset(found[4]),
    )
    organization = Organization.from_db("default", ORGANIZATION_COLUMNS, found[5:10])
    return Resolved(actor, organization, (), settings_written=True)


def note_token(client_id: str) -> bool:
    """Whether this client's machine stands; then the trail of its organization keeps that it was given a token."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM search.machine_stands(%s)", [client_id])
        found = cursor.fetchone()
    if found is None:
        return False
    with scoped_to(found[1], actor=found[2], actor_label=found[3]):
        record("machine_token_issued", subject=MachineClient.objects.get(pk=found[0]))
    return True
