"""Who works where: two organizations, their teams, and everybody who signs in. Invented names, example domains."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.hashers import make_password
from django.db import transaction

from advocacy.access.policy import Actor
from advocacy.audit.trail import record
from advocacy.management.owner import as_owner
from advocacy.people.models import Membership, Team, User
from advocacy.people.queries import actor_of, memberships_of
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to

PASSPHRASE = "lanterns along the quay"  # noqa: S105  printed with the sign-ins; no production system is seeded
PROGRAM = "system:seed"


@dataclass(frozen=True)
class House:
    """An organization as data; `teams` by name."""

    slug: str
    name: str
    prefix: str
    time_zone: str
    address: str
    phone: str
    fax: str
    email: str
    teams: tuple[str, ...]


@dataclass(frozen=True)
class Job:
    """What somebody does in one organization."""

    house: str
    roles: tuple[str, ...]
    team: str = ""


@dataclass(frozen=True)
class Colleague:
    """Somebody who signs in. `second_factor` turns on one-time codes."""

    key: str
    name: str
    email: str
    jobs: tuple[Job, ...]
    second_factor: bool = False


HARBOR = House(
    "harbor",
    "Harbor Patient Advocates",
    "HB",
    "America/Los_Angeles",
    "Harbor Patient Advocates\n2100 NW Wharf Street, Suite 300\nPortland, OR 97299",
    "503-555-0130",
    "503-555-0131",
    "appeals@harbor.example",
    ("Appeals", "Intake"),
)
MEADOW = House(
    "meadow",
    "Meadow Coverage Project",
    "MD",
    "America/Chicago",
    "Meadow Coverage Project\n77 West Prairie Avenue, Floor 4\nChicago, IL 60699",
    "312-555-0160",
    "312-555-0161",
    "help@meadow.example",
    ("Casework",),
)
HOUSES = (HARBOR, MEADOW)

COLLEAGUES = (
    Colleague("ines", "Ines Alvarado", "ines@harbor.example", (Job("harbor", ("intake",), "Intake"),)),
    Colleague("nora", "Nora Lindgren", "nora@harbor.example", (Job("harbor", ("navigator",), "Appeals"),)),
    Colleague("nils", "Nils Okafor", "nils@harbor.example", (Job("harbor", ("navigator",), "Appeals"),)),
    Colleague(
        "clara", "Clara Weiss, RN", "clara@harbor.example", (Job("harbor", ("clinician",), "Appeals"),)
    ),
    Colleague(
        "sam",
        "Sam Petrakis",
        "sam@harbor.example",
        (Job("harbor", ("supervisor",), "Appeals"),),
        second_factor=True,
    ),
    Colleague("olga", "Olga Brandvold", "olga@harbor.example", (Job("harbor", ("organization_admin",)),)),
    Colleague("anna", "Anna Ferreira", "anna@harbor.example", (Job("harbor", ("analyst",)),)),
    Colleague("petra", "Petra Nakagawa", "petra@harbor.example", (Job("harbor", ("privacy_officer",)),)),
    Colleague("fred", "Fred Castellane", "fred@harbor.example", (Job("harbor", ("funder",)),)),
    Colleague("mia", "Mia Castellon", "mia@meadow.example", (Job("meadow", ("navigator",), "Casework"),)),
    Colleague("saul", "Saul Whitaker", "saul@meadow.example", (Job("meadow", ("supervisor",), "Casework"),)),
    Colleague(
        "bea",
        "Bea Thornquist",
        "bea@harbor.example",
        (Job("harbor", ("navigator",), "Appeals"), Job("meadow", ("navigator", "intake"), "Casework")),
    ),
)


@dataclass
class Standing:
    """An organization in the database, with the actors and memberships of its people by key."""

    organization: Organization
    actors: dict[str, Actor] = field(default_factory=dict)
    members: dict[str, Membership] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.organization.time_zone)

    @contextmanager
    def program(
        self, at: datetime, *, request_id: str = "seed", actor: str = PROGRAM, label: str = "Recourse"
    ) -> Iterator[None]:
        """The organization's scope and one transaction, acting as the program itself at a simulated moment."""
        with (
            scoped_to(self.organization.pk, actor=actor, actor_label=label, request_id=request_id, at=at),
            transaction.atomic(),
        ):
            yield


def assemble(at: datetime) -> dict[str, Standing]:
    """Make what is missing of organizations and people, as of `at` (aware), and return all of it by slug.

    What exists is left as it is: a passphrase somebody changed stays changed.
    """
    standing = {house.slug: Standing(_organization(house)) for house in HOUSES}
    users = _users()
    for house in HOUSES:
        there = standing[house.slug]
        with there.program(at):
            teams = {name: Team.objects.get_or_create(name=name)[0] for name in house.teams}
            for colleague in COLLEAGUES:
                for job in colleague.jobs:
                    if job.house == house.slug:
                        member = _member(users[colleague.key], job, teams.get(job.team), at)
                        there.members[colleague.key] = member
        with transaction.atomic():
            for key, member in there.members.items():
                live = {m.membership_id: m for m in memberships_of(users[key].pk)}
                if member.pk in live:
                    there.actors[key] = actor_of(users[key], live[member.pk])
    return standing


def _organization(house: House) -> Organization:
    known = Organization.objects.filter(slug=house.slug).first()
    if known is not None:
        return known
    with as_owner():
        return Organization.objects.create(
            slug=house.slug,
            name=house.name,
            reference_prefix=house.prefix,
            time_zone=house.time_zone,
            address=house.address,
            phone=house.phone,
            fax=house.fax,
            reply_email=house.email,
        )


def _users() -> dict[str, User]:
    """Everybody by key. Hashing is slow on purpose, so one hash of the shared passphrase serves all new accounts."""
    known = {user.email: user for user in User.objects.filter(email__in=[c.email for c in COLLEAGUES])}
    hashed = "" if len(known) == len(COLLEAGUES) else make_password(PASSPHRASE)
    found: dict[str, User] = {}
    for colleague in COLLEAGUES:
        user = known.get(colleague.email)
        if user is None:
            with transaction.atomic():
                user = User.objects.create(
                    email=colleague.email, name=colleague.name, password=hashed, is_staff=True
                )
                EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
                if colleague.second_factor:
                    TOTP.activate(user, generate_totp_secret())
        found[colleague.key] = user
    return found


def _member(user: User, job: Job, team: Team | None, at: datetime) -> Membership:
    member = Membership.objects.filter(user=user, ended_at=None).first()
    if member is None:
        member = Membership.objects.create(user=user, roles=list(job.roles), team=team, starts_at=at)
        record("member_added", subject=member, detail={"roles": list(job.roles)})
    return member


def has_second_factor(user: User) -> Authenticator | None:
    """The one-time code device of a user, when it is turned on."""
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
