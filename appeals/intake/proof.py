"""The third look at every proposal: general rules that hold for any value of its kind, whoever wrote the letter.

The readers find a value by what speaks for it; the objections and the second reading judge the words around it. Here a
value needs what every value of its kind has: a number has digits of its own, a day beside another day its own name, a
name the verb that makes it somebody's, a span of deciding a word of answering. Each rule was held against every false
proposal of every batch of letters and against all true ones; `tests/appeals/test_intake.py` says what each stops.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from appeals.intake.dates import find_dates
from appeals.intake.layout import Page
from appeals.intake.proof_services import (
    is_negated,
    is_paid,
    is_taken_back,
    is_unchanged,
    is_undecided,
    of_a_paid_claim,
    of_no_case,
    only_suggested,
)
from appeals.intake.proposal import Proposal
from appeals.intake.said import Said


def proven(pages: Sequence[Page], proposals: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """The proposals that no general rule withholds, in their order."""
    return tuple(
        one
        for one in proposals
        if not any(rule(Said(pages, one)) for rule in (*_OF_ALL, *_OF_FACT.get(one.fact, ())))
    )


_OTHER_LINE: Final = re.compile(
    r"\b(?P<line>dental|vision|hearing aids?|life insurance|disability|pet)\b(?:,? (?:and|or) \w+)?[^.;]{0,24}"
    r"\b(?:benefits?|plans?|appeals?|claims?|coverage|insurance|services|care|program|riders?)\b",
    re.IGNORECASE,
)
_BY_THE_WAY: Final = 2
"""How often a letter may name another line of business without deciding anything of it."""


def of_another_line(said: Said) -> bool:
    """What a sentence says of dental or vision benefits, in a letter that decides nothing of them."""
    found = _OTHER_LINE.search(said.text)
    if found is None:
        return False
    letter = "\n".join(page.plain for page in said.pages).casefold()
    return letter.count(found["line"].casefold().split()[0]) <= _BY_THE_WAY


_NO_DIGITS: Final = re.compile(r"[0x]{4,}|(?P<one>[1-9])(?P=one){6,}|0?123456789?0?", re.IGNORECASE)


def is_mostly_number(said: Said) -> bool:
    """A name with a number of four digits or more in it, which names a member or a case."""
    return re.search(r"\d{4}", said.proposal.value) is not None


def is_no_number(said: Said) -> bool:
    """A number of noughts or of X, which stands where a number is still to be written."""
    core = re.sub(r"[^0-9A-Za-z]", "", said.proposal.value)
    return _NO_DIGITS.fullmatch(re.sub(r"^[A-WYZa-wyz]+", "", core)) is not None


_ASIDE: Final = re.compile(
    # what is true of many and told of nobody
    r"\b(?:most|many|some|several|certain|various|nine of ten|\d+ (?:of|percent of)) (?:of (?:our|the) )?(?:\w+ ){0,2}"
    r"(?:requests|claims|appeals|members|denials|plans|letters|customers|people|cases)\b|"
    r"\b(?:on average|average|usually|typically|commonly)\b|"
    # of another plan, person, letter or case
    r"\bother (?:plans?|members?|groups?|customers|patients?)\b|\bseparately\b|"
    r"\b(?:another|(?:a|in) different|separate) (?:letter|notice|decision|claim|case|request|plan|member|patient|number|state)\b|"
    r"\b(?:sister|brother|twin|neighbor|roommate)'s\b|\bsecond opinion\b|"
    r"\bnext (?:visit|appointment)\b|\balso (?:sent|covered|insured)\b|"
    # of what was not used
    r"\b(?:(?:was|were|is|are|did|does|do) not|n't) (?:used|affect\w*|concern\w*|refused|at issue|in question|"
    r"part of (?:this|the)|considered(?=[.,;)]|$| (?:in|for) (?:this|the|our)\b))",
    re.IGNORECASE,
)
_OF_A_RELATIVE: Final = re.compile(
    r"\b(?:spouse|husband|wife|mother|father)'s (?:\w+ )?(?:plan|coverage|insurance|insurer|employer|case|request|"
    r"claim|policy)\b|\bsecondary coverage\b",
    re.IGNORECASE,
)


def is_aside(said: Said) -> bool:
    """What a sentence says of many, of another plan, person or letter, or of something that was not used."""
    return _ASIDE.search(said.outside_brackets) is not None


def is_a_relatives(said: Said) -> bool:
    """What a sentence says of the plan or the case of a relative."""
    return _OF_A_RELATIVE.search(said.text) is not None


# The date of the notice

_HEAD_ROWS: Final = 24
_FEW_CELLS: Final = 3
_SALUTATION: Final = re.compile(r"(?:dear|hello|hi|to whom)\b", re.IGNORECASE)
_WEAK: Final = re.compile(
    r"\b(?:mail(?:ed|ing)?|sent|post(?:ed|mark(?:ed)?)?|placed|prepared|printed|processed|produced|generated|run|paid|payment)\b",
    re.IGNORECASE,
)
_OF_PAPER: Final = re.compile(
    rf"{_WEAK.pattern}|\b(?:notice|letter|statement|issued?|issuance|dated?|fecha|written|decided|made|released|today)\b",
    re.IGNORECASE,
)
_OF_ELSE: Final = re.compile(
    r"\b(?:birth|dob|born|services?|received?|receipt|rec'?d|rcvd|request(?:ed)?|effective|from|through|until|expir\w+|due|"
    r"deadline|by|last|next|previous|prior|original|first|earlier|form|rev(?:ised|ision)?|hired?|admi\w+|discharge\w*|"
    r"begin\w*|start\w*|ends?|filed|records?|call\w*|order\w*|appeal\w*|policy|coverage|visit|infusion|treatment|period|"
    r"since|before|after|your|we|you)\b",
    re.IGNORECASE,
)


def dates_in_head(page: Page) -> list[tuple[int, str, str]]:
    """The dates in the letter's head that a label names or that stand alone in their cell: place, day, label."""
    found: list[tuple[int, str, str]] = []
    rows = [cells for cells in page.rows if cells][:_HEAD_ROWS]
    for cells in rows:
        if _SALUTATION.match(cells[0].text) and len(cells) == 1:
            break
        line, begin, after = page.plain[cells[0].start : cells[-1].end], cells[0].start, 0
        for printed in find_dates(line):
            label = re.split(r"\s{3,}(?=\S+\s)|[|;]", line[after : printed.start].rstrip())[-1].strip()
            goes_on = re.match(r" (?:from|by|to|of) ", line[printed.end :]) is not None
            alone = len(cells) <= _FEW_CELLS and any(
                cell.text == line[printed.start : printed.end] for cell in cells
            )
            after = printed.end
            if (label or alone) and not goes_on:
                found.append((begin + printed.start, printed.day.isoformat(), label))
    return found


