"""Requests, denials and proposals by commands: what they write, and each refusal."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, NotFound, Refused, WrongState
from advocacy.tenancy.scope import scoped_to
from appeals.commands.answers import record_answer
from appeals.commands.clock_events import record_clock_event
from appeals.commands.denials import (
    DenialInput,
    confirm_denial,
    record_denial,
)
from appeals.commands.requests import (
    AuthorizationInput,
    ItemInput,
    approve_request,
    change_request,
    draft_request,
    receive_request,
    record_authorization,
    submit_request,
    withdraw_request,
)
from appeals.models import (
    Answer,
    AuthorizationRequest,
    ClockEvent,
    Deadline,
    GrantedAuthorization,
    RequestItem,
)
from cases.models import Document
from tests.appeals.climbing import ERISA, MEDICAID, Climb, codes, moment

ITEM = ItemInput("96365", Decimal(6))


def test_draft_request_keeps_its_items(climb):
    climb.ask(received=None)
    request = AuthorizationRequest.objects.get()
    assert [(i.position, i.code, i.units, i.sessions) for i in RequestItem.objects.order_by("position")] == [
        (1, "96365", Decimal(6), 6),
        (2, "J3490", Decimal(60), None),
    ]
    assert (request.status, climb.fresh().stage) == ("drafting", "request")
    assert not Deadline.objects.exists()


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"items": []}, ["items_missing"]),
        ({"items": [ItemInput("9636", Decimal(1))]}, ["code_malformed"]),
        ({"items": [ItemInput("96365", Decimal(0))]}, ["units_impossible"]),
        ({"items": [ItemInput("96365", Decimal("NaN"))]}, ["units_impossible"]),
        (
            {"items": [ItemInput("96365", Decimal(1), None, "", date(2026, 4, 2), date(2026, 4, 1))]},
            ["range_backward"],
        ),
        (
            {"timing": "some day", "benefit": "x", "channel": "y"},
            ["timing_unknown", "benefit_unknown", "channel_missing"],
        ),
    ],
)
def test_draft_request_refuses_with_every_reason(climb, changed, expected):
    with pytest.raises(Refused) as caught:
        draft_request(
            **{"actor": climb.who, "case": climb.case, "items": [ITEM], "at": moment("2026-03-17")} | changed
        )
    assert codes(caught) == expected
    assert not AuthorizationRequest.objects.exists()


def test_change_request_only_before_it_is_sent(climb):
    climb.ask(received=None)
    given = {
        "actor": climb.who,
        "request": climb.request,
        "timing": "concurrent",
        "benefit": "medical",
        "is_urgent": True,
        "place_of_service": "22",
        "items": [ITEM],
        "at": moment("2026-03-17"),
    }
    changed = change_request(**given)
    assert (changed.timing, changed.is_urgent, RequestItem.objects.count()) == ("concurrent", True, 1)
    submit_request(
        actor=climb.who,
        request=changed,
        submitted_at=moment("2026-03-17"),
        channel="mail",
        at=moment("2026-03-17", 15),
    )
    with pytest.raises(WrongState):
        change_request(**given)


def test_a_request_sent_by_post_starts_no_clock_before_it_arrived(climb):
    climb.answer(ERISA)
    climb.ask(received=None)
    submit_request(
        actor=climb.who,
        request=climb.request,
        submitted_at=moment("2026-03-17"),
        channel="mail",
        at=moment("2026-03-17", 15),
    )
    assert not Deadline.objects.exists()
    receive_request(
        actor=climb.who, request=climb.request, received_at=moment("2026-03-20"), at=moment("2026-03-20", 15)
    )
    assert climb.date("decision") == ("2026-04-04", "2026-04-04", "running")


@pytest.mark.parametrize(
    ("received", "expected"),
    [("2026-03-18", "in_future"), ("2026-03-10", "received_before_sent"), (None, "moment_missing")],
)
def test_receive_request_refuses(climb, received, expected):
    climb.ask(received=None)
    submit_request(
        actor=climb.who,
        request=climb.request,
        submitted_at=moment("2026-03-16"),
        channel="mail",
        at=moment("2026-03-16", 15),
    )
    with pytest.raises(Refused) as caught:
        receive_request(
            actor=climb.who,
            request=climb.request,
            received_at=moment(received) if received else None,
            at=moment("2026-03-17"),
        )
    assert codes(caught) == [expected]


def test_approve_request_ends_the_payers_clock(climb):
    climb.answer(ERISA)
    climb.ask()
    approve_request(
        actor=climb.who,
        request=climb.request,
        decided_at=moment("2026-04-01", 23),
        number="A-77",
        sessions=6,
        units=None,
        valid_from=date(2026, 4, 1),
        valid_until=date(2026, 9, 30),
        at=moment("2026-04-02"),
    )
    assert climb.date("decision") == ("2026-04-01", "2026-04-01", "met")
    assert climb.fresh().stage == "approved"
    granted = GrantedAuthorization.objects.get()
    assert (granted.number, granted.sessions, granted.valid_until) == ("A-77", 6, date(2026, 9, 30))


def test_an_approval_after_the_last_defensible_day_is_late(climb):
    climb.answer(ERISA)
    climb.ask()
    approve_request(
        actor=climb.who,
        request=climb.request,
        decided_at=moment("2026-04-02", 1),
        number="A-77",
        sessions=6,
        units=None,
        valid_from=date(2026, 4, 1),
        valid_until=date(2026, 9, 30),
        at=moment("2026-04-02"),
    )
    assert climb.date("decision")[2] == "missed"


def test_an_authorization_is_refused_with_every_reason(climb):
    climb.ask()
    given = AuthorizationInput(" ", None, None, date(2026, 5, 1), date(2026, 4, 1))
    with pytest.raises(Refused) as caught:
        record_authorization(actor=climb.who, request=climb.request, given=given, at=moment("2026-04-02"))
    assert codes(caught) == ["number_missing", "amount_missing", "range_backward"]


def test_withdraw_request_needs_a_reason_which_stays_out_of_the_trail(climb):
    climb.ask()
    with pytest.raises(Refused) as caught:
        withdraw_request(actor=climb.who, request=climb.request, reason=" ", at=moment("2026-03-18"))
    assert codes(caught) == ["reason_missing"]
    withdraw_request(
        actor=climb.who, request=climb.request, reason="Dana pays herself", at=moment("2026-03-18")
    )
    assert AuthorizationRequest.objects.get().end_reason == "Dana pays herself"
    assert "Dana pays" not in str(
        list(Event.objects.filter(verb="request_withdrawn").values_list("reason", "data"))
    )


# -- what moves the payer's clock ---------------------------------------------------------------------------


def event(climb: Climb, what: str, on: str, **fields):
    return record_clock_event(
        **{
            "actor": climb.who,
            "case": climb.case,
            "request": climb.request,
            "kind": what,
            "occurred_at": moment(on),
            "at": moment(on, 15),
        }
        | fields
    )


def test_an_extension_in_time_moves_the_payers_date_and_one_too_late_does_not(climb):
    climb.answer(ERISA)
    climb.ask()
    event(climb, "extension", "2026-04-01")
    assert climb.date("decision") == ("2026-04-16", "2026-04-16", "running")
    assert list(Deadline.objects.filter(status="superseded").values_list("due_on", flat=True)) == [
        date(2026, 4, 1)
    ]


def test_an_extension_announced_too_late_does_not_count(climb):
    climb.answer(ERISA)
    climb.ask()
    event(climb, "extension", "2026-04-02")
    assert climb.date("decision") == ("2026-04-01", "2026-04-01", "running")


def test_the_clock_stands_still_while_information_is_missing(climb):
    climb.answer(ERISA)
    climb.ask()
    event(climb, "extension", "2026-03-25")
    event(climb, "information_requested", "2026-03-25")
    assert not Deadline.objects.filter(status="running").exists()
    event(climb, "information_sent", "2026-04-04")
    # 15 + 15 days, and ten days of standing still: 29 CFR 2560.503-1(f)(4).
    assert climb.date("decision") == ("2026-04-26", "2026-04-26", "running")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"occurred_at": moment("2027-01-01")}, ["in_future"]),
        ({"occurred_at": moment("2026-03-16")}, ["before_receipt"]),
        ({"kind": "nothing"}, ["kind_unknown"]),
        ({"sent_on": date(2026, 3, 20), "received_on": date(2026, 3, 19)}, ["received_before_sent"]),
        ({"respond_by": moment("2026-03-18")}, ["respond_by_past"]),
        ({"request": None}, ["subject_missing"]),
    ],
)
def test_record_clock_event_refuses(climb, fields, expected):
    climb.ask()
    with pytest.raises(Refused) as caught:
        event(climb, "extension", "2026-03-25", **fields)
    assert codes(caught) == expected
    assert not ClockEvent.objects.exists()


# -- who, and whose -----------------------------------------------------------------------------------------


def test_answers_are_checked_and_superseded_by_source(climb):
    with pytest.raises(Refused) as caught:
        record_answer(
            actor=climb.who,
            case=climb.case,
            question="mood",
            value="x",
            source="dream",
            at=moment("2026-03-16"),
        )
    assert codes(caught) == ["question_unknown", "source_unknown"]
    climb.answer({"program": "medicaid"})
    climb.answer({"program": "commercial"})
    climb.answer({"program": "medicaid"}, source="letter")
    standing = Answer.objects.filter(superseded_at=None).order_by("id")
    assert [(a.value, a.source) for a in standing] == [("commercial", "card"), ("medicaid", "letter")]
    assert Answer.objects.count() == 3


def test_a_clinician_may_not_draft_a_request(climb):
    with pytest.raises(NotAllowed):
        draft_request(actor=climb.cast.clara, case=climb.case, items=[ITEM], at=moment("2026-03-17"))


def test_nobody_of_meadow_reaches_a_row_of_harbor(climb):
    climb.answer(MEDICAID)
    climb.ask()
    climb.refuse()
    with scoped_to(climb.cast.meadow.pk), pytest.raises(NotFound):
        confirm_denial(actor=climb.cast.mia, denial=climb.denial, at=moment("2026-03-31"))


def test_rows_of_another_organization_are_refused_in_every_field(climb):
    climb.ask()
    with scoped_to(climb.cast.meadow.pk):
        paper = Document.objects.create(
            case=climb.cast.meadow_case, kind="denial_letter", title="Theirs", created_at=moment("2026-03-17")
        )
        theirs = draft_request(
            actor=climb.cast.mia, case=climb.cast.meadow_case, items=[ITEM], at=moment("2026-03-17")
        )
        item = RequestItem.objects.get(request=theirs)
    with pytest.raises(Refused) as caught:
        record_denial(
            actor=climb.who,
            request=climb.request,
            letter=paper,
            fields=DenialInput(),
            items=[item.public_id],
            reasons=[],
            at=moment("2026-04-01"),
        )
    assert codes(caught) == ["item_unknown", "not_of_this_case"]
    with pytest.raises(Refused) as caught:
        event(climb, "extension", "2026-03-25", request=theirs, document=paper)
    assert codes(caught) == ["not_of_this_case", "not_of_this_case"]
    with pytest.raises(NotFound):
        submit_request(
            actor=climb.who,
            request=theirs,
            submitted_at=moment("2026-03-17"),
            channel="fax",
            at=moment("2026-03-18"),
        )
