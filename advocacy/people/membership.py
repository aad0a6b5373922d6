"""Who works in the organization: members' roles, teams and last day are changed; teams are named and retired.

Somebody becomes a member by accepting an invitation (`invitations.py`) and stops being one by leaving (`leaving.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction

from advocacy.access.duties import not_ones_own
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.access.roles import Role
from advocacy.audit.trail import record
from advocacy.errors import NotFound, Reason, Refused, WrongState
from advocacy.people.models import Membership, RoleTerm, Team
from advocacy.people.rules import roles_can_be_held


def change_member(
    *,
    actor: Actor,
    member: Membership,
    roles: Collection[str],
    team: Team | None,
    until: datetime | None = None,
    role_ends: Mapping[str, datetime] | None = None,
    at: datetime,
) -> Membership:
    """Replace a member's roles, team, and the moment at which access ends by itself (aware; None: open).

    `role_ends` are the ends of single roles by role (aware), in place of those that were set; None keeps those of the roles
    that stay. Raises NotAllowed, NotFound, WrongState for somebody who left, Refused with every reason.
    """
    require(actor, Permission.MANAGE_MEMBERS, member)
    own_team(actor, team)
    reasons = [*roles_can_be_held(roles), *end_can_be_set(until, at)]
    if set(roles) != set(member.roles):
        said = "Ask another admin to change your own roles."
        reasons += not_ones_own(actor, member.user_id, "own_roles", said, "roles")
    ends = ends_that_count(member)
    wanted = {r: e for r, e in ends.items() if r in roles} if role_ends is None else dict(role_ends)
    reasons += role_ends_can_be_set(wanted, ends, roles, at)
    if any(role in roles and (role not in wanted or wanted[role] > end) for role, end in ends.items()):
        said = "Ask another admin to let you keep your own role longer."
        reasons += not_ones_own(actor, member.user_id, "own_roles", said, "role_last_day")
    if member.until is not None and (until is None or until > member.until):
        said = "Ask another admin to let you stay longer."
        reasons += not_ones_own(actor, member.user_id, "own_stay", said, "last_day")
    with transaction.atomic():
        row = Membership.objects.select_for_update().get(pk=member.pk)
        must_be_live(row)
        if Role.ORGANIZATION_ADMIN not in roles or until is not None or Role.ORGANIZATION_ADMIN in wanted:
            reasons += last_admin(row)
        if reasons:
            raise Refused(reasons)
        before, row.roles, row.team, row.until = row.roles, sorted(set(roles)), team, until
        row.save(update_fields=["roles", "team", "until"])
        _set_ends(row, ends, wanted, actor, at)
        detail = {"from": before, "to": row.roles, "until": until, "role_ends": wanted}
        record("member_changed", subject=row, detail=detail)
    return row


def ends_that_count(member: Membership) -> dict[str, datetime]:
    """When single roles of the member end, by role."""
    return dict(RoleTerm.objects.filter(member=member, ended_at=None).values_list("role", "until"))


def role_ends_can_be_set(
    wanted: Mapping[str, datetime], before: Mapping[str, datetime], roles: Collection[str], at: datetime
) -> list[Reason]:
    """An end is set for a role that is held, and not in the past."""
    found = []
    if set(wanted) - set(roles):
        found.append(Reason("role_not_held", "Choose one of the roles that stay.", "ending_role"))
    if any(end <= at for role, end in wanted.items() if before.get(role) != end):
        found.append(Reason("role_until_past", "The last day must be today or later.", "role_last_day"))
    return found


def _set_ends(
    row: Membership,
    before: Mapping[str, datetime],
    wanted: Mapping[str, datetime],
    actor: Actor,
    at: datetime,
) -> None:
    changed = [role for role, end in before.items() if wanted.get(role) != end]
    RoleTerm.objects.filter(member=row, role__in=changed, ended_at=None).update(ended_at=at)
    for role, end in wanted.items():
        if before.get(role) != end:
            RoleTerm.objects.create(member=row, role=role, until=end, given_at=at, given_by_id=actor.user_id)


def take_away_roles_that_ended(*, at: datetime) -> int:
    """What opens nothing any more since its day goes from the member's roles too; how many roles went."""
    due = list(RoleTerm.objects.select_for_update(of=("self",)).filter(ended_at=None, until__lte=at))
    for term in due:
        row = Membership.objects.select_for_update().get(pk=term.member_id)
        before, row.roles = row.roles, [role for role in row.roles if role != term.role]
        row.save(update_fields=["roles"])
        term.ended_at = at
        term.save(update_fields=["ended_at"])
        record("member_changed", subject=row, detail={"from": before, "to": row.roles, "ran_out": True})
    return len(due)


