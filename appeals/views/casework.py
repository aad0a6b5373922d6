"""What the pages of the contest share beyond those of any case: who may do what on it, and a page with one form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.forms import BaseForm, DateTimeField
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from advocacy.access.permissions import Permission
from advocacy.errors import NotAllowed
from advocacy.people.drafts import save_draft
from advocacy.people.kept_forms import typed_fields
from advocacy.people.offered import OFFERED, offered_by, packed, typed_in
from advocacy.people.queries import draft_of
from advocacy.web import ActorRequest, page
from appeals.queries.case_page import get_case
from appeals.queries.clocks import Day, day_at
from appeals.queries.standing import permissions_on
from cases.views.casework import Outcome, View, draft_key
from cases.views.casework import show as show_case


class CaseRequest(ActorRequest):
    """A request about one case: `may` is what the actor may do to it."""

    may: frozenset[Permission]


# A page's own machinery, which must come from the page as it is now and never from what was kept.
NEVER_KEPT = frozenset({"version", "expected_sha256", "shown"})
# Sent by a page that was made before its letter was read: nobody saw what the letter proposes.
UNREAD = "unread"


def bring_back(
    request: CaseRequest, form: BaseForm, lists: frozenset[str] = frozenset(), also: tuple[BaseForm, ...] = ()
) -> dict[str, Any]:
    """Put what this person typed here before and did not send into a form that is shown afresh, and into those `also` on it.

    Answers with what the page's template needs: `kept` (whether there was any), `draft_key` and `offered_then`. A field that
    nobody typed in holds what the form offers now (`advocacy/people/offered.py`). `lists` are the fields of which several
    values count. A form that was sent keeps what was sent.
    """
    names: dict[str, Any] = {
        "kept": False,
        "draft_key": draft_key(request),
        OFFERED: request.POST.get(OFFERED, ""),
    }
    if form.is_bound:
        return names
    words = draft_of(request.actor, draft_key(request)) or {}
    offered: dict[str, str] = {}
    for each in (form, *also):
        offered |= offered_by(each, lists)
        typed, any_typed = typed_in(each, words, lists=lists, never=NEVER_KEPT)
        each.initial = {**each.initial, **typed}
        names["kept"] = names["kept"] or any_typed
    return names | {OFFERED: packed(offered)}


def look_again(request: CaseRequest, address: str) -> HttpResponse:
    """Keep what is typed as this person's draft of the page, and show the page as it is now.

    Raises Refused for a text longer than any form of ours takes.
    """
    save_draft(actor=request.actor, key=draft_key(request), fields=typed_fields(request), at=request.at)
    return redirect(address)


def case_page(needs: Permission | None = None) -> Callable[[View], View]:
    """A desk page of one case. The view gets `(request, case, ...)`; `needs` is asked before anything is shown (403).

    `request.may` holds what the actor may do to this case. While the view runs, days and times are those of the patient's
    zone: a letter is received where the patient lives.
    """

    def dressed(view: View) -> View:
        @wraps(view)
        def opened(request: CaseRequest, case_id: UUID, **rest: Any) -> HttpResponse:
            case = get_case(request.actor, case_id)
            request.may = permissions_on(request.actor, case)
            if needs is not None and needs not in request.may:
                raise NotAllowed(needs)
            with timezone.override(ZoneInfo(case.patient.time_zone)):
                return view(request, case, **rest)

        return page(opened)

    return dressed


def today_for(request: CaseRequest, case: Any) -> Day:
    """The moment of the request and the day it is where the patient is."""
    return day_at(request.at, case.patient.time_zone)


def show(
    request: CaseRequest,
    template: str,
    case: Any,
    context: Mapping[str, Any],
    *,
    here: str,
    status: int = 200,
    trail: tuple[tuple[str, str], ...] = (),
) -> HttpResponse:
    """Render a page of `case` and leave its read event; `may` in the template holds permission names (FILE_APPEAL)."""
    may = {p.name for p in request.may}
    return show_case(
        request, template, case, {"may": may} | dict(context), here=here, status=status, trail=trail
    )


def show_step(
    request: CaseRequest,
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
    lists: frozenset[str] = frozenset(),
    names: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """A page with one form and one button. `effects` say before the press what will follow from it; `lists` as in
    `bring_back`, whose answer is `names` where the page has asked it already.
    """
    context = {
        **(bring_back(request, form, lists) if names is None else names),
        "form": form,
        "problem": outcome.problem,
        "action": action,
        "back_url": back,
        "text": text,
        "effects": effects,
        "tone": tone,
        "has_times": any(isinstance(field, DateTimeField) for field in form.fields.values()),
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
