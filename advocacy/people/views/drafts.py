"""Words typed and not yet sent: kept every few seconds, listed, given up."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from advocacy import registries
from advocacy.people.drafts import discard_draft, save_draft
from advocacy.people.kept_forms import DESK, PATH, draft_key_of, typed_fields
from advocacy.people.offered import OFFERED
from advocacy.people.queries import drafts_of
from advocacy.web import ActorRequest, page, saw

TECHNICAL = frozenset({OFFERED, "expected_sha256", "id", "sha256", "shown", "version"})
"""Fields that a page sends along and nobody typed: kept with the form, not listed."""
_IN_A_ROW = re.compile(r"(?P<rows>\w+)-(?P<number>\d+)-(?P<field>\w+)")
_BY_KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
UNCHOSEN = {"received_evidence": ["none"]}
"""What stands in a field before anybody chooses."""


@page
def draft(request: ActorRequest) -> HttpResponse:
    """POST keeps what is typed (answers 204); GET lists what is kept for this person."""
    if request.method == "POST":
        save_draft(
            actor=request.actor, key=draft_key_of(request), fields=typed_fields(request), at=request.at
        )
        return HttpResponse(status=204)
    kept = drafts_of(request.actor)
    about: dict[str, Any] = {}
    for cases_of in registries.cases_of_forms:
        about |= cases_of(request.actor, [row.key for row in kept])
    for row in kept:
        row.case_reference = about[row.key].reference if row.key in about else ""  # type: ignore[attr-defined]
        path = row.key.removeprefix(PATH) if row.key.startswith(PATH) else ""
        row.form_url = path if path.startswith(DESK) else ""  # type: ignore[attr-defined]  # never javascript:
        row.shown = [  # type: ignore[attr-defined]
            (_in_words(name), said) for name, values in row.fields.items() if (said := _said(name, values))
        ]
    if kept:
        saw(request, "read_list", cases={case.pk for case in about.values()}, drafts=len(kept))
    context = {"drafts": kept, "breadcrumbs": [{"label": "Kept forms", "url": ""}]}
    return render(request, "people/drafts.html", context)


def _said(name: str, values: list[str]) -> list[str]:
    """What its author put into a field: neither the page's own machinery nor a choice nobody made."""
    field = name.rpartition("-")[2]
    if field in TECHNICAL or name.endswith("_FORMS") or UNCHOSEN.get(field) == values:
        return []
    return [value for value in values if value and not _BY_KEY.fullmatch(value)]


def _in_words(name: str) -> str:
    """The name of a field: "contacts-0-given_name" is "contacts 1, given name"; a key of a row is left out."""
    row = _IN_A_ROW.fullmatch(name)
    told = f"{row['rows']} {int(row['number']) + 1}, {row['field']}" if row else name
    return _BY_KEY.sub("", told).replace("_", " ").strip()


@require_POST
@page
def draft_discard(request: ActorRequest, draft_id: UUID) -> HttpResponseRedirect:
    """Give up what was kept of one form."""
    discard_draft(actor=request.actor, public_id=draft_id)
    return redirect(reverse("people:draft"))
