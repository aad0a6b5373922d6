"""Decisions item by item, silence, peer-to-peers, two people at once, closing, the projection and its nightly check."""

from __future__ import annotations

import threading
from datetime import UTC, date, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction

from advocacy.errors import NotAllowed, Refused, WrongState
from advocacy.registries import obstacles_to_closing
from advocacy.tenancy.scope import scoped_to
from appeals.closing import open_contest_of
from appeals.commands.decisions import decide_appeal, deem_decided
from appeals.commands.peer_to_peers import hold_call, miss_call, schedule_call
from appeals.commands.requests import AuthorizationInput
from appeals.models import (
    Appeal,
    Deadline,
    Decision,
    GrantedAuthorization,
    ItemOutcome,
    PeerToPeer,
)
from cases.commands.costs import record_cost
from cases.models import Document
from tests.appeals.climbing import ERISA, MEDICARE_ADVANTAGE, Climb, codes, moment
from tests.cast import assemble
from tests.standing import prepared

GRANTED = AuthorizationInput("A-9", 6, None, date(2026, 5, 1), date(2026, 10, 31))


@prepared
def filed(climb):
    """A self-funded plan of one level; the appeal was faxed on April 10."""
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    return climb


# -- outcomes -----------------------------------------------------------------------------------------------


def test_an_overturned_denial_ends_the_ladder_and_grants(filed):
    filed.decide(1, "2026-04-24", "2026-04-27", outcome="overturned", authorization=GRANTED)
    assert filed.positions == [(1, "internal_appeal_1", "decided")]
    assert {o.outcome for o in ItemOutcome.objects.all()} == {"overturned"}
    granted = GrantedAuthorization.objects.get()
    assert (granted.number, granted.sessions, granted.valid_from, granted.valid_until) == (
        "A-9",
        6,
        date(2026, 5, 1),
        date(2026, 10, 31),
    )
    assert filed.tasks() == []


def test_what_stays_refused_goes_on_and_what_was_won_does_not(filed):
    one, two = filed.items
    filed.decide(
        1, "2026-04-24", "2026-04-27", outcomes={one.public_id: "overturned", str(two.public_id): "partly"}
    )
    assert filed.positions[1] == (2, "external_review", "open")
    filed.file(2, "2026-05-08")
    with pytest.raises(Refused) as caught:
        filed.decide(2, "2026-06-19", "2026-06-22")
    assert codes(caught) == ["item_unknown"]
    filed.decide(2, "2026-06-19", "2026-06-22", outcomes={two.public_id: "upheld"})
    assert Appeal.objects.get(position=2).status == "decided"


@pytest.mark.parametrize("outcome", ["withdrawn", "moot"])
def test_items_that_are_no_longer_wanted_open_nothing(filed, outcome):
    filed.decide(1, "2026-04-24", "2026-04-27", outcome=outcome)
    assert filed.positions == [(1, "internal_appeal_1", "decided")]


def test_decide_appeal_refuses_with_every_reason(filed):
    one, _two = filed.items
    with pytest.raises(Refused) as caught:
        filed.decide(
            1,
            "2026-04-09",
            typed="2026-04-28",
            outcomes={one.public_id: "perhaps", filed.case.public_id: "upheld"},
            authorization=AuthorizationInput("", None, None, date(2026, 5, 1), date(2026, 4, 1)),
        )
    assert codes(caught) == [
        "decided_before_filed",
        "item_outcome_missing",
        "outcome_unknown",
        "item_unknown",
        "authorization_without_win",
        "decided_before_filed",
        "number_missing",
        "amount_missing",
        "range_backward",
    ]
    assert not Decision.objects.exists()


def test_decide_appeal_refuses_the_future_and_a_level_not_filed(filed):
    with pytest.raises(Refused) as caught:
        filed.decide(1, "2026-04-29", typed="2026-04-28")
    assert codes(caught) == ["in_future", "in_future"]
    filed.decide(1, "2026-04-24", "2026-04-27")
    with pytest.raises(WrongState):
        filed.decide(2, "2026-05-24", "2026-05-27")


