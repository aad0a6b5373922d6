"""Machines at the desk: who keeps the organization gives them access, sees when they were last used, and takes it back."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.access.scopes import SCOPES, Scope
from advocacy.people import machines as commands
from advocacy.people.forms import MachineForm
from advocacy.people.invitations import titles_of
from advocacy.people.machines import get_machine, machines_issued
from advocacy.people.models import MachineClient
from advocacy.people.queries import end_of_day
from advocacy.people.step_up import require_fresh, typed
from advocacy.people.views.steps import attempt, show_form
from advocacy.web import ActorRequest, page, paged


@require_safe
@page
def machines(request: ActorRequest) -> HttpResponse:
    """Every machine ever let in, newest first: what it may do, when it was last used, when it ends."""
    require(request.actor, Permission.MANAGE_MACHINES)
    listed = paged(machines_issued(request.actor), after=request.GET.get("after"), newest=True)
    rows = [
        {
            "row": row,
            "roles": titles_of(row.roles),
            "scopes": _scopes(row),
            "last_day": _last_day(row),
            "ended": row.revoked_at is not None or row.expires_at <= request.at,
        }
        for row in listed.rows
    ]
    context = {
        "rows": rows,
        "next_url": f"?after={listed.next_after}" if listed.next_after else "",
        "breadcrumbs": _above("Machines"),
    }
    with timezone.override(request.organization.time_zone):
        return render(request, "people/machines.html", context)


@page
def machine_new(request: ActorRequest) -> HttpResponse:
    """Let a machine in. Its secret is on the answer to the form, once."""
    require(request.actor, Permission.MANAGE_MACHINES)
    form, status = MachineForm(typed(request)), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            require_fresh(request)
            said = form.cleaned_data
            until = end_of_day(request.organization, said["last_day"])
            assert until is not None, "the form asks for a last day"
            done, issued = attempt(
                lambda: commands.issue_machine(
                    actor=request.actor,
                    purpose=said["purpose"],
                    roles=said["roles"],
                    scopes=said["scopes"],
                    expires_at=until,
                    at=request.at,
                ),
                form,
            )
            if done:
                context = {
                    "issued": issued,
                    "scopes": _scopes(issued.machine),
                    "last_day": said["last_day"],
                    "token_url": request.build_absolute_uri(reverse("api:token")),
                    "guide_url": request.build_absolute_uri(reverse("api_guide")),
                    "breadcrumbs": _above("Access was given"),
                }
                return render(request, "people/machine_issued.html", context, status=201)
    return show_form(
        request,
        form,
        title="Give a machine access",
        action="Give access",
        back=reverse("people:machines"),
        status=status,
        breadcrumbs=_above("Give a machine access"),
    )


@require_POST
@page
def machine_revoke(request: ActorRequest, machine_id: UUID) -> HttpResponse:
    """Its tokens open nothing from now on."""
    machine = get_machine(request.actor, machine_id)
    commands.revoke_machine(actor=request.actor, machine=machine, at=request.at)
    messages.success(request, "The access is revoked: its tokens open nothing any more.")
    return redirect("people:machines")


def _scopes(machine: MachineClient) -> str:
    """What it may do, in words and by the names a program asks for."""
    return ", ".join(f"{SCOPES[Scope(scope)].title} ({scope})" for scope in machine.scopes)


def _last_day(machine: MachineClient) -> datetime:
    """A moment of the last day on which it is let in: it ends with that day."""
    return machine.expires_at - timedelta(seconds=1)


def _above(here: str) -> list[dict[str, str]]:
    above = [{"label": "Members", "url": reverse("admin:people_membership_changelist")}]
    if here != "Machines":
        above.append({"label": "Machines", "url": reverse("people:machines")})
    return [*above, {"label": here, "url": ""}]
