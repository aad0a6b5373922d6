"""The second reading of what was refused and why: the sentence or row of a code or a reason must itself be about this refusal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from appeals.intake.asides import decides_appeal
from appeals.intake.layout import Cell, Page, Sentence
from appeals.intake.proposal import Proposal
from appeals.intake.topics import column_before, sentence_at

_REFUSES: Final = re.compile(
    r"\b(?:den(?:y|ied|ies|ying|ial)|refus\w+|declin\w+|reject\w+|not (?:be )?(?:been )?(?:approv|authoriz|cover|certif|pa)\w+|"
    r"(?:cannot|unable to|did not|will not|do not|does not) (?:approve|authorize|cover|certify|pay))\b|\b(?:CO|PR|OA|PI)-?\d",
    re.IGNORECASE,
)
_NOT_DECIDED: Final = re.compile(
    r"\b(?:withdr[ae]wn?|withdrew|cancel(?:l?ed)?|pend(?:ing|ed)?|still (?:\w+ )?(?:review|open|being)\w*|"
    r"under review|copyright|deleted|discontinued|separate(?:ly)? (?:letter|notice|decision|request)|new request|next request|"
    r"(?:will be|is|are|was|were|has been|already) paid|when you (?:send|bill|submit)|add-on|only with|would cover|could be|"
    r"no (?:review|approval|authorization) (?:is |was )?(?:needed|required|necessary)|not needed|not required|"
    r"for other (?:conditions|members|patients|uses|diagnoses)|(?:is|are) covered(?! (?:only|when|if))|be an option|"
    r"approved (?:it|them|this|that|on)|and approved|"
    r"handled (?:by|in)|in its place|in place of|instead|"
    r"alternativ\w+|preferred (?:drugs?|products?|one|medicines?)|"
    r"already (?:get|take|receive|approved))\b",
    re.IGNORECASE,
)


def is_refused_here(page: Page, proposal: Proposal) -> bool:
    """Whether the row or sentence of a code does not call it open, withdrawn, paid, or what one might ask for instead."""
    at = proposal.start
    row = page.rows[page.plain.count("\n", 0, at)]
    if len(row) > 1:
        said = page.plain[row[0].start : row[-1].end]
        if _NOT_DECIDED.search(said) and not _REFUSES.search(said):
            return False
    before = column_before(page, at)
    if _STATE_BEFORE.search(before) and proposal.value.isdigit():
        return False
    if len(row) > 1 and _OFFERED_BEFORE.search(before) and not _REFUSES.search(before):
        return False
    if _paid_on_line(page, page.plain.count("\n", 0, at)):
        return False
    sentence = sentence_at(page, at, proposal.end)
    if sentence is None:
        return True
    clause = _clause_of(sentence, proposal)
    told = re.sub(r"\s+", " ", page.plain[proposal.end : proposal.end + 120])
    if _GOES_ON.match(told) and not _REFUSES.search(clause):
        return False
    before = re.sub(r"\s+", " ", page.plain[max(0, at - 160) : at])
    if _WAS_AUTHORIZED.search(before) and not _REFUSES.search(clause):
        return False
    if proposal.fact == "ndc" and _TRIED.search(clause) and not _REFUSES.search(clause):
        return False
    return _NOT_DECIDED.search(clause) is None or _REFUSES.search(clause) is not None


_GOES_ON: Final = re.compile(
    r"\)?(?:\s?\([^()]{0,60}\))?(?:,? (?:and|or|,|/)? ?(?:(?:CPT|HCPCS|codes?) )?[A-V]?\d{4,5}(?:\s?\([^()]{0,60}\))?){0,5} "
    r"(?:both |all |also |still |already )?(?:stays?|remains?|continues?|keeps?|needs?|may|can|will|would|should|is|are|"
    r"has|have|do|does)\b"
    r"(?![^.;]{0,40}\b(?:not|no|denied|refused|reduced?|cut|end(?:s|ed|ing)?|stop\w*|limit\w*|goes?|lowered?|changed?|excluded|"
    r"considered|experimental|investigational|requested|asked)\b)",
)
"""A code that is the subject of its clause and of which nothing is refused: `97155 and 97156 stay as they are`."""
_WAS_AUTHORIZED: Final = re.compile(
    r"\b(?:authorization|approval|certification|referral)\b(?: (?:number|no\.?))?"
    r"(?:[ #:]+[\w-]*\d[\w-]*,?|,? (?:on file|issued|dated|given|granted|we gave|in force))"
    r"[^.;]{0,40}\b(?:is|was|were|covers?|covered|names?|lists?|reads?)\b[^.;]*$",
    re.IGNORECASE,
)
"""What an authorization that stands is for, beside what was billed: `Authorization 61507 is for visits up to 56 mg (G2082)`."""
_TRIED: Final = re.compile(
    r"\b(?:tried|took|taken|taking|takes?|used|uses|failed|filled|given before|on your list|history)\b",
    re.IGNORECASE,
)
_AMOUNT: Final = re.compile(r"\$?(?P<figure>\d[\d,]*\.\d\d)")
_PAID_HEAD: Final = re.compile(
    r"(?:plan |we |amount |benefit )?(?:pays|paid|payment|benefits?)", re.IGNORECASE
)
_PAID_BLOCK: Final = re.compile(
    r"^[^\d$]{0,40}\b(?:(?:claims?|services?|lines?|care|visits) (?:that )?(?:we |already )?(?:have )?(?:paid|approved|covered)|"
    r"(?:paid|approved|covered) (?:claims?|services?|lines?|care|visits)|authorization history|claims? history)\b",
    re.IGNORECASE,
)
_REFUSED_HEAD: Final = re.compile(r"(?:not|non)[ -]?(?:cov|allow|paid|elig)|denied", re.IGNORECASE)
_HEAD_REACH: Final = 14


def _paid_on_line(page: Page, row: int) -> bool:
    """Whether a line of a statement holds an amount under `Plan pays` and none of it was refused."""
    cells = page.rows[row]
    if len(cells) < 3 or _REFUSES.search(page.plain, cells[0].start, cells[-1].end):
        return False
    top = row
    while top > 0 and page.rows[top - 1] and row - top < _HEAD_REACH:
        top -= 1
    head = " ".join(cell.text for cell in page.rows[top])
    if top < row and _PAID_BLOCK.search(head) and not _REFUSES.search(head):
        return True
    for above in reversed(page.rows[max(0, row - _HEAD_REACH) : row]):
        heads = [cell for cell in above if _PAID_HEAD.fullmatch(cell.text)]
        if not heads or len(above) < 3:
            continue
        refused = [
            cell
            for cell in above
            if re.match(r"(?:not|non)[ -]?(?:cov|allow|paid|elig)|denied", cell.text, re.IGNORECASE)
        ]
        return _figure_under(cells, heads[0]) > 0 and not any(
            _figure_under(cells, one) > 0 for one in refused
        )
    return False


def _figure_under(cells: Sequence[Cell], head: Cell) -> float:
    """The amount of a row that stands under a head, by the columns both cover; nought where none does."""
    left, right = head.column - 2, head.column + len(head.text) + 2
    for cell in cells:
        amount = _AMOUNT.fullmatch(cell.text)
        if amount and cell.column < right and cell.column + len(cell.text) > left:
            return float(amount["figure"].replace(",", ""))
    return 0.0


_CUT: Final = re.compile(r"[;:]\s|,?\s(?:but|while|whereas|however)\s")


_STATE_BEFORE: Final = re.compile(r",\s[A-Z]{2}\s{1,3}$")
_OFFERED_BEFORE: Final = re.compile(
    r"\b(?:for instance|such as|e\.g\.|for example|"
    r"(?:can|could|may|might) (?:also )?(?:prescribe|use|switch|try|discuss)|other care)\b",
    re.IGNORECASE,
)
_CUT_BUT_COLON: Final = re.compile(r";\s|,?\s(?:but|while|whereas|however)\s")


def _clause_of(sentence: Sentence, proposal: Proposal, cut: re.Pattern[str] = _CUT) -> str:
    """The clause of a sentence in which a proposal's words stand."""
    at = next((number for number, place in enumerate(sentence.places) if place >= proposal.start), 0)
    begin = max((one.end() for one in cut.finditer(sentence.text) if one.end() <= at), default=0)
    end = min(
        (one.start() for one in cut.finditer(sentence.text) if one.start() > at), default=len(sentence.text)
    )
    return sentence.text[begin:end]