def beside_another_date(said: Said) -> bool:
    """A day of mailing or making where the letter's head prints another day of the same paper: which is the notice's?"""
    proposal = said.proposal
    if proposal.page != 1:
        return False
    dates = dates_in_head(said.pages[0])
    mine = [label for place, _, label in dates if proposal.start <= place < proposal.end]
    if not mine or not _WEAK.search(mine[-1]):
        return False
    days = [day for _, day, _ in dates]
    return any(
        day != proposal.value
        and (_OF_PAPER.search(label) or (not label and days.count(day) == 1))  # a day of services comes back
        and not _OF_ELSE.search(label)
        for _, day, label in dates
    )


_OPEN: Final = re.compile(
    r"\b(?:is|are|was|by|on|of|until|before|after|the|to|from|through|dated|and|in)$", re.IGNORECASE
)


def ends_a_sentence(said: Said) -> bool:
    """A day that ends what the row above begins: `The last day is / 01/08/2027`."""
    cells = said.page.rows[said.row]
    above = said.page.rows[said.row - 1] if said.row else ()
    return (
        bool(cells and above)
        and cells[0].start == said.proposal.start
        and re.match(r"[A-Za-z]+ ?(?:date|on|:)", said.proposal.words) is None
        and _OPEN.search(above[-1].text) is not None
    )


# Names

_ABOUT_DECISION: Final = re.compile(
    r"\b(?:decision|decided?|deciding|determination|determined|denial|denied|review\w*|choice|answer|looked at|agreed|upheld|"
    r"read|director|found|concluded|applied|who)\b|^\W*(?:board|our)\b",
    re.IGNORECASE,
)


