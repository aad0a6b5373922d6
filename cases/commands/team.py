"""Who works a case beside its owner: naming them on its team, and taking them off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from advocacy.access.duties import not_ones_own
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, allows, require
from advocacy.access.roles import permissions_of
from advocacy.audit.trail import record
from advocacy.errors import NotFound, Reason, Refused, WrongState
from advocacy.people.models import Membership
from advocacy.people.rules import day_in
from cases import rules
from cases.commands.cases import must_be_open
from cases.models import Case, CaseTeamMember
from cases.queries.registration import closed_to

# Whom the primary (the owner) names without asking; an outside interpreter sees nothing of the case by being named.
NAMED_BY_PRIMARY = frozenset({CaseTeamMember.Role.BACKUP.value, CaseTeamMember.Role.INTERPRETER.value})


def may_name(actor: Actor, case: Case, role: str) -> bool:
    """Whoever assigns cases names everybody; the primary names a backup and an interpreter."""
    if allows(actor, Permission.ASSIGN_CASE, case):
        return True
    is_primary = actor.membership_id is not None and case.owner_id == actor.membership_id
    return is_primary and role in NAMED_BY_PRIMARY and allows(actor, Permission.CHANGE_CASE, case)


def name_on_team(
    *,
    actor: Actor,
    case: Case,
    role: str,
    member: Membership | None = None,
    name: str = "",
    phone: str = "",
    language: str = "",
    from_on: date,
    until_on: date | None = None,
    at: datetime,
) -> CaseTeamMember:
    """Name a colleague on the case's team, or as interpreter an outside person by `name`, from a day until a day (inclusive).

    A colleague who is named opens the case also when it is restricted, for as long as the name stands.
    Raises NotAllowed, NotFound, WrongState for a closed case, Refused with every reason.
    """
    _may(actor, case, role)
    if member is not None and member.organization_id != actor.organization_id:
        raise NotFound("member")
    name = name.strip()
    with transaction.atomic():
        row = Case.objects.select_for_update(of=("self",)).select_related("patient").get(pk=case.pk)
        must_be_open(row)
        today = day_in(row.patient.time_zone, at)
        reasons = [
            *rules.team_days_fit(from_on, until_on, today),
            *_who_fits(row, role, member, name, language, today),
        ]
        if member is not None and closed_to(actor, [row]):
            reasons += not_ones_own(actor, member.user_id, "own_access", field="member")
        if reasons:
            raise Refused(reasons)
        entry = CaseTeamMember.objects.create(
            case=row,
            role=role,
            member=member,
            name=name if member is None else "",
            phone=phone.strip(),
            language=language.strip(),
            from_on=from_on,
            until_on=until_on,
            named_at=at,
            named_by_id=actor.user_id,
        )
        record(
            "team_named",
            subject=entry,
            detail={"role": role, "member": member.pk if member else None, "until": until_on},
        )
    return entry


def end_on_team(*, actor: Actor, entry: CaseTeamMember, at: datetime) -> CaseTeamMember:
    """Take somebody off the team before their last day. Raises NotAllowed, NotFound, WrongState when it is over."""
    _may(actor, entry.case, entry.role)
    with transaction.atomic():
        row = (
            CaseTeamMember.objects.select_for_update(of=("self",))
            .select_related("case__patient")
            .get(pk=entry.pk)
        )
        today = day_in(row.case.patient.time_zone, at)
        if row.ended_at is not None or (row.until_on is not None and row.until_on < today):
            raise WrongState("end", "over", "This person is no longer on the team.")
        row.ended_at = at
        row.save(update_fields=["ended_at"])
        record("team_ended", subject=row, detail={"role": row.role, "member": row.member_id})
    return row


def end_on_teams(*, member: Membership, to: Sequence[Membership], actor: Actor, at: datetime) -> int:
    """A leaver is taken off every team; how many. Nobody takes the place: it is named again where it is needed."""
    with transaction.atomic():
        rows = list(
            CaseTeamMember.objects.select_for_update(of=("self",))
            .filter(member=member, ended_at=None)
            .order_by("pk")
        )
        for row in rows:
            row.ended_at = at
            row.save(update_fields=["ended_at"])
            record("team_ended", subject=row, detail={"role": row.role, "member": member.pk, "leaver": True})
    return len(rows)


def _may(actor: Actor, case: Case, role: str) -> None:
    if not may_name(actor, case, role):
        require(actor, Permission.ASSIGN_CASE, case)


def _who_fits(
    case: Case, role: str, member: Membership | None, name: str, language: str, today: date
) -> Iterator[Reason]:
    if role not in CaseTeamMember.Role.values:
        yield Reason("role_unknown", "Choose the part in the team.", "role")
        return
    is_interpreter = role == CaseTeamMember.Role.INTERPRETER
    if member is None and not is_interpreter:
        yield Reason("member_missing", "Choose the colleague.", "member")
    elif member is None and not name:
        yield Reason("interpreter_missing", "Choose a colleague, or write the interpreter's name.", "name")
    elif member is not None and name:
        yield Reason("interpreter_twice", "Choose a colleague or write a name, not both.", "name")
    if is_interpreter and not language.strip():
        yield Reason("language_missing", "Say which language.", "language")
    if member is None:
        return
    if member.ended_at is not None:
        yield Reason("member_left", "This colleague is no longer a member. Choose somebody else.", "member")
        return
    yield from rules.fits_the_part(role, permissions_of(frozenset(member.roles)))
    if member.pk == case.owner_id and role == CaseTeamMember.Role.BACKUP:
        yield Reason("is_primary", "This colleague is the primary. Choose somebody else as backup.", "member")
    not_over = Q(until_on=None) | Q(until_on__gte=today)
    if CaseTeamMember.objects.filter(not_over, case=case, role=role, member=member, ended_at=None).exists():
        yield Reason(
            "named_already", "This colleague is named for this already. End that entry first.", "member"
        )
