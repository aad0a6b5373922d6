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
    argued,
    counted,
    disagreeing,
    is_plan_fact,
)
from appeals.queries.lookup import agreed, answers_of, plan_facts_said, said_of
from appeals.regimes import book
from appeals.regimes.classifier import SOURCES, classify, questions
from cases.models import Case

LEVELS = "levels"
"""The coverage question that the ladder of a plan with its own levels asks."""


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


@dataclass(frozen=True)
class FactUsed:
    """A fact of the plan that the dates use: the question, its value in words, who says so, and where it stands."""

    text: str
    value: str
    source: str
    page: int | None
    quote: str


def facts_used(case: Case, rows: Iterable[Answer]) -> tuple[FactUsed, ...]:
    """For the explanation of a date: the facts that clocks of this coverage take, with the number of internal levels."""
    rows = tuple(rows)
    said = said_of(case, rows)
    found = classify(said)
    plan_said = plan_facts_said(rows)
    values, used = counted(plan_said, found.state) | argued(plan_said), applicable(found)
    shown = [_shown(fact, rows, values, False, True) for fact in used]
    facts = [
        FactUsed(one.fact.text, told.value, told.source, told.recorded.page, told.recorded.quote)
        for one in shown
        for told in one.said
        if told.value == one.counts
    ]
    levels = agreed(said, LEVELS)
    if levels and any(book().regimes[key].max_levels > 1 for key in found.candidates):
        question = next(q for q in questions() if q.key == LEVELS)
        facts += [
            FactUsed(question.text, question.choices[row.value], SOURCES[row.source], row.page, row.quote)
            for row in rows
            if row.question == LEVELS and row.value == levels
        ]
    return tuple(facts)


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
    values = counted(said, found.state) | argued(said)
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
