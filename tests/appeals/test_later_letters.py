"""The letter of a later level: what came before is told, and what was argued is argued again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from appeals.blocks import Heading, Paragraph, Quote, blocks_as_text, blocks_from_text
from appeals.letters import Standing, answers_carried, appeal_letter_blocks, appeal_re_lines
from tests.appeals.test_letters import FACTS


def test_the_reasons_of_the_decision_before_are_quoted_each_with_its_answer_open() -> None:
    day = date(2026, 11, 21)
    facts = replace(
        FACTS, before=Standing("internal appeal", day, reasons=("It is not proven.", "The dose."))
    )
    letter = appeal_letter_blocks(facts)
    at = letter.index(Heading("The decision dated November 21, 2026"))
    answer = Paragraph("[[Answer this from the record, and name the exhibit.]]")
    assert letter[at + 1 : at + 6] == (
        Paragraph("The decision dated November 21, 2026 states:"),
        Quote("It is not proven."),
        answer,
        Quote("The dose."),
        answer,
    )


def test_a_later_level_tells_what_came_before_and_carries_its_argument() -> None:
    """Each quotation has its letter; the reviewer is told who decided; what was argued is argued again."""
    first = blocks_from_text(blocks_as_text(appeal_letter_blocks(FACTS)).replace("[[", "").replace("]]", ""))
    facts = replace(
        FACTS,
        service="Ketamine, intravenous infusion",
        group_number="GRP 7",
        level="request for external review",
        decided_by="Quillback Mutual",
        before=Standing("internal appeal", date(2026, 11, 21), True, (date(2026, 11, 18),), first),
    )
    letter = appeal_letter_blocks(facts)
    assert letter[:6] == (
        Paragraph(
            "This is a request for external review on behalf of Dana R. Whitlock. It concerns the decision of"
            " Quillback Mutual dated March 9, 2026 not to cover ketamine, intravenous infusion."
            " A peer-to-peer call was held on November 18, 2026."
            " It was contested by an internal appeal, and upheld by the decision dated November 21, 2026."
        ),
        Heading("The decision dated November 21, 2026"),
        Paragraph("[[Quote the reasons that the decision dated November 21, 2026 gives, and answer them.]]"),
        Heading("Reason 1: not medically necessary"),
        Paragraph("The denial letter dated March 9, 2026 states:"),
        Quote("The request does not meet"),
    )
    carried = first[
        first.index(Heading("The criteria you applied")) + 1 : first.index(Heading("What we ask"))
    ]
    at = letter.index(Heading("The criteria that Quillback Mutual applied")) + 1
    assert letter[at : at + len(carried)] == carried
    assert [b.text for b in letter if isinstance(b, Heading)].count("What we ask") == 1
    assert answers_carried(first, letter) == 2  # the two answers; the set phrases are not counted
    assert answers_carried(first, (Heading("Why"), Paragraph("Something else."))) == 0
    assert appeal_re_lines(facts)[2:4] + appeal_re_lines(facts)[-2:] == (
        ("Member ID:", "TMK 7730 41582 01"),
        ("Group no.:", "GRP 7"),
        ("Denial dated:", "March 9, 2026"),
        ("Upheld on:", "November 21, 2026"),
    )
