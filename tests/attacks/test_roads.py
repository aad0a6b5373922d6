"""The same carelessness (broken.py) by every road to the database: a new connection, one that others used, PgBouncer in
transaction mode, a pool, threads, the worker's own process, a management command, a bare cursor.

Two organizations take turns on each road, some of their transactions break off in the middle, and in between somebody asks
in no scope at all. Rows are really committed; the tables are emptied behind.
"""

from __future__ import annotations

import configparser
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import close_old_connections, connection, transaction

from advocacy.background import queue
from advocacy.background.models import Job
from advocacy.postgres_programs import Programs
from advocacy.tenancy.scope import SETTINGS_SQL, Scope, scoped_to, settings_of
from cases.models import Case
from deploy.check.machine import SBIN, CannotCheck, provide
from tests.attacks.broken import STATEMENTS, Broken, careless, reached, registered_job
from tests.cast import assemble

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]
ROUNDS = 24


class Broke(Exception):
    """In the middle of a transaction."""


@pytest.fixture
def two(db):
    """Harbor and Meadow, each with its case: organization -> (its key, the other's case)."""
    with transaction.atomic():
        cast = assemble()
    return [
        (cast.harbor.pk, cast.meadow_case.pk),
        (cast.meadow.pk, cast.case.pk),
    ]


def once(organization: int, foreign: int, *, breaks: bool) -> list[str]:
    """One transaction in the organization's scope, and what was wrong in it; then one in no scope, on the same connection."""
    wrong = []
    try:
        with scoped_to(organization), transaction.atomic():
            told = careless(foreign)
            transaction.set_rollback(True)
            if told != expected_of(organization):
                wrong.append(f"{organization}: {told}")
            if breaks:
                raise Broke
    except Broke:
        pass
    with transaction.atomic(), connection.cursor() as cursor:
        for what, statement in STATEMENTS.items():
            cursor.execute(statement, {"key": foreign})
            if cursor.fetchall():
                wrong.append(f"in no scope: {what}")
        transaction.set_rollback(True)
    return wrong


def expected_of(organization: int) -> dict[str, list[int]]:
    """The two have a case and its patient; of the other tables there is nothing in either."""
    told = reached([organization], [])
    return told | {key: [] for key in ["counted", "plain search text", "deleted"]}


def in_turns(two: list[tuple[int, int]]) -> list[str]:
    return [w for n in range(ROUNDS) for w in once(*two[n % 2], breaks=n % 3 == 0)]


def in_threads(two: list[tuple[int, int]], threads: int) -> list[str]:
    def work(number: int) -> list[str]:
        try:
            return [w for n in range(ROUNDS) for w in once(*two[(n + number) % 2], breaks=n % 3 == 0)]
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return [w for found in pool.map(work, range(threads)) for w in found]


@contextmanager
def reached_by(**changed: object) -> Iterator[None]:
    """Connections made inside are made so; all threads share the settings."""
    before = {key: connection.settings_dict[key] for key in changed}
    connection.close()
    connection.settings_dict.update(changed)
    try:
        yield
    finally:
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()
        connection.settings_dict.update(before)


def test_a_connection_that_stays(two):
    assert in_turns(two) == []


def test_a_new_connection_each_time(two):
    with reached_by(CONN_MAX_AGE=0):
        for n in range(6):
            assert once(*two[n % 2], breaks=n % 3 == 0) == []
            close_old_connections()


def test_threads(two):
    assert in_threads(two, 8) == []


def test_a_pool_with_fewer_connections_than_threads(two):
    options = settings.DATABASES["default"]["OPTIONS"] | {
        "pool": {"min_size": 1, "max_size": 2, "timeout": 60}
    }
    with reached_by(OPTIONS=options, CONN_MAX_AGE=0):
        assert in_threads(two, 8) == []


