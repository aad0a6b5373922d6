"""What every page of a case shares: the case is found or 404, times are the patient's, a refusal keeps what was typed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.errors import Refused, WrongState
from advocacy.people.drafts import end_draft
from advocacy.people.places import zone_name
from advocacy.people.queries import draft_of
from advocacy.web import ActorRequest, page, saw
from cases.forms.documents import TOO_LARGE
from cases.forms.inputs import put_reasons
from cases.queries.registration import get_case, may_here
from cases.vault import TooLarge

View = Callable[..., HttpResponse]


def case_page(needs: Permission | None = None) -> Callable[[View], View]:
    """A desk page of one case. The view gets `(request, case, ...)`; `needs` is asked before anything is shown (403).

    While the view runs, days and times are those of the patient's zone: a letter is received where the patient lives.
    """

    def dressed(view: View) -> View:
        @wraps(view)
        def opened(request: ActorRequest, case_id: UUID, **rest: Any) -> HttpResponse:
            case = get_case(request.actor, case_id)
            if needs is not None:
                require(request.actor, needs, case)
            with timezone.override(ZoneInfo(case.patient.time_zone)):
                return view(request, case, **rest)

        return page(opened)

    return dressed


def show(
    request: ActorRequest,
    template: str,
    case: Any,
    context: Mapping[str, Any],
    *,
    here: str,
    status: int = 200,
    trail: tuple[tuple[str, str], ...] = (),
) -> HttpResponse:
    """Render a page of `case` and leave its read event. `here` names the page; `trail` are (label, url) above it."""
    saw(request, "read_page", cases=[case.pk], patients=[case.patient_id])
    crumbs = [{"label": case.reference, "url": reverse("appeals:case", args=[case.public_id])}]
    crumbs += [{"label": label, "url": url} for label, url in trail]
    crumbs.append({"label": here, "url": ""})
    frame = {
        "case": case,
        "breadcrumbs": crumbs,
        "case_meta": [case.patient.called, str(case.coverage.payer), case.get_treatment_display()],
        "here": here,
        "zone": zone_name(case.patient.time_zone),
        "kept": request.method == "GET" and getattr(request, "words_kept", False),
    }
    if case.status != "closed" and may_here(request.actor, Permission.WRITE_NOTE, case):
        frame["call_note_url"] = reverse("cases:call_new", args=[case.public_id])
    return render(request, template, frame | dict(context), status=status)


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended. Not done: `status` and, for a state that has moved on, `problem` in words."""

    done: bool
    result: Any = None
    status: int = 200
    problem: str = ""


def attempt(
    request: ActorRequest, form: BaseForm, act: Callable[[Mapping[str, Any]], Any], *others: Any
) -> Outcome:
    """Run `act` with what was typed, all or nothing. Nothing is sent by a GET; a refusal lands on its fields.

    `others` are formsets or forms that have to be valid too. NotAllowed and NotFound pass through to their pages.
    """
    if request.method != "POST":
        return Outcome(False)
    if not all([form.is_valid(), *(other.is_valid() for other in others)]):
        too_large = any(form.has_error(name, TOO_LARGE) for name in form.fields)
        return Outcome(False, status=413 if too_large else 422)
    try:
        with transaction.atomic():
            return Outcome(True, act(form.cleaned_data))
    except Refused as refusal:
        put_reasons(form, refusal.reasons)
        return Outcome(False, status=413 if isinstance(refusal, TooLarge) else 422)
    except WrongState as late:
        return Outcome(False, status=409, problem=str(late))


def draft_key(request: ActorRequest) -> str:
    """The name this page's form is kept under: its address."""
    return f"path:{request.path}"[:120]


def typed_before(request: ActorRequest, lists: Collection[str] = ()) -> dict[str, Any]:
    """What this person typed into the form of this page and did not send, as initial values. The page says so (`show`).
    `lists` are fields of several values.
    """
    draft = draft_of(request.actor, draft_key(request)) or {}
    request.words_kept = any(any(values) for values in draft.values())  # type: ignore[attr-defined]
    return {
        name: list(values) if name in lists else values[-1]
        for name, values in draft.items()
        if values and name != "version"
    }


def done(request: ActorRequest, said: str, name: str, *args: Any) -> HttpResponse:
    """Say what was done (no patient data), forget the draft of this page, and go to the named page."""
    end_draft(actor=request.actor, key=draft_key(request))
    messages.success(request, said)
    return redirect(reverse(name, args=args))
