"""The order of the queue: by the patient's next date (undated last), or first by triage; and what lies behind a key in it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import F, Q

BY_TRIAGE = "triage"


def forward(sort: str = "") -> tuple[Any, ...]:
    """How the list is ordered; `sort` is "" or BY_TRIAGE."""
    first = (F("triage_rank").asc(),) if sort == BY_TRIAGE else ()
    return (*first, F("next_deadline_on").asc(nulls_last=True), F("pk").asc())


def backward(sort: str = "") -> tuple[Any, ...]:
    """The same order from its end."""
    first = (F("triage_rank").desc(),) if sort == BY_TRIAGE else ()
    return (*first, F("next_deadline_on").desc(nulls_first=True), F("pk").desc())


def behind(on: date | None, pk: int, rank: int = 0, sort: str = "") -> Q:
    """Behind the key of a row (its next date, id, and its triage's rank)."""
    if on is None:
        later = Q(next_deadline_on=None, pk__gt=pk)
    else:
        later = (
            Q(next_deadline_on__gt=on) | Q(next_deadline_on=on, pk__gt=pk) | Q(next_deadline_on__isnull=True)
        )
    return Q(triage_rank__gt=rank) | Q(later, triage_rank=rank) if sort == BY_TRIAGE else later


def ahead(on: date | None, pk: int, rank: int = 0, sort: str = "") -> Q:
    """Ahead of the key of a row."""
    if on is None:
        sooner = Q(next_deadline_on__isnull=False) | Q(next_deadline_on=None, pk__lt=pk)
    else:
        sooner = Q(next_deadline_on__lt=on) | Q(next_deadline_on=on, pk__lt=pk)
    return Q(triage_rank__lt=rank) | Q(sooner, triage_rank=rank) if sort == BY_TRIAGE else sooner
