"""Calls and notes at the desk: the call note, promises and what became of them, notes. The log itself: `views/log.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from advocacy.access.permissions import Permission
from advocacy.errors import Reason, Refused
from advocacy.inputs import without_errors
from advocacy.people.queries import safe_numbers
from advocacy.web import ActorRequest, paged
from cases.commands.cases import must_be_open
from cases.commands.communications import TO_LOG, keep_promise, log_communication, write_note
from cases.commands.tasks import open_task
from cases.forms.work import CallForm, NoteForm
from cases.queries.registration import may_here
from cases.queries.ways import PURPOSES, Way, ways_of_letters, ways_to_payer
from cases.queries.work import get_communication, notes_of, own_membership
from cases.views.casework import Outcome, attempt, case_page, done, draft_key, show, typed_before
from cases.views.ways import filled, picked_way, shown_ways

WRITE = Permission.WRITE_NOTE
CODES = {"phone": "call"}
"""What the log calls a way to a payer."""


@case_page(WRITE)
def call_new(request: ActorRequest, case: Any) -> HttpResponse:
    """The call note: one short form; a follow-up task in the same step. A draft is kept while it is typed."""
    if request.method != "POST":
        must_be_open(case, TO_LOG)
    usual = {
        "party": "payer",
        "direction": "out",
        "channel": "call",
        "happened_at": timezone.localtime(request.at).replace(second=0, microsecond=0),
    }
    ways = ways_to_payer(
        request.actor,
        case,
        purposes=PURPOSES,
        channels=["phone"],
        letters=ways_of_letters(case),
    )
    picked = picked_way(request, ways)
    form = CallForm(_with_way(request, picked), initial=usual | typed_before(request))

    def act(typed: Mapping[str, Any]) -> Any:
        told = {name: value for name, value in typed.items() if name not in ("follow_up", "follow_up_on")}
        entry = log_communication(actor=request.actor, case=case, at=request.at, **told)
        if typed["follow_up"] or typed["follow_up_on"]:
            _open_follow_up(request, case, typed)
        return entry

    if picked is None:
        outcome = attempt(request, form, act)
    else:
        without_errors(form)
        outcome = Outcome(False)
    if outcome.done:
        return done(request, "The contact is logged.", "cases:communications", case.public_id)
    context = {
        "form": form,
        "problem": outcome.problem,
        "patient": case.patient,
        "contacts": safe_numbers(case.patient),
        "ways": shown_ways(ways, form, channel="channel", address="address", codes=CODES),
        "first": [form[name] for name in CallForm.FIRST],
        "defaulted": [form[name] for name in CallForm.DEFAULTED],
        "draft_key": draft_key(request),
        "back_url": reverse("appeals:case", args=[case.public_id]),
    }
    return show(
        request,
        "cases/call_form.html",
        case,
        context,
        here="Call note",
        status=outcome.status,
        trail=_log(case),
    )


@require_POST
@case_page(WRITE)
def promise_settle(request: ActorRequest, case: Any, communication_id: UUID) -> HttpResponse:
    """Say whether a promise was kept (`kept` is yes or no)."""
    entry = get_communication(request.actor, case, communication_id)
    kept = request.POST.get("kept") == "yes"
    keep_promise(actor=request.actor, communication=entry, kept=kept, at=request.at)
    said = "The promise is settled as kept." if kept else "The promise is settled as broken."
    return done(request, said, "cases:communications", case.public_id)


@require_safe
@case_page()
def notes(request: ActorRequest, case: Any) -> HttpResponse:
    """The notes of a case, newest first."""
    listed = paged(notes_of(request.actor, case), after=request.GET.get("after"), newest=True, size=50)
    context = {
        "entries": [
            {
                "at": note.written_at,
                "has_time": True,
                "title": "Note",
                "by": str(note.written_by or "Recourse"),
                "body": note.body,
                "internal": not note.for_patient,
            }
            for note in listed.rows
        ],
        "next_url": f"?after={listed.next_after}" if listed.next_after else "",
        "actions": [
            {"label": "Write a note", "kind": "main", "url": reverse("cases:note_new", args=[case.public_id])}
        ]
        if may_here(request.actor, WRITE, case)
        else [],
    }
    return show(request, "cases/note_list.html", case, context, here="Notes")


@case_page(WRITE)
def note_new(request: ActorRequest, case: Any) -> HttpResponse:
    """Write a note. A draft is kept while it is typed."""
    form = NoteForm(request.POST or None, initial=typed_before(request))

    def act(typed: Mapping[str, Any]) -> Any:
        return write_note(actor=request.actor, case=case, at=request.at, **typed)

    outcome = attempt(request, form, act)
    if outcome.done:
        return done(request, "The note is saved.", "cases:notes", case.public_id)
    context = {
        "form": form,
        "draft_key": draft_key(request),
        "back_url": reverse("cases:notes", args=[case.public_id]),
    }
    return show(
        request,
        "cases/note_form.html",
        case,
        context,
        here="Write a note",
        status=outcome.status,
        trail=(("Notes", reverse("cases:notes", args=[case.public_id])),),
    )


def _with_way(request: ActorRequest, way: Way | None) -> Any:
    """A way to the payer fills the number, that it was a call, and with whom."""
    fields = {"channel": CODES[way.channel], "address": way.address, "party": "payer"} if way else {}
    return filled(request, way, **fields)


def _open_follow_up(request: ActorRequest, case: Any, typed: Mapping[str, Any]) -> None:
    """The task that goes with a call note, for the person who wrote it; a refusal names the fields of the note."""
    fields = {"title": "follow_up", "due_on": "follow_up_on"}
    try:
        open_task(
            actor=request.actor,
            case=case,
            title=typed["follow_up"] or "Follow up on the call",
            due_on=typed["follow_up_on"] or typed["promised_by"],
            owner=own_membership(request.actor),
            at=request.at,
        )
    except Refused as refusal:
        raise Refused(
            [Reason(r.code, r.message, fields.get(r.field or "", r.field)) for r in refusal.reasons]
        ) from None


def _log(case: Any) -> tuple[tuple[str, str], ...]:
    return (("Log", reverse("cases:communications", args=[case.public_id])),)
