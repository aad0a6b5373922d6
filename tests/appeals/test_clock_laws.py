"""What holds of every clock over random rows of every law: later facts bring no earlier date, and asking twice, in another
order, or after a correction of when something was typed in, changes nothing.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appeals.clock.vectors import results_of
from appeals.regimes import book
from benchmarks.clocks import best, clocks_of
from tests.appeals.walker import law
from tests.appeals.walker.cases import rows

AT_RANDOM = settings(
    deadline=None,
    database=None,
    max_examples=120,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
ONE = timedelta(days=1)
ROWS = st.sampled_from(law.ALL).flatmap(lambda which: rows(*which))


def shifted(inputs: dict[str, Any], by: int) -> dict[str, Any]:
    """The same facts, every one of them so many days on, at the same time on the wall."""
    found = dict(inputs)
    for name, value in inputs.items():
        if isinstance(value, str) and value[:2] == "20":
            day = date.fromisoformat(value[:10]) + timedelta(days=by)
            found[name] = day.isoformat() + value[10:]
    return found


def day(text: str) -> date:
    return date.fromisoformat(text[:10])


def moved_by_an_act(result: dict[str, Any]) -> bool:
    return "original_deadline" in result


def versions(one: dict[str, Any], other: dict[str, Any]) -> set[tuple[str, int]]:
    return {(r["rule_id"], r["version"]) for r in (one, other)}


@AT_RANDOM
@given(row=ROWS, by=st.integers(1, 400))
def test_everything_later_brings_no_date_forward(row: dict[str, Any], by: int) -> None:
    """Within one version of a rule: a law that shortens a time, and an act that moves some days, are steps of their own."""
    one, other = results_of([row, row | {"inputs": shifted(row["inputs"], by)}])
    if "error" in one or "error" in other or len(versions(one, other)) > 1:
        return
    if moved_by_an_act(one) or moved_by_an_act(other):
        return
    assert day(one["deadline"]) <= day(other["deadline"]), row
    if one["actor"] == "claimant":
        assert day(one["safe_date"]) <= day(other["safe_date"]), row
    elif not one.get("permissive_deadline") or other.get("permissive_deadline"):
        # Where an older law may still bind, its longer time ends on a day of its own.
        assert day(one["untimely_after"]) <= day(other["untimely_after"]), row


@AT_RANDOM
@given(row=ROWS, by=st.integers(1, 30))
def test_the_days_to_work_to_stand_around_the_legal_one(row: dict[str, Any], by: int) -> None:
    (result,) = results_of([row])
    if "error" in result:
        return
    last = day(result["deadline"])
    if result["actor"] == "claimant":
        own = day(result.get("original_deadline", result["deadline"]))
        assert day(result["safe_date"]) <= own <= last <= day(result.get("permissive_deadline", "9999-12-31"))
    else:
        assert (result["safe_date"], day(result["untimely_after"]) >= last) == (None, True)


@AT_RANDOM
@given(row=ROWS, typed=st.datetimes(datetime(2020, 1, 1), datetime(2033, 1, 1), timezones=st.just(UTC)))
def test_a_correction_of_when_it_was_typed_in_moves_no_date(row: dict[str, Any], typed: datetime) -> None:
    (plain,) = results_of([row])
    for when in (typed, typed + timedelta(days=900)):
        assert results_of([row | {"inputs": {**row["inputs"], "recorded_at": when.isoformat()}}]) == [plain]


@AT_RANDOM
@given(found=st.lists(ROWS, min_size=2, max_size=4), seed=st.integers(0, 999))
def test_the_order_of_facts_and_rows_and_asking_again_change_nothing(
    found: list[dict[str, Any]], seed: int
) -> None:
    numbered = [row | {"id": n} for n, row in enumerate(found)]
    first = {r["id"]: r for r in results_of(numbered)}
    turned = random.Random(seed)
    again = []
    for row in numbered:
        names = list(row["inputs"])
        turned.shuffle(names)
        again.append(row | {"inputs": {name: row["inputs"][name] for name in names}})
    turned.shuffle(again)
    assert {r["id"]: r for r in results_of(again)} == first
    assert {r["id"]: r for r in results_of(numbered)} == first


def walk() -> int:
    """A thousand days, one after the other: what the machine takes for dates without rules."""
    day = date(2026, 1, 1)
    for _ in range(1000):
        day += ONE
    return day.day


@pytest.mark.long
def test_the_clocks_of_a_case_cost_no_more_than_walking_seven_thousand_days() -> None:
    """A request and three levels, both sides (CPU, the best of many rounds), with New York where a state is needed: its own
    clocks are told beside, so it takes longest.

    Where docs/performance.md was measured that is a third of a millisecond; a slower machine walks slower too.
    """
    for regime in book().regimes.values():
        if regime.complete and not regime.combines:
            compute = clocks_of(regime.key, "NY" if regime.uses_state_layer else None)
            # Other work on the machine only ever adds: three tries.
            assert any(best(compute) < 7 * best(walk) for _ in range(3)), regime.key
