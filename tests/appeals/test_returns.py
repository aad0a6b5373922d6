"""A decided level opens again: the level above sends the case back, a court does, or the decision maker reopens it. What was
decided stays; the clocks that stand go on; a time to decide runs only where a rule gives one after a remand."""

from __future__ import annotations

import pytest

from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, Refused, WrongState
from appeals.closing import open_contest_of
from appeals.commands.decisions import decide_appeal, return_level
from appeals.commands.levels import receive_appeal
from appeals.models import Appeal, Deadline, ItemOutcome
from appeals.queries.history import load_history
from appeals.queries.in_question import items_in_question
from appeals.queries.ladder import decision_of
from tests.appeals.climbing import ERISA, codes, day, moment
from tests.appeals.visiting import address, own_statements, words
from tests.standing import prepared

pytest_plugins = ("tests.appeals.climbing",)


@prepared
def at_council(climb):
    """Medicare Advantage, before the Council: the judge upheld the refusal of both items."""
    climb.to_the_council()
    return climb


@prepared
def decided(climb):
    """A self-funded plan upheld its refusal; external review stands open."""
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-24", "2026-04-27")
    return climb


def levels(climb):
    rows = Appeal.objects.filter(case=climb.case).order_by("turn", "position")
    return [(a.turn, a.position, a.level, a.status) for a in rows]


def again(climb):
    return Appeal.objects.get(case=climb.case, status__in=["returned", "received"], turn__gt=1)


def reopen(climb, level, **more):
    return return_level(
        actor=climb.who,
        appeal=level,
        **{
            "why": "reopening",
            "returned_at": moment("2026-05-11"),
            "note": "Notice of reopening of May 11: a record had been overlooked.",
            "at": moment("2026-05-12"),
        }
        | more,
    )


def decide(climb, level, notice, outcome):
    return decide_appeal(
        actor=climb.who,
        appeal=level,
        decided_at=moment(notice),
        notice_on=day(notice),
        outcomes={i.public_id: outcome for i in climb.items},
        at=moment(notice, 16),
    )


def test_the_council_sends_the_case_back_and_the_hearing_opens_a_second_time(at_council):
    at_council.decide(4, "2026-11-02", "2026-11-05", outcome="remanded")
    assert levels(at_council) == [
        (1, 1, "plan_reconsideration", "decided"),
        (1, 2, "ire_reconsideration", "decided"),
        (1, 3, "alj_hearing", "decided"),
        (1, 4, "council_review", "decided"),
        (2, 3, "alj_hearing", "returned"),
    ]
    level = again(at_council)
    first = Appeal.objects.get(position=3, turn=1)
    assert (level.reopens, level.returned_why, level.returned_at) == (first, "remand", moment("2026-11-02"))
    assert load_history(at_council.case).rung(level).title == (
        "Hearing before an administrative law judge (OMHA), opened again"
    )
    # No court yet, and nobody is called late before it is known when the judge had the case again.
    assert at_council.tasks() == ["no_arrival:3"]
    assert Event.objects.get(verb="level_returned").data["why"] == "remand"


def test_the_judge_has_ninety_days_from_the_receipt_of_the_remand(at_council):
    at_council.decide(4, "2026-11-02", "2026-11-05", outcome="remanded")
    level = again(at_council)
    with pytest.raises(Refused) as early:
        receive_appeal(
            actor=at_council.who, appeal=level, received_at=moment("2026-11-01"), at=moment("2026-11-10")
        )
    assert codes(early) == ["received_before_filed"]
    receive_appeal(
        actor=at_council.who, appeal=level, received_at=moment("2026-11-09"), at=moment("2026-11-10")
    )
    row = Deadline.objects.get(appeal=level, clock="decision")
    # 42 CFR 405.1016(b)(2): 21 days are left of November, 31 of December, 31 of January: day 90 is February 7.
    assert (row.due_on.isoformat(), row.citation, row.confidence) == (
        "2027-02-07",
        "42 CFR 405.1016(b)(2)",
        "uncertain",
    )
    assert not Deadline.objects.filter(appeal=level).exclude(clock="decision").exists()


def test_what_was_decided_keeps_its_row_its_outcomes_and_its_clocks(at_council):
    kept = Deadline.objects.filter(appeal__position__lt=4).order_by("id")
    before = list(kept.values_list("id", "clock", "due_on", "status"))
    at_council.decide(4, "2026-11-02", "2026-11-05", outcome="remanded")
    assert list(kept.filter(appeal__turn=1).values_list("id", "clock", "due_on", "status")) == before
    outcomes = ItemOutcome.objects.filter(decision__appeal__position=3)
    assert set(outcomes.values_list("outcome", flat=True)) == {"upheld"}


