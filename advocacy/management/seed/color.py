"""Words that fill a caseload: treatments that did not help, calls, notes. Invented, and plain about what was said."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Tried:
    """A treatment before the request. It began `months` before the case and lasted `weeks`."""

    name: str
    drug_class: str
    dose: str
    unit: str
    months: int
    weeks: int
    response: str
    stopped: str
    modality: str = "drug"
    detail: str = ""
    scale: str = "phq9"
    before: int = 21
    after: int = 18

    @property
    def amount(self) -> Decimal | None:
        return Decimal(self.dose) if self.dose else None


MOOD = (
    Tried("sertraline", "SSRI", "200", "mg", 30, 14, "none", "ineffective", before=22, after=20),
    Tried("bupropion XL", "NDRI", "450", "mg", 24, 12, "partial", "ineffective", before=20, after=14),
    Tried(
        "venlafaxine XR", "SNRI", "225", "mg", 19, 10, "none", "intolerable", detail="Blood pressure rose."
    ),
    Tried("mirtazapine", "NaSSA", "45", "mg", 14, 11, "none", "intolerable", detail="Weight gain, sedation."),
    Tried("lithium, added", "augmentation", "900", "mg", 11, 8, "none", "intolerable", detail="Tremor."),
    Tried(
        "aripiprazole, added", "augmentation", "10", "mg", 9, 9, "partial", "ineffective", before=21, after=15
    ),
    Tried("cognitive behavioral therapy", "", "", "", 20, 26, "partial", "ineffective", "psychotherapy"),
    Tried("rTMS, 30 sessions", "", "", "", 8, 6, "none", "ineffective", "tms", before=23, after=22),
)
PAIN = (
    Tried(
        "gabapentin",
        "gabapentinoid",
        "2400",
        "mg",
        26,
        16,
        "none",
        "intolerable",
        scale="bpi_severity",
        before=8,
        after=7,
    ),
    Tried(
        "duloxetine",
        "SNRI",
        "60",
        "mg",
        21,
        12,
        "partial",
        "ineffective",
        scale="bpi_severity",
        before=8,
        after=6,
    ),
    Tried(
        "physical therapy",
        "",
        "",
        "",
        18,
        20,
        "partial",
        "ineffective",
        "physical",
        scale="bpi_severity",
        before=8,
        after=7,
    ),
    Tried(
        "stellate ganglion block",
        "",
        "",
        "",
        12,
        1,
        "none",
        "ineffective",
        "interventional",
        scale="bpi_severity",
        before=8,
        after=8,
    ),
)


@dataclass(frozen=True)
class Talk:
    """One call or message. A promise falls due after `days`."""

    party: str
    person: str
    summary: str
    promise: str = ""
    days: int = 0
    channel: str = "call"
    direction: str = "out"
    minutes: int = 11


TALKS = {
    "welcome": Talk(
        "patient", "", "Went through what we do, which papers we need and how to reach us.", minutes=24
    ),
    "status": Talk(
        "payer", "Keisha, provider line", "Asked where the request stands. It is with clinical review."
    ),
    "callback": Talk(
        "payer",
        "Roland, utilization management",
        "The file is complete. A nurse looks at it first.",
        "Call back with the name of the reviewer",
        3,
    ),
    "decision_soon": Talk(
        "payer",
        "Dolores, appeals unit",
        "They have the appeal and all exhibits, 14 pages.",
        "A written decision by the end of the period",
        10,
        minutes=17,
    ),
    "late": Talk(
        "payer",
        "Marvin, appeals unit",
        "Told them the time to decide has passed. He sees no decision in the system.",
        "Supervisor calls back",
        2,
        minutes=26,
    ),
    "claim_file": Talk(
        "payer",
        "Appeals unit",
        "Asked for the claim file, the criteria and the reviewer's credentials, free of charge.",
        "Claim file by mail",
        14,
        channel="fax",
    ),
    "records": Talk(
        "provider",
        "Front desk",
        "Asked for the visit notes of the last twelve months and the current scores.",
        "Records by fax",
        5,
    ),
    "employer": Talk(
        "other",
        "Benefits office",
        "Asked whether the plan is self-funded. They look into it.",
        "E-mail with the plan document",
        7,
    ),
    "told": Talk(
        "patient",
        "",
        "Told the patient what the letter says and what the next step is. The letter governs.",
        minutes=15,
    ),
    "won": Talk(
        "patient",
        "",
        "Told the patient that the plan gave in. The visits can begin once the authorization is there.",
        minutes=9,
    ),
    "portal": Talk(
        "payer",
        "Portal message",
        "Uploaded the missing scores; the portal shows them as received.",
        channel="portal",
    ),
    "hearing": Talk(
        "reviewer",
        "Hearings office",
        "They have the request. A date will be set by letter.",
        "Notice of hearing",
        20,
    ),
    "told_es": Talk(
        "patient",
        "",
        "Llamada en español: se explicó la carta y el plazo. La carta es la que vale.",
        minutes=21,
    ),
    "won_es": Talk(
        "patient", "", "Llamada en español: el plan cedió. Se explicó qué aprobó y desde cuándo.", minutes=11
    ),
    "approved": Talk(
        "patient",
        "",
        "Told the patient that the plan said yes: how many sessions, and until when they count.",
        minutes=8,
    ),
    "in_touch": Talk(
        "patient",
        "",
        "Went through where it stands and what comes next. No other letter has come to the patient.",
        minutes=12,
    ),
    "in_touch_es": Talk(
        "patient",
        "",
        "Llamada en español: se repasó cómo va el caso y qué sigue. No ha llegado otra carta.",
        minutes=14,
    ),
    "passed": Talk(
        "patient",
        "",
        "Told the patient that the last day to file has passed, and what can still be asked for. The letter governs.",
        minutes=15,
    ),
}
OTHERWISE: dict[str, tuple[str, ...]] = {
    "welcome": (
        "First talk: what happens in which order, and whom to call. The clinic may talk with us.",
        "Introduced ourselves, listened to how it began, and said which papers help most.",
        "Explained our part and the plan's. The patient looks for the member card and the last letters.",
    ),
    "told": (
        "Read the letter together, reason by reason, and said by when an answer has to go out. The letter governs.",
        "Said what was decided and which ways are open from here. The letter governs.",
        "The patient had the letter too. Went over its dates, and over what we need from the clinic.",
    ),
    "told_es": (
        "Llamada en español: leímos juntos cada razón de la carta. La carta es la que vale.",
        "Llamada en español: se habló de la carta, de sus fechas y de los papeles que faltan.",
    ),
    "won": (
        "Told the patient what is now covered, and to wait with the first visit for the authorization.",
        "Good news by phone. The clinic calls to set the days once the authorization is there.",
    ),
    "in_touch": (
        "Short call: no news from the plan, nothing needed from the patient this week.",
        "The patient asked how long it takes. Said what the dates on the case are, and that the letter governs.",
    ),
}
"""The same talks in other words."""

NOTES = {
    "plan": "Went through the letter with the clinic. The criteria ask for doses and weeks; the pharmacy record has both.",
    "funding": "The card names an administrator, not an insurer. Treat as self-funded until the plan document is here.",
    "tone": "Patient prefers short updates. One message a week is enough unless something is decided.",
    "watch": "Keep an eye on the mail: the last two notices were posted three days after their date.",
    "safety": "Safe-contact rules checked with the patient today; nothing has changed.",
    "review": "Second reader: the letter answers each reason and names the exhibit. One date was corrected.",
    "for_patient": "We sent your appeal today. We will write as soon as the plan answers.",
    "para_paciente": "Hoy enviamos su apelación. Le escribiremos en cuanto el plan conteste.",
}
