"""The page that asks for a fresh proof, before what weighs most (advocacy/people/step_up.py)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from allauth.account.forms import ReauthenticateForm as PassphraseForm
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.core import ratelimit
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import ReauthenticateWebAuthnForm
from allauth.mfa.webauthn.internal import auth as passkeys
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from advocacy.audit.trail import record
from advocacy.people.models import Membership
from advocacy.people.sign_in_form import ProofCodeForm
from advocacy.people.step_up import MARK, note_proof, way_back
from advocacy.web import ActorRequest, error_page, page

CODES = {Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES}


@sensitive_post_parameters("password", "code")
@page
def proof(request: ActorRequest) -> HttpResponse:
    """Type a code, touch a key, or type the passphrase where there is no second factor; then back to where one was."""
    user: Any = request.user
    factors = {
        Authenticator.Type(t) for t in Authenticator.objects.filter(user=user).values_list("type", flat=True)
    }
    code_form = ProofCodeForm(user=user) if factors & CODES else None
    key_form = ReauthenticateWebAuthnForm(user=user) if Authenticator.Type.WEBAUTHN in factors else None
    words_form = PassphraseForm(user=user) if not factors and user.has_usable_password() else None
    status, sent = 200, None
    if request.method == "POST":
        if not ratelimit.consume(request, action="reauthenticate", user=user):
            return error_page(request, 429)
        status = 422
        if key_form is not None and "credential" in request.POST:
            sent = key_form = ReauthenticateWebAuthnForm(user=user, data=request.POST)
        elif code_form is not None:
            sent = code_form = ProofCodeForm(user=user, data=request.POST)
        elif words_form is not None:
            sent = words_form = PassphraseForm(user=user, data=request.POST)
        if sent is not None and sent.is_valid():
            if sent is words_form:
                reauthenticate_by_password(request)
            else:
                sent.save()
            return _back(request)
    context = {
        "form": code_form or words_form,
        "key_form": key_form,
        "key_problem": key_form is not None and sent is key_form,
        "js_data": {"request_options": passkeys.begin_authentication(user)} if key_form else None,
        "way": "code" if code_form else "passphrase",
        "back_url": way_back(request),
        "kept": f"{MARK}=1" in way_back(request),
        "again_url": f"{reverse('sso')}?{urlencode({'next': way_back(request)})}",
        "breadcrumbs": [{"label": "Confirm that it is you", "url": ""}],
    }
    return render(request, "people/proof.html", context, status=status)


def _back(request: ActorRequest) -> HttpResponse:
    note_proof(request)
    back = way_back(request)
    if request.actor.membership_id is not None:
        record("proved_again", subject=Membership(pk=request.actor.membership_id))
    if f"{MARK}=1" in back:
        messages.info(request, "Thank you. Nothing was done yet: look at what you typed, then send it.")
    return HttpResponseRedirect(back)
