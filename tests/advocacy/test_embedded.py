"""The embedded PostgreSQL on a real cluster: racing starters, kill -9, roles apart, nothing left behind."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from advocacy.embedded import DATABASE_SQL, ROLES_SQL, Server, demo_server, state_dir
from advocacy.health import role_problems
from advocacy.local_state import CHECKOUT, hold
from advocacy.postgres_programs import EmbeddedError

# Starts the server, proves that it works, says so, and holds on until its input is closed.
STARTER = """
import sys
import psycopg
from advocacy.embedded import demo_server
server = demo_server()
owned = server.start()
with psycopg.connect(server.address("recourse_app")) as connection:
    answer = connection.execute("SELECT current_user").fetchone()[0]
print("owned" if owned else "joined", answer, server.process.pid if owned else 0, flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A checkout's local state of its own, and everything it leads to removed at the end."""
    path = tmp_path_factory.mktemp("embedded") / "local"
    before = os.environ.get("RECOURSE_LOCAL_DIR")
    os.environ["RECOURSE_LOCAL_DIR"] = str(path)
    yield path.resolve()
    demo_server().remove()
    shutil.rmtree(state_dir(path.resolve()), ignore_errors=True)
    os.environ.pop("RECOURSE_LOCAL_DIR")
    if before is not None:
        os.environ["RECOURSE_LOCAL_DIR"] = before


@pytest.fixture
def server(local: Path) -> Iterator[Server]:
    started = demo_server()
    assert started.start() is True
    yield started
    started.stop()


def starter() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", STARTER],
        cwd=CHECKOUT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def said(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    return process.stdout.readline().split()


def let_go(process: subprocess.Popen[str]) -> int:
    assert process.stdin is not None
    process.stdin.close()
    return process.wait(30)


def alive(pid: int) -> bool:
    """A zombie is not alive: only whoever started it can bury it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid: int, seconds: float = 15) -> bool:
    end = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.05)
    return not alive(pid)


def test_of_eight_racing_starters_one_owns_the_server_and_all_reach_it(local: Path) -> None:
    racers = [starter() for _ in range(8)]
    answers = [said(racer) for racer in racers]
    assert sorted(answer[0] for answer in answers) == ["joined"] * 7 + ["owned"]
    assert {answer[1] for answer in answers} == {"recourse_app"}
    joined = [racer for racer, answer in zip(racers, answers, strict=True) if answer[0] == "joined"]
    owner = next(racer for racer in racers if racer not in joined)
    assert [let_go(racer) for racer in [*joined, owner]] == [0] * 8
    assert gone(int(next(answer[2] for answer in answers if answer[0] == "owned")), 0)


def test_addresses_and_passwords_are_private_and_no_port_is_open(server: Server) -> None:
    for path in (
        server.local / "database_url",
        server.local / "database_owner_url",
        server.home / "passwords.json",
    ):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(server.socket.stat().st_mode) == 0o700
    assert len(str(server.socket)) < 80
    with psycopg.connect(server.address("postgres")) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SHOW data_checksums").fetchone() == ("on",)
    wrong = server.address("recourse_app").replace(server.passwords()["recourse_app"], "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_data_survives_a_killed_postmaster(server: Server) -> None:
    with psycopg.connect(server.address("recourse_owner")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    assert server.process is not None
    server.process.kill()  # not waited for: the dead process stays a zombie while the next one starts
    server._owner = os.close(server._owner or 0)  # as the kernel does when the owner dies too
    again = demo_server()
    assert again.start() is True
    with psycopg.connect(again.address("recourse_app")) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
    with psycopg.connect(again.address("recourse_owner")) as connection:
        connection.execute("DROP TABLE kept")
    again.stop()


def test_the_server_ends_with_its_killed_owner_and_starts_again(local: Path) -> None:
    owner = starter()
    postmaster = int(said(owner)[2])
    owner.kill()
    owner.wait()
    assert gone(postmaster)
    second = starter()
    assert said(second)[:2] == ["owned", "recourse_app"]
    assert let_go(second) == 0


def test_a_server_without_an_owner_is_stopped_before_the_next_start(server: Server) -> None:
    """Where the kernel cannot tell the server of its owner's death, the next starter ends it."""
    assert server.process is not None
    server._owner = os.close(server._owner or 0)
    again = demo_server()
    assert again.start() is True
    assert again.process is not None
    assert server.process.wait(1) == 0
    assert server.process.pid != again.process.pid
    again.stop()


def test_roles_are_apart(server: Server) -> None:
    with psycopg.connect(server.address("postgres")) as connection:
        rows = connection.execute(
            "SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolinherit"
            " FROM pg_roles WHERE rolname LIKE 'recourse%' ORDER BY rolname"
        ).fetchall()
    assert rows == [
        ("recourse_app", True, False, False, False, False, False),
        ("recourse_audit", False, False, False, False, False, True),
        ("recourse_backup", True, False, True, False, False, True),
        ("recourse_operator", True, False, False, False, False, True),
        ("recourse_owner", True, False, False, True, False, True),
        ("recourse_reporting", False, False, False, False, False, True),
        ("recourse_search", False, False, True, False, False, True),
    ]


def test_the_owners_part_runs_again_on_a_new_database_and_grants_what_is_meant(server: Server) -> None:
    """What migrations do on the databases of the test runner: as owner, twice, from the constant."""
    with psycopg.connect(server.address("recourse_owner"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE other")
    with psycopg.connect(server.address("recourse_owner", "other")) as owner:
        owner.execute(DATABASE_SQL)
        owner.execute(DATABASE_SQL)
        owner.execute("CREATE TABLE public.thing (id bigint GENERATED ALWAYS AS IDENTITY, word text)")
        owner.execute("CREATE INDEX ON public.thing USING gin (id, word gin_trgm_ops)")
        owner.execute("CREATE FUNCTION search.one() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'")
        owner.execute("ALTER FUNCTION search.one() OWNER TO recourse_search")
        owner.execute("SET ROLE recourse_audit")
        owner.execute("CREATE TABLE audit.event (id bigint)")
        owner.execute("CREATE FUNCTION audit.two() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 2'")
    refused = []
    with psycopg.connect(server.address("recourse_app", "other"), autocommit=True) as app:
        app.execute("INSERT INTO thing (word) VALUES ('a')")
        app.execute("UPDATE thing SET word = 'b'")
        assert app.execute("SELECT id, word FROM thing").fetchall() == [(1, "b")]
        app.execute("DELETE FROM thing")
        for statement in (
            "TRUNCATE thing",
            "CREATE TABLE mine (id int)",
            "CREATE TEMPORARY TABLE mine (id int)",
            "CREATE SCHEMA mine",
            "SELECT * FROM audit.event",
            "SELECT audit.two()",
            "SET ROLE recourse_owner",
            "SET ROLE recourse_audit",
            "SET ROLE recourse_search",
        ):
            try:
                app.execute(statement)
            except psycopg.errors.InsufficientPrivilege:
                refused.append(statement)
        assert len(refused) == 9
        app.execute("SET ROLE recourse_reporting")
    with psycopg.connect(server.address("recourse_owner"), autocommit=True) as connection:
        connection.execute("DROP DATABASE other")


def test_roles_that_must_not_serve_are_named(server: Server) -> None:
    found = {}
    with psycopg.connect(server.address("postgres"), autocommit=True) as connection:
        found["superuser"] = role_problems(connection)
        for name in ("recourse_app", "recourse_owner"):
            with psycopg.connect(server.address(name)) as other:
                found[name] = role_problems(other)
        connection.execute("GRANT recourse_search TO recourse_app")
        with psycopg.connect(server.address("recourse_app")) as other:
            found["member"] = role_problems(other)
        connection.execute("REVOKE recourse_search FROM recourse_app")
    assert found == {
        "superuser": ["The role postgres is a superuser: row-level security does not bind it."],
        "recourse_app": [],
        "recourse_owner": [
            "The role recourse_owner owns the database or its tables: it could change what it is bound by.",
            "recourse_owner may become recourse_search, which has BYPASSRLS: "
            "row-level security does not bind it.",
        ],
        "member": [
            "recourse_app may become recourse_search, which has BYPASSRLS: "
            "row-level security does not bind it."
        ],
    }


def check_database(server: Server, **addresses: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "manage.py", "check_database"],
        cwd=CHECKOUT,
        env={**os.environ, **server.environment(), **addresses},
        text=True,
        capture_output=True,
    )
    return done.returncode, (done.stdout + done.stderr).strip()


def test_a_given_server_is_checked_and_not_changed(server: Server) -> None:
    advice = (
        "Run deploy/roles.sql as a superuser first (its head says how; "
        "`python -m advocacy.embedded roles` prints it)."
    )
    assert check_database(server) == (
        0,
        "The database has its roles apart, and the application role is bound by row-level security.",
    )
    assert check_database(server, DATABASE_URL=server.address("postgres")) == (
        1,
        "CommandError: The database is not ready for Recourse:\n"
        "  The role postgres is a superuser: row-level security does not bind it.\n"
        "  DATABASE_URL signs in as postgres; it should be recourse_app.\n"
        f"  {advice}",
    )
    with psycopg.connect(server.address("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE bare")
        connection.execute("ALTER ROLE recourse_reporting RENAME TO forgotten")
        result = check_database(server, DATABASE_OWNER_URL=server.address("recourse_owner", "bare"))
        connection.execute("ALTER ROLE forgotten RENAME TO recourse_reporting")
        connection.execute("DROP DATABASE bare")
    assert result == (
        1,
        "CommandError: The database is not ready for Recourse:\n"
        "  The role recourse_reporting does not exist.\n"
        "  The database bare does not belong to recourse_owner.\n"
        "  The schema audit of recourse_audit does not exist.\n"
        "  The schema search of recourse_search does not exist.\n"
        "  Everybody may make large objects, which row-level security does not bind.\n"
        f"  {advice}",
    )


def test_data_of_another_major_version_is_refused_and_kept(local: Path) -> None:
    server = demo_server()
    version = server.data / "PG_VERSION"
    before = version.read_text()
    version.write_text("12\n")
    with pytest.raises(EmbeddedError, match="The data was made by PostgreSQL 12, but the server here is"):
        server.start()
    version.write_text(before)
    assert server.start() is True
    server.stop()


def test_the_command_line_prints_the_roles_and_explains_itself() -> None:
    command = [sys.executable, "-m", "advocacy.embedded"]
    printed = subprocess.run([*command, "roles"], cwd=CHECKOUT, text=True, capture_output=True)
    assert (printed.returncode, printed.stdout) == (0, ROLES_SQL)
    assert printed.stdout == (CHECKOUT / "deploy/roles.sql").read_text()
    explained = subprocess.run([*command, "nonsense"], cwd=CHECKOUT, text=True, capture_output=True)
    assert (explained.returncode, explained.stdout) == (2, "")


def test_a_throwaway_server_passes_on_the_exit_code_and_leaves_nothing(local: Path) -> None:
    script = 'echo "$RECOURSE_LOCAL_DIR"; exit 3'
    command = [sys.executable, "-m", "advocacy.embedded", "run", "--throwaway", "bash", "-c", script]
    done = subprocess.run(command, cwd=CHECKOUT, text=True, capture_output=True)
    assert done.returncode == 3
    home = Path(done.stdout.strip()).parent
    assert home.parent == state_dir(local)
    assert not home.exists()


def test_what_a_killed_test_run_left_is_deleted_by_the_next(local: Path) -> None:
    command = [sys.executable, "-m", "advocacy.embedded", "run", "--throwaway"]
    script = 'echo "$RECOURSE_LOCAL_DIR"; exec sleep 600'
    killed = subprocess.Popen(
        [*command, "bash", "-c", script], cwd=CHECKOUT, text=True, stdout=subprocess.PIPE
    )
    assert killed.stdout is not None
    home = Path(killed.stdout.readline().strip()).parent
    sleeper = Path(f"/proc/{killed.pid}/task/{killed.pid}/children").read_text().split()
    killed.kill()
    killed.wait()
    assert home.exists()
    assert subprocess.run([*command, "true"], cwd=CHECKOUT).returncode == 0
    assert not home.exists()
    for pid in sleeper:
        if alive(int(pid)):
            os.kill(int(pid), signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_reaches_the_command_and_stops_the_server(local: Path, number: signal.Signals) -> None:
    script = 'echo "$RECOURSE_LOCAL_DIR"; exec sleep 600'
    command = [sys.executable, "-m", "advocacy.embedded", "run", "--throwaway", "bash", "-c", script]
    running = subprocess.Popen(command, cwd=CHECKOUT, text=True, stdout=subprocess.PIPE)
    assert running.stdout is not None
    home = Path(running.stdout.readline().strip()).parent
    running.send_signal(number)
    assert running.wait(20) == 128 + number
    assert not home.exists()


def test_a_lock_is_held_by_one_and_free_after_its_process(tmp_path: Path) -> None:
    first = hold(tmp_path / "lock")
    assert first is not None
    assert hold(tmp_path / "lock") is None
    os.close(first)
    second = hold(tmp_path / "lock")
    assert second is not None
    os.close(second)
