"""Make a backup while the program runs: python -m deploy.backup FOLDER [--since OLDER]

FOLDER is made and must not be there. One snapshot of the database decides what is in it: the dump, the digests of the
tables and the list of documents come from the same moment, and a document's file is never changed and is older than the row
that names it. With --since, files that an older backup on the same disk holds unchanged are linked and not copied.

Its environment: DATABASE_BACKUP_URL (recourse_backup, straight to PostgreSQL), RECOURSE_DATA_DIR. See deploy/archive.py.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.archive import (
    DOCUMENTS,
    DUMP,
    FORMAT,
    LEFT_OUT,
    MASKED,
    TABLES,
    Problem,
    connect,
    copy,
    fingerprint,
    locations,
    program,
    read_manifest,
    rows_of,
    run,
    setting,
    shape_of,
    write_manifest,
    write_masked,
)


def take_documents(wanted: list[str], store: Path, folder: Path, older: Path | None) -> dict[str, list[Any]]:
    """Copy (or link from an older backup) every document that a row names; location -> [size, SHA-256] of its file.

    Raises Problem for one that is not in the store: its row was removed, with its file, since the snapshot.
    """
    known = read_manifest(older)["documents"] if older else {}
    taken = {}
    for location in wanted:
        source, target = store / location, folder / DOCUMENTS / location
        if older is not None and location in known and _unchanged(source, older / DOCUMENTS / location):
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.link(older / DOCUMENTS / location, target)
            taken[location] = known[location]
            continue
        try:
            taken[location] = copy(source, target)
        except FileNotFoundError:
            raise Problem(
                f"The store has no file {location}, which a row names. Nothing was backed up."
            ) from None
    return taken


def _unchanged(now: Path, before: Path) -> bool:
    try:
        new, old = now.stat(), before.stat()
    except FileNotFoundError:
        return False
    return (new.st_size, new.st_mtime_ns) == (old.st_size, old.st_mtime_ns)


def back_up(folder: Path, older: Path | None = None) -> str:
    """Make the backup; returns the SHA-256 of its manifest. What was begun and not finished is removed."""
    if folder.exists():
        raise Problem(f"{folder} is there already; a backup is made into a new folder.")
    address, store = setting("DATABASE_BACKUP_URL"), Path(setting("RECOURSE_DATA_DIR"))
    draft = folder.with_name(f".{folder.name}.{os.getpid()}")
    os.umask(0o077)
    draft.mkdir(parents=True)
    try:
        with connect(address) as connection:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            snapshot, version = connection.execute(
                "SELECT pg_export_snapshot(), current_setting('server_version_num')::int"
            ).fetchone() or ("", 0)
            command = [program("pg_dump", version // 10000), "--format=custom", f"--snapshot={snapshot}"]
            command += [f"--exclude-table-data=*.{table}" for table in (*LEFT_OUT, *MASKED)]
            run([*command, "--no-password", f"--file={draft / DUMP}"], address, "The dump of the database")
            tables = {
                name: write_masked(connection, name, draft / TABLES / f"{name}.copy") for name in MASKED
            }
            wanted, rows, shape = locations(connection), rows_of(connection), shape_of(connection)
        (draft / DOCUMENTS).mkdir()
        documents = take_documents(wanted, store, draft, older)
        digest = write_manifest(
            draft,
            {
                "format": FORMAT,
                "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "postgresql": version // 10000,
                "database": fingerprint(draft / DUMP),
                "documents": documents,
                "tables": tables,
                "rows": rows,
                "shape": shape,
                "left_out": LEFT_OUT,
            },
        )
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return digest


def main() -> int:
    """The command line; see the top of this file. Returns 1, with a sentence, when it could not be made."""
    parser = argparse.ArgumentParser(description="Make a backup while the program runs.")
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--since", type=Path, help="An older backup on the same disk: what is unchanged is linked."
    )
    given = parser.parse_args()
    try:
        digest = back_up(given.folder, given.since)
    except (Problem, OSError) as problem:
        sys.stderr.write(f"No backup was made. {problem}\n")
        return 1
    manifest = read_manifest(given.folder)
    rows = sum(count for count, _ in manifest["rows"].values())
    sys.stdout.write(
        f"{given.folder}: {rows} rows in {len(manifest['rows'])} tables, {len(manifest['documents'])} documents.\n"
        f"SHA-256 of the manifest: {digest}\nNo key is in it: keep those apart.\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
