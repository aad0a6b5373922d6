"""Where an organization's admin says by whom its people are signed in."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.mail import link_to
from advocacy.people import providers as commands
from advocacy.people.forms import ProviderForm
from advocacy.people.queries import provider_of_session
from advocacy.people.step_up import require_fresh, typed
from advocacy.people.views.steps import attempt, show_form
from advocacy.web import ActorRequest, page


@sensitive_post_parameters("client_secret")
@page
def sign_in_provider(request: ActorRequest) -> HttpResponse:
    """Name the provider, change it, or take it back. The secret that is kept is never shown."""
    require(request.actor, Permission.MANAGE_SIGN_IN)
    here = reverse("people:sign_in_provider")
    row = commands.provider_in_use(request.actor)
    if request.method == "POST" and "retire" in request.POST:
        if row is not None and row.is_only_way:  # passphrases open everything again: that gives access
            require_fresh(request)
        commands.retire_provider(actor=request.actor, at=request.at)
        messages.success(request, "It lets nobody in any more. Whoever came in by it has to sign in again.")
        return redirect("home" if provider_of_session(request) else here)
    words = typed(request)
    if words is not None and "retire" in words:  # come back from the proof that taking it back asked for
        words = None
    form, status = ProviderForm(words, initial=ProviderForm.of(row)), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            require_fresh(request)
            said = form.cleaned_data
            done, _row = attempt(
                lambda: commands.set_provider(
                    actor=request.actor,
                    came_by=provider_of_session(request),
                    at=request.at,
                    **said | {"domains": said["domains"].split(), "strong_acr": said["strong_acr"].split()},
                ),
                form,
            )
            if done:
                messages.success(request, "Saved. Your other admins are told by mail.")
                return redirect(here)
    return show_form(
        request,
        form,
        title="Own sign-in",
        action="Save",
        back=reverse("admin:people_membership_changelist"),
        status=status,
        template="people/provider.html",
        row=row,
        redirect_uri=link_to(reverse("sso_callback", args=[row.public_id])) if row else "",
    )
