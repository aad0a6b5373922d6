"""The codes of cases with their words, for doors that offer or describe them."""

from __future__ import annotations

from typing import Any

from cases.models import Case, Cost, Coverage, Document
from cases.workflow import CaseStatus

Codes = list[tuple[Any, Any]]

STATUSES: Codes = list(CaseStatus.choices)
TREATMENTS: Codes = list(Case.Treatment.choices)
URGENCIES: Codes = list(Case.Urgency.choices)
OUTCOMES: Codes = list(Case.Outcome.choices)
PURPOSES: Codes = list(Case.Purpose.choices)
FUNDINGS: Codes = list(Coverage.Funding.choices)
DOCUMENT_KINDS: Codes = list(Document.Kind.choices)
MONEY: Codes = list(Cost.Kind.choices)
CERTAINTIES: Codes = list(Cost.Certainty.choices)


def keys(codes: Codes) -> tuple[str, ...]:
    return tuple(str(key) for key, _words in codes)
