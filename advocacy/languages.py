"""Which language an answer is in: the desk speaks English, the portal English or Spanish.

In the portal the reader's own choice comes first, then the language of their access, then what the browser asks for. A
language that no person has reviewed yet says so on every page (`REVIEWED`).
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

PORTAL = "/portal/"
PORTAL_LANGUAGES = ("en", "es")
REVIEWED = frozenset({"en"})
SESSION_KEY = "portal_language"


def portal_language(request: HttpRequest) -> str:
    """ "en" or "es" for a request to the portal."""
    chosen = request.session.get(SESSION_KEY)
    if chosen in PORTAL_LANGUAGES:
        return str(chosen)
    return asked_for(request)


def asked_for(request: HttpRequest) -> str:
    """ "en" or "es", by what the browser asks for alone."""
    for wanted, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", "").lower()):
        if wanted.split("-")[0] in PORTAL_LANGUAGES:
            return wanted.split("-")[0]
    return "en"


class LanguageMiddleware:
    """Takes the place of Django's own, which would mix a half translated desk after the browser's wishes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = portal_language(request) if request.path.startswith(PORTAL) else "en-us"
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            # The page may have been rendered in a language chosen while it was made (signing in).
            response.headers.setdefault("Content-Language", translation.get_language() or language)
        return response
