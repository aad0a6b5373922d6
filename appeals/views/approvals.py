"""At the desk: ask the patient to approve a letter, and record an answer that came by phone or on paper."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse

from advocacy.access.permissions import Permission as P
from advocacy.errors import NotFound
from appeals.commands.approvals import answer_letter, ask_approval
from appeals.forms.levels import AskForm, PatientAnswerForm
from appeals.queries.approvals import approvals_of, get_approval
from appeals.queries.level_page import get_level
from appeals.views.casework import CaseRequest, case_page, show_step
from cases.views.casework import attempt, done


@case_page(P.DRAFT_APPEAL)
def level_approval(request: CaseRequest, case: Any, level_id: UUID) -> HttpResponse:
    """What the patient was asked about this letter and said, and the button that asks."""
    appeal = get_level(request.actor, case, level_id)
    reminded = (
        "The patient gets a mail that says there is a message, and nothing else; again 7, 3 and 1 days before the letter"
        " has to go, while there is no answer."
    )
    back = reverse("appeals:level", args=[case.public_id, appeal.public_id])
    return ask_patient(
        request, case, appeal, route="appeals:level_approval", trail=(("Level", back),), effects=(reminded,)
    )


@case_page(P.DRAFT_APPEAL)
def level_approval_answer(request: CaseRequest, case: Any, level_id: UUID, approval_id: UUID) -> HttpResponse:
    """Record what the patient said by phone or on paper."""
    appeal = get_level(request.actor, case, level_id)
    approval = get_approval(request.actor, approval_id)
    if approval.appeal_id != appeal.pk:
        raise NotFound("approval")
    return record_answer(
        request,
        case,
        approval,
        page=("appeals:level_approval", case.public_id, appeal.public_id),
        trail=("Level", reverse("appeals:level", args=[case.public_id, appeal.public_id])),
    )


def ask_patient(
    request: CaseRequest,
    case: Any,
    letter: Any,
    *,
    route: str,
    trail: tuple[tuple[str, str], ...],
    effects: tuple[str, ...] = (),
) -> HttpResponse:
    """What was asked about a letter, and the button that asks. `route` is this page; `trail` ends at the letter's own."""
    form = AskForm(request.POST if request.method == "POST" else None)
    outcome = attempt(
        request, form, lambda _data: ask_approval(actor=request.actor, appeal=letter, at=request.at)
    )
    if outcome.done:
        said = "The patient is asked. The portal shows this very letter."
        return done(request, said, route, case.public_id, letter.public_id)
    asking = "Ask the patient to approve"
    return show_step(
        request,
        case,
        form,
        outcome,
        here=asking,
        action=asking,
        back=trail[-1][1],
        trail=trail,
        effects=(
            "The letter is pinned as it stands, with its pages and their SHA-256; the portal shows it to the patient.",
            *effects,
            "When the letter is changed, the answer counts no more: ask again.",
        ),
        extra={
            "asked": approvals_of(request.actor, letter),
            "letter": letter,
            "answer_route": f"{route}_answer",
        },
        template="appeals/letter_approval.html",
    )


def record_answer(
    request: CaseRequest, case: Any, approval: Any, *, page: tuple[str, UUID, UUID], trail: tuple[str, str]
) -> HttpResponse:
    """The form for what the patient said about a letter, an appeal's or a demand's; recorded, it leads back to `page`."""
    form = PatientAnswerForm(request.POST or None)
    outcome = attempt(
        request,
        form,
        lambda data: answer_letter(
            actor=request.actor,
            approval=approval,
            approved=data["answer"] == "approved",
            words=data["words"],
            method=data["method"],
            at=request.at,
        ),
    )
    if outcome.done:
        return done(request, "The answer is kept.", *page)
    return show_step(
        request,
        case,
        form,
        outcome,
        here="The patient's answer",
        action="Record the answer",
        back=reverse(page[0], args=page[1:]),
        trail=(trail,),
    )
