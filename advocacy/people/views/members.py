"""A member leaves: what they owned is handed on first."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.people.forms import EndMembershipForm
from advocacy.people.membership import end_membership
from advocacy.people.queries import get_member, members_of_organization
from advocacy.people.views.steps import attempt
from advocacy.web import ActorRequest, page


@page
def member_end(request: ActorRequest, member_id: UUID) -> HttpResponse:
    """End a membership, with who takes over."""
    member = get_member(request.actor, member_id)
    require(request.actor, Permission.MANAGE_MEMBERS, member)
    others = members_of_organization().exclude(pk=member.pk)
    form, status = EndMembershipForm(request.POST or None, members=others), 200
    back = reverse("admin:people_membership_changelist")
    if request.method == "POST":
        status = 422
        if form.is_valid():
            ended, _result = attempt(
                lambda: end_membership(
                    actor=request.actor,
                    member=member,
                    successor=form.cleaned_data["successor"],
                    at=request.at,
                ),
                form,
            )
            if ended:
                messages.success(request, "The membership has ended.")
                return redirect(back)
    context = {
        "form": form,
        "title": f"End the membership of {member.user}",
        "effects": [
            "They no longer enter this organization.",
            "Their open cases and tasks go to whom you choose, or back to the queue.",
            "What they did stays in the trail under their name.",
        ],
        "action": "End membership",
        "back_url": back,
        "breadcrumbs": [{"label": "Members", "url": back}, {"label": "End a membership", "url": ""}],
    }
    return render(request, "people/member_end.html", context, status=status)
