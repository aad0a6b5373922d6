"""Cases of Harbor made by the real commands, for journeys that begin in the middle. Run inside the served installation:
`served.shell("from tests.journeys.prepared import denied; result = denied(given['answers'])", answers=...)`.

Everything typed at the time of a story in spring 2026; only what the browser then does has the real clock.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from advocacy.access.policy import Actor
from advocacy.management.seed.cast import PASSPHRASE
from advocacy.people.commands import record_consent, register_patient
from advocacy.people.models import Membership, User
from advocacy.people.queries import actor_of, memberships_of
from advocacy.tenancy.scope import scoped_to
from appeals.commands.answers import record_answer
from appeals.commands.denials import DenialInput, ReasonInput, confirm_denial, record_denial
from appeals.commands.levels import file_appeal, save_draft
from appeals.commands.requests import ItemInput, draft_request, receive_request
from appeals.models import Appeal, RequestItem
from cases.commands.cases import open_case
from cases.commands.costs import record_cost
from cases.commands.documents import upload_document
from cases.commands.registration import record_coverage, record_payer, record_provider
from cases.models import DocumentVersion, Payer
from tests.appeals.climbing import OWN_FORMS, moment
from tests.factories.readiness import PLACE, benefits_checked
from tests.journeys.acts import NUMBERS, a_valid_npi, family_name, spelled_apart

ERISA = {
    "program": "commercial",
    "sponsor": "private_employer",
    "funding": "self_funded",
    "plan_kind": "ordinary",
    "levels": "1",
}


@contextmanager
def desk_of(email: str = "nora@harbor.example") -> Iterator[Actor]:
    """The scope and one transaction of somebody at work."""
    user = User.objects.get(email=email)
    with transaction.atomic():
        actor = actor_of(user, memberships_of(user.pk)[0])
    with scoped_to(actor.organization_id, actor=actor.key, actor_label=actor.label), transaction.atomic():
        yield actor


def opened(actor: Actor, *, state: str = "OR") -> Any:
    """A case of a patient with both consents, in the middle of March."""
    at = moment("2026-03-16")
    patient = register_patient(
        actor=actor,
        given_name="Robin",
        family_name=family_name(),
        birth_date=date(1984, 5, 17),
        state=state,
        time_zone="America/New_York",
        duplicates_seen=True,
        at=at,
    )
    for kind in ("release", "representation"):
        record_consent(
            actor=actor,
            patient=patient,
            kind=kind,
            scope="everything",
            method="paper",
            signed_on=date(2026, 3, 16),
            expires_event="the end of the case",
            at=at,
        )
    payer = Payer.objects.filter(name="Quillback Mutual").first() or record_payer(
        actor=actor, name="Quillback Mutual", at=at
    )
    number = next(NUMBERS)
    coverage = record_coverage(
        actor=actor,
        patient=patient,
        payer=payer,
        member_id=f"QM-{spelled_apart(number)}",
        state_of_issue=state,
        likeness_seen=True,
        at=at,
    )
    provider = record_provider(
        actor=actor, name="Amara Osei", npi=a_valid_npi(number), credentials="MD", at=at
    )
    return open_case(
        actor=actor,
        patient=patient,
        coverage=coverage,
        provider=provider,
        treatment="iv_ketamine",
        purpose="condition",
        diagnosis_codes=["F33.2"],
        procedure_codes=["96365", "J3490"],
        owner=Membership.objects.get(pk=actor.membership_id),
        at=at,
    )


def requested(actor: Actor, case: Any, answers: Mapping[str, str]) -> Any:
    """The request of two items, received on March 17 at ten in the morning."""
    for question, value in answers.items():
        record_answer(
            actor=actor, case=case, question=question, value=value, source="card", at=moment("2026-03-16")
        )
    if form := OWN_FORMS.get(answers.get("program", "")):
        record_consent(
            actor=actor,
            patient=case.patient,
            kind="representation",
            scope="everything",
            method="paper",
            instrument=form,
            signed_on=date(2026, 3, 16),
            at=moment("2026-03-16"),
        )
    benefits_checked(actor, case, moment("2026-03-17", 8))
    made = draft_request(
        actor=actor,
        case=case,
        channel="fax",
        place_of_service=PLACE,
        items=[ItemInput("96365", Decimal(6), sessions=6), ItemInput("J3490", Decimal(60))],
        at=moment("2026-03-17", 9),
    )
    receive_request(
        actor=actor, request=made, received_at=moment("2026-03-17", 10), at=moment("2026-03-17", 11)
    )
    return made


def denied(
    answers: Mapping[str, str], facts: Mapping[str, str] | None = None, *, state: str = "OR"
) -> dict[str, str]:
    """A case whose denial of March 24, received on March 27 by certified mail, is confirmed. Addresses of its pages."""
    with desk_of() as actor:
        case = opened(actor, state=state)
        request = requested(actor, case, answers)
        denial = record_denial(
            actor=actor,
            request=request,
            letter=None,
            fields=DenialInput(
                notice_on=date(2026, 3, 24),
                received_on=date(2026, 3, 27),
                received_evidence="certified",
                send_to_fax="515-555-0142",
                **{name: date.fromisoformat(day) for name, day in (facts or {}).items()},  # type: ignore[arg-type]
            ),
            items=[i.public_id for i in RequestItem.objects.filter(request=request)],
            reasons=[ReasonInput("medical_necessity", "It is not medically necessary.", is_primary=True)],
            at=moment("2026-03-30", 9),
        )
        confirm_denial(actor=actor, denial=denial, at=moment("2026-03-30"))
        record_cost(
            actor=actor,
            case=case,
            kind="at_stake",
            amount=Decimal(4800),
            certainty="estimate",
            basis="Price list of the clinic.",
            at=moment("2026-03-30"),
        )
        return {
            "case": f"/admin/cases/{case.public_id}/",
            "patient": f"/admin/patients/{case.patient.public_id}/",
            "request": f"/admin/cases/{case.public_id}/requests/{request.public_id}/",
        }


def waiting_for_a_decision() -> dict[str, str]:
    """A case whose first level was filed on April 10."""
    places = denied(ERISA)
    with desk_of() as actor:
        level = Appeal.objects.get(case__public_id=places["case"].split("/")[3], position=1)
        save_draft(actor=actor, appeal=level, text="Please reverse the decision.", at=moment("2026-04-10", 9))
        file_appeal(
            actor=actor,
            appeal=level,
            channel="fax",
            address="515-555-0142",
            filed_at=moment("2026-04-10"),
            at=moment("2026-04-10", 15),
        )
    return places | {"level": f"{places['case']}levels/{level.public_id}/"}


def plain() -> dict[str, str]:
    """A case with nothing recorded but its registration."""
    with desk_of() as actor:
        case = opened(actor)
        return {
            "case": f"/admin/cases/{case.public_id}/",
            "patient": f"/admin/patients/{case.patient.public_id}/",
        }


def asked() -> dict[str, str]:
    """A case of a self-funded plan whose request is at the payer."""
    with desk_of() as actor:
        case = opened(actor)
        requested(actor, case, ERISA)
        return {"case": f"/admin/cases/{case.public_id}/"}


def uploaded(path: str, data: bytes) -> int:
    """A letter of the case at this address; the primary key of its version."""
    with desk_of() as actor:
        from cases.models import Case

        case = Case.objects.get(public_id=path.split("/")[3])
        document = upload_document(
            actor=actor,
            case=case,
            kind="denial_letter",
            filename="letter.pdf",
            stream=io.BytesIO(data),
            at=moment("2026-03-30"),
        )
        return int(DocumentVersion.objects.get(document=document).pk)


def to_be_pictured() -> dict[str, str]:
    """Addresses of pages of the demonstration that show the most: a case high on its ladder, a letter that was read."""
    from appeals.models import Denial, Filing
    from cases.models import Inquiry

    with desk_of("sam@harbor.example"):
        open_cases = {"case__status": "open", "case__is_restricted": False}
        filing = (
            Filing.objects.filter(**open_cases, is_oral=False)
            .order_by("-appeal__position", "-filed_at")
            .first()
        )
        level = Appeal.objects.filter(
            **open_cases, status__in=["filed", "received"], frozen_version__isnull=False
        )
        level = level.order_by("-filed_at").first()
        letters = Denial.objects.filter(**open_cases, letter__versions__text_status="read").order_by("-id")
        denial = letters.filter(confirmed_at=None).first() or letters.first()
        inquiry = Inquiry.objects.filter(status="open").order_by("id").first()
        assert inquiry is not None
        assert filing is not None
        assert level is not None
        assert denial is not None
        base = f"/admin/cases/{level.case.public_id}/"
        return {
            "today": "/admin/today/?whose=all",
            "queue": "/admin/queue/",
            "case": base,
            "denial": f"/admin/cases/{denial.case.public_id}/denials/{denial.public_id}/",
            "level": f"{base}levels/{level.public_id}/",
            "filed": f"/admin/cases/{filing.case.public_id}/filings/{filing.public_id}/",
            "patient": f"/admin/patients/{level.case.patient.public_id}/",
            "trail": f"{base}trail/",
            "board": "/admin/board/",
            "set-up": "/admin/setup/",
            "members": "/admin/people/membership/",
            "intake": "/admin/intake/",
            "intake-step": f"/admin/intake/{inquiry.public_id}/step/what/",
        }


def names_of_harbor() -> dict[str, list[str]]:
    """Family names of Harbor's patients, names of its payers and colleagues, and addresses of its rows."""
    from advocacy.people.models import Patient
    from cases.models import Case

    with desk_of("sam@harbor.example"):
        patients = list(Patient.objects.all())
        members = Membership.objects.filter(ended_at=None).select_related("user")
        names = {p.family_name for p in patients} | {m.user.name for m in members}
        case = Case.objects.filter(is_restricted=False).order_by("id").first()
        assert case is not None
        return {
            "names": sorted(names | {"Harbor Patient Advocates"}),
            "people": sorted({p.family_name for p in patients}),
            "addresses": [
                f"/admin/patients/{case.patient.public_id}/",
                f"/admin/cases/{case.public_id}/",
                f"/admin/cases/{case.public_id}/documents/",
                f"/admin/cases/{case.public_id}/trail/",
            ],
        }


