"""Letters: what one consists of, the first draft of an appeal, and the tagged, archival PDF. No Django."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from appeals.blocks import (
    Block,
    Bullets,
    Heading,
    Paragraph,
    Quote,
    Table,
    blocks_as_data,
    blocks_from_text,
    gap,
    one_line,
)
from appeals.letter_blocks import LetterBlock, letter_blocks
from appeals.letterhead import Language, Letterhead, letterhead_data
from cases.typesetting import long_date, typeset


@dataclass(frozen=True)
class Letter:
    """All a letter says. `re` is pairs of label and value; `notice` is the fixed sentence at the foot of
    the last page.
    """

    letterhead: Letterhead
    date: date
    recipient: tuple[str, ...]
    salutation: str
    body: tuple[Block, ...]
    closing: str
    signer_name: str
    signer_title: str = ""
    re: tuple[tuple[str, str], ...] = ()
    enclosures: tuple[str, ...] = ()
    notice: str = ""
    language: Language = "en"
    title: str = ""
    """Shown by PDF readers; the first line of `re` when empty."""


_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "page": "Page {n} of {total}",
        "enclosures": "Enclosures",
        "letter": "Letter",
    },
    "es": {
        "page": "Página {n} de {total}",
        "enclosures": "Anexos",
        "letter": "Carta",
    },
}


def render_letter(letter: Letter) -> bytes:
    """The letter as PDF/UA-1 and PDF/A-2a; the same letter gives the same bytes.

    Raises `cases.typesetting.Unprintable` (a Refused) naming a character that no font of ours has.
    """
    words = _WORDS[letter.language]
    first = " ".join(letter.re[0]) if letter.re else words["letter"]
    return typeset(
        "letter.typ",
        {
            "title": one_line(letter.title or first) or words["letter"],
            "running": one_line(letter.recipient[0]) if letter.recipient else "",
            "letterhead": letterhead_data(letter.letterhead, letter.language),
            "date": long_date(letter.date, letter.language),
            "recipient": letter.recipient,
            "re": letter.re,
            "salutation": letter.salutation,
            "body": blocks_as_data(letter.body),
            "closing": letter.closing,
            "signer": {"name": letter.signer_name, "title": letter.signer_title},
            "enclosures": letter.enclosures,
            "notice": letter.notice,
            "language": letter.language,
            "words": words,
        },
        on=letter.date,
    )


# The first draft of an appeal


@dataclass(frozen=True)
class RefusalReason:
    """One reason for the denial: its name, the payer's own words, and our answer with the exhibits that
    prove it.
    """

    label: str
    payer_words: str = ""
    answer: str = ""
    exhibits: tuple[str, ...] = ()


@dataclass(frozen=True)
class CitedCriterion:
    """One criterion the payer applied, where it stands, and what the record shows about it."""

    text: str
    source: str = ""
    what_the_record_shows: str = ""
    exhibits: tuple[str, ...] = ()


@dataclass(frozen=True)
class TriedTreatment:
    """One treatment before this request, in the words of the record; empty text means the record does not
    say.
    """

    name: str
    drug_class: str = ""
    dose: str = ""
    dates: str = ""
    response: str = ""
    reason_stopped: str = ""
    exhibits: tuple[str, ...] = ()


@dataclass(frozen=True)
class AppealFacts:
    """Everything the draft may say. Nothing else gets into it."""

    patient_name: str
    service: str
    writer: Literal["patient", "representative", "provider"]
    member_id: str = ""
    reference_number: str = ""
    codes: tuple[str, ...] = ()
    diagnosis: str = ""
    denied_on: date | None = None
    level: str = "appeal"
    """In the field's words: "internal appeal", "request for external review"."""
    expedited: bool = False
    expedited_grounds: str = ""
    reasons: tuple[RefusalReason, ...] = ()
    criteria: tuple[CitedCriterion, ...] = ()
    treatments: tuple[TriedTreatment, ...] = ()
    requests: tuple[str, ...] = ()
    blocks: tuple[LetterBlock, ...] = field(default_factory=lambda: tuple(letter_blocks().values()))
    """What the organization says in each letter."""
    exhibits: tuple[tuple[str, str], ...] = ()
    """Label ("Exhibit A") and title, in the order of the packet."""


_NOT_RECORDED = "not recorded"


def appeal_letter_blocks(facts: AppealFacts) -> tuple[Block, ...]:
    """A plain draft in English for a person to edit. What the facts do not say is left as a gap or not said
    at all.

    The draft asserts nothing beyond the facts: no law, no medical judgment, no prospect of success.
    """
    return (
        *_opening(facts),
        *_own_words(facts, "opening"),
        *_answers(facts.reasons),
        *_criteria(facts.criteria),
        *_treatments(facts.treatments),
        *_requests(facts),
        *_exhibits(facts.exhibits),
    )


