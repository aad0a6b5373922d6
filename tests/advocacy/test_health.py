"""The two health addresses, and which roles may serve."""

from __future__ import annotations

import os
import subprocess
import sys

import psycopg
import pytest
from django.conf import settings
from django.test import Client
from django_q.brokers import get_broker
from django_q.signing import SignedPackage
from django_q.status import Stat, Status

from advocacy.health import role_problems
from advocacy.local_state import CHECKOUT
from advocacy.management.commands.check_database import connect


def test_live_answers_without_a_database(client: Client) -> None:
    """Without the database fixture every query is an error here."""
    answer = client.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


@pytest.mark.django_db
def test_ready_names_the_missing_worker_and_is_200_once_it_lives(client: Client) -> None:
    before = client.get("/health/ready")
    assert (before.status_code, before.json()) == (
        503,
        {
            "status": "not ready",
            "checks": {"database": "ok", "migrations": "ok", "worker": "not ready"},
            "queue": 0,
        },
    )
    state = Status(pid=1, cluster_id="one")
    state.workers = [2]
    get_broker().set_stat(Stat.get_key("one"), SignedPackage.dumps(state, True), 3)
    after = client.get("/health/ready")
    assert (after.status_code, after.json()) == (
        200,
        {
            "status": "ready",
            "checks": {"database": "ok", "migrations": "ok", "worker": "ok"},
            "queue": 0,
        },
    )
    assert after.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_health_is_read_only(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


def test_without_a_database_it_lives_is_not_ready_and_says_nothing_more() -> None:
    script = (
        "import django; django.setup()\n"
        "from django.test import Client\n"
        "for path in ('live', 'ready'):\n"
        "    answer = Client(headers={'host': 'localhost'}).get('/health/' + path)\n"
        "    print(answer.status_code, answer.content.decode())\n"
    )
    nowhere = "postgresql://recourse_app:secret@/recourse?host=/nonexistent"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=CHECKOUT,
        env={**os.environ, "DATABASE_URL": nowhere, "DJANGO_SETTINGS_MODULE": "advocacy.settings"},
        text=True,
        capture_output=True,
    )
    assert done.stdout.splitlines() == [
        '200 {"status": "alive"}',
        '503 {"status": "not ready", "checks": '
        '{"database": "not ready", "migrations": "not ready", "worker": "not ready"}, "queue": null}',
    ]
    assert "secret" not in done.stderr


def test_the_application_role_may_serve_and_the_owner_may_not() -> None:
    with connect(settings.OWNER_DATABASE) as owner:
        assert role_problems(owner) == [
            "The role recourse_owner owns the database or its tables: it could change what it is bound by.",
            "recourse_owner may become recourse_search, which has BYPASSRLS: "
            "row-level security does not bind it.",
        ]
    with psycopg.connect(settings_url("DATABASE_URL")) as application:
        assert role_problems(application) == []


def settings_url(name: str) -> str:
    """The address as the program was given it, whatever the test runner made of its settings."""
    return os.environ.get(name) or (settings.LOCAL_DIR / name.lower()).read_text().strip()


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "advocacy.wsgi"],
        ["manage.py", "qcluster"],
    ],
)
def test_web_server_and_worker_refuse_to_serve_as_the_owner(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=CHECKOUT,
        env={
            **os.environ,
            "DATABASE_URL": settings_url("DATABASE_OWNER_URL"),
            "RECOURSE_BIND": "127.0.0.1:0",
        },
        text=True,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].partition(": ")[2].removeprefix(
        "Recourse does not serve: "
    ) == (
        "The role recourse_owner owns the database or its tables: it could change what it is bound by. "
        "recourse_owner may become recourse_search, which has BYPASSRLS: "
        "row-level security does not bind it. "
        "DATABASE_URL must be the application role that deploy/roles.sql makes."
    )
