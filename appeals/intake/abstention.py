"""The last word: where the letter itself leaves open which of two is meant, nothing is proposed.

The gates before this one judge a candidate by what stands around it. This one looks away from it, at what else the letter holds:
a rival of the same kind, a second day in the sentence, a part that a name is only one side of, a form that a value cannot have.
Where there is a rival, a value needs a second, independent proof; where its form is open, it is left to be typed. What it stops
and what it costs stands in docs/adr/0038-rivals-of-a-fact.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from appeals.intake.abstention_words import (
    another_organization,
    another_reviewer,
    begins_late,
    begins_with_a_label,
    code_not_refused,
    ends_with_another_word,
    glued_to_its_label,
    insured_by_another,
    named_once,
    no_administrator,
    no_time_of_answer,
    not_this_reason,
    of_a_later_step,
    of_a_professional,
    only_underwritten,
    runs_on,
    spelled_otherwise,
    unclosed_credentials,
)
from appeals.intake.layout import Cell, Page
from appeals.intake.proposal import Proposal
from appeals.intake.rivals import Letter, bare, digits, lead_of
from appeals.intake.said import Said

Doubt = Callable[[Letter, Said, Sequence[Proposal]], bool]


def _ends_clean(said: Said) -> bool:
    """Whether nothing that could belong to a value follows it on its line."""
    return (
        re.match(r"\s*?(?:\r?\n|$|\s{2,}|\s?[,;.:(|)/-])", said.page.plain[said.proposal.end :]) is not None
    )


# The person

_PATIENT: Final = re.compile(
    r"\b(?:patient|child|dependent|claimant|person treated|covered person)\b", re.IGNORECASE
)
_HOLDER: Final = re.compile(
    r"\b(?:name|member|enrollee|beneficiary|participant|insured|subscriber|recipient|client|employee|re|to|for|of)\b",
    re.IGNORECASE,
)
_PARENT_OF: Final = re.compile(r"\b(?:parents?|guardian)(?:\(s\))? of:?$", re.IGNORECASE)
_RELATIVE: Final = re.compile(
    r"\byour (?:child|son|daughter|spouse|wife|husband|dependent|mother|father|ward)\b", re.IGNORECASE
)
_NO_FIRST_NAME: Final = frozenset(
    re.findall(
        r"\S+",
        """
        dr mr mrs ms miss mx dear dra sr sra re to attn attention md the for hello hi and member patient name parent cc by
        from of subscriber enrollee insured participant beneficiary guardian client family self recipient employee holder
        policyholder contract fund rin id dob group plan date claimant cardholder card number case claim reference
        """,
    )
)
_NO_SURNAME: Final = frozenset(("jr", "sr", "ii", "iii", "iv", "md"))


def _words(name: str) -> list[str]:
    """The words of a person's name without what stands behind a surname."""
    return [word for word in re.findall(r"[\w'-]+", name.casefold()) if word not in _NO_SURNAME]


