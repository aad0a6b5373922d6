"""What must hold whatever happens: rules with a name and a sentence, looked at every evening of the simulated year.

A rule looks at the cases that were worked that day, or at the whole house with one statement: so it is cheap enough for each
step. Each answers with a sentence for everything that is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from typing import Any

from django.db import connection

from advocacy.access.policy import Actor
from advocacy.management.seed.cast import Standing
from advocacy.management.seed.year.house import House
from advocacy.management.seed.year.loaded import Loaded
from appeals.clock.facts import Moment
from appeals.facts import History
from appeals.models import Filing
from appeals.queries.clocks import Day, day_at
from appeals.queries.ladder import Ladder
from appeals.queries.worklists import Reach, within_reach
from cases.models import Case

EVERY_EVENING = "every evening"
OF_THE_WORKED = "every evening, of the cases that were worked on"
AT_CLOSING = "when a case is closed"
AT_THE_END = "at the end of the year"


@dataclass(frozen=True)
class Broken:
    """Something that did not hold: which rule, on which day, and what."""

    rule: str
    day: date
    what: str


@dataclass
class Evening:
    """A day that is over. `worked` are the cases that somebody worked on, `acts` who did what when."""

    house: House
    other: Standing
    day: date
    at: datetime
    worked: list[int]
    acts: list[tuple[str, datetime, str]]

    @cached_property
    def where(self) -> Day:
        """The evening as lists of the desk read it, where the organization works."""
        return day_at(self.at, self.house.standing.organization.time_zone)

    @cached_property
    def supervisor(self) -> Actor:
        return self.house.standing.actors[self.house.supervisor]

    @cached_property
    def reach(self) -> Reach:
        """The cases that whoever supervises opens, as the desk's pages find out. Raises AssertionError when it is none."""
        found = within_reach(self.supervisor, self.where)
        assert found.named is not None, "whoever supervises opens cases"
        return found

    @cached_property
    def loaded(self) -> Loaded:
        """The worked cases and what stands under them, as one statement sees them."""
        return Loaded(self.worked, self.at)

    @property
    def cases(self) -> list[Case]:
        return self.loaded.cases

    @property
    def histories(self) -> dict[int, History]:
        return self.loaded.histories

    @property
    def ladders(self) -> dict[int, Ladder]:
        return self.loaded.ladders

    @cached_property
    def closed(self) -> list[int]:
        """Those of the worked cases that are closed now."""
        return [case.pk for case in self.cases if case.status == "closed"]

    @cached_property
    def filed(self) -> list[Filing]:
        """What went out since yesterday of the worked cases."""
        since = self.at - timedelta(days=2)
        return [filing for filing in self.loaded.filings() if filing.filed_at > since]

    @cached_property
    def _found(self) -> dict[tuple[str, ...], dict[str, list[str]]]:
        """By when it is looked at and by name, what was found: as far as it was asked."""
        return {}

    def found_by(self, name: str, watch: Watch) -> list[str]:
        """What the statement of this name finds; one round trip asks all that an evening asks."""
        together = (EVERY_EVENING, OF_THE_WORKED, AT_CLOSING) if self.worked else (EVERY_EVENING,)
        whens = (AT_THE_END,) if ASKED[name].when == AT_THE_END else together
        if whens not in self._found:
            found = self._found[whens] = {}
            with connection.cursor() as cursor:
                cursor.execute(_all_asked(whens), self._named(watch))
                for of, words in cursor.fetchall():
                    found.setdefault(of, []).append(words)
        return self._found[whens].get(name, [])

    def newest(self, watch: Watch) -> int:
        """Up to where the trail goes."""
        return max(map(int, self.found_by("newest", watch)), default=0)

    def _named(self, watch: Watch) -> dict[str, Any]:
        organization = self.house.standing.organization
        return {
            "house": organization.pk,
            "zone": organization.time_zone,
            "today": self.day,
            "now": self.at,
            "yesterday": self.at - timedelta(days=1),
            "lately": self.at - timedelta(days=2),
            "cases": "{" + ",".join(map(str, self.worked)) + "}",
            "acts": json.dumps([(actor, at.isoformat(), name) for actor, at, name in self.acts]),
            "read_until": watch.read_until,
            "filings_until": watch.filings_until,
        }


@dataclass(frozen=True)
class Asked:
    """A statement that gives a sentence for everything that is wrong, and when it is asked."""

    text: str
    when: str