_NOT_THE_PATIENTS: Final = re.compile(
    r"\b(?:at the time|at that time|last year|in (?:19|20)\d\d|"
    r"mother|father|brother|sister|sibling|parents|family|relatives?|"
    r"require[sd]?|qualif(?:y|ies|ied|ying)|eligible|must (?:have|be)|had the|"
    r"would (?:have|be) (?:been )?(?:approved|covered|paid)|"
    r"only (?:for|if|when|with) (?=the |an? |members|patients|people|[A-Z]\d)|limited to|covered for|rule[sd]? out|could be)\b",
    re.IGNORECASE,
)
_FOR_INSTANCE: Final = re.compile(
    r"\b(?:for example|for instance|such as|e\.g\.),?[^.;]{0,40}$", re.IGNORECASE
)
_LABELLED: Final = re.compile(r"\b(?:diagnos[ie]s|dx|ICD-?10)\b[^.;]{0,24}:", re.IGNORECASE)


def is_the_patients(page: Page, proposal: Proposal) -> bool:
    """Whether the clause of a diagnosis does not give it to a relative, to a rule, or to a case that did not happen."""
    sentence = sentence_at(page, proposal.start, proposal.end)
    if sentence is None:
        return True
    clause = _clause_of(sentence, proposal, _CUT_BUT_COLON)
    code = proposal.end - len(proposal.value)
    at = next((number for number, place in enumerate(sentence.places) if place >= code), 0)
    if _FOR_INSTANCE.search(sentence.text[:at]):
        return False
    label = _LABELLED.search(clause)
    return _NOT_THE_PATIENTS.search(label[0] if label else clause) is None


