"""Trying a failed job again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.background.models import Job
from advocacy.background.queue import retry
from advocacy.errors import WrongState


def retry_job(*, actor: Actor, job: Job, at: datetime) -> Job:
    """Put a failed job back into the queue. Raises NotAllowed, or WrongState unless it has failed."""
    require(actor, Permission.RETRY_JOBS, job)
    with transaction.atomic():
        row = Job.objects.select_for_update().get(pk=job.pk)
        if row.status != Job.Status.FAILED:
            raise WrongState(
                "retry",
                row.status,
                "This job is not failed any more. Somebody may have been faster; look at it as it is now.",
            )
        retry(row)
        record("job_retried", subject=row, detail={"name": row.name})
    return row
