"""Who works in the organization: members are added with roles, changed, and leave; teams are named and retired."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from advocacy import registries
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.access.roles import Role
from advocacy.audit.trail import record
from advocacy.errors import NotFound, Reason, Refused, WrongState
from advocacy.people.models import Membership, Team, User


def add_member(
    *,
    actor: Actor,
    email: str,
    name: str,
    roles: Collection[str],
    team: Team | None = None,
    at: datetime,
) -> Membership:
    """Make somebody a member from `at` on; an account is made when the address has none (they set its password by mail).

    Raises NotAllowed, NotFound (team of another organization), Refused.
    """
    require(actor, Permission.MANAGE_MEMBERS)
    _own_team(actor, team)
    email = email.strip().lower()
    reasons = _wrong_roles(roles)
    if "@" not in email:
        reasons.append(Reason("email_form", "Write the e-mail address like name@example.org.", "email"))
    if not name.strip():
        reasons.append(Reason("name_missing", "Fill in the name.", "name"))
    user = User.objects.filter(email=email).first()
    if user is not None and Membership.objects.filter(user=user, ended_at=None).exists():
        reasons.append(Reason("member_exists", "This person is a member already.", "email"))
    if reasons:
        raise Refused(reasons)
    with transaction.atomic():
        if user is None:
            user = User.objects.create_user(email, None, name=name.strip(), is_staff=True)
        member = Membership.objects.create(user=user, roles=sorted(set(roles)), team=team, starts_at=at)
        record("member_added", subject=member, detail={"roles": member.roles})
    return member


def change_member(
    *, actor: Actor, member: Membership, roles: Collection[str], team: Team | None, at: datetime
) -> Membership:
    """Replace a member's roles and team. Raises NotAllowed, NotFound, WrongState for somebody who left, Refused."""
    require(actor, Permission.MANAGE_MEMBERS, member)
    _own_team(actor, team)
    reasons = _wrong_roles(roles)
    if member.pk == actor.membership_id and set(roles) != set(member.roles):
        reasons.append(Reason("own_roles", "Ask another admin to change your own roles.", "roles"))
    with transaction.atomic():
        row = Membership.objects.select_for_update().get(pk=member.pk)
        _must_be_live(row)
        if Role.ORGANIZATION_ADMIN not in roles:
            reasons += _last_admin(row)
        if reasons:
            raise Refused(reasons)
        before, row.roles, row.team = row.roles, sorted(set(roles)), team
        row.save(update_fields=["roles", "team"])
        record("member_changed", subject=row, detail={"from": before, "to": row.roles})
    return row


def end_membership(
    *, actor: Actor, member: Membership, successor: Membership | None = None, at: datetime
) -> Membership:
    """Somebody leaves: what they owned goes to the successor or back to the queue, and they see nothing from `at` on.

    Raises NotAllowed, NotFound, WrongState, Refused (the last admin; an app's own reason why a successor is needed).
    """
    require(actor, Permission.MANAGE_MEMBERS, member)
    if successor is not None:
        require(actor, Permission.MANAGE_MEMBERS, successor)
    with transaction.atomic():
        row = Membership.objects.select_for_update().get(pk=member.pk)
        _must_be_live(row)
        reasons = _last_admin(row)
        if successor is not None and (successor.pk == row.pk or successor.ended_at is not None):
            reasons.append(Reason("successor_unfit", "Choose another colleague who stays.", "successor"))
        if reasons:
            raise Refused(reasons)
        moved = sum(
            re_home(member=row, successor=successor, actor=actor, at=at) for re_home in registries.re_homing
        )
        row.ended_at = max(at, row.starts_at)
        row.save(update_fields=["ended_at"])
        record("member_ended", subject=row, detail={"moved": moved})
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


def retire_team(*, actor: Actor, team: Team, at: datetime) -> Team:
    """The team takes no new members or cases. Raises NotAllowed, NotFound, WrongState."""
    require(actor, Permission.MANAGE_MEMBERS, team)
    if team.retired_at is not None:
        raise WrongState("retire", "retired", "This team is retired already.")
    with transaction.atomic():
        team.retired_at = at
        team.save(update_fields=["retired_at"])
        record("team_recorded", subject=team, detail={"retired": True})
    return team


def _own_team(actor: Actor, team: Team | None) -> None:
    if team is not None and team.organization_id != actor.organization_id:
        raise NotFound("team")


def _must_be_live(row: Membership) -> None:
    if row.ended_at is not None:
        raise WrongState("change", "ended", "This membership has ended.")


def _wrong_roles(roles: Collection[str]) -> list[Reason]:
    if roles and set(roles) <= {role.value for role in Role}:
        return []
    return [Reason("roles_missing", "Choose at least one role.", "roles")]


def _last_admin(row: Membership) -> list[Reason]:
    if Role.ORGANIZATION_ADMIN not in row.roles:
        return []
    others = Membership.objects.filter(ended_at=None, roles__contains=[Role.ORGANIZATION_ADMIN.value])
    if others.exclude(pk=row.pk).exists():
        return []
    return [
        Reason(
            "last_admin",
            "This is the only organization admin. Give the role to somebody else first, or nobody keeps members.",
            "roles",
        )
    ]
