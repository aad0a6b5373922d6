"""A level of appeal: what runs, what goes out, and what comes after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from advocacy.access.permissions import Permission as P
from appeals.commands import levels as commands
from appeals.commands.clock_events import record_clock_event
from appeals.forms.levels import (
    AppealReceivedForm,
    EndForm,
    ForwardedForm,
    LapseForm,
    PhoneForm,
    UrgencyForm,
)
from appeals.forms.requests import APPEAL_EVENTS, EventForm
from appeals.queries.level_page import LevelPage, calls_of, filing_asks, get_level
from appeals.queries.level_page import level_page as page_of
from appeals.representation import REPRESENTATIVE
from appeals.views.casework import CaseRequest, case_page, show, show_step, today_for
from cases.views.casework import attempt, done

WHERE = {
    "level_draft": "Open the letter",
    "level_exhibits": "Choose the exhibits",
    "patient": "Open the patient",
    "cost_new": "Record the money at stake",
    "level_approval": "Ask the patient to approve",
    "beside": "Open the other level",
}
# Whom the link to it is shown.
NEEDS = {
    "level_draft": P.DRAFT_APPEAL,
    "level_exhibits": P.DRAFT_APPEAL,
    "patient": P.SEE_PATIENTS,
    "cost_new": P.CHANGE_CASE,
    "level_approval": P.DRAFT_APPEAL,
    "beside": P.SEE_CASES,
}


APPROVED_CALL = (
    "What is said in the patient's name is the letter of this level: the patient approves it before the call.",
    "A call that was made counts from its moment and cannot be taken back. Where the clock left no time to ask, it is"
    " recorded with the reason; the reason stays with the filing.",
)


@require_safe
@case_page()
def level_page(request: CaseRequest, case: Any, level_id: UUID) -> HttpResponse:
    """The level with both sides' clocks and their arithmetic, and what may be done next."""
    page = page_of(
        request.actor,
        case,
        get_level(request.actor, case, level_id),
        today_for(request, case),
        asks_approval=request.organization.letters_need_patient_approval,
    )
    context = {
        "page": page,
        "appeal": page.appeal,
        "actions": _actions(request, case, page),
        "missing": missing_shown(request, case, page),
        "tone": {"decided": "good", "lapsed": "bad"}.get(page.appeal.status, ""),
    }
    return show(request, "appeals/level.html", case, context, here=page.rung.title)


def missing_shown(request: CaseRequest, case: Any, page: LevelPage) -> list[dict[str, str]]:
    """What has to be there before the filing, each with the page that does it for whoever may open that."""
    return [
        {
            "code": r.code,
            "message": r.message,
            "url": _where(case, page, r.field) if NEEDS[r.field or ""] in request.may else "",
            "do": WHERE[r.field or ""],
        }
        for r in page.missing
    ]


def _where(case: Any, page: LevelPage, name: str | None) -> str:
    if name == "patient":
        return reverse("people:patient", args=[case.patient.public_id])
    if name == "beside":
        other = page.settled_by or page.beside
        return reverse("appeals:level", args=[case.public_id, other[1]]) if other else ""
    if name == "cost_new":
        return reverse("cases:cost_new", args=[case.public_id])
    return reverse(f"appeals:{name}", args=[case.public_id, page.appeal.public_id])


