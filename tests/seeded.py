"""An empty migrated database and the demonstration, each made once by its own commands; who needs one copies it.

`python -m tests.seeded` makes both ahead; `copy_of_migrated` and `copy_of_seeded` make them where nobody did. Of several
processes the first makes one and the others wait.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from django.conf import settings
from django.db import connection, transaction

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("advocacy", "cases", "appeals", "templates")
APPLICATION = {key: settings.DATABASES["default"][key] for key in ("USER", "PASSWORD", "HOST")}
"""As the program was started: a test that lays siege to the database has the connection be a superuser's meanwhile."""
FRESH = timedelta(hours=2)
"""Its dates count back from the moment it was made; older than this it is made again."""


@dataclass(frozen=True)
class Copy:
    """A copy of the demonstration: its database, its folder of documents, the moment its months end with."""

    database: str
    documents: Path
    now: datetime
    addresses: dict[str, str]


def copy_of_seeded(name: str, documents: Path) -> Copy:
    """The demonstration as database `name` and folder `documents` (made here). The caller drops both."""
    with _alone("seeded"):
        now = _make_seeded()
        _execute(f'CREATE DATABASE "{name}" TEMPLATE seeded')
        shutil.copytree(_folder() / "documents", documents, dirs_exist_ok=True)
    return Copy(name, documents, now, addresses(name))


@contextmanager
def inside_copy(name: str, documents: Path) -> Iterator[Copy]:
    """A copy of the demonstration as the connection's database, inside a transaction that is never committed. The caller lets
    the database be used.
    """
    copy = copy_of_seeded(f"{name}_{os.getpid()}", documents)
    connection.close()
    elsewhere, connection.settings_dict["NAME"] = connection.settings_dict["NAME"], copy.database
    outermost = transaction.atomic()
    outermost.__enter__()
    try:
        yield copy
    finally:
        transaction.set_rollback(True)
        outermost.__exit__(None, None, None)
        connection.close()
        connection.settings_dict["NAME"] = elsewhere
        drop(copy.database)


def copy_of_migrated(name: str) -> None:
    """An empty, migrated database `name`; one that is there goes. The caller drops it."""
    with _alone("migrated"):
        _make_migrated()
        drop(name)
        _execute(f'CREATE DATABASE "{name}" TEMPLATE migrated')


def drop(name: str) -> None:
    """Nobody but the server's own vacuum, which no owner may send away, is waited for."""
    for again in reversed(range(20)):
        try:
            _execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            return
        except psycopg.errors.InsufficientPrivilege:
            if not again:
                raise
            time.sleep(0.5)


def addresses(database: str) -> dict[str, str]:
    """What a program of ours needs in its environment to use that database."""
    return {
        "DATABASE_URL": _address(APPLICATION, database),
        "DATABASE_OWNER_URL": _address(settings.OWNER_DATABASE, database),
        "DJANGO_SETTINGS_MODULE": "advocacy.settings",
    }


def _address(parts: dict[str, Any], database: str) -> str:
    user, password = quote(parts["USER"], safe=""), quote(parts["PASSWORD"], safe="")
    return f"postgresql://{user}:{password}@/{database}?host={quote(parts['HOST'], safe='')}"


def _folder() -> Path:
    return Path(settings.LOCAL_DIR) / "seeded"


@contextmanager
def _alone(what: str) -> Iterator[None]:
    _folder().mkdir(parents=True, exist_ok=True)
    with (_folder() / f"{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _execute(statement: str, database: str = "postgres") -> None:
    owner = settings.OWNER_DATABASE
    with psycopg.connect(
        dbname=database, host=owner["HOST"], user=owner["USER"], password=owner["PASSWORD"], autocommit=True
    ) as connection:
        connection.execute(statement)


def _fingerprint() -> str:
    """Of everything the demonstration is made from."""
    digest = hashlib.sha256()
    for source in SOURCES:
        for path in sorted((ROOT / source).rglob("*")):
            if path.is_file() and path.suffix != ".pyc" and "static" not in path.parts:
                digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()


def _made(marker: Path, wanted: str) -> datetime | None:
    """When it was made, if from these sources and not long ago; else its mark is taken away."""
    if marker.exists():
        made = json.loads(marker.read_text())
        at = datetime.fromisoformat(made["at"])
        if made["fingerprint"] == wanted and datetime.now(UTC) - at < FRESH:
            return at
        marker.unlink()
    return None


def _make_migrated() -> None:
    marker, wanted = _folder() / "migrated.json", _fingerprint()
    if _made(marker, wanted):
        return
    drop("migrated")
    _execute('CREATE DATABASE "migrated" TEMPLATE template0')
    _manage("migrate", os.environ | addresses("migrated") | {"RECOURSE_AS_OWNER": "1"})
    marker.write_text(json.dumps({"fingerprint": wanted, "at": datetime.now(UTC).isoformat()}))


def _make_seeded() -> datetime:
    marker, wanted = _folder() / "seeded.json", _fingerprint()
    at = _made(marker, wanted)
    if at is not None:
        return at
    copy_of_migrated("seeded")
    shutil.rmtree(_folder() / "documents", ignore_errors=True)
    (_folder() / "documents").mkdir()
    environment = os.environ | addresses("seeded") | {"RECOURSE_DATA_DIR": str(_folder() / "documents")}
    at = datetime.now(UTC)
    _manage("seed_demo", environment, "--at", at.isoformat())
    # What a worker does once a day waits for tomorrow: else each copy would begin with it, beside who works there.
    _manage("schedule_jobs", environment)
    _execute(
        "UPDATE django_q_schedule SET next_run = now() + interval '1 day' WHERE minutes >= 1440", "seeded"
    )
    # As the server does by itself a minute later; until then it plans for empty tables, and counting figures takes minutes.
    _execute("ANALYZE", "seeded")
    marker.write_text(json.dumps({"fingerprint": wanted, "at": at.isoformat()}))
    return at


def _manage(command: str, environment: dict[str, str], *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", command, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"{command}: {done.stdout[-3000:]}\n{done.stderr[-6000:]}")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "advocacy.settings")
    with _alone("seeded"):
        _make_seeded()
