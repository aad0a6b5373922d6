"""The facts of a plan as their page shows them: what each source says, what counts now, and what it is for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from appeals.models import Answer
from appeals.plan_facts import (
    CHOICE,
    DAYS,
    PLAN_FACTS,
    PlanFact,
    applicable,
    counted,
    disagreeing,
    is_plan_fact,
)
from appeals.queries.lookup import answers_of, plan_facts_said, said_of
from appeals.regimes.classifier import SOURCES, classify
from cases.models import Case


@dataclass(frozen=True)
class FactSaid:
    """One standing value in words, its source, and the row it is kept in."""

    value: str
    source: str
    recorded: Answer


@dataclass(frozen=True)
class FactShown:
    """`counts` is what the dates use now, "" when none of the values counts (or there is none); `used` is False where no
    clock of this coverage takes the fact.
    """

    fact: PlanFact
    said: tuple[FactSaid, ...]
    counts: str
    disagree: bool
    used: bool


@dataclass(frozen=True)
class PlanFactsPage:
    used: tuple[FactShown, ...]
    unused: tuple[FactShown, ...]

    @property
    def all(self) -> tuple[FactShown, ...]:
        return (*self.used, *self.unused)


def worded(fact: PlanFact, value: Any) -> str:
    """A kept value as a person reads it."""
    if fact.kind == DAYS:
        return f"{value} days" if str(value) != "1" else "1 day"
    if fact.kind == CHOICE:
        return (fact.choices or {}).get(str(value), str(value))
    day = value if isinstance(value, date) else date.fromisoformat(value)
    return f"{day:%B} {day.day}, {day.year}"


def plan_facts_page(case: Case) -> PlanFactsPage:
    """One statement: the answers and facts of the case."""
    rows = answers_of(case)
    found = classify(said_of(case, rows))
    said = plan_facts_said(rows)
    values = counted(said, found.state)
    used, differ = applicable(found), disagreeing(said, found)
    shown = [_shown(fact, rows, values, fact in differ, fact in used) for fact in PLAN_FACTS]
    return PlanFactsPage(tuple(s for s in shown if s.used), tuple(s for s in shown if not s.used))


def _shown(
    fact: PlanFact, rows: Iterable[Answer], values: dict[str, Any], disagree: bool, used: bool
) -> FactShown:
    mine = tuple(
        FactSaid(worded(fact, row.value), SOURCES[row.source], row)
        for row in rows
        if row.question == fact.key
    )
    counts = values.get(fact.key)
    if fact.key == "prior_authorization":
        counts = "no" if "service" in values else ("yes" if mine else None)
    return FactShown(fact, mine, worded(fact, counts) if counts is not None else "", disagree, used)


def plan_fact_of(actor: Actor, case: Case, public_id: UUID) -> Answer:
    """One kept fact of this case's plan. Raises NotFound when absent, invisible, or no such fact."""
    row = Answer.objects.filter(visible(actor, Answer), case=case, public_id=public_id).first()
    if row is None or not is_plan_fact(row.question):
        raise NotFound("plan fact")
    return row