# -- PgBouncer ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def bouncer(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """deploy/pgbouncer.ini with two connections for everybody; the folder of its socket."""
    if shutil.which("pgbouncer", path=SBIN) is None:
        monkeypatch.setenv("RECOURSE_PG_BIN", os.environ.get("RECOURSE_PG_BIN", ""))
        try:
            provide()
        except CannotCheck as missing:
            pytest.skip(str(missing))
    given = connection.settings_dict
    account = Programs(Path(settings.LOCAL_DIR))
    folder = Path(given["HOST"]) / f"pool-{os.getpid()}"
    folder.mkdir()
    config = configparser.ConfigParser(interpolation=None)
    config.read(Path(settings.BASE_DIR) / "deploy/pgbouncer.ini")
    config["databases"] = {given["NAME"]: f"host={given['HOST']} dbname={given['NAME']}"}
    config["pgbouncer"].update(
        {
            "listen_addr": "",
            "unix_socket_dir": str(folder),
            "auth_file": str(folder / "users"),
            "default_pool_size": "2",
            "reserve_pool_size": "0",
        }
    )
    with (folder / "ini").open("w") as written:
        config.write(written)
    (folder / "users").write_text(f'"{given["USER"]}" "{given["PASSWORD"]}"\n')
    account.give(folder, folder / "ini", folder / "users")
    program = shutil.which("pgbouncer", path=SBIN) or "pgbouncer"
    process = subprocess.Popen(
        [program, str(folder / "ini")], stderr=subprocess.DEVNULL, **account.as_account()
    )
    try:
        end = time.monotonic() + 15
        while not (folder / ".s.PGSQL.6432").exists():
            assert time.monotonic() < end, "PgBouncer does not start"
            time.sleep(0.1)
        yield str(folder)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(15)
        shutil.rmtree(folder)


def test_pgbouncer_with_connections_that_others_used(two, bouncer):
    options = settings.DATABASES["default"]["OPTIONS"] | {"prepare_threshold": None}
    with reached_by(HOST=bouncer, PORT="6432", OPTIONS=options, DISABLE_SERVER_SIDE_CURSORS=True):
        assert in_threads(two, 8) == []
        with psycopg.connect(
            host=bouncer,
            port=6432,
            dbname=connection.settings_dict["NAME"],
            user=connection.settings_dict["USER"],
            password=connection.settings_dict["PASSWORD"],
            prepare_threshold=None,
        ) as bare:
            for organization, foreign in two * 4:
                bare.execute(SETTINGS_SQL, settings_of(Scope(organization)))
                told = bare.execute("SELECT organization_id, id FROM cases_case").fetchall()
                assert [row[0] for row in told] == [organization]
                assert foreign not in [row[1] for row in told]
                bare.commit()
                assert bare.execute("SELECT id FROM cases_case").fetchall() == []
                bare.rollback()


# -- other programs ----------------------------------------------------------------------------------------------------
def test_a_management_command(two):
    for organization, foreign in two:
        with pytest.raises(Broken.Told) as told:
            call_command(Broken(), organization=organization, key=foreign)
        assert json.loads(str(told.value)) == expected_of(organization)


def test_a_bare_cursor(two):
    """Server-side cursors too: what they read belongs to the transaction that opened them."""
    for organization, foreign in two * 2:
        with scoped_to(organization), transaction.atomic():
            assert [row.organization_id for row in Case.objects.iterator(chunk_size=1)] == [organization]
            with connection.chunked_cursor() as cursor:
                cursor.execute("SELECT organization_id, id FROM cases_case")
                rows = cursor.fetchall()
            assert [row[0] for row in rows] == [organization]
            assert foreign not in [row[1] for row in rows]


def test_the_worker_in_a_process_of_its_own(two):
    """One worker does the broken job of both, several times; what it met stands in the job's reason."""
    name = connection.settings_dict["NAME"]
    asked = []
    with registered_job() as job:
        for organization, foreign in two * 3:
            with scoped_to(organization), transaction.atomic():
                asked.append((organization, queue.enqueue(job, case=foreign).pk))
    given = connection.settings_dict
    url = f"postgresql://{given['USER']}:{given['PASSWORD']}@/{name}?host={given['HOST']}"
    process = subprocess.Popen(
        [sys.executable, "manage.py", "qcluster"],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.attacks.worker_settings"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        end = time.monotonic() + 90
        told = {}
        while len(told) < len(asked) and time.monotonic() < end:
            time.sleep(0.5)
            for organization, key in asked:
                with scoped_to(organization), transaction.atomic():
                    row = Job.objects.get(pk=key)
                if row.status == Job.Status.FAILED:
                    told[key] = (organization, row.reason)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    assert len(told) == len(asked)
    for organization, reason in told.values():
        assert json.loads(reason) == expected_of(organization)
