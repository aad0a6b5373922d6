"""Rows for the pages of the desk, made directly: a case in any stage, with clocks on both sides."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Min

from advocacy.people.models import Absence, Membership, Patient
from appeals.models import Appeal, AuthorizationRequest, Choice, Deadline, Denial, RequestItem
from cases.models import Case, Coverage, Payer, Provider, Task


def new_case(number: int, *, at: datetime, owner: Membership | None = None, **fields: Any) -> Case:
    """An open case of a patient of its own, touched a day after it was opened."""
    patient = Patient.objects.create(
        reference=f"HB-P-{number:04d}",
        given_name=f"Given{number}",
        family_name="Whitlock",
        preferred_name=f"Pip{number}",
        pronouns="they/them",
        birth_date=date(1984, 5, 17),
        registered_at=at,
        state="OR",
    )
    payer, _ = Payer.objects.get_or_create(name="Timberline Mutual")
    provider, _ = Provider.objects.get_or_create(
        npi="1234567893", defaults={"name": "Amara Osei", "credentials": "MD"}
    )
    coverage = Coverage.objects.create(
        patient=patient,
        payer=payer,
        plan_name="Silver 4500",
        member_id=f"TMK {number:05d}",
        state_of_issue="OR",
    )
    values: dict[str, Any] = {
        "treatment": "iv_ketamine",
        "purpose": "condition",
        "opened_at": at - timedelta(days=40),
        "last_touched_at": at - timedelta(days=2),
    }
    return Case.objects.create(
        reference=f"HB-2026-1{number:03d}",
        patient=patient,
        coverage=coverage,
        provider=provider,
        diagnosis_codes=["F33.2"],
        procedure_codes=["96365"],
        owner=owner,
        **(values | fields),
    )


def request_of(case: Case, *, at: datetime, status: str = "received", **fields: Any) -> AuthorizationRequest:
    request = AuthorizationRequest.objects.create(
        case=case,
        coverage=case.coverage,
        channel="fax",
        status=status,
        submitted_at=at - timedelta(days=30),
        received_at=at - timedelta(days=30),
        created_at=at - timedelta(days=31),
        **fields,
    )
    RequestItem.objects.create(case=case, request=request, position=1, code="96365", units=6)
    return request


def denied(case: Case, *, at: datetime, confirmed_by: Any = None, **fields: Any) -> Denial:
    request = request_of(case, at=at, status="denied", decided_at=at - timedelta(days=20))
    return Denial.objects.create(
        case=case,
        request=request,
        notice_on=(at - timedelta(days=20)).date(),
        received_on=(at - timedelta(days=17)).date(),
        recorded_at=at,
        confirmed_at=at if confirmed_by else None,
        confirmed_by=confirmed_by,
        **fields,
    )


def level_of(denial: Denial, *, at: datetime, status: str = "open", **fields: Any) -> Appeal:
    return Appeal.objects.create(
        case=denial.case,
        denial=denial,
        regime="individual_aca",
        level="internal_appeal_1",
        position=1,
        status=status,
        opened_at=at,
        **fields,
    )


def clock(case: Case, *, due_on: date, at: datetime, side: str = "claimant", **fields: Any) -> Deadline:
    """A running clock; the patient's side moves the case's own next date, as the deadline command does."""
    deadline = Deadline.objects.create(
        case=case,
        clock="filing" if side == "claimant" else "decision",
        title="Internal appeal: last day to file" if side == "claimant" else "Decision on the request",
        side=side,
        due_on=due_on,
        statutory_on=due_on,
        safe_on=due_on if side == "claimant" else None,
        regime="individual_aca",
        rule="aca.internal_appeal.filing",
        rule_version="1",
        citation="45 CFR 147.136(b)",
        confidence="verified",
        arithmetic=["Received on March 2, 2026.", "+ 180 days."],
        if_missed="none",
        computed_at=at,
        **fields,
    )
    if side == "claimant":
        legal = Deadline.objects.filter(case=case, side="claimant", status="running", peer_to_peer=None)
        first = legal.aggregate(d=Min("due_on"))
        Case.objects.filter(pk=case.pk).update(next_deadline_on=first["d"])
        case.refresh_from_db(fields=["next_deadline_on"])
    return deadline


def task_of(case: Case, *, at: datetime, owner: Membership | None = None, **fields: Any) -> Task:
    return Task.objects.create(
        case=case, title="Ask for the plan document", owner=owner, opened_at=at, **fields
    )


def chosen_for(case: Case, kind: str, *, at: datetime) -> Choice:
    """What the patient chose after the case's last denial."""
    denial = Denial.objects.filter(case=case).order_by("-id")[0]
    return Choice.objects.create(
        case=case,
        denial=denial,
        kind=kind,
        advised_by="Dr. Osei",
        agreed_by="patient",
        agreed_way="call",
        agreed_on=at.date(),
        why="Her wish.",
        recorded_at=at,
    )


def away(member: Membership, cover: Membership, *, at: datetime, days: int = 5) -> Absence:
    """Somebody is away from yesterday on."""
    return Absence.objects.create(
        member=member,
        cover=cover,
        from_on=at.date() - timedelta(days=1),
        until_on=at.date() + timedelta(days=days),
        recorded_at=at,
    )
