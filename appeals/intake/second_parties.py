"""The second reading of numbers and names: whose number it is, and whether another organization stands beside the payer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from appeals.intake.layout import Page
from appeals.intake.payer import organizations_in_head
from appeals.intake.proposal import Proposal
from appeals.intake.topics import OFFICES, sentence_at, topics

_NOT_THIS_CASE: Final = OFFICES | {"peer", "complaint"}
_SIGN_IN: Final = re.compile(
    r"\b(?:log(?:ged|ging)?[ -]?(?:in|on)|sign(?:ed|ing)?[ -]?(?:in|on)|user ?name|user|portal|password|website|account|app)\b",
    re.IGNORECASE,
)
_SHIPPED: Final = re.compile(
    r"\b(?:fax(?:ed)? confirmation|USPS|UPS|FedEx|certified mail|courier|shipment|parcel|delivery|postal)\b",
    re.IGNORECASE,
)
_CARRIERS_NUMBER: Final = re.compile(r"1Z[0-9A-Z]{16}|[\d ]{20,}|7\d{3}(?: ?\d{4}){4}")


def is_of_this_case(page: Page, proposal: Proposal) -> bool:
    """Whether the sentence of a number does not give it to another proceeding, a login or something shipped."""
    if _CARRIERS_NUMBER.fullmatch(proposal.value):
        return False
    row = page.plain.count("\n", 0, proposal.start)
    begin = page.line_starts[max(row - 1, 0)]
    if proposal.fact == "reference_number" and _SHIPPED.search(page.plain, begin, proposal.end):
        return False
    sentence = sentence_at(page, proposal.start, proposal.end)
    if sentence is None or len(sentence.text) < _SENTENCE:
        return (
            proposal.fact != "member_id"
            or _SIGN_IN.search(page.plain[page.line_starts[row] : proposal.start]) is None
        )
    at = next((number for number, place in enumerate(sentence.places) if place >= proposal.start), 0)
    if _SIGN_IN.search(sentence.text[:at]) or _GIVEN_ELSEWHERE.search(sentence.text[:at]):
        return False
    if _REPLACED.search(sentence.text[:at]) or (
        _HERS.search(sentence.text[:at]) and _RELATIVE.search(f"{sentence.before} {sentence.text[:at]}")
    ):
        return False
    found = topics(sentence.text[:at])
    return not any(one.name in _NOT_THIS_CASE for one in found) or any(one.is_own for one in found[-1:])


_REPLACED: Final = re.compile(
    r"\b(?:replac(?:es?|ed|ing)|supersed\w+|corrects?|withdraws?|voids?|cancels?) (?:the|our|an?|any|that) ",
    re.IGNORECASE,
)
_HERS: Final = re.compile(r"\b(?:her|his|their)\b", re.IGNORECASE)
_RELATIVE: Final = re.compile(
    r"\b(?:sister|brother|sibling|twin|spouse|husband|wife|mother|father|another (?:member|person|patient)|someone else|"
    r"other (?:member|child|patient))\b",
    re.IGNORECASE,
)
_GIVEN_ELSEWHERE: Final = re.compile(
    r"\b(?:call|write|ask|contact|tell) the (?:state|county|marketplace|exchange|government|employer|hospital)\b|"
    r"\bgive (?:them|him|her)\b",
    re.IGNORECASE,
)
_SENTENCE: Final = 48
"""Characters; a shorter text is a label with its value."""


def is_only_payer(pages: Sequence[Page], proposal: Proposal) -> bool:
    """Whether no other organization that could pay stands in the letterhead, or the letter names this one more often.

    A payer that a label or a sentence names is not judged so.
    """
    page = pages[0]
    rows = [row for row in page.rows if row][:_HEAD]
    if proposal.page != 1 or not rows or proposal.start > rows[-1][-1].end:
        return True
    line = page.plain[page.plain.rfind("\n", 0, proposal.start) + 1 : proposal.start]
    if re.search(r"[A-Za-z]", line.strip()):
        return True
    letter = "\n".join(one.plain for one in pages).casefold()
    mine = _named(letter, proposal.value)
    return all(
        _named(letter, other) < mine
        for other in organizations_in_head(page, _HEAD)
        if not _same(other, proposal.value)
    )


_HEAD: Final = 12


def is_whole_name(pages: Sequence[Page], proposal: Proposal) -> bool:
    """Whether a person's name ends where it seems to: nothing follows in its row, or the letter prints it elsewhere alone.

    Where the gaps between columns are lost the label of the next column stands after a name: `Ann B. Hall Client ID: 7`.
    """
    page = pages[proposal.page - 1]
    end = page.plain.find("\n", proposal.end)
    if not re.match(r" ?[A-Za-z#]", page.plain[proposal.end : end if end >= 0 else len(page.plain)]):
        return True
    letter = re.sub(r"[ \t]+", " ", "\n".join(one.plain for one in pages))
    name = re.escape(re.sub(r"\s+", " ", proposal.value))
    alone = rf"{name}(?:'s\b|[^\S\n]*(?:[.,;:()\n]|\Z))|{name} (?:Date of birth|DOB|Born|Birth)\b"
    return re.search(alone, letter, re.IGNORECASE) is not None


def _named(letter: str, name: str) -> int:
    """How often a letter prints the first two words of a name."""
    return letter.count(" ".join(name.casefold().split()[:2]))


def _same(one: str, other: str) -> bool:
    first, second = (re.sub(r"[^a-z0-9]", "", name.casefold()) for name in (one, other))
    return first in second or second in first or first[:8] == second[:8]


_PAYERS_SIDE_AFTER: Final = re.compile(
    r"\s?[(,-]\s?(?:(?:our|the|a|an|plan|payer|reviewing|review|facility|hospital|pharmacy|lab\w*)\s)*"
    r"(?:medical director|reviewer|"
    r"facility|hospital|pharmacy|lab\w*|reviewing physician|plan|payer)\b",
    re.IGNORECASE,
)


def is_providers(page: Page, proposal: Proposal) -> bool:
    """Whether the rows of a number name somebody who treats, and no bracket after it gives it to the payer's side."""
    if _PAYERS_SIDE_AFTER.match(page.plain, proposal.end):
        return False
    row = page.plain.count("\n", 0, proposal.start)
    around = " ".join(cell.text for cells in page.rows[max(0, row - 2) : row + 1] for cell in cells)
    return _TREATS.search(around) is not None


