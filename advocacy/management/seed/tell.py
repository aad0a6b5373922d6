"""Tells the stories: in the order in which they began, each in one transaction, and each only once."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from advocacy.audit.models import Event
from advocacy.management.seed import stories_harbor, stories_meadow, stories_public
from advocacy.management.seed.begin import begin
from advocacy.management.seed.cast import HOUSES, Standing, assemble
from advocacy.management.seed.life import Life, Story
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


def untold() -> tuple[Story, ...]:
    """The stories that this database does not hold yet, in their order."""
    told: set[str] = set()
    for organization in Organization.objects.filter(slug__in=[house.slug for house in HOUSES]):
        with Standing(organization).program(at=organization.created_at), transaction.atomic():
            names = Event.objects.filter(request_id__startswith="seed:").values_list("request_id", flat=True)
            told |= set(names.distinct())
    return tuple(story for story in STORIES if story.name not in told)


def tell(now: datetime, progress: Progress = lambda done, total: None) -> int:
    """Make the organizations and tell every story that was not told; returns how many were. `now` is aware.

    A story is one transaction: one that fails leaves nothing of itself and all of the earlier ones, and raises.
    """
    standing = assemble(now - MONTHS)
    stories = untold()
    for done, story in enumerate(stories):
        progress(done, len(stories))
        _tell_one(standing[story.house], story, now)
    progress(len(stories), len(stories))
    return len(stories)


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
