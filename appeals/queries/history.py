"""Everything of one case that its clocks read, in a bounded number of statements."""

from __future__ import annotations

from appeals.facts import History
from appeals.models import (
    Appeal,
    AuthorizationRequest,
    ClockEvent,
    Decision,
    Denial,
    DenialItem,
    Filing,
    ItemOutcome,
    PeerToPeer,
    RequestItem,
)
from appeals.queries.lookup import agreed, answers_of, said_of
from appeals.regimes.classifier import classify
from cases.models import Case, Task
from cases.workflow import TaskStatus

COURT_TASK = "consider_court:"
_COMPLETED = {"none": 0, "first": 1, "second": 2}


def load_history(case: Case) -> History:
    """All rows of the case as they are now. `case.patient` and `case.coverage` are read from the instance when loaded."""
    answers = answers_of(case)
    said = said_of(case, answers)
    levels = agreed(said, "levels")
    refused: dict[int, set[int]] = {}
    for row in DenialItem.objects.filter(case=case):
        refused.setdefault(row.denial_id, set()).add(row.item_id)
    court = (
        Task.objects.filter(case=case, code__startswith=COURT_TASK)
        .exclude(status__in=[TaskStatus.DONE, TaskStatus.CANCELLED])
        .values_list("code", flat=True)
    )
    return History(
        case=case,
        zone=case.patient.time_zone,
        classification=classify(said),
        levels=int(levels) if levels else None,
        requests=tuple(AuthorizationRequest.objects.filter(case=case).order_by("id")),
        items=tuple(RequestItem.objects.filter(case=case).order_by("request_id", "position")),
        denials=tuple(Denial.objects.filter(case=case).order_by("id")),
        refused={denial: frozenset(items) for denial, items in refused.items()},
        peer_to_peers=tuple(PeerToPeer.objects.filter(case=case).order_by("id")),
        appeals=tuple(Appeal.objects.filter(case=case).defer("draft").order_by("denial_id", "position")),
        filings={f.appeal_id: f for f in Filing.objects.filter(case=case).defer("manifest")},
        decisions={d.appeal_id: d for d in Decision.objects.filter(case=case)},
        outcomes=tuple(ItemOutcome.objects.filter(case=case).order_by("decided_at", "id")),
        events=tuple(ClockEvent.objects.filter(case=case).order_by("occurred_at", "id")),
        answered=bool(answers),
        court_considered=frozenset(int(code.removeprefix(COURT_TASK)) for code in court),
    )


def levels_completed(case: Case) -> int:
    """How many internal levels were finished before the case came here, as answered; 0 when nobody knows."""
    return _COMPLETED.get(agreed(said_of(case), "level_completed") or "none", 0)
