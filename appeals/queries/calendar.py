"""The dates of one member for their calendar: what comes up in cases they work or cover for, nothing of whom it is about."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q

from advocacy.access.policy import Actor, visible
from advocacy.people.queries import covered_by
from appeals.models import Deadline
from appeals.queries.clocks import CLAIMANT, Day
from cases.workflow import CaseStatus

MOST = 500
PAST = timedelta(days=30)


def dates_of(actor: Actor, day: Day) -> list[Deadline]:
    """Running dates of open cases that are the actor's, or a colleague's for whom they cover on that day; the earliest first.

    Only of cases that the actor opens at this moment.
    """
    mine = Q(case__owner_id=actor.membership_id) | Q(
        case__owner_id__in=covered_by(actor, day.today).values("member_id")
    )
    rows = Deadline.objects.filter(
        visible(actor, Deadline),
        mine,
        status=Deadline.Status.RUNNING,
        case__status=CaseStatus.OPEN,
        due_on__gte=day.today - PAST,
    )
    return list(rows.select_related("case").order_by("due_on", "id")[:MOST])


def said_of(deadline: Deadline) -> str:
    """What the calendar says of a date: whose it is, and the name of the step, which is the same for everybody."""
    if deadline.is_courtesy:
        return "Peer-to-peer window closes"
    if deadline.law_on is not None:
        law = f"{deadline.law_on:%b} {deadline.law_on.day}, {deadline.law_on.year}"
        return f"Your organization's own date (by the law {law}): {deadline.title}"
    return f"Deadline: {deadline.title}" if deadline.side == CLAIMANT else f"Answer due: {deadline.title}"