_TREATS: Final = re.compile(
    r"\b(?:provider|prescrib\w+|physician|doctor|request\w*|order\w*|treat\w*|billing|rendering|facility|clinic\w*|dr|md|do|np|"
    r"aprn|pmhnp|pa-c|pa|phd|psyd|lcsw|lmft|bcba|dpm|cnp|rn|therapist|hospital|from|seen by|performed by|services?)\b",
    re.IGNORECASE,
)


_OF_SOME: Final = re.compile(
    r"\b(?:members?|enrollees?|people|persons|those|participants|beneficiaries|consumers) (?:may|can|have)\b|"
    r"\bif you\b|\bfor (?:medicaid|medicare|marketplace) \w+s\b",
    re.IGNORECASE,
)


def is_of_this_member(page: Page, proposal: Proposal) -> bool:
    """Whether a hint at the program is not one said of some members."""
    sentence = sentence_at(page, proposal.start, proposal.end)
    return sentence is None or _OF_SOME.search(sentence.text) is None


_TAKEN_PLACE: Final = re.compile(
    r"\b(?:closed|ended|expired|took place|was held|has passed|no longer|not available|unavailable)\b",
    re.IGNORECASE,
)


def is_still_offered(page: Page, proposal: Proposal) -> bool:
    """Whether a talk between doctors is not told as past or closed."""
    sentence = sentence_at(page, proposal.start, proposal.end)
    return sentence is None or _TAKEN_PLACE.search(sentence.text) is None


_FOR_OTHERS: Final = re.compile(
    r"\bif (?:your|the) (?:doctor|provider|prescriber|physician|clinic|hospital) (?:disagrees|wants|would|does not)\b|"
    r"\bon (?:the |its |their |his or her )?(?:own |clinic's |hospital's |doctor's |provider's |facility's )behalf\b|"
    r"\b(?:another|other) states?\b|"
    r"\b(?:filed|made|sent|requested|appeals?) (?:by|from) (?:the )?(?:hospitals?|providers|doctors|physicians|"
    r"facilit\w+|dentists?|pharmac\w+|employers?)\b|\b(?:law|rules?|plan|statute|contract|policy|"
    r"state) (?:once |formerly |used to )?(?:gave|allowed|"
    r"used to)\b|\b(?:formerly|used to be|in the past)\b|"
    r"\b(?:some|other|many|most) (?:plans?|states|employers|insurers|members)\b|"
    r"\b(?:dental|vision) (?:appeals?|plans?|claims?)\b",
    re.IGNORECASE,
)


def is_for_this_member(page: Page, proposal: Proposal) -> bool:
    """Whether the sentence of a limit speaks of this member now, not of those who treat, of other plans or of an older rule."""
    sentence = sentence_at(page, proposal.start, proposal.end)
    if sentence is None:
        return True
    if proposal.fact == "standard_decision_days" and _ASKS_TO_KEEP.search(sentence.text):
        return False
    return _FOR_OTHERS.search(sentence.text) is None


_FILES_FIRST: Final = re.compile(
    r"\b(?:you|members?|requests?|appeals?|grievances?|representative|provider)\b[^.;]{0,80}\b(?:may|can|must|have|has|should|needs?|"
    r"is to|are to)\b(?![^.;]*\b(?:we|our|plan|fund|trust|decision|answer|decided?|answered|resolved|notice)\b)[^.;]*$",
    re.IGNORECASE,
)
_FROM_OTHER: Final = re.compile(
    r"[ ,]*(?:of|after|from|following)\b(?! (?:we|our|the plan|the fund|it|its) )(?=[^.;]{0,30}\b(?:you (?:receive|get|got)|"
    r"this (?:letter|notice|denial|decision)|the (?:meeting|hearing|call|denial|decision)|your (?:receipt|visit|service))\b)",
    re.IGNORECASE,
)


def is_time_to_decide(page: Page, proposal: Proposal) -> bool:
    """Whether a span is said of the payer's answer: not of the filing before it, and not counted from another day."""
    sentence = sentence_at(page, proposal.start, proposal.end)
    if sentence is None:
        return True
    at = next((number for number, place in enumerate(sentence.places) if place >= proposal.start), 0)
    words = re.sub(r"\s+", " ", page.plain[proposal.start : proposal.end])
    span = re.search(r"\b(?:days?|months?|hours?)\b", words, re.IGNORECASE)
    rest = page.plain[proposal.end : proposal.end + 60]
    after = re.sub(r"\s+", " ", (words[span.end() :] if span else "") + rest)
    return _FILES_FIRST.search(sentence.text[:at]) is None and _FROM_OTHER.match(after) is None


_ASKS_TO_KEEP: Final = re.compile(
    r"\b(?:keep|continu\w+)\b[^.;]{0,80}\b(?:asks?|requests?|files?|must)\b|\b(?:asks?|requests?|files?)\b[^.;]{0,60}\b(?:keep|continu\w+)\b",
    re.IGNORECASE,
)
