"""The reasons a letter gives for refusing, as keys of `data/denial_reasons.json`.

A phrase counts only in a clause that states what was decided: not in one that denies it, sets a condition, defines a
word, or tells of rights. Sentences like these stand in every letter and prove nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from appeals.intake.asides import decides_appeal, tells_of_before, tells_of_first_decision
from appeals.intake.layout import Page, Sentence
from appeals.intake.only_necessary import only_necessary
from appeals.intake.phrases import NOT_FOUND_NECESSARY, PHRASES
from appeals.intake.proposal import HIGH, MEDIUM, Proposal

_DENIED: Final = re.compile(
    r"\b(?:it|this|that)\s+does(?:\s+not|n't)\s+(?:mean|imply)\s+(?:that\s+)?(?:the|your|our|we|you)\b|"
    r"\b(?:did|do|does|have|has|was|is|are|were)(?:\s+not|n't)\s+(?:been\s+|be\s+)?(?:den(?:y|ied|"
    r"ying)|refus\w+|declin\w+|reject\w+|turn\w*\s+down|based|made|the\s+(?:reason|basis)|because|"
    r"due|a\s+question|"
    r"disput\w+|question\w*|about|relied|rely|at\s+issue|an\s+issue)\b|"
    r"\b(?:we|this\s+(?:letter|notice|decision)|our\s+(?:reviewer|decision|letter))\s+(?:do|does|"
    r"did|are|is|am|have|has)(?:\s+not|n't)\s+(?:say\w*|claim\w*|suggest\w*|mean\w*|contend\w*|argu\w+|"
    r"assert\w*|find\w*|conclud\w+|decid\w+|determin\w+|deem\w*|consider\w*|think|believe)\b|"
    r"\bnot\s+(?:making|taking|doing|changing|reducing|ending|stopping|deciding|denying|refusing)\b[^.;]{0,40}\bbecause\b|"
    r"\bnot\s+(?:because|due\s+to|on\s+the\s+ground|based\s+on|a\s+(?:finding|decision|statement|"
    r"denial)|for\s+the\s+reason|that)\b|"
    r"\brather than\b|\bnothing to do with\b|\bother than\b|"
    r"(?<!committee )(?<!reviewer )(?<!panel )(?<!physician )\bagree(?:s|d)? that\b|"
    r"\bno (?:dispute|question|finding)\b|\bno longer\b(?! (?:meet|need|medically|necess|qualif|eligible|"
    r"covered|enrolled|active|require))|\bnever\b|\bis not in question\b|"
    r"\bagree(?:s|d)? with you\b|\b(?:first|initially|at first) (?:denied|refused|processed|rejected)\b|"
    r"\byour (?:doctor|provider|prescriber|physician|therapist) (?:wrote|argue[sd]?|claims?|believes?|contends?|says?|said|"
    r"states?|stated)\b|"
    r"\byou(?:r (?:letter|appeal))? (?:argue|say|state|contend|claim|assert|believe|wrote|told us)s?\b|"
    r"\breject\w* (?:the|that|this|any)\b|\bwithout (?:finding|deciding|regard)\b|\bneither\b|\bnor\b|\binstead of\b|\bunlike\b|"
    r"\b(?:earlier|previous|prior|first|former|last year's|another|different|separate|corrected|"
    r"withdrawn|mistaken)\s+(?:[\w]+\s+)?(?:letters?|denials?|notices?|decisions?|reasons?|"
    r"determinations?|reviews?|requests?|claims?)\b|"
    r"\b(?:withdr\w+|revers\w+|overturn\w+|resolved|no longer apply|originally|previously)\b",
    re.IGNORECASE,
)
_CONDITION: Final = re.compile(
    r"\b(?:if|when(?! (?:it is |they are )?used (?:for|to|in)\b)|whenever|unless|whether|in case|may be denied|might|"
    r"could be denied|would be|"
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
    r"\b(?:(?:does|do|did) not (?:meet|satisfy|fulfill)|meets)\b[^.;]{0,40}\bdefinition of\b", re.IGNORECASE
)
_NOT_FOUND: Final = re.compile(NOT_FOUND_NECESSARY, re.IGNORECASE)
_NOT_HERE: Final = re.compile(
    r"\bappeal\b|\bright|\bdisagree|\bagree\b|\bexternal\b|\boutside\b|\bwhat would help\b|"
    r"\bdefinition|\bglossary\b|\bother treatment\b|\bwhat happens next\b|\bget help\b|\bhow to\b|"
    r"\bhelp\b|\bcommon\b|\babout our\b|\bgeneral\b|\bfrequently\b|\bnext steps\b|"
    r"\bwhat you can do\b|\bterms\b|\bwords\b|\bprior (?:denial|decision|letter)|\bhistory\b|"
    r"\bearlier\b",
    re.IGNORECASE,
)
_IN_GENERAL: Final = re.compile(
    r"\b(?:common|frequent|typical|usual|possible|other) (?:\w+ )?(?:reasons?|codes?|denials?|questions?)\b",
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
_CLAUSE: Final = re.compile(r";|:(?=\s)|,?\s(?:but|instead|rather,|however|(?<!not )yet)\b,?|\.\s")
_JUDGES: Final = r"(?:find|found|consider|regard|deem|treat|determine|conclude|say|said|hold|view|call|judge|decide|class)\w*"
_NOT_SO: Final = {
    "experimental_investigational": re.compile(
        rf"(?:\bnot|n't)\s(?:\w+\s){{0,3}}$|(?:\bnot|n't|\bnever)\s+{_JUDGES}\b[^.;]{{0,60}}$", re.IGNORECASE
    ),
    "out_of_network": re.compile(r"\bnot\s(?:\w+\s){0,2}$", re.IGNORECASE),
    "benefit_exclusion": re.compile(
        r"\bnot\s(?:\w+\s){0,2}$|\b(?:nothing|none|no (?:exclusion|exception|limit|rule|part|section|provision|term|clause))\b"
        r"[^.;]{0,60}$",
        re.IGNORECASE,
    ),
}
_ANOTHER_SENSE: Final = {
    "insufficient_documentation": re.compile(
        r"\b(?:not|n't) (?:have|need) to (?:be )?(?:sen[dt]|submit\w*|provided?|included?)\b", re.IGNORECASE
    ),
    "benefit_exclusion": re.compile(
        r"\bnon-?covered (?:services?|charges?) because\b|"
        r"\bexclu\w+ (?:from|on|by|under) [^.;]{0,30}\b(?:drug list|formulary|list of (?:covered )?drugs)\b",
        re.IGNORECASE,
    ),
    "quantity_frequency_limit": re.compile(
        r"\bfee schedule\b|\b(?:maximum allow\w+|allowed amount|allowable)\b|\breasonable and customary\b|"
        r"\bcharges? (?:exceeds?|(?:is|are) (?:more|over|above|higher|greater)|goes? (?:beyond|over|above))\b",
        re.IGNORECASE,
    ),
}
"""Clauses in which the words of a ground mean another: the ground after `because`, or a price."""
_BY_CODE: Final = {
    "197": "no_prior_auth", "198": "auth_mismatch", "15": "no_prior_auth", "50": "medical_necessity",
    "55": "experimental_investigational",
    "18": "duplicate", "29": "timely_filing", "242": "out_of_network", "243": "out_of_network", "204": "benefit_exclusion",
}  # fmt: skip
"""Adjustment codes that stand for one reason only; the others (16, 96, 272, A1 ...) stand for several."""


_TAIL: Final = re.compile(r",?\s\(?(?:such as|for example|e\.g\.|unless|for instance)\b", re.IGNORECASE)
_POLICY_TEXT: Final = re.compile(
    r"\b(?:from|by|of|to|with) (?:\w+ )?(?:providers|doctors|hospitals|facilities) (?:who|that|which|not|outside)\b",
    re.IGNORECASE,
)
_PAYERS_OWN: Final = re.compile(r"\bour (?:own )?(?:records?|files?|claims|system|history)\b", re.IGNORECASE)
_SHORTEST_CLAUSE: Final = 12
_NOT_WHY: Final = re.compile(
    r"\b(?:that|this) is not (?:why|the reason|our reason|a reason)\b|\bdo(?:es)? not apply (?:here|to you|in your case)\b",
    re.IGNORECASE,
)
_NO_REASON: Final = re.compile(
    r"\b(?:no longer|not|isn't|wasn't) (?:a|the|our|one of the) reasons?\b|\bnothing to do with\b|"
    r"\bno (?:\w+ ){0,2}(?:information|records?|notes|documents?) (?:is|are|was|were) missing\b",
    re.IGNORECASE,
)
_NAMED_REASON: Final = {
    "experimental_investigational": re.compile(r"\bexperimental|\binvestigational|\bunproven", re.IGNORECASE),
    "medical_necessity": re.compile(r"\bmedical(?:ly)? necess", re.IGNORECASE),
    "insufficient_documentation": re.compile(
        r"\b(?:missing|additional|lack of|insufficient) (?:information|records|documentation|notes)|"
        r"\b(?:information|records|notes|documents?) (?:is|are|was|were) missing",
        re.IGNORECASE,
    ),
    "out_of_network": re.compile(r"\bnetwork\b", re.IGNORECASE),
    "no_prior_auth": re.compile(r"\b(?:authoriz|precert|prior approval)", re.IGNORECASE),
    "step_therapy": re.compile(r"\bstep[- ]therapy\b", re.IGNORECASE),
}
_QUOTED_WHOLE: Final = 200
"""Clauses up to this length are quoted whole, so that a person can judge the words in their place."""


def reasons(pages: Sequence[Page], codes: Sequence[Proposal] = ()) -> Iterator[Proposal]:
    """Reasons in order of importance: as the letter gives them, missing records after the rest of their sentence.

    `codes` are proposals of fact `carc` already read; those that stand for one reason add it.
    """
    found: list[tuple[int, int, int, Proposal]] = []
    order = 0
    struck: set[str] = set()
    twice = decides_appeal(pages)
    for page in pages:
        for sentence in page.sentences:
            order += 1
            struck |= _struck(sentence, found)
            if _tells_nothing(sentence) or tells_of_before(sentence):
                continue
            if twice and tells_of_first_decision(sentence):
                continue
            for begin, whole in _clauses(sentence.text):
                tail = _TAIL.search(whole)
                clause = whole[: tail.start()] if tail and tail.start() > _SHORTEST_CLAUSE else whole
                if _DENIED.search(_NOT_FOUND.sub("", clause)) or (
                    _CONDITION.search(clause) and not _DEFINITION_FITS.search(clause)
                ):
                    continue
                found.extend((order, *one) for one in _in_clause(sentence, begin, clause))
    found.sort(key=lambda one: one[:3])
    seen: dict[str, Proposal] = {}
    for *_, proposal in found:
        if proposal.value not in struck and (
            proposal.value not in seen or _says_it_better(proposal, seen[proposal.value])
        ):
            seen[proposal.value] = proposal
    if not codes and set(seen) <= {"insufficient_documentation"}:
        yield from only_necessary(pages, struck)
    yield from _with_codes(seen, codes)
    if codes and "out_of_network" not in seen:
        yield from _marked_out_of_network(pages)


_DO_NOT_SHOW: Final = re.compile(r"\bnot (?:show|demonstrate|support|establish|document)\b", re.IGNORECASE)


def _says_it_better(later: Proposal, earlier: Proposal) -> bool:
    """Records that were not sent are missing; those that do not show something may only be doubted."""
    if later.value != "insufficient_documentation" or not _DO_NOT_SHOW.search(earlier.words):
        return False
    return _DO_NOT_SHOW.search(later.words) is None


def _with_codes(seen: dict[str, Proposal], codes: Sequence[Proposal]) -> Iterator[Proposal]:
    """The reasons told, and those that codes stand for; those with codes stand in the codes' order."""
    place: dict[str, int] = {}
    for number, code in enumerate(codes):
        reason = _BY_CODE.get(code.value)
        if reason:
            place.setdefault(reason, number)
            words = Proposal("reason", reason, code.words, code.page, code.start, code.end, MEDIUM)
            seen.setdefault(reason, words)
    coded = iter(sorted((key for key in seen if key in place), key=place.__getitem__))
    for key in seen:
        yield seen[next(coded)] if key in place else seen[key]


