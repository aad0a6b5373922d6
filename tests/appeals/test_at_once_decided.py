"""An external review stands beside an internal appeal, and one of the two is decided first: what that does to the other, by whose
step, and what the pages say.

45 CFR 147.136(d)(2)(iv), 29 CFR 2590.715-2719(d)(2)(iv): what the reviewer decides binds the plan, which may still pay.
"""

from __future__ import annotations

import pytest

from advocacy.audit.models import Event
from advocacy.errors import Refused, WrongState
from advocacy.reporting.populations import POPULATIONS
from appeals.closing import open_contest_of
from appeals.commands.answers import record_answer
from appeals.commands.deadlines import check_projection
from appeals.commands.decisions import deem_decided
from appeals.commands.levels import (
    decline_level,
)
from appeals.models import Appeal, Deadline
from appeals.queries.clocks import day_at
from appeals.queries.history import load_history
from appeals.queries.in_question import items_in_question
from appeals.queries.standing import current_level
from tests.appeals.beside import OSEI, open_beside, refused, urge, withdraw
from tests.appeals.climbing import (
    ERISA,
    codes,
    day,
    moment,
)
from tests.appeals.visiting import address, own_statements, words

pytest_plugins = ("tests.appeals.climbing", "tests.appeals.beside")

# -- the internal appeal is decided first --------------------------------------------------------------------


def test_when_the_plan_gives_way_the_review_is_settled_and_a_person_withdraws_it(both_filed):
    both_filed.decide(1, "2026-04-04", "2026-04-06", outcome="overturned")
    review = both_filed.level(2)
    assert (review.status, review.settled_by) == ("filed", both_filed.level(1))
    assert items_in_question(load_history(both_filed.case), review) == frozenset()
    assert current_level(list(Appeal.objects.order_by("id"))) == review
    told = next(r for r in open_contest_of(both_filed.fresh()) if r.code == "level_undecided")
    assert "nothing left to decide" in told.message
    withdraw(both_filed, 2)
    assert both_filed.positions == [(1, "internal_appeal_1", "decided"), (2, "external_review", "withdrawn")]


def test_what_is_settled_and_not_filed_does_not_go_out(urgent):
    open_beside(urgent)
    urgent.file(1, "2026-04-02")
    urgent.decide(1, "2026-04-04", "2026-04-06", outcome="overturned")
    with pytest.raises(Refused) as moot:
        urgent.file(2, "2026-04-07")
    assert "settled_beside" in codes(moot)


def test_when_the_plan_upholds_the_review_that_was_filed_goes_on_and_no_second_one_opens(both_filed):
    window = both_filed.row("filing", 2)
    both_filed.decide(1, "2026-04-04", "2026-04-06")
    assert both_filed.positions == [(1, "internal_appeal_1", "decided"), (2, "external_review", "filed")]
    row = both_filed.row("filing", 2)
    assert (row.pk, row.status, row.statutory_on) == (window.pk, "met", window.statutory_on)
    assert (both_filed.level(2).settled_by, both_filed.row("decision", 2).status) == (None, "running")


def test_not_filed_its_window_counts_from_the_final_notice(urgent):
    open_beside(urgent)
    urgent.file(1, "2026-04-02")
    urgent.decide(1, "2026-04-04", "2026-04-06")
    assert (urgent.level(2).previous, urgent.level(2).stands_at_once) == (urgent.level(1), False)
    # Four months after April 6: August 6, a Thursday.
    assert urgent.row("filing", 2).statutory_on == day("2026-08-06")
    urgent.file(2, "2026-04-08")
    assert {e.verb for e in Event.objects.filter(verb__startswith="level_")} == {
        "level_opened",
        "level_opened_at_once",
        "level_goes_on",
    }


def test_silence_of_the_plan_does_not_open_a_second_one_either(both_filed):
    deem_decided(actor=both_filed.who, appeal=both_filed.level(1), at=moment("2026-04-06", 9))
    assert both_filed.positions == [(1, "internal_appeal_1", "decided"), (2, "external_review", "filed")]


