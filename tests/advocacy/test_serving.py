"""The family of processes behind `make demo`: what is said when something cannot go on, and that nothing stays behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from advocacy import settings
from advocacy.local_state import CHECKOUT
from advocacy.serving import Ended, port_of, readiness, tell_sizes, unready
from tests.seeded import addresses, copy_of_migrated, drop

# Runs one family; its outcome is the last line. {body} is what the trial does with it.
TRIAL = """
import os
from advocacy.serving import Ended, Family, Stopped
family = Family(dict(os.environ))
try:
    {body}
except Ended as reason:
    print("ended:", reason)
except Stopped:
    print("stopped")
finally:
    family.stop()
"""


def trial(body: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-u", "-c", TRIAL.format(body=body)],
        cwd=CHECKOUT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def outcome(body: str) -> str:
    return trial(body).communicate(timeout=30)[0]


def test_a_step_returns_what_it_wrote() -> None:
    body = 'print("returned", repr(family.finish("step", ["-c", "print(1); print(2)"])))'
    assert outcome(body) == "returned '1\\n2'\n"


def test_a_failing_step_says_what_it_wrote() -> None:
    body = "family.finish('step', ['-c', 'raise SystemExit(\"no such table\")'])"
    assert outcome(body) == "ended: The step 'step' failed:\nno such table\n"


def test_a_child_that_ends_by_itself_is_named_with_its_last_lines() -> None:
    body = "family.start('job worker', ['-c', 'print(7); raise SystemExit(3)']); family.attend(20)"
    assert outcome(body) == "job worker | 7\nended: The job worker ended by itself (exit code 3).\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_children_and_theirs(number: signal.Signals, tmp_path: Path) -> None:
    """The grandchild ignores the polite signal, as a worker in the middle of a job may."""
    pids = tmp_path / "pids"
    grandchild = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    child = (
        "import os, subprocess, sys, time; "
        f"p = subprocess.Popen([sys.executable, '-c', {grandchild!r}]); "
        f"open({str(pids)!r}, 'w').write(str(os.getpid()) + ' ' + str(p.pid)); "
        "print('up'); sys.stdout.flush(); time.sleep(600)"
    )
    running = trial(f"family.start('web server', ['-c', {child!r}]); family.attend(600)")
    assert running.stdout is not None
    assert running.stdout.readline() == "web server | up\n"
    running.send_signal(number)
    assert running.communicate(timeout=20)[0] == "stopped\n"
    end = time.monotonic() + 5
    while any(map(works, pids.read_text().split())) and time.monotonic() < end:
        time.sleep(0.1)
    assert [pid for pid in pids.read_text().split() if works(pid)] == []


def works(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1", "80 80"])
def test_a_port_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Ended, match=f"^PORT={text} is not a port number.$"):
        port_of({"PORT": text})


def test_a_port_in_use_is_said_and_another_is_named() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(Ended) as refused:
            port_of({"PORT": str(port)})
        assert str(refused.value) == (
            f"Port {port} is in use by another program. Choose another: make demo PORT={port + 1}"
        )
    assert port_of({"PORT": str(port)}) == port


def test_what_is_not_ready_is_named() -> None:
    assert readiness(1) == (0, "")
    assert unready("") == "the web server does not answer"
    assert unready('{"checks": {"database": "ok", "migrations": "ok", "worker": "not ready"}}') == "worker"


def test_one_address_alone_is_refused(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"}
    given = {"DATABASE_URL": "postgresql:///x", "RECOURSE_LOCAL_DIR": str(tmp_path / "local"), "PORT": port}
    done = subprocess.run(
        [sys.executable, "-m", "advocacy.serving"],
        cwd=CHECKOUT,
        env=environment | given,
        text=True,
        capture_output=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout.strip()) == (
        1,
        "DATABASE_URL is set alone: set DATABASE_URL and DATABASE_OWNER_URL both, or none.",
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_to_make_alone_is_noticed(number: signal.Signals, tmp_path: Path) -> None:
    """make passes on neither of these; it waits for its child, or is gone."""
    script = (
        "import time; from advocacy.local_state import Make; make = Make(); print('up', flush=True)\n"
        "while not make.has_given_up(): time.sleep(0.05)\n"
        f"open({str(tmp_path / 'noticed')!r}, 'w').close()\n"
    )
    (tmp_path / "script.py").write_text(script)
    (tmp_path / "Makefile").write_text(f"all:\n\t@exec {sys.executable} {tmp_path / 'script.py'}\n")
    made = subprocess.Popen(
        ["make", "-f", str(tmp_path / "Makefile")],
        cwd=CHECKOUT,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert made.stdout is not None
    assert made.stdout.readline() == "up\n"
    made.send_signal(number)
    assert made.wait(10) != 0
    end = time.monotonic() + 5
    while not (tmp_path / "noticed").exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert (tmp_path / "noticed").exists()


def test_a_question_returns_the_exit_code_and_what_was_said() -> None:
    body = "print(family.ask('data', ['-c', 'print(7); raise SystemExit(3)']))"
    assert outcome(body) == "(3, '7')\n"


def test_older_data_ends_the_demo_with_what_to_do_before_anything_is_migrated() -> None:
    source = (CHECKOUT / "advocacy/serving.py").read_text()
    assert "`make clean-data` removes it; then run `make demo` again." in source
    assert source.index('"check_data"') < source.index('"prepare_database"')


def test_the_server_is_told_how_much_there_is() -> None:
    """Of a table that was never looked at it knows nothing (-1)."""
    name = f"sizes_{os.getpid()}"
    copy_of_migrated(name)
    try:
        tell_sizes(addresses(name)["DATABASE_OWNER_URL"])
        with psycopg.connect(addresses(name)["DATABASE_OWNER_URL"]) as owner:
            told = owner.execute("SELECT reltuples FROM pg_class WHERE relname = 'cases_case'").fetchall()
    finally:
        drop(name)
    assert told == [(0,)]


def test_a_command_beside_the_demo_knows_its_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The link that create_organization prints leads to the demo that runs, whatever its port."""
    monkeypatch.setattr(settings, "LOCAL_DIR", tmp_path)
    assert settings.address_of_demo() == "http://localhost:8000"
    (tmp_path / "demo.address").write_text("http://localhost:8077")
    assert settings.address_of_demo() == "http://localhost:8077"
    monkeypatch.setattr(settings, "PRODUCTION", True)
    assert settings.address_of_demo() == "http://localhost:8000"