def _actions(request: CaseRequest, case: Any, page: LevelPage) -> list[dict[str, str]]:
    """The steps that lead out of the level's present state, allowed ones only; the first is the main one."""
    appeal, rung = page.appeal, page.rung
    wanted: list[tuple[str, str, P]] = []
    if page.is_before and rung.may_be_filed:
        write = ("level_draft", "Change the letter" if appeal.draft else "Write the appeal", P.DRAFT_APPEAL)
        file = ("level_file", "Look at the file, and file it", P.FILE_APPEAL)
        wanted += [file, write] if appeal.draft else [write]
        wanted += [
            ("level_exhibits", "Exhibits", P.DRAFT_APPEAL),
            ("level_urgency", "Urgency", P.DRAFT_APPEAL),
        ]
        if appeal.draft and request.organization.letters_need_patient_approval:
            wanted.append(("level_approval", "Ask the patient to approve", P.DRAFT_APPEAL))
        if rung.may_be_filed_orally(appeal.is_expedited):
            wanted.append(("level_phone", "File by phone", P.FILE_APPEAL))
    if page.is_before and rung.may_be_forwarded:
        wanted.append(("level_forwarded", "Record the plan's forwarding", P.FILE_APPEAL))
    if page.is_awaiting:
        wanted.append(("level_decide", "Record the decision", P.RECORD_DECISION))
        if page.decision_overdue:
            wanted.append(("level_deem", "Go on without a decision", P.RECORD_DECISION))
        if appeal.status != "received":
            wanted.append(("level_received", "Record as received", P.FILE_APPEAL))
        wanted += [
            ("level_event", "Extension or information asked", P.REQUEST_AUTHORIZATION),
            ("level_urgency", "Urgency", P.DRAFT_APPEAL),
        ]
    if page.may_open and not page.at_once_live:
        wanted.append(("level_at_once", "Open the external review beside it", P.FILE_APPEAL))
    address = [case.public_id, appeal.public_id]
    found = [
        {"label": label, "url": reverse(f"appeals:{name}", args=address)}
        for name, label, needed in wanted
        if needed in request.may
    ]
    if P.FILE_APPEAL in request.may:
        ends = []
        if page.is_before:
            ends = [("lapse", "The window passed")] if page.window_passed else []
            ends.append(("decline", "Do not pursue"))
        if page.is_before or page.is_awaiting:
            ends.append(("withdraw", "Withdraw"))
        found += [
            {"label": label, "url": reverse("appeals:level_end", args=[*address, how])} for how, label in ends
        ]
    if page.settled_by:
        found.sort(key=lambda act: not act["url"].endswith("/end/withdraw/"))
    if page.is_won:
        found.append(
            {"label": "What the plan delivered", "url": reverse("appeals:effectuation", args=address)}
        )
    if found:
        found[0]["kind"] = "main"
    if appeal.status == "decided" and P.RECORD_DECISION in request.may:
        found.append({"label": "It was opened again", "url": reverse("appeals:level_return", args=address)})
    return found


def _step(
    request: CaseRequest, case: Any, appeal: Any, form: Any, act: Any, said: str, **shown: Any
) -> HttpResponse:
    """One form about one level: `act(data)` records it."""
    outcome = attempt(request, form, act)
    if outcome.done:
        return done(request, said, "appeals:level", case.public_id, appeal.public_id)
    back = reverse("appeals:level", args=[case.public_id, appeal.public_id])
    return show_step(request, case, form, outcome, back=back, trail=(("Level", back),), **shown)


def _level(request: CaseRequest, case: Any, level_id: UUID) -> Any:
    return get_level(request.actor, case, level_id)


def _who(request: CaseRequest) -> dict[str, Any]:
    return {"actor": request.actor, "at": request.at}


@case_page(P.DRAFT_APPEAL)
def level_urgency(request: CaseRequest, case: Any, level_id: UUID) -> HttpResponse:
    """Ask for an urgent decision, or take that back."""
    appeal = _level(request, case, level_id)
    initial = {"is_expedited": appeal.is_expedited, "expedited_reason": appeal.expedited_reason}
    return _step(
        request,
        case,
        appeal,
        UrgencyForm(request.POST or None, initial=initial),
        lambda data: commands.set_expedited(
            appeal=appeal,
            is_expedited=data["is_expedited"],
            reason=data["expedited_reason"],
            **_who(request),
        ),
        "Saved. The dates were computed again.",
        here="Urgency of this level",
        action="Save",
        effects=("The decision maker's time is computed again: an urgent decision is due in hours.",),
    )


@case_page(P.FILE_APPEAL)
def level_phone(request: CaseRequest, case: Any, level_id: UUID) -> HttpResponse:
    """File by a call that was logged: the record of the call is frozen."""
    appeal = _level(request, case, level_id)
    calls = {c.public_id: c for c in calls_of(request.actor, case)}
    choices = [(str(key), _call_words(call)) for key, call in calls.items()]
    asks_approval = request.organization.letters_need_patient_approval
    asks = filing_asks(request.actor, case, appeal)
    return _step(
        request,
        case,
        appeal,
        PhoneForm(
            request.POST or None,
            calls=choices,
            asks_amount=asks.amount,
            asks_approval=asks_approval,
            filers=asks.filers,
        ),
        lambda data: commands.file_orally(
            appeal=appeal,
            communication=calls[data["communication"]],
            good_cause=data["good_cause"],
            amount_reason=data.get("amount_reason", ""),
            unapproved_reason=data.get("unapproved_reason", ""),
            filed_as=data.get("filed_as") or REPRESENTATIVE,
            **_who(request),
        ),
        "The level is filed by phone. The record of the call is frozen.",
        here="File by phone",
        action="File by this call",
        effects=(
            "The record of this call becomes one file that never changes, with its SHA-256.",
            "The level counts as filed at the moment of the call; the decision clock starts there.",
            *(APPROVED_CALL if asks_approval else ()),
        ),
        extra={
            "link_url": reverse("cases:call_new", args=[case.public_id]),
            "link": "Log the call first" if not calls else "Log another call",
        },
    )


