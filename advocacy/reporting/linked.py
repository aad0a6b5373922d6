"""Masks every table of a figure at once, so that nothing told in one leads to what is masked in another. Pure: no Django.

Whether a masked cell can be worked out from linked tables would be a linear program for each. Here the proof is made with the
mask. Two rows of the same sort **swap** one of their values, such as the payer: every table by one dimension stays as it was,
and so does every table of two but a few cells. If those are masked, a reader cannot tell the swapped data from the true ones,
and so cannot tell what a masked cell holds. So each masked cell is given swaps that change it, up and down, by `WIDTH`
together, chosen so that they touch as little as possible that is not masked yet; what they touch is masked, and is given swaps
of its own in turn. (Swapping data to protect them: Dalenius and Reiss, J. Stat. Plan. Inference 6, 1982. Here nothing told is
swapped: the swapped data only prove what could as well be true.)

Values that are masked by one dimension need no such search: any of their rows could as well have another of them, since every
cell beside them is masked in every table.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, islice
from typing import Final

from advocacy.reporting.protection import (
    HIDDEN,
    NARROW,
    WIDTH,
    Mask,
    Measures,
    Row,
    Tally,
    hidden_periods,
    hidden_values,
    joined,
)

NEAR: Final = 60
"""How many swaps of rows that agree in everything else are looked at for a cell, a sort and a direction,"""
SEEN: Final = 400
"""how many rows are looked through for them,"""
FAR: Final = 8
"""and of how many rows on each side when those will not do, and"""
MOST: Final = 120
"""of how many when else the cell could not be protected."""
LOOKED: Final = 40_000
"""How many swaps are weighed for a figure, about a second's work: for one that needs more no table of two is told."""
Line = tuple[tuple[str, ...], int, int]
"""Values, sort, how many."""
Cell = tuple[int, int, str, str]
"""Places of two dimensions, the lesser first, and their values."""
Swap = tuple[int, int, int]
"""Two lines, and the place of the value they swap."""


class _TooMuch(Exception):
    """More swaps than may be weighed."""


def mask_of(dimensions: Sequence[str], rows: Sequence[Row], measures: Measures, most: int = LOOKED) -> Mask:
    """What of a figure is not told. `dimensions` name the places of `Row.values`; one that is called "year" holds years, in
    which quarters and months lie. The same rows give the same mask, in whatever order they come.
    """
    names = tuple(dimensions)
    whole = Tally(measures.sorts)
    for row in rows:
        whole.add(row)
    if whole.is_small(measures):
        return Mask(names, nothing=True)
    more: dict[int, set[str]] = defaultdict(set)
    while True:
        hidden = []
        for at in range(len(names)):
            cells: dict[str, Tally] = defaultdict(lambda: Tally(measures.sorts))
            for row in rows:
                cells[row.values[at]].add(row)
            hidden.append(hidden_values(cells, measures, frozenset(more[at])))
        tables = _Tables([one.values for one in hidden], rows, measures, most)
        try:
            failed = tables.mask_all()
        except _TooMuch:
            tables.withhold()
            break
        most -= tables.looked
        if not failed:
            break
        for at, value in failed:
            more[at].add(value)
    years = names.index("year") if "year" in names else None
    silent = {name for name, one in zip(names, hidden, strict=True) if one.is_silent}
    periods: frozenset[str] = frozenset()
    if years is not None and "year" in silent:
        silent |= {"quarter", "month"}
    elif years is not None:
        periods = hidden_periods(rows, hidden[years].values, measures)
    pairs: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for x, y, a, b in tables.masked:
        if HIDDEN not in (a, b):
            pairs[names[x], names[y]].add((a, b))
    return Mask(
        names,
        values={name: one.values for name, one in zip(names, hidden, strict=True)},
        silent=frozenset(silent),
        periods=periods,
        pairs={key: frozenset(cells) for key, cells in pairs.items()},
        whole=frozenset((names[x], value, names[y]) for x, value, y in tables.whole()),
    )