def another_person(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """A name beside which the letter prints another person of the same family, without a label that says who is the patient."""
    words = _words(said.proposal.value)
    if len(words) < 2:
        return True
    above = said.page.plain[: said.proposal.start].rstrip()[-60:]
    if _PATIENT.search(lead_of(said)) or _PARENT_OF.search(above):
        return False
    pieces = "|".join(re.escape(piece) for piece in words[-1].split("-") if len(piece) > 2)
    family = re.compile(rf"\b(?P<first>[A-Z][\w'-]+)\.?(?: [A-Z][\w'-]*\.?)? (?i:(?:\w+-)?(?:{pieces}))\b")
    return _RELATIVE.search(letter.prose) is not None or (
        bool(pieces)
        and any(
            one["first"].casefold() not in (*_NO_FIRST_NAME, *words) for one in family.finditer(letter.prose)
        )
    )


def unproven_person(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """A name that is neither printed twice, nor greeted, nor the whole of what a label of its own is followed by."""
    words = _words(said.proposal.value)
    if any(word in _NO_FIRST_NAME for word in words) or len(words) < 2:
        return True
    prose = letter.prose.casefold()
    first, last = re.escape(words[0]), re.escape(words[-1])
    if len(re.findall(rf"\b{first}\b(?: [\w'.-]+){{0,2}}? {last}\b", prose)) > 1:
        return False
    if re.search(rf"\b(?:dear|hello|hi|estimad[oa])\b[^:,]{{0,40}}\b{last}\b", prose):
        return False
    label = lead_of(said)
    return not (_ends_clean(said) and (_PATIENT.search(label) or _HOLDER.search(label)))


# Numbers


_PASSING: Final = re.compile(
    r"\b(?:auth\w*|tracking|control|inquiry|mail|imaging|scan|batch|log|pre-?cert\w*|dcn)\b[^;|()]{0,24}$",
    re.IGNORECASE,
)
_NAMED_CASE: Final = re.compile(
    r"\b(?:claim|case|notice|determination|letter|request|appeal|action|decision|denial)\b[^;|()]{0,24}$",
    re.IGNORECASE,
)


def another_number(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """A case's number beside another, unless it heads the letter and the other does not, or it alone is printed twice."""
    mine = bare(said.proposal.value)
    taken = [bare(one.value) for one in every if one.fact != said.proposal.fact]
    lead = lead_of(said)
    named = _NAMED_CASE.search(lead) is not None and _PASSING.search(lead) is None
    rivals = {
        other: one
        for one in letter.cases
        if not (named and _PASSING.search(one.lead) and not _NAMED_CASE.search(one.lead))
        and (other := bare(one.value)) not in mine
        and mine not in other
        and not any(other in number for number in taken)
    }
    if not rivals:
        return False
    printed = bare(letter.text)
    often = printed.count(mine)
    if often > 1 and all(printed.count(other) < often for other in rivals):
        return False
    return _in_prose(said) or any(
        not _stands_in_prose(letter, one.page, one.start) for one in rivals.values()
    )


_FAMILY: Final = 6
"""Signs with which two numbers of one family begin."""


def another_member(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """A member's number beside one that only ends otherwise, or, in a sentence, beside another that is called a member's."""
    mine = bare(said.proposal.value)
    taken = {bare(one.value) for one in every if one.fact != said.proposal.fact}
    kin = [
        other
        for one in letter.numbers
        if (other := bare(one.value)) not in taken
        and other != mine
        and len(other) == len(mine)
        and other[:_FAMILY] == mine[:_FAMILY]
    ]
    if kin:
        return True
    return _in_prose(said) and any(
        (other := bare(one.value)) not in mine and mine not in other and other not in taken
        for one in letter.members
    )


_NUMBER_GOES_ON: Final = re.compile(r"[ /](?:[A-Z]|[A-Z]?\d[A-Z\d]{0,3})(?=[.,;)]|\s{2}|\s*(?:\n|$))(?!\.\d)")


_COVERAGE_RULE: Final = re.compile(r"\b(?:national|local) coverage\b[^.;]{0,30}$", re.IGNORECASE)


def of_coverage(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """The number of a rule on what is covered, which is short and has a point, or stands behind such a rule's name."""
    value = said.proposal.value
    lead = " ".join(said.page.plain[max(0, said.proposal.start - 60) : said.proposal.end].split())
    return re.fullmatch(r"\d{1,3}(?:\.\d{1,3})+", value) is not None or (
        _COVERAGE_RULE.search(lead.removesuffix(value)) is not None
    )


def cut_number(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """A number after which a sign or a short group stands that may be its last, `4 0071 9952 | A.`, or with a word in it."""
    return (
        _NUMBER_GOES_ON.match(said.page.plain, said.proposal.end) is not None
        or re.search(r"\s[A-Z]{4,}\b", said.proposal.value) is not None
    )


def _in_prose(said: Said) -> bool:
    return said.sentence is not None and _is_prose(said.text)


def _stands_in_prose(letter: Letter, page: int, place: int) -> bool:
    plain = letter.pages[page - 1].plain
    begin = plain.rfind("\n", 0, place) + 1
    end = plain.find("\n", place)
    return _is_prose(plain[begin : end if end > 0 else None])


def _is_prose(text: str) -> bool:
    """Whether words are a sentence's and no label's."""
    return len(re.findall(r"\b[a-z]{2,}\b", text)) > 5


# The day

_SURELY: Final = re.compile(
    r"\b(?:notice|letter|ltr|statement|eob|summary|explanation|report|aviso|carta|decision|determination|denial)\b",
    re.IGNORECASE,
)
_DATED: Final = re.compile(r"\b(?:dated|issued?|written)\b", re.IGNORECASE)
_OF_ELSE: Final = re.compile(
    r"\b(?:birth|dob|born|services?|received?|receipt|rec'?d|rcvd|request(?:ed)?|effective|from|through|until|expir\w+|due|"
    r"deadline|next|last|by|on or|previous|prior|original|earlier|form|rev(?:ised|ision)?|admi\w+|discharge\w*|begin\w*|start\w*|"
    r"ends?|filed|visit|infusion|treatment|period|came|got|asked|logged|plan year|your|we|you|review(?:ed)?|hired?|stay|dos|"
    r"within|after|later than|hasta|replaces|supersedes|supporting|prescriber'?s?|statement (?:\w+ )?on)\b",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(
    r"\b(?P<paper>notice|letter|ltr|statement|eob|aviso|carta)(?:'s)? (?:date|issued)\b|"
    r"\b(?:date|fecha) (?:of|on|de)(?:l| the| this| your| la| esta| este)* (?:notice|letter|statement|aviso|carta)\b",
    re.IGNORECASE,
)
_OF_RULING: Final = re.compile(r"\b(?:decision|determination|denial|decided|review)\b", re.IGNORECASE)
_MAILED: Final = re.compile(r"\b(?:mail\w*|sent|post\w*|print\w*)\b", re.IGNORECASE)
_OF_PAPER: Final = re.compile(
    r"\b(?:dated?|fecha|issu\w+|written|today|mail\w*|sent|post\w*|print\w*|process\w*|prepared|produced|generated|paid|run|made|"
    r"released|notice|letter|statement|decision|determination|decided)\b",
    re.IGNORECASE,
)


def another_day(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """A day that no label calls the notice's, in a letter whose head prints another that is not plainly something else's."""
    lead = " ".join(
        (lead_of(said, 40), *(label for _, day, label in letter.days if day == said.proposal.value))
    )
    rivals = [
        label for _, day, label in letter.days if day != said.proposal.value and not _OF_ELSE.search(label)
    ]
    if _NAMED.search(lead):
        return any(
            _SURELY.search(_OF_RULING.sub(" ", label)) and not _MAILED.search(label) for label in rivals
        )
    if _SURELY.search(lead) or _DATED.search(lead):
        return any(_SURELY.search(label) and not _MAILED.search(label) for label in rivals)
    return any(not label or _OF_PAPER.search(label) for label in rivals)


_HEDGES: Final = re.compile(
    r"\b(?:whichever|whatever is|(?:later|earlier) of|or (?:before|by)(?! (?:you|your|an?|some\w*|fax|mail|phone|telephone|"
    r"email)\b)|if later)\b",
    re.IGNORECASE,
)


def hedged_day(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """One day, or one span, in a sentence that makes it depend on another."""
    return _HEDGES.search(re.sub(r"\bon or before\b", " ", said.outside_brackets)) is not None


# Faxes

_FAST: Final = re.compile(
    r"\b(?:fast\w*|expedit\w+|urgent\w*|quick\w*|rush|r[a\u00e1]pid\w+|hurry|speed\w*)\b", re.IGNORECASE
)
_APPEAL: Final = re.compile(
    r"\b(?:appeal\w*|apela\w*|reconsider\w*|redetermin\w*|grievances?|standard|regular)\b", re.IGNORECASE
)


_OF_OTHERS: Final = re.compile(
    r"\b(?:external|outside|independent|state|hearings?|department|division|commission\w*|bureau|ombuds\w*|providers?|hospitals?|"
    r"facility|clinic\w*|pharmac\w+|prescribers?|doctors?|physicians?|records|peer|claims|questions|help|corrected|refunds?|"
    r"complaints?|new requests?|civil rights|court)\b",
    re.IGNORECASE,
)


_OWN_OFFICE: Final = re.compile(
    r"\b(?:(?:complaints|grievances?) (?:and|&) )?appeals?(?: (?:and|&) (?:complaints|grievances?))?"
    r"(?: (?:department|division|dept))?\b",
    re.IGNORECASE,
)
"""An office of appeals, by names that elsewhere are other offices'."""


def another_fax(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """A fax beside another fax, where its own words are another office's, or neither they nor the other's say whose it is."""
    mine = digits(said.proposal.value)
    others = [one for one in letter.faxes if one.value != mine]
    if not others:
        return False
    own = [_OWN_OFFICE.sub("appeals", one.lead) for one in letter.faxes if one.value == mine]
    if any(_OF_OTHERS.search(lead) for lead in own):
        return True
    if any(_APPEAL.search(lead) for lead in own):
        return False
    if _in_block_of_appeals(letter, mine) and not any(
        _in_block_of_appeals(letter, one.value) for one in others
    ):
        return False
    return not all(_FAST.search(one.lead) or _OF_OTHERS.search(one.lead) for one in others)


_CALLED_BEHIND: Final = re.compile(r"[ \t]*\((?P<what>[^()\n]*[^\W\d_]{3}[^()\n]*)\)")
_ANY_FAX: Final = re.compile(
    r"\b(?:fax|facsimile|toll|free|hours|day|preferred|secure|all|any|every|either)\b", re.IGNORECASE
)


def another_purpose(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """A fax that the brackets behind it call something else: `Fax 207-555-0183 (enrollment papers)`."""
    called = _CALLED_BEHIND.match(said.page.plain, said.proposal.end)
    return called is not None and not any(
        words.search(called["what"]) for words in (_APPEAL, _FAST, _ANY_FAX)
    )


_BLOCK: Final = 240
_PARAGRAPH: Final = re.compile(r"\n[ \t|]*\n")


def _in_block_of_appeals(letter: Letter, number: str) -> bool:
    """Whether the words from the last other fax or blank line on name the appeal before a number and no other office or haste."""
    for one in letter.faxes:
        if one.value != number:
            continue
        plain = letter.pages[one.page - 1].plain
        begin = max(
            [one.start - _BLOCK, 0]
            + [
                other.start + 8
                for other in letter.faxes
                if other.page == one.page and other.start < one.start
            ]
            + [gap.end() for gap in _PARAGRAPH.finditer(plain, 0, one.start)]
        )
        before = _OWN_OFFICE.sub("appeals", plain[begin : one.start])
        if _OWN_APPEAL.search(before) and not _OF_OTHERS.search(before) and not _FAST.search(before):
            return True
    return False


_OWN_APPEAL: Final = re.compile(
    r"\b(?:appeals?|apelaci\w+|reconsiderations?|redeterminations?)\b", re.IGNORECASE
)


def _heads_of_column(said: Said) -> list[Cell]:
    """The cells above a number that stand in its own column, where that is not the first."""
    page, row = said.page, said.row
    own = next((cell for cell in page.rows[row] if cell.start <= said.proposal.start < cell.end), None)
    if own is None or (own is page.rows[row][0] and own.column < _COLUMN):
        return []
    return [
        cell
        for near in page.rows[max(0, row - _COLUMN) : row]
        for cell in near
        if abs(cell.column - own.column) < _ASIDE
    ]


_COLUMN: Final = 6
_ASIDE: Final = 3


_HOW_LONG: Final = re.compile(r"\b(?:takes?|is|are|will|within)\b.*\d.*\.\s*$", re.IGNORECASE)
"""A sentence on how long an answer takes stands over no address."""


def no_fast_fax(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """A fax for urgent appeals that its own words do not call so, or the only fax of the letter."""
    mine = digits(said.proposal.value)
    if {one.value for one in letter.faxes} <= {mine}:
        return True
    place = said.proposal
    after = said.page.plain[place.end : place.end + 24].split("\n")[0]
    own = [one.lead[-50:] for one in letter.faxes if one.value == mine]
    title = "" if _HOW_LONG.search(said.heading) else said.heading
    heads = (title, *(cell.text for cell in _heads_of_column(said)))
    return not any(_FAST.search(text) for text in (*heads, *own, re.split(r"\d{3}|[.;]", after)[0]))


_DOUBTS: Final[dict[str, tuple[Doubt, ...]]] = {
    "payer": (
        named_once,
        another_organization,
        insured_by_another,
        ends_with_another_word,
        glued_to_its_label,
    ),
    "administrator": (spelled_otherwise, no_administrator),
    "patient_name": (another_person, unproven_person),
    "member_id": (another_member, cut_number, of_a_professional),
    "reference_number": (another_number, cut_number, of_coverage),
    "group_number": (cut_number,),
    "policy_number": (cut_number,),
    "notice_date": (another_day,),
    "stated_deadline": (hedged_day,),
    "stated_deadline_date": (hedged_day,),
    "stated_deadline_text": (runs_on, begins_late),
    "continuation_request_by": (hedged_day,),
    "send_to_fax": (another_fax, another_purpose),
    "send_to_fax_expedited": (no_fast_fax, another_purpose),
    "send_to_mail": (begins_with_a_label,),
    "procedure_code": (code_not_refused,),
    "reason": (not_this_reason,),
    "standard_decision_days": (no_time_of_answer,),
    "reviewer_credentials": (unclosed_credentials,),
    "reviewer_name": (another_reviewer,),
    "plan_provision": (of_a_later_step,),
    "funding_cue": (only_underwritten,),
}


def undoubted(pages: Sequence[Page], proposals: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """The proposals that nothing else in the letter speaks against, in their order."""
    letter = Letter(pages)
    return tuple(
        one
        for one in proposals
        if not any(doubt(letter, Said(pages, one), proposals) for doubt in _DOUBTS.get(one.fact, ()))
    )
