"""What every command of the contest asks first: is the case open, does the row belong here, do the guards agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, Protocol

from django.db.models import Model

from advocacy.errors import NotFound, Reason, Refused, WrongState
from advocacy.people.queries import standing_consents
from advocacy.workflow import Workflow
from appeals.facts import day_in
from appeals.models import AuthorizationRequest
from cases.models import Case
from cases.workflow import CaseStatus


class OfCase(Protocol):
    """A row that hangs on a case."""

    @property
    def case_id(self) -> int: ...


def locked_case(case: Case, *joined: str) -> Case:
    """The open case, locked: whatever is done to its levels is done one after the other. It comes with patient, coverage and
    owner, and with what `joined` names.

    Raises NotFound for a case of another organization, Refused ("case_closed").
    """
    return _locked(case.pk, *joined)


def locked_case_of(row: OfCase, *joined: str) -> Case:
    """The open case that a row hangs on, as `locked_case`."""
    return _locked(row.case_id, *joined)


def _locked(case: int, *joined: str) -> Case:
    rows = Case.objects.select_for_update(of=("self",)).select_related(
        "patient", "coverage", "owner", *joined
    )
    row = rows.filter(pk=case).first()
    if row is None:
        raise NotFound("case")
    if row.status == CaseStatus.CLOSED:
        raise Refused([Reason("case_closed", "The case is closed. Reopen it first.")])
    return row


def today_of(case: Case, at: datetime) -> date:
    """The calendar day where the patient is."""
    day = day_in(case.patient.time_zone, at)
    assert day is not None
    return day


def foreign(case: Case, row: Model | None, field: str, what: str) -> Iterator[Reason]:
    """A Reason when a row named in a field hangs on another case (or organization)."""
    if row is None:
        return
    same = getattr(row, "organization_id", None) == case.organization_id
    if not same or getattr(row, "case_id", None) != case.pk:
        yield Reason(
            "not_of_this_case", f"This {what} does not belong to this case. Choose one that does.", field
        )


def exception_reasons(exception: str) -> Iterator[Reason]:
    """A Reason for a kind of exception that there is not; "" stands for one that is not known."""
    if exception and exception not in AuthorizationRequest.ExceptionAsked.values:
        yield Reason("exception_unknown", "Choose the exception from the list.", "exception")


def future_days(case: Case, at: datetime, days: Mapping[str, date | None]) -> Iterator[Reason]:
    """A Reason for each named day that has not come yet where the patient is."""
    today = today_of(case, at)
    for field, day in days.items():
        if day is not None and day > today:
            yield Reason("in_future", "This day has not come yet. Enter when it really happened.", field)


def notice_order(
    notice_on: date | None, sent_on: date | None, received_on: date | None, stated_on: date | None
) -> Iterator[Reason]:
    """The three dates of a notice stand in the order in which they can happen, and its deadline after them."""
    if received_on and notice_on and received_on < notice_on:
        yield Reason("received_before_notice", "It cannot have arrived before the date on it.", "received_on")
    if received_on and sent_on and received_on < sent_on:
        yield Reason("received_before_sent", "It cannot have arrived before it was sent.", "received_on")
    first = min((d for d in (notice_on, sent_on, received_on) if d), default=None)
    if stated_on and first and stated_on < first:
        yield Reason(
            "stated_before_notice",
            "The deadline in the letter cannot be before the letter itself.",
            "stated_deadline_on",
        )


def asked_in_time(days: Iterable[date | None], until: date | None) -> Iterator[Reason]:
    """The day to ask by so that care goes on does not lie before the notice (its days: dated, sent, received)."""
    first = min((d for d in days if d), default=None)
    if until and first and until < first:
        yield Reason(
            "continuation_before_notice",
            "The day to ask by so that care goes on cannot be before the letter itself. Correct it.",
            "continuation_stated_on",
        )


def call_window(notice_on: date | None, sent_on: date | None, until: date | None) -> Iterator[Reason]:
    """A peer-to-peer is possible until a day that does not lie before the letter which offers it."""
    first = min((d for d in (notice_on, sent_on) if d), default=None)
    if until and first and until < first:
        yield Reason(
            "call_before_notice",
            "The last day for the call cannot be before the letter itself.",
            "peer_to_peer_until",
        )


def guards_of(workflow: Workflow, name: str, row: Any, given: Mapping[str, Any]) -> tuple[Reason, ...]:
    """What the guards of a step would say, so that a command can answer with all reasons before costly work.

    Raises WrongState when the row is not where the step starts.
    """
    step = workflow.step(name, row.workflow_version)
    state = getattr(row, workflow.field)
    if state not in step.from_:
        raise WrongState(name, state)
    found: list[Reason] = []
    for guard in step.guards:
        answer = guard(row, given)
        if isinstance(answer, Reason):
            found.append(answer)
        elif answer is not None:
            found.extend(answer)
    return tuple(found)


def refuse(reasons: Iterable[Reason]) -> None:
    """Raise Refused when there is any reason."""
    found = tuple(reasons)
    if found:
        raise Refused(found)


def consent_stands(case: Case, kind: str, on: date) -> bool:
    """Whether a consent of the kind, signed by that day, is neither expired nor withdrawn (evaluated, not pushed)."""
    return standing_consents(case.patient, on).filter(kind=kind).exists()
