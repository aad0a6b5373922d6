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
from appeals.commands.at_once import open_at_once
from appeals.commands.levels import (
    set_exhibits,
    set_expedited,
    start_draft,
)
from appeals.models import Appeal, Deadline
from appeals.queries.beside import opened_by
from appeals.queries.history import load_history
from appeals.queries.level_page import get_level
from appeals.sample_letters import text_as_pdf
from cases.commands.documents import upload_document
from tests.appeals.beside import OSEI, open_beside, refused, urge, withdraw
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

pytest_plugins = ("tests.appeals.climbing", "tests.appeals.beside")

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


@pytest.mark.parametrize(
    ("answers", "code"),
    [(MEDICARE_ADVANTAGE, "no_level_to_open"), (MEDICAID, "nothing_at_once")],
    ids=["medicare-advantage", "medicaid"],
)
def test_not_where_no_rule_opens_a_level_beside_another(climb, answers, code):
    refused(climb, answers)
    urge(climb)
    with pytest.raises(Refused) as nothing:
        open_beside(climb)
    assert codes(nothing) == [code]
    assert "Record its decision, which opens the next one" in str(nothing.value)


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
