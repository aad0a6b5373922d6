"""An inquiry is taken in step by step, and ends as an open case or with a place to turn to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused, WrongState
from advocacy.people.commands import ContactInput, record_consent, register_patient
from advocacy.people.models import Membership, Patient
from advocacy.tenancy.models import Organization
from cases import rules
from cases.commands.cases import open_case
from cases.commands.registration import record_coverage, record_payer, record_provider
from cases.commands.search_text import index_inquiry
from cases.commands.triage import triage_case
from cases.models import Case, Coverage, Inquiry, Payer, Provider
from cases.queries.intake import may_take_in
from cases.queries.registration import scope_of
from cases.workflow import INQUIRY, InquiryStatus

STEPS = ("who", "what", "coverage", "provider", "consent", "urgency", "review")
MOST_TYPED = 20_000


@dataclass(frozen=True)
class Intake:
    """All that was answered, read by the forms. A row where one was chosen, else what a new one is made of.

    `coverage_details` may name a new payer as `new_payer`; `consents` are what `record_consent` takes.
    """

    treatment: str
    purpose: str
    diagnosis_codes: Sequence[str]
    procedure_codes: Sequence[str]
    urgency: str
    safety_concern: str
    purpose_words: str = ""
    treatment_note: str = ""
    patient: Patient | None = None
    patient_details: Mapping[str, Any] = field(default_factory=dict)
    contacts: Sequence[ContactInput] = ()
    coverage: Coverage | None = None
    coverage_details: Mapping[str, Any] = field(default_factory=dict)
    provider: Provider | None = None
    provider_details: Mapping[str, Any] = field(default_factory=dict)
    consents: Sequence[Mapping[str, Any]] = ()
    owner: Membership | None = None


def start_inquiry(*, actor: Actor, at: datetime) -> Inquiry:
    """Begin to take somebody's inquiry in; it is the actor's until it is handed over. Raises NotAllowed."""
    require(actor, Permission.OPEN_CASE)
    with transaction.atomic():
        inquiry = Inquiry.objects.create(
            reference=_next_reference(actor.organization_id),
            owner_id=actor.membership_id,
            started_at=at,
            started_by_id=actor.user_id,
            saved_at=at,
        )
        index_inquiry(inquiry)
        record("inquiry_started", subject=inquiry)
    return inquiry


def hand_over_inquiry(*, actor: Actor, inquiry: Inquiry, owner: Membership | None, at: datetime) -> Inquiry:
    """A colleague goes on with it, or nobody yet (None: it waits among those without an owner). What was typed stays.

    Raises NotAllowed, NotFound, WrongState when it has ended, Refused for somebody who does not take inquiries in or may
    not see the person it is about.
    """
    require(actor, Permission.OPEN_CASE, inquiry)
    with transaction.atomic():
        row = Inquiry.objects.select_for_update(of=("self",)).select_related("patient").get(pk=inquiry.pk)
        if row.status != InquiryStatus.OPEN:
            raise WrongState("hand_over", row.status, "This inquiry has ended: nobody has to go on with it.")
        if owner is not None and not may_take_in(owner, row, at):
            text = "Choose a colleague who takes inquiries in and may see the person this one is about."
            raise Refused([Reason("owner_unfit", text, "owner")])
        before, to = row.owner_id, owner.pk if owner else None
        if before != to:
            row.owner, row.version = owner, row.version + 1
            row.save(update_fields=["owner", "version"])
            record("inquiry_handed_over", subject=row, detail={"from": before, "to": to})
    return row


def save_step(
    *,
    actor: Actor,
    inquiry: Inquiry,
    step: str,
    typed: Mapping[str, Sequence[str]],
    patient: Patient | None = None,
    reached: bool,
    at: datetime,
) -> Inquiry:
    """Keep what was typed into one step, sealed; `reached` when the step is complete. Who it is about only the first step says.

    Raises NotAllowed, NotFound, WrongState when the inquiry has ended, Refused for an unknown step or an endless text.
    """
    require(actor, Permission.OPEN_CASE, inquiry)
    if step not in STEPS or sum(len(v) for values in typed.values() for v in values) > MOST_TYPED:
        raise Refused([Reason("step_unknown", "This cannot be kept. Shorten what was typed.")])
    with transaction.atomic():
        row = Inquiry.objects.select_for_update(of=("self",)).get(pk=inquiry.pk)
        if row.status != InquiryStatus.OPEN:
            raise WrongState("save", row.status, "This inquiry has ended. Take it up again to change it.")
        row.answers = {**row.answers, step: {name: list(values) for name, values in typed.items()}}
        names = ["answers", "saved_at", "version"]
        row.saved_at, row.version = at, row.version + 1
        if reached and (not row.reached or STEPS.index(step) > STEPS.index(row.reached)):
            row.reached = step
            names.append("reached")
        if step == "who":
            row.patient = patient
            names.append("patient")
        row.save(update_fields=names)
        if step == "who":
            index_inquiry(row)
        record("inquiry_saved", subject=row, detail={"step": step, "complete": reached})
    return row


def decline_inquiry(
    *, actor: Actor, inquiry: Inquiry, because: str, words: str = "", referred_to: str, at: datetime
) -> Inquiry:
    """Decline it with the reason and where the person can turn instead; the row stays and can be taken up again.

    Raises NotAllowed, NotFound, WrongState, Refused.
    """
    known = because if because in Inquiry.Declined.values else ""
    return INQUIRY.take(
        "decline",
        inquiry,
        actor=actor,
        at=at,
        changes={
            "declined_because": known,
            "declined_words": words.strip(),
            "referred_to": referred_to.strip(),
            "ended_at": at,
            "saved_at": at,
        },
        detail={"because": known},
    )


def reopen_inquiry(*, actor: Actor, inquiry: Inquiry, at: datetime) -> Inquiry:
    """Take a declined inquiry up again, with all that was answered: it is the actor's now.

    Raises NotAllowed, NotFound, WrongState.
    """
    changes = {"ended_at": None, "saved_at": at, "owner_id": actor.membership_id}
    return INQUIRY.take("reopen", inquiry, actor=actor, at=at, changes=changes)


def open_from_inquiry(
    *, actor: Actor, inquiry: Inquiry, intake: Intake, duplicates_seen: bool, at: datetime
) -> Case:
    """Make the records and open the case, all or nothing: patient, coverage, provider, consents, case, triage.

    What was typed is forgotten then, since the records hold it. Raises NotAllowed, NotFound, WrongState, Refused: each
    reason's field is "<step>:<field>".
    """
    require(actor, Permission.OPEN_CASE, inquiry)
    organization = Organization.objects.get(pk=actor.organization_id)
    with transaction.atomic():
        patient = intake.patient
        if patient is None:
            with _of_step("who"):
                patient = register_patient(
                    actor=actor,
                    contacts=intake.contacts,
                    duplicates_seen=duplicates_seen,
                    at=at,
                    **intake.patient_details,
                )
        coverage = intake.coverage or _cover(actor, patient, intake.coverage_details, at)
        provider = intake.provider
        if provider is None:
            with _of_step("provider"):
                provider = record_provider(actor=actor, at=at, **intake.provider_details)
        with _of_step("consent"):
            for consent in intake.consents:
                record_consent(actor=actor, patient=patient, at=at, **consent)
        with _of_step("what"):
            case = open_case(
                actor=actor,
                patient=patient,
                coverage=coverage,
                provider=provider,
                treatment=intake.treatment,
                purpose=intake.purpose,
                purpose_words=intake.purpose_words,
                treatment_note=intake.treatment_note,
                diagnosis_codes=intake.diagnosis_codes,
                procedure_codes=intake.procedure_codes,
                is_urgent=intake.urgency != Case.Urgency.STANDARD,
                owner=intake.owner,
                at=at,
            )
        with _of_step("urgency"):
            triage_case(
                actor=actor,
                case=case,
                urgency=intake.urgency,
                safety_concern=intake.safety_concern,
                at=at,
            )
        ended = INQUIRY.take(
            "open_case",
            inquiry,
            actor=actor,
            at=at,
            changes={
                "case_id": case.pk,
                "patient_id": patient.pk,
                "answers": {},
                "ended_at": at,
                "saved_at": at,
            },
            facts={
                "outside_scope": rules.inside_scope(intake.treatment, intake.purpose, scope_of(organization))
            },
            detail={"case": case.pk},
        )
        index_inquiry(ended)
    return case


def _cover(actor: Actor, patient: Patient, details: Mapping[str, Any], at: datetime) -> Coverage:
    given = dict(details)
    new_payer = given.pop("new_payer", "").strip()
    with _of_step("coverage"):
        payer = given.pop("payer", None)
        if payer is None:
            known = Payer.objects.filter(name__iexact=new_payer).first()
            payer = known or record_payer(actor=actor, name=new_payer, at=at)
        return record_coverage(actor=actor, patient=patient, payer=payer, at=at, **given)


@contextmanager
def _of_step(step: str) -> Iterator[None]:
    """A command's reasons say which step they belong to."""
    try:
        yield
    except Refused as refusal:
        raise Refused([replace(r, field=f"{step}:{r.field or ''}") for r in refusal.reasons]) from refusal


def _next_reference(organization_id: int) -> str:
    """HB-I-0042: the organization's letters and the next number, given out one at a time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('inquiry_reference'), %s::int)", [organization_id]
        )
        prefix = f"{Organization.objects.get(pk=organization_id).reference_prefix}-I-"
        cursor.execute(
            "SELECT coalesce(max(substr(reference, %s)::int), 0) + 1 FROM cases_inquiry"
            " WHERE organization_id = %s AND reference ~ %s",
            [len(prefix) + 1, organization_id, f"^{prefix}[0-9]+$"],
        )
        return f"{prefix}{cursor.fetchone()[0]:04d}"
