"""W4, W6 and W7 inside a process of the product: the CPU and the time of the database for work that pages and the API share."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from advocacy.access.policy import Actor
from advocacy.people.models import PatientSearch
from advocacy.reporting import exports
from advocacy.reporting.kept import kept_lines
from advocacy.reporting.queries import table_of
from advocacy.tenancy.scope import scoped_to
from appeals.queries.clocks import Day, day_at
from appeals.queries.order import forward
from appeals.queries.queue import Filters, listed
from benchmarks import closing
from benchmarks.inside import NAMES, actor
from benchmarks.measure import quantile, ran, waited
from cases.models import CaseSearch
from cases.queries.search import matching, terms

FLOOR_LIST = """
SELECT c.id FROM cases_case c WHERE c.organization_id = %s AND c.status = 'open' AND c.status <> 'closed' AND NOT c.is_restricted
 ORDER BY c.next_deadline_on NULLS LAST, c.id LIMIT 50
"""
FLOOR_FIGURE = """
SELECT p.name, date_trunc('month', c.closed_at), c.outcome, count(*) FROM cases_case c
  JOIN cases_coverage v ON v.organization_id = %(organization)s AND v.id = c.coverage_id
  JOIN cases_payer p ON p.organization_id = %(organization)s AND p.id = v.payer_id
 WHERE c.organization_id = %(organization)s AND c.closed_at >= %(since)s GROUP BY 1, 2, 3
"""


def took(act: Callable[[], Any], times: int) -> dict[str, float]:
    """Median database CPU of one call, and p50 and p95 of its time without waiting for a CPU, in milliseconds."""
    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    both, cpus, walls = [pid, os.getpid()], [], []
    for _turn in range(times + 2):
        begun, delay, clock = ran([pid]), waited(both), time.perf_counter()
        act()
        wall = time.perf_counter() - clock
        walls.append(max(wall * 1e3 - (waited(both) - delay) / 1e6, 0.0))
        cpus.append((ran([pid]) - begun) / 1e6)
    return {
        "cpu": statistics.median(cpus[2:]),
        "p50": quantile(walls[2:], 50),
        "p95": quantile(walls[2:], 95),
    }


def visible_cases(someone: Actor, day: Day) -> list[int]:
    """The heads of the queue, as the page asks for them."""
    return list(listed(someone, Filters(), day).order_by(*forward()).values_list("pk", flat=True)[:50])


def searches(organization: int) -> dict[str, list[str]]:
    """Words somebody may type in this organization, by kind, taken from its own rows."""
    names = list(PatientSearch.objects.order_by("patient_id").values_list("name", flat=True)[:400:20])
    references = list(CaseSearch.objects.order_by("case_id").values_list("reference", flat=True)[:400:20])
    numbers = list(CaseSearch.objects.order_by("case_id").values_list("numbers", flat=True)[:400:20])
    return {
        "name": names,
        "part of a name": [name.split()[1][:5] for name in names],
        "member id": [row[0] for row in numbers],
        "reference": references,
        "misspelt name": [name[:2] + name[3:] for name in names],
    }


def search_all(someone: Actor, kinds: dict[str, list[str]], times: int) -> dict[str, Any]:
    """Each word is asked once before: what is measured is the search, not the disk after a restart."""
    told = {}
    for kind, words in kinds.items():
        for word in words:
            matching(someone, *terms(word), 51)
        turn = iter(words * (times + 2))

        def act(turn: Any = turn) -> None:
            name, number = terms(next(turn))
            matching(someone, name, number, 51)

        told[kind] = took(act, times)
    return told


def measured(times: int) -> dict[str, Any]:
    told: dict[str, Any] = {"W7": {}, "W4": {}}
    for number, name in NAMES.items():
        someone = actor(number)
        with transaction.atomic(), scoped_to(number, actor=someone.key, actor_label=someone.label):
            told["W7"][name] = search_all(someone, searches(number), times)
            for by in (["payer"], ["month"]):
                key = f"{name} by {by[0]}"
                told["W4"][key] = took(lambda s=someone, b=by: table_of(s, "ultimate_approval", b), times)  # type: ignore[misc]
            cube = {"f_month", "f_payer", "f_treatment"}
            told["W4"][f"{name} cube"] = took(lambda c=cube: kept_lines("closed_cases", c), 5) | {  # type: ignore[misc]
                "cells": len(kept_lines("closed_cases", cube) or [])
            }
            since = datetime.now(UTC).replace(day=1, year=datetime.now(UTC).year - 1)
            values = {"organization": number, "since": since}
            told["W4"][name + " plain GROUP BY"] = took(lambda v=values: _raw(FLOOR_FIGURE, v), 3)  # type: ignore[misc]
            told["export"] = told.get("export", {}) | {name: _copied(number)}
    told["close"] = {
        name: closing.measured(actor(number), 4) for number, name in NAMES.items() if name != "third"
    }
    return told


def reach(times: int) -> dict[str, Any]:
    """W6 alone: the list of visible cases in each organization, and the same without a policy."""
    told: dict[str, Any] = {}
    for number, name in NAMES.items():
        someone, day = actor(number), day_at(timezone.now(), "America/New_York")
        with transaction.atomic(), scoped_to(number, actor=someone.key, actor_label=someone.label):
            told[name] = took(lambda s=someone, d=day: visible_cases(s, d), times)  # type: ignore[misc]
            told[name + " floor"] = took(lambda number=number: _raw(FLOOR_LIST, [number]), times)  # type: ignore[misc]
    return told


def _raw(sql: str, values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def _copied(organization: int) -> float:
    """Rows a second that the file's own COPY gives under row-level security, without a door before it."""
    begun = time.perf_counter()
    sql = exports.CASES.sql("cases_case.organization_id = %(organization)s", frozenset())
    rows = sum(lines for lines, _piece in exports.copied(sql, {"organization": organization}))
    return rows / (time.perf_counter() - begun)


def write(path: str, what: Callable[[int], dict[str, Any]] = measured, times: int = 20) -> None:
    Path(path).write_text(json.dumps(what(times)))
