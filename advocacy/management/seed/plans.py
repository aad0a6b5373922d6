"""Who pays, as data. Every payer, plan and number here is invented."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """A coverage as data. `answers` are (question, value, source); in `member`, `group` and `reference` # is a digit.

    `form` is the key of the letter this payer writes.
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


OFFICES = {
    "": ("Office named in the decision, {payer}", "800-555-0158", "PO Box 7158, Fairmont"),
    "plan": ("{payer}, Second Level Appeals", "800-555-0150", "PO Box 7150, Fairmont"),
    "reviewer": ("External Review Requests, {payer}", "800-555-0151", "PO Box 7151, Fairmont"),
    "review_contractor": ("Halden Independent Reviews", "800-555-0152", "PO Box 7152, Fairmont"),
    "judge": ("Hearings before a Judge, Central Intake", "800-555-0153", "PO Box 7153, Fairmont"),
    "council": ("Appeals Council, Intake", "800-555-0154", "PO Box 7154, Fairmont"),
    "state_agency": ("State Hearings Office", "800-555-0155", "PO Box 7155, Fairmont"),
    "opm": ("Health Insurance Reviews, Federal Personnel Office", "800-555-0156", "PO Box 7156, Fairmont"),
    "defense_health_agency": ("Defense Health Appeals and Hearings", "800-555-0157", "PO Box 7157, Fairmont"),
}
"""Where the steps after the first go, by who decides them: office ({payer} is the plan's name), fax and post. All invented."""


def filled(pattern: str, luck: random.Random) -> str:
    """The pattern with a digit for every #."""
    return "".join(str(luck.randrange(10)) if c == "#" else c for c in pattern)


def _commercial(sponsor: str, funding: str, *more: tuple[str, str, str]) -> tuple[tuple[str, str, str], ...]:
    return (
        ("program", "commercial", "card"),
        ("sponsor", sponsor, "patient"),
        ("plan_kind", "ordinary", "plan_document"),
        ("funding", funding, "plan_document"),
        *more,
    )


ONE, TWO = ("levels", "1", "plan_document"), ("levels", "2", "plan_document")

