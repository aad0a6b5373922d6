"""What the installation publishes to everybody: the public keys that its trail is sealed with."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from advocacy.audit.keys import published


@require_safe
def seal_keys(request: HttpRequest) -> JsonResponse:
    """The list that verifier.py takes with --keys. Keep a copy of it elsewhere: a list fetched later proves less."""
    return JsonResponse({"keys": published(settings.KEYS)})
