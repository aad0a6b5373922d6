"""Reminders of running clocks: who is told, how long before, each once. `rungs_of` is the whole table.

`Deadline.reminded` keeps the rungs that were dealt with, by these codes: days before the date (30 to 0), -1 for after it, -2
for when nobody acted after that either, and 1000 + hours for clocks that count hours. Mail goes out from seven in the morning
where the patient lives; hour clocks do not wait for the morning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

from advocacy.access.permissions import Permission
from advocacy.access.roles import permissions_of
from advocacy.audit.trail import record
from advocacy.background.queue import PublicProblem, again, enqueue, job
from advocacy.mail import deliver
from advocacy.people.models import Absence, Membership
from advocacy.people.queries import roles_now
from advocacy.tenancy.together import Written, fetched
from appeals import notices
from appeals.clock.calendar import add_business_days
from appeals.models import Deadline, Reminder
from appeals.queries.clocks import CLAIMANT, Day, day_at, hours_left, who_of
from appeals.queries.reminding import (
    ESCALATED,
    MAIL_COLUMNS,
    OF_CASE,
    OF_DATE,
    OF_MAIL,
    PASSED,
    SUBJECTS,
    clocks_left,
    kept_mail,
    rows_of_claim,
)
from cases.models import Case
from cases.queries.team import opens

OWNER_DAYS = (30, 14, 7, 3, 1)
HOURS = (24, 4)
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


def due_among(clocks: Iterable[Any], at: datetime) -> list[Deadline]:
    """Those of these clocks (see `reminding.with_zone`) with a reminder due at `at` (aware)."""
    return [d for d in clocks if pending(d, d.reminded, day_at(at, d.zone))]


def left_to_tell(at: datetime) -> dict[str, Written]:
    """Under "left", what reads every clock of which something may be due at `at`; for `together.fetched`, then `due_among`."""
    return clocks_left(at.date() + timedelta(days=OWNER_DAYS[0] + 1))


def to_remind(at: datetime) -> list[Deadline]:
    """The running clocks of open cases with a reminder due at `at` (aware)."""
    return due_among(fetched(left_to_tell(at))["left"], at)


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
    # One statement locks the date and reads the rest. Where it had to wait, the date itself is as it is then, with what was
    # marked meanwhile: nobody else claims a mail about it. The rest is of the moment before. An earlier computation is told of
    # no more when a later one can be seen.
    read = fetched(rows_of_claim(deadline_pk, at))
    if not read["dates"]:
        return ()
    [row], [case] = read["dates"], read["cases"]
    row.case = case
    done = _dealt_with(row, read["earlier"])
    due = pending(row, done, day_at(at, case.zone))
    if not due:
        return ()
    rung = due[-1]
    people = _recipients(row, rung, read["people"], _covering(case, read["away"], at))
    row.reminded = sorted({*done, *(r.code for r in due)}, reverse=True)
    row.save(update_fields=["reminded"])
    claimed = {claim.member_id for claim in read["claimed"] if claim.rung == rung.code}
    new = [
        Reminder(deadline=row, member=member, rung=rung.code, case=case, lead=lead, claimed_at=at)
        for member, lead in people
        if member.pk not in claimed
    ]
    return tuple(Reminder.objects.bulk_create(new))


MARK = """
WITH mail ({columns}) AS ({text})
UPDATE appeals_reminder r
   SET sent_at = CASE WHEN mail.goes THEN %s END, dropped_at = CASE WHEN NOT mail.goes THEN %s END
  FROM mail WHERE r.id = mail.pk AND r.sent_at IS NULL AND r.dropped_at IS NULL
