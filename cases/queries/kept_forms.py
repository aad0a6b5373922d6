"""Which case a kept form is about."""

from __future__ import annotations

import re
from collections.abc import Iterable
from uuid import UUID

from advocacy.access.policy import Actor
from cases.models import Case
from cases.queries.registration import cases_visible_to

_CASE = re.compile(r"(?:/cases/|^action:)([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:/|$)")


def cases_of_forms(actor: Actor, keys: Iterable[str]) -> dict[str, Case]:
    """Key of a kept form -> the case whose form it is, of those this person may open; the others are left out."""
    wanted = {key: UUID(found[1]) for key in keys if (found := _CASE.search(key))}
    if not wanted:
        return {}
    known = {row.public_id: row for row in cases_visible_to(actor).filter(public_id__in=set(wanted.values()))}
    return {key: known[public_id] for key, public_id in wanted.items() if public_id in known}
