"""What the kept counts add to a close: the closing command with their triggers and without, turn about in one process."""

from __future__ import annotations

import itertools
import os
import statistics
from contextlib import suppress
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from advocacy.access.policy import Actor
from advocacy.errors import Refused
from advocacy.tenancy.scope import scoped_to
from benchmarks.generate import connect
from benchmarks.measure import ran
from cases.commands.cases import close_case, reopen_case
from cases.models import Case

COUNTED = """
SELECT format('ALTER TABLE %s %s TRIGGER %I', t.tgrelid::regclass, w.what, t.tgname), w.what
  FROM pg_trigger t CROSS JOIN (VALUES ('DISABLE'), ('ENABLE')) AS w (what)
 WHERE t.tgname LIKE 'counted\\_%' AND NOT t.tgisinternal ORDER BY 1
"""
BLOCK = 20


class _Undone(Exception):
    """Nothing of a measurement is kept."""


def _close(someone: Actor, key: int, pids: list[int]) -> list[float] | None:
    """Milliseconds of CPU of the database and of both to close the case once more; None when it cannot be."""
    took: list[float] | None = None
    at = timezone.now()
    with suppress(_Undone, Refused), transaction.atomic():
        with scoped_to(someone.organization_id, actor=someone.key, actor_label=someone.label):
            case = Case.objects.get(pk=key)
            outcome, note = case.outcome, case.outcome_note
            reopen_case(actor=someone, case=case, reason="Measured.", at=at)
            begun = [ran([pid]) for pid in pids]
            close_case(actor=someone, case=case, outcome=outcome, note=note, at=at)
            took = [(ran([pid]) - before) / 1e6 for pid, before in zip(pids, begun, strict=True)]
        raise _Undone
    return took


def measured(someone: Actor, rounds: int) -> dict[str, Any]:
    """Median milliseconds of CPU of one close, by side: of the database, and of program and database together."""
    with transaction.atomic(), scoped_to(someone.organization_id, actor=someone.key):
        closed = Case.objects.filter(status="closed", is_restricted=False).exclude(outcome="duplicate")
        keys = list(closed.order_by("id").values_list("pk", flat=True)[: BLOCK * 30])
    connection.ensure_connection()
    pids = [connection.connection.info.backend_pid, os.getpid()]
    # Some have a task that is still open, and would be refused.
    keys = list(itertools.islice((key for key in keys if _close(someone, key, pids)), BLOCK))
    found: dict[str, list[list[float]]] = {"with": [], "without": []}
    with connect() as owner:
        switches = owner.execute(COUNTED).fetchall()
        try:
            for _turn in range(rounds):
                for side, word in (("without", "DISABLE"), ("with", "ENABLE")):
                    for statement, what in switches:
                        if what == word:
                            owner.execute(statement)
                    # The first ones of a block plan their statements anew, since the tables changed.
                    answers = [_close(someone, key, pids) for key in keys]
                    found[side] += [answer for answer in answers[BLOCK // 4 :] if answer]
        finally:
            for statement, what in switches:
                if what == "ENABLE":
                    owner.execute(statement)
    told: dict[str, Any] = {
        side: {
            "database": statistics.median(row[0] for row in rows),
            "both": statistics.median(sum(row) for row in rows),
            "closes": len(rows),
        }
        for side, rows in found.items()
    }
    return told
