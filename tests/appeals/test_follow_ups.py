"""Tasks opened by a rule: ended by hand they stay ended while nothing changed, and none of it clutters the timeline."""

from __future__ import annotations

import pytest

from advocacy.audit.models import Event
from appeals.commands.answers import withdraw_answer
from appeals.commands.deadlines import recompute_deadlines
from appeals.models import Answer
from appeals.queries.case_page import case_page
from cases.commands.tasks import cancel_task, finish_task
from cases.models import Task
from tests.appeals.climbing import ERISA, INSURED, Climb, moment
from tests.standing import prepared


def asked(climb: Climb, code: str) -> list[str]:
    """The states of the tasks with this code, oldest first."""
    return list(
        Task.objects.filter(case=climb.case, code=code).order_by("id").values_list("status", flat=True)
    )


def current(climb: Climb, code: str) -> Task:
    return Task.objects.filter(case=climb.case, code=code).order_by("-id")[0]


@prepared
def funding_unknown(climb: Climb) -> Climb:
    climb.answer({k: v for k, v in ERISA.items() if k != "funding"})
    climb.ask()
    climb.refuse()
    assert asked(climb, "ask_funding")[-1] == "open"
    return climb


@pytest.mark.parametrize("end", ["finish", "cancel"])
def test_what_a_person_ended_is_not_asked_again_while_nothing_changed(funding_unknown, end):
    climb = funding_unknown
    task = current(climb, "ask_funding")
    if end == "finish":
        finish_task(actor=climb.who, task=task, note="Nobody answers.", at=moment("2026-04-01"))
    else:
        cancel_task(actor=climb.who, task=task, reason="The patient will ask.", at=moment("2026-04-01"))
    before = asked(climb, "ask_funding")
    recompute_deadlines(climb.fresh(), moment("2026-04-02"))
    climb.answer({"benefit": "medical"}, on="2026-04-03")
    recompute_deadlines(climb.fresh(), moment("2026-04-04"))
    assert asked(climb, "ask_funding") == before


def test_another_level_asks_again(funding_unknown):
    climb = funding_unknown
    finish_task(
        actor=climb.who, task=current(climb, "ask_funding"), note="Nobody answers.", at=moment("2026-04-01")
    )
    before = asked(climb, "ask_funding")
    climb.file(1, "2026-04-10")
    assert asked(climb, "ask_funding") == before
    climb.decide(1, "2026-04-24", "2026-04-27")
    assert asked(climb, "ask_funding") == [*before, "open"]


def test_an_answer_that_is_taken_back_asks_again(funding_unknown):
    climb = funding_unknown
    finish_task(
        actor=climb.who, task=current(climb, "ask_funding"), note="Nobody answers.", at=moment("2026-04-01")
    )
    before = asked(climb, "ask_funding")
    climb.answer({"funding": "insured"}, on="2026-04-03")
    answer = Answer.objects.get(case=climb.case, question="funding", superseded_at=None)
    withdraw_answer(actor=climb.who, answer=answer, at=moment("2026-04-05"))
    assert asked(climb, "ask_funding") == [*before, "open"]


def test_another_contradiction_is_another_question(climb):
    climb.answer(INSURED)
    climb.ask()
    climb.refuse()
    climb.answer({"funding": "self_funded"}, source="letter", on="2026-04-01")
    finish_task(
        actor=climb.who,
        task=current(climb, "resolve_contradiction"),
        note="The employer will write to us.",
        at=moment("2026-04-02"),
    )
    recompute_deadlines(climb.fresh(), moment("2026-04-03"))
    assert asked(climb, "resolve_contradiction") == ["done"]
    climb.answer({"sponsor": "individual"}, source="letter", on="2026-04-04")
    assert asked(climb, "resolve_contradiction") == ["done", "open"]


def test_a_task_that_stands_open_keeps_the_latest_circumstances(funding_unknown):
    """Ended after another level came, it is not asked again for that level."""
    climb = funding_unknown
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-24", "2026-04-27")
    finish_task(
        actor=climb.who, task=current(climb, "ask_funding"), note="Nobody answers.", at=moment("2026-05-01")
    )
    before = asked(climb, "ask_funding")
    recompute_deadlines(climb.fresh(), moment("2026-05-02"))
    assert asked(climb, "ask_funding") == before


def test_questions_answered_one_by_one_leave_no_line_in_the_timeline(climb):
    climb.ask()
    for question, value in ERISA.items():
        climb.answer({question: value})
    told = Event.objects.filter(verb__in=["task_raised", "task_settled"])
    assert {e.verb for e in told} == {"task_raised", "task_settled"}
    page = case_page(climb.who, climb.case.public_id, now=moment("2026-03-18"))
    assert [e.title for e in page.timeline.entries if "task" in e.title.lower()] == []


def test_what_a_person_does_to_such_a_task_stands_in_the_timeline(funding_unknown):
    climb = funding_unknown
    finish_task(
        actor=climb.who, task=current(climb, "ask_funding"), note="Nobody answers.", at=moment("2026-04-01")
    )
    page = case_page(climb.who, climb.case.public_id, now=moment("2026-04-02"))
    assert [e.title for e in page.timeline.entries if "task" in e.title.lower()] == ["Finished a task"]
