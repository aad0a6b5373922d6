"""Who is away when, who covers, and who leaves for good: the same every year of one seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from advocacy.management.seed.life import Life, next_workday
from advocacy.management.seed.year.house import House
from advocacy.people.absence import record_absence
from advocacy.people.leaving import end_membership, owned_by
from advocacy.tenancy.scope import scope_with
from appeals.clock.calendar import last_business_day_on_or_before
from cases.models import Case

EVERY = 21
TOLD_BEFORE = 3
LEAVES = {"harbor": ("nils", "olga")}
"""By organization: who leaves in the middle of the year, and who keeps the members there."""


@dataclass(frozen=True)
class Absent:
    key: str
    cover: str
    first: date
    last: date

    @property
    def told_on(self) -> date:
        return last_business_day_on_or_before(self.first - timedelta(days=TOLD_BEFORE))


def absences_of(house: House, seed: int, start: date, days: int) -> Iterator[Absent]:
    """One colleague after the other is away for some days, and the next one covers: never two at once."""
    luck = random.Random(f"{seed}:{house.standing.organization.slug}:staff")  # noqa: S311
    people = [key for key, actor in house.standing.actors.items() if "navigator" in actor.roles]
    for turn in range(days // EVERY):
        first = start + timedelta(days=turn * EVERY + 5 + luck.randrange(3))
        last = first + timedelta(days=luck.randrange(3, 12))
        yield Absent(people[turn % len(people)], people[(turn + 1) % len(people)], first, last)


def leaving_of(house: House, start: date, days: int) -> tuple[str, str, date] | None:
    """Who leaves, who records it, and on which day."""
    found = LEAVES.get(house.standing.organization.slug)
    return (*found, next_workday(start + timedelta(days=days * 3 // 5))) if found else None


def morning_of(house: House, day: date) -> datetime:
    return datetime.combine(day, time(8, 30), tzinfo=house.standing.zone)


def go_away(house: House, absent: Absent) -> None:
    """The absence is recorded some days before; whoever has left by then is not away."""
    if {absent.key, absent.cover} & house.left:
        return
    there, at = house.standing, morning_of(house, absent.told_on)
    actor = there.actors[house.supervisor]
    with there.program(at, request_id="year:absence"), scope_with(actor=actor.key, actor_label=actor.label):
        record_absence(
            actor=actor,
            member=there.members[absent.key],
            cover=there.members[absent.cover],
            from_on=absent.first,
            until_on=absent.last,
            at=at,
        )
    house.acts.append((actor.key, at, "record_absence"))
    house.away[absent.key] = (absent.first, absent.last, absent.cover)
    house.note("absence")


def leave(house: House, key: str, by: str, day: date, lives: list[Life]) -> None:
    """A colleague leaves: what was theirs goes to the others in turn."""
    there, at = house.standing, morning_of(house, day)
    actor, member = there.actors[by], there.members[key]
    house.left.add(key)
    stay = [there.members[k] for k in house.workers(day)]
    with there.program(at, request_id="year:leaving"), scope_with(actor=actor.key, actor_label=actor.label):
        receivers = {
            thing.kind.key: stay if thing.kind.key in HANDED_ON else [] for thing in owned_by(member)
        }
        end_membership(actor=actor, member=member, receivers=receivers, at=at)
        owners = dict(Case.objects.values_list("pk", "owner_id"))
    house.acts.append((actor.key, at, "end_membership"))
    house.note("somebody left")
    for life in lives:
        if life.case_row is not None:
            owner = owners[life.case_row.pk]
            life.owner = house.keys[owner] if owner is not None else ""


HANDED_ON = frozenset({"cases", "tasks"})
"""Kinds of things that are given to colleagues by turns; of the rest there is none in a year, or it ends."""
