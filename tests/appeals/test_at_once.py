"""An expedited external review stands beside an expedited internal appeal: who may open it, what it needs, its clocks, and what
the decision of the one does to the other.

29 CFR 2590.715-2719(d)(3)(i)(A), 45 CFR 147.136(d)(3)(i)(A) (the federal process); 45 CFR 147.136(c)(2)(iii) (the states' own,
and a waiver); (d)(2)(iv): what the reviewer decides binds the plan.
"""

from __future__ import annotations

import io

import pytest
from django.db import IntegrityError, transaction

from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, NotFound, Refused, WrongState
from advocacy.tenancy.scope import scoped_to
from appeals.closing import open_contest_of
from appeals.commands.answers import record_answer
from appeals.commands.at_once import open_at_once
from appeals.commands.deadlines import check_projection
from appeals.commands.decisions import deem_decided
from appeals.commands.levels import (
    decline_level,
    set_exhibits,
    set_expedited,
    start_draft,
    withdraw_appeal,
)
from appeals.models import Appeal, Deadline
from appeals.queries.beside import opened_by
from appeals.queries.history import load_history
from appeals.queries.in_question import items_in_question
from appeals.queries.level_page import get_level
from appeals.queries.standing import current_level
from appeals.sample_letters import text_as_pdf
from cases.commands.documents import upload_document
from tests.appeals.climbing import (
    ERISA,
    INDIVIDUAL,
    INSURED,
    MEDICAID,
    MEDICARE_ADVANTAGE,
    codes,
    day,
    moment,
)
from tests.appeals.visiting import address, own_statements, words
from tests.standing import prepared

pytest_plugins = ("tests.appeals.climbing",)

OSEI = "Dr. Osei, psychiatry"
WHY = "Dr. Osei certifies that waiting could cost the patient's life."


def refused(climb, answers):
    climb.answer(answers)
    climb.ask()
    climb.refuse()
    return climb


def urge(climb, position=1):
    set_expedited(
        actor=climb.who,
        appeal=climb.level(position),
        is_expedited=True,
        reason=WHY,
        at=moment("2026-04-01", 9),
    )


def open_beside(climb, position=1, **more):
    return open_at_once(
        actor=climb.who,
        appeal=climb.level(position),
        **{
            "basis": "urgent",
            "said_by": OSEI,
            "said_on": day("2026-04-01"),
            "at": moment("2026-04-01", 10),
        }
        | more,
    )


@prepared
def urgent(climb):
    """A self-funded plan with one internal level refused both items; the appeal is an expedited one, and not filed yet."""
    refused(climb, ERISA | {"levels": "1"})
    urge(climb)
    return climb


@prepared
def both_filed(urgent):
    """Beside it stands the external review; both went out by fax at two on April 2."""
    open_beside(urgent)
    urgent.file(1, "2026-04-02")
    urgent.file(2, "2026-04-02")
    return urgent


def withdraw(climb, position, at="2026-04-06", reason="Moot."):
    return withdraw_appeal(actor=climb.who, appeal=climb.level(position), reason=reason, at=moment(at))


# -- it opens ----------------------------------------------------------------------------------------------


def test_the_external_review_opens_beside_the_open_appeal_and_answers_the_same_denial(urgent):
    made = open_beside(urgent, note="The next dose is due on Friday.")
    assert urgent.positions == [(1, "internal_appeal_1", "open"), (2, "external_review", "open")]
    assert (made.beside, made.previous, made.is_expedited, made.beside_by) == (
        urgent.level(1),
        None,
        True,
        OSEI,
    )
    # Four months after March 27, when the denial was received: July 27, a Monday. 45 CFR 147.136(d)(2)(i).
    assert urgent.row("filing", 2).statutory_on == day("2026-07-27")
    said = Event.objects.get(verb="level_opened_at_once").data
    assert (said["basis"], said["level"], said["beside"]) == ("urgent", "external_review", urgent.level(1).pk)


def test_each_has_its_own_clock_of_whoever_decides(both_filed):
    assert (both_filed.row("decision", 1).due_at, both_filed.row("decision", 1).side) == (
        moment("2026-04-05"),
        "payer",
    )
    assert (both_filed.row("decision", 2).due_at, both_filed.row("decision", 2).side) == (
        moment("2026-04-05"),
        "reviewer",
    )
    both_filed.receive(2, "2026-04-03")
    assert both_filed.row("decision", 2).due_at == moment("2026-04-06")
    assert both_filed.row("decision", 1).due_at == moment("2026-04-05")


