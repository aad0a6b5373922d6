"""From the facts of one row and one law to its dates, by walking.

Three readings: `law` (the words), `early` (the first day that anything contestable could give, for the date to work to) and
`late` (what the side that has to act could argue). Doubt goes early for the patient and late for whoever decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.appeals.walker import days
from tests.appeals.walker.days import Moment

PATIENT, PAYER, REVIEWER = "claimant", "payer", "reviewer"
LAW, EARLY, LATE = "law", "early", "late"
NOTICE = ("notice_date", "sent", "receipt")
NAMES = {
    "receipt_date": "receipt",
    "receipt_instant": "receipt",
    "received_date": "received",
    "notice_sent_date": "sent",
    "sent_date": "sent",
    "tz": "zone",
    "receipt_tz": "receipt_zone",
    "stated_deadline": "stated",
    "incomplete_notice_received": "incomplete_notice",
    "assigned_date": "assigned",
    "state_window_days": "window_days",
    "information_requested_date": "information_requested",
    "information_received_date": "information_received",
    "carrier_decision": "notice_date",
}
ORDER = (
    ("notice_date", "receipt"),
    ("sent", "receipt"),
    ("grievance_filed", "plan_decision"),
    ("mco_appeal_filed", "mco_resolution_notice"),
    ("mco_resolution_notice", "sfh_requested"),
    ("mco_appeal_filed", "sfh_requested"),
    ("received", "extension_notice_date"),
    ("received", "information_received"),
    ("reconsideration_requested", "information_requested"),
    ("information_requested", "information_received"),
)
"""What cannot have happened the other way round."""


class Refused(Exception):
    """These facts give no date."""


def text(value: Moment) -> str:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value.isoformat()


def day_of(value: Moment) -> date:
    return value.date() if isinstance(value, datetime) else value


def ends(value: Moment) -> tuple[date, tuple[int, int, int]]:
    """A day lasts until its end, so that an instant on it comes before."""
    if isinstance(value, datetime):
        return value.date(), (value.hour, value.minute, value.second)
    return value, (24, 0, 0)


def first(*moments: Moment) -> Moment:
    if all(isinstance(m, datetime) for m in moments):
        return min(moments)
    return min(moments, key=ends)


def last(*moments: Moment) -> Moment:
    return max(moments) if all(isinstance(m, datetime) for m in moments) else max(moments, key=ends)


class Told:
    """The facts of one row as they were given; a null is a fact not known."""

    def __init__(self, inputs: Mapping[str, Any]) -> None:
        self.row = {NAMES.get(k, k): v for k, v in inputs.items() if v is not None}
        self.cache: dict[str, Moment] = {}

    def get(self, name: str) -> Any:
        return self.row.get(name)

    def zone(self, name: str) -> str | None:
        own = self.row.get("receipt_zone") if name in ("receipt", "incomplete_notice") else None
        return own or self.row.get("zone")

    def moment(self, name: str) -> Moment | None:
        if name not in self.row:
            return None
        if name not in self.cache:
            self.cache[name] = self._read(name, self.row[name])
        return self.cache[name]

    def _read(self, name: str, value: str) -> Moment:
        if len(value) == 10:
            return date.fromisoformat(value)
        at, zone = datetime.fromisoformat(value), self.zone(name)
        if at.tzinfo is not None:
            return at.astimezone(ZoneInfo(zone)) if zone else at
        if zone is None:
            raise Refused("no zone")
        shown = days.instants_of(at, zone)
        if not shown:
            raise Refused("no such time of day")
        return shown[0] if name in ("receipt", "incomplete_notice", "sent") else shown[-1]

    def day(self, name: str) -> date | None:
        found = self.moment(name)
        return None if found is None else day_of(found)

    def need(self, name: str) -> Moment:
        found = self.moment(name)
        if found is None:
            raise Refused(f"{name} is not known")
        return found

    def in_order(self) -> None:
        for one, other in ORDER:
            a, b = self.day(one), self.day(other)
            if a and b and a > b:
                raise Refused(f"{other} before {one}")

    def first_day(self, *names: str) -> date:
        known = [d for d in (self.day(n) for n in names) if d]
        if not known:
            raise Refused("no day of the notice")
        return min(known)

    # -- from which day --------------------------------------------------------------------------------------
    def reached(self, reading: str, presumed: int) -> date:
        """The day on which the notice reached the patient: as proven, else as presumed, else the day it bears."""
        if reading == EARLY:
            return self.first_day(*NOTICE)
        bears = self.day("notice_date") or self.day("sent")
        reached = self.day("receipt")
        if reached is None and bears is None:
            raise Refused("no day of the notice")
        if not presumed:
            return reached or bears
        if reached is None:
            return days.after(bears, presumed)
        unproven = self.get("receipt_evidence") == "none"
        if bears and unproven and reached > days.after(bears, presumed) and reading != LATE:
            return days.after(bears, presumed)
        return reached

    def decided(self, reading: str) -> date:
        """The day that a determination bears; the day it came, where only that is known."""
        if reading == EARLY:
            return self.first_day(*NOTICE)
        return self.day("notice_date") or self.day("receipt") or self.day("sent") or self.first_day()

    def went_out(self, reading: str) -> date:
        out = self.need("sent")
        return self.first_day("notice_date", "sent") if reading == EARLY else day_of(out)


Way = Callable[[Told, str], Moment]


@dataclass(frozen=True)
class Count:
    """So many of one unit after a fact. `longest` is the number that can be argued; `missing` says which day stands for one
    that the month does not have; `patient` counts business days the patient's way.
    """

    anchor: str
    days: int = 0
    months: int = 0
    hours: int = 0
    working: int = 0
    longest: int = 0
    missing: str = "last"
    roll: str = ""
    presumed: int = 0
    patient: bool = False

    def start(self, told: Told, reading: str) -> Moment:
        if self.anchor == "receipt":
            return told.reached(reading, self.presumed)
        if self.anchor == "determination":
            return told.decided(reading)
        if self.anchor == "sent":
            return told.went_out(reading)
        return told.need(self.anchor)

    def __call__(self, told: Told, reading: str) -> Moment:
        start = self.start(told, reading)
        if self.hours:
            if not isinstance(start, datetime):
                raise Refused("no time of day")
            return days.hours_after(start, self.longest if self.longest and reading == LATE else self.hours)
        if self.working:
            # That a holiday is only kept on a day is no reason to count it, the patient may argue.
            return days.working_after(day_of(start), self.working, patient=self.patient and reading != LATE)
        if self.months:
            return self.open_day(days.months_after(day_of(start), self.months, missing=self.missing), reading)
        n = self.longest if self.longest and reading == LATE else self.days
        return days.after(day_of(start), n)

    def open_day(self, day: date, reading: str) -> date:
        if not self.roll or reading == EARLY:
            return day
        if self.roll == "california":
            return days.rolled(day, days.california_holiday)
        closed = days.kept_holiday if reading == LATE else days.legal_holiday
        return days.rolled(day, lambda d: d.weekday() >= days.SATURDAY or closed(d))


@dataclass(frozen=True)
class Law:
    """One law. `takes` names facts that `walk` needs beside its anchor; `before` is what stood until `since`, and `by` the
    facts whose day decides which; `gentle` is the fact and the day up to which the older may still bind one who does not say
    it. `only` is a fact with the value for which the law is; `perhaps` the law that may bind while that fact is not known;
    `ahead` that it is for care that is not given yet.
    """

    cite: str
    who: str
    walk: Way
    takes: tuple[str, ...] = ()
    extension: int = 0
    stops: bool = False
    then: tuple[tuple[str, str, int], ...] = ()
    levels: int | None = None
    process: str = ""
    state: str = ""
    without: str = ""
    since: date | None = None
    by: tuple[str, ...] = ("received",)
    before: Law | None = None
    gentle: tuple[str, date] | None = None
    only: tuple[str, bool] | None = None
    perhaps: Law | None = None
    ahead: bool = False
    acts: tuple[str, ...] = ()
    rough: bool = False
    named: Callable[[Told], Mapping[str, Any]] | None = field(default=None, compare=False)

    @property
    def facts(self) -> tuple[str, ...]:
        return (self.walk.anchor, *self.takes) if isinstance(self.walk, Count) else self.takes


def in_force(law: Law, told: Told) -> Law:
    if law.since is None:
        return law
    on = next((d for d in (told.day(n) for n in law.by) if d), None)
    if on is None or on >= law.since:
        return law
    if law.before is None:
        raise Refused("not yet in force")
    return law.before


def lengthened(law: Law, told: Told, until: Moment) -> Moment:
    """An extension counts when its notice went out on or before the last day; while the claimant is asked, where the law
    stops the clock, the days between notice and answer are not walked.
    """
    said, noticed = told.get("extension_noticed"), told.day("extension_notice_date")
    if not law.extension:
        return until
    if noticed is None and law.stops and said is not False:
        noticed = told.day("information_requested")
    if noticed is None and not said:
        return until
    if noticed is not None and noticed > day_of(until):
        return until
    more = (
        law.extension
        if told.get("extension_days") is None
        else min(told.get("extension_days"), law.extension)
    )
    idle: set[date] = set()
    if law.stops:
        answers = [d for d in (told.day("information_received"), told.day("claimant_period_end")) if d]
        if answers:
            if noticed is None or min(answers) < noticed:
                raise Refused("nobody knows how long the clock stood")
            here = noticed
            while here < min(answers):
                here = days.after(here, 1)
                idle.add(here)
        elif told.get("missing_information") or told.get("information_requested"):
            raise Refused("the clock stands")
    if isinstance(until, datetime):
        return days.same_wall_time(until, more, told.zone("received"))
    start = day_of(law.walk.start(told, LAW)) if isinstance(law.walk, Count) else until
    if not idle:
        return days.after(until, more)
    here, left = start, (until - start).days + more
    while left:
        here = days.after(here, 1)
        left -= here not in idle
    return here


HHS_FROM, HHS_TO, HHS_NEW = date(2026, 7, 1), date(2026, 8, 3), date(2026, 10, 2)
OUTBREAK_FROM, OUTBREAK_TO = date(2020, 3, 1), date(2023, 7, 10)


def moved(law: Law, told: Told, until: Moment) -> Moment | None:
    """Acts of a program: CMS's notice of July 31, 2026, and the outbreak period (85 FR 26351; EBSA Notice 2021-01).

    Of the notice's two examples one ends the year that begins on March 1, 2020, on February 28, 2021, the other the year
    from March 1, 2021, on March 1, 2022. The earlier way of counting is taken: doubt about a patient's date resolves early.
    """
    if isinstance(until, datetime):
        return None
    found = []
    if "hhs" in law.acts and (told.get("process") or law.process) == "hhs_administered":
        found += [HHS_NEW] if HHS_FROM <= until <= HHS_TO else []
    if "outbreak" in law.acts:
        began = told.reached(LAW, 0)
        if until >= OUTBREAK_FROM and began <= OUTBREAK_TO:
            # The days of the period are not walked, for at most a year from the day the relief reached the person.
            here = start = max(began, OUTBREAK_FROM)
            while here < OUTBREAK_TO and (here - start).days < 364:
                here = days.after(here, 1)
            found.append(days.after(here, (until - start).days))
    best = max(found, default=None)
    return best if best and best > until else None


def answer(law: Law, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The dates of a row, as text. Raises Refused where the facts give none."""
    told = Told(inputs)
    told.in_order()
    newest, law = law, in_force(law, told)
    if law.levels and told.get("levels") not in (None, law.levels):
        raise Refused("another number of levels")
    if law.process and told.get("process") not in (None, law.process):
        raise Refused("another process")
    if law.state and told.get("state") not in (None, law.state):
        raise Refused("another state")
    if law.without and told.get(law.without) is not None:
        raise Refused("this law is for a request without it")
    if law.only and told.get(law.only[0]) not in (None, law.only[1]):
        raise Refused("this law is for another kind of request")
    if law.ahead and told.get("timing") == "post_service":
        raise Refused("what is over is not hurried")
    by_law = lengthened(law, told, law.walk(told, LAW))
    argued = lengthened(law, told, law.walk(told, LATE))
    found: dict[str, Any] = {"rough": law.rough}
    if law.who == PATIENT:
        other = moved(law, told, by_law)
        due = other or by_law
        early = day_of(first(law.walk(told, EARLY), by_law))
        found["safe_date"] = text(days.last_working_until(early))
        found["original_deadline"] = text(by_law) if other else None
        argued = last(argued, due)
    else:
        due = by_law
        if newest.gentle and law is newest and told.moment(newest.gentle[0]) is None:
            arrived = told.day("received")
            if arrived and arrived <= newest.gentle[1] and newest.before:
                older = lengthened(newest.before, told, newest.before.walk(told, LAW))
                argued = last(argued, older)
        if law.perhaps and law.only and told.get(law.only[0]) is None:
            argued = last(argued, law.perhaps.walk(told, LATE))
        found["untimely_after"] = text(last(due, argued))
        found["safe_date"] = None
    found["deadline"] = text(due)
    found["permissive_deadline"] = text(argued) if argued != due else None
    for name, what, n in law.then:
        found[name] = text(_then(due, what, n))
    if law.named:
        found |= law.named(told)
    return found


def _then(due: Moment, what: str, n: int) -> Moment:
    if what == "working":
        return days.working_after(day_of(due), n)
    if what == "same":
        return due
    # Hours after a day begin at its end, and are over with a later day.
    return days.hours_after(due, n) if isinstance(due, datetime) else days.after(due, -(-n // 24))
