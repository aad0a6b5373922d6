"""After the last decision the patient may ask, for a time, that it is taken up again. It is a date that is permitted: it is shown
with its rule, stands on no list, reminds nobody and keeps no case open.

42 CFR 405.980(c), (e), 422.616(a), 423.1980: a year for any reason and four for good cause of what a plan decided; 180 days of
what was decided above it.
"""

from __future__ import annotations

from datetime import date

import pytest

from appeals.commands.levels import decline_level
from appeals.models import Deadline, Decision
from appeals.queries.clocks import day_at
from appeals.queries.history import load_history
from appeals.queries.portal import status_page
from appeals.queries.portal_beyond import beyond_words
from appeals.queries.reopenings import last_words, reopenings
from appeals.queries.standing import workable
from appeals.regimes import book
from appeals.reopenings import reopening_windows
from cases.commands.cases import close_case
from cases.models import Case, Task
from tests.appeals.choosing import choose
from tests.appeals.climbing import ERISA, MEDICARE_ADVANTAGE, day, moment
from tests.appeals.visiting import address, days_ago, own_statements, words

pytest_plugins = ("tests.appeals.climbing",)

PLAN = ("42 CFR 422.616(a), 405.980(c)(1)", "42 CFR 422.616(a), 405.980(c)(2), 405.986")
ABOVE = "42 CFR 422.616(a), 405.980(e), 405.986"


def refused(climb, answers=MEDICARE_ADVANTAGE, **more):
    climb.answer(answers)
    climb.ask()
    climb.refuse(**more)
    return climb


def declined(climb, position=1, at="2026-04-02"):
    decision = Decision.objects.filter(appeal__position=position - 1).first()
    choose(climb.who, climb.denial, "not_to_appeal", decision=decision, agreed_on=day(at), at=moment(at))
    decline_level(
        actor=climb.who, appeal=climb.level(position), reason="She does not want to go on.", at=moment(at)
    )
    return climb


def close(climb, at):
    climb.stake(on=at)
    Task.objects.filter(case=climb.case, status="open").update(status="cancelled")
    close_case(actor=climb.who, case=climb.fresh(), outcome="not_covered", at=moment(at))


def shown(climb, on):
    cards = reopenings(load_history(climb.case), day_at(moment(on), "America/New_York"))
    return [(card.permissive_date, card.citation) for card in cards]


def upheld_above(climb):
    """The plan affirmed and sent the case on; the independent entity affirmed on May 20, 2026."""
    refused(climb)
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-24", "2026-04-27")
    climb.forward(2, "2026-04-28")
    climb.receive(2, "2026-04-30")
    climb.decide(2, "2026-05-20", "2026-05-22")
    return climb


def test_of_a_denial_that_nobody_went_on_with_a_year_for_any_reason_and_four_for_good_cause(climb):
    declined(refused(climb))
    # From March 24, 2026, the date of the notice.
    assert shown(climb, "2026-04-03") == [(day("2027-03-24"), PLAN[0]), (day("2030-03-24"), PLAN[1])]


@pytest.mark.parametrize(
    ("on", "left"), [("2027-03-24", 2), ("2027-03-25", 1), ("2030-03-24", 1), ("2030-03-25", 0)]
)
def test_each_goes_after_its_last_day(climb, on, left):
    declined(refused(climb))
    assert len(shown(climb, on)) == left


def test_while_a_level_is_open_there_is_none(climb):
    refused(climb)
    assert shown(climb, "2026-04-03") == []
    climb.file(1, "2026-04-10")
    assert shown(climb, "2026-04-11") == []


def test_of_what_was_decided_above_the_plan_180_days(climb):
    upheld_above(climb)
    assert shown(climb, "2026-05-23") == []
    declined(climb, 3, "2026-06-01")
    # May 21 is day 1; day 180 is November 16, 2026.
    assert shown(climb, "2026-06-02") == [(day("2026-11-16"), ABOVE)]
    assert [w.appeal for w in last_words(load_history(climb.case))] == [climb.level(2)]


def test_what_was_won_needs_none_and_what_was_won_in_part_has_them(climb):
    refused(climb)
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-24", "2026-04-27", outcome="overturned")
    assert shown(climb, "2026-04-28") == []


