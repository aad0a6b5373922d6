"""Makes the demonstration: the year of each organization with a written cast, up to now, in one transaction: all or nothing.

Who came stands in `lived_in.py`; what became of some of them in the `stories_` files, of the others nowhere. All of them are on
one agenda.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from multiprocessing import get_context

from django.db import transaction

from advocacy.management.seed import stories_harbor, stories_meadow, stories_programs, stories_public
from advocacy.management.seed.cast import HOUSES, Standing, assemble
from advocacy.management.seed.keeping import aim, ask_for_approval, keep, set_up
from advocacy.management.seed.life import Story, no_mail
from advocacy.management.seed.lived_in import LIVED
from advocacy.management.seed.year.calendar import Year, months_of
from advocacy.management.seed.year.processes import make_ready, side_by_side
from advocacy.people.models import Patient
from advocacy.tenancy.models import Organization

MONTHS = timedelta(days=300)
"""Colleagues were there before the first patient came."""
SHOWN = 5
"""So many sentences of what did not hold are said."""

STORIES: tuple[Story, ...] = (
    *stories_harbor.SELF_FUNDED,
    *stories_harbor.INSURED,
    *stories_public.MEDICARE,
    *stories_public.MEDICAID,
    *stories_public.FEDERAL,
    *stories_programs.PROGRAMS,
    *stories_meadow.STORIES,
)
CAST = tuple(sorted((*STORIES, *LIVED), key=lambda story: (-story.begins, story.key)))
"""Everybody who came, in their order."""

Progress = Callable[[int, int], None]


class RuleBroken(Exception):
    """Something did not hold that has to: the sentences, with their rule and day."""


def is_empty() -> bool:
    """Whether no organization exists at all."""
    return not Organization.objects.exists()


def is_ours() -> bool:
    """Whether every organization here is one of the demonstration's."""
    return not Organization.objects.exclude(slug__in=[house.slug for house in HOUSES]).exists()


def unmade() -> tuple[str, ...]:
    """The organizations in which there is no patient. Where there is one, all have come, and it stays as it is."""
    made = set()
    for organization in Organization.objects.filter(slug__in=[house.slug for house in HOUSES]):
        with Standing(organization).program(at=organization.created_at):
            if Patient.objects.exists():
                made.add(organization.slug)
    return tuple(house.slug for house in HOUSES if house.slug not in made)


def cast_of(slug: str) -> tuple[Story, ...]:
    return tuple(story for story in CAST if story.house == slug)


def tell(now: datetime, progress: Progress = lambda done, total: None) -> int:
    """Make the organizations and people, and the year of each that has no patient; returns how many came. `now` is aware.

    What fails leaves nothing of its organization, and raises: RuleBroken when something did not hold that has to.
    """
    standing, slugs = assemble(now - MONTHS), unmade()
    came, total = dict.fromkeys(slugs, 0), _total(slugs)

    def in_the_evening(slug: str, count: int) -> None:
        came[slug] = count
        progress(sum(came.values()), total)

    for slug in slugs:
        live_through(standing, slug, now, in_the_evening)
    return total


def tell_side_by_side(now: datetime, progress: Progress = lambda done, total: None) -> int:
    """As `tell`, with a process for each organization. Raises RuntimeError with what did not hold."""
    standing, slugs = assemble(now - MONTHS), unmade()
    context = get_context("fork")
    came, problems = {slug: context.Value("i", 0) for slug in slugs}, context.SimpleQueue()
    total = _total(slugs)

    def in_the_evening(slug: str, count: int) -> None:
        came[slug].value = count

    def live(slug: str) -> bool:
        make_ready(len(cast_of(slug)))
        try:
            live_through(standing, slug, now, in_the_evening)
        except RuleBroken as broken:
            problems.put(str(broken))
            return False
        return True

    held = side_by_side(slugs, live, lambda: progress(sum(one.value for one in came.values()), total))
    if not held:
        said = [problems.get() for _ in slugs if not problems.empty()]
        raise RuntimeError(
            "\n".join([*said, "Not every organization could be made. A second run makes what is missing."])
        )
    progress(total, total)
    return total


def _total(slugs: tuple[str, ...]) -> int:
    return sum(len(cast_of(slug)) for slug in slugs)


def live_through(
    standing: dict[str, Standing],
    slug: str,
    now: datetime,
    in_the_evening: Callable[[str, int], None] = lambda slug, came: None,
) -> None:
    """One organization's year, and what it says of itself at the end of it. Raises RuleBroken: then nothing of it is there."""
    there, other = standing[slug], next(one for name, one in standing.items() if name != slug)
    year = months_of(there, other, cast_of(slug), now)

    def hold(_day: object, came: int) -> None:
        _hold(year)
        in_the_evening(slug, came)

    with transaction.atomic():
        year.pass_by(hold)
        _hold(year)
        _keep_house(there, now)


def _keep_house(there: Standing, now: datetime) -> None:
    with no_mail():
        if there.organization.slug == "harbor":
            keep(there, now)
            aim(there, now)
            set_up(there, now)
        else:
            ask_for_approval(there, now)


def _hold(year: Year) -> None:
    if year.broken:
        slug = year.house.standing.organization.slug
        words = [f"{slug} {one.day} {one.rule}: {one.what}" for one in year.broken[:SHOWN]]
        raise RuleBroken("\n".join(words))