ASKED: dict[str, Asked] = {
    "newest": Asked(
        "SELECT e.id::text FROM audit.event e WHERE e.organization_id = %(house)s ORDER BY e.id DESC LIMIT 1",
        EVERY_EVENING,
    )
}
"""By name of the rule, or of what rules want to know. What a statement may name: see `NAMED`."""
NAMED = {
    "house": "bigint",
    "zone": "text",
    "today": "date",
    "now": "timestamptz",
    "yesterday": "timestamptz",
    "lately": "timestamptz",
    "cases": "bigint[]",
    "acts": "jsonb",
    "read_until": "bigint",
    "filings_until": "bigint",
}
"""The house, its zone, the day, moments of it, the worked cases, who did what when, and what was looked at before."""


@cache
def _all_asked(whens: tuple[str, ...]) -> str:
    """Every statement that is asked then, as one that gives name and words. Each value has one place in it, which the server
    puts wherever it is named: to find hundreds of places takes longer than to answer.
    """
    places = {name: f"evening.{name}" for name in NAMED}
    values = ", ".join(f"%({name})s::{kind} AS {name}" for name, kind in NAMED.items())
    parts = " UNION ALL ".join(
        f"(SELECT {name!r}, words FROM ({known.text % places}) AS of_rule (words))"  # noqa: S608  the rules' own statements
        for name, known in ASKED.items()
        if known.when in whens
    )
    return f"SELECT found.* FROM (SELECT {values}) AS evening CROSS JOIN LATERAL ({parts}) AS found (name, words)"  # noqa: S608


@dataclass
class Watch:
    """What is remembered from evening to evening: how far the trail was read, and what the clocks said."""

    read_until: int = 0
    filings_until: int = 0
    theirs: dict[int, list[Moment]] = field(default_factory=dict)
    """By open case: the latest moments up to which the other side may take its time, as the engine has them."""
    ours: dict[int, list[Moment]] = field(default_factory=dict)
    shown: dict[str, set[int]] = field(default_factory=dict)
    """By side: the cases on the list of passed dates, when it was read last."""
    looked: int = 0

    def in_the_evening(self, evening: Evening) -> list[Broken]:
        return self._look(evening, [EVERY_EVENING, OF_THE_WORKED, AT_CLOSING])

    def at_the_end(self, evening: Evening) -> list[Broken]:
        """What the last hours, which have no evening, left of the cases that were worked on; then what holds of every case."""
        return self._look(evening, [OF_THE_WORKED, AT_CLOSING, AT_THE_END])

    def _look(self, evening: Evening, whens: list[str]) -> list[Broken]:
        found = []
        there = evening.house.standing
        with there.program(evening.at, request_id="year:evening", actor="system:watch"):
            for known in RULES.values():
                idle = known.when == OF_THE_WORKED and not evening.worked
                idle |= known.when == AT_CLOSING and not evening.closed
                if known.when in whens and not idle:
                    self.looked += 1
                    found += [Broken(known.name, evening.day, what) for what in known.find(self, evening)]
            self.read_until = evening.newest(self)
        return found


Find = Callable[[Watch, Evening], Iterator[str]]


@dataclass(frozen=True)
class Rule:
    """`says` is a sentence that is true of every house at every step."""

    name: str
    says: str
    when: str
    find: Find


RULES: dict[str, Rule] = {}


def rule(says: str, *, when: str = OF_THE_WORKED) -> Callable[[Find], Find]:
    """Put a function among the rules under its name."""

    def known(find: Find) -> Find:
        RULES[find.__name__] = Rule(find.__name__, says, when, find)
        return find

    return known


def asked(name: str, says: str, text: str, *, when: str = OF_THE_WORKED) -> None:
    """Put a statement among the rules: whatever sentence it gives is something that is wrong."""
    ASKED[name] = Asked(text, when)
    RULES[name] = Rule(name, says, when, lambda watch, evening: iter(evening.found_by(name, watch)))


def printed() -> Iterator[str]:
    """The list of rules, for the documents."""
    yield "# What must hold at each step"
    yield "*Printed by `manage.py print_docs`; edit the rules in the code and print again.*"
    yield " ".join(
        (
            "`manage.py simulate` lets cases of every kind of coverage live through a year, day by day, by the product's own",
            "commands, and holds what stands in the database against these sentences; so does `manage.py seed_demo` with every",
            "case of the demonstration. For each of them a test breaks it on purpose, and it is found.",
        )
    )
    rows = ["| Name | What holds | Looked at |", "|---|---|---|"]
    rows += [f"| `{r.name}` | {r.says} | {r.when} |" for r in RULES.values()]
    yield "\n".join(rows)
