"""A server as `make demo` leaves it: what the application role may not do, and data of an earlier version, told apart."""

from __future__ import annotations

import os
import subprocess
import sys

import psycopg
import pytest

from advocacy.embedded import Server
from advocacy.local_state import CHECKOUT
from advocacy.made_by import OLDER, TABLE, fingerprints
from tests.advocacy.test_embedded import check_database, local, server  # noqa: F401  fixtures: a cluster of its own
from tests.conftest import AS_SHIPPED, KEPT

READY = "The database has its roles apart, and the application role is bound by row-level security."


def manage(server: Server, *arguments: str, **more: str) -> tuple[int, str]:  # noqa: F811
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=CHECKOUT,
        env={**os.environ, **server.environment(), **more},
        text=True,
        capture_output=True,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).strip()


@pytest.fixture
def prepared(server: Server) -> Server:  # noqa: F811
    code, said = manage(server, "prepare_database", RECOURSE_AS_OWNER="1")
    assert code == 0, said
    return server


def test_a_prepared_database_is_ready_and_only_the_owner_makes_organizations(prepared):
    assert check_database(prepared) == (0, READY)
    given = [
        "--name",
        "Willow",
        "--prefix",
        "WL",
        "--time-zone",
        "America/Denver",
        "--admin-email",
        "ada@willow.example",
    ]
    code, said = manage(prepared, "create_organization", "willow", *given)
    assert code == 0 and "Willow is there." in said, said
    with psycopg.connect(prepared.address("recourse_app"), autocommit=True) as app:
        for statement in (
            "INSERT INTO tenancy_organization (slug, name, reference_prefix) VALUES ('x', 'x', 'X')",
            "DELETE FROM tenancy_organization",
            "UPDATE tenancy_organization SET slug = 'taken'",
            "UPDATE tenancy_organization SET reference_prefix = 'HB'",
            "SELECT lo_create(0)",
            "SELECT lo_from_bytea(0, 'a')",
            f"DELETE FROM {TABLE}",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)
        (pk,) = app.execute("SELECT id FROM tenancy_organization WHERE slug = 'willow'").fetchone()
        renamed = "UPDATE tenancy_organization SET name = 'Willow Project' RETURNING id"
        assert app.execute(renamed).fetchall() == []  # outside a scope no row is one's own
        app.execute("SELECT set_config('app.organization', %s, false)", [str(pk)])
        assert app.execute(renamed).fetchall() == [(pk,)]
        app.execute("SELECT set_config('app.organization', %s, false)", [str(pk + 1)])
        assert app.execute(renamed).fetchall() == []


def test_what_the_application_may_too_much_is_said(prepared):
    with psycopg.connect(prepared.address("postgres"), autocommit=True) as root:
        root.execute("GRANT INSERT, UPDATE (slug) ON tenancy_organization TO recourse_app")
        root.execute("GRANT EXECUTE ON FUNCTION lo_create(oid) TO PUBLIC")
        code, said = check_database(prepared)
        root.execute("REVOKE INSERT, UPDATE (slug) ON tenancy_organization FROM recourse_app")
        root.execute("REVOKE EXECUTE ON FUNCTION lo_create(oid) FROM PUBLIC")
    assert code == 1
    assert [line.strip() for line in said.splitlines()[1:4]] == [
        "Everybody may make large objects, which row-level security does not bind.",
        "The role recourse_app may make organizations.",
        "The role recourse_app may change what organizations are called by: slug.",
    ]
    assert check_database(prepared) == (0, READY)


def test_data_of_an_earlier_version_is_told_apart_and_left_alone(prepared):
    """Its first migrations were rewritten since: it says so before anything is changed, and does nothing."""
    assert manage(prepared, "check_data", RECOURSE_AS_OWNER="1") == (0, "")
    with psycopg.connect(prepared.address("recourse_owner"), autocommit=True) as owner:
        kept = owner.execute(f"SELECT app, name, fingerprint FROM {TABLE}").fetchall()
        assert {(app, name): print_ for app, name, print_ in kept} == fingerprints()
        owner.execute(
            f"UPDATE {TABLE} SET fingerprint = 'another' WHERE (app, name) = ('cases', '0001_initial')"
        )
        older = [
            manage(prepared, "check_data", RECOURSE_AS_OWNER="1"),
            manage(prepared, "prepare_database", RECOURSE_AS_OWNER="1"),
            check_database(prepared),
        ]
        owner.execute(f"DROP TABLE {TABLE}")
        before_it_was_kept = manage(prepared, "check_data", RECOURSE_AS_OWNER="1")
        owner.execute("TRUNCATE django_migrations")
        empty = manage(prepared, "check_data", RECOURSE_AS_OWNER="1")
    assert older[0] == (1, OLDER)
    assert older[1][0] == 1 and OLDER in older[1][1]
    assert (
        older[2][0] == 1
        and f"{OLDER} Use an empty database, or the version that made this one." in older[2][1]
    )
    assert before_it_was_kept == (1, OLDER)
    assert empty == (0, "")


def test_the_tests_themselves_had_to_ask_for_the_right_to_make_organizations_and_counts(db):
    rights = ("INSERT", "UPDATE", "DELETE")
    assert {
        right + table: False for table in ("", *(f" {name}" for name in KEPT)) for right in rights
    } == AS_SHIPPED
