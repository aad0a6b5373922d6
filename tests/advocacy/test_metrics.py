"""Figures of operation: for who knows the token, by route and job, and without anything about a person."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from advocacy.background.models import Job
from advocacy.background.queue import enqueue, install_schedules
from advocacy.local_state import CHECKOUT
from advocacy.tenancy.scope import scoped_to

TOKEN = "a token for monitoring"


def figures(client: Client) -> dict[tuple[str, ...], float]:
    """(name, label values ...) -> value."""
    answer = client.get("/health/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


@pytest.mark.parametrize(
    ("set_token", "given"), [("", ""), ("", "Bearer "), (TOKEN, ""), (TOKEN, "Bearer wrong"), (TOKEN, TOKEN)]
)
def test_without_the_token_it_is_not_there(client, settings, set_token, given):
    settings.METRICS_TOKEN = set_token
    headers = {"authorization": given} if given else {}
    client.raise_request_exception = False
    assert client.get("/health/metrics", headers=headers).status_code == 404


def test_requests_are_counted_by_route_and_never_by_address(cast, sign_in, settings):
    settings.METRICS_TOKEN = TOKEN
    nora = sign_in("nora")
    before = figures(nora)
    nora.get("/admin/today/?q=Whitlock")
    nora.get(f"/admin/cases/{cast.case.public_id}/tasks/")
    nora.get("/Whitlock/")
    after = figures(nora)
    grown = {k: after[k] - before.get(k, 0) for k in after if k[0] == "recourse_requests_total"}
    assert {
        (k[2], k[1], k[3]): v for k, v in grown.items() if v and not any("metrics" in part for part in k)
    } == {
        ("appeals:today", "GET", "200"): 1.0,
        ("cases:tasks", "GET", "200"): 1.0,
        ("unmatched", "GET", "404"): 1.0,
    }
    assert (
        after[("recourse_request_seconds_count", "cases:tasks")]
        - before.get(("recourse_request_seconds_count", "cases:tasks"), 0)
        == 1.0
    )
    labels = " ".join(part for key in after for part in key)
    assert re.findall(r"Whitlock|/cases/|[0-9a-f]{8}-", labels) == []


def test_jobs_of_all_organizations_are_counted_and_aged(cast, client, settings):
    settings.METRICS_TOKEN = TOKEN
    enqueue("cases.wake_tasks")
    with scoped_to(cast.meadow.pk, actor="system:test"):
        row = enqueue("cases.wake_tasks")
        failed = enqueue("appeals.check_dates")
        Job.objects.filter(pk=row.pk).update(queued_at=timezone.now() - timedelta(minutes=10))
        Job.objects.filter(pk=failed.pk).update(status="failed")
    install_schedules()
    found = figures(client)
    assert {k[1:]: v for k, v in found.items() if k[0] == "recourse_jobs"} == {
        ("appeals.check_dates", "failed"): 1.0,
        ("cases.wake_tasks", "queued"): 2.0,
    }
    assert 600 <= found[("recourse_oldest_job_age_seconds", "queued")] < 660
    assert found[("recourse_schedule_late_seconds", "appeals.check_dates")] < 60
    assert (found[("recourse_database_up",)], found[("recourse_workers",)]) == (1.0, 0.0)
    assert found[("recourse_documents_free_bytes",)] > 0


@pytest.mark.django_db
def test_without_a_database_it_says_so_and_no_more(client, settings):
    settings.METRICS_TOKEN = TOKEN

    def fail(execute, sql, params, many, context):
        raise OperationalError("the disk of the database is full of Dana Whitlock")

    with connection.execute_wrapper(fail):
        found = figures(client)
    assert found[("recourse_database_up",)] == 0.0
    assert ("recourse_workers",) not in found


SEVERAL = """
import os, sys
sys.path.insert(0, '.')
scope = {}
exec(compile(open('deploy/gunicorn.conf.py').read(), 'deploy/gunicorn.conf.py', 'exec'), scope)
import django; django.setup()
from advocacy.metrics import REQUESTS, figures, keep_of_ended
for n in range(3):
    child = os.fork()
    if not child:
        REQUESTS.labels('appeals:today', 'GET', 200).inc()
        os._exit(0)
    os.waitpid(child, 0)
    if n < 2:
        keep_of_ended(child)
print(sorted(n.partition('_')[0] for n in os.listdir(os.environ['PROMETHEUS_MULTIPROC_DIR']) if n.startswith('counter')))
print([line for line in figures().decode().splitlines() if line.startswith('recourse_requests_total')])
print(scope['workers'], scope['worker_class'], scope['accesslog'], os.path.isdir(os.environ['PROMETHEUS_MULTIPROC_DIR']))
"""


def test_several_processes_give_one_sum(tmp_path):
    environment = {
        **os.environ,
        "RECOURSE_WEB_PROCESSES": "2",
        "DJANGO_SETTINGS_MODULE": "advocacy.settings",
        "DATABASE_URL": "postgresql://recourse_app:secret@/recourse?host=/nonexistent",
    }
    environment.pop("PROMETHEUS_MULTIPROC_DIR", None)
    done = subprocess.run(
        [sys.executable, "-c", SEVERAL], cwd=CHECKOUT, env=environment, text=True, capture_output=True
    )
    assert done.stdout.splitlines() == [
        "['counter', 'counter']",  # the last one's, and that of all before it; the parent never counted
        """['recourse_requests_total{method="GET",route="appeals:today",status="200"} 3.0']""",
        "2 gthread None True",
    ], done.stderr[-2000:]
