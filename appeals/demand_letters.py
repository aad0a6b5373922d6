"""Letters that hold the other side to the law: a demand to decide, a complaint to the agency, a demand to mend a notice.

Each is filled from what is recorded: the rule in its words, its citation, the facts and the arithmetic of the date. Pure: no
Django; nothing is looked up. What the facts do not say is left out, or left as an open place for a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from appeals.blocks import Block, Bullets, Heading, Paragraph, Table, gap
from cases.typesetting import long_date

RESERVED = "All rights that follow from this are reserved."
LAW, COUNTED, FOLLOWS, ASKED = "What the law says", "How the time is counted", "What follows", "What we ask"

FOLLOWS_FROM: dict[str, str] = {
    "deemed_exhaustion": "Under this rule the internal steps count as exhausted when no decision comes in time. The right to go"
    " on to the next level at once is reserved.",
    "forwarded_to_ire": "Under this rule a case that is not decided in time goes to the independent review entity.",
    "appealable_adverse": "Under this rule silence counts as an adverse decision that may be appealed.",
    "go_to_opm": "Under this rule the Office of Personnel Management may be asked to review the claim.",
    "go_to_court_after_opm": "Under this rule the Office of Personnel Management decides before a court is asked.",
    "complain_to_regulator": "The agency that supervises this process may be asked to see that the time is kept.",
    "reviewer_may_reverse": "Under this rule the reviewer may decide for the patient.",
    "may_escalate": "Under this rule the case may be taken up to the next level.",
    "deemed_reversed": "Under this rule the denial counts as reversed.",
    "external_review_opens": "Under this rule external review is open at once.",
    "becomes_standard": "Under this rule the request runs on as a standard one.",
    "penalty_possible": "Under this rule a court may order a penalty for each day.",
    "hearing_for_delay": "Under this rule a fair hearing may be asked for because no decision came with reasonable promptness.",
    "interest_accrues": "By law a clean claim that is not paid in time bears interest until it is paid.",
    "complain_to_medicare": "The Centers for Medicare & Medicaid Services may be asked to see that the time is kept.",
    "complain_to_dha": "The Defense Health Agency may be asked to see that the time is kept.",
    "none": "",
}
"""What a missed date means, in the words of a letter; by the code of the rule data."""

ASKS_ALSO: dict[str, str] = {
    "deemed_exhaustion": "Confirm in writing that the internal steps count as exhausted.",
    "forwarded_to_ire": "Send the case file to the independent review entity, and tell us the day on which it was sent.",
    "deemed_reversed": "Confirm in writing that the service is approved, with the authorization number.",
    "penalty_possible": "Send the documents that were asked for.",
}


class NamedDefect(Protocol):
    """One thing that a notice lacks: what, where the law asks for it, and what the lack may do to the clock."""

    @property
    def code(self) -> str: ...
    @property
    def citation(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    @property
    def effect(self) -> str: ...


@dataclass(frozen=True)
class About:
    """Whom and what a letter is about: what stands above it."""

    patient: str
    plan: str
    service: str
    member_id: str = ""
    group_number: str = ""
    reference_number: str = ""


@dataclass(frozen=True)
class Late:
    """One missed time of the other side. `what` is what should have been decided, as in "the internal appeal";
    `who` is whoever decides it, by name.

    `due` is the last moment in words and `due_on` its day; `days` how many days it is over where the letter is written. `arrival`
    says when it arrived where that is recorded, `assumed` that it is taken from the way it was sent. `act` is what the time was
    for; where that is not to decide, `story` tells what went before. `exactly` is what was asked for, in the
    words of the request.
    """

    what: str
    who: str
    due: str
    due_on: date
    days: int
    rule: str
    citation: str
    arithmetic: tuple[str, ...]
    if_missed: str
    sent_on: date | None = None
    sent_by: str = ""
    arrived_on: date | None = None
    proof: str = ""
    demanded_on: date | None = None
    act: str = "decide"
    story: str = ""
    exactly: str = ""


def overdue_re(about: About, late: Late) -> tuple[tuple[str, str], ...]:
    """The lines under the address of a demand to decide."""
    return lines_under_address("Overdue decision", about, ("Was due:", long_date(late.due_on, "en")))


def complaint_re(about: About, late: Late) -> tuple[tuple[str, str], ...]:
    """The lines under the address of a complaint."""
    return lines_under_address(
        f"Complaint about {about.plan}",
        about,
        ("Plan:", about.plan),
        ("Was due:", long_date(late.due_on, "en")),
    )


def cure_re(about: About, notice_on: date | None) -> tuple[tuple[str, str], ...]:
    """The lines under the address of a demand to mend a notice."""
    return lines_under_address(
        "Notice that lacks required content",
        about,
        ("Notice dated:", long_date(notice_on, "en") if notice_on else ""),
    )


def lines_under_address(first: str, about: About, *more: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """What a letter is about, its patient by name and numbers; what is not known is left out."""
    lines = (
        ("Re:", first),
        ("Member:", about.patient),
        ("Member ID:", about.member_id),
        ("Group no.:", about.group_number),
        ("Reference no.:", about.reference_number),
        ("Service:", about.service),
        *more,
    )
    return tuple((label, value) for label, value in lines if value)


def overdue_letter(about: About, late: Late, agency: str = "") -> tuple[Block, ...]:
    """A demand to decide what is overdue. `agency` is whoever will be asked next, "" where none is known."""
    asked = [
        f"Decide {late.what} now, and send the decision in writing to the address above.",
        f"Tell us the day on which {late.what} reached you, if it is not the one given above, and what shows it.",
    ]
    if also := ASKS_ALSO.get(late.if_missed):
        asked.append(also)
    ends = f"Without an answer we will ask {agency} to look into this delay." if agency else ""
    return (
        Paragraph(f"We write on behalf of {about.patient}. {sent_words(late)} No decision has reached us."),
        *law_and_count(late),
        *paragraphs_under(Heading(FOLLOWS), FOLLOWS_FROM.get(late.if_missed, "")),
        Heading(ASKED),
        Bullets(tuple(asked)),
        *([Paragraph(ends)] if ends else []),
    )


def complaint_letter(about: About, late: Late) -> tuple[Block, ...]:
    """A complaint to the agency that oversees whoever is late."""
    asked_before = (
        f" We demanded the decision in writing on {long_date(late.demanded_on, 'en')}."
        if late.demanded_on
        else ""
    )
    return (
        Paragraph(
            f"We write on behalf of {about.patient}, who is covered by {about.plan}. We ask you to look into a delay:"
            f" {late.what} about {_in_sentence(about.service)} was not decided in time."
        ),
        Paragraph(f"{sent_words(late)} No decision has reached us.{asked_before}"),
        *law_and_count(late),
        *paragraphs_under(Heading(FOLLOWS), FOLLOWS_FROM.get(late.if_missed, "")),
        Heading(ASKED),
        Bullets(
            (
                f"Look into whether {late.who} kept {late.citation}.",
                f"See that {late.what} is decided without further delay, and that the decision is sent in writing.",
                "Tell us what you found, and what was done.",
            )
        ),
    )


def cure_letter(about: About, notice_on: date | None, defects: Sequence[NamedDefect]) -> tuple[Block, ...]:
    """A demand to mend a notice: each thing it lacks, where the law asks for it, and what the lack may do to the clock.

    The time to appeal is asked to be counted anew only where a lack may do something to a clock.
    """
    dated = f" dated {long_date(notice_on, 'en')}" if notice_on else ""
    what_follows: list[Block] = []
    effects = tuple(dict.fromkeys(d.effect.strip() for d in defects if d.effect.strip()))
    if effects:
        what_follows = [Heading(FOLLOWS), Bullets(effects), Paragraph(RESERVED)]
    asked = [
        "Send a notice that holds all of this, in writing, to the address above.",
        "Send the rule, guideline or criterion that the decision relied on, free of charge.",
        *(["Count the time to appeal from the day on which that notice arrives."] if effects else []),
    ]
    rows = tuple((d.sentence.strip(), d.citation.strip()) for d in defects)
    lacks: list[Block] = (
        [Table(("What the notice lacks", "Where the law asks for it"), rows)]
        if rows
        else [Paragraph(gap("Say what the notice lacks, and where the law asks for it."))]
    )
    return (
        Paragraph(
            f"We write on behalf of {about.patient}. Your notice{dated} about {_in_sentence(about.service)} does not hold what"
            " the law asks of it."
        ),
        *lacks,
        *what_follows,
        Heading(ASKED),
        Bullets(tuple(asked)),
    )


def sent_words(late: Late) -> str:
    """When it was sent and when it arrived; an open place where neither is recorded."""
    sent = f" was sent on {long_date(late.sent_on, 'en')}" if late.sent_on else ""
    sent += f" by {late.sent_by}" if late.sent_on and late.sent_by else ""
    arrived = f"received on {long_date(late.arrived_on, 'en')}" if late.arrived_on else ""
    both = " and ".join(filter(None, (sent.strip(), arrived)))
    if not both:
        return gap(f"Say when {late.what} was sent, and when it arrived.")
    verb = both if sent else f"was {both}"
    proof = f" ({late.proof})" if late.proof else ""
    return f"{late.what[:1].upper()}{late.what[1:]} {verb}{proof}."


def law_and_count(late: Late) -> tuple[Block, ...]:
    """What the law says, how the time is counted, and when it ended."""
    over = {0: "It has passed", 1: "It is over by one day"}.get(late.days, f"It is over by {late.days} days")
    return (
        Heading(LAW),
        Paragraph(f"{late.rule} ({late.citation})".strip()),
        Heading(COUNTED),
        Bullets(tuple(late.arithmetic)),
        Paragraph(
            f"The time of {late.who} to {late.act} ended on {late.due}. {over} at the date of this letter."
        ),
    )


def paragraphs_under(heading: Heading, *texts: str) -> Iterable[Block]:
    """A heading with its paragraphs; nothing where there are none."""
    said = [Paragraph(text) for text in texts if text]
    return (heading, *said) if said else ()


def _in_sentence(name: str) -> str:
    return f"{name[:1].lower()}{name[1:]}" if name[1:2].islower() else name
