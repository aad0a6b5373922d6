"""The daily mail to each colleague: how much waits for them, as counts and addresses that ask for a sign-in. Nothing else.

It goes out from the hour that the person chose, where the organization works, once a day, and not at all when nothing waits.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.urls import reverse
from django.utils import timezone

from advocacy.access.disclosures import Party
from advocacy.access.permissions import Permission
from advocacy.access.roles import permissions_of
from advocacy.background.queue import again, job
from advocacy.mail import Notice, deliver, link_to
from advocacy.people.models import DailyDigest, Membership
from advocacy.people.queries import absent_now, roles_now, working_members
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import current_organization_id
from appeals.models import Deadline, Finding
from appeals.queries.clocks import CLAIMANT, LEGAL, Day, day_at, is_over, passed
from appeals.queries.service_targets import count_missed
from cases.models import Case, Task
from cases.workflow import CaseStatus, TaskStatus

MAIL_JOB = "appeals.mail_digest"
SOON = 7
PASSED, NEAR = "passed", "near"
DATED = ("organization", "due_on", "due_at", "own_on", "law_on")


@dataclass(frozen=True)
class Line:
    """How many of one kind wait, in words for one and for several, and the page that lists them."""

    count: int
    one: str
    several: str
    page: str

    @property
    def said(self) -> str:
        return f"{self.count} {self.one if self.count == 1 else self.several}"


def here(at: datetime) -> Day:
    """The day where the scope's organization works."""
    return day_at(at, Organization.objects.get(pk=current_organization_id() or 0).time_zone)


def lines_of(member: Membership, day: Day) -> list[Line]:
    """What waits for this person (one of `working_members`) today; empty when nothing does. An own, earlier date of the
    organization is counted apart, and with the law's dates once the law's day is as near.
    """
    held = permissions_of(roles_now(member))
    mine = Deadline.objects.filter(
        LEGAL, case__owner=member, case__status=CaseStatus.OPEN, status=Deadline.Status.RUNNING
    )
    over = passed(day)
    ours, theirs = list(mine.filter(side=CLAIMANT).only(*DATED)), mine.exclude(side=CLAIMANT)
    legal = Counter(_stands(row, day, by_law=True) for row in ours)
    own = Counter(_stands(row, day) for row in ours if row.own_on and not _stands(row, day, by_law=True))
    tasks = Task.objects.filter(
        owner=member, case__status=CaseStatus.OPEN, status=TaskStatus.OPEN, due_on__lte=day.today
    )
    found = [
        Line(
            legal[PASSED],
            "date of yours has passed",
            "dates of yours have passed",
            "appeals:today",
        ),
        Line(
            legal[NEAR],
            f"date of yours within {SOON} days",
            f"dates of yours within {SOON} days",
            "appeals:today",
        ),
        Line(
            own[PASSED],
            "own, earlier date of your organization has passed; the law's still runs",
            "own, earlier dates of your organization have passed; the law's still run",
            "appeals:today",
        ),
        Line(
            own[NEAR],
            f"own, earlier date of your organization within {SOON} days",
            f"own, earlier dates of your organization within {SOON} days",
            "appeals:today",
        ),
        Line(theirs.filter(over).count(), "answer is late", "answers are late", "appeals:today"),
        Line(tasks.count(), "task is due", "tasks are due", "appeals:today"),
        Line(
            count_missed(member.pk, day),
            "service target of our own was missed",
            "service targets of our own were missed",
            "appeals:targets_due",
        ),
    ]
    if Permission.ASSIGN_CASE in held:
        nobodys = Case.objects.filter(status=CaseStatus.OPEN, owner=None).count()
        standing = Finding.objects.filter(resolved_at=None, case__status=CaseStatus.OPEN).count()
        found += [
            Line(nobodys, "case has no owner", "cases have no owner", "appeals:board"),
            Line(
                standing, "finding of the nightly checks", "findings of the nightly checks", "appeals:checks"
            ),
        ]
    return [line for line in found if line.count]


def _stands(row: Deadline, day: Day, *, by_law: bool = False) -> str:
    """How near a date of ours is: PASSED, NEAR or "". `by_law` asks without the organization's own, earlier day."""
    if by_law and row.law_on is not None:
        on, over = row.law_on, row.law_on < day.today
    else:
        on, over = row.due_on, is_over(row, day)
    if over:
        return PASSED
    return NEAR if on <= day.today + timedelta(days=SOON) else ""


def due_members(day: Day) -> list[Membership]:
    """Who is to be told at this moment: they work cases here, are not away, want it, and were not told of today."""
    chosen = {row.member_id: row for row in DailyDigest.objects.all()}
    away = absent_now(day.today)
    return [
        member
        for member in working_members(day.now).select_related("user").order_by("pk")
        if member.pk not in away and _is_due(member, chosen.get(member.pk) or DailyDigest(), day)
    ]


def _is_due(member: Membership, chosen: DailyDigest, day: Day) -> bool:
    if Permission.SEE_CASES not in permissions_of(roles_now(member)):
        return False
    told = chosen.told_on or date.min
    return chosen.is_wanted and told < day.today and day.now.astimezone(day.zone).hour >= chosen.hour


@job("appeals.digests", title="See who is to get the daily mail", every=timedelta(hours=1))
def digests() -> None:
    """Ask for one job per person whose hour has come; one that failed is tried again."""
    for member in due_members(here(timezone.now())):
        again(MAIL_JOB, member=member.pk)


@job(MAIL_JOB, title="Send somebody the daily mail")
def mail_digest(*, member: int) -> None:
    """Tell one person how much waits, once a day, or nobody when nothing does. Raises what the mail server raises."""
    send_digest(member, timezone.now())


def send_digest(member_pk: int, at: datetime) -> str:
    """As above; returns the address that was written to, or ""."""
    # One after the other: the row of a choice may not be there yet.
    Membership.objects.select_for_update(of=("self",)).get(pk=member_pk)
    member = working_members(at).select_related("user").filter(pk=member_pk).first()
    if member is None:
        return ""
    day = here(at)
    chosen = DailyDigest.objects.filter(member=member).first() or DailyDigest(member=member)
    if not _is_due(member, chosen, day):
        return ""
    chosen.told_on = day.today
    chosen.save()
    lines = lines_of(member, day)
    if not lines:
        return ""
    pages = {line.page: link_to(reverse(line.page)) for line in lines}
    # Last: what fails from here on is the mail server's answer, or the commit.
    deliver(
        Notice(
            to=member.user.email,
            subject=f"Today: {sum(line.count for line in lines)} to look at",
            template="notices/digest.txt",
            facts={
                "parts": [(url, [n.said for n in lines if n.page == page]) for page, url in pages.items()],
                "settings_url": link_to(reverse("appeals:own_notices")),
            },
            reader=Party.WORKFORCE,
        ),
        message_id=f"digest-{member.public_id}-{day.today:%Y%m%d}",
    )
    return str(member.user.email)
