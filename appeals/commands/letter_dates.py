"""The date that a letter of appeal may carry: not before what it answers, not after the day it is written or sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from advocacy.errors import Reason
from appeals.facts import History, day_in
from appeals.models import Appeal
from cases.models import Case
from cases.typesetting import long_date


def office_day(case: Case, at: datetime) -> date:
    """The calendar day where the organization is that writes."""
    day = day_in(case.organization.time_zone, at)
    assert day is not None
    return day


def answered_on(history: History, appeal: Appeal) -> date | None:
    """The date of the decision that a level contests: of the level before, else of the denial, or the first day on which silence
    counts as one; None where none is known."""
    previous = history.previous(appeal)
    decision = history.decisions.get(previous.pk) if previous else None
    answered = decision.notice_on or history.day(decision.decided_at) if decision else None
    denial = history.denial(appeal.denial_id)
    return answered or denial.told_on or denial.silent_from


def _is_of_a_moment(history: History, appeal: Appeal) -> bool:
    """Whether that date is the day of a moment: the decision has no notice with a date of its own."""
    previous = history.previous(appeal)
    decision = history.decisions.get(previous.pk) if previous else None
    if decision is None:
        return history.denial(appeal.denial_id).silent_from is not None
    return decision.notice_on is None


def date_reasons(
    history: History, appeal: Appeal, dated: date, *, last: date | None, late: Reason
) -> Iterator[Reason]:
    """What is wrong with the date of a letter; `last` is its last possible day and `late` the Reason for one after it."""
    answered = answered_on(history, appeal)
    if answered is not None and last is not None and _is_of_a_moment(history, appeal):
        answered = min(answered, last)  # the patient's day may have begun where the organization's has not
    if answered is not None and dated < answered:
        day = long_date(answered, "en")
        silence = (
            history.previous(appeal) is None and history.denial(appeal.denial_id).silent_from is not None
        )
        what = (
            f"{day}, the first day on which silence counts"
            if silence
            else f"the decision of {day} that it answers"
        )
        yield Reason(
            "letter_dated_before",
            f"The letter is dated {long_date(dated, 'en')}, before {what}. Date it on that day or after.",
            "dated",
        )
    if last is not None and dated > last:
        yield late
