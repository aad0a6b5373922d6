"""Denial letters of the demonstration: the sample letters with another patient, date and number in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from appeals.sample_letters import letter_text


@dataclass(frozen=True)
class Notice:
    """What a letter says about this patient. Days are days; `item` describes what was asked for."""

    patient: str
    member_id: str
    reference: str
    notice: date
    asked: date
    doctor: str
    npi: str
    facility: str
    item: str
    diagnosis: str
    diagnosis_name: str
    group: str = ""
    effective: date | None = None
    stated: date | None = None

    def words(self) -> dict[str, Any]:
        """What stands in the place of the names in braces."""
        long = "{0:%B} {0.day}, {0.year}".format
        return {
            "name": self.patient,
            "NAME": self.patient.upper(),
            "last_first": ", ".join(reversed(self.patient.upper().rsplit(" ", 1))),
            "member": self.member_id,
            "reference": self.reference,
            "group": self.group,
            "notice": long(self.notice),
            "notice_iso": self.notice.isoformat(),
            "notice_us": f"{self.notice:%m/%d/%Y}",
            "notice_short": f"{self.notice.month}/{self.notice.day}/{self.notice:%y}",
            "notice_dmy": f"{self.notice:%d-%b-%Y}".upper(),
            "notice_nth": f"the {_ordinal(self.notice.day)} of {self.notice:%B %Y}",
            "asked": long(self.asked),
            "asked_iso": self.asked.isoformat(),
            "asked_us": f"{self.asked:%m/%d/%Y}",
            "begins": long(self.notice + timedelta(days=14)),
            "begins_us": f"{self.notice + timedelta(days=14):%m/%d/%Y}",
            "earlier": f"{self.asked - timedelta(days=120):%B %Y}",
            "effective": long(self.effective or self.notice + timedelta(days=14)),
            "ending": long((self.effective or self.notice) + timedelta(days=70)),
            "stated": long(self.stated or self.notice + timedelta(days=60)),
            "doctor": self.doctor,
            "npi": self.npi,
            "facility": self.facility,
            "item": self.item,
            "diagnosis": self.diagnosis,
            "diagnosis_name": self.diagnosis_name,
            "year": self.notice.year,
        }


PRIVATE = 0xE000
"""Where characters begin that no letter has: what is to be replaced is marked with them first, so that the words which come in
are never taken for words of the sample (a notice of the very day that the sample names)."""


def _ordinal(n: int) -> str:
    ending = "th" if 10 < n < 14 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"


@dataclass(frozen=True)
class Form:
    """A sample letter and what is replaced in it: words of the sample -> words with names in braces."""

    sample: str
    swaps: Mapping[str, str]


def letter_for(form: str, notice: Notice) -> str:
    """The plain text of a letter. Raises KeyError for an unknown form, ValueError when the sample lacks words to replace."""
    chosen = FORMS[form]
    text, words = letter_text(chosen.sample), notice.words()
    marks = {old: chr(PRIVATE + n) * len(old) for n, old in enumerate(chosen.swaps)}
    for old, mark in marks.items():
        if old not in text:
            raise ValueError(f"{chosen.sample} does not say {old!r}")
        text = text.replace(old, mark)
    for old, new in chosen.swaps.items():
        text = _replaced(text, marks[old], new.format(**words))
    return text


def _replaced(text: str, old: str, new: str) -> str:
    """Replace words everywhere; in a line with cells (| ... |) the cell keeps its width."""
    if "\n" in old or "\n" in new:
        return text.replace(old, new)
    return "\n".join(_line(line, old, new) for line in text.split("\n"))


def _line(line: str, old: str, new: str) -> str:
    start = line.find(old)
    if start < 0:
        return line
    end = line.find("|", start + len(old))
    if end < 0:
        return line.replace(old, new)
    cell = line[start:end].replace(old, new).rstrip()
    return line[:start] + cell.ljust(end - start) + line[end:]


_JUNIPER = {
    "Sefa Tuilagi": "{name}",
    "JB 7781 0042 6": "{member}",
    "26-JB-0417": "{reference}",
    "March 9, 2026": "{notice}",
    "2007403001": "{npi}",
    "F33.2": "{diagnosis}",
}


def _plain(payer: str, address: str, phone: str, fax: str, *, window: str) -> Form:
    """The letter in plain words, as another payer would send it."""
    return Form(
        "reworded_low_reading",
        {
            **_JUNIPER,
            "Juniper Basin Appeals, 14 Mesa Street, Big Creek, MT 59099": address,
            "Juniper Basin Health Plan": payer,
            "in 60 days from the day you get this letter": window,
            "406-555-0122": fax,
            "406-555-0121": phone,
        },
    )


_TAMARACK = {
    "Dana R. Whitlock": "{name}",
    "DANA R WHITLOCK": "{NAME}",
    "Dear Dana Whitlock": "Dear {name}",
    "4417 Orchard Spur\nHarlan Falls, IA 50099": "18 Alder Court\nPortland, OR 97299",
    "TMK 7730 41582 01": "{member}",
    "NPT-2200": "{group}",
    "PA-26-0309-77142": "{reference}",
    "March 9, 2026": "{notice}",
    "February 27, 2026": "{asked}",
    "Amara Osei, MD (NPI 2004100774)": "{doctor} (NPI {npi})",
    "Cedar Run Interventional Psychiatry": "{facility}",
    "ketamine, intravenous infusion, six sessions over three weeks": "{item}",
    "F33.2 Major depressive disorder, recurrent, severe": "{diagnosis} {diagnosis_name}",
    "October 2025": "{earlier}",
}

FORMS: dict[str, Form] = {
    "tamarack": Form("erisa_preservice", _TAMARACK),
    "columbine": Form(
        "erisa_preservice",
        _TAMARACK
        | {
            "TAMARACK BENEFIT ADMINISTRATORS": "COLUMBINE FEDERAL EMPLOYEE HEALTH PLAN",
            "Claims administrator for the Northgate Precision Tooling Employee Health Plan": (
                "A plan of the Federal Employees Health Benefits Program"
            ),
            "self-funded by the employer": "Federal Employees Health Benefits",
            "Tamarack Benefit Administrators": "Columbine Federal Employee Health Plan",
            "Tamarack": "Columbine",
            "within 180 days after you receive this notice": "within six months from the date of this notice",
            "This\nPlan has one level of appeal. You": "You",
            "EXTERNAL REVIEW. If we deny your appeal on medical grounds, you may ask for a\n"
            "review by an independent review organization within four months after you get\n"
            "that decision. You may also bring a civil action under ERISA section 502(a).\n"
            "You may contact the Employee Benefits Security Administration, U.S. Department\n"
            "of Labor, for help.": (
                "THE NEXT STEP. If we do not change our decision, you may ask the Office of\n"
                "Personnel Management to review the disputed claim within 90 days after the\n"
                "date of our decision. The brochure of the plan explains how."
            ),
            "YOUR RIGHT TO APPEAL": "RECONSIDERATION",
        },
    ),
    "loomis": Form(
        "reworded_self_funded",
        {
            "Theodora Blackwood": "{name}",
            "LF 40 4471 992": "{member}",
            "OC-1180": "{group}",
            "LFB/2026/004417": "{reference}",
            "09-MAR-2026": "{notice_dmy}",
            "Hana Petrossian, MD   NPI: 2004100774": "{doctor}   NPI: {npi}",
            "G90.512": "{diagnosis}",
        },
    ),
    "quillhaven": Form(
        "reworded_table",
        {
            "Arturo Benavidez": "{name}",
            "QH-5512-77-B": "{member}",
            "CTL-0099-41872": "{reference}",
            "03/09/2026": "{notice_us}",
            "03/23/2026": "{begins_us}",
            "01/01/2026-12/31/2026": "01/01/{year}-12/31/{year}",
            "77-1200 ": "{group} ",
            "G90.521": "{diagnosis}",
        },
    ),
    "tidewater": Form(
        "reworded_rights_noise",
        {
            "Wilhelmina Szabo": "{name}",
            "TLH 990 41772": "{member}",
            "26-TL-40081": "{reference}",
            "March 9, 2026": "{notice}",
            "01/01/2026": "01/01/{year}",
            "Last premium received: 03/01/2026": "Last premium received: {asked_us}",
            "Complex regional pain syndrome, right leg (G90.521)": "{diagnosis_name} ({diagnosis})",
            "Virginia Bureau of Insurance: 804-555-0199": "Office of the Insurance Commissioner: 360-555-0199",
        },
    ),
    "fernwood": Form(
        "eob_lines",
        {
            "2026-04-20": "{notice_iso}",
            "Priscilla O. Danforth": "{name}",
            "FWA 31 0099 5520": "{member}",
            "FW-26-0099-31174-A": "{reference}",
            "61-4080": "{group}",
            "2026-03-24": "{asked_iso}",
            "F43.12, F33.2": "{diagnosis}",
        },
    ),
    "harrowgate": Form(
        "reworded_sentences",
        {
            "Ms. Lucinda Marchetti-Oyelaran": "{name}",
            "the 9th of March 2026": "{notice_nth}",
            "HGX 2281 0094": "{member}",
            "CX-26-118843": "{reference}",
            "4/17/1981": "on file",
            "F33.2": "{diagnosis}",
            "February 20, 2026": "{asked}",
            "January 1, 2026": "January 1, {year}",
            "03/11/2026": "{notice_us}",
        },
    ),
    "larkspur": Form(
        "aca_experimental",
        {
            "MARCUS T. ABENDROTH": "{NAME}",
            "LMX-004-882190": "{member}",
            "UM2026-518-0337": "{reference}",
            "05/18/2026": "{notice_us}",
            "44-OR-2026": "{group}",
            "Ilse Fontaine, DO   NPI 2005201886": "{doctor}   NPI {npi}",
            "G90.511 CRPS type I, right upper limb": "{diagnosis} {diagnosis_name}",
        },
    ),
    "verdigris": Form(
        "reworded_two_columns",
        {
            "Imogen Castellan": "{name}",
            "VHP-77120-03": "{member}",
            "R26-0044-981": "{reference}",
            "3/9/26": "{notice_short}",
            "ICD-10 F33.2": "ICD-10 {diagnosis}",
        },
    ),
    "bluestem": Form(
        "ma_denial",
        {
            "Rosalind Achterberg": "{name}",
            "BPA9H4471X": "{member}",
            "OD-0612-58830": "{reference}",
            "June 12, 2026": "{notice}",
            "June 8, 2026": "{asked}",
            "June 22, 2026": "{begins}",
            "Dr. Piet Vandersloot (NPI 2006302998)": "{doctor} (NPI {npi})",
            "F33.1": "{diagnosis}",
        },
    ),
    "tallow_creek": Form(
        "reworded_box",
        {
            "ODESSA QUARLES": "{NAME}",
            "8HK 44 2019 07": "{member}",
            "TRK/26/0091172": "{reference}",
            "2026-03-09": "{notice_iso}",
            "2025-09-30": "01/25",
            "Lionel Abara, MD, NPI 1234567893": "{doctor}, NPI {npi}",
            "Diagnosis F33.1": "Diagnosis {diagnosis}",
            "May 13, 2026": "{stated}",
        },
    ),
    "granite_hollow": Form(
        "medicaid_reduction",
        {
            "Teodora Villaseca": "{name}",
            "0098-4417-22G": "{member}",
            "NABD-26-070611": "{reference}",
            "July 6, 2026": "{notice}",
            "July 20, 2026": "{effective}",
            "September 30, 2026": "{ending}",
            "September 4, 2026": "{stated}",
            "from\nApril 2026": "from\n{earlier}",
            "Wren Castellano, PMHNP, NPI 2007403001": "{doctor}, NPI {npi}",
        },
    ),
    "cobble_hill": Form(
        "reworded_plain_medicaid",
        {
            "Bao Tran Nguyen": "{name}",
            "41-0099-8271": "{member}",
            "RQ 2026 0338": "{reference}",
            "Date mailed: 2026-03-09": "Date mailed: {notice_iso}",
            "Date of service: 02/02/2026\n": "",
            "Birth date: 12-11-2009\n": "",
            "March 20, 2026": "{effective}",
            "March 19, 2026": "{effective}",
        },
    ),
    "osprey": Form(
        "part_d_nonformulary",
        {
            "HENRIK J. SOLLARS": "{NAME}",
            "ORX5528871102": "{member}",
            "CD-2026-1203-004416": "{reference}",
            "12/03/2026": "{notice_us}",
            "11/30/2026": "{asked_us}",
            "prescriber statement received 12/01/2026": "prescriber statement received {asked_us}",
            "Noor Ghazanfar, NP   NPI 2008504112": "{doctor}   NPI {npi}",
        },
    ),
    "juniper": Form("reworded_low_reading", _JUNIPER),
    "sagebrush": _plain(
        "Sagebrush Medicare Contractor, Parts A and B",
        "Sagebrush Redeterminations, PO Box 41, Fargo, ND 58199",
        "701-555-0110",
        "701-555-0111",
        window="in 120 days from the day you get this letter",
    ),
    "steeple": _plain(
        "Steeplechase Benefit Administrators",
        "Steeplechase Appeals, 9 Chapel Road, Salem, OR 97399",
        "503-555-0161",
        "503-555-0162",
        window="in 180 days from the day you get this letter",
    ),
    "millrace": _plain(
        "Millrace Benefit Services",
        "Millrace Appeals, 70 Weir Street, Albany, OR 97398",
        "541-555-0151",
        "541-555-0152",
        window="in 180 days from the day you get this letter",
    ),
    "statehouse": _plain(
        "State Medicaid Agency",
        "Hearings Unit, PO Box 12, Salem, OR 97397",
        "503-555-0131",
        "503-555-0132",
        window="by {stated}",
    ),
    "wrenfield": _plain(
        "Wrenfield Children's Health Plan",
        "Wrenfield Appeals, 3 Lark Street, Eugene, OR 97499",
        "541-555-0171",
        "541-555-0172",
        window="in 60 days from the date of this letter",
    ),
    "halyard": _plain(
        "Halyard Regional Contractor",
        "Halyard Appeals, PO Box 77, Tacoma, WA 98499",
        "253-555-0141",
        "253-555-0142",
        window="in 90 days from the date of this letter",
    ),
    "veterans": _plain(
        "Veterans Family Medical Program",
        "Appeals, PO Box 60, Denver, CO 80299",
        "303-555-0151",
        "303-555-0152",
        window="by {stated}",
    ),
    "ironbridge": _plain(
        "Ironbridge Workers' Compensation",
        "Ironbridge Utilization Review, PO Box 5, Salem, OR 97396",
        "503-555-0181",
        "503-555-0182",
        window="by {stated}",
    ),
}
