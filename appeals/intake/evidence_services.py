"""What is enough evidence that a code is of what was refused, and that a sentence says why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from appeals.intake.asides import decides_appeal
from appeals.intake.elsewhere import in_history, is_of_many
from appeals.intake.phrases import PHRASES
from appeals.intake.procedures import is_known
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
_NOT_SO: Final = re.compile(
    r"\b(?:not|non|never|cannot|can't|could not|un)\b[- ]?(?:be |been |being )?(?:\w+ )?(?:approv|allow|grant|cover|"
    r"certif|authoriz|paid|pay)\w*|"
    r"\b(?:approved|allowed|paid|covered|granted)\W{0,6}\$? ?0(?:\.00)?\b(?!\.)|\$?0\.00 (?:approved|allowed|paid)\b|"
    r"\b(?:before|until|unless|only|if|be) (?:\w+ )?(?:approv|cover|authoriz)\w*|\byou(?:'re| are) covered\b",
    re.IGNORECASE,
)
_ALLOWED: Final = re.compile(
    r"\b(?:approved|allowed|granted|certified|authorized|yes|payable|paid)\b|^\W*covered\b|\bpaid\W{0,4}\$?[1-9]",
    re.IGNORECASE,
)
_MIXED: Final = re.compile(
    r"\b(?:partly|partially|partial|in part|part of (?:your|the) request|no change|unchanged|not reviewed|"
    r"no review needed|not ruling|abandoned|"
    r"(?:is|are|was|were) (?:also |already |both )?(?:approved|paid|allowed|granted|certified)|"
    r"we (?:have |also |did )?(?:approved?|allow(?:ed)?|paid|certif(?:y|ied)|authorized?)|(?:days?|visits?|units?|"
    r"hours?|sessions?) approved)\b|"
    r"^\W*(?:allowed|approved|covered|granted|certified|authorized)\s*:|\bpaid \$?[1-9]",
    re.IGNORECASE | re.MULTILINE,
)
_REFUSED_LINE: Final = re.compile(
    r"(?<![\d.])0?\.00\b|\s0\s*(?:\||$)|\b(?:CO|PI|OA)[- ]?[A-Z]?\d|\bPR[- ]?(?![123]\b)\d|\bnot\b|\bno\b"
)
_PAID_HEAD: Final = re.compile(
    r"^(?!.*\b(?:not|non|you|your|patient|pt)\b).*\b(?:pays|paid|payment|pd|pmt)\b", re.IGNORECASE
)
_REFUSED_HEAD: Final = re.compile(
    r"\b(?:not|non)[- ]?(?:paid|cov\w*|allow\w*|elig\w*)|\bdenied\b", re.IGNORECASE
)
_AMOUNT: Final = re.compile(r"\$?(?P<figure>\d[\d,]*\.\d\d)")
_TABLE: Final = 14


def is_code_refused(said: Said, every: Sequence[Proposal]) -> bool:
    """A code in a row or sentence that asks, bills or refuses, and says nothing that sets the code apart.

    In a letter that grants, leaves or pays a part, only a code whose own row or sentence says that it is refused.
    """
    row = said.line
    if len(said.page.rows[said.row]) == 1 and said.sentence is not None and len(said.text) > _PROSE:
        row = said.text  # a line of prose may hold the end of another sentence
    text = f"{row} {said.text if len(said.text) > len(row) else ''}"
    if in_history(said):
        return False
    if said.proposal.fact in ("carc", "rarc"):
        return _OF_ANOTHER.search(text) is None
    if _NOT_REFUSED.search(text) or _is_paid(said):
        return False
    if said.proposal.fact != "diagnosis_code" and (_shares_sums(said) or _granted_beside(said)):
        return False
    if said.proposal.fact != "diagnosis_code" and _TAKEN_FOR.search(_right_before(said)):
        return False
    if said.proposal.fact == "diagnosis_code" and _LABELED_FOR.search(_right_before(said)):
        return False
    near = _near(said)
    if said.proposal.fact == "diagnosis_code":
        return bool(_OWNS.search(f"{text} {near} {said.heading}"))
    bare = _NOT_SO.sub(" ", row)
    entry = _entry(said)
    refused = (
        _REFUSES.search(f"{text} {entry}") is not None or _REFUSED_LINE.search(f"{row} {entry}") is not None
    )
    if _ALLOWED.search(bare) and not refused:
        return False
    if any(_grants_a_part(page.plain) for page in said.pages):
        return refused or _led_in(said) or _is_all_there_is(said)
    return said.proposal.fact == "ndc" or _ASKS.search(f"{text} {near} {said.heading}") is not None or refused


_GRANT: Final = re.compile(
    r"\W*(?:fully |conditionally )?(?:approved?|allowed|certified|authorized|granted|covered|paid|payable|yes|ok|okay|pended|"
    r"pending|in (?:review|process)|under review|withdrawn|void(?:ed)?|overturned[\w ,]*|not reviewed|no review|"
    r"(?:no|not) (?:prior )?(?:auth\w*|approval|review|cert\w*) ?(?:is )?(?:req\w*|needed|necessary)?|"
    r"complete[d]?)\W*(?: as (?:asked|requested|billed)\W*)?",
    re.IGNORECASE,
)


_GRANT_BEHIND: Final = re.compile(
    r"\b(?:approved|allowed|certified|authorized|granted|covered|paid|yes|ok|pended|pending|withdrawn|no auth req\w*)\W*$",
    re.IGNORECASE,
)
"""How a line of a table ends whose gaps are lost: `3 99204 new visit 1 1 APPROVED`."""


def _granted_beside(said: Said) -> bool:
    """Whether a cell in the row of a code says nothing else than that its service was granted or is still looked at."""
    last = said.page.plain.count(
        "\n", 0, said.proposal.end
    )  # the words may begin with the head of the column
    row = [cell.text for cell in said.page.rows[last]]
    pieces = [piece for text in row for piece in re.split(r"\s{2,}|\|", text)]
    if any(_LEADS.search(piece) for piece in pieces):
        return False
    whole = " ".join(row)
    alone = len(row) == 1 and re.match(r"\W*(?:\d|[A-V]\d{4})", whole) is not None
    if alone and _GRANT_BEHIND.search(_NOT_SO.sub(" ", whole)):
        return True
    return any(_GRANT.fullmatch(piece) for piece in pieces)


_TAKEN_FOR: Final = re.compile(
    r"\b(?:allowed|paid|pays|pay|cover(?:ed)?|process(?:ed)?|re-?coded?|down-?coded?|chang(?:ed?|ing)|priced?|counted?|treat(?:ed)?|"
    r"corrected|should (?:have been|be)(?: billed)?) (?:it |them |this )?(?:as|to|under|at|like|with)\W+(?:code |CPT |HCPCS )?$",
    re.IGNORECASE,
)
"""The code by which the plan did pay: `G2083: allowed as G2082`."""
_LABELED_FOR: Final = re.compile(
    r"(?<!not )(?<!n't )(?<!not FDA )(?<!FDA-)\b(?i:indicated|approved|labell?ed|licensed|"
    r"marketed) (?:only )?(?:for|to treat)\b[^.;]{0,80}$|"
    r"\b(?!This|That|Request|Letter|Claim|Diagnosis|Treatment|Care|Service|Case|Code)[A-Z][a-z]{3,} (?:is|are) (?:only )?for\b"
    r"[^.;]{0,60}$|\blabel (?:names|lists|says)\b[^.;]{0,80}$|\bpolicy (?:covers|lists|names|allows)\b[^.;]{0,80}$"
)
"""The illness that a drug is made for: `Nuedexta is for pseudobulbar affect (F48.2)`."""


def _right_before(said: Said) -> str:
    """The words of the sentence or row before a code, without its own label."""
    before = said.before or said.page.plain[said.page.line_starts[said.row] : said.proposal.start]
    words = said.proposal.words
    return f"{before}{words[: words.find(said.proposal.value)]}" if said.proposal.value in words else before


def _is_all_there_is(said: Said) -> bool:
    """Whether the letter names no code of a service outside the row or sentence of this one, so that none was granted apart."""
    whole = {code for page in said.pages for code in _CODE.findall(page.plain) if is_known(code)}
    return whole - {said.proposal.value} <= set(
        _CODE.findall(f"{said.line} {said.text if len(said.text) < _LONGEST else ''}")
    )


_LONGEST: Final = 400
_PROSE: Final = 30


@lru_cache(maxsize=16)
def _grants_a_part(text: str) -> bool:
    return _MIXED.search(_NOT_SO.sub(" ", text)) is not None


_OF_ANOTHER: Final = re.compile(
    r"\b(?:example|mistake|disregard|different|nothing was denied)\b", re.IGNORECASE
)


_CODE: Final = re.compile(r"(?<![\w-])(?:[A-V]\d{4}|\d{5})(?![\w-])")
_ROWS_OF_ENTRY: Final = 3


def _entry(said: Said) -> str:
    """The rows under a code that go on with its entry: up to a blank one or the next code."""
    found: list[str] = []
    for cells in said.page.rows[said.row + 1 : said.row + 1 + _ROWS_OF_ENTRY]:
        line = said.page.plain[cells[0].start : cells[-1].end] if cells else ""
        if not line or _CODE.search(line):
            break
        found.append(line)
    return " ".join(found) if any(_AMOUNT.search(one) for one in found) else ""


def _near(said: Said) -> str:
    """The row above and the heads of the table over a code."""
    rows = said.page.rows[max(0, said.row - _TABLE) : said.row]
    heads = [cell.text for cells in rows for cell in cells if len(cells) > 2]
    return " ".join([*heads, *(cell.text for cell in (rows[-1] if rows else ()))])


_LEADS: Final = re.compile(
    r"\b(?:denied|not (?:approved|covered|paid|certified|authorized)|refused|declined)\b", re.IGNORECASE
)


def _led_in(said: Said) -> bool:
    """Whether the line that leads in the block of a code, or its head, says that what follows is refused and nothing else."""
    block = re.split(r"\n\s*\n", said.page.plain[max(0, said.proposal.start - 400) : said.proposal.start])[-1]
    lead = f"{said.heading} {block}"
    return _LEADS.search(lead) is not None and _ALLOWED.search(_NOT_SO.sub(" ", lead)) is None


def _is_paid(said: Said) -> bool:
    """Whether the row of a statement holds an amount under `Paid`, nought under `Not paid`, or only sums that are shared."""
    paid, refused = _figure(said, _PAID_HEAD), _figure(said, _REFUSED_HEAD)
    if refused is not None:
        return refused == 0 or refused < _billed(said)
    if paid is not None:
        return paid > 0
    row = f"{said.line} {_entry(said)}"
    return len(_AMOUNT.findall(row)) >= _SUMS and not _REFUSED_LINE.search(row) and not _REFUSES.search(row)


_SUMS: Final = 3


def _billed(said: Said) -> float:
    """The first amount of a row, which is what was billed; a smaller one that is not covered is the network's discount."""
    first = _AMOUNT.search(said.line)
    return float(first["figure"].replace(",", "")) if first and not _REFUSES.search(said.line) else 0.0