def test_other_coverage_has_none(climb):
    declined(refused(climb, ERISA | {"levels": "1"}))
    assert shown(climb, "2026-04-03") == []


@pytest.mark.parametrize(
    ("regime", "decider", "stages"),
    [
        ("medicare_part_d", "plan", ["medicare.reopening.any_reason", "medicare.reopening.good_cause"]),
        (
            "original_medicare",
            "contractor",
            ["medicare.reopening.any_reason", "medicare.reopening.good_cause"],
        ),
        ("medicare_part_d", "council", ["medicare.reopening.higher_level"]),
        ("original_medicare", "judge", ["medicare.reopening.higher_level"]),
        ("medicare_part_d", "court", []),
        ("unknown", "plan", []),
        ("nowhere", "plan", []),
    ],
)
def test_whose_decision_opens_which_window_is_rule_data(regime, decider, stages):
    found = reopening_windows(regime, decider, date(2026, 3, 2), subject="denial", subject_id=1)
    assert [due.rule for due in found] == stages


def test_every_stage_that_reopens_something_has_a_title():
    assert {
        stage.key for regime in book().regimes.values() for stage in regime.stages.values() if stage.reopens
    } == {"reopening_request", "reopening_request_good_cause", "reopening_request_higher_level"}


def test_it_is_no_date_of_any_list_and_keeps_no_case_open(climb):
    declined(refused(climb))
    assert list(Deadline.objects.filter(status="running", appeal__isnull=False)) == []
    assert not Deadline.objects.filter(clock="reopening").exists()
    close(climb, "2026-04-03")


# -- on screen ---------------------------------------------------------------------------------------------


def test_the_case_shows_it_with_why_and_no_longer_when_it_is_closed(climb, sign_in):
    refused(climb, notice=days_ago(30), received=days_ago(28), confirmed=days_ago(27))
    declined(climb, at=days_ago(20))
    nora, there = sign_in("nora"), address("case", climb.case)
    text = words(nora.get(there))
    assert "A reopening may be asked for, for any reason" in text
    assert "No date to keep" in text and "Can be argued until" in text
    assert (PLAN[0] in text, "Why this date" in text, "a refusal to reopen cannot be appealed" in text) == (
        True,
    ) * 3
    assert len(own_statements(nora, there)) <= 12
    close(climb, days_ago(10))
    assert "A reopening may be asked for" not in words(nora.get(there))


def test_the_level_that_was_decided_last_shows_it(climb, sign_in):
    refused(climb)
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-24", "2026-04-27")
    climb.forward(2, "2026-04-28")
    climb.receive(2, "2026-04-30")
    climb.decide(2, days_ago(30), days_ago(28))
    declined(climb, 3, days_ago(20))
    nora = sign_in("nora")
    assert ABOVE in words(nora.get(address("level", climb.case, climb.level(2))))
    assert ABOVE not in words(nora.get(address("level", climb.case, climb.level(1))))


def test_the_portal_says_until_when_they_may_be_asked_to_look_again_and_keeps_the_first_window(climb):
    """For any reason while that window runs, then for good cause; nothing when the case is closed."""
    declined(refused(climb))
    history = load_history(climb.fresh())

    def told(on, helped=""):
        return beyond_words(history, day_at(moment(on), "America/New_York"), helped)

    assert [told("2027-03-24"), told("2027-03-25"), told("2030-03-25")] == [
        ("They may look at this answer again if you ask by Wednesday, March 24. You do not have to.",),
        (
            "They may look at this answer again if there is new proof or a clear mistake. Ask by Sunday, March 24, 2030. You do"
            " not have to.",
        ),
        (),
    ]
    assert told("2027-03-24", "Dana") == (
        "They may look at this answer again if they are asked by Wednesday, March 24. Nobody has to ask.",
    )
    close(climb, "2026-04-03")
    assert status_page(portal_row(climb), moment("2026-04-04")).beyond == ()


def portal_row(climb):
    return (
        Case.objects.select_related("patient", "coverage")
        .annotate(is_workable=workable(climb.who))
        .get(pk=climb.case.pk)
    )
