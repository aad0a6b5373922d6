"""A drug plan that is asked for an exception: its time runs from the prescriber's statement, which it awaits for fourteen days.

42 CFR 423.568(b), 423.572(a), 423.578(a), (b).
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.errors import Refused, WrongState
from appeals.commands.answers import withdraw_answer
from appeals.commands.clock_events import record_clock_event
from appeals.commands.exceptions import record_exception
from appeals.commands.following import draft_following
from appeals.commands.requests import receive_request, withdraw_request
from appeals.models import Answer, AuthorizationRequest, Deadline
from cases.models import Task
from tests.appeals.climbing import ERISA, Climb, codes, moment
from tests.appeals.test_views_requests import form
from tests.appeals.visiting import address, typed, words
from tests.factories.readiness import benefits_checked

pytest_plugins = ("tests.appeals.climbing",)

DRUG_PLAN = {"program": "medicare_part_d", "benefit": "pharmacy"}
ASKED = "2026-03-17"
"""Received at ten in the morning: the fourteen days end on March 31, in the afternoon of it or at midnight."""


@pytest.fixture
def asked(climb: Climb):
    """A drug plan has the request."""

    def ask(**kind):
        climb.answer(DRUG_PLAN)
        return climb.ask(ASKED, benefit="pharmacy", **kind)

    return ask


def stated(climb: Climb, day: str, hour: int = 14) -> None:
    """The plan has the prescriber's statement."""
    record_clock_event(
        actor=climb.who,
        case=climb.fresh(),
        request=climb.request,
        kind="supporting_statement",
        occurred_at=moment(day, hour),
        at=moment("2026-04-20"),
    )


@pytest.mark.parametrize(
    ("exception", "statement", "statutory", "late_after", "rule"),
    [
        ("none", None, "2026-03-20", ("2026-03-20", 10), "part_d.coverage.standard"),
        ("formulary", "2026-03-24", "2026-03-27", ("2026-03-27", 14), "part_d.exception.with_statement"),
        ("tiering", "2026-03-24", "2026-03-27", ("2026-03-27", 14), "part_d.exception.with_statement"),
        # 72 hours of March 31, 10:00; as a plan may count, of its end.
        ("utilization", None, "2026-04-03", ("2026-04-04", 0), "part_d.exception.no_statement"),
        ("formulary", "2026-04-02", "2026-04-03", ("2026-04-04", 0), "part_d.exception.with_statement"),
        # Not known: 72 hours of the request by the one rule, late only by the other.
        ("", None, "2026-03-20", ("2026-04-04", 0), "part_d.coverage.standard"),
        ("", "2026-03-24", "2026-03-27", ("2026-03-27", 14), "part_d.exception.with_statement"),
        # What is recorded as no exception waits for no statement.
        ("none", "2026-03-24", "2026-03-20", ("2026-03-20", 10), "part_d.coverage.standard"),
    ],
)
def test_the_plan_is_late_when_its_time_for_this_kind_of_request_is_over(
    climb, asked, exception, statement, statutory, late_after, rule
):
    asked(exception=exception)
    if statement:
        stated(climb, statement)
    row = climb.row("decision")
    assert (row.statutory_on.isoformat(), row.due_at, row.rule) == (statutory, moment(*late_after), rule)


def test_a_statement_that_was_there_first_waits_for_the_request(climb):
    climb.answer(DRUG_PLAN)
    made = climb.ask(None, benefit="pharmacy", exception="formulary")
    stated(climb, "2026-03-16")
    receive_request(actor=climb.who, request=made, received_at=moment(ASKED, 10), at=moment(ASKED, 11))
    assert climb.row("decision").due_at == moment("2026-03-20", 10)


def test_an_expedited_exception_has_a_day_after_the_statement(climb, asked):
    asked(exception="formulary", is_urgent=True)
    assert climb.row("decision").due_at == moment("2026-04-02", 0)
    stated(climb, "2026-03-19")
    assert climb.row("decision").due_at == moment("2026-03-20", 14)


