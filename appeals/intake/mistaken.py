"""Objections to numbers, names and what is cited: another paper's, another person's, another payer's, or not said at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from appeals.intake.asides import tells_of_first_decision
from appeals.intake.dates import find_dates
from appeals.intake.layout import Sentence
from appeals.intake.surroundings import Place

_OTHERS_LABEL: Final = re.compile(
    r"\b(?:old|former|previous|prior(?! auth)|earlier|supersede[sd]?|replace[sd]?|related|other|another|sample|"
    r"example)\b[^,;:|]{0,24}$|"
    r"\b(?:provider|physician|doctor|hospital|clinic|tax|complaint|hearing|court|payment|check|spouse|representative|"
    r"reviewer)(?:'s?)?\W{0,3}$",
    re.IGNORECASE,
)


def of_another_paper(place: Place) -> bool:
    """A number or date whose own row gives it, before or after it, to another paper or another party."""
    page, proposal = place.page, place.proposal
    row = page.plain[page.plain.rfind("\n", 0, proposal.start) + 1 : proposal.start]
    if _OTHERS_LABEL.search(re.split(r"\s{3,}|\|", row)[-1]):
        return True
    told = re.match(r"[^:#\d]{0,40}", re.sub(r"\s+", " ", proposal.words))
    if told and re.search(r"\b(?:old|former|previous|earlier|sample)\b", told[0], re.IGNORECASE):
        return True
    after = page.plain[proposal.end : proposal.end + 30]
    return (
        re.match(r"\s*\(?(?:old|former|sample|replaced|superseded|void)\b", after, re.IGNORECASE) is not None
    )


def _around(letter: str, name: str) -> Iterator[tuple[str, str]]:
    """The words before and after every place where a letter prints a name, its lines joined."""
    flat, folded = _flat(letter)
    name = re.sub(r"\s+", " ", name).casefold()
    at = folded.find(name)
    while at >= 0:
        yield flat[max(0, at - 80) : at], flat[at + len(name) : at + len(name) + 60]
        at = folded.find(name, at + 1)


@lru_cache(maxsize=8)
def _flat(letter: str) -> tuple[str, str]:
    flat = re.sub(r"\s+", " ", letter)
    return flat, flat.lower()


_TREATS_OR_SPEAKS: Final = re.compile(
    r"(?:\b[Dd][Rr]\.?\s|\b(?i:doctor|physician|prescriber|provider|therapist|attorney|lawyer|representative|reviewer|director|"
    r"nurse|case manager|care manager|contact|advocate)(?: on file| name)?[:,.\s]{1,14})$"
)
_DEGREE_AFTER: Final = re.compile(
    r",?\s(?:MD|DO|NP|RN|PA|PA-C|PhD|PsyD|PharmD|LCSW|LMFT|LPC|BCBA(?:-D)?|DNP|PMHNP|APRN|JD|Esq)\b|"
    r"\s?[,(]\s?(?:(?:your|the|an?) )?(?:(?:appointed|authorized|legal) )?(?:representative|attorney|guardian|parent|mother|"
    r"father|case manager|reviewer|medical director)\b"
)


def another_person(place: Place) -> bool:
    """A patient's name that the letter gives elsewhere to somebody who treats, reviews or speaks for the patient."""
    return any(
        _TREATS_OR_SPEAKS.search(before) or _DEGREE_AFTER.match(after)
        for before, after in _around(place.letter, place.proposal.value)
    )


_LABEL_FIRST: Final = re.compile(
    r"(?:Plan|Patient|Member|Enrollee|Insured|Group|Employer|Claimant|Contract|Subject|Date|Name|Dear|Regarding)\s",
    re.IGNORECASE,
)
_LABEL_LAST: Final = re.compile(
    r"\s(?:Contract|Certificate|Coverage|Policy|Product|Member|Patient|Group|Date|Claim|Case|Number|Identification|Account|"
    r"Employer|Employee|Reference|Request|Service|Provider|Born|DOB|ID|Fund|Plan|Payer|Notice|Letter|Mailed|Sex|Phone|Address|Card)$",
    re.IGNORECASE,
)


def runs_on(place: Place) -> bool:
    """A name into which the label before it ran, or the one after a person's."""
    value, person = place.proposal.value, place.proposal.fact != "administrator"
    return _LABEL_FIRST.match(value) is not None or (person and _LABEL_LAST.search(value) is not None)


