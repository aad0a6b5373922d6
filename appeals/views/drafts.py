"""What goes out at a level: the letter, its exhibits, the file as it would be sent, and the filing that freezes it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from advocacy.access.disclosures import Door, Purpose, disclose, whoever_asks
from advocacy.access.permissions import Permission as P
from advocacy.errors import Reason, Refused, WrongState
from advocacy.inputs import without_errors
from advocacy.tenancy.together import fetched
from advocacy.web import saw
from appeals.blocks import blocks_as_text, blocks_from_text, unfilled_gaps
from appeals.commands import levels as commands
from appeals.commands.drafts import facts_of, packet_of
from appeals.commands.letter_dates import office_day
from appeals.commands.paper import recipient_of
from appeals.forms.levels import DraftForm, ExhibitsForm, FilingForm
from appeals.letters import answers_carried, appeal_letter_blocks, letter_citing
from appeals.queries.drafts import draft_text, letter_before
from appeals.queries.level_page import choosable_exhibits, get_level, level_page
from appeals.queries.lookup import state_laws_of
from appeals.queries.shown_dues import history_rows
from appeals.queries.steps import history_from
from appeals.queries.ways import agency_of_step, answers_the_denial, place_of_step, ways_for_filing
from appeals.representation import REPRESENTATIVE
from appeals.state_laws import StateLaw
from appeals.views.casework import CaseRequest, bring_back, case_page, show_step, today_for
from appeals.views.levels import missing_shown
from cases.views.casework import Outcome, attempt, done
from cases.views.files import POLICY
from cases.views.ways import filled, follow_channel, picked_way, shown_ways

BEFORE = frozenset({"open", "drafting"})


def _level(request: CaseRequest, case: Any, level_id: UUID) -> Any:
    appeal = get_level(request.actor, case, level_id)
    if appeal.status not in BEFORE and request.method != "POST":
        raise WrongState(
            "draft", appeal.status, "This level is not being written any more: what went out stays as it is."
        )
    return appeal


def _back(case: Any, appeal: Any) -> str:
    return reverse("appeals:level", args=[case.public_id, appeal.public_id])


def _seed(case: Any, appeal: Any, at: datetime) -> dict[str, Any]:
    """The draft as it stands; where none was begun, the first draft from what is recorded (nothing is written)."""
    if appeal.draft:
        return {
            "text": draft_text(appeal),
            "recipient": "\n".join(appeal.draft["recipient"]),
            "dated": date.fromisoformat(appeal.draft["dated"]),
        }
    history = history_from(case, fetched(history_rows(case)))
    facts = facts_of(case, appeal, history)
    return {
        "text": blocks_as_text(appeal_letter_blocks(facts)),
        "recipient": "\n".join(recipient_of(case, appeal, history.rung(appeal))),
        "dated": office_day(case, at),
    }


def _with_law(text: str, law: StateLaw | None) -> str:
    return blocks_as_text(letter_citing(blocks_from_text(text), law)) if law else text


@case_page(P.DRAFT_APPEAL)
def level_draft(request: CaseRequest, case: Any, level_id: UUID) -> HttpResponse:
    """Write the letter. What only a person can fill stands in double brackets, and is listed. `cite` with a POST names the
    subject of a state's law that the letter is saved with."""
    appeal = _level(request, case, level_id)
    laws = state_laws_of(case)
    law = laws.law(request.POST.get("cite", ""))
    form = DraftForm(
        request.POST or None, initial=_seed(case, appeal, request.at) | {"version": appeal.version}
    )
    outcome = attempt(
        request,
        form,
        lambda data: commands.save_draft(
            actor=request.actor,
            appeal=appeal,
            text=_with_law(data["text"], law),
            dated=data["dated"],
            recipient=data["recipient"].splitlines(),
            at=request.at,
            expected_version=data["version"],
        ),
    )
    address = [case.public_id, appeal.public_id]
    if outcome.done:
        go_on = "appeals:level_exhibits" if "go_on" in request.POST else "appeals:level_draft"
        said = f"The letter is saved, and cites {law.citation}." if law else "The letter is saved."
        return done(request, said, go_on, *address)
    names = bring_back(request, form)
    text = form["text"].value() or ""
    before, place = letter_before(appeal), place_of_step(appeal)
    return show_step(
        request,
        case,
        form,
        outcome,
        here="The letter",
        action="Save the letter",
        back=_back(case, appeal),
        trail=(("Level", _back(case, appeal)),),
        extra={
            "appeal": appeal,
            "gaps": [r.message.partition(": ")[2] for r in unfilled_gaps(blocks_from_text(text))],
            "before": before,
            "place": place,
            "agency": agency_of_step(case, appeal) if place.open_place else "",
            "laws": laws,
            "carried": answers_carried(before.body, blocks_from_text(text)) if before else 0,
        },
        template="appeals/level_draft.html",
        names=names,
    )


