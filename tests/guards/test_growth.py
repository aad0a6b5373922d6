"""What a request costs does not grow with the table: the same organization in a table of 300 cases and in one of 3,000.

The rows come from the benchmarks' generator, which makes the steady organization the same in both.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from advocacy.people.models import Patient
from advocacy.reporting import counting
from advocacy.reporting.models import CountedCell
from advocacy.tenancy.scope import scoped_to
from appeals.queries.case_page import case_page
from appeals.queries.clocks import day_at
from appeals.queries.machine_case import machine_case
from appeals.queries.machine_queue import Asked, machine_queue
from appeals.queries.queue import Filters, queue
from appeals.queries.today import today
from benchmarks.generate import generate
from benchmarks.inside import SCOPES, actor
from benchmarks.plan import STEADY, organizations
from cases.models import Case, Coverage
from cases.queries.search import matching, terms
from tests.seeded import copy_of_migrated, drop

SIZES = (300, 3_000)
ROOM, MORE = 1.6, 80
"""An index of ten times the rows is a page deeper: three pages a look-up and not two. Reading the table would be ten times."""


def machine() -> Any:
    from advocacy.access.policy import Actor

    return Actor(
        key="machine:1",
        label="Machine",
        organization_id=STEADY,
        roles=frozenset({"supervisor"}),
        scopes=frozenset(SCOPES),
    )


def acts(case: Any, words: str) -> dict[str, Any]:
    boss, worker, program = actor(STEADY), actor(STEADY, "navigator"), machine()
    day = day_at(timezone.now(), "America/New_York")
    return {
        "queue": lambda: queue(boss, Filters(), day=day),
        "queue, mine": lambda: queue(worker, Filters(owner="me"), day=day),
        "queue, due": lambda: queue(boss, Filters(due="30"), day=day),
        "queue, closed": lambda: queue(boss, Filters(status="closed"), day=day),
        "today": lambda: today(worker, day=day),
        "today, everybody's": lambda: today(boss, day=day, scope="all"),
        "queue, new": lambda: queue(worker, Filters(work="new"), day=day),
        "case": lambda: case_page(worker, case, now=day.now),
        "search": lambda: matching(boss, *terms(words), 51),
        "API, queue": lambda: machine_queue(program, Asked(), after=None, size=50, page="test"),
        "API, case": lambda: machine_case(program, case, page="test", now=day.now),
    }


def cost(act: Any) -> tuple[int, int]:
    """Statements of an act, and the pages they touch."""
    sent: list[tuple[str, Any]] = []

    def kept(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(kept):
        act()
    pages = 0
    with connection.cursor() as cursor:
        # Small tables are read whole where large ones are read by their indexes: here both are read as large ones are.
        cursor.execute(
            "SELECT set_config('enable_' || way, 'off', true) FROM unnest(ARRAY['seqscan', 'hashjoin', 'mergejoin']) way"
        )
        for sql, params in sent:
            cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + sql, params)
            told = cursor.fetchone()[0]
            plan = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
            pages += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        cursor.execute(
            "SELECT set_config('enable_' || way, 'on', true) FROM unnest(ARRAY['seqscan', 'hashjoin', 'mergejoin']) way"
        )
    return len(sent), pages


@pytest.fixture(scope="module")
def costs(django_db_setup, django_db_blocker):
    """By size and act: statements and pages. And what the steady organization looks like in each."""
    found: dict[int, Any] = {}
    name = connection.settings_dict["NAME"]
    with django_db_blocker.unblock():
        for size in SIZES:
            made = f"{name}_growth_{size}"
            copy_of_migrated(made)
            generate(size, database=made, count=10, workers=1, quiet=True)
            connection.close()
            connection.settings_dict["NAME"] = made
            try:
                with transaction.atomic(), scoped_to(STEADY, actor="user:1"):
                    patient, coverage = Patient.objects.order_by("id")[0], Coverage.objects.order_by("id")[0]
                    case = Case.objects.filter(status="open").order_by("id")[0].public_id
                    told = {key: cost(act) for key, act in acts(case, patient.family_name).items()}
                    found[size] = {
                        "kept": (CountedCell.objects.exists(), counting.differences()),
                        "costs": told,
                        "opened": (patient.full_name, patient.birth_date, coverage.member_id),
                        "cases": Case.objects.count(),
                    }
            finally:
                connection.close()
                connection.settings_dict["NAME"] = name
                drop(made)
    return found


def test_the_plan_has_every_case_once_and_the_same_steady_organization():
    for cases in (10_000, 1_000_000):
        plan = organizations(cases)
        assert (len(plan), sum(o.cases for o in plan), plan[1].cases) == (1_000, cases, cases // 5)
        assert [o.first_case for o in plan[1:]] == [o.first_case + o.cases for o in plan[:-1]]
        assert plan[0] == organizations(10_000)[0]


def test_sealed_values_of_the_generator_open_and_are_the_same_in_both_tables(costs):
    small, large = (costs[size] for size in SIZES)
    assert small["cases"] == large["cases"] == 100
    assert small["opened"] == large["opened"]


def test_a_declared_bulk_load_leaves_exact_figures(costs):
    assert [costs[size]["kept"] for size in SIZES] == [(True, [])] * len(SIZES)


def test_statements_do_not_grow_with_the_table(costs):
    small, large = ({act: n for act, (n, _pages) in costs[size]["costs"].items()} for size in SIZES)
    assert small == large
    assert max(small.values()) <= 5


def test_pages_touched_do_not_grow_with_the_table(costs):
    small, large = ({act: pages for act, (_n, pages) in costs[size]["costs"].items()} for size in SIZES)
    assert {act: (small[act], large[act]) for act in small if large[act] > ROOM * small[act] + MORE} == {}
