"""How every story begins: the patient is registered, with coverage and consent, and a case is opened."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from advocacy.errors import Refused
from advocacy.management.seed.color import MOOD, PAIN, Tried
from advocacy.management.seed.life import Days, Life
from advocacy.management.seed.matters import CLINICS, Matter
from advocacy.management.seed.people import ways_to_reach
from advocacy.management.seed.plans import Plan, filled
from advocacy.management.seed.said import minutes_of, words_of
from advocacy.people.commands import record_consent, register_patient
from advocacy.people.consent_words import STANDARD
from appeals.commands.answers import record_answer
from cases.commands.cases import open_case, record_failed_treatment
from cases.commands.communications import log_communication
from cases.commands.registration import record_coverage, record_payer, record_provider
from cases.models import Payer, Provider


def begin(life: Life) -> Days:
    """Register, record coverage and consents, open the case; then, unless nobody has looked yet, answer the questions."""
    story = life.story
    _register(life)
    _cover(life, story.plan)
    _consent(life)
    open_matter(life, story.matter, owner=story.owner if story.first_owner is None else story.first_owner)
    if not story.answered:
        return
    yield max(story.begins - 1, 0)
    case = life.case
    for question, value, source in story.plan.answers:
        life.do(record_answer, case=case, question=question, value=value, source=source)
    if story.plainly:
        return
    _tell_what_was_tried(life, story.matter)
    life.do(
        log_communication,
        case=life.case,
        party="patient",
        person=life.patient.called if life.patient else "",
        happened_at=life.at - timedelta(minutes=1),
        minutes=minutes_of(life, "welcome"),
        summary=words_of(life, "welcome"),
    )


def open_matter(life: Life, matter: Matter, *, owner: str) -> None:
    """Open a case for a treatment. It becomes the case the following steps are about."""
    life.matter = matter
    life.provider = _provider(life, matter)
    life.case_row = life.do(
        open_case,
        by=life.intake,
        patient=life.patient,
        coverage=life.coverage,
        provider=life.provider,
        treatment=matter.treatment,
        treatment_note=matter.note,
        purpose="condition",
        purpose_words=matter.diagnosis_name,
        diagnosis_codes=matter.diagnoses,
        procedure_codes=matter.codes,
        is_urgent=life.story.urgent,
        owner=life.member(owner),
    )
    life.request = life.denial = life.call = None
    life.papers = {}


def _register(life: Life) -> None:
    person = life.story.person
    contacts, note = ways_to_reach(person)
    given: dict[str, Any] = {
        "given_name": person.given,
        "family_name": person.family,
        "preferred_name": person.preferred,
        "pronouns": person.pronouns,
        "birth_date": person.born(life.today),
        "language": person.language,
        "language_note": person.language_note,
        "interpreter_needed": person.interpreter,
        "state": person.state,
        "time_zone": person.zone,
        "safe_contact_note": note,
        "contacts": contacts,
    }
    try:
        life.patient = life.do(register_patient, by=life.intake, **given)
    except Refused as refused:
        if any(reason.code != "likely_duplicates" for reason in refused.reasons):
            raise
        # Shown somebody alike, the person at the desk looks, and registers a different person all the same.
        life.patient = life.do(register_patient, by=life.intake, duplicates_seen=True, **given)


def _cover(life: Life, plan: Plan) -> None:
    payer = Payer.objects.filter(name=plan.payer).first() or life.do(
        record_payer, by=life.intake, name=plan.payer, phone=plan.phone, fax=plan.fax
    )
    life.coverage = life.do(
        record_coverage,
        by=life.intake,
        patient=life.patient,
        payer=payer,
        plan_name=plan.plan_name,
        member_id=filled(plan.member, life.luck),
        group_number=filled(plan.group, life.luck),
        funding=plan.funding,
        state_of_issue=plan.state,
        starts_on=date(life.day(life.story.begins).year, 1, 1),
    )


def _consent(life: Life) -> None:
    signed = life.day(life.story.begins)
    life.do(
        record_consent,
        by=life.intake,
        patient=life.patient,
        kind="contact",
        scope=STANDARD["contact"],
        method="oral",
        signed_on=signed,
    )
    if life.story.release_days is None:
        return
    life.do(
        record_consent,
        by=life.intake,
        patient=life.patient,
        kind="release",
        scope=STANDARD["release"],
        method="electronic",
        signed_on=signed,
        expires_on=signed + timedelta(days=life.story.release_days),
    )
    life.do(
        record_consent,
        by=life.intake,
        patient=life.patient,
        kind="representation",
        scope=STANDARD["representation"],
        method="paper",
        instrument=_paper(life.story.plan),
        signed_on=signed,
        expires_on=signed + timedelta(days=365),
    )


def _paper(plan: Plan) -> str:
    """The form that the coverage of the story asks for."""
    program = next((value for question, value, _source in plan.answers if question == "program"), "")
    if program.startswith("medicare"):
        return "cms_1696"
    return "written_consent" if program in ("medicaid", "chip", "fehb_pshb") else "designation"


def _provider(life: Life, matter: Matter) -> Provider:
    clinic = CLINICS[matter.clinic]
    known = Provider.objects.filter(npi=clinic.npi).first()
    return known or life.do(
        record_provider,
        by=life.intake,
        name=clinic.name,
        npi=clinic.npi,
        credentials=clinic.credentials,
        specialty=clinic.specialty,
        facility=clinic.facility,
        phone=clinic.phone,
        fax=clinic.fax,
    )


def tried_before(life: Life) -> list[Tried]:
    """What this patient tried: the same few for the same story."""
    pool = PAIN if life.story.matter.diagnoses[0].startswith("G90") else MOOD
    luck = random.Random(f"{life.story.name}:tried")  # noqa: S311  asked twice, it answers the same
    chosen = sorted(luck.sample(range(len(pool)), 3))
    return [pool[n] for n in chosen]


def _tell_what_was_tried(life: Life, matter: Matter) -> None:
    for tried in tried_before(life):
        started = life.day(life.story.begins + 30 * tried.months)
        life.do(
            record_failed_treatment,
            case=life.case,
            name=tried.name,
            modality=tried.modality,
            drug_class=tried.drug_class,
            dose=tried.amount,
            dose_unit=tried.unit,
            started_on=started,
            stopped_on=started + timedelta(weeks=tried.weeks),
            weeks_adequate=max(tried.weeks - 2, 1),
            adequacy="yes" if tried.weeks >= 8 else "unknown",
            response=tried.response,
            reason_stopped=tried.stopped,
            reason_detail=tried.detail,
            scale=tried.scale,
            score_before=Decimal(tried.before),
            score_after=Decimal(tried.after),
        )
