"""Make the secrets of a new installation, one a file: python -m deploy.make_secrets FOLDER

The folder is closed to everybody but its owner; the files in it can be read, since containers of an unprivileged account
read them one by one. What is there already stays. The keys (field_key, index_key, secret_key) are in no backup: keep a copy
of them apart from the backups, on paper or in a safe of secrets. Whoever loses field_key loses every name and document.
"""

from __future__ import annotations

import argparse
import base64
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote


def _key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _word() -> str:
    return secrets.token_urlsafe(24)


MADE: dict[str, Callable[[], str]] = {
    "superuser_password": _word,
    "owner_password": _word,
    "app_password": _word,
    "backup_password": _word,
    "secret_key": lambda: secrets.token_urlsafe(48),
    "field_key": _key,
    "index_key": _key,
    "metrics_token": _word,
    "retired_keys": str,  # empty until a key is rotated
}


def address(role: str, password: str, place: str, database: str) -> str:
    """The URL for a role at `place`: host:port, or a folder with a Unix socket and the port behind a colon."""
    where, _, port = place.rpartition(":")
    if where.startswith("/"):
        return f"postgresql://{role}:{password}@/{database}?host={quote(where, safe='/')}&port={port}"
    return f"postgresql://{role}:{password}@{where}:{port}/{database}"


def make(folder: Path, *, server: str, pooler: str, database: str = "recourse") -> list[str]:
    """Write the files that are missing; returns their names. `server` and `pooler` are places as `address` takes them."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    made = []

    def write(name: str, text: str) -> None:
        path = folder / name
        if path.exists():
            return
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "w") as file:
            file.write(text)
        path.chmod(0o444)  # whatever the umask was
        made.append(name)

    for name, fresh in MADE.items():
        write(name, fresh())
    kept = {name: (folder / name).read_text() for name in MADE}
    write("database_url", address("recourse_app", kept["app_password"], pooler, database))
    write("database_direct_url", address("recourse_app", kept["app_password"], server, database))
    write("database_owner_url", address("recourse_owner", kept["owner_password"], server, database))
    write("database_backup_url", address("recourse_backup", kept["backup_password"], server, database))
    write("userlist.txt", f'"recourse_app" "{kept["app_password"]}"\n')
    return made


def main() -> int:
    """The command line; see the top of this file."""
    parser = argparse.ArgumentParser(description="Make the secrets of a new installation, one a file.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--server", default="db:5432", help="Where PostgreSQL is (default: %(default)s).")
    parser.add_argument("--pooler", default="pgbouncer:6432", help="Where PgBouncer is (%(default)s).")
    given = parser.parse_args()
    made = make(given.folder, server=given.server, pooler=given.pooler)
    sys.stdout.write(f"Made in {given.folder}: {', '.join(made) or 'nothing, all of it is there'}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
