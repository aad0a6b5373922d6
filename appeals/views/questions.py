"""Which rules apply and why: the coverage questions, their answers with their sources, and what follows from them."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from advocacy.access.permissions import Permission as P
from advocacy.access.policy import require
from appeals.commands.answers import record_answer
from appeals.forms.questions import AnswerForm
from appeals.queries.rules_page import QuestionShown, rules_page
from appeals.state_laws import NO_STATE, NOT_SETTLED
from appeals.views.casework import CaseRequest, case_page, show
from cases.views.casework import Outcome, attempt, done


@case_page()
def questions(request: CaseRequest, case: Any) -> HttpResponse:
    """The page, and one answer added by POST. `?question=&value=&source=` opens a question with an answer proposed."""
    if request.method == "POST":
        require(request.actor, P.ANSWER_QUESTIONS, case)
    found = rules_page(case)
    posted = request.POST.get("question", "")
    forms = {q.question.key: _form(request, q, posted) for q in found.questions}
    outcome = Outcome(False)
    if request.method == "POST":
        if posted not in forms:
            return show(
                request,
                "appeals/questions.html",
                case,
                _context(found, forms, ""),
                here="Coverage questions",
                status=422,
            )
        outcome = attempt(
            request,
            forms[posted],
            lambda data: record_answer(
                actor=request.actor,
                case=case,
                question=data["question"],
                value=data["value"],
                source=data["source"],
                note=data["note"],
                page=data["page"],
                quote=data["quote"],
                at=request.at,
            ),
        )
        if outcome.done:
            return done(
                request,
                "The answer is recorded; the rules and dates were determined again.",
                "appeals:questions",
                case.public_id,
            )
    opened = posted or request.GET.get("question", "")
    context = _context(found, forms, opened) | {"problem": outcome.problem, "form": forms.get(posted)}
    return show(
        request, "appeals/questions.html", case, context, here="Coverage questions", status=outcome.status
    )


def _form(request: CaseRequest, shown: QuestionShown, posted: str) -> AnswerForm:
    key = shown.question.key
    initial = {"question": key}
    if request.GET.get("question") == key:
        initial |= {name: request.GET.get(name, "") for name in ("value", "source")}
    data = request.POST if posted == key else None
    return AnswerForm(data, choices=shown.choices, initial=initial, auto_id=f"id_{key}_%s")


def _context(found: Any, forms: dict[str, AnswerForm], opened: str) -> dict[str, Any]:
    rows = [
        {"shown": q, "form": forms[q.question.key], "open": q.question.key == opened} for q in found.questions
    ]
    settled = [row for row in rows if not row["shown"].bears]
    return {
        "page": found,
        "cards": found.state_laws,
        "not_settled": NOT_SETTLED,
        "no_state": NO_STATE,
        "rows": rows,
        "settled": len(settled),
        "settled_open": any(row["open"] for row in settled),
    }
