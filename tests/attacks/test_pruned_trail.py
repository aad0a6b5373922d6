"""Old events go, and what is left still proves itself: only what the sealing key said may be missing."""

from __future__ import annotations

import dataclasses
import os
import secrets
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from advocacy.audit import check, prune, verifier
from advocacy.keyfile import Keys
from tests.attacks.test_sealed_trail import AT, HARBOR, KEYS, Sealed, as_superuser, first_of
from tests.seeded import copy_of_migrated, drop

LONG_AGO = AT.replace(year=2019)


@pytest.fixture(scope="module")
def database(django_db_setup) -> Iterator[str]:
    """Harbor: two seals of three events seven years old, and a new one."""
    name = f"pruned_trail_{os.getpid()}"
    copy_of_migrated(name)
    try:
        with as_superuser(name) as connection:
            made = Sealed(name, connection, [])
            for at in (LONG_AGO, LONG_AGO + timedelta(days=1), AT):
                made.act(3)
                assert made.seal(HARBOR, at) == 3
        yield name
    finally:
        drop(name)


@pytest.fixture
def sealed(database) -> Iterator[Sealed]:
    connection = as_superuser(database)
    try:
        yield Sealed(database, connection, [])
    finally:
        connection.rollback()
        connection.close()


def pruned(sealed: Sealed, through: int = 2, keys: Keys = KEYS) -> int:
    with sealed.connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.organization', '1', true)")
        return prune.prune(cursor, HARBOR, keys, through=through, at=AT)


def test_pruned_events_are_gone_and_the_trail_is_still_provable(sealed, tmp_path):
    with sealed.connection.cursor() as cursor:
        before = AT - timedelta(days=6 * 366)
        assert prune.prunable(cursor, HARBOR, before) == prune.Prunable(2, 6)
        assert prune.prunable(cursor, HARBOR, LONG_AGO) == prune.Prunable(0, 0)
    assert pruned(sealed) == 6
    assert sealed.found(witness=[]) == "valid 3 seals 9 events 0 waiting 0 void"
    with sealed.connection.cursor() as cursor:
        check.export(cursor, HARBOR, KEYS, tmp_path / "pruned.jsonl")
    verdict = verifier.verify(tmp_path / "pruned.jsonl")
    assert (verdict.events, verdict.pruned) == (9, 6) and "6 of them were pruned" in str(verdict)
    left = first_of(sealed, 3)[0]
    sealed.owning(f"DELETE FROM audit.event WHERE id = {left}")
    assert sealed.found(witness=[]) == f"deleted seal=3 event={left}"


def test_nothing_younger_than_six_years_goes_whoever_asks(sealed):
    with pytest.raises(psycopg.errors.RaiseException, match="kept for six years"):
        pruned(sealed, through=3)


def test_a_pruning_that_the_key_did_not_sign_is_a_deletion(sealed):
    gone = first_of(sealed, 1)[0]
    sealed.owning(f"DELETE FROM audit.event WHERE id = {gone}")
    assert sealed.found(witness=[]) == f"deleted seal=1 event={gone}"
    assert pruned(sealed, keys=dataclasses.replace(KEYS, seal=secrets.token_bytes(32))) == 5
    assert sealed.found(witness=[]) == "resealed seal=None event=None"
    # A statement of the key, moved to a later seal, says what it never said.
    sealed.connection.execute("SET LOCAL session_replication_role = replica")
    sealed.connection.execute("DELETE FROM audit.pruned")
    pruned(sealed, through=1)
    sealed.connection.execute("UPDATE audit.pruned SET through = 3")
    assert sealed.found(witness=[]) == "resealed seal=None event=None"


def test_the_application_prunes_nothing(sealed):
    sealed.connection.execute("SET LOCAL ROLE recourse_app")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        pruned(sealed)
