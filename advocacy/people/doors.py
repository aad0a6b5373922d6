"""Which door a request came through: the desk asks for a membership, the portal for an access. Neither opens the other."""

from __future__ import annotations

from django.http import HttpRequest

from advocacy.languages import PORTAL
from advocacy.people import queries
from advocacy.people.portal_access import resolve_portal


def resolve(request: HttpRequest) -> queries.Resolved:
    """The actor of this request, or nobody; see settings.ACTOR_RESOLVER."""
    return resolve_portal(request) if request.path.startswith(PORTAL) else queries.resolve(request)
