"""Keeps the text by which cases, patients and inquiries are found, in step with the rows it is made from."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from advocacy.people.commands import set_numbers
from advocacy.people.models import Patient
from advocacy.people.rules import words
from advocacy.tenancy.sealing import normalized
from cases.models import Case, CaseSearch, Communication, Coverage, Inquiry, InquirySearch

# Apps above add what else a case is found by (numbers of requests and appeals): a function from a case to those texts.
more_numbers: list[Callable[[Case], Iterable[str]]] = []


def index_case(case: Case) -> None:
    """Bring the case's search text up to date: its reference, member id and every reference number. Safe to repeat."""
    found = {case.coverage.member_id}
    found |= {c.reference_number for c in Communication.objects.filter(case=case, superseded_at=None)}
    for numbers in more_numbers:
        found |= set(numbers(case))
    text = {
        "reference": normalized(case.reference),
        "numbers": sorted({normalized(number) for number in found} - {""}),
    }
    if not CaseSearch.objects.filter(case=case).update(**text):
        CaseSearch.objects.create(case=case, **text)


def index_coverages(patient: Patient) -> None:
    """After a member id changed: the patient and all their cases are found by the ids that are recorded now."""
    set_numbers(patient, [c.member_id for c in Coverage.objects.filter(patient=patient)])
    for case in Case.objects.filter(patient=patient).select_related("coverage"):
        index_case(case)


def index_inquiry(inquiry: Inquiry) -> None:
    """Bring the inquiry's search text up to date: its reference, and the name typed while nobody registered is meant."""
    typed = {} if inquiry.patient_id else inquiry.answers.get("who", {})
    names = [(typed.get(part) or [""])[-1] for part in ("given_name", "preferred_name", "family_name")]
    text = {"reference": normalized(inquiry.reference), "name": words(" ".join(names))}
    if not InquirySearch.objects.filter(inquiry=inquiry).update(**text):
        InquirySearch.objects.create(inquiry=inquiry, **text)
