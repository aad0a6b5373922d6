"""The seeded demonstration as `pg_dump` tells it, trail included, searched for everything that identifies a patient.

Every member id, birth date, telephone and mail address stands in the tables of search and of sign-in, which docs/trust.md names
as readable, and nowhere else; after an organization left, nothing of its stands anywhere, and a copy of before opens nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection, transaction

from advocacy.local_state import CHECKOUT
from advocacy.people.models import Contact, Patient
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to
from advocacy.tenancy.sealing import normalized
from cases.models import Coverage
from deploy.archive import LEFT_OUT, program, run
from tests.attacks.siege import superuser
from tests.seeded import Copy, _execute, copy_of_seeded, drop

pytestmark = pytest.mark.long

SEARCH = {"public.people_patientsearch", "public.cases_casesearch", "public.cases_inquirysearch"}
SIGN_IN = {"public.people_user", "public.account_emailaddress"}
OPERATOR = """
import django; django.setup()
from advocacy.people.models import User
User.objects.create_user("ops@platform.example", None, name="Ops", is_superuser=True)
"""
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


@dataclass(frozen=True)
class Demo:
    """A copy of the demonstration, what identifies its patients (by organization), and a folder of keys of its own."""

    copy: Copy
    identifiers: dict[str, set[str]]
    environment: dict[str, str]
    folder: Path

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=CHECKOUT,
            env=self.environment,
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
    environment = os.environ | copy.addresses
    environment |= {"RECOURSE_KEYSTORE": str(keys), "RECOURSE_DATA_DIR": str(copy.documents)}
    patch = pytest.MonkeyPatch()
    with django_db_blocker.unblock():
        connection.close()
        patch.setitem(connection.settings_dict, "NAME", copy.database)
        identifiers = {o.slug: identifiers_of(o) for o in Organization.objects.all()}
        connection.close()
    patch.undo()
    try:
        yield Demo(copy, identifiers, environment, tmp_path)
    finally:
        drop(copy.database)


def identifiers_of(organization: Organization) -> set[str]:
    """Every way in which the member ids, birth dates, telephones and addresses of its patients are written."""
    found: set[str] = set()
    with transaction.atomic(), scoped_to(organization.pk, actor="system:test"):
        for patient in Patient.objects.all():
            born = patient.birth_date
            found |= {f"{born}", f"{born:%m/%d/%Y}", f"{born.month}/{born.day}/{born.year}"}
        for member_id in Coverage.objects.all():
            found |= {member_id.member_id, normalized(member_id.member_id)}
        for contact in Contact.objects.exclude(kind=Contact.Kind.POST):
            found.add(contact.value)
            digits = re.sub(r"\D", "", contact.value)
            if "@" not in contact.value:
                found |= {digits, digits[-10:]}
    found = {one.lower() for one in found if len(one) >= 6}
    return found | {one.encode().hex() for one in found}


def dumped(database: str, *more: str) -> dict[str, str]:
    """Table -> its rows as text, of the whole database as a superuser reads it."""
    role, parts = superuser(), settings.OWNER_DATABASE
    user, password = quote(role["USER"]), quote(role["PASSWORD"], safe="")
    address = f"postgresql://{user}:{password}@/{database}?host={quote(parts['HOST'], safe='')}"
    major = connection_major(address)
    text = run([program("pg_dump", major), "--format=plain", "--no-password", *more], address, "The dump")
    tables: dict[str, list[str]] = defaultdict(list)
    table = ""
    for line in text.splitlines():
        if line.startswith("COPY "):
            table = line.split()[1].replace('"', "")
        elif line == "\\.":
            table = ""
        else:
            tables[table or "(definitions)"].append(line)
    return {name: "\n".join(lines).lower() for name, lines in tables.items()}


def connection_major(address: str) -> int:
    import psycopg

    with psycopg.connect(address) as asked:
        return asked.info.server_version // 10000


def readable(tables: dict[str, str], identifiers: set[str]) -> dict[str, list[str]]:
    """Table -> the identifiers that stand in it, a few of them."""
    found = {}
    for name, text in tables.items():
        if there := [one for one in sorted(identifiers) if one in text]:
            found[name] = there[:5]
    return found


def test_identifiers_stand_in_the_tables_of_search_and_sign_in_and_nowhere_else(demo):
    everybody = set().union(*demo.identifiers.values())
    assert len(everybody) > 100
    whole = dumped(demo.copy.database)
    assert len(whole["audit.event"]) > 100_000
    found = readable(whole, everybody)
    assert set(found) <= SEARCH | SIGN_IN, found
    assert {"public.people_patientsearch", "public.people_user"} <= set(found)
    backed_up = dumped(demo.copy.database, *(f"--exclude-table-data=*.{table}" for table in LEFT_OUT))
    assert set(readable(backed_up, everybody)) <= SIGN_IN
    trust = (CHECKOUT / "docs/trust.md").read_text()
    assert "The tables of search and of sign-in" in trust


def test_after_an_organization_left_nothing_of_it_is_readable_and_an_older_copy_opens_nothing(demo):
    older = f"older_{os.getpid()}"
    demo.manage("-c", OPERATOR)
    _execute(f'CREATE DATABASE "{older}" TEMPLATE "{demo.copy.database}"')
    try:
        told = demo.manage(
            *("manage.py", "offboard", "harbor", "--confirm", "harbor"),
            *("--asked-by", "olga@harbor.example", "--approved-by", "ops@platform.example"),
        )
        assert "its keys are destroyed" in told
        demo.manage("manage.py", "seal_trail")
        assert "Valid" in demo.manage("manage.py", "verify_audit", "harbor")
        assert (
            readable(dumped(demo.copy.database), demo.identifiers["harbor"] - demo.identifiers["meadow"])
            == {}
        )
        before = demo.environment | {
            name: address.replace(demo.copy.database, older) for name, address in demo.copy.addresses.items()
        }
        elsewhere = Demo(demo.copy, {}, before, demo.folder)
        said = elsewhere.manage("-c", OPENS).splitlines()
        assert [line.split()[:3] for line in said] == [
            ["harbor", "True", "False"],
            ["meadow", "True", "True"],
        ]
        assert said[0].split()[3] == "0"
    finally:
        drop(older)
