"""A Harbor in which every page has something to show, made by the real commands: what could leak, and what is read.

`world.rows["case_id"]` and so on fill an address. Two cases of two patients stand in different stages, since a level that
is being written and one that waits for its decision have different pages (`STAGES` says which route needs which).
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from PIL import Image

from advocacy.access.policy import Actor, Portal
from advocacy.background.models import Job
from advocacy.people.commands import ContactInput, add_contact, index_patient, record_consent, set_numbers
from advocacy.people.drafts import save_draft, save_search
from advocacy.people.invitations import invite_member
from advocacy.people.models import BreakGlass, LegalHold, Membership, Patient, PortalAccess, Team, User
from advocacy.tenancy.scope import scoped_to
from appeals.commands.answers import record_answer
from appeals.commands.approvals import ask_approval
from appeals.commands.decisions import decide_appeal
from appeals.commands.demands import write_demand
from appeals.commands.denials import (
    DenialInput,
    ReasonInput,
    confirm_denial,
    propose_from_version,
    record_denial,
)
from appeals.commands.levels import file_appeal
from appeals.commands.levels import save_draft as save_letter
from appeals.commands.plan_facts import record_plan_fact
from appeals.commands.requests import (
    ItemInput,
    draft_request,
    receive_request,
)
from appeals.models import Appeal, AuthorizationRequest, Deadline, Denial, Filing, PeerToPeer, RequestItem
from appeals.sample_letters import text_as_pdf
from cases.commands.access import give_grant
from cases.commands.cases import record_failed_treatment
from cases.commands.clinic import ask_clinic, send_link
from cases.commands.communications import log_communication, write_note
from cases.commands.consent_papers import link_paper
from cases.commands.costs import record_cost
from cases.commands.documents import read_text, upload_document
from cases.commands.messages import send_message
from cases.commands.papers import add_page
from cases.commands.search_text import index_case
from cases.commands.tasks import hold_task, open_task
from cases.models import Attachment, Case, Coverage, DocumentVersion, PatientNotice
from tests.cast import NOW, Cast, assemble
from tests.factories.readiness import PLACE, benefits_checked
from tests.guards.marks import MARKS, PRIVATE
from tests.guards.world_team import ask_around, exchange, teamwork, win_call
from tests.machines import let_in
from tests.portal import give_access
from tests.standing import prepared

PATIENT_ZONE = ZoneInfo("America/New_York")


def moment(day: str, hour: int = 14) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), tzinfo=PATIENT_ZONE).replace(
        hour=hour
    )


@dataclass
class World:
    cast: Cast
    rows: dict[str, Any]
    """Parameter to row, of the case whose level waits for its decision."""
    earlier: dict[str, Any]
    """The same for the case whose level is being written."""
    closed: Case
    visits: dict[str, Any] = field(default_factory=dict)
    """Pages that were opened while it stands (tests/guards/visits.py)."""

    def address(self, route: Any, *, name: str = "") -> str:
        """The address of a route with rows that its page can show."""
        stage = STAGES.get(route.name, "awaiting")
        if stage == "closed":
            return str(route.url({"case_id": self.closed.public_id}))
        found = self.earlier if stage == "writing" else self.rows
        special = SPECIAL.get(route.name, {})
        values = {p: (self.rows[special[p]] if p in special else found[p]).public_id for p in route.rows}
        return str(route.url(values))


# Which case a page needs; all others show the one that waits for a decision.
STAGES = {
    "appeals:level_draft": "writing",
    "appeals:level_exhibits": "writing",
    "appeals:level_preview": "writing",
    "appeals:level_file": "writing",
    "appeals:level_phone": "writing",
    "appeals:level_forwarded": "writing",
    "appeals:level_approval": "writing",
    "appeals:level_approval_answer": "writing",
    "appeals:reopen": "closed",
}
# Which row a parameter needs where the first one of its kind will not do.
SPECIAL = {
    "appeals:level_choice": {"level_id": "decided_level"},
    "appeals:level_return": {"level_id": "decided_level"},
    "appeals:request_change": {"request_id": "draft_request"},
    "appeals:denial_confirm": {"denial_id": "open_denial"},
    "appeals:denial_set_aside": {"denial_id": "open_denial"},
    "appeals:denial": {"denial_id": "open_denial"},
    "appeals:owed_new": {"denial_id": "won_denial"},
    "cases:task_wake": {"task_id": "held_task"},
    "appeals:demand_approval_answer": {"approval_id": "demand_approval"},
}


def letter(case: Case, patient: Patient, member_id: str) -> bytes:
    return text_as_pdf(
        f"TIMBERLINE MUTUAL\n\nMarch 24, 2026\n\nMember: {patient.full_name}\nMember ID: {member_id}\n"
        "Reference number: REF-HARBOR-4711\n\nWe denied CPT 96365 and J3490. The service is not medically\n"
        "necessary. You may appeal within 180 days of receipt of this letter.\n"
    )


def _fill(cast: Cast, case: Case, member_id: str, *, file_first: bool) -> dict[str, Any]:
    nora, at = cast.nora, moment("2026-03-30")
    patient = case.patient
    index_patient(patient)
    set_numbers(patient, [member_id])
    index_case(case)
    rows: dict[str, Any] = {"case_id": case, "patient_id": patient, "coverage_id": case.coverage}
    for kind in ("release", "representation"):
        rows["consent_id"] = record_consent(
            actor=nora,
            patient=patient,
            kind=kind,
            scope="everything",
            method="paper",
            signed_on=date(2026, 3, 16),
            expires_event="the end of the case",
            at=moment("2026-03-16"),
        )
    rows["contact_id"] = add_contact(
        actor=nora, patient=patient, contact=ContactInput("phone", "555-014-2211", is_safe=True), at=at
    )
    rows["treatment_id"] = record_failed_treatment(
        actor=nora, case=case, name="sertraline", reason_stopped="ineffective", at=at
    )
    for question, value in {
        "program": "commercial",
        "sponsor": "private_employer",
        "funding": "self_funded",
        "plan_kind": "ordinary",
        "levels": "2",
    }.items():
        record_answer(actor=nora, case=case, question=question, value=value, source="card", at=at)
    read = {"page": 41, "quote": "the dog howls at the fax"}
    rows["answer_id"] = record_plan_fact(
        actor=nora, case=case, fact="plan_window_days", value="60", source="plan_document", at=at, **read
    )
    rows["document_id"] = upload_document(
        actor=nora,
        case=case,
        kind="denial_letter",
        title="Denial of Whitlock",
        filename="letter of whitlock.pdf",
        stream=io.BytesIO(letter(case, patient, member_id)),
        at=at,
    )
    version = DocumentVersion.objects.get(document=rows["document_id"])
    rows["version_id"] = read_text(actor=nora, version=version, at=at)
    rows["consent_paper_id"] = link_paper(
        actor=nora, consent=rows["consent_id"], document=rows["document_id"], at=at
    )
    rows["communication_id"] = log_communication(
        actor=nora,
        case=case,
        person="Zebulon Quark",
        reference_number="REF-HARBOR-4711",
        happened_at=at,
        summary="the dog howls at the fax",
        promise="a copy of the file",
        promised_by=date(2026, 4, 3),
        at=at,
    )
    write_note(actor=nora, case=case, body="the dog howls at the fax", at=at)
    record_cost(
        actor=nora,
        case=case,
        kind="at_stake",
        amount=Decimal("4500"),
        certainty="estimate",
        basis="six sessions",
        at=at,
    )
    rows["task_id"] = open_task(actor=nora, case=case, title="Ask Zebulon Quark", at=at)
    rows["held_task"] = open_task(actor=nora, case=case, title="Look again", at=at)
    hold_task(
        actor=nora,
        task=rows["held_task"],
        until=timezone.now() + timedelta(days=30),
        reason="the dog howls at the fax",
        at=timezone.now(),
    )
    _contest(cast, case, rows, file_first=file_first)
    return rows


def _talk(cast: Cast, rows: dict[str, Any], access: PortalAccess) -> None:
    """The patient is written to in the portal, with a paper, and told so; what they write back waits for an answer."""
    case, at = rows["case_id"], moment("2026-03-30")
    address = ContactInput("email", access.user.email, is_safe=True)
    add_contact(actor=cast.nora, patient=case.patient, contact=address, at=at)
    words = "the dog howls at the fax"
    sent = send_message(actor=cast.nora, case=case, body=words, attachments=[rows["document_id"]], at=at)
    rows["notice"] = PatientNotice.objects.get(about=f"message:{sent.pk}")
    dana = Actor(
        key=f"user:{access.user_id}",
        label="Patient",
        organization_id=cast.harbor.pk,
        user_id=access.user_id,
        portal=Portal(access.pk, case.patient_id, "patient"),
    )
    send_message(actor=dana, case=case, body=words, at=at)
    rows["attachment_id"] = Attachment.objects.get(communication=sent)
    photo = io.BytesIO()
    Image.new("RGB", (80, 100), "white").save(photo, "JPEG")
    rows["page_id"] = add_page(actor=dana, case=case, stream=photo, at=at)


def _ask(cast: Cast, case: Case, received: str | None) -> AuthorizationRequest:
    if not case.benefit_checks.exists():
        benefits_checked(cast.nora, case, moment("2026-03-17", 8), representative="Zebulon Quark")
    made = draft_request(
        actor=cast.nora,
        case=case,
        channel="fax",
        place_of_service=PLACE,
        reference_number="REF-HARBOR-4711",
        items=[ItemInput("96365", Decimal(6), sessions=6), ItemInput("J3490", Decimal(60))],
        at=moment("2026-03-17", 9),
    )
    if received:
        receive_request(
            actor=cast.nora, request=made, received_at=moment(received, 10), at=moment(received, 11)
        )
    return made


def _deny(cast: Cast, request: AuthorizationRequest, letter: Any) -> Denial:
    return record_denial(
        actor=cast.nora,
        request=request,
        letter=letter,
        fields=DenialInput(
            notice_on=date(2026, 3, 24),
            received_on=date(2026, 3, 27),
            received_evidence="certified",
            send_to_fax="555 010 0199",
            peer_to_peer_until=date(2026, 4, 10),
        ),
        items=[i.public_id for i in RequestItem.objects.filter(request=request)],
        reasons=[ReasonInput("medical_necessity", "It is not medically necessary.", is_primary=True)],
        at=moment("2026-03-30", 9),
    )


def _contest(cast: Cast, case: Case, rows: dict[str, Any], *, file_first: bool) -> None:
    nora = cast.nora
    request = rows["request_id"] = _ask(cast, case, "2026-03-17")
    denial = rows["denial_id"] = _deny(cast, request, rows["document_id"])
    confirm_denial(actor=nora, denial=denial, at=moment("2026-03-30"))
    rows["call_id"] = PeerToPeer.objects.filter(denial=denial).first()
    first = rows["level_id"] = Appeal.objects.get(case=case, position=1)
    rows["draft_request"] = _ask(cast, case, None)
    rows["open_denial"] = _deny(cast, _ask(cast, case, "2026-03-18"), rows["document_id"])
    propose_from_version(actor=nora, version=rows["version_id"], at=moment("2026-03-30"))
    save_letter(actor=nora, appeal=first, text="Please reverse the decision.", at=moment("2026-04-09"))
    rows["approval_id"] = ask_approval(actor=nora, appeal=first, at=moment("2026-04-09"))
    if not file_first:
        return
    _file(cast, first, "2026-04-10")
    rows["filing_id"] = Filing.objects.get(appeal=first)
    rows["decided_level"] = first
    decide_appeal(
        actor=nora,
        appeal=first,
        decided_at=moment("2026-04-24"),
        notice_on=date(2026, 4, 24),
        received_on=date(2026, 4, 27),
        received_evidence="certified",
        stated_deadline_on=date(2026, 6, 23),
        outcomes={i.public_id: "upheld" for i in RequestItem.objects.filter(request=request)},
        at=moment("2026-04-27", 16),
    )
    second = rows["level_id"] = Appeal.objects.get(case=case, position=2)
    save_letter(actor=nora, appeal=second, text="Please reverse it again.", at=moment("2026-05-07"))
    _file(cast, second, "2026-05-08")
    late = rows["deadline_id"] = Deadline.objects.get(appeal=second, clock="decision", status="running")
    written = rows["demand_id"] = write_demand(
        actor=nora, case=case, deadline=late, kind="complaint", agency="ebsa", at=moment("2026-10-01")
    )
    rows["demand_approval"] = ask_approval(actor=nora, appeal=written, at=moment("2026-10-01"))
    won = rows["won_denial"] = _deny(cast, _ask(cast, case, "2026-03-19"), rows["document_id"])
    win_call(cast, won)


def _file(cast: Cast, appeal: Appeal, day: str) -> None:
    file_appeal(
        actor=cast.nora,
        appeal=appeal,
        channel="fax",
        address="555 010 0199",
        filed_at=moment(day),
        at=moment(day, 15),
    )


def _another(
    like: Case, reference: str, owner: Membership, *, closed: dict[str, Any] | None = None, **names: str
) -> Case:
    """A case of a patient of its own, at the payer and provider of `like`."""
    patient = Patient.objects.create(
        reference=f"{reference}-P", birth_date=date(1984, 5, 17), registered_at=NOW, state="OR", **names
    )
    coverage = Coverage.objects.create(
        patient=patient, payer=like.coverage.payer, member_id="KZQ-5150-88", state_of_issue="OR"
    )
    return Case.objects.create(
        reference=reference,
        patient=patient,
        coverage=coverage,
        provider=like.provider,
        treatment="iv_ketamine",
        purpose="condition",
        diagnosis_codes=["F33.2"],
        procedure_codes=["96365", "J3490"],
        owner=owner,
        opened_at=NOW,
        last_touched_at=NOW,
        **(closed or {}),
    )


def fill(cast: Cast) -> World:
    """Make it, in Harbor's scope."""
    nora = cast.nora
    owner = cast.members["nora"]
    assert cast.case is not None
    rows = _fill(cast, cast.case, "TMK 7730 41582 01", file_first=True)
    cast.case.provider.name = "Ophelia Harborlight"
    cast.case.provider.save(update_fields=["name"])
    cast.case.coverage.payer.name = "Quillback Mutual"
    cast.case.coverage.payer.save(update_fields=["name"])
    other = _another(
        cast.case,
        "HB-2026-0002",
        owner,
        given_name="Marisol",
        family_name="Okonkwo",
        preferred_name="Pip-Pilar",
    )
    earlier = _fill(cast, other, "KZQ-5150-88", file_first=False)
    closed = _another(
        cast.case,
        "HB-2026-0003",
        owner,
        given_name="Dana",
        family_name="Whitlock",
        closed={"status": "closed", "outcome": "withdrawn", "closed_at": moment("2026-05-08")},
    )
    rows["grant_id"] = give_grant(
        actor=cast.sam, case=cast.case, user=cast.users["clara"], reason="cover", at=timezone.now()
    )
    rows["glass_id"] = BreakGlass.objects.create(
        patient=cast.case.patient,
        user=User.objects.create(email="operator@example.org", name="Otto Operator", is_superuser=True),
        reason="the dog howls at the fax",
        opened_at=moment("2026-05-08"),
        expires_at=moment("2026-05-08") + timedelta(hours=1),
    )
    rows["hold_id"] = LegalHold.objects.create(
        patient=cast.case.patient,
        reason="the goat ate the subpoena",
        placed_at=moment("2026-05-08"),
        placed_by=cast.users["petra"],
    )
    teamwork(cast, rows)
    rows["search_id"] = save_search(actor=nora, query={"q": "Whitlock"}, at=timezone.now())
    rows["draft_id"] = save_draft(
        actor=nora, key="patient:new", fields={"family_name": ["Whitlock"]}, at=timezone.now()
    )
    ask_around(cast, rows, other)
    exchange(rows, cast)
    rows["member_id"] = cast.members["nils"]
    rows["team"] = Team.objects.create(name="Harbor Appeals")
    rows["invitation_id"] = invite_member(
        actor=cast.olga, email="new@harbor.example", name="", roles=["navigator"], at=timezone.now()
    ).invitation
    rows["machine_id"] = let_in(cast.olga, cast.harbor).row
    _talk(cast, rows, give_access(cast.case.patient, "dana@mail.example"))
    rows["ask_id"] = ask_clinic(
        actor=nora,
        case=cast.case,
        provider=cast.case.provider,
        kind="records",
        words="the chart",
        at=timezone.now(),
    )
    rows["clinic_link_id"] = send_link(
        actor=nora,
        case=cast.case,
        provider=cast.case.provider,
        email="front@clinic.example",
        days=14,
        at=timezone.now(),
    ).link
    rows["portal_access_id"] = give_access(cast.case.patient, "rosa@mail.example", kind="representative")
    rows["job_id"] = Job.objects.create(
        name="cases.read_document",
        arguments={"version": rows["version_id"].pk},
        status="failed",
        reason="The file is damaged.",
        queued_at=timezone.now(),
    )
    return World(cast, rows, earlier, closed)


def at_harbor(found: World):
    """The scope in which nora works."""
    nora = found.cast.nora
    return scoped_to(found.cast.harbor.pk, actor=nora.key, actor_label=nora.label)


@prepared(within=at_harbor, shared=True)
def world(db, own_vault):
    """Harbor, full; what a test changes is undone. Requests of a client find their own scope. Not together with `cast`."""
    everyone = assemble()
    with scoped_to(everyone.harbor.pk, actor=everyone.nora.key, actor_label=everyone.nora.label):
        return fill(everyone)


__all__ = ["MARKS", "PRIVATE", "World", "world"]
