"""Payer overdue: what follows from each missed date, the letters that say so, and their sending; so too of a lacking notice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from advocacy.access.disclosures import Door, Purpose, disclose, whoever_asks
from advocacy.access.permissions import Permission as P
from advocacy.errors import NotAllowed, NotFound, Reason, Refused, WrongState
from advocacy.web import saw
from appeals.blocks import blocks_as_text, blocks_from_data, blocks_from_text, unfilled_gaps
from appeals.commands import cures, owed_demands
from appeals.commands import demands as commands
from appeals.forms.demands import SendForm
from appeals.forms.levels import DraftForm
from appeals.queries.approvals import get_approval
from appeals.queries.demands import (
    agency_named,
    begun_about,
    draft_begun,
    get_demand,
    get_late_deadline,
    late_page,
)
from appeals.queries.denial_intake import denial_of
from appeals.views.approvals import ask_patient, record_answer
from appeals.views.casework import CaseRequest, case_page, show, show_step, today_for
from cases.views.casework import attempt, done

KINDS = {
    "overdue": "Demand to decide",
    "documents": "Demand for the documents",
    "carry_out": "Demand to carry out the decision",
    "complaint": "Complaint to the agency",
}


def _late(case: Any) -> str:
    return reverse("appeals:late", args=[case.public_id])


def _home(case: Any, denial: Any, kind: str = "cure") -> tuple[str, str]:
    """The page a letter was begun from, by name and address: the denial whose notice it is about, or what is overdue or owed."""
    if denial is None or kind != "cure":
        return "Payer overdue", _late(case)
    return "Denial", reverse("appeals:denial", args=[case.public_id, denial.public_id])


@require_safe
@case_page()
def late(request: CaseRequest, case: Any) -> HttpResponse:
    """Every date the other side missed: the rule, what follows, the letters, and the next level where the law opens it."""
    page = late_page(request.actor, case, today_for(request, case))
    return show(
        request,
        "appeals/late.html",
        case,
        {
            "page": page,
            "groups": [
                ("Late now", page.late, True),
                ("Answered after its time", page.answered_late, False),
            ],
            "may_write": P.DRAFT_APPEAL in request.may,
            "may_go_on": P.RECORD_DECISION in request.may,
            "may_record": P.RECORD_DENIAL in request.may,
        },
        here="Payer overdue",
    )


@case_page(P.DRAFT_APPEAL)
def demand_new(request: CaseRequest, case: Any, deadline_id: UUID, about: str) -> HttpResponse:
    """The letter as it is filled from the record; nothing is saved before it is saved. `?agency` names who takes a complaint."""
    if about not in KINDS:
        raise Http404
    deadline = get_late_deadline(request.actor, case, deadline_id)
    agency = request.GET.get("agency", "") if about == "complaint" else ""
    begun = draft_begun(request.actor, deadline, about, agency)
    if begun is not None and request.method != "POST":
        return redirect("appeals:demand", case.public_id, begun.public_id)
    draft = commands.first_draft(
        actor=request.actor, case=case, deadline=deadline, kind=about, agency=agency, at=request.at
    )
    form = DraftForm(request.POST or None, initial=_initial(draft))
    outcome = attempt(
        request,
        form,
        lambda data: commands.write_demand(
            actor=request.actor,
            case=case,
            deadline=deadline,
            kind=about,
            agency=agency,
            text=data["text"],
            dated=data["dated"],
            recipient=data["recipient"].splitlines(),
            at=request.at,
        ),
    )
    if outcome.done:
        return _saved(request, case, outcome.result)
    return _written(request, case, form, outcome, KINDS[about], agency, None, None)


def _saved(request: CaseRequest, case: Any, demand: Any) -> HttpResponse:
    """After saving: on to sending where that button was pressed, else to the letter."""
    go_on = "appeals:demand_send" if "go_on" in request.POST else "appeals:demand"
    return done(request, "The letter is saved.", go_on, case.public_id, demand.public_id)


@case_page(P.DRAFT_APPEAL)
def cure_new(request: CaseRequest, case: Any, denial_id: UUID) -> HttpResponse:
    """The demand to mend a notice, filled from its confirmed defects; nothing is saved before it is saved."""
    denial = denial_of(request.actor, case, denial_id)
    title = "Demand to mend the notice"
    return _about(request, case, denial, "cure", cures.first_cure, cures.write_cure, title, denial)


@case_page(P.DRAFT_APPEAL)
def owed_new(request: CaseRequest, case: Any, denial_id: UUID) -> HttpResponse:
    """The demand to deliver what was won and is owed without a date; nothing is saved before it is saved."""
    denial = denial_of(request.actor, case, denial_id)
    first, write = owed_demands.first_owed, owed_demands.write_owed
    return _about(request, case, denial, "carry_out", first, write, KINDS["carry_out"], None)


def _about(
    request: CaseRequest,
    case: Any,
    denial: Any,
    kind: str,
    first: Callable[..., Any],
    write: Callable[..., Any],
    title: str,
    home: Any,
) -> HttpResponse:
    """A letter about a denial, one of its kind at a time. `home` is the denial where the way back leads to it."""
    begun = begun_about(request.actor, denial, kind)
    if begun is not None and request.method != "POST":
        return redirect("appeals:demand", case.public_id, begun.public_id)
    draft = first(actor=request.actor, case=case, denial=denial, at=request.at)
    form = DraftForm(request.POST or None, initial=_initial(draft))
    outcome = attempt(
        request,
        form,
        lambda data: write(
            actor=request.actor,
            denial=denial,
            text=data["text"],
            dated=data["dated"],
            recipient=data["recipient"].splitlines(),
            at=request.at,
        ),
    )
    if outcome.done:
        return _saved(request, case, outcome.result)
    return _written(request, case, form, outcome, title, "", None, home)


@case_page()
def demand(request: CaseRequest, case: Any, demand_id: UUID) -> HttpResponse:
    """One letter: while it is a draft, to read and to change; once sent, where it went and the frozen pages."""
    row = get_demand(request.actor, case, demand_id)
    if row.sent_at is not None or P.DRAFT_APPEAL not in request.may:
        if request.method == "POST":
            if P.DRAFT_APPEAL not in request.may:
                raise NotAllowed(P.DRAFT_APPEAL)
            raise WrongState(
                "save_demand", "sent", "This was sent: what went out stays as it is. Begin another letter."
            )
        return _sent(request, case, row)
    form = DraftForm(request.POST or None, initial=_initial(row.draft) | {"version": row.version})
    outcome = attempt(
        request,
        form,
        lambda data: commands.save_demand(
            actor=request.actor,
            demand=row,
            text=data["text"],
            dated=data["dated"],
            recipient=data["recipient"].splitlines(),
            at=request.at,
            expected_version=data["version"],
        ),
    )
    if outcome.done:
        return _saved(request, case, row)
    return _written(request, case, form, outcome, row.get_kind_display(), row.agency, row, _notice_of(row))


def _notice_of(row: Any) -> Any:
    """The denial whose notice a letter wants mended; None for any other letter."""
    return row.denial if row.kind == "cure" else None


def _initial(draft: dict[str, Any]) -> dict[str, Any]:
    return {
        "text": blocks_as_text(blocks_from_data(draft["blocks"])),
        "recipient": "\n".join(draft["recipient"]),
        "dated": date.fromisoformat(draft["dated"]),
    }


def _written(
    request: CaseRequest,
    case: Any,
    form: Any,
    outcome: Any,
    here: str,
    agency: str,
    row: Any,
    denial: Any,
) -> HttpResponse:
    home, back = _home(case, denial)
    text = form["text"].value() or ""
    asks = request.organization.letters_need_patient_approval
    return show_step(
        request,
        case,
        form,
        outcome,
        here=here,
        action="Save the letter",
        back=back,
        trail=((home, back),),
        extra={
            "demand": row,
            "denial": denial,
            "agency": agency_named(agency),
            "gaps": [r.message.partition(": ")[2] for r in unfilled_gaps(blocks_from_text(text))],
            "approval_url": reverse("appeals:demand_approval", args=[case.public_id, row.public_id])
            if row is not None and asks
            else "",
        },
        template="appeals/demand.html",
    )


def _sent(request: CaseRequest, case: Any, row: Any) -> HttpResponse:
    version = row.document_version
    context = {
        "demand": row,
        "agency": agency_named(row.agency),
        "blocks": blocks_from_data(row.draft["blocks"]),
        "denial": _notice_of(row),
        "file_url": reverse("cases:document", args=[case.public_id, version.document.public_id])
        if version is not None
        else "",
    }
    trail = (_home(case, row.denial, row.kind),)
    return show(request, "appeals/demand_sent.html", case, context, here=row.get_kind_display(), trail=trail)


def _draft_of(request: CaseRequest, case: Any, demand_id: UUID) -> Any:
    row = get_demand(request.actor, case, demand_id)
    if row.sent_at is not None and request.method != "POST":
        raise WrongState(
            "send_demand", "sent", "This was sent: what went out stays as it is. Begin another letter."
        )
    return row


@require_safe
@case_page(P.DRAFT_APPEAL)
def demand_preview(request: CaseRequest, case: Any, demand_id: UUID) -> HttpResponse:
    """The very bytes that sending would freeze now."""
    packet = commands.preview_demand(actor=request.actor, demand=_draft_of(request, case, demand_id))
    passage = disclose(
        actor=request.actor,
        door=Door.PRINT,
        purpose=Purpose.CASEWORK,
        to=whoever_asks(request.actor),
        about=case,
    )
    saw(request, "read_document", cases=[case.pk], patients=[case.patient_id], **passage.told)
    response = HttpResponse(packet.pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{case.reference}-letter.pdf"'
    return response


@case_page(P.FILE_APPEAL)
def demand_send(request: CaseRequest, case: Any, demand_id: UUID) -> HttpResponse:
    """Look at the exact pages, then record how they were sent: they are frozen."""
    row = _draft_of(request, case, demand_id)
    agency = agency_named(row.agency)
    asks = request.organization.letters_need_patient_approval
    packet, obstacles = _pages(request, row)
    initial: dict[str, Any] = {
        "sent_at": timezone.localtime(),
        "expected_sha256": packet.sha256 if packet else "",
    }
    if agency is not None and agency.address:
        initial |= {"channel": "mail", "address": "\n".join(agency.lines)}
    elif row.denial is not None and row.denial.send_to_fax:
        initial |= {"channel": "fax", "address": row.denial.send_to_fax}
    elif row.deadline is not None and row.deadline.appeal is not None:
        fax = row.deadline.appeal.denial.send_to_fax
        initial |= {"channel": "fax", "address": fax} if fax and row.deadline.side == "payer" else {}
    form = SendForm(
        request.POST or None,
        initial=initial,
        asks_check=agency is not None and not agency.is_sure,
        asks_approval=asks and row.is_urgent,
    )
    outcome = attempt(
        request,
        form,
        lambda data: commands.send_demand(
            actor=request.actor,
            demand=row,
            channel=data["channel"],
            address=data["address"],
            sent_at=data["sent_at"],
            proof_note=data["proof_note"],
            unapproved_reason=data.get("unapproved_reason", ""),
            address_checked=data.get("address_checked", False),
            expected_sha256=data["expected_sha256"],
            at=request.at,
        ),
    )
    if outcome.done:
        return done(
            request,
            "Sent. These pages are frozen and never change.",
            "appeals:demand",
            case.public_id,
            row.public_id,
        )
    back = reverse("appeals:demand", args=[case.public_id, row.public_id])
    return show_step(
        request,
        case,
        form,
        outcome,
        here=f"Send: {row.get_kind_display().lower()}",
        action="It was sent: freeze these pages",
        back=back,
        trail=(_home(case, row.denial, row.kind), (row.get_kind_display(), back)),
        extra={
            "demand": row,
            "packet": packet,
            "obstacles": obstacles,
            "agency": agency,
            "preview_url": reverse("appeals:demand_preview", args=[case.public_id, row.public_id]),
        },
        template="appeals/demand_send.html",
    )


def _pages(request: CaseRequest, row: Any) -> tuple[Any, tuple[Reason, ...]]:
    if row.sent_at is not None:
        return None, ()
    try:
        return commands.preview_demand(actor=request.actor, demand=row), ()
    except Refused as refusal:
        return None, refusal.reasons


@case_page(P.DRAFT_APPEAL)
def demand_approval(request: CaseRequest, case: Any, demand_id: UUID) -> HttpResponse:
    """What the patient was asked about this letter and said, and the button that asks."""
    row = get_demand(request.actor, case, demand_id)
    back = reverse("appeals:demand", args=[case.public_id, row.public_id])
    trail = (_home(case, row.denial, row.kind), (row.get_kind_display(), back))
    return ask_patient(request, case, row, route="appeals:demand_approval", trail=trail)


@case_page(P.DRAFT_APPEAL)
def demand_approval_answer(
    request: CaseRequest, case: Any, demand_id: UUID, approval_id: UUID
) -> HttpResponse:
    """Record what the patient said by phone or on paper."""
    row = get_demand(request.actor, case, demand_id)
    approval = get_approval(request.actor, approval_id)
    if approval.demand_id != row.pk:
        raise NotFound("approval")
    return record_answer(
        request,
        case,
        approval,
        page=("appeals:demand_approval", case.public_id, row.public_id),
        trail=_home(case, row.denial, row.kind),
    )
