"""A fresh proof before what weighs most: who is at the keyboard now is whoever signed in, and still holds the second factor.

A view asks with `require_fresh` after it has asked for the permission, so that nobody else learns that there was anything to
ask for. Where the last proof is too old, the words of the form are kept, sealed under the person, their organization and the
address; the person proves themselves (advocacy/people/views/proof.py) and is led back to the very same form, with what was
typed in it (`typed`). Nothing is done for them in between: they look at the form and send it.

What counts as the proof, the account says: a code of the app, a recovery code or a passkey for whoever has a second factor;
the passphrase for whoever has none, which only an installation that requires none allows; signing in once more for whoever
has neither, since their organization signs them in.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from advocacy.people.drafts import LARGEST
from advocacy.people.kept_forms import typed_fields
from advocacy.people.refused_forms import SeeOther
from advocacy.tenancy.sealing import CannotOpen, seal_bytes, unseal_bytes

PROVEN = "proven_at"
"""Of a session: when the person last proved who they are, in seconds since 1970. Signing in is such a proof."""
MARK = "proven"
"""Of an address that is come back to: the form there shows what was typed before."""
KEPT_SECONDS = 3600


class ProofNeeded(Exception):
    """The last proof is too old for what was asked. Answered by a page that asks for one."""


def note_proof(request: HttpRequest) -> None:
    """The person has just proved who they are."""
    request.session[PROVEN] = time.time()


def is_fresh(request: HttpRequest) -> bool:
    """Whether the last proof in this browser is at most RECOURSE_STEP_UP_SECONDS old."""
    return 0 <= time.time() - request.session.get(PROVEN, 0) <= settings.STEP_UP_SECONDS


def require_fresh(request: HttpRequest) -> None:
    """Raises ProofNeeded unless the last proof is fresh. To be asked behind the permission and before the act."""
    if not is_fresh(request):
        raise ProofNeeded
    if request.method == "POST" and MARK in request.GET:
        cache.delete(_key(request))


def typed(request: HttpRequest) -> QueryDict | None:
    """What a form begins with: what was sent, or what was typed before a proof was asked for; None for an empty form."""
    if request.method == "POST":
        return request.POST or None
    return _kept(request) if MARK in request.GET else None


def way_back(request: HttpRequest) -> str:
    """Where to go after the proof: the address in `next`, if it is one of ours."""
    wanted = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else reverse("home")


class StepUpMiddleware:
    """Answers ProofNeeded: keeps what was typed and leads to the page that asks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        if not isinstance(problem, ProofNeeded):
            return None
        request.reads = []  # type: ignore[attr-defined]  # nothing is shown
        asked = request.GET.copy()
        if request.method == "POST":
            asked.pop(MARK, None)
            if _keep(request):
                asked[MARK] = "1"
        back = f"{request.path}?{asked.urlencode()}" if asked else request.path
        return SeeOther(f"{reverse('people:proof')}?{urlencode({'next': back})}")


def _context(request: HttpRequest) -> str:
    person = request.user.public_id  # type: ignore[union-attr]
    return f"form before a proof|{person}|{_organization(request)}|{request.path}"


def _key(request: HttpRequest) -> str:
    return f"step_up:{hashlib.sha256(_context(request).encode()).hexdigest()}"


def _organization(request: HttpRequest) -> int:
    return int(request.organization.pk)  # type: ignore[attr-defined]


def _keep(request: HttpRequest) -> bool:
    """Whether what was typed is kept: not where it is too long."""
    fields = typed_fields(request)
    if sum(len(v) for values in fields.values() for v in values) > LARGEST:
        return False
    plain = json.dumps(fields).encode()
    sealed = seal_bytes(plain, organization_id=_organization(request), context=_context(request))
    cache.set(_key(request), base64.b64encode(sealed).decode(), KEPT_SECONDS)
    return True


def _kept(request: HttpRequest) -> QueryDict | None:
    sealed = cache.get(_key(request))
    if sealed is None:
        return None
    try:
        plain = unseal_bytes(
            base64.b64decode(sealed), organization_id=_organization(request), context=_context(request)
        )
    except CannotOpen:
        return None
    fields: dict[str, list[str]] = json.loads(plain)
    words = QueryDict(mutable=True)
    for name, values in fields.items():
        words.setlist(name, values)
    return words


def initial_of(form: Any, words: QueryDict) -> dict[str, Any]:
    """`words` as the initial values of a form that shows no errors yet (a form of the admin, whose checking is the act)."""
    return {
        name: field.widget.value_from_datadict(words, {}, form.add_prefix(name))
        for name, field in form.fields.items()
        if not field.widget.value_omitted_from_data(words, {}, form.add_prefix(name))
    }
