"""The work a stage brings along: opened with it, once for each row, due by the date to work to, ended with it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from advocacy.audit.models import Event
from advocacy.errors import Refused
from appeals.commands.deadlines import recompute_deadlines
from appeals.commands.peer_to_peers import miss_call, schedule_call
from appeals.commands.requests import submit_request, withdraw_request
from appeals.models import PeerToPeer
from cases.commands.tasks import finish_task, hold_task, tick_item, tick_items
from cases.models import Task
from tests.appeals.climbing import ERISA, MEDICARE_ADVANTAGE, Climb, codes, day, moment


def stage_tasks(climb: Climb) -> list[tuple[str, str, Any, str]]:
    """Template, title, due day and status, in the order of opening."""
    rows = Task.objects.filter(case=climb.case, opened_by="stage", code__startswith="stage:").order_by("id")
    return [(t.template, t.title, t.due_on and t.due_on.isoformat(), t.status) for t in rows]


def the(climb: Climb, template: str) -> Task:
    return Task.objects.filter(case=climb.case, template=template).order_by("-id")[0]


def tick_all(climb: Climb, task: Task, at: Any) -> Task:
    return tick_items(
        actor=climb.who, task=task, ticked=[line["key"] for line in task.checklist or []], at=at
    )


PACKET = "Put the appeal packet together: Internal appeal, first level"
EXTERNAL = "Put the external review packet together: External review"
READ = "Read the decision and plan the next step"


def test_a_drafted_request_brings_its_checklist_and_takes_it_away_when_it_is_sent(climb):
    made = climb.ask(received=None)
    task = the(climb, "prior_authorization")
    assert (task.title, task.due_on, task.owner_id) == (
        "Prepare the prior authorization request",
        None,
        climb.case.owner_id,
    )
    assert [line["done"] for line in task.checklist] == [False] * 4
    submit_request(
        actor=climb.who,
        request=made,
        submitted_at=moment("2026-03-18"),
        channel="fax",
        at=moment("2026-03-18", 15),
    )
    task.refresh_from_db()
    assert (task.status, task.end_note) == ("cancelled", "The request was sent.")


def test_a_withdrawn_request_takes_its_task_along(climb):
    made = climb.ask(received=None)
    withdraw_request(actor=climb.who, request=made, reason="The patient moved.", at=moment("2026-03-18"))
    assert the(climb, "prior_authorization").end_note == "The request was withdrawn."


def test_a_level_brings_its_packet_due_a_week_before_the_day_to_work_to(climb):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    assert climb.row("filing", 1).due_on == date(2026, 9, 18)
    assert stage_tasks(climb)[1:] == [("appeal_packet", PACKET, "2026-09-11", "open")]


def test_a_level_is_called_by_its_name_as_soon_as_the_rules_are_known(climb):
    climb.ask()
    climb.refuse()
    assert the(climb, "appeal_packet").title == "Put the appeal packet together: First level of appeal"
    climb.answer(ERISA | {"levels": "1"})
    assert the(climb, "appeal_packet").title == PACKET
    task = the(climb, "appeal_packet")
    task.title = "Put it together: ask Dr. Brandt"
    task.save()
    recompute_deadlines(climb.case, moment("2026-03-20"))
    assert the(climb, "appeal_packet").title == "Put it together: ask Dr. Brandt"


def test_a_short_window_is_worked_to_from_the_day_the_level_opens(climb):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse(stated_deadline_on=date(2026, 4, 2))
    assert the(climb, "appeal_packet").due_on == date(2026, 3, 30)


def test_the_due_day_follows_the_date_until_somebody_has_touched_the_task(climb):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse(notice="2026-03-24", received=None)
    before = the(climb, "appeal_packet").due_on
    climb.denial.received_on, climb.denial.received_evidence = day("2026-03-25"), "certified"
    climb.denial.save(update_fields=["received_on", "received_evidence"])
    recompute_deadlines(climb.fresh(), moment("2026-03-31"))
    moved = the(climb, "appeal_packet").due_on
    assert (before, moved) == (
        date(2026, 9, 11),
        date.fromordinal(climb.row("filing", 1).due_on.toordinal() - 7),
    )
    tick_item(actor=climb.who, task=the(climb, "appeal_packet"), item="claim_file", at=moment("2026-04-01"))
    climb.denial.received_on = day("2026-03-30")
    climb.denial.save(update_fields=["received_on"])
    recompute_deadlines(climb.fresh(), moment("2026-04-02"))
    assert the(climb, "appeal_packet").due_on == moved


def test_filing_ends_the_packet_and_a_decision_is_read_before_the_next_one_is_put_together(climb):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    assert stage_tasks(climb)[1:] == [("appeal_packet", PACKET, "2026-09-11", "cancelled")]
    climb.decide(1, "2026-04-24", "2026-04-27")
    assert climb.row("filing", 2).due_on == date(2026, 8, 24)
    assert stage_tasks(climb)[2:] == [
        ("read_decision", READ, "2026-05-02", "open"),
        ("external_review", EXTERNAL, "2026-08-17", "open"),
    ]
    read, packet = the(climb, "read_decision"), the(climb, "external_review")
    assert packet.waits_for == read
    packet = tick_all(climb, packet, moment("2026-05-04"))
    with pytest.raises(Refused) as caught:
        finish_task(actor=climb.who, task=packet, at=moment("2026-05-04"))
    assert codes(caught) == ["waits_for_other"]
    read = tick_all(climb, read, moment("2026-05-05"))
    finish_task(actor=climb.who, task=read, at=moment("2026-05-05"))
    finish_task(actor=climb.who, task=the(climb, "external_review"), at=moment("2026-05-05", 15))
    climb.file(2, "2026-05-08")
    assert [row[3] for row in stage_tasks(climb)] == ["cancelled", "cancelled", "done", "done"]


def test_what_was_finished_by_hand_does_not_open_again(climb):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    packet = tick_all(climb, the(climb, "appeal_packet"), moment("2026-04-01"))
    finish_task(actor=climb.who, task=packet, note="Ready.", at=moment("2026-04-01"))
    recompute_deadlines(climb.fresh(), moment("2026-04-02"))
    recompute_deadlines(climb.fresh(), moment("2026-04-03"))
    assert stage_tasks(climb)[1:] == [("appeal_packet", PACKET, "2026-09-11", "done")]


def test_a_level_the_plan_forwards_needs_no_packet_of_ours(climb):
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-24", "2026-04-27")
    assert [row[0] for row in stage_tasks(climb) if row[3] == "open"] == ["read_decision"]
    climb.forward(2, "2026-04-28")
    assert [row[0] for row in stage_tasks(climb) if row[3] == "open"] == []


def test_a_scheduled_call_is_prepared_by_its_day_and_ends_with_it(climb):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse(peer_to_peer_until=date(2026, 4, 7))
    call = PeerToPeer.objects.get()
    assert not Task.objects.filter(template="peer_to_peer").exists()
    schedule_call(actor=climb.who, call=call, scheduled_at=moment("2026-04-03"), at=moment("2026-03-31"))
    task = the(climb, "peer_to_peer")
    assert (task.title, task.due_on) == ("Prepare the peer-to-peer call", date(2026, 4, 3))
    schedule_call(actor=climb.who, call=call, scheduled_at=moment("2026-04-06"), at=moment("2026-04-02"))
    assert the(climb, "peer_to_peer").due_on == date(2026, 4, 6)
    miss_call(actor=climb.who, call=call, reason="The reviewer did not call.", at=moment("2026-04-07"))
    task.refresh_from_db()
    assert (task.status, task.end_note) == ("cancelled", "The call did not take place.")


def test_ending_the_stage_ends_a_task_on_hold_too(climb):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    hold_task(
        actor=climb.who,
        task=the(climb, "appeal_packet"),
        until=moment("2026-05-20"),
        reason="Records are on their way.",
        at=moment("2026-04-01"),
    )
    climb.file(1, "2026-04-10")
    assert the(climb, "appeal_packet").status == "cancelled"
    told = Event.objects.filter(subject_table=Task._meta.db_table, kind="verb").order_by("id")
    by_task = [(e.verb, e.subject_id == the(climb, "appeal_packet").pk) for e in told]
    # Somebody had worked on it: its end is told in the timeline, that of an untouched one is not.
    assert [verb for verb, own in by_task if own] == ["task_raised", "task_held", "task_cancelled"]
    assert {verb for verb, own in by_task if not own} == {"task_raised", "task_settled"}
