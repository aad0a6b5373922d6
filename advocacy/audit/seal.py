"""Sealing what was committed: one seal holds the events of the oldest batches that wait, signed with a key the database never
sees (ADR 13). Nothing here is on the way of a write.

How a seal is made is said by verifier.py, which checks it without this program; here the rows are read and the key is used.
Functions take a cursor inside a transaction of the organization's scope: Django's in the product, psycopg's where an attack
is tried.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from advocacy.audit.verifier import (
    FIELDS,
    NOTHING,
    Row,
    Seal,
    head_of,
    leaf_check_of,
    leaf_of,
    prefixed,
    root_of,
    to_sign,
)
from advocacy.keyfile import Keys

MOST = 5_000
"""Events of a seal; one statement that wrote more is sealed whole."""
BATCHES = 5_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_MICROSECONDS = "(extract(epoch FROM {}) * 1000000)::bigint::text"
_AS_TEXT = {name: f"e.{name}::text" for name in FIELDS} | {
    name: _MICROSECONDS.format(f"e.{name}") for name in ("at", "recorded_at")
}
ROW = ", ".join(["e.id", *(_AS_TEXT[name] for name in FIELDS)])
"""The columns of an event as the verifier's Row: no setting of a session changes how one of them reads."""

EVENTS_SQL = (
    f"SELECT {ROW} FROM audit.event e"  # noqa: S608  our own text
    " WHERE e.organization_id = %s AND e.id = ANY (%s::bigint[]) ORDER BY e.id"
)
SEAL = (
    "organization::text, seq, ids, leaves, leaf_check, root, previous, head,"
    " (extract(epoch FROM sealed_at) * 1000000)::bigint, key_id, signature"
)


@dataclass(frozen=True)
class Organization:
    """Whose trail: the key of its rows, and the public id that is signed."""

    pk: int
    public_id: str


@dataclass(frozen=True)
class Waiting:
    """Events of one organization that wait for their seal, and when the oldest was written (None: it is gone)."""

    organization_id: int
    events: int
    oldest: datetime | None


class NoSealKey(RuntimeError):
    """This process has no key to seal with (RECOURSE_SEAL_KEY)."""


def leaf_key_of(keys: Keys, public_id: str) -> bytes:
    """The key of the hashes of one organization's events. Raises NoSealKey."""
    if keys.leaf is None:
        raise NoSealKey("RECOURSE_SEAL_KEY and RECOURSE_LEAF_KEY are not set.")
    return hmac.digest(keys.leaf, f"recourse.leaf:{public_id}".encode(), "sha256")


def seal_next(cursor: Any, organization: Organization, keys: Keys, *, at: datetime) -> int:
    """Seal the oldest batches that wait; returns how many events that were, 0 where nothing waits or somebody else seals.

    One transaction is one seal. Raises NoSealKey.
    """
    leaf_key = leaf_key_of(keys, organization.public_id)
    cursor.execute(
        "SELECT pg_try_advisory_xact_lock(hashtextextended('audit.seal:' || %s::text, 0))", [organization.pk]
    )
    if cursor.fetchone() != (True,):
        return 0
    batches, ids = _oldest(cursor, organization.pk)
    if not ids:
        return 0
    rows = {row[0]: row for row in events(cursor, organization.pk, ids)}
    name = prefixed([organization.public_id])
    leaves = b"".join(leaf_of(leaf_key, name, rows[n]) if n in rows else NOTHING for n in ids)
    cursor.execute(
        "SELECT seq, head FROM audit.seal WHERE organization_id = %s ORDER BY seq DESC LIMIT 1",
        [organization.pk],
    )
    last, previous = cursor.fetchone() or (0, NOTHING)
    seal = Seal(
        organization=organization.public_id,
        seq=last + 1,
        ids=tuple(ids),
        leaves=leaves,
        leaf_check=leaf_check_of(leaf_key),
        root=root_of(ids, leaves),
        previous=bytes(previous),
        head=b"",
        sealed_at=(at - EPOCH) // timedelta(microseconds=1),
        key_id=keys.seal_id,
        signature=b"",
    )
    _add(cursor, batches, signed(seal, keys), at)
    return len(ids)


def signed(seal: Seal, keys: Keys) -> Seal:
    """The seal with its head and signature. Raises NoSealKey."""
    head = head_of(seal)
    return replace(seal, head=head, signature=signature_of(to_sign(head), keys))


def signature_of(said: bytes, keys: Keys) -> bytes:
    """Ed25519 with the installation's key. Raises NoSealKey."""
    if keys.seal is None:
        raise NoSealKey("RECOURSE_SEAL_KEY is not set.")
    return Ed25519PrivateKey.from_private_bytes(keys.seal).sign(said)


def _oldest(cursor: Any, organization_id: int) -> tuple[list[int], list[int]]:
    """Keys of the batches to seal now, and the ids of their events in order."""
    cursor.execute(
        "SELECT id, ids FROM audit.batch WHERE organization_id = %s ORDER BY id LIMIT %s::int",
        [organization_id, BATCHES],
    )
    batches: list[int] = []
    ids: list[int] = []
    for key, of_batch in cursor.fetchall():
        if batches and len(ids) + len(of_batch) > MOST:
            break
        batches.append(key)
        ids += of_batch
    return batches, sorted(ids)


def _add(cursor: Any, batches: list[int], seal: Seal, at: datetime) -> None:
    cursor.execute(
        "SELECT audit.add_seal(%s::bigint[], %s::bigint, %s::uuid, %s::bigint[], %s::bytea, %s::bytea, %s::bytea, %s::bytea,"
        " %s::bytea, %s::timestamptz, %s::text, %s::bytea)",
        [
            batches,
            seal.seq,
            seal.organization,
            list(seal.ids),
            seal.leaves,
            seal.leaf_check,
            seal.root,
            seal.previous,
            seal.head,
            at,
            seal.key_id,
            seal.signature,
        ],
    )


def events(cursor: Any, organization_id: int, ids: Sequence[int]) -> list[Row]:
    """The events there are of these, as the verifier reads them, by id."""
    cursor.execute(EVENTS_SQL, [organization_id, list(ids)])
    found: list[Row] = cursor.fetchall()
    return found


def seals(cursor: Any, organization_id: int, *, after: int, most: int) -> Iterator[Seal]:
    """Seals in order behind one, so many at most."""
    cursor.execute(
        f"SELECT {SEAL} FROM audit.seal WHERE organization_id = %s AND seq > %s::bigint ORDER BY seq LIMIT %s::int",  # noqa: S608  our own text
        [organization_id, after, most],
    )
    for row in cursor.fetchall():
        values: list[Any] = [bytes(v) if isinstance(v, memoryview) else v for v in row]
        values[2] = tuple(values[2])
        yield Seal(*values)


def waiting(cursor: Any) -> list[Waiting]:
    """What waits, in every organization: counts and moments only."""
    cursor.execute("SELECT organization_id, events, oldest FROM audit.organizations_waiting() ORDER BY 1")
    return [Waiting(*row) for row in cursor.fetchall()]


def heads(cursor: Any, wanted: Iterable[tuple[int, int | None]]) -> dict[int, tuple[int, bytes, int]]:
    """Organization -> seal, head, highest event id; of the newest seal, or of the one asked for."""
    asked = list(wanted)
    cursor.execute(
        "SELECT organization_id, seq, head, through FROM audit.heads(%s::bigint[], %s::bigint[])",
        [[o for o, _ in asked], [seq for _, seq in asked]],
    )
    return {o: (seq, bytes(head), through) for o, seq, head, through in cursor.fetchall()}
