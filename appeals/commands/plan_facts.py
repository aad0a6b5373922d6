"""Facts of a plan that clocks take: each kept with its source and where it stands, taken back when it was misread."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, WrongState
from appeals.commands.checks import locked_case, locked_case_of, refuse, today_of
from appeals.commands.deadlines import follow_act
from appeals.models import Answer
from appeals.plan_facts import is_plan_fact, proof_reasons, value_reason
from cases.models import Case


def record_plan_fact(
    *,
    actor: Actor,
    case: Case,
    fact: str,
    value: str,
    source: str,
    note: str = "",
    page: int | None = None,
    quote: str = "",
    at: datetime,
) -> Answer:
    """Keep what one source says about the plan (a key and value of `appeals.plan_facts`), and compute every date again.

    An earlier value of the same source is superseded; those of other sources stay. What was read in the letter or the
    plan document is kept with its page and the words that say it; `note` says the rest (who said it on which call). Raises
    Refused with fact_unknown, value_unknown, days_impossible, day_missing, day_impossible, source_unknown, page_missing,
    quote_missing.
    """
    require(actor, Permission.ANSWER_QUESTIONS, case)
    with transaction.atomic():
        row = locked_case(case)
        reasons = [value_reason(fact, value, today_of(row, at))]
        if source not in Answer.Source.values:
            reasons.append(Reason("source_unknown", "Say where this is known from.", "source"))
        reasons += proof_reasons(source, page, quote)
        refuse(reason for reason in reasons if reason is not None)
        standing = Answer.objects.filter(case=row, question=fact, source=source, superseded_at=None)
        for old in standing:
            old.superseded_at = at
            old.save(update_fields=["superseded_at"])
        kept = Answer.objects.create(
            case=row,
            question=fact,
            value=value,
            source=source,
            note=note.strip(),
            page=page,
            quote=quote.strip(),
            answered_at=at,
            answered_by_id=actor.user_id,
        )
        record("plan_fact_recorded", subject=kept, detail={"fact": fact, "source": source})
        follow_act(row, at)
    return kept


def withdraw_plan_fact(*, actor: Actor, answer: Answer, at: datetime) -> Answer:
    """Take a fact back that was misread. Raises WrongState when it stands no longer, Refused for a coverage question."""
    require(actor, Permission.ANSWER_QUESTIONS, answer)
    if not is_plan_fact(answer.question):
        refuse(
            [
                Reason(
                    "fact_unknown",
                    "This is an answer to a coverage question. Change it on the page of the coverage questions.",
                    "fact",
                )
            ]
        )
    with transaction.atomic():
        row = locked_case_of(answer)
        locked = Answer.objects.select_for_update().get(pk=answer.pk)
        if locked.superseded_at is not None:
            raise WrongState("withdraw", "superseded", "This no longer stands.")
        locked.superseded_at = at
        locked.save(update_fields=["superseded_at"])
        record(
            "plan_fact_withdrawn", subject=locked, detail={"fact": locked.question, "source": locked.source}
        )
        follow_act(row, at)
    return locked
