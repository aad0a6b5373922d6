"""Small cells of one table are masked, and enough others that none can be worked out from its sums. Pure: no Django.

It masks figures of published determinations, whose rows anybody may read at their publisher: each table by itself, so that
empty cells may be known. Figures of our own cases are masked in all their tables at once (`advocacy.reporting.linked`).

A table has one or two dimensions; its cells count something (`denominator`) and a part of it (`numerator`). A reader is
given every cell, every sum over one dimension and the grand total, so a masked cell must not follow from them. The rule
is the one statistical offices use: a cell is masked when a count in it is under eleven (CMS cell size policy); then others
are masked (complementary suppression) until no masked cell is determined. In a table with its margins the masked cells are
the edges of a bipartite graph between rows and columns, and a cell is determined exactly if its edge is a bridge (Gusfield,
"A graph theoretic approach to statistical data security", SIAM J. Comput. 17, 1988). Beyond that, what is masked in one row
or column together is never under eleven either.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

SMALLEST_SHOWN: Final = 11
TOTAL: Final = "\0total"


@dataclass(frozen=True)
class Count:
    """So many of so many. `numerator` is at most `denominator`."""

    numerator: int
    denominator: int

    def __add__(self, other: Count) -> Count:
        return Count(self.numerator + other.numerator, self.denominator + other.denominator)

    @property
    def is_small(self) -> bool:
        """Whether a count under eleven is told: of all, of those that were, or of those that were not."""
        least = min(self.numerator, self.denominator - self.numerator)
        return least < SMALLEST_SHOWN or self.denominator < SMALLEST_SHOWN


NOTHING: Final = Count(0, 0)


def masked_values(cells: Mapping[str, Count]) -> frozenset[str]:
    """Of a table of one dimension whose grand total is told, the values that are masked."""
    masked = {value for value, count in cells.items() if count.is_small}
    while masked and _sum(cells[value] for value in masked).is_small:
        rest = [value for value in cells if value not in masked]
        if not rest:
            break
        masked.add(min(rest, key=lambda value: (cells[value].denominator, value)))
    if len(masked) == 1:
        rest = [value for value in cells if value not in masked]
        masked |= {min(rest, key=lambda value: (cells[value].denominator, value))} if rest else set()
    return frozenset(masked)


def masked_cells(cells: Mapping[tuple[str, str], Count]) -> frozenset[tuple[str, str]]:
    """Of a table of two dimensions, the cells that are masked; keys with TOTAL in one place are the masked margins.

    The margins are masked as each dimension's own table is, so that they are the same beside every other dimension.
    """
    table = _Table(cells)
    for key, count in cells.items():
        if count.is_small:
            table.mask(key)
    # Who can see both margins and every other cell works out a lone masked one; so does who sees all parts of a margin.
    while (exposed := table.exposed()) is not None:
        if not table.cover(exposed):
            table.mask_line_of(exposed)
    return frozenset(table.masked)


class _Table:
    """The cells with their margins as one larger table: each row and each column then sums to nothing."""

    def __init__(self, cells: Mapping[tuple[str, str], Count]) -> None:
        self.cells = dict(cells)
        self.rows: dict[str, set[str]] = defaultdict(set)
        self.columns: dict[str, set[str]] = defaultdict(set)
        rows: dict[str, Count] = defaultdict(lambda: NOTHING)
        columns: dict[str, Count] = defaultdict(lambda: NOTHING)
        for (row, column), count in cells.items():
            self.rows[row].add(column)
            self.columns[column].add(row)
            rows[row] += count
            columns[column] += count
        self.masked: set[tuple[str, str]] = {(row, TOTAL) for row in masked_values(rows)}
        self.masked |= {(TOTAL, column) for column in masked_values(columns)}

    def mask(self, key: tuple[str, str]) -> None:
        self.masked.add(key)

    def mask_line_of(self, key: tuple[str, str]) -> None:
        """The last resort of a table too thin to hide one cell among others: everything of its row and its column."""
        row, column = key
        before = len(self.masked)
        self.masked |= {(row, c) for c in self.rows.get(row, ())} | {
            (r, column) for r in self.columns.get(column, ())
        }
        if len(self.masked) == before:
            self.masked |= set(self.cells)
            self.masked |= {(r, TOTAL) for r in self.rows} | {(TOTAL, c) for c in self.columns}

    def exposed(self) -> tuple[str, str] | None:
        """A masked cell that follows from what is told, or a row or column in which too few are hidden together."""
        for key in sorted(self.masked):
            if self._alone(key) and not self._all_masked():
                return key
        return self._thin_line()

    def _all_masked(self) -> bool:
        margins = len(self.rows) + len(self.columns)
        return len(self.masked) == len(self.cells) + margins

    def _neighbours(self, node: tuple[int, str], *, without: tuple[str, str]) -> Iterable[tuple[int, str]]:
        side, name = node
        for row, column in self.masked:
            if (row, column) != without and (row if side == 0 else column) == name:
                yield (1, column) if side == 0 else (0, row)

    def _alone(self, key: tuple[str, str]) -> bool:
        """Whether the edge is a bridge: without it, no other way leads along masked cells from its row to its column."""
        start, end = (0, key[0]), (1, key[1])
        reached, waiting = {start}, [start]
        while waiting:
            for node in self._neighbours(waiting.pop(), without=key):
                if node == end:
                    return False
                if node not in reached:
                    reached.add(node)
                    waiting.append(node)
        return True

    def _thin_line(self) -> tuple[str, str] | None:
        lines = [((row, TOTAL), [(row, c) for c in columns]) for row, columns in sorted(self.rows.items())]
        lines += [((TOTAL, c), [(row, c) for row in rows]) for c, rows in sorted(self.columns.items())]
        for margin, inner in lines:
            hidden = [key for key in inner if key in self.masked]
            told = margin not in self.masked and 0 < len(hidden) < len(inner)
            if told and _sum(self.cells[key] for key in hidden).is_small:
                return min(hidden)
        return None

    def cover(self, key: tuple[str, str]) -> bool:
        """Mask the cheapest cells that hide this one among others; False when the table has none."""
        before = len(self.masked)
        if self._alone(key):
            way = self._cheapest_way(key)
            if way is not None:
                self.masked |= set(way)
        else:
            row, column = key
            rest = [(row, c) for c in self.rows[row]] + [(r, column) for r in self.columns[column]]
            rest = [k for k in rest if k not in self.masked]
            if rest:
                self.masked.add(min(rest, key=lambda k: (self.cells[k].denominator, k)))
        return len(self.masked) > before

    def _cheapest_way(self, key: tuple[str, str]) -> list[tuple[str, str]] | None:
        """The cells of the cheapest way from the row to the column that does not use the cell itself (Dijkstra)."""
        start, end = (0, key[0]), (1, key[1])
        best: dict[tuple[int, str], int] = {start: 0}
        came: dict[tuple[int, str], tuple[tuple[int, str], tuple[str, str]]] = {}
        waiting = [(0, start)]
        while waiting:
            cost, node = heapq.heappop(waiting)
            if node == end:
                break
            if cost > best[node]:
                continue
            side, name = node
            others = self.rows.get(name, set()) if side == 0 else self.columns.get(name, set())
            steps = [((name, o) if side == 0 else (o, name)) for o in sorted(others)]
            steps += [k for k in sorted(self.masked) if TOTAL in k and k[side] == name]
            for step in steps:
                if step == key:
                    continue
                there = (1, step[1]) if side == 0 else (0, step[0])
                dear = cost if step in self.masked else cost + self.cells[step].denominator + 1
                if dear < best.get(there, 1 << 60):
                    best[there] = dear
                    came[there] = (node, step)
                    heapq.heappush(waiting, (dear, there))
        if end not in came:
            return None
        way, node = [], end
        while node != start:
            node, step = came[node]
            way.append(step)
        return way


def _sum(counts: Iterable[Count]) -> Count:
    total = NOTHING
    for count in counts:
        total += count
    return total