def test_of_two_items_the_review_goes_on_with_the_one_that_stays_refused(both_filed):
    drug, infusion = both_filed.items
    named = {drug.public_id: "overturned", infusion.public_id: "upheld"}
    both_filed.decide(1, "2026-04-04", "2026-04-06", outcomes=named)
    assert items_in_question(load_history(both_filed.case), both_filed.level(2)) == {infusion.pk}
    both_filed.decide(2, "2026-04-06", "2026-04-07", outcomes={infusion.public_id: "overturned"})
    assert "level_undecided" not in [r.code for r in open_contest_of(both_filed.fresh())]


def test_under_two_levels_the_second_opens_and_the_review_stands_beside_both(climb):
    refused(climb, ERISA | {"levels": "2"})
    urge(climb)
    open_beside(climb)
    climb.file(1, "2026-04-02")
    climb.file(3, "2026-04-02")
    climb.decide(1, "2026-04-04", "2026-04-06")
    assert climb.positions == [
        (1, "internal_appeal_1", "decided"),
        (2, "internal_appeal_2", "open"),
        (3, "external_review", "filed"),
    ]
    climb.decide(3, "2026-04-05", "2026-04-06", outcome="overturned")
    assert climb.level(2).settled_by == climb.level(3)


def test_a_review_that_was_given_up_may_be_asked_for_again_after_the_decision(both_filed):
    withdraw(both_filed, 2, at="2026-04-03")
    both_filed.decide(1, "2026-04-04", "2026-04-06")
    rows = Appeal.objects.filter(position=2).order_by("id")
    assert [(a.status, a.beside_id is None) for a in rows] == [("withdrawn", False), ("open", True)]


# -- the reviewer decides first ------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["overturned", "upheld"])
def test_the_reviewer_binds_the_plan_and_the_appeal_is_ended_by_a_person(both_filed, outcome):
    both_filed.decide(2, "2026-04-04", "2026-04-06", outcome=outcome)
    appeal = both_filed.level(1)
    assert (appeal.status, appeal.settled_by) == ("filed", both_filed.level(2))
    assert Event.objects.filter(verb="level_settled").count() == 1
    withdraw(both_filed, 1)
    assert both_filed.positions == [(1, "internal_appeal_1", "withdrawn"), (2, "external_review", "decided")]
    assert ("consider_court:2" in both_filed.tasks()) == (outcome == "upheld")


def test_the_plan_does_not_uphold_what_the_reviewer_overturned_and_may_still_pay_what_he_left(both_filed):
    drug, infusion = both_filed.items
    named = {drug.public_id: "overturned", infusion.public_id: "upheld"}
    both_filed.decide(2, "2026-04-04", "2026-04-06", outcomes=named)
    with pytest.raises(Refused) as bound:
        both_filed.decide(1, "2026-04-05", "2026-04-07")
    assert codes(bound) == ["bound_by_review"]
    both_filed.decide(
        1,
        "2026-04-05",
        "2026-04-07",
        outcomes={drug.public_id: "moot", infusion.public_id: "overturned"},
    )


# -- what is kept ------------------------------------------------------------------------------------------


def test_the_stored_dates_are_what_the_clocks_compute(both_filed):
    assert check_projection(both_filed.fresh(), moment("2026-04-03")) == ()
    both_filed.decide(1, "2026-04-04", "2026-04-06")
    assert check_projection(both_filed.fresh(), moment("2026-04-06", 17)) == ()


def test_a_denial_counts_once_among_those_that_were_appealed(both_filed):
    (rows,) = POPULATIONS["filings"].rows(day_at(moment("2026-11-23"), "America/New_York"))
    told = {row.f_stage: (row.f_first, row.f_external) for row in rows}
    assert told == {"internal_appeal_1": ("filed", ""), "external_review": ("", "filed")}


