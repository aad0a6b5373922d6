"""Which door a request came through: the desk asks for a membership, the portal for an access, the API for a token.

None opens another: a session is nothing at the API, and a token nothing anywhere else.
"""

from __future__ import annotations

from django.http import HttpRequest

from advocacy.languages import PORTAL
from advocacy.people import queries
from advocacy.people.machines import resolve_machine
from advocacy.people.portal_access import resolve_portal
from advocacy.problems import API


def resolve(request: HttpRequest) -> queries.Resolved:
    """The actor of this request, or nobody; see settings.ACTOR_RESOLVER."""
    if request.path.startswith(API):
        return resolve_machine(request)
    return resolve_portal(request) if request.path.startswith(PORTAL) else queries.resolve(request)