def appeal_re_lines(facts: AppealFacts) -> tuple[tuple[str, str], ...]:
    """The lines under the address: label and value, empty ones left out."""
    lines = (
        ("Re:", f"{facts.level[:1].upper()}{facts.level[1:]}{', expedited' if facts.expedited else ''}"),
        ("Member:", facts.patient_name),
        ("Member ID:", facts.member_id),
        ("Reference no.:", facts.reference_number),
        ("Service:", facts.service),
        ("Codes:", ", ".join(facts.codes)),
        ("Diagnosis:", facts.diagnosis),
        ("Denial dated:", long_date(facts.denied_on, "en") if facts.denied_on else ""),
    )
    return tuple((label, value) for label, value in lines if value)


def _opening(facts: AppealFacts) -> list[Block]:
    whom = {
        "patient": "",
        "representative": f" on behalf of {facts.patient_name}",
        "provider": f" on behalf of my patient, {facts.patient_name}",
    }[facts.writer]
    dated = f" dated {long_date(facts.denied_on, 'en')}" if facts.denied_on else ""
    article = "an" if facts.level[:1].lower() in "aeiou" else "a"
    blocks: list[Block] = [
        Paragraph(
            f"This is {article} {facts.level}{whom}. "
            f"It concerns your decision{dated} not to cover {facts.service}."
        )
    ]
    if facts.expedited:
        grounds = facts.expedited_grounds or gap("State why waiting for a standard decision is not possible.")
        blocks.append(Paragraph(f"Please decide this as an expedited request. {grounds}"))
    return blocks


def _answers(reasons: tuple[RefusalReason, ...]) -> list[Block]:
    if not reasons:
        return [Heading("Our answer"), Paragraph(gap("State the reason for the denial, and answer it."))]
    blocks: list[Block] = []
    for number, reason in enumerate(reasons, start=1):
        blocks.append(
            Heading(f"Reason {number}: {reason.label}" if len(reasons) > 1 else f"Reason: {reason.label}")
        )
        if reason.payer_words:
            blocks += [Paragraph("Your letter states:"), Quote(reason.payer_words)]
        answer = reason.answer or gap(f"Answer “{reason.label}” from the record, and name the exhibit.")
        blocks.append(Paragraph(f"{answer} {_see(reason.exhibits)}".strip()))
    return blocks


def _criteria(criteria: tuple[CitedCriterion, ...]) -> list[Block]:
    if not criteria:
        return []
    rows = tuple(
        (
            f"{item.text} ({item.source})" if item.source else item.text,
            item.what_the_record_shows or gap("What does the record show?"),
            ", ".join(item.exhibits) or _NOT_RECORDED,
        )
        for item in criteria
    )
    return [Heading("The criteria you applied"), Table(("Criterion", "What the record shows", "Proof"), rows)]


def _treatments(treatments: tuple[TriedTreatment, ...]) -> list[Block]:
    if not treatments:
        return []
    rows = tuple(
        (
            f"{item.name} ({item.drug_class})" if item.drug_class else item.name,
            item.dose or _NOT_RECORDED,
            item.dates or _NOT_RECORDED,
            item.response or _NOT_RECORDED,
            item.reason_stopped or _NOT_RECORDED,
            ", ".join(item.exhibits) or _NOT_RECORDED,
        )
        for item in treatments
    )
    return [
        Heading("Treatments before this request"),
        Paragraph("The record shows these treatments:"),
        Table(("Treatment", "Dose", "Dates", "Response", "Why it stopped", "Proof"), rows),
    ]


def _requests(facts: AppealFacts) -> list[Block]:
    asked = facts.requests or (f"Reverse the decision and approve {facts.service}.",)
    return [Heading("What we ask"), Bullets(asked), *_own_words(facts, "closing")]


def _own_words(facts: AppealFacts, place: str) -> list[Block]:
    return [block for own in facts.blocks if own.place == place for block in blocks_from_text(own.text)]


def _exhibits(exhibits: tuple[tuple[str, str], ...]) -> list[Block]:
    if not exhibits:
        return []
    return [Heading("Exhibits"), Bullets(tuple(f"{label}: {title}" for label, title in exhibits))]


def _see(exhibits: tuple[str, ...]) -> str:
    return f"See {', '.join(exhibits)}." if exhibits else ""
