"""Letters to a plan that was asked for documents and sends none, and to the agency about it.

Pure: no Django; nothing is looked up.
"""

from __future__ import annotations

from appeals.blocks import Block, Bullets, Heading, Paragraph
from appeals.demand_letters import (
    ASKED,
    FOLLOWS,
    FOLLOWS_FROM,
    About,
    Late,
    law_and_count,
    lines_under_address,
    paragraphs_under,
    sent_words,
)
from cases.typesetting import long_date

SEND_THEM = "send them"
NONE_CAME = "What was asked for has not reached us."


def in_a_request(asked: str) -> str:
    """What was asked for, behind "the request for"."""
    return f"{asked[:1].lower()}{asked[1:]}"


def documents_re(about: About, late: Late) -> tuple[tuple[str, str], ...]:
    """The lines under the address of a demand for documents."""
    return lines_under_address(
        "Documents that were not sent", about, ("Was due:", long_date(late.due_on, "en"))
    )


def documents_letter(about: About, late: Late, agency: str = "") -> tuple[Block, ...]:
    """A demand for documents that were asked for. `agency` is whoever will be asked next, "" where none is known."""
    ends = f"Without an answer we will ask {agency} to look into this." if agency else ""
    return (
        Paragraph(f"We write on behalf of {about.patient}. {sent_words(late)} {NONE_CAME}"),
        *([Paragraph(f"We asked for: {late.exactly}")] if late.exactly else []),
        *law_and_count(late),
        *paragraphs_under(Heading(FOLLOWS), FOLLOWS_FROM.get(late.if_missed, "")),
        Heading(ASKED),
        Bullets(
            (
                "Send now what was asked for, free of charge, to the address above.",
                "Where something of it does not exist, say so in writing.",
                "Tell us the day on which the request reached you, if it is not the one given above, and what shows it.",
            )
        ),
        *([Paragraph(ends)] if ends else []),
    )


def documents_complaint(about: About, late: Late) -> tuple[Block, ...]:
    """A complaint to the agency about documents that were asked for and not sent."""
    asked_before = (
        f" We demanded them in writing on {long_date(late.demanded_on, 'en')}." if late.demanded_on else ""
    )
    return (
        Paragraph(
            f"We write on behalf of {about.patient}, who is covered by {about.plan}. We ask you to look into this: {about.plan}"
            " was asked for documents in writing and did not send them."
        ),
        Paragraph(f"{sent_words(late)} {NONE_CAME}{asked_before}"),
        *law_and_count(late),
        *paragraphs_under(Heading(FOLLOWS), FOLLOWS_FROM.get(late.if_missed, "")),
        Heading(ASKED),
        Bullets(
            (
                f"Look into whether {late.who} kept {late.citation}.",
                "See that the documents are sent without further delay.",
                "Tell us what you found, and what was done.",
            )
        ),
    )