_ADDRESS_LABEL: Final = re.compile(
    r"(?:Address|Mail|Mailing|Write|Send|Post|Paper|Letters?|In writing)\b(?! Office|al)", re.IGNORECASE
)
_REST_OF_NAME: Final = re.compile(
    r"(?:(?:Health|Benefit|Welfare|Medical) )?(?:Plans?|Fund|Trust|Company|Insurance|Services|Partners|Inc\.?|LLC),",
)


_HOURS: Final = re.compile(
    r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?\b|\b\d{1,2}(?::\d\d)?\s?(?:[ap]\.?m\.?\b|(?:to|-)\s?\d{1,2}\b(?!\d|-))",
    re.IGNORECASE,
)


def hours_in_address(place: Place) -> bool:
    """An address into which the hours of a telephone ran."""
    return _HOURS.search(place.proposal.value.partition(",")[0]) is not None


def name_cut_off(place: Place) -> bool:
    """An address that begins with the end of a name, `Plan, Appeals Dept., PO Box 12`, or with a label and more words."""
    value = place.proposal.value
    return _REST_OF_NAME.match(value) is not None or _ADDRESS_LABEL.match(value) is not None


_OPEN: Final = re.compile(
    r"\b(?:for|of|by|to|with|from|behalf of|agent for)(?: the)?(?: [A-Z&][\w&.'-]*){1,6}$|\b(?:for|of|by|with|from) the$"
)


def begun_above(place: Place) -> bool:
    """The end of a name that the line above begins: `review agent for the Harrow Valley / Workers Health Fund`."""
    page, start = place.page, place.proposal.start
    line = page.plain.rfind("\n", 0, start) + 1
    if page.plain[line:start].strip() or not line:
        return False
    above = page.plain[page.plain.rfind("\n", 0, line - 1) + 1 : line - 1].strip()
    return _OPEN.search(above) is not None


_NO_NAME: Final = re.compile(
    r"\b(?:Board|Medical|Director|Health|Department|Plan|Medicine|Psychiatry|Clinic|Review\w*|Your|Our|The|Physician)\b"
)
_ASKED: Final = re.compile(
    r"\b(?:requested by|request(?:ing|ed)?|order(?:ing|ed)(?: by)?|prescrib\w+(?: by)?|treating|referring|attending|"
    r"asked for by|your (?:doctor|provider|physician|prescriber))\b[^.;]{0,24}(?:\bDr\. )?$",
    re.IGNORECASE,
)


def reviewer_asked(place: Place) -> bool:
    """A reviewer's name that is no name, or that the letter gives to the one who asked or treats."""
    value = place.proposal.value
    last = " ".join(value.split()[-2:])
    return _NO_NAME.search(value) is not None or any(
        _ASKED.search(before) for before, _ in _around(place.letter, last)
    )


def another_review(place: Place) -> bool:
    """A reviewer named in a sentence on another review than the one this letter tells of."""
    if place.sentence is None:
        return False
    words = re.sub(r"\s+", " ", place.proposal.words)
    told = place.sentence.text.partition(words[:24])[0] + words
    found = {one.name for one in place.topics(f"{place.head} . {told}")}
    return bool(found & {"external", "hearing", "court", "peer", "earlier"})


_OWNED: Final = re.compile(
    r"\b(?:subsidiary|affiliate|division|part|licensee|brand|unit|trademarks?) of (?:the )?$|"
    r"\b(?:sponsored|owned|employed) by (?:the )?$",
    re.IGNORECASE,
)
_IS_ANOTHER: Final = re.compile(
    r",? (?:is|acts as) (?:only )?(?:an? |the |your )?(?:\w+ )?(?:employer|sponsor|provider|hospital|clinic|pharmacy|"
    r"reviewer)\b",
    re.IGNORECASE,
)


_PROGRAM_ONLY: Final = re.compile(
    r"(?:[A-Z][\w.]+ ){0,3}(?:Medicaid|Medicare|CHIP|Marketplace)(?: (?:Managed Care|Program))*"
)


def only_related(place: Place) -> bool:
    """A payer that the letter names as the owner, sponsor, helper or neighbor of the one that decided.

    Where a public program is named under or beside a plan, nobody can say from its name alone that it decided.
    """
    return _PROGRAM_ONLY.fullmatch(place.proposal.value) is not None or any(
        _OWNED.search(before) or _IS_ANOTHER.match(after)
        for before, after in _around(place.letter, place.proposal.value)
    )


