"""The web admin site: Django's admin as the frame of the desk. Casework pages are mounted beside it, in the same frame."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest


class Desk(AdminSite):
    site_header = "Recourse"
    site_title = "Recourse"
    index_title = "Look-ups and configuration"

    def has_permission(self, request: HttpRequest) -> bool:
        """Whoever is a live member of an organization enters; what is there, the policies say."""
        return bool(request.user.is_active and getattr(request, "actor", None) is not None)


site = Desk(name="admin")


def frame(request: HttpRequest) -> dict[str, Any]:
    """What every page of the desk shows around its content."""
    actor = getattr(request, "actor", None)
    return {"actor": actor, "organization": getattr(request, "organization", None)}
