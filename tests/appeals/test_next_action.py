"""The table of proposed next actions, row by row."""

from __future__ import annotations

from uuid import uuid4

import pytest

from advocacy.access.permissions import Permission
from appeals.next_action import TABLE, Position, Proposal, next_action, standing

CASE, REQUEST, DENIAL, CALL, LEVEL, GRANTED = (uuid4() for _ in range(6))


def at(**facts) -> Position:
    return Position(case=CASE, request=REQUEST, denial=DENIAL, call=CALL, level=LEVEL, **facts)


def before_denial(**facts) -> Position:
    return Position(case=CASE, request=REQUEST, **facts)


def level(status, **facts) -> Position:
    values = {"request_status": "denied", "denial_confirmed": True} | facts
    return Position(case=CASE, request=REQUEST, denial=DENIAL, level=LEVEL, level_status=status, **values)


ROWS = [
    (Position(case=CASE), "record_request", "appeals:request_new", (CASE,)),
    (before_denial(request_status="drafting"), "send_request", "appeals:request", (CASE, REQUEST)),
    (before_denial(request_status="submitted"), "record_receipt", "appeals:request", (CASE, REQUEST)),
    (
        before_denial(request_status="submitted", plans="overdue"),
        "call_late_payer",
        "cases:call_new",
        (CASE,),
    ),
    (
        before_denial(request_status="received", plans="running"),
        "record_answer",
        "appeals:request",
        (CASE, REQUEST),
    ),
    (before_denial(request_status="received", plans="overdue"), "call_late_payer", "cases:call_new", (CASE,)),
    (before_denial(request_status="approved"), "close_case", "appeals:close", (CASE,)),
    (before_denial(request_status="withdrawn"), "close_case", "appeals:close", (CASE,)),
    (before_denial(request_status="denied"), "record_denial", "appeals:denial_new", (CASE,)),
    (
        Position(case=CASE, request=REQUEST, request_status="received", denial=DENIAL),
        "confirm_denial",
        "appeals:denial",
        (CASE, DENIAL),
    ),
    (
        Position(case=CASE, request=REQUEST, request_status="denied", denial=DENIAL, denial_confirmed=True),
        "answer_questions",
        "appeals:questions",
        (CASE,),
    ),
    (level("open", ours="running"), "write_appeal", "appeals:level_draft", (CASE, LEVEL)),
    (level("open", ours="soon"), "write_appeal", "appeals:level_draft", (CASE, LEVEL)),
    (level("open", ours="overdue"), "file_late", "appeals:level", (CASE, LEVEL)),
    (level("drafting", ours="running"), "file_appeal", "appeals:level_file", (CASE, LEVEL)),
    (level("drafting", ours="overdue"), "file_late", "appeals:level", (CASE, LEVEL)),
    (level("open", level_forwarded_by_plan=True), "record_forwarding", "appeals:level", (CASE, LEVEL)),
    (level("filed", plans="running"), "record_arrival", "appeals:level", (CASE, LEVEL)),
    (level("filed", plans="overdue"), "go_on", "appeals:level", (CASE, LEVEL)),
    (level("forwarded"), "record_arrival", "appeals:level", (CASE, LEVEL)),
    (level("forwarded", plans="overdue"), "go_on", "appeals:level", (CASE, LEVEL)),
    (level("returned"), "record_arrival", "appeals:level", (CASE, LEVEL)),
    (level("returned", plans="overdue"), "go_on", "appeals:level", (CASE, LEVEL)),
    (level("received", plans="running"), "record_decision", "appeals:level_decide", (CASE, LEVEL)),
    (level("received", plans="overdue"), "go_on", "appeals:level", (CASE, LEVEL)),
    (
        level("decided", undelivered=LEVEL, plans="running"),
        "record_delivery",
        "appeals:effectuation",
        (CASE, LEVEL),
    ),
    (level("decided", undelivered=LEVEL, plans="overdue"), "demand_delivery", "appeals:late", (CASE,)),
    (level("open", undelivered=LEVEL, ours="running"), "write_appeal", "appeals:level_draft", (CASE, LEVEL)),
    (level("decided"), "close_case", "appeals:close", (CASE,)),
    (level("withdrawn"), "close_case", "appeals:close", (CASE,)),
    (level("lapsed"), "close_case", "appeals:close", (CASE,)),
    (level("declined"), "close_case", "appeals:close", (CASE,)),
    (
        level("open", ours="soon", needs_choice="denial", choice_after=DENIAL),
        "record_choice",
        "appeals:denial_choice",
        (CASE, DENIAL),
    ),
    (
        level("open", needs_choice="decision", choice_after=LEVEL, call=CALL, call_status="offered"),
        "record_choice",
        "appeals:level_choice",
        (CASE, LEVEL),
    ),
    (
        level("open", ours="overdue", needs_choice="denial", choice_after=DENIAL),
        "file_late",
        "appeals:level",
        (CASE, LEVEL),
    ),
    (level("drafting", needs_choice="denial"), "file_appeal", "appeals:level_file", (CASE, LEVEL)),
    (level("open", choice="appeal"), "write_appeal", "appeals:level_draft", (CASE, LEVEL)),
    (level("open", choice="not_to_appeal"), "end_level", "appeals:level", (CASE, LEVEL)),
    (level("drafting", choice="resubmit"), "end_level", "appeals:level", (CASE, LEVEL)),
    (level("received", settled=True, plans="overdue"), "end_settled", "appeals:level", (CASE, LEVEL)),
    (
        level("open", choice="resubmit", request_follows=True, request_status="drafting"),
        "send_request",
        "appeals:request",
        (CASE, REQUEST),
    ),
    (
        before_denial(request_status="approved", authorization=GRANTED),
        "record_session",
        "appeals:session_new",
        (CASE, GRANTED),
    ),
    (
        level("decided", authorization=GRANTED, renewal_due=True),
        "draft_renewal",
        "appeals:renewal",
        (CASE, GRANTED),
    ),
    (
        level("decided", authorization=GRANTED, request_follows=True, request_status="submitted"),
        "record_receipt",
        "appeals:request",
        (CASE, REQUEST),
    ),
    (level("open", call=CALL, call_status="offered"), "schedule_call", "appeals:peer_to_peer", (CASE, CALL)),
    (level("open", call=CALL, call_status="scheduled"), "record_call", "appeals:peer_to_peer", (CASE, CALL)),
    (level("open", call=CALL, call_status="held"), "write_appeal", "appeals:level_draft", (CASE, LEVEL)),
    (
        level("open", ours="soon", call=CALL, call_status="offered"),
        "write_appeal",
        "appeals:level_draft",
        (CASE, LEVEL),
    ),
]


