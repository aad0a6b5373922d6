"""All tables of a figure are masked together: who lays them side by side works out no masked cell."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, product
from math import inf

from hypothesis import given, settings
from hypothesis import strategies as st

from advocacy.reporting.linked import LOOKED, mask_of
from advocacy.reporting.protection import (
    NARROW,
    Mask,
    Measures,
    Row,
    Tally,
    hidden_periods,
    hidden_values,
    months_in,
    quarter_of,
)

SHARE = Measures(2, (frozenset({0}), frozenset({1})))
MERE = Measures(1, ())
Key = tuple[str, ...]


class Attacker:
    """Knows every table by one dimension and by two: each cell told, masked, or not listed, which then holds nothing.

    Solves for the cells by all dimensions together. Nothing of how the mask was made is used.
    """

    def __init__(self, rows: list[Row], mask: Mask, part: frozenset[int]) -> None:
        self.names, self.part = mask.dimensions, part
        self.values = [sorted({row.values[at] for row in rows}) for at in range(len(self.names))]
        counted = [row for row in rows if row.sort in part]
        self.masked: list[tuple[tuple[int, ...], Key]] = []
        told: list[tuple[tuple[int, ...], Key, int]] = [] if mask.nothing else [((), (), _n(counted))]
        for by in self.tables():
            for key in product(*(self.values[at] for at in by)):
                if mask.hides([self.names[at] for at in by], key):
                    self.masked.append((by, key))
                else:
                    n = _n(row for row in counted if self.lies(row.values, by, key))
                    told.append((by, key, n))
        empty = [
            (by, key) for by, key, _n_told in told if not any(self.lies(row.values, by, key) for row in rows)
        ]
        self.unknown = [
            cell for cell in product(*self.values) if not any(self.lies(cell, by, key) for by, key in empty)
        ]
        self.equations = [
            ([i for i, cell in enumerate(self.unknown) if self.lies(cell, by, key)], n) for by, key, n in told
        ]

    def tables(self) -> Iterator[tuple[int, ...]]:
        for size in (1, 2):
            yield from combinations(range(len(self.names)), size)

    @staticmethod
    def lies(cell: Key, by: tuple[int, ...], key: Key) -> bool:
        return all(cell[at] == value for at, value in zip(by, key, strict=True))

    def eliminated(self) -> list[tuple[tuple[int, ...], Key]]:
        """The masked cells that are a sum of told ones: Gauss, in fractions."""
        width = len(self.unknown)
        rows: list[tuple[int, list[Fraction]]] = []

        def reduce(row: list[Fraction]) -> list[Fraction]:
            for lead, other in rows:
                if row[lead]:
                    factor = row[lead]
                    row = [a - factor * b for a, b in zip(row, other, strict=True)]
            return row

        for places, _n_told in self.equations:
            row = reduce([Fraction(i in set(places)) for i in range(width)])
            lead = next((i for i, value in enumerate(row) if value), None)
            if lead is not None:
                rows.append((lead, [value / row[lead] for value in row]))
        return [
            (by, key)
            for by, key in self.masked
            if not any(reduce([Fraction(self.lies(cell, by, key)) for cell in self.unknown]))
        ]

    def narrowed(self) -> dict[tuple[tuple[int, ...], Key], float]:
        """How wide the bounds of each masked cell are, drawn as tight as single sums of what cannot be negative allow."""
        equations = [(places, n) for places, n in self.equations]
        low: list[float] = [0] * len(self.unknown)
        high: list[float] = [inf] * len(self.unknown)
        for _turn in range(12):
            for places, n in equations:
                least, most = sum(low[i] for i in places), sum(high[i] for i in places)
                for i in places:
                    high[i] = min(high[i], n - (least - low[i]))
                    if most < inf:
                        low[i] = max(low[i], n - (most - high[i]))
        found = {}
        for by, key in self.masked:
            places = [i for i, cell in enumerate(self.unknown) if self.lies(cell, by, key)]
            found[by, key] = sum(high[i] for i in places) - sum(low[i] for i in places)
        return found


def _n(rows) -> int:
    return sum(row.n for row in rows)


def tallied(rows, sorts: int) -> Tally:
    found = Tally(sorts)
    for row in rows:
        found.add(row)
    return found


def assert_safe(rows: list[Row], measures: Measures, names: tuple[str, ...], most: int = LOOKED) -> Mask:
    mask = mask_of(names, rows, measures, most)
    assert mask == mask_of(names, rows[::-1], measures, most)
    for part in measures.told:
        attacker = Attacker(rows, mask, part)
        for by in attacker.tables():
            for key in product(*(attacker.values[at] for at in by)):
                tally = tallied((r for r in rows if attacker.lies(r.values, by, key)), measures.sorts)
                if tally.n and tally.is_small(measures):
                    assert (by, key) in attacker.masked
        assert attacker.eliminated() == []
        assert {cell: width for cell, width in attacker.narrowed().items() if width < NARROW} == {}
    return mask


def rows_of(counted: dict) -> list[Row]:
    return [Row(key[:-1], key[-1], n) for key, n in sorted(counted.items())]


LETTERS = st.tuples(st.sampled_from("abc"), st.sampled_from("wxyz"), st.sampled_from("mn"))
MANY = st.integers(1, 6) | st.integers(8, 60)


@settings(max_examples=60)
@given(st.dictionaries(st.tuples(LETTERS, st.integers(0, 1)), MANY, min_size=1, max_size=20))
def test_no_masked_cell_of_linked_tables_of_a_share_can_be_worked_out(counted):
    """Also where masking would take too long and no table of two is told."""
    rows = rows_of({(*values, sort): n for (values, sort), n in counted.items()})
    assert_safe(rows, SHARE, ("payer", "regime", "stage"))
    assert_safe(rows, SHARE, ("payer", "regime", "stage"), most=0)


@settings(max_examples=60)
@given(st.dictionaries(LETTERS, MANY, min_size=1, max_size=16))
def test_nor_of_a_mere_count_in_which_most_cells_are_empty(counted):
    rows = rows_of({(*values, 0): n for values, n in counted.items()})
    assert_safe(rows, MERE, ("payer", "regime", "stage"))


def test_a_payer_is_not_what_its_rules_leave_beside_another_payer():
    """By rules ERISA was told as 23, by payer Tamarack as 15, and by both the list said that ERISA had only Tamarack, which had
    nothing else, and Loomis, which was masked: 8.
    """
    rows = rows_of(
        {
            ("Tamarack", "erisa", 0): 15,
            ("Loomis", "erisa", 0): 8,
            ("Meridian", "medicare", 0): 9,
            ("Cedar", "medicare", 0): 7,
            ("Cedar", "medicaid", 0): 2,
            ("Orchard", "medicaid", 0): 4,
            ("Orchard", "marketplace", 0): 3,
        }
    )
    mask = assert_safe(rows, MERE, ("payer", "regime"))
    assert mask.values == {
        "payer": frozenset({"Loomis", "Meridian", "Cedar", "Orchard"}),
        "regime": frozenset({"medicaid", "marketplace", "medicare"}),
    }
    assert mask.hides(["payer", "regime"], ("Tamarack", "erisa"))
    # That Tamarack has nothing but ERISA is not told either: its other cells are masked, though nothing is in them.
    assert all(mask.hides(["regime", "payer"], (r, "Tamarack")) for r in ("medicare", "medicaid"))
    assert not mask.hides(["payer"], ("Tamarack",)) and not mask.hides(["regime"], ("erisa",))


def test_where_there_is_one_of_each_not_even_the_values_are_listed():
    rows = rows_of({(payer, "erisa", 0): 1 for payer in "abcdefghijkl"})
    mask = mask_of(("payer", "regime"), rows, MERE)
    assert (mask.silent, mask.hides(["regime"], ("erisa",))) == (frozenset({"payer"}), False)
    assert mask.hides(["payer", "regime"], ("a", "erisa"))
    assert mask_of(("payer",), rows[:10], MERE) == Mask(("payer",), nothing=True)


def test_what_is_masked_by_one_dimension_is_no_small_count_together_and_leaves_each_value_room():
    def cells(**counts: int) -> dict[str, Tally]:
        return {value: tallied([Row((value,), 0, n)], 1) for value, n in counts.items()}

    assert hidden_values(cells(a=3, b=40, c=50), MERE).values == {"a", "b"}
    assert hidden_values(cells(a=3, b=8, c=50), MERE).values == {"a", "b", "c"}
    assert hidden_values(cells(a=3, b=9, c=50), MERE).values == {"a", "b"}
    assert hidden_values(cells(a=30, b=40), MERE).values == frozenset()
    assert hidden_values(cells(a=30, b=40, c=90), MERE, frozenset({"c"})).values == {"a", "c"}


MONTH = st.tuples(st.sampled_from(["2025", "2026"]), st.sampled_from(["01", "02", "04", "05", "06", "11"]))


@settings(max_examples=60)
@given(st.dictionaries(MONTH.map("-".join), MANY, min_size=1, max_size=12))
def test_months_quarters_and_years_stand_side_by_side(counted):
    """A month is bounded by what is masked beside it in its quarter; a masked quarter by those masked beside it."""
    rows = [Row((month[:4],), 0, n, month) for month, n in sorted(counted.items())]
    mask = mask_of(("year",), rows, MERE)
    if mask.nothing or mask.silent:
        return
    hidden = mask.values["year"]
    assert mask.periods == hidden_periods(rows, hidden, MERE)
    for level, inside in ((quarter_of, lambda m: m[:4]), (lambda m: m, quarter_of)):
        sums: dict[str, dict[str, int]] = {}
        for month, n in counted.items():
            parts = sums.setdefault(inside(month), {})
            parts[level(month)] = parts.get(level(month), 0) + n
        for period, parts in sums.items():
            masked = {part for part in parts if part in mask.periods}
            if period in hidden or period in mask.periods or period[:4] in hidden:
                assert masked == set(parts)
                continue
            assert {part for part, n in parts.items() if n < 11} <= masked
            # The rest of the period is what the masked parts hold together, and an empty one is masked as well.
            assert not masked or sum(parts[part] for part in masked) > 10
            calendar = [
                p for p in mask.periods if p in months_in(period) or (p[:5] == f"{period}-" and "Q" in p)
            ]
            assert not masked or len(calendar) > 1


def test_a_sum_in_which_one_amount_stands_out_is_small_and_so_is_a_difference_to_another_figure():
    def money(*amounts: tuple[int, int]) -> Tally:
        return tallied([Row((), 0, n, "", Decimal(amount)) for n, amount in amounts], 1)

    told = [money((12, 100)), money((11, 1), (1, 5000)), money((20, 10), (2, 5000)), money((10, 100))]
    assert [tally.is_small(MERE) for tally in told] == [False, True, True, True]
    assert (told[0].total, told[0].first, told[0].second) == (1200, 100, 100)
    nested = Measures(3, (), apart=(frozenset({2}),))
    for beside, small in ((0, False), (4, True), (11, False)):
        rows = [Row((), 0, 30), Row((), 2, beside)]
        assert tallied(rows, 3).is_small(nested) == small
