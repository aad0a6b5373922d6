"""Guided intake: somebody asks for help, and step by step it becomes an open case, or is declined with a place to turn to.

Every step is kept on the server when it is sent, whichever button was pressed; nothing becomes a record before the last one.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from advocacy.errors import NotFound, Reason, Refused
from advocacy.inputs import as_posted, put_reasons, without_errors
from advocacy.people.drafts import end_draft
from advocacy.people.kept_forms import typed_fields
from advocacy.people.queries import draft_of, get_patient, likely_duplicates, standing_consents
from advocacy.people.rules import day_in
from advocacy.web import ActorRequest, page, saw
from cases import rules, safety
from cases.commands.intake import (
    STEPS,
    decline_inquiry,
    open_from_inquiry,
    reopen_inquiry,
    save_step,
    start_inquiry,
)
from cases.forms.intake import DeclineForm, ReviewForm
from cases.queries.intake import get_inquiry, name_of, people_called
from cases.queries.links import cases_beside, parted
from cases.queries.registration import scope_of, similar_member_ids
from cases.views.casework import attempt, draft_key
from cases.views.intake_steps import LABELS, Answered, form_of, intake_of

HINTS = {
    "who": "First look whether this person is registered already.",
    "what": "What is asked for, and what it is to treat.",
    "coverage": "Which plan is to pay.",
    "provider": "Who is to treat.",
    "consent": "What the person allowed. It can be recorded later; nothing is sent without it.",
    "urgency": "How much time there is, and whether somebody's safety is in question.",
    "review": "Look it over, compare it with other cases, and open the case.",
}


@require_POST
@page
def inquiry_new(request: ActorRequest) -> HttpResponse:
    """Begin, and go to the first step."""
    made = start_inquiry(actor=request.actor, at=request.at)
    return redirect("cases:inquiry_step", made.public_id, STEPS[0])


@require_safe
@page
def inquiry(request: ActorRequest, inquiry_id: UUID) -> HttpResponse:
    """Where it goes on; for one that has ended, how it ended."""
    row: Any = get_inquiry(request.actor, inquiry_id)
    saw_inquiry(request, row)
    if row.status == "open":
        after = STEPS.index(row.reached) + 1 if row.reached else 0
        row.go_on = reverse("cases:inquiry_step", args=[row.public_id, STEPS[min(after, len(STEPS) - 1)]])
    row.name = name_of(row)
    context = {"row": row, "breadcrumbs": crumbs_of(row, "")}
    return render(request, "cases/inquiry.html", context)


@page
def inquiry_step(request: ActorRequest, inquiry_id: UUID, part: str) -> HttpResponse:
    """One step. GET shows what was kept; POST keeps it and goes where the button says (`go`)."""
    row, step = get_inquiry(request.actor, inquiry_id), part
    if step not in STEPS:
        raise NotFound("step")
    if row.status != "open":
        return redirect("cases:inquiry", row.public_id)
    saw_inquiry(request, row)
    answered = Answered(request.actor, row)
    if step == "review":
        return _review(request, row, answered)
    if request.method == "POST":
        return _sent(request, row, answered, step)
    kept = draft_of(request.actor, draft_key(request)) or row.answers.get(step)
    form = form_of(step, request.actor, row, as_posted(kept) if kept else None)
    if kept:
        without_errors(form)
    return _show_step(request, row, step, form)


def _sent(request: ActorRequest, row: Any, answered: Answered, step: str) -> HttpResponse:
    go = request.POST.get("go", "next")
    typed = {k: v for k, v in typed_fields(request).items() if k != "go"}
    if go == "find":
        typed = {**row.answers.get(step, {}), **typed}
    if go == "other":
        typed = {k: v for k, v in row.answers.get(step, {}).items() if k != "patient"}
    form = form_of(step, request.actor, row, as_posted(typed))
    patient, good = row.patient, False
    alike: tuple[Any, ...] = ()
    if step == "who":
        patient = _chosen(request, form, typed) if go in ("next", "other") else row.patient
    if go == "next":
        good = form.is_valid()
        if good and step == "who" and patient is None:
            alike = _alike(request, form)
            good = not alike or bool(form.cleaned_data["duplicates_seen"])
            if not good:
                form.add_error("duplicates_seen", "Somebody like this is registered. Compare, then go on.")
        if good:
            good = _believable(request, row, step, form)
        if good and step == "coverage" and not form.cleaned_data.get("coverage"):
            alike = similar_member_ids(request.actor, form.cleaned_data["member_id"])
            good = not alike or bool(form.cleaned_data["likeness_seen"])
            if not good:
                form.add_error(
                    "likeness_seen", "This member id, or one like it, is recorded already. Compare it."
                )
    save_step(
        actor=request.actor,
        inquiry=row,
        step=step,
        typed=typed,
        patient=patient,
        reached=good,
        at=request.at,
    )
    end_draft(actor=request.actor, key=draft_key(request))
    if go == "next" and not good:
        row.patient = patient
        return _show_step(request, row, step, form, status=422, alike=alike)
    return redirect(_goes_to(row, step, go))


def _goes_to(row: Any, step: str, go: str) -> str:
    place = STEPS.index(step)
    if go == "leave":
        return reverse("cases:intake")
    if go == "decline":
        return reverse("cases:inquiry_decline", args=[row.public_id])
    wanted = go.removeprefix("to:")
    if wanted not in STEPS:
        wanted = STEPS[{"next": place + 1, "back": max(place - 1, 0)}.get(go, place)]
    return reverse("cases:inquiry_step", args=[row.public_id, wanted])


def _chosen(request: ActorRequest, form: Any, typed: dict[str, list[str]]) -> Any:
    """The registered person who was chosen, or None. An id that is not there for this actor is an error on the form."""
    given = (typed.get("patient") or [""])[-1]
    if not given:
        return None
    try:
        return get_patient(request.actor, UUID(given))
    except (NotFound, ValueError):
        form.add_error(None, "This person is not there. Choose again.")
        return None


def _alike(request: ActorRequest, form: Any) -> tuple[Any, ...]:
    typed = form.cleaned_data
    return likely_duplicates(
        request.actor,
        given_name=typed["given_name"],
        family_name=typed["family_name"],
        birth_date=typed["birth_date"],
        phones=[typed["phone"]] if typed["phone"] else [],
    )


def _believable(request: ActorRequest, row: Any, step: str, form: Any) -> bool:
    """What the command would say in the end, said at once where it needs no record."""
    typed = form.cleaned_data
    today = day_in(request.organization.time_zone, request.at)
    found: list[Reason | None] = []
    if step == "what":
        found = [
            rules.inside_scope(typed["treatment"], typed["purpose"], scope_of(request.organization)),
            *rules.diagnosis_codes_can_be_used(typed["diagnosis_codes"], today),
            *rules.procedure_codes_can_be_used(typed["procedure_codes"], today),
        ]
    elif step == "provider" and typed["provider"] is None:
        wrong = rules.npi_is_right(typed["new_npi"])
        found = [Reason(wrong.code, wrong.message, "new_npi")] if wrong else []
    reasons = [r for r in found if r]
    put_reasons(form, reasons)
    return not reasons


def _show_step(
    request: ActorRequest, row: Any, step: str, form: Any, *, status: int = 200, alike: Any = ()
) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "row": row,
        "step": step,
        "title": LABELS[step],
        "hint": HINTS[step],
        "steps": _steps(row, step),
        "draft_key": draft_key(request),
        "breadcrumbs": crumbs_of(row, LABELS[step]),
        "alike": [a for a in alike if a.patient],
        "hidden": sum(1 for a in alike if a.patient is None),
        "outside": any("Decline it" in e for errors in form.errors.values() for e in errors),
        "scope_note": request.organization.scope_note,
    }
    if step == "who":
        words = (row.answers.get("who", {}).get("q") or [""])[-1]
        context |= {"q": words, "found": people_called(request.actor, words) if words else None}
        saw(request, "read_page", patients=[p.pk for p in context["found"] or ()])
    elif step == "consent" and row.patient:
        today = day_in(row.patient.time_zone, request.at)
        context["standing"] = list(standing_consents(row.patient, today))
    elif step == "urgency":
        context["sentences"] = (*safety.what_to_do("emergency", "yes"),)
    saw(request, "read_page", patients=[a.patient.pk for a in context["alike"]])
    return render(request, "cases/intake_step.html", context, status=status)


def _review(request: ActorRequest, row: Any, answered: Answered) -> HttpResponse:
    actor = request.actor
    same, others = parted(
        cases_beside(actor, row.patient)[:20] if row.patient else (), answered.value("what", "treatment")
    )
    saw(request, "read_page", cases=[case.pk for case in (*same, *others)])
    alike = () if row.patient or not answered.good("who") else _alike(request, answered.forms["who"])
    saw(request, "read_page", patients=[a.patient.pk for a in alike if a.patient])
    form = ReviewForm(request.POST if request.POST.get("go") == "open" else None, needed=bool(same))
    reasons: list[dict[str, str]] = []
    if request.method == "POST":
        go = request.POST.get("go", "open")
        if go != "open":
            return redirect(_goes_to(row, "review", go))
        if answered.complete:

            def act(_typed: Any) -> Any:
                seen = bool(answered.forms["who"].cleaned_data.get("duplicates_seen"))
                return open_from_inquiry(
                    actor=actor,
                    inquiry=row,
                    intake=intake_of(row, answered),
                    duplicates_seen=seen,
                    at=request.at,
                )

            outcome = attempt(request, form, lambda typed: _with_steps(row, act, typed, reasons))
            if outcome.done:
                messages.success(request, "The case is open. Next: ask the plan about benefits.")
                return redirect("appeals:case", outcome.result.public_id)
    context = {
        "row": row,
        "form": form,
        "title": LABELS["review"],
        "hint": HINTS["review"],
        "steps": _steps(row, "review"),
        "parts": answered.parts(),
        "complete": answered.complete,
        "same": same,
        "others": others,
        "alike": [a for a in alike if a.patient],
        "hidden": sum(1 for a in alike if a.patient is None),
        "reasons": reasons,
        "breadcrumbs": crumbs_of(row, LABELS["review"]),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "cases/intake_review.html", context, status=status)


def _with_steps(row: Any, act: Any, typed: Any, reasons: list[dict[str, str]]) -> Any:
    """Run it; a refusal is listed with the step that mends each reason."""
    try:
        return act(typed)
    except Refused as refusal:
        for reason in refusal.reasons:
            step = (reason.field or "").partition(":")[0]
            found = {"code": reason.code, "message": reason.message}
            if step in STEPS:
                found |= {
                    "url": reverse("cases:inquiry_step", args=[row.public_id, step]),
                    "do": f"Go to “{LABELS[step]}”",
                }
            reasons.append(found)
        raise Refused(
            [Reason("not_opened", "The case was not opened. Look at what is said beside it, and try again.")]
        ) from refusal


@page
def inquiry_decline(request: ActorRequest, inquiry_id: UUID) -> HttpResponse:
    """Decline it with a reason and a place to turn to."""
    row = get_inquiry(request.actor, inquiry_id)
    saw_inquiry(request, row)
    answered = Answered(request.actor, row)
    outside = rules.inside_scope(
        answered.value("what", "treatment"), answered.value("what", "purpose"), scope_of(request.organization)
    )
    because = {"outside_scope_purpose": "purpose", "outside_scope_treatment": "treatment"}
    form = DeclineForm(
        request.POST or None, initial={"because": because.get(outside.code, "") if outside else ""}
    )
    outcome = attempt(
        request,
        form,
        lambda typed: decline_inquiry(
            actor=request.actor,
            inquiry=row,
            because=typed["because"],
            words=typed["words"],
            referred_to=typed["referred_to"],
            at=request.at,
        ),
    )
    if outcome.done:
        messages.success(request, "Declined. The inquiry is kept and can be taken up again.")
        return redirect("cases:inquiry", row.public_id)
    context = {
        "form": form,
        "title": "Decline and refer",
        "action": "Decline",
        "back_url": reverse("cases:inquiry", args=[row.public_id]),
        "problem": outcome.problem,
        "scope_note": request.organization.scope_note,
        "breadcrumbs": crumbs_of(row, "Decline and refer"),
    }
    return render(request, "cases/inquiry_decline.html", context, status=outcome.status)


@require_POST
@page
def inquiry_reopen(request: ActorRequest, inquiry_id: UUID) -> HttpResponse:
    """Take a declined inquiry up again."""
    row = get_inquiry(request.actor, inquiry_id)
    reopen_inquiry(actor=request.actor, inquiry=row, at=request.at)
    messages.success(request, "The inquiry is open again, with all that was answered.")
    return redirect("cases:inquiry", row.public_id)


def saw_inquiry(request: ActorRequest, row: Any) -> None:
    """The read event of a page about one inquiry."""
    saw(
        request,
        "read_page",
        patients=[row.patient_id] if row.patient_id else [],
        cases=[row.case_id] if row.case_id else [],
        inquiry=row.pk,
    )


def _steps(row: Any, here: str) -> list[dict[str, str]]:
    reached = STEPS.index(row.reached) if row.reached else -1
    return [
        {
            "key": step,
            "label": LABELS[step],
            "url": "",
            "state": "current" if step == here else "done" if place <= reached else "next",
            "may_go": "yes" if step in row.answers or place <= reached + 1 else "",
        }
        for place, step in enumerate(STEPS)
    ]


def crumbs_of(row: Any, here: str) -> list[dict[str, str]]:
    """The way to a page of one inquiry; `here` is "" on its own page."""
    address = reverse("cases:inquiry", args=[row.public_id])
    crumbs = [{"label": "Intake", "url": reverse("cases:intake")}]
    crumbs.append({"label": row.reference, "url": address if here else ""})
    return [*crumbs, {"label": here, "url": ""}] if here else crumbs