@case_page(P.DRAFT_APPEAL)
def level_exhibits(request: CaseRequest, case: Any, level_id: UUID) -> HttpResponse:
    """Choose what goes behind the letter, and in which order."""
    appeal = _level(request, case, level_id)
    offered = choosable_exhibits(request.actor, case, appeal)
    form = ExhibitsForm(request.POST or None, rows=[(c.key, c.name, c.place, c.title) for c in offered])
    outcome = attempt(
        request,
        form,
        lambda _data: commands.set_exhibits(
            actor=request.actor,
            appeal=appeal,
            versions=form.chosen(),
            at=request.at,
        ),
    )
    if outcome.done:
        go_on = "appeals:level_file" if "go_on" in request.POST else "appeals:level_exhibits"
        return done(request, "The exhibits are saved.", go_on, case.public_id, appeal.public_id)
    return show_step(
        request,
        case,
        form,
        outcome,
        here="Exhibits",
        action="Save the exhibits",
        back=_back(case, appeal),
        trail=(("Level", _back(case, appeal)),),
        extra={
            "appeal": appeal,
            "rows": [row | {"kind": c.kind, "key": c.key} for row, c in zip(form.rows, offered, strict=True)],
            "may_file": P.FILE_APPEAL in request.may,
        },
        template="appeals/level_exhibits.html",
    )


def _packet(request: CaseRequest, case: Any, appeal: Any) -> Any:
    history = history_from(case, fetched(history_rows(case)))
    return packet_of(request.actor, case, appeal, history)


@require_safe
@case_page(P.DRAFT_APPEAL)
def level_preview(request: CaseRequest, case: Any, level_id: UUID) -> HttpResponse:
    """The very bytes that a filing would freeze now."""
    packet = _packet(request, case, _level(request, case, level_id))
    passage = disclose(
        actor=request.actor,
        door=Door.PRINT,
        purpose=Purpose.CASEWORK,
        to=whoever_asks(request.actor),
        about=case,
    )
    saw(request, "read_document", cases=[case.pk], patients=[case.patient_id], **passage.told)
    response = HttpResponse(packet.pdf, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{case.reference}-preview.pdf"'
    response.headers["Content-Security-Policy"] = POLICY
    return response


@case_page(P.FILE_APPEAL)
def level_file(request: CaseRequest, case: Any, level_id: UUID) -> HttpResponse:
    """Look at the exact pages, say where and how they went, and freeze them."""
    appeal = _level(request, case, level_id)
    ways = ways_for_filing(request.actor, case, appeal)
    picked = picked_way(request, ways)
    initial: dict[str, Any] = {"filed_at": timezone.localtime()}
    if ways:
        initial |= {"channel": ways[0].channel, "address": ways[0].address}
    packet: Any = None
    obstacle: tuple[Reason, ...] = ()
    if request.method != "POST":
        try:
            packet = _packet(request, case, appeal)
            initial["expected_sha256"] = packet.sha256
        except Refused as refusal:
            obstacle = refusal.reasons
    asks = request.organization.letters_need_patient_approval
    page = level_page(request.actor, case, appeal, today_for(request, case), asks_approval=asks)
    form = FilingForm(
        filled(request, picked, **_in_fields(picked)),
        initial=initial,
        asks_amount=any(level.amount is not None for level in page.rung.levels),
        asks_approval=appeal.is_expedited and asks,
        filers=page.filers,
    )
    if picked is not None:
        without_errors(form)
        outcome = Outcome(False)
    else:
        outcome = attempt(
            request,
            form,
            lambda data: commands.file_appeal(
                actor=request.actor,
                appeal=appeal,
                channel=data["channel"],
                address=data["address"],
                filed_at=data["filed_at"],
                proof_note=data["proof_note"],
                good_cause=data["good_cause"],
                amount_reason=data.get("amount_reason", ""),
                unapproved_reason=data.get("unapproved_reason", ""),
                filed_as=data.get("filed_as") or REPRESENTATIVE,
                expected_sha256=data["expected_sha256"],
                at=request.at,
            ),
        )
    if outcome.done:
        return done(
            request,
            "Filed. These pages are frozen and never change.",
            "appeals:filed",
            case.public_id,
            outcome.result.public_id,
        )
    follow_channel(form, ways, channel="channel", address="address")
    if request.method == "POST" and appeal.status in BEFORE:
        packet, obstacle = _look_again(request, case, appeal, form, outcome)
    return show_step(
        request,
        case,
        form,
        outcome,
        here="File the appeal",
        action="File it: freeze these pages",
        back=_back(case, appeal),
        trail=(("Level", _back(case, appeal)),),
        extra={
            "appeal": appeal,
            "packet": packet,
            "obstacles": obstacle,
            "missing": missing_shown(request, case, page),
            "ways": shown_ways(ways, form, channel="channel", address="address"),
            "later": not answers_the_denial(appeal),
            "agency": "" if ways else agency_of_step(case, appeal),
            "place": place_of_step(appeal),
            "preview_url": reverse("appeals:level_preview", args=[case.public_id, appeal.public_id]),
        },
        template="appeals/level_file.html",
    )


def _in_fields(way: Any) -> dict[str, str]:
    return {"channel": way.channel, "address": way.address} if way else {}


def _look_again(
    request: CaseRequest, case: Any, appeal: Any, form: FilingForm, outcome: Outcome
) -> tuple[Any, tuple[Any, ...]]:
    """After a refusal the page shows the file as it is now, and only that one may be filed next."""
    try:
        packet = _packet(request, case, appeal)
    except Refused as refusal:
        return None, refusal.reasons
    form.data = {**form.data.dict(), "expected_sha256": packet.sha256}  # type: ignore[attr-defined]
    return packet, ()
