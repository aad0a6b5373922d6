"""Coverage, cases and what was tried before: the pages that record and correct them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.errors import Refused
from advocacy.inputs import without_errors
from advocacy.people.drafts import end_draft
from advocacy.people.queries import absent_now, get_patient
from advocacy.people.rules import day_in
from advocacy.people.views.steps import kept, show_form
from advocacy.web import ActorRequest, page
from cases.codes import normalized
from cases.commands.cases import (
    change_case,
    change_failed_treatment,
    open_case,
    record_failed_treatment,
)
from cases.commands.registration import change_coverage, record_coverage, record_payer, record_provider
from cases.forms.registration import CaseForm, ChangeCaseForm, CoverageForm, FailedTreatmentForm
from cases.queries.registration import (
    coverages_of,
    get_coverage,
    get_failed_treatment,
    owners,
    payer_called,
    similar_member_ids,
)
from cases.rules import diagnosis_codes_can_be_used, procedure_codes_can_be_used
from cases.views.casework import attempt, case_page, done, show


@page
def coverage_new(request: ActorRequest, patient_id: UUID) -> HttpResponse:
    """Record a plan that covers the patient."""
    patient = get_patient(request.actor, patient_id)
    require(request.actor, Permission.CHANGE_PATIENT, patient)
    return _coverage(request, patient, None)


@page
def coverage_change(request: ActorRequest, coverage_id: UUID) -> HttpResponse:
    """Correct or end a coverage."""
    coverage = get_coverage(request.actor, coverage_id)
    require(request.actor, Permission.CHANGE_PATIENT, coverage)
    return _coverage(request, coverage.patient, coverage)


def _coverage(request: ActorRequest, patient: Any, coverage: Any) -> HttpResponse:
    actor = request.actor
    key = f"coverage:{coverage.public_id if coverage else patient.public_id}"
    back = reverse("people:patient", args=[patient.public_id])
    initial = {name: getattr(coverage, name) for name in _COVERAGE} if coverage else {}
    if coverage:
        initial |= {"payer": coverage.payer.public_id, "version": coverage.version}
    words = request.POST or kept(request, key)
    form = CoverageForm(words, initial=initial, actor=actor, current=coverage.payer if coverage else None)

    def act(typed: Mapping[str, Any]) -> Any:
        payer = typed["payer"] or _payer(request, typed["new_payer"])
        values = {name: typed[name] for name in _COVERAGE} | {
            "payer": payer,
            "likeness_seen": typed["likeness_seen"],
        }
        if coverage is None:
            return record_coverage(actor=actor, patient=patient, at=request.at, **values)
        return change_coverage(
            actor=actor, coverage=coverage, expected_version=typed["version"], at=request.at, **values
        )

    outcome = attempt(request, form, act)
    if outcome.done:
        end_draft(actor=actor, key=key)
        messages.success(request, "The coverage is changed." if coverage else "The coverage is recorded.")
        return redirect(back)
    if request.method != "POST" and words:
        without_errors(form)
    alike = _alike(request, form, coverage)
    return show_form(
        request,
        form,
        title="Change coverage" if coverage else "Add coverage",
        action="Save" if coverage else "Add coverage",
        back=back,
        patient=patient,
        status=outcome.status,
        template="cases/coverage.html",
        problem=outcome.problem,
        alike=[a for a in alike if a.patient],
        hidden=sum(1 for a in alike if a.patient is None),
        reads=tuple(a.patient.pk for a in alike if a.patient),
        draft_key=key,
        draft_restored=request.method == "GET" and form.is_bound,
    )


_COVERAGE = (
    "plan_name",
    "member_id",
    "group_number",
    "funding",
    "state_of_issue",
    "starts_on",
    "ends_on",
    "is_primary",
)


def _payer(request: ActorRequest, name: str) -> Any:
    """The payer of this name, or a new one."""
    with _reasons_on({"name": "new_payer"}):
        return payer_called(request.actor, name) or record_payer(
            actor=request.actor, name=name, at=request.at
        )


@contextmanager
def _reasons_on(fields: Mapping[str, str]) -> Iterator[None]:
    """A command's reasons go to the fields that this form calls otherwise."""
    try:
        yield
    except Refused as refusal:
        reasons = [replace(r, field=fields.get(r.field or "", r.field)) for r in refusal.reasons]
        raise Refused(reasons) from refusal


