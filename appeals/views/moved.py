"""What moved a date: old and new side by side, why, and who is affected; and every date as it stood on a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from appeals.forms.desk import DayThen
from appeals.queries.as_known import known_dates
from appeals.queries.moved import moved_page
from appeals.views.casework import CaseRequest, case_page, show, today_for


@require_safe
@case_page()
def moved(request: CaseRequest, case: Any, deadline_id: UUID) -> HttpResponse:
    """The history of one date: every row it had, what differs, by whose act, and who was told of the old one."""
    page = moved_page(request.actor, case, deadline_id, today_for(request, case))
    return show(request, "appeals/moved.html", case, {"page": page}, here="What moved this date")


@require_safe
@case_page()
def dates_then(request: CaseRequest, case: Any) -> HttpResponse:
    """The dates of the case as they stood when a day was over (`on`; yesterday unless told, and never after today)."""
    day = today_for(request, case)
    asked = DayThen(request.GET)
    on = asked.cleaned_data["on"] if asked.is_valid() else None
    on = min(on or day.today - timedelta(days=1), day.today)
    shown = {
        "on": on,
        "wrong": not asked.is_valid(),
        "filters": DayThen(initial={"on": on}),
        "known": known_dates(request.actor, case, on, day),
    }
    return show(request, "appeals/dates_then.html", case, shown, here="The dates as they stood")
