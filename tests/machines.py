"""Machines of the cast: `machine(...)` lets one in by the real command and gives a client that carries its token."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from allauth.idp.oidc.models import Token
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.utils import timezone

from advocacy.access.policy import Actor
from advocacy.access.scopes import Scope
from advocacy.people import machines
from advocacy.people.models import MachineClient
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to

EVERYTHING = tuple(s.value for s in Scope)
CASEWORK = tuple(s.value for s in Scope if s is not Scope.READ_FIGURES)


@dataclass
class Machine:
    """One machine with a token. `get` and the others ask with it."""

    row: MachineClient
    client_id: str
    secret: str
    token: str

    @property
    def client(self) -> Client:
        return Client(headers={"authorization": f"Bearer {self.token}"})

    def get(self, path: str, data: Any = None, **more: Any) -> Any:
        return self.client.get(path, data, **more)

    def post(self, path: str, data: Any = None, **more: Any) -> Any:
        more.setdefault("content_type", "application/json")
        return self.client.post(path, data, **more)

    @property
    def actor(self) -> Actor:
        """As the door makes it."""
        return Actor(
            key=f"machine:{self.row.pk}",
            label=f"Machine: {self.row.purpose}",
            organization_id=self.row.organization_id,
            roles=frozenset(self.row.roles),
            scopes=frozenset(self.row.scopes),
        )


def give_token(machine: MachineClient, *, scopes: Any = None, seconds: int = 3600) -> str:
    """A token as allauth keeps one, without the slow check of the secret."""
    text = secrets.token_urlsafe(64)
    row = Token(
        type=Token.Type.ACCESS_TOKEN,
        hash=hashlib.sha256(text.encode()).hexdigest(),
        client_id=machine.client_id,
        expires_at=timezone.now() + timedelta(seconds=seconds),
    )
    row.set_scopes(list(machine.scopes if scopes is None else scopes))
    row.save()
    return text


def let_in(
    actor: Actor,
    organization: Organization,
    *,
    scopes: Any = CASEWORK,
    roles: Any = ("supervisor",),
    purpose: str = "Reading for a test",
) -> Machine:
    """A machine of the organization, issued by `actor`, with a token."""
    at = timezone.now()
    with scoped_to(organization.pk, actor=actor.key, actor_label=actor.label):
        issued = machines.issue_machine(
            actor=actor,
            purpose=purpose,
            roles=roles,
            scopes=scopes,
            expires_at=at + timedelta(days=30),
            at=at,
        )
        return Machine(issued.machine, issued.client_id, issued.secret, give_token(issued.machine))


@pytest.fixture
def quick_hash(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Secrets are hashed slowly on purpose, which no test of what they open needs."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    assert make_password("x").startswith("md5")


@pytest.fixture
def machine(cast, quick_hash):
    """`machine(scopes=[...], roles=[...])` lets a machine of Harbor in."""

    def issue(**given: Any) -> Machine:
        return let_in(cast.olga, cast.harbor, **given)

    return issue


def meadows_machine(cast: Any, **given: Any) -> Machine:
    """A machine of Meadow with every role and scope: whatever they open, they open in Meadow only."""
    admin = Actor(
        key="user:0",
        label="Meadow's admin",
        organization_id=cast.meadow.pk,
        roles=frozenset({"organization_admin"}),
    )
    return let_in(admin, cast.meadow, scopes=EVERYTHING, **given)
