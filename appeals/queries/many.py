"""Everything that the clocks of many cases read, their stored dates and their tasks, in one statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import QuerySet

from advocacy.people.models import Patient
from advocacy.tenancy.kept import KeptRows, kept_rows
from advocacy.tenancy.plans import any_of, planned_with_values
from advocacy.tenancy.together import fetched
from appeals.facts import History
from appeals.models import Deadline
from appeals.queries.history import clock_rows, history_of
from cases.models import Case, Coverage, Task

KEYS = [-7_102]


@dataclass(frozen=True)
class Loaded:
    """One case as its clocks see it. `standing` are its stored dates that are not superseded, oldest first, `tasks` those that
    a rule or a stage opened. The case has its patient's zone and its coverage's answers, and no other field that lists do
    not show; of answers and items there is what clocks read.
    """

    case: Case
    history: History
    standing: tuple[Deadline, ...]
    tasks: tuple[Task, ...]


def _of(keys: Sequence[int]) -> dict[str, QuerySet[Any]]:
    cases = Case.objects.filter(any_of("id", keys))
    whose = any_of("case_id", keys)
    rows = clock_rows(whose)
    return rows | {
        "answers": rows["answers"].only("case", "question", "value", "source"),
        "refused": rows["refused"].only("case", "denial", "item"),
        "items": rows["items"].only("case", "request", "starts_on"),
        "cases": cases.order_by("id").only(
            "organization", "reference", "patient", "coverage", "owner", "status", "next_deadline_on", "stage"
        ),
        "patients": Patient.objects.filter(pk__in=cases.values("patient_id")).only("time_zone"),
        "coverages": Coverage.objects.filter(pk__in=cases.values("coverage_id")).only(
            "funding", "state_of_issue"
        ),
        "standing": Deadline.objects.filter(whose).exclude(status=Deadline.Status.SUPERSEDED).order_by("id"),
        "tasks": Task.objects.filter(whose)
        .exclude(code="")
        .order_by("id")
        .only(
            "case",
            "code",
            "circumstances",
            "title",
            "due_on",
            "status",
            "version",
            "organization",
            "public_id",
        ),
    }


@cache
def _kept() -> KeptRows:
    return kept_rows(lambda: _of(KEYS), {"keys": KEYS})


def load_many(keys: Sequence[int]) -> list[Loaded]:
    """The cases of these primary keys that are in the scope, by key, as one statement sees them all."""
    with planned_with_values():
        rows = fetched(_kept().written({"keys": list(keys)}))
    patients = {p.pk: p for p in rows.pop("patients")}
    coverages = {c.pk: c for c in rows.pop("coverages")}
    cases = rows.pop("cases")
    of_all = {"own_dates": rows.pop("own_dates")}
    own: dict[str, Mapping[int, list[Any]]] = {name: _by_case(found) for name, found in rows.items()}
    loaded = []
    for case in cases:
        case.patient, case.coverage = patients[case.patient_id], coverages[case.coverage_id]
        of_case: dict[str, Any] = of_all | {name: found.get(case.pk, ()) for name, found in own.items()}
        loaded.append(
            Loaded(case, history_of(case, of_case), tuple(of_case["standing"]), tuple(of_case["tasks"]))
        )
    return loaded


def _by_case(rows: Sequence[Any]) -> Mapping[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.case_id].append(row)
    return found
