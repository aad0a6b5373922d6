"""How many organizations there are and how large each is. Pure: the same arguments give the same plan everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

CHUNK = 4_000
STEADY, LARGEST, SECOND, THIRD = 1, 2, 3, 4
"""Ids of the organizations the workloads act in. The steady one is the same, row by row, however large the table is."""


@dataclass(frozen=True)
class Organization:
    id: int
    cases: int
    first_case: int

    @property
    def slug(self) -> str:
        return f"bench-{self.id:04d}"

    @property
    def prefix(self) -> str:
        return f"O{self.id:04d}"

    @property
    def navigators(self) -> int:
        return min(max(2, self.cases // 400), 150)

    def member(self, number: int) -> int:
        """Ids of members (and their users): 0 the supervisor, 1 intake, 2 clinician, 3 analyst, 4 privacy officer, 5 the
        organization admin; navigators follow.
        """
        return self.id * 1_000 + number


@dataclass(frozen=True)
class Chunk:
    organization: Organization
    first: int
    count: int


def organizations(cases: int, count: int = 1_000) -> list[Organization]:
    """The plan for so many cases: a steady organization (1,000 cases; 100 in tables under 10,000), one with a fifth of all, a
    tenth, a hundredth, and the rest by a long tail.
    """
    if count < 5:
        raise ValueError("A plan has at least five organizations.")
    steady = 1_000 if cases >= 10_000 else 100
    sizes = [steady, cases // 5, cases // 10, max(cases // 100, 1)]
    rest = cases - sum(sizes)
    if rest < count - 4:
        raise ValueError(f"{cases} cases are too few for {count} organizations.")
    weights = [1 / (i + 12) ** 0.7 for i in range(count - 4)]
    share = (rest - (count - 4)) / sum(weights)
    tail = [1 + int(w * share) for w in weights]
    tail[0] += rest - sum(tail)
    found, first = [], 1
    for number, size in enumerate([*sizes, *tail], 1):
        found.append(Organization(number, size, first))
        first += size
    return found


def chunks(plan: list[Organization]) -> Iterator[Chunk]:
    """Parts of at most CHUNK cases, in an order that keeps every worker busy to the end."""
    for organization in sorted(plan, key=lambda o: -o.cases):
        for start in range(0, organization.cases, CHUNK):
            yield Chunk(organization, start, min(CHUNK, organization.cases - start))
