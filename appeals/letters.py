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
from appeals.state_laws import StateLaw
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
    weeks: str = ""
    scores: str = ""


@dataclass(frozen=True)
class Standing:
    """What came after the denial and before this level: what the level before decided, and the calls held about it.

    `level` is the level before in the field's words; `decided_on` is the date of its notice, None where none came in time;
    `upheld` says that nothing of the denial fell. `argument` is the body of the letter of that level, as it went out;
    `reasons` is why it refused, in the words of its notice.
    """

    level: str
    decided_on: date | None = None
    upheld: bool = True
    calls: tuple[date, ...] = ()
    argument: tuple[Block, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class AppealFacts:
    """Everything the draft may say. Nothing else gets into it."""

    patient_name: str
    service: str
    writer: Literal["patient", "representative", "provider"]
    member_id: str = ""
    group_number: str = ""
    reference_number: str = ""
    codes: tuple[str, ...] = ()
    diagnosis: str = ""
    denied_on: date | None = None
    silent_since: date | None = None
    """No decision came: the first day on which silence counts; None where somebody decided."""
    level: str = "appeal"
    """In the field's words: "internal appeal", "request for external review"."""
    decided_by: str = ""
    """Who denied, where the letter goes to somebody else; empty where it goes to whoever denied."""
    before: Standing | None = None
    """The level before this one; None at the first."""
    expedited: bool = False
    expedited_grounds: str = ""
    at_once: str = ""
    """Why it does not wait for a level that is open still, as a sentence; empty for any other letter."""
    reasons: tuple[RefusalReason, ...] = ()
    criteria: tuple[CitedCriterion, ...] = ()
    treatments: tuple[TriedTreatment, ...] = ()
    requests: tuple[str, ...] = ()
    blocks: tuple[LetterBlock, ...] = field(default_factory=lambda: tuple(letter_blocks().values()))
    """What the organization says in each letter."""
    exhibits: tuple[tuple[str, str], ...] = ()
    """Label ("Exhibit A") and title, in the order of the packet."""


DENIAL_QUOTED = "Your letter states:"
TREATMENTS_SHOWN = "The record shows these treatments:"
CRITERIA, REQUESTS, EXHIBITS = "The criteria you applied", "What we ask", "Exhibits"


def appeal_letter_blocks(facts: AppealFacts) -> tuple[Block, ...]:
    """A plain draft in English for a person to edit. What the facts do not say is left as a gap or not said
    at all.

    The draft asserts nothing beyond the facts: no law, no medical judgment, no prospect of success.
    """
    return (
        *_opening(facts),
        *_own_words(facts, "opening"),
        *_standing(facts.before),
        *(_carried(facts) or (*_answers(facts), *_criteria(facts), *_treatments(facts.treatments))),
        *_requests(facts),
        *_exhibits(facts.exhibits),
    )


def appeal_re_lines(facts: AppealFacts) -> tuple[tuple[str, str], ...]:
    """The lines under the address: label and value, empty ones left out."""
    before = facts.before
    after = before.decided_on if before else None
    lines = (
        ("Re:", f"{facts.level[:1].upper()}{facts.level[1:]}{', expedited' if facts.expedited else ''}"),
        ("Member:", facts.patient_name),
        ("Member ID:", facts.member_id),
        ("Group no.:", facts.group_number),
        ("Reference no.:", facts.reference_number),
        ("Service:", facts.service),
        ("Codes:", ", ".join(facts.codes)),
        ("Diagnosis:", facts.diagnosis),
        ("Not decided by:", long_date(facts.silent_since, "en") if facts.silent_since else ""),
        ("Denial dated:", long_date(facts.denied_on, "en") if facts.denied_on else ""),
        (
            "Upheld on:" if before and before.upheld else "Decided on:",
            long_date(after, "en") if after else "",
        ),
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
    whose = f"the decision of {facts.decided_by}" if facts.decided_by else "your decision"
    about = f"It concerns {whose}{dated} not to cover {_in_sentence(facts.service)}."
    if facts.silent_since:
        who, day = facts.decided_by or "you", long_date(facts.silent_since, "en")
        about = (
            f"It concerns the request to cover {_in_sentence(facts.service)}, which {who} did not decide in time: by {day} the"
            " time to decide was over, and no notice had come."
        )
    blocks: list[Block] = [Paragraph(f"This is {article} {facts.level}{whom}. {about}{_since(facts.before)}")]
    if facts.expedited:
        grounds = facts.expedited_grounds or gap("State why waiting for a standard decision is not possible.")
        blocks.append(Paragraph(f"Please decide this as an expedited request. {grounds}"))
    if facts.at_once:
        blocks.append(Paragraph(facts.at_once))
    return blocks


def _since(before: Standing | None) -> str:
    """What became of the denial since, as sentences after the first; each begins with a space."""
    if before is None:
        return ""
    calls = [f" A peer-to-peer call was held on {long_date(day, 'en')}." for day in before.calls]
    article = "an" if before.level[:1].lower() in "aeiou" else "a"
    if before.decided_on is None:
        decided = f" It was contested by {article} {before.level}, and no decision came in time."
    else:
        became = "upheld" if before.upheld else "changed in part"
        day = long_date(before.decided_on, "en")
        decided = f" It was contested by {article} {before.level}, and {became} by the decision dated {day}."
    return "".join([*calls, decided])


def _standing(before: Standing | None) -> list[Block]:
    if before is None or before.decided_on is None:
        return []
    day = long_date(before.decided_on, "en")
    heading = Heading(f"The decision dated {day}")
    if not before.reasons:
        asked = gap(f"Quote the reasons that the decision dated {day} gives, and answer them.")
        return [heading, Paragraph(asked)]
    answers = [
        block
        for words in before.reasons
        for block in (Quote(words), Paragraph(gap("Answer this from the record, and name the exhibit.")))
    ]
    return [heading, Paragraph(f"The decision dated {day} states:"), *answers]


def _carried(facts: AppealFacts) -> list[Block]:
    """The argument of the level before, each quotation with its letter."""
    renamed: dict[Block, Block] = {
        Paragraph(DENIAL_QUOTED): Paragraph(_quoted(facts)),
        Heading(CRITERIA): Heading(_criteria_title(facts)),
    }
    return [
        renamed.get(block, block) if isinstance(block, (Paragraph, Heading)) else block
        for block in argument_of(facts.before.argument if facts.before else ())
    ]


def argument_of(body: tuple[Block, ...]) -> tuple[Block, ...]:
    """The parts of a letter from the first heading to what was asked: what a later level argues again."""
    first = next((at for at, block in enumerate(body) if isinstance(block, Heading)), 0)
    ends = (Heading(REQUESTS), Heading(EXHIBITS))
    last = next((at for at, block in enumerate(body) if block in ends), len(body))
    return body[first:last]


def paragraph_citing(law: StateLaw) -> Paragraph:
    """What a draft says about a law, and the place that only a person can fill: nothing is asserted about the case."""
    place = law.state_name
    look = f"Read {law.citation}"
    if law.is_weak:
        look += ", confirm that it is the law of today and reaches this policy"
    todo = gap(f"{look}, quote the part that fits, and say what the record shows about it.")
    return Paragraph(
        f"The policy was issued in {place}. The law of {place} on {_in_sentence(law.subject.title)}: {law.citation}. {todo}"
    )


def letter_citing(body: tuple[Block, ...], law: StateLaw) -> tuple[Block, ...]:
    """The letter with the paragraph where its argument ends; as it was when it cites the law already."""
    if any(isinstance(block, Paragraph) and law.citation in block.text for block in body):
        return body
    ends = (Heading(REQUESTS), Heading(EXHIBITS))
    at = next((n for n, block in enumerate(body) if block in ends), len(body))
    return (*body[:at], paragraph_citing(law), *body[at:])


def answers_carried(before: tuple[Block, ...], now: tuple[Block, ...]) -> int:
    """How many paragraphs of a letter are, word for word, what the letter before it argued (its set phrases not counted)."""
    said = {b for b in argument_of(before) if isinstance(b, Paragraph)}
    said -= {Paragraph(DENIAL_QUOTED), Paragraph(TREATMENTS_SHOWN)}
    return sum(isinstance(block, Paragraph) and block in said for block in argument_of(now))


def _quoted(facts: AppealFacts) -> str:
    """Whose words follow: of several letters, the denial with its date."""
    if facts.before is None and not facts.decided_by:
        return DENIAL_QUOTED
    dated = f" dated {long_date(facts.denied_on, 'en')}" if facts.denied_on else ""
    return f"The denial letter{dated} states:"


def _criteria_title(facts: AppealFacts) -> str:
    return f"The criteria that {facts.decided_by} applied" if facts.decided_by else CRITERIA


def _in_sentence(name: str) -> str:
    """A name as it stands inside a sentence: "Ketamine, infusion" with a small letter, "IV ketamine" as it is."""
    return f"{name[:1].lower()}{name[1:]}" if name[1:2].islower() else name


def _answers(facts: AppealFacts) -> list[Block]:
    reasons = facts.reasons
    if facts.silent_since and not reasons:
        needed = gap("Say from the record why the service is needed, and name the exhibits.")
        return [Heading("Why the service is needed"), Paragraph(needed)]
    if not reasons:
        return [Heading("Our answer"), Paragraph(gap("State the reason for the denial, and answer it."))]
    blocks: list[Block] = []
    for number, reason in enumerate(reasons, start=1):
        blocks.append(
            Heading(f"Reason {number}: {reason.label}" if len(reasons) > 1 else f"Reason: {reason.label}")
        )
        if reason.payer_words:
            blocks += [Paragraph(_quoted(facts)), Quote(reason.payer_words)]
        quote = "Answer" if reason.payer_words else "Quote what the letter says about"
        rest = "" if reason.payer_words else ", answer it"
        answer = reason.answer or gap(
            f"{quote} “{reason.label}”{rest} from the record, and name the exhibit."
        )
        blocks.append(Paragraph(f"{answer} {_see(reason.exhibits)}".strip()))
    return blocks


def _criteria(facts: AppealFacts) -> list[Block]:
    criteria = facts.criteria
    if not criteria:
        return []
    rows = tuple(
        (
            f"{item.text} ({item.source})" if item.source else item.text,
            item.what_the_record_shows or gap("What does the record show, and which exhibit proves it?"),
            ", ".join(item.exhibits),
        )
        for item in criteria
    )
    return [Heading(_criteria_title(facts)), _filled(("Criterion", "What the record shows", "Proof"), rows)]


def _filled(head: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> Table:
    """The table without the columns of which the record says nothing."""
    kept = [at for at in range(len(head)) if any(row[at] for row in rows)]
    return Table(tuple(head[at] for at in kept), tuple(tuple(row[at] for at in kept) for row in rows))


def _treatments(treatments: tuple[TriedTreatment, ...]) -> list[Block]:
    if not treatments:
        return []
    rows = tuple(
        (
            f"{item.name} ({item.drug_class})" if item.drug_class else item.name,
            item.dose,
            _both(item.dates, item.weeks),
            _both(item.response, item.scores),
            item.reason_stopped,
            ", ".join(item.exhibits),
        )
        for item in treatments
    )
    return [
        Heading("Treatments before this request"),
        Paragraph(TREATMENTS_SHOWN),
        _filled(("Treatment", "Dose", "Dates", "Response", "Why it stopped", "Proof"), rows),
    ]


def _both(*said: str) -> str:
    return "; ".join(words for words in said if words)


def _requests(facts: AppealFacts) -> list[Block]:
    asked = facts.requests or (f"Reverse the decision and approve {_in_sentence(facts.service)}.",)
    return [Heading(REQUESTS), Bullets(asked), *_own_words(facts, "closing")]


def _own_words(facts: AppealFacts, place: str) -> list[Block]:
    return [block for own in facts.blocks if own.place == place for block in blocks_from_text(own.text)]


def _exhibits(exhibits: tuple[tuple[str, str], ...]) -> list[Block]:
    if not exhibits:
        return []
    return [Heading(EXHIBITS), Bullets(tuple(f"{label}: {title}" for label, title in exhibits))]


def _see(exhibits: tuple[str, ...]) -> str:
    return f"See {', '.join(exhibits)}." if exhibits else ""
