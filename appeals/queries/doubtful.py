"""Letters that may not be this patient's: of denials that were set aside, and of those that nobody has confirmed."""

from __future__ import annotations

from advocacy.people.models import Patient
from appeals.models import Decision, Denial
from appeals.queries.denial_intake import names_another
from cases.models import Case

DOUBTED = frozenset({Denial.SetAside.ANOTHER_PERSON, Denial.SetAside.OTHER})
"""Why a denial may be set aside and leave open whose its letter is. Under every other reason it is the patient's own."""


def doubtful_letters(case: Case) -> tuple[set[int], set[int]]:
    """Documents that are the letter of denials set aside only, and of denials that nobody has confirmed."""
    rows = Denial.objects.filter(case=case, letter__isnull=False)
    told = list(rows.values_list("letter_id", "confirmed_at", "set_aside_at"))
    sure = {letter for letter, confirmed, _ in told if confirmed}
    standing = {letter for letter, _, aside in told if not aside}
    return {letter for letter, _, _ in told} - standing, standing - sure


def stands_elsewhere(denial: Denial) -> bool:
    """Whether a confirmed denial or a decision holds the letter of this one too."""
    confirmed = Denial.objects.filter(letter=denial.letter_id, confirmed_at__isnull=False)
    return confirmed.exists() or Decision.objects.filter(letter=denial.letter_id).exists()


def letters_of_others(patient: Patient) -> set[int]:
    """Documents that a patient does not take along: letters that a person called somebody else's, and those that nobody has
    confirmed and that name another person or member id."""
    rows = Denial.objects.filter(case__patient=patient, letter__isnull=False, confirmed_at=None)
    doubted = {
        row.letter_id: row
        for row in rows.select_related("case__patient", "case__coverage", "request").order_by("id")
        if (
            row.set_aside_why in DOUBTED
            if row.set_aside_at
            else names_another(row.case, row.request, row.letter_id)
        )
    }
    return {letter for letter, row in doubted.items() if letter is not None and not stands_elsewhere(row)}