@pytest.mark.parametrize(
    ("answers", "citation"),
    [
        (ERISA | {"levels": "2"}, "29 CFR 2590.715-2719(d)(3)(i)(A)"),
        (INSURED | {"levels": "1", "state_of_issue": "OH"}, "45 CFR 147.136(c)(2)(iii), (d)(3)(i)(A)"),
        (INDIVIDUAL | {"state_of_issue": "NY"}, "N.Y. Ins. Law 4904(b), 4914(b); 45 CFR 147.136(c)(2)(iii)"),
    ],
    ids=["erisa-two-levels", "insured-ohio", "individual-new-york"],
)
def test_so_it_is_for_plans_under_erisa_and_for_insured_ones(climb, answers, citation):
    refused(climb, answers)
    urge(climb)
    made = open_beside(climb)
    assert made.level == "external_review"
    (rule,) = opened_by(load_history(climb.case), made).rules
    assert citation in rule.citation


def test_michigan_ends_the_time_to_ask_after_ten_days(climb):
    refused(climb, INSURED | {"levels": "1", "state_of_issue": "MI"})
    urge(climb)
    open_beside(climb)
    # MCL 550.1913: ten days after March 27.
    row = climb.row("filing", 2)
    assert (row.statutory_on, row.citation) == (day("2026-04-06"), "MCL 550.1913")
    climb.file(1, "2026-04-02")
    climb.decide(1, "2026-04-03", "2026-04-06")
    # After the final notice the standard window runs: 120 days after April 6 (MCL 550.1911).
    assert climb.row("filing", 2).statutory_on == day("2026-08-04")


def test_california_counts_from_the_grievance_that_is_still_open(climb):
    refused(climb, INDIVIDUAL | {"state_of_issue": "CA"})
    urge(climb)
    open_beside(climb)
    assert not Deadline.objects.filter(appeal__position=2, clock="filing").exists()
    climb.file(1, "2026-04-02")
    # Health & Safety Code 1374.30(j)(3), (k): six months from the third day of the grievance, April 5; October 5 is a Monday.
    assert climb.row("filing", 2).statutory_on == day("2026-10-05")


def test_a_waiver_opens_it_beside_a_standard_appeal_and_then_it_waits_for_nothing(climb):
    refused(climb, ERISA | {"levels": "1"})
    made = open_beside(climb, basis="waived", said_by="Ms. Lund, appeals unit", note="Letter of March 31.")
    assert (made.beside_basis, made.is_expedited) == ("waived", False)
    climb.file(2, "2026-04-02")
    assert climb.positions == [(1, "internal_appeal_1", "open"), (2, "external_review", "filed")]
    withdraw(climb, 1)


# -- it is refused, with what would allow it ----------------------------------------------------------------


def test_not_beside_a_standard_appeal_nor_without_the_clinician(climb):
    refused(climb, ERISA | {"levels": "1"})
    with pytest.raises(Refused) as standard:
        open_beside(climb, said_by="  ")
    assert codes(standard) == ["not_expedited", "urgency_not_certified"]
    assert "Ask for an expedited decision first" in str(standard.value)
    with pytest.raises(Refused) as none:
        open_beside(climb, basis="")
    assert codes(none) == ["basis_missing"]
    with pytest.raises(Refused) as nobody:
        open_beside(climb, basis="waived", said_on=None)
    assert codes(nobody) == ["waiver_missing"]


def test_not_for_care_that_was_given_nor_by_a_day_to_come(climb):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask(timing="post_service")
    climb.refuse()
    with pytest.raises(Refused) as given:
        open_beside(climb, said_on=day("2026-04-02"))
    assert codes(given) == ["care_already_given", "not_expedited", "in_future"]


@pytest.mark.parametrize("answers", [MEDICARE_ADVANTAGE, MEDICAID], ids=["medicare-advantage", "medicaid"])
def test_not_where_no_rule_opens_a_level_beside_another(climb, answers):
    refused(climb, answers)
    urge(climb)
    with pytest.raises(Refused) as nothing:
        open_beside(climb)
    assert codes(nothing) == ["nothing_at_once"]
    assert "opens with its decision" in str(nothing.value)


