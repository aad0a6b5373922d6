"""What a clock may use: recorded facts, each date kept apart, and how they are read from plain values.

A date is a calendar day where the event took place; a moment is an aware datetime. Nothing here is ever
guessed: what is missing stays None, and what cannot be is refused with a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from advocacy.errors import Reason
from appeals.clock.input_names import INPUT_NAMES, PROVEN_RECEIPT
from appeals.regimes import book

Moment = date | datetime
EARLIEST_YEAR, LATEST_YEAR = 1990, 2100


class Unclear(Exception):
    """A date cannot be computed from these facts; carries the Reason a person reads."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason.message)


RECEIVED_THERE = frozenset(("receipt", "incomplete_notice"))
"""Facts whose day is one of the recipient's zone."""


@dataclass(frozen=True)
class Facts:
    """Everything a clock may use. Moments are a `date` or an aware `datetime`; `zone` and `receipt_zone` are IANA names.

    `receipt` is the patient's side (the notice reached the patient), `received` the payer's or reviewer's
    side (the request reached them). `receipt_evidence` is "none" when nothing proves the day of receipt: then, and while
    nothing is said of it, a day later than the presumed one does not move a deadline. `recorded_at` is when somebody typed it
    in; no clock ever reads it. `exception`: a drug plan is asked for one. `before_course_ends`: a request to go on was made at
    least 24 hours before the approved course ends. `change_undated`: the notice names no day on which the change takes effect.
    """

    notice_date: date | None = None
    sent: Moment | None = None
    receipt: Moment | None = None
    receipt_evidence: str | None = None
    receipt_zone: str | None = None
    received: Moment | None = None
    zone: str | None = None
    recorded_at: datetime | None = None
    extension_noticed: bool | None = None
    extension_notice_date: date | None = None
    extension_days: int | None = None
    missing_information: bool | None = None
    information_requested: Moment | None = None
    information_received: Moment | None = None
    claimant_period_end: Moment | None = None
    levels: int | None = None
    state: str | None = None
    process: str | None = None
    timing: str | None = None
    urgent: bool | None = None
    incomplete: bool | None = None
    before_course_ends: bool | None = None
    remanded: bool | None = None
    partly: bool | None = None
    asked: str | None = None
    service: str | None = None
    grievance_filed: date | None = None
    plan_decision: date | None = None
    plan_affirmed: Moment | None = None
    effective_date: date | None = None
    change_undated: bool | None = None
    mco_appeal_filed: date | None = None
    mco_resolution_notice: date | None = None
    sfh_requested: date | None = None
    deemed_exhausted_on: date | None = None
    window_days: int | None = None
    plan_window_days: int | None = None
    rating_period_start: date | None = None
    case_file_received: date | None = None
    reconsideration_requested: date | None = None
    assigned: date | None = None
    incomplete_notice: Moment | None = None
    exception: bool | None = None
    supporting_statement: Moment | None = None
    care_date: date | None = None
    reversal_received: Moment | None = None
    documents_requested: date | None = None
    stated: date | None = None

    def zone_of(self, name: str) -> str | None:
        """The zone in which the day of a fact is read: the recipient's for what the patient received, else
        the common one."""
        return self.receipt_zone or self.zone if name in RECEIVED_THERE else self.zone

    def day(self, name: str) -> date | None:
        """The calendar day of a fact in its own zone, or None."""
        value: Moment | None = getattr(self, name)
        return day_of(value, self.zone_of(name)) if isinstance(value, datetime) else value


