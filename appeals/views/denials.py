"""Denial intake: the letter beside its fields. What the letter proposes is decided here; confirming starts the clocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from advocacy.access.permissions import Permission as P
from advocacy.errors import NotAllowed
from advocacy.tenancy.together import fetched
from appeals.commands.denials import (
    DenialInput,
    ReasonInput,
    change_denial,
    confirm_denial,
    decide_proposal,
    record_denial,
)
from appeals.commands.set_aside import set_aside_denial, take_up_denial
from appeals.forms.denials import ConfirmForm, DenialForm, LetterForm, SetAsideForm
from appeals.queries.denial_intake import Intake, denial_of, intake, names_another
from appeals.queries.letter_facts import FIELD_OF, proposed_values
from appeals.queries.request_page import get_request_of, requests_of
from appeals.queries.shown_dues import history_rows, what_starts
from appeals.views.casework import (
    UNREAD,
    CaseRequest,
    bring_back,
    case_page,
    look_again,
    show,
    show_step,
    today_for,
)
from appeals.views.papers import document_choices, file_url, given_document
from cases.content import ContentType
from cases.views.casework import Outcome, attempt, done

GROUPS = (
    (
        "Dates of the notice",
        "Printed, sent and received are three different days, each with its own proof.",
        DenialForm.DATES,
    ),
    ("What the letter says", "", DenialForm.DEADLINE),
    ("Where an appeal goes", "The address in the letter wins over any other.", DenialForm.SEND_TO),
    ("Urgent appeal and peer-to-peer", "", DenialForm.RIGHTS),
)


@case_page(P.RECORD_DENIAL)
def denial_new(request: CaseRequest, case: Any) -> HttpResponse:
    """Take the letter in: from here on nothing is lost, and its text is read while the person reads it."""
    actor = request.actor
    asked = list(requests_of(actor, case))
    waiting = [r for r in asked if r.status not in ("drafting", "withdrawn", "approved")]
    choices = [(str(r.public_id), f"{r.get_status_display()}, {_when(r)}") for r in waiting]
    form = LetterForm(
        request.POST or None,
        request.FILES or None,
        requests=choices,
        documents=document_choices(actor, case, "denial_letter"),
        initial={"request": choices[0][0]} if choices else {},
    )

    def record(data: Mapping[str, Any]) -> Any:
        letter = given_document(
            actor,
            case,
            file=data["file"],
            chosen=data["letter"],
            kind="denial_letter",
            at=request.at,
        )
        return record_denial(
            actor=actor,
            request=get_request_of(actor, case, data["request"]),
            letter=letter,
            fields=DenialInput(),
            items=(),
            reasons=(),
            at=request.at,
        )

    outcome = attempt(request, form, record)
    if outcome.done:
        return done(
            request,
            "The letter is kept. Now go through what it says.",
            "appeals:denial",
            case.public_id,
            outcome.result.public_id,
        )
    return show_step(
        request,
        case,
        form,
        outcome,
        here="Record a denial",
        action="Take the letter in",
        back=reverse("appeals:case", args=[case.public_id]),
        text="" if choices else "There is no request that could have been denied. Record the request first.",
        effects=(
            "The letter is kept as it is, and its text is read.",
            "No clock runs before you have confirmed what it says.",
        ),
        extra={} if choices else _the_request_first(case, asked),
    )


def _the_request_first(case: Any, asked: Iterable[Any]) -> dict[str, str]:
    """Where what a denial refuses is recorded: the request that is being written, else a new one."""
    drafted = next((r for r in asked if r.status == "drafting"), None)
    if drafted is None:
        url = reverse("appeals:request_new", args=[case.public_id])
        return {"text_url": url, "text_action": "Record the request"}
    url = reverse("appeals:request", args=[case.public_id, drafted.public_id])
    return {"text_url": url, "text_action": "Open the request that is being written"}


def _when(row: Any) -> str:
    moment = row.received_at or row.submitted_at or row.created_at
    return f"{moment:%b} {moment.day}, {moment.year}"


@case_page()
def denial_page(request: CaseRequest, case: Any, denial_id: UUID) -> HttpResponse:
    """The letter on the left, its facts on the right. Saving starts no clock; "check" goes on to the confirmation."""
    actor = request.actor
    page = intake(actor, case, denial_id)
    if P.RECORD_DENIAL not in request.may:
        if request.method == "POST":
            raise NotAllowed(P.RECORD_DENIAL)
        return _show(request, case, page, None, Outcome(False))
    if "look_again" in request.POST:
        return look_again(request, request.path)
    closed = page.denial.set_aside_at or page.denial.silent_from
    if closed and request.method != "POST":
        return _show(request, case, page, None, Outcome(False))
    form = _form(request, page)
    outcome = attempt(request, form, lambda data: _save(request, page, data))
    if not outcome.done:
        return _show(request, case, page, form, outcome)
    if page.denial.confirmed_at:
        said = "The corrections are saved; the dates were computed again."
        return done(request, said, "appeals:denial", case.public_id, denial_id)
    if UNREAD in request.POST and page.proposals:
        said = "Saved. The letter was read meanwhile: look at what it says."
        return done(request, said, "appeals:denial", case.public_id, denial_id)
    if "check" in request.POST:
        return done(request, "Saved.", "appeals:denial_confirm", case.public_id, denial_id)
    return done(request, "Saved as a draft. No clock runs yet.", "appeals:denial", case.public_id, denial_id)


def _form(request: CaseRequest, page: Intake) -> DenialForm:
    form = DenialForm(
        request.POST or None,
        items=page.item_choices,
        reasons=[(r.key, r.label) for r in page.reasons],
        compared=[(c.key, c.label) for c in page.compared],
        initial=page.initial | {"wrong": [c.key for c in page.compared if c.rejected]},
    )
    if not form.is_bound and not page.denial.received_on:
        # The one fact that no letter can hold: whoever opens the page can type it at once.
        form.fields["received_on"].widget.attrs["data-first-focus"] = True
    if page.denial.confirmed_at:
        for name in ("items", "reasons", "primary_reason"):
            form.fields[name].disabled = True
    return form


def _save(request: CaseRequest, page: Intake, data: Mapping[str, Any]) -> Any:
    """Write the facts, then decide about every proposal that nobody has decided about."""
    actor, at = request.actor, request.at
    facts = {name: data[name] for name in DenialForm.FACTS}
    for name in ("sent_evidence", "received_evidence"):
        facts[name] = facts[name] or "none"
    words = {r.key: r.words for r in page.reasons}
    main = data["primary_reason"]
    changed = change_denial(
        actor=actor,
        denial=page.denial,
        letter=page.denial.letter,
        fields=DenialInput(**facts),
        items=data["items"],
        reasons=[ReasonInput(key, words.get(key, ""), key == main) for key in data["reasons"]],
        at=at,
        expected_version=data["version"],
    )
    if UNREAD in request.POST:
        return changed  # what the letter proposes was not shown yet, so nothing of it was left, changed or emptied
    for proposal, status, value in _decisions(page, data):
        decide_proposal(actor=actor, proposal=proposal, status=status, value=value, at=at)
    return changed


def _decisions(page: Intake, data: Mapping[str, Any]) -> Iterator[tuple[Any, str, str]]:
    """A value left as proposed is accepted, a changed one corrected, an emptied or unticked one rejected."""
    filled = proposed_values(page.proposals)
    codes = {item.code for item in page.items if item.key in data["items"]}
    for proposal in page.proposals:
        if proposal.status != "proposed":
            continue
        if proposal.fact in FIELD_OF:
            field = FIELD_OF[proposal.fact]
            value, sources = filled.get(field, (None, ()))
            typed = data[field]
            if typed in (None, ""):
                yield proposal, "rejected", ""
            elif _text(typed) == _text(value):
                yield proposal, "accepted", ""
            elif sources and proposal.pk == sources[0].pk:
                yield proposal, "corrected", _text(typed)
            else:
                yield proposal, "rejected", ""
        elif proposal.fact == "reason":
            yield proposal, "accepted" if proposal.value in data["reasons"] else "rejected", ""
        elif proposal.fact == "procedure_code" and str(proposal.public_id) not in data["wrong"]:
            known = {item.code for item in page.items}
            ticked = proposal.value in codes or proposal.value not in known
            yield proposal, "accepted" if ticked else "rejected", ""
        else:
            wrong = str(proposal.public_id) in data["wrong"]
            yield proposal, "rejected" if wrong else "accepted", ""


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else " ".join(str(value).split())


def _show(
    request: CaseRequest, case: Any, page: Intake, form: DenialForm | None, outcome: Outcome
) -> HttpResponse:
    names = bring_back(request, form, frozenset({"items", "reasons", "wrong"})) if form else {}
    version = page.version
    chosen = set(form["reasons"].value() or ()) if form else set(page.initial["reasons"])
    shown = [(reason, reason.key in chosen) for reason in page.reasons]
    kind = version.content_type if version else ""
    context = {
        **names,
        "page": page,
        "denial": page.denial,
        "unread": UNREAD in request.POST or not page.proposals,
        "form": form,
        "problem": outcome.problem,
        "groups": _groups(page, form) if form else [],
        "reasons_front": [{"shown": r, "checked": on} for r, on in shown if on or r.words],
        "reasons_other": [{"shown": r, "checked": on} for r, on in shown if not (on or r.words)],
        "items_chosen": set(form["items"].value() or ()) if form else set(page.initial["items"]),
        "wrong": set(form["wrong"].value() or ()) if form else set(),
        "file_url": file_url(case, version) if version else "",
        "is_picture": kind in (ContentType.PNG, ContentType.JPEG),
        "is_pdf": kind == ContentType.PDF,
        "read_only": [
            {"label": DenialForm.base_fields[name].label, "value": value}
            for name in DenialForm.FACTS
            if (value := _worded(page.denial, name))
        ],
    }
    return show(request, "appeals/denial.html", case, context, here="Denial", status=outcome.status)


def _worded(denial: Any, name: str) -> Any:
    display = getattr(denial, f"get_{name}_display", None)
    return display() if display else getattr(denial, name)


def _groups(page: Intake, form: DenialForm) -> list[dict[str, Any]]:
    return [
        {
            "legend": legend,
            "hint": hint,
            "rows": [
                {
                    "field": form[name],
                    "name": name,
                    "proof": page.proofs.get(name),
                    "note": page.hints.get(name, ""),
                }
                for name in names
            ],
        }
        for legend, hint, names in GROUPS
    ]


@case_page(P.RECORD_DENIAL)
def denial_confirm(request: CaseRequest, case: Any, denial_id: UUID) -> HttpResponse:
    """What will start is shown first; the press on the button starts it."""
    actor = request.actor
    denial = denial_of(actor, case, denial_id)
    another = () if denial.confirmed_at else names_another(case, denial.request, denial.letter_id)
    form = ConfirmForm(
        request.POST or None,
        another=bool(another),
        letter=denial.letter_id is not None,
        initial={"version": denial.version, "show_letter": True},
    )
    outcome = attempt(
        request,
        form,
        lambda data: confirm_denial(
            actor=actor,
            denial=denial,
            at=request.at,
            theirs_all_the_same=data.get("theirs_all_the_same", False),
            show_letter=data.get("show_letter", False),
            expected_version=data["version"],
        ),
    )
    if outcome.done:
        return done(
            request, "The denial is confirmed. The clocks run.", "appeals:denial", case.public_id, denial_id
        )
    back = reverse("appeals:denial", args=[case.public_id, denial_id])
    starts = None
    if not denial.confirmed_at and not denial.set_aside_at:
        starts = what_starts(case, fetched(history_rows(case)), denial, today_for(request, case))
    return show_step(
        request,
        case,
        form,
        outcome,
        here="Confirm the denial",
        action="Confirm, and start these clocks",
        back=back,
        trail=(("Denial", back),),
        extra={"denial": denial, "starts": starts, "another": another},
        template="appeals/denial_confirm.html",
    )


@case_page(P.RECORD_DENIAL)
def denial_set_aside(request: CaseRequest, case: Any, denial_id: UUID) -> HttpResponse:
    """A letter that was taken in by mistake: the denial counts for nothing, and nothing of it is lost."""
    denial = denial_of(request.actor, case, denial_id)
    form = SetAsideForm(request.POST or None, initial={"version": denial.version})
    outcome = attempt(
        request,
        form,
        lambda data: set_aside_denial(
            actor=request.actor,
            denial=denial,
            why=data["why"],
            note=data["note"],
            at=request.at,
            expected_version=data["version"],
        ),
    )
    if outcome.done:
        said = "The denial is set aside. It counts for nothing now."
        return done(request, said, "appeals:denial", case.public_id, denial_id)
    back = reverse("appeals:denial", args=[case.public_id, denial_id])
    return show_step(
        request,
        case,
        form,
        outcome,
        here="Set this denial aside",
        action="Set it aside",
        back=back,
        trail=(("Denial", back),),
        effects=(
            "It leaves the case's dates, steps and figures. It stays here with its letter, and can be taken up again.",
            "The patient does not see the letter in the portal.",
            "If the letter is another person's, tell your privacy officer: the plan sent it to the wrong place.",
        ),
    )


@require_POST
@case_page(P.RECORD_DENIAL)
def denial_take_up(request: CaseRequest, case: Any, denial_id: UUID) -> HttpResponse:
    """What was set aside counts again, unconfirmed."""
    denial = denial_of(request.actor, case, denial_id)
    take_up_denial(actor=request.actor, denial=denial, at=request.at)
    return done(request, "The denial is taken up again.", "appeals:denial", case.public_id, denial_id)
