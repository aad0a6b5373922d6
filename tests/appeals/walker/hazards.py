"""For every law and every thing that dates trip over, the first row that meets it, found by walking.

`python -m tests.appeals.walker.hazards` writes them beside the other vectors; the engine has no part in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.appeals.walker import days, law_states
from tests.appeals.walker.law import ALL, law_of
from tests.appeals.walker.walk import (
    HHS_FROM,
    HHS_TO,
    OUTBREAK_FROM,
    OUTBREAK_TO,
    PATIENT,
    Count,
    Law,
    Refused,
    answer,
)

FOLDER = Path(__file__).parent.parent / "vectors" / "hazards"
FROM, TO, LONG_AGO = date(2026, 1, 2), date(2031, 1, 10), date(2021, 1, 4)
NEW_YORK = "America/New_York"
AT = "T10:00"
INSTANTS = {"received", "information_received", "supporting_statement", "plan_affirmed", "reversal_received"}
GIVEN = {"receipt": "receipt_date", "determination": "notice_date"}
SPECIAL: Mapping[tuple[str, ...], Callable[[date], dict[str, Any]]] = {
    ("receipt", "incomplete_notice"): lambda d: {
        "receipt_date": text(d),
        "incomplete_notice": text(days.after(d, 20)) + AT,
        "tz": NEW_YORK,
    },
    ("receipt", "plan_window_days", "stated"): lambda d: {"receipt_date": text(d), "plan_window_days": 60},
    ("information_received", "claimant_period_end", "information_requested", "received"): lambda d: {
        "information_received": text(d) + AT,
        "tz": NEW_YORK,
    },
    ("sent", "notice_date", "effective_date"): lambda d: {
        "sent": text(d),
        "effective_date": text(days.after(d, 7)),
    },
    ("mco_appeal_filed", "mco_resolution_notice", "deemed_exhausted_on", "sfh_requested"): lambda d: {
        "mco_appeal_filed": text(d),
        "mco_resolution_notice": text(days.after(d, 28)),
        "sfh_requested": text(days.after(d, 46)),
    },
    ("sent", "notice_date", "window_days", "stated"): lambda d: {"sent": text(d), "window_days": 60},
}


def text(day: date) -> str:
    return day.isoformat()


@dataclass(frozen=True)
class Met:
    """One row walked: the day it starts from, its last day, and what the walker says."""

    start: date
    until: date
    found: Mapping[str, Any]

    def walked(self) -> Iterator[date]:
        step = 1 if self.until >= self.start else -1
        here = self.start
        while here != self.until:
            here = days.after(here, step)
            yield here

    @property
    def instants(self) -> tuple[str, str]:
        return self.found["start"], self.found["deadline"]


def leap(met: Met) -> bool:
    return any((d.month, d.day) == (2, 29) for d in met.walked())


def year_end(met: Met) -> bool:
    return met.start.year != met.until.year


def weekend(met: Met) -> bool:
    return original(met).weekday() >= days.SATURDAY


def holiday(met: Met) -> bool:
    return days.legal_holiday(original(met)) and original(met).weekday() < days.SATURDAY


def observed(met: Met) -> bool:
    day = original(met)
    return days.kept_holiday(day) and not days.legal_holiday(day) and day.weekday() < days.SATURDAY


def original(met: Met) -> date:
    """The last day before it rolls."""
    return met.found["before_rolling"]


def no_such_day(met: Met) -> bool:
    return met.start.day > 28 and original(met).day != met.start.day


def no_such_month_day(met: Met) -> bool:
    """The four months of a state in doubt have no such day."""
    return days.months_after(met.start, 4, missing="last").day != met.start.day


def on_leap_day(met: Met) -> bool:
    return (original(met).month, original(met).day) == (2, 29)


def holiday_between(met: Met) -> bool:
    return any(days.legal_holiday(d) and d.weekday() < days.SATURDAY for d in met.walked())


def observed_between(met: Met) -> bool:
    return any(
        days.kept_holiday(d) and not days.legal_holiday(d) and d.weekday() < days.SATURDAY
        for d in met.walked()
    )


def clocks_change(month: int) -> Callable[[Met], bool]:
    def met_by(met: Met) -> bool:
        one, other = met.instants
        return one[-6:] != other[-6:] and met.until.month == month

    return met_by


SPAN = {"February 29 in the time": leap, "the year ends in the time": year_end}
LAST_DAY = {"a weekend at the end": weekend, "a holiday at the end": holiday}
OF_DAYS = {**SPAN, **LAST_DAY}
OF_MONTHS = {
    "no such day": no_such_day,
    "the year ends in the time": year_end,
    **LAST_DAY,
    "February 29 at the end": on_leap_day,
}
ROLLED = {"an observed day at the end": observed}
OF_WORKING_DAYS = {
    "a holiday in the time": holiday_between,
    "an observed day in the time": observed_between,
    "the year ends in the time": year_end,
}
OF_HOURS = {
    "clocks go forward": clocks_change(3),
    "clocks go back": clocks_change(11),
    "the year ends in the time": year_end,
    "a weekend at the end": weekend,
}


def wanted(law: Law) -> Mapping[str, Callable[[Met], bool]]:
    """What a law can trip over, by what it counts."""
    way = law.walk
    if isinstance(way, Count):
        if way.hours:
            return OF_HOURS
        if way.working:
            return OF_WORKING_DAYS
        if way.months:
            return OF_MONTHS | (ROLLED if way.roll else {})
        return OF_DAYS
    name = way.__name__
    if name in ("perfected", "california"):
        return OF_MONTHS | (ROLLED if name == "perfected" else {})
    if name == "doubtful":
        return OF_DAYS | {"no such day": no_such_month_day, "February 29 at the end": on_leap_day}
    if name == "new_york_decides_at_once":
        return OF_WORKING_DAYS
    if name in ("only_stated", "third_year_after"):
        return {"a weekend at the end": weekend}
    return (
        OF_HOURS
        if law.takes[0] in ("information_received", "reversal_received") or law.without or "423.5" in law.cite
        else OF_DAYS
    )


def plain(law: Law, day: date) -> dict[str, Any]:
    """The fewest facts from which the law counts, on a day."""
    if law.takes in SPECIAL:
        return SPECIAL[law.takes](day)
    name = law.facts[0]
    if name == "stated":
        return {"stated_deadline": text(day)}
    if name == "receipt" and isinstance(law.walk, Count) and law.walk.presumed:
        return {"notice_date": text(day)}
    hourly = wanted(law) is OF_HOURS
    own = {GIVEN.get(name, name): text(day) + (AT if hourly else "")}
    own |= {"tz": NEW_YORK} if hourly else {}
    return own | ({"state": law.state} if law.state else {})


def walk(law: Law, inputs: Mapping[str, Any], day: date) -> Met:
    found = answer(law, inputs)
    due = found["deadline"]
    until = datetime.fromisoformat(due).date() if len(due) > 10 else date.fromisoformat(due)
    rolled = until
    if isinstance(law.walk, Count) and law.walk.months:
        rolled = days.months_after(day, law.walk.months, missing=law.walk.missing)
    if not isinstance(law.walk, Count) and law.walk.__name__ == "perfected":
        rolled = days.months_after(day, 4, missing="first")
    if not isinstance(law.walk, Count) and law.walk.__name__ == "california":
        rolled = days.months_after(days.after(day, 30), 6, missing="last")
        day = days.after(day, 30)
    start = inputs.get("received") or inputs.get(law.facts[0]) or text(day)
    if "tz" in inputs and len(start) > 10:
        start = days.instants_of(datetime.fromisoformat(start), NEW_YORK)[0].isoformat(timespec="seconds")
    return Met(day, until, {**found, "before_rolling": rolled, "start": start})


def first_met(law: Law, meets: Callable[[Met], bool], fixed: Mapping[str, Any]) -> dict[str, Any] | None:
    """The facts of the first day on which the law meets it."""
    day, end = FROM, TO
    if law.since and law.since > FROM:
        day = law.since
    if "before" in fixed:
        day, end = LONG_AGO, days.after(fixed["before"], -1)
    while day <= end:
        inputs = {**plain(law, day), **{k: v for k, v in fixed.items() if k != "before"}}
        try:
            if meets(walk(law, inputs, day)):
                return inputs
        except Refused:
            pass
        day = days.after(day, 1)
    return None


def of_extension(law: Law, day: date) -> Iterator[tuple[str, dict[str, Any]]]:
    """A notice on the last day, a day too late, and one that stops the clock until the answer."""
    inputs = plain(law, day)
    due = answer(law, inputs)["deadline"]
    until = date.fromisoformat(due[:10])
    yield "an extension on the last day", {**inputs, "extension_notice_date": text(until)}
    yield "an extension a day too late", {**inputs, "extension_notice_date": text(days.after(until, 1))}
    if law.stops:
        noticed = {"extension_notice_date": text(days.after(until, -3))}
        answered = {"information_received": text(days.after(until, 22))}
        yield "an extension while the clock stands", {**inputs, **noticed, **answered}
        end = {"claimant_period_end": text(days.after(until, 42))}
        yield "an extension and no answer", {**inputs, **noticed, **end}
        yield "an answer before its time is over", {**inputs, **noticed, **answered, **end}
        over = {"claimant_period_end": text(days.after(until, 15))}
        yield "an answer after its time is over", {**inputs, **noticed, **answered, **over}


def of_receipt(presumed: int, day: date) -> Iterator[tuple[str, dict[str, Any]]]:
    """Proof of an earlier and of a later day than the presumed one, and a later day that nothing proves."""
    notice = {"notice_date": text(day)}
    late = {"receipt_date": text(days.after(day, presumed + 9))}
    yield "proof of a late receipt", {**notice, **late, "receipt_evidence": "postmark"}
    yield "a late receipt without proof", {**notice, **late, "receipt_evidence": "none"}
    early = {"receipt_date": text(days.after(day, 2)), "receipt_evidence": "none"}
    yield "an early receipt without proof", {**notice, **early}
    yield (
        "proof of an early receipt",
        {**notice, "receipt_date": text(days.after(day, 1)), "receipt_evidence": "fax"},
    )


MOVED = (
    "the last day before an act moves it",
    "the first day that an act moves",
    "the last day that an act moves",
    "the first day after those an act moves",
)
DISREGARDED = (
    "the last day before relief",
    "the first day that relief moves",
    "the last receipt that relief reaches",
    "the first receipt after relief",
)


def of_acts(law: Law) -> Iterator[tuple[str, dict[str, Any]]]:
    """The days at the edges of what an act of a program moves; a last day that rolls may leave the edge itself out."""
    if "hhs" in law.acts:
        hhs = {"process": "hhs_administered"}
        yield from zip(MOVED, _edges(law, HHS_FROM, HHS_TO, hhs), strict=True)
    if "outbreak" in law.acts:
        before, first = _edges(law, OUTBREAK_FROM, OUTBREAK_FROM, {})[:2]
        reached = [plain(law, days.after(OUTBREAK_TO, beside)) for beside in (0, 1)]
        yield from zip(DISREGARDED, (before, first, *reached), strict=True)


def _edges(law: Law, begins: date, ends: date, fixed: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The facts whose own last day is the latest before, the first from, the last until and the first after."""
    found: list[tuple[date, dict[str, Any]]] = []
    day = begins - timedelta(days=400)
    while day < ends:
        inputs = {**plain(law, day), **fixed}
        said = walk(law, inputs, day).found
        found.append((date.fromisoformat((said["original_deadline"] or said["deadline"])[:10]), inputs))
        day = days.after(day, 1)
    own = sorted(found, key=lambda one: one[0])
    return [
        max((one for one in own if one[0] < begins), key=lambda one: one[0])[1],
        next(inputs for last, inputs in own if last >= begins),
        max((one for one in own if one[0] <= ends), key=lambda one: one[0])[1],
        next(inputs for last, inputs in own if last > ends),
    ]