_SAYS: Final = re.compile(
    r"\b(?:is|are|was|were|be|been|has|have|had|do|does|did|not|cannot|can't|n't|exceed\w*|lack\w*|miss(?:ing|es|ed)|fail\w*|"
    r"den(?:y|ied|ies|ial)|because|due|since|without|no|none|only|require[sd]?|needs?|must|met|meets?|consider\w*|deem\w*|intend|rescind\w*|"
    r"excluded?|excludes|limited|limits?|reached|covers?|ended|expired|terminated|late|duplicate|appears?|found|shows?|showed|"
    r"supports?|beyond|outside|over|more than|pays?|paid|made|came|expect\w*|bundled|included|part of|belongs?|treats?|calls?|"
    r"invalid|incomplete|insufficient|inconsistent|es|est[a\u00e1]|son|fue|sin)\b|n't\b",
    re.IGNORECASE,
)
_TITLE: Final = re.compile(
    r"^\W*(?:(?:\w+ ){0,3}(?:policy|policies|guidelines?|bulletin|program|chapter|section|appendix|form)\b[^.;]{0,12}\d*\W|"
    r"see\b|title\b)",
    re.IGNORECASE,
)
_WHY: Final = re.compile(
    r"\b(?:reasons?|why|because|basis|rationale|denial|denied|notes?|remarks?|codes?|explanation|non-?(?:coverage|certification|payment)|adverse|outcome|result|finding)\b",
    re.IGNORECASE,
)
_THIRD: Final = re.compile(
    r"^\W*(?:(?:and|but|also|in (?:your|his|her|the) (?:appeal|letter)),? )?"
    r"(?:you|your (?:\w+ )?(?:doctor|provider|prescriber|physician|"
    r"therapist|clinic|hospital|employer|pharmacy|representative)|dr\.? [\w' -]{2,30}|"
    r"the (?:hospital|clinic|provider|doctor|facility|"
    r"prescriber|therapist|pharmacy|member|patient)|(?:some|many|other|most) \w+|he|she|they)"
    r"(?:'s (?:letter|note|notes|appeal))? "
    r"(?:also |had |has |have |may |might |first )?(?:say|said|state|wrote|write|told|tell|report|think|thought|believ|argu|"
    r"claim|"
    r"contend|assert|maintain|insist|alleg|suggest|feel|felt|explain|note[sd]?\b|mention|worr|fear|disagree)\w*\b",
    re.IGNORECASE,
)
_NOT_MET: Final = re.compile(
    r"\b(?:(?:this|that|the|these|those|such) (?:\w+ )?"
    r"(?:exclusions?|rules?|limits?|limitations?|reasons?|requirements?|provisions?|"
    r"clauses?|conditions?)|it|this|that|they) (?:is|are|was|were|do|does|did)(?: not|n't) (?:\w+ )?(?:met|apply|applied|reached|"
    r"used|the reason|why|relevant|in question|at issue|an issue)\b|"
    r"\b(?:this|that|the) (?:\w+ )?(?:grounds?|reasons?|basis|findings?|issues?|point|objection|denial) "
    r"(?:is|are|was|were|has been|have been|had been) "
    r"(?:now |since |later )?(?:withdrawn|removed|resolved|settled|cured|lifted|dropped|"
    r"set aside|taken back|reversed|overturned|no longer)\b|"
    r"\b(?:we|the plan|the fund|the trust) (?:have |has |now |no longer )*(?:withdr[ae]wn?|withdrew|drops?|dropped|relies|rely) "
    r"(?:on )?(?:this|that|it)\b",
    re.IGNORECASE,
)
_ONCE_DENIED: Final = re.compile(
    r"^\W*(?:in|on|by|back in|last) (?:letters? (?:of|dated) |a letter (?:of|dated) |our (?:letter|notice)[^,;]{0,20} )?"
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December|spring|summer|fall|autumn|winter|year|"
    r"month|\d{1,2}/\d{1,2})\b[^;]{0,60}\b(?:den|refus|reject|declin)\w+",
    re.IGNORECASE,
)
"""What was decided at another time, which a letter on an appeal tells first: `In May the claim was denied because`."""


