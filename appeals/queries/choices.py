"""The choices of a case: after which decisions one is due, and which stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from advocacy.tenancy.plans import any_of
from appeals.models import Appeal, Choice, Decision, Denial

# Whoever chose one of these does not go to the level that stands open.
NOT_PURSUED = frozenset({"not_to_appeal", "other_treatment", "other_payment", "resubmit"})
LEAVES_REFUSED = frozenset({"upheld", "partly"})


def standing_choices(case_ids: Iterable[int]) -> QuerySet[Choice]:
    """The choices that stand, each with `after_appeal`: the level whose decision it follows (None: the denial itself)."""
    return (
        Choice.objects.filter(any_of("case_id", case_ids), superseded_at=None)
        .annotate(after_appeal=F("decision__appeal_id"))
        .order_by("id")
    )


def choice_for(choices: Iterable[Any], appeal: Appeal) -> Any:
    """The standing choice that says whether this level is gone to; None where none was recorded."""
    return next(
        (c for c in choices if c.denial_id == appeal.denial_id and c.after_appeal == appeal.previous_id), None
    )


def choice_of_level(appeal: Appeal) -> Choice | None:
    """As above, looked up. One statement."""
    return choice_for(standing_choices([appeal.case_id]), appeal)


@dataclass(frozen=True)
class ChoicePoint:
    """One decision after which the patient chooses: the denial (`level` None) or the decision of a level.

    `url_name` and `args` lead to the page that records it.
    """

    title: str
    choice: Any
    url_name: str
    args: tuple[UUID, ...]
    by: str = ""


def choice_points(
    case: Any, rows: Mapping[str, list[Any]], titles: Mapping[int, str]
) -> tuple[ChoicePoint, ...]:
    """Every confirmed denial and every decision that left something refused, the latest last. `titles` are of levels."""
    outcomes: dict[int, set[str]] = {}
    for row in rows["outcomes"]:
        if row.decision_id:
            outcomes.setdefault(row.decision_id, set()).add(row.outcome)
    decisions = {d.appeal_id: d for d in rows["decisions"]}
    found = []
    for denial in rows["denials"]:
        if denial.confirmed_at is None:
            continue
        here = [c for c in rows["choices"] if c.denial_id == denial.pk]
        found.append(
            ChoicePoint(
                "After the denial",
                next((c for c in here if c.after_appeal is None), None),
                "appeals:denial_choice",
                (case.public_id, denial.public_id),
            )
        )
        for appeal in rows["appeals"]:
            decision = decisions.get(appeal.pk)
            if appeal.denial_id != denial.pk or decision is None:
                continue
            if not (decision.is_deemed or outcomes.get(decision.pk, set()) & LEAVES_REFUSED):
                continue
            found.append(
                ChoicePoint(
                    f"After: {titles.get(appeal.pk, 'the level')}",
                    next((c for c in here if c.after_appeal == appeal.pk), None),
                    "appeals:level_choice",
                    (case.public_id, appeal.public_id),
                )
            )
    return tuple(found)


def choices_of(denial: Denial, decision: Decision | None) -> list[Choice]:
    """Every choice recorded after this decision, the standing one first."""
    return list(
        Choice.objects.filter(denial=denial, decision=decision).select_related("recorded_by").order_by("-id")
    )


def decision_of(actor: Actor, case: Any, level: Appeal) -> Decision:
    """The decision of a level of this case, with the level. Raises NotFound while there is none."""
    found = (
        Decision.objects.filter(visible(actor, Decision), case_id=case.pk, appeal=level)
        .select_related("appeal__denial__request", "appeal__denial__case")
        .first()
    )
    if found is None:
        raise NotFound("decision")
    return found


def denial_of(actor: Actor, case: Any, public_id: UUID) -> Denial:
    """A denial of this case with its request. Raises NotFound."""
    found = (
        Denial.objects.filter(visible(actor, Denial), case_id=case.pk, public_id=public_id)
        .select_related("case", "request")
        .first()
    )
    if found is None:
        raise NotFound("denial")
    return found
