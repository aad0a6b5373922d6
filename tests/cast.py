"""One cast for every test: Harbor and Meadow, their people, and a case each that could leak.

`cast` is inside Harbor's scope and transaction. Rows are made by the real commands wherever one exists.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password

from advocacy.access.policy import Actor
from advocacy.people.models import Consent, Membership, Patient, Team, User
from advocacy.people.queries import actor_of, memberships_of
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to
from cases.models import Case, Coverage, Payer, Provider
from tests.standing import prepared

NOW = datetime(2026, 3, 16, 15, 0, tzinfo=UTC)
PASSWORD = "a long enough passphrase"

HARBOR_PEOPLE = {
    "ines": ("Ines Intake", ["intake"]),
    "nora": ("Nora Navigator", ["navigator"]),
    "nils": ("Nils Navigator", ["navigator"]),
    "clara": ("Clara Clinician", ["clinician"]),
    "sam": ("Sam Supervisor", ["supervisor"]),
    "olga": ("Olga Admin", ["organization_admin"]),
    "anna": ("Anna Analyst", ["analyst"]),
    "petra": ("Petra Privacy", ["privacy_officer"]),
}


@dataclass
class Cast:
    harbor: Organization
    meadow: Organization
    users: dict[str, User] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)
    members: dict[str, Membership] = field(default_factory=dict)
    case: Case | None = None
    meadow_case: Case | None = None

    def __getattr__(self, name: str) -> Any:
        """`cast.nora` is Nora's Actor."""
        try:
            return self.__dict__["actors"][name]
        except KeyError:
            raise AttributeError(name) from None


@functools.cache
def hashed_password() -> str:
    """Hashing is slow on purpose; one hash serves everybody."""
    return make_password(PASSWORD)


def make_member(organization: Organization, key: str, name: str, roles: list[str], team: Team | None = None):
    user = User.objects.create(
        email=f"{key}@{organization.slug}.example", password=hashed_password(), name=name, is_staff=True
    )
    member = Membership.objects.create(user=user, roles=roles, team=team, starts_at=NOW)
    return user, member


def make_case(reference: str, *, given: str, family: str, member_id: str, owner: Membership | None) -> Case:
    """A registered patient with coverage and an open case, in the current scope."""
    patient = Patient.objects.create(
        reference=f"{reference}-P",
        given_name=given,
        family_name=family,
        birth_date=date(1984, 5, 17),
        registered_at=NOW,
        state="OR",
    )
    payer = Payer.objects.create(name=f"Payer of {reference}")
    coverage = Coverage.objects.create(
        patient=patient, payer=payer, plan_name="Silver 4500", member_id=member_id, state_of_issue="OR"
    )
    provider = Provider.objects.create(name="Amara Osei", credentials="MD", npi="1234567893")
    return Case.objects.create(
        reference=reference,
        patient=patient,
        coverage=coverage,
        provider=provider,
        treatment="iv_ketamine",
        purpose="condition",
        diagnosis_codes=["F33.2"],
        procedure_codes=["96365", "96366", "J3490"],
        owner=owner,
        opened_at=NOW,
        last_touched_at=NOW,
    )


def release(patient: Patient, **given: Any) -> Consent:
    """A release of health information that stands from the day of the cast on."""
    values = {"kind": "release", "method": "paper", "signed_on": NOW.date(), "recorded_at": NOW} | given
    return Consent.objects.create(patient=patient, **values)


def assemble() -> Cast:
    harbor = Organization.objects.create(
        slug="harbor", name="Harbor Patient Advocates", reference_prefix="HB"
    )
    meadow = Organization.objects.create(slug="meadow", name="Meadow Coverage Project", reference_prefix="MD")
    cast = Cast(harbor, meadow)
    with scoped_to(meadow.pk, actor="system:test", actor_label="test"):
        cast.users["mia"], cast.members["mia"] = make_member(meadow, "mia", "Mia Meadow", ["navigator"])
        cast.meadow_case = make_case(
            "MD-2026-0001", given="Wren", family="Castellano", member_id="MEAD-77", owner=cast.members["mia"]
        )
    with scoped_to(harbor.pk, actor="system:test", actor_label="test"):
        for key, (name, roles) in HARBOR_PEOPLE.items():
            cast.users[key], cast.members[key] = make_member(harbor, key, name, roles)
        cast.case = make_case(
            "HB-2026-0001",
            given="Dana",
            family="Whitlock",
            member_id="TMK 7730 41582 01",
            owner=cast.members["nora"],
        )
    for key, user in cast.users.items():
        cast.actors[key] = actor_of(user, memberships_of(user.pk)[0])
    return cast


def at_harbor(everyone: Cast):
    """The scope in which nora works."""
    return scoped_to(everyone.harbor.pk, actor=everyone.nora.key, actor_label=everyone.nora.label)


@prepared(within=at_harbor)
def cast(db):
    """Everybody, inside Harbor's scope."""
    return assemble()


@pytest.fixture
def sign_in(cast, client):
    """`sign_in("nora")` gives a browser-like client signed in as her, outside any scope of the test."""

    def as_person(key: str):
        client.force_login(cast.users[key], backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return as_person
