"""Which organization somebody acts in: for people who work in several."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from advocacy.errors import NotFound
from advocacy.people.membership import switch_organization
from advocacy.people.queries import SESSION_KEY
from advocacy.web import ActorRequest, page


@require_POST
@page
def switch(request: ActorRequest) -> HttpResponse:
    """Act in the organization `organization` (its public id) from the next page on. NotFound unless a live member there."""
    wanted = request.POST.get("organization", "")
    for membership in request.memberships:  # type: ignore[attr-defined]
        if str(membership.organization_public_id) == wanted:
            if membership.organization_id != request.actor.organization_id:
                switch_organization(actor=request.actor, to=wanted, at=request.at)
            request.session[SESSION_KEY] = wanted
            messages.success(request, f"You now work in {membership.organization_name}.")
            return redirect("home")
    raise NotFound("organization")
