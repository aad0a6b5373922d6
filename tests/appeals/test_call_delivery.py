"""What was won in a peer-to-peer: no rule known here gives the plan a time to carry it out, so the page says so, a task follows
it up, and what was delivered is recorded as after a decision.

42 CFR 422.618, 423.636 and 438.424 speak of what an appeal reversed; none of a call before it.
"""

from __future__ import annotations

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, Refused, WrongState
from appeals.commands.effectuations import record_call_delivery, void_effectuation
from appeals.commands.peer_to_peers import hold_call
from appeals.commands.requests import AuthorizationInput, record_authorization
from appeals.models import Deadline, Effectuation, PeerToPeer
from cases.models import Task
from tests.appeals.climbing import MEDICARE_ADVANTAGE, codes, moment
from tests.appeals.visiting import address, own_statements, words
from tests.standing import prepared

pytest_plugins = ("tests.appeals.climbing",)


@prepared
def offered(climb):
    """A Medicare Advantage plan refused two items; its letter offers a call."""
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask()
    climb.refuse(peer_to_peer_until=date(2026, 4, 7))
    return climb


@prepared
def won(offered):
    """The plan gave way on both on April 2, 2026, at two in the afternoon."""
    hold(offered, "overturned")
    return offered


def hold(climb, outcome, **items):
    return hold_call(
        actor=climb.cast.clara,
        call=PeerToPeer.objects.get(),
        held_at=moment("2026-04-02"),
        reviewer="Dr. Payne",
        outcome=outcome,
        item_outcomes=items,
        at=moment("2026-04-02", 15),
    )


def deliver(climb, **more):
    return record_call_delivery(
        **{
            "actor": climb.who,
            "call": PeerToPeer.objects.get(),
            "items": [i.public_id for i in climb.items],
            "kind": "authorized",
            "done_at": moment("2026-04-06"),
            "at": moment("2026-04-07"),
        }
        | more
    )


def follow_up():
    return Task.objects.filter(code__startswith="won_in_call:").values_list("status", flat=True)


def test_a_call_that_wins_starts_no_clock_and_asks_somebody_to_follow_it_up(won):
    assert not Deadline.objects.filter(clock="effectuation").exists()
    task = Task.objects.get(code=f"won_in_call:{PeerToPeer.objects.get().pk}")
    assert (task.title, task.due_on) == ("Follow up what was won in the peer-to-peer", date(2026, 4, 7))


def test_a_call_that_loses_asks_nothing(offered):
    hold(offered, "upheld")
    assert list(follow_up()) == []
    with pytest.raises(WrongState):
        deliver(offered)


def test_what_is_delivered_ends_the_task_item_by_item_and_what_was_wrong_opens_it_again(won):
    one, two = won.items
    deliver(won, items=[one.public_id], kind="paid")
    assert list(follow_up()) == ["open"]
    (row,) = deliver(won, items=[two.public_id], note="Number 4711.")
    assert list(follow_up()) == ["cancelled"]
    assert Event.objects.filter(verb="effectuation_recorded").count() == 2
    void_effectuation(actor=won.who, effectuation=row, reason="Another claim.", at=moment("2026-04-08"))
    assert list(follow_up().order_by("id")) == ["cancelled", "open"]


def test_an_authorization_carries_out_what_was_won_in_a_call(won):
    record_authorization(
        actor=won.who,
        request=won.request,
        given=AuthorizationInput("A-9", 6, None, date(2026, 4, 6), date(2026, 10, 6)),
        at=moment("2026-04-07"),
    )
    rows = Effectuation.objects.values_list("appeal_id", "kind", "peer_to_peer__outcome")
    assert list(rows) == [(None, "authorized", "overturned")] * 2
    assert list(follow_up()) == ["cancelled"]


def test_it_is_refused_with_every_reason_and_only_to_whoever_records_decisions(won):
    with pytest.raises(Refused) as early:
        deliver(won, items=[], kind="", done_at=moment("2026-04-01"))
    assert codes(early) == ["items_missing", "kind_missing", "before_decided"]
    with pytest.raises(NotAllowed):
        deliver(won, actor=won.cast.clara)
    deliver(won)
    with pytest.raises(Refused) as twice:
        deliver(won)
    assert codes(twice) == ["delivered_already", "delivered_already"]


def test_of_what_was_won_in_part_only_that_part_is_owed(offered):
    one, two = offered.items
    hold(offered, "partly", **{str(one.public_id): "overturned"})
    with pytest.raises(Refused) as other:
        deliver(offered, items=[two.public_id])
    assert codes(other) == ["item_unknown"]
    deliver(offered, items=[one.public_id])
    assert list(follow_up()) == ["cancelled"]


def test_the_database_holds_that_a_row_is_of_a_level_or_of_a_call(won):
    (row, _other) = deliver(won)
    for of in ({"appeal": won.level(1)}, {"peer_to_peer": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Effectuation.objects.filter(pk=row.pk).update(**of)


# -- on screen ---------------------------------------------------------------------------------------------


def test_the_page_says_that_no_time_is_known_and_keeps_what_was_delivered(won, sign_in):
    nora, call = sign_in("nora"), PeerToPeer.objects.get()
    there = address("call_delivery", won.case, call)
    assert f'href="{there}"' in nora.get(address("peer_to_peer", won.case, call)).content.decode()
    assert "Won, and not recorded as delivered." in words(nora.get(address("case", won.case)))
    assert "No time is known for the plan to carry this out" in words(nora.get(there))
    assert len(own_statements(nora, there)) <= 12
    assert nora.post(there, {"kind": "paid", "done_at": "2026-04-06T09:00"}).status_code == 422
    sent = {"kind": "paid", "done_at": "2026-04-06T09:00", "items": [str(i.public_id) for i in won.items]}
    answer = nora.post(there, sent | {"note": "Check 88."})
    assert (answer.status_code, answer.url) == (302, there)
    shown = words(nora.get(there))
    assert ("Not delivered yet" in shown, "Check 88." in shown) == (False, True)
    back = address("effectuation_void", won.case, Effectuation.objects.order_by("id")[0])
    answer = nora.post(back, {"reason": "It was another claim."})
    assert (answer.status_code, answer.url) == (302, there)
    assert "It was another claim." in words(nora.get(there))


def test_of_a_call_that_won_nothing_the_page_says_so(offered, sign_in):
    hold(offered, "upheld")
    nora = sign_in("nora")
    assert "Nothing was won in this call" in words(
        nora.get(address("call_delivery", offered.case, PeerToPeer.objects.get()))
    )
