"""Which regime governs, as a table; and what happens when the sources disagree or nobody knows."""

from __future__ import annotations

import pytest

from appeals.regimes import book
from appeals.regimes.classifier import Answer, classify, disputed, questions

GROUP = {"program": "commercial", "sponsor": "private_employer", "plan_kind": "ordinary"}


def said(values: dict[str, str], source: str = "card") -> list[Answer]:
    return [Answer(q, v, source) for q, v in values.items()]


TABLE = [
    (GROUP | {"funding": "self_funded"}, "erisa_self_funded", True),
    (GROUP | {"funding": "self_funded", "sponsor": "union_trust"}, "erisa_self_funded", True),
    (GROUP | {"funding": "insured", "state_of_issue": "OR"}, "fully_insured_group", True),
    (GROUP | {"funding": "insured", "state_of_issue": "MO"}, "fully_insured_group", False),
    (GROUP | {"funding": "insured"}, "fully_insured_group", False),
    (
        GROUP | {"funding": "insured", "sponsor": "public_employer", "state_of_issue": "NY"},
        "fully_insured_group",
        True,
    ),
    (
        GROUP | {"funding": "insured", "sponsor": "church", "state_of_issue": "NY"},
        "fully_insured_group",
        True,
    ),
    (
        GROUP | {"funding": "self_funded", "sponsor": "public_employer"},
        "nonfederal_governmental_self_funded",
        True,
    ),
    (GROUP | {"funding": "self_funded", "sponsor": "church"}, "church_self_funded", True),
    (GROUP | {"sponsor": "individual", "state_of_issue": "CA"}, "individual_aca", True),
    (GROUP | {"sponsor": "individual", "state_of_issue": "WY"}, "individual_aca", False),
    (GROUP | {"plan_kind": "grandfathered"}, "grandfathered", True),
    (
        GROUP | {"plan_kind": "grandfathered", "sponsor": "individual"},
        "grandfathered_outside_erisa",
        False,
    ),
    (GROUP | {"plan_kind": "short_term_or_sharing"}, "short_term_non_aca", False),
    ({"program": "medicare_advantage", "benefit": "medical"}, "medicare_advantage", True),
    ({"program": "medicare_advantage"}, "medicare_advantage", True),
    ({"program": "medicare_advantage", "benefit": "pharmacy"}, "medicare_part_d", True),
    ({"program": "medicare_part_d"}, "medicare_part_d", True),
    ({"program": "medicare_original"}, "original_medicare", True),
    ({"program": "medicaid", "medicaid_delivery": "plan"}, "medicaid_managed_care", True),
    ({"program": "medicaid", "medicaid_delivery": "state"}, "medicaid_ffs", True),
    ({"program": "chip"}, "chip", True),
    ({"program": "tricare"}, "tricare", True),
    ({"program": "va_champva"}, "va_champva", False),
    ({"program": "fehb_pshb"}, "fehb", True),
    ({"program": "workers_comp"}, "workers_comp", False),
]


@pytest.mark.parametrize(("answers", "regime", "complete"), TABLE)
def test_the_answers_decide(answers: dict[str, str], regime: str, complete: bool) -> None:
    found = classify(said(answers))
    assert (found.regime, found.candidates, found.complete, found.contradictions) == (
        regime,
        (regime,),
        complete,
        (),
    )
    assert book().regimes[regime].title in " ".join(found.why)


def test_every_regime_can_be_reached() -> None:
    assert {r for _, r, _ in TABLE} == set(book().regimes) - {"unknown"}


OPEN = [
    (
        GROUP | {"funding": "unknown", "state_of_issue": "OR"},
        ("erisa_self_funded", "fully_insured_group"),
        ["ask_funding"],
    ),
    (GROUP, ("erisa_self_funded", "fully_insured_group"), ["ask_funding", "ask_state_of_issue"]),
    (
        {"program": "medicaid"},
        ("medicaid_managed_care", "medicaid_ffs"),
        ["ask_medicaid_delivery"],
    ),
    (
        {"program": "medicare_advantage", "benefit": "unknown"},
        ("medicare_advantage", "medicare_part_d"),
        ["ask_benefit"],
    ),
    (
        {"program": "commercial", "funding": "self_funded", "plan_kind": "ordinary"},
        ("erisa_self_funded", "nonfederal_governmental_self_funded", "church_self_funded"),
        ["ask_sponsor"],
    ),
]


