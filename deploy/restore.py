"""Restore a backup into an empty database and an empty store: python -m deploy.restore FOLDER [--check]

First deploy/roles.sh on the new server. Then this: it checks every file of the backup by its SHA-256, refuses a database or
a store that is not empty, restores the dump and the documents, compares every table with the manifest, brings the database
up to this program's version, rebuilds the search text and puts back the addresses patients sign in with.
--check only checks the backup's files.

Its environment is that of the program: DATABASE_OWNER_URL and DATABASE_URL straight to PostgreSQL, RECOURSE_DATA_DIR, and
the same keys as when the backup was made. Nobody is signed in afterward. Keep worker and web stopped until it is done, and
revoke again what was revoked since (docs/operations.md).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from deploy.archive import (
    DOCUMENTS,
    DUMP,
    MASKED,
    TABLES,
    Problem,
    connect,
    copy,
    differences,
    flaws,
    listed_without,
    program,
    read_manifest,
    read_masked,
    rows_of,
    run,
    setting,
    shape_of,
    tables,
)

CHECKOUT = Path(__file__).resolve().parent.parent


def refuse_what_is_not_empty(address: str, store: Path) -> int:
    """Raises Problem unless database and store are empty and the roles are there; returns the server's major version."""
    with connect(address) as connection:
        if there := tables(connection):
            raise Problem(f"The database is not empty: it has {len(there)} tables. Nothing was changed.")
        schemas = connection.execute(
            "SELECT count(*) FROM pg_namespace WHERE nspname IN ('audit', 'search')"
        ).fetchone()
        if schemas != (2,):
            raise Problem("The server has no roles of Recourse yet: run deploy/roles.sh first.")
        version = connection.info.server_version // 10000
    if store.exists() and any(store.iterdir()):
        raise Problem(f"The store {store} is not empty. Nothing was changed.")
    return version


def refuse_without_keys(keystore: Path) -> None:
    """In a folder that was only prepared every organization would get new keys, which open none of its rows. Raises Problem."""
    of_organizations = [path for path in keystore.glob("*.json") if path.stem.isdigit() and path.stem != "0"]
    if not of_organizations:
        raise Problem(
            "RECOURSE_KEYSTORE holds no keys: put the copy of the organizations' keys there first. No backup has them."
        )


# A table gets the privileges of the moment it is made. The dump only adds to them, so what a migration took away would be back:
# nothing is given by itself until the end of the dump, which brings these defaults along.
NOTHING_BY_ITSELF = """
ALTER DEFAULT PRIVILEGES FOR ROLE recourse_owner IN SCHEMA public REVOKE ALL ON TABLES FROM recourse_app, recourse_search;
ALTER DEFAULT PRIVILEGES FOR ROLE recourse_owner IN SCHEMA public REVOKE ALL ON SEQUENCES FROM recourse_app;
"""


def restore(folder: Path) -> None:
    """Raises Problem, before anything is changed where that is possible."""
    manifest = read_manifest(folder)
    address, store = setting("DATABASE_OWNER_URL"), Path(setting("RECOURSE_DATA_DIR"))
    refuse_without_keys(Path(setting("RECOURSE_KEYSTORE")))
    if found := flaws(folder, manifest):
        raise Problem("The backup is not whole:\n  " + "\n  ".join(found[:20]))
    major = refuse_what_is_not_empty(address, store)
    pg_restore = program("pg_restore", max(major, manifest["postgresql"]))
    listing = run([pg_restore, "--list", str(folder / DUMP)], address, "Reading the dump")
    with connect(address) as connection:
        connection.execute(NOTHING_BY_ITSELF)
    with tempfile.NamedTemporaryFile("w", suffix=".list") as contents:
        contents.write(listed_without(listing.splitlines(keepends=True)))
        contents.flush()
        command = [pg_restore, "--dbname=", "--single-transaction", "--exit-on-error", "--no-password"]
        command += [f"--use-list={contents.name}", str(folder / DUMP)]
        run([*command, "--section=pre-data", "--section=data"], address, "Restoring the dump")
        # Before keys and triggers: they want every row.
        with connect(address) as connection:
            for name in MASKED:
                read_masked(connection, name, folder / TABLES / f"{name}.copy")
        run([*command, "--section=post-data"], address, "Restoring keys, indexes and triggers")
    for location, expected in manifest["documents"].items():
        if copy(folder / DOCUMENTS / location, store / location) != expected:
            raise Problem(f"The document {location} was not copied whole.")
    with connect(setting("DATABASE_BACKUP_URL")) as connection:
        told = differences(manifest["rows"], rows_of(connection))
        if major == manifest["postgresql"]:
            now = shape_of(connection)
            told += [
                f"{name} has other privileges, triggers, constraints or indexes than it had."
                for name in sorted({*manifest["shape"], *now})
                if manifest["shape"].get(name) != now.get(name)
            ]
        if told:
            raise Problem("What was restored is not what was backed up:\n  " + "\n  ".join(told))


def manage(*arguments: str, owner: bool = False) -> None:
    """Run a management command of the program. Raises Problem when it fails."""
    environment = os.environ | ({"RECOURSE_AS_OWNER": "1"} if owner else {})
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, check=False)  # noqa: S603
    if done.returncode:
        raise Problem(f"manage.py {arguments[0]} failed.")


def main() -> int:
    """The command line; see the top of this file. Returns 1, with a sentence, when it could not be done."""
    parser = argparse.ArgumentParser(
        description="Restore a backup into an empty database and an empty store."
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", action="store_true", help="Only check the backup's files.")
    given = parser.parse_args()
    os.umask(0o077)
    try:
        if given.check:
            if found := flaws(given.folder, read_manifest(given.folder)):
                raise Problem("The backup is not whole:\n  " + "\n  ".join(found[:20]))
            sys.stdout.write("Every file of the backup is as it was made.\n")
            return 0
        restore(given.folder)
        sys.stdout.write("Rows and documents are as they were. Bringing the database up to date ...\n")
        manage("prepare_database", "--verbosity", "0", owner=True)
        manage("check_database")
        manage("rebuild_search")
        manage("check_documents")
    except (Problem, OSError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    sys.stdout.write(
        "Restored. Say so in the sealed trail (manage.py seal_trail --restored WHY), then start worker and web server.\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
