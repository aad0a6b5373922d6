"""What a case may still ask for, and what is owed on it, beside its kept dates, as the API gives it: computed when asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from appeals.dues import Due
from appeals.facts import History
from appeals.models import Appeal
from appeals.queries.clocks import day_at
from appeals.queries.history import load_history
from appeals.queries.owed import Owed, owed_lines
from appeals.queries.reopenings import windows_of
from appeals.workflow import APPEAL
from cases.models import Case

NOTHING: dict[str, list[dict[str, Any]]] = {"reopenings": [], "owed": []}
FINAL = ", ".join(f"'{status}'" for status in sorted(APPEAL.final))

BEYOND = f"""
       c.status = 'open' AND (
         EXISTS (SELECT FROM appeals_appeal l WHERE l.organization_id = c.organization_id AND l.case_id = c.id
                  GROUP BY l.denial_id HAVING bool_and(l.status IN ({FINAL})))
         OR EXISTS (SELECT FROM appeals_itemoutcome o
                     LEFT JOIN appeals_decision s ON s.organization_id = o.organization_id AND s.id = o.decision_id
                     WHERE o.organization_id = c.organization_id AND o.case_id = c.id AND o.outcome IN ('overturned', 'partly')
                       AND NOT EXISTS (SELECT FROM appeals_effectuation f
                             WHERE f.organization_id = o.organization_id AND f.item_id = o.item_id AND f.voided_at IS NULL
                               AND (f.appeal_id = s.appeal_id OR f.peer_to_peer_id = o.peer_to_peer_id))))"""  # noqa: S608  our own codes
"""Whether there may be any, of a case `c`: all others are spared the reading."""


def beyond(key: int, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """By the primary key of a case that the actor was found to see. Two statements."""
    case = Case.objects.select_related("patient", "coverage__payer").get(pk=key)
    history, day = load_history(case), day_at(now, case.patient.time_zone)
    return {
        "reopenings": [_reopening(history, due) for due in windows_of(history, day)],
        "owed": [_owed(history, line.owed) for line in owed_lines(history, day)],
    }


def _reopening(history: History, due: Due) -> dict[str, Any]:
    level = next((a for a in history.appeals if due.subject == "appeal" and a.pk == due.subject_id), None)
    denial = next((d for d in history.denials if due.subject == "denial" and d.pk == due.subject_id), None)
    assert due.last_day is not None
    return {
        "clock": due.clock,
        "title": due.title,
        "side": due.side,
        "permissive_deadline": due.last_day.isoformat(),
        "regime": due.regime,
        "rule": due.rule,
        "rule_version": due.version,
        "citation": due.citation,
        "confidence": due.confidence,
        "arithmetic": list(due.arithmetic),
        "flags": [flag.code for flag in due.flags],
        "level": str(level.public_id) if level is not None else None,
        "denial": str(denial.public_id) if denial is not None else None,
    }


def _owed(history: History, owed: Owed) -> dict[str, Any]:
    key = str(owed.of.public_id)
    return {
        "level": key if isinstance(owed.of, Appeal) else None,
        "peer_to_peer": None if isinstance(owed.of, Appeal) else key,
        "at_once": owed.at_once,
        "since": owed.since.isoformat(),
        "plan_had_it": owed.had,
        "items": [item.position for item in history.items if item.pk in owed.items],
        "text": owed.words,
        "citation": owed.citation,
        "confidence": owed.law.confidence if owed.law is not None else "",
    }
