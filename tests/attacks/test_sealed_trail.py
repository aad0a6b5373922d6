"""Whoever owns the database tries to change the trail unseen: as superuser, with every trigger off, knowing how it is sealed.

He has all of the database and none of the keys. Each attack happens in a transaction of his own that is undone, on a database
made for it; what finds it is what finds it in the product: the check in place, and the bundle with the verifier alone.
"""

from __future__ import annotations

import dataclasses
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from advocacy.audit import anchors, check, seal, verifier
from advocacy.audit.seal import Organization
from advocacy.keyfile import Keys
from tests.seeded import copy_of_migrated, drop

AT = datetime(2026, 3, 16, 15, 0, tzinfo=UTC)
SEED = secrets.token_bytes(32)
KEYS = Keys(
    django="x",
    field_id="k1",
    field=secrets.token_bytes(32),
    index=secrets.token_bytes(32),
    seal=SEED,
    leaf=secrets.token_bytes(32),
    seal_public={"s1": Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()},
)
HARBOR = Organization(1, "01890000-0000-7000-8000-000000000001")
MEADOW = Organization(2, "01890000-0000-7000-8000-000000000002")
BOTH = (HARBOR, MEADOW)


def as_superuser(database: str) -> psycopg.Connection[Any]:
    home = Path(settings.LOCAL_DIR).parent
    password = json.loads((home / "passwords.json").read_text())["postgres"]
    host = settings.OWNER_DATABASE["HOST"]
    return psycopg.connect(dbname=database, host=str(host), user="postgres", password=password)


@dataclass
class Sealed:
    """A database with two sealed trails, its witness, and a superuser in a transaction that nobody keeps."""

    name: str
    connection: psycopg.Connection[Any]
    anchors: list[verifier.Anchor]

    def act(self, count: int, organization: Organization = HARBOR) -> None:
        """So many acts in the trail, each a statement of its own."""
        for _ in range(count):
            self.connection.execute(
                "SELECT set_config('app.organization', %s, true), set_config('app.actor', 'user:7', true)",
                [str(organization.pk)],
            )
            self.connection.execute(
                "SELECT audit.record('verb', 'case_changed', 'cases_case', 7, '{7}', '{9}', '{\"to\": \"ä\"}', 'sealed:00')"
            )

    def seal(self, organization: Organization = HARBOR, at: datetime = AT) -> int:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.organization', %s, true)", [str(organization.pk)])
            return seal.seal_next(cursor, organization, KEYS, at=at)

    def anchor(self, at: datetime = AT, restored: str = "") -> list[verifier.Anchor]:
        with self.connection.cursor() as cursor:
            told = anchors.statement(cursor, BOTH, KEYS, at=at, restored=restored)
        return verifier.read_anchors([("here", told)], verifier.Ring(KEYS.seal_public))

    def owning(self, *statements: str) -> None:
        """As nobody can stop a superuser: triggers, foreign keys and row security do not hold."""
        self.connection.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            assert self.connection.execute(statement).rowcount != 0, statement
        self.connection.execute("SET LOCAL session_replication_role = origin")

    def found(self, organization: Organization = HARBOR, witness: Any = None) -> str:
        """What the check in place says: kind, seal and event of the first thing wrong, or what is valid."""
        held = self.anchors if witness is None else witness
        with self.connection.cursor() as cursor:
            try:
                verdict = check.verify(cursor, organization, KEYS, held)
            except verifier.Broken as problem:
                return f"{problem.kind} seal={problem.seal} event={problem.event}"
        return f"valid {verdict.seals} seals {verdict.events} events {verdict.waiting} waiting {verdict.void} void"


@pytest.fixture(scope="module")
def database(django_db_setup) -> Iterator[str]:
    """Harbor: seals 1 to 4 of three events each, two events that wait. Meadow: seals 1 to 4 too."""
    name = "sealed_trail"
    copy_of_migrated(name)
    try:
        with as_superuser(name) as connection:
            made = Sealed(name, connection, [])
            for n in range(4):
                for organization in BOTH:
                    made.act(3, organization)
                    assert made.seal(organization, AT + timedelta(minutes=n)) == 3
            made.act(2)
        with as_superuser("postgres") as connection:
            connection.autocommit = True
            connection.execute(
                f'CREATE DATABASE "{name}_of_last_week" TEMPLATE "{name}" OWNER recourse_owner'
            )
        yield name
    finally:
        drop(f"{name}_of_last_week")
        drop(name)


@pytest.fixture
def sealed(database) -> Iterator[Sealed]:
    connection = as_superuser(database)
    try:
        made = Sealed(database, connection, [])
        made.anchors = made.anchor()
        yield made
    finally:
        connection.rollback()
        connection.close()


