"""The one door to django-q2: `@job` names a function, `enqueue()` asks for it, `run()` is what the worker calls.

The queue is a table of our own database, so a job exists exactly if the write that asked for it was committed. The broker
redelivers after a worker's death, so every job runs at least once and must be idempotent. A failed job keeps its reason
and can be retried; neither row holds patient data. What happens by the clock is a job too: `every=` says how often it is
asked for in each organization, and the worker puts those schedules in place when it starts. What the clock asks for stands in a
line of its own (`broker.py`): whoever has just sent a letter in does not wait behind the night's checks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django_q.conf import Conf
from django_q.humanhash import uuid as new_task
from django_q.models import OrmQ, Schedule
from django_q.signing import SignedPackage
from django_q.tasks import async_task, schedule

from advocacy.background.broker import LATER
from advocacy.background.models import Job
from advocacy.errors import DomainError
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import current_organization_id, current_scope, scoped_to

log = logging.getLogger("recourse.jobs")

Function = Callable[..., None]
_jobs: dict[str, Function] = {}
_titles: dict[str, str] = {}
_after_failure: dict[str, Function] = {}
_schedule: dict[str, timedelta] = {}
_patient: set[str] = set()
_rounds: dict[str, Callable[[], None]] = {}

MAX_ATTEMPTS = 3
MAX_DEATHS = 5
AGAIN_AFTER = timedelta(seconds=30)
SCHEDULED = "recourse:"


def job(
    name: str,
    *,
    title: str = "",
    failed: Function | None = None,
    every: timedelta | None = None,
    later: bool = False,
) -> Callable[[Function], Function]:
    """Register a job. The function takes keyword ids, runs in the organization's scope and transaction, and is idempotent.

    `title` says on the page of failed jobs what it does. `failed` is called with `reason=` and the same ids once no
    further attempt will be made, in a transaction of its own: what the job wrote is undone then. `every` (whole minutes)
    asks for it regularly in each organization, without ids. Such a job, and one with `later`, waits behind what somebody
    waits for.
    """

    def register(function: Function) -> Function:
        _jobs[name] = function
        _titles[name] = title or name.rpartition(".")[2].replace("_", " ").capitalize()
        if failed is not None:
            _after_failure[name] = failed
        if every is not None:
            _schedule[name] = every
        if every is not None or later:
            _patient.add(name)
        return function

    return register


def round_of(name: str, *, every: timedelta) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register what the clock asks for once for the whole installation (`every`: whole minutes).

    It opens scopes and transactions itself, is idempotent, and has no row of its own: a row a minute in each organization
    would be more than what it does.
    """

    def register(function: Callable[[], None]) -> Callable[[], None]:
        _rounds[name] = function
        _schedule[name] = every
        return function

    return register


def run_round(name: str) -> None:
    """Called by a schedule. What fails is in the log, and comes again with the next round."""
    try:
        _rounds[name]()
    except Exception as problem:
        log.error("round %s failed: %s", name, type(problem).__name__)


def registered() -> dict[str, Function]:
    return dict(_jobs)


def waiting_behind() -> set[str]:
    """Names of the jobs that wait behind what somebody waits for."""
    return set(_patient)


def title_of(name: str) -> str:
    """What a job does, in words; for a job this program no longer knows, its name."""
    return _titles.get(name, name)


def enqueue(name: str, **ids: int | str) -> Job:
    """Ask for a job in the current organization, inside the current transaction. Raises KeyError for an unknown name."""
    if name not in _jobs:
        raise KeyError(f"No job is called {name}")
    organization_id = current_organization_id()
    row = Job.objects.create(name=name, arguments=ids, queued_at=timezone.now())
    line = {"cluster": LATER} if name in _patient else {}
    async_task(
        "advocacy.background.queue.run", organization_id, row.pk, q_options={"task_name": name, **line}
    )
    return row


def each(name: str, keys: Iterable[int], work: Callable[[int], object], *, by: str) -> None:
    """Do the work for each key, each in a savepoint. Where it fails, nothing else stops, and that one key gets a job of its
    own (`by` names its argument), which is tried again and tells on the page of failed jobs what is wrong."""
    for key in keys:
        try:
            with transaction.atomic():
                work(key)
        except Exception as problem:
            log.error("job %s: one of many failed: %s", name, type(problem).__name__)
            enqueue(name, **{by: key})


