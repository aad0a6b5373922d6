"""Reminders of running clocks: who is told, how long before, each once. `rungs_of` is the whole table.

`Deadline.reminded` keeps the rungs that were dealt with, by these codes: days before the date (30 to 0), -1 for after it, -2
for when nobody acted after that either, and 1000 + hours for clocks that count hours. Mail goes out from seven in the morning
where the patient lives; hour clocks do not wait for the morning.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils import timezone

from advocacy.access.permissions import Permission
from advocacy.access.roles import permissions_of
from advocacy.audit.trail import record
from advocacy.background.queue import PublicProblem, again, enqueue, job
from advocacy.mail import deliver
from advocacy.people.models import Membership
from advocacy.people.queries import absences_on, roles_now, working_members
from appeals import notices
from appeals.clock.calendar import add_business_days
from appeals.models import Deadline, Reminder
from appeals.queries.clocks import CLAIMANT, Day, day_at, hours_left, who_of
from cases.queries.team import opens
from cases.workflow import CaseStatus

OWNER_DAYS = (30, 14, 7, 3, 1)
HOURS = (24, 4)
PASSED = -1
ESCALATED = -2
ON_THE_DAY = 0
ESCALATED_AFTER = 2
"""Business days after a date of ours has passed: whoever keeps the organization hears that nobody acted."""
ESCALATED_HOURS = timedelta(hours=12)
"""The same where hours count."""
MORNING = time(7, 0)
ALWAYS = frozenset({PASSED, ESCALATED, ON_THE_DAY})
"""Told however late they are found."""
OWNER, SUPERVISORS, ADMINS = "owner", "supervisors", "admins"
SEND_JOB = "appeals.mail_reminder"
LAST_TOLD = Q(reminded__contains=[ESCALATED]) | (
    (~Q(side=CLAIMANT) | Q(peer_to_peer__isnull=False)) & Q(reminded__contains=[PASSED])
)
"""Clocks of which nothing more is to be told."""
READ = (
    *("clock", "side", "due_on", "due_at", "reminded", "computed_at", "peer_to_peer", "organization"),
    *("case__organization", "case__patient__organization", "case__patient__time_zone"),
)
"""What is read of a clock to find out what is due: all running clocks of an organization are looked through, over and over."""
UNSENT_AFTER = timedelta(minutes=30)
"""Longer than the broker waits before it delivers a job again, and than the attempts of a job take."""


@dataclass(frozen=True)
class Rung:
    """One reminder of one clock: from when it is due (aware), to whom, and what it says first."""

    code: int
    opens: datetime
    to: tuple[str, ...]
    lead: str
    supervisor_lead: str = ""


def _morning(on: date, day: Day) -> datetime:
    return datetime.combine(on, MORNING, tzinfo=day.zone)


def rungs_of(deadline: Deadline, day: Day) -> tuple[Rung, ...]:
    """Every reminder of a clock, in the order in which they come due.

    Ours, and the window of a call: 30, 14, 7, 3 and 1 days before to the owner, with the last one and the day after to the
    supervisors too; where hours are counted, 24 and 4 hours before in place of the last day. A legal date that passed and on
    which nobody acts goes to whoever keeps the organization: two business days after, or twelve hours where hours count.
    Theirs: on the day and one business day after.
    """
    both = (OWNER, SUPERVISORS)
    after = add_business_days(deadline.due_on, 1, count_for="payer")
    found: list[Rung] = []
    if deadline.side == CLAIMANT:
        told, passed = (notices.OURS, notices.OURS_SUPERVISOR), notices.OURS_PASSED
        if deadline.is_courtesy:
            told, passed = (notices.CALL, notices.CALL_SUPERVISOR), notices.CALL_PASSED
        days = [d for d in OWNER_DAYS if d > 1 or deadline.due_at is None]
        for before in days:
            to = both if before == 1 else (OWNER,)
            found.append(Rung(before, _morning(deadline.due_on - timedelta(days=before), day), to, *told))
        if deadline.due_at:
            found += [Rung(1000 + h, deadline.due_at - timedelta(hours=h), both, *told) for h in HOURS]
        ends = deadline.due_at or _morning(deadline.due_on + timedelta(days=1), day)
        found.append(Rung(PASSED, ends, both, passed, passed))
        if not deadline.is_courtesy:
            late = _morning(add_business_days(deadline.due_on, ESCALATED_AFTER + 1, count_for="payer"), day)
            late = deadline.due_at + ESCALATED_HOURS if deadline.due_at else late
            found.append(Rung(ESCALATED, late, (*both, ADMINS), notices.OURS_LEFT, notices.OURS_LEFT))
    else:
        if deadline.due_at:
            lead = notices.PLAN_TODAY
            found += [Rung(1000 + h, deadline.due_at - timedelta(hours=h), (OWNER,), lead) for h in HOURS]
            found.append(Rung(ON_THE_DAY, deadline.due_at, (OWNER,), notices.PLAN_PASSED))
        else:
            found.append(Rung(ON_THE_DAY, _morning(deadline.due_on, day), (OWNER,), notices.PLAN_TODAY))
        found.append(Rung(PASSED, _morning(after, day), both, notices.PLAN_PASSED, notices.PLAN_PASSED))
    return tuple(sorted(found, key=lambda r: (r.opens, -r.code)))


def pending(deadline: Deadline, done: Iterable[int], day: Day) -> tuple[Rung, ...]:
    """The rungs that are due now and were not dealt with, oldest first; only the last of them is sent.

    A rung that lay in the past when the clock was computed is passed over: nobody is told today that there are 30 days
    when there are 20. That a date has passed, or that the other side must answer, is always told.
    """
    dealt_with = set(done)
    return tuple(
        rung
        for rung in rungs_of(deadline, day)
        if rung.code not in dealt_with
        and rung.opens <= day.now
        and (rung.code in ALWAYS or rung.opens >= _computed_day(deadline, day))
    )


def _computed_day(deadline: Deadline, day: Day) -> datetime:
    return datetime.combine(deadline.computed_at.astimezone(day.zone).date(), time(0), tzinfo=day.zone)


def to_remind(at: datetime) -> list[Deadline]:
    """The running clocks of open cases with a reminder due at `at` (aware)."""
    horizon = at.date() + timedelta(days=OWNER_DAYS[0] + 1)
    running = (
        Deadline.objects.filter(
            status=Deadline.Status.RUNNING, case__status=CaseStatus.OPEN, due_on__lte=horizon
        )
        .exclude(LAST_TOLD)
        .select_related("case__patient")
        .only(*READ)
        .order_by("due_on", "id")
    )
    return [d for d in running if pending(d, d.reminded, day_at(at, d.case.patient.time_zone))]


@job("appeals.remind", title="See which reminders are due", every=timedelta(hours=1))
def remind() -> None:
    """Ask for one job per clock that has a reminder due, and again for mails that were claimed and never went out."""
    now = timezone.now()
    for deadline in to_remind(now):
        enqueue("appeals.remind_of", deadline=deadline.pk)
    for reminder in unsent(now):
        again(SEND_JOB, reminder=reminder.pk)


@job("appeals.remind_of", title="Claim the reminders of a date")
def remind_of(*, deadline: int) -> None:
    """Claim the mails about one clock that are due now, and ask for one job per mail."""
    for reminder in claim_reminders(deadline, timezone.now()):
        enqueue(SEND_JOB, reminder=reminder.pk)


@job(SEND_JOB, title="Send a reminder of a date")
def mail_reminder(*, reminder: int) -> None:
    """Send one claimed mail, if it was not sent. Raises what the mail server raises."""
    send_claimed(reminder, timezone.now())


def claim_reminders(deadline_pk: int, at: datetime) -> tuple[Reminder, ...]:
    """Claim the latest rung that is due for everybody it goes to, and mark all that were due. Doing it again claims nothing.

    Nothing is sent here: the claim is committed first, so that no mail is thought of twice. One mail that fails keeps no
    other from going out.
    """
    row = (
        Deadline.objects.select_for_update(of=("self",))
        .select_related("case__patient", "case__organization")
        .filter(pk=deadline_pk, status=Deadline.Status.RUNNING, case__status=CaseStatus.OPEN)
        .first()
    )
    if row is None:
        return ()
    day = day_at(at, row.case.patient.time_zone)
    done = _dealt_with(row)
    due = pending(row, done, day)
    if not due:
        return ()
    rung = due[-1]
    people = _recipients(row, rung, at)
    row.reminded = sorted({*done, *(r.code for r in due)}, reverse=True)
    row.save(update_fields=["reminded"])
    # The date is locked: nobody else claims a mail about it meanwhile.
    claims = Reminder.objects.filter(deadline=row, rung=rung.code)
    claimed = set(claims.values_list("member_id", flat=True))
    new = [
        Reminder(deadline=row, member=member, rung=rung.code, case=row.case, lead=lead, claimed_at=at)
        for member, lead in people
        if member.pk not in claimed
    ]
    return tuple(Reminder.objects.bulk_create(new))


def send_claimed(reminder_pk: int, at: datetime) -> str:
    """Hand one claimed mail to the server and mark it; returns the address, or "" when there is nothing to send (any more).

    When the worker dies between the two, the mail goes out again under the same Message-ID: for the mailbox it is the same
    one. A date, a case or a membership that has ended meanwhile is not reminded of.
    """
    row = (
        Reminder.objects.select_for_update(of=("self",))
        .select_related("deadline__case__patient", "member__user")
        .get(pk=reminder_pk)
    )
    if row.sent_at is not None or row.dropped_at is not None:
        return ""
    deadline, member = row.deadline, row.member
    running = deadline.status == Deadline.Status.RUNNING and deadline.case.status == CaseStatus.OPEN
    if not running or not working_members(at).filter(pk=member.pk).exists():
        row.dropped_at = at
        row.save(update_fields=["dropped_at"])
        return ""
    day = day_at(at, deadline.case.patient.time_zone)
    row.sent_at = at
    row.save(update_fields=["sent_at"])
    record(
        "reminder_sent",
        subject=deadline,
        detail={
            "rung": row.rung,
            "clock": deadline.clock,
            "title": deadline.title,
            "due_on": deadline.due_on,
            "to": [member.pk],
        },
    )
    # Last: what fails from here on is the mail server's answer, or the commit.
    deliver(
        _notice(deadline, row.rung, row.lead, member.user.email, day), message_id=f"reminder-{row.public_id}"
    )
    return str(member.user.email)


def unsent(at: datetime) -> list[Reminder]:
    """Mails that were claimed and have not gone out for longer than a job takes to be delivered again."""
    waiting = Reminder.objects.filter(sent_at=None, dropped_at=None, claimed_at__lte=at - UNSENT_AFTER)
    return list(waiting.order_by("claimed_at", "id"))


def send_reminder(deadline_pk: int, at: datetime) -> tuple[str, ...]:
    """Claim and send at once, in the caller's transaction; returns the addresses. For whoever has no worker (the seed)."""
    sent = [send_claimed(reminder.pk, at) for reminder in claim_reminders(deadline_pk, at)]
    return tuple(address for address in sent if address)