def test_decide_appeal_refuses_a_letter_of_another_organization(filed):
    with scoped_to(filed.cast.meadow.pk):
        theirs = Document.objects.create(
            case=filed.cast.meadow_case,
            kind="decision_letter",
            title="Theirs",
            created_at=moment("2026-04-24"),
        )
    with pytest.raises(Refused) as caught:
        filed.decide(1, "2026-04-24", "2026-04-27", letter=theirs)
    assert codes(caught) == ["not_of_this_case"]


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (("2026-04-24", "2026-04-23", "2026-04-24"), "after it was sent"),
        (("2026-04-23", "2026-04-23", "2026-04-24"), "after the date on the notice"),
        ((None, None, "2026-04-23"), "after the patient had it"),
    ],
)
def test_a_decision_is_not_later_than_its_notice_its_sending_or_its_receipt(filed, days, said):
    notice, sent, received = (day and date.fromisoformat(day) for day in days)
    with pytest.raises(Refused) as caught:
        decide_appeal(
            actor=filed.who,
            appeal=filed.level(1),
            decided_at=moment("2026-04-24", 9),
            notice_on=notice,
            sent_on=sent,
            received_on=received,
            outcomes={item.public_id: "upheld" for item in filed.items},
            at=moment("2026-04-27"),
        )
    assert [(r.code, r.field, r.message) for r in caught.value.reasons] == [
        ("decided_after_notice", "decided_at", f"It cannot have been decided {said}.")
    ]
    assert not Decision.objects.exists()


def test_a_stale_page_decides_nothing(filed):
    with pytest.raises(WrongState):
        filed.decide(1, "2026-04-24", "2026-04-27", expected_version=filed.level(1).version - 1)
    assert not Decision.objects.exists()


def test_intake_may_not_decide(filed):
    with pytest.raises(NotAllowed):
        decide_appeal(
            actor=filed.cast.ines,
            appeal=filed.level(1),
            decided_at=moment("2026-04-24"),
            outcomes={},
            at=moment("2026-04-27"),
        )


# -- silence ------------------------------------------------------------------------------------------------


def test_nobody_is_late_on_the_last_day(filed):
    with pytest.raises(Refused) as caught:
        deem_decided(actor=filed.who, appeal=filed.level(1), at=moment("2026-05-10", 23))
    assert codes(caught) == ["not_overdue"]
    deem_decided(actor=filed.who, appeal=filed.level(1), at=moment("2026-05-11", 0))
    assert filed.positions == [(1, "internal_appeal_1", "decided"), (2, "external_review", "open")]
    assert filed.date("decision", 1)[2] == "missed"
    assert not ItemOutcome.objects.exists()


def test_silence_of_an_external_reviewer_opens_nothing(filed):
    filed.decide(1, "2026-04-24", "2026-04-27")
    filed.file(2, "2026-05-08")
    with pytest.raises(Refused) as caught:
        deem_decided(actor=filed.who, appeal=filed.level(2), at=moment("2026-08-01"))
    assert codes(caught) == ["silence_opens_nothing"]


def test_silence_of_a_medicare_plan_awaits_the_forwarding(climb):
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    deem_decided(actor=climb.who, appeal=climb.level(1), at=moment("2026-05-12"))
    assert climb.positions == [(1, "plan_reconsideration", "decided"), (2, "ire_reconsideration", "open")]
    assert climb.date("forwarding", 2) == ("2026-05-10", "2026-05-10", "running")
    climb.forward(2, "2026-05-13")
    assert climb.date("forwarding", 2)[2] == "missed"


# -- peer-to-peer -------------------------------------------------------------------------------------------


@prepared
def offered(climb):
    """A confirmed denial whose letter offers a peer-to-peer until April 7."""
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse(peer_to_peer_until=date(2026, 4, 7))
    return climb


def hold(climb: Climb, outcome: str, **fields):
    return hold_call(
        **{
            "actor": climb.cast.clara,
            "call": PeerToPeer.objects.get(),
            "held_at": moment("2026-04-02"),
            "reviewer": "Dr. Payne",
            "outcome": outcome,
            "item_outcomes": {},
            "at": moment("2026-04-02", 15),
        }
        | fields
    )