def vector(regime: str, stage: str, law: Law, what: str, inputs: dict[str, Any], n: int) -> dict[str, Any]:
    found = answer(law, inputs)
    keys = [
        "deadline",
        "safe_date",
        "permissive_deadline",
        "original_deadline",
        "untimely_after",
        "qualifying_event",
    ]
    keys += [name for name, _, _ in law.then] + ["excluded_days"]
    if found["rough"]:
        keys.remove("permissive_deadline")
    due = found["deadline"] if law.who == PATIENT else found["untimely_after"]
    if len(due) > 10:
        late = (datetime.fromisoformat(due) + timedelta(minutes=1)).isoformat()
    else:
        late = text(days.after(date.fromisoformat(due), 1))
    expect = {k: found[k] for k in keys if found.get(k) is not None}
    return {
        "id": f"walked-{n:04}",
        "regime": regime,
        "stage": stage,
        "inputs": inputs,
        "expect": expect,
        "late": late,
        "how": what,
        "citation": law.cite,
    }


def every() -> Iterator[tuple[str, str, Law, str, dict[str, Any]]]:
    seen: set[int] = set()
    for regime, stage, code in ALL:
        given = {"state": code} if code else {}
        law = law_of(regime, stage, given)
        if id(law) in seen or (code in law_states.FEDERAL and "external_review_state" in stage):
            continue
        seen.add(id(law))
        versions = [(law, given)]
        if law.before and id(law.before) not in seen:
            versions.append((law.before, {**given, "before": law.since}))
        for version, fixed in versions:
            for what, meets in wanted(version).items():
                inputs = first_met(version, meets, fixed)
                if inputs:
                    yield regime, stage, version, what, inputs
        for what, inputs in others(law):
            yield regime, stage, law, what, {**inputs, **given}


def others(law: Law) -> Iterator[tuple[str, dict[str, Any]]]:
    day = max(date(2026, 3, 2), law.since or FROM)
    if law.extension:
        yield from of_extension(law, day)
        if law.before:
            yield from of_extension(law.before, date(2025, 3, 3))
    if isinstance(law.walk, Count) and law.walk.presumed:
        yield from of_receipt(law.walk.presumed, day)
    yield from of_acts(law)


def vectors() -> list[dict[str, Any]]:
    return [
        vector(regime, stage, law, what, inputs, n)
        for n, (regime, stage, law, what, inputs) in enumerate(every(), start=1)
    ]


def main() -> None:
    found = vectors()
    FOLDER.mkdir(exist_ok=True)
    lines = ",\n  ".join(json.dumps(v) for v in found)
    (FOLDER / "walked.json").write_text(f'{{"schema": "recourse.vectors/1", "vectors": [\n  {lines}\n]}}\n')
    print(len(found))


if __name__ == "__main__":
    main()
