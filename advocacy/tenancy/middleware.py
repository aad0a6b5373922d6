"""Request -> organization -> scope -> the one transaction, rendering included.

Everything a request does, its template included, happens in one transaction in its organization's scope; rendering after
COMMIT would find empty lists and answer 200. An answer of 500 rolls all of it back; the answers 403, 404, 409 and 422 come
from commands that undid themselves to their savepoint, and what explains them is committed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from advocacy.tenancy.scope import Scope, scope_written, scoped_to

UNSCOPED_PREFIXES = ("/static/", "/health/")


class TenancyMiddleware:
    """Sets `request.actor` (or None), `request.organization` and `request.memberships`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.resolve = import_string(settings.ACTOR_RESOLVER)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(UNSCOPED_PREFIXES):
            return self.get_response(request)
        # The scope outlives the transaction by a moment, so that nothing is told to a database that is about to forget it.
        with ExitStack() as scope, transaction.atomic():
            resolved = self.resolve(request)
            actor = resolved.actor
            request.actor = actor  # type: ignore[attr-defined]
            request.organization = resolved.organization  # type: ignore[attr-defined]
            request.memberships = resolved.memberships  # type: ignore[attr-defined]
            if actor is not None:
                request_id = getattr(request, "request_id", "")
                told = Scope(actor.organization_id, actor.key, actor.label, request_id)
                scope.enter_context(
                    scope_written(told)
                    if resolved.settings_written
                    else scoped_to(
                        told.organization_id,
                        actor=told.actor,
                        actor_label=told.actor_label,
                        request_id=told.request_id,
                    )
                )
            response = self.get_response(request)
            if actor is not None:
                self._finish(response)
            if response.status_code >= 500:
                transaction.set_rollback(True)
        return response

    @staticmethod
    def _finish(response: HttpResponse) -> None:
        """A response that was made but not yet rendered is rendered here, inside the scope."""
        render = getattr(response, "render", None)
        if callable(render) and not getattr(response, "is_rendered", True):
            render()
