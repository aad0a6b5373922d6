"""Messages with the patient at the desk: the thread of a case, the answer, and what needs none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from advocacy.access.permissions import Permission
from advocacy.access.policy import allows, require
from advocacy.web import ActorRequest, paged
from cases.commands.messages import read_messages, send_message, settle_messages
from cases.forms.log import MessageForm
from cases.queries.documents import documents_by_public_id
from cases.queries.messages import attachments_of, notices_about, thread_of
from cases.views.casework import Outcome, attempt, case_page, done, draft_key, show, typed_before
from cases.views.log import files_of, offered, uploaded

WRITE = Permission.WRITE_NOTE
SIZE = 25


@case_page()
def messages(request: ActorRequest, case: Any) -> HttpResponse:
    """The thread of a case, newest first, and the form that answers. Looking at it as who works here marks it as read."""
    may = allows(request.actor, WRITE, case)
    if request.method == "POST":
        require(request.actor, WRITE, case)
    form = _form(request, case) if may else None

    def act(typed: Mapping[str, Any]) -> Any:
        return send_message(
            actor=request.actor,
            case=case,
            body=typed["body"],
            attachments=documents_by_public_id(request.actor, case, typed.get("attachments") or []),
            upload=uploaded(typed),
            at=request.at,
        )

    outcome = attempt(request, form, act) if form is not None else Outcome(False)
    if outcome.done:
        said = (
            "The message is in the patient's portal. The patient is told that there is one, at a safe hour."
        )
        return done(request, said, "cases:messages", case.public_id)
    listed = paged(thread_of(request.actor, case), after=request.GET.get("after"), newest=True, size=SIZE)
    waits = [row for row in listed.rows if row.direction == "in" and row.answered_at is None]
    context = {
        "rows": _rows(request, case, listed.rows),
        "waiting_since": waits[-1].happened_at if waits else None,
        "next_url": f"?after={listed.next_after}" if listed.next_after else "",
        "form": form,
        "draft_key": draft_key(request),
        "settle_url": reverse("cases:messages_settle", args=[case.public_id]) if may else "",
    }
    if may and any(row.direction == "in" and row.read_at is None for row in listed.rows):
        read_messages(actor=request.actor, case=case, at=request.at)
    log = (("Log", reverse("cases:communications", args=[case.public_id])),)
    return show(
        request, "cases/messages.html", case, context, here="Messages", status=outcome.status, trail=log
    )


@require_POST
@case_page(WRITE)
def messages_settle(request: ActorRequest, case: Any) -> HttpResponse:
    """What waits needs no answer here."""
    settle_messages(actor=request.actor, case=case, at=request.at)
    return done(request, "Nothing waits for an answer any more.", "cases:messages", case.public_id)


def _form(request: ActorRequest, case: Any) -> MessageForm:
    return MessageForm(
        request.POST or None,
        request.FILES or None,
        documents=offered(request, case),
        initial=typed_before(request),
    )


def _rows(request: ActorRequest, case: Any, entries: list[Any]) -> list[dict[str, Any]]:
    """Each message with who wrote it in words: the account behind the portal has no name of its own here."""
    attached = attachments_of(request.actor, entries)
    told = notices_about(request.actor, entries)
    return [
        {
            "entry": entry,
            "who": _who(entry, case),
            "theirs": entry.direction == "in",
            "new": entry.direction == "in" and entry.read_at is None,
            "notice": told.get(entry.pk),
            "files": files_of(case, attached.get(entry.pk, ())),
        }
        for entry in entries
    ]


def _who(entry: Any, case: Any) -> str:
    if entry.direction == "out":
        return str(entry.logged_by or "Recourse")
    return entry.person or case.patient.called