def test_a_call_that_wins_everything_ends_the_first_level(offered):
    hold(offered, "overturned")
    level = offered.level(1)
    assert (level.status, level.end_reason) == ("declined", "Overturned in peer-to-peer")
    assert {o.outcome for o in ItemOutcome.objects.all()} == {"overturned"}
    assert ItemOutcome.objects.count() == 2
    assert offered.tasks() == ["peer_to_peer_in_writing", "won_in_call"]
    assert Deadline.objects.get(clock="peer_to_peer").status == "met"
    assert offered.date("filing", 1)[2] == "ended"


def test_a_call_that_wins_a_part_leaves_the_level_open_for_the_rest(offered):
    one, two = offered.items
    hold(offered, "partly", item_outcomes={one.public_id: "overturned"})
    assert offered.positions == [(1, "internal_appeal_1", "open")]
    offered.file(1, "2026-04-10")
    offered.decide(1, "2026-04-24", "2026-04-27", outcomes={two.public_id: "upheld"})
    assert offered.positions[1] == (2, "external_review", "open")


def test_a_call_that_loses_changes_no_date(offered):
    before = offered.date("filing", 1)
    hold(offered, "upheld", held_at=moment("2026-04-08"), at=moment("2026-04-08", 15))
    assert offered.date("filing", 1) == before == ("2026-09-18", "2026-09-23", "running")
    assert Deadline.objects.get(clock="peer_to_peer").status == "missed"


def test_a_call_won_after_the_filing_leaves_the_filed_level(offered):
    offered.file(1, "2026-04-01")
    hold(offered, "overturned")
    assert offered.level(1).status == "filed"
    assert offered.tasks() == ["peer_to_peer_in_writing", "won_in_call"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"held_at": None}, ["moment_missing"]),
        ({"held_at": moment("2026-05-01")}, ["in_future"]),
        ({"held_at": moment("2026-03-01")}, ["held_before_denial"]),
        ({"outcome": ""}, ["outcome_missing"]),
        ({"outcome": "won"}, ["outcome_unknown"]),
        ({"outcome": "partly"}, ["item_outcome_missing"]),
        ({"item_outcomes": {"nothing": "overturned"}}, ["item_unknown"]),
    ],
)
def test_hold_call_refuses(offered, fields, expected):
    with pytest.raises(Refused) as caught:
        hold(offered, **({"outcome": "overturned"} | fields))
    assert codes(caught) == expected
    assert PeerToPeer.objects.get().status == "offered"


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ("upheld", "No item was won: choose “Denial upheld”."),
        ("overturned", "Some items stay refused: choose “Partly overturned”."),
    ],
)
def test_a_call_is_not_overturned_while_items_stay_refused(offered, second, said):
    one, two = offered.items
    with pytest.raises(Refused) as caught:
        hold(offered, "overturned", item_outcomes={one.public_id: "upheld", two.public_id: second})
    assert [r.message for r in caught.value.reasons] == [said]


def test_a_call_after_the_last_day_of_the_letter_needs_the_other_sides_yes(offered):
    call = PeerToPeer.objects.get()
    until = call.window_ends_on
    given = {"actor": offered.who, "call": call, "at": moment("2026-04-01")}
    after = moment((until + timedelta(days=1)).isoformat(), 9)
    with pytest.raises(Refused) as caught:
        schedule_call(**given, scheduled_at=after)
    assert [(r.code, r.field) for r in caught.value.reasons] == [("after_window", "after_window")]
    assert f"until {until:%B} {until.day}, {until.year}" in caught.value.reasons[0].message
    last_hour = moment(until.isoformat(), 23)
    assert schedule_call(**given, scheduled_at=last_hour).status == "scheduled"
    assert schedule_call(**given, scheduled_at=after, after_window=True).scheduled_at == after
    miss_call(actor=offered.who, call=call, reason="Nobody called.", at=moment("2026-04-02"))
    with pytest.raises(WrongState):
        schedule_call(**given, scheduled_at=after)


def test_the_day_of_a_call_is_the_day_where_the_patient_is(offered):
    """An hour before midnight in New York the next day has begun in UTC; the call is still the day before the notice."""
    notice = PeerToPeer.objects.get().denial.notice_on
    evening = moment((notice - timedelta(days=1)).isoformat(), 23).astimezone(UTC)
    assert evening.date() == notice
    with pytest.raises(Refused) as caught:
        hold(offered, "overturned", held_at=evening)
    assert codes(caught) == ["held_before_denial"]


