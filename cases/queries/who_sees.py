"""Who can see a case now, and by which rule or grant: every colleague, machine and access to the portal that opens it.

It says what the policy answers, with the reason; `tests/cases/test_who_sees.py` holds the two against each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q
from django.db.models.functions import JSONObject

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, reachable
from advocacy.access.roles import ROLES, PortalRole, PortalScope, Role, permissions_of, portal_permissions_of
from advocacy.access.scopes import SCOPES, Scope, permissions_of_scopes
from advocacy.errors import NotFound
from advocacy.people.models import Consent, MachineClient, Membership, PortalAccess, RoleTerm
from advocacy.people.policies import standing_on
from advocacy.people.rules import day_in
from cases.models import Case, CaseTeamMember
from cases.offering import PARTS, parts_in
from cases.policies import ANY_PART, glass_that_stands, grants_that_stand, standing_on_team
from cases.queries.offers import running_offers

COLLEAGUE, PATIENTS_SIDE, MACHINE, ORGANIZATION = "colleague", "patient", "machine", "organization"


@dataclass(frozen=True)
class Way:
    """One rule or grant that lets somebody in: `text` in words, its end (a moment, or a last day), the reason given."""

    rule: str
    text: str
    until: datetime | None = None
    last_day: date | None = None
    why: str = ""


@dataclass(frozen=True)
class Seer:
    """Somebody who can see the case. `key` is the actor's; `name` is empty for the patient's side."""

    kind: str
    key: str
    name: str
    ways: tuple[Way, ...]


@dataclass(frozen=True)
class WhoSees:
    """`seers` see the case; `administrators` (names) see its reference only, and give access to it."""

    seers: tuple[Seer, ...]
    administrators: tuple[str, ...]

    def of(self, kind: str) -> tuple[Seer, ...]:
        return tuple(seer for seer in self.seers if seer.kind == kind)


def get_case_to_answer_for(actor: Actor, public_id: UUID) -> Case:
    """A case of which this actor answers who sees it: they administer access to it, or read its trail. Raises NotFound."""
    answers = reachable(actor, Permission.GRANT_ACCESS, Case) | reachable(actor, Permission.SEE_TRAIL, Case)
    case = Case.objects.filter(answers, public_id=public_id).select_related("patient", "owner__user").first()
    if case is None:
        raise NotFound("case")
    return case


def who_sees(case: Case, at: datetime) -> WhoSees:
    """Everybody whom the policy lets see the case at `at` (aware), and who reads an offer of it. Six statements."""
    named = CaseTeamMember.objects.filter(standing_on_team(), case=case, member=OuterRef("pk")).order_by("id")
    over = RoleTerm.objects.filter(member_id=OuterRef("pk"), ended_at=None, until__lte=at)
    members = list(
        Membership.objects.filter(Q(until=None) | Q(until__gt=at), starts_at__lte=at, ended_at=None)
        .annotate(
            roles_over=ArraySubquery(over.values("role")),
            parts=ArraySubquery(named.values(part=JSONObject(role="role", until="until_on"))),
        )
        .select_related("user")
        .order_by("user__name", "id")
    )
    ways = _ways_of_members(case, members)
    broken = defaultdict(list)
    for glass in glass_that_stands().filter(patient=case.patient_id).select_related("user").order_by("id"):
        broken[glass.user].append(
            Way("emergency", "Emergency access.", until=glass.expires_at, why=glass.reason)
        )
    for member in members:
        ways[member.pk] += broken.pop(member.user, [])
    colleagues = (
        *(
            Seer(COLLEAGUE, f"user:{m.user_id}", str(m.user), tuple(ways[m.pk]))
            for m in members
            if ways[m.pk]
        ),
        *(Seer(COLLEAGUE, f"user:{u.pk}", f"{u} (operator)", tuple(found)) for u, found in broken.items()),
    )
    administrators = tuple(
        str(m.user)
        for m in members
        if not ways[m.pk] and Permission.GRANT_ACCESS in permissions_of(frozenset(m.roles))
    )
    others = (*_patients_side(case, at), *_machines(case, at), *_organizations(case, at))
    return WhoSees((*colleagues, *others), administrators)


def _ways_of_members(case: Case, members: Sequence[Any]) -> dict[int, list[Way]]:
    grants = defaultdict(list)
    standing = grants_that_stand().filter(content_object=case).select_related("granted_by", "permission")
    for grant in standing.order_by("id"):
        grants[grant.user_id].append(grant)
    found: dict[int, list[Way]] = {}
    for member in members:
        ways = found[member.pk] = []
        held = [role for role in member.roles if role not in member.roles_over]
        opening = [r for r in Role if r in held and Permission.SEE_CASES in ROLES[r].permissions]
        if opening:
            titles = ", ".join(ROLES[role].title for role in opening)
            if not case.is_restricted:
                ways.append(
                    Way("role", f"Role: {titles}. The case is open to this role.", until=member.until)
                )
            if case.owner_id == member.pk:
                ways.append(Way("owner", "Owns the case.", until=member.until))
            ways += [
                Way(
                    "team",
                    f"On the team: {CaseTeamMember.Role(part['role']).label}.",
                    last_day=date.fromisoformat(part["until"]) if part["until"] else None,
                )
                for part in member.parts
            ]
        ways += [
            Way(
                "grant",
                f"Dated access ({grant.scope_title.lower()}), given by {grant.granted_by}.",
                until=grant.expires_at,
                why=grant.reason,
            )
            for grant in grants[member.user_id]
        ]
    return found


def _patients_side(case: Case, at: datetime) -> Iterator[Seer]:
    """Portal accesses that are live: begun, not ended, not expired, and their consent stands where the patient lives."""
    today = day_in(case.patient.time_zone, at)
    resting = Q(consent=None) | Q(consent__in=Consent.objects.filter(standing_on(today)))
    live = PortalAccess.objects.filter(
        resting,
        Q(expires_at=None) | Q(expires_at__gt=at),
        patient=case.patient_id,
        starts_at__lte=at,
        ended_at=None,
    )
    for access in live.order_by("id"):
        held = portal_permissions_of(access.kind, frozenset(access.scope))
        if not held & set(ANY_PART):
            continue
        if access.kind == PortalRole.PATIENT:
            way = Way(
                "patient", "The patient, in the portal: all that is meant for them.", until=access.expires_at
            )
        elif case.is_restricted:
            continue
        else:
            titles = dict(PortalScope.choices())
            parts = ", ".join(titles[s] for s in access.scope if s in titles)
            way = Way("representative", f"A representative, in the portal: {parts}.", until=access.expires_at)
        yield Seer(PATIENTS_SIDE, f"portal:{access.pk}", access.name, (way,))


def _machines(case: Case, at: datetime) -> Iterator[Seer]:
    if case.is_restricted:
        return
    for row in MachineClient.objects.filter(revoked_at=None, expires_at__gt=at).order_by("purpose", "id"):
        held = permissions_of(frozenset(row.roles)) & permissions_of_scopes(row.scopes)
        if Permission.SEE_CASES not in held:
            continue
        titles = ", ".join(SCOPES[s].title for s in Scope if s in row.scopes)
        roles = ", ".join(ROLES[r].title for r in Role if r in row.roles)
        way = Way("machine", f"At the API as {roles}: {titles}.", until=row.expires_at)
        yield Seer(MACHINE, f"machine:{row.pk}", row.purpose, (way,))


def _organizations(case: Case, at: datetime) -> Iterator[Seer]:
    """Whoever reads an offer now: what was shared of the case, and nothing else of it."""
    if case.status == "closed":
        return
    today = day_in(case.patient.time_zone, at)
    for offer in running_offers(case, at):
        if not offer.consent.stands_on(today):
            continue
        parts = [PARTS[part] for part in parts_in(offer.package)]
        papers = len(offer.package["papers"])
        parts += [f"{papers} document{'' if papers == 1 else 's'}"] if papers else []
        way = Way("offer", f"Reads what was offered: {'; '.join(parts)}.", until=offer.expires_at)
        receiver = offer.to_organization
        yield Seer(ORGANIZATION, f"organization:{receiver.public_id}", receiver.name, (way,))
