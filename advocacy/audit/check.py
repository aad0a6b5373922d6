"""The whole trail of an organization, seal by seal, out of the database: checked in place, or written into a bundle that
verifier.py checks anywhere. Both run while people work.
"""

from __future__ import annotations

import gzip
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from advocacy.audit.keys import published
from advocacy.audit.seal import Organization, events, leaf_key_of, seals
from advocacy.audit.verifier import BUNDLE, Anchor, Check, Ring, Row, Seal, Verdict, told_of
from advocacy.keyfile import Keys

PAGE, ROWS = 50, 5_000

STATE_SQL = """
WITH w AS (SELECT x AS id FROM audit.batch b CROSS JOIN LATERAL unnest(b.ids) x WHERE b.organization_id = %(organization)s)
SELECT (SELECT coalesce(max(s.seq), 0) FROM audit.seal s WHERE s.organization_id = %(organization)s),
       (SELECT coalesce(sum(cardinality(s.ids)), 0)::bigint FROM audit.seal s WHERE s.organization_id = %(organization)s),
       (SELECT coalesce(sum(p.events), 0)::bigint FROM audit.pruned p WHERE p.organization_id = %(organization)s),
       (SELECT count(*) FROM audit.event e WHERE e.organization_id = %(organization)s),
       (SELECT coalesce(array_agg(w.id ORDER BY w.id), '{}') FROM w),
       (SELECT coalesce(array_agg(w.id ORDER BY w.id), '{}') FROM w WHERE NOT EXISTS (
          SELECT FROM audit.event e WHERE e.id = w.id AND e.organization_id = %(organization)s)),
       audit.last_given()
"""
"""One statement, so one moment: what is sealed after it belongs to the next check."""

STRAYS_SQL = """
SELECT e.id FROM audit.event e LEFT JOIN (
  SELECT unnest(s.ids) FROM audit.seal s WHERE s.organization_id = %(organization)s
  UNION ALL SELECT unnest(b.ids) FROM audit.batch b WHERE b.organization_id = %(organization)s) AS known (id) ON known.id = e.id
 WHERE e.organization_id = %(organization)s AND known.id IS NULL ORDER BY e.id LIMIT 20
"""


@dataclass(frozen=True)
class State:
    """How far the trail goes at one moment: the last seal, what is sealed, pruned, what there is, what waits."""

    last: int
    sealed: int
    pruned: int
    events: int
    waiting: list[int]
    gone: list[int]
    given: int
    strays: list[int]


def state_of(cursor: Any, organization: Organization) -> State:
    """The moment that a check is about. Reads every seal's list of ids and counts the events once."""
    named = {"organization": organization.pk}
    cursor.execute(STATE_SQL, named)
    last, sealed, pruned, there, waits, gone, given = cursor.fetchone()
    strays: list[int] = []
    if there != sealed - pruned + len(waits) - len(gone):
        cursor.execute(STRAYS_SQL, named)
        strays = [row[0] for row in cursor.fetchall()]
    return State(last, sealed, pruned, there, waits, gone, given, strays)


def pruned_of(cursor: Any, organization: Organization) -> list[Any] | None:
    """What the operator signed about events that were pruned, as the verifier takes it; None where none were."""
    cursor.execute(
        "SELECT through, (extract(epoch FROM pruned_at) * 1000000)::bigint, key_id, encode(signature, 'hex')"
        " FROM audit.pruned WHERE organization_id = %s ORDER BY through DESC LIMIT 1",
        [organization.pk],
    )
    row = cursor.fetchone()
    return None if row is None else list(row)


def sealed_rows(
    cursor: Any, organization: Organization, state: State
) -> Iterator[tuple[Seal, Mapping[int, Row]]]:
    """Every seal up to the state's last, in order, with the events there are of it."""
    after = 0
    while page := list(seals(cursor, organization.pk, after=after, most=PAGE)):
        after = page[-1].seq
        page = [seal for seal in page if seal.seq <= state.last]
        while page:
            some = [page.pop(0)]
            while page and sum(len(s.ids) for s in some) + len(page[0].ids) <= ROWS:
                some.append(page.pop(0))
            rows = {row[0]: row for row in events(cursor, organization.pk, [n for s in some for n in s.ids])}
            for seal in some:
                yield seal, rows
        if after >= state.last:
            return


def verify(
    cursor: Any,
    organization: Organization,
    keys: Keys,
    anchors: Iterable[Anchor] = (),
    *,
    state: State | None = None,
    tell: Callable[[int], None] = lambda _: None,
) -> Verdict:
    """Check the trail in place; `tell` hears how many events are done. Raises verifier.Broken at the first that is not as it
    was sealed, and seal.NoSealKey in a process without the leaf key.
    """
    found = state or state_of(cursor, organization)
    check = Check(
        organization.public_id,
        leaf_key_of(keys, organization.public_id),
        Ring(keys.seal_public),
        anchors,
        pruned_of(cursor, organization),
    )
    for seal, rows in sealed_rows(cursor, organization, found):
        check.seal(seal, rows)
        tell(check.events)
    return check.end(waiting=found.waiting, gone=found.gone, strays=found.strays, given=found.given)


def export(cursor: Any, organization: Organization, keys: Keys, path: Path) -> tuple[int, int]:
    """Write the bundle, whole or not at all, readable for its owner only (`.gz`: compressed). Returns seals and events in it.

    Raises FileExistsError, and seal.NoSealKey in a process without the leaf key.
    """
    found = state_of(cursor, organization)
    head = {
        "format": BUNDLE,
        "organization": organization.public_id,
        "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "leaf_key": leaf_key_of(keys, organization.public_id).hex(),
        "keys": published(keys),
        "pruned": pruned_of(cursor, organization),
    }
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    count = written = 0
    try:
        with _opened(draft, compressed=path.suffix == ".gz") as file:
            _line(file, head)
            for seal, rows in sealed_rows(cursor, organization, found):
                _line(file, {"seal": told_of(seal)})
                for number in seal.ids:
                    if number in rows:
                        _line(file, list(rows[number]))
                        written += 1
                count += 1
            end = {
                "waiting": found.waiting,
                "gone": found.gone,
                "strays": found.strays,
                "given": found.given,
            }
            _line(file, {"end": end})
        os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return count, written


@contextmanager
def _opened(path: Path, *, compressed: bool) -> Iterator[IO[str]]:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
        packed: Any = gzip.GzipFile("", "wb", fileobj=raw, mtime=0) if compressed else raw
        with io.TextIOWrapper(packed, "utf-8") as file:
            yield file


def _line(file: IO[str], told: Any) -> None:
    file.write(json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n")
