"""What is asked of the plan before a request goes out: benefits, network, referral; and a case that was opened twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from advocacy.management.seed.life import Days, Life, Step
from advocacy.management.seed.matters import Matter
from advocacy.management.seed.plans import filled
from cases.commands.benefits import record_benefits, record_referral
from cases.commands.cases import open_case
from cases.commands.intake import Intake, decline_inquiry, open_from_inquiry, save_step, start_inquiry
from cases.commands.tasks import finish_task
from cases.commands.triage import SAFETY_TASK, close_as_duplicate, triage_case
from cases.models import BenefitAnswer, Task

PEOPLE = ("Quentin Voss", "Marisela Tran", "D. Okafor", "Rhea from provider services", "gave no name")
PLACES = {"fontaine": "22", "ghazanfar": "01"}
REFERRERS = {"fontaine": "Imogen Sallow, MD, family medicine"}


def place_of(matter: Matter) -> str:
    """Where the treatment takes place, as the two digits of the claim."""
    return PLACES.get(matter.clinic, "11")


def benefits_asked(
    life: Life, ago: int, *, left_out: tuple[str, ...] = (), unsaid: tuple[str, ...] = ()
) -> None:
    """One call in which the plan is asked everything, unless that was done for this case; the clinic's referral with it."""
    matter = life.matter
    assert matter is not None
    if BenefitAnswer.objects.filter(case=life.case_row).exists():
        return
    luck = life.luck
    answers: dict[str, Any] = {
        "covered": "conditions" if matter.treatment == "iv_ketamine" else "yes",
        "authorization": "yes",
        "criteria": "The plan's medical policy on interventional psychiatry",
        "policy_number": filled("MP-####, this year's version", luck),
        "referral": "yes" if matter.clinic in REFERRERS else "no",
        "network": "out" if matter.clinic == "castellano" else "in",
        "deductible": str(luck.randrange(0, 15) * 100),
        "copay": str(luck.choice([0, 25, 40])),
        "coinsurance": str(luck.choice([10, 20, 30])),
    }
    if answers["network"] == "out":
        answers["gap_exception"] = "possible"
    answers |= dict.fromkeys(unsaid, "would_not_say")
    life.do(
        record_benefits,
        case=life.case,
        answers={key: value for key, value in answers.items() if key not in left_out},
        source="call",
        asked_at=life.at - timedelta(minutes=5),
        representative=luck.choice(PEOPLE),
        reference_number=filled("BV-######", luck),
    )
    if referrer := REFERRERS.get(matter.clinic):
        life.do(
            record_referral,
            case=life.case,
            from_name=referrer,
            number=filled("R######", luck),
            valid_from=life.day(ago),
            valid_until=life.day(ago) + timedelta(days=365),
            visits=20,
        )


def corrected_by_the_plan(ago: int, **answers: str) -> Step:
    """A later call says otherwise: the later answer stands, the earlier one is shown beside it."""

    def step(life: Life) -> Days:
        yield ago
        life.do(
            record_benefits,
            case=life.case,
            answers=answers,
            source="call",
            asked_at=life.at - timedelta(minutes=3),
            representative="Marisela Tran",
            reference_number=filled("BV-######", life.luck),
        )

    return step


def triaged(ago: int, urgency: str, safety_concern: str, *, by: str = "") -> Step:
    """Somebody asked how urgent it is; what a safety concern asks for is done the same day."""

    def step(life: Life) -> Days:
        yield ago
        life.do(triage_case, by=by, case=life.case, urgency=urgency, safety_concern=safety_concern)
        for task in Task.objects.filter(case=life.case_row, code=SAFETY_TASK, status="open"):
            life.do(
                finish_task, by=by, task=task, note="Spoken with the patient and the clinic; steps followed."
            )

    return step


def opened_twice(ago: int) -> Step:
    """Two colleagues take the same call: the second case is closed as a duplicate of the first a little later."""

    def step(life: Life) -> Days:
        yield ago
        first, matter = life.case, life.matter
        assert matter is not None
        second = life.do(
            open_case,
            by=life.intake,
            patient=life.patient,
            coverage=life.coverage,
            provider=life.provider,
            treatment=matter.treatment,
            purpose="condition",
            diagnosis_codes=matter.diagnoses,
            procedure_codes=matter.codes,
        )
        life.do(
            close_as_duplicate,
            case=second,
            other=first,
            why="Two of us answered the same call.",
        )

    return step


def taken_in(ago: int, matter: Matter) -> Step:
    """The guided intake of a patient who is known: the inquiry becomes the case that the following steps are about."""

    def step(life: Life) -> Days:
        yield ago
        patient = life.patient
        assert patient is not None
        inquiry = life.do(start_inquiry, by=life.intake)
        life.do(
            save_step,
            by=life.intake,
            inquiry=inquiry,
            step="who",
            typed={"patient": [str(patient.public_id)]},
            patient=patient,
            reached=True,
        )
        life.case_row = life.do(
            open_from_inquiry,
            by=life.intake,
            inquiry=inquiry,
            duplicates_seen=False,
            intake=Intake(
                treatment=matter.treatment,
                purpose="maintenance",
                purpose_words=f"{matter.diagnosis_name}: the first course helped and is wearing off.",
                diagnosis_codes=matter.diagnoses,
                procedure_codes=matter.codes,
                urgency="standard",
                safety_concern="no",
                patient=patient,
                coverage=life.coverage,
                provider=life.provider,
            ),
        )
        life.matter = matter
        life.request = life.denial = life.call = None
        life.papers = {}

    return step


def calls_for_help(ago: int) -> Step:
    """Two callers on one morning: one is declined and told where to turn, the other has to look for the member card."""

    def step(life: Life) -> Days:
        yield ago
        sent_on = life.do(start_inquiry, by=life.intake)
        for name, typed in (
            (
                "who",
                {"given_name": ["Lowell"], "family_name": ["Prenderghast"], "birth_date": ["1996-06-09"]},
            ),
            ("what", {"treatment": ["im_ketamine"], "purpose": ["wellness"], "diagnosis_codes": ["none"]}),
        ):
            life.do(save_step, by=life.intake, inquiry=sent_on, step=name, typed=typed, reached=name == "who")
        life.do(
            decline_inquiry,
            by=life.intake,
            inquiry=sent_on,
            because="purpose",
            words="Wants to sleep better; no clinician has made a diagnosis.",
            referred_to="211 for a primary care clinic nearby; may call again with a diagnosis.",
        )
        waiting = life.do(start_inquiry, by=life.intake)
        for name, typed in (
            (
                "who",
                {
                    "given_name": ["Augusta"],
                    "family_name": ["Farthingale"],
                    "birth_date": ["1979-11-30"],
                    "language": ["en"],
                    "state": ["OR"],
                    "time_zone": ["America/Los_Angeles"],
                    "phone": ["503-555-0163"],
                    "phone_is_safe": ["on"],
                },
            ),
            (
                "what",
                {
                    "treatment": ["esketamine"],
                    "purpose": ["condition"],
                    "purpose_words": ["Depression; two medicines did not help enough."],
                    "diagnosis_codes": ["F33.2"],
                    "procedure_codes": ["G2083"],
                },
            ),
        ):
            life.do(save_step, by=life.intake, inquiry=waiting, step=name, typed=typed, reached=True)

    return step