def test_not_twice_and_the_database_holds_it(urgent):
    made = open_beside(urgent)
    with pytest.raises(Refused) as twice:
        open_beside(urgent)
    assert codes(twice) == ["open_already"]
    with pytest.raises(IntegrityError), transaction.atomic():
        Appeal.objects.create(
            case=urgent.case,
            denial=urgent.denial,
            regime=made.regime,
            level=made.level,
            position=2,
            opened_at=moment("2026-04-02"),
        )


def test_not_beside_a_level_that_has_ended(urgent):
    urgent.file(1, "2026-04-02")
    urgent.decide(1, "2026-04-04", "2026-04-06")
    with pytest.raises(WrongState):
        open_beside(urgent, at=moment("2026-04-07"))


def test_not_by_a_clinician_and_not_from_another_organization(urgent):
    with pytest.raises(NotAllowed):
        open_at_once(
            actor=urgent.cast.clara,
            appeal=urgent.level(1),
            basis="urgent",
            said_by=OSEI,
            said_on=day("2026-04-01"),
            at=moment("2026-04-01", 10),
        )
    level = urgent.level(1)
    with scoped_to(urgent.cast.meadow.pk), pytest.raises(NotFound):
        get_level(urgent.cast.mia, urgent.case, level.public_id)


# -- filing, and taking back --------------------------------------------------------------------------------


def test_the_internal_appeal_is_asked_for_first_or_at_the_same_minute(urgent):
    open_beside(urgent)
    with pytest.raises(Refused) as early:
        urgent.file(2, "2026-04-02")
    assert codes(early) == ["other_not_filed"]
    urgent.file(1, "2026-04-02")
    with pytest.raises(Refused) as before:
        urgent.file(2, "2026-04-02", filed_at=moment("2026-04-02", 13))
    assert codes(before) == ["other_not_filed"]
    urgent.file(2, "2026-04-02")
    assert [status for _, _, status in urgent.positions] == ["filed", "filed"]


def test_while_the_review_runs_the_appeal_is_not_taken_back_and_both_stay_urgent(both_filed):
    with pytest.raises(Refused) as stands:
        withdraw(both_filed, 1)
    assert codes(stands) == ["review_stands_on_it"]
    for position in (1, 2):
        with pytest.raises(Refused) as calm:
            set_expedited(
                actor=both_filed.who,
                appeal=both_filed.level(position),
                is_expedited=False,
                at=moment("2026-04-03"),
            )
        assert codes(calm) == ["urgent_at_once"]
    withdraw(both_filed, 2)
    withdraw(both_filed, 1)


def test_the_letter_of_the_review_says_why_it_does_not_wait_and_takes_the_exhibits_of_the_appeal(urgent):
    paper = upload_document(
        actor=urgent.who,
        case=urgent.case,
        kind="denial_letter",
        filename="denial.pdf",
        stream=io.BytesIO(text_as_pdf("We denied CPT 96365.")),
        at=moment("2026-04-01", 9),
    )
    version = paper.versions.get()
    set_exhibits(
        actor=urgent.who, appeal=urgent.level(1), versions=[(version, "")], at=moment("2026-04-01", 9)
    )
    urgent.file(1, "2026-04-02")
    open_beside(urgent, at=moment("2026-04-02", 16))
    start_draft(actor=urgent.who, appeal=urgent.level(2), at=moment("2026-04-02", 17))
    review = urgent.level(2)
    assert [e.document_version for e in review.exhibits.all()] == [version]
    assert (
        "An expedited internal appeal was asked for on April 2, 2026, and this review is asked for at the same time (29 CFR"
        " 2590.715-2719(d)(3)(i)(A); 45 CFR 147.136(d)(3)(i)(A)). Dr. Osei, psychiatry certified on April 1, 2026 that even the"
        " time of an expedited decision is too long."
    ) in " ".join(block.get("text", "") for block in review.draft["blocks"])


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
    wrong = nora.post(new, {"basis": "urgent", "said_by": "", "said_on": ""})
    assert (wrong.status_code, "Record which clinician certifies" in words(wrong)) == (422, True)
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
