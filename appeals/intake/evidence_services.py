"""What is enough evidence that a code is of what was refused, and that a sentence says why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from appeals.intake.phrases import PHRASES
from appeals.intake.proposal import Proposal
from appeals.intake.said import Said

_REFUSES: Final = re.compile(
    r"\b(?:den(?:y|ied|ies|ying|ial)|refus\w+|declin\w+|reject\w+|reduc\w+|terminat\w+|stop\w*|disallow\w+|adverse|"
    r"not (?:be |been |being )?(?:approv|authoriz|cover|certif|pa[iy]|allow|grant)\w*|non-?cov\w+|"
    r"(?:cannot|can't|could not|unable to|did not|will not|won't|do not|does not|said) (?:be )?(?:no\b|approve|"
    r"authorize|cover|certify|pay)\w*|"
    r"uph(?:e|o)ld\w*|turned down)\b",
    re.IGNORECASE,
)
_ASKS: Final = re.compile(
    r"\b(?:request\w*|asked|asks|asking|sought|seek\w*|order(?:ed|s)?|wants?|wanted|submitted|submission|bill(?:s|ed|"
    r"ing)?|claims?|"
    r"charge[sd]?|prescri\w+|services?|procedures?|CPT|HCPCS|codes?|drugs?|items?|treatments?|medicines?|procedimiento|"
    r"list(?:ed|s)|"
    r"proposed|recommended|infusions?|visits?|units?|sessions?|c[o\u00f3]digos?|servicios?)\b",
    re.IGNORECASE,
)
_OWNS: Final = re.compile(
    r"\b(?:diagnos\w+|dx|icd|conditions?|for|treat\w*|with|disorder|depression|syndrome|pain)\b",
    re.IGNORECASE,
)
_NOT_REFUSED: Final = re.compile(
    r"\b(?:no change|unchanged|not chang\w+|same as|stays?|remains?|abandon\w*|withdr[ae]w\w*|not before us|"
    r"not (?:yet )?rul\w+|"
    r"not (?:been )?(?:asked|requested|sent|billed|reviewed|review|decid\w+|at issue|needed|required)|no (?:review|"
    r"approval|authorization|change)|"
    r"already|alternative\w*|instead|example|such as|may (?:want|wish|ask|also)|could|should (?:be|have)|other care|"
    r"history|tried|earlier|previous\w*|formerly|add-on|corrected|separate\w*|different|another|unrelated|mistake|disregard|"
    r"(?<!you )(?:is|are|was|were|be|been) (?:also )?(?:covered|paid|approved|authorized|granted|allowed)|"
    r"in full|copay|nothing was denied|deductible only|leave|left out|put aside|set aside|not part|outside this)\b",
    re.IGNORECASE,
)
_PAID: Final = re.compile(r"\bpaid\W{0,4}\$?[1-9]", re.IGNORECASE)


_MIXED: Final = re.compile(
    r"\b(?:no change|unchanged|approved in part|partly approved|partially approved|(?:is|are|was|"
    r"were) (?:also )?(?:approved|paid|covered)|no review needed|"
    r"paid \$?[1-9]|not ruling|abandoned|withdrawn)\b",
    re.IGNORECASE,
)
_LABELLED: Final = re.compile(
    r"\W*(?:services?|procedures?|CPT|HCPCS|svc|codes?|items?|drugs?|treatments?|service codes?)\b",
    re.IGNORECASE,
)
_REFUSED_LINE: Final = re.compile(
    r"(?<![\d.])0?\.00\b|\s0\s*(?:\||$)|\b(?:CO|PR|OA|PI)[- ]?\w?\d|\bnot\b|\bno\b"
)
_ASKED_FOR: Final = re.compile(
    r"\b(?:request\w*|asked|asks|sought|wants?|ordered|billed|submitted|claim)\b", re.IGNORECASE
)


def is_code_refused(said: Said, every: Sequence[Proposal]) -> bool:
    """A code in a sentence or row that asks, bills or refuses, and says nothing that sets the code apart."""
    row = said.line
    text = said.text if len(said.text) > len(row) else row
    if said.proposal.fact in ("carc", "rarc"):
        return not re.search(
            r"\b(?:example|mistake|disregard|different|nothing was denied)\b", text, re.IGNORECASE
        )
    said_of_it = f"{row} {text}"
    if _NOT_REFUSED.search(said_of_it) or _PAID.search(row):
        return False
    head = " ".join(
        cell.text
        for cells in said.page.rows[max(0, said.row - 12) : said.row]
        for cell in cells
        if len(cells) > 2
    )
    above = " ".join(cell.text for cell in (said.page.rows[said.row - 1] if said.row else ()))
    if said.proposal.fact == "ndc":
        return True
    if said.proposal.fact == "diagnosis_code":
        return bool(_OWNS.search(f"{said_of_it} {above} {said.heading}"))
    if not _MIXED.search("\n".join(page.plain for page in said.pages)):
        return bool(
            _ASKS.search(f"{said_of_it} {above} {head} {said.heading}") or _REFUSES.search(said_of_it)
        )
    if _LABELLED.match(said.page.rows[said.row][0].text):
        return True
    return bool(
        _REFUSES.search(f"{said_of_it} {said.heading}")
        or _REFUSED_LINE.search(row)
        or _ASKED_FOR.search(f"{row} {above} {text}")
    )


_NEGATES: Final = re.compile(
    r"\b(?:not|nor|neither|never|no|none|nothing|without|rather than|other than|unlike|instead of|doubt\w*)\b|n't\b",
    re.IGNORECASE,
)
_UNSAYS: Final = re.compile(
    r"(?:\b(?:not|nor|neither|never|no|nothing)\b|n't\b)\s(?:\w+\s){0,4}?(?:mean|imply|(?:say|said)(?! (?:why|which|"
    r"what|how))|claim|contend|finding|deny|denied|denying|refus\w+|doubt|"
    r"disput\w+|argu\w+|suggest|assert|based|because|due to|rest|rely|relied|question\w*|issue|reason|part of|about|"
    r"making|a matter|the case|true|that)\b|\brather than\b|\bother than\b|\bunlike\b|\binstead of\b|\bdoubt\w*\b",
    re.IGNORECASE,
)
_REFUSAL: Final = re.compile(
    r"\b(?:cannot|can't|could not|did not|didn't|do not|don't|does not|doesn't|will not|won't|is not|are not|isn't|"
    r"aren't|was not|were not|"
    r"not able to|unable to|not|no longer) (?:being |been |be )?(?:\w+ )?(?:approv|authoriz|cover|certif|pay|paid|allow|"
    r"grant|eligible)\w*|"
    r"\bsaid no\b|\banswer is no\b|\bnot (?:medically|only)\b|\bno\. ",
    re.IGNORECASE,
)
_PLAIN_GROUNDS: Final = frozenset(
    {
        "experimental_investigational", "out_of_network", "duplicate", "timely_filing", "eligibility_termination",
        "quantity_frequency_limit", "coordination_of_benefits", "bundling", "site_of_care", "cosmetic",
    }
)  # fmt: skip
"""Grounds whose words hold no negation of their own: one before them denies them."""
_SAYS_WHY: Final = re.compile(
    r"\b(?:because|since|due to|reasons?|why|basis|rationale|therefore|so|ground|explanation|finding|conclu\w+|"
    r"determin\w+|decision|"
    r"decided|found|find|result|outcome|criteria|requires?|rules?|policy|means|notes?|remarks?|codes?)\b",
    re.IGNORECASE,
)
_HISTORY: Final = re.compile(
    r"\b(?:that|(?-i:[A-Z])[a-z]+|first|earlier|initial|original) (?:letter|notice|decision|"
    r"denial) (?:of [^.;]{3,24} )?(?:had )?(?:denied|said|refused|gave|told)\b|"
    r"\b(?:in|on) (?:January|February|March|April|May|June|July|August|September|October|November|"
    r"December)\b[^.;]{0,40}\b(?:was|were|had|we|denied)\b"
    r"[^.;]{0,40}\b(?:den|refus|reject)\w+",
    re.IGNORECASE,
)
_UNTICKED: Final = re.compile(r"\[\s*\][^\[\]\n]{0,12}$")
_ENTRY: Final = re.compile(r"\W*(?:(?:CO|PR|OA|PI)[- ]?)?(?P<code>[A-Z]{0,2}\d{1,4})\s*(?:[=:.(-]|\s{1,}|$)")
_ASKS_READER: Final = re.compile(
    r"\W*(?:please |you (?:may|can|should|must) )?(?:send|submit|provide|attach|ask|tell|call|write)\b",
    re.IGNORECASE,
)


def _ground_place(text: str, key: str) -> int:
    patterns = [pattern for name, pattern in PHRASES if name == key]
    found = [match.start() for pattern in patterns if (match := pattern.search(text))]
    return min(found, default=-1)


def is_ground(said: Said, every: Sequence[Proposal]) -> bool:
    """A ground that its sentence asserts: nothing denies it, and the sentence, its head or the one before says that it is why."""
    sentence, proposal = said.sentence, said.proposal
    codes = {one.value for one in every if one.fact in ("carc", "rarc")}
    by_code = re.fullmatch(r"\W*(?:CARC|RARC|[A-Z]{2})?[- ]?(\w{1,4})\W*", proposal.words)
    if by_code:
        return by_code[1] in codes
    if sentence is None:
        return False
    row = said.page.plain[said.page.line_starts[said.row] : proposal.start]
    if _UNTICKED.search(row):
        return False
    entry = _ENTRY.match(row) if row.strip() else _ENTRY.match(proposal.words)
    if codes and entry and len(row.strip()) < _SHORT_LABEL:
        return entry["code"] in codes
    place = _ground_place(sentence.text, proposal.value)
    before = _REFUSAL.sub(" ", sentence.text[: max(place, 0)])
    if (_NEGATES if proposal.value in _PLAIN_GROUNDS else _UNSAYS).search(before):
        return False
    if _HISTORY.search(sentence.text) or _ASKS_READER.match(sentence.text):
        return False
    number = next((at for at, one in enumerate(said.page.sentences) if one is sentence), 0)
    near = " . ".join(one.text for one in said.page.sentences[max(0, number - 3) : number + 2])
    return bool(
        _REFUSES.search(f"{sentence.heading} . {near}") or _SAYS_WHY.search(f"{sentence.heading} . {near}")
    )


_SHORT_LABEL: Final = 24
