"""Where a machine gets its token: allauth's client-credential grant (RFC 6749, 4.4) and none of its others."""

from __future__ import annotations

import base64
import binascii
import json

from allauth.core import context, ratelimit
from allauth.idp.oidc.views import TokenView
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from advocacy.people.machines import note_token
from advocacy.problems import Problem

GRANT = "client_credentials"
_allauth = TokenView.as_view()


def token(request: HttpRequest) -> HttpResponse:
    """A token for an hour, for whoever has a machine's id and secret. Errors are those of RFC 6749, 5.2."""
    if request.method != "POST":
        raise Problem(405, "method_not_allowed", "This address takes POST.", headers={"Allow": "POST"})
    client = _client_of(request)
    with context.request_context(request):
        if not ratelimit.consume(request, action="machine_token", key=client):
            raise Problem(
                429, "too_often", "Too many tokens were asked for. Wait a minute; a token lasts an hour."
            )
        if request.POST.get("grant_type") != GRANT:
            return _explained(JsonResponse({"error": "unsupported_grant_type"}, status=400))
        with transaction.atomic():
            answer: HttpResponse = _allauth(request)
            if answer.status_code == 200 and not note_token(client):
                transaction.set_rollback(True)
                answer = JsonResponse({"error": "invalid_client"}, status=401)
    return _explained(answer)


WHY = {
    "invalid_client": "The id or the secret is wrong, or the access has ended or was revoked. Ask the organization's admin.",
    "invalid_scope": "The machine was not given all of these scopes. Leave scope out to get those it has.",
    "unsupported_grant_type": "Send grant_type=client_credentials as a form (application/x-www-form-urlencoded).",
}


def _explained(answer: HttpResponse) -> HttpResponse:
    """A refusal with `error_description`, and with the way to say who one is (RFC 6749, 5.2)."""
    if answer.status_code < 400:
        return answer
    told = json.loads(answer.content)
    told.setdefault(
        "error_description", WHY.get(told.get("error", ""), "The request is not one for a token.")
    )
    answer.content = json.dumps(told).encode()
    if answer.status_code == 401:
        answer.headers["WWW-Authenticate"] = 'Basic realm="Recourse"'
    return answer


def _client_of(request: HttpRequest) -> str:
    """Which client the request says it is, by Basic authentication or in the body."""
    scheme, _, given = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "basic":
        return str(request.POST.get("client_id", ""))[:100]
    try:
        said = base64.b64decode(given, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return said.partition(":")[0][:100]


urlpatterns = [path("token", token, name="token")]
