"""The log at the desk: every contact of a case in both directions, logging anything, correcting an entry, what came with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from advocacy.access.permissions import Permission
from advocacy.inputs import without_errors
from advocacy.people.drafts import save_search
from advocacy.people.queries import searched_words
from advocacy.web import ActorRequest, paged
from cases.commands.benefits import LOGGED_FOR
from cases.commands.cases import must_be_open
from cases.commands.communications import TO_LOG, Upload, correct_communication, log_communication
from cases.forms.inputs import Choices
from cases.forms.log import CorrectForm, LogFilters, LogForm, ReferenceForm
from cases.queries.documents import documents_by_public_id, documents_of
from cases.queries.messages import attachments_of
from cases.queries.registration import may_here
from cases.queries.ways import PURPOSES, ways_of_letters, ways_to_payer
from cases.queries.work import communications_of, corrected_by, get_communication, promises_missed
from cases.views.casework import Outcome, attempt, case_page, done, draft_key, show, typed_before
from cases.views.ways import filled, picked_way, shown_ways

WRITE = Permission.WRITE_NOTE
SIZE = 25
MOST_OFFERED = 50
"""How many documents a form offers to attach, newest first."""


@require_safe
@case_page()
def communications(request: ActorRequest, case: Any) -> HttpResponse:
    """The log of a case, last logged first; on its first page the promises that were not kept.

    The address holds codes of the filter, and for a looked-up reference number the key of that search.
    """
    filters = LogFilters(request.GET)
    wanted = (
        {name: value for name, value in filters.cleaned_data.items() if value} if filters.is_valid() else {}
    )
    reference = searched_words(request.actor, request.GET.get("found", ""), "reference")
    listed = paged(
        communications_of(request.actor, case, reference=reference, **wanted),
        after=request.GET.get("after"),
        newest=True,
        size=SIZE,
    )
    plain = not wanted and not reference
    today = timezone.localdate(request.at)
    keep = request.GET.copy()
    keep["after"] = listed.next_after or ""
    here = reverse("cases:communications", args=[case.public_id])
    context = {
        "rows": _rows(request, case, listed.rows),
        "missed": promises_missed(request.actor, case, today) if listed.first and plain else [],
        "today": today,
        "next_url": f"?{keep.urlencode()}" if listed.next_after else "",
        "filters": filters,
        "clear_url": "" if plain else here,
        "reference": ReferenceForm(),
        "found": reference,
        "plain": plain,
        "may_write": may_here(request.actor, WRITE, case),
        "actions": _actions(request, case),
    }
    return show(request, "cases/call_list.html", case, context, here="Log")


@require_POST
@case_page()
def communication_find(request: ActorRequest, case: Any) -> HttpResponse:
    """Look a reference number up in the log of this case; what was looked for is kept under a key of its own."""
    form = ReferenceForm(request.POST)
    url = reverse("cases:communications", args=[case.public_id])
    if not form.is_valid():
        return redirect(url)
    query = {"reference": form.cleaned_data["reference_number"]}
    search = save_search(actor=request.actor, query=query, at=request.at)
    return redirect(f"{url}?found={search.public_id}")


@require_safe
@case_page()
def communication(request: ActorRequest, case: Any, communication_id: UUID) -> HttpResponse:
    """One entry with everything that came with it, what it corrected, and what corrected it."""
    entry = get_communication(request.actor, case, communication_id)
    after = corrected_by(request.actor, entry)
    may = may_here(request.actor, WRITE, case)
    correctable = may and after is None and not entry.source and entry.channel != "message"
    actions = []
    if correctable:
        url = reverse("cases:communication_correct", args=[case.public_id, entry.public_id])
        actions.append({"label": "Correct this entry", "kind": "quiet", "url": url})
    if entry.channel == "message":
        url = reverse("cases:messages", args=[case.public_id])
        actions.append({"label": "All messages", "kind": "main", "url": url})
    context = {
        "row": _rows(request, case, [entry])[0],
        "entry": entry,
        "after": after,
        "actions": actions,
    }
    return show(request, "cases/communication.html", case, context, here="Entry", trail=_log(case))


@case_page(WRITE)
def communication_new(request: ActorRequest, case: Any) -> HttpResponse:
    """Log anything: a letter, a fax, a meeting, with its documents in the same step. `?channel=` chooses the way beforehand."""
    if request.method != "POST":
        must_be_open(case, TO_LOG)
    usual = {
        "channel": request.GET.get("channel", "mail"),
        "direction": "in",
        "party": "payer",
        "happened_at": timezone.localtime(request.at).replace(second=0, microsecond=0),
    }
    ways = ways_to_payer(
        request.actor,
        case,
        purposes=PURPOSES,
        channels=["fax", "mail", "portal", "email"],
        letters=ways_of_letters(case),
    )
    picked = picked_way(request, ways)
    to_payer = (
        {"channel": picked.channel, "address": picked.address, "party": "payer", "direction": "out"}
        if picked
        else {}
    )
    form = LogForm(
        filled(request, picked, **to_payer),
        request.FILES or None,
        documents=offered(request, case),
        initial=usual | typed_before(request),
    )

    def act(typed: Mapping[str, Any]) -> Any:
        return log_communication(
            actor=request.actor,
            case=case,
            attachments=documents_by_public_id(request.actor, case, typed.get("attachments") or []),
            upload=uploaded(typed),
            at=request.at,
            **{name: typed[name] for name in LogForm.TOLD},
        )

    if picked is None:
        outcome = attempt(request, form, act)
    else:
        without_errors(form)
        outcome = Outcome(False)
    if outcome.done:
        return done(request, "It is in the log.", "cases:communications", case.public_id)
    back = reverse("cases:communications", args=[case.public_id])
    shown = shown_ways(ways, form, channel="channel", address="address")
    return _form(
        request, case, form, outcome.status, "Log a contact", back, problem=outcome.problem, ways=shown
    )


@case_page(WRITE)
def communication_correct(request: ActorRequest, case: Any, communication_id: UUID) -> HttpResponse:
    """Put a corrected entry in the place of this one; the old one stays behind it."""
    entry = get_communication(request.actor, case, communication_id)
    initial = {name: getattr(entry, name) for name in LogForm.TOLD}
    form = CorrectForm(
        request.POST or None,
        request.FILES or None,
        documents=(),
        initial=initial | typed_before(request),
    )

    def act(typed: Mapping[str, Any]) -> Any:
        return correct_communication(
            actor=request.actor,
            communication=entry,
            reason=typed["reason"],
            upload=uploaded(typed),
            at=request.at,
            **{name: typed[name] for name in LogForm.TOLD},
        )

    outcome = attempt(request, form, act)
    if outcome.done:
        where = (case.public_id, outcome.result.public_id)
        return done(
            request, "The entry is corrected; the old one stands behind it.", "cases:communication", *where
        )
    back = reverse("cases:communication", args=[case.public_id, entry.public_id])
    return _form(request, case, form, outcome.status, "Correct an entry", back, problem=outcome.problem)


def uploaded(typed: Mapping[str, Any]) -> Upload | None:
    """The file that came with a form, for the command."""
    file = typed.get("file")
    if file is None:
        return None
    return Upload(typed["kind"], typed["title"], file.name, file.file)


def offered(request: ActorRequest, case: Any) -> Choices:
    """The documents a form offers to attach, newest first: public id and title."""
    rows = documents_of(request.actor, case)[:MOST_OFFERED]
    return [(str(row.public_id), f"{row.title} ({row.get_kind_display()})") for row in rows]


def files_of(case: Any, attachments: Iterable[Any]) -> list[dict[str, Any]]:
    """Attachments as links to the very version that came or went."""
    return [
        {
            "name": attached.version.document.title,
            "version": attached.version.number,
            "url": reverse("cases:document", args=[case.public_id, attached.version.document.public_id])
            + f"?version={attached.version.number}",
        }
        for attached in attachments
    ]


def _rows(request: ActorRequest, case: Any, entries: list[Any]) -> list[dict[str, Any]]:
    attached = attachments_of(request.actor, entries)
    return [
        {
            "entry": entry,
            "by": ""
            if entry.channel == "message" and entry.direction == "in"
            else str(entry.logged_by or "Recourse"),
            "files": files_of(case, attached.get(entry.pk, ())),
            "url": reverse("cases:communication", args=[case.public_id, entry.public_id]),
            "answers_url": reverse("cases:benefits", args=[case.public_id])
            if entry.source.startswith(LOGGED_FOR)
            else "",
        }
        for entry in entries
    ]


def _form(
    request: ActorRequest,
    case: Any,
    form: LogForm,
    status: int,
    here: str,
    back: str,
    problem: str = "",
    ways: Iterable[Mapping[str, Any]] = (),
) -> HttpResponse:
    context = {
        "form": form,
        "ways": ways,
        "problem": problem,
        "draft_key": draft_key(request),
        "back_url": back,
    }
    return show(
        request,
        "cases/communication_form.html",
        case,
        context,
        here=here,
        status=status or 200,
        trail=_log(case),
    )


def _actions(request: ActorRequest, case: Any) -> list[dict[str, str]]:
    links = [("Messages with the patient", "quiet", "cases:messages")]
    if may_here(request.actor, WRITE, case) and case.status != "closed":
        links = [
            ("Log a call", "main", "cases:call_new"),
            ("Log a letter, fax or meeting", "quiet", "cases:communication_new"),
            *links,
        ]
    return [
        {"label": label, "kind": kind, "url": reverse(name, args=[case.public_id])}
        for label, kind, name in links
    ]


def _log(case: Any) -> tuple[tuple[str, str], ...]:
    return (("Log", reverse("cases:communications", args=[case.public_id])),)