def first_of(sealed: Sealed, seq: int, organization: Organization = HARBOR) -> list[int]:
    row = sealed.connection.execute(
        "SELECT ids FROM audit.seal WHERE organization_id = %s AND seq = %s", [organization.pk, seq]
    ).fetchone()
    return list(row[0])


def test_nothing_was_done(sealed):
    assert sealed.found() == "valid 4 seals 12 events 2 waiting 0 void"
    assert sealed.found(MEADOW) == "valid 4 seals 12 events 0 waiting 0 void"


@pytest.mark.parametrize(
    "column",
    [
        "kind = 'read'",
        "at = at + interval '1 microsecond'",
        "recorded_at = recorded_at - interval '1 day'",
        "xid = '7'",
        "actor = 'user:8'",
        "actor_label = 'Somebody'",
        "request_id = 'r'",
        "reason = ''",
        "verb = 'case_closed'",
        "subject_table = 'cases_note'",
        "subject_id = NULL",
        "case_ids = '{}'",
        "patient_ids = '{9,9}'",
        'data = \'{"to": "a"}\'',
    ],
)
def test_an_edited_event_is_named_whatever_of_it_was_changed(sealed, column):
    event = first_of(sealed, 2)[1]
    sealed.owning(f"UPDATE audit.event SET {column} WHERE id = {event}")
    assert sealed.found() == f"edited seal=2 event={event}"
    assert sealed.found(MEADOW).startswith("valid 4 seals")


def test_every_column_of_an_event_is_sealed(sealed):
    columns = sealed.connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'audit.event'::regclass AND attnum > 0 ORDER BY attnum"
    ).fetchall()
    assert [c for (c,) in columns] == ["id", "organization_id", *verifier.FIELDS]


def test_a_deleted_event_is_named(sealed):
    event = first_of(sealed, 3)[2]
    sealed.owning(f"DELETE FROM audit.event WHERE id = {event}")
    assert sealed.found() == f"deleted seal=3 event={event}"


def test_a_deleted_seal_is_named(sealed):
    sealed.owning("DELETE FROM audit.seal WHERE organization_id = 1 AND seq = 2")
    assert sealed.found() == "deleted seal=2 event=None"


def test_an_event_deleted_before_it_was_sealed_is_named_while_its_batch_is_there(sealed):
    (event,) = sealed.connection.execute(
        "SELECT max(id) FROM audit.event WHERE organization_id = 1"
    ).fetchone()
    sealed.owning(f"DELETE FROM audit.event WHERE id = {event}")
    assert sealed.found() == f"deleted seal=None event={event}"
    sealed.seal()
    assert sealed.found() == f"deleted seal=5 event={event}"


def test_an_event_taken_out_of_the_queue_and_one_put_in_past_it_are_named(sealed):
    (batch, event) = sealed.connection.execute(
        "SELECT id, ids[1] FROM audit.batch WHERE organization_id = 1 ORDER BY id LIMIT 1"
    ).fetchone()
    sealed.owning(f"DELETE FROM audit.batch WHERE id = {batch}")
    assert sealed.found() == f"added seal=None event={event}"


def test_a_tail_cut_off_is_seen_by_the_witness_only(sealed):
    tail = "(SELECT unnest(ids) FROM audit.seal WHERE organization_id = 1 AND seq > 2)"
    sealed.owning(
        f"DELETE FROM audit.event WHERE organization_id = 1 AND id IN {tail}",
        "DELETE FROM audit.seal WHERE organization_id = 1 AND seq > 2",
    )
    assert sealed.found() == "cut seal=3 event=None"
    assert sealed.found(witness=[]) == "valid 2 seals 6 events 2 waiting 0 void"


def test_a_trail_taken_away_altogether_is_seen_by_the_witness(sealed):
    sealed.owning(
        *(f"DELETE FROM audit.{table} WHERE organization_id = 1" for table in ("event", "seal", "batch"))
    )
    assert sealed.found() == "cut seal=1 event=None"


def test_two_events_that_changed_places_are_named(sealed):
    one, other, _ = first_of(sealed, 2)
    sealed.owning(
        "ALTER TABLE audit.event ALTER id SET GENERATED BY DEFAULT",
        f"UPDATE audit.event SET id = -1 WHERE id = {one}",
        f"UPDATE audit.event SET id = {one} WHERE id = {other}",
        f"UPDATE audit.event SET id = {other} WHERE id = -1",
    )
    assert sealed.found() == f"reordered seal=2 event={one}"


