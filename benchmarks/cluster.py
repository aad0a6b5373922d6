"""The PostgreSQL of the benchmarks: the embedded server in a place of its own, with one database for each size.

It lies where the embedded runner keeps its clusters, outside the checkout, and goes with `make benchmark-clean`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from advocacy.embedded import Server, state_dir
from advocacy.local_state import local_dir

SETTINGS = {
    "shared_buffers": "4GB",
    "effective_cache_size": "12GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "16GB",
    "checkpoint_timeout": "30min",
    "random_page_cost": "1.1",
    "jit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum_naptime": "5min",
    "log_line_prefix": "%m [%p] %d ",
}
"""Durable: fsync, synchronous_commit and checksums stay on. A quarter of small machines' memory, at most 4 GB, is shared."""
CHECKOUT = Path(__file__).resolve().parent.parent


def server() -> Server:
    """The server of the benchmarks of this checkout; not started."""
    state = state_dir(local_dir())
    home = state / "benchmark"
    return Server(home=home, local=home / "local", copies=state)


def settings() -> dict[str, str]:
    quarter = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4 // 2**20
    return SETTINGS | {"shared_buffers": f"{min(4096, quarter)}MB"}


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """The server, up with its settings; it ends with the block, unless another process started it and keeps it."""
    found = server()
    if not found.start():
        yield found
        return
    try:
        with superuser(found) as connection:
            wanted = settings()
            stored = dict(
                connection.execute(
                    "SELECT name, setting FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf'"
                )
            )
            if stored != wanted:
                for name, value in wanted.items():
                    connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        if stored != wanted:
            found.stop()
            found.start()
        yield found
    finally:
        found.stop()


def postmaster(found: Server) -> int:
    return int((found.data / "postmaster.pid").read_text().split()[0])


def superuser(found: Server, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(found.address("postgres", database), autocommit=True)


def environment(found: Server, database: str) -> dict[str, str]:
    """What a program of ours needs to use one of the databases."""
    return os.environ | {
        "DATABASE_URL": found.address("recourse_app", database),
        "DATABASE_OWNER_URL": found.address("recourse_owner", database),
        "RECOURSE_LOCAL_DIR": str(found.local),
        "DJANGO_SETTINGS_MODULE": "advocacy.settings",
        "PYTHONPATH": str(CHECKOUT),
    }


def name_of(cases: int) -> str:
    return f"cases_{cases}"


def made(found: Server, cases: int) -> str:
    """The database with so many cases, generated today; what is missing or of another day is made anew. Returns its name."""
    name, mark = name_of(cases), found.home / f"{name_of(cases)}.made"
    wanted = fingerprint()
    if mark.exists() and (mark.read_text() == wanted or os.environ.get("RECOURSE_BENCHMARK_KEEP")):
        return name
    mark.unlink(missing_ok=True)
    with psycopg.connect(found.address("recourse_owner", "postgres"), autocommit=True) as owner:
        owner.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        owner.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    given = environment(found, name)
    run(["manage.py", "migrate", "-v", "0"], given | {"RECOURSE_AS_OWNER": "1"})
    begun = time.monotonic()
    run(["-m", "benchmarks", "generate", "--cases", str(cases)], given)
    with superuser(found, name) as connection:
        connection.execute("VACUUM (FREEZE, ANALYZE)")
        connection.execute("CHECKPOINT")
    sys.stderr.write(f"{cases:,} cases ready after {time.monotonic() - begun:.0f} s\n")
    mark.write_text(wanted)
    return name


def fingerprint() -> str:
    """Of everything that decides what is in a database: the day, the models, the generator."""
    digest = hashlib.sha256(time.strftime("%Y-%m-%d", time.gmtime()).encode())
    sources = [*CHECKOUT.glob("*/migrations/*.py"), *CHECKOUT.glob("*/*/migrations/*.py")]
    sources += [*CHECKOUT.glob("*/*.sql"), *CHECKOUT.glob("*/*/*.sql")]
    mine = ("casework", "lines", "organization_rows", "plan", "rows", "tables", "words")
    sources += [CHECKOUT / f"benchmarks/{name}.py" for name in mine]
    for source in sorted(sources):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def run(arguments: list[str], given: dict[str, str]) -> None:
    """Run a Python program of the checkout; its failure is ours."""
    done = subprocess.run([sys.executable, *arguments], cwd=CHECKOUT, env=given, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed.")


def remove() -> int:
    """Delete the cluster with all its databases. Returns the exit code."""
    found = server()
    if not found.home.exists():
        return 0
    if not found.own():
        sys.stderr.write("A benchmark is running; let it end first.\n")
        return 1
    found.end_orphan()
    found.remove()
    found.stop()
    shutil.rmtree(found.home, ignore_errors=True)
    return 0
