"""What deploy/ describes, started on this machine: the same scripts and settings, PostgreSQL and PgBouncer from packages.

Everything lies in one private folder and listens on Unix sockets, the web server apart; everything ends with this process.
"""

from __future__ import annotations

import configparser
import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg

from advocacy.embedded import Server, state_dir
from advocacy.local_state import CHECKOUT, dies_with_parent, local_dir
from deploy.archive import connect, read_manifest, rows_of
from deploy.check.browser import Browser
from deploy.make_secrets import make

HOST = "recourse.example"
OLDEST = 15
SBIN = "/usr/sbin:/usr/bin:/sbin:/bin"
# Kept of what makes files and documents readable; the database's addresses are each installation's own.
KEYS = (
    "secret_key",
    "field_key",
    "index_key",
    "seal_key",
    "leaf_key",
    "seal_public_keys",
    "retired_keys",
    "metrics_token",
)
EVENTS = "SELECT md5(e::text) FROM audit.event e ORDER BY id"


class Failed(Exception):
    """The deployment does not do what it should; the message says what."""


class CannotCheck(Exception):
    """Something that is needed is not on this machine and cannot be installed here."""


class Cluster(Server):
    """An empty server, as a package leaves it: no roles and no database of ours."""

    def _make_roles(self) -> None:
        """deploy/roles.sh makes them."""


def packaged() -> Path | None:
    """The programs of the distribution's newest server that is new enough."""
    found = {
        int(p.parent.name): p for p in Path("/usr/lib/postgresql").glob("*/bin") if (p / "postgres").exists()
    }
    return found[max(found)] if found and max(found) >= OLDEST else None


def provide() -> str:
    """PostgreSQL and PgBouncer of the distribution, installed where this user may; says which server it is.

    Where the package of the server does not come, the embedded one serves; PgBouncer has to be there. Raises CannotCheck.
    """
    wanted = [] if packaged() or os.environ.get("RECOURSE_PG_BIN") else ["postgresql"]
    if shutil.which("pgbouncer", path=SBIN) is None:
        wanted.append("pgbouncer")
    if wanted and os.geteuid() == 0 and shutil.which("apt-get"):
        _apt("update", "-qq")
        for package in wanted:
            _apt("install", "-y", "-qq", "--no-install-recommends", package)
    if shutil.which("pgbouncer", path=SBIN) is None:
        raise CannotCheck("PgBouncer is missing. Install it: apt-get install pgbouncer")
    folder = packaged()
    if folder and not os.environ.get("RECOURSE_PG_BIN"):
        os.environ["RECOURSE_PG_BIN"] = str(folder)
    given = os.environ.get("RECOURSE_PG_BIN")
    return f"PostgreSQL of {given}" if given else "the embedded PostgreSQL"