def test_two_seals_that_changed_places_are_named(sealed):
    sealed.owning(
        "UPDATE audit.seal SET seq = 99 WHERE organization_id = 1 AND seq = 2",
        "UPDATE audit.seal SET seq = 2 WHERE organization_id = 1 AND seq = 3",
        "UPDATE audit.seal SET seq = 3 WHERE organization_id = 1 AND seq = 99",
    )
    assert sealed.found() == "reordered seal=2 event=None"


def rehashed(sealed: Sealed, keys: Keys, *, seq: int) -> None:
    """Make an event and every hash after it anew, as the program would, with `keys`: even the leaf key has leaked."""
    with sealed.connection.cursor() as cursor:
        old = list(seal.seals(cursor, 1, after=0, most=100))
        previous = old[seq - 2].head
        for one in old[seq - 1 :]:
            rows = seal.events(cursor, 1, one.ids)
            name = verifier.prefixed([HARBOR.public_id])
            leaf_key = seal.leaf_key_of(KEYS, HARBOR.public_id)
            leaves = b"".join(verifier.leaf_of(leaf_key, name, row) for row in rows)
            fresh = dataclasses.replace(
                one,
                leaves=leaves,
                root=verifier.root_of(one.ids, leaves),
                previous=previous,
                key_id=keys.seal_id,
            )
            fresh = seal.signed(fresh, keys)
            previous = fresh.head
            sealed.connection.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(
                "UPDATE audit.seal SET leaves = %s, root = %s, previous = %s, head = %s, signature = %s, key_id = %s"
                " WHERE organization_id = 1 AND seq = %s",
                [
                    fresh.leaves,
                    fresh.root,
                    fresh.previous,
                    fresh.head,
                    fresh.signature,
                    fresh.key_id,
                    one.seq,
                ],
            )


def test_hashes_made_anew_without_the_key_are_named(sealed):
    event = first_of(sealed, 2)[0]
    sealed.owning(f"UPDATE audit.event SET verb = 'case_closed' WHERE id = {event}")
    own = dataclasses.replace(KEYS, seal=secrets.token_bytes(32))
    rehashed(sealed, own, seq=2)
    assert sealed.found() == "resealed seal=2 event=None"
    rehashed(sealed, dataclasses.replace(own, seal_id="s2"), seq=2)
    assert sealed.found() == "resealed seal=2 event=None"


@pytest.mark.parametrize("column", ["leaves = root || root || root", "ids = ids[1:2]", "sealed_at = now()"])
def test_a_seal_that_was_edited_is_named(sealed, column):
    sealed.owning(f"UPDATE audit.seal SET {column} WHERE organization_id = 1 AND seq = 2")
    assert sealed.found() == "resealed seal=2 event=None"


def test_a_segment_of_another_organization_is_named(sealed):
    """Meadow's seals 3 and 4 with their events in the place of Harbor's; with Harbor's id written over Meadow's, too."""
    ours, theirs = (
        f"(SELECT unnest(ids) FROM audit.seal WHERE organization_id = {pk} AND seq > 2)" for pk in (1, 2)
    )
    sealed.owning(
        f"DELETE FROM audit.event WHERE id IN {ours}",
        f"UPDATE audit.event SET organization_id = 1 WHERE id IN {theirs}",
        "DELETE FROM audit.seal WHERE organization_id = 1 AND seq > 2",
        "UPDATE audit.seal SET organization_id = 1 WHERE organization_id = 2 AND seq > 2",
    )
    assert sealed.found() == "spliced seal=3 event=None"
    assert sealed.found(MEADOW) == "cut seal=3 event=None"
    sealed.owning(f"UPDATE audit.seal SET organization = '{HARBOR.public_id}' WHERE organization_id = 1")
    assert sealed.found() == "resealed seal=3 event=None"


def test_an_event_of_another_organization_is_named(sealed):
    event = first_of(sealed, 2, MEADOW)[0]
    sealed.owning(f"UPDATE audit.event SET organization_id = 1 WHERE id = {event}")
    assert sealed.found() == f"added seal=None event={event}"
    assert sealed.found(MEADOW) == f"deleted seal=2 event={event}"


@pytest.fixture
def restored(database) -> Iterator[Sealed]:
    """The database as it was last week, put back: a copy in which nothing of what happens in `sealed` happened."""
    connection = as_superuser(f"{database}_of_last_week")
    try:
        yield Sealed(f"{database}_of_last_week", connection, [])
    finally:
        connection.rollback()
        connection.close()