TAMARACK = Plan(
    payer="Tamarack Benefit Administrators",
    phone="515-555-0140",
    fax="515-555-0142",
    plan_name="Northgate Precision Tooling Employee Health Plan",
    member="TMK #### ##### 01",
    reference="PA-##-####-#####",
    form="tamarack",
    answers=_commercial("private_employer", "self_funded", ONE),
    group="NPT-####",
    funding="self_funded",
)
LOOMIS = Plan(
    payer="Loomis Fielding Benefit Administrators",
    phone="715-555-0100",
    fax="715-555-0119",
    plan_name="Orrin Castings Group Health Plan",
    member="LF ## #### ###",
    reference="LFB/####/######",
    form="loomis",
    answers=_commercial("private_employer", "self_funded", TWO),
    group="OC-####",
    funding="self_funded",
)
QUILLHAVEN = Plan(
    payer="Quillhaven Mutual Insurance",
    phone="570-555-0110",
    fax="570-555-0116",
    plan_name="Group Select 1500",
    member="QH-####-##-B",
    reference="CTL-00##-#####",
    form="quillhaven",
    answers=_commercial("private_employer", "insured", ONE),
    group="77-####",
    funding="insured",
    state="OR",
)
TIDEWATER = Plan(
    payer="Tidewater Lantern Health Care Plan",
    phone="757-555-0100",
    fax="757-555-0166",
    plan_name="Lantern Group PPO",
    member="TLH ### #####",
    reference="##-TL-#####",
    form="tidewater",
    answers=_commercial("private_employer", "insured", TWO),
    funding="insured",
    state="WA",
)
FERNWOOD = Plan(
    payer="Fernwood Assurance Company",
    phone="614-555-0180",
    fax="614-555-0188",
    plan_name="Tri-Delta Logistics LLC group policy",
    member="FWA ## #### ####",
    reference="FW-##-00##-#####-A",
    form="fernwood",
    answers=_commercial("private_employer", "insured", ONE),
    group="61-####",
    funding="insured",
    state="OR",
)
LARKSPUR = Plan(
    payer="Larkspur Mutual Health Plan",
    phone="503-555-0170",
    fax="503-555-0177",
    plan_name="Silver 4500 EPO",
    member="LMX-004-######",
    reference="UM2026-###-####",
    form="larkspur",
    answers=_commercial("individual", "insured"),
    group="44-OR-####",
    funding="insured",
    state="OR",
)
VERDIGRIS = Plan(
    payer="Verdigris Health Partners",
    phone="405-555-0100",
    fax="405-555-0133",
    plan_name="Bronze Direct",
    member="VHP-#####-03",
    reference="R26-00##-###",
    form="verdigris",
    answers=_commercial("individual", "insured"),
    funding="insured",
    state="WA",
)
BLUESTEM = Plan(
    payer="Bluestem Prairie Advantage (HMO-POS)",
    phone="800-555-0158",
    fax="785-555-0155",
    plan_name="Prairie Advantage Plus",
    member="BPA#H####X",
    reference="OD-####-#####",
    form="bluestem",
    answers=(("program", "medicare_advantage", "card"), ("benefit", "medical", "card")),
    funding="government",
)
TALLOW_CREEK = Plan(
    payer="Tallow Creek Medicare Advantage (PPO)",
    phone="913-555-0150",
    fax="913-555-0151",
    plan_name="Creekside PPO",
    member="8HK ## #### ##",
    reference="TRK/26/00#####",
    form="tallow_creek",
    answers=(("program", "medicare_advantage", "card"), ("benefit", "medical", "card")),
    funding="government",
)
GRANITE = Plan(
    payer="Granite Hollow Community Care",
    phone="888-555-0120",
    fax="888-555-0121",
    plan_name="Community Care Plan",
    member="00##-####-##G",
    reference="NABD-26-######",
    form="granite_hollow",
    answers=(("program", "medicaid", "card"), ("medicaid_delivery", "plan", "card")),
    funding="government",
)
COBBLE = Plan(
    payer="Cobble Hill Community Health Plan",
    phone="888-555-0170",
    fax="888-555-0171",
    plan_name="Cobble Hill Family",
    member="41-00##-####",
    reference="RQ 2026 0###",
    form="cobble_hill",
    answers=(("program", "medicaid", "card"), ("medicaid_delivery", "plan", "card")),
    funding="government",
)
COLUMBINE = Plan(
    payer="Columbine Federal Employee Health Plan",
    phone="515-555-0140",
    fax="515-555-0142",
    plan_name="Columbine Standard Option",
    member="CF1 #### ####",
    reference="PA-##-####-#####",
    form="columbine",
    answers=(("program", "fehb_pshb", "card"),),
    group="CF1",
)
OSPREY = Plan(
    payer="Osprey Rx Preferred (PDP)",
    phone="877-555-0164",
    fax="877-555-0165",
    plan_name="Osprey Rx Preferred",
    member="ORX5528######",
    reference="CD-####-####-######",
    form="osprey",
    answers=(("program", "medicare_part_d", "card"), ("benefit", "pharmacy", "card")),
    funding="government",
)
DISTRICT = Plan(
    payer="Verdigris Health Partners",
    phone="405-555-0100",
    fax="405-555-0133",
    plan_name="Lake District Schools Employee Plan",
    member="VHP-#####-07",
    reference="R26-00##-###",
    form="verdigris",
    answers=_commercial("public_employer", "self_funded", TWO),
    funding="self_funded",
)
JUNIPER = Plan(
    payer="Juniper Basin Health Plan",
    plan_name="",
    phone="406-555-0121",
    fax="406-555-0122",
    member="JB #### #### #",
    reference="26-JB-0###",
    form="juniper",
    answers=(
        ("program", "commercial", "card"),
        ("sponsor", "private_employer", "patient"),
        ("funding", "unknown", "patient"),
    ),
)
CONTRADICTED = Plan(
    payer="Juniper Basin Health Plan",
    phone="406-555-0121",
    fax="406-555-0122",
    plan_name="Basin Employer Choice",
    member="JB #### #### #",
    reference="26-JB-0###",
    form="juniper",
    answers=(
        ("program", "commercial", "card"),
        ("sponsor", "private_employer", "patient"),
        ("plan_kind", "ordinary", "patient"),
        ("funding", "self_funded", "card"),
    ),
)
HARROWGATE = Plan(
    payer="Harrowgate Health Insurance Company",
    phone="207-555-0191",
    fax="207-555-0142",
    plan_name="Harrowgate Group Choice",
    member="HGX #### ####",
    reference="CX-26-######",
    form="harrowgate",
    answers=_commercial("private_employer", "insured", ONE),
    funding="insured",
    state="IL",
)
PRAIRIE = Plan(
    payer="Verdigris Health Partners",
    phone="405-555-0100",
    fax="405-555-0133",
    plan_name="Silver Direct",
    member="VHP-#####-01",
    reference="R26-00##-###",
    form="verdigris",
    answers=_commercial("individual", "insured"),
    funding="insured",
    state="IL",
)


