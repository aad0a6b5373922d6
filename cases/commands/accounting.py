"""What left by other ways than the program's own doors, recorded so that the accounting of disclosures holds it too; and what
becomes of a line of the accounting afterward: held back from the patient for a time, shown, put right.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.urls import reverse

from advocacy.access.disclosures import VERB, Basis, Door, Party, Purpose, Recipient, disclose
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.access.roles import Role
from advocacy.audit.models import Event
from advocacy.audit.trail import about, record
from advocacy.background.queue import enqueue
from advocacy.errors import Reason, Refused
from advocacy.mail import Notice, deliver, link_to
from advocacy.people.models import Patient
from advocacy.people.queries import roles_now, working_members
from advocacy.people.rules import day_in, not_in_the_future
from cases.queries.accounting import CORRECTED, GROUNDS, MISTAKE, Disclosed, accounting
from cases.suspensions import (
    ABUSE,
    HELD,
    OF_A_RISK,
    RISK_GROUNDS,
    SENSITIVE,
    SHOWN,
    WORDS,
    Held,
    Why,
    can_be_held,
    privacy_officer_decides,
)

TELL_JOB = "cases.tell_of_held_back"
TOLD_OF: Final = "held_back_told"
SHOW: Final = "show"
PARTIES = {
    Party.OTHER.value: "A public authority, a court, or somebody else",
    Party.PLAN.value: "The plan",
    Party.REVIEWER.value: "A reviewer or agency",
    Party.CLINIC.value: "A clinic or provider",
}
"""Whom the desk may name."""


@dataclass(frozen=True)
class Told:
    """Whether the patient may see a line: `told` is SHOW or a reason to hold it back (cases.suspensions.Why); the other fields
    are the agency and its statement of a day, or the risk, and until when.
    """

    told: str = ""
    who: str = ""
    statement: str = ""
    said_on: date | None = None
    until: date | None = None


def record_disclosure(
    *,
    actor: Actor,
    patient: Patient,
    ground: str,
    party: str,
    recipient: str,
    address: str,
    what: str,
    why: str,
    left_on: date,
    told: Told | None = None,
    at: datetime,
) -> None:
    """Record that something left without the patient's authorization: as the law requires or permits, or by mistake.

    What an accounting says of it: the day, who got it and where, what it was, and why (45 CFR 164.528(b)(2)). `ground` is a
    key of GROUNDS, `left_on` a day where the patient lives. Where the ground is SENSITIVE, `told` says whether the patient may
    see it: the line is held back in the same transaction, so that it is never shown first. Raises NotAllowed, NotFound,
    Refused with every reason.
    """
    require(actor, Permission.ACCOUNT_DISCLOSURES, patient)
    today, told = day_in(patient.time_zone, at), told or Told()
    needed = (
        (ground in GROUNDS, "ground_unknown", "Choose what it rested on.", "ground"),
        (party in PARTIES, "party_unknown", "Choose who got it.", "party"),
        (bool(recipient.strip()), "recipient_missing", "Name the person or body that got it.", "recipient"),
        (bool(what.strip()), "what_missing", "Say in a line what was given.", "what"),
        (
            bool(why.strip()),
            "why_missing",
            "Say in a line what it was for, or which request it answered.",
            "why",
        ),
    )
    reasons = [Reason(code, text, name) for holds, code, text, name in needed if not holds]
    late = not_in_the_future(left_on, today, "left_on", "The day it left")
    reasons += [late] if late else []
    reasons += _told_reasons(actor, ground, told, today)
    if reasons:
        raise Refused(reasons)
    by_mistake = ground == MISTAKE
    with transaction.atomic():
        Patient.objects.select_for_update().get(pk=patient.pk)
        disclose(
            actor=actor,
            door=Door.BY_HAND,
            purpose=Purpose.MISTAKE if by_mistake else Purpose.LAW,
            to=Recipient(Party(party), recipient, address),
            about=patient,
            on=left_on,
            what=f"{what.strip()}. {why.strip()}",
            ground=Basis.NONE if by_mistake else Basis.LAW,
            detail={"ground": ground},
        )
        # The patient's row is locked: the newest act of this kind is the one just written.
        acts = Event.objects.filter(about(patients=[patient.pk]), kind=Event.Kind.VERB, verb=VERB)
        line = acts.filter(data__door=Door.BY_HAND.value).latest("pk").pk
        if told.told == SHOW and ground in SENSITIVE:
            record(SHOWN, subject=patient, detail={"line": line})
        elif told.told in WORDS:
            _hold(patient, line, told)


def hold_back(*, actor: Actor, patient: Patient, line: int, told: Told, at: datetime) -> None:
    """Hold a line (the key of its act) back from the patient's view, or for longer; or, with SHOW, let her see it from now on.

    An agency's statement may be recorded by whoever keeps the accounting; a risk, and a report of abuse that is to be shown,
    is decided by the privacy officer. The typed `statement` is kept sealed. Raises NotAllowed, NotFound, Refused.
    """
    require(actor, Permission.ACCOUNT_DISCLOSURES, patient)
    found = accounting(actor, patient, at).line(line)
    with transaction.atomic():
        Patient.objects.select_for_update().get(pk=patient.pk)
        if told.told == SHOW:
            reasons = _showing_reasons(actor, found, told)
        elif told.told in WORDS:
            reasons = _told_reasons(actor, found.ground, told, day_in(patient.time_zone, at))
        else:
            reasons = [Reason("told_missing", "Choose what the patient sees.", "told")]
        if reasons:
            raise Refused(reasons)
        if told.told == SHOW:
            record(SHOWN, subject=patient, detail={"line": line}, reason=told.statement.strip())
        else:
            _hold(patient, line, told)


def correct_disclosure(
    *,
    actor: Actor,
    patient: Patient,
    line: int,
    recipient: str,
    address: str,
    what: str,
    ground: str = "",
    left_on: date | None = None,
    because: str,
    at: datetime,
) -> None:
    """Put a line of the accounting right. What it said before stays beside it, in the accounting and in the trail.

    It happened, so no release is asked for: one that was withdrawn since changes nothing of what left. `ground` is a key of
    GROUNDS, or empty where what it rested on stays; a line of the program's own doors can be told as a MISTAKE, when it went to
    somebody whom nothing allowed, and then has to be listed. `left_on` is for what was recorded by hand. Raises NotAllowed,
    NotFound, Refused.
    """
    require(actor, Permission.ACCOUNT_DISCLOSURES, patient)
    found = accounting(actor, patient, at).line(line)
    ground = "" if ground == found.ground else ground
    needed = (
        (bool(recipient.strip()), "recipient_missing", "Name the person or body that got it.", "recipient"),
        (
            bool(what.strip()) or not found.by_hand,
            "what_missing",
            "Say in a line what was given.",
            "what",
        ),
        (bool(because.strip()), "reason_missing", "Say what was wrong.", "because"),
        (
            not ground or (ground in GROUNDS if found.by_hand else ground == MISTAKE),
            "ground_unknown",
            "Choose what it rested on.",
            "ground",
        ),
    )
    reasons = [Reason(code, text, name) for holds, code, text, name in needed if not holds]
    late = not_in_the_future(left_on, day_in(patient.time_zone, at), "left_on", "The day it left")
    reasons += [late] if late else []
    risk = any(held.why in OF_A_RISK for held in found.held)
    if ground and ground not in RISK_GROUNDS and risk and not _decides(actor):
        reasons.append(privacy_officer_decides())
    if reasons:
        raise Refused(reasons)
    codes = {"ground": ground, "counted": True} if ground else {}
    days = {"on": left_on} if left_on is not None and found.by_hand else {}
    to = Recipient(Party.OTHER, recipient, address)
    with transaction.atomic():
        write_correction(patient, line, to, what, because, detail={**codes, **days})
        if ground == ABUSE:
            _hold(patient, line, Told(Why.UNDECIDED))


def write_correction(
    patient: Patient,
    line: int,
    to: Recipient,
    what: str,
    because: str,
    *,
    detail: Mapping[str, object] | None = None,
) -> None:
    """The act that puts a line right: names and words sealed. For commands that have asked who may."""
    said = [to.name.strip(), to.address.strip(), what.strip(), because.strip()]
    record(
        CORRECTED,
        subject=patient,
        detail={"line": line, **(detail or {})},
        reason=json.dumps(said, ensure_ascii=False),
    )


def tell_of_held_back(*, actor: Actor, patient: int, line: int, at: datetime) -> None:
    """Mail the privacy officers that a line waits for their decision, or is to be looked at again. It names the patient's
    reference and nothing else; an admin is told where there is no privacy officer. Once a day, however often it is called.
    """
    row = Patient.objects.select_for_update().get(pk=patient)
    day = day_in(row.time_zone, at)
    done = {"line": line, "on": day.isoformat()}
    if Event.objects.filter(about(patients=[row.pk]), verb=TOLD_OF, data__contains=done).exists():
        return
    record(TOLD_OF, subject=row, detail=done)
    live = list(working_members(at).select_related("user").order_by("user__email"))
    for role in (Role.PRIVACY_OFFICER, Role.ORGANIZATION_ADMIN):
        found = [member.user.email for member in live if role in roles_now(member)]
        if not found:
            continue
        for number, to in enumerate(found):
            deliver(
                Notice(
                    to=to,
                    subject=f"{row.reference}: something waits for your decision",
                    template="notices/held_back.txt",
                    facts={
                        "reference": row.reference,
                        "url": link_to(reverse("people:disclosures", args=[row.public_id])),
                    },
                    reader=Party.WORKFORCE,
                ),
                message_id=f"held-{line}-{day:%Y%m%d}-{number}",
            )
        return


def to_look_at_again(*, at: datetime) -> list[tuple[int, int]]:
    """Lines (patient and act, by primary key) that are held back for a risk and wait for a decision today: each seventh day
    from the day on which it was to be looked at again, or from when nobody decided. Days are those where the patient lives.
    """
    acts = Event.objects.filter(
        subject_table=Patient._meta.db_table, kind=Event.Kind.VERB, verb__in=(HELD, SHOWN)
    )
    latest: dict[int, Event] = {}
    for act in acts.order_by("pk"):
        if act.verb == SHOWN or act.data["why"] in OF_A_RISK:
            latest[act.data["line"]] = act
    held = [
        (act.subject_id, line, act)
        for line, act in latest.items()
        if act.verb == HELD and act.subject_id is not None
    ]
    patients = Patient.objects.filter(pk__in={pk for pk, _line, _act in held})
    zones = dict(patients.values_list("pk", "time_zone"))
    found = []
    for pk, line, act in held:
        until, zone = act.data.get("until"), zones[pk]
        over = day_in(zone, at) - (date.fromisoformat(until) if until else day_in(zone, act.at))
        if over.days >= (0 if until else 1) and over.days % 7 == 0:
            found.append((pk, line))
    return found


def _told_reasons(actor: Actor, ground: str, told: Told, today: date) -> list[Reason]:
    """What speaks against what was chosen about the patient's own view, of a ground."""
    if told.told == "":
        if ground not in SENSITIVE:
            return []
        return [Reason("told_missing", "Choose whether the patient may see this.", "told")]
    if told.told == SHOW:
        return [privacy_officer_decides()] if ground == ABUSE and not _decides(actor) else []
    if told.told not in WORDS:
        return [Reason("told_unknown", "Choose from the list.", "told")]
    held = Held(Why(told.told), told.until, told.who, told.statement)
    return list(can_be_held(ground, held, told.said_on, today, _decides(actor)))


def _showing_reasons(actor: Actor, line: Disclosed, told: Told) -> list[Reason]:
    """What speaks against letting the patient see a line that is held back."""
    if not line.held:
        return [Reason("shown_already", "The patient sees this already.", "told")]
    reasons = []
    if any(held.why in OF_A_RISK for held in line.held) and not _decides(actor):
        reasons.append(privacy_officer_decides())
    if not told.statement.strip():
        reasons.append(Reason("statement_missing", "Say why the patient may see it now.", "statement"))
    return reasons


def _decides(actor: Actor) -> bool:
    return actor.may(Permission.DECIDE_ACCOUNTING)


def _hold(patient: Patient, line: int, told: Told) -> None:
    undecided = told.told == Why.UNDECIDED
    until = None if undecided else told.until
    codes = {"line": line, "why": told.told} | ({"until": until} if until else {})
    codes |= {"said_on": told.said_on} if told.told in (Why.WRITTEN, Why.ORAL) and told.said_on else {}
    said = json.dumps([told.who.strip(), told.statement.strip()], ensure_ascii=False)
    record(HELD, subject=patient, detail=codes, reason=said)
    if undecided:
        enqueue(TELL_JOB, patient=patient.pk, line=line)