def switch_organization(*, actor: Actor, to: str, at: datetime) -> None:
    """Note in the trail of the organization that is left where somebody goes (`to` is the other one's public id)."""
    if actor.membership_id is None:
        raise NotFound("member")
    member = Membership.objects.get(pk=actor.membership_id)
    record("organization_switched", subject=member, detail={"to": to})


def record_team(*, actor: Actor, name: str, team: Team | None = None, at: datetime) -> Team:
    """Name a new team, or rename `team`. Raises NotAllowed, Refused."""
    require(actor, Permission.MANAGE_MEMBERS, team)
    name = name.strip()
    known = Team.objects.filter(name__iexact=name).exclude(pk=team.pk if team else 0).exists()
    if not name or known:
        message = "A team of this name exists already." if name else "Fill in the name."
        raise Refused([Reason("team_name", message, "name")])
    with transaction.atomic():
        row = team or Team(name=name)
        row.name = name
        row.save(update_fields=["name"] if team else None)
        record("team_recorded", subject=row)
    return row


def retire_team(*, actor: Actor, row: Team, at: datetime) -> Team:
    """The team takes no new members or cases; who is in it stays. Raises NotAllowed, NotFound, WrongState."""
    return _retire(actor, row, at)


def return_team(*, actor: Actor, row: Team, at: datetime) -> Team:
    """Put a retired team back into use. Raises NotAllowed, NotFound, WrongState."""
    return _retire(actor, row, None)


def _retire(actor: Actor, team: Team, moment: datetime | None) -> Team:
    require(actor, Permission.MANAGE_MEMBERS, team)
    if (team.retired_at is None) == (moment is None):
        state = "in use" if moment is None else "retired"
        raise WrongState("retire", state, f"This team is {state} already.")
    with transaction.atomic():
        team.retired_at = moment
        team.save(update_fields=["retired_at"])
        record("team_recorded", subject=team, detail={"retired": moment is not None})
    return team


def own_team(actor: Actor, team: Team | None) -> None:
    """Raises NotFound for a team of another organization."""
    if team is not None and team.organization_id != actor.organization_id:
        raise NotFound("team")


def must_be_live(row: Membership) -> None:
    """Raises WrongState for somebody who left."""
    if row.ended_at is not None:
        raise WrongState("change", "ended", "This membership has ended.")


def end_can_be_set(until: datetime | None, at: datetime) -> list[Reason]:
    if until is None or until > at:
        return []
    return [Reason("until_past", "The last day must be today or later.", "last_day")]


def last_admin(row: Membership) -> list[Reason]:
    """Why this admin cannot go: nobody else who stays keeps the members."""
    if Role.ORGANIZATION_ADMIN not in row.roles:
        return []
    ending = RoleTerm.objects.filter(role=Role.ORGANIZATION_ADMIN, ended_at=None)
    others = Membership.objects.filter(
        ended_at=None, until=None, roles__contains=[Role.ORGANIZATION_ADMIN.value]
    ).exclude(pk__in=ending.values("member_id"))
    if others.exclude(pk=row.pk).exists():
        return []
    return [
        Reason(
            "last_admin",
            "This is the only organization admin. Give the role to somebody else first, or nobody keeps members.",
            "roles",
        )
    ]