def test_after_the_second_decision_the_ladder_goes_on_with_a_window_of_its_own(at_council):
    at_council.decide(4, "2026-11-02", "2026-11-05", outcome="remanded")
    level = again(at_council)
    receive_appeal(
        actor=at_council.who, appeal=level, received_at=moment("2026-11-09"), at=moment("2026-11-10")
    )
    decide(at_council, level, "2027-01-11", "upheld")
    assert levels(at_council)[-2:] == [
        (2, 3, "alj_hearing", "decided"),
        (2, 4, "council_review", "open"),
    ]
    row = Deadline.objects.get(appeal__turn=2, appeal__position=4, clock="filing")
    # 42 CFR 405.1102(a), by the presumption: 60 days after January 16.
    assert row.statutory_on.isoformat() == "2027-03-17"


def test_of_two_items_one_goes_up_and_one_goes_back(at_council):
    drug, infusion = at_council.items
    named = {drug.public_id: "upheld", infusion.public_id: "remanded"}
    at_council.decide(4, "2026-11-02", "2026-11-05", outcomes=named)
    history = load_history(at_council.case)
    assert items_in_question(history, again(at_council)) == {infusion.pk}
    # Above the Council stands the court for the item that stayed refused.
    assert "consider_court:4" in at_council.tasks()


def test_the_first_level_has_nothing_below_it(climb):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    with pytest.raises(Refused) as nothing:
        climb.decide(1, "2026-04-24", "2026-04-27", outcome="remanded")
    assert codes(nothing) == ["nothing_below"]


def test_a_reopened_level_stands_beside_the_window_that_runs(decided):
    window = decided.row("filing", 2)
    made = reopen(decided, decided.level(1))
    assert levels(decided) == [
        (1, 1, "internal_appeal_1", "decided"),
        (1, 2, "external_review", "open"),
        (2, 1, "internal_appeal_1", "returned"),
    ]
    window.refresh_from_db()
    assert (window.status, made.returned_note[:22]) == ("running", "Notice of reopening of")
    # No rule gives a plan a time for what it reopens: nobody is called late by the rule of another case.
    due = decision_of(load_history(decided.case), made)
    assert (due.due, due.error.code) == (None, "no_time_after_return")
    assert [r.code for r in open_contest_of(decided.fresh())].count("level_undecided") == 1


def test_a_level_opens_again_once_with_a_reason_a_moment_and_by_whoever_decides(decided):
    first = decided.level(1)
    with pytest.raises(Refused) as nothing:
        reopen(decided, first, why="", returned_at=None, note=" ")
    assert codes(nothing) == ["why_missing", "note_missing", "moment_missing"]
    with pytest.raises(Refused) as wrong:
        reopen(decided, first, returned_at=moment("2026-04-20"), received_at=moment("2026-04-19"))
    assert codes(wrong) == ["returned_before_decided", "received_before_returned"]
    with pytest.raises(WrongState):
        reopen(decided, decided.level(2))
    with pytest.raises(NotAllowed):
        return_level(
            actor=decided.cast.clara,
            appeal=first,
            why="court",
            returned_at=moment("2026-05-11"),
            note="Order.",
            at=moment("2026-05-12"),
        )
    reopen(decided, first)
    with pytest.raises(Refused) as twice:
        reopen(decided, first)
    assert codes(twice) == ["open_again_already"]


def test_a_reopened_refusal_that_falls_is_won_and_the_earlier_decision_stays(decided):
    made = reopen(decided, decided.level(1), received_at=moment("2026-05-11", 15))
    assert made.status == "received"
    decide(decided, made, "2026-05-20", "overturned")
    said = (
        ItemOutcome.objects.order_by("decided_at").values_list("decision__appeal__turn", "outcome").distinct()
    )
    assert list(said) == [(1, "upheld"), (2, "overturned")]
    assert levels(decided)[-1] == (2, 1, "internal_appeal_1", "decided")


# -- on screen ---------------------------------------------------------------------------------------------


def test_a_navigator_records_it_on_the_page_of_the_decided_level(decided, sign_in):
    nora, first = sign_in("nora"), decided.level(1)
    place, new = address("level", decided.case, first), address("level_return", decided.case, first)
    assert f'href="{new}"' in nora.get(place).content.decode()
    assert "a window that runs goes on running" in words(nora.get(new))
    wrong = nora.post(new, {"why": "court", "note": ""})
    assert wrong.status_code == 422
    answer = nora.post(
        new, {"why": "court", "returned_at": "2026-05-11T10:00", "note": "Order of May 11: look at it anew."}
    )
    made = Appeal.objects.get(turn=2)
    assert (answer.status_code, answer.url) == (302, address("level", decided.case, made))
    shown = words(nora.get(answer.url))
    assert ", opened again" in shown and "A court sent it back for a new decision" in shown
    assert "Order of May 11: look at it anew." in shown
    assert f'href="{address("level", decided.case, made)}"' in nora.get(place).content.decode()
    assert len(own_statements(nora, answer.url)) <= 12
    assert "opened again" in words(nora.get(address("case", decided.case)))


def test_sent_back_is_offered_where_a_level_stands_below(at_council, sign_in):
    nora = sign_in("nora")
    page = nora.get(address("level_decide", at_council.case, at_council.level(4)))
    assert "Sent back for a new decision" in words(page)