def decides_nothing(said: Said) -> bool:
    """A reviewer whose sentence, label and the sentence before have no word of deciding, or who made a request."""
    if said.sentence is None:
        return False
    beside = " ".join(cell.text for cell in said.page.rows[said.row])
    around = f"{said.heading} . {said.sentence.before} . {said.text} . {beside}"
    own = f"{said.heading} . {said.text}"
    return (
        _ABOUT_DECISION.search(around) is None
        or re.search(r"\brequest\W+made by\b", own, re.IGNORECASE) is not None
        or (re.search(r"\bmade by\b", said.text, re.IGNORECASE) is not None and not _MADE.search(around))
    )


_MADE: Final = re.compile(r"\b(?:decision|determination|denial|choice|review|answer)\b", re.IGNORECASE)
_THE_PLAN: Final = re.compile(
    r"\b(?:plan|fund|trust)\b|\b(?:coverage|claims|policy|(?:medical|health) benefits)\b[^.;]{0,40}$",
    re.IGNORECASE,
)
_OF_NO_PLAN: Final = re.compile(
    r"\b(?:pension|of records|COBRA|wellness program|flexible spending|retirement plan|fitness|transportation|"
    r"stop-loss|reinsur\w+|FDIC)\b",
    re.IGNORECASE,
)


def of_some_benefits(said: Said) -> bool:
    """`Supplemental benefits are administered by ...`, a pension, a wellness program: not who bears or runs the plan."""
    return _OF_NO_PLAN.search(said.text) is not None or (
        re.match(r"(?:is |are )?administered\b", said.proposal.words, re.IGNORECASE) is not None
        and re.search(r"\w", said.before) is not None
        and _THE_PLAN.search(said.before) is None
    )


def of_a_second_opinion(said: Said) -> bool:
    """A reviewer under run-in words that name another review: `Second opinion. Reviewed by ...`."""
    run_in = said.sentence.before if said.sentence else ""
    return len(run_in.split()) <= _RUN_IN and _ASIDE.search(run_in) is not None


_RUN_IN: Final = 5


def holds_for_some(said: Said) -> bool:
    """A program named under a condition or beside another: `If you also have Medicaid, show both cards.`"""
    before = said.sentence.before if said.sentence else ""
    return re.search(r"\b(?:if|when|also have|both)\b", said.text, re.IGNORECASE) is not None or (
        re.match(r"\W*(?:if|some)\b[^.]*\b(?:also|both)\b", before, re.IGNORECASE) is not None
    )


# Limits and addresses

_ANSWERS: Final = re.compile(
    r"\b(?:answer\w*|deci\w+|repl\w+|respon\w+|resol\w+|writ\w+|hear from us|let you know|tell you|notif\w+|result|outcome|"
    r"determin\w+|takes?|standard|regular|review|letter|complete\w*|finish\w*|how long|mail)\b",
    re.IGNORECASE,
)
_NO_ANSWER: Final = re.compile(
    r"\b(?:meetings?|hearing|extension|spent|money|paid back|from (?:the )?mailing|after you (?:receive|get)|law gives|"
    r"gives? you (?:up to )?\w+ (?:calendar |business )?days|"
    r"you (?:have|can|may|must) (?!ask|also ask|request|appeal)[^.;]{0,30}days)\b",
    re.IGNORECASE,
)
_FEW_WORDS: Final = 30


def not_of_an_answer(said: Said) -> bool:
    """A span of deciding whose sentence has no word of answering, or one of a meeting, of money or of the reader's time."""
    if said.sentence is None or len(said.text) < _FEW_WORDS:
        return False
    return (
        _ANSWERS.search(f"{said.heading} . {said.text}") is None or _NO_ANSWER.search(said.text) is not None
    )


_KEEPS: Final = re.compile(
    r"\b(?:keep\w*|stays?|go on|going on|continu\w+|covered until|while (?:we|your appeal|the appeal)|"
    r"current (?:level|visits|services|care)|same as now|takes effect|change (?:starts|begins))\b",
    re.IGNORECASE,
)
_OF_A_PRACTICE: Final = re.compile(
    r"\b(?:practitioners?|payment disputes?|corrected claims?|participating providers?|"
    r"for (?:the )?(?:provider|practitioner|facility|hospital)s?)\b",
    re.IGNORECASE,
)


