"""Pages about how urgent a case is, and which other cases belong to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.errors import Reason, Refused
from advocacy.web import ActorRequest, saw
from cases import safety
from cases.commands.triage import close_as_duplicate, link_cases, triage_case, unlink_cases
from cases.forms.benefits import LinkForm, TriageForm
from cases.queries.links import case_by_reference, get_link, related_to
from cases.queries.registration import may_here
from cases.queries.work import triages_of
from cases.views.casework import attempt, case_page, done, draft_key, show, typed_before


@case_page(Permission.TRIAGE_CASE)
def triage(request: ActorRequest, case: Any) -> HttpResponse:
    """How urgent it is and whether somebody's safety is in question, asked again; every earlier answer is listed."""
    now = {"urgency": case.urgency, "safety_concern": case.safety_concern}
    form = TriageForm(request.POST or None, initial=now | typed_before(request))
    outcome = attempt(
        request,
        form,
        lambda typed: triage_case(actor=request.actor, case=case, at=request.at, **typed),
    )
    if outcome.done:
        return done(request, "The triage is recorded.", "appeals:case", case.public_id)
    context = {
        "form": form,
        "title": "Triage",
        "action": "Record the triage",
        "back_url": reverse("appeals:case", args=[case.public_id]),
        "problem": outcome.problem,
        "draft_key": draft_key(request),
        "sentences": safety.what_to_do(case.urgency, case.safety_concern) or (safety.line(),),
        "earlier": triages_of(request.actor, case),
    }
    return show(request, "cases/triage.html", case, context, here="Triage", status=outcome.status)


@case_page()
def related(request: ActorRequest, case: Any) -> HttpResponse:
    """The patient's other cases, linked cases, and patients who may be the same person; a link is made by POST."""
    if request.method == "POST":
        require(request.actor, Permission.CHANGE_CASE, case)
    form = LinkForm(
        request.POST or None, initial={"other": request.GET.get("other", "")[:24]} | typed_before(request)
    )

    def act(typed: Mapping[str, Any]) -> Any:
        other = case_by_reference(request.actor, typed["other"])
        if other is None:
            raise Refused(
                [
                    Reason(
                        "case_unknown",
                        "There is no case of this reference. Check it, and type it again.",
                        "other",
                    )
                ]
            )
        make = close_as_duplicate if typed["kind"] == "duplicate" else link_cases
        return make(actor=request.actor, case=case, other=other, why=typed["why"], at=request.at)

    outcome = attempt(request, form, act)
    if outcome.done:
        said = (
            "Closed as a duplicate." if form.cleaned_data["kind"] == "duplicate" else "The cases are linked."
        )
        return done(request, said, "cases:related", case.public_id)
    found = related_to(request.actor, case)
    shown = [*found.same, *found.others, *(line.other for line in found.linked)]
    saw(
        request,
        "read_page",
        cases=[row.pk for row in shown],
        patients=[row.patient_id for row in shown] + [a.patient.pk for a in found.alike if a.patient],
    )
    may = may_here(request.actor, Permission.CHANGE_CASE, case)
    context = {
        "found": found,
        "alike": [a for a in found.alike if a.patient],
        "hidden": sum(1 for a in found.alike if a.patient is None),
        "form": form if may and case.status == "open" else None,
        "may_change": may,
        "problem": outcome.problem,
        "draft_key": draft_key(request),
    }
    return show(request, "cases/related.html", case, context, here="Related cases", status=outcome.status)


@require_POST
@case_page(Permission.CHANGE_CASE)
def unlink(request: ActorRequest, case: Any, link_id: UUID) -> HttpResponse:
    """Take a link back."""
    unlink_cases(actor=request.actor, link=get_link(request.actor, case, link_id), at=request.at)
    return done(request, "The link is taken back.", "cases:related", case.public_id)
