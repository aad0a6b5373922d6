"""Offering a case to another organization: what was offered and how it stands, a new offer, taking one back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from advocacy.access.permissions import Permission
from advocacy.web import ActorRequest
from cases.commands.offers import offer_case, revoke_offer
from cases.forms.offers import OfferForm
from cases.queries.offers import consents_to_offer_on, get_offer, offers_made, versions_to_offer
from cases.views.casework import attempt, case_page, done, show


@require_safe
@case_page()
def offers(request: ActorRequest, case: Any) -> HttpResponse:
    """Every offer of the case: to whom, what, until when, and how it stands."""
    may = request.actor.may(Permission.OFFER_CASE)
    action = {
        "label": "Offer the case",
        "kind": "main",
        "url": reverse("cases:offer_new", args=[case.public_id]),
    }
    context = {
        "made": offers_made(request.actor, case, request.at),
        "may": may,
        "actions": [action] if may and case.status == "open" else [],
    }
    return show(request, "cases/offers.html", case, context, here="Offers")


@case_page(Permission.OFFER_CASE)
def offer_new(request: ActorRequest, case: Any) -> HttpResponse:
    """Offer parts of the case to another organization."""
    consents = [
        (str(row.public_id), f"Signed {row.signed_on:%b %-d, %Y}, for: {row.recipients or 'nobody named'}")
        for row in consents_to_offer_on(case, request.at)
    ]
    papers = [
        (str(v.public_id), f"{v.document.title} (version {v.number}){_tagged(v.document)}")
        for v in versions_to_offer(request.actor, case)
    ]
    form = OfferForm(
        request.POST or None, consents=consents, papers=papers, initial={"days": 14, "parts": []}
    )
    outcome = attempt(
        request,
        form,
        lambda typed: offer_case(
            actor=request.actor,
            case=case,
            organization=typed["organization"],
            name=typed["name"],
            parts=typed["parts"],
            papers=typed.get("papers", []),
            consent=typed["consent"],
            days=typed["days"],
            at=request.at,
        ),
    )
    if outcome.done:
        said = f"The case is offered to {outcome.result.to_organization}."
        return done(request, said, "cases:offers", case.public_id)
    back = reverse("cases:offers", args=[case.public_id])
    context = {
        "form": form,
        "problem": outcome.problem,
        "back_url": back,
        "no_release": not consents,
    }
    return show(
        request,
        "cases/offer_form.html",
        case,
        context,
        here="Offer the case",
        status=outcome.status,
        trail=(("Offers", back),),
    )


@require_POST
@case_page(Permission.OFFER_CASE)
def offer_revoke(request: ActorRequest, case: Any, offer_id: UUID) -> HttpResponse:
    """Take an offer back."""
    offer = get_offer(request.actor, case, offer_id)
    revoke_offer(actor=request.actor, offer=offer, at=request.at)
    messages.success(request, "The offer is taken back. Nothing of it can be read any more.")
    return redirect("cases:offers", case.public_id)


def _tagged(document: Any) -> str:
    return f", specially protected: {document.special_words}" if document.special else ""
