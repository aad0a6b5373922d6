"""Keeps the text by which cases, patients and inquiries are found, in step with the rows it is made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from django.db.models import QuerySet

from advocacy.people.commands import set_numbers
from advocacy.people.models import Patient
from advocacy.people.rules import words
from advocacy.tenancy.kept import KeptRows, kept_rows
from advocacy.tenancy.sealing import normalized
from advocacy.tenancy.together import fetched
from cases.models import Case, CaseSearch, Communication, Coverage, Inquiry, InquirySearch

Numbered = Mapping[str, tuple[QuerySet[Any], str]]
"""Rows of a case that carry numbers, each kind with the name of the field in which the number stands."""
_THE_CASE = -7_103


def _of_contacts(case: int) -> Numbered:
    calls = Communication.objects.filter(case=case, superseded_at=None)
    return {"calls": (calls.only("public_id", "organization", "reference_number"), "reference_number")}


numbers: list[Callable[[int], Numbered]] = [_of_contacts]
"""By which numbers a case (by its key) is found beside its member id. Apps above add theirs in `apps.ready`."""


@cache
def _fields() -> dict[str, str]:
    return {key: name for of in numbers for key, (_, name) in of(_THE_CASE).items()}


@cache
def _indexed() -> KeptRows:
    """Asked after each act that brings a number: its text is made once."""
    return kept_rows(
        lambda: {
            **{key: rows for of in numbers for key, (rows, _) in of(_THE_CASE).items()},
            "text": CaseSearch.objects.filter(case=_THE_CASE),
        },
        {"case": _THE_CASE},
    )


def index_case(case: Case) -> None:
    """Bring the case's search text up to date: its reference, member id and every reference number. Safe to repeat; nothing is
    written where the text is that already.
    """
    rows = fetched(_indexed().written({"case": case.pk}))
    found = {getattr(row, name) for key, name in _fields().items() for row in rows[key]}
    text = {
        "reference": normalized(case.reference),
        "numbers": sorted({normalized(number) for number in found | {case.coverage.member_id}} - {""}),
    }
    if not rows["text"]:
        CaseSearch.objects.create(case=case, **text)
    elif any(getattr(rows["text"][0], name) != value for name, value in text.items()):
        CaseSearch.objects.filter(case=case).update(**text)


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
