"""The seeded demonstration as `pg_dump` tells it, trail included, searched for everything that identifies a patient.

Every member id, birth date, telephone and mail address stands in the tables of search and of sign-in, which docs/trust.md names
as readable, and nowhere else; in a backup nowhere at all. After a restore patients sign in with the address they had; after an
organization left, nothing of its stands anywhere, and a copy of before opens nothing.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from advocacy.local_state import CHECKOUT
from advocacy.management.seed.cast import PASSPHRASE
from advocacy.people.portal_access import NOT_IN_BACKUPS
from advocacy.tenancy.keystore import KeyStore
from advocacy.tenancy.models import Organization
from deploy.archive import DUMP, LEFT_OUT, MASKED, OUTSIDE, TABLES, in_environment, program, read_manifest
from tests.attacks.siege import superuser
from tests.identifiers import Search, identifiers_of
from tests.portal import come_in
from tests.seeded import Copy, _execute, copy_of_seeded, drop

SEARCH = {"people_patientsearch", "cases_casesearch", "cases_inquirysearch"}
SIGN_IN = {"people_user"}
OPERATOR = """
import django; django.setup()
from advocacy.people.models import User
User.objects.create_user("ops@platform.example", "a proof typed twice", name="Ops", is_superuser=True)
"""
REMEMBERS = """
import django; django.setup()
from django.db import connection
from advocacy.made_by import remember
remember(connection)
"""
"""What prepare_database does last, by which a restore knows data of its own version."""
OPENS = """
import django; django.setup()
from django.db import transaction
from advocacy.people.models import Patient
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to
from advocacy.tenancy.sealing import CannotOpen
for slug in ("harbor", "meadow"):
    house, opened = Organization.objects.get(slug=slug), 0
    with transaction.atomic(), scoped_to(house.pk):
        rows = list(Patient.objects.all())
        for patient in rows:
            try:
                opened += bool(patient.given_name)
            except CannotOpen:
                pass
    print(slug, len(rows) > 0, opened == len(rows), opened)
"""


def at(database: str) -> str:
    """The address of a database for the superuser, who reads every row."""
    role, host = superuser(), quote(settings.OWNER_DATABASE["HOST"], safe="")
    return f"postgresql://{quote(role['USER'])}:{quote(role['PASSWORD'], safe='')}@/{database}?host={host}"


@dataclass(frozen=True)
class Demo:
    """A copy of the demonstration, what identifies its patients (by organization), and a folder of keys of its own."""

    copy: Copy
    identifiers: dict[str, set[str]]
    environment: dict[str, str]
    folder: Path

    @property
    def everybody(self) -> set[str]:
        return set().union(*self.identifiers.values())

    def run(self, *arguments: str, typed: str = "", **more: str) -> str:
        """What a process of the program says; `typed` is what it reads where it asks."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=CHECKOUT,
            input=typed,
            env=self.environment | more,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
        return done.stdout


@pytest.fixture
def demo(django_db_setup: None, django_db_blocker: Any, tmp_path: Path) -> Iterator[Demo]:
    copy = copy_of_seeded(f"dumped_{os.getpid()}", tmp_path / "documents")
    keys = tmp_path / "keys"
    shutil.copytree(settings.KEYSTORE, keys)
    KeyStore(keys, settings.KEYS).prepare()
    environment = os.environ | copy.addresses
    environment |= {"RECOURSE_KEYSTORE": str(keys), "RECOURSE_DATA_DIR": str(copy.documents)}
    patch = pytest.MonkeyPatch()
    try:
        with django_db_blocker.unblock():
            connection.close()
            patch.setitem(connection.settings_dict, "NAME", copy.database)
            identifiers = {o.slug: identifiers_of(o) for o in Organization.objects.all()}
            connection.close()
        patch.undo()
        yield Demo(copy, identifiers, environment, tmp_path)
    finally:
        patch.undo()
        drop(copy.database)


def major(database: str) -> int:
    with psycopg.connect(at(database)) as asked:
        return asked.info.server_version // 10000


def in_dump(command: list[str], database: str, words: set[str]) -> dict[str, set[str]]:
    """Table -> which of the words stand in its rows; "" are definitions. The dump goes through and is kept nowhere."""
    search, table = Search(words), ""
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"} | in_environment(at(database))
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as dump:
        assert dump.stdout is not None
        for line in dump.stdout:
            if line.startswith(b"COPY "):
                table = line.split()[1].decode().replace('"', "").removeprefix("public.")
            search.add(table, line)
            if line == b"\\.\n":
                table = ""
    assert dump.returncode == 0
    return search.found()


def readable(database: str, words: set[str]) -> dict[str, set[str]]:
    dump = [program("pg_dump", major(database)), "--format=plain", "--no-password"]
    return in_dump(dump, database, words)


def shown(found: dict[str, set[str]]) -> dict[str, list[str]]:
    return {table: sorted(words)[:5] for table, words in found.items()}


@pytest.mark.long
def test_identifiers_stand_in_the_tables_of_search_and_sign_in_and_nowhere_else(demo):
    assert len(demo.everybody) > 500
    found = readable(demo.copy.database, demo.everybody)
    assert set(found) - SEARCH - SIGN_IN == set(), shown(found)
    # The search is no idle one: it finds each patient where it should.
    assert {"people_patientsearch", "people_user"} <= set(found)
    assert len(found["people_patientsearch"]) > 150
    trust = (CHECKOUT / "docs/trust.md").read_text()
    assert [table for table in SEARCH | SIGN_IN if f"`{table}`" not in trust] == []


