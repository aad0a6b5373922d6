"""Facts about people, as rules: what can be a birth date or a way to reach somebody, and who may be the same person.

Pure: no Django, no queries. A rule returns None or the Reason it is not so; `field` is the name of the form field.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo

from advocacy.access.roles import ROLES, Role
from advocacy.errors import Reason
from advocacy.people.places import STATES, TIME_ZONES

OLDEST_YEARS = 120


class WayToReach(Protocol):
    """What the rules ask of a contact; hours are in the patient's time zone."""

    @property
    def kind(self) -> str: ...
    @property
    def value(self) -> str: ...
    @property
    def is_safe(self) -> bool: ...
    @property
    def may_leave_message(self) -> bool: ...
    @property
    def is_preferred(self) -> bool: ...
    @property
    def from_time(self) -> time | None: ...
    @property
    def until_time(self) -> time | None: ...


def day_in(time_zone: str, at: datetime) -> date:
    """The calendar day of the aware moment `at` in a zone of the tz database."""
    return at.astimezone(ZoneInfo(time_zone)).date()


def not_in_the_future(day: date | None, today: date, field: str, what: str) -> Reason | None:
    if day is None or day <= today:
        return None
    return Reason("date_in_future", f"{what} cannot be in the future. Check the year.", field)


def ends_after_it_starts(starts: date | None, ends: date | None, field: str, what: str) -> Reason | None:
    if starts is None or ends is None or ends >= starts:
        return None
    return Reason("ends_before_start", f"{what} ends before it begins. Correct one of the two days.", field)


AUTHORIZATIONS = ("release", "sharing")
"""Kinds of consent that let health information go to somebody; one for sharing is for that one organization only."""
IN_WRITING = (*AUTHORIZATIONS, "representation")
"""Kinds of consent that are nothing until they are signed: an authorization to release health information (45 CFR
164.508(c)(1)(vi)), and an appointment to act for the patient (42 CFR 405.910(c), 438.402(c)(1)(ii))."""
ORAL = "oral"
INSTRUMENTS = {
    "designation": "Designation of an authorized representative (the plan's form or ours)",
    "cms_1696": "Appointment of representative, CMS-1696, or a writing that says the same",
    "written_consent": "Written consent that somebody else appeals (Medicaid, CHIP, FEHB)",
    "words": "Other signed words: a letter, or what the portal says",
    "helper": "Somebody sees parts of the case in the portal: appeals nothing",
}
"""By which paper a representative was appointed. Which of them files where, and for how long, the contest says."""
HELPER = "helper"


def is_in_the_form_it_needs(kind: str, method: str) -> bool:
    """Whether a consent was given in the form that the law asks of its kind; a word on the phone is no authorization."""
    return method != ORAL or kind not in IN_WRITING


def consent_is_whole(
    kind: str, method: str, scope: str, expires_on: date | None, expires_event: str
) -> Iterable[Reason]:
    """What the law asks of a consent that is to be acted on.

    An authorization to release health information is signed, says what goes to whom and why, and ends on a day or with an
    event (45 CFR 164.508(c)(1)); a word on the phone is none. Whoever acts for a patient is appointed in writing (42 CFR
    405.910(c), 438.402(c)(1)(ii)). That somebody may be called may be said.
    """
    if kind in AUTHORIZATIONS:
        if method == ORAL:
            yield Reason(
                "release_not_written",
                "A release of health information is signed, on paper or electronically (45 CFR 164.508(c)). Record it when it"
                " is signed; what was said meanwhile belongs into a call note.",
                "method",
            )
        if not scope.strip():
            yield Reason("scope_missing", "Say what may be shared, with whom, and why.", "scope")
        if expires_on is None and not expires_event.strip():
            yield Reason(
                "expiry_missing",
                "A release ends on a day or with an event (45 CFR 164.508(c)(1)(v)). Enter the one that it names.",
                "expires_on",
            )
    elif kind == "representation" and method == ORAL:
        yield Reason(
            "appointment_not_written",
            "A representative is appointed in writing and signed. Record it when it is signed.",
            "method",
        )


@dataclass(frozen=True)
class ReleaseContent:
    """What a signed release says. `statements` and `special` hold codes; `authority` is what lets a representative sign."""

    information: str = ""
    discloser: str = ""
    recipients: str = ""
    purpose: str = ""
    statements: frozenset[str] = frozenset()
    special: frozenset[str] = frozenset()
    by_representative: bool = False
    authority: str = ""


