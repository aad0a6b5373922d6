"""How much work a case is, for sharing it out: a small table. Pure: no Django, no queries.

Points of work, not of worth: what has to be written, watched and called for in an ordinary week of that stage. They are ours,
drawn from the work itself; no source prescribes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Weight:
    """`stage` is a key of `Case.stage`; "level" stands for every level of appeal."""

    stage: str
    label: str
    points: int
    why: str


WEIGHTS: tuple[Weight, ...] = (
    Weight("", "Not started", 1, "Papers are gathered; no clock of ours runs."),
    Weight(
        "request",
        "Authorization request",
        2,
        "A request is written, sent and watched; the plan's clock runs.",
    ),
    Weight("denial", "Denial", 3, "A letter is read and confirmed, questions are answered, our window runs."),
    Weight("peer_to_peer", "Peer-to-peer", 3, "A call is prepared and booked within days."),
    Weight(
        "level",
        "A level of appeal",
        4,
        "A letter with exhibits is written, filed and followed to its decision.",
    ),
    Weight("approved", "Approved", 1, "Sessions are recorded; the renewal comes later."),
)
URGENT_POINTS = 2
URGENT_WHY = "An urgent case is looked at every day, and its clocks count hours."

_POINTS: Mapping[str, int] = {w.stage: w.points for w in WEIGHTS}
LEVEL_POINTS = _POINTS["level"]
BEFORE_LEVELS: Mapping[str, int] = {stage: points for stage, points in _POINTS.items() if stage != "level"}


def weight_of(stage: str, urgent: bool) -> int:
    """Points of one open case. A stage that is no step before the levels is a level."""
    return BEFORE_LEVELS.get(stage, LEVEL_POINTS) + (URGENT_POINTS if urgent else 0)


def split(weights: Sequence[int], loads: Sequence[int]) -> tuple[int, ...]:
    """Which receiver gets each case: heaviest first, each to whoever then has least. Indexes into `loads`, in the order given.

    Equal weights keep their order; of equal loads the first is taken. The greatest difference is at most one heavy case.
    """
    if not loads:
        raise ValueError("nobody to give to")
    carried = list(loads)
    given = [0] * len(weights)
    for index in sorted(range(len(weights)), key=lambda i: (-weights[i], i)):
        to = min(range(len(carried)), key=lambda r: (carried[r], r))
        given[index] = to
        carried[to] += weights[index]
    return tuple(given)