def _shares_sums(said: Said) -> bool:
    """Whether a row under no heads holds three sums, two of them different and not nought: something was paid."""
    told = _AMOUNT.findall(said.line)
    sums = {float(one.replace(",", "")) for one in told}
    if _figure(said, _PAID_HEAD) is not None or _figure(said, _REFUSED_HEAD) is not None:
        return False
    return len(told) >= _SUMS and len(sums - {0.0}) > 1 and not _REFUSES.search(said.line)


def _figure(said: Said, heads: re.Pattern[str]) -> float | None:
    """The amount of a row under the nearest head of a kind, by the columns both cover; None where there is none."""
    for above in reversed(said.page.rows[max(0, said.row - _TABLE) : said.row]):
        head = next((cell for cell in above if heads.search(cell.text)), None) if len(above) > 2 else None
        if head is None:
            continue
        left, right = head.column - 2, head.column + len(head.text) + 2
        for cell in said.page.rows[said.row]:
            amount = _AMOUNT.match(cell.text)
            if amount and cell.column < right and cell.column + len(cell.text) > left:
                return float(amount["figure"].replace(",", ""))
        return None
    return None


_NEGATES: Final = re.compile(
    r"\b(?:not|nor|neither|never|no|none|nothing|nobody|no one|without|rather than|other than|unlike|"
    r"instead of|doubt\w*)\b|n't\b",
    re.IGNORECASE,
)
_UNSAYS: Final = re.compile(
    r"(?:\b(?:not|nor|neither|never|no|no one|nobody|none|nothing)\b|n't\b)\s(?:\w+\s){0,4}?(?:mean|imply|"
    r"(?:say|said)(?! (?:why|which|"
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
_HISTORY: Final = re.compile(
    r"\b(?:that|(?-i:[A-Z])[a-z]+|first|earlier|initial|original) (?:letter|notice|decision|"
    r"denial) (?:of [^.;]{3,24} )?(?:had )?(?:denied|said|refused|gave|told)\b|"
    r"\b(?:in|on) (?:January|February|March|April|May|June|July|August|September|October|November|"
    r"December)\b[^.;]{0,40}\b(?:was|were|had|we|denied)\b"
    r"[^.;]{0,40}\b(?:den|refus|reject)\w+",
    re.IGNORECASE,
)
_FIRST: Final = re.compile(
    r"\b(?:first|initially|originally|at first|previously|once) (?:was |were |been )?(?:den|refus|reject|declin|turned)\w*|"
    r"\b(?:was|were|had been|had) (?:first|initially|originally|previously) \w+",
    re.IGNORECASE,
)
_WAS: Final = re.compile(
    r"\b(?:was|were|had been|had) (?:\w+ )?(?:denied|refused|rejected|declined|turned down)\b", re.IGNORECASE
)
"""In a letter that decides an appeal, what was decided before it."""
_UNTICKED: Final = re.compile(r"\[\s*\][^\[\]\n]{0,12}$")
_ENTRY: Final = re.compile(r"\W*(?:(?:CO|PR|OA|PI)[- ]?)?(?P<code>[A-Z]{0,2}\d{1,4})\s*(?:[=:.(-]|\s{1,}|$)")
_ASKS_READER: Final = re.compile(
    r"\W*(?:please |you (?:may|can|should|must) )?(?:send|submit|provide|attach|ask|tell|call|write)\b",
    re.IGNORECASE,
)


_OF_NETWORK: Final = re.compile(
    r"\bnetwork\b|\bnon-?(?:participating|contracted|preferred)\b|\bunless (?:we|it|you|the)\b[^.;]{0,40}\b(?:approv|authori)",
    re.IGNORECASE,
)
"""Benefits that are not for a provider outside the network, or not without approval: no exclusion of the service."""


def _ground_place(text: str, key: str) -> int:
    patterns = [pattern for name, pattern in PHRASES if name == key]
    found = [match.start() for pattern in patterns if (match := pattern.search(text))]
    return min(found, default=-1)


_BOX: Final = re.compile(r"\[(?P<in>[ _]?|[xX✓])\]")


def _under_an_empty_box(said: Said) -> bool:
    """Whether the words belong to a line of a list that is not ticked, wherever that line is broken."""
    before = said.page.raw[max(0, said.proposal.start - 250) : said.proposal.start]
    item = re.split(r"\n\s*\n|[.:;]\s", before)[-1]
    boxes = list(_BOX.finditer(f"{item}{said.proposal.words[:3]}"))
    return bool(boxes) and not boxes[-1]["in"].strip(" _")


def is_ground(said: Said, every: Sequence[Proposal]) -> bool:
    """A ground that its sentence asserts: nothing denies it, and the sentence, its head or the one before says that it is why."""
    sentence, proposal = said.sentence, said.proposal
    codes = {one.value for one in every if one.fact in ("carc", "rarc")}
    by_code = re.fullmatch(r"\W*(?:CARC|RARC|[A-Z]{2})?[- ]?(\w{1,4})\W*", proposal.words)
    if by_code:
        return by_code[1] in codes
    if sentence is None or is_of_many(said) or in_history(said):
        return False
    row = said.page.plain[said.page.line_starts[said.row] : proposal.start]
    if _UNTICKED.search(row) or _under_an_empty_box(said):
        return False
    entry = _ENTRY.match(row) if row.strip() else _ENTRY.match(proposal.words)
    if codes and entry and len(row.strip()) < _SHORT_LABEL:
        return entry["code"] in codes
    place = _ground_place(sentence.text, proposal.value)
    before = _REFUSAL.sub(" ", sentence.text[: max(place, 0)])
    if (_NEGATES if proposal.value in _PLAIN_GROUNDS else _UNSAYS).search(before):
        return False
    if proposal.value == "benefit_exclusion" and any(
        one.fact == "reason" and one != proposal and one.start < proposal.end and proposal.start < one.end
        for one in every
    ):
        return False  # what the plan excludes is told by the other ground: experimental, outside the network
    if proposal.value == "benefit_exclusion" and _OF_NETWORK.search(sentence.text):
        return False
    if _FIRST.search(sentence.text) or (_WAS.search(sentence.text) and decides_appeal(said.pages)):
        return False
    if _HISTORY.search(sentence.text) or _ASKS_READER.match(sentence.text):
        return False
    left = row if len(row.strip()) else ""
    if _REFUSES.search(sentence.text) or _HEADS_WHY.search(f"{sentence.heading} {left}"):
        return True
    if _REFUSES.search(f"{sentence.heading} . {sentence.before}") or _HEADS_WHY.search(sentence.before):
        return True
    return proposal.value in _SAID_PLAINLY and _PLAINLY.search(sentence.text) is not None


_HEADS_WHY: Final = re.compile(
    r"\b(?:why|reasons?|rationale|basis|explanation|grounds?|because|codes?|notes?|remarks?|findings?|criteria|clinical|"
    r"motivos?|raz[o\u00f3]n)\b",
    re.IGNORECASE,
)
_SAID_PLAINLY: Final = frozenset(
    {
        "medical_necessity",
        "experimental_investigational",
        "non_formulary",
        "benefit_exclusion",
        "no_prior_auth",
        "level_of_care",
    }
)
_PLAINLY: Final = re.compile(
    r"\b(?:is|are|was|were|as|consider\w*|regards?|deem\w*|find|found|cannot|could not|can't|no)\b",
    re.IGNORECASE,
)
"""The sentence names the service and the judgment: `this level of care is not medically necessary`."""
_SHORT_LABEL: Final = 24