def _struck(sentence: Sentence, found: Sequence[tuple[int, int, int, Proposal]]) -> set[str]:
    """Reasons that the letter says are none: by name, or by `that is not why` after the sentence that names them."""
    text = _NOT_FOUND.sub("", sentence.text)
    if _NOT_WHY.search(text) and found:
        return {found[-1][3].value} if _squashed_in(found[-1][3].words, sentence.before) else set()
    struck: set[str] = set()
    for _, clause in _clauses(text):
        negation = _NO_REASON.search(clause)
        if negation:
            struck |= {key for key, pattern in _NAMED_REASON.items() if pattern.search(clause)}
    return struck


def _squashed_in(words: str, text: str) -> bool:
    return re.sub(r"\W+", "", words)[:60] in re.sub(r"\W+", "", text)


def _tells_nothing(sentence: Sentence) -> bool:
    headings = sentence.heading.split(" / ")
    if _IN_GENERAL.search(sentence.heading):
        return True
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
    network = next(pattern for key, pattern in PHRASES if key == "out_of_network").search(clause)
    for key, pattern in PHRASES:
        if key == "benefit_exclusion" and network:
            continue  # care outside the network is not covered because of the network
        for match in pattern.finditer(clause):
            if (excuse := _ANOTHER_SENSE.get(key)) and excuse.search(clause):
                continue
            opposite = _NOT_SO.get(key)
            word = re.search(
                r"experimental|investigational|unproven|out[- ]of|non-|exclu|not (?:a )?cover|not proven|\bbars?\b|"
                r"not been",
                match[0],
                re.IGNORECASE,
            )
            at = match.start() + (word.start() if word else 0)
            if opposite and word and not word[0].lower().startswith("not") and opposite.search(clause[:at]):
                continue
            if key == "out_of_network" and _POLICY_TEXT.search(clause):
                continue
            if key == "insufficient_documentation" and _PAYERS_OWN.search(clause[: match.end()]):
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
