"""docs/indicators.md, printed from the catalog. Pure: no Django."""

from __future__ import annotations

from collections.abc import Iterator

from advocacy.reporting.indicators import INDICATORS
from advocacy.reporting.shapes import Indicator, Kind

TOLD = {
    Kind.RATE: "a share: numerator of denominator",
    Kind.MIX: "counts, each of the whole it is part of",
    Kind.SUM: "a sum in US dollars, with the number of cases",
    Kind.DAYS: "days, with the number of decisions",
}


def indicators() -> Iterator[str]:
    """The paragraphs of the document."""
    yield "# Figures: what each one counts"
    yield "*Printed by `manage.py print_docs`; edit the catalog in `advocacy/reporting` and print again.*"
    yield (
        "`manage.py report KEY --organization SLUG --by DIMENSION[,DIMENSION]` tells each of them, and so does the API. A"
        " year stands beside any other dimension; a quarter or a month is told alone. Small cells are masked as"
        " [ADR 8](adr/0008-masked-figures.md) says. A figure stands here only when a screen or a published file records its"
        " facts; a test records them at the desk and watches the figure move."
    )
    for indicator in INDICATORS.values():
        yield f"## {indicator.title} (`{indicator.key}`)"
        yield indicator.definition
        yield "\n".join(_rows(indicator))


def _rows(indicator: Indicator) -> Iterator[str]:
    dimensions = ", ".join(f"`{d.key}`" for d in indicator.dimensions)
    reads = ", ".join(f"`{name}`" for name in indicator.reads)
    yield "| | |"
    yield "|---|---|"
    yield f"| Numerator | {indicator.numerator} |"
    yield f"| Denominator | {indicator.denominator} |"
    yield f"| Clock | {indicator.clock} |"
    yield f"| Left out | {indicator.exclusions} |"
    if indicator.apart:
        yield f"| Counted apart | {'; '.join(words for _code, words in indicator.apart)} |"
    yield f"| Told as | {TOLD[indicator.kind]} |"
    yield f"| By | {dimensions} |"
    yield f"| Source | {indicator.source} |"
    yield f"| Reads | {reads} |"
