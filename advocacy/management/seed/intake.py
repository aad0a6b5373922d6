"""What is asked of the plan before a request goes out: benefits, network, referral; and a case that was opened twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from advocacy.management.seed.life import Life, Step
from advocacy.management.seed.matters import Matter
from advocacy.management.seed.plans import filled
from cases.commands.benefits import record_benefits, record_referral
from cases.commands.cases import open_case
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
        ago,
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

    def step(life: Life) -> None:
        life.do(
            record_benefits,
            ago,
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

    def step(life: Life) -> None:
        life.do(triage_case, ago, by=by, case=life.case, urgency=urgency, safety_concern=safety_concern)
        for task in Task.objects.filter(case=life.case_row, code=SAFETY_TASK, status="open"):
            life.do(
                finish_task, by=by, task=task, note="Spoken with the patient and the clinic; steps followed."
            )

    return step


def opened_twice(ago: int) -> Step:
    """Two colleagues take the same call: the second case is closed as a duplicate of the first a little later."""

    def step(life: Life) -> None:
        first, matter = life.case, life.matter
        assert matter is not None
        second = life.do(
            open_case,
            ago,
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
