"""Everything the rules read of some cases, loaded in one statement whose text is made once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import Any

from django.db.models import Q, QuerySet

from advocacy.people.models import Membership, Patient
from advocacy.tenancy.kept import KeptRows, kept_rows
from advocacy.tenancy.plans import any_of
from advocacy.tenancy.together import fetched
from appeals.facts import History
from appeals.models import Deadline, Filing
from appeals.queries.history import clock_rows, history_of
from appeals.queries.ladder import Ladder, ladder_from
from appeals.queries.standing import DECIDING, by_case, rows_under
from cases.models import Case, Coverage, Task

_KEYS, _AT = [-7_104], datetime(1901, 1, 1, tzinfo=UTC)
_WHOLE = ("patients", "coverages", "owners", "own_dates")
"""Rows that have no column for the case."""


def _rows(keys: Sequence[int], at: datetime) -> dict[str, QuerySet[Any]]:
    cases, of_cases = Case.objects.filter(any_of("pk", keys)), any_of("case_id", keys)
    own = rows_under(keys)
    awake = Q(status="open") | Q(status="held", hold_until__gt=at)
    return {
        "cases": cases.order_by("pk"),
        "patients": Patient.objects.filter(pk__in=cases.values("patient_id")),
        "coverages": Coverage.objects.filter(pk__in=cases.values("coverage_id")),
        "owners": Membership.objects.filter(pk__in=cases.values("owner_id")),
        "dates": Deadline.objects.filter(of_cases).exclude(status="superseded").order_by("id"),
        "waiting": Task.objects.filter(of_cases, awake, owner__ended_at=None).only("case"),
        **clock_rows(of_cases),
        **{key: own[key] for key in ("choices", "authorizations", "owed")},
    }


@cache
def _kept() -> KeptRows:
    return kept_rows(lambda: _rows(_KEYS, _AT), {"keys": _KEYS, "at": _AT})


class Loaded:
    """Some cases, by primary key, as one statement sees them at a moment: each with its patient, coverage and owner."""

    def __init__(self, keys: Sequence[int], at: datetime) -> None:
        rows = fetched(_kept().written({"keys": keys, "at": at})) if keys else {}
        self.cases: list[Case] = rows.pop("cases", [])
        whole = {key: rows.pop(key, []) for key in _WHOLE}
        self._own_dates = whole["own_dates"]
        self._by_case = {key: by_case(found) for key, found in rows.items()}
        patients, coverages, owners = (
            {row.pk: row for row in whole[key]} for key in ("patients", "coverages", "owners")
        )
        for case in self.cases:
            case.patient = patients[case.patient_id]
            case.coverage = coverages[case.coverage_id]
            case.owner = owners[case.owner_id] if case.owner_id is not None else None

    def of(self, case: Case, key: str) -> list[Any]:
        return self._by_case[key].get(case.pk, [])

    def filings(self) -> list[Filing]:
        return [filing for case in self.cases for filing in self.of(case, "filings")]

    @cached_property
    def histories(self) -> dict[int, History]:
        """By primary key of the case."""
        found = {}
        for case in self.cases:
            own = {key: rows.get(case.pk, []) for key, rows in self._by_case.items()}
            found[case.pk] = history_of(case, own | {"own_dates": self._own_dates})
        return found

    @cached_property
    def ladders(self) -> dict[int, Ladder]:
        return {pk: ladder_from(history) for pk, history in self.histories.items()}

    def deciding(self, case: Case) -> Mapping[str, list[Any]]:
        """The rows that decide where the case stands, in the order of `rows_under`."""
        running = [row for row in self.of(case, "dates") if row.status == Deadline.Status.RUNNING]
        return {
            **{key: self.of(case, key) for key in DECIDING if key != "deadlines"},
            "appeals": sorted(self.of(case, "appeals"), key=lambda row: row.pk),
            "deadlines": sorted(running, key=lambda row: (row.due_on, row.pk)),
        }
