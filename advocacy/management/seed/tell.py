"""Tells the stories: in the order in which they began, each in one transaction, and each only once."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from multiprocessing import get_context

from django.db import connections, transaction

from advocacy.audit.models import Event
from advocacy.background import queue
from advocacy.management.seed import stories_harbor, stories_meadow, stories_programs, stories_public
from advocacy.management.seed.begin import begin
from advocacy.management.seed.cast import HOUSES, Standing, assemble
from advocacy.management.seed.keeping import aim, ask_for_approval, keep, set_up
from advocacy.management.seed.life import Life, Story, no_mail
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scope_with
from appeals.commands.deadlines import recompute_deadlines
from appeals.models import Deadline
from appeals.queries.clocks import day_at
from appeals.reminders import pending, send_reminder
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
    with no_mail():
        keep(standing["harbor"], now)
        aim(standing["harbor"], now)
        set_up(standing["harbor"], now)
        ask_for_approval(standing["meadow"], now)
    progress(len(stories), len(stories))
    return len(stories)


def tell_side_by_side(now: datetime, progress: Progress = lambda done, total: None) -> int:
    """As `tell`, with a process for each organization: two cores tell in the time of the longer list.

    References are given out one at a time within an organization, so its own stories follow each other. Raises
    RuntimeError when a story failed; which one, and why, its process has written.
    """
    standing = assemble(now - MONTHS)
    stories = untold()
    connections.close_all()  # a forked process must not share the parent's connection
    context = get_context("fork")
    told = context.Value("i", 0)

    def tell_house(house: str) -> None:
        for story in stories:
            if story.house == house:
                _tell_one(standing[house], story, now)
                with told.get_lock():
                    told.value += 1

    processes = [
        context.Process(target=tell_house, args=(house,), daemon=True)
        for house in sorted({story.house for story in stories})
    ]
    for process in processes:
        process.start()
    while any(process.is_alive() for process in processes):
        progress(told.value, len(stories))
        time.sleep(0.2)
    if any(process.exitcode for process in processes):
        raise RuntimeError("A story could not be told. The earlier ones are kept; a second run goes on.")
    with no_mail():
        keep(standing["harbor"], now)
        aim(standing["harbor"], now)
        set_up(standing["harbor"], now)
        ask_for_approval(standing["meadow"], now)
    progress(len(stories), len(stories))
    return len(stories)


def _remind(life: Life) -> None:
    """The reminders of dates that run now, each in the morning on which it was due."""
    running = Deadline.objects.filter(case__patient=life.patient, case__status="open", status="running")
    for deadline in running.select_related("case__patient").order_by("id"):
        day = day_at(life.now, deadline.case.patient.time_zone)
        for rung in pending(deadline, deadline.reminded, day):
            with no_mail(), scope_with(actor="system:jobs", actor_label="Recourse", at=rung.opens):
                send_reminder(deadline.pk, rung.opens)


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
        _remind(life)
        queue.drop_done()
