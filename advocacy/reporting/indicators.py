"""The catalog: what each figure is, of what, by what, and where the definition comes from. Pure: no Django.

An indicator stands here only when a screen, a job or a published file records the facts it reads.
"""

from __future__ import annotations

from typing import Final

from advocacy.reporting.own_indicators import OWN
from advocacy.reporting.shapes import MOST_DIMENSIONS, Dimension, Indicator

__all__ = ["INDICATORS", "MOST_DIMENSIONS", "PUBLISHED", "Dimension", "Indicator"]

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

_REVIEWS: Final = Indicator(
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
)

INDICATORS: Final[dict[str, Indicator]] = {one.key: one for one in (_REVIEWS, *OWN)}