def packed(name: str, organization_id: int, job_id: int) -> tuple[str, str]:
    """The broker's key and package for a job whose row a statement written by hand puts in place, as `enqueue` would.

    Raises KeyError for an unknown name.
    """
    if name not in _jobs:
        raise KeyError(f"No job is called {name}")
    task = {
        "id": new_task()[1],
        "name": name,
        "func": "advocacy.background.queue.run",
        "args": (organization_id, job_id),
        "kwargs": {},
        "started": timezone.now(),
    }
    return LATER if name in _patient else Conf.CLUSTER_NAME, SignedPackage.dumps(task)


def retry(row: Job) -> None:
    """Put a failed job back into the queue."""
    row.status = Job.Status.QUEUED
    row.attempts = 0
    row.save(update_fields=["status", "attempts"])
    async_task(
        "advocacy.background.queue.run", row.organization_id, row.pk, q_options={"task_name": row.name}
    )


def again(name: str, **ids: int | str) -> Job | None:
    """Ask for a job unless one with these ids waits or runs; one that failed is tried again. None where nothing was asked.

    What runs in a worker that died is no business of ours: the broker delivers it again.
    """
    last = Job.objects.filter(name=name, arguments=ids).order_by("-pk").first()
    if last is not None and last.status in (Job.Status.QUEUED, Job.Status.RUNNING):
        return None
    if last is not None and last.status == Job.Status.FAILED:
        retry(last)
        return last
    return enqueue(name, **ids)


def run(organization_id: int, job_id: int) -> str:
    """Called by the worker. A job that is done stays done; one that fails keeps its reason and is tried three times.

    Where history is told after the fact, what the job writes happened when the scope around it says.
    """
    told = current_scope()
    with scoped_to(
        organization_id, actor="system:jobs", actor_label="Recourse", at=told.at if told else None
    ):
        with transaction.atomic():
            row = Job.objects.select_for_update().get(pk=job_id)
            if row.status == Job.Status.DONE:
                return "already done"
            if row.status == Job.Status.RUNNING and row.attempts >= MAX_DEATHS:
                return _failed(
                    row, PublicProblem(f"The worker stopped {row.attempts} times in the middle of it.")
                )
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


def drop_done() -> int:
    """Take out of the queue what the current organization asked for and is done already; returns how many that were.

    For whoever does the jobs in its own process (the seed): the worker would find nothing left to do, one by one.
    """
    organization_id = current_organization_id()
    done = set(Job.objects.filter(status=Job.Status.DONE).values_list("pk", flat=True))
    wanted = {(organization_id, pk) for pk in done}
    finished = [row.pk for row in OrmQ.objects.all() if tuple(row.task.get("args") or ()) in wanted]
    OrmQ.objects.filter(pk__in=finished).delete()
    return len(finished)


def _failed(row: Job, problem: Exception) -> str:
    """Keep a reason that says what happened and holds nothing a patient told us: our own words, or the error's kind."""
    if isinstance(problem, DomainError | PublicProblem):
        text = str(problem)
    else:
        text = f"Something unexpected happened ({type(problem).__name__}). The server's log says more."
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
    if not again and row.name in _after_failure:
        try:
            with transaction.atomic():
                _after_failure[row.name](reason=row.reason, **row.arguments)
        except Exception as second:
            log.error("job %s %s: after its failure: %s", row.name, row.public_id, type(second).__name__)
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


def run_everywhere(name: str) -> None:
    """Called by a schedule: ask for the job in each organization. Of what was done before no row is kept."""
    living = Organization.objects.filter(closed_at=None).order_by("pk")
    for organization_id in living.values_list("pk", flat=True):
        with (
            scoped_to(organization_id, actor="system:schedule", actor_label="Recourse"),
            transaction.atomic(),
        ):
            Job.objects.filter(name=name, status=Job.Status.DONE).delete()
        nightly([organization_id], name)


def install_schedules() -> list[str]:
    """Put the schedules of all registered jobs in place and drop those no longer known; returns the names. Repeatable."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Two workers that start together must not both insert: the table has no unique name.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [SCHEDULED])
        Schedule.objects.filter(name__startswith=SCHEDULED).exclude(
            name__in=[SCHEDULED + name for name in _schedule]
        ).delete()
        for name, every in _schedule.items():
            Schedule.objects.update_or_create(
                name=SCHEDULED + name,
                defaults={
                    "func": f"advocacy.background.queue.{'run_round' if name in _rounds else 'run_everywhere'}",
                    "args": repr((name,)),
                    "schedule_type": Schedule.MINUTES,
                    "minutes": int(every.total_seconds() // 60),
                    "repeats": -1,
                },
            )
    return sorted(_schedule)
