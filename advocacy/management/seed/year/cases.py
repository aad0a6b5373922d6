"""Who comes in the simulated year, for what, and with which plan: from a seed alone. Every set of rules has its plan."""

from __future__ import annotations

import random
from datetime import date, timedelta

from advocacy.management.seed import plans
from advocacy.management.seed.cast import COLLEAGUES, Standing
from advocacy.management.seed.life import Story
from advocacy.management.seed.matters import ESKETAMINE_WEEKLY, KETAMINE, KETAMINE_TRAUMA, TABLET, Matter
from advocacy.management.seed.people import CENTRAL, EASTERN, MOUNTAIN, PACIFIC, Person
from advocacy.management.seed.plans import Plan
from appeals.clock.calendar import is_business_day

FOXGLOVE = Plan(
    payer="Foxglove Short Term Assurance",
    phone="512-555-0140",
    fax="512-555-0141",
    plan_name="Foxglove Six Months",
    member="FX-######",
    reference="FX##-####",
    form="juniper",
    answers=(
        ("program", "commercial", "card"),
        ("sponsor", "individual", "patient"),
        ("plan_kind", "short_term_or_sharing", "plan_document"),
    ),
)
HEATHER = Plan(
    payer="Heather Hills Mutual",
    phone="512-555-0150",
    fax="512-555-0151",
    plan_name="Heather Individual of 2008",
    member="HH ### ####",
    reference="HH/####/##",
    form="juniper",
    answers=(
        ("program", "commercial", "card"),
        ("sponsor", "individual", "patient"),
        ("plan_kind", "grandfathered", "plan_document"),
        ("funding", "insured", "plan_document"),
    ),
    funding="insured",
    state="OR",
)
PLANS = (
    plans.TAMARACK, plans.QUILLHAVEN, plans.LARKSPUR, plans.BLUESTEM, plans.GRANITE, plans.COLUMBINE, plans.OSPREY,
    plans.SAGEBRUSH, plans.STATEHOUSE, plans.WRENFIELD, plans.HALYARD, plans.DISTRICT, plans.STEEPLE, plans.MILLRACE,
    plans.JUNIPER, plans.VETERANS, plans.IRONBRIDGE, HEATHER, FOXGLOVE,
    plans.LOOMIS, plans.TIDEWATER, plans.FERNWOOD, plans.VERDIGRIS, plans.TALLOW_CREEK, plans.COBBLE, plans.HARROWGATE,
    plans.PRAIRIE, plans.CONTRADICTED,
)  # fmt: skip
"""The first nineteen: one for each set of rules, "unknown" included."""

QUIET_END = 25
"""Nobody new comes in the last days: what began is seen to."""

_GIVEN = (
    "Ada", "Bruno", "Celia", "Darius", "Edda", "Faris", "Greta", "Hamid", "Ines", "Jonas", "Keiko", "Lars", "Mina",
    "Noel", "Oona", "Pavel", "Quinn", "Rosa", "Silas", "Thea", "Umar", "Vera", "Wendell", "Xenia", "Yusuf", "Zelda",
)  # fmt: skip
_FRONT = (
    "Ash",
    "Birch",
    "Cold",
    "Dun",
    "East",
    "Fen",
    "Glen",
    "Hart",
    "Iron",
    "Kirk",
    "Lang",
    "Marsh",
    "Nor",
)
_BACK = ("bridge", "comb", "dale", "field", "gate", "ham", "ley", "more", "stead", "ton", "wick", "worth")
_ZONES = (("OR", PACIFIC), ("ID", MOUNTAIN), ("IL", CENTRAL), ("IN", EASTERN))


def stories_of(standing: Standing, cases: int, seed: int, start: date, days: int) -> list[Story]:
    """So many stories of one organization, in the order in which they begin between `start` and `start` + `days`."""
    slug = standing.organization.slug
    luck = random.Random(f"{seed}:{slug}")  # noqa: S311  the same year for the same seed, no secret
    last = start + timedelta(days=days - 1)
    owners = navigators(slug)
    room = max(days - QUIET_END, 1)
    begun = sorted(
        _on_a_business_day(start + timedelta(days=n * room // cases + luck.randrange(3)), last)
        for n in range(cases)
    )
    return [
        Story(
            key=f"{slug}-{n:05d}",
            house=slug,
            person=_person(n, luck),
            plan=PLANS[n % len(PLANS)],
            matter=_matter(PLANS[n % len(PLANS)], luck),
            owner="" if luck.random() < 0.05 else owners[n % len(owners)],
            begins=(last - day).days,
            plainly=True,
        )
        for n, day in enumerate(begun)
    ]


def navigators(slug: str) -> list[str]:
    """The keys of those who work cases in an organization, in the order of the cast."""
    return [c.key for c in COLLEAGUES for job in c.jobs if job.house == slug and "navigator" in job.roles]


def _person(n: int, luck: random.Random) -> Person:
    """Nobody is like anybody else: a name is used again after some four thousand patients."""
    state, zone = luck.choice(_ZONES)
    family = _FRONT[n // len(_GIVEN) % len(_FRONT)] + _BACK[n // (len(_GIVEN) * len(_FRONT)) % len(_BACK)]
    return Person(_GIVEN[n % len(_GIVEN)], family, luck.randrange(19, 80), "email", state=state, zone=zone)


def _matter(plan: Plan, luck: random.Random) -> Matter:
    if plan is plans.OSPREY:
        return TABLET
    return luck.choice((KETAMINE, KETAMINE_TRAUMA, ESKETAMINE_WEEKLY))


def _on_a_business_day(day: date, last: date) -> date:
    while not is_business_day(day, count_for="payer") and day < last:
        day += timedelta(days=1)
    return day
