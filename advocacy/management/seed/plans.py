"""Who pays, who treats and what is asked for, as data. Every payer, plan, clinic and number here is invented.

The National Provider Identifiers have a right check digit and belong to nobody we know of.
"""

from __future__ import annotations

import random
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


@dataclass(frozen=True)
class Plan:
    """A coverage as data. `answers` are (question, value, source); in `member`, `group` and `reference` # is a digit.

    `form` is the key of the letter this payer writes; `levels` how many internal levels it has.
    """

    payer: str
    phone: str
    fax: str
    plan_name: str
    member: str
    reference: str
    form: str
    answers: tuple[tuple[str, str, str], ...]
    group: str = ""
    funding: str = "unknown"
    state: str = ""


def filled(pattern: str, luck: random.Random) -> str:
    """The pattern with a digit for every #."""
    return "".join(str(luck.randrange(10)) if c == "#" else c for c in pattern)


CLINICS = {
    "osei": Clinic(
        "Amara Osei", "MD", "Interventional psychiatry", "Cedar Run Interventional Psychiatry", "2004100774",
        "503-555-0181", "503-555-0182",
    ),
    "fontaine": Clinic(
        "Ilse Fontaine", "DO", "Pain medicine", "Stone Ferry Pain Center", "2005201886", "503-555-0183", "503-555-0184"
    ),
    "vandersloot": Clinic(
        "Piet Vandersloot", "MD", "Psychiatry", "Quiet Water Mood Clinic", "2006302998", "971-555-0185", "971-555-0186"
    ),
    "castellano": Clinic(
        "Wren Castellano", "PMHNP", "Psychiatry", "Larch Street Community Clinic", "2007403001", "503-555-0187",
        "503-555-0188",
    ),
    "ghazanfar": Clinic(
        "Noor Ghazanfar", "NP", "Psychiatry", "Lakeward Pain & Mood Clinic", "2008504112", "312-555-0189",
        "312-555-0190",
    ),
}  # fmt: skip

_WEEKS = "twice a week for three weeks"
KETAMINE = Matter(
    "iv_ketamine", ("F33.2",), "Major depressive disorder, recurrent, severe",
    "ketamine, intravenous infusion, six sessions over three weeks",
    (Line("96365", 1, 6, _WEEKS), Line("96366", 1, 6, _WEEKS), Line("J3490", 1, 6, _WEEKS)),
    "osei", Decimal("750.00"), Decimal("550.00"),
)  # fmt: skip
KETAMINE_TRAUMA = Matter(
    "iv_ketamine", ("F43.12", "F33.2"), "Post-traumatic stress disorder, chronic",
    "ketamine, intravenous infusion, six sessions over three weeks",
    (Line("96365", 1, 6, _WEEKS), Line("96366", 1, 6, _WEEKS), Line("J3490", 1, 6, _WEEKS)),
    "osei", Decimal("750.00"), Decimal("550.00"),
)  # fmt: skip
KETAMINE_PAIN = Matter(
    "iv_ketamine", ("G90.511",), "CRPS type I, right upper limb", "ketamine infusion, ten consecutive weekdays",
    tuple(Line(code, each, 10, "ten weekdays in a row") for code, each in (("96365", 1), ("96366", 3), ("J3490", 1))),
    "fontaine", Decimal("980.00"), Decimal("720.00"),
)  # fmt: skip
KETAMINE_LEG = Matter(
    "iv_ketamine", ("G90.521",), "Complex regional pain syndrome, right leg",
    "ketamine infusion, ten consecutive weekdays",
    tuple(Line(code, each, 10, "ten weekdays in a row") for code, each in (("96365", 1), ("96366", 2), ("J3490", 1))),
    "fontaine", Decimal("980.00"), Decimal("720.00"),
)  # fmt: skip
ESKETAMINE = Matter(
    "esketamine", ("F33.1",), "Major depressive disorder, recurrent, moderate",
    "supervised esketamine visits, eight in four weeks", (Line("G2083", 1, 8, "twice a week for four weeks"),),
    "vandersloot", Decimal("1280.00"), Decimal("1006.00"),
)  # fmt: skip
ESKETAMINE_WEEKLY = Matter(
    "esketamine", ("F33.2",), "Major depressive disorder, recurrent, severe", "weekly esketamine visits",
    (Line("G2082", 1, 12, "once a week"),), "castellano", Decimal("940.00"), Decimal("760.00"),
)  # fmt: skip
ESKETAMINE_SPRAY = Matter(
    "esketamine", ("F33.2",), "Major depressive disorder, recurrent, severe",
    "esketamine 84 mg, eight sessions",
    (Line("J0013", 84, 8, "twice a week for four weeks"), Line("99215", 1, 8, "at each session")),
    "vandersloot", Decimal("1280.00"), Decimal("990.00"),
)  # fmt: skip
TABLET = Matter(
    "other", ("F33.1",), "Major depressive disorder, recurrent, moderate",
    "dextromethorphan and bupropion tablets", (Line("J8499", 60, 1, "60 tablets in 30 days"),),
    "ghazanfar", Decimal("1120.00"), Decimal("1010.00"), "pharmacy",
    "Dextromethorphan HBr 45 mg with bupropion HCl 105 mg, extended release, by mouth.",
)  # fmt: skip


