"""One case on the year's calendar: as in a story of the demonstration, but the day is the calendar's and never a step's."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from advocacy.access.policy import Actor
from advocacy.errors import Refused
from advocacy.management.seed.cast import Standing
from advocacy.management.seed.life import Life
from advocacy.people.models import Membership
from appeals.clock.calendar import is_business_day, last_business_day_on_or_before
from appeals.models import Appeal, Deadline
from cases.commands.costs import record_cost

T = TypeVar("T")
Course = Iterator[date]
"""What happens to one case: each part ends by naming the day on which somebody looks at it again."""


@dataclass
class House:
    """An organization in the year: who works there on a day, and everything that was done, as it was done."""

    standing: Standing
    keys: dict[int, str]
    """Colleagues by their membership."""
    away: dict[str, tuple[date, date, str]] = field(default_factory=dict)
    """Who is away: first day, last day, and who covers."""
    left: set[str] = field(default_factory=set)
    acts: list[tuple[str, datetime, str]] = field(default_factory=list)
    """Whose acts were done since somebody looked, when, and which command."""
    money: dict[tuple[int, str], Decimal] = field(default_factory=dict)
    """By case and kind what was last said, in US dollars: a book beside the product's."""
    refused: list[str] = field(default_factory=list)
    """What somebody had every right to do and the product did not let them, since somebody looked."""
    done: dict[str, int] = field(default_factory=dict)
    """How often what happened, by a word for it."""
    told: Any = field(default_factory=hashlib.sha256)
    """Everything that was done, in its order: equal for the same seed."""
    thorough: bool = False
    """Every paper is kept as a file, letters are written from the record, and the other side works on business days: as the
    demonstration shows it. A year of many cases types most facts, and has mail on every day."""

    def note(self, what: str) -> None:
        self.done[what] = self.done.get(what, 0) + 1

    def tell(self, *words: object) -> None:
        self.told.update("|".join(map(str, words)).encode() + b"\n")

    def present(self, key: str, day: date) -> bool:
        first, last, _ = self.away.get(key, (date.max, date.min, ""))
        return key not in self.left and not first <= day <= last

    def on_duty(self, owner: str, day: date) -> str:
        """Who acts on a case of this owner on a day: the owner, whoever covers, else the supervisor."""
        if owner and self.present(owner, day):
            return owner
        if owner in self.away and owner not in self.left:
            cover = self.away[owner][2]
            if self.present(cover, day):
                return cover
        return self.supervisor

    def workers(self, day: date) -> list[str]:
        """Navigators who are there on a day."""
        people = [key for key, actor in self.standing.actors.items() if "navigator" in actor.roles]
        return [key for key in people if self.present(key, day)]

    @property
    def supervisor(self) -> str:
        return next(k for k, actor in self.standing.actors.items() if "supervisor" in actor.roles)


@dataclass
class Lived(Life):
    """A story whose steps are taken on the day on which the calendar has arrived."""

    house: House = field(kw_only=True)
    owner: str = ""
    won: bool = False
    focus: int | None = None
    """Of two levels that stand at once the one that is being worked (primary key); else the last one opened."""

    # -- time -----------------------------------------------------------------------------------------------
    def arrive(self, day: date) -> None:
        """Come to a day: some office hour of it, and never before what was done last."""
        hour, minute = self.luck.randrange(9, 16), self.luck.randrange(60)
        there = datetime.combine(day, time(hour, minute), tzinfo=self.standing.zone)
        self.at = max(self.at + timedelta(minutes=1), there)

    @property
    def on(self) -> date:
        """The day on which the calendar stands, where the organization works."""
        return self.at.astimezone(self.standing.zone).date()

    @property
    def ago(self) -> int:
        return self.before(self.on)

    def before(self, day: date) -> int:
        """So many days before the end of the year."""
        return (self.today - day).days

    def go(self, ago: int) -> None:
        """A step takes some minutes; which day it is, the calendar says."""
        self.at += timedelta(minutes=self.luck.randrange(3, 9))

    def later(self, least: int, most: int) -> date:
        """A day so many days after today."""
        return self.on + timedelta(days=self.luck.randrange(least, most + 1))

    def happens(self, chance: float) -> bool:
        return self.luck.random() < chance

    def on_paper(self, chance: float) -> bool:
        """Whether a letter comes as a file that is read; in a thorough house each does."""
        return self.happens(1.0 if self.house.thorough else chance)

    def office_day(self, day: date, *, least: date | None = None) -> date:
        """A day of the other side: in a thorough house the business day on or before it, and not before `least`."""
        if not self.house.thorough:
            return day
        found = last_business_day_on_or_before(day)
        return found if least is None else max(found, least)

    def in_zone(self, day: date, hour: int) -> datetime:
        """An hour of a day where the patient is."""
        return datetime.combine(day, time(hour), tzinfo=ZoneInfo(self.story.person.zone))

    @property
    def level(self) -> Appeal:
        """The level that is being worked."""
        if self.focus is None:
            return super().level
        return Appeal.objects.select_related("case__patient", "denial").get(pk=self.focus)

    # -- acting ---------------------------------------------------------------------------------------------
    def actor(self, who: str = "") -> Actor:
        """Whoever is there for the one who has the case."""
        return self.standing.actors[who or self.house.on_duty(self.owner, self.on)]

    def do(
        self,
        command: Callable[..., T],
        ago: int | None = None,
        *,
        by: str = "",
        still: bool = False,
        **given: Any,
    ) -> T:
        """As in a story; the act is kept, and so is the money it names."""
        done = super().do(command, ago, by=by, still=still, **given)
        name = command.__name__
        self.house.acts.append((self.actor(by).key, self.at, name))
        self.house.note(name)
        self.house.tell(
            self.at.isoformat(), self.story.key, by or self.house.on_duty(self.owner, self.on), name
        )
        if command is record_cost:
            self.house.money[given["case"].pk, str(given["kind"])] = given["amount"]
        return done

    def is_refused(self, code: str, command: Callable[..., Any], **given: Any) -> bool:
        """Try what the product must not let happen. Raises AssertionError when it did, or said another reason."""
        try:
            self.do(command, **given)
        except Refused as refused:
            codes = [reason.code for reason in refused.reasons]
            if code not in codes:
                raise AssertionError(f"{self.story.key}: refused for {codes}, not for {code}") from refused
            self.house.note(f"refused: {code}")
            return True
        raise AssertionError(f"{self.story.key}: {command.__name__} was not refused ({code})")

    # -- rows -----------------------------------------------------------------------------------------------
    def member(self, who: str) -> Membership | None:
        """A colleague; for one who has left, somebody who is there."""
        return super().member(self.still_here(who))

    def still_here(self, who: str) -> str:
        return self.house.workers(self.on)[0] if who in self.house.left else who

    def date_of(self, clock: str, **subject: Any) -> Deadline | None:
        """The running date of one clock, as it stands on every list."""
        found = Deadline.objects.filter(case=self.case_row, clock=clock, status="running", **subject)
        return found.order_by("-id").first()


def next_workday(day: date) -> date:
    """The day itself, or the next one on which anybody works."""
    while not is_business_day(day, count_for="payer"):
        day += timedelta(days=1)
    return day