STATEMENTS = {
    "revocation": "The right to revoke it in writing, and how",
    "conditions": "Whether treatment, payment or enrollment may depend on signing",
    "redisclosure": "That whoever receives it may disclose it again, no longer protected",
}
"""What a release has to tell whoever signs it: 45 CFR 164.508(c)(2)."""
SPECIAL = {
    "part2": "Treatment for substance use (42 CFR Part 2)",
    "psychotherapy": "Psychotherapy notes (45 CFR 164.501)",
}
"""Records that the law protects further; a release covers them where it names them (42 CFR 2.31, 45 CFR 164.508(a)(2))."""
LACKS = {
    "information": "It does not describe the information in a specific way (45 CFR 164.508(c)(1)(i)).",
    "discloser": "It does not name who may disclose it (45 CFR 164.508(c)(1)(ii)).",
    "recipients": "It does not name who may receive it (45 CFR 164.508(c)(1)(iii)).",
    "purpose": "It does not say what it is for; \u201cat the request of the individual\u201d is enough"
    " (45 CFR 164.508(c)(1)(iv)).",
    "authority": "A representative signed, and it does not say what lets them (45 CFR 164.508(c)(1)(vi)).",
    "revocation": "It does not tell of the right to revoke it in writing, and how (45 CFR 164.508(c)(2)(i)).",
    "conditions": "It does not say whether treatment, payment or enrollment may depend on it (45 CFR 164.508(c)(2)(ii)).",
    "redisclosure": "It does not say that whoever receives the information may disclose it again"
    " (45 CFR 164.508(c)(2)(iii)).",
    "compound": "A release of psychotherapy notes stands alone: it may not be one with another (45 CFR 164.508(b)(3)(ii)).",
}
"""What a release may lack, as it is said. One that lacks anything is defective and allows nothing (164.508(b)(2)(ii))."""


def release_lacks(content: ReleaseContent) -> tuple[str, ...]:
    """Keys of LACKS, in the order of the law. That it is signed, dated and ends is asked before (`consent_is_whole`)."""
    held = {
        "information": bool(content.information.strip()),
        "discloser": bool(content.discloser.strip()),
        "recipients": bool(content.recipients.strip()),
        "purpose": bool(content.purpose.strip()),
        "authority": not content.by_representative or bool(content.authority.strip()),
        **{code: code in content.statements for code in STATEMENTS},
        "compound": "psychotherapy" not in content.special or len(content.special) == 1,
    }
    return tuple(code for code in LACKS if not held[code])


def birth_date_is_believable(birth_date: date, today: date) -> Reason | None:
    if birth_date > today:
        return Reason(
            "date_in_future", "The birth date cannot be in the future. Check the year.", "birth_date"
        )
    if today.year - birth_date.year > OLDEST_YEARS:
        return Reason(
            "birth_date_too_old", f"That is more than {OLDEST_YEARS} years ago. Check the year.", "birth_date"
        )
    return None


def state_is_known(code: str, field: str = "state") -> Reason | None:
    """An empty code means that the state is not known yet."""
    if not code or code in STATES:
        return None
    return Reason("state_unknown", "Choose a state from the list.", field)


def time_zone_is_known(name: str) -> Reason | None:
    return None if name in TIME_ZONES else Reason("time_zone_unknown", "Choose a time zone.", "time_zone")


def digits_of(phone: str) -> str:
    """The digits of a phone number, without the country code 1: what two spellings of one number share."""
    digits = re.sub(r"\D", "", phone)
    return digits[1:] if len(digits) == 11 and digits.startswith("1") else digits


def contact_can_be_used(contact: WayToReach, prefix: str = "") -> tuple[Reason, ...]:
    """Everything wrong with one way to reach somebody; `prefix` goes in front of the field names."""
    found: list[Reason] = []
    value = contact.value.strip()
    if not value:
        found.append(
            Reason("contact_empty", "Fill in the number or address, or clear the row.", f"{prefix}value")
        )
    elif contact.kind in ("phone", "text") and len(digits_of(value)) != 10:
        found.append(
            Reason(
                "phone_digits",
                "A phone number has ten digits with its area code. Enter all of them.",
                f"{prefix}value",
            )
        )
    elif contact.kind == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        found.append(
            Reason("email_form", "Write the e-mail address like name@example.org.", f"{prefix}value")
        )
    if contact.may_leave_message and not contact.is_safe:
        found.append(
            Reason(
                "message_not_safe",
                "A message can only be left where the patient said it is safe. Mark the contact as safe first.",
                f"{prefix}may_leave_message",
            )
        )
    if contact.is_preferred and not contact.is_safe:
        found.append(
            Reason(
                "preferred_not_safe",
                "The preferred way must be one the patient called safe.",
                f"{prefix}is_preferred",
            )
        )
    if contact.from_time and contact.until_time and contact.until_time <= contact.from_time:
        found.append(
            Reason(
                "hours_turned_round", "The end of the hours must be after their start.", f"{prefix}until_time"
            )
        )
    return tuple(found)


def one_is_preferred(contacts: Iterable[WayToReach]) -> Reason | None:
    if sum(1 for c in contacts if c.is_preferred) <= 1:
        return None
    return Reason("several_preferred", "Mark only one way as preferred.")


