"""What the world holds around its two cases: people working together, what was granted and chosen, and guided intake."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from advocacy.people.absence import record_absence
from advocacy.people.commands import record_consent
from advocacy.people.consent_words import STANDARD
from advocacy.people.models import Patient
from advocacy.people.queries import actor_of, memberships_of
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to
from appeals.commands.choices import ChoiceInput, record_choice
from appeals.commands.deadlines import recompute_deadlines
from appeals.commands.denials import confirm_denial
from appeals.commands.notice_checks import decide_notice_check
from appeals.commands.overrides import ask_override
from appeals.commands.own_dates import propose_own_date
from appeals.commands.peer_to_peers import hold_call
from appeals.commands.requests import AuthorizationInput, record_authorization
from appeals.commands.service_targets import set_service_target
from appeals.commands.sessions import record_session
from appeals.models import Denial, DocumentRequest, Effectuation, Finding, PeerToPeer, RequestItem
from cases.commands.benefits import record_referral
from cases.commands.documents import upload_document
from cases.commands.intake import save_step, start_inquiry
from cases.commands.offers import offer_case
from cases.commands.team import name_on_team
from cases.commands.triage import link_cases, unlink_cases
from cases.models import Case, CaseOffer
from cases.offering import PARTS
from tests.cast import Cast, make_case, make_member

PATIENT_ZONE = ZoneInfo("America/New_York")


def win_call(cast: Cast, denial: Denial) -> None:
    """The plan gives way in a call about a denial, and delivers nothing."""
    held = datetime(2026, 4, 2, 14, tzinfo=PATIENT_ZONE)
    confirm_denial(actor=cast.nora, denial=denial, at=held - timedelta(days=3))
    call = PeerToPeer.objects.get(denial=denial)
    hold_call(
        actor=cast.clara,
        call=call,
        held_at=held,
        reviewer="Dr. Payne",
        outcome="overturned",
        item_outcomes={},
        at=held,
    )


def moment(day: str, hour: int) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), tzinfo=PATIENT_ZONE).replace(
        hour=hour
    )


def teamwork(cast: Cast, rows: dict[str, Any]) -> None:
    """Adds rows for `entry_id`, `absence_id`, `authorization_id`, `session_id`, `effectuation_id`,
    `document_request_id` and `finding_id`."""
    rows["finding_id"] = Finding.objects.create(
        case=rows["case_id"], kind=Finding.Kind.STUCK, step="call_unreported", found_at=timezone.now()
    )
    rows["document_request_id"] = DocumentRequest.objects.create(
        case=rows["case_id"],
        asked=DocumentRequest.Asked.CLAIM_FILE,
        channel="fax",
        address="555 010 0199",
        sent_at=timezone.now(),
        recorded_at=timezone.now(),
    )
    rows["effectuation_id"] = Effectuation.objects.create(
        case=rows["case_id"],
        appeal=rows["level_id"],
        item=RequestItem.objects.filter(case=rows["case_id"]).order_by("id")[0],
        kind=Effectuation.Kind.AUTHORIZED,
        done_at=timezone.now(),
        recorded_at=timezone.now(),
    )
    rows["entry_id"] = name_on_team(
        actor=cast.sam,
        case=rows["case_id"],
        role="interpreter",
        name="Zebulon Quark",
        phone="555-014-2211",
        language="Spanish",
        from_on=date(2026, 3, 16),
        at=timezone.now(),
    )
    rows["absence_id"] = record_absence(
        actor=cast.sam,
        member=cast.members["ines"],
        cover=cast.members["nils"],
        from_on=timezone.now().date(),
        until_on=timezone.now().date() + timedelta(days=3),
        at=timezone.now(),
    )
    _allow(cast, rows)
    recompute_deadlines(rows["case_id"], timezone.now())


def _allow(cast: Cast, rows: dict[str, Any]) -> None:
    """One authorization of the case with a session against it, and the patient's choices after its decisions."""
    nora, case = cast.nora, rows["case_id"]
    rows["authorization_id"] = record_authorization(
        actor=nora,
        request=rows["request_id"],
        given=AuthorizationInput(
            "AUTH-HARBOR-33", 6, None, date(2026, 5, 1), timezone.now().date() + timedelta(days=90)
        ),
        at=moment("2026-05-08", 16),
    )
    rows["session_id"] = record_session(
        actor=nora,
        authorization=rows["authorization_id"],
        held_on=date(2026, 5, 8),
        minutes=50,
        place_of_service="11",
        provider=case.provider,
        at=moment("2026-05-08", 17),
    )
    record_choice(
        actor=nora,
        denial=rows["denial_id"],
        given=ChoiceInput(
            "appeal", "Zebulon Quark", "patient", "call", date(2026, 3, 31), "the dog howls at the fax"
        ),
        at=moment("2026-05-08", 17),
    )
    rows["own_date_id"] = propose_own_date(
        actor=cast.olga,
        regime="fully_insured_group",
        level="internal_appeal_1",
        kind="before",
        days=10,
        reason="Two readings of each letter",
        in_force_from=date(2026, 5, 8),
        today=date(2026, 5, 8),
        at=moment("2026-05-08", 17),
    )
    rows["service_target_id"] = set_service_target(
        actor=cast.olga,
        kind="first_contact",
        span=1,
        unit="business",
        in_force_from=date(2026, 1, 2),
        today=date(2026, 1, 2),
        at=moment("2026-01-02", 17),
    )
    rows["override_id"] = ask_override(
        actor=nora,
        step="go_on_without_decision",
        appeal=rows["level_id"],
        reason="the dog howls at the fax",
        at=moment("2026-10-01", 17),
    )
    decide_notice_check(
        actor=nora,
        denial=rows["denial_id"],
        rule="claim_file",
        answer="defect",
        reason="the dog howls at the fax",
        at=moment("2026-05-08", 17),
    )