_TOLD_AGAIN: Final = re.compile(
    rf"{_ONCE_DENIED.pattern}|"
    r"\b(?:was|were|had been|had) (?:initially |originally |first |previously )?(?:denied|refused|declined|rejected)\b",
    re.IGNORECASE,
)
_FIRST_LEVEL: Final = re.compile(
    r"\b(?:at|on|by) (?:the )?(?:first|initial|earlier|previous)[- ](?:level|review\w*|stage|step)\b"
    r"[^.;]{0,60}\b(?:den|refus|reject|declin)\w+",
    re.IGNORECASE,
)


_ASKS_FOR: Final = re.compile(
    r"\W*(?:please |you (?:may|can|should|must) |to [^,;]{3,60}, (?:please )?)?"
    r"(?:send|submit|provide|attach|include|enclose|mail|fax|give|bring|upload|ask|have|get|let|show|tell|call|write)\b"
    r"(?! (?:not|no)\b)",
    re.IGNORECASE,
)
"""A sentence that asks for something says no reason: `Send us a letter that says the coverage has ended`."""


def _beside(page: Page, at: int) -> str:
    """The cells to the left of a place, which may be its label."""
    cells = page.rows[page.plain.count("\n", 0, at)]
    return " ".join(cell.text for cell in cells if cell.end <= at)


def states_reason(pages: Sequence[Page], proposal: Proposal) -> bool:
    """Whether the words of a reason say something of this case: not a title, not somebody else's view, not taken back at once."""
    page = pages[proposal.page - 1]
    sentence = sentence_at(page, proposal.start, proposal.end)
    if sentence is None or (re.search(r"\d", proposal.words) and len(proposal.words) < 12):
        return True
    text = sentence.text
    if _FIRST_LEVEL.search(text) or (_TOLD_AGAIN.search(text) and decides_appeal(pages)):
        return False
    if proposal.value != "insufficient_documentation" and _ASKS_FOR.match(text) and not _REFUSES.search(text):
        return False
    if _THIRD.search(_clause_of(sentence, proposal)) or _THIRD.search(text):
        return False
    if not _SAYS.search(text) and (
        _TITLE.search(text)
        or not _WHY.search(f"{sentence.heading} {text} {sentence.before} {_beside(page, proposal.start)}")
    ):
        return False
    following = next((one for one in page.sentences if one.places[0] > sentence.places[-1]), None)
    return following is None or _NOT_MET.search(following.text) is None


_NO_CRITERION: Final = re.compile(
    r"\b(?:described|explained|discussed|found|published) (?:in|at)\b|\bother (?:conditions|members|patients|drugs|services)\b",
    re.IGNORECASE,
)


def is_relied_on(page: Page, proposal: Proposal) -> bool:
    """Whether the sentence of a guideline does more than say where something else is described."""
    sentence = sentence_at(page, proposal.start, proposal.end)
    return sentence is None or _NO_CRITERION.search(sentence.text) is None
