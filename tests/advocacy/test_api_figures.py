"""Figures at the API: the catalog, and each figure as the program itself tells it, masked, with what is not known refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from advocacy.access.policy import system_actor
from advocacy.reporting.dashboard import dashboard, wanted_from
from advocacy.reporting.indicators import INDICATORS
from advocacy.reporting.models import ReferenceDetermination
from advocacy.reporting.queries import table_of
from appeals.queries.clocks import day_at
from cases.models import Case

FIGURES = ["figures:read"]
WHERE = "/api/v1/indicators"
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture
def published(cast):
    """Overturned of all, by year and type: 20 of 40 and 15 of 30 in one, 3 of 6 in another."""
    rows = []
    for year, kind, overturned, of in (
        (2011, "A", 20, 40),
        (2011, "B", 15, 30),
        (2012, "A", 12, 30),
        (2012, "B", 3, 6),
    ):
        rows += [
            ReferenceDetermination(
                source="ca_imr",
                reference=f"{year}{kind}{n}",
                year=year,
                type=kind,
                is_overturned=n < overturned,
                loaded_at=timezone.now(),
            )
            for n in range(of)
        ]
    ReferenceDetermination.objects.bulk_create(rows)


@pytest.fixture
def closed_cases(cast):
    """24 closed cases of last year and this, 12 of them covered."""
    for n in range(24):
        Case.objects.create(
            reference=f"HB-2025-1{n:03}",
            patient=cast.case.patient,
            coverage=cast.case.coverage,
            provider=cast.case.provider,
            treatment="iv_ketamine",
            diagnosis_codes=["F33.2"],
            procedure_codes=["J3490"],
            status="closed",
            outcome=("covered", "not_covered")[n % 2],
            opened_at=NOW - timedelta(days=400),
            closed_at=NOW - timedelta(days=(40, 390)[n % 2]),
            last_touched_at=NOW,
        )


def test_the_catalog_is_the_programs_own(machine):
    told = machine(roles=["analyst"], scopes=FIGURES).get(WHERE).json()["data"]
    assert [(one["key"], one["definition"]) for one in told] == [
        (k, i.definition) for k, i in INDICATORS.items()
    ]
    assert {one["key"] for one in told if not one["whole"]} == {"overturn_rate", "denial_reasons"}
    assert [[d["key"] for d in one["dimensions"]] for one in told] == [
        [d.key for d in i.dimensions] for i in INDICATORS.values()
    ]


@pytest.mark.parametrize("by", ["year", "type", "year,type"])
def test_a_figure_is_the_masked_table(machine, cast, published, by):
    asked = machine(roles=["analyst"], scopes=FIGURES)
    told = asked.get(f"{WHERE}/overturn_rate", {"by": by}).json()
    table = table_of(system_actor(cast.harbor.pk, "test"), "overturn_rate", by.split(","))
    assert [(tuple(c["values"].values()), c["numerator"], c["denominator"]) for c in told["data"]] == [
        (c.values, c.count and c.count.numerator, c.count and c.count.denominator) for c in table.cells
    ]
    assert [c["masked"] for c in told["data"]] == [c.count is None for c in table.cells]
    assert any(c["masked"] for c in told["data"]) == ("," in by)
    assert told["by"] == by.split(",")


def test_a_figure_of_our_own_is_told_whole_as_the_tile_of_the_page_tells_it(machine, cast, closed_cases):
    asked = machine(roles=["analyst"], scopes=FIGURES)
    told = asked.get(f"{WHERE}/ultimate_approval").json()
    assert (told["by"], told["empty"]) == ([], None)
    assert told["data"] == [
        {"values": {}, "words": {}, "masked": False, "numerator": 12, "denominator": 24},
    ]
    wanted = wanted_from(cast.anna, {})
    tiles = dashboard(cast.anna, wanted, day_at(timezone.now(), "America/New_York")).tiles
    shown = next(tile.told for tile in tiles if tile.indicator.key == "ultimate_approval")
    assert (shown.count.numerator, shown.count.denominator) == (12, 24)


def test_every_figure_of_the_catalog_can_be_asked_for(machine, cast):
    asked = machine(roles=["analyst"], scopes=FIGURES)
    found = {
        key: asked.get(f"{WHERE}/{key}", {"by": one.dimensions[0].key}).status_code
        for key, one in INDICATORS.items()
    }
    assert set(found.values()) == {200}


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/overturn_rate", 400, "query_invalid"),
        ("/denial_reasons", 400, "query_invalid"),
        ("/overturn_rate?by=", 400, "query_invalid"),
        ("/overturn_rate?by=moon", 400, "query_invalid"),
        ("/overturn_rate?by=year,type,age", 400, "query_invalid"),
        ("/overturn_rate?by=year&unsuppressed=1", 400, "query_invalid"),
        ("/happiness?by=year", 404, "not_found"),
    ],
)
def test_what_is_not_known_is_refused(machine, path, status, code):
    answer = machine(roles=["funder"], scopes=FIGURES).get(WHERE + path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    if "moon" in path:
        assert "diagnosis" in answer.json()["detail"]


def test_who_reads_figures_reads_no_case(machine):
    asked = machine(roles=["analyst"], scopes=FIGURES)
    for path in ("/api/v1/cases", "/api/v1/documents", "/api/v1/events"):
        assert asked.get(path).json()["code"] == "scope_missing"
