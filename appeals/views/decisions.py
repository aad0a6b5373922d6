"""What a level decided, item by item; or that it did not decide in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from advocacy.access.permissions import Permission as P
from advocacy.errors import WrongState
from appeals.commands.decisions import decide_appeal, deem_decided, return_level
from appeals.commands.denials import decide_proposal
from appeals.commands.requests import AuthorizationInput
from appeals.forms.decisions import DecisionForm, DecisionLetterForm, DeemForm, GrantedForm
from appeals.forms.levels import ReturnForm
from appeals.queries.decision_letter import LetterBeside, letter_beside
from appeals.queries.level_page import LevelPage, get_level, level_page
from appeals.views.casework import (
    UNREAD,
    CaseRequest,
    bring_back,
    case_page,
    look_again,
    show_step,
    today_for,
)
from appeals.views.papers import document_choices, file_url, given_document
from cases.content import ContentType
from cases.views.casework import Outcome, attempt, done


def _page(request: CaseRequest, case: Any, level_id: UUID) -> LevelPage:
    level = get_level(request.actor, case, level_id)
    page = level_page(request.actor, case, level, today_for(request, case))
    if request.method != "POST" and not page.is_awaiting:
        raise WrongState(
            "decide",
            page.appeal.status,
            "A decision is recorded for a level that was filed and is not decided.",
        )
    return page


def _granted(form: GrantedForm) -> AuthorizationInput | None:
    if not form.is_given:
        return None
    names = ("number", "sessions", "units", "valid_from", "valid_until")
    return AuthorizationInput(**{name: form.cleaned_data[name] for name in names})


@case_page(P.RECORD_DECISION)
def level_decide(request: CaseRequest, case: Any, level_id: UUID) -> HttpResponse:
    """Record the decision: outcomes, dates with their evidence, the letter, and the authorization.

    A letter that is taken in first (or named by `?letter=`) stands beside the form with what is read in it. Nothing of that
    is recorded before the form is sent: what is left as proposed is then accepted, what was changed corrected.
    """
    actor = request.actor
    page = _page(request, case, level_id)
    if "take_in" in request.POST:
        return _take_in(request, case, page)
    if "look_again" in request.POST:
        return look_again(request, f"{request.path}?{urlencode({'letter': request.POST.get('shown', '')})}")
    named = request.POST.get("shown", "") if request.method == "POST" else request.GET.get("letter", "")
    letter = letter_beside(actor, case, page.appeal, page.items, named)
    form = _decision_form(request, case, page, letter)
    granted = GrantedForm(request.POST or None)
    outcome = attempt(
        request, form, lambda data: _record(request, case, page, letter, form, granted), granted
    )
    if outcome.done:
        return done(
            request, "The decision is recorded.", "appeals:level", case.public_id, page.appeal.public_id
        )
    return _show_decision(request, case, page, letter, form, granted, outcome, DecisionLetterForm())


def _decision_form(
    request: CaseRequest, case: Any, page: LevelPage, letter: LetterBeside | None
) -> DecisionForm:
    initial: dict[str, Any] = {"version": page.appeal.version}
    if letter:
        initial |= letter.initial | {"shown": letter.key, "letter": letter.key}
        initial["decided_at"] = _moment_of(page, letter.initial.get("notice_on"), request.at)
    return DecisionForm(
        request.POST or None,
        request.FILES or None,
        items=[(item.key, item.name) for item in page.items],
        may_be_sent_back=page.has_below,
        documents=document_choices(request.actor, case, "decision_letter"),
        compared=[(c.key, c.label) for c in letter.compared] if letter else (),
        initial=initial,
    )


def _moment_of(page: LevelPage, notice: date | None, now: datetime) -> datetime | None:
    """The moment a decision is taken to have been made that its notice dates: the first of that day where the patient is, since
    nobody is called late on a presumption; not before the level was there to be decided and not after now. None without a
    notice."""
    if notice is None:
        return None
    day = datetime.combine(notice, time.min, tzinfo=timezone.get_current_timezone())
    level = page.appeal
    start = level.received_at or level.filed_at or level.forwarded_at or level.returned_at or day
    return min(max(day, start) if timezone.localtime(start).date() == notice else day, now)


def _record(
    request: CaseRequest,
    case: Any,
    page: LevelPage,
    shown: LetterBeside | None,
    form: DecisionForm,
    granted: GrantedForm,
) -> Any:
    """Write the decision, then decide about every fact of its letter that nobody has decided about."""
    actor, data = request.actor, form.cleaned_data
    letter = given_document(
        actor, case, file=data["file"], chosen=data["letter"], kind="decision_letter", at=request.at
    )
    decided = decide_appeal(
        actor=actor,
        appeal=page.appeal,
        decided_at=data["decided_at"] or _moment_of(page, data["notice_on"], request.at),
        notice_on=data["notice_on"],
        sent_on=data["sent_on"],
        received_on=data["received_on"],
        received_evidence=data["received_evidence"] or "none",
        stated_deadline_on=data["stated_deadline_on"],
        continuation_stated_on=data["continuation_stated_on"],
        outcomes=form.outcomes(),
        letter=letter,
        summary=data["summary"],
        reasons_quoted=data["reasons_quoted"],
        authorization=_granted(granted),
        theirs_all_the_same=data["theirs_all_the_same"],
        show_letter=data["show_letter"],
        at=request.at,
        expected_version=data["version"],
    )
    seen = UNREAD not in request.POST
    if seen and shown and letter is not None and str(letter.public_id) == shown.key:
        for proposal, status, value in _decided_facts(shown, data):
            decide_proposal(actor=actor, proposal=proposal, status=status, value=value, at=request.at)
    return decided


def _decided_facts(shown: LetterBeside, data: Mapping[str, Any]) -> Iterator[tuple[Any, str, str]]:
    """A value left as proposed is accepted, a changed one corrected, an emptied or ticked one rejected."""
    for proposal in shown.proposals:
        if proposal.status != "proposed":
            continue
        field = shown.field_of(proposal)
        if field is None:
            wrong = str(proposal.public_id) in data["wrong"]
            yield proposal, "rejected" if wrong else "accepted", ""
        elif not data[field] or shown.value_of(proposal) is None:
            yield proposal, "rejected", ""
        elif data[field] == shown.value_of(proposal):
            yield proposal, "accepted", ""
        else:
            yield proposal, "corrected", data[field].isoformat()


def _take_in(request: CaseRequest, case: Any, page: LevelPage) -> HttpResponse:
    """Keep the letter, have its text read, and show it beside the form."""
    form = DecisionLetterForm(request.POST, request.FILES)
    outcome = attempt(
        request,
        form,
        lambda data: given_document(
            request.actor, case, file=data["file"], chosen=None, kind="decision_letter", at=request.at
        ),
    )
    if outcome.done:
        messages.success(request, "The letter is kept. Now go through what it says.")
        return redirect(f"{request.path}?letter={outcome.result.public_id}")
    letter = letter_beside(request.actor, case, page.appeal, page.items, "")
    blank = DecisionForm(
        items=[(item.key, item.name) for item in page.items],
        may_be_sent_back=page.has_below,
        documents=document_choices(request.actor, case, "decision_letter"),
        initial={"version": page.appeal.version},
    )
    return _show_decision(request, case, page, letter, blank, GrantedForm(), outcome, form)


def _show_decision(
    request: CaseRequest,
    case: Any,
    page: LevelPage,
    letter: LetterBeside | None,
    form: DecisionForm,
    granted: GrantedForm,
    outcome: Outcome,
    take_in: DecisionLetterForm,
) -> HttpResponse:
    names = bring_back(request, form, frozenset({"wrong"}), also=(granted,))
    back = reverse("appeals:level", args=[case.public_id, page.appeal.public_id])
    kind = letter.version.content_type if letter else ""
    dates = [
        {
            "field": field,
            "proof": letter.proofs.get(field.name) if letter else None,
            "note": letter.hints.get(field.name, "") if letter else "",
        }
        for field in form.date_fields
    ]
    return show_step(
        request,
        case,
        form,
        outcome,
        here="Record the decision",
        action="Record the decision",
        back=back,
        trail=((page.rung.title, back),),
        extra={
            "page": page,
            "granted": granted,
            "take_in": take_in,
            "letter": letter,
            "unread": UNREAD in request.POST or (letter is not None and not letter.proposals),
            "dates": dates,
            "wrong": set(form["wrong"].value() or ()),
            "file_url": file_url(case, letter.version) if letter else "",
            "is_pdf": kind == ContentType.PDF,
            "is_picture": kind in (ContentType.PNG, ContentType.JPEG),
        },
        template="appeals/decision.html",
        names=names,
    )


@case_page(P.RECORD_DECISION)
def level_deem(request: CaseRequest, case: Any, level_id: UUID) -> HttpResponse:
    """Go on without a decision: the other side missed its time, and the rule opens the next level."""
    page = _page(request, case, level_id)
    form = DeemForm(request.POST or None, initial={"version": page.appeal.version})
    outcome = attempt(
        request,
        form,
        lambda data: deem_decided(
            actor=request.actor,
            appeal=page.appeal,
            at=request.at,
            expected_version=data["version"],
        ),
    )
    address = [case.public_id, page.appeal.public_id]
    if outcome.done:
        return done(request, "Recorded: no decision came in time.", "appeals:level", *address)
    back = reverse("appeals:level", args=address)
    late = next((c for c in page.clocks if c.whose == "plan" and c.overdue), None)
    above = page.after_silence
    effects = [
        "Nothing is decided about any item.",
        f"The next level opens, where the rule says so: {above.title}."
        if above is not None and not above.is_court
        else "Above this level stands only a court: a task asks to consider it.",
    ]
    if late and late.date:
        effects.insert(
            0,
            f"The time to decide ended on {late.date:%B} {late.date.day}, {late.date.year}. {late.if_missed}",
        )
    return show_step(
        request,
        case,
        form,
        outcome,
        here="Go on without a decision",
        action="Go on without a decision",
        back=back,
        trail=((page.rung.title, back),),
        effects=tuple(effects),
        tone="danger",
    )


@case_page(P.RECORD_DECISION)
def level_return(request: CaseRequest, case: Any, level_id: UUID) -> HttpResponse:
    """Open a decided level again: a court sent it back, or its decision maker took it up."""
    level = get_level(request.actor, case, level_id)
    if request.method != "POST" and level.status != "decided":
        raise WrongState(
            "return", level.status, "Only a decided level opens again. Record its decision first."
        )
    form = ReturnForm(request.POST or None)
    outcome = attempt(
        request,
        form,
        lambda data: return_level(actor=request.actor, appeal=level, at=request.at, **data),
    )
    if outcome.done:
        said = "The level is open again. What was decided before stays as it is."
        return done(request, said, "appeals:level", case.public_id, outcome.result.public_id)
    back = reverse("appeals:level", args=[case.public_id, level.public_id])
    return show_step(
        request,
        case,
        form,
        outcome,
        here="It was opened again",
        action="Record it",
        back=back,
        trail=(("Level", back),),
        effects=(
            "The level opens a second time, beside what was decided. Nobody has to file it; record its decision there.",
            "No clock of another level changes: a window that runs goes on running.",
            "A time to decide is shown only where a rule gives one after a case came back.",
        ),
    )