def _commercial(sponsor: str, funding: str, *more: tuple[str, str, str]) -> tuple[tuple[str, str, str], ...]:
    return (
        ("program", "commercial", "card"),
        ("sponsor", sponsor, "patient"),
        ("plan_kind", "ordinary", "plan_document"),
        ("funding", funding, "plan_document"),
        *more,
    )


ONE, TWO = ("levels", "1", "letter"), ("levels", "2", "letter")

TAMARACK = Plan(
    "Tamarack Benefit Administrators", "515-555-0140", "515-555-0142",
    "Northgate Precision Tooling Employee Health Plan",
    "TMK #### ##### 01", "PA-##-####-#####", "tamarack", _commercial("private_employer", "self_funded", ONE),
    "NPT-####", "self_funded",
)  # fmt: skip
LOOMIS = Plan(
    "Loomis Fielding Benefit Administrators", "715-555-0100", "715-555-0119",
    "Orrin Castings Group Health Plan",
    "LF ## #### ###", "LFB/####/######", "loomis", _commercial("private_employer", "self_funded", TWO),
    "OC-####", "self_funded",
)  # fmt: skip
QUILLHAVEN = Plan(
    "Quillhaven Mutual Insurance", "570-555-0110", "570-555-0116", "Group Select 1500",
    "QH-####-##-B", "CTL-00##-#####", "quillhaven", _commercial("private_employer", "insured", ONE),
    "77-####", "insured", "OR",
)  # fmt: skip
TIDEWATER = Plan(
    "Tidewater Lantern Health Care Plan", "757-555-0100", "757-555-0166", "Lantern Group PPO",
    "TLH ### #####", "##-TL-#####", "tidewater", _commercial("private_employer", "insured", ONE), "", "insured",
    "WA",
)  # fmt: skip
FERNWOOD = Plan(
    "Fernwood Assurance Company", "614-555-0180", "614-555-0188", "Tri-Delta Logistics LLC group policy",
    "FWA ## #### ####", "FW-##-00##-#####-A", "fernwood", _commercial("private_employer", "insured", ONE),
    "61-####", "insured", "OR",
)  # fmt: skip
LARKSPUR = Plan(
    "Larkspur Mutual Health Plan", "503-555-0170", "503-555-0177", "Silver 4500 EPO", "LMX-004-######",
    "UM2026-###-####", "larkspur", _commercial("individual", "insured"), "44-OR-####", "insured", "OR",
)  # fmt: skip
VERDIGRIS = Plan(
    "Verdigris Health Partners", "405-555-0100", "405-555-0133", "Bronze Direct", "VHP-#####-03",
    "R26-00##-###",
    "verdigris", _commercial("individual", "insured"), "", "insured", "WA",
)  # fmt: skip
BLUESTEM = Plan(
    "Bluestem Prairie Advantage (HMO-POS)", "800-555-0158", "785-555-0155", "Prairie Advantage Plus",
    "BPA#H####X",
    "OD-####-#####", "bluestem",
    (("program", "medicare_advantage", "card"), ("benefit", "medical", "letter")), "", "government",
)  # fmt: skip
TALLOW_CREEK = Plan(
    "Tallow Creek Medicare Advantage (PPO)", "913-555-0150", "913-555-0151", "Creekside PPO", "8HK ## #### ##",
    "TRK/26/00#####", "tallow_creek",
    (("program", "medicare_advantage", "card"), ("benefit", "medical", "card")), "", "government",
)  # fmt: skip
GRANITE = Plan(
    "Granite Hollow Community Care", "888-555-0120", "888-555-0121", "Community Care Plan", "00##-####-##G",
    "NABD-26-######", "granite_hollow",
    (("program", "medicaid", "card"), ("medicaid_delivery", "plan", "card")), "", "government",
)  # fmt: skip
COBBLE = Plan(
    "Cobble Hill Community Health Plan", "888-555-0170", "888-555-0171", "Cobble Hill Family", "41-00##-####",
    "RQ 2026 0###", "cobble_hill",
    (("program", "medicaid", "card"), ("medicaid_delivery", "plan", "letter")), "", "government",
)  # fmt: skip
COLUMBINE = Plan(
    "Columbine Federal Employee Health Plan", "515-555-0140", "515-555-0142", "Columbine Standard Option",
    "CF1 #### ####", "PA-##-####-#####", "columbine", (("program", "fehb_pshb", "card"),), "CF1",
)  # fmt: skip
OSPREY = Plan(
    "Osprey Rx Preferred (PDP)", "877-555-0164", "877-555-0165", "Osprey Rx Preferred", "ORX5528######",
    "CD-####-####-######", "osprey",
    (("program", "medicare_part_d", "card"), ("benefit", "pharmacy", "letter")), "", "government",
)  # fmt: skip
DISTRICT = Plan(
    "Verdigris Health Partners", "405-555-0100", "405-555-0133", "Lake District Schools Employee Plan",
    "VHP-#####-07",
    "R26-00##-###", "verdigris", _commercial("public_employer", "self_funded"), "", "self_funded",
)  # fmt: skip
JUNIPER = Plan(
    "Juniper Basin Health Plan", "406-555-0121", "406-555-0122", "", "JB #### #### #", "26-JB-0###", "juniper",
    (("program", "commercial", "card"), ("sponsor", "private_employer", "patient"), ("funding", "unknown", "patient")),
)  # fmt: skip
CONTRADICTED = Plan(
    "Juniper Basin Health Plan", "406-555-0121", "406-555-0122", "Basin Employer Choice", "JB #### #### #",
    "26-JB-0###", "juniper",
    (
        ("program", "commercial", "card"),
        ("sponsor", "private_employer", "patient"),
        ("plan_kind", "ordinary", "patient"),
        ("funding", "self_funded", "card"),
        ("regulator", "state_insurance", "letter"),
        ("state_of_issue", "OR", "letter"),
    ),
)  # fmt: skip
HARROWGATE = Plan(
    "Harrowgate Health Insurance Company", "207-555-0191", "207-555-0142", "Harrowgate Group Choice",
    "HGX #### ####", "CX-26-######", "harrowgate", _commercial("private_employer", "insured", ONE), "",
    "insured", "IL",
)  # fmt: skip
PRAIRIE = Plan(
    "Verdigris Health Partners", "405-555-0100", "405-555-0133", "Silver Direct", "VHP-#####-01",
    "R26-00##-###",
    "verdigris", _commercial("individual", "insured"), "", "insured", "IL",
)  # fmt: skip
PLANS = (
    TAMARACK, LOOMIS, QUILLHAVEN, TIDEWATER, FERNWOOD, LARKSPUR, VERDIGRIS, BLUESTEM, TALLOW_CREEK, GRANITE,
    COBBLE,
    COLUMBINE, OSPREY, DISTRICT, JUNIPER, CONTRADICTED, HARROWGATE, PRAIRIE,
)  # fmt: skip
