"""Small cells are masked, and nothing that is told leads back to one."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from advocacy.reporting.masks import mask_for
from advocacy.reporting.measures import half_decided, wilson
from advocacy.reporting.own import Group, grouped
from advocacy.reporting.own_indicators import OWN
from advocacy.reporting.queries import cells_of
from advocacy.reporting.suppression import (
    TOTAL,
    Count,
    masked_cells,
    masked_values,
)

COUNTS = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda p: Count(p[0], p[0] + p[1]))


def total_of(counts) -> Count:
    total = Count(0, 0)
    for count in counts:
        total += count
    return total


def determined(unknown: list, equations: list[set]) -> set:
    """The unknowns that a system of sums (each set of unknowns has a known sum) settles exactly: Gauss, in fractions."""
    rows = [[Fraction(u in equation) for u in unknown] for equation in equations]
    settled, pivot = set(), 0
    for column in range(len(unknown)):
        found = next((r for r in range(pivot, len(rows)) if rows[r][column]), None)
        if found is None:
            continue
        rows[pivot], rows[found] = rows[found], rows[pivot]
        lead = rows[pivot][column]
        rows[pivot] = [value / lead for value in rows[pivot]]
        for other in range(len(rows)):
            if other != pivot and rows[other][column]:
                factor = rows[other][column]
                rows[other] = [a - factor * b for a, b in zip(rows[other], rows[pivot], strict=True)]
        pivot += 1
    for row in rows[:pivot]:
        if sum(1 for value in row if value) == 1:
            settled.add(unknown[next(i for i, value in enumerate(row) if value)])
    return settled


def test_a_count_under_eleven_is_small_whichever_it_is():
    small = [Count(5, 10), Count(10, 40), Count(30, 40), Count(0, 40), Count(40, 40), Count(0, 0)]
    assert [count.is_small for count in small] == [True] * 6
    assert not Count(11, 22).is_small


def test_a_lone_small_value_takes_the_next_smallest_with_it():
    cells = {"2001": Count(3, 8), "2002": Count(40, 90), "2003": Count(30, 70)}
    assert masked_values(cells) == {"2001", "2003"}
    assert masked_values({"2001": Count(40, 90), "2002": Count(30, 70)}) == frozenset()
    assert masked_values({"2001": Count(3, 8)}) == {"2001"}


def test_of_a_table_of_two_dimensions_four_corners_are_masked():
    cells = {
        ("2001", "a"): Count(3, 9),
        ("2001", "b"): Count(40, 80),
        ("2001", "c"): Count(50, 110),
        ("2002", "a"): Count(60, 130),
        ("2002", "b"): Count(30, 62),
        ("2002", "c"): Count(50, 110),
    }
    assert masked_cells(cells) == {("2001", "a"), ("2001", "b"), ("2002", "a"), ("2002", "b")}


@given(st.dictionaries(st.sampled_from("abcdefgh"), COUNTS, max_size=8))
def test_one_dimension_tells_no_small_count(cells):
    masked = masked_values(cells)
    assert all(value in masked for value, count in cells.items() if count.is_small)
    assert len(masked) != 1 or len(cells) == 1
    if masked and masked != set(cells):
        assert not total_of(cells[v] for v in masked).is_small


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("abcd"), st.sampled_from("wxyz")), COUNTS, min_size=1, max_size=16
    )
)
def test_two_dimensions_tell_no_small_count_and_no_way_to_one(cells):
    masked = masked_cells(cells)
    rows, columns = {r for r, _ in cells}, {c for _, c in cells}
    assert all(key in masked for key, count in cells.items() if count.is_small)
    margins = {(r, TOTAL): total_of(n for (row, _), n in cells.items() if row == r) for r in rows} | {
        (TOTAL, c): total_of(n for (_, column), n in cells.items() if column == c) for c in columns
    }
    assert all(key in masked for key, count in margins.items() if count.is_small)
    if masked >= set(cells) | set(margins):
        return
    # What a reader knows: each row and each column sums to its margin, and the margins of a side to the grand total.
    lines = [{k for k in cells if k[0] == r} | {(r, TOTAL)} for r in rows]
    lines += [{k for k in cells if k[1] == c} | {(TOTAL, c)} for c in columns]
    lines += [{(r, TOTAL) for r in rows}, {(TOTAL, c) for c in columns}]
    unknown = sorted(masked)
    # The sign of a margin changes nothing about what can be solved: it is the negative of an unknown.
    assert determined(unknown, [line & masked for line in lines]) == set()
    for line in lines[: len(rows) + len(columns)]:
        inner = [k for k in line if TOTAL not in k]
        hidden = [k for k in inner if k in masked]
        told = not any(TOTAL in k and k in masked for k in line)
        if hidden and told and len(hidden) < len(inner):
            assert not total_of(cells[k] for k in hidden).is_small


def line(n: int, **columns) -> dict:
    told = {"f_n": n, "f_code": "denial", "f_safe": "safe", "f_payer": "A", "f_month": "2026-03"}
    blank = ("f_first", "f_external", "f_stage", "f_regime", "f_reason", "f_treatment")
    return dict.fromkeys(blank, "") | told | columns


def test_a_figure_is_masked_where_another_over_the_same_rows_would_tell_a_small_count():
    by_key = {one.key: one for one in OWN}
    met, safe = by_key["deadlines_met"], by_key["met_by_safe_date"]
    payer = (met.dimension("payer"),)
    lines = [
        line(n, f_payer=who, f_code=code, f_safe=safely)
        for who in "ABC"
        for n, code, safely in (
            (20, "filed", "safe"),
            (15 if who != "C" else 3, "filed", "later"),
            (12, "missed", "missed"),
        )
    ]
    for indicator in (met, safe):
        cells = cells_of(indicator, payer, grouped(lines, indicator, payer), mask_for(indicator, lines))
        assert [cell.count for cell in cells] == [Count(35 if indicator is met else 20, 47)] * 2 + [
            Count(23 if indicator is met else 20, 35)
        ]
    lines = [line(5, f_payer="D", f_code="filed", f_safe="safe"), *lines]
    masked = {
        indicator.key: [
            c.values
            for c in cells_of(indicator, payer, grouped(lines, indicator, payer), mask_for(indicator, lines))
            if not c.count
        ]
        for indicator in (met, safe)
    }
    assert masked["deadlines_met"] == masked["met_by_safe_date"] == [("C",), ("D",)]


def test_a_mix_tells_of_how_many_only_where_that_is_told():
    mix = next(one for one in OWN if one.key == "denial_reasons")
    reason, payer = mix.dimension("reason"), mix.dimension("payer")
    counts = {("x", "A"): 30, ("y", "A"): 20, ("x", "B"): 40, ("y", "B"): 25, ("x", "C"): 4}
    lines = [line(n, f_reason=r, f_payer=p) for (r, p), n in counts.items()]
    cells = {
        c.values: c.count
        for c in cells_of(mix, (reason, payer), grouped(lines, mix, (reason, payer)), mask_for(mix, lines))
    }
    assert cells[("x", "C")] is None
    shown = {key: count for key, count in cells.items() if count}
    wholes = Counter({"A": 50, "B": 65})
    assert shown == {key: Count(counts[key], wholes[key[1]]) for key in shown}
    whole = {
        c.values: c.count
        for c in cells_of(mix, (reason,), grouped(lines, mix, (reason,)), mask_for(mix, lines))
    }
    assert whole == {("x",): Count(74, 119), ("y",): Count(45, 119)}


def test_half_are_decided_after_as_many_days_and_what_is_open_is_not_left_out():
    assert half_decided({2: 1, 10: 1, 30: 1}, {}) == 10
    assert half_decided({2: 1, 10: 1}, {}) == 2
    assert half_decided({2: 1, 10: 1}, {40: 3}) is None
    assert half_decided({5: 3, 20: 3}, {10: 2}) == 20
    assert half_decided({}, {}) is None
    assert Group().pair(OWN[0]) == Count(0, 0)


def test_the_interval_of_a_share_is_wilsons():
    # Worked from the formula by hand for 8 of 10.
    found = wilson(8, 10)
    assert (round(found.low, 4), round(found.high, 4)) == (0.4902, 0.9433)
    assert (wilson(0, 20).low, wilson(20, 20).high) == (0.0, 1.0)
