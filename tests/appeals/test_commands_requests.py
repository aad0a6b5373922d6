"""Requests, denials and proposals by commands: what they write, and each refusal."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, NotFound, Refused, WrongState
from advocacy.tenancy.scope import scoped_to
from appeals.commands.answers import record_answer
from appeals.commands.denials import (
    DenialInput,
    ReasonInput,
    change_denial,
    confirm_denial,
    decide_proposal,
    propose_from_version,
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
    record_clock_event,
    submit_request,
    withdraw_request,
)
from appeals.models import (
    Answer,
    Appeal,
    AuthorizationRequest,
    ClockEvent,
    Deadline,
    Denial,
    GrantedAuthorization,
    PeerToPeer,
    Proposal,
    RequestItem,
)
from appeals.sample_letters import letter_text
from cases.commands.documents import store_frozen
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


# -- denials ------------------------------------------------------------------------------------------------


def test_an_unconfirmed_denial_starts_no_clock(climb):
    climb.answer(ERISA)
    climb.ask()
    climb.refuse(confirmed=None)
    assert not Appeal.objects.exists()
    assert climb.date("decision") == ("2026-04-01", "2026-04-01", "running")
    assert climb.fresh().stage == "denial"
    confirm_denial(actor=climb.who, denial=climb.denial, at=moment("2026-04-10"))
    assert climb.positions == [(1, "internal_appeal_1", "open")]
    assert AuthorizationRequest.objects.get().status == "denied"
    assert climb.fresh().next_deadline_on == date(2026, 9, 18)


def test_the_moment_of_typing_moves_no_date(climb):
    climb.answer(ERISA)
    climb.ask()
    climb.refuse(confirmed="2026-08-31")
    assert climb.date("filing", 1) == ("2026-09-18", "2026-09-23", "running")


def test_confirm_denial_opens_the_peer_to_peer_the_letter_offers(climb):
    climb.ask()
    climb.refuse(peer_to_peer_until=date(2026, 4, 7), peer_to_peer_phone="555 010 0142")
    call = PeerToPeer.objects.get()
    assert (call.status, call.window_ends_on, call.phone) == ("offered", date(2026, 4, 7), "555 010 0142")
    row = Deadline.objects.get(clock="peer_to_peer")
    assert (row.due_on, row.side, row.status) == (date(2026, 4, 7), "claimant", "running")


def test_confirm_denial_twice_is_too_late(climb):
    climb.ask()
    climb.refuse()
    with pytest.raises(WrongState):
        confirm_denial(actor=climb.who, denial=climb.denial, at=moment("2026-03-31"))


def test_confirm_denial_needs_a_date_and_an_item(climb):
    climb.ask()
    climb.refuse(notice=None, received=None, items=[], confirmed=None)
    with pytest.raises(Refused) as caught:
        confirm_denial(actor=climb.who, denial=climb.denial, at=moment("2026-04-11"))
    assert codes(caught) == ["date_missing", "items_missing"]


def test_confirm_denial_refuses_a_letter_older_than_the_request(climb):
    climb.ask()
    climb.refuse(notice="2026-03-10", confirmed=None)
    with pytest.raises(Refused) as caught:
        confirm_denial(actor=climb.who, denial=climb.denial, at=moment("2026-04-11"))
    assert codes(caught) == ["denied_before_sent"]


def test_confirm_denial_of_a_request_that_was_never_sent_is_the_wrong_state(climb):
    climb.ask(received=None)
    climb.refuse(confirmed=None)
    with pytest.raises(WrongState):
        confirm_denial(actor=climb.who, denial=climb.denial, at=moment("2026-04-11"))
    assert Denial.objects.get().confirmed_at is None


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"notice": "2027-01-01", "received": None}, ["in_future"]),
        ({"received": "2026-03-20"}, ["received_before_notice"]),
        ({"sent_on": date(2026, 3, 28)}, ["received_before_sent"]),
        ({"stated_deadline_on": date(2026, 3, 1)}, ["stated_before_notice"]),
        ({"received_evidence": "a guess"}, ["evidence_unknown"]),
    ],
)
def test_record_denial_refuses(climb, facts, expected):
    climb.ask()
    with pytest.raises(Refused) as caught:
        climb.refuse(confirmed=None, **facts)
    assert codes(caught) == expected
    assert not Denial.objects.exists()


def test_record_denial_refuses_reasons_outside_the_taxonomy(climb):
    climb.ask()
    with pytest.raises(Refused) as caught:
        record_denial(
            actor=climb.who,
            request=climb.request,
            letter=None,
            fields=DenialInput(),
            items=[],
            reasons=[ReasonInput("because"), ReasonInput("because")],
            at=moment("2026-04-01"),
        )
    assert codes(caught) == ["reason_unknown", "reason_twice"]


def test_a_confirmed_denial_takes_proof_of_receipt_later(climb):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse(received=None)
    assert climb.date("filing", 1) == ("2026-09-18", "2026-09-20", "running")
    change_denial(
        actor=climb.who,
        denial=climb.denial,
        letter=None,
        fields=DenialInput(
            notice_on=date(2026, 3, 24), received_on=date(2026, 3, 30), received_evidence="certified"
        ),
        items=[i.public_id for i in climb.items],
        reasons=[],
        at=moment("2026-04-03"),
    )
    assert climb.date("filing", 1) == ("2026-09-18", "2026-09-26", "running")


def test_a_confirmed_denial_keeps_its_items(climb):
    climb.ask()
    climb.refuse()
    with pytest.raises(Refused) as caught:
        change_denial(
            actor=climb.who,
            denial=climb.denial,
            letter=None,
            fields=DenialInput(notice_on=date(2026, 3, 24)),
            items=[climb.items[0].public_id],
            reasons=[],
            at=moment("2026-04-03"),
        )
    assert codes(caught) == ["items_confirmed"]


# -- proposals ----------------------------------------------------------------------------------------------


@pytest.fixture
def letter(climb):
    text = letter_text("medicaid_reduction")
    version = store_frozen(
        actor=climb.who,
        case=climb.case,
        kind=Document.Kind.DENIAL_LETTER,
        title="Letter",
        filename="letter.txt",
        data=text.encode(),
        at=moment("2026-03-17"),
    )
    version.pages = [text]
    version.save(update_fields=["pages"])
    return version


def test_facts_are_proposed_once_and_start_nothing(climb, letter):
    first = propose_from_version(actor=climb.who, version=letter, at=moment("2026-03-18"))
    assert propose_from_version(actor=climb.who, version=letter, at=moment("2026-03-19")) == first
    assert Proposal.objects.count() == first > 0
    for row in Proposal.objects.all():
        assert letter.pages[row.page - 1][row.span[0] : row.span[1]] == row.words
    assert not Deadline.objects.exists()
    assert not Denial.objects.exists()


def test_a_proposal_is_decided_once(climb, letter):
    propose_from_version(actor=climb.who, version=letter, at=moment("2026-03-18"))
    row = Proposal.objects.order_by("id").first()
    with pytest.raises(Refused) as caught:
        decide_proposal(actor=climb.who, proposal=row, status="corrected", value=" ", at=moment("2026-03-18"))
    assert codes(caught) == ["value_missing"]
    decided = decide_proposal(
        actor=climb.who, proposal=row, status="corrected", value="X-1", at=moment("2026-03-18")
    )
    assert (decided.status, decided.value, decided.decided_by_id) == ("corrected", "X-1", climb.who.user_id)
    with pytest.raises(WrongState):
        decide_proposal(actor=climb.who, proposal=row, status="accepted", at=moment("2026-03-18"))


def test_a_note_of_the_patient_is_not_read_for_facts(climb, letter):
    letter.document.kind = Document.Kind.CLINICAL_NOTE
    letter.document.save(update_fields=["kind"])
    assert propose_from_version(actor=climb.who, version=letter, at=moment("2026-03-18")) == 0


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
