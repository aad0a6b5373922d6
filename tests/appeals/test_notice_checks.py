"""Checks of a denial notice: each finds its defect in letters that have it, and nothing in letters that have not."""

from __future__ import annotations

import copy
import json
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from appeals.intake import propose_facts
from appeals.notice_checks import (
    CANNOT_TELL,
    FOUND,
    NOT_FOUND,
    Notice,
    check_notice,
    defect_of,
    notice_rules,
)
from appeals.notice_checks.book import RULES, rules_of
from appeals.refusals import refusals
from appeals.regimes import DATA, BadData, book
from appeals.sample_letters import letter_text

LETTERS = json.loads((Path(__file__).parent / "notices.json").read_text(encoding="utf-8"))["letters"]
VARIANTS = [
    (name, n, variant)
    for name, letter in LETTERS.items()
    for n, variant in enumerate([{"defects": []}, *letter["variants"]])
]


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def notice_of(letter: dict, variant: dict) -> Notice:
    """The letter with the variant's paragraphs left out or replaced; what it states is read as at the desk."""
    kept = {k: v for k, v in letter["paragraphs"].items() if k not in variant.get("drop", ())}
    text = "\n\n".join((kept | variant.get("put", {})).values())
    read = {p.fact: p for p in reversed(propose_facts([text]))}
    stated = read.get("stated_deadline")
    return Notice(
        pages=(text,),
        regimes=(letter["regime"],),
        on=day(letter["on"]),
        state=letter.get("state"),
        timing=letter["timing"],
        reasons=frozenset(variant.get("reasons", letter["reasons"])),
        urgent=letter.get("urgent", False),
        reduction="effective_on" in letter,
        sent_on=day(letter["on"]),
        effective_on=day(variant.get("effective_on", letter.get("effective_on"))),
        stated=stated.value if stated else "",
        stated_words=stated.words if stated else "",
    )


def outcomes(notice: Notice) -> dict[str, str]:
    return {f.check.key: f.outcome for f in check_notice(notice)}


def missing(notice: Notice) -> list[str]:
    return [key for key, outcome in outcomes(notice).items() if outcome == NOT_FOUND]


@pytest.mark.parametrize(("name", "n", "variant"), VARIANTS, ids=[f"{name}-{n}" for name, n, _ in VARIANTS])
def test_a_letter_shows_its_defects_and_nothing_else(name, n, variant):
    assert missing(notice_of(LETTERS[name], variant)) == variant["defects"]


def test_each_check_has_two_letters_that_show_the_defect_and_two_that_do_not():
    shows, holds = Counter(), Counter()
    for name, _n, variant in VARIANTS:
        shows.update(variant["defects"])
        if not variant["defects"]:
            holds.update(k for k, o in outcomes(notice_of(LETTERS[name], variant)).items() if o == FOUND)
    keys = {check.key for check in notice_rules().checks}
    assert {k: shows[k] for k in keys if shows[k] < 2} == {}
    assert {k: holds[k] for k in keys if holds[k] < 2} == {}
    assert set(shows) == keys


# -- the sample letters -----------------------------------------------------------------------------------------
GROUP, ONE = "fully_insured_group", "individual_aca"
SAMPLES = {
    # name: what is confirmed, and the defects that its truth file names, in our keys
    "erisa_preservice": (
        {"regimes": ("erisa_self_funded",), "on": date(2026, 3, 9)},
        ["medical_necessity", "step_therapy", "insufficient_documentation"],
        [],
    ),
    # "no scientific rationale beyond one sentence"
    "aca_experimental": (
        {"regimes": (ONE,), "state": "OR", "on": date(2026, 5, 18)},
        ["experimental_investigational", "benefit_exclusion"],
        ["clinical_explanation"],
    ),
    # "does not say whether the request is being treated as a Part B drug (7 days) or an item/service (30 days)"
    "ma_denial": (
        {"regimes": ("medicare_advantage",), "on": date(2026, 6, 12)},
        ["medical_necessity", "insufficient_documentation"],
        ["which_clock"],
    ),
    # "mailing address lacks state/ZIP"
    "medicaid_reduction": (
        {
            "regimes": ("medicaid_managed_care",),
            "on": date(2026, 7, 6),
            "sent_on": date(2026, 7, 6),
            "effective_on": date(2026, 7, 20),
            "reduction": True,
            "timing": "concurrent",
        },
        ["quantity_frequency_limit", "insufficient_documentation", "medical_necessity"],
        ["appeal_address"],
    ),
    "part_d_nonformulary": (
        {"regimes": ("medicare_part_d",), "on": date(2026, 12, 3)},
        ["non_formulary", "insufficient_documentation"],
        [],
    ),
    # "no statement of right to claim file", "external review window not stated"
    "eob_lines": (
        {"regimes": (GROUP,), "state": "OH", "on": date(2026, 4, 20), "timing": "post_service"},
        ["no_prior_auth", "coding_error"],
        ["claim_file", "external_review_window"],
    ),
}