def _alike(request: ActorRequest, form: CoverageForm, coverage: Any) -> tuple[Any, ...]:
    if request.method != "POST" or "likeness_seen" not in form.errors:
        return ()
    return similar_member_ids(request.actor, form.cleaned_data["member_id"], other_than=coverage)


@page
def case_new(request: ActorRequest, patient_id: UUID) -> HttpResponse:
    """Open a case for the patient: treatment, codes, coverage, provider, owner."""
    actor = request.actor
    patient = get_patient(actor, patient_id)
    require(actor, Permission.OPEN_CASE, patient)
    key = f"case:{patient.public_id}"
    coverages, colleagues = list(coverages_of(patient)), list(owners(actor))
    me = next((c for c in colleagues if c.pk == actor.membership_id), None)
    initial = {
        "coverage": coverages[0].public_id if len(coverages) == 1 else None,
        "owner": me.public_id if me else None,
    }
    words = request.POST or kept(request, key)
    away = absent_now(day_in(request.organization.time_zone, request.at))
    form = CaseForm(words, initial=initial, actor=actor, patient=patient, away=away)
    fields: Any = form.fields
    fields["coverage"].show(coverages)
    fields["owner"].show(colleagues)

    def act(typed: Mapping[str, Any]) -> Any:
        return open_case(
            actor=actor,
            patient=patient,
            coverage=typed["coverage"],
            provider=typed["provider"] or _new_provider(request, actor, typed),
            treatment=typed["treatment"],
            treatment_note=typed["treatment_note"],
            purpose=typed["purpose"],
            purpose_words=typed["purpose_words"],
            diagnosis_codes=typed["diagnosis_codes"],
            procedure_codes=typed["procedure_codes"],
            is_urgent=typed["is_urgent"],
            owner=typed["owner"],
            at=request.at,
        )

    outcome = attempt(request, form, act)
    if outcome.done:
        end_draft(actor=actor, key=key)
        return done(request, "The case is open.", "appeals:case", outcome.result.public_id)
    if request.method != "POST" and words:
        without_errors(form)
    return show_form(
        request,
        form,
        title="Open a case",
        action="Open case",
        back=reverse("people:patient", args=[patient.public_id]),
        patient=patient,
        status=outcome.status,
        template="cases/case_new.html",
        problem=outcome.problem,
        coverage_missing=not coverages,
        coverage_url=reverse("cases:coverage_new", args=[patient.public_id]),
        draft_key=key,
        draft_restored=request.method == "GET" and form.is_bound,
    )


def _new_provider(request: ActorRequest, actor: Actor, typed: Mapping[str, Any]) -> Any:
    """A new provider for a case; what is wrong with it is told together with what is wrong with the codes."""
    try:
        return _provider(request, actor, typed)
    except Refused as refusal:
        on = day_in(request.organization.time_zone, request.at)
        diagnoses, procedures = (
            [normalized(code) for code in typed[name]] for name in ("diagnosis_codes", "procedure_codes")
        )
        wrong = [*diagnosis_codes_can_be_used(diagnoses, on), *procedure_codes_can_be_used(procedures, on)]
        raise Refused([*refusal.reasons, *wrong]) from refusal


def _provider(request: ActorRequest, actor: Actor, typed: Mapping[str, Any]) -> Any:
    """A new provider from the case form's own fields; its reasons land on those."""
    with _reasons_on({"name": "new_provider", "npi": "new_npi"}):
        return record_provider(
            actor=actor,
            name=typed["new_provider"],
            credentials=typed["new_credentials"],
            npi=typed["new_npi"],
            fax=typed["new_fax"],
            at=request.at,
        )


