"""The trail of a case: who saw and changed what."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.people.places import zone_name
from advocacy.web import page, paged, saw
from appeals.forms.desk import TrailFilters
from appeals.queries.case_page import get_case
from appeals.queries.trail import CASES, audited_cases, sealed_until, trail
from appeals.views.links import link


@require_safe
@page
def trails_page(request: HttpRequest) -> HttpResponse:
    """Where an auditor begins: every case whose trail is open to them, newest first. References, never a patient."""
    actor: Any = request.actor  # type: ignore[attr-defined]
    require(actor, Permission.SEE_TRAIL)
    show = request.GET.get("show", "")
    show = show if show in CASES else ""
    at: Any = request.at  # type: ignore[attr-defined]
    listed = paged(audited_cases(actor, show, at), after=request.GET.get("after"), newest=True)
    saw(request, "read_list", cases=[case.pk for case in listed.rows])
    context = {
        "cases": listed.rows,
        "next_url": link("appeals:trails", show=show, after=listed.next_after) if listed.next_after else "",
        "tabs": [
            {"label": label, "url": link("appeals:trails", show=key), "current": key == show}
            for key, label in CASES.items()
        ],
        "narrowed": bool(show),
        "sealed": sealed_until(at),
        "breadcrumbs": [{"label": "Trails", "url": ""}],
    }
    return render(request, "appeals/trails.html", context)


@require_safe
@page
def trail_page(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """For whoever may audit this case. Opening the trail is itself a read that the trail shows."""
    actor: Any = request.actor  # type: ignore[attr-defined]
    case = get_case(actor, case_id)
    require(actor, Permission.SEE_TRAIL, case)
    kind, person = request.GET.get("kind", ""), request.GET.get("person", "")
    try:
        after = int(request.GET.get("after") or 0) or None
    except ValueError:
        raise Http404 from None
    found = trail(actor, case, kind=kind, person=person, after=after)
    saw(request, "read_trail", cases=[case.pk], patients=[case.patient_id])
    form = TrailFilters(initial={"kind": kind, "person": person}, people=found.people)
    here = ("appeals:trail", case.public_id)
    context = {
        "case": case,
        "zone": zone_name(request.organization.time_zone),  # type: ignore[attr-defined]
        "found": found,
        "sealed": sealed_until(request.at),  # type: ignore[attr-defined]
        "filters": form,
        "clear_url": link(*here) if kind or person else "",
        "first_url": "" if found.is_first else link(*here, kind=kind, person=person),
        "next_url": link(*here, kind=kind, person=person, after=found.after) if found.after else "",
        "breadcrumbs": [
            {"label": "Queue", "url": link("appeals:queue")},
            {"label": case.reference, "url": link("appeals:case", case.public_id)},
            {"label": "Trail", "url": ""},
        ],
    }
    with timezone.override(ZoneInfo(request.organization.time_zone)):  # type: ignore[attr-defined]
        return render(request, "appeals/trail.html", context)
