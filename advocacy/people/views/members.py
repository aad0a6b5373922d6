"""A member leaves: what there is to hand on is counted, given to whom one chooses, shown again, and then done at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from advocacy.access.permissions import Permission
from advocacy.errors import NotAllowed
from advocacy.people.forms import LeavingForm
from advocacy.people.leaving import (
    LeftBehind,
    end_membership,
    leavers_with_things,
    may_hand_on,
    owned_by,
    sessions_in,
)
from advocacy.people.queries import get_any_member
from advocacy.people.views.steps import attempt
from advocacy.web import ActorRequest, page


@page
def member_end(request: ActorRequest, member_id: UUID) -> HttpResponse:
    """End a membership, or hand on what somebody left behind: choose, look at what will happen, confirm."""
    member = get_any_member(request.actor, member_id)
    may_hand_on(request.actor, member)
    things = owned_by(member)
    back = reverse("admin:people_membership_changelist" if member.ended_at is None else "people:leavers")
    over = member.ended_at is not None
    if over and not any(thing.count for thing in things):
        messages.success(request, "This colleague has left, and nothing of theirs is open.")
        return redirect(back)
    form, status = LeavingForm(request.POST or None, things=things, leaver=member), 200
    preview: list[str] = []
    if request.method == "POST":
        status = 422
        if form.is_valid():
            receivers = form.chosen()
            if "confirm" in request.POST:
                ended, _result = attempt(
                    lambda: end_membership(
                        actor=request.actor, member=member, receivers=receivers, at=request.at
                    ),
                    form,
                )
                if ended:
                    messages.success(request, "Done. Nothing of this colleague is left without somebody.")
                    return redirect(back)
            elif all(receivers.get(t.kind.key) for t in things if t.kind.named and t.count):
                preview, status = _what_will_happen(things, receivers, len(sessions_in(member))), 200
            else:
                for thing in things:
                    if thing.kind.named and thing.count and not receivers.get(thing.kind.key):
                        form.add_error(f"to_{thing.kind.key}", "Name one colleague who takes them over.")
    context = {
        "form": form,
        "title": f"Hand on what {member.user} left" if over else f"{member.user} leaves",
        "things": things,
        "preview": preview,
        "over": over,
        "back_url": back,
        "breadcrumbs": [
            {"label": "Left behind" if over else "Members", "url": back},
            {"label": "Leaving", "url": ""},
        ],
    }
    return render(request, "people/member_end.html", context, status=status)


@require_safe
@page
def leavers(request: ActorRequest) -> HttpResponse:
    """Open things whose owner works here no more, as counts: for whoever assigns work or keeps the members."""
    actor = request.actor
    if not (actor.may(Permission.ASSIGN_CASE) or actor.may(Permission.MANAGE_MEMBERS)):
        raise NotAllowed(Permission.ASSIGN_CASE)
    context = {
        "leavers": leavers_with_things(request.at),
        "breadcrumbs": [{"label": "Left behind", "url": ""}],
    }
    return render(request, "people/leavers.html", context)


def _what_will_happen(
    things: Sequence[LeftBehind], receivers: dict[str, list[Any]], sessions: int
) -> list[str]:
    said = []
    for thing in things:
        if not thing.count:
            continue
        to = receivers.get(thing.kind.key, [])
        what = f"{thing.kind.title}: {thing.count}"
        if not thing.kind.handed_on:
            said.append(f"{what}, ended.")
        elif not to:
            said.append(f"{what}, back to the queue.")
        else:
            each, more = divmod(thing.count, len(to))
            shares = [(member, each + (n < more)) for n, member in enumerate(to)]
            said.append(f"{what}: " + ", ".join(f"{count} to {m.user}" for m, count in shares if count) + ".")
    if sessions:
        said.append(f"Browsers signed in here: {sessions}, signed out.")
    return [
        *said,
        "From then on nothing here opens for them. What they did stays in the trail under their name.",
    ]
