"""What deploy/ describes, started in containers: the images and the compose file themselves, where a runtime answers.

Each installation is a compose project of its own with its own volumes, removed at the end.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from advocacy.local_state import CHECKOUT
from deploy.check.browser import Browser
from deploy.check.machine import HOST, KEYS, Failed, Installation
from deploy.make_secrets import make

COMPOSE = CHECKOUT / "deploy/compose.yaml"
CANDIDATES = (["docker", "compose"], ["podman", "compose"], ["docker-compose"])
MAILS = "/var/lib/recourse/documents/.mails"
ROWS = "import json; from deploy.archive import *; print(json.dumps(rows_of(connect(setting('DATABASE_BACKUP_URL')))))"
TRAIL = (
    "import json; from deploy.archive import *; c = connect(setting('DATABASE_BACKUP_URL'));"
    " print(json.dumps([r[0] for r in c.execute('SELECT md5(e::text) FROM audit.event e ORDER BY id')]))"
)


def runtime() -> list[str] | None:
    """The command that drives compose here, where an engine answers it too."""
    for command in CANDIDATES:
        engine = command[0].partition("-")[0]
        if not shutil.which(command[0]) or not shutil.which(engine):
            continue
        for question in ([engine, "info"], [*command, "version"]):
            asked = subprocess.run(question, capture_output=True, check=False, timeout=60)  # noqa: S603
            if asked.returncode:
                break
        else:
            return command
    return None


class Project:
    """One installation as a compose project; the same use as deploy.check.machine.Installation."""

    def __init__(self, command: list[str], name: str, folder: Path, keys_of: Project | None) -> None:
        self.folder = folder / name
        self.secrets, self.mails = self.folder / "secrets", self.folder / "mails"
        self.mails.mkdir(parents=True)
        if keys_of is not None:
            self.secrets.mkdir(mode=0o700)
            for key in KEYS:
                shutil.copy(keys_of.secrets / key, self.secrets / key)
        make(self.secrets, server="db:5432", pooler="pgbouncer:6432")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        # The file itself, with this project's secrets and one place for the backups of both.
        text = COMPOSE.read_text().replace("file: ./secrets/", f"file: {self.secrets}/")
        text = text.replace("context: ..", f"context: {CHECKOUT}").replace(
            '"./roles', f'"{CHECKOUT}/deploy/roles'
        )
        self.backups = folder / "backups"
        self.backups.chmod(0o777)  # in a closed folder; the account of the containers writes there
        text = text.replace('"backups:/var', f'"{self.backups}:/var')
        (self.folder / "compose.yaml").write_text(text)
        project = f"recourse-check-{os.getpid()}-{name}"
        self.command = [*command, "-p", project, "-f", str(self.folder / "compose.yaml")]
        self.kept = ""

    def compose(self, *arguments: str) -> str:
        environment = {
            **os.environ,
            "RECOURSE_HOSTS": HOST,
            "RECOURSE_ORIGINS": f"https://{HOST}",
            "RECOURSE_SITE_URL": f"https://{HOST}",
            "RECOURSE_EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "RECOURSE_MAIL_DIR": MAILS,
            "PORT": str(self.port),
        }
        done = subprocess.run(  # noqa: S603
            [*self.command, *arguments], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Failed(
                f"compose {' '.join(arguments[:4])} failed:\n{done.stdout[-1500:]}{done.stderr[-2500:]}"
            )
        return done.stdout

    def begin(self) -> None:
        self.compose("build", "--quiet")
        self.compose("up", "--detach", "--wait", "db")
        self.compose("run", "--rm", "-T", "roles")

    def migrate(self) -> None:
        self.compose("run", "--rm", "-T", "migrate")

    def serve(self) -> None:
        self.compose("up", "--detach", "--wait", "pgbouncer", "web", "worker")

    def manage(self, *arguments: str) -> str:
        written = self.compose("run", "--rm", "-T", "migrate", "python", "manage.py", *arguments)
        self.fetch_mails()
        return written

    def fetch_mails(self) -> None:
        """Copy what was mailed to where the walk looks for it."""
        script = f"mkdir -p {MAILS}; tar -cf - -C {MAILS} ."
        packed = subprocess.run(  # noqa: S603
            [*self.command, "run", "--rm", "-T", "--no-deps", "migrate", "sh", "-c", script],
            capture_output=True,
            check=False,
            env={**os.environ, "RECOURSE_HOSTS": HOST},
        )
        unpack = ["tar", "-xf", "-", "-C", str(self.mails)]
        subprocess.run(unpack, input=packed.stdout, capture_output=True, check=False)  # noqa: S603

    def take_keys(self, other: Project) -> None:
        """The keys of another installation's organizations, from volume to volume."""
        inside = "/var/lib/recourse/keys"
        run = ("run", "--rm", "-T", "--no-deps", "migrate", "sh", "-c")
        environment = {**os.environ, "RECOURSE_HOSTS": HOST}
        packed = subprocess.run(  # noqa: S603
            [*other.command, *run, f"tar -cf - -C {inside} ."],
            capture_output=True,
            check=True,
            env=environment,
        )
        subprocess.run(  # noqa: S603
            [*self.command, *run, f"tar -xf - -C {inside}"],
            input=packed.stdout,
            capture_output=True,
            check=True,
            env=environment,
        )

    def backup(self, name: str, *more: str) -> str:
        arguments = [f"/var/backups/recourse/{name}", *more]
        if more:
            arguments[-1] = f"/var/backups/recourse/{more[-1]}"
        return self.compose("run", "--rm", "-T", "backup", "python", "-m", "deploy.backup", *arguments)

    def restore(self, name: str, *more: str) -> str:
        folder = f"/var/backups/recourse/{name}"
        return self.compose("run", "--rm", "-T", "restore", "python", "-m", "deploy.restore", folder, *more)

    def manifest(self, name: str) -> dict[str, Any]:
        shown = self.compose(
            *("run", "--rm", "-T", "backup", "cat", f"/var/backups/recourse/{name}/manifest.json")
        )
        manifest: dict[str, Any] = json.loads(shown)
        return manifest

    def rows(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.compose("run", "--rm", "-T", "backup", "python", "-c", ROWS))
        return found

    def trail(self) -> list[str]:
        found: list[str] = json.loads(self.compose("run", "--rm", "-T", "backup", "python", "-c", TRAIL))
        return found

    def browser(self) -> Browser:
        return Browser(self.port, HOST)

    get = Installation.get

    def told(self) -> str:
        return self.kept or self.compose(
            "logs", "--no-color", "--no-log-prefix", "web", "worker", "pgbouncer"
        )

    def rest(self) -> None:
        self.compose("stop", "web", "worker", "pgbouncer")
        self.kept = self.told()

    def end(self) -> None:
        self.compose("--profile", "tools", "down", "--volumes", "--remove-orphans", "--timeout", "5")


def run(command: list[str], check: Callable[[Path, Callable[..., Any]], None]) -> None:
    """The whole check with compose projects; their volumes go at the end, the images stay."""
    folder = Path(tempfile.mkdtemp(prefix="recourse-deploy-check-"))
    made: list[Project] = []

    def project(name: str, keys_of: Project | None = None) -> Project:
        made.append(Project(command, name, folder, keys_of))
        return made[-1]

    try:
        check(folder, project)
    finally:
        for place in made:
            place.end()
        shutil.rmtree(folder, ignore_errors=True)
