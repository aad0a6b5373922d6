"""Make the secrets of a new installation, one a file: python -m deploy.make_secrets FOLDER

The folder is closed to everybody but its owner; the files in it can be read, since containers of an unprivileged account
read them one by one. What is there already stays. The keys (field_key, index_key, secret_key, seal_key, leaf_key) are in no
backup: keep a copy of them apart from the backups, on paper or in a safe of secrets. Whoever loses field_key loses every name
and document; whoever loses leaf_key can check no older seal of the trail.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
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
    "seal_key": _key,
    "leaf_key": _key,
    "metrics_token": _word,
    "retired_keys": str,  # empty until a key is rotated
    "smtp_password": str,  # empty until you have one of your mail server
    "text_token": str,  # empty until you have one of a service for text messages
}


P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P


def public_key(private: str) -> str:
    """The public Ed25519 key of a private one, both in URL-safe base64 (RFC 8032, 5.1.5): here nothing is installed yet."""
    digest = bytearray(hashlib.sha512(base64.urlsafe_b64decode(private)).digest()[:32])
    digest[0] &= 248
    digest[31] = digest[31] & 127 | 64
    scalar = int.from_bytes(digest, "little")
    y = 4 * pow(5, -1, P) % P
    x = _even_root((y * y - 1) * pow(D * y * y + 1, -1, P) % P)
    point, found = (x, y), (0, 1)
    while scalar:
        found = _added(found, point) if scalar & 1 else found
        point, scalar = _added(point, point), scalar >> 1
    return base64.urlsafe_b64encode((found[1] | (found[0] & 1) << 255).to_bytes(32, "little")).decode()


def _added(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    (a, b), (c, d) = one, other
    both = D * a * c * b * d % P
    return (a * d + b * c) * pow(1 + both, -1, P) % P, (b * d + a * c) * pow(1 - both, -1, P) % P


def _even_root(square: int) -> int:
    root = pow(square, (P + 3) // 8, P)
    if root * root % P != square:
        root = root * pow(2, (P - 1) // 4, P) % P
    return P - root if root & 1 else root


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
    write("seal_public_keys", f"s1:{public_key(kept['seal_key'])}\n")
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
