"""The one function through which data of a patient leaves: it names door, purpose and recipient, and refuses without a basis.

Whatever is sent to somebody writes an act into the trail, from which the accounting of disclosures is made (45 CFR 164.528).
Where the recipient comes and takes it (a patient in the portal, a colleague at the desk, a machine), the read event of the
answer already says who took what; nothing is written twice. tests/guards/test_outward.py lists every door.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from advocacy.access.policy import Actor
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused

VERB: Final = "disclosed"


class Door(StrEnum):
    """Every way out."""

    FILING = "filing"
    CALL = "call"
    REQUEST = "request"
    CLINIC = "clinic"
    LOG = "log"
    OFFER = "offer"
    BY_HAND = "by_hand"
    MAIL = "mail"
    PORTAL = "portal"
    TAKE_ALONG = "take_along"
    DOWNLOAD = "download"
    CALENDAR = "calendar"
    PRINT = "print"
    API = "api"
    EXPORT = "export"
    TRAIL = "trail"


class Purpose(StrEnum):
    """What it is for, as the accounting says it."""

    APPEAL = "appeal"
    COVERAGE = "coverage"
    RECORDS = "records"
    CASEWORK = "casework"
    REFERRAL = "referral"
    ACCESS = "access"
    NOTICE = "notice"
    SERVICE = "service"
    OVERSIGHT = "oversight"
    LAW = "law"
    MISTAKE = "mistake"


class Party(StrEnum):
    """Who receives it."""

    PATIENT = "patient"
    REPRESENTATIVE = "representative"
    WORKFORCE = "workforce"
    MACHINE = "machine"
    PLAN = "plan"
    REVIEWER = "reviewer"
    CLINIC = "clinic"
    ORGANIZATION = "organization"
    OPERATOR = "operator"
    OTHER = "other"


class Basis(StrEnum):
    """Why it may leave."""

    INDIVIDUAL = "individual"
    """To the person herself: 45 CFR 164.502(a)(1)(i), 164.524."""
    REPRESENTATIVE = "representative"
    """To whom she let in, for the parts she chose: 164.502(g), 164.510(b)."""
    AUTHORIZATION = "authorization"
    """Her authorization stands on that day: 164.508."""
    WORKFORCE = "workforce"
    """A use within the organization, on rows the role reaches: 164.502(b), 164.514(d)(2)."""
    SERVICE = "service"
    """A machine of the organization with a recorded purpose, on rows its scopes reach: 164.502(e), 164.506."""
    NAMELESS = "nameless"
    """It says nothing that identifies a patient."""
    SEALED = "sealed"
    """Identifiers in it are ciphertext, whose keys do not go along."""
    LAW = "law"
    """Required or permitted without authorization, and recorded with its ground: 164.512."""
    NONE = "none"
    """It left without a basis, by mistake, and is recorded as that: it is accounted for all the same."""


COUNTED: Final = frozenset({Basis.LAW, Basis.NONE})
"""What an accounting has to list. What goes to the person, by authorization, or serves the organization's own work, it need not
(164.528(a)(1))."""


@dataclass(frozen=True)
class Recipient:
    """Who gets it: of which kind, called what, and where. Name and address are sealed in the trail."""

    party: Party
    name: str = ""
    address: str = ""


@dataclass(frozen=True)
class Authorization:
    """One authorization that stands: its primary key, and the special categories it names (`Document.Special`)."""

    pk: int
    special: frozenset[str] = frozenset()
    by_name: bool = False
    """It is for one recipient only: nothing rests on it but what asks for it."""


@dataclass(frozen=True)
class Passage:
    """That something may leave, and why."""

    door: Door
    purpose: Purpose
    recipient: Recipient
    basis: Basis
    authorization: int | None = None
    told: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """Codes for the read event of the answer."""


authorizations: list[Callable[[Any, date | None, datetime | None], Collection[Authorization]]] = []
"""Filled by `advocacy.people`: what the patient's authorizations to release are, of a patient or a row with one, on a day
(where the patient lives; None for the day of the moment). No signals, as in `advocacy.registries`."""

_BY_WHO_ASKS: Final = {
    Party.PATIENT: Basis.INDIVIDUAL,
    Party.REPRESENTATIVE: Basis.REPRESENTATIVE,
    Party.WORKFORCE: Basis.WORKFORCE,
    Party.MACHINE: Basis.SERVICE,
}
NEVER_TAKEN: Final = frozenset({"psychotherapy"})
"""What nobody takes for herself: psychotherapy notes are left out of the right of access (164.524(a)(1)(i))."""
NAMED: Final = frozenset({Party.PLAN, Party.REVIEWER, Party.CLINIC, Party.ORGANIZATION, Party.OTHER})
"""Who is no one without a name."""
OF_THE_DESK: Final = frozenset({Basis.LAW, Basis.NONE})


def words_of(reason: str) -> tuple[str, str, str]:
    """Of the opened reason of an act: who got it, where, and what it was, as they were said."""
    name, address, what = json.loads(reason)
    return name, address, what


def whoever_asks(actor: Actor) -> Recipient:
    """The one who is asking, as the recipient of the answer."""
    if actor.portal is not None:
        own = actor.portal.role == Party.PATIENT
        return Recipient(Party.PATIENT if own else Party.REPRESENTATIVE, actor.label)
    if actor.key.startswith("machine:"):
        return Recipient(Party.MACHINE, actor.label)
    if actor.key.startswith("clinic:"):
        return Recipient(Party.CLINIC, actor.label)
    return Recipient(Party.WORKFORCE, actor.label)


def disclose(
    *,
    actor: Actor,
    door: Door,
    purpose: Purpose,
    to: Recipient,
    about: Any = None,
    special: Collection[str] = (),
    on: date | None = None,
    at: datetime | None = None,
    what: str = "",
    ground: Basis | None = None,
    by: int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> Passage:
    """Let something of a patient leave. Every door calls this before it opens.

    `about` is the patient, or a row with one (`patient_id`, `patient`); None where it is of several or of none: then only
    whoever asks gets it, who is held to the rows of the policies, or it is a mail without a patient, or the sealed trail.
    `special` names the special categories of what leaves, `on` the day it leaves where the patient lives (the day of `at`
    unless told), `what` says in words what it is, sealed, and `ground` is LAW or NONE where the desk records what left by
    hand. `by` is the one authorization it has to rest on (a primary key; None: any that stands). `detail` holds codes and counts.

    Raises Refused: no_basis, special_category, recipient_missing.
    """
    if to.party in NAMED and not to.name.strip():
        raise Refused([Reason("recipient_missing", "Say who gets it.", "recipient")])
    basis, authorization = _basis(actor, door, to, about, frozenset(special) - {""}, on, at, ground, by)
    passage = Passage(
        door,
        purpose,
        to,
        basis,
        authorization,
        {"door": door.value, "purpose": purpose.value, "basis": basis.value},
    )
    if about is not None and to != whoever_asks(actor):
        codes: dict[str, Any] = {**passage.told, "party": to.party.value, "counted": basis in COUNTED}
        codes |= {"on": on} if on is not None else {}
        codes |= {"consent": authorization} if authorization is not None else {}
        codes |= {"special": sorted(set(special) - {""})} if set(special) - {""} else {}
        sealed = json.dumps([to.name.strip(), to.address.strip(), what.strip()], ensure_ascii=False)
        record(VERB, subject=about, detail={**codes, **(detail or {})}, reason=sealed)
    return passage


def _basis(
    actor: Actor,
    door: Door,
    to: Recipient,
    about: Any,
    special: frozenset[str],
    on: date | None,
    at: datetime | None,
    ground: Basis | None,
    by: int | None,
) -> tuple[Basis, int | None]:
    if ground is not None:
        # What the desk records after it happened: nothing is let through here.
        if ground not in OF_THE_DESK or door is not Door.BY_HAND:
            raise _no_basis()
        return ground, None
    if door is Door.MAIL and about is None:
        # A mail is read on screens nobody guards: nothing of a patient goes into one.
        return Basis.NAMELESS, None
    if door is Door.TRAIL and about is None:
        return Basis.SEALED, None
    if to.party in _BY_WHO_ASKS and to == whoever_asks(actor):
        return _for_whoever_asks(actor, to, about, special), None
    if about is None or door is Door.MAIL or to.party in _BY_WHO_ASKS:
        raise _no_basis()
    standing = [
        row
        for ask in authorizations
        for row in ask(about, on, at)
        if (row.pk == by if by else not row.by_name)
    ]
    if not standing:
        raise _no_basis()
    if special - {code for row in standing for code in row.special}:
        raise _special()
    # One for psychotherapy notes is for nothing else (164.508(b)(3)(ii)).
    usable = [row for row in standing if not row.special & NEVER_TAKEN or special == NEVER_TAKEN]
    if not usable:
        raise _no_basis()
    return Basis.AUTHORIZATION, _best(usable, special).pk


def _best(usable: list[Authorization], special: frozenset[str]) -> Authorization:
    """Of those it may rest on the one that names most of what leaves; of several the newest."""
    return max(usable, key=lambda row: len(row.special & special))


def _for_whoever_asks(actor: Actor, to: Recipient, about: Any, special: frozenset[str]) -> Basis:
    """Somebody takes it for themselves: the patient is theirs, the machine has a purpose."""
    if actor.portal is not None:
        patient = getattr(about, "patient_id", getattr(about, "pk", None))
        if about is not None and patient != actor.portal.patient_id:
            raise _no_basis()
        if special & NEVER_TAKEN or (special and to.party is Party.REPRESENTATIVE):
            raise _special()
    elif to.party is Party.MACHINE:
        if not actor.label.removeprefix("Machine:").strip():
            raise _no_basis()
        if special:
            raise _special()
    return _BY_WHO_ASKS[to.party]


def _no_basis() -> Refused:
    said = (
        "Nothing allows this to leave. The patient's release of health information does not stand (45 CFR 164.508): record it"
        " on the patient's page first."
    )
    return Refused([Reason("no_basis", said)])


def _special() -> Refused:
    said = (
        "This holds records that the law protects further: of treatment for substance use (42 CFR Part 2), or psychotherapy"
        " notes (45 CFR 164.508(a)(2)). A release that names them has to stand first."
    )
    return Refused([Reason("special_category", said)])
