"""One check of a denial notice: what was found, by which law, and the person's answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse

from advocacy.access.permissions import Permission as P
from appeals.commands.notice_checks import decide_notice_check
from appeals.forms.notice_checks import NoticeCheckForm
from appeals.queries.denial_intake import denial_of
from appeals.queries.notice_page import finding_of
from appeals.views.casework import CaseRequest, case_page, show_step
from cases.views.casework import attempt, done

EFFECTS = (
    "A confirmed defect is at hand for letters and arguments, with its citation.",
    "No date moves. The appeal's own dates stand as they were computed.",
)


@case_page(P.RECORD_DENIAL)
def notice_check(request: CaseRequest, case: Any, denial_id: UUID, check: str) -> HttpResponse:
    """The finding and the form. Raises NotFound for a check that does not apply to this notice."""
    denial = denial_of(request.actor, case, denial_id)
    shown = finding_of(case, denial, check)
    initial = {"answer": shown.decision.answer, "reason": shown.decision.reason} if shown.decision else {}
    form = NoticeCheckForm(request.POST or None, initial=initial)
    outcome = attempt(
        request,
        form,
        lambda data: decide_notice_check(
            actor=request.actor,
            denial=denial,
            rule=check,
            answer=data["answer"],
            reason=data["reason"],
            at=request.at,
        ),
    )
    if outcome.done:
        said = "Your answer is recorded. No date moved."
        return done(request, said, "appeals:denial", case.public_id, denial_id)
    back = reverse("appeals:denial", args=[case.public_id, denial_id])
    return show_step(
        request,
        case,
        form,
        outcome,
        here="Check the notice",
        action="Record the answer",
        back=back,
        trail=(("Denial", back),),
        effects=EFFECTS,
        extra={"shown": shown},
        template="appeals/notice_check.html",
    )