def _dealt_with(row: Deadline) -> set[int]:
    """Rungs of this clock, and of its earlier computations that gave the same date."""
    subjects = {
        name: getattr(row, name)
        for name in ("request_id", "denial_id", "appeal_id", "peer_to_peer_id", "document_request_id")
    }
    same = Deadline.objects.filter(
        Q(**subjects), case_id=row.case_id, clock=row.clock, due_on=row.due_on, due_at=row.due_at
    )
    return {code for codes in same.values_list("reminded", flat=True) for code in codes}


def _covers(row: Deadline, owner: Membership, at: datetime) -> list[Membership]:
    """Who covers for an absent owner, and opens the case: a restricted one only when named on its team."""
    today = at.astimezone(ZoneInfo(row.case.organization.time_zone)).date()
    away = absences_on(today).filter(member=owner)
    there = working_members(at).filter(pk__in=away.values("cover_id")).select_related("user").order_by("pk")
    return [cover for cover in there if _sees_cases(cover) and opens(cover, row.case)]


def _sees_cases(member: Membership) -> bool:
    return Permission.SEE_CASES in permissions_of(roles_now(member))


def _recipients(row: Deadline, rung: Rung, at: datetime) -> list[tuple[Membership, str]]:
    """Whom the rung goes to, each with the words meant for them. A case without an owner who can act is the supervisors': one
    whose last day is over, or whose role, can act no more, whether or not that was written down yet.

    A restricted case goes to supervisors too: the mail says a reference only, and they can give it to somebody. Raises
    PublicProblem when the organization has nobody to tell.
    """
    owner = working_members(at).filter(pk=row.case.owner_id or 0).select_related("user").first()
    works = owner is not None and _sees_cases(owner)
    found = {owner.pk: (owner, rung.lead)} if owner is not None and works and OWNER in rung.to else {}
    if owner is not None and works and OWNER in rung.to:
        found |= {cover.pk: (cover, notices.COVERING) for cover in _covers(row, owner, at)}
    if ADMINS in rung.to or SUPERVISORS in rung.to or not works:
        lead = rung.supervisor_lead or rung.lead
        members = list(working_members(at).select_related("user").order_by("pk"))
        chosen = [m for m in members if Permission.ASSIGN_CASE in permissions_of(roles_now(m))]
        if ADMINS in rung.to or (not chosen and not found):
            chosen += [m for m in members if Permission.MANAGE_MEMBERS in permissions_of(roles_now(m))]
        for member in chosen:
            found.setdefault(member.pk, (member, lead))
    if not found:
        raise PublicProblem(
            "Nobody in the organization can be reminded: the case has no owner and there is no supervisor."
        )
    return list(found.values())


