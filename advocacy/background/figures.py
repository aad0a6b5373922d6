"""How the machinery of jobs stands, over all organizations: counts and moments, no row and no organization by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django_q.models import OrmQ, Schedule

from advocacy.background.queue import SCHEDULED


@dataclass(frozen=True)
class Unfinished:
    """Jobs of one name in one state ("queued", "running", "failed"), and when the oldest was asked for."""

    job: str
    status: str
    count: int
    oldest: datetime


@dataclass(frozen=True)
class Regular:
    """A job that the clock asks for: when next, and how often."""

    job: str
    next_run: datetime
    every: timedelta


def unfinished() -> list[Unfinished]:
    """What is not done, by name and state, sorted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT job, status, total, oldest FROM search.unfinished_jobs() ORDER BY job, status")
        return [Unfinished(*row) for row in cursor.fetchall()]


def schedules() -> Iterator[Regular]:
    """The regular jobs, by name."""
    rows = Schedule.objects.filter(name__startswith=SCHEDULED).order_by("name")
    for name, next_run, minutes in rows.values_list("name", "next_run", "minutes"):
        yield Regular(name.removeprefix(SCHEDULED), next_run, timedelta(minutes=minutes))


def queue_depth() -> int:
    """How many tasks wait for a worker or are with one."""
    return OrmQ.objects.count()