@pytest.mark.parametrize("position, code, url_name, args", ROWS)
def test_each_standing_proposes_its_one_action(position, code, url_name, args):
    found = next_action(position, frozenset(Permission))
    assert found is not None
    assert (found.code, found.url_name, found.args) == (code, url_name, args)


def test_every_row_of_the_table_is_proposed_by_some_case():
    reached = set()
    for position, *_ in ROWS:
        stage, status, clock = standing(position)
        reached.add((stage, status, clock) if (stage, status, clock) in TABLE else (stage, status, "*"))
    assert reached == set(TABLE)


def test_a_closed_case_proposes_nothing():
    assert next_action(Position(case=CASE, is_open=False), frozenset(Permission)) is None


def test_who_does_not_record_the_choice_is_proposed_the_letter():
    position = level("open", ours="running", needs_choice="denial", choice_after=DENIAL)
    found = next_action(position, frozenset({Permission.DRAFT_APPEAL}))
    assert found is not None and found.code == "write_appeal"


def test_nobody_is_proposed_what_their_role_does_not_allow():
    position = level("drafting", ours="soon")
    assert next_action(position, frozenset({Permission.SEE_CASES})) is None
    assert next_action(position, frozenset({Permission.FILE_APPEAL})) == Proposal(
        "file_appeal", "File the appeal", "appeals:level_file", (CASE, LEVEL)
    )
