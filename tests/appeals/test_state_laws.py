"""Cards of the laws of the states: on cases of insured policies by the state of issue, never on a self-funded plan."""

from __future__ import annotations

import pytest

from appeals.blocks import Bullets, Heading, Paragraph, blocks_as_text, unfilled_gaps
from appeals.letters import REQUESTS, letter_citing
from appeals.regimes import book
from appeals.regimes.classifier import Answer, classify
from appeals.state_laws import laws_by_state, problems, state_laws_for
from tests.appeals.climbing import ERISA, INSURED, MEDICARE_ADVANTAGE
from tests.appeals.test_views_levels import level, nora  # noqa: F401  fixtures of the level's pages
from tests.appeals.visiting import address, own_statements, words

pytest_plugins = ("tests.appeals.climbing",)

PUBLIC = {"sponsor": "public_employer"}


def cards(answers: dict[str, str], state: str | None = "OH", funding: str | None = None):
    said = answers | ({"state_of_issue": state} if state else {})
    found = classify([Answer(question, value, "card") for question, value in said.items()])
    return state_laws_for(found, funding or answers.get("funding"))


def ohio(subject: str):
    return next(law for law in laws_by_state()["OH"] if law.subject.key == subject)


def test_the_data_holds_together():
    assert list(problems()) == []
    assert set(laws_by_state()) == set(book().states)


def test_an_insured_policy_has_the_laws_of_the_state_that_issued_it():
    found = cards(INSURED)
    assert (found.reach, found.state, [law.subject.key for law in found.laws]) == (
        "yes",
        "Ohio",
        ["step_therapy", "off_label"],
    )
    assert [(law.citation, law.confidence, law.is_weak) for law in found.laws] == [
        ("Ohio Rev. Code 3901.83 to 3901.833", "knowledge", True),
        ("Ohio Rev. Code 3923.60; 1751.66", "knowledge", True),
    ]
    assert not cards(INSURED, "AZ").laws[0].is_weak


@pytest.mark.parametrize(
    ("answers", "funding", "cited"),
    [
        (ERISA, None, "29 U.S.C. 1144(a), (b)(2)(B)"),
        (ERISA | PUBLIC, None, "29 U.S.C. 1003(b)(1) (outside ERISA)"),
        (ERISA | {"plan_kind": "grandfathered"}, "self_funded", "29 U.S.C. 1144(a), (b)(2)(B)"),
        (MEDICARE_ADVANTAGE, None, "42 U.S.C. 1395w-26(b)(3); 42 CFR 422.402"),
    ],
)
def test_what_no_insurer_issued_has_none_and_says_why(answers, funding, cited):
    found = cards(answers, funding=funding)
    assert (found.reach, found.laws, [said.citation for said in found.said]) == ("no", (), [cited])


def test_where_funding_is_not_known_they_are_shown_as_perhaps_and_not_to_be_cited():
    found = cards({k: v for k, v in ERISA.items() if k != "funding"})
    assert (found.reach, len(found.laws), found.to_cite) == ("perhaps", 2, ())
    assert [said.regime for said in found.said] == ["erisa_self_funded"]
    assert (
        cards(ERISA | {"plan_kind": "grandfathered", "funding": "unknown"}, funding="unknown").reach
        == "perhaps"
    )


def test_without_a_state_of_issue_there_is_no_card():
    assert (cards(INSURED, None).laws, cards(INSURED, None).state) == ((), "")


def test_what_was_not_found_and_what_has_no_citation_is_never_cited():
    assert [law.standing for law in cards(INSURED, "HI").laws] == ["none_found"]
    assert cards(INSURED, "HI").to_cite == cards(INSURED, "RI").to_cite == ()
    assert cards(INSURED, "HI").laws[0].is_weak


def test_a_law_stands_in_the_letter_before_what_is_asked_once_and_leaves_a_place_to_fill():
    body = (Heading("Reason"), Paragraph("The notes show it."), Heading(REQUESTS), Bullets(("Reverse it.",)))
    found = letter_citing(body, ohio("off_label"))
    assert (found[:2], found[3:]) == (body[:2], body[2:])
    assert blocks_as_text(found[2:3]) == (
        "The policy was issued in Ohio. The law of Ohio on off-label drugs: Ohio Rev. Code 3923.60; 1751.66. [[Read Ohio Rev."
        " Code 3923.60; 1751.66, confirm that it is the law of today and reaches this policy, quote the part that fits, and"
        " say what the record shows about it.]]"
    )
    assert len(unfilled_gaps(found)) == 1
    assert letter_citing(found, ohio("off_label")) == found
    assert letter_citing(body[:2], ohio("off_label"))[:2] == body[:2]


def test_the_pages_of_an_insured_case_show_them_by_state_of_issue(climb, nora):  # noqa: F811
    climb.answer(INSURED | {"state_of_issue": "OH"})
    case, why = nora.get(address("case", climb.case)), nora.get(address("questions", climb.case))
    assert "Law of Ohio Step therapy Ohio Rev. Code 3901.83 to 3901.833 Confirm with the letter" in words(
        case
    )
    shown = words(why)
    assert "Laws of Ohio about insured policies Step therapy Confirm with the letter" in shown
    assert "29 U.S.C. 1144" not in shown


def test_the_pages_of_a_self_funded_case_say_why_there_is_none(climb, nora):  # noqa: F811
    climb.answer(ERISA | {"state_of_issue": "OH"})
    for page in ("case", "questions"):
        shown = words(nora.get(address(page, climb.case)))
        assert ("29 U.S.C. 1144(a), (b)(2)(B)" in shown, "Ohio Rev. Code" in shown) == (True, False)


def test_the_letter_is_saved_with_the_law_that_was_chosen(climb, nora, level):  # noqa: F811
    appeal = level(INSURED | {"state_of_issue": "OH", "levels": "1"})
    url = address("level_draft", climb.case, appeal)
    page = nora.get(url)
    assert [law.subject.key for law in page.context["laws"].to_cite] == ["step_therapy", "off_label"]
    typed = {name: page.context["form"][name].value() for name in ("version", "recipient")}
    sent = typed | {
        "dated": page.context["form"]["dated"].value().isoformat(),
        "text": "# What we ask\n\n- Reverse it.",
    }
    assert nora.post(url, sent | {"cite": "off_label"}).status_code == 302
    page = nora.get(url)
    text = page.context["form"]["text"].value()
    assert (
        text.count("Ohio Rev. Code 3923.60; 1751.66. [["),
        text.index("Ohio") < text.index("# What we ask"),
    ) == (1, True)
    assert len(page.context["gaps"]) == 1
    assert len(own_statements(nora, url)) <= 12
