"""Papers are asked for in writing beside the contest: the plan sends them in time, late and after a demand, or never."""

from __future__ import annotations

from datetime import date, timedelta

from advocacy.management.seed.life import Course, Life
from advocacy.management.seed.year.asking import said_by_payer
from advocacy.management.seed.year.words import DETAILS, WRITTEN
from appeals.commands.demands import send_demand, write_demand
from appeals.commands.document_requests import (
    correct_document_request,
    receive_documents,
    request_documents,
    withdraw_document_request,
)
from appeals.models import Deadline, DocumentRequest

ROOM = 40
"""So many days have to be left to file after the plan's time: else nobody waits for its papers."""


def documents_asked_for(life: Life, often: float) -> Course:
    """Now and then papers are asked for. Where there is room, they are waited for; else the case goes on without them."""
    if not life.happens(often):
        return
    plan = life.story.plan
    asked = life.luck.choice(("claim_file", "claim_file", "plan_documents", "records"))
    channel = life.luck.choice(("fax", "mail"))
    row = life.do(
        request_documents,
        case=life.case,
        asked=asked,
        details=life.luck.choice(DETAILS[asked]),
        denial=life.refusal,
        channel=channel,
        address=f"Fax {plan.fax}" if channel == "fax" else f"{plan.payer}, Records, PO Box 7100, Fairmont",
        sent_at=life.at,
    )
    life.house.note(f"asked for: {asked}")
    if channel == "mail":
        yield life.later(3, 6)
        taken_longer = life.on if life.happens(0.15) else None
        arrived = max(row.sent_at, life.at - timedelta(hours=20))
        life.do(
            correct_document_request,
            request=row,
            received_at=arrived,
            extended_on=taken_longer,
            proof_note="The green card came back.",
        )
    due = life.date_of("documents", document_request_id=row.pk)
    if due is not None and _has_room(life, due.due_on):
        yield from _answered(life, row, due.due_on)


def _has_room(life: Life, until: date) -> bool:
    filing = life.date_of("filing", denial_id=life.refusal.pk) or life.date_of("filing")
    return filing is None or (filing.due_on - until).days > ROOM


def _answered(life: Life, row: DocumentRequest, due: date) -> Course:
    throw = life.luck.random()
    if throw < 0.5:
        yield life.on + timedelta(days=life.luck.randrange(2, max((due - life.on).days, 3)))
        _came(life, row)
        return
    yield due + timedelta(days=2)
    life.house.note("documents late")
    said_by_payer(life, "documents late")
    if life.happens(0.6):
        demanded(life, life.date_of("documents", document_request_id=row.pk), "documents")
    if throw < 0.85:
        yield life.later(3, 14)
        _came(life, row)
    else:
        life.house.note("documents never came")


def _came(life: Life, row: DocumentRequest) -> None:
    life.do(
        receive_documents,
        request=row,
        answered_at=life.at - timedelta(minutes=1),
        note=life.luck.choice(WRITTEN["file came"]),
    )
    life.house.note("documents came")


def demanded(life: Life, deadline: Deadline | None, kind: str) -> None:
    """What is late is demanded in a letter, which goes out as it was filled."""
    if deadline is None:
        return
    letter = life.do(write_demand, case=life.case, deadline=deadline, kind=kind)
    life.do(
        send_demand,
        demand=letter,
        channel="fax",
        address=f"Fax {life.story.plan.fax}",
        sent_at=life.at,
        proof_note=f"Fax report {life.luck.randrange(20_000, 90_000)}, result OK.",
    )
    life.house.note(f"demanded: {kind}")


def awaited_no_more(life: Life) -> None:
    """Before the case is closed, most take back what never came; closing ends the rest."""
    for row in DocumentRequest.objects.filter(case=life.case_row, answered_at=None, withdrawn_at=None):
        if life.happens(0.7):
            life.do(
                withdraw_document_request, request=row, reason="The case ends; they are not needed any more."
            )
