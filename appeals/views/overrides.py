"""Going past a refusal: one person asks with a reason, another allows it for one taking of the step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from advocacy.access.permissions import Permission as P
from appeals.commands.overrides import answer_override, ask_override
from appeals.forms.overrides import AnswerOverrideForm, AskOverrideForm
from appeals.overriding import LEVEL, OVERRIDABLE
from appeals.queries.overrides import get_override, overrides_page
from appeals.views.casework import CaseRequest, case_page, show_step
from cases.views.casework import attempt, done

HERE = "Go past a refusal"


@case_page(P.FILE_APPEAL)
def overrides(request: CaseRequest, case: Any) -> HttpResponse:
    """What was asked, allowed and done on this case, and the form that asks."""
    page = overrides_page(request.actor, case, timezone.localdate(request.at))
    askable = {a.key: a for a in page.askable}
    form = AskOverrideForm(
        request.POST or None, steps=[(a.key, f"{a.about}: {a.step.says}") for a in page.askable]
    )

    def act(data: Mapping[str, Any]) -> Any:
        chosen = askable[data["step"]]
        of: dict[str, Any] = {"appeal" if chosen.step.about == LEVEL else "request": chosen.subject}
        return ask_override(
            actor=request.actor, step=chosen.step.key, reason=data["reason"], at=request.at, **of
        )

    outcome = attempt(request, form, act)
    if outcome.done:
        return done(request, "It waits for a second person.", "appeals:overrides", case.public_id)
    return show_step(
        request,
        case,
        form,
        outcome,
        here=HERE,
        action="Ask a second person",
        back=reverse("appeals:case", args=[case.public_id]),
        effects=(
            "Nothing is done yet: a supervisor who is not you has to allow it. Then take the step as usual.",
            "It holds for this step, once, and stands on the case and in the trail with both names.",
            "Nobody goes past a release, a frozen file, who may file, a window, or what the patient chose.",
        )
        if askable
        else (),
        extra={"page": page},
        template="appeals/overrides.html",
    )


@case_page(P.CONFIRM_OVERRIDE)
def override_answer(request: CaseRequest, case: Any, override_id: UUID) -> HttpResponse:
    """The second person's answer. Nobody answers what they asked."""
    row = get_override(request.actor, case, override_id)
    known = OVERRIDABLE[row.step]
    form = AnswerOverrideForm(request.POST or None)
    outcome = attempt(
        request,
        form,
        lambda data: answer_override(
            actor=request.actor,
            override=row,
            allowed=data["answer"] == "allowed",
            note=data["note"],
            at=request.at,
        ),
    )
    back = reverse("appeals:overrides", args=[case.public_id])
    if outcome.done:
        return done(request, "Your answer is recorded.", "appeals:overrides", case.public_id)
    return show_step(
        request,
        case,
        form,
        outcome,
        here="Answer an override",
        action="Record the answer",
        back=back,
        trail=((HERE, back),),
        text=f"{known.says}. {row.asked_by} asks: {row.reason}",
        effects=("When you allow it, the step may be taken once.", known.stays),
    )
