"""Letters to a plan that lost and does not deliver, and to the agency about it: the decision, the law, the time, what is asked.

Pure: no Django; nothing is looked up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from appeals.blocks import Block, Bullets, Heading, Paragraph
from appeals.demand_letters import (
    ASKED,
    FOLLOWS,
    FOLLOWS_FROM,
    LAW,
    RESERVED,
    About,
    Late,
    law_and_count,
    lines_under_address,
    paragraphs_under,
)
from cases.typesetting import long_date

NOT_DONE = "What was decided has not been carried out."
CARRY_OUT = "carry it out"


def carry_out_re(about: About, late: Late) -> tuple[tuple[str, str], ...]:
    """The lines under the address of a demand to carry out a decision."""
    return lines_under_address(
        "Decision that is not carried out", about, ("Was due:", long_date(late.due_on, "en"))
    )


@dataclass(frozen=True)
class OwedItem:
    """One decision, or call, that is not carried out and for which the law names no number of days. `story` tells it; `rule` and
    `citation` are what the law says, empty where no rule is known; `days` have gone by since `since`, the day on which the plan
    had it where `had`, else the day it was decided."""

    story: str
    rule: str
    citation: str
    at_once: bool
    since: date
    had: bool
    days: int


def owed_re(about: About) -> tuple[tuple[str, str], ...]:
    """The lines under the address of a demand for what is owed without a date."""
    return lines_under_address("Decision that is not carried out", about)


def owed_letter(about: About, owed: Sequence[OwedItem], agency: str = "") -> tuple[Block, ...]:
    """A demand to carry out what was won where the law names no day: it says what the law says, and how many days have gone by,
    and calls nobody late. `agency` is whoever will be asked next."""
    stories = " ".join(item.story for item in owed)
    laws = dict.fromkeys(f"{item.rule} ({item.citation})" for item in owed if item.citation)
    law: list[Block] = [Heading(LAW)] if laws else []
    law += [Paragraph(said) for said in laws]
    asked = "now" if any(item.at_once for item in owed) else "without delay"
    ends = f"Without an answer we will ask {agency} to look into this." if agency else ""
    return (
        Paragraph(f"We write on behalf of {about.patient}. {stories} {NOT_DONE}"),
        *law,
        Heading("How long it has been"),
        Bullets(tuple(_gone_by(about, item) for item in owed)),
        Heading(ASKED),
        Bullets(
            (
                f"Authorize, provide or pay {asked} what was decided, and confirm it in writing to the address above, with the"
                " authorization number or the day of payment.",
                "Tell us the day on which the decision reached you, if it is not the one given above, and what shows it.",
            )
        ),
        Paragraph(RESERVED),
        *([Paragraph(ends)] if ends else []),
    )


def _gone_by(about: About, item: OwedItem) -> str:
    had = f"{about.plan} has had it since" if item.had else "It was decided on"
    days = "one day has" if item.days == 1 else f"{item.days} days have"
    return f"{had} {long_date(item.since, 'en')}; {days} gone by at the date of this letter."


def carry_out_letter(about: About, late: Late, agency: str = "") -> tuple[Block, ...]:
    """A demand to carry out what was decided. `late.story` tells the decision; `agency` is whoever will be asked next."""
    ends = f"Without an answer we will ask {agency} to look into this." if agency else ""
    return (
        Paragraph(f"We write on behalf of {about.patient}. {late.story} {NOT_DONE}"),
        *law_and_count(late),
        *paragraphs_under(Heading(FOLLOWS), FOLLOWS_FROM.get(late.if_missed, "")),
        Heading(ASKED),
        Bullets(
            (
                "Authorize, provide or pay now what was decided, and confirm it in writing to the address above.",
                "Tell us the day on which the decision reached you, if it is not the one given above, and what shows it.",
            )
        ),
        *([Paragraph(ends)] if ends else []),
    )


def carry_out_complaint(about: About, late: Late) -> tuple[Block, ...]:
    """A complaint to the agency about a plan that does not carry out what was decided."""
    asked_before = (
        f" We demanded in writing on {long_date(late.demanded_on, 'en')} that it does."
        if late.demanded_on
        else ""
    )
    return (
        Paragraph(
            f"We write on behalf of {about.patient}, who is covered by {about.plan}. We ask you to look into this: {about.plan}"
            " does not carry out a decision against it."
        ),
        Paragraph(f"{late.story} {NOT_DONE}{asked_before}"),
        *law_and_count(late),
        *paragraphs_under(Heading(FOLLOWS), FOLLOWS_FROM.get(late.if_missed, "")),
        Heading(ASKED),
        Bullets(
            (
                f"Look into whether {late.who} kept {late.citation}.",
                "See that what was decided is authorized, provided or paid without further delay.",
                "Tell us what you found, and what was done.",
            )
        ),
    )
