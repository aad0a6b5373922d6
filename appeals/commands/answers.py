"""Answers to the coverage questions: each kept with its source, and what follows for the rules that apply."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, WrongState
from appeals.commands.checks import locked_case, locked_case_of, refuse
from appeals.commands.deadlines import follow_act, recompute_deadlines
from appeals.models import Answer
from appeals.queries.lookup import classification_of, said_of, standing_answers
from appeals.regimes import book
from appeals.regimes.classifier import UNKNOWN, Classification, classify, questions
from cases.models import Case, Coverage
from cases.workflow import CaseStatus


def record_answer(
    *,
    actor: Actor,
    case: Case,
    question: str,
    value: str,
    source: str,
    note: str = "",
    page: int | None = None,
    quote: str = "",
    at: datetime,
) -> Answer:
    """Keep what one source says about one question; an earlier answer of the same source is superseded, others stay.

    Determines the rules anew, moves the levels that have not ended to them, and computes every date again. Raises Refused
    with question_unknown, value_unknown, source_unknown.
    """
    require(actor, Permission.ANSWER_QUESTIONS, case)
    refuse(_reasons(question, value, source))
    with transaction.atomic():
        row = locked_case(case)
        standing = standing_answers(row)
        before = classify(said_of(row, standing))
        over = [a for a in standing if (a.question, a.source) == (question, source)]
        for old in over:
            old.superseded_at = at
            old.save(update_fields=["superseded_at"])
        answer = Answer.objects.create(
            case=row,
            question=question,
            value=value,
            source=source,
            note=note.strip(),
            page=page,
            quote=quote.strip(),
            answered_at=at,
            answered_by_id=actor.user_id,
        )
        record("answer_recorded", subject=answer, detail={"question": question, "source": source})
        stand = sorted({*standing, answer}.difference(over), key=lambda a: (a.answered_at, a.pk))
        _determined(row, before, classify(said_of(row, tuple(stand))))
        follow_act(row, at)
    return answer


def withdraw_answer(*, actor: Actor, answer: Answer, at: datetime) -> Answer:
    """Take an answer back (the source was misread), so that it no longer contradicts another. Raises WrongState."""
    require(actor, Permission.ANSWER_QUESTIONS, answer)
    with transaction.atomic():
        row = locked_case_of(answer)
        locked = Answer.objects.select_for_update().get(pk=answer.pk)
        if locked.superseded_at is not None:
            raise WrongState("withdraw", "superseded", "This answer no longer stands.")
        before = classification_of(row)
        locked.superseded_at = at
        locked.save(update_fields=["superseded_at"])
        record(
            "answer_withdrawn", subject=locked, detail={"question": locked.question, "source": locked.source}
        )
        _determined(row, before, classification_of(row))
        follow_act(row, at)
    return locked


def coverage_changed(coverage: Coverage, at: datetime) -> None:
    """Funding or state of issue changed on a coverage: which rules apply to its open cases may have changed with it."""
    with transaction.atomic():
        for case in Case.objects.filter(coverage=coverage, status=CaseStatus.OPEN).order_by("pk"):
            row = locked_case(case)
            _determined(row, None, classification_of(row))
            recompute_deadlines(row, at)


def _determined(case: Case, before: Classification | None, found: Classification) -> None:
    changed = before is None or (found.regime, found.candidates, found.state) != (
        before.regime,
        before.candidates,
        before.state,
    )
    if changed:
        record(
            "regime_determined",
            subject=case,
            detail={"regime": found.regime or UNKNOWN, "candidates": found.candidates, "state": found.state},
        )


def _reasons(question: str, value: str, source: str) -> list[Reason]:
    found = []
    known = {q.key: q for q in questions()}
    if question not in known:
        found.append(Reason("question_unknown", "Choose a question from the list.", "question"))
    else:
        choices = set(known[question].choices) or {*book().states, UNKNOWN}
        if value not in choices:
            found.append(Reason("value_unknown", "Choose one of the answers.", "value"))
    if source not in Answer.Source.values:
        found.append(Reason("source_unknown", "Say where this is known from.", "source"))
    return found
