"""Who works in the organization: members' roles, teams and last day are changed; teams are named and retired.

Somebody becomes a member by accepting an invitation (`invitations.py`) and stops being one by leaving (`leaving.py`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from advocacy.access.duties import not_ones_own
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.access.roles import Role
from advocacy.audit.trail import record
from advocacy.errors import NotFound, Reason, Refused, WrongState
from advocacy.people.models import Membership, Team
from advocacy.people.rules import roles_can_be_held


def change_member(
    *,
    actor: Actor,
    member: Membership,
    roles: Collection[str],
    team: Team | None,
    until: datetime | None = None,
    at: datetime,
) -> Membership:
    """Replace a member's roles, team, and the moment at which access ends by itself (aware; None: open).

    Raises NotAllowed, NotFound, WrongState for somebody who left, Refused with every reason.
    """
    require(actor, Permission.MANAGE_MEMBERS, member)
    own_team(actor, team)
    reasons = [*roles_can_be_held(roles), *end_can_be_set(until, at)]
    if set(roles) != set(member.roles):
        said = "Ask another admin to change your own roles."
        reasons += not_ones_own(actor, member.user_id, "own_roles", said, "roles")
    if member.until is not None and (until is None or until > member.until):
        said = "Ask another admin to let you stay longer."
        reasons += not_ones_own(actor, member.user_id, "own_stay", said, "last_day")
    with transaction.atomic():
        row = Membership.objects.select_for_update().get(pk=member.pk)
        must_be_live(row)
        if Role.ORGANIZATION_ADMIN not in roles or until is not None:
            reasons += last_admin(row)
        if reasons:
            raise Refused(reasons)
        before, row.roles, row.team, row.until = row.roles, sorted(set(roles)), team, until
        row.save(update_fields=["roles", "team", "until"])
        record("member_changed", subject=row, detail={"from": before, "to": row.roles, "until": until})
    return row


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
    others = Membership.objects.filter(
        ended_at=None, until=None, roles__contains=[Role.ORGANIZATION_ADMIN.value]
    )
    if others.exclude(pk=row.pk).exists():
        return []
    return [
        Reason(
            "last_admin",
            "This is the only organization admin. Give the role to somebody else first, or nobody keeps members.",
            "roles",
        )
    ]