def rival_funding(place: Place) -> bool:
    """`Administered by` alone is a hint only where nothing says who bears the cost; a public program's plan is no employer's."""
    if re.search(r"\bmedicare (?:contract|advantage|health plan)\b", place.letter, re.IGNORECASE):
        return True
    return (
        place.proposal.value == "administered_by"
        and re.search(r"\b(?:insured|underwritten|funded|issued) by\b", place.letter, re.IGNORECASE)
        is not None
    )


_PROGRAMS: Final = {
    "medicaid": r"medicaid|medi-cal",
    "medicare_advantage": r"medicare advantage|\(HMO|\(PPO\) d-snp|medicare health plan",
    "medicare_part_d": r"\(PDP\)|medicare prescription|part d\b",
    "individual_market": r"marketplace|individual (?:&|and) family|on-exchange",
    "fehb": r"federal employees|fehb",
    "tricare": r"tricare",
}
_HEAD_LINES: Final = 14


def rival_program(place: Place) -> bool:
    """The letter's head names another program than the one proposed, and not the one proposed."""
    head = "\n".join(place.letter.split("\n")[:_HEAD_LINES])
    named = {key for key, words in _PROGRAMS.items() if re.search(words, head, re.IGNORECASE)}
    value = place.proposal.value
    return bool(named) and value not in named and not named & {"fehb"}


_NOT_ALL: Final = re.compile(
    r"\bif you (?:live|reside|are a resident)\b|\b(?:residents|members) (?:of|in)\b|\b(?:only|except) in\b",
    re.IGNORECASE,
)


def for_some_only(place: Place) -> bool:
    return place.sentence is not None and _NOT_ALL.search(place.sentence.text) is not None


_NOT_RELIED_ON: Final = re.compile(
    r"\b(?:your (?:doctor|provider|prescriber)|dr\.? \w+|the (?:hospital|clinic|provider)|you)\b[^.;]{0,30}\b(?:cite[sd]?|"
    r"relie[sd]|"
    r"sent|attach\w*|quote[sd]?|point\w* to|refer\w* to)\b|\b(?:replaced|retired|superseded|outdated|not used|withdrawn|"
    r"earlier version|"
    r"previous version|did not (?:use|apply|rely)|no longer)\b",
    re.IGNORECASE,
)


def not_relied_on(place: Place) -> bool:
    """A guideline that somebody else cited, or one that no longer holds."""
    return place.sentence is not None and _NOT_RELIED_ON.search(place.sentence.text) is not None


_NOT_STATED: Final = re.compile(
    r"\b(?:argue[sd]?|claim(?:s|ed)|believe[sd]?|contend(?:s|ed)?|assert(?:s|ed)?|maintain(?:s|ed)|think(?:s)?|thought|"
    r"insist(?:s|ed)?|"
    r"allege[sd]?|suggest(?:s|ed)) (?:that )?[^.;]{0,90}$|"
    r"\b(?:you|your (?:doctor|provider|prescriber|physician)|dr\.? [\w-]+|the (?:hospital|clinic|provider|doctor|facility)) "
    r"(?:say|says|said|states?|stated|writes?|wrote|told us|tells us|reports?|reported) [^.;]{0,90}$|"
    r"\b(?:even if|even though|we (?:did|do|have) not (?:decide|consider|reach|address|review)\w*|played no part|no bearing|"
    r"not (?:a|the|our|any) (?:reason|basis|ground))\b[^.;]{0,90}$",
    re.IGNORECASE,
)


_LONG_BEFORE: Final = timedelta(days=14)


def _of_an_earlier_day(sentence: Sentence, written: date) -> bool:
    """`On January 20, 2026 we refused ... because ...`, in a letter written weeks later."""
    return tells_of_first_decision(sentence) and all(
        written - printed.day > _LONG_BEFORE for printed in find_dates(sentence.text)
    )


def not_stated(place: Place) -> bool:
    """A reason that only somebody else gives, or that the letter leaves open."""
    sentence = place.sentence
    if sentence is None or sentence.page is not place.page:
        return False
    at = sentence.text.find(re.sub(r"\s+", " ", place.proposal.words))
    if at < 0:
        return False
    if place.written and _of_an_earlier_day(sentence, place.written):
        return True
    told = re.split(r"[;:]\s|,?\sbut\s", sentence.text[:at])[-1]
    after = sentence.text[at:][:200]
    return (
        _NOT_STATED.search(told) is not None
        or re.search(
            r"\b(?:played no part|had no part|had no bearing|is not (?:why|a reason|the reason|our reason|in question|"
            r"at issue))\b",
            after,
        )
        is not None
    )
