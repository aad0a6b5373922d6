"""The one door to django-q2: `@job` names a function, `enqueue()` asks for it, `run()` is what the worker calls.

The queue is a table of our own database, so a job exists exactly if the write that asked for it was committed. The broker
redelivers after a worker's death, so every job runs at least once and must be idempotent. A failed job keeps its reason
and can be retried; neither row holds patient data.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task, schedule

from advocacy.background.models import Job
from advocacy.errors import DomainError
from advocacy.tenancy.scope import current_organization_id, scoped_to

log = logging.getLogger("recourse.jobs")

Function = Callable[..., None]
_jobs: dict[str, Function] = {}

MAX_ATTEMPTS = 3
AGAIN_AFTER = timedelta(seconds=30)


def job(name: str) -> Callable[[Function], Function]:
    """Register a job. The function takes keyword ids, runs in the organization's scope and transaction, and is idempotent."""

    def register(function: Function) -> Function:
        _jobs[name] = function
        return function

    return register


def registered() -> dict[str, Function]:
    return dict(_jobs)


def enqueue(name: str, **ids: int | str) -> Job:
    """Ask for a job in the current organization, inside the current transaction. Raises KeyError for an unknown name."""
    if name not in _jobs:
        raise KeyError(f"No job is called {name}")
    organization_id = current_organization_id()
    row = Job.objects.create(name=name, arguments=ids, queued_at=timezone.now())
    async_task("advocacy.background.queue.run", organization_id, row.pk, q_options={"task_name": name})
    return row


def retry(row: Job) -> None:
    """Put a failed job back into the queue."""
    row.status = Job.Status.QUEUED
    row.attempts = 0
    row.save(update_fields=["status", "attempts"])
    async_task(
        "advocacy.background.queue.run", row.organization_id, row.pk, q_options={"task_name": row.name}
    )


def run(organization_id: int, job_id: int) -> str:
    """Called by the worker. A job that is done stays done; one that fails keeps its reason and is tried three times."""
    with scoped_to(organization_id, actor="system:jobs", actor_label="Recourse"):
        with transaction.atomic():
            row = Job.objects.select_for_update().get(pk=job_id)
            if row.status == Job.Status.DONE:
                return "already done"
            row.status = Job.Status.RUNNING
            row.attempts += 1
            row.started_at = timezone.now()
            row.save(update_fields=["status", "attempts", "started_at"])
        try:
            with transaction.atomic():
                _jobs[row.name](**row.arguments)
        except Exception as problem:
            return _failed(row, problem)
        with transaction.atomic():
            row.status, row.reason, row.ended_at = Job.Status.DONE, "", timezone.now()
            row.save(update_fields=["status", "reason", "ended_at"])
    return "done"


def _failed(row: Job, problem: Exception) -> str:
    """Keep a reason that says what happened and holds nothing a patient told us: our own words, or the error's kind."""
    text = str(problem) if isinstance(problem, DomainError | PublicProblem) else type(problem).__name__
    again = row.attempts < MAX_ATTEMPTS and not isinstance(problem, PublicProblem)
    with transaction.atomic():
        row.status = Job.Status.QUEUED if again else Job.Status.FAILED
        row.reason, row.ended_at = text[:500], timezone.now()
        row.save(update_fields=["status", "reason", "ended_at"])
        if again:
            schedule(
                "advocacy.background.queue.run",
                row.organization_id,
                row.pk,
                schedule_type="O",
                next_run=timezone.now() + AGAIN_AFTER * row.attempts,
            )
    log.error("job %s %s failed: %s", row.name, row.public_id, type(problem).__name__)
    return "failed"


class PublicProblem(Exception):
    """A failure whose text may be shown and which trying again will not mend ("the file is not a PDF")."""


def nightly(organization_ids: list[int], name: str, **ids: Any) -> None:
    """Enqueue one job in each organization: what a schedule calls."""
    for organization_id in organization_ids:
        with (
            scoped_to(organization_id, actor="system:schedule", actor_label="Recourse"),
            transaction.atomic(),
        ):
            enqueue(name, **ids)
