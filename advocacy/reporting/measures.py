"""Numbers about numbers: how sure a share is, and after how many days half were decided. Pure: no Django."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt

Z_95 = 1.959963984540054


@dataclass(frozen=True)
class Interval:
    """From and to, as shares of one."""

    low: float
    high: float


def wilson(numerator: int, denominator: int) -> Interval:
    """The 95 % score interval of a share (Wilson, "Probable inference", J. Am. Stat. Assoc. 22, 1927). `denominator` > 0."""
    share, square = numerator / denominator, Z_95 * Z_95
    middle = share + square / (2 * denominator)
    spread = Z_95 * sqrt(share * (1 - share) / denominator + square / (4 * denominator * denominator))
    scale = 1 + square / denominator
    return Interval(max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale))


def half_decided(decided: Mapping[int, int], waiting: Mapping[int, int]) -> int | None:
    """The number of days within which half were decided, or None while too few are.

    `decided` and `waiting` say how many were decided after, or had waited undecided for, so many days. What is still open is
    not left out, as it would be in a plain median (Kaplan and Meier, J. Am. Stat. Assoc. 53, 1958). With nothing open it is
    the plain (lower) median.
    """
    at_risk = sum(decided.values()) + sum(waiting.values())
    undecided = 1.0
    for days in sorted({*decided, *waiting}):
        events = decided.get(days, 0)
        if events:
            undecided *= 1 - events / at_risk
            if undecided <= 0.5 + 1e-12:
                return days
        at_risk -= events + waiting.get(days, 0)
    return None


def median_of(values: Iterable[int]) -> int | None:
    """The lower median; None of nothing."""
    row = sorted(values)
    return row[(len(row) - 1) // 2] if row else None