@case_page(Permission.CHANGE_CASE)
def case_change(request: ActorRequest, case: Any) -> HttpResponse:
    """Correct what the case is about."""
    actor = request.actor
    initial = {
        "treatment": case.treatment,
        "treatment_note": case.treatment_note,
        "purpose": case.purpose,
        "purpose_words": case.purpose_words,
        "diagnosis_codes": case.diagnosis_codes,
        "procedure_codes": case.procedure_codes,
        "is_urgent": case.is_urgent,
        "coverage": case.coverage.public_id,
        "provider": case.provider.public_id,
        "version": case.version,
    }
    form = ChangeCaseForm(
        request.POST or None, initial=initial, actor=actor, patient=case.patient, current=case.provider
    )

    def act(typed: Mapping[str, Any]) -> Any:
        return change_case(
            actor=actor,
            case=case,
            coverage=typed["coverage"],
            provider=typed["provider"] or _new_provider(request, actor, typed),
            treatment=typed["treatment"],
            treatment_note=typed["treatment_note"],
            purpose=typed["purpose"],
            purpose_words=typed["purpose_words"],
            diagnosis_codes=typed["diagnosis_codes"],
            procedure_codes=typed["procedure_codes"],
            is_urgent=typed["is_urgent"],
            expected_version=typed["version"],
            at=request.at,
        )

    outcome = attempt(request, form, act)
    if outcome.done:
        return done(request, "The case is changed.", "appeals:case", case.public_id)
    return _case_form(request, case, form, outcome, "Change the case", "Save")


@case_page(Permission.CHANGE_CASE)
def failed_treatment_new(request: ActorRequest, case: Any) -> HttpResponse:
    """Record something that was tried before."""
    key = f"failed_treatment:{case.public_id}"
    words = request.POST or kept(request, key)
    form = FailedTreatmentForm(words)
    outcome = attempt(
        request,
        form,
        lambda typed: record_failed_treatment(actor=request.actor, case=case, at=request.at, **typed),
    )
    if outcome.done:
        end_draft(actor=request.actor, key=key)
        said = "The failed treatment is recorded."
        if "another" in request.POST:
            return done(request, said, "cases:failed_treatment_new", case.public_id)
        return done(request, said, "appeals:case", case.public_id)
    if request.method != "POST" and words:
        without_errors(form)
    return _case_form(
        request,
        case,
        form,
        outcome,
        "Failed treatment",
        "Record",
        draft_key=key,
        another="Record and add another",
    )


@case_page(Permission.CHANGE_CASE)
def failed_treatment_change(request: ActorRequest, case: Any, treatment_id: UUID) -> HttpResponse:
    """Correct a failed treatment."""
    row = get_failed_treatment(request.actor, case, treatment_id)
    initial = {name: getattr(row, name) for name in FailedTreatmentForm.base_fields}
    form = FailedTreatmentForm(request.POST or None, initial=initial)
    outcome = attempt(
        request,
        form,
        lambda typed: change_failed_treatment(actor=request.actor, treatment=row, at=request.at, **typed),
    )
    if outcome.done:
        return done(request, "The failed treatment is changed.", "appeals:case", case.public_id)
    return _case_form(request, case, form, outcome, "Change a failed treatment", "Save")


def _case_form(
    request: ActorRequest, case: Any, form: Any, outcome: Any, title: str, action: str, **context: Any
) -> HttpResponse:
    restored = request.method == "GET" and form.is_bound
    frame = {
        "form": form,
        "title": title,
        "action": action,
        "back_url": reverse("appeals:case", args=[case.public_id]),
        "problem": outcome.problem,
        "draft_restored": restored,
    }
    return show(request, "cases/case_form.html", case, frame | context, here=title, status=outcome.status)