@pytest.mark.parametrize(("answers", "candidates", "tasks"), OPEN)
def test_what_is_not_known_leaves_every_regime_that_fits(
    answers: dict[str, str], candidates: tuple, tasks: list
) -> None:
    found = classify(said(answers))
    assert (found.regime, found.candidates, [t.code for t in found.tasks]) == (None, candidates, tasks)


def test_the_card_against_the_letter() -> None:
    answers = [
        *said(GROUP | {"funding": "self_funded", "state_of_issue": "OR"}),
        Answer("funding", "insured", "letter"),
    ]
    found = classify(answers)
    assert (found.regime, found.candidates) == (None, ("erisa_self_funded", "fully_insured_group"))
    assert len(found.contradictions) == 1
    assert (
        "the member card says" in found.contradictions[0]
        and "the denial letter says" in found.contradictions[0]
    )
    assert [t.code for t in found.tasks] == ["resolve_contradiction"]


def test_several_sources_are_listed_and_the_verb_agrees() -> None:
    given = GROUP | {"funding": "self_funded", "state_of_issue": "OR"}
    more = [Answer("funding", "self_funded", source) for source in ("letter", "plan_document")]
    found = classify([*said(given), *more, Answer("funding", "insured", "employer")])
    assert "the member card, the denial letter and the plan document say “" in found.contradictions[0]
    assert "; the employer says “" in found.contradictions[0]


def test_a_regulator_named_in_the_letter_speaks_for_an_insured_policy() -> None:
    group = GROUP | {"funding": "self_funded", "state_of_issue": "OR"}
    answers = [*said(group), Answer("regulator", "state_insurance", "letter")]
    assert classify(answers).candidates == ("erisa_self_funded", "fully_insured_group")
    assert classify(answers).contradictions != ()


def test_a_source_that_does_not_know_does_not_contradict_one_that_does() -> None:
    found = classify([*said(GROUP | {"funding": "self_funded"}), Answer("funding", "unknown", "patient")])
    assert (found.regime, found.contradictions) == ("erisa_self_funded", ())


def test_two_sources_that_agree_are_both_named() -> None:
    found = classify(
        [*said(GROUP | {"funding": "self_funded"}), Answer("funding", "self_funded", "employer")]
    )
    assert found.regime == "erisa_self_funded"
    assert any("the member card and the employer" in line for line in found.why)


def test_two_states_of_issue_contradict_and_no_state_is_taken() -> None:
    answers = [
        *said(GROUP | {"funding": "insured", "state_of_issue": "OR"}),
        Answer("state_of_issue", "WA", "letter"),
    ]
    found = classify(answers)
    assert (found.regime, found.state, found.complete) == ("fully_insured_group", None, False)
    assert [t.code for t in found.tasks] == ["resolve_contradiction", "ask_state_of_issue"]


def test_answers_that_fit_nothing_keep_the_nearest_and_ask() -> None:
    found = classify(said({"program": "commercial", "sponsor": "individual", "funding": "self_funded"}))
    assert found.regime is None and "individual_aca" in found.candidates and found.contradictions
    assert "resolve_contradiction" in [t.code for t in found.tasks]


def test_nothing_known_leaves_all_and_asks_first_for_the_program() -> None:
    found = classify([])
    assert found.regime is None and set(found.candidates) >= {
        r.key
        for r in book().regimes.values()
        if r.complete and not r.combines and not any(w.ask_first for w in r.fits)
    }
    assert [t.code for t in found.tasks] == ["ask_regime", "ask_state_of_issue", "work_to_letter"]


def test_the_order_of_answers_does_not_matter() -> None:
    answers = [
        *said(GROUP | {"funding": "self_funded", "state_of_issue": "OR"}),
        Answer("funding", "insured", "letter"),
    ]
    one, two = classify(answers), classify(answers[::-1])
    assert (one.regime, one.candidates, one.complete) == (two.regime, two.candidates, two.complete)


@pytest.mark.parametrize(
    "answer",
    [
        Answer("color", "red", "card"),
        Answer("program", "moon", "card"),
        Answer("program", "chip", "gossip"),
        Answer("state_of_issue", "ZZ", "card"),
    ],
)
def test_answers_off_the_list_are_refused(answer: Answer) -> None:
    with pytest.raises(ValueError, match="is n"):
        classify([answer])


