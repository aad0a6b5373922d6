"""Papers and times inside a letter that are not this decision: a cover page, a quotation, a history, a number in passing.

A letter may hold a page that only carries it, words quoted from another paper, a list of what happened before, and numbers
of other requests. What stands there is said truly, but not of this decision.
"""

from __future__ import annotations

import re
from typing import Final

from appeals.intake.dates import date_at_start, find_dates
from appeals.intake.layout import Page
from appeals.intake.said import Said

_ROWS_AROUND: Final = 7
_TO: Final = re.compile(r"\W*(?:to|attn|attention|receiver|recipient)\b\W*", re.IGNORECASE)
_FROM: Final = re.compile(r"\W*(?:from|sender)\b\W*", re.IGNORECASE)
_CARRIES: Final = re.compile(r"\b(?:fax|telefax|facsimile|transmi\w+|pages|cover)\b", re.IGNORECASE)
_REPORT: Final = re.compile(r"\btransmission (?:report|verification|result|log)\b", re.IGNORECASE)
_BY_HAND: Final = re.compile(
    r"\bhand ?written\b|\bspoke (?:to|with)\b|\bsticky\b|\bpost-it\b|\bnote to (?:self|file)\b|\bscanned (?:by|into)\b|"
    r"\bleft (?:a )?(?:message|voice ?mail)\b|\b(?:ref(?:erence)?|conf(?:irmation)?)\W{0,3}(?:no|number|"
    r"#)?\W{0,3}(?:of|for) (?:the|this|your|that) call\b",
    re.IGNORECASE,
)
"""What somebody wrote or stamped on the letter: `called 12/18, spoke to Tanya, ref # 5518820`."""
_FORWARDED: Final = re.compile(
    r"^\W*(?:subject|re)\W+(?:fw|fwd|wg|tr)\b|\bforwarded message\b", re.IGNORECASE
)


_OF_PAPER: Final = re.compile(
    r"\b(?:(?:notice|letter|decision|determination|issued?)(?: date)?|date[d]?)\b\W*$", re.IGNORECASE
)
_SURELY: Final = re.compile(r"\b(?:notice|letter|decision|determination|statement)\b", re.IGNORECASE)


def on_cover(page: Page, place: int, day: str) -> bool:
    """Whether a date is that of a fax cover, or of a message that passes the letter on, over a letter with its own."""
    row = page.plain.count("\n", 0, place)
    if not _carries(page, row) or _SURELY.search(page.plain[page.line_starts[row] : place]):
        return False
    for cells in page.rows[row + 1 :]:
        for number, cell in enumerate(cells):
            for printed in find_dates(cell.text):
                label = cell.text[: printed.start] or (cells[number - 1].text if number else "")
                alone = not cell.text[: printed.start].strip() and number == 0
                if printed.day.isoformat() != day and (alone or _OF_PAPER.search(label)):
                    return True
    return False


def _carries(page: Page, row: int) -> bool:
    cells = [
        cell.text for near in page.rows[max(0, row - _ROWS_AROUND) : row + _ROWS_AROUND] for cell in near
    ]
    if any(_REPORT.search(text) for text in cells):
        return True
    opens = [any(kind.match(text) for text in cells) for kind in (_TO, _FROM)]
    if not all(opens):
        return False
    return any(_CARRIES.search(text) for text in cells) or any(_FORWARDED.search(text) for text in cells)


_MESSAGE_ROWS: Final = 10


def in_message(said: Said) -> bool:
    """What a message that passes the letter on, or a note made on it, says: what its writer thinks, not what the letter says."""
    if _BY_HAND.search(said.line) or (said.sentence is not None and _BY_HAND.search(said.sentence.text)):
        return True
    rows = said.page.rows[max(0, said.row - _MESSAGE_ROWS) : said.row]
    return any(_FORWARDED.search(cell.text) for cells in rows for cell in cells)


_QUOTED: Final = re.compile(
    r"\b(?:said|says?|saying|stat(?:es?|ed|ing)|wr[io]te\w*|reads?|reading|provides?|providing|quot\w+|law|rule|regulation|"
    r"statute|section|manual|handbook|brochure)\b[^\"\n.]{0,60}(?:\n[^\"\n.]{0,40})?[:,]\s*\"(?P<words>[A-Z.\[][^\"]{30,900})\""
)