def _call_words(call: Any) -> str:
    when = timezone.localtime(call.happened_at)
    who = f", {call.person}" if call.person else ""
    return f"{when:%b} {when.day}, {when.year}, {when:%-I:%M %p}{who}"


@case_page(P.FILE_APPEAL)
def level_forwarded(request: CaseRequest, case: Any, level_id: UUID) -> HttpResponse:
    """Record that the plan sent the case on by itself."""
    appeal = _level(request, case, level_id)
    return _step(
        request,
        case,
        appeal,
        ForwardedForm(request.POST or None),
        lambda data: commands.record_forwarding(appeal=appeal, **data, **_who(request)),
        "The forwarding is recorded.",
        here="Record the plan's forwarding",
        action="Record the forwarding",
        effects=("Nobody has to file this level: it runs from here.",),
    )


@case_page(P.FILE_APPEAL)
def level_received(request: CaseRequest, case: Any, level_id: UUID) -> HttpResponse:
    """Record when it reached the decision maker."""
    appeal = _level(request, case, level_id)
    return _step(
        request,
        case,
        appeal,
        AppealReceivedForm(request.POST or None, initial={"received_at": timezone.localtime()}),
        lambda data: commands.receive_appeal(appeal=appeal, **data, **_who(request)),
        "Recorded as received. The decision clock runs.",
        here="Record as received",
        action="Record as received",
        effects=("The decision maker's clock runs from this moment.",),
    )


@case_page(P.REQUEST_AUTHORIZATION)
def level_event(request: CaseRequest, case: Any, level_id: UUID) -> HttpResponse:
    """Record what moves the decision maker's clock."""
    appeal = _level(request, case, level_id)
    return _step(
        request,
        case,
        appeal,
        EventForm(request.POST or None, kinds=APPEAL_EVENTS, initial={"occurred_at": timezone.localtime()}),
        lambda data: record_clock_event(case=case, appeal=appeal, **data, **_who(request)),
        "Recorded. The dates were computed again.",
        here="Extension or information asked",
        action="Record it",
        effects=("The decision maker's date is computed again, with this as its reason.",),
    )


ENDS: Mapping[str, tuple[str, str, Any, Any, tuple[str, ...]]] = {
    "withdraw": (
        "Withdraw this level",
        "Withdraw",
        EndForm,
        commands.withdraw_appeal,
        ("The level ends without a decision. Its clocks end, and no further level opens.",),
    ),
    "decline": (
        "Do not pursue this level",
        "Do not pursue it",
        EndForm,
        commands.decline_level,
        ("The level ends unused. Its clock ends, and no further level opens.",),
    ),
    "lapse": (
        "The window passed",
        "Record that the window passed",
        LapseForm,
        commands.lapse_level,
        ("The level ends as missed. A late filing with good cause is no longer possible here.",),
    ),
}


@case_page(P.FILE_APPEAL)
def level_end(request: CaseRequest, case: Any, level_id: UUID, how: str) -> HttpResponse:
    """End a level without a decision: withdrawn, not pursued, or its window passed. Raises Http404 for another word."""
    if how not in ENDS:
        raise Http404
    here, action, form, command, effects = ENDS[how]
    appeal = _level(request, case, level_id)
    return _step(
        request,
        case,
        appeal,
        form(request.POST or None, initial={"reason": _why_settled(request, case, appeal)}),
        lambda data: command(appeal=appeal, reason=data["reason"], **_who(request)),
        "The level has ended.",
        here=here,
        action=action,
        tone="danger",
        effects=effects,
        extra=_choice_link(case, appeal) if how == "decline" else None,
    )


def _why_settled(request: CaseRequest, case: Any, appeal: Any) -> str:
    """The sentence that is proposed where the decision of another level left nothing to decide here; else empty."""
    if appeal.settled_by_id is None:
        return ""
    page = page_of(request.actor, case, appeal, today_for(request, case))
    return (
        f"Moot: {page.settled_by[0]} was decided first, and nothing is left here." if page.settled_by else ""
    )


def _choice_link(case: Any, appeal: Any) -> dict[str, str]:
    """Not pursuing a level asks for the patient's choice: where it is recorded."""
    name, row = ("level_choice", appeal.previous) if appeal.previous_id else ("denial_choice", appeal.denial)
    return {
        "link_url": reverse(f"appeals:{name}", args=[case.public_id, row.public_id]),
        "link": "The patient's choice: record it first",
    }