def test_a_call_is_scheduled_moved_and_missed(offered):
    call = PeerToPeer.objects.get()
    schedule_call(
        actor=offered.cast.clara, call=call, scheduled_at=moment("2026-04-03"), at=moment("2026-04-01")
    )
    schedule_call(
        actor=offered.cast.clara, call=call, scheduled_at=moment("2026-04-06"), at=moment("2026-04-02")
    )
    assert offered.fresh().stage == "peer_to_peer"
    with pytest.raises(Refused) as caught:
        miss_call(actor=offered.cast.clara, call=call, reason="", at=moment("2026-04-06", 16))
    assert codes(caught) == ["reason_missing"]
    miss_call(actor=offered.cast.clara, call=call, reason="Nobody called.", at=moment("2026-04-06", 16))
    assert PeerToPeer.objects.get().status == "missed"
    assert Deadline.objects.get(clock="peer_to_peer").status == "missed"
    with pytest.raises(WrongState):
        hold(offered, "overturned")


# -- two people at once -------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_two_people_deciding_at_once_the_second_is_told(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    with transaction.atomic():
        cast = assemble()
        with scoped_to(cast.harbor.pk, actor=cast.nora.key, actor_label=cast.nora.label):
            climb = Climb(cast, cast.case)
            climb.consent()
            climb.answer(ERISA | {"levels": "1"})
            climb.ask()
            climb.refuse()
            climb.file(1, "2026-04-10")
            level, items = climb.level(1), climb.items
    start, answers = threading.Barrier(2), []

    def decide(actor, outcome):
        try:
            start.wait(10)
            with scoped_to(cast.harbor.pk, actor=actor.key, actor_label=actor.label), transaction.atomic():
                decide_appeal(
                    actor=actor,
                    appeal=Appeal.objects.get(pk=level.pk),
                    decided_at=moment("2026-04-24"),
                    notice_on=date(2026, 4, 24),
                    outcomes={i.public_id: outcome for i in items},
                    at=moment("2026-04-27"),
                )
            answers.append("decided")
        except WrongState as problem:
            answers.append(type(problem).__name__)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=decide, args=(actor, outcome))
        for actor, outcome in ((cast.nora, "upheld"), (cast.nils, "overturned"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == ["WrongState", "decided"]
    with transaction.atomic(), scoped_to(cast.harbor.pk):
        assert Decision.objects.count() == 1
        assert len({o.outcome for o in ItemOutcome.objects.all()}) == 1


# -- closing ------------------------------------------------------------------------------------------------


def obstacles(climb: Climb) -> list[str]:
    return [r.code for r in open_contest_of(climb.fresh())]


def test_closing_is_refused_at_every_stage_until_nothing_is_open(climb):
    assert open_contest_of in obstacles_to_closing
    assert obstacles(climb) == []
    climb.answer(ERISA | {"levels": "1"})
    climb.ask(received=None)
    assert obstacles(climb) == ["request_drafted"]
    climb.ask()
    assert obstacles(climb) == ["request_drafted", "request_undecided"]
    climb.refuse(confirmed=None)
    assert obstacles(climb) == ["request_drafted", "request_undecided", "denial_unconfirmed"]


def test_closing_asks_for_outcomes_money_and_the_authorization(offered):
    schedule_call(
        actor=offered.who,
        call=PeerToPeer.objects.get(),
        scheduled_at=moment("2026-04-03"),
        at=moment("2026-04-01"),
    )
    assert obstacles(offered) == [
        "peer_to_peer_scheduled",
        "level_open",
        "item_without_outcome",
        "item_without_outcome",
        "money_at_stake_missing",
    ]
    hold(offered, "upheld")
    offered.file(1, "2026-04-10")
    assert obstacles(offered)[0] == "level_undecided"
    offered.decide(1, "2026-04-24", "2026-04-27", outcome="overturned")
    assert obstacles(offered) == [
        "money_at_stake_missing",
        "patient_savings_missing",
        "plan_dollars_missing",
        "authorization_missing",
    ]
    for kind in ("at_stake", "patient_savings", "plan_dollars"):
        record_cost(
            actor=offered.who,
            case=offered.case,
            kind=kind,
            amount=Decimal(100),
            certainty="estimate",
            basis="price list",
            at=moment("2026-04-28"),
        )
    assert obstacles(offered) == ["authorization_missing"]
