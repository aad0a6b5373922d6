"""How the year passes: each day its reminders, holds and renewals, then whoever acts, then a look at all that must hold."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from advocacy.access.policy import system_actor
from advocacy.background import queue
from advocacy.errors import DomainError
from advocacy.management.seed.cast import Standing
from advocacy.management.seed.life import no_mail, remind_by_now
from advocacy.management.seed.year import rules_dates, rules_people, rules_record, staff
from advocacy.management.seed.year.cases import stories_of
from advocacy.management.seed.year.contest import course_of
from advocacy.management.seed.year.lived import Course, House, Lived, next_workday
from advocacy.management.seed.year.watch import Broken, Evening, Watch, printed
from advocacy.tenancy.scope import scope_with
from appeals.commands.deadlines import recompute_deadlines
from appeals.commands.sessions import consider_renewals
from appeals.models import Deadline
from appeals.queries.clocks import day_at
from appeals.reminders import READ, pending, rungs_of, send_reminder, to_remind
from cases.commands.tasks import wake_due_tasks

MORNING = time(15, 0)
"""In UTC: seven in the morning or later wherever a patient of ours lives, so that mail may go out."""
EVENING = time(4, 0)
"""In UTC, of the next day: nobody works any more."""
BEGINS = date(2025, 10, 1)
"""A year with a change of the clocks twice, every Federal holiday, and the acts of July 2026."""

RULES_FROM = (rules_dates, rules_people, rules_record)
"""Where the rules stand: each puts its own among them."""
rules_printed = printed

Progress = Callable[[date, int], None]


@dataclass
class Year:
    """One organization's year. `broken` is what did not hold, as it was found."""

    house: House
    other: Standing
    seed: int
    start: date
    days: int
    lives: list[Lived]
    watch: Watch = field(default_factory=Watch)
    broken: list[Broken] = field(default_factory=list)
    courses: dict[int, Course] = field(default_factory=dict)
    agenda: dict[date, list[int]] = field(default_factory=dict)
    absences: dict[date, list[staff.Absent]] = field(default_factory=dict)
    leaving: tuple[str, str, date] | None = None

    @property
    def end(self) -> date:
        return self.start + timedelta(days=self.days - 1)

    def pass_by(self, progress: Progress = lambda day, open_cases: None) -> list[Broken]:
        """Let every day pass; returns what did not hold. The same seed gives the same year."""
        with no_mail():
            for n in range(self.days):
                day = self.start + timedelta(days=n)
                self.pass_day(day)
                progress(day, len(self.courses))
            self.at_the_end()
        return self.broken

    def at_the_end(self) -> None:
        """What has to hold once all days have passed."""
        self.broken += self.watch.at_the_end(self._evening(self.end, []))

    def pass_day(self, day: date) -> None:
        """One day: its morning, its work, its evening."""
        self._morning(day)
        for absent in self.absences.pop(day, []):
            staff.go_away(self.house, absent)
        if self.leaving is not None and self.leaving[2] == day:
            staff.leave(self.house, *self.leaving, self.lives)
        acted = []
        for n in self.agenda.pop(day, []):
            self._work(n, day)
            acted.append(n)
        self.broken += self.watch.in_the_evening(self._evening(day, acted))

    def come_to(self, now: datetime) -> None:
        """The day after the last, as far as it has come: its morning, and what was due by now is told. Nobody works yet."""
        morning = datetime.combine(now.astimezone(UTC).date(), MORNING, tzinfo=UTC)
        with no_mail():
            if self.end < morning.date() and morning <= now:
                self._morning(morning.date())
            with self.house.standing.program(now, request_id="year:now"):
                for life in self.lives:
                    self._come_to(life, now)
                queue.drop_done()

    def _come_to(self, life: Lived, now: datetime) -> None:
        if life.case_row is None or life.case.status == "closed":
            return
        recompute_deadlines(life.case, now)
        remind_by_now(life)

    # -- by the clock ---------------------------------------------------------------------------------------
    def _morning(self, day: date) -> None:
        """What the worker does by the clock: holds that end, reminders, renewals."""
        at = datetime.combine(day, MORNING, tzinfo=UTC)
        there = self.house.standing
        program = system_actor(there.organization.pk, "jobs")
        with there.program(at, request_id="year:morning", actor=program.key, label=program.label):
            if next_workday(day) == day:
                wake_due_tasks(actor=program, at=at)
                consider_renewals(at)
            for moment in self._hours(at):
                self._remind(to_remind(moment), moment)
            self._remind(to_remind(at), at)

    def _hours(self, at: datetime) -> Iterator[datetime]:
        """The moments since yesterday morning at which a clock that counts hours had something to say."""
        before = at - timedelta(days=1)
        running = Deadline.objects.filter(status="running", case__status="open", due_at__isnull=False)
        near = running.filter(due_at__gt=before, due_at__lte=at + timedelta(days=3))
        opens = {
            rung.opens
            for deadline in near.select_related("case__patient").only(*READ)
            for rung in rungs_of(deadline, day_at(at, deadline.case.patient.time_zone))
            if before < rung.opens < at
        }
        yield from sorted(opens)

    def _remind(self, deadlines: list[Deadline], at: datetime) -> None:
        for deadline in deadlines:
            with scope_with(at=at):
                sent = send_reminder(deadline.pk, at)
            self.house.note("reminder")
            self.house.tell(at.isoformat(), "reminder", deadline.clock, deadline.due_on, len(sent))

    # -- by people ------------------------------------------------------------------------------------------
    def _work(self, n: int, day: date) -> None:
        """Somebody takes up a case, until its course says another day."""
        life, there = self.lives[n], self.house.standing
        life.arrive(day)
        course = self.courses.get(n)
        if course is None:
            course = self.courses[n] = course_of(life)
        acts, money = len(self.house.acts), dict(self.house.money)
        try:
            with there.program(life.at, request_id=life.story.name):
                wanted = self._sit(course, day)
                if self.house.thorough:
                    life.work_off()
                self._tell_at_once(life)
        except DomainError as refused:
            # The whole sitting is undone, and nobody takes the case up again.
            del self.house.acts[acts:]
            self.house.money, wanted = money, None
            self.house.refused.append(f"{life.story.key} ({life.story.plan.payer}): {refused}")
        if wanted is None:
            del self.courses[n]
        else:
            self.agenda.setdefault(wanted, []).append(n)

    def _sit(self, course: Course, day: date) -> date | None:
        """Do what is to be done on a day; the next day on which anybody looks at it, None after the end."""
        wanted = day
        while wanted <= day:
            try:
                wanted = next_workday(next(course))
            except StopIteration:
                return None
        return wanted

    def _tell_at_once(self, life: Lived) -> None:
        """What came due by what was just recorded is told within the hour."""
        at = life.at + timedelta(minutes=30)
        running = Deadline.objects.filter(case=life.case_row, status="running", case__status="open")
        rows = running.exclude(reminded__contains=[-1]).order_by("id")
        program = system_actor(life.standing.organization.pk, "jobs")
        day = day_at(at, life.story.person.zone)
        due = [d for d in rows if pending(d, d.reminded, day)]
        if due:
            with scope_with(actor=program.key, actor_label=program.label):
                self._remind(due, at)

    def _evening(self, day: date, acted: list[int]) -> Evening:
        at = datetime.combine(day + timedelta(days=1), EVENING, tzinfo=UTC)
        cases = {life.case_row.pk: life for n in acted if (life := self.lives[n]).case_row is not None}
        acts, self.house.acts = self.house.acts, []
        return Evening(self.house, self.other, day, at, sorted(cases), acts)


def year_of(
    standing: Standing, other: Standing, *, cases: int, seed: int, start: date = BEGINS, days: int = 365
) -> Year:
    """A year of one organization that has not begun; `other` is whoever must not see any of it."""
    stories = stories_of(standing, cases, seed, start, days)
    end = start + timedelta(days=days - 1)
    now = datetime.combine(end + timedelta(days=1), EVENING, tzinfo=UTC)
    house = House(standing, {member.pk: key for key, member in standing.members.items()})
    lives = [
        Lived(
            standing=standing,
            story=story,
            now=now,
            at=datetime.combine(start, time(16), tzinfo=UTC),
            luck=random.Random(f"{seed}:{story.key}"),  # noqa: S311  the same life for the same seed, no secret
            house=house,
        )
        for story in stories
    ]
    year = Year(house, other, seed, start, days, lives)
    for n, story in enumerate(stories):
        year.agenda.setdefault(end - timedelta(days=story.begins), []).append(n)
    for absent in staff.absences_of(house, seed, start, days):
        year.absences.setdefault(absent.told_on, []).append(absent)
    year.leaving = staff.leaving_of(house, start, days)
    return year