def sample(name: str) -> Notice:
    facts, reasons, _ = SAMPLES[name]
    text = letter_text(name)
    read = {p.fact: p for p in reversed(propose_facts([text]))}
    known = {"timing": "pre_service"} | facts
    return Notice(
        pages=(text,),
        reasons=frozenset(reasons),
        stated=read["stated_deadline"].value,
        stated_words=read["stated_deadline"].words,
        send_to=read["send_to_mail"].value,
        **known,
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_the_defects_of_the_truth_files_are_found_and_nothing_else(name):
    assert missing(sample(name)) == SAMPLES[name][2]


@pytest.mark.parametrize("name", SAMPLES)
def test_words_that_prove_stand_in_the_letter(name):
    flat = " ".join(letter_text(name).replace("|", " ").replace("*", " ").split())
    for finding in check_notice(sample(name)):
        if finding.outcome == FOUND and finding.page and "---" not in finding.words:
            assert " ".join(finding.words.split()[:4]) in flat, finding.check.key


# -- never a defect ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "pages",
    [
        (),
        ("",),
        ("We denied your request.",),
        (letter_text("eob_lines"), ""),
        (letter_text("eob_lines") + "\nPage 1 of 3",),
        ("Hemos negado su solicitud y usted puede apelar esta carta con su doctor. " * 9,),
        (
            " ".join(
                [
                    "VVe",
                    "d3nied",
                    "y0ur",
                    "rcqucst",
                    "f0r",
                    "thc",
                    "scrviec",
                    "bccau5e",
                    "nct",
                    "ncccssary",
                    "undcr",
                    "tlie",
                    "p1an",
                ]
                * 9
            ),
        ),
        (letter_text("eob_lines") + "\nYour other rights are on the enclosed notice of rights.",),
    ],
    ids=[
        "no letter",
        "a picture",
        "one line",
        "an empty page",
        "a part",
        "Spanish",
        "a bad scan",
        "an enclosure",
    ],
)
def test_what_cannot_be_read_or_is_not_here_is_no_defect(pages):
    found = check_notice(replace(sample("eob_lines"), pages=pages))
    assert [f.check.key for f in found if f.outcome == NOT_FOUND] == []
    assert all(f.because for f in found if f.outcome == CANNOT_TELL)


def test_an_unknown_coverage_makes_no_defect_that_not_all_candidates_ask_for():
    text = letter_text("erisa_preservice").replace("502(a)", "").replace("civil action", "")
    one = replace(sample("erisa_preservice"), pages=(text,))
    assert missing(one) == ["civil_action"]
    either = replace(one, regimes=("erisa_self_funded", "individual_aca"))
    assert (missing(either), outcomes(either)["civil_action"]) == ([], CANNOT_TELL)
    assert outcomes(replace(one, regimes=())) == {}


def test_a_law_counts_from_its_day_and_in_its_state():
    letter = LETTERS["texas_plan"]
    without = notice_of(letter, {"drop": ["reviewer"]})
    assert missing(without) == ["reviewer_credentials"]
    assert missing(replace(without, state="OR")) == missing(replace(without, state=None)) == []
    assert "reviewer_credentials" not in outcomes(replace(without, on=date(2013, 2, 19)))


# -- the rules ----------------------------------------------------------------------------------------------------
def test_every_complete_coverage_has_checks_or_says_that_it_has_none():
    none_yet = {"tricare", "unknown"}  # no source on what their letters have to hold was seen
    complete = {r.key for r in book().regimes.values() if r.complete}
    assert complete - notice_rules().regimes == none_yet


def test_reasons_of_the_rules_are_those_of_the_taxonomy():
    named = {r for check in notice_rules().checks for r in check.when.reasons}
    assert named <= set(refusals())


def raw() -> dict:
    return json.loads((DATA / RULES).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["checks"][0]["laws"][0].pop("citation"), "schema"),
        (lambda d: d["checks"][0]["laws"][0].update(confidence="sure"), "schema"),
        (lambda d: d["checks"][0]["laws"][0].pop("checked_on"), "without a day"),
        (lambda d: d["checks"][0]["laws"][-1].update(absent="defect"), "uncertain"),
        (lambda d: d["checks"][0]["laws"][0].update(regimes=["moon_plan"]), "unknown kinds"),
        (lambda d: d["checks"][0]["laws"][0].update(regimes=["@moon"]), "unknown set"),
        (lambda d: d["checks"][0]["laws"][0].update(effect="shorter"), "unknown effect"),
        (lambda d: d["checks"][0]["evidence"].append("((("), "pattern"),
        (lambda d: d["effects"]["window"].update(never_shortens=False), "schema"),
        (lambda d: d["effects"]["window"].update(letter=""), "silent"),
        (lambda d: d["checks"].append(copy.deepcopy(d["checks"][1])), "one key"),
    ],
)
def test_rules_that_do_not_hold_together_are_refused(change, said):
    changed = raw()
    change(changed)
    with pytest.raises(BadData, match=said):
        rules_of(changed)


def test_a_defect_for_letters_has_its_law_and_an_arguable_effect():
    finding = next(f for f in check_notice(sample("eob_lines")) if f.check.key == "claim_file")
    defect = defect_of(finding.check, finding.laws)
    assert (defect.code, defect.citation) == (
        "claim_file",
        "29 CFR 2560.503-1(h)(2)(iii); 45 CFR 147.136(b)(2)(ii)(C)",
    )
    assert defect.sentence.startswith("The notice does not state the right to the claim file")
    assert defect.effect == (
        "Where a plan does not keep to the rules on claims, the internal steps may count as exhausted, unless the fault was"
        " minor, harmless and excused. (45 CFR 147.136(b)(2)(ii)(F); 29 CFR 2590.715-2719(b)(2)(ii)(F))"
    )


def test_what_is_told_to_the_navigator_stands_in_no_letter():
    told = [e.letter for e in notice_rules().effects]
    assert [words for words in told if "Arguable" in words or "computed date" in words] == []
