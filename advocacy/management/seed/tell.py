"""Makes the demonstration: what each house lived through in its last months, then the stories, in the order in which they began,
each in one transaction, and each only once.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from multiprocessing import get_context

from django.db import connections, transaction

from advocacy.audit.models import Event
from advocacy.background import queue
from advocacy.management.seed import stories_harbor, stories_meadow, stories_programs, stories_public
from advocacy.management.seed.begin import begin
from advocacy.management.seed.cast import HOUSES, Standing, assemble
from advocacy.management.seed.keeping import aim, ask_for_approval, keep, set_up
from advocacy.management.seed.life import Life, Story, no_mail, remind_by_now
from advocacy.management.seed.lived_in import RuleBroken, live_through, lived_by
from advocacy.tenancy.models import Organization
from appeals.commands.deadlines import recompute_deadlines
from cases.models import Case

MONTHS = timedelta(days=300)
"""Colleagues were there before the first story began."""

STORIES: tuple[Story, ...] = tuple(
    sorted(
        (
            *stories_harbor.SELF_FUNDED,
            *stories_harbor.INSURED,
            *stories_public.MEDICARE,
            *stories_public.MEDICAID,
            *stories_public.FEDERAL,
            *stories_programs.PROGRAMS,
            *stories_meadow.STORIES,
        ),
        key=lambda story: (-story.begins, story.key),
    )
)

Progress = Callable[[int, int], None]


def is_empty() -> bool:
    """Whether no organization exists at all."""
    return not Organization.objects.exists()


def is_ours() -> bool:
    """Whether every organization here is one of the demonstration's."""
    return not Organization.objects.exclude(slug__in=[house.slug for house in HOUSES]).exists()


def _told() -> dict[str, set[str]]:
    """By organization, the names of what it was told."""
    told: dict[str, set[str]] = {}
    for organization in Organization.objects.filter(slug__in=[house.slug for house in HOUSES]):
        with Standing(organization).program(at=organization.created_at), transaction.atomic():
            names = Event.objects.filter(request_id__startswith="seed:").values_list("request_id", flat=True)
            told[organization.slug] = set(names.distinct())
    return told


def untold() -> tuple[Story, ...]:
    """The stories that this database does not hold yet, in their order."""
    told = {name for names in _told().values() for name in names}
    return tuple(story for story in STORIES if story.name not in told)


def unlived() -> tuple[str, ...]:
    """The organizations that have lived through nothing yet. A year passes before the first story is told, or never: what
    holds of it is held against everything that stands in the organization.
    """
    told = _told()
    return tuple(house.slug for house in HOUSES if not told.get(house.slug))


def tell(now: datetime, progress: Progress = lambda done, total: None) -> int:
    """Make the organizations, let their months pass, and tell every story that was not told; returns how many patients came.

    `now` is aware. A story is one transaction, and so are the months of an organization: what fails leaves nothing of itself and
    all of the earlier, and raises; RuleBroken, when something did not hold that has to.
    """
    standing = assemble(now - MONTHS)
    stories, houses = untold(), unlived()
    total = len(stories) + sum(len(lived_by(house)) for house in houses)
    done = 0
    for house in HOUSES:
        for _ in _of_house(house.slug, standing, now, stories, houses):
            done += 1
            progress(done, total)
    _keep_house(standing, now)
    return total


def tell_side_by_side(now: datetime, progress: Progress = lambda done, total: None) -> int:
    """As `tell`, with a process for each organization: two cores tell in the time of the longer list.

    References are given out one at a time within an organization, so its own stories follow each other. Raises
    RuntimeError when a story failed, with its name and why, or with what did not hold.
    """
    standing = assemble(now - MONTHS)
    stories, houses = untold(), unlived()
    total = len(stories) + sum(len(lived_by(house)) for house in houses)
    connections.close_all()  # a forked process must not share the parent's connection
    context = get_context("fork")
    done, problems = context.Value("i", 0), context.SimpleQueue()

    def tell_house(house: str) -> None:
        try:
            for _ in _of_house(house, standing, now, stories, houses):
                with done.get_lock():
                    done.value += 1
        except RuleBroken as broken:
            problems.put(str(broken))
            raise SystemExit(1) from None

    processes = [
        context.Process(target=tell_house, args=(house.slug,), daemon=True)
        for house in HOUSES
        if house.slug in houses or any(story.house == house.slug for story in stories)
    ]
    for process in processes:
        process.start()
    while any(process.is_alive() for process in processes):
        progress(done.value, total)
        time.sleep(0.2)
    if any(process.exitcode for process in processes):
        said = [problems.get() for _ in processes if not problems.empty()]
        raise RuntimeError(
            "\n".join([*said, "Not everything could be told. The earlier is kept; a second run goes on."])
        )
    _keep_house(standing, now)
    progress(total, total)
    return total


def _of_house(
    slug: str, standing: dict[str, Standing], now: datetime, stories: Sequence[Story], unlived: Sequence[str]
) -> Iterator[None]:
    """One organization's months, then its stories: yields for each patient who came."""
    there = standing[slug]
    if slug in unlived:
        other = next(standing[house.slug] for house in HOUSES if house.slug != slug)
        yield from live_through(there, other, now)
    for story in stories:
        if story.house == slug:
            _tell_one(there, story, now)
            yield


def _keep_house(standing: dict[str, Standing], now: datetime) -> None:
    with no_mail():
        keep(standing["harbor"], now)
        aim(standing["harbor"], now)
        set_up(standing["harbor"], now)
        ask_for_approval(standing["meadow"], now)


def _tell_one(house: Standing, story: Story, now: datetime) -> None:
    life = Life(
        standing=house,
        story=story,
        now=now,
        at=now - MONTHS,
        luck=random.Random(story.name),  # noqa: S311  the same story every time, no secret
    )
    with house.program(life.at, request_id=story.name):
        begin(life)
        for step in story.steps:
            step(life)
        life.work_off()
        for case in Case.objects.filter(patient=life.patient):
            recompute_deadlines(case, now)
        remind_by_now(life)
        queue.drop_done()
