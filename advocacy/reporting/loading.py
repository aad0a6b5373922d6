"""Brings published determinations into an organization: in parts, so that a run that was broken off goes on where it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from django.db import transaction

from advocacy.access.policy import Actor
from advocacy.audit.trail import record
from advocacy.reporting.determinations import FIELDS, BadRow, Determination
from advocacy.reporting.models import ReferenceDetermination
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to

PART = 1000


@dataclass
class Loaded:
    """What became of a file: rows that are new, changed since an earlier load, the same as before, and left out."""

    new: int = 0
    changed: int = 0
    same: int = 0
    bad: list[BadRow] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return self.new + self.changed + self.same + len(self.bad)


def load_determinations(
    *,
    actor: Actor,
    source: str,
    rows: Iterable[Determination | BadRow],
    at: datetime,
    progress: Callable[[int], None] = lambda done: None,
) -> Loaded:
    """Keep every good row once, by source and reference; a row that the publisher corrected replaces what was kept.

    Each thousand rows are one transaction with one entry in the trail, so a run that is broken off leaves whole parts and
    the next one goes on. A reference that stands twice in the file is good the first time only. `progress` is called with
    the number of rows that are done. Returns what became of each.
    """
    loaded, seen = Loaded(), set[str]()
    for part in _parts(rows):
        good: dict[str, Determination] = {}
        for row in part:
            if isinstance(row, BadRow):
                loaded.bad.append(row)
            elif row.reference in seen:
                loaded.bad.append(BadRow(0, row.reference, ("This Reference ID stood in the file before.",)))
            else:
                seen.add(row.reference)
                good[row.reference] = row
        with scoped_to(actor.organization_id, actor=actor.key, actor_label=actor.label), transaction.atomic():
            _keep(actor.organization_id, good, source, at, loaded)
        progress(loaded.rows)
    return loaded


def _parts(rows: Iterable[Determination | BadRow]) -> Iterator[list[Determination | BadRow]]:
    waiting = iter(rows)
    while part := list(islice(waiting, PART)):
        yield part


def _keep(
    organization_id: int, good: dict[str, Determination], source: str, at: datetime, loaded: Loaded
) -> None:
    kept = {
        row.reference: row
        for row in ReferenceDetermination.objects.select_for_update().filter(
            source=source, reference__in=list(good)
        )
    }
    new, changed = [], []
    for reference, told in good.items():
        values = {name: getattr(told, name) for name in FIELDS}
        row = kept.get(reference)
        if row is None:
            new.append(ReferenceDetermination(source=source, loaded_at=at, **values))
        elif any(getattr(row, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
            row.loaded_at = at
            changed.append(row)
        else:
            loaded.same += 1
    ReferenceDetermination.objects.bulk_create(new)
    if changed:
        ReferenceDetermination.objects.bulk_update(changed, [*FIELDS, "loaded_at"])
    loaded.new += len(new)
    loaded.changed += len(changed)
    if new or changed:
        record(
            "determinations_loaded",
            subject=Organization.objects.get(pk=organization_id),
            detail={"source": source, "new": len(new), "changed": len(changed)},
        )
