"""Where the form of a value, or the sentence it was read in, leaves open whether it is this decision's.

Reasons and codes are told by the sentence or the row that refuses; names, addresses and quotations by where they begin and end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from appeals.intake.names import ends_like_a_name, has_own_word
from appeals.intake.proposal import Proposal
from appeals.intake.rivals import Letter, lead_of
from appeals.intake.said import Said

# Names of payers and administrators

_STATES: Final = frozenset(
    re.findall(
        r"\S+",
        """
        alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois
        indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana
        nebraska nevada hampshire jersey mexico york carolina dakota ohio oklahoma oregon pennsylvania rhode island
        tennessee texas utah vermont virginia washington wisconsin wyoming north south new west state united
        """,
    )
)
_LABELLED: Final = re.compile(
    r"\b(?:plan|payer|insurer|carrier|issuer|insurance company|coverage|issued by|from)(?: name| is|,)?\s*[:.]?\s*$|"
    r"\b(?:administrator|administers|administered|administering|on behalf of|acting for|agent for|for)(?: for| of)?:?(?: the)?$",
    re.IGNORECASE,
)
_BORNE: Final = re.compile(
    r"\b(?:underwritten|insured|issued|offered|provided|reviewed|a company of|subsidiary)\b", re.IGNORECASE
)
_NO_PAYER: Final = re.compile(
    r"\b(?:department|division|state of|office|clinic|provider|facility|hospital|secondary|primary|other insurance|spouse|"
    r"employer|group|reviewed by|dr|md|pharmacy|at|by)\b[^.;]{0,16}$",
    re.IGNORECASE,
)


def _own_words(name: str) -> frozenset[str]:
    """The words of a name that say who somebody is."""
    return frozenset(
        word
        for word in re.findall(r"[\w'-]+", name.casefold())
        if len(word) > 2 and has_own_word(word) and word not in _STATES
    )


def named_once(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """A payer's name that stands neither over the whole letter nor at two places, and that no label makes the plan's."""
    own = _own_words(said.proposal.value)
    if not own:
        return True
    if said.proposal.page == 1 and not any(said.page.rows[: said.row]) and not _BORNE.search(lead_of(said)):
        return False
    words = re.findall(r"[\w'-]+", letter.prose.casefold())
    first = next(word for word in re.findall(r"[\w'-]+", said.proposal.value.casefold()) if word in own)
    return words.count(first) < 2 and _LABELLED.search(lead_of(said)) is None


def another_organization(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """A payer's name beside another organization's that nothing makes somebody else's."""
    name = said.proposal.value
    known = [one.value for one in every if one.fact in ("administrator", "patient_name")]
    own = _own_words(name).union(*map(_own_words, known))
    rivals = [
        one
        for one in letter.organizations
        if (words := _own_words(one.value)) and not words & own and not _NO_PAYER.search(one.lead)
    ]
    if not rivals:
        return False
    lead = lead_of(said)
    return _LABELLED.search(lead) is None or _BORNE.search(lead) is not None


_INSURED_BY: Final = re.compile(
    r"\b(?:insured|underwritten)(?:,? and \w+)? by (?:the )?(?P<name>(?:[A-Z][\w'&-]*,? |and |of |& )*[A-Z][\w'-]*)"
)


