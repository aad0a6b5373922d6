"""The form by which the patient appoints whoever files, filled in and to be signed on paper."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils import translation
from django.views.decorators.http import require_safe

from advocacy.access.disclosures import Door, Purpose, disclose, whoever_asks
from advocacy.access.permissions import Permission as P
from advocacy.web import saw
from appeals.appointment import render_appointment
from appeals.commands.paper import letterhead_of
from appeals.queries.representation import form_for
from appeals.views.casework import CaseRequest, case_page, today_for
from cases.views.files import POLICY


@require_safe
@case_page(P.RECORD_CONSENT)
def representative_form(request: CaseRequest, case: Any) -> HttpResponse:
    """The form that the coverage of this case asks for, in the patient's language."""
    asked = form_for(case)
    passage = disclose(
        actor=request.actor,
        door=Door.PRINT,
        purpose=Purpose.CASEWORK,
        to=whoever_asks(request.actor),
        about=case,
    )
    with translation.override("es" if case.patient.language == "es" else "en"):
        data = render_appointment(
            asked.form,
            about=asked.about,
            patient=case.patient.full_name,
            born=case.patient.birth_date,
            team=letterhead_of(case.organization),
            on=today_for(request, case).today,
        )
    saw(request, "read_page", cases=[case.pk], patients=[case.patient_id], **passage.told)
    response = HttpResponse(data, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{case.reference}-representative.pdf"'
    response.headers["Content-Security-Policy"] = POLICY
    return response
