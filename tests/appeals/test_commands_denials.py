"""Denials and the facts proposed from their letters: what starts a clock, what does not, and each refusal."""

from __future__ import annotations

from datetime import date

import pytest

from advocacy.errors import Refused, WrongState
from appeals.commands.denials import (
    DenialInput,
    ReasonInput,
    change_denial,
    confirm_denial,
    decide_proposal,
    propose_from_version,
    record_denial,
)
from appeals.models import (
    Appeal,
    AuthorizationRequest,
    Deadline,
    Denial,
    PeerToPeer,
    Proposal,
)
from appeals.sample_letters import letter_text
from cases.commands.documents import store_frozen
from cases.models import Document
from tests.appeals.climbing import ERISA, MEDICARE_ADVANTAGE, codes, moment

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
        # recorded on April 10: 31 days ahead is May 11
        ({"notice": "2026-05-12", "received": None, "sent_on": date(2026, 4, 9)}, ["in_future"]),
        ({"notice": "2026-05-11", "received": None}, ["dated_ahead"]),
        ({"notice": "2026-04-11", "received": None}, ["dated_ahead"]),
        ({"received": "2026-03-20"}, ["received_before_notice"]),
        ({"sent_on": date(2026, 3, 28)}, ["received_before_sent"]),
        ({"stated_deadline_on": date(2026, 3, 1)}, ["stated_before_notice"]),
        ({"received_evidence": "a guess"}, ["evidence_unknown"]),
        ({"peer_to_peer_until": date(2026, 3, 23)}, ["call_before_notice"]),
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


def test_a_letter_dated_ahead_counts_early_from_its_sending_and_is_answered_before_its_date(climb):
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask()
    climb.refuse("2026-04-10", None, sent_on=date(2026, 3, 30), confirmed="2026-03-31")
    # 42 CFR 422.582(b): 60 days and 5 for the mail from the date on the notice; safe are 60 from the day it was sent.
    assert climb.date("filing", 1) == ("2026-05-29", "2026-06-14", "running")
    climb.file(1, "2026-04-01")
    assert climb.date("filing", 1)[2] == "met"
