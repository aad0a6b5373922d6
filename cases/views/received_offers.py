"""What other organizations offer: the list, one offer with what was shared, its documents, taking over and declining.

Each page asks anew whether the offer can still be read, and leaves a read event on both sides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from advocacy.access.disclosures import Door, Purpose, disclose, whoever_asks
from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.people.places import zone_name
from advocacy.people.queries import get_patient
from advocacy.web import ActorRequest, page, paged, saw
from cases import offering
from cases.commands.received_offers import accept_offer, decline_offer, note_look, open_paper
from cases.forms.offers import NEW, AcceptForm, DeclineForm
from cases.queries import offers as queries
from cases.views.casework import attempt
from cases.views.documents import neutral_name
from cases.views.files import file_response

SIZE = 50


@require_safe
@page
def offers_received(request: ActorRequest) -> HttpResponse:
    """Offers that can be read now, or (`?show=answered`) what was answered; newest first. Nothing of a patient."""
    require(request.actor, Permission.RECEIVE_CASE)
    answered = request.GET.get("show") == "answered"
    after = request.GET.get("after")
    if answered:
        listed = paged(queries.answered_offers(request.actor), after=after, size=SIZE, newest=True)
        rows, next_after = listed.rows, listed.next_after
    else:
        found = queries.offers_to_us(before=_key(after), most=SIZE + 1)
        next_after = str(found[SIZE - 1].offer) if len(found) > SIZE else None
        rows = queries.open_to(request.actor, found[:SIZE])
    here = reverse("cases:offers_received")
    context = {
        "rows": rows,
        "answered": answered,
        "tabs": [
            {"label": "Can be read", "url": here, "current": not answered},
            {"label": "Answered", "url": f"{here}?show=answered", "current": answered},
        ],
        "next_url": f"?{'show=answered&' if answered else ''}after={next_after}" if next_after else "",
        "own": request.organization,
        "zone": zone_name(request.organization.time_zone),
        "breadcrumbs": [{"label": "Offers", "url": ""}],
    }
    return render(request, "cases/offers_received.html", context)


@require_safe
@page
def offer_received(request: ActorRequest, received_id: UUID) -> HttpResponse:
    """One offer: what was shared, and nothing else of the case."""
    offered = _offered(request, received_id)
    context = {
        "parts": list(offering.shown(offered.package, queries.LABELS)),
        "papers": queries.papers_of(offered),
        "missing": offered.missing,
        "taken_over": queries.case_taken_over(request.actor, offered) if offered.answer else None,
    }
    return _show(request, offered, "cases/offer_received.html", context)


@require_safe
@page
def offer_received_file(request: ActorRequest, received_id: UUID, paper_id: UUID) -> HttpResponse:
    """The bytes of a document that is offered."""
    offered = _offered(request, received_id)
    paper = queries.get_paper(offered, paper_id)
    passage = disclose(
        actor=request.actor, door=Door.OFFER, purpose=Purpose.CASEWORK, to=whoever_asks(request.actor)
    )
    blob = open_paper(offered, paper)
    _noted(request, offered, version=str(paper.version), **passage.told)
    return file_response(
        request,
        blob,
        content_type=paper.content_type,
        filename=neutral_name("offered", paper.kind, paper.number, paper.content_type),
        download="download" in request.GET,
    )


@page
def offer_accept(request: ActorRequest, received_id: UUID) -> HttpResponse:
    """The second look at who is registered already, then the case is taken over."""
    offered = _offered(request, received_id)
    found = queries.alike(request.actor, offered)
    known = {str(one.patient.public_id): one for one in found if one.patient is not None}
    hidden = sum(1 for one in found if one.patient is None)
    choices = [
        (
            key,
            f"{one.patient.reference}: {one.patient.full_name}, born {one.patient.birth_date:%b %-d, %Y}. {' '.join(one.why)}",
        )
        for key, one in known.items()
        if one.patient is not None
    ]
    form = AcceptForm(request.POST or None, alike=choices, hidden=hidden)

    def taken(typed: Mapping[str, Any]) -> Any:
        chosen = None if typed["person"] == NEW else get_patient(request.actor, UUID(typed["person"]))
        return accept_offer(
            actor=request.actor,
            offered=offered,
            patient=chosen,
            duplicates_seen=bool(typed.get("duplicates_seen")),
            at=request.at,
        )

    outcome = attempt(request, form, taken)
    if outcome.done:
        messages.success(request, "The case is taken over. It is yours; look at what comes next.")
        return redirect("appeals:case", outcome.result.public_id)
    shown = [one.patient.pk for one in known.values() if one.patient is not None]
    context = {
        "form": form,
        "problem": outcome.problem,
        "hidden": hidden,
        "missing": offered.missing,
        "action": "Take the case over",
        "taking_over": True,
    }
    return _show(
        request,
        offered,
        "cases/offer_answer.html",
        context,
        here="Take over",
        status=outcome.status,
        patients=shown,
    )


@page
def offer_decline(request: ActorRequest, received_id: UUID) -> HttpResponse:
    """Decline it with a reason."""
    offered = _offered(request, received_id)
    form = DeclineForm(request.POST or None)
    outcome = attempt(
        request,
        form,
        lambda typed: decline_offer(
            actor=request.actor, offered=offered, because=typed["because"], at=request.at
        ),
    )
    if outcome.done:
        messages.success(request, "The offer is declined. It cannot be read here any more.")
        return redirect("cases:offers_received")
    context = {"form": form, "problem": outcome.problem, "action": "Decline", "taking_over": False}
    return _show(request, offered, "cases/offer_answer.html", context, here="Decline", status=outcome.status)


def _offered(request: ActorRequest, public_id: UUID) -> queries.Offered:
    require(request.actor, Permission.RECEIVE_CASE)
    return queries.get_open_offer(request.actor, public_id)


def _key(after: str | None) -> UUID | None:
    try:
        return UUID(after) if after else None
    except ValueError:
        raise Http404 from None


def _noted(request: ActorRequest, offered: queries.Offered, patients: Any = (), **detail: Any) -> None:
    """The read event on both sides: ours names the offer, theirs its case and patient."""
    view = request.resolver_match.view_name if request.resolver_match else ""
    note_look(actor=request.actor, offered=offered, page=view, **detail)
    saw(request, "read_offer", patients=patients, offer=str(offered.offer), **detail)


def _show(
    request: ActorRequest,
    offered: queries.Offered,
    template: str,
    context: Mapping[str, Any],
    *,
    here: str = "",
    status: int = 200,
    patients: Any = (),
) -> HttpResponse:
    _noted(request, offered, patients)
    own = reverse("cases:offer_received", args=[offered.offer])
    crumbs = [
        {"label": "Offers", "url": reverse("cases:offers_received")},
        {"label": offered.organization_name, "url": own if here else ""},
    ]
    frame = {
        "offered": offered,
        "back_url": own,
        "here": here,
        "zone": zone_name(request.organization.time_zone),
        "breadcrumbs": [*crumbs, {"label": here, "url": ""}] if here else crumbs,
    }
    return render(request, template, frame | dict(context), status=status)
