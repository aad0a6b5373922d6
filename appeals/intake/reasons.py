"""The reasons a letter gives for refusing, as keys of `data/denial_reasons.json`.

A phrase counts only in a clause that states what was decided: not in one that denies it, sets a condition, defines a
word, or tells of rights. Sentences like these stand in every letter and prove nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from appeals.intake.layout import Page, Sentence
from appeals.intake.proposal import HIGH, MEDIUM, Proposal

_RECORDS: Final = (
    r"(?:records?|notes?|chart|documentation|information|paperwork|statement|letter from your \w+|"
    r"documents|forms?)"
)


def _phrases(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


_PHRASES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    (
        "experimental_investigational",
        _phrases(
            r"\b(?:is|are|be|been|as|it|considered|deemed|regarded as|classified as|remains?|treatment|"
            r"service|use) (?:considered |deemed |regarded as |viewed as |"
            r"to be )?(?:an? )?(?:experimental|investigational|unproven)\b",
            r"\bexperimental(?:,)? (?:or|and|and/or|/) (?:investigational|unproven)\b",
            r"\bexperimental/investigational\b",
            r"\b(?:has|have) not been (?:proven|shown to be) (?:safe and )?effective\b",
            r"\bnot proven (?:safe and )?effective\b|\bunproven for\b",
        ),
    ),
    (
        "medical_necessity",
        _phrases(
            r"\bnot (?:\w+ ){0,2}medically necessary\b",
            r"\b(?:does|do|did) not (?:meet|satisfy|fulfill)\b[^.;]{0,70}\bmedical(?:ly)? necess(?:ary|"
            r"ity)\b",
            r"\b(?:does|do|did) not (?:show|demonstrate|establish|support|"
            r"prove)\b[^.;]{0,60}\b(?:reasonable and necessary|medical(?:ly)? necess(?:ary|ity))\b",
            r"\bnot (?:considered |deemed )?(?:to be )?reasonable and necessary\b",
            r"\bmedical necessity (?:criteria )?(?:has|have|was|were|is|are) not (?:been )?(?:met|"
            r"established|shown|supported|demonstrated)\b",
            r"\black(?:s|ing)? (?:of )?medical necessity\b",
            r"\bcould not (?:tell|determine|confirm) that [^.;]{0,60}\b(?:needed|necessary)\b",
        ),
    ),
    (
        "step_therapy",
        _phrases(
            r"\bstep[- ]therapy (?:requirements?|rules?|criteria|protocol)?\s?(?:was|were|is|are|has|"
            r"have) not (?:been )?(?:met|satisfied|completed)\b",
            r"\b(?:does|do|did) not (?:meet|satisfy)\b[^.;]{0,40}\bstep[- ]therapy\b",
            r"\b(?:has|have|had) not (?:yet )?(?:tried|failed|completed a trial of)\b",
            r"\byou (?:must|need to|have to) (?:first )?(?:try|have tried)\b|\bmust first (?:try|"
            r"be tried)\b|\bmust be tried (?:first|before)\b",
            r"\bfail[- ]first (?:requirement|rule)\b",
            r"\brecords? must show (?:at least )?(?:two|three|four|\d)\b[^.;]{0,40}\b(?:antidepressants?|"
            r"drugs|medicines|medications|treatments|therapies|trials)\b",
            r"\b(?:other|preferred|covered) (?:covered )?(?:drugs?|alternatives?|medicines?|"
            r"medications?)\b[^.;]{0,60}\b(?:would not work|(?:have|has|were|was) not (?:been )?tried)\b",
        ),
    ),
    (
        "no_prior_auth",
        _phrases(
            r"\bno (?:prior |advance )?(?:authorization|precertification|pre-?authorization|pre-?approval|"
            r"approval|notification)(?: or (?:authorization|notification|"
            r"approval))?\b[^.;]{0,40}\b(?:on file|obtained|received|requested|found)\b",
            r"\b(?:prior authorization|precertification|pre-?authorization|authorization|"
            r"pre-?approval) (?:was|were|is|has) (?:not|never) (?:been )?(?:obtained|requested|received|"
            r"on file|secured)\b",
            r"\bwithout (?:the required |required )?(?:prior authorization|precertification|"
            r"pre-?authorization|pre-?approval)\b",
        ),
    ),
    (
        "auth_mismatch",
        _phrases(
            r"\bexceeds? (?:the )?(?:authorized|approved) (?:units|visits|days)\b",
            r"\b(?:does|do|did) not match (?:the|your|our) (?:authorization|approval|authorized)\b",
            r"\bdiffers? from (?:the|what was) (?:authorization|authorized)\b",
        ),
    ),
    (
        "out_of_network",
        _phrases(
            r"\b(?:is|was|are|were) (?:an? )?(?:out[- ]of[- ]network|non-?participating)\b",
            r"\b(?:is|was|are|were) not (?:in|part of|a (?:member|part) of) (?:our|the|"
            r"your plan's) network\b|\b(?:is|was) not a participating provider\b",
            r"\bno referral (?:is |was )?on file\b|\bout[- ]of[- ]network (?:benefits|services|"
            r"care) (?:do|does|are|is) not\b",
        ),
    ),
    (
        "quantity_frequency_limit",
        _phrases(
            r"\b(?:exceeds?|more than|over|above) (?:the |our |your )?(?:plan )?[^.;,]{0,30}\b(?:quantity|"
            r"frequency|visit|session|unit|dos(?:e|age)|day)s? (?:limit|maximum|allowance)s?\b",
            r"\b(?:quantity|frequency) (?:of [^.;,]{0,30} )?(?:is|was) (?:not supported|over|above|"
            r"more than)\b",
            r"\bmaximum (?:number of )?(?:visits|sessions|units|days) (?:has|have|was|were|"
            r"is) (?:been )?(?:reached|used|exceeded)\b",
            r"\b(?:weekly|daily|monthly|more frequent) (?:visits|sessions|doses|infusions) after (?:week|"
            r"month|visit|session) \d+ need\b",
        ),
    ),
    (
        "non_formulary",
        _phrases(
            r"\bnot (?:on|in|listed on|included on|included in|part of) (?:our|the|your plan's|the plan's|"
            r"this plan's) (?:list of covered drugs|formulary|drug list|covered drug list|"
            r"preferred drug list)\b",
            r"\b(?:is|was|are) (?:a )?non-?formulary\b",
        ),
    ),
    (
        "not_medically_accepted_indication",
        _phrases(
            r"\bnot (?:for |prescribed for )?(?:a |considered a )?medically[- ]accepted (?:indication|"
            r"use)\b",
            r"\bnot a Part D drug\b",
        ),
    ),
    (
        "benefit_exclusion",
        _phrases(
            r"\b(?:is|are|was|were) (?:specifically |expressly )?(?:an )?exclu(?:ded|"
            r"sion)(?: services?)? (?:under|from|by|in)\b",
            r"\b(?:is|are|was) not (?:a )?covered (?:benefits?|services?)\b",
            r"\byour (?:plan|policy|contract|certificate|coverage) (?:excludes|does not cover)\b",
            r"\b(?:is|are) (?:a )?non-?covered (?:benefits?|services?)\b|\bbenefit exclusion\b|"
            r"\bplan exclusion applies\b",
        ),
    ),
    (
        "site_of_care",
        _phrases(
            r"\b(?:place|site|setting) of (?:service|care)\b[^.;]{0,40}\b(?:not (?:approved|covered|"
            r"appropriate|necessary)|inappropriate)\b",
            r"\b(?:can|could|may) (?:safely )?be (?:given|provided|performed|"
            r"done) in a lower[- ]cost (?:setting|site)\b",
            r"\bhospital outpatient (?:setting|department|site) (?:is|was) not (?:approved|necessary|"
            r"covered)\b",
        ),
    ),
    (
        "level_of_care",
        _phrases(
            r"\bcould be (?:treated|managed) at a lower level of care\b",
            r"\blevel of care (?:criteria )?(?:is|was|were|are) not (?:met|necessary|approved)\b",
        ),
    ),
    (
        "eligibility_termination",
        _phrases(
            r"\b(?:coverage|policy|insurance) (?:was|had|has|is) (?:been )?(?:terminated|ended|lapsed|"
            r"not (?:active|in effect|effective))\b",
            r"\bnot (?:eligible|covered|enrolled) on (?:the )?(?:date|day)s? (?:of service|the service)\b",
        ),
    ),
    (
        "timely_filing",
        _phrases(
            r"\bclaim\b[^.;]{0,30}\b(?:filed|submitted|received) (?:after|outside|beyond|past) (?:the |"
            r"our )?(?:time limit|timely[- ]filing|filing (?:limit|deadline))\b",
            r"\btimely[- ]filing (?:limit|requirement)s? (?:was|were|has|have) (?:not (?:been )?met|"
            r"passed|expired)\b",
        ),
    ),
    ("duplicate", _phrases(r"\b(?:is|was|as) an? (?:exact )?duplicate (?:claim|of)\b")),
    (
        "coordination_of_benefits",
        _phrases(
            r"\b(?:other|another) (?:insurance|coverage|payer|plan) (?:is|may be|"
            r"appears to be) (?:the )?primary\b"
        ),
    ),
    (
        "coding_error",
        _phrases(
            r"\b(?:drug identification number \(NDC\)|NDC)\b[^.;]{0,20}\b(?:is|was) (?:missing|not valid|"
            r"invalid)\b|\bmissing NDC\b",
            r"\b(?:procedure|diagnosis|billing|service) code (?:is|was|submitted is) (?:invalid|not valid|"
            r"inconsistent|incorrect)\b",
            r"\bdiagnosis (?:is |was )?inconsistent with (?:the )?procedure\b|\b(?:billed|"
            r"coded) incorrectly\b|\binvalid (?:procedure |diagnosis )?code\b",
        ),
    ),
    (
        "provider_ineligible",
        _phrases(
            r"\b(?:provider|facility|clinic|prescriber)\b[^.;]{0,30}\b(?:is|was) not (?:credentialed|"
            r"certified|eligible|enrolled)\b",
            r"\bREMS certification (?:was |is )?not (?:found|on file)\b",
        ),
    ),
    (
        "bundling",
        _phrases(
            r"\b(?:is|was|are|were) (?:included|bundled) (?:in|into|with) (?:the )?(?:payment for|primary|"
            r"another|other) \w+",
            r"\bincidental to (?:the )?(?:primary|another)\b",
        ),
    ),
    (
        "rescission",
        _phrases(
            r"\b(?:coverage|policy) (?:is|was|has been) rescinded\b|\bvoid from (?:the|its) (?:beginning|"
            r"start)\b"
        ),
    ),
    (
        "insufficient_documentation",
        _phrases(
            rf"\b{_RECORDS}\b[^.;]{{0,60}}?\b(?:do|does|did) not (?:show|give|contain|include|say|list|"
            rf"state|document|have|mention|describe)\b",
            r"\b(?:do|does|did) not (?:give|include|list|state|contain) (?:the )?(?:doses?|dates?|scores?|"
            r"reasons?)\b",
            r"\bit does not (?:say|show|list|have|include|contain|give) (?:why|whether|which|how|what|"
            r"a (?:[\w-]+ ){0,3}(?:score|note|date|dose|plan|history)|any )\b|"
            r"\bit does not have a [\w ]{3,40}score\b",
            r"\b(?:no|without) (?:[\w-]+ ){0,8}(?:was|were) (?:sent|received|submitted|provided|"
            r"included|enclosed)\b",
            rf"\b(?:did not|have not|never) (?:receive|received|get|gotten|been given|"
            rf"been sent)\b[^.;]{{0,50}}\b{_RECORDS}\b",
            rf"\b{_RECORDS}\b[^.;]{{0,40}}\b(?:was|were) not (?:received|submitted|provided|sent|included|"
            rf"enclosed|supplied)\b",
            r"\b(?:insufficient|incomplete|not enough|inadequate) (?:clinical |medical )?(?:documentation|"
            r"information|records|evidence was sent)\b",
            r"\bunable to determine\b",
        ),
    ),
)

_DENIED: Final = re.compile(
    r"\b(?:did|do|does|have|has|was|is|are|were)(?:\s+not|n't)\s+(?:been\s+|be\s+)?(?:den(?:y|ied|"
    r"ying)|refus\w+|declin\w+|reject\w+|turn\w*\s+down|based|made|the\s+(?:reason|basis)|because|"
    r"due|a\s+question|"
    r"disput\w+|question\w*|about|relied|rely|at\s+issue|an\s+issue)\b|"
    r"\b(?:we|this\s+(?:letter|notice|decision)|our\s+(?:reviewer|decision|letter))\s+(?:do|does|"
    r"did|are|is|am)(?:\s+not|n't)\s+(?:say\w*|claim\w*|suggest\w*|mean\w*|contend\w*|argu\w+|"
    r"assert\w*|find\w*|conclud\w+|decid\w+|determin\w+|deem\w*|consider\w*|think|believe)\b|"
    r"\bnot\s+(?:because|due\s+to|on\s+the\s+ground|based\s+on|a\s+(?:finding|decision|statement|"
    r"denial)|for\s+the\s+reason|that)\b|"
    r"\brather than\b|\bnothing to do with\b|\bother than\b|\bagree(?:s|d)? that\b|"
    r"\bno (?:dispute|question|finding)\b|\bno longer\b|\bnever\b|\bis not in question\b|"
    r"\breject\w* (?:the|that|this|any)\b|\bwithout (?:finding|deciding|regard)\b|\bneither\b|\bnor\b|\binstead of\b|\bunlike\b|"
    r"\b(?:earlier|previous|prior|first|former|last year's|another|different|separate|corrected|"
    r"withdrawn|mistaken)\s+(?:[\w]+\s+)?(?:letters?|denials?|notices?|decisions?|reasons?|"
    r"determinations?|reviews?|requests?|claims?)\b|"
    r"\b(?:withdr\w+|revers\w+|overturn\w+|resolved|no longer apply|originally|previously)\b",
    re.IGNORECASE,
)
_CONDITION: Final = re.compile(
    r"\b(?:if|when|whenever|unless|whether|in case|may be denied|might|could be denied|would be|"
    r"can be approved|for example|such as|means|defined as|definition of|"
    r"some services|services that are|in general|generally|denials? (?:based on|for|because|that)|"
    r"decisions? (?:based on|about|that involve)|involv(?:es|ing)|on the grounds?|judgment|"
    r"reasons such as|common reasons|plans? (?:may|can)|you may (?:ask|appeal|request)|"
    r"you can (?:ask|appeal|request)|you have the right|right to|appeals? (?:of|about|for)|"
    r"please (?:send|submit|note)|does not apply|do not apply|not apply to you|"
    r"question(?:s)? about|frequently)\b",
    re.IGNORECASE,
)
_DEFINITION_FITS: Final = re.compile(
    r"\b(?:does|do|did) not (?:meet|satisfy|fulfill)\b[^.;]{0,40}\bdefinition of\b", re.IGNORECASE
)
_NOT_HERE: Final = re.compile(
    r"\bappeal\b|\bright|\bdisagree|\bagree\b|\bexternal\b|\boutside\b|\bwhat would help\b|"
    r"\bdefinition|\bglossary\b|\bother treatment\b|\bwhat happens next\b|\bget help\b|\bhow to\b|"
    r"\bhelp\b|\bcommon\b|\babout our\b|\bgeneral\b|\bfrequently\b|\bnext steps\b|"
    r"\bwhat you can do\b|\bterms\b|\bwords\b|\bprior (?:denial|decision|letter)|\bhistory\b|"
    r"\bearlier\b",
    re.IGNORECASE,
)
_SAYS_WHY: Final = re.compile(
    r"\bwhy\b|\breasons?\b|\bbasis\b|\brationale\b|\bexplanation\b|\bwhat the codes mean\b|"
    r"\bdecision\b|\bdetermination\b|\boutcome\b|\bdenied\b",
    re.IGNORECASE,
)
_STATES: Final = re.compile(
    r"\b(?:den(?:y|ied|ial)|refus\w+|declin\w+|not approve|unable to approve|cannot approve|"
    r"not approved|because|reason)\b",
    re.IGNORECASE,
)
_CLAUSE: Final = re.compile(r";|:(?=\s)|,?\s(?:but|instead|rather,|however|yet)\b,?|\.\s")
_NOT_SO: Final = {
    "experimental_investigational": re.compile(r"(?:\bnot|n't)\s(?:\w+\s){0,3}$", re.IGNORECASE),
    "out_of_network": re.compile(r"\bnot\s(?:\w+\s){0,2}$", re.IGNORECASE),
    "benefit_exclusion": re.compile(r"\bnot\s(?:\w+\s){0,2}$", re.IGNORECASE),
}
_BY_CODE: Final = {
    "197": "no_prior_auth", "198": "no_prior_auth", "15": "no_prior_auth", "50": "medical_necessity",
    "55": "experimental_investigational",
    "18": "duplicate", "29": "timely_filing", "242": "out_of_network", "243": "out_of_network", "204": "benefit_exclusion",
}  # fmt: skip
"""Adjustment codes that stand for one reason only; the others (16, 96, 272, A1 ...) stand for several."""


_QUOTED_WHOLE: Final = 200
"""Clauses up to this length are quoted whole, so that a person can judge the words in their place."""


def reasons(pages: Sequence[Page], codes: Sequence[Proposal] = ()) -> Iterator[Proposal]:
    """Reasons in order of importance: as the letter gives them, missing records after the rest of their sentence.

    `codes` are proposals of fact `carc` already read; those that stand for one reason add it.
    """
    found: list[tuple[int, int, int, Proposal]] = []
    order = 0
    for page in pages:
        for sentence in page.sentences:
            order += 1
            if _tells_nothing(sentence):
                continue
            for begin, clause in _clauses(sentence.text):
                if _DENIED.search(clause) or (
                    _CONDITION.search(clause) and not _DEFINITION_FITS.search(clause)
                ):
                    continue
                found.extend((order, *one) for one in _in_clause(sentence, begin, clause))
    found.sort(key=lambda one: one[:3])
    seen: set[str] = set()
    for *_, proposal in found:
        if proposal.value not in seen:
            seen.add(proposal.value)
            yield proposal
    for code in codes:
        reason = _BY_CODE.get(code.value)
        if reason and reason not in seen:
            seen.add(reason)
            yield Proposal("reason", reason, code.words, code.page, code.start, code.end, MEDIUM)
    if codes and "out_of_network" not in seen:
        yield from _marked_out_of_network(pages)


def _tells_nothing(sentence: Sentence) -> bool:
    headings = sentence.heading.split(" / ")
    if any(_NOT_HERE.search(heading) and not _SAYS_WHY.search(heading) for heading in headings):
        return True
    if sentence.text.rstrip().endswith("?") or re.search(r"\bEXTERNAL REVIEW\b", sentence.heading):
        return True
    return re.match(r"(?:if|when|unless)\b", sentence.text.strip(), re.IGNORECASE) is not None


def _clauses(text: str) -> Iterator[tuple[int, str]]:
    """Parts of a sentence that may each be affirmed or denied, with where they begin."""
    begin = 0
    for mark in _CLAUSE.finditer(text):
        yield begin, text[begin : mark.start()]
        begin = mark.end()
    yield begin, text[begin:]


def _in_clause(sentence: Sentence, begin: int, clause: str) -> Iterator[tuple[int, int, Proposal]]:
    network = next(pattern for key, pattern in _PHRASES if key == "out_of_network").search(clause)
    for key, pattern in _PHRASES:
        if key == "benefit_exclusion" and network:
            continue  # care outside the network is not covered because of the network
        for match in pattern.finditer(clause):
            opposite = _NOT_SO.get(key)
            word = re.search(
                r"experimental|investigational|unproven|out[- ]of|non-|exclu|not (?:a )?cover|not proven|"
                r"not been",
                match[0],
                re.IGNORECASE,
            )
            at = match.start() + (word.start() if word else 0)
            if opposite and word and not word[0].lower().startswith("not") and opposite.search(clause[:at]):
                continue
            if key == "insufficient_documentation" and re.search(
                r"claim line\b", clause[: match.end()], re.IGNORECASE
            ):
                continue
            stated = _SAYS_WHY.search(sentence.heading) or _STATES.search(sentence.text)
            last = 1 if key == "insufficient_documentation" else 0
            span = (
                (begin, begin + len(clause))
                if len(clause) <= _QUOTED_WHOLE
                else (begin + match.start(), begin + match.end())
            )
            yield (
                last,
                begin + match.start(),
                sentence.proposal(
                    "reason",
                    key,
                    span,
                    HIGH if stated else MEDIUM,
                    (begin + match.start(), begin + match.end()),
                ),
            )
            break


def _marked_out_of_network(pages: Sequence[Page]) -> Iterator[Proposal]:
    """A statement's own mark `Network: OUT`."""
    for page in pages:
        match = re.search(r"\bNetwork(?: status)?:\s{0,3}(?:OUT|Out[- ]of[- ]network)\b", page.plain)
        if match:
            yield page.proposal("reason", "out_of_network", match.start(), match.end(), MEDIUM)
            return