def _public(
    form: str, payer: str, phone: str, plan_name: str, member: str, *answers: tuple[str, str, str]
) -> Plan:
    fax = phone[:-1] + str((int(phone[-1]) + 1) % 10)
    return Plan(
        payer=payer,
        phone=phone,
        fax=fax,
        plan_name=plan_name,
        member=member,
        reference="R-##-#####",
        form=form,
        answers=answers,
        funding="government",
    )


SAGEBRUSH = _public(
    "sagebrush", "Sagebrush Medicare Contractor, Parts A and B", "701-555-0110", "Original Medicare",
    "1SG#-TE#-MK##", ("program", "medicare_original", "card"),
)  # fmt: skip
STATEHOUSE = _public(
    "statehouse", "State Medicaid Agency", "503-555-0131", "Open card", "OM-###-####",
    ("program", "medicaid", "card"), ("medicaid_delivery", "state", "letter"),
)  # fmt: skip
WRENFIELD = _public(
    "wrenfield", "Wrenfield Children's Health Plan", "541-555-0171", "Wrenfield CHIP", "WR ### ####",
    ("program", "chip", "card"),
)  # fmt: skip
HALYARD = _public(
    "halyard", "Halyard Regional Contractor", "253-555-0141", "TRICARE Select", "#########-01",
    ("program", "tricare", "card"),
)  # fmt: skip
VETERANS = _public(
    "veterans", "Veterans Family Medical Program", "303-555-0151", "CHAMPVA", "VF ### ####",
    ("program", "va_champva", "card"),
)  # fmt: skip
IRONBRIDGE = _public(
    "ironbridge", "Ironbridge Workers' Compensation", "503-555-0181", "Claim of a work injury", "WC-######",
    ("program", "workers_comp", "letter"),
)  # fmt: skip
STEEPLE = Plan(
    payer="Steeplechase Benefit Administrators",
    phone="503-555-0161",
    fax="503-555-0162",
    plan_name="Valley Parishes Employee Health Plan",
    member="VP-####-##",
    reference="ST-##-####",
    form="steeple",
    answers=_commercial("church", "self_funded", TWO),
    funding="self_funded",
)
MILLRACE = Plan(
    payer="Millrace Benefit Services",
    phone="541-555-0151",
    fax="541-555-0152",
    plan_name="Weir Street Foundry Health Plan of 1998",
    member="WSF ### ###",
    reference="MR/##/####",
    form="millrace",
    answers=(
        ("program", "commercial", "card"),
        ("sponsor", "private_employer", "patient"),
        ("plan_kind", "grandfathered", "plan_document"),
        ("funding", "self_funded", "plan_document"),
        TWO,
    ),
    funding="self_funded",
)
