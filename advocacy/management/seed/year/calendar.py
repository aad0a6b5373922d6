"""How the year passes: each day its reminders, holds and renewals, then whoever acts, then a look at all that must hold."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any

from advocacy.access.policy import system_actor
from advocacy.background import queue
from advocacy.errors import DomainError
from advocacy.management.seed.cast import Standing
from advocacy.management.seed.life import Course, Life, Story, next_workday, no_mail, tell_patients
from advocacy.management.seed.year import rules_dates, rules_people, rules_record, staff
from advocacy.management.seed.year.cases import stories_of
from advocacy.management.seed.year.contest import course_of
from advocacy.management.seed.year.house import House
from advocacy.management.seed.year.told import course_told
from advocacy.management.seed.year.watch import Broken, Evening, Watch, printed
from advocacy.tenancy.kept import KeptRows, kept_rows
from advocacy.tenancy.scope import scope_with
from advocacy.tenancy.together import fetched
from appeals.commands.deadlines import recompute_deadlines
from appeals.commands.sessions import consider_renewals
from appeals.models import Deadline
from appeals.queries.clocks import day_at
from appeals.queries.reminding import MOMENT, PASSED, THE_KEY, running_clocks, with_zone
from appeals.reminders import due_among, left_to_tell, pending, rungs_of, send_reminder
from cases.commands.tasks import wake_due_tasks
from cases.models import Case

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


@cache
def _by_hour() -> KeptRows:
    """Clocks that count hours about a moment, told or not."""
    near = running_clocks().filter(
        due_at__gt=MOMENT - timedelta(days=1), due_at__lte=MOMENT + timedelta(days=3)
    )
    return kept_rows(lambda: {"by_hour": with_zone(near)}, {"at": MOMENT})


@cache
def _of_case() -> KeptRows:
    rows = running_clocks().filter(case=THE_KEY).order_by("id")
    return kept_rows(lambda: {"clocks": with_zone(rows)}, {"case": THE_KEY})


@dataclass
class Year:
    """One organization's year, up to `now`: some hour after its last evening, or that evening. `broken` is what did not hold, as
    it was found.
    """

    house: House
    other: Standing
    start: date
    days: int
    now: datetime
    lives: list[Life]
    watch: Watch = field(default_factory=Watch)
    broken: list[Broken] = field(default_factory=list)
    courses: dict[int, Course] = field(default_factory=dict)
    agenda: dict[date, list[int]] = field(default_factory=dict)
    absences: dict[date, list[staff.Absent]] = field(default_factory=dict)
    leaving: tuple[str, str, date] | None = None

    @property
    def end(self) -> date:
        return self.start + timedelta(days=self.days - 1)

    def pass_by(self, progress: Progress = lambda day, came: None) -> list[Broken]:
        """Let every day pass, then what there is of the next one; returns what did not hold. `progress` is told each evening how
        many have come by then. The same cast and seed give the same year.
        """
        with no_mail():
            for n in range(self.days):
                day = self.start + timedelta(days=n)
                self.pass_day(day)
                progress(day, sum(life.case_row is not None for life in self.lives))
            self._come_to_now()
        return self.broken

    def pass_day(self, day: date) -> None:
        """One day: its morning, its work, its evening."""
        self._morning(day)
        for absent in self.absences.pop(day, []):
            staff.go_away(self.house, absent)
        if self.leaving is not None and self.leaving[2] == day:
            staff.leave(self.house, *self.leaving, self.lives)
        acted = self.agenda.pop(day, [])
        for n in acted:
            self._work(n, day)
        with self.house.standing.program(evening_of(day), request_id="year:evening"):
            tell_patients(evening_of(day))
        self.broken += self.watch.in_the_evening(self._evening(day, acted))

    def _come_to_now(self) -> None:
        """What there is of the day after the last; then everything has to hold."""
        day, acted = self.end, list[int]()
        if self.now > evening_of(self.end):
            day += timedelta(days=1)
            acted = self._begin_day(day)
        self.broken += self.watch.at_the_end(self._evening(day, acted, self.now))
        self.broken += [Broken("nothing_right_is_refused", day, what) for what in self.house.refused]

    def _begin_day(self, day: date) -> list[int]:
        """A day as far as it has come: its morning, what a story tells of it, and what was due by now is said. Nobody else works
        yet.
        """
        if morning_of(day) <= self.now:
            self._morning(day)
        told = [n for n in self.agenda.pop(day, []) if self.lives[n].story.steps]
        for n in told:
            self._work(n, day)
        program = system_actor(self.house.standing.organization.pk, "jobs")
        with self.house.standing.program(
            self.now, request_id="year:now", actor=program.key, label=program.label
        ):
            tell_patients(self.now)
            for case in Case.objects.filter(status="open").order_by("pk"):
                recompute_deadlines(case, self.now)
            self._remind_by_now()
            queue.drop_done()
        return told

    def _remind_by_now(self) -> None:
        """The reminders that came due since the last morning, each at its hour."""
        running = Deadline.objects.filter(case__status="open", status="running")
        for deadline in running.select_related("case__patient").order_by("id"):
            day = day_at(self.now, deadline.case.patient.time_zone)
            for rung in pending(deadline, deadline.reminded, day):
                self._remind([deadline], rung.opens)

    # -- by the clock ---------------------------------------------------------------------------------------
    def _morning(self, day: date) -> None:
        """What the worker does by the clock: holds that end, reminders, renewals."""
        at, there = morning_of(day), self.house.standing
        program = system_actor(there.organization.pk, "jobs")
        with there.program(at, request_id="year:morning", actor=program.key, label=program.label):
            if next_workday(day) == day:
                wake_due_tasks(actor=program, at=at)
                consider_renewals(at)
            clocks = fetched({**left_to_tell(at), **_by_hour().written({"at": at})})
            for moment in [*self._hours(clocks["by_hour"], at), at]:
                if due := due_among(clocks["left"], moment):
                    self._remind(due, moment)
                    # What was told just now is marked: read again, unless this was the last look.
                    clocks = clocks if moment == at else fetched(left_to_tell(at))

    def _hours(self, clocks: list[Any], at: datetime) -> list[datetime]:
        """The moments since yesterday morning at which one of these clocks, which count hours, had something to say."""
        before = at - timedelta(days=1)
        opens = {rung.opens for clock in clocks for rung in rungs_of(clock, day_at(at, clock.zone))}
        return sorted(moment for moment in opens if before < moment < at)

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
            course = self.courses[n] = course_told(life) if life.story.steps else course_of(life)
        acts, money = len(self.house.acts), dict(self.house.money)
        try:
            with there.program(life.at, request_id=life.story.name):
                wanted = self._sit(life, course, day)
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

    def _sit(self, life: Life, course: Course, day: date) -> date | None:
        """Do what is to be done on a day; the next day on which anybody looks at it, None after the end."""
        wanted = day
        while wanted <= day:
            try:
                wanted = workday_of(life.story, next(course), self.end)
            except StopIteration:
                return None
        return wanted

    def _tell_at_once(self, life: Life) -> None:
        """What came due by what was just recorded is told within the hour."""
        if life.case_row is None:
            return
        at = life.at + timedelta(minutes=30)
        rows = fetched(_of_case().written({"case": life.case_row.pk}))["clocks"]
        program = system_actor(life.standing.organization.pk, "jobs")
        day = day_at(at, life.story.person.zone)
        due = [d for d in rows if PASSED not in d.reminded and pending(d, d.reminded, day)]
        if due:
            with scope_with(actor=program.key, actor_label=program.label):
                self._remind(due, at)

    def _evening(self, day: date, acted: list[int], at: datetime | None = None) -> Evening:
        cases = {pk for n in acted for pk in self.lives[n].opened}
        acts, self.house.acts = self.house.acts, []
        return Evening(self.house, self.other, day, at or evening_of(day), sorted(cases), acts)


def morning_of(day: date) -> datetime:
    return datetime.combine(day, MORNING, tzinfo=UTC)


def evening_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), EVENING, tzinfo=UTC)


def workday_of(story: Story, day: date, end: date) -> date:
    """The day itself or the next on which anybody works. What is told of the last days does not wait for one after `end`."""
    found = next_workday(day)
    return day if story.steps and found > end else found


def year_of(
    standing: Standing, other: Standing, *, cases: int, seed: int, start: date = BEGINS, days: int = 365
) -> Year:
    """A year that has not begun, with a cast from the seed; `other` is whoever must not see any of it."""
    stories = stories_of(standing, cases, seed, start, days)
    end = start + timedelta(days=days - 1)
    now = evening_of(end)
    house = House(standing, {member.pk: key for key, member in standing.members.items()})
    lives = [
        Life(
            house,
            story,
            now=now,
            at=datetime.combine(start, time(16), tzinfo=UTC),
            luck=random.Random(f"{seed}:{story.key}"),  # noqa: S311  the same life for the same seed, no secret
        )
        for story in stories
    ]
    year = Year(house, other, start, days, now, lives)
    for n, story in enumerate(stories):
        year.agenda.setdefault(end - timedelta(days=story.begins), []).append(n)
    for absent in staff.absences_of(house, seed, start, days):
        year.absences.setdefault(absent.told_on, []).append(absent)
    year.leaving = staff.leaving_of(house, start, days)
    return year


def months_of(standing: Standing, other: Standing, stories: Sequence[Story], now: datetime) -> Year:
    """Months up to `now` (aware) that have not begun, with a written cast: what is told comes on its days, the rest is lived.
    Nobody is away or leaves but as a story says.
    """
    today = now.astimezone(standing.zone).date()
    end = today - timedelta(days=1)
    came = [(workday_of(story, today - timedelta(days=story.begins), end), story) for story in stories]
    start = min(day for day, _ in came)
    house = House(standing, {member.pk: key for key, member in standing.members.items()}, thorough=True)
    lives = [
        Life(
            house,
            replace(story, begins=(today - day).days),
            now=now,
            at=datetime.combine(day, time(), tzinfo=UTC),
            luck=random.Random(story.name),  # noqa: S311  the same life every time, no secret
            owner=story.owner if story.steps else "",
        )
        for day, story in came
    ]
    year = Year(house, other, start, (today - start).days, now, lives)
    for n, (day, _) in enumerate(came):
        year.agenda.setdefault(day, []).append(n)
    return year