def ask_around(cast: Cast, rows: dict[str, Any], other: Case) -> None:
    """Adds rows for `referral_id`, `link_id` (to the `other` case) and `inquiry_id`."""
    nora, case = cast.nora, rows["case_id"]
    rows["referral_id"] = record_referral(
        actor=nora,
        case=case,
        from_name="Zebulon Quark",
        number="REF-HARBOR-4711",
        valid_from=date(2026, 3, 1),
        valid_until=date(2026, 9, 1),
        at=moment("2026-03-17", 14),
    )
    link = link_cases(actor=nora, case=case, other=other, at=moment("2026-03-17", 14))
    rows["link_id"] = unlink_cases(actor=nora, link=link, at=moment("2026-03-18", 14))
    begun = start_inquiry(actor=nora, at=moment("2026-05-10", 14))
    begun = save_step(
        actor=nora,
        inquiry=begun,
        step="who",
        typed={"patient": [str(case.patient.public_id)], "q": ["Whitlock"]},
        patient=case.patient,
        reached=True,
        at=moment("2026-05-10", 14),
    )
    rows["inquiry_id"] = save_step(
        actor=nora,
        inquiry=begun,
        step="what",
        typed={"treatment": ["iv_ketamine"], "purpose_words": ["the dog howls at the fax"]},
        reached=False,
        at=moment("2026-05-10", 14),
    )


def names(actor: Any, patient: Patient, organization: Organization) -> Any:
    """A release that lets the organization have the records of this patient."""
    return record_consent(
        actor=actor,
        patient=patient,
        kind="sharing",
        scope=STANDARD["sharing"],
        method="paper",
        signed_on=date(2026, 3, 16),
        expires_event="the end of the case",
        receiving=organization.name,
        at=timezone.now(),
    )


def offered(actor: Any, case: Case, receiver: Organization, **given: Any) -> CaseOffer:
    """All facts of the case, offered on a release that names the organization."""
    asked = {"parts": list(PARTS), "papers": (), "days": 14, "name": receiver.name} | given
    if "consent" not in asked:
        asked["consent"] = names(actor, case.patient, receiver).public_id
    asked.setdefault("organization", receiver.public_id)
    return offer_case(actor=actor, case=case, at=timezone.now(), **asked)


def exchange(rows: dict[str, Any], cast: Cast) -> None:
    """Adds rows for `offer_id`, which Harbor made to a third organization, and `received_id` and `paper_id`, which that one
    offers to Harbor.
    """
    lakeside = Organization.objects.create(
        slug="lakeside", name="Lakeside Care Rights", reference_prefix="LS"
    )
    with scoped_to(lakeside.pk, actor="system:test", actor_label="test"):
        user, member = make_member(lakeside, "lena", "Lena Lakeside", ["navigator"])
        lena = actor_of(user, memberships_of(user.pk)[0])
        case = make_case("LS-2026-0001", given="Juniper", family="Alder", member_id="LAKE-31", owner=member)
        document = upload_document(
            actor=lena,
            case=case,
            kind="other",
            filename="note.txt",
            stream=io.BytesIO(b"A note."),
            at=timezone.now(),
        )
        rows["paper_id"] = document.versions.get()
        rows["received_id"] = offered(lena, case, cast.harbor, papers=[rows["paper_id"].public_id])
    rows["offer_id"] = offered(cast.nora, rows["case_id"], lakeside)
