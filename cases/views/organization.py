"""What the organization says of itself, and its task templates. No page here knows a patient."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.errors import NotFound
from advocacy.people.organizations import change_organization
from advocacy.people.views.steps import attempt
from advocacy.web import ActorRequest, page
from cases.commands.templates import retire_task_template, return_task_template, save_task_template
from cases.forms.organization import OrganizationForm, TaskTemplateForm
from cases.queries.templates import template_known

NEW = "new"


@page
def organization(request: ActorRequest) -> HttpResponse:
    """Name, letterhead, time zone, scope, and how letters go out."""
    require(request.actor, Permission.MANAGE_MEMBERS)
    now = {name: getattr(request.organization, name) for name in OrganizationForm.base_fields}
    form, status = OrganizationForm(request.POST or None, initial=now), 200
    back = reverse("appeals:setup")
    if request.method == "POST":
        status = 422
        if form.is_valid():
            typed = form.cleaned_data
            done, _row = attempt(
                lambda: change_organization(actor=request.actor, at=request.at, **typed), form
            )
            if done:
                messages.success(request, "The settings are saved.")
                return redirect(back)
    context = {
        "form": form,
        "title": "Organization",
        "action": "Save",
        "back_url": back,
        "meta": None,
        "breadcrumbs": [{"label": "Set-up", "url": back}, {"label": "Organization", "url": ""}],
    }
    return render(request, "people/form.html", context, status=status)


@page
def task_template(request: ActorRequest, key: str) -> HttpResponse:
    """Change a template into the organization's own version, or add one (`new`)."""
    require(request.actor, Permission.MANAGE_LOOKUPS)
    known = None if key == NEW else template_known(key)
    if key != NEW and known is None:
        raise NotFound("template")
    now = (
        {
            "title": known.title,
            "detail": known.detail,
            "due_days": known.due_days,
            "checklist": "\n".join(line.label for line in known.checklist),
        }
        if known
        else {"due_days": 7}
    )
    form, status = TaskTemplateForm(request.POST or None, initial=now), 200
    back = reverse("appeals:templates")
    if request.method == "POST":
        status = 422
        if form.is_valid():
            typed = dict(form.cleaned_data) | {"checklist": form.lines()}
            done, _row = attempt(
                lambda: save_task_template(
                    actor=request.actor, key="" if key == NEW else key, at=request.at, **typed
                ),
                form,
            )
            if done:
                messages.success(request, "The template is saved. Tasks opened before keep what they have.")
                return redirect(back)
    context = {
        "form": form,
        "title": "Change a task template" if known else "New task template",
        "action": "Save",
        "back_url": back,
        "meta": None,
        "breadcrumbs": [{"label": "Templates", "url": back}, {"label": "Task template", "url": ""}],
    }
    return render(request, "people/form.html", context, status=status)


@require_POST
@page
def task_template_retire(request: ActorRequest, key: str) -> HttpResponse:
    """Take a template out of the choices, or put it back (`back`)."""
    if "back" in request.POST:
        return_task_template(actor=request.actor, key=key, at=request.at)
        messages.success(request, "The template is offered again.")
    else:
        retire_task_template(actor=request.actor, key=key, at=request.at)
        messages.success(
            request, "The template is no longer offered. Tasks opened before keep what they have."
        )
    return redirect("appeals:templates")