def is_quoted(said: Said) -> bool:
    """What stands in a whole sentence quoted from another paper or person: `The law says: "A claim shall be denied ..."`."""
    if '"' not in said.page.plain:
        return False
    return any(
        one.start("words") < said.proposal.end and said.proposal.start < one.end("words")
        for one in _QUOTED.finditer(said.page.plain)
    )


_HAPPENED: Final = re.compile(
    r"\b(?:received|denied|requested|upheld|appealed|opened|closed|sent|approved|filed|called|withdrawn|decided|asked)\b",
    re.IGNORECASE,
)


def in_history(said: Said) -> bool:
    """An entry of a list of days on which things happened: its row and one beside it begin with two different days."""
    rows = said.page.rows
    row = rows[said.row]
    if not row or not (mine := date_at_start(row[0].text)) or not _HAPPENED.search(said.line):
        return False
    if mine.start > 0 or re.match(r"[A-Za-z]+ \d{1,2}, \d{4},? \w", row[0].text):
        return False
    if re.search(r"\d\.\d\d\b", said.line):
        return False  # a line of a statement
    beside = [rows[number] for number in (said.row - 1, said.row + 1) if 0 <= number < len(rows)]
    return any((other := date_at_start(cells[0].text)) and other.day != mine.day for cells in beside if cells)


_TELLS: Final = re.compile(
    r"\b(?:is|are|was|were|has|have|had|holds?|held|used|said|wrote|asked|came|sent|belongs?|reached|will|may|can|must|"
    r"did|do|does|got|gave|went|answered|tell|write|call|see)\b"
)
_OVER: Final = re.compile(
    r"\b(?:was|were|has been|have been|had been) (?:\w+ )?(?:given|opened|closed|ended|withdrawn|voided|cancell?ed|completed|"
    r"superseded|used|paid|approved|granted)\b|\bnothing in this\b|\bnot (?:about|part of)\b|\bconfuse\w*\b|"
    r"\b(?:is|are) (?:already |also )?paid\b|\bhas ended\b|\bexpired\b|\bformer(?:ly)?\b|\blast year\b|\bpending\b|"
    r"\b(?:our|the|that|a) (?:\w+ )?(?:letter|notice) of (?:[A-Z][a-z]+ \d|\d)|\bno decision yet\b|"
    r"\bstill (?:reviewing|open)\b|\bwrong person\b|\bnew (?:card|member|ID|number)\b|\bother (?:child|"
    r"person|member|patient|request|case|"
    r"claim|insurer|plan)\b|\byou used\b|\be\.g\.|\bfor (?:instance|example)\b|\b(?:own|secondary|new) insurer\b",
    re.IGNORECASE,
)
_OF_THIS: Final = re.compile(
    r"^\W*(?:re|subject|about|regarding|concerning)\b|\babout\b|\b(?:this|the|our) (?:request|decision|"
    r"denial|claim|letter|review|"
    r"case|matter)\b|\b(?:our|your|whose)\b[^.;]{0,30}\b(?:file|case|request|claim|review|matter|number|ID|identification)\b|"
    r"\b(?:handled|decided|processed|reviewed|finished with|quote|logged as|filed|mention|give|cite)\b|"
    r"\byou(?:'re| are)? (?:\w+ )?(?:are |is )?(?:enrolled|covered|insured|belong|the subscriber)\b|\byou belong\b|"
    r"\b(?:for|to) (?:this|your|the) (?:request|claim)\b",
    re.IGNORECASE,
)
_FEW_WORDS: Final = 3


def in_passing(said: Said) -> bool:
    """A number inside a sentence that is not about this request or this member, or that is over: `given under case 4410`."""
    if said.sentence is None:
        return False
    text = said.sentence.text
    if _OVER.search(text) and (_TELLS.search(text) or "e.g." in text):
        return True
    inside = len(said.before.split()) > _FEW_WORDS and _TELLS.search(said.before) is not None
    if inside and said.proposal.fact == "reference_number" and _has_a_rival(said):
        return True
    return inside and _TELLS.search(said.before) is not None and _OF_THIS.search(said.before) is None


