"""Inviting a colleague, and what the invited person sees.

The accept page is public: whoever opens the link has no account here yet. What it shows are the organization's name and
the roles; every link that opens nothing looks the same, and attempts are counted by address.
"""

from __future__ import annotations

from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.account.utils import perform_login
from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.people import invitations as commands
from advocacy.people.forms import AcceptForm, InvitationForm
from advocacy.people.invitations import Offer, Sent, titles_of
from advocacy.people.queries import (
    SESSION_KEY,
    end_of_day,
    get_invitation,
    invitations_open,
    teams_of_organization,
)
from advocacy.people.step_up import require_fresh, typed
from advocacy.people.views.steps import attempt
from advocacy.tenancy.sealing import digest
from advocacy.web import ActorRequest, error_page, page, paged
from advocacy.words import notice_sentence

ATTEMPTS, SECONDS = 30, 300


@require_safe
@page
def invitations(request: ActorRequest) -> HttpResponse:
    """Open invitations, newest first."""
    require(request.actor, Permission.MANAGE_MEMBERS)
    listed = paged(invitations_open(request.actor), after=request.GET.get("after"), newest=True)
    rows = [
        {"row": row, "roles": titles_of(row.roles), "expired": row.expires_at <= request.at}
        for row in listed.rows
    ]
    context = {
        "rows": rows,
        "next_url": f"?after={listed.next_after}" if listed.next_after else "",
        "breadcrumbs": [
            {"label": "Members", "url": reverse("admin:people_membership_changelist")},
            {"label": "Invitations", "url": ""},
        ],
    }
    with timezone.override(request.organization.time_zone):
        return render(request, "people/invitations.html", context)


@page
def invitation_new(request: ActorRequest) -> HttpResponse:
    """Invite somebody by mail."""
    require(request.actor, Permission.MANAGE_MEMBERS)
    form, status = InvitationForm(typed(request), teams=teams_of_organization()), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            require_fresh(request)
            said = dict(form.cleaned_data)
            until = end_of_day(request.organization, said.pop("last_day"))
            done, sent = attempt(
                lambda: commands.invite_member(actor=request.actor, until=until, at=request.at, **said), form
            )
            if done:
                _say(request, sent)
                return redirect("people:invitations")
    context = {
        "form": form,
        "title": "Invite a colleague",
        "action": "Send invitation",
        "back_url": reverse("people:invitations"),
        "meta": None,
        "breadcrumbs": [
            {"label": "Members", "url": reverse("admin:people_membership_changelist")},
            {"label": "Invite a colleague", "url": ""},
        ],
    }
    return render(request, "people/form.html", context, status=status)


@require_POST
@page
def invitation_resend(request: ActorRequest, invitation_id: UUID) -> HttpResponse:
    """A new link; the old one is dead."""
    invitation = get_invitation(request.actor, invitation_id)
    sent = commands.resend_invitation(actor=request.actor, invitation=invitation, at=request.at)
    _say(request, sent)
    return redirect("people:invitations")


@require_POST
@page
def invitation_revoke(request: ActorRequest, invitation_id: UUID) -> HttpResponse:
    """The link opens nothing any more."""
    invitation = get_invitation(request.actor, invitation_id)
    commands.revoke_invitation(actor=request.actor, invitation=invitation, at=request.at)
    messages.success(request, "The invitation is revoked: its link opens nothing any more.")
    return redirect("people:invitations")


def _say(request: HttpRequest, sent: Sent) -> None:
    if sent.mailed:
        messages.success(request, "The invitation is sent. Its link works once, for seven days.")
    else:
        messages.warning(
            request, "The invitation is kept, but the mail server did not take the mail. Send it again later."
        )


@sensitive_post_parameters("password1", "password2")
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """What the invited person sees: who invites them and as what; they make an account, or say yes with their own."""
    if _too_often(request):
        return error_page(request, 429)
    at = timezone.now()
    offer = commands.offer_of(token, at)
    if offer is None:
        return _no_referrer(
            render(request, "people/invitation_gone.html", {"notice_sentence": notice_sentence()}, status=404)
        )
    user = request.user
    if user.is_authenticated:
        mine = user.email.lower() == offer.email
        if mine and request.method == "POST":
            commands.accept_as_known(offer=offer, user=user, at=at)
            request.session[SESSION_KEY] = str(offer.organization_public_id)
            messages.success(request, f"You now work in {offer.organization_name}.")
            return redirect("home")
        return _shown(request, offer, "join" if mine else "other")
    if offer.has_account:
        return _shown(request, offer, "sign_in", next=request.path)
    form, status = AcceptForm(request.POST or None, initial={"name": offer.name}), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            said = form.cleaned_data
            done, member = attempt(
                lambda: commands.accept_as_new(
                    offer=offer,
                    name=said["name"],
                    passphrase=said["password1"],
                    again=said["password2"],
                    at=at,
                ),
                form,
            )
            if done:
                # The link proved the address, the passphrase was chosen a moment ago: nothing has to be typed again.
                messages.success(request, "Your account is ready.")
                entered = perform_login(request, member.user, redirect_url=reverse("home"))
                request.session[SESSION_KEY] = str(offer.organization_public_id)
                return entered
    return _shown(request, offer, "new", status=status, form=form)


def _shown(request: HttpRequest, offer: Offer, how: str, status: int = 200, **more: object) -> HttpResponse:
    context = {
        "how": how,
        "offer": offer,
        "roles": titles_of(offer.roles),
        "notice_sentence": notice_sentence(),
    }
    return _no_referrer(render(request, "people/invitation.html", context | more, status=status))


def _no_referrer(answer: HttpResponse) -> HttpResponse:
    """The address is the secret: it is told to no page that a link leads to."""
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _too_often(request: HttpRequest) -> bool:
    """Whether one address has opened more links than anybody needs; the count is kept for some minutes."""
    key = f"invitation:{digest(get_adapter().get_client_ip(request).encode())}"
    cache.add(key, 0, SECONDS)
    try:
        return bool(cache.incr(key) > ATTEMPTS)
    except ValueError:  # it ran out between the two
        return False
