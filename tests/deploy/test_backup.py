"""The manifest of a backup, and what is told when a file is missing, changed or too much."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import psycopg
import pytest
from allauth.idp.oidc.models import Token
from django.apps import apps

from advocacy.local_state import CHECKOUT
from deploy import archive
from deploy.archive import (
    LEFT_OUT,
    LOCATIONS,
    Problem,
    differences,
    flaws,
    listed_without,
    locations,
    rows_of,
    shape_of,
)
from deploy.backup import take_documents
from tests.guards.test_sealed_fields import PLAIN, SEARCH


@pytest.fixture
def backup(tmp_path):
    """A folder as `deploy.backup` leaves it, without a database."""
    store, folder = tmp_path / "store", tmp_path / "one"
    for name, data in (("o/aa/aaaa", b"first"), ("o/bb/bbbb", b"second"), ("o/cc/cccc", b"nobody names it")):
        (store / name).parent.mkdir(parents=True, exist_ok=True)
        (store / name).write_bytes(data)
    folder.mkdir()
    (folder / archive.DUMP).write_bytes(b"a dump")
    taken = take_documents(["o/aa/aaaa", "o/bb/bbbb"], store, folder, None)
    manifest = {
        "format": archive.FORMAT,
        "postgresql": 15,
        "database": archive.fingerprint(folder / archive.DUMP),
        "documents": taken,
        "tables": {},
        "rows": {"public.x": [2, "1:2"]},
        "shape": {},
        "left_out": LEFT_OUT,
    }
    archive.write_manifest(folder, manifest)
    return folder


def test_what_no_row_names_is_left_behind(backup):
    manifest = archive.read_manifest(backup)
    assert sorted(manifest["documents"]) == ["o/aa/aaaa", "o/bb/bbbb"]
    assert manifest["documents"]["o/aa/aaaa"][0] == 5
    assert flaws(backup, manifest) == []
    modes = {
        oct(p.stat().st_mode & 0o777) for p in backup.rglob("*") if p.is_file() and p.name != archive.DUMP
    }
    assert modes == {"0o600"}


def test_every_flaw_is_named(backup):
    manifest = archive.read_manifest(backup)
    (backup / "documents/o/aa/aaaa").unlink()
    (backup / "documents/o/bb/bbbb").write_bytes(b"Second")
    (backup / "more").write_text("x")
    assert flaws(backup, manifest) == [
        "more is not in the manifest.",
        "documents/o/aa/aaaa is missing.",
        "documents/o/bb/bbbb is not what it was when the backup was made.",
    ]
    command = [sys.executable, "-m", "deploy.restore", str(backup), "--check"]
    done = subprocess.run(command, cwd=CHECKOUT, text=True, capture_output=True)
    assert (done.returncode, done.stderr.splitlines()[0]) == (1, "The backup is not whole:")


def test_what_is_unchanged_since_an_older_backup_is_linked(backup, tmp_path):
    store = tmp_path / "store"
    (store / "o/bb/bbbb").write_bytes(b"its key was wrapped anew")
    folder = tmp_path / "two"
    taken = take_documents(["o/aa/aaaa", "o/bb/bbbb"], store, folder, backup)
    assert (folder / "documents/o/aa/aaaa").samefile(backup / "documents/o/aa/aaaa")
    assert not (folder / "documents/o/bb/bbbb").samefile(backup / "documents/o/bb/bbbb")
    assert taken["o/bb/bbbb"] == archive.fingerprint(store / "o/bb/bbbb")


def test_a_document_that_is_gone_makes_no_backup(tmp_path):
    with pytest.raises(Problem, match="no file o/dd/dddd"):
        take_documents(["o/dd/dddd"], tmp_path, tmp_path / "one", None)


def test_a_folder_without_a_manifest_or_of_another_format_is_no_backup(backup, tmp_path):
    with pytest.raises(Problem, match="no whole backup"):
        archive.read_manifest(tmp_path)
    text = (backup / archive.MANIFEST).read_text()
    (backup / archive.MANIFEST).write_text(json.dumps(json.loads(text) | {"format": 3}))
    with pytest.raises(Problem, match="has the format 3; this program reads 2"):
        archive.read_manifest(backup)


def test_differences_of_tables_are_sentences():
    before = {"public.a": [1, "x"], "public.b": [1, "x"], "public.c": [1, "x"], "public.d": [0, "0"]}
    after = {"public.a": [1, "x"], "public.b": [2, "y"], "public.c": [1, "y"]}
    assert differences(before, after) == [
        "public.b: 1 rows before, 2 now.",
        "public.c: 1 rows before, 1 now, changed.",
        "public.d is in one of them only.",
    ]


def test_what_roles_sql_made_is_not_restored_again():
    listing = [
        "; a comment\n",
        "7; 2615 16390 SCHEMA - audit recourse_audit\n",
        "2; 3079 16392 EXTENSION - pg_trgm \n",
        "4567; 0 0 COMMENT - EXTENSION pg_trgm \n",
        "4568; 0 0 ACL pg_catalog FUNCTION lo_close(integer) postgres\n",
        "2100; 826 16395 DEFAULT ACL public DEFAULT PRIVILEGES FOR TABLES recourse_owner\n",
        "220; 1259 16400 TABLE public cases_case recourse_owner\n",
        "4570; 0 0 ACL public TABLE cases_case recourse_owner\n",
    ]
    assert listed_without(listing) == listing[0] + listing[5] + listing[6] + listing[7]


def test_plain_search_text_is_in_no_backup():
    labels = {label for label, columns in PLAIN.items() if SEARCH in columns.values()}
    tables = {apps.get_model(label)._meta.db_table for label in labels}
    assert tables - set(LEFT_OUT) == set()
    assert {"django_session", "django_cache", Token._meta.db_table} <= set(LEFT_OUT)
    assert set(LEFT_OUT) - {m._meta.db_table for m in apps.get_models()} == {"django_cache"}


def test_every_column_that_names_a_stored_file_is_known():
    named = {
        model._meta.db_table: "location"
        for model in apps.get_models()
        if "location" in {f.name for f in model._meta.local_concrete_fields}
    }
    assert named == LOCATIONS


def test_rows_are_told_apart_whatever_their_order(cast, owner_connection):
    """As the owner on global tables: the digest sees a change of one value, and no order."""
    owner_connection.execute("CREATE TABLE public.digested (id int, word text)")
    try:
        owner_connection.execute("INSERT INTO digested VALUES (1, 'a'), (2, 'b')")
        first = rows_of(owner_connection)["public.digested"]
        owner_connection.execute("DELETE FROM digested WHERE id = 1")
        owner_connection.execute("INSERT INTO digested VALUES (1, 'a')")
        assert rows_of(owner_connection)["public.digested"] == first
        owner_connection.execute("UPDATE digested SET word = 'c' WHERE id = 1")
        assert rows_of(owner_connection)["public.digested"][0] == 2
        assert rows_of(owner_connection)["public.digested"] != first
        assert set(LEFT_OUT) & {name.partition(".")[2] for name in rows_of(owner_connection)} == set()
        assert locations(owner_connection) == []
    finally:
        owner_connection.execute("DROP TABLE public.digested")
    assert isinstance(owner_connection, psycopg.Connection)


def test_a_backup_needs_to_be_told_where_from(tmp_path):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE_", "RECOURSE_"))}
    command = [sys.executable, "-m", "deploy.backup", str(tmp_path / "one")]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, text=True, capture_output=True)
    assert (done.returncode, done.stderr) == (1, "No backup was made. DATABASE_BACKUP_URL is not set.\n")
    assert list(tmp_path.iterdir()) == []


def test_the_shape_of_the_database_sees_a_privilege_and_no_way_of_writing(cast, owner_connection):
    """What was lost, once: a restored table that the application could write, since privileges are given by default."""
    owner_connection.execute(
        "CREATE TABLE public.shaped (word varchar(9) CHECK (word IN ('a', 'b')), at int);"
        "CREATE INDEX ON shaped (at) WHERE word = ANY (ARRAY['a'::varchar, 'b'::varchar]::text[])"
    )
    try:
        first = shape_of(owner_connection)
        assert {"public.shaped", "audit.event", "audit.deny()"} <= set(first)
        owner_connection.execute("REVOKE INSERT ON shaped FROM recourse_app")
        second = shape_of(owner_connection)
        assert {name for name in first if first[name] != second[name]} == {"public.shaped"}
        (index,) = owner_connection.execute(
            "SELECT indexdef FROM pg_indexes WHERE tablename = 'shaped'"
        ).fetchone()
        owner_connection.execute("DROP INDEX shaped_at_idx")
        owner_connection.execute(index)
        assert shape_of(owner_connection) == second
    finally:
        owner_connection.execute("DROP TABLE public.shaped")