def test_every_question_says_why_it_is_asked() -> None:
    assert [q.key for q in questions()][:3] == ["program", "sponsor", "funding"]
    assert all(q.why.endswith(".") and q.text.endswith("?") for q in questions())
    assert all("unknown" in q.choices for q in questions() if q.choices)


def test_what_takes_part_in_a_contradiction_is_disputed_and_nothing_else() -> None:
    group = said(GROUP | {"funding": "self_funded", "state_of_issue": "OR"})
    assert disputed(group) == ()
    assert disputed([*group, Answer("funding", "unknown", "patient")]) == ()
    against = Answer("funding", "insured", "letter")
    assert disputed([*group, against]) == (Answer("funding", "self_funded", "card"), against)
    unknown = Answer("funding", "unknown", "patient")
    assert unknown not in disputed([*group, against, unknown])


def test_an_answer_that_speaks_about_another_question_is_disputed_with_it() -> None:
    group = said(GROUP | {"funding": "self_funded", "state_of_issue": "OR"})
    regulator = Answer("regulator", "state_insurance", "letter")
    assert disputed([*group, regulator]) == (Answer("funding", "self_funded", "card"), regulator)
    # The Department of Labor speaks about no funding: nothing is torn.
    assert disputed([*group, Answer("regulator", "federal_labor", "letter")]) == ()


def test_where_nothing_fits_every_known_answer_may_be_the_wrong_one() -> None:
    answers = said({"program": "commercial", "sponsor": "individual", "funding": "self_funded"})
    assert disputed([*answers, Answer("benefit", "unknown", "card")]) == tuple(answers)


def test_the_questions_and_their_answers_stand_in_words() -> None:
    found = classify(
        [
            *said(GROUP | {"funding": "self_funded", "state_of_issue": "OR"}),
            Answer("funding", "insured", "letter"),
        ]
    )
    assert found.contradictions == (
        "Who bears the cost of claims: an insurer, or the employer itself? The sources disagree: the member card says"
        " “The employer or trust (self-funded)”; the denial letter says “An insurer (insured policy)”.",
    )
    assert found.why[0] == (
        "Which program does the member card belong to? An employer's or a privately bought plan"
        " (according to the member card)."
    )
    assert any(line.endswith("Oregon (according to the member card).") for line in found.why)
    assert found.why[-1].startswith("More than one kind of coverage fits: ")
    assert found.state == "OR"
    one = classify(said({"program": "chip"}))
    assert one.why[-1] == f"Only one kind of coverage fits: {book().regimes['chip'].title}."


def test_a_kind_of_coverage_whose_dates_are_not_computed_says_why_and_asks_to_work_to_the_letter() -> None:
    found = classify(said({"program": "va_champva"}))
    assert found.why[-1] == book().regimes["va_champva"].not_complete_because
    assert [t.code for t in found.tasks] == ["work_to_letter"]
    assert [t.code for t in classify(said({"program": "chip"})).tasks] == []


def test_a_state_whose_window_is_not_certain_is_confirmed() -> None:
    insured = GROUP | {"funding": "insured"}
    missouri, oregon = (classify(said(insured | {"state_of_issue": code})) for code in ("MO", "OR"))
    assert ([t.code for t in missouri.tasks], [t.code for t in oregon.tasks]) == (
        ["confirm_state_window"],
        [],
    )
    # Where no state layer applies the state is known and asks for nothing.
    own = classify(said(GROUP | {"funding": "self_funded", "state_of_issue": "MO"}))
    assert (own.state, own.complete, own.tasks) == ("MO", True, ())


def test_of_answers_that_fit_nothing_the_most_agreeing_kinds_stay() -> None:
    """An individual policy that is self-funded: individual and group kinds agree in as many of the answers."""
    found = classify(said({"program": "chip", "medicaid_delivery": "plan"}))
    assert (found.regime, found.contradictions) == ("chip", ())
    torn = classify(said({"program": "commercial", "sponsor": "individual", "funding": "self_funded"}))
    assert set(torn.candidates) == {
        k
        for k, r in book().regimes.items()
        if any(
            sum(
                {"program": "commercial", "sponsor": "individual", "funding": "self_funded"}.get(q) in a
                for q, a in w.answers.items()
            )
            == 2
            for w in r.fits
        )
    }


def test_the_same_answers_come_to_the_same_conclusion() -> None:
    answers = said({"program": "chip"})
    assert classify(answers) is classify(list(answers))
    assert classify(answers) != classify(said({"program": "tricare"}))
