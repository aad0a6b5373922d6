"""Jobs of the organization as an operator sees them. A job row holds ids and our own words, never patient data."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from advocacy.access.policy import Actor, visible
from advocacy.background.models import Job
from advocacy.errors import NotFound


@dataclass(frozen=True)
class Waiting:
    """How much is in the queue, and how much a worker has begun."""

    queued: int
    running: int


def failed_jobs(actor: Actor) -> QuerySet[Job]:
    """Jobs that will not be tried again by themselves; unordered, so that a list can page them by key."""
    return Job.objects.filter(visible(actor, Job), status=Job.Status.FAILED)


def waiting_jobs(actor: Actor) -> Waiting:
    """The size of the organization's queue, in one query."""
    counted = Job.objects.filter(visible(actor, Job)).aggregate(
        queued=Count("pk", filter=Q(status=Job.Status.QUEUED)),
        running=Count("pk", filter=Q(status=Job.Status.RUNNING)),
    )
    return Waiting(**counted)


def get_job(actor: Actor, public_id: UUID) -> Job:
    """A job. Raises NotFound when absent or invisible."""
    row = Job.objects.filter(visible(actor, Job), public_id=public_id).first()
    if row is None:
        raise NotFound("job")
    return row
