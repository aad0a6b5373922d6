"""Words typed and not yet sent: kept every few seconds, listed, given up."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from advocacy.people.drafts import discard_draft, save_draft
from advocacy.people.kept_forms import DESK, PATH, draft_key_of, typed_fields
from advocacy.people.offered import OFFERED
from advocacy.people.queries import drafts_of
from advocacy.web import ActorRequest, page, saw


@page
def draft(request: ActorRequest) -> HttpResponse:
    """POST keeps what is typed (answers 204); GET lists what is kept for this person."""
    if request.method == "POST":
        save_draft(
            actor=request.actor, key=draft_key_of(request), fields=typed_fields(request), at=request.at
        )
        return HttpResponse(status=204)
    kept = drafts_of(request.actor)
    for row in kept:
        path = row.key.removeprefix(PATH) if row.key.startswith(PATH) else ""
        row.form_url = path if path.startswith(DESK) else ""  # type: ignore[attr-defined]  # never javascript:
        row.shown = [  # type: ignore[attr-defined]
            (name.replace("_", " "), values)
            for name, values in row.fields.items()
            if any(values) and name != OFFERED
        ]
    if kept:
        saw(request, "read_list", drafts=len(kept))
    context = {"drafts": kept, "breadcrumbs": [{"label": "Kept forms", "url": ""}]}
    return render(request, "people/drafts.html", context)


@require_POST
@page
def draft_discard(request: ActorRequest, draft_id: UUID) -> HttpResponseRedirect:
    """Give up what was kept of one form."""
    discard_draft(actor=request.actor, public_id=draft_id)
    return redirect(reverse("people:draft"))
