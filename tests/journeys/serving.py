"""An installation of its own for the journeys and the scanners: gunicorn and the job worker on a copy of the demonstration."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from tests.seeded import copy_of_seeded, drop

ROOT = Path(settings.BASE_DIR)
PYTHON = sys.executable
METRICS_TOKEN = "figures-of-a-test"


@dataclass
class Running:
    """A served installation: its address, its environment (for management commands), its mails, its worker's process."""

    url: str
    environment: dict[str, str]
    mails: Path
    log: Path
    start_worker: Callable[[], subprocess.Popen[bytes]] | None = None
    worker: subprocess.Popen[bytes] | None = None
    remembered: dict[str, Any] = field(default_factory=dict)
    captured: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """What browsers saw beside pages: kind -> texts (captured.py)."""
    listener: subprocess.Popen[str] | None = None
    """A process that was started once and runs what `shell` is given."""

    def shell(self, script: str, **given: Any) -> Any:
        """Run Python against it, with `given` as the variable `given`; what the script leaves in `result` comes back."""
        if self.listener is None:
            self.listener = subprocess.Popen(
                [PYTHON, "-m", "tests.journeys.listening"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        to, back = self.listener.stdin, self.listener.stdout
        assert to is not None and back is not None
        to.write(json.dumps({"script": script, "given": given}) + "\n")
        to.flush()
        answer = json.loads(back.readline() or '{"error": "It ended."}')
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def kill_worker(self) -> None:
        """As a power cut would: the whole process group, at once."""
        assert self.worker is not None
        os.killpg(self.worker.pid, signal.SIGKILL)
        self.worker.wait(15)

    def restart_worker(self) -> None:
        assert self.start_worker is not None
        self.worker = self.start_worker()

    def manage(self, *arguments: str, owner: bool = False) -> str:
        """Run a management command against it and return what it printed."""
        more = {"RECOURSE_AS_OWNER": "1"} if owner else {}
        done = subprocess.run(
            [PYTHON, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment | more,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout[-3000:]}\n{done.stderr[-6000:]}"
        return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serve(folder: Path) -> Iterator[Running]:
    """An installation as `make demo` has it, migrated, seeded, served, with all it writes in this folder."""
    copy = copy_of_seeded(f"journeys_{os.getpid()}", folder / "documents")
    mails = folder / "mails"
    mails.mkdir()
    port = free_port()
    environment = {
        **os.environ,
        **copy.addresses,
        "RECOURSE_LOCAL_DIR": str(folder),
        "RECOURSE_SECRET_FILE": str(Path(settings.LOCAL_DIR) / "keys.json"),
        "RECOURSE_KEYSTORE": str(settings.KEYSTORE),
        "RECOURSE_EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "RECOURSE_MAIL_DIR": str(mails),
        "RECOURSE_JOB_RETRY": "20",
        "RECOURSE_SECOND_FACTOR": "optional",
        "RECOURSE_OUTGOING_LOOPBACK": "1",
        "RECOURSE_TEXTS": "folder",
        "RECOURSE_METRICS_TOKEN": METRICS_TOKEN,
        "RECOURSE_ACCESS_LOG": "1",
        "PORT": str(port),
    }
    running = Running(f"http://localhost:{port}", environment, mails, folder / "server.log")
    log = running.log.open("w")
    children: list[subprocess.Popen[bytes]] = []
    try:

        def start(*arguments: str) -> subprocess.Popen[bytes]:
            child = subprocess.Popen(
                [PYTHON, *arguments],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            children.append(child)
            return child

        start("-m", "gunicorn", "advocacy.wsgi", "-c", "deploy/gunicorn.conf.py", "-b", f"127.0.0.1:{port}")
        running.start_worker = lambda: start("manage.py", "qcluster")
        running.restart_worker()
        wait_until_ready(running.url, log.name)
        yield running
    finally:
        if running.listener is not None:
            running.listener.communicate()
        for child in children:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGTERM)
        for child in children:
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
        log.close()
        drop(copy.database)


def wait_until_ready(url: str, log: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{url}/health/ready", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise AssertionError(f"The server did not become ready:\n{Path(log).read_text()[-4000:]}")
