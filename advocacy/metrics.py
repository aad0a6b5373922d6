"""Figures of operation for monitoring: counts, durations and ages by route and job, never anything about a person.

Every request is counted, timed and (where asked for) told in the log by one middleware. `/health/metrics` gives the figures
in Prometheus' text format to who knows RECOURSE_METRICS_TOKEN, and is not there for anybody else. With several web
processes each keeps its part in PROMETHEUS_MULTIPROC_DIR, which deploy/gunicorn.conf.py makes, and one answer sums them.
"""

from __future__ import annotations

import hmac
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

from advocacy.background.figures import schedules, unfinished
from advocacy.background.sealing import anchored, what_waits
from advocacy.background.worker import workers_alive
from advocacy.health import migrations_applied
from advocacy.logs import around, route_of

log = logging.getLogger("recourse.requests")

REGISTRY = CollectorRegistry()
REQUESTS = Counter("recourse_requests", "Answers.", ["route", "method", "status"], registry=REGISTRY)
SECONDS = Histogram(
    "recourse_request_seconds",
    "From the request to the answer's head, static files apart.",
    ["route"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=REGISTRY,
)
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class WatchMiddleware:
    """Counts and times every request; with RECOURSE_ACCESS_LOG also one line for each in the log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(settings.STATIC_URL):
            return self.get_response(request)
        begun, statements = time.perf_counter(), 0

        def counted(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
            nonlocal statements
            statements += 1
            return execute(sql, params, many, context)

        token = around.set(request)
        try:
            with connection.execute_wrapper(counted) if settings.LOG_REQUESTS else nullcontext():
                response = self.get_response(request)
            self._keep(request, response, time.perf_counter() - begun, statements)
        finally:
            around.reset(token)
        return response

    @staticmethod
    def _keep(request: HttpRequest, response: HttpResponse, seconds: float, statements: int) -> None:
        route = route_of(request)
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(route, method, response.status_code).inc()
        SECONDS.labels(route).observe(seconds)
        if settings.LOG_REQUESTS:
            organization = getattr(request, "organization", None)
            facts = {
                "route": route,
                "method": method,
                "status": response.status_code,
                "ms": round(seconds * 1000, 1),
                "statements": statements,
                "organization": str(organization.public_id) if organization is not None else None,
            }
            log.info("request", extra={"facts": facts})


class Installation:
    """What is asked anew each time: the database, the worker, the queue, the schedules, room for documents."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        up, found = 1.0, []
        try:
            found = [*self._of_the_database(timezone.now())]
        except (DatabaseError, OSError) as problem:
            logging.getLogger("recourse.health").warning("figures: %s", type(problem).__name__)
            up = 0.0
            connection.close_if_unusable_or_obsolete()
        yield GaugeMetricFamily("recourse_database_up", "1 while the database answers.", value=up)
        yield from found
        folder = settings.DATA_DIR
        while not folder.exists():
            folder = folder.parent
        yield GaugeMetricFamily(
            "recourse_documents_free_bytes", "Room for documents.", value=shutil.disk_usage(folder).free
        )

    @staticmethod
    def _of_the_database(now: datetime) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily(
            "recourse_migrations_applied", "1 when none is missing.", value=float(migrations_applied())
        )
        yield GaugeMetricFamily("recourse_workers", "Worker processes alive.", value=workers_alive())
        jobs = GaugeMetricFamily("recourse_jobs", "Jobs that are not done.", labels=["job", "status"])
        oldest: dict[str, float] = {"queued": 0.0, "running": 0.0, "failed": 0.0}
        for figure in unfinished():
            jobs.add_metric([figure.job, figure.status], figure.count)
            age = max((now - figure.oldest).total_seconds(), 0.0)
            oldest[figure.status] = max(oldest[figure.status], age)
        yield jobs
        ages = GaugeMetricFamily(
            "recourse_oldest_job_age_seconds", "Since the oldest was asked for.", labels=["status"]
        )
        for status, seconds in oldest.items():
            ages.add_metric([status], seconds)
        yield ages
        yield from Installation._of_the_trail(now)
        late = GaugeMetricFamily(
            "recourse_schedule_late_seconds",
            "How long ago a regular job should have been asked for (appeals.check_dates recomputes deadlines).",
            labels=["job"],
        )
        since = GaugeMetricFamily(
            "recourse_schedule_age_seconds", "Since a regular job was last asked for.", labels=["job"]
        )
        for schedule in schedules():
            late.add_metric([schedule.job], max((now - schedule.next_run).total_seconds(), 0.0))
            since.add_metric([schedule.job], (now - schedule.next_run + schedule.every).total_seconds())
        yield late
        yield since

    @staticmethod
    def _of_the_trail(now: datetime) -> Iterator[GaugeMetricFamily]:
        found = what_waits()
        oldest = min((w.oldest for w in found if w.oldest is not None), default=now)
        yield GaugeMetricFamily(
            "recourse_unsealed_events", "Events that wait for their seal.", value=sum(w.events for w in found)
        )
        yield GaugeMetricFamily(
            "recourse_unsealed_seconds",
            "Since the oldest event that waits for its seal was written.",
            value=max((now - oldest).total_seconds(), 0.0),
        )
        ages = GaugeMetricFamily(
            "recourse_anchor_age_seconds", "Since heads were last laid down outside.", labels=["place"]
        )
        for place, at in sorted(anchored().items()):
            ages.add_metric([place], (now - at).total_seconds())
        yield ages


def figures() -> bytes:
    """All figures, of every web process, in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(Installation())
    told = generate_latest(registry)
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        together = CollectorRegistry()
        MultiProcessCollector(together)
        return told + generate_latest(together)
    return told + generate_latest(REGISTRY)


def keep_of_ended(pid: int) -> None:
    """Add what a process that ended has counted to one file for all that ended. Processes are replaced every so many
    requests, and a set of files for each of them would fill the memory they lie in.
    """
    folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    for kind in ("counter", "histogram"):
        file = folder / f"{kind}_{pid}.db"
        if not file.exists():
            continue
        counted = [(key, value) for key, value, _, _ in MmapedDict.read_all_values_from_file(str(file))]
        file.unlink()
        ended = MmapedDict(str(folder / f"{kind}_0.db"))
        for key, value in counted:
            before, moment = ended.read_value(key)
            ended.write_value(key, before + value, moment)
        ended.close()


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures for `Authorization: Bearer <RECOURSE_METRICS_TOKEN>`; 404 for anybody else, and where no token is set."""
    given = request.headers.get("Authorization", "").encode()
    wanted = f"Bearer {settings.METRICS_TOKEN}".encode()
    if not settings.METRICS_TOKEN or not hmac.compare_digest(given, wanted):
        raise Http404
    return HttpResponse(figures(), content_type=CONTENT_TYPE_LATEST)