_LABELLED: Final = re.compile(
    r"\b(?P<label>claim|case|request|file|authorization|review|appeal|decision|notice)\b(?: (?:no\.?|number|#|ID))?:? "
    r"(?P<value>(?=[\w/-]*\d{2})[A-Z0-9][\w/-]{4,})",
    re.IGNORECASE,
)


def _has_a_rival(said: Said) -> bool:
    """Whether the letter calls another number by the same word: which of two claims is meant?"""
    found: dict[str, set[str]] = {}
    for page in said.pages:
        for one in _LABELLED.finditer(page.plain):
            found.setdefault(one["label"].casefold(), set()).add(one["value"])
    return any(said.proposal.value in values and len(values) > 1 for values in found.values())


_OF_MANY: Final = re.compile(
    r"\b(?:frequent|common|usual|typical|general)\w* (?:reasons?|causes?|grounds?)\b|"
    r"\b(?:requests|claims|appeals|letters|denials) (?:are|get) (?:often |usually |sometimes )?(?:denied|refused|rejected)\b|"
    r"\b(?:shall|may|can|would|must|might) be (?:denied|refused|rejected|declined|disallowed)\b|"
    r"\bmost (?:frequent|common)\b|(?:^|\. )\W*had (?:the|your|this|it|we)\b|\b(?:first|earlier|other|previous) reviewer\b|"
    r"\b(?:considered|looked at) (?:and|but) (?:rejected|dropped|not (?:used|adopted|applied))\b|"
    r"\b(?:claims|requests) (?:without|that|which|filed|sent|made) [^.;]{0,40}\b(?:are|get|will be) "
    r"(?:denied|refused|rejected)\b",
    re.IGNORECASE,
)
_DEFINES: Final = re.compile(
    r"\b(?:glossary|definitions?|defined terms|words (?:to know|we use|you (?:may|should))|meaning of|terms used)\b",
    re.IGNORECASE,
)
_DEFINED: Final = re.compile(
    r"\W*[A-Z][\w -]{3,40}(?::|\smeans\b|\s=|\s-)\s(?:an?|any|when|care|services?)\b", re.IGNORECASE
)
_ROWS_DEFINED: Final = 8
_SHORT_HEAD: Final = 50


def is_of_many(said: Said) -> bool:
    """A ground told of requests in general or by a rule: `claims are denied when ...`, `a claim shall be denied where ...`."""
    sentence = said.sentence
    if sentence is None:
        return False
    above = [
        cells[0].text
        for cells in said.page.rows[max(0, said.row - _ROWS_DEFINED) : said.row]
        if len(cells) == 1
    ]
    if _DEFINES.search(sentence.heading) or any(
        _DEFINES.search(text) and len(text) < _SHORT_HEAD for text in above
    ):
        return True
    if _DEFINED.match(sentence.text) and re.search(r"\bthat\b", sentence.text):
        return True
    return _OF_MANY.search(f"{sentence.heading} . {sentence.before} . {sentence.text}") is not None


_LATER_LEVEL: Final = re.compile(
    r"\b(?:second|third|next|2nd|3rd|further)[- ](?:level|stage|appeal|review)\b|\bappeal again\b|\b(?:level|stage) "
    r"(?:2|3|II|III|two|three)\b|\b(?:if|when|after|once) (?:the (?:\w+ )?appeal [^.;]{0,40}\b(?:denied|"
    r"upheld|turned down)|(?:we|the plan|your plan) "
    r"[^.;]{0,20}\b(?:deny|denies|uphold|upholds|turn\w* down) (?:your|the|this|that) (?:\w+ )?appeal)\b",
    re.IGNORECASE,
)
_FIRST_LEVEL: Final = re.compile(
    r"\b(?:first|1st)[- ](?:level|stage|step)\b|\b(?:level|step|stage) (?:1|I|one)\b", re.IGNORECASE
)
_NEAR: Final = 220


def of_a_later_level(said: Said) -> bool:
    """A way that comes after words on what follows the appeal: the last level named before it is not the first."""
    before = said.page.plain[max(0, said.proposal.start - _NEAR) : said.proposal.start]
    paragraph = re.split(r"\n[ \t\r]*\n", before)[-1]
    later = [one.end() for one in _LATER_LEVEL.finditer(paragraph)]
    first = [one.end() for one in _FIRST_LEVEL.finditer(paragraph)]
    return bool(later) and (not first or first[-1] < later[-1])
