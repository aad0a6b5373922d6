"""What the pages about people share: an attempt that keeps what was typed, and the way back to the patient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from advocacy.errors import Reason, Refused, WrongState
from advocacy.inputs import as_posted, put_reasons
from advocacy.people.queries import draft_of
from advocacy.web import ActorRequest, saw


def attempt(
    act: Callable[[], Any], form: BaseForm, rows: Mapping[str, BaseForm] | None = None
) -> tuple[bool, Any]:
    """Run a command, all or nothing. (True, its result), or (False, reasons) with each reason put on its field.

    NotFound, NotAllowed and WrongState of a row that moved on are answered by their pages; a stale version is shown here.
    """
    try:
        with transaction.atomic():
            return True, act()
    except Refused as refusal:
        put_reasons(form, refusal.reasons, rows)
        return False, refusal.reasons
    except WrongState as late:
        reasons = (Reason("changed_meanwhile", str(late)),)
        put_reasons(form, reasons)
        return False, reasons


def kept(request: ActorRequest, key: str) -> Any:
    """What this person typed into the form `key` and did not send, as posted data; None when there is nothing."""
    fields = draft_of(request.actor, key)
    return as_posted(fields) if fields else None


def show_form(
    request: ActorRequest,
    form: BaseForm,
    *,
    title: str,
    action: str,
    back: str,
    patient: Any = None,
    status: int = 200,
    template: str = "people/form.html",
    reads: tuple[int, ...] = (),
    **context: Any,
) -> HttpResponse:
    """A page with one form. `patient` (None before one is registered) names the breadcrumbs and the read event."""
    crumbs = []
    if patient is not None:
        crumbs.append(
            {"label": patient.reference, "url": reverse("people:patient", args=[patient.public_id])}
        )
        reads = (*reads, patient.pk)
    crumbs.append({"label": title, "url": ""})
    if reads:
        saw(request, "read_page", patients=reads)
    frame = {
        "form": form,
        "title": title,
        "action": action,
        "back_url": back,
        "patient": patient,
        "breadcrumbs": crumbs,
        "meta": [patient.called] if patient is not None else None,
    }
    return render(request, template, frame | context, status=status)
