"""The number of the provider who asked, told apart from the numbers of other providers and of the payer's own people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from appeals.intake.layout import Page
from appeals.intake.proposal import HIGH, Proposal
from cases.codes import npi_is_valid

_NPI: Final = re.compile(
    r"\bNPI\b(?:\s?(?:number|no\.?|#))?\s*(?:[:#=(]|\bis\b)?\s*(?P<npi>\d{10})(?!\d|-)", re.IGNORECASE
)
_ASKED: Final = re.compile(
    r"\b(?:request(?:ing|ed by)|order(?:ing|ed by)|prescrib\w*|treating|referring|your (?:doctor|"
    r"provider|physician|prescriber)|received a request from)\b",
    re.IGNORECASE,
)
_BILLED: Final = re.compile(r"\b(?:billing|rendering|servicing|performing|provider)\b", re.IGNORECASE)
_PAYER_SIDE: Final = re.compile(
    r"\b(?:medical director|review(?:er|ed|ing)|our|facility|hospital|pharmacy|lab|plan|peer|"
    r"payer|decided|pay-to|group|organization)\b",
    re.IGNORECASE,
)


def provider_number(pages: Sequence[Page]) -> Iterator[Proposal]:
    """The NPI of the provider who asked: by the words beside it, or because it is the only one in the letter."""
    ranked: list[tuple[int, Proposal]] = []
    for page in pages:
        for row in page.rows:
            if not row:
                continue
            base = row[0].start
            text = page.plain[base : row[-1].end]
            previous = 0
            for match in _NPI.finditer(text):
                if npi_is_valid(match["npi"]):
                    around = text[previous : match.start()]
                    if not re.search(r"[A-Za-z]{3}", around) and row[0].row:
                        around = " ".join(cell.text for cell in page.rows[row[0].row - 1]) + around
                    found = page.proposal(
                        "provider_npi", match["npi"], base + match.start(), base + match.end(), HIGH
                    )
                    ranked.append((_rank(around), found))
                previous = match.end()
        for sentence in page.sentences:
            for match in _NPI.finditer(sentence.text):
                found = sentence.proposal("provider_npi", match["npi"], match.span(), HIGH, match.span("npi"))
                if "\n" in found.words and npi_is_valid(
                    match["npi"]
                ):  # a row shows the others with their labels
                    ranked.append((_rank(sentence.text[: match.start()]), found))
    for rank in (0, 1, 2):
        values = [proposal for standing, proposal in ranked if standing == rank]
        if values:
            if len({proposal.value for proposal in values}) == 1:
                yield values[0]
            return


def _rank(around: str) -> int:
    """0 the provider who asked, 1 a provider who billed, 2 nobody named, 3 somebody on the payer's side or a building."""
    asked = list(_ASKED.finditer(around))
    against = list(_PAYER_SIDE.finditer(around))
    if against and (not asked or against[-1].start() > asked[-1].end()):
        return 3
    if asked:
        return 0
    return 1 if _BILLED.search(around) else 2