class _Tables:
    """Every table of two dimensions. What is masked by one dimension is one value here, and nothing beside it is told."""

    def __init__(
        self, hidden: Sequence[frozenset[str]], rows: Sequence[Row], measures: Measures, most: int
    ) -> None:
        self.measures, self.told = measures, measures.told
        self.looked, self.most = 0, most
        self.places = range(len(hidden))
        self.cells: dict[tuple[int, int], dict[tuple[str, str], Tally]] = {
            (x, y): defaultdict(lambda: Tally(measures.sorts)) for x, y in combinations(self.places, 2)
        }
        merged: dict[tuple[tuple[str, ...], int], int] = defaultdict(int)
        for row in rows:
            values = tuple(HIDDEN if v in h else v for v, h in zip(row.values, hidden, strict=True))
            merged[values, row.sort] += row.n
            for (x, y), table in self.cells.items():
                table[values[x], values[y]].add(row)
        # What shares most with other hidden rows comes first: swapping with it costs least.
        order = sorted(merged.items(), key=lambda item: (-item[0][0].count(HIDDEN), -item[1], item[0]))
        self.lines: list[Line] = [(values, sort, n) for (values, sort), n in order]
        self.at: dict[tuple[int, str, int], list[int]] = defaultdict(list)
        self.of_sort: dict[int, list[int]] = defaultdict(list)
        self.sums: dict[tuple[int, str], int] = defaultdict(int)
        for number, (values, sort, n) in enumerate(self.lines):
            self.of_sort[sort].append(number)
            for place, value in enumerate(values):
                self.at[place, value, sort].append(number)
                self.sums[place, value] += n
        self.alike: dict[tuple[int, int], dict[tuple[int, tuple[str, ...]], list[int]]] = {}
        self.masked: set[Cell] = set()
        self.reach: dict[Cell, list[list[int]]] = {}
        """Of each masked cell, how far some swapped data lie above and below the true ones, for every count that is told."""

    # -- what is masked at first ----------------------------------------------------------------------------
    def mask_all(self) -> list[tuple[int, str]]:
        """Mask until every masked cell is protected. Returns values (with their place) that are to be hidden altogether
        because some cell of theirs could not be.
        """
        for (x, y), table in self.cells.items():
            for (a, b), tally in table.items():
                if HIDDEN in (a, b) or tally.is_small(self.measures):
                    self.masked.add((x, y, a, b))
        done: set[Cell] = set()
        failed: set[tuple[int, str]] = set()
        while True:
            self._thick_lines()
            waiting = sorted(self.masked - done, key=lambda cell: (-self._n(cell), cell))
            if not waiting:
                return sorted(failed)
            for cell in waiting:
                done.add(cell)
                if not self._protect(cell):
                    failed |= self._given_up(cell)

    def _given_up(self, cell: Cell) -> set[tuple[int, str]]:
        """The lesser told value of a cell; of one that has none, the least of its dimensions."""
        x, y, a, b = cell
        told = {(x, a), (y, b)} - {(x, HIDDEN), (y, HIDDEN)}
        told = told or {key for key in self.sums if key[0] in (x, y) and key[1] != HIDDEN}
        return {min(told, key=lambda one: (self.sums[one], one))} if told else set()

    def _n(self, cell: Cell) -> int:
        x, y, a, b = cell
        table = self.cells[x, y]
        return table[a, b].n if (a, b) in table else 0

    def _lines(self) -> Iterator[tuple[int, str, int, list[Cell], Tally]]:
        """Each told value of a dimension by another: its cells that are told, and what the rest hold together."""
        for (x, y), table in self.cells.items():
            lines: dict[tuple[int, str], list[Cell]] = defaultdict(list)
            for a, b in sorted(table):
                lines[x, a].append((x, y, a, b))
                lines[y, b].append((x, y, a, b))
            for (place, value), cells in lines.items():
                if value != HIDDEN:
                    shown = [cell for cell in cells if HIDDEN not in cell and cell not in self.masked]
                    rest = joined(
                        (table[cell[2], cell[3]] for cell in cells if cell not in set(shown)),
                        self.measures.sorts,
                    )
                    yield place, value, y if place == x else x, shown, rest

    def _thick_lines(self) -> None:
        """Who is told a value's own count and some of its cells knows what the rest hold together: never a small count."""
        for _place, _value, _other, shown, rest in self._lines():
            shown.sort(key=lambda cell: (self._n(cell), cell))
            while shown and rest.n and rest.is_small(self.measures):
                cell = shown.pop(0)
                self.masked.add(cell)
                rest.join(self.cells[cell[0], cell[1]][cell[2], cell[3]])

    def whole(self) -> Iterator[tuple[int, str, int]]:
        """Told values (with their place) all of whose rows are told by another dimension (its place)."""
        for place, value, other, _shown, rest in self._lines():
            if not rest.n:
                yield place, value, other

    def withhold(self) -> None:
        """Mask every cell, but those beside a dimension that has one value only. With tables by one dimension alone each cell
        can be anything that its two values and what is beside them leave, and those are all told to be eleven at least.
        """
        values: dict[int, set[str]] = {at: {v for place, v in self.sums if place == at} for at in self.places}
        self.masked = {
            (x, y, a, b)
            for x, y in self.cells
            for a in values[x]
            for b in values[y]
            if HIDDEN in (a, b) or min(len(values[x]), len(values[y])) > 1
        }

    # -- swaps ----------------------------------------------------------------------------------------------
    def _touched(self, one: Sequence[str], other: Sequence[str], place: int) -> Iterator[tuple[Cell, int]]:
        """The cells that a swap changes, and by how much."""
        mine, theirs = one[place], other[place]
        for c in self.places:
            if c != place and one[c] != other[c]:
                for value, beside, change in (
                    (mine, one[c], -1),
                    (theirs, one[c], 1),
                    (theirs, other[c], -1),
                    (mine, other[c], 1),
                ):
                    yield ((place, c, value, beside) if place < c else (c, place, beside, value)), change

    def _cost(self, swap: Swap) -> int:
        self.looked += 1
        if self.looked > self.most:
            raise _TooMuch
        one, other, place = swap
        touched = self._touched(self.lines[one][0], self.lines[other][0], place)
        return sum(
            1 + self._n(cell) for cell, _change in touched if cell not in self.masked and HIDDEN not in cell
        )

    def _protect(self, cell: Cell) -> bool:
        """Give a masked cell the swaps it lacks; False when there are not enough rows to swap."""
        width = self._width(cell)
        for part, sorts in enumerate(self.told):
            for much in (False, True):
                above, below = self._reach_of(cell)[part]
                if above + below >= width:
                    break
                self._swap(cell, sorts, (above, below), width, much)
            above, below = self._reach_of(cell)[part]
            if above + below < width:
                return False
        return True

    def _width(self, cell: Cell) -> int:
        """A small count could be anything up to ten; of a large one, masked beside it, it is enough not to be known nearly."""
        x, y, a, b = cell
        tally = self.cells[x, y].get((a, b))
        return WIDTH if tally is None or tally.is_small(self.measures) else NARROW

    def _reach_of(self, cell: Cell) -> list[list[int]]:
        if cell not in self.reach:
            x, y, a, b = cell
            tally = self.cells[x, y].get((a, b))
            # Each of several hidden cells that are one here could as well hold none of what they hold together.
            least = tally is not None and HIDDEN in (a, b)
            self.reach[cell] = [[0, tally.of(part) if tally and least else 0] for part in self.told]
        return self.reach[cell]

    def _swap(self, cell: Cell, sorts: Iterable[int], reach: tuple[int, int], width: int, much: bool) -> None:
        """Make data in which the cell holds more, and data in which it holds less, until both together are wide enough."""
        used: dict[bool, dict[int, int]] = {True: defaultdict(int), False: defaultdict(int)}
        changed: dict[bool, dict[Cell, dict[int, int]]] = {True: {}, False: {}}
        far = {True: 0, False: 0}

        def wide() -> int:
            return max(far[True], reach[0]) + max(far[False], reach[1])

        def take(up: bool, swap: Swap) -> None:
            one, other, place = swap
            times = min(*(self.lines[line][2] - used[up][line] for line in (one, other)), width - wide())
            if times <= 0:
                return
            for line in (one, other):
                used[up][line] += times
            sort = self.lines[one][1]
            for touched, change in self._touched(self.lines[one][0], self.lines[other][0], place):
                self.masked.add(touched)
                by_sort = changed[up].setdefault(touched, defaultdict(int))
                by_sort[sort] += change * times
            far[up] += times

        for ways in self._ways(cell, sorts, much):
            dear: list[tuple[int, int, bool, Swap]] = []
            for up, swap in ways:
                cost = self._cost(swap)
                if cost:
                    dear.append((cost, len(dear), up, swap))
                else:
                    take(up, swap)
                    if wide() >= width:
                        break
            for _cost, _order, up, swap in sorted(dear):
                if wide() < width:
                    take(up, swap)
            if wide() >= width:
                break
        for up in (True, False):
            for touched, by_sort in changed[up].items():
                reached = self._reach_of(touched)
                for part, told in enumerate(self.told):
                    change = sum(by_sort.get(sort, 0) for sort in told)
                    reached[part][0] = max(reached[part][0], change)
                    reached[part][1] = max(reached[part][1], -change)

    def _ways(self, cell: Cell, sorts: Iterable[int], much: bool) -> Iterator[Iterator[tuple[bool, Swap]]]:
        """Swaps that bring one more into the cell (True) or take one out (False): those likely to cost least first."""
        order = sorted(sorts)
        for find, most in ((self._near, NEAR), (self._far, MOST if much else FAR)):
            yield (
                (up, swap) for up in (True, False) for sort in order for swap in find(cell, sort, up, most)
            )

    def _near(self, cell: Cell, sort: int, up: bool, most: int) -> Iterator[Swap]:
        """Pairs of rows that agree in everything but the two dimensions of the cell: they touch no other table."""
        x, y, a, b = cell
        alike, lines = self._alike(x, y), self.lines
        mine, theirs = self.at[x, a, sort], self.at[y, b, sort]
        seen = SEEN
        if up and len(theirs) < len(mine):
            for other in theirs:
                seen -= 1
                if lines[other][0][x] != a:
                    for one in alike[sort, self._beside(other, x, y)]:
                        seen -= 1
                        if lines[one][0][x] == a and lines[one][0][y] != b:
                            yield (one, other, x)
                            most -= 1
                if most <= 0 or seen <= 0:
                    return
            return
        for one in mine:
            seen -= 1
            if (lines[one][0][y] != b) == up:
                for other in alike[sort, self._beside(one, x, y)]:
                    seen -= 1
                    if lines[other][0][x] != a and (lines[other][0][y] == b) == up:
                        yield (one, other, x)
                        most -= 1
            if most <= 0 or seen <= 0:
                return

    def _far(self, cell: Cell, sort: int, up: bool, most: int) -> Iterator[Swap]:
        """Pairs of any rows that swap one of the two values."""
        x, y, a, b = cell
        lines = self.lines
        mine = islice((one for one in self.at[x, a, sort] if (lines[one][0][y] != b) == up), most)
        pool = self.at[y, b, sort] if up else self.of_sort[sort]
        others = list(islice((o for o in pool if lines[o][0][x] != a and (lines[o][0][y] == b) == up), most))
        for one in mine:
            for other in others:
                yield (one, other, x)
                yield (one, other, y)

    def _beside(self, line: int, x: int, y: int) -> tuple[str, ...]:
        values = self.lines[line][0]
        return values[:x] + values[x + 1 : y] + values[y + 1 :]

    def _alike(self, x: int, y: int) -> dict[tuple[int, tuple[str, ...]], list[int]]:
        if (x, y) not in self.alike:
            found: dict[tuple[int, tuple[str, ...]], list[int]] = defaultdict(list)
            for line, (_values, sort, _n) in enumerate(self.lines):
                found[sort, self._beside(line, x, y)].append(line)
            self.alike[x, y] = found
        return self.alike[x, y]