def test_an_answer_that_adds_a_level_moves_the_review_up_with_its_clocks(urgent):
    open_beside(urgent)
    before = urgent.row("filing", 2).pk
    record_answer(
        actor=urgent.who,
        case=urgent.case,
        question="levels",
        value="2",
        source="card",
        at=moment("2026-04-01", 11),
    )
    levels = Appeal.objects.order_by("id").values_list("position", "level")
    assert list(levels) == [(1, "internal_appeal_1"), (3, "external_review")]
    assert Deadline.objects.get(pk=before).status == "running"


# -- on screen ---------------------------------------------------------------------------------------------


def test_a_navigator_opens_it_on_the_page_of_the_appeal(urgent, sign_in):
    nora, level = sign_in("nora"), urgent.level(1)
    place, new = address("level", urgent.case, level), address("level_at_once", urgent.case, level)
    assert f'href="{new}"' in nora.get(place).content.decode()
    page = nora.get(new)
    assert "29 CFR 2590.715-2719(d)(3)(i)(A)" in words(page)
    assert "Ask the plan or the reviewer to confirm" in words(page)
    assert len(own_statements(nora, new)) <= 12
    assert nora.post(new, {"basis": "urgent", "said_by": "", "said_on": ""}).status_code == 422
    answer = nora.post(
        new, {"basis": "urgent", "said_by": OSEI, "said_on": "2026-04-01", "note": "The dose is due."}
    )
    made = Appeal.objects.get(position=2)
    assert (answer.status_code, answer.url) == (302, address("level", urgent.case, made))
    shown = words(nora.get(answer.url))
    assert "Opened beside" in shown and OSEI in shown and "The dose is due." in shown
    assert "is asked for first, or at the same minute" in shown
    assert len(own_statements(nora, answer.url)) <= 12
    again = words(nora.get(new))
    assert "is open beside this level already" in again
    ladder = words(nora.get(address("case", urgent.case)))
    assert "Expedited. Beside: Internal appeal, first level" in ladder


def test_where_it_is_not_possible_yet_the_page_says_what_would_allow_it(climb, sign_in):
    refused(climb, ERISA | {"levels": "1"})
    new = address("level_at_once", climb.case, climb.level(1))
    nora = sign_in("nora")
    answer = nora.post(new, {"basis": "urgent", "said_by": OSEI, "said_on": "2026-04-01"})
    assert (answer.status_code, "Ask for an expedited decision first" in words(answer)) == (422, True)


def test_after_the_decision_the_proposed_action_leads_to_what_is_settled(both_filed, sign_in):
    both_filed.decide(1, "2026-04-04", "2026-04-06", outcome="overturned")
    nora, review = sign_in("nora"), both_filed.level(2)
    case = nora.get(address("case", both_filed.case))
    assert "End the level that the other decision settled" in words(case)
    page = nora.get(address("level", both_filed.case, review))
    assert "Nothing is left to decide here" in words(page)
    # Nobody is called late for what is moot.
    assert both_filed.row("decision", 2).status == "ended"
    assert "The time to decide has passed" not in words(page)
    end = f"{address('level', both_filed.case, review)}end/withdraw/"
    assert "Moot: Internal appeal, first level was decided first" in words(nora.get(end))
    done = nora.post(end, {"reason": "Moot: the plan gave way on April 4."})
    assert (done.status_code, both_filed.level(2).status) == (302, "withdrawn")


def test_a_level_that_is_given_up_before_it_went_out_leaves_nothing_behind(urgent):
    made = open_beside(urgent)
    withdraw(urgent, 2, at="2026-04-02")
    with pytest.raises(WrongState):
        decline_level(actor=urgent.who, appeal=made, reason="Twice.", at=moment("2026-04-03"))
    assert urgent.positions == [(1, "internal_appeal_1", "open"), (2, "external_review", "withdrawn")]
