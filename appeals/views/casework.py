"""What the pages of the contest share beyond those of any case: who may do what on it, and a page with one form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from advocacy.access.permissions import Permission
from advocacy.errors import NotAllowed
from advocacy.web import page
from appeals.queries.case_page import get_case
from appeals.queries.clocks import Day, day_at
from appeals.queries.standing import permissions_on
from cases.views.casework import Outcome, View
from cases.views.casework import show as show_case


def case_page(needs: Permission | None = None) -> Callable[[View], View]:
    """A desk page of one case. The view gets `(request, case, ...)`; `needs` is asked before anything is shown (403).

    `request.may` holds what the actor may do to this case. While the view runs, days and times are those of the patient's
    zone: a letter is received where the patient lives.
    """

    def dressed(view: View) -> View:
        @wraps(view)
        def opened(request: HttpRequest, case_id: UUID, **rest: Any) -> HttpResponse:
            case = get_case(request.actor, case_id)  # type: ignore[attr-defined]
            request.may = permissions_on(request.actor, case)  # type: ignore[attr-defined]
            if needs is not None and needs not in request.may:  # type: ignore[attr-defined]
                raise NotAllowed(needs)
            with timezone.override(ZoneInfo(case.patient.time_zone)):
                return view(request, case, **rest)

        return page(opened)

    return dressed


def today_for(request: HttpRequest, case: Any) -> Day:
    """The moment of the request and the day it is where the patient is."""
    return day_at(request.at, case.patient.time_zone)  # type: ignore[attr-defined]


def show(
    request: HttpRequest,
    template: str,
    case: Any,
    context: Mapping[str, Any],
    *,
    here: str,
    status: int = 200,
    trail: tuple[tuple[str, str], ...] = (),
) -> HttpResponse:
    """Render a page of `case` and leave its read event; `may` in the template holds permission names (FILE_APPEAL)."""
    may = {p.name for p in request.may}  # type: ignore[attr-defined]
    return show_case(
        request, template, case, {"may": may} | dict(context), here=here, status=status, trail=trail
    )


def show_step(
    request: HttpRequest,
    case: Any,
    form: BaseForm,
    outcome: Outcome,
    *,
    here: str,
    action: str,
    back: str,
    trail: tuple[tuple[str, str], ...] = (),
    text: str = "",
    effects: tuple[str, ...] = (),
    tone: str = "",
    extra: Mapping[str, Any] | None = None,
    template: str = "appeals/step.html",
) -> HttpResponse:
    """A page with one form and one button. `effects` say before the press what will follow from it."""
    context = {
        "form": form,
        "problem": outcome.problem,
        "action": action,
        "back_url": back,
        "text": text,
        "effects": effects,
        "tone": tone,
    }
    return show(
        request,
        template,
        case,
        context | dict(extra or {}),
        here=here,
        status=outcome.status,
        trail=trail,
    )
