"""The team of a case as pages show it: the primary (the owner) and whoever is named beside, for a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import QuerySet

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, allows, visible
from advocacy.errors import NotFound
from advocacy.people.models import Membership
from cases.models import Case, CaseTeamMember
from cases.policies import standing_on_team
from cases.queries.registration import get_case, get_case_to_administer, is_visible

# In the order in which a case names its people.
ROLES = ("backup", "supervisor", "clinician", "interpreter")


def stands(entry: CaseTeamMember, today: date) -> bool:
    """Whether somebody stands on the team on `today` (a day where the patient lives)."""
    return (
        entry.ended_at is None
        and entry.from_on <= today
        and (entry.until_on is None or entry.until_on >= today)
    )


@dataclass(frozen=True)
class OnTeam:
    """One person of the team: who, in which part, from when until when (days, inclusive). `state` is standing, coming or over."""

    entry: CaseTeamMember
    who: str
    state: str

    @property
    def part(self) -> str:
        return str(self.entry.get_role_display())


def state_of(entry: CaseTeamMember, today: date) -> str:
    if stands(entry, today):
        return "standing"
    not_begun = entry.ended_at is None and entry.from_on > today
    return "coming" if not_begun else "over"


def team_shown(
    entries: Iterable[CaseTeamMember], names: Mapping[int, str], today: date
) -> tuple[OnTeam, ...]:
    """Entries with names (by membership), in the order of the parts."""
    order = {role: n for n, role in enumerate(ROLES)}
    found = [
        OnTeam(e, names.get(e.member_id, "") if e.member_id else e.name, state_of(e, today)) for e in entries
    ]
    return tuple(
        sorted(found, key=lambda row: (order.get(row.entry.role, 9), row.entry.from_on, row.entry.pk))
    )


def opens(member: Membership, case: Case) -> bool:
    """Whether a colleague whose role sees cases opens this one: a restricted one as its owner or named on its team."""
    if not case.is_restricted or case.owner_id == member.pk:
        return True
    return CaseTeamMember.objects.filter(standing_on_team(), case=case, member=member).exists()


def team_of(case: Case) -> QuerySet[CaseTeamMember]:
    """Everybody who was ever named, newest first."""
    return CaseTeamMember.objects.filter(case=case).select_related("member__user", "named_by").order_by("-id")


def get_on_team(actor: Actor, case: Case, public_id: UUID) -> CaseTeamMember:
    """One entry of this case's team. Raises NotFound when absent or invisible."""
    seen = visible(actor, CaseTeamMember)
    rows = CaseTeamMember.objects.filter(case=case, public_id=public_id).select_related(
        "case__patient", "case__owner__user", "member__user"
    )
    found = rows.filter(seen).first()
    if found is None and allows(actor, Permission.ASSIGN_CASE, case):
        found = rows.first()
    if found is None:
        raise NotFound("team")
    return found


def get_case_of_team(actor: Actor, public_id: UUID) -> tuple[Case, bool]:
    """The case, and whether the actor sees more of it than its reference: who assigns work names people on cases that are
    restricted to others too. Raises NotFound.
    """
    try:
        return get_case(actor, public_id), True
    except NotFound:
        if not actor.may(Permission.ASSIGN_CASE):
            raise
    case = get_case_to_administer(actor, public_id)
    return case, is_visible(actor, case)