LABELS = {
    "notice_date": "the date on the notice",
    "sent": "the day the notice was sent",
    "receipt": "the day the notice was received",
    "received": "when the request was received",
    "information_received": "when the missing information was received",
    "information_requested": "when the information was asked for",
    "claimant_period_end": "the end of the time given to supply the information",
    "extension_notice_date": "the date of the extension notice",
    "grievance_filed": "the day the grievance was filed",
    "plan_decision": "the day the plan upheld its decision",
    "plan_affirmed": "when the plan affirmed its denial",
    "effective_date": "the day the change takes effect",
    "mco_appeal_filed": "the day the plan appeal was filed",
    "mco_resolution_notice": "the date of the plan's notice of resolution",
    "sfh_requested": "the day the hearing was requested",
    "deemed_exhausted_on": "the day after the plan's time ran out",
    "case_file_received": "the day the agency received the case file",
    "reconsideration_requested": "the day reconsideration was requested",
    "assigned": "the day the reviewer was assigned",
    "incomplete_notice": "when the notice of an incomplete request was received",
    "supporting_statement": "when the prescriber's statement was received",
    "exception": "whether an exception is asked for",
    "care_date": "the day the care was given",
    "reversal_received": "when the payer received the notice that reverses its decision",
    "documents_requested": "the day the documents were asked for in writing",
    "stated": "the deadline the letter states",
    "rating_period_start": "the first day of the plan's rating period",
}
HEADS = {name: label[0].upper() + label[1:] for name, label in LABELS.items()}
WORDS = {
    "timing": {
        "preservice": "pre_service",
        "postservice": "post_service",
        "prospective": "pre_service",
        "retrospective": "post_service",
    },
    "process": {
        "hhs": "hhs_administered",
        "federal_hhs_administered": "hhs_administered",
        "private": "private_iro",
        "state_process": "state",
    },
    "service": {"partb_drug": "part_b_drug"},
}
# What nobody knows, and what the patient says, is no proof.
NO_EVIDENCE = frozenset(
    (
        "", "assumed", "disputed", "estimated", "false", "missing", "n/a", "no", "no evidence", "no proof", "none",
        "not documented", "not known", "not proven", "not recorded", "not verified", "nothing", "null", "patient",
        "patient says", "patient statement", "patient's statement", "presumed", "self reported", "unconfirmed",
        "undocumented", "unknown", "unproven", "unsupported", "unverified",
    )
)  # fmt: skip
ANSWERS = {"yes": True, "true": True, "no": False, "false": False}
# Names the library knows that are no place: what the machine is set to, and the clock of a machine not set up.
NO_PLACES = frozenset(("localtime", "posixrules", "Factory"))
ALLOWED = {
    "timing": {"pre_service", "concurrent", "post_service"},
    "process": {"hhs_administered", "private_iro", "state"},
}
# Of two clock readings in the repeated autumn hour the patient gets the earlier, the payer the later.
READ_EARLY = frozenset(("receipt", "incomplete_notice", "sent"))


def unclear(code: str, message: str, field: str | None = None) -> Unclear:
    """An Unclear with its Reason, ready to raise."""
    return Unclear(Reason(code, message, field))


def day_of(value: Moment, zone: str | None) -> date:
    """The calendar day of a moment in a zone (in its own offset when no zone is given)."""
    if isinstance(value, datetime):
        return (value.astimezone(ZoneInfo(zone)) if zone else value).date()
    return value


def _told_day(name: str, value: Any, zone: str | None) -> Any:
    """By UTC alone the day may be one later than where it is counted, and the patient's time would end a day too late."""
    if isinstance(value, datetime) and zone is None and not value.utcoffset():
        raise unclear("zone_missing", f"A time zone is needed to know which was {LABELS[name]}.", "zone")
    return day_of(value, zone)


def _zone(name: str, value: Any) -> str:
    try:
        if str(value) in NO_PLACES:
            raise ValueError(value)
        ZoneInfo(str(value))
    except (ValueError, OSError, KeyError) as problem:
        raise unclear(
            "unknown_zone", f"{value!r} is not a time zone; write it like America/New_York.", name
        ) from problem
    return str(value)


def _moment(name: str, value: Any, zone: str | None) -> Moment:
    label = LABELS.get(name, name)
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value) if len(value) <= 10 else datetime.fromisoformat(value)
        except ValueError:
            raise unclear(
                "impossible_date", f"{value!r} is not a date that exists ({label}).", name
            ) from None
    if not isinstance(value, date):
        raise unclear("impossible_date", f"{value!r} is not a date ({label}).", name)
    if not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
        raise unclear("impossible_date", f"The year {value.year} cannot be right ({label}).", name)
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is not None:
        return value.astimezone(ZoneInfo(zone)) if zone else value
    if zone is None:
        raise unclear("zone_missing", f"A time zone is needed to read {label}.", "zone")
    placed = value.replace(tzinfo=ZoneInfo(zone), fold=0 if name in READ_EARLY else 1)
    if placed.astimezone(UTC).astimezone(placed.tzinfo).replace(tzinfo=None) != value:
        raise unclear(
            "impossible_time",
            f"{value:%H:%M} did not exist on that day in {zone}: clocks went forward ({label}).",
            name,
        )
    return placed


def _number(name: str, value: Any) -> int:
    whole = isinstance(value, int | str) and not isinstance(value, bool) and str(value).isdecimal()
    if not whole or len(str(value)) > 4 or int(value) > 3660:
        raise unclear("impossible_number", f"{value!r} is not a count ({name.replace('_', ' ')}).", name)
    return int(value)


def _flag(name: str, value: Any) -> bool:
    said = str(value).strip().lower()
    if not isinstance(value, bool | str) or said not in ANSWERS:
        raise unclear(
            "impossible_answer", f"{value!r} is neither yes nor no ({name.replace('_', ' ')}).", name
        )
    return ANSWERS[said]


def _evidence(name: str, value: Any) -> str:
    """The kind of evidence, or "none" where what is said proves nothing."""
    text = str(value).strip().lower()
    if not isinstance(value, str | bool) or text[:4].isdecimal():
        raise unclear(
            "impossible_answer", f"{value!r} is no kind of evidence; a day goes under receipt_date.", name
        )
    return "none" if text.replace("_", " ").replace("-", " ") in NO_EVIDENCE else text


