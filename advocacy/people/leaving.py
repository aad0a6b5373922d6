"""A colleague leaves in one guided act: everything still theirs is counted, handed on or ended, and nothing stays behind.

What there is to hand on, the apps say (`registries.re_homing`). Whoever keeps the members sees counts and colleagues here,
never a case or a patient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY as DESK_USER
from django.db import transaction
from django.db.models import Count, F, IntegerField, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from advocacy import registries
from advocacy.access.disclosures import Party
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.access.roles import permissions_of
from advocacy.audit.models import Event
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused, WrongState
from advocacy.mail import Notice, deliver, link_to
from advocacy.people.membership import last_admin, must_be_live
from advocacy.people.models import Absence, BrowserSession, Draft, Membership, SavedSearch
from advocacy.people.queries import SESSION_KEY, members_of_organization
from advocacy.registries import ReHoming

ALERTED_AGAIN_AFTER = timedelta(days=7)


@dataclass(frozen=True)
class LeftBehind:
    """One kind of thing of one person, and how many."""

    kind: ReHoming
    count: int


@dataclass(frozen=True)
class Leaver:
    """Somebody whose membership is over and who still owns something."""

    member: Membership
    things: tuple[LeftBehind, ...]

    @property
    def count(self) -> int:
        return sum(thing.count for thing in self.things)


def owned_by(member: Membership) -> list[LeftBehind]:
    """What the member owns that is still open, by kind, zero included. One statement."""
    counted: Any = {
        f"n_{kind.key}": Coalesce(
            Subquery(
                _rows_of(kind, member)
                .order_by()
                .annotate(one=Value(1))
                .values("one")
                .annotate(n=Count("pk"))
                .values("n"),
                output_field=IntegerField(),
            ),
            0,
        )
        for kind in registries.re_homing
    }
    found: Any = Membership.objects.filter(pk=member.pk).values(**counted).get()
    return [LeftBehind(kind, found[f"n_{kind.key}"]) for kind in registries.re_homing]


def sessions_in(member: Membership) -> list[BrowserSession]:
    """Browsers in which this person works in this organization."""
    here = str(member.organization.public_id)
    return [
        session
        for session in BrowserSession.objects.filter(user_id=member.user_id, expire_date__gt=timezone.now())
        if DESK_USER in (kept := session.get_decoded()) and kept.get(SESSION_KEY) in (None, here)
    ]


def may_receive(
    kind: ReHoming, leaver: Membership, members: Sequence[Membership] | None = None
) -> list[Membership]:
    """Colleagues who stay and whose roles let them take over things of this kind, by name.

    `members` are the live ones, where the caller has them already.
    """
    return [
        member
        for member in (members_of_organization() if members is None else members)
        if member.pk != leaver.pk
        and member.until is None
        and Permission(kind.permission) in permissions_of(frozenset(member.roles))
    ]


def may_hand_on(actor: Actor, member: Membership) -> None:
    """Raises NotAllowed or NotFound unless the actor ends memberships, or assigns work and this one has ended already."""
    if member.ended_at is not None and actor.may(Permission.ASSIGN_CASE):
        require(actor, Permission.SEE_MEMBERS, member)
    else:
        require(actor, Permission.MANAGE_MEMBERS, member)


def end_membership(
    *, actor: Actor, member: Membership, receivers: Mapping[str, Sequence[Membership]], at: datetime
) -> Membership:
    """Somebody leaves. Per kind (its key), `receivers` take over in turn; none: back to the queue. All or nothing.

    Also for somebody whose membership has ended already and who still owns something: whoever assigns work may do that
    too (`may_hand_on`). Raises NotAllowed, NotFound,
    WrongState when nothing is left to do, Refused (the last admin; a receiver who cannot take over; nobody named for what
    must have an owner).
    """
    may_hand_on(actor, member)
    with transaction.atomic():
        row = Membership.objects.select_for_update().get(pk=member.pk)
        things = owned_by(row)
        if row.ended_at is not None and not any(thing.count for thing in things):
            must_be_live(row)
        reasons = last_admin(row) if row.ended_at is None else []
        for thing in things:
            reasons += _wrong_receivers(thing, row, receivers.get(thing.kind.key, ()))
        if reasons:
            raise Refused(reasons)
        moved = _hand_on(row, receivers, actor, at)
        for session in sessions_in(row):
            session.delete()
        if row.ended_at is None:
            row.ended_at = max(at, row.starts_at)
            row.save(update_fields=["ended_at"])
        record("member_ended", subject=row, detail={"moved": moved})
        # A kind that moved nothing or a thing that came meanwhile: then nobody leaves.
        if any(thing.count for thing in owned_by(row)):
            raise WrongState(
                "leave", "changed", "Something of this colleague changed meanwhile. Look again, then confirm."
            )
    return row


def end_what_ran_out(*, at: datetime) -> int:
    """Memberships whose last day is over end. What they own stays until somebody hands it on; returns how many ended."""
    rows = list(Membership.objects.select_for_update().filter(ended_at=None, until__lte=at))
    for row in rows:
        row.ended_at = max(row.until or at, row.starts_at)
        row.save(update_fields=["ended_at"])
        record("member_ended", subject=row, detail={"ran_out": True})
    return len(rows)


def leavers_with_things(at: datetime) -> list[Leaver]:
    """Everybody without a live membership who still owns something open, by name. Two statements.

    A user who left and came back owns nothing wrongly: what names the user is compared with live users.
    """
    live = Membership.objects.filter(ended_at=None, user__is_active=True).filter(
        Q(until=None) | Q(until__gt=at)
    )
    parts = [
        kind.owned()
        .exclude(**{f"{kind.by}__in": live.values("user_id" if kind.by_user else "pk")})
        .order_by()
        .annotate(kind_key=Value(kind.key), left_by=F(kind.by))
        .values_list("kind_key", "left_by")
        .annotate(left=Count("pk"))
        for kind in registries.re_homing
    ]
    counts: dict[int, dict[str, int]] = {}
    users: dict[str, dict[int, int]] = {}
    by_user = {kind.key for kind in registries.re_homing if kind.by_user}
    for key, owner, count in parts[0].union(*parts[1:], all=True) if parts else ():
        if key in by_user:
            users.setdefault(key, {})[owner] = count
        else:
            counts.setdefault(owner, {})[key] = count
    wanted = Q(pk__in=list(counts)) | Q(user_id__in={u for found in users.values() for u in found})
    members = Membership.objects.filter(wanted).select_related("user", "team").order_by("user__name", "-pk")
    seen: set[int] = set()
    found = []
    for member in members:
        mine = dict(counts.get(member.pk, {}))
        if member.user_id not in seen:
            mine |= {key: by[member.user_id] for key, by in users.items() if member.user_id in by}
            seen.add(member.user_id)
        things = tuple(
            LeftBehind(kind, mine[kind.key]) for kind in registries.re_homing if mine.get(kind.key)
        )
        if things:
            found.append(Leaver(member, things))
    return found


def alert_about_leavers(*, at: datetime) -> int:
    """Tell whoever assigns work, by mail and once a week at most, that things are left behind; how many leavers that were."""
    leavers = leavers_with_things(at)
    known = set(
        Event.objects.filter(verb="leaver_found", at__gt=at - ALERTED_AGAIN_AFTER).values_list(
            "subject_id", flat=True
        )
    )
    new = [leaver for leaver in leavers if leaver.member.pk not in known]
    if not new:
        return 0
    for leaver in new:
        record("leaver_found", subject=leaver.member, detail={t.kind.key: t.count for t in leaver.things})
    for member in members_of_organization().filter(user__is_active=True):
        if Permission.ASSIGN_CASE in permissions_of(frozenset(member.roles)):
            deliver(
                Notice(
                    to=member.user.email,
                    subject="Work without anybody who does it",
                    template="notices/leavers.txt",
                    facts={
                        "count": sum(leaver.count for leaver in new),
                        "people": len(new),
                        "url": link_to(reverse("people:leavers")),
                    },
                    reader=Party.WORKFORCE,
                )
            )
    return len(new)


def own_drafts() -> Any:
    return Draft.objects.all()


def own_searches() -> Any:
    return SavedSearch.objects.all()


def drop_drafts(*, member: Membership, to: Sequence[Membership], actor: Actor, at: datetime) -> int:
    """Forms never sent are for nobody else to read; how many went."""
    return Draft.objects.filter(user_id=member.user_id).delete()[0]


def drop_searches(*, member: Membership, to: Sequence[Membership], actor: Actor, at: datetime) -> int:
    return SavedSearch.objects.filter(user_id=member.user_id).delete()[0]


def own_absences() -> Any:
    """Absences that are not over (a day of margin for zones)."""
    return Absence.objects.filter(ended_at=None, until_on__gte=timezone.localdate() - timedelta(days=1))


def end_absences(*, member: Membership, to: Sequence[Membership], actor: Actor, at: datetime) -> int:
    """Whoever has left is not away; how many ended."""
    return _end_absences(own_absences().filter(member=member), at)


def re_home_covers(*, member: Membership, to: Sequence[Membership], actor: Actor, at: datetime) -> int:
    """Somebody else covers, or, where nobody is named who can, the cover ends; how many there were."""
    rows = list(own_absences().filter(cover=member).select_for_update().order_by("pk"))
    ended = []
    for number, row in enumerate(rows):
        fit = [m for m in to if m.pk != row.member_id]
        if not fit:
            ended.append(row.pk)
            continue
        row.cover = fit[number % len(fit)]
        row.save(update_fields=["cover"])
        detail = {"member": row.member_id, "cover": row.cover_id, "leaver": True}
        record("absence_recorded", subject=row, detail=detail)
    _end_absences(Absence.objects.filter(pk__in=ended), at)
    return len(rows)


def _end_absences(found: Any, at: datetime) -> int:
    rows = list(found.select_for_update().order_by("pk"))
    for row in rows:
        row.ended_at = at
        row.save(update_fields=["ended_at"])
        record("absence_ended", subject=row, detail={"member": row.member_id, "leaver": True})
    return len(rows)


KINDS = [
    ReHoming("absences", "Their own absences", own_absences, "member", end_absences),
    ReHoming(
        "covers",
        "Absences of others they cover",
        own_absences,
        "cover",
        re_home_covers,
        handed_on=True,
        permission=Permission.WORK_TASKS,
    ),
    ReHoming("drafts", "Forms they had not sent", own_drafts, "user", drop_drafts, by_user=True),
    ReHoming("searches", "Searches they had kept", own_searches, "user", drop_searches, by_user=True),
]


def _rows_of(kind: ReHoming, member: Membership) -> Any:
    return kind.owned().filter(**{kind.by: member.user_id if kind.by_user else member.pk})


def _hand_on(
    row: Membership, receivers: Mapping[str, Sequence[Membership]], actor: Actor, at: datetime
) -> dict[str, int]:
    moved = {}
    for kind in registries.re_homing:
        to = list(receivers.get(kind.key, ())) if kind.handed_on else []
        if count := kind.move(member=row, to=to, actor=actor, at=at):
            moved[kind.key] = count
    return moved


def _wrong_receivers(thing: LeftBehind, leaver: Membership, chosen: Sequence[Membership]) -> list[Reason]:
    kind = thing.kind
    if not kind.handed_on or not thing.count:
        return []
    if kind.named and len(chosen) != 1:
        return [
            Reason("needs_owner", f"{kind.title}: name one colleague who takes them over.", f"to_{kind.key}")
        ]
    fit = {member.pk for member in may_receive(kind, leaver)} if chosen else set()
    if any(member.pk not in fit for member in chosen):
        return [
            Reason(
                "receiver_unfit",
                f"{kind.title}: choose a colleague who stays and may do this.",
                f"to_{kind.key}",
            )
        ]
    return []