def insured_by_another(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """A payer's name in a letter that says who insures, by a name that shares no word of its own with it."""
    own = _own_words(said.proposal.value)
    return any(
        (words := _own_words(one["name"])) and not words & own for one in _INSURED_BY.finditer(letter.prose)
    )


def ends_with_another_word(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """A payer's name that is printed whole only once and ends with no word of its kind: `Health Plan Monday`."""
    name = " ".join(said.proposal.value.casefold().split())
    return not ends_like_a_name(name) and letter.prose.casefold().count(name) < _TWICE


_TWICE: Final = 2
_NO_ADMINISTRATOR: Final = re.compile(
    r"^(?:plan|third|office|rx)\b|\b(?:dental|vision|review|network)\b", re.IGNORECASE
)


def no_administrator(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """An administrator without a word of its own, with the payer's, or of another line of business."""
    own = _own_words(said.proposal.value)
    payers = [_own_words(one.value) for one in every if one.fact == "payer"]
    return (
        not own
        or any(own <= one for one in payers)
        or _NO_ADMINISTRATOR.search(said.proposal.value) is not None
    )


def spelled_otherwise(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """A name in letters that the letter does not print, with a short word that capitals may have stood for: `Llc`."""
    value = said.proposal.value
    return (
        value not in letter.prose
        and re.search(r"\b(?:[A-Z][a-z]{1,2}c|Tpa|Hmo|Ppo|Pdp)\b", value) is not None
    )


# Codes

_REFUSED: Final = re.compile(
    r"\b(?:den(?:y|ied|ies|ial|ying)|refus\w+|declin\w+|reject\w+|disallow\w*|non-?cert\w*|uph(?:e|o)ld\w*|not (?:\w+ )?"
    r"(?:approv|authoriz|cover|certif|allow|pa[iy]|payable)\w*|(?:cannot|can't|could not|unable to|will not|did not|do not) \w+|"
    r"0\.00|request\w*|asked|stop\w*|reduc\w+|limit\w*|cut\w*|end(?:s|ed|ing)?|terminat\w+|chang\w+|no longer|"
    r"excluded?|negamos|negad\w|deneg\w+|solicit\w+|(?:CO|PR|OA|PI)-?\d+)\b",
    re.IGNORECASE,
)
_ROW_REFUSED: Final = re.compile(
    r"\b(?:den(?:y|ied|ial)|refus\w+|declin\w+|reject\w+|disallow\w*|non-?cert\w*|uph\w+|not|cannot|can't|n't|0\.00|stop\w*|"
    r"reduc\w+|cut\w*|end(?:s|ed)|terminat\w+|instead)\b",
    re.IGNORECASE,
)
_GRANTED: Final = re.compile(
    r"(?<!not )(?<!not been )(?<!cannot )(?<!n't )(?<!un)\b"
    r"(?:approved?|allowed as|authorized|granted|paid in full|no (?:review|auth\w*|change)|covered as|"
    r"not (?:before us|ruling|deciding|reviewed)|pend(?:ed|ing)|abandoned|withdrawn)\b",
    re.IGNORECASE,
)
_PROCEDURE: Final = re.compile(r"(?<![\w.-])(?:[A-HJ-V]\d{4}|[0-9]{5}|\d{4}[TF])(?![\w-]|\.\d)")
_ZIP: Final = re.compile(r"(?<=\b[A-Z]{2})[ \t]+\d{5}\b")
_OF_CODES: Final = re.compile(
    r"\b(?:codes?|cpt|hcpcs|service|procedures?|treatment|item|drug|billed|requested|proc)\b", re.IGNORECASE
)


def code_not_refused(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """A code whose own row grants it, or, beside other codes, whose own sentence neither refuses nor asks for anything."""
    if _GRANTED.search(said.line) and not _ROW_REFUSED.search(said.line):
        return True
    if said.sentence is None or not _prose(said.text):
        return False
    text = _ZIP.sub(" ", letter.text)
    for one in every:
        if one.fact != said.proposal.fact:
            text = text.replace(one.value, " ")
    if not set(_PROCEDURE.findall(text)) - set(_PROCEDURE.findall(said.text)):
        return False
    led = said.sentence.before if said.sentence.before.endswith(":") else ""
    label = "" if _prose(said.line) else re.split(r"[.;]\s", lead_of(said, 80))[-1]
    return _REFUSED.search(f"{said.text} {led}") is None and _OF_CODES.search(label) is None


def _prose(text: str) -> bool:
    return len(re.findall(r"\b[a-z]{2,}\b", text)) > 5


# Reasons

_UNCERTAIN: Final = re.compile(
    r"\b(?:nobody|no one|never|neither|whether|if|send us|had (?:been )?denied|first denied|"
    r"in (?:January|February|March|April|May|June|July|August|September|October|November|December) (?:the|we|you|this)|"
    r"not (?:making|doing|saying|because)|earlier|previously|previous|for example|such as)\b",
    re.IGNORECASE,
)
_CODE_ROW: Final = re.compile(r"\W*(?:CO|PR|OA|PI)[- ]?(?P<code>\d{1,3})\b")
_SHARED: Final = frozenset(("1", "2", "3", "45"))
"""Adjustments that say who bears a sum, not why anything was refused."""
_BILLED: Final = re.compile(r"\b(?:may|can|could|might) (?:also )?(?:be )?bill", re.IGNORECASE)
_GENERAL: Final = re.compile(r"\b(?:network|formulary|drug list|list of|unless)\b", re.IGNORECASE)


def not_this_reason(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """A reason in a sentence that asks, supposes, tells of before or denies; an exclusion that another reason explains."""
    value = said.proposal.value
    row = said.page.plain[said.page.line_starts[said.row] : said.proposal.end]
    entry = _CODE_ROW.match(row)
    if entry and entry["code"] in _SHARED:
        return True
    if entry and entry["code"] not in {one.value for one in every if one.fact == "carc"}:
        return True
    if said.sentence is None:
        return False
    if (
        re.fullmatch(r"\W*\w+\W*", said.proposal.words)
        and not re.search(r"\d", said.proposal.words)
        and _prose(said.text) is False
    ):
        return True
    if _UNCERTAIN.search(f"{said.before} {' '.join(said.proposal.words.split())}") or (
        value == "benefit_exclusion" and _GENERAL.search(said.text)
    ):
        return True
    if value == "out_of_network" and _BILLED.search(said.text):
        return True
    return _UNCERTAIN.match(said.text.lstrip()) is not None


# Quotations, addresses and times

_ENDS: Final = re.compile(
    r"(?:notice|letter|statement|you|appeal|decision|denial|eob|benefits|above|summary|mailed|it|dated?|day|received?|this|"
    r"determination|explanation|ask|aviso|carta|reconsideration|redetermination|issued|postmark|memorandum|writing|file|us|"
    r"\d{4}|days|months|printed|sent|shown|message|hands|get|got|top|page|action|mailing|receipt|below|envelope|grievance)\W*",
    re.IGNORECASE,
)


def runs_on(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """A quoted limit that ends with no word of a paper, of its day or of an appeal."""
    words = said.proposal.value.split()
    return not words or _ENDS.fullmatch(words[-1]) is None


_CUT_BEFORE: Final = re.compile(
    r"\b(?:on or|no|not|or|more than|less than|than|at|fewer than)\s*$", re.IGNORECASE
)


def begins_late(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """A quoted limit whose beginning the letter says otherwise with the word before it: `on or | before the 180th day`."""
    return (
        _CUT_BEFORE.search(said.page.plain[max(0, said.proposal.start - 30) : said.proposal.start])
        is not None
    )


_LABEL_FIRST: Final = re.compile(
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|address|paper|matter|write|mail|by|or|to|phone|fax|call|printed|page|date|"
    r"form|plan|same|send|hours?|tty|the|and|of|from|for|re|no)\b|\W|\d+$",
    re.IGNORECASE,
)


_PLAN_FIRST: Final = re.compile(
    r"(?i:plan|payer|insurer|carrier|issuer|health plan|company|from)\s+(?!(?:de|for|of|del)\b)\w"
)


def glued_to_its_label(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """A name that begins as a label does: a table's gap was lost, `Plan Moorhen Medicare`."""
    return _PLAN_FIRST.match(said.proposal.value) is not None


_LABEL_WITHIN: Final = re.compile(
    r"\w\W+(?:(?i:by mail|mail to|mail it|send to|send it|write to|address)|Mail|MAIL|Post|Write|Address)\b(?! ?(?i:stop|code|"
    r"drop|room|center|slot|zone|box|handlers|service|services|office))|"
    r"(?:[A-Z]{2,} (?:[A-Z&]+ )*)?(?:APPEALS?|CONTACTS?|RIGHTS|ADDRESS|WHERE|HOW|MAILING) (?=[A-Z][a-z])"
)


def begins_with_a_label(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """An address whose first part begins with a label, a weekday or a bare number, or has a heading or a way of sending in it."""
    first = said.proposal.value.split(",")[0].strip()
    return _LABEL_FIRST.match(first) is not None or _LABEL_WITHIN.search(first) is not None


_ANSWERS: Final = re.compile(
    r"\b(?:answer\w*|deci[ds]\w*|respon\w+|tell you|resol\w+|complet\w+|notif\w+|determin\w+|repl\w+|letter|process\w*|review\w*|"
    r"contest\w+|turnaround|takes?)\b",
    re.IGNORECASE,
)
_OTHER_TIME: Final = re.compile(
    r"\b(?:whichever|later of|or until|from (?:the )?mail|after you (?:receive|get)|money|paid back|meeting|"
    r"you have(?= \d))\b",
    re.IGNORECASE,
)


def no_time_of_answer(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """A time that its own sentence or row does not say an answer takes."""
    text = f"{said.text} {said.line}"
    return _ANSWERS.search(text) is None or _OTHER_TIME.search(said.text) is not None


_MORE: Final = re.compile(
    r"\s*?(?:[.;)(\n|]|\s\s|,(?! (?:board|licensed|and)\b)|$|\s+(?:and|who) (?:did|was|has|had|made|is|does)\b)"
)


def unclosed_credentials(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """Credentials that the words after them go on with, or that end with a word that joins."""
    if re.search(r"\bfile\b|\b(?:who|with|by|and|in|of)$", said.proposal.value):
        return True
    return not said.proposal.words.endswith(".") and _MORE.match(said.page.plain, said.proposal.end) is None


_REVIEWS: Final = re.compile(
    r"(?P<name>[A-Z][\w'-]+(?: [A-Z]\.)?(?: [A-Z][\w'-]+){1,2}), (?:MD|DO|M\.D\.|D\.O\.|PharmD|PhD|Ph\.D\.|PsyD|RPh|RN)\b"
)
_ASKED: Final = re.compile(
    r"\b(?:requesting|ordering|treating|referring|prescrib\w+|provider|doctor|your|requested|asked|from|npi|to|dear)\b[^.;]{0,30}$",
    re.IGNORECASE,
)


def another_reviewer(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """A reviewer beside another clinician whom no word makes the one who treats."""
    own = set(said.proposal.value.casefold().split())
    return any(
        not own & set(one["name"].casefold().split())
        and not _ASKED.search(letter.prose[max(0, one.start() - 50) : one.start()])
        and not re.match(r"\W{0,3}(?:\(?NPI|,? (?:has )?asked)", letter.prose[one.end() : one.end() + 12])
        for one in _REVIEWS.finditer(letter.prose)
    )


_OF_A_STEP: Final = re.compile(
    r"\b(?:appeal\w*|grievance\w*|external|court|action|sue|lawsuit|years?|filed|hearing|copies|copy|premiums?|enroll\w*|rights)\b",
    re.IGNORECASE,
)


def of_a_later_step(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """A plan's provision in a sentence on what may be asked or done next, not on what was decided."""
    return _OF_A_STEP.search(f"{said.heading} {said.text}") is not None


def only_underwritten(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """Insurance told by nothing but who underwrites."""
    return said.proposal.value == "insured" and "underwritten" in said.proposal.words.casefold()


_OF_A_PATIENT: Final = re.compile(
    r"\b(?:member|subscriber|enrollee|patient|participant|beneficiary|recipient|cardholder|insured|policy\s?holder|client|employee|"
    r"medicaid|medicare|dependent|child|your|card|plan|miembro|afiliad\w|cin|rin|mbi)\b",
    re.IGNORECASE,
)
_OF_A_PROFESSION: Final = re.compile(
    r"\b(?:reviewe[dr]\w*|reviewers?|licen[sc]ed?|psychiatrists?|pharmacists?|specialists?|consultants?|anesthesiologists?|"
    r"m\.?d|d\.?o|rph|pharm\.?d|np|rn)\b",
    re.IGNORECASE,
)


def of_a_professional(letter: Letter, said: Said, every: Sequence[Proposal]) -> bool:
    """A number whose label names no patient, on a line that names a reviewer's profession before it."""
    line = said.page.plain[said.page.line_starts[said.row] : said.proposal.end]
    return _OF_A_PROFESSION.search(line) is not None and _OF_A_PATIENT.search(said.proposal.words) is None