def keeps_care_going(said: Said) -> bool:
    """A day until which care goes on if one asks: it ends before the time to appeal does."""
    return said.sentence is not None and _KEEPS.search(said.text) is not None


def is_for_a_practice(said: Said) -> bool:
    """A limit in or after a sentence on disputes of those who treat."""
    return (
        said.sentence is not None and _OF_A_PRACTICE.search(f"{said.sentence.before} {said.text}") is not None
    )


_ANOTHER_HOUSE: Final = re.compile(
    r"\b(?:department of|division of|insurance commissioner|office (?:for|of) consumer|refunds?|corrected)\b",
    re.IGNORECASE,
)


def is_another_house(said: Said) -> bool:
    """An address of an agency, or in whose rows refunds or corrected claims are named."""
    return _ANOTHER_HOUSE.search(f"{said.proposal.value} {said.line}") is not None


_A_CLINICS: Final = re.compile(
    r"\b(?:an?|the|any) (?:\w+ )?(?:clinic|hospital|facility|practice|pharmacy) (?:that|who|which|may|must|can|has)\b|"
    r"\bin its own name\b",
    re.IGNORECASE,
)


def is_a_clinics(said: Said) -> bool:
    """A limit or a way that a sentence gives to a clinic in its own name."""
    return _A_CLINICS.search(said.text) is not None


def of_requests(said: Said) -> bool:
    """A span for deciding requests, not appeals."""
    return re.search(r"\brequests\b", said.text, re.IGNORECASE) is not None and not re.search(
        r"appeal|redeterm|reconsid|grievance", f"{said.text} {said.heading}", re.IGNORECASE
    )


_NUMBERS: Final = (
    "member_id", "reference_number", "group_number", "policy_number", "ndc", "provider_npi", "procedure_code",
    "send_to_fax", "send_to_fax_expedited", "send_to_phone", "appeal_phone", "p2p_phone",
)  # fmt: skip
_STATED: Final = ("stated_deadline", "stated_deadline_text", "stated_deadline_date")
_WAYS: Final = (
    "send_to_fax", "send_to_fax_expedited", "send_to_phone", "appeal_phone", "send_to_mail", "send_to_portal", *_STATED,
)  # fmt: skip
_Rule = Callable[[Said], bool]
_GROUPS: Final[tuple[tuple[Sequence[str], tuple[_Rule, ...]], ...]] = (
    (_NUMBERS, (is_no_number, is_a_relatives)),
    (_STATED, (keeps_care_going, is_for_a_practice)),
    (_WAYS, (is_a_clinics,)),
    (("procedure_code", "ndc"), (only_suggested,)),
    (("procedure_code", "ndc", "diagnosis_code", "carc", "rarc"), (is_a_relatives, is_taken_back)),
    (("procedure_code",), (is_paid, is_undecided, is_unchanged)),
    (("procedure_code", "carc", "rarc"), (of_a_paid_claim,)),
    (("reviewer_name", "reviewer_credentials"), (decides_nothing, of_a_second_opinion)),
    (("administrator", "funding_cue"), (of_some_benefits,)),
    (("program_cue",), (holds_for_some,)),
    (("payer",), (is_a_relatives,)),
    (("payer", "administrator", "patient_name"), (is_mostly_number,)),
    (("notice_date",), (beside_another_date, ends_a_sentence)),
    (("standard_decision_days",), (not_of_an_answer, of_requests)),
    (("expedited_hours", "expedited_available"), (of_requests,)),
    (("send_to_mail",), (is_another_house,)),
    (("reason",), (is_negated, is_taken_back, of_no_case)),
)
_OF_ALL: Final[tuple[_Rule, ...]] = (of_another_line, is_aside)
_OF_FACT: Final[dict[str, tuple[_Rule, ...]]] = {
    fact: tuple(rule for facts, rules in _GROUPS if fact in facts for rule in rules)
    for fact in sorted({fact for facts, _ in _GROUPS for fact in facts})
}
