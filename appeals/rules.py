"""What has to be true: pure assertions that return None, or the Reason why not. Nothing is looked up and no
clock is read."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from advocacy.errors import Reason
from appeals.clock import Clock
from appeals.clock.arithmetic import words_of
from appeals.clock.facts import Facts, Moment
from appeals.regimes import amount_in_controversy
from appeals.regimes.shapes import Level

URGENCY_CERTIFIERS = ("clinician",)


def _after(one: Moment, other: Moment) -> bool:
    """Strictly after; a day is over only when the next begins, and an instant on that day is inside it."""
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one > other
    if isinstance(one, date) and isinstance(other, datetime) and not isinstance(one, datetime):
        # A day against an instant: only a later day is certainly after.
        return one > other.date()
    return (one.date() if isinstance(one, datetime) else one) > (
        other.date() if isinstance(other, datetime) else other
    )


def inside_filing_window(clock: Clock, filed: Moment) -> Reason | None:
    """The filing arrived on or before the last day. The last day is inside; the safe date is a target, not
    a limit.

    Where no date could be computed the letter's own date is the limit; without either nobody can say, and
    the Reason says so.
    """
    last = clock.deadline or clock.stated
    if clock.error and clock.error.code == "opened_by_forwarding":
        return None
    if last is None:
        return Reason(
            "no_filing_date",
            "No filing date is known: record the date of the notice or the date the letter states.",
            "notice_date",
        )
    if not _after(filed, last):
        return None
    tail = (
        f" A later reading ({words_of(clock.permissive_deadline)}) can be argued."
        if clock.permissive_deadline
        else ""
    )
    return Reason(
        "outside_filing_window",
        f"The last day to file was {words_of(last)}. File all the same, and say why it is late.{tail}",
        "filed",
    )


def decided_in_time(clock: Clock, decided: Moment) -> Reason | None:
    """The payer decided by its own last moment, doubt resolved for the payer. The Reason names the
    consequence."""
    last = clock.overdue_after
    if last is None or not _after(decided, last):
        return None
    return Reason(
        "decided_late", f"The decision was due by {words_of(last)}. {clock.if_missed_text}", "decided"
    )


def may_be_expedited(level: Level | None, facts: Facts, certified_by: str | None) -> Reason | None:
    """Urgent handling is for care still to come or under way, and rests on somebody who says that waiting
    is dangerous.

    29 CFR 2560.503-1(m)(1): a physician who knows the condition decides that a claim is urgent; 42 CFR
    422.570(c), 438.410(a).
    """
    if facts.timing == "post_service":
        return Reason(
            "care_already_given",
            "Care already given cannot be handled as urgent. Ask for a standard decision.",
            "timing",
        )
    if not certified_by:
        return Reason(
            "urgency_not_certified",
            "Record who says that waiting could seriously harm the patient.",
            "urgent",
        )
    in_hours = level is not None and any("urgent" in choice.when for choice in level.decisions)
    if level is not None and (level.kind == "court" or (level.kind == "council" and not in_hours)):
        return Reason(
            "no_expedited_path",
            f"{level.title} has no expedited path here. Ask for a standard decision.",
            "urgent",
        )
    return None


def urgency_is_binding(certified_by: str | None) -> bool:
    """Whether the payer must accept the urgency: it must when the treating clinician certifies it."""
    return certified_by in URGENCY_CERTIFIERS


def may_be_filed_orally(level: Level, urgent: bool) -> Reason | None:
    """Whether this level can be opened by voice; the record of the call is then the filing."""
    if level.oral_filing == "yes" or (level.oral_filing == "urgent_only" and urgent):
        return None
    why = (
        "only an urgent one may be made by voice"
        if level.oral_filing == "urgent_only"
        else "it has to be in writing"
    )
    return Reason("must_be_written", f"{level.title}: {why}.", "channel")


def has_to_be_filed(level: Level) -> Reason | None:
    """Whether the patient's side files at this level; where the plan forwards the case, nothing is to be
    filed."""
    if level.opened_by == "forwarding":
        return Reason(
            "opened_by_forwarding",
            f"{level.title}: the plan forwards the case; record the forwarding instead.",
            "level",
        )
    return None


def amount_is_in_controversy(level: Level, amount: Decimal | int | None, year: int) -> Reason | None:
    """The amount (US dollars) reaches the year's threshold of this level. 42 CFR 405.1006, 422.600; yearly
    notices."""
    if level.amount is None:
        return None
    row = amount_in_controversy(level.amount, year)
    if row is None:
        return Reason(
            "threshold_not_published",
            f"The threshold for {year} is not on record; look it up before filing.",
            "amount",
        )
    needed = row[level.amount]
    if amount is None:
        return Reason(
            "amount_missing",
            f"Record the amount in dispute: {level.title} needs at least ${needed:,}.",
            "amount",
        )
    if amount < needed:
        return Reason(
            "amount_too_small",
            f"{level.title} needs at least ${needed:,} in dispute ({year}); this is ${amount:,}.",
            "amount",
        )
    return None


def not_in_the_future(moment: Moment, now: Moment, field: str) -> Reason | None:
    """A recorded event has happened already."""
    return (
        Reason("in_the_future", f"{words_of(moment)} has not come yet. Enter when it really happened.", field)
        if _after(moment, now)
        else None
    )


def not_before(later_event: Moment, earlier_event: Moment, field: str, sentence: str) -> Reason | None:
    """Two events stand in the order in which they can happen (a decision after its filing)."""
    return Reason("impossible_order", sentence, field) if _after(earlier_event, later_event) else None


def still_reachable(clock: Clock, today: date) -> Reason | None:
    """The date in front has not passed: after the safe date there may be time left, and the Reason says how
    much."""
    if clock.headline is None or not _after(today, clock.headline):
        return None
    last = clock.deadline or clock.stated
    if last is not None and not _after(today, last):
        return Reason(
            "safe_date_passed",
            f"The date to work to has passed; the last day is {words_of(last)}. File today.",
            "filed",
        )
    day = words_of(last) if last else "not known"
    return Reason("window_passed", f"The last day was {day}. File with the reason why it is late.", "filed")


RENEWAL_DAYS = 30
"""A plan has 15 days for a request made before or during treatment, and 15 more with notice (29 CFR 2560.503-1(f)(2)(iii)(A)).
Asked this long ahead, its answer comes before the last valid day."""
RENEWAL_SESSIONS = 2
"""With two sessions left the course ends within days, whatever the last valid day is."""


def renewal_day(valid_from: date, valid_until: date) -> date:
    """The day from which the renewal is asked for, as long as sessions are left; never before the first valid day."""
    return max(valid_from, valid_until - timedelta(days=RENEWAL_DAYS))


def renewal_is_due(valid_from: date, valid_until: date, left: Decimal | int | None, today: date) -> bool:
    """The renewal is due `RENEWAL_DAYS` before the last valid day, or with `RENEWAL_SESSIONS` left: whichever is first.

    `left` counts sessions (None where only units were allowed). What has run out is not renewed but asked for anew.
    """
    if today > valid_until:
        return False
    few = left is not None and left <= RENEWAL_SESSIONS
    return few or today >= renewal_day(valid_from, valid_until)


def session_fits(
    held_on: date,
    valid_from: date,
    valid_until: date,
    today: date,
) -> Reason | None:
    """A session took place, and inside the days that were allowed (both inclusive)."""
    if held_on > today:
        return Reason(
            "in_future", "This day has not come yet. Record a session when it took place.", "held_on"
        )
    if held_on < valid_from:
        return Reason(
            "outside_validity",
            f"The authorization begins on {valid_from:%B} {valid_from.day}, {valid_from.year}. Choose another one.",
            "held_on",
        )
    if held_on > valid_until:
        return Reason(
            "outside_validity",
            f"The authorization ended on {valid_until:%B} {valid_until.day}, {valid_until.year}. Choose another one.",
            "held_on",
        )
    return None


def inside_what_is_left(
    sessions_left: int | None, units_left: Decimal | None, units: Decimal | None
) -> Reason | None:
    """One more session, and its units, are still allowed."""
    if sessions_left is not None and sessions_left < 1:
        return Reason(
            "beyond_sessions",
            "Every allowed session is used. Say why this one is recorded all the same; it is marked.",
            "override_reason",
        )
    if units_left is not None and units is not None and units > units_left:
        return Reason(
            "beyond_units",
            f"Only {units_left.normalize():f} units are left. Say why more are recorded all the same; it is marked.",
            "override_reason",
        )
    return None