def _notice(row: Deadline, rung: int, lead: str, to: str, day: Day) -> notices.Notice:
    moment = row.due_at.astimezone(day.zone) if row.due_at else None
    ours = row.side == CLAIMANT
    left = hours_left(row.due_at, day, who=who_of(row)) if row.due_at else ""
    return notices.deadline_notice(
        to=to,
        reference=row.case.reference,
        case=row.case.public_id,
        due_on=moment.date() if moment else row.due_on,
        time=f"{moment:%-I:%M %p %Z}" if moment else "",
        left=(left or _days_words((row.due_on - day.today).days, ours, row.is_courtesy)) + _by_law(row),
        lead=lead,
        subject=_subject(rung, row.is_courtesy),
    )


def _by_law(row: Deadline) -> str:
    """What a reminder of the organization's own date adds."""
    if row.law_on is None:
        return ""
    law = f"{row.law_on:%A, %B} {row.law_on.day}, {row.law_on.year}"
    return f" This is your organization's own date; by the law, work to {law}."


def _subject(rung: int, is_courtesy: bool) -> str:
    if rung == ESCALATED:
        return "a date has passed, and nobody acted"
    now = rung in ALWAYS
    if is_courtesy:
        return "a peer-to-peer window has closed" if now else "a peer-to-peer window closes"
    return "a date needs you today" if now else "a date comes up"


def _days_words(days: int, ours: bool, is_courtesy: bool = False) -> str:
    if days > 0:
        return f"{days} day{'' if days == 1 else 's'} left."
    if days == 0:
        return "It is today."
    late = f"{-days} day{'' if days == -1 else 's'}"
    if is_courtesy:
        return f"It closed {late} ago."
    return f"Overdue by {late}." if ours else f"The other side is late by {late}."