def _word(name: str, value: Any) -> str:
    text = WORDS.get(name, {}).get(str(value).strip().lower(), str(value).strip().lower())
    if name in ALLOWED and text not in ALLOWED[name]:
        raise unclear(
            "impossible_answer", f"{value!r} is not one of {', '.join(sorted(ALLOWED[name]))}.", name
        )
    return text


def state_code(value: Any) -> str:
    """The two letters of a state given by code or name, or "unknown". Raises Unclear for anything else."""
    text = str(value).strip()
    if text.lower() == "unknown":
        return "unknown"
    if text in book().states:
        return text
    for state in book().states.values():
        if text.upper() == state.code or text.lower() == state.name.lower():
            return state.code
    raise unclear(
        "unknown_state",
        f"{value!r} is not a state of the United States or the District of Columbia.",
        "state",
    )


def parse_facts(inputs: Mapping[str, Any]) -> tuple[Facts, tuple[str, ...]]:
    """Read plain values (ISO dates and times, numbers, words) under their accepted names.

    Returns the Facts and the names that mean nothing here. A null is a fact not known. Raises Unclear for
    an impossible value or two different values of one fact.
    """
    kinds = {f.name: str(f.type) for f in fields(Facts)}
    given: dict[str, Any] = {}
    ignored = []
    for name, value in inputs.items():
        target = INPUT_NAMES.get(name, name)
        if target not in kinds:
            ignored.append(name)
        elif value is not None:
            if target == "extension_noticed" and str(value).strip().lower() not in ANSWERS:
                target = "extension_notice_date"
            given.setdefault(target, []).append(value)
    if "receipt_evidence" not in given and any(inputs.get(name) is not None for name in PROVEN_RECEIPT):
        given["receipt_evidence"] = ["recorded"]
    zones = {n: _zone(n, given[n][0]) for n in ("zone", "receipt_zone") if n in given}
    values: dict[str, Any] = {}
    for name, raw in given.items():
        read = [_read(name, kinds[name], value, zones) for value in raw]
        zone = _zone_of(name, zones)
        if any(isinstance(v, date) for v in read):
            if len({day_of(v, zone) for v in read}) > 1:
                raise unclear(
                    "two_values", f"Two different days are given for {LABELS.get(name, name)}.", name
                )
            read.sort(key=lambda v: isinstance(v, datetime), reverse=True)
        elif len(set(read)) > 1:
            raise unclear("two_values", f"Two different values are given for {name.replace('_', ' ')}.", name)
        values[name] = read[0]
    if values.get("extension_notice_date") and "extension_noticed" not in values:
        values["extension_noticed"] = True
    if "receipt" in values:
        # Whoever writes a row states its facts: the day stands, unless the row says that nothing proves it.
        values.setdefault("receipt_evidence", "stated")
    facts = Facts(**values)
    for name in ("receipt", "sent", "information_requested"):
        _told_day(name, values.get(name), facts.zone_of(name))
    check_chronology(facts)
    return facts, tuple(ignored)


def _zone_of(name: str, zones: Mapping[Any, str]) -> str | None:
    """Where a day of a fact is counted: what somebody receives, where they received it (`Facts.zone_of`)."""
    if name in RECEIVED_THERE:
        return zones.get("receipt_zone", zones.get("zone"))
    return zones.get("zone")


def _read(name: str, kind: str, value: Any, zones: Mapping[Any, str]) -> Any:
    if name in ("zone", "receipt_zone"):
        return _zone(name, value)
    if "Moment" in kind or "date" in kind:
        zone = _zone_of(name, zones)
        found = _moment(name, value, zone)
        return found if "Moment" in kind or name == "recorded_at" else _told_day(name, found, zone)
    if "int" in kind:
        return _number(name, value)
    if "bool" in kind:
        return _flag(name, value)
    if name == "receipt_evidence":
        return _evidence(name, value)
    return state_code(value) if name == "state" else _word(name, value)


_PASSED = "_passed"


def check_chronology(facts: Facts) -> None:
    """Raise Unclear when two facts stand in an impossible order, or a moment has no offset. Facts do not change: those that
    passed once are not looked at again.
    """
    if _PASSED in vars(facts):
        return
    for name, value in vars(facts).items():
        if value is not None and isinstance(value, datetime) and value.tzinfo is None:
            raise unclear("zone_missing", f"A time zone is needed to read {LABELS.get(name, name)}.", "zone")
    for earlier, later, sentence in book().chronology:
        first = facts.day(earlier)
        if first and (second := facts.day(later)) and first > second:
            raise unclear("impossible_order", sentence, later)
    if facts.levels is not None and facts.levels not in (1, 2):
        raise unclear("impossible_levels", "A plan has one or two mandatory appeal levels.", "levels")
    vars(facts)[_PASSED] = True
