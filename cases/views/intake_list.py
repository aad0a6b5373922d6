"""Inquiries as a list: by state, by owner, by name; and handing one over to a colleague."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.people.drafts import save_search
from advocacy.people.queries import searched_words
from advocacy.web import ActorRequest, page, paged, saw
from cases.commands.intake import hand_over_inquiry
from cases.forms.intake import HandOverForm, InquiryFilters, InquiryNameForm
from cases.queries.intake import MOST_FOUND, NOBODY, get_inquiry, inquiries, name_of, takers
from cases.views.casework import attempt
from cases.views.intake import crumbs_of, saw_inquiry

SIZE = 50
TABS = (("open", "Being taken in"), ("declined", "Declined"), ("opened", "Became a case"))


@require_safe
@page
def intake(request: ActorRequest) -> HttpResponse:
    """Inquiries by state, newest first; of one owner or of nobody (`?owner=`), and those that a kept search finds (`?found=`)."""
    actor = request.actor
    require(actor, Permission.OPEN_CASE)
    members = takers(actor)
    filters = InquiryFilters(request.GET, owners=_owners(actor, members))
    kept = filters.cleaned_data if filters.is_valid() else {"state": "open", "owner": "", "found": ""}
    called = searched_words(request.actor, kept["found"], "q")
    listed = paged(
        inquiries(actor, kept["state"], owner=_owner(actor, members, kept["owner"]), called=called),
        after=request.GET.get("after"),
        newest=True,
        size=SIZE,
    )
    saw(
        request,
        "read_search" if called else "read_list",
        patients=[row.patient_id for row in listed.rows if row.patient_id],
        cases=[row.case_id for row in listed.rows if row.case_id],
        inquiries=len(listed.rows),
    )
    for row in listed.rows:
        row.name = name_of(row)
    context = {
        "rows": listed.rows,
        "tabs": [
            {"label": label, "url": _address(kept | {"state": key}), "current": key == kept["state"]}
            for key, label in TABS
        ],
        "filters": filters,
        "clear_url": _address({"state": kept["state"]}) if kept["owner"] or called else "",
        "name_form": InquiryNameForm(initial={"q": called}),
        "find_url": _address(kept, "cases:inquiry_find"),
        "called": called,
        "most": MOST_FOUND,
        "me": actor.membership_id,
        "next_url": _address(kept | {"after": listed.next_after}) if listed.next_after else "",
        "first_url": "" if listed.first else _address(kept),
        "breadcrumbs": [{"label": "Intake", "url": ""}],
    }
    return render(request, "cases/intake_list.html", context)


@require_POST
@page
def inquiry_find(request: ActorRequest) -> HttpResponse:
    """Look for a name; what was looked for is kept under a key of its own, so that no address holds it."""
    require(request.actor, Permission.OPEN_CASE)
    form = InquiryNameForm(request.POST)
    filters = InquiryFilters(request.GET, owners=_owners(request.actor, takers(request.actor)))
    kept = dict(filters.cleaned_data) if filters.is_valid() else {}
    kept["found"] = ""
    if form.is_valid():
        search = save_search(actor=request.actor, query={"q": form.cleaned_data["q"]}, at=request.at)
        kept["found"] = str(search.public_id)
    return redirect(_address(kept))


@page
def inquiry_hand_over(request: ActorRequest, inquiry_id: UUID) -> HttpResponse:
    """Give it to a colleague, take it over, or leave it to nobody."""
    row: Any = get_inquiry(request.actor, inquiry_id)
    saw_inquiry(request, row)
    members = takers(request.actor)
    by_key = {str(m.public_id): m for m in members}
    initial = {"owner": str(row.owner.public_id) if row.owner else ""}
    form = HandOverForm(request.POST or None, owners=_named(request.actor, members), initial=initial)
    outcome = attempt(
        request,
        form,
        lambda typed: hand_over_inquiry(
            actor=request.actor,
            inquiry=row,
            owner=by_key[str(typed["owner"])] if typed["owner"] else None,
            at=request.at,
        ),
    )
    if outcome.done:
        now = outcome.result.owner
        messages.success(
            request, f"{now.user} goes on with this inquiry." if now else "The inquiry waits for somebody."
        )
        return redirect("cases:inquiry", row.public_id)
    row.name = name_of(row)
    context = {
        "form": form,
        "row": row,
        "problem": outcome.problem,
        "back_url": reverse("cases:inquiry", args=[row.public_id]),
        "breadcrumbs": crumbs_of(row, "Hand over"),
    }
    return render(request, "cases/inquiry_hand_over.html", context, status=outcome.status)


def _named(actor: Any, members: list[Any]) -> list[tuple[str, str]]:
    return [
        (str(m.public_id), f"{m.user} (me)" if m.pk == actor.membership_id else str(m.user)) for m in members
    ]


def _owners(actor: Any, members: list[Any]) -> list[tuple[str, str]]:
    return [("", "Anybody"), ("mine", "Mine"), ("none", "Nobody"), *_named(actor, members)]


def _owner(actor: Any, members: list[Any], key: str) -> int | None:
    """The membership that the filter names, NOBODY, or None for all."""
    special = {"": None, "mine": actor.membership_id, "none": NOBODY}
    if key in special:
        return special[key]
    return next(m.pk for m in members if str(m.public_id) == key)


def _address(kept: dict[str, Any], name: str = "cases:intake") -> str:
    query = urlencode({key: value for key, value in kept.items() if value})
    return reverse(name) + (f"?{query}" if query else "")