@pytest.mark.long
def test_a_backup_holds_none_of_them_and_after_a_restore_patients_sign_in_as_before(demo):
    folder, restored = demo.folder / "backup", f"restored_{os.getpid()}"
    demo.run("-c", REMEMBERS, RECOURSE_AS_OWNER="1")
    demo.run("-m", "deploy.backup", str(folder), DATABASE_BACKUP_URL=at(demo.copy.database))
    assert set(read_manifest(folder)["tables"]) == set(MASKED)
    listed = [program("pg_restore", major(demo.copy.database)), "--file=-", str(folder / DUMP)]
    assert shown(in_dump(listed, demo.copy.database, demo.everybody)) == {}
    search = Search(demo.everybody)
    for path in (folder / TABLES).iterdir():
        for line in path.read_bytes().splitlines(keepends=True):
            search.add(path.name, line)
    assert shown(search.found()) == {}
    # And nothing is lost by that.
    roles = [program("psql", major(demo.copy.database)), "-X", "-q", "-v", f"database={restored}"]
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"} | in_environment(at("postgres"))
    subprocess.run([*roles, "-f", str(CHECKOUT / "deploy/roles.sql")], env=environment, check=True)
    try:
        addresses = {n: a.replace(demo.copy.database, restored) for n, a in demo.copy.addresses.items()}
        demo.run(
            *("-m", "deploy.restore", str(folder)),
            **addresses,
            DATABASE_BACKUP_URL=at(restored),
            RECOURSE_DATA_DIR=str(demo.folder / "elsewhere"),
        )
        before, after = accounts(demo.copy.database), accounts(restored)
        assert before == after
        assert len([email for _id, email, _active, is_staff in before if not is_staff]) > 2
        assert shown(readable(restored, demo.everybody)) == shown(
            readable(demo.copy.database, demo.everybody)
        )
    finally:
        drop(restored)


def accounts(database: str) -> list[Any]:
    with psycopg.connect(at(database)) as asked:
        return asked.execute("SELECT id, email, is_active, is_staff FROM people_user ORDER BY id").fetchall()


@pytest.mark.long
def test_after_an_organization_left_nothing_of_it_is_readable_and_an_older_copy_opens_nothing(demo):
    older = f"older_{os.getpid()}"
    demo.run("-c", OPERATOR)
    _execute(f'CREATE DATABASE "{older}" TEMPLATE "{demo.copy.database}"')
    try:
        told = demo.run(
            *("manage.py", "offboard", "harbor", "--confirm", "harbor"),
            *("--asked-by", "olga@harbor.example", "--approved-by", "ops@platform.example"),
            typed=f"{PASSPHRASE}\na proof typed twice\n",
            RECOURSE_SECOND_FACTOR="optional",
        )
        assert "its keys are destroyed" in told
        demo.run("manage.py", "seal_trail")
        assert "Valid" in demo.run("manage.py", "verify_audit", "harbor")
        its = demo.identifiers["harbor"] - demo.identifiers["meadow"]
        assert shown(readable(demo.copy.database, its)) == {}
        before = {name: a.replace(demo.copy.database, older) for name, a in demo.copy.addresses.items()}
        said = [line.split() for line in demo.run("-c", OPENS, **before).splitlines()]
        assert [words[:3] for words in said] == [["harbor", "True", "False"], ["meadow", "True", "True"]]
        assert said[0][3] == "0"
    finally:
        drop(older)


TABLES_OF_ROWS = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND n.nspname IN ('public', 'audit') AND has_table_privilege(c.oid, 'SELECT')
"""


def test_rows_of_the_cast_tell_of_a_patient_in_these_tables_only(cast, portal_people):
    """The same as of the demonstration, in small: what the scope of Harbor reads."""
    call_command("rebuild_search", stdout=io.StringIO())
    search = Search(identifiers_of(cast.harbor))
    with connection.cursor() as cursor:
        cursor.execute(TABLES_OF_ROWS)
        for schema, table in cursor.fetchall():
            cursor.execute(f'SELECT whole::text FROM "{schema}"."{table}" AS whole')
            for (text,) in cursor.fetchall():
                search.add(table, text.encode())
    found = search.found()
    assert set(found) == {"people_patientsearch", "cases_casesearch", "people_user"}, shown(found)


def test_addresses_that_a_backup_left_out_are_put_back(cast, portal_people):
    assert f"@{OUTSIDE}" == NOT_IN_BACKUPS
    accounts = {name: access.user for name, access in portal_people.items()}
    for user in accounts.values():
        user.email = f"{user.public_id}@{OUTSIDE}"
        user.save()
    call_command("rebuild_search", stdout=io.StringIO())
    for name, user in accounts.items():
        user.refresh_from_db()
        assert user.email == f"{name}@mail.example"
    come_in("dana@mail.example")


def test_what_is_left_out_of_a_backup_is_what_the_trust_page_names():
    trust = (CHECKOUT / "docs/trust.md").read_text()
    named = set(re.findall(r"`((?:people|cases|account)_[a-z]+)`", trust))
    assert named == SEARCH | SIGN_IN
    assert set(LEFT_OUT) >= SEARCH and set(MASKED) >= SIGN_IN
