"""Everything of one case that its clocks read, in a bounded number of statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from django.db.models import Q, QuerySet

from advocacy.tenancy.kept import KeptRows, kept_rows
from advocacy.tenancy.together import fetched
from appeals.facts import History, rung_recorded
from appeals.models import (
    STANDS,
    Answer,
    Appeal,
    ClockEvent,
    Deadline,
    Decision,
    Denial,
    DenialItem,
    DocumentRequest,
    Effectuation,
    Filing,
    ItemOutcome,
    PeerToPeer,
    RequestItem,
)
from appeals.plan_facts import argued, counted, disagreeing
from appeals.queries.lookup import agreed, plan_facts_said, requests_where, said_of
from appeals.queries.own_dates import own_dates_from, standing_own_dates
from appeals.regimes.classifier import Answer as Said
from appeals.regimes.classifier import classify
from appeals.rungs import Rung
from cases.models import Case, Task
from cases.workflow import TaskStatus

COURT_TASK = "consider_court:"
_COMPLETED = {"none": 0, "first": 1, "second": 2}


THE_CASE = -7_101


def clock_rows(whose: Q) -> dict[str, QuerySet[Any]]:
    """What `history_of` needs of the cases whose rows `whose` names; each case's own rows in the order it takes them."""
    return {
        "answers": Answer.objects.filter(whose, superseded_at=None).order_by("answered_at", "id"),
        "refused": DenialItem.objects.filter(whose),
        "court": Task.objects.filter(whose, code__startswith=COURT_TASK)
        .exclude(status__in=[TaskStatus.DONE, TaskStatus.CANCELLED])
        .only("code", "case"),
        "requests": requests_where(whose),
        "items": RequestItem.objects.filter(whose).order_by("request_id", "position"),
        "denials": Denial.objects.filter(STANDS, whose).order_by("id"),
        "calls": PeerToPeer.objects.filter(whose).order_by("id"),
        "appeals": Appeal.objects.filter(whose)
        .defer("draft")
        .order_by("denial_id", "turn", "position", "id"),
        "filings": Filing.objects.filter(whose).defer("manifest"),
        "decisions": Decision.objects.filter(whose),
        "outcomes": ItemOutcome.objects.filter(whose).order_by("decided_at", "id"),
        "events": ClockEvent.objects.filter(whose).order_by("occurred_at", "id"),
        "effectuations": Effectuation.objects.filter(whose, voided_at=None).order_by("id"),
        "document_requests": DocumentRequest.objects.filter(whose).order_by("id"),
        "own_dates": standing_own_dates(),
    }


@cache
def _kept() -> KeptRows:
    """Asked after each act on a case: its text is made once."""
    return kept_rows(lambda: clock_rows(Q(case=THE_CASE)), {"case": THE_CASE})


def load_history(case: Case) -> History:
    """All rows of the case as they are now. `case.patient` and `case.coverage` are read from the instance when loaded."""
    return history_of(case, fetched(_kept().written({"case": case.pk})))


@dataclass(frozen=True)
class Projected:
    """A history with the rows that are kept in step with it: dates that were not superseded, and tasks that have a code."""

    history: History
    deadlines: tuple[Deadline, ...]
    tasks: tuple[Task, ...]


@cache
def _kept_with_projection() -> KeptRows:
    whose = Q(case=THE_CASE)
    return kept_rows(
        lambda: (
            clock_rows(whose)
            | {
                "deadlines": Deadline.objects.filter(whose)
                .exclude(status=Deadline.Status.SUPERSEDED)
                .order_by("id"),
                "tasks": Task.objects.filter(whose).exclude(code="").order_by("id"),
            }
        ),
        {"case": THE_CASE},
    )


def load_projected(case: Case) -> Projected:
    """As `load_history`, with what `recompute_deadlines` compares it with. One statement."""
    rows = fetched(_kept_with_projection().written({"case": case.pk}))
    for task in rows["tasks"]:
        task.case = case
    return Projected(history_of(case, rows), tuple(rows["deadlines"]), tuple(rows["tasks"]))


def history_of(case: Case, rows: Mapping[str, Sequence[Any]]) -> History:
    """The same of rows that are loaded already, under the keys of `clock_rows`."""
    answers = tuple(rows["answers"])
    said = said_of(case, answers)
    found = classify(said)
    plan_said = plan_facts_said(rows["answers"])
    refused: dict[int, set[int]] = {}
    for row in rows["refused"]:
        refused.setdefault(row.denial_id, set()).add(row.item_id)
    return History(
        case=case,
        zone=case.patient.time_zone,
        classification=found,
        levels=levels_in(said),
        requests=tuple(rows["requests"]),
        course_ends={
            r.renews_id: date.fromisoformat(r.renewed_until) for r in rows["requests"] if r.renews_id
        },
        items=tuple(rows["items"]),
        denials=tuple(rows["denials"]),
        refused={denial: frozenset(items) for denial, items in refused.items()},
        peer_to_peers=tuple(rows["calls"]),
        appeals=tuple(rows["appeals"]),
        filings={f.appeal_id: f for f in rows["filings"]},
        decisions={d.appeal_id: d for d in rows["decisions"]},
        outcomes=tuple(rows["outcomes"]),
        events=tuple(rows["events"]),
        effectuations=tuple(rows["effectuations"]),
        documents=tuple(rows["document_requests"]),
        plan=counted(plan_said, found.state),
        plan_argued=argued(plan_said),
        plan_disagreements=disagreeing(plan_said, found),
        own_dates=own_dates_from(rows["own_dates"]),
        answered=bool(answers),
        court_considered=frozenset(int(t.code.removeprefix(COURT_TASK)) for t in rows["court"]),
    )


def levels_in(said: tuple[Said, ...]) -> int | None:
    """How many internal levels the plan has, as answered; None when nobody knows."""
    levels = agreed(said, "levels")
    return int(levels) if levels else None


def completed_in(said: tuple[Said, ...]) -> int:
    """How many internal levels were finished before the case came here, as answered; 0 when nobody knows."""
    return _COMPLETED.get(agreed(said, "level_completed") or "none", 0)


def levels_completed(case: Case) -> int:
    """The same of a case, from its answers as they stand."""
    return completed_in(said_of(case))


def recorded_rung(case: Case, appeal: Appeal) -> Rung:
    """The rung a level stands on (`History.rung`), where nothing else of the case is needed. One statement."""
    said = said_of(case)
    return rung_recorded(appeal, classify(said), levels_in(said))