def another_restricted(path: str) -> str:
    """The address of a restricted case of the demonstration that is not the one at `path`."""
    from cases.models import Case

    with desk_of("sam@harbor.example"):
        case = Case.objects.filter(is_restricted=True).exclude(public_id=path.split("/")[3]).first()
        assert case is not None
        return f"/admin/cases/{case.public_id}/"


def let_access_run_out(path: str) -> None:
    """As if the days of every dated access to the case at `path` had passed."""
    from cases.models import Case, CaseGrant

    with desk_of("sam@harbor.example"):
        case = Case.objects.get(public_id=path.split("/")[3])
        for grant in CaseGrant.objects.filter(content_object=case, ended_at=None):
            gone_by = grant.expires_at - datetime.now(UTC) + timedelta(minutes=1)
            grant.granted_at, grant.expires_at = grant.granted_at - gone_by, grant.expires_at - gone_by
            grant.save(update_fields=["granted_at", "expires_at"])


def operator(email: str) -> None:
    """Somebody who runs the platform: the framework's superuser, member of no organization."""
    from allauth.account.models import EmailAddress

    user = User.objects.filter(email=email).first()
    if user is None:
        user = User(email=email, name="Operator", is_staff=True, is_superuser=True)
        user.set_password(PASSPHRASE)
        user.save()
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)


def clinic_link() -> str:
    """The path of a clinic's link, sent by the real command: it asks for records, a signature and times of a call."""
    from urllib.parse import urlparse

    from cases.commands.clinic import ask_clinic, send_link

    now = datetime.now(UTC)
    with desk_of() as actor:
        case = opened(actor)
        given = {"actor": actor, "case": case, "provider": case.provider, "at": now}
        ask_clinic(**given, kind="records", words="Please send the visit notes since January.")
        ask_clinic(
            **given,
            kind="signature",
            words="Please sign what you told us on the phone.",
            statement="I treat this patient. Two medicines at adequate doses did not help.",
        )
        ask_clinic(**given, kind="call_times", words="When can the plan's reviewer call you?")
        sent = send_link(**given, email="office@clinic.example", days=14)
        return urlparse(sent.url).path