def test_last_week_s_backup_put_back_is_named_at_once_and_after_it_went_on(sealed, restored):
    sealed.act(4)
    sealed.seal()
    witness = [*sealed.anchors, *sealed.anchor(AT + timedelta(days=7))]
    assert sealed.found(witness=witness) == "valid 5 seals 18 events 0 waiting 0 void"
    assert restored.found(witness=witness) == "restored seal=5 event=None"
    restored.act(6)
    restored.seal(at=AT + timedelta(days=8))
    assert restored.found(witness=witness) == "restored seal=5 event=None"
    declared = [*witness, *restored.anchor(AT + timedelta(days=9), restored="the disk was lost")]
    assert restored.found(witness=declared) == "valid 5 seals 20 events 0 waiting 1 void"


def test_a_restore_that_was_declared_is_valid_and_said(sealed, restored):
    sealed.act(4)
    sealed.seal()
    witness = [*sealed.anchors, *sealed.anchor(AT + timedelta(days=7))]
    witness += restored.anchor(AT + timedelta(days=8), restored="the disk was lost")
    restored.act(6)
    restored.seal(at=AT + timedelta(days=9))
    assert restored.found(witness=witness) == "valid 5 seals 20 events 0 waiting 1 void"


def test_after_a_declared_restore_the_declaration_holds_what_came_before_it(sealed):
    witness = [*sealed.anchors, *sealed.anchor(AT + timedelta(days=8), restored="the disk was lost")]
    assert sealed.found(witness=witness) == "valid 4 seals 12 events 2 waiting 0 void"
    sealed.owning(
        "DELETE FROM audit.event WHERE id IN (SELECT unnest(ids) FROM audit.seal WHERE organization_id = 1 AND seq > 2)",
        "DELETE FROM audit.seal WHERE organization_id = 1 AND seq > 2",
    )
    assert sealed.found(witness=witness) == "cut seal=3 event=None"


def test_a_restore_that_the_key_did_not_declare_is_none(sealed):
    with sealed.connection.cursor() as cursor:
        forged = dataclasses.replace(KEYS, seal=secrets.token_bytes(32))
        told = anchors.statement(cursor, BOTH, forged, at=AT, restored="believe me")
    with pytest.raises(verifier.Unreadable, match="the signature of this anchor does not hold"):
        verifier.read_anchors([("here", told)], verifier.Ring(KEYS.seal_public))


def test_the_bundle_tells_the_same_to_whoever_has_only_the_verifier(sealed, tmp_path):
    event = first_of(sealed, 2)[1]
    with sealed.connection.cursor() as cursor:
        assert check.export(cursor, HARBOR, KEYS, tmp_path / "good.jsonl.gz") == (4, 12)
        sealed.owning(f"UPDATE audit.event SET verb = 'case_closed' WHERE id = {event}")
        assert check.export(cursor, HARBOR, KEYS, tmp_path / "bad.jsonl") == (4, 12)
    assert verifier.verify(tmp_path / "good.jsonl.gz").events == 12
    with pytest.raises(verifier.Broken) as problem:
        verifier.verify(tmp_path / "bad.jsonl")
    assert (problem.value.kind, problem.value.seal, problem.value.event) == ("edited", 2, event)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO audit.seal SELECT * FROM audit.seal",
        "UPDATE audit.seal SET seq = 1",
        "DELETE FROM audit.seal",
        "DELETE FROM audit.batch",
        "TRUNCATE audit.batch",
        "SELECT * FROM audit.anchor",
    ],
)
def test_the_application_may_read_seals_and_no_more(sealed, statement):
    sealed.connection.execute("SET LOCAL ROLE recourse_app")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        sealed.connection.execute(statement)


def test_the_owner_of_the_trail_cannot_change_a_seal_by_mistake(sealed):
    sealed.connection.execute("SET LOCAL ROLE recourse_audit")
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        sealed.connection.execute("DELETE FROM audit.seal")


def test_a_seal_out_of_order_or_of_other_events_than_waited_is_refused(sealed):
    with sealed.connection.cursor() as cursor:
        (last,) = seal.seals(cursor, 1, after=3, most=1)
        batches, ids = seal._oldest(cursor, 1)
        for wrong in (
            {"seq": 4},
            {"seq": 6},
            {"previous": bytes(32)},
            {"ids": (*ids[:-1], 10_000)},
            {"ids": tuple(ids[:-1]), "leaves": bytes(32)},
        ):
            next_one = dataclasses.replace(last, seq=5, previous=last.head, ids=tuple(ids), leaves=bytes(64))
            cursor.execute("SAVEPOINT before")
            cursor.execute("SELECT set_config('app.organization', '1', true)")
            with pytest.raises(psycopg.errors.RaiseException):
                seal._add(cursor, batches, dataclasses.replace(next_one, **wrong), AT)
            cursor.execute("ROLLBACK TO SAVEPOINT before")
