"""The portal's first page: where my case stands, what happens next and by when, what I can do."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from advocacy.access.permissions import Permission
from advocacy.portal import portal_page
from advocacy.web import ActorRequest, saw
from appeals.queries.portal import get_portal_case, portal_cases, standings, status_page


@require_safe
@portal_page(None)
def home(request: ActorRequest) -> HttpResponse:
    """One open case: that case. Several: the list of them. A representative without the status sees what else there is."""
    portal = request.actor.portal
    assert portal is not None
    cases = list(portal_cases(request.actor)) if request.actor.may(Permission.PORTAL_STATUS) else []
    saw(request, "read_page", cases=[c.pk for c in cases], patients=[portal.patient_id])
    if len(cases) == 1:
        return _status(request, cases[0])
    found = standings(cases, request.at, request.actor) if cases else ()
    return render(request, "portal/home.html", {"standings": found})


@require_safe
@portal_page(Permission.PORTAL_STATUS)
def case(request: ActorRequest, case_id: UUID) -> HttpResponse:
    """Where one case stands."""
    found = get_portal_case(request.actor, case_id)
    saw(request, "read_page", cases=[found.pk], patients=[found.patient_id])
    return _status(request, found, several=True)


def _status(request: ActorRequest, row: object, *, several: bool = False) -> HttpResponse:
    page = status_page(row, request.at, request.actor)  # type: ignore[arg-type]  # a door names no model
    return render(request, "portal/case.html", {"page": page, "several": several})
