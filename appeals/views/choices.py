"""After a decision: what the patient chose is recorded, and a later choice takes its place."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse

from advocacy.access.permissions import Permission as P
from appeals.commands.choices import ChoiceInput, record_choice
from appeals.forms.after_decision import ChoiceForm
from appeals.queries.choices import NOT_PURSUED, choices_of, decision_of, denial_of
from appeals.queries.level_page import get_level
from appeals.views.casework import CaseRequest, case_page, show_step, today_for
from cases.views.casework import attempt, done

EFFECTS = (
    "The choice stands on the case and in the timeline. It changes no date and files nothing.",
    "“Send a corrected request” drafts a new request, linked to the one that was refused.",
    "“Not to appeal” is what ending a level unused asks for. The window goes on running until then.",
)


@case_page(P.FILE_APPEAL)
def denial_choice(request: CaseRequest, case: Any, denial_id: UUID) -> HttpResponse:
    """The choice after a confirmed denial."""
    denial = denial_of(request.actor, case, denial_id)
    back = reverse("appeals:denial", args=[case.public_id, denial.public_id])
    return _record(request, case, denial, None, (("Denial", back),))


@case_page(P.FILE_APPEAL)
def level_choice(request: CaseRequest, case: Any, level_id: UUID) -> HttpResponse:
    """The choice after the decision of a level."""
    level = get_level(request.actor, case, level_id)
    decision = decision_of(request.actor, case, level)
    back = reverse("appeals:level", args=[case.public_id, level.public_id])
    return _record(request, case, decision.appeal.denial, decision, (("Level", back),))


def _record(
    request: CaseRequest, case: Any, denial: Any, decision: Any, trail: tuple[tuple[str, str], ...]
) -> HttpResponse:
    before = choices_of(denial, decision)
    initial: dict[str, Any] = {"agreed_on": today_for(request, case).today}
    if before and before[0].superseded_at is None:
        stands = before[0]
        initial = {name: getattr(stands, name) for name in ChoiceForm.base_fields}
    form = ChoiceForm(request.POST or None, initial=initial)
    outcome = attempt(
        request,
        form,
        lambda typed: record_choice(
            actor=request.actor, denial=denial, decision=decision, given=ChoiceInput(**typed), at=request.at
        ),
    )
    if outcome.done:
        choice = outcome.result
        if choice.request is not None:
            return done(
                request,
                "The choice is recorded. The corrected request is drafted: look at it, then send it.",
                "appeals:request",
                case.public_id,
                choice.request.public_id,
            )
        said = "The choice is recorded."
        if choice.kind in NOT_PURSUED:
            said = "The choice is recorded. The level still stands open: end it when the patient is sure."
        return done(request, said, "appeals:case", case.public_id)
    return show_step(
        request,
        case,
        form,
        outcome,
        here="The patient's choice",
        action="Record the choice",
        back=trail[-1][1],
        trail=trail,
        effects=EFFECTS,
        extra={"before": before},
        template="appeals/choice.html",
    )