def test_while_it_is_not_known_a_task_asks_and_the_date_says_what_it_waits_for(climb, asked):
    request = asked()
    task = Task.objects.get(code=f"ask_exception:{request.pk}")
    assert (task.status, task.due_on) == ("open", date(2026, 3, 22))
    row = climb.row("decision")
    assert "longer_time_possible" in row.flags
    assert any("If the request asks for an exception, which is not known" in line for line in row.arithmetic)
    assert row.arithmetic[-1].startswith("It counts as late only after the later of these: Saturday, April 4")
    record_exception(actor=climb.who, request=request, exception="none", at=moment("2026-03-18"))
    task.refresh_from_db()
    assert (task.status, climb.row("decision").due_at) == ("cancelled", moment("2026-03-20", 10))
    kept = Event.objects.get(verb="exception_recorded")
    assert kept.data["kind"] == "none"


def test_another_plan_is_asked_for_no_exception(climb):
    climb.answer(ERISA)
    climb.ask(ASKED, exception="formulary")
    assert climb.row("decision").rule == "claims.preservice.decision"
    assert not Task.objects.filter(code__startswith="ask_exception").exists()


def test_what_is_no_exception_and_what_has_ended_is_refused(climb, asked):
    request = asked()
    with pytest.raises(Refused) as refused:
        record_exception(actor=climb.who, request=request, exception="other", at=moment("2026-03-18"))
    assert codes(refused) == ["exception_unknown"]
    with pytest.raises(Refused) as refused:
        climb.ask(ASKED, exception="other")
    assert codes(refused) == ["exception_unknown"]
    withdraw_request(actor=climb.who, request=request, reason="Moved.", at=moment("2026-03-19"))
    with pytest.raises(WrongState):
        record_exception(actor=climb.who, request=request, exception="none", at=moment("2026-03-20"))


def test_a_corrected_request_asks_for_the_same_exception(climb, asked):
    made = draft_following(actor=climb.who, request=asked(exception="tiering"), at=moment("2026-03-18"))
    assert made.exception == "tiering"


# -- on screen ----------------------------------------------------------------------------------------------------------------
def test_the_form_asks_a_drug_plan_only(climb, sign_in):
    nora = sign_in("nora")
    benefits_checked(climb.who, climb.case, timezone.now() - timedelta(days=4))
    assert "exception" not in nora.get(address("request_new", climb.case)).context["form"].fields
    climb.answer(ERISA)
    assert "exception" not in nora.get(address("request_new", climb.case)).context["form"].fields
    for answer in Answer.objects.filter(case=climb.case):
        withdraw_answer(actor=climb.who, answer=answer, at=moment("2026-03-17"))
    climb.answer(DRUG_PLAN, on="2026-03-18")
    assert "exception" in nora.get(address("request_new", climb.case)).context["form"].fields


def test_an_exception_is_recorded_with_the_request_or_after_it(climb, sign_in):
    climb.answer(DRUG_PLAN)
    nora = sign_in("nora")
    benefits_checked(climb.who, climb.case, timezone.now() - timedelta(days=4))
    sent = timezone.now() - timedelta(days=2)
    answer = nora.post(
        address("request_new", climb.case),
        form(exception="tiering", benefit="pharmacy", submitted_at=typed(sent), received_at=typed(sent)),
    )
    made = AuthorizationRequest.objects.get()
    assert (answer.status_code, made.exception) == (302, "tiering")
    shown = words(nora.get(answer.url))
    assert "From a tier: a lower cost share" in shown and "Exception asked for, or not" in shown
    due = Deadline.objects.get(status="running")
    assert (due.rule, due.due_on > timezone.localdate() + timedelta(days=10)) == (
        "part_d.exception.no_statement",
        True,
    )
    page = nora.get(address("request_exception", climb.case, made))
    assert page.context["form"].initial["exception"] == "tiering"
    answer = nora.post(address("request_exception", climb.case, made), {"exception": "none"})
    made.refresh_from_db()
    assert (answer.status_code, made.exception) == (302, "none")
    assert Deadline.objects.get(status="running").rule == "part_d.coverage.standard"
