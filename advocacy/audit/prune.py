"""Old events go, and the trail stays provable: the seals with the hashes of every event are kept, and a statement signed with
the sealing key says up to which seal events may be missing (verifier.py). Without it a missing event is a deleted one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from advocacy.audit.seal import EPOCH, Organization, signature_of
from advocacy.audit.verifier import PRUNE, prefixed, to_sign
from advocacy.keyfile import Keys


@dataclass(frozen=True)
class Prunable:
    """Up to which seal everything is older than asked for (0: nothing), and how many events of these seals there are."""

    through: int
    events: int


def prunable(cursor: Any, organization: Organization, before: datetime) -> Prunable:
    """What may go: whole seals from the first on, all sealed before the moment."""
    cursor.execute(
        "SELECT coalesce(max(s.seq), 0) FROM audit.seal s WHERE s.organization_id = %(pk)s AND s.seq <"
        " coalesce((SELECT min(y.seq) FROM audit.seal y WHERE y.organization_id = %(pk)s"
        " AND y.sealed_at >= %(before)s::timestamptz), 9223372036854775807)",
        {"pk": organization.pk, "before": before},
    )
    [through] = cursor.fetchone()
    cursor.execute(
        "SELECT count(*) FROM audit.seal s JOIN audit.event e ON e.id = ANY (s.ids) AND e.organization_id = s.organization_id"
        " WHERE s.organization_id = %s AND s.seq <= %s::bigint",
        [organization.pk, through],
    )
    return Prunable(through, cursor.fetchone()[0])


def prune(cursor: Any, organization: Organization, keys: Keys, *, through: int, at: datetime) -> int:
    """Delete the events up to a seal, under a signed statement; returns how many. Raises seal.NoSealKey; the database refuses
    what is younger than six years.
    """
    moment = (at - EPOCH) // timedelta(microseconds=1)
    said = hashlib.sha256(prefixed((organization.public_id, through, moment, keys.seal_id))).digest()
    signature = signature_of(to_sign(said, PRUNE), keys)
    cursor.execute(
        "SELECT audit.prune(%s::bigint, %s::timestamptz, %s::text, %s::bytea)",
        [through, at, keys.seal_id, signature],
    )
    [gone] = cursor.fetchone()
    return int(gone)
