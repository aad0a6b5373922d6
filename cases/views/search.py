"""Search by name, member id or reference. The words are POSTed and kept sealed; the address holds an opaque id only."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.people.drafts import save_search
from advocacy.people.queries import get_search
from advocacy.web import ActorRequest, page, saw
from cases.forms.registration import SearchForm
from cases.queries.search import MOST, search


@page
def search_new(request: ActorRequest) -> HttpResponse:
    """POST keeps the search and goes to its results; GET shows the field."""
    require(request.actor, Permission.SEE_CASES)
    form = SearchForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        kept = save_search(actor=request.actor, query={"q": form.cleaned_data["q"]}, at=request.at)
        return redirect("cases:search_results", kept.public_id)
    context = {"form": form, "breadcrumbs": [{"label": "Search", "url": ""}]}
    return render(request, "cases/search.html", context, status=422 if form.errors else 200)


@require_safe
@page
def search_results(request: ActorRequest, search_id: UUID) -> HttpResponse:
    """What a kept search finds now, for the person who made it."""
    kept = get_search(request.actor, search_id)
    text = kept.query["q"]
    found = search(request.actor, text)
    saw(
        request,
        "read_search",
        cases=[case.pk for case in found.cases],
        patients=[case.patient_id for case in found.cases] + [row.pk for row in found.patients],
        found=len(found.cases) + len(found.patients),
    )
    context = {
        "form": SearchForm(initial={"q": text}),
        "found": found,
        "nothing": not (found.cases or found.patients),
        "most": MOST,
        "may_register": request.actor.may(Permission.REGISTER_PATIENT),
        "may_break_glass": request.actor.may(Permission.BREAK_GLASS),
        "breadcrumbs": [
            {"label": "Search", "url": reverse("cases:search")},
            {"label": "Results", "url": ""},
        ],
    }
    return render(request, "cases/search_results.html", context)
