"""Who reads which figures' rows: published determinations are open to whoever reads figures of the organization."""

from __future__ import annotations

from django.db.models import Q

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, declare


def whole_organization(actor: Actor) -> Q:
    """All that was loaded for the organization."""
    return Q()


declare("reporting.ReferenceDetermination", see=Permission.SEE_FIGURES, rows=whole_organization)
