"""The catalog: what each figure is, of what, by what, and where the definition comes from. Pure: no Django.

An indicator stands here only when a screen, a job or a published file records the facts it reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Dimension:
    """By what a figure is parted. `field` is where the rows keep it; blank values are told as blank."""

    key: str
    title: str
    field: str


@dataclass(frozen=True)
class Indicator:
    """One figure. `tables` are the sets of dimensions it is published by: periods are whole calendar years."""

    key: str
    title: str
    definition: str
    numerator: str
    denominator: str
    clock: str
    exclusions: str
    source: str
    reads: tuple[str, ...]
    dimensions: tuple[Dimension, ...]

    def dimension(self, key: str) -> Dimension | None:
        return next((d for d in self.dimensions if d.key == key), None)


MOST_DIMENSIONS: Final = 2
"""A table has at most two: what is masked is proven for a table with its margins, not for a cube."""

PUBLISHED: Final = (
    Dimension("year", "Year of the report", "year"),
    Dimension("type", "What was in dispute", "type"),
    Dimension("diagnosis", "Diagnosis", "diagnosis"),
    Dimension("diagnosis_detail", "Diagnosis, in detail", "diagnosis_detail"),
    Dimension("treatment", "Treatment", "treatment"),
    Dimension("treatment_detail", "Treatment, in detail", "treatment_detail"),
    Dimension("age", "Age", "age"),
    Dimension("gender", "Gender", "gender"),
)

INDICATORS: Final = {
    one.key: one
    for one in (
        Indicator(
            key="overturn_rate",
            title="How often an independent review overturned the plan",
            definition="Of the published determinations of independent reviews, the share in which the plan's decision"
            " was overturned.",
            numerator="determinations that overturned the plan's decision",
            denominator="all determinations",
            clock="the year of the report, a calendar year",
            exclusions="none; a determination without a category is counted under the blank one",
            source="California Department of Managed Health Care, Independent Medical Review determinations",
            reads=("reporting.ReferenceDetermination",),
            dimensions=PUBLISHED,
        ),
    )
}
