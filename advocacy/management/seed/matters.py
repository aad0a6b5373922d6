"""Who treats and what is asked for, as data. Every clinic and price here is invented.

The National Provider Identifiers have a right check digit and belong to nobody we know of.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Clinic:
    """Who treats: the columns of a provider."""

    name: str
    credentials: str
    specialty: str
    facility: str
    npi: str
    phone: str
    fax: str

    @property
    def signature(self) -> str:
        return f"{self.name}, {self.credentials}"


@dataclass(frozen=True)
class Line:
    """One line of a request: code, units a session, and how often."""

    code: str
    each: int
    sessions: int
    frequency: str


@dataclass(frozen=True)
class Matter:
    """A treatment for a diagnosis. `price` is one session in cash; `allowed` what a plan pays for one, in US dollars."""

    treatment: str
    diagnoses: tuple[str, ...]
    diagnosis_name: str
    words: str
    lines: tuple[Line, ...]
    clinic: str
    price: Decimal
    allowed: Decimal
    benefit: str = "medical"
    note: str = ""

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(line.code for line in self.lines)

    @property
    def sessions(self) -> int:
        return self.lines[0].sessions


CLINICS = {
    "osei": Clinic(
        name="Amara Osei",
        credentials="MD",
        specialty="Interventional psychiatry",
        facility="Cedar Run Interventional Psychiatry",
        npi="2004100774",
        phone="503-555-0181",
        fax="503-555-0182",
    ),
    "fontaine": Clinic(
        name="Ilse Fontaine",
        credentials="DO",
        specialty="Pain medicine",
        facility="Stone Ferry Pain Center",
        npi="2005201886",
        phone="503-555-0183",
        fax="503-555-0184",
    ),
    "vandersloot": Clinic(
        name="Piet Vandersloot",
        credentials="MD",
        specialty="Psychiatry",
        facility="Quiet Water Mood Clinic",
        npi="2006302998",
        phone="971-555-0185",
        fax="971-555-0186",
    ),
    "castellano": Clinic(
        name="Wren Castellano",
        credentials="PMHNP",
        specialty="Psychiatry",
        facility="Larch Street Community Clinic",
        npi="2007403001",
        phone="503-555-0187",
        fax="503-555-0188",
    ),
    "ghazanfar": Clinic(
        name="Noor Ghazanfar",
        credentials="NP",
        specialty="Psychiatry",
        facility="Lakeward Pain & Mood Clinic",
        npi="2008504112",
        phone="312-555-0189",
        fax="312-555-0190",
    ),
}

_WEEKS = "twice a week for three weeks"
KETAMINE = Matter(
    treatment="iv_ketamine",
    diagnoses=("F33.2",),
    diagnosis_name="Major depressive disorder, recurrent, severe",
    words="ketamine, intravenous infusion, six sessions over three weeks",
    lines=(Line("96365", 1, 6, _WEEKS), Line("96366", 1, 6, _WEEKS), Line("J3490", 1, 6, _WEEKS)),
    clinic="osei",
    price=Decimal("750.00"),
    allowed=Decimal("550.00"),
)
KETAMINE_TRAUMA = Matter(
    treatment="iv_ketamine",
    diagnoses=("F43.12", "F33.2"),
    diagnosis_name="Post-traumatic stress disorder, chronic",
    words="ketamine, intravenous infusion, six sessions over three weeks",
    lines=(Line("96365", 1, 6, _WEEKS), Line("96366", 1, 6, _WEEKS), Line("J3490", 1, 6, _WEEKS)),
    clinic="osei",
    price=Decimal("750.00"),
    allowed=Decimal("550.00"),
)
KETAMINE_PAIN = Matter(
    treatment="iv_ketamine",
    diagnoses=("G90.511",),
    diagnosis_name="CRPS type I, right upper limb",
    words="ketamine infusion, ten consecutive weekdays",
    lines=tuple(
        (
            Line(code, each, 10, "ten weekdays in a row")
            for code, each in (("96365", 1), ("96366", 3), ("J3490", 1))
        )
    ),
    clinic="fontaine",
    price=Decimal("980.00"),
    allowed=Decimal("720.00"),
)
KETAMINE_LEG = Matter(
    treatment="iv_ketamine",
    diagnoses=("G90.521",),
    diagnosis_name="Complex regional pain syndrome, right leg",
    words="ketamine infusion, ten consecutive weekdays",
    lines=tuple(
        (
            Line(code, each, 10, "ten weekdays in a row")
            for code, each in (("96365", 1), ("96366", 2), ("J3490", 1))
        )
    ),
    clinic="fontaine",
    price=Decimal("980.00"),
    allowed=Decimal("720.00"),
)
ESKETAMINE = Matter(
    treatment="esketamine",
    diagnoses=("F33.1",),
    diagnosis_name="Major depressive disorder, recurrent, moderate",
    words="supervised esketamine visits, eight in four weeks",
    lines=(Line("G2083", 1, 8, "twice a week for four weeks"),),
    clinic="vandersloot",
    price=Decimal("1280.00"),
    allowed=Decimal("1006.00"),
)
ESKETAMINE_WEEKLY = Matter(
    treatment="esketamine",
    diagnoses=("F33.2",),
    diagnosis_name="Major depressive disorder, recurrent, severe",
    words="weekly esketamine visits",
    lines=(Line("G2082", 1, 12, "once a week"),),
    clinic="castellano",
    price=Decimal("940.00"),
    allowed=Decimal("760.00"),
)
ESKETAMINE_SPRAY = Matter(
    treatment="esketamine",
    diagnoses=("F33.2",),
    diagnosis_name="Major depressive disorder, recurrent, severe",
    words="esketamine 84 mg, eight sessions",
    lines=(Line("J0013", 84, 8, "twice a week for four weeks"), Line("99215", 1, 8, "at each session")),
    clinic="vandersloot",
    price=Decimal("1280.00"),
    allowed=Decimal("990.00"),
)
TABLET = Matter(
    treatment="other",
    diagnoses=("F33.1",),
    diagnosis_name="Major depressive disorder, recurrent, moderate",
    words="dextromethorphan and bupropion tablets",
    lines=(Line("J8499", 60, 1, "60 tablets in 30 days"),),
    clinic="ghazanfar",
    price=Decimal("1120.00"),
    allowed=Decimal("1010.00"),
    benefit="pharmacy",
    note="Dextromethorphan HBr 45 mg with bupropion HCl 105 mg, extended release, by mouth.",
)
