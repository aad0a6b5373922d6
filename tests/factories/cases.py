"""More cases of an organization that has one."""

from __future__ import annotations

from datetime import date

from advocacy.people.models import Patient
from cases.models import Case, Coverage


def another_case(case: Case, number: int) -> Case:
    """An open case beside this one, with the same payer, provider and owner, and a patient of its own; in the current scope."""
    reference = f"HP-2026-{number:04}"
    patient = Patient.objects.create(
        reference=f"{reference}-P",
        given_name="Bo",
        family_name="Lind",
        birth_date=date(1984, 5, 17),
        registered_at=case.opened_at,
        state="OR",
    )
    coverage = Coverage.objects.create(
        patient=patient,
        payer=case.coverage.payer,
        plan_name="Silver 4500",
        member_id=f"M{number}",
        state_of_issue="OR",
    )
    return Case.objects.create(
        reference=reference,
        patient=patient,
        coverage=coverage,
        provider=case.provider,
        treatment=case.treatment,
        purpose=case.purpose,
        diagnosis_codes=case.diagnosis_codes,
        procedure_codes=case.procedure_codes,
        owner=case.owner,
        opened_at=case.opened_at,
        last_touched_at=case.opened_at,
    )
