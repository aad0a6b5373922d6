"""The demonstration's other patients: who came is written here, and what became of them is lived, day by day, by the simulated
year (`year/`), with its mornings, its payers who are late and its evenings on which everything has to hold.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction

from advocacy.management.seed import plans
from advocacy.management.seed.cast import Standing
from advocacy.management.seed.life import Story, no_mail
from advocacy.management.seed.matters import (
    ESKETAMINE,
    ESKETAMINE_WEEKLY,
    KETAMINE,
    KETAMINE_LEG,
    KETAMINE_TRAUMA,
    TABLET,
    Matter,
)
from advocacy.management.seed.people import CENTRAL, MOUNTAIN, Person
from advocacy.management.seed.plans import Plan
from advocacy.management.seed.year.calendar import Year
from advocacy.management.seed.year.lived import House, Lived, next_workday

SHOWN = 5
"""So many sentences of what did not hold are said."""


class RuleBroken(Exception):
    """Something did not hold that has to: the sentences, with their rule and day."""


def _came(
    key: str,
    begins: int,
    owner: str,
    person: Person,
    plan: Plan,
    matter: Matter = KETAMINE,
) -> Story:
    return Story(key, "harbor" if key.startswith("h") else "meadow", person, plan, matter, owner, begins)


def _central(
    given: str, family: str, years: int, reach: str, language: str = "en", state: str = "IL"
) -> Person:
    return Person(given, family, years, reach, language=language, state=state, zone=CENTRAL)


_SOMALI = Person(
    "Faduma", "Warsame", 28, "message", language="other", language_note="Somali, by phone", interpreter=True
)

LIVED = (
    _came("h60", 205, "nils", Person("Kwame", "Asante-Doyle", 43, "text"), plans.LOOMIS),
    _came("h61", 174, "nora", Person("Ngoc Anh", "Pham", 35, "post"), plans.FERNWOOD, KETAMINE_TRAUMA),
    _came("h63", 133, "nora", _SOMALI, plans.COBBLE, ESKETAMINE_WEEKLY),
    _came("h64", 117, "nils", Person("Gretchen", "Holloway-Ruiz", 72, "sister"), plans.BLUESTEM, ESKETAMINE),
    _came(
        "h66", 86, "nils", Person("Isolde", "Brandt", 55, "evening", state="ID", zone=MOUNTAIN), plans.TAMARACK
    ),
    _came("h67", 73, "nils", Person("Darnell", "Prewitt", 31, "text"), plans.QUILLHAVEN, KETAMINE_LEG),
    _came("h68", 61, "nora", Person("Sunniva", "Aaltonen", 66, "post"), plans.TALLOW_CREEK, ESKETAMINE),
    _came("h69", 50, "nils", Person("Rajesh", "Venkataraman", 50), plans.TIDEWATER, KETAMINE_LEG),
    _came("h70", 39, "nils", Person("Lourdes", "Magpantay", 39, "no_message"), plans.TAMARACK, KETAMINE_TRAUMA),
    _came("h71", 27, "nora", Person("Zebulon", "Hartsock", 24, "text"), plans.GRANITE, ESKETAMINE_WEEKLY),
    _came("h72", 14, "nils", Person("Miriam", "Feldstein", 58, "evening"), plans.OSPREY, TABLET),
    _came("m20", 160, "mia", _central("Ibrahim", "Conteh", 37, "text"), plans.HARROWGATE),
    _came("m21", 112, "bea", _central("Svetlana", "Morozova", 63, "post"), plans.COLUMBINE),
    _came("m22", 78, "mia", _central("Cheyenne", "Redcorn", 29, "message", state="WI"), plans.PRAIRIE, KETAMINE_TRAUMA),
    _came("m23", 47, "mia", _central("Anselmo", "Quispe", 45, "message", "es"), plans.TAMARACK),
    _came("m24", 20, "bea", _central("Hannelore", "Dietz", 70, "sister"), plans.BLUESTEM, ESKETAMINE),
)  # fmt: skip


def lived_by(slug: str) -> tuple[Story, ...]:
    """Those who came to one organization, in their order."""
    return tuple(story for story in LIVED if story.house == slug)


def months_of(there: Standing, other: Standing, now: datetime) -> Year:
    """The months of one organization up to the evening before `now` (aware), which have not begun. Nobody is away or leaves."""
    slug = there.organization.slug
    today = now.astimezone(there.zone).date()
    came = [(next_workday(today - timedelta(days=story.begins)), story) for story in lived_by(slug)]
    start = min(day for day, _ in came)
    house = House(there, {member.pk: key for key, member in there.members.items()}, thorough=True)
    lives = [_life(house, replace(story, begins=(today - day).days), day, now) for day, story in came]
    year = Year(house, other, seed=0, start=start, days=(today - start).days, lives=lives)
    for n, (day, _) in enumerate(came):
        year.agenda.setdefault(day, []).append(n)
    return year


def _life(house: House, story: Story, day: date, now: datetime) -> Lived:
    luck = random.Random(story.name)  # noqa: S311  the same life every time, no secret
    at = datetime.combine(day, time(), tzinfo=UTC)
    return Lived(standing=house.standing, story=story, now=now, at=at, luck=luck, house=house)


def live_through(there: Standing, other: Standing, now: datetime) -> Iterator[None]:
    """Let the months of one organization pass, in one transaction; yields for each patient who came.

    Raises RuleBroken when something did not hold: then nothing of them is there.
    """
    year = months_of(there, other, now)
    with transaction.atomic():
        came = 0
        with no_mail():
            for n in range(year.days):
                year.pass_day(year.start + timedelta(days=n))
                _hold(year)
                begun = sum(life.case_row is not None for life in year.lives)
                yield from [None] * (begun - came)
                came = begun
        year.at_the_end()
        _hold(year)
        year.come_to(now)


def _hold(year: Year) -> None:
    if year.broken:
        slug = year.house.standing.organization.slug
        words = [f"{slug} {one.day} {one.rule}: {one.what}" for one in year.broken[:SHOWN]]
        raise RuleBroken("\n".join(words))
