"""Why a date is that date: what would change it at the desk, and the same in plain words in the portal."""

from __future__ import annotations

from datetime import date

import pytest

from appeals.changes import what_would_change
from appeals.clock.facts import LABELS
from appeals.queries.portal import status_page
from appeals.queries.standing import workable
from appeals.regimes import book
from cases.models import Case
from tests.appeals.climbing import ERISA, MEDICARE_ADVANTAGE, moment
from tests.appeals.visiting import address, words

pytest_plugins = ("tests.appeals.climbing",)
STATED = "A letter that states an earlier day: then that day is in front."


@pytest.mark.parametrize(
    ("regime", "rule", "side", "flags", "said"),
    [
        (
            "medicare_advantage", "ma.reconsideration.filing", "claimant", (),
            (
                "A correction of the date on the notice or the day the notice was received.",
                "Proof of the day of receipt: without it the notice counts as received 5 days after its date.",
                STATED,
            ),
        ),
        (
            "erisa_self_funded", "external_review.filing", "claimant", (),
            (
                "A correction of the date on the notice or the day the notice was received.",
                "Proof of the day of receipt: without a day the date on the notice counts.",
                "An act of the program for certain days; it never brings a date forward.",
                STATED,
            ),
        ),
        (
            "erisa_self_funded", "claims.preservice.decision", "payer", (),
            (
                "A correction of when the request was received.",
                "An extension that is announced before the time is over: up to 15 days more.",
                "A question for missing information with that announcement: the clock stands until the answer.",
                "Urgency: an urgent request is decided in hours.",
            ),
        ),
        (
            "medicaid_managed_care", "medicaid.hearing.filing", "claimant", (),
            (
                "A correction of the date of the plan's notice of resolution or the date on the notice.",
                "The number of days that the state sets, 90 to 120, once it is recorded.",
                STATED,
            ),
        ),
        (
            "medicaid_managed_care", "medicaid.authorization.standard", "payer", (),
            (
                "A correction of when the request was received.",
                "An extension that is announced before the time is over: up to 14 days more.",
                "The first day of the plan's rating period, once it is recorded.",
                "Urgency: an urgent request is decided in hours.",
            ),
        ),
        (
            "medicare_part_d", "part_d.coverage.standard", "payer", (),
            (
                "A correction of when the request was received.",
                "Whether an exception is asked for, once it is recorded.",
                "Urgency: an urgent request is decided in hours.",
            ),
        ),
        (
            "medicare_part_d", "part_d.exception.no_statement", "payer", (),
            (
                "A correction of when the request was received.",
                "When the prescriber's statement was received, once it is recorded.",
                "Urgency: an urgent request is decided in hours.",
            ),
        ),
        (
            "unknown", "state.unknown.external_review.filing", "claimant", ("state_unknown",),
            (
                "A correction of the date on the notice or the day the notice was received.",
                "Proof of the day of receipt: without a day the date on the notice counts.",
                "An answer about the coverage that settles which of the possible rules applies.",
                "The state in which the policy was issued, once it is recorded.",
                STATED,
            ),
        ),
        ("workers_comp", "letter", "claimant", (), ("A correction of the deadline the letter states.", STATED)),
    ],
)  # fmt: skip
def test_what_would_change_a_date(regime, rule, side, flags, said):
    assert what_would_change(regime, rule, "", side=side, flags=flags) == said


def test_of_every_rule_it_is_known_what_its_date_is_counted_from():
    for versions in book().rules.values():
        for rule in versions:
            first = what_would_change("erisa_self_funded", rule.id, str(rule.version), side=rule.actor)[0]
            assert first.startswith("A correction of ") and any(label in first for label in LABELS.values())


def portal_page(climb):
    row = Case.objects.select_related("patient", "coverage").annotate(is_workable=workable(climb.who))
    return status_page(row.get(pk=climb.case.pk), moment("2026-04-02"))


def test_the_desk_says_it_under_each_date(climb, sign_in):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    nora = sign_in("nora")
    for url in (address("case", climb.case), address("level", climb.case, climb.level(1))):
        text = words(nora.get(url))
        assert (
            "What would change it: A correction of the date on the notice or the day the notice was received."
            in text
        )


def test_the_portal_counts_the_patients_day_in_plain_words(climb):
    """Received on March 27: 180 days. From the notice of March 24 they end on a Sunday, so Friday, September 18 is named."""
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    page = portal_page(climb)
    assert page.day == date(2026, 9, 18)
    assert page.why.sentences == (
        "The law sets this time.",
        "We count 180 days from Friday, March 27.",
        "We name an early day, to be safe. The law may give more time.",
        "Did the letter come on another day? Tell us. Then this day can change.",
    )
    assert page.why.citation == "29 CFR 2560.503-1(h)(3)(i)"


def test_the_portal_says_what_the_plans_day_is_counted_from(climb):
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask("2026-03-30")
    page = portal_page(climb)
    assert page.day == date(2026, 4, 6)
    assert page.why.sentences == (
        "The law sets how long they have.",
        "We count 7 days from Monday, March 30.",
        "They can ask for more time. Then this day moves.",
        "Did they write or call? Tell us. Then this day can change.",
    )
    assert page.why.citation == "42 CFR 422.568(b)(1)"


def test_a_day_that_only_the_letter_names_is_said_to_be_the_letters(climb, sign_in):
    climb.answer({"program": "va_champva"})
    climb.ask()
    climb.refuse(stated_deadline_on=date(2026, 5, 20))
    page = portal_page(climb)
    assert page.why.sentences[0] == "The letter names this day."
    assert page.why.citation == ""


def test_the_case_does_not_call_unknown_what_the_settled_rules_say(climb, sign_in):
    coverage = climb.case.coverage
    coverage.funding = "unknown"
    coverage.save(update_fields=["funding"])
    page = address("case", climb.case)

    def funding() -> list[str]:
        return [f["value"] for f in sign_in("nora").get(page).context["facts"] if f["label"] == "Funding"]

    assert funding() == ["Not known yet"]
    climb.answer(ERISA | {"levels": "1"})
    assert funding() == []