def _apt(*arguments: str) -> None:
    """As quietly as it goes; a package that does not come is noticed afterward. No service is started."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(  # noqa: S603
            ["apt-get", *arguments],  # noqa: S607
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=240,
            check=False,
        )


class Installation:
    """One installation: a server, its pooler, the web server and the worker, each in its turn."""

    def __init__(self, name: str, folder: Path, static: Path, keys_of: Installation | None = None) -> None:
        self.name, self.folder, self.static = name, folder / name, static
        self.folder.mkdir(mode=0o700)
        self.secrets, self.documents, self.mails, self.keys = (
            self.folder / n for n in ("secrets", "documents", "mails", "keys")
        )
        self.log, self.backups = self.folder / "log", folder / "backups"
        self.anchors = folder / "anchors"  # stands for another host's: it outlives the installation
        self.anchors.mkdir(mode=0o700, exist_ok=True)
        for made in (self.secrets, self.documents, self.mails):
            made.mkdir(mode=0o700)
        if keys_of is not None:
            for key in KEYS:
                shutil.copy(keys_of.secrets / key, self.secrets / key)
        state = state_dir(local_dir())
        state.mkdir(parents=True, exist_ok=True)
        home = state / f"deploy-check-{os.getpid()}-{name}"
        self.server = Cluster(home=home, local=self.folder / "local", copies=state, throwaway=True)
        self.children: list[subprocess.Popen[bytes]] = []
        self.port = _free_port()

    # --- up ---

    def begin(self) -> None:
        """The server as it comes, then its roles."""
        self.server.start()
        place = f"{self.server.socket}:5432"
        make(self.secrets, server=place, pooler=f"{self.server.socket}:6432")
        password = self.secrets / "superuser_password"
        password.unlink()
        password.write_text(self.server.passwords()["postgres"])
        self.script(
            "deploy/roles.sh",
            PGHOST=str(self.server.socket),
            PGUSER="postgres",
            PGPASSWORD_FILE=str(password),
            SECRETS=str(self.secrets),
            PSQL=str(self.server.programs.folder() / "psql"),
        )

    def migrate(self) -> None:
        self.script("deploy/migrate.sh", **self.straight())

    def serve(self) -> None:
        """Pooler, web server and worker, until /health/ready says so."""
        self.pool()
        self.start("-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "advocacy.wsgi")
        self.start("manage.py", "qcluster")
        end, answer = time.monotonic() + 90, (0, b"")
        while (answer := self.get("/health/ready"))[0] != 200:
            if time.monotonic() > end:
                raise Failed(f"Not ready after 90 seconds: {answer}\n{self.told()[-2000:]}")
            for child in self.children:
                if child.poll() is not None:
                    raise Failed(f"{child.args} ended by itself:\n{self.told()[-2000:]}")
            time.sleep(0.3)

    def pool(self) -> None:
        """PgBouncer with deploy/pgbouncer.ini, the places changed."""
        config = configparser.ConfigParser(interpolation=None)
        config.read(CHECKOUT / "deploy/pgbouncer.ini")
        config["databases"]["recourse"] = f"host={self.server.socket} port=5432 dbname=recourse"
        users = self.server.home / "userlist.txt"
        places = {"listen_addr": "", "unix_socket_dir": str(self.server.socket), "auth_file": str(users)}
        config["pgbouncer"].update(places)
        file = self.server.home / "pgbouncer.ini"
        with file.open("w") as written:
            config.write(written)
        users.write_text((self.secrets / "userlist.txt").read_text())
        for path in (file, users):
            path.chmod(0o600)
        self.server.programs.give(file, users)
        program = shutil.which("pgbouncer", path=SBIN) or "pgbouncer"
        self._start([program, str(file)], **self.server.programs.as_account())
        end = time.monotonic() + 15
        while not (self.server.socket / ".s.PGSQL.6432").exists():
            if time.monotonic() > end:
                raise Failed(f"PgBouncer does not start:\n{self.told()[-2000:]}")
            time.sleep(0.1)

    def settings(self) -> dict[str, str]:
        """What compose.yaml gives to web and worker."""
        return {
            "PATH": SBIN,
            "LC_ALL": "C.UTF-8",
            "HOME": str(self.folder),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "RECOURSE_PG_BIN": str(self.server.programs.folder()),
            "RECOURSE_PRODUCTION": "1",
            "RECOURSE_HOSTS": HOST,
            "RECOURSE_ORIGINS": f"https://{HOST}",
            "RECOURSE_SITE_URL": f"https://{HOST}",
            "RECOURSE_TLS_ELSEWHERE": "1",
            "RECOURSE_PROXIES": "1",
            "RECOURSE_EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "RECOURSE_MAIL_DIR": str(self.mails),
            "RECOURSE_LOCAL_DIR": str(self.folder / "local"),
            "RECOURSE_DATA_DIR": str(self.documents),
            "RECOURSE_KEYSTORE": str(self.keys),
            "RECOURSE_ANCHOR_DIR": str(self.anchors),
            "RECOURSE_STATIC_ROOT": str(self.static),
            "RECOURSE_STATIC_MANIFEST": "1",
            "RECOURSE_BIND": f"127.0.0.1:{self.port}",
            "RECOURSE_WEB_PROCESSES": "2",
            "RECOURSE_GRACE_SECONDS": "10",
            "DATABASE_POOLER": "pgbouncer",
            "DATABASE_URL_FILE": str(self.secrets / "database_url"),
            **{f"RECOURSE_{key.upper()}_FILE": str(self.secrets / key) for key in KEYS},
        }

    def straight(self) -> dict[str, str]:
        """What compose.yaml gives to migrations, backup and restore: the server itself, and the other roles."""
        return self.settings() | {
            "PYTHON": sys.executable,
            "DATABASE_POOLER": "",
            "DATABASE_URL_FILE": str(self.secrets / "database_direct_url"),
            "DATABASE_OWNER_URL_FILE": str(self.secrets / "database_owner_url"),
            "DATABASE_BACKUP_URL_FILE": str(self.secrets / "database_backup_url"),
        }

    def start(self, *arguments: str) -> None:
        self._start([sys.executable, *arguments], cwd=CHECKOUT, env=self.settings())

    def _start(self, command: list[str], **settings: Any) -> None:
        with self.log.open("ab") as log:
            child = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGTERM),
                **settings,
            )
        self.children.append(child)

    # --- use ---

    def script(self, path: str, **environment: str) -> str:
        """Run one of deploy's scripts to its end. Raises Failed with what it said."""
        return self.ask(["sh", path], environment or self.straight())

    def manage(self, *arguments: str) -> str:
        return self.ask([sys.executable, "manage.py", *arguments], self.straight())

    def take_keys(self, other: Installation) -> None:
        """The keys of another installation's organizations, by the copy that its operator keeps."""
        other.manage("data_keys", "copy", str(self.keys))

    def backup(self, name: str, *more: str) -> str:
        """Into the folder that all installations of one check share; `--since` takes a name too."""
        older = [str(self.backups / word) if not word.startswith("-") else word for word in more]
        command = [sys.executable, "-m", "deploy.backup", str(self.backups / name), *older]
        return self.ask(command, self.straight())

    def restore(self, name: str, *more: str) -> str:
        command = [sys.executable, "-m", "deploy.restore", str(self.backups / name), *more]
        return self.ask(command, self.straight())

    def manifest(self, name: str) -> dict[str, Any]:
        return read_manifest(self.backups / name)

    def fetch_mails(self) -> None:
        """They are in the folder already."""

    def ask(self, command: list[str], environment: dict[str, str]) -> str:
        done = subprocess.run(  # noqa: S603
            command,
            cwd=CHECKOUT,
            env={"PATH": SBIN, "LC_ALL": "C.UTF-8", **environment},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode:
            words = " ".join(Path(part).name if part.startswith("/") else part for part in command)
            raise Failed(f"{words} failed ({done.returncode}):\n{done.stdout[-1500:]}{done.stderr[-2500:]}")
        return done.stdout

    def rows(self) -> dict[str, Any]:
        with connect((self.secrets / "database_backup_url").read_text()) as connection:
            return rows_of(connection)

    def trail(self) -> list[str]:
        """A digest of each event, in their order."""
        with psycopg.connect((self.secrets / "database_backup_url").read_text()) as connection:
            connection.execute("SELECT set_config('TimeZone', 'UTC', false)")
            return [row[0] for row in connection.execute(EVENTS).fetchall()]

    def browser(self) -> Browser:
        return Browser(self.port, HOST)

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        """Ask as the proxy in front would; (0, b"") when nothing answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers={"Host": HOST, "X-Forwarded-Proto": "https", **headers})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()

    def told(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    # --- down ---

    def rest(self) -> None:
        """End web server, worker and pooler, and wait until they have. Raises Failed when one has to be killed."""
        begun = time.monotonic()
        stubborn = []
        for child in reversed(self.children):
            if child.poll() is None:
                child.send_signal(signal.SIGINT if "pgbouncer" in str(child.args) else signal.SIGTERM)
            try:
                child.wait(30)
            except subprocess.TimeoutExpired:
                stubborn.append(f"{child.args} did not end in {time.monotonic() - begun:.0f} seconds")
        self.kill()
        if stubborn:
            raise Failed("; ".join(stubborn))

    def kill(self) -> None:
        """Whatever is left of it, and what that started; a moment is given to clear up."""
        for child in self.children:
            child.terminate()
        for child in self.children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(5)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        self.children.clear()

    def end(self) -> None:
        """Everything, whatever it is doing, and the server's data."""
        self.kill()
        self.server.stop()
        with contextlib.suppress(OSError):  # another check, or the demonstration, has its own there
            self.server.copies.rmdir()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def collect_static(folder: Path) -> Path:
    """Static files under names with their hashes, as the image has them; returns their folder."""
    target = folder / "static"
    environment = {
        "PATH": SBIN,
        "HOME": str(folder),
        "RECOURSE_LOCAL_DIR": str(folder / "build"),
        "RECOURSE_STATIC_ROOT": str(target),
        "RECOURSE_STATIC_MANIFEST": "1",
    }
    command = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise Failed(f"collectstatic failed:\n{done.stderr[-2000:]}")
    return target