RETURNING mail.*"""


def _marked(reminder_pk: int, at: datetime) -> tuple[Deadline, Mapping[str, Any]] | None:
    """Mark a claimed mail as sent and return its date and what is to be sent; None when it was marked before, or is marked as
    dropped: there is nothing to remind of any more. Whoever marks it at the same moment is waited for.

    Raises Reminder.DoesNotExist.
    """
    mails = kept_mail()
    with connection.cursor() as cursor:
        cursor.execute(
            MARK.format(columns=MAIL_COLUMNS, text=mails.text),
            [*mails.params({"reminder": reminder_pk, "at": at}), at, at],
        )
        found = cursor.fetchone()
    if found is None:
        Reminder.objects.only("pk").get(pk=reminder_pk)
        return None
    of_date, of_case = len(OF_MAIL), len(found) - len(OF_CASE)
    facts = dict(zip(OF_MAIL, found[:of_date], strict=True))
    if not facts["goes"]:
        return None
    deadline = Deadline.from_db(connection.alias, OF_DATE, found[of_date:of_case])
    deadline.case = Case.from_db(connection.alias, OF_CASE, found[of_case:])
    return deadline, facts


def send_claimed(reminder_pk: int, at: datetime) -> str:
    """Hand one claimed mail to the server and mark it; returns the address, or "" when there is nothing to send (any more).

    When the worker dies between the two, the mail goes out again under the same Message-ID: for the mailbox it is the same
    one. A date, a case or a membership that has ended meanwhile is not reminded of.
    """
    mail = _marked(reminder_pk, at)
    if mail is None:
        return ""
    deadline, facts = mail
    record(
        "reminder_sent",
        subject=deadline,
        detail={
            "rung": facts["rung"],
            "clock": deadline.clock,
            "title": deadline.title,
            "due_on": deadline.due_on,
            "to": [facts["member_id"]],
        },
    )
    notice = _notice(deadline, facts["rung"], facts["lead"], facts["address"], day_at(at, facts["zone"]))
    # Last: what fails from here on is the mail server's answer, or the commit.
    deliver(notice, message_id=f"reminder-{facts['public_id']}")
    return str(facts["address"])


def unsent(at: datetime) -> list[Reminder]:
    """Mails that were claimed and have not gone out for longer than a job takes to be delivered again."""
    waiting = Reminder.objects.filter(sent_at=None, dropped_at=None, claimed_at__lte=at - UNSENT_AFTER)
    return list(waiting.order_by("claimed_at", "id"))


def send_reminder(deadline_pk: int, at: datetime) -> tuple[str, ...]:
    """Claim and send at once, in the caller's transaction; returns the addresses. For whoever has no worker (the seed)."""
    sent = [send_claimed(reminder.pk, at) for reminder in claim_reminders(deadline_pk, at)]
    return tuple(address for address in sent if address)


def _dealt_with(row: Deadline, earlier: Iterable[Deadline]) -> set[int]:
    """Rungs of this clock, and of its earlier computations that gave the same date: of these those for the same subject."""
    of_row = (row.due_at, *(getattr(row, f"{name}_id") for name in SUBJECTS))
    same = [
        one for one in earlier if (one.due_at, *(getattr(one, f"{name}_id") for name in SUBJECTS)) == of_row
    ]
    return {*row.reminded, *(code for one in same for code in one.reminded)}


def _covering(case: Any, away: Iterable[Absence], at: datetime) -> set[int]:
    """Who covers for the owner, by membership, on the day it is where the organization works."""
    today = at.astimezone(ZoneInfo(case.works_in)).date()
    return {absence.cover_id for absence in away if absence.from_on <= today <= absence.until_on}


def _sees_cases(member: Membership) -> bool:
    return Permission.SEE_CASES in permissions_of(roles_now(member))


def _recipients(
    row: Deadline, rung: Rung, working: Sequence[Membership], covering: set[int]
) -> list[tuple[Membership, str]]:
    """Whom the rung goes to, each with the words meant for them. A case without an owner who can act is the supervisors': one
    whose last day is over, or whose role, can act no more, whether or not that was written down yet.

    `working` are those of `working_members`, by key, who may be told; `covering` stand in for an absent owner where they open
    the case, a restricted one only when named on its team. A restricted case goes to supervisors too: the mail says a
    reference only, and they can give it to somebody. Raises PublicProblem when the organization has nobody to tell.
    """
    owner = next((m for m in working if m.pk == row.case.owner_id and _sees_cases(m)), None)
    found: dict[int, tuple[Membership, str]] = {}
    if owner is not None and OWNER in rung.to:
        there = [m for m in working if m.pk in covering and _sees_cases(m) and opens(m, row.case)]
        found = {owner.pk: (owner, rung.lead), **{m.pk: (m, notices.COVERING) for m in there}}
    if ADMINS in rung.to or SUPERVISORS in rung.to or owner is None:
        lead = rung.supervisor_lead or rung.lead
        chosen = [m for m in working if Permission.ASSIGN_CASE in permissions_of(roles_now(m))]
        if ADMINS in rung.to or (not chosen and not found):
            chosen += [m for m in working if Permission.MANAGE_MEMBERS in permissions_of(roles_now(m))]
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
