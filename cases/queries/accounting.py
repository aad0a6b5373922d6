"""The accounting of disclosures, read from the trail: what left in the last six years, when, to whom, what and why.

45 CFR 164.528: whoever asks is told of the six years before (a)(1), for each disclosure its day, who received it and where,
what it was, and what it was for (b)(2). What went to the person, by authorization, or stayed in the organization's own work need
not be listed (a)(1)(i) to (ix); what left by the program's doors is told all the same, apart.

A line is an act; what puts it right, holds it back from the patient for a time or shows it is an act after it, which names it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as mark
from django.utils.translation import ngettext

from advocacy.access.disclosures import VERB, Basis, Door, Purpose, words_of
from advocacy.access.policy import Actor, system_actor, visible
from advocacy.audit.models import Event
from advocacy.audit.trail import about, reason_of
from advocacy.errors import NotFound
from advocacy.people.models import Patient
from advocacy.people.rules import day_in
from cases.models import Case
from cases.offering import PARTS
from cases.suspensions import HELD, SHOWN, Held, Why, standing

YEARS: Final = 6
MISTAKE: Final = "mistake"
CORRECTED: Final = "disclosure_corrected"
"""The act that puts a line right. Both what it said and what it says now stay in the trail."""
GROUNDS: Final[dict[str, str]] = {
    "required": mark("The law required it (45 CFR 164.512(a))"),
    "public_health": mark("Public health (45 CFR 164.512(b))"),
    "abuse": mark("Abuse, neglect or domestic violence (45 CFR 164.512(c))"),
    "oversight": mark("Health oversight (45 CFR 164.512(d))"),
    "court": mark("A court or administrative proceeding (45 CFR 164.512(e))"),
    "police": mark("Law enforcement (45 CFR 164.512(f))"),
    "death": mark("A coroner, medical examiner or funeral director (45 CFR 164.512(g))"),
    "research": mark("Research (45 CFR 164.512(i))"),
    "threat": mark("A serious threat to health or safety (45 CFR 164.512(j))"),
    "government": mark("Special government functions (45 CFR 164.512(k))"),
    "work": mark("Workers' compensation (45 CFR 164.512(l))"),
    "secretary": mark("The Department of Health and Human Services (45 CFR 164.502(a)(2)(ii))"),
    MISTAKE: mark("A mistake: nothing allowed it"),
}
"""What a disclosure recorded by hand rested on."""

WHAT: Final[dict[str, str]] = {
    Door.FILING: mark("The letter of the appeal, with its papers"),
    Door.CALL: mark("What was said when the appeal was filed by phone"),
    Door.REQUEST: mark("The request to the plan to pay for the treatment"),
    Door.CLINIC: mark("Name, birth date, and what the clinic is asked for, behind a link"),
    Door.LOG: mark("Papers of the case"),
    Door.OFFER: mark("Parts of the case, offered to another organization"),
    Door.BY_HAND: "",
}
WHY: Final[dict[str, str]] = {
    Purpose.APPEAL: mark("For the appeal"),
    Purpose.COVERAGE: mark("So that the plan decides about the treatment"),
    Purpose.RECORDS: mark("To get records or a signature"),
    Purpose.CASEWORK: mark("For the work on the case"),
    Purpose.REFERRAL: mark("So that another organization can take the case over"),
    Purpose.LAW: mark("The law requires or allows it"),
    Purpose.MISTAKE: mark("It was a mistake"),
}
ALLOWED: Final[dict[str, str]] = {
    Basis.AUTHORIZATION: mark("Allowed in writing"),
    Basis.LAW: mark("The law allows it without asking"),
    Basis.NONE: mark("Nothing allowed it"),
}


@dataclass(frozen=True)
class Corrected:
    """That a line was put right: on which day, what it said before of whom and what, and why."""

    day: date
    to: str
    address: str
    what: str
    because: str


@dataclass(frozen=True)
class Disclosed:
    """One thing that left: the day where the patient lives, to whom and where, what and why, and whether the law asks for it
    to be listed. `key` is its act in the trail, `ground` the code of what it rested on where the desk recorded it, `held` what
    keeps it from the patient's own view.
    """

    day: date
    to: str
    address: str
    what: str
    why: str
    allowed: str
    counted: bool
    key: int = 0
    ground: str = ""
    by_hand: bool = False
    held: tuple[Held, ...] = ()
    corrected: tuple[Corrected, ...] = ()


@dataclass(frozen=True)
class Accounting:
    """What must be listed, and what else left; newest first. `since` is the first day that is looked at."""

    since: date
    until: date
    counted: tuple[Disclosed, ...]
    others: tuple[Disclosed, ...]

    @property
    def held(self) -> tuple[Disclosed, ...]:
        """What the patient is not shown now."""
        return tuple(line for line in (*self.counted, *self.others) if line.held)

    def line(self, key: int) -> Disclosed:
        """One of its lines. Raises NotFound."""
        found = next((line for line in (*self.counted, *self.others) if line.key == key), None)
        if found is None:
            raise NotFound("disclosure")
        return found


def accounting(actor: Actor, patient: Patient, at: datetime, *, for_patient: bool = False) -> Accounting:
    """What left about a patient in the six years before `at`, in the current language. A colleague sees nothing that left
    because of a case that is closed to them. The patient sees all of it but what is held back now (cases/suspensions.py);
    so does a paper made `for_patient`. Three statements at most.
    """
    today = day_in(patient.time_zone, at)
    since = _years_before(today, YEARS)
    verbs = (VERB, CORRECTED, HELD, SHOWN)
    events = Event.objects.filter(about(patients=[patient.pk]), kind=Event.Kind.VERB, verb__in=verbs)
    hidden: set[int] = set()
    if actor.portal is None:
        others = Case.objects.filter(patient=patient).exclude(visible(actor, Case))
        hidden = set(others.values_list("pk", flat=True))
    zone = ZoneInfo(patient.time_zone)
    lines: list[Event] = []
    after: dict[int, list[Event]] = {}
    for event in events.order_by("pk"):
        if event.verb != VERB:
            after.setdefault(event.data["line"], []).append(event)
        elif not hidden.intersection(event.case_ids):
            lines.append(event)
    rows = [_line(event, after.get(event.pk, []), zone, today) for event in reversed(lines)]
    if for_patient or actor.portal is not None:
        rows = [row for row in rows if not row.held]
    rows = sorted((row for row in rows if row.day >= since), key=lambda row: row.day, reverse=True)
    return Accounting(
        since,
        today,
        tuple(row for row in rows if row.counted),
        tuple(row for row in rows if not row.counted),
    )


def holds_something_back(patient: Patient, at: datetime) -> bool:
    """Whether something that left is held back from the patient now."""
    program = system_actor(patient.organization_id or 0, "accounting")
    return bool(accounting(program, patient, at).held)


def _line(event: Event, after: Sequence[Event], zone: ZoneInfo, today: date) -> Disclosed:
    data: dict[str, Any] = dict(event.data)
    name, address, said = words_of(reason_of(event))
    corrected = []
    for act in after:
        if act.verb == CORRECTED:
            before = (name, address, said)
            name, address, now, because = json.loads(reason_of(act))
            said = now or said
            data |= {key: value for key, value in act.data.items() if key != "line"}
            corrected.append(Corrected(act.at.astimezone(zone).date(), *before, because))
    day = date.fromisoformat(data["on"]) if "on" in data else event.at.astimezone(zone).date()
    door = data["door"]
    typed = said if door in (Door.LOG, Door.BY_HAND) else _offered(data) if door == Door.OFFER else ""
    kind, why = WHAT[door], WHY[data["purpose"]]
    ground = data.get("ground", "")
    allowed = GROUNDS[ground] if ground else ALLOWED[data["basis"]]
    what = ": ".join(filter(None, (_(kind) if kind else "", typed)))
    return Disclosed(
        day,
        name,
        address,
        what,
        _(why),
        _(allowed),
        bool(data["counted"]),
        event.pk,
        ground,
        door == Door.BY_HAND,
        standing(ground, [_decision(act) for act in after if act.verb != CORRECTED], today),
        tuple(corrected),
    )


def _decision(act: Event) -> tuple[str, Held | None]:
    """What an act says about the patient's own view of a line."""
    if act.verb == SHOWN:
        return SHOWN, None
    who, said = json.loads(reason_of(act))
    until = date.fromisoformat(act.data["until"]) if act.data.get("until") else None
    return HELD, Held(Why(act.data["why"]), until, who, said)


def _offered(data: dict[str, Any]) -> str:
    """Which parts an offer shared, and how many documents."""
    said = [_(PARTS[part]) for part in data["parts"]]
    if data["papers"]:
        said.append(
            ngettext("%(count)s document", "%(count)s documents", data["papers"]) % {"count": data["papers"]}
        )
    return ", ".join(said)


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # February 29
        return day.replace(year=day.year - years, day=28)
