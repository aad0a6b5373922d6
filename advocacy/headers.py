"""Headers that every answer carries, whichever door gave it: pages, the API, static files, errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

NOTHING: Final = "default-src 'none'; frame-ancestors 'none'"
"""The policy of what is no page (data, styles, pictures): shown by itself, it loads nothing and runs nothing."""
UNUSED: Final = (
    "camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), serial=(), usb=()"
)
"""What no page of ours asks a browser for. Photos of letters come from the phone's own file chooser."""


class HeadersMiddleware:
    """Pages bring the policy of `CONTENT_SECURITY_POLICY` with them; what brings none may load nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self.get_response(request)
        answer.headers.setdefault("Content-Security-Policy", NOTHING)
        answer.headers.setdefault("Permissions-Policy", UNUSED)
        return answer
