"""The embedded PostgreSQL: makes, starts and stops a private server when no DATABASE_URL is given.

Standard library only and no Django: settings and migrations may import it, and importing it starts nothing.
Where things lie (`.local` is RECOURSE_LOCAL_DIR, by default in the checkout):

* an ordinary user: cluster, passwords and log in `.local/postgres`;
* root: postgres refuses to run as root, and its account cannot enter a closed folder. So the server's files
  are copied to `/var/lib/recourse/<hash of the checkout>`, where the cluster lies too, run by an account;
* always: the socket in a short private folder outside the data, and the addresses in `.local/database_url`
  and `.local/database_owner_url` (0600), which settings read.

The process that starts the server owns it: it holds a lock for as long as it lives, the server ends with it
(even after kill -9), and other processes of the same checkout join the running server.

    python -m advocacy.embedded roles                        print deploy/roles.sql
    python -m advocacy.embedded run COMMAND...               run a command while the demo's database is up
    python -m advocacy.embedded run --throwaway COMMAND...   the same on an empty server, deleted afterwards
    python -m advocacy.embedded remove                       delete the demo's database, documents and keys
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from advocacy.local_state import (
    CHECKOUT,
    Make,
    dies_with_parent,
    hold,
    local_dir,
    one_at_a_time,
    private_dir,
    write_private,
)
from advocacy.postgres_programs import EmbeddedError, Programs

# deploy/roles.sql is the one source. All of it is for a superuser: the roles, then the database. What stands
# under its second heading is for the database's owner, one statement, and may be run again at any time. The
# first migration runs that part, so that databases made by the test runner get it too.
ROLES_SQL = (CHECKOUT / "deploy/roles.sql").read_text()
DATABASE_SQL = ROLES_SQL.partition("-- Part 2")[2].partition("\n")[2].partition("\nRESET ROLE;")[0].strip()

ROOT_STATE = Path("/var/lib/recourse")
DATABASE = "recourse"
PATIENCE = 30.0  # seconds for an older server of the same data to let go of it
RECOVERY = 300.0  # seconds for crash recovery to replay its log
SETTLING = (
    "lock file",
    "shared memory block",
    "already in use",
)  # what postgres says while an older one is still dying
THROWAWAY_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
# Statements and key values of failed statements may hold patient data: neither goes to the server's log.
SETTINGS = ("listen_addresses=", "log_min_error_statement=panic", "log_error_verbosity=terse")


class Server:
    """One cluster: its folder, its socket, its passwords and, while this process owns it, its postmaster."""

    def __init__(self, *, home: Path, local: Path, copies: Path, throwaway: bool = False) -> None:
        """`home` holds the cluster, `local` the addresses, `copies` the server's files when root runs it."""
        self.home, self.local, self.copies, self.throwaway = home, local, copies, throwaway
        self.data = home / "data"
        self.log = home / "server.log"
        self.programs = Programs(copies)
        self.account = self.programs.account
        name = "recourse-" + hashlib.sha256(str(home).encode()).hexdigest()[:12]
        runs = Path("/run") if self.account and os.access("/run", os.W_OK) else Path("/tmp")  # noqa: S108
        self.socket = runs / (name if self.account else f"{name}-{os.geteuid()}")
        self.process: subprocess.Popen[bytes] | None = None
        self._owner: int | None = None

    # --- addresses ---

    def passwords(self) -> dict[str, str]:
        """Role name -> password; made once per cluster, in a 0600 file beside it."""
        path = self.home / "passwords.json"
        if not path.exists():
            roles = ("postgres", "recourse_owner", "recourse_app")
            write_private(path, json.dumps({role: secrets.token_urlsafe(24) for role in roles}))
        stored: dict[str, str] = json.loads(path.read_text())
        return stored

    def address(self, role: str, database: str = DATABASE) -> str:
        """The URL of the database for a role: `postgres`, `recourse_owner` or `recourse_app`."""
        password = self.passwords()[role]
        return f"postgresql://{role}:{password}@/{database}?host={quote(str(self.socket), safe='/')}"

    def environment(self) -> dict[str, str]:
        """What a program needs to use this server."""
        return {
            "DATABASE_URL": self.address("recourse_app"),
            "DATABASE_OWNER_URL": self.address("recourse_owner"),
            "RECOURSE_LOCAL_DIR": str(self.local),
        }

    # --- start ---

    def start(self) -> bool:
        """Bring the server up with roles and database. True: this process owns it; False: it joined one.

        Safe to call from many processes at once. Raises EmbeddedError with the reason.
        """
        if len(str(self.socket)) > 80:
            raise EmbeddedError(f"The socket folder {self.socket} is too long for a Unix socket.")
        self.home.mkdir(parents=True, exist_ok=True)
        if self.account:  # the account must be able to walk to its data; the data itself is closed
            for folder in (ROOT_STATE, self.copies, self.home):
                if folder.exists():
                    folder.chmod(0o755)
        else:
            private_dir(self.home)
        private_dir(self.local)
        (self.local / "static").mkdir(exist_ok=True)  # so that the web server need not warn of its absence
        with one_at_a_time(self.home / "start.lock"):
            end = time.monotonic() + PATIENCE
            while not self.own():
                if self._answers():
                    return False
                if time.monotonic() > end:
                    raise EmbeddedError(
                        "Another process owns the database server of this checkout but it does not answer."
                    )
                time.sleep(0.2)
            try:
                self.end_orphan()
                self._initialize()
                self._launch()
                self._make_roles()
            except BaseException:
                self.stop()
                raise
            write_private(self.local / "database_url", self.address("recourse_app"))
            write_private(self.local / "database_owner_url", self.address("recourse_owner"))
        return True

    def own(self) -> bool:
        """Take the lock that its owner holds for life."""
        self._owner = self._owner if self._owner is not None else hold(self.home / "owner.lock")
        return self._owner is not None

    def end_orphan(self) -> None:
        """Stop a postmaster whose owner is gone, where the kernel could not tell it, and clear its files.

        Its lock files go once nothing works on the data any more: postgres itself would take a zombie, or any
        program that got the same number after a restart of the machine, for a running server.
        """
        file = self.data / "postmaster.pid"
        if not file.exists() or not Path("/proc/self").exists():
            return
        first = file.read_text().split()[:1]
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            end = time.monotonic() + 10
            while (busy := self._at_work()) and time.monotonic() < end:
                for pid in busy:
                    if [str(pid)] == first:
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(pid, number)
                time.sleep(0.1)
        if not self._at_work():
            for stale in (file, *self.socket.glob(".s.PGSQL.*")):
                stale.unlink(missing_ok=True)

    def _at_work(self) -> list[int]:
        """The processes of a server of this data; zombies have no words and do not count, nor do other accounts' servers."""
        data, found = os.path.realpath(self.data), []
        runs_as = self.account.pw_uid if self.account else os.geteuid()
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if entry.stat().st_uid != runs_as:
                    continue
                words = (entry / "cmdline").read_bytes()
                if words.startswith(b"postgres:") or data.encode() in words.split(b"\0"):
                    with contextlib.suppress(PermissionError):  # unreadable: better wait
                        if str((entry / "cwd").readlink()) != data:
                            continue
                    found.append(int(entry.name))
        return found

    def _answers(self) -> bool:
        return self.programs.run(["pg_isready", "-q", "-t", "2", "-h", str(self.socket)]).returncode == 0

    def _initialize(self) -> None:
        mine, theirs = self.local / "cluster", self.home / "cluster"
        if (self.data / "PG_VERSION").exists():
            made_by, now = (self.data / "PG_VERSION").read_text().strip(), self.programs.major()
            if made_by != str(now):
                raise EmbeddedError(
                    f"The data was made by PostgreSQL {made_by}, but the server here is {now}: {self.data}"
                )
            if not self.account or (mine.exists() and mine.read_text() == theirs.read_text()):
                return
            # The checkout's local state went away, and with it the keys that open this data.
            aside = self.home / f"data-without-keys-{time.strftime('%Y%m%d-%H%M%S')}"
            self.data.rename(aside)
            sys.stderr.write(
                f"The keys of an older database of this checkout are gone; it was set aside as {aside}\n"
            )
        draft, password = self.home / "data.new", self.home / "password.new"
        shutil.rmtree(draft, ignore_errors=True)
        private_dir(draft)
        write_private(password, self.passwords()["postgres"])
        self.programs.give(draft, password)
        locale = (
            ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if self.programs.major() >= 17 else []
        )
        command = [
            "initdb",
            "-D",
            str(draft),
            "-U",
            "postgres",
            "-A",
            "scram-sha-256",
            f"--pwfile={password}",
        ]
        command += [
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--data-checksums",
            *locale,
            *(["-N"] if self.throwaway else []),
        ]
        done = self.programs.run(command)
        password.unlink()
        if done.returncode:
            raise EmbeddedError(f"The database could not be made: {done.stdout[-1500:]}")
        draft.rename(self.data)
        identity = secrets.token_hex(16)
        write_private(theirs, identity)
        write_private(mine, identity)

    def _launch(self) -> None:
        with contextlib.suppress(FileExistsError):
            self.socket.mkdir(mode=0o700)
        self.programs.give(self.socket)
        found = self.socket.lstat()
        if self.socket.is_symlink() or found.st_uid != (
            self.account.pw_uid if self.account else os.geteuid()
        ):
            raise EmbeddedError(f"{self.socket} belongs to somebody else; remove it.")
        self.socket.chmod(0o700)
        if self.log.exists() and self.log.stat().st_size > 5_000_000:
            self.log.unlink()
        settings = [*SETTINGS, f"unix_socket_directories={self.socket}", "unix_socket_permissions=0700"]
        settings += THROWAWAY_SETTINGS if self.throwaway else ()
        command = [
            str(self.programs.folder() / "postgres"),
            "-D",
            str(self.data),
            *(f"--{setting}" for setting in settings),
        ]
        end = time.monotonic() + PATIENCE
        while True:
            with self.log.open("ab") as log:
                begin = log.tell()
                self.process = subprocess.Popen(  # noqa: S603
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # Ctrl-C belongs to the owner, who stops the server last
                    preexec_fn=dies_with_parent(signal.SIGINT),
                    **self.programs.as_account(),
                )
            give_up = time.monotonic() + RECOVERY
            while self.process.poll() is None:
                if self._answers():
                    return
                if time.monotonic() > give_up:
                    raise EmbeddedError(f"The database server does not become ready; see {self.log}")
                time.sleep(0.05)
            said = self.log.read_bytes()[begin:].decode(errors="replace")
            # A killed postmaster may linger as a zombie, or its children may hold its memory a moment more.
            if time.monotonic() > end or not any(word in said for word in SETTLING):
                raise EmbeddedError(f"The database server did not start: {said[-1500:]}")
            time.sleep(0.3)

    def _make_roles(self) -> None:
        passwords = self.passwords()
        script = "".join(
            f"\\set {role.removeprefix('recourse_')}_password '{passwords[role]}'\n"
            for role in ("recourse_owner", "recourse_app")
        )
        command = [
            "psql",
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            str(self.socket),
            "-U",
            "postgres",
            "-d",
            "postgres",
        ]
        done = self.programs.run(
            [*command, "-f", "-"], said=script + ROLES_SQL, PGPASSWORD=passwords["postgres"]
        )
        if done.returncode:
            raise EmbeddedError(f"The database roles could not be made: {done.stdout[-1500:]}")

    # --- stop ---

    def stop(self) -> None:
        """End the server if this process owns it: fast, immediate, by force. Deletes a throwaway cluster."""
        if self.process is not None:
            for number, seconds in ((signal.SIGINT, 15), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
                if self.process.poll() is not None:
                    break
                self.process.send_signal(number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(seconds)
            self.process = None
        if self._owner is not None:
            if self.throwaway:
                self.remove()
            os.close(self._owner)
            self._owner = None

    def remove(self) -> None:
        """Delete the cluster and its socket."""
        shutil.rmtree(self.socket, ignore_errors=True)
        shutil.rmtree(self.home, ignore_errors=True)


def state_dir(local: Path) -> Path:
    """Where its clusters lie: in it, or for root where the server's account can reach."""
    if os.geteuid() == 0:
        return ROOT_STATE / hashlib.sha256(str(local).encode()).hexdigest()[:16]
    return local


def demo_server() -> Server:
    """The lasting server of this checkout; not started yet."""
    local = local_dir()
    state = state_dir(local)
    return Server(home=state if os.geteuid() == 0 else state / "postgres", local=local, copies=state)


def throwaway_server() -> Server:
    """An empty server for one test run, not started yet; what killed runs left behind is deleted first."""
    local = local_dir()
    state = state_dir(local)
    state.mkdir(parents=True, exist_ok=True)

    def at(home: Path) -> Server:
        return Server(home=home, local=home / "local", copies=state, throwaway=True)

    with one_at_a_time(state / "throwaway.lock"):
        for home in state.glob("test-*"):
            left = at(home)
            if left.own():
                left.end_orphan()
                left.stop()
        server = at(state / f"test-{os.getpid()}")
        server.home.mkdir()
        server.own()
    return server


def run(command: Sequence[str], *, throwaway: bool) -> int:
    """Run the command with the server's addresses in its environment; returns its exit code."""
    server, make = throwaway_server() if throwaway else demo_server(), Make()
    child: subprocess.Popen[bytes] | None = None

    told = False

    def passed_on(number: int, _frame: object) -> None:
        nonlocal told
        told = True
        if child is None:
            raise SystemExit(128 + number)
        if throwaway:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, number)
        elif number != signal.SIGINT:  # the terminal has sent Ctrl-C to the command already
            child.send_signal(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, passed_on)
    try:
        server.start()
        own_group: dict[str, Any] = {"process_group": 0, "stdin": subprocess.DEVNULL} if throwaway else {}
        child = subprocess.Popen(list(command), env={**os.environ, **server.environment()}, **own_group)  # noqa: S603
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = child.wait(1)
                break
            if throwaway and not told and make.has_given_up():
                passed_on(signal.SIGTERM, None)
        if throwaway:
            with contextlib.suppress(ProcessLookupError):  # whatever the command left running
                os.killpg(child.pid, signal.SIGKILL)
        return code if code >= 0 else 128 - code
    finally:
        server.stop()


def remove() -> int:
    """Delete the demo's cluster and all local state; returns the exit code. Refused while it runs."""
    server = demo_server()
    server.home.mkdir(parents=True, exist_ok=True)
    if not server.own():
        raise EmbeddedError("The database is running; stop the demo first.")
    server.end_orphan()
    server.remove()
    server.stop()
    shutil.rmtree(server.local, ignore_errors=True)
    return 0


def main(arguments: Sequence[str]) -> int:
    """The command line; see the top of this file. Returns the exit code."""
    try:
        match list(arguments):
            case ["roles"]:
                sys.stdout.write(ROLES_SQL)
                return 0
            case ["remove"]:
                return remove()
            case ["run", "--throwaway", *command] if command:
                return run(command, throwaway=True)
            case ["run", *command] if command:
                return run(command, throwaway=False)
    except EmbeddedError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    sys.stderr.write(__doc__ or "")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
