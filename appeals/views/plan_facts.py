"""Facts of the plan that clocks take and no coverage question asks: windows, rating period, process, prior authorization."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse

from advocacy.access.permissions import Permission as P
from advocacy.access.policy import require
from appeals.commands.plan_facts import record_plan_fact, withdraw_plan_fact
from appeals.forms.plan_facts import PlanFactForm
from appeals.queries.plan_facts_page import FactShown, plan_fact_of, plan_facts_page
from appeals.views.casework import CaseRequest, case_page, show
from cases.views.casework import Outcome, attempt, done

HERE = "Facts of the plan"


@case_page()
def plan_facts(request: CaseRequest, case: Any) -> HttpResponse:
    """The page, and one fact recorded by POST. `?fact=` opens the form of a fact."""
    if request.method == "POST":
        require(request.actor, P.ANSWER_QUESTIONS, case)
    found = plan_facts_page(case)
    posted = request.POST.get("fact", "")
    forms = {f.fact.key: _form(request, f, posted) for f in found.all}
    outcome = Outcome(False, status=422 if request.method == "POST" else 200)
    if posted in forms:
        form = forms[posted]
        outcome = attempt(
            request,
            form,
            lambda data: record_plan_fact(
                actor=request.actor,
                case=case,
                fact=posted,
                value=form.text,
                source=data["source"],
                note=data["note"],
                page=data["page"],
                quote=data["quote"],
                at=request.at,
            ),
        )
        if outcome.done:
            said = "Recorded. The dates were computed again."
            return done(request, said, "appeals:plan_facts", case.public_id)
    opened = posted or request.GET.get("fact", "")
    context = {
        "used": _rows(found.used, forms, opened),
        "unused": _rows(found.unused, forms, opened),
        "unused_open": any(f.said or f.fact.key == opened for f in found.unused),
        "problem": outcome.problem,
        "form": forms.get(posted),
    }
    return show(request, "appeals/plan_facts.html", case, context, here=HERE, status=outcome.status)


@case_page(P.ANSWER_QUESTIONS)
def plan_fact_withdraw(request: CaseRequest, case: Any, answer_id: UUID) -> HttpResponse:
    """Take one fact back, after a page that says what will follow. Raises NotFound."""
    row = plan_fact_of(request.actor, case, answer_id)
    if request.method == "POST":
        withdraw_plan_fact(actor=request.actor, answer=row, at=request.at)
        said = "Taken back. The dates were computed again."
        return done(request, said, "appeals:plan_facts", case.public_id)
    shown = next(
        (s for f in plan_facts_page(case).all for s in f.said if s.recorded.pk == row.pk),
        None,
    )
    return show(request, "appeals/plan_fact_withdraw.html", case, {"said": shown}, here="Take a fact back")


def _form(request: CaseRequest, shown: FactShown, posted: str) -> PlanFactForm:
    key = shown.fact.key
    data = request.POST if posted == key else None
    return PlanFactForm(data, about=shown.fact, initial={"fact": key}, auto_id=f"id_{key}_%s")


def _rows(facts: tuple[FactShown, ...], forms: dict[str, PlanFactForm], opened: str) -> list[dict[str, Any]]:
    return [{"shown": f, "form": forms[f.fact.key], "open": f.fact.key == opened} for f in facts]