def words(text: str) -> str:
    """A name as it is compared: lower case, accents and apostrophes dropped, everything else between words one space."""
    flat = "".join(
        c
        for c in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(c) and c not in "'’ʼ`"
    )
    return re.sub(r"[\W_]+", " ", flat).strip()


def slips(a: str, b: str) -> int:
    """How many typing slips lie between two texts: a letter wrong, missing, added, or two neighbors swapped."""
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


@dataclass(frozen=True)
class Known:
    """What the comparison knows of a person: words of all names (see `words`), birth date, phones as ten digits."""

    name: str
    birth_date: date
    phones: frozenset[str] = frozenset()


def names_alike(new: str, known: str) -> str | None:
    """Why two names may be one person's, or None. `known` may hold more words (a preferred name); order does not matter."""
    left = known.split()
    total = 0
    for word in new.split():
        nearest = min(left, key=lambda other: slips(word, other), default=None)
        if nearest is None:
            return None
        distance = slips(word, nearest)
        if distance > (0 if len(word) < 3 else 1 if len(word) < 8 else 2):
            return None
        total += distance
        left.remove(nearest)
    if not new or total > 2:
        return None
    if total:
        return "The name differs by a typing slip."
    ordered = new in known or " ".join(w for w in known.split() if w in new.split()) == new
    return "The name is the same." if ordered else "The same names stand in another order."


def dates_alike(new: date, known: date) -> str | None:
    """The same day, one wrong or two swapped digits, or day and month exchanged."""
    if new == known:
        return "The birth date is the same."
    if (new.year, new.month, new.day) == (known.year, known.day, known.month):
        return "Day and month of the birth date are exchanged."
    if slips(f"{new:%Y%m%d}", f"{known:%Y%m%d}") == 1:
        return "The birth date differs in one digit."
    return None


def phones_alike(new: Iterable[str], known: Iterable[str]) -> str | None:
    found = [slips(a, b) for a in new for b in known if len(a) == len(b)]
    if 0 in found:
        return "A phone number is the same."
    return "A phone number differs in one digit." if 1 in found else None


def may_be_the_same_person(new: Known, known: Known) -> tuple[str, ...]:
    """Why the two may be one person: at least two of name, birth date and phone agree, each allowing for one slip.

    Empty when fewer agree: a common name alone, or one household's phone alone, is no likeness.
    """
    why = (
        names_alike(new.name, known.name),
        dates_alike(new.birth_date, known.birth_date),
        phones_alike(new.phones, known.phones),
    )
    found = tuple(w for w in why if w)
    return found if len(found) >= 2 else ()


# Roles that one person does not hold together: whoever watches over others, or pays, is none of them.
APART: tuple[tuple[Role, frozenset[Role]], ...] = (
    (
        Role.PRIVACY_OFFICER,
        frozenset({Role.INTAKE, Role.NAVIGATOR, Role.CLINICIAN, Role.SUPERVISOR, Role.ORGANIZATION_ADMIN}),
    ),
    (Role.FUNDER, frozenset(Role) - {Role.FUNDER}),
)


def roles_can_be_held(roles: Collection[str]) -> list[Reason]:
    """Everything wrong with a choice of roles: none at all, an unknown one, two that no person holds together."""
    if not roles or not set(roles) <= {role.value for role in Role}:
        return [Reason("roles_missing", "Choose at least one role.", "roles")]
    return roles_are_apart(roles)


def roles_are_apart(roles: Collection[str], holder: str = "person") -> list[Reason]:
    """Every two of these roles that no `holder` (a person, a machine) holds together."""
    return [
        Reason(
            "roles_apart",
            f"{ROLES[one].title} and {ROLES[other].title.lower()} cannot be one {holder}: the first watches over the second."
            " Choose one.",
            "roles",
        )
        for one, others in APART
        for other in sorted(others)
        if one in roles and other in roles
    ]


def email_can_be_used(email: str) -> Reason | None:
    if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        return None
    return Reason("email_form", "Write the e-mail address like name@example.org.", "email")


MOST_ABSENT_DAYS = 180


def absence_days_fit(from_on: date, until_on: date, today: date) -> list[Reason]:
    """An absence ends after it begins, is not over, and is short enough that work is covered and not handed over."""
    found = []
    if until_on < from_on:
        found.append(
            Reason(
                "ends_before_start", "The last day is before the first. Correct one of the two.", "until_on"
            )
        )
    elif until_on < today:
        found.append(
            Reason("absence_over", "These days are over. Enter a last day from today on.", "until_on")
        )
    elif (until_on - from_on).days >= MOST_ABSENT_DAYS:
        found.append(
            Reason(
                "absence_long",
                f"An absence has at most {MOST_ABSENT_DAYS} days. For longer, give the cases to a colleague.",
                "until_on",
            )
        )
    return found
