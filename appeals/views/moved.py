"""What moved a date: old and new side by side, why, and who is affected."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from appeals.queries.moved import moved_page
from appeals.views.casework import CaseRequest, case_page, show, today_for


@require_safe
@case_page()
def moved(request: CaseRequest, case: Any, deadline_id: UUID) -> HttpResponse:
    """The history of one date: every row it had, what differs, by whose act, and who was told of the old one."""
    page = moved_page(request.actor, case, deadline_id, today_for(request, case))
    return show(request, "appeals/moved.html", case, {"page": page}, here="What moved this date")
