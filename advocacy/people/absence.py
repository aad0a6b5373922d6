"""A member is away for some days and a colleague covers: recorded by themself or by whoever assigns work."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.access.roles import permissions_of
from advocacy.audit.trail import record
from advocacy.errors import NotAllowed, Reason, Refused, WrongState
from advocacy.people.models import Absence, Membership
from advocacy.people.rules import absence_days_fit, day_in
from advocacy.tenancy.models import Organization


def record_absence(
    *, actor: Actor, member: Membership, cover: Membership, from_on: date, until_on: date, at: datetime
) -> Absence:
    """Record that `member` is away from `from_on` to `until_on` (days where the organization works, inclusive) and who covers.

    One's own, or anybody's with the permission to assign work. Nothing changes hands: it ends by itself.
    Raises NotAllowed, NotFound, Refused with every reason.
    """
    _may(actor, member)
    require(actor, Permission.SEE_MEMBERS, cover)
    today = _today(actor, at)
    with transaction.atomic():
        # One after the other: two absences of the same days must not be recorded side by side.
        list(Membership.objects.select_for_update().filter(pk__in=[member.pk, cover.pk]).order_by("pk"))
        reasons = [
            *absence_days_fit(from_on, until_on, today),
            *_people_fit(member, cover, from_on, until_on),
        ]
        if reasons:
            raise Refused(reasons)
        absence = Absence.objects.create(
            member=member,
            cover=cover,
            from_on=from_on,
            until_on=until_on,
            recorded_at=at,
            recorded_by_id=actor.user_id,
        )
        record(
            "absence_recorded",
            subject=absence,
            detail={"member": member.pk, "cover": cover.pk, "from": from_on, "until": until_on},
        )
    return absence


def end_absence(*, actor: Actor, absence: Absence, at: datetime) -> Absence:
    """The member is back before the last day, or does not go. Raises NotAllowed, NotFound, WrongState when it is over."""
    _may(actor, absence.member)
    with transaction.atomic():
        row = Absence.objects.select_for_update().get(pk=absence.pk)
        if row.ended_at is not None or row.until_on < _today(actor, at):
            raise WrongState("end", "over", "This absence is over already.")
        row.ended_at = at
        row.save(update_fields=["ended_at"])
        record("absence_ended", subject=row, detail={"member": row.member_id})
    return row


def may_record_for(actor: Actor, member: Membership) -> bool:
    """Whether the actor records absences of this member: their own, or as whoever assigns work."""
    return actor.membership_id == member.pk or actor.may(Permission.ASSIGN_CASE)


def _may(actor: Actor, member: Membership) -> None:
    require(actor, Permission.SEE_MEMBERS, member)
    if not may_record_for(actor, member):
        raise NotAllowed(Permission.ASSIGN_CASE)


def _today(actor: Actor, at: datetime) -> date:
    return day_in(Organization.objects.get(pk=actor.organization_id).time_zone, at)


def _people_fit(member: Membership, cover: Membership, from_on: date, until_on: date) -> Iterator[Reason]:
    if member.ended_at is not None:
        yield Reason("member_left", "This colleague is no longer a member. Choose somebody who is.", "member")
    if cover.pk == member.pk:
        yield Reason("covers_self", "Choose somebody else to cover.", "cover")
        return
    if cover.ended_at is not None:
        yield Reason(
            "cover_left",
            "This colleague is no longer a member. Choose somebody who is. Choose somebody else.",
            "cover",
        )
    elif not {Permission.SEE_CASES, Permission.WORK_TASKS} <= permissions_of(frozenset(cover.roles)):
        yield Reason(
            "cover_cannot_work", "This colleague's role does not work cases. Choose somebody else.", "cover"
        )
    same_days = Q(from_on__lte=until_on, until_on__gte=from_on, ended_at=None)
    if Absence.objects.filter(same_days, member=member).exists():
        yield Reason(
            "absence_overlaps",
            "An absence on some of these days is recorded already. End that one first.",
            "from_on",
        )
    if Absence.objects.filter(same_days, member=cover).exists():
        yield Reason(
            "cover_absent", "This colleague is away on some of these days too. Choose somebody else.", "cover"
        )
    if Absence.objects.filter(same_days, cover=member).exists():
        yield Reason(
            "covers_meanwhile",
            "This colleague covers for somebody on some of these days. Name another cover there first.",
            "from_on",
        )
