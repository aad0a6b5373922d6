"""What stands on a page and is not said of this case: boxes left empty, and another claim on the statement that was paid.

Both are blanked, character for character, so that all places in the page stay what they were.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_TICKED: Final = r"\[\s?[xX*\u2713\u2714\u2717\u2718]\s?\]|\([xX]\)|[\u2611\u2612\u25a0\u2713\u2714]|_+[xX]_+"
_EMPTY: Final = r"\[[ _]{0,3}\]|\([ _]{1,3}\)|[\u2610\u25a1\u274f]|_{2,4}"
_BOX: Final = re.compile(rf"(?<!\w)(?:(?P<ticked>{_TICKED})|(?P<empty>{_EMPTY}))(?=\s)")
_CLAIM_HEAD: Final = re.compile(
    r"^[^\n]{0,80}\bclaim\b(?:\s?(?:number|no\.?|#))?[ :.]{1,6}(?=[A-Z]{0,4}[\d -]*\d{3})[^\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
_NAMES_SOMEBODY: Final = re.compile(
    r"\b(?:patient|member|subscriber|dependent|child|spouse|self|son|daughter|wife|husband|employee)\b",
    re.IGNORECASE,
)
_WAS_PAID: Final = re.compile(
    r"\b(?:paid in full|fully paid|no balance|processed and paid|approved|paid)\s*\|?\s*$", re.IGNORECASE
)
_NOT_PAID: Final = re.compile(r"\b(?:not|un|partly|partially|denied|part)\b|\bunpaid\b", re.IGNORECASE)
_CAPITAL_LINE: Final = re.compile(r"^[^a-z\d\n]{16,}$", re.MULTILINE)


_EXAMPLE: Final = re.compile(
    r"(?:^[ \t]*|(?<=[.;] ))(?:an? )?(?:examples?|samples?|specimens?)(?: (?:of|line|claim|form|entry)\b[^.:;\n]{0,60})?:"
    r"(?:[^.\n]|\n(?!\s*\n)|(?<=\w)\.(?=\w))*",
    re.IGNORECASE | re.MULTILINE,
)
"""`Example of a corrected line: J3490 with qualifier N4 ...`, up to the end of its sentence."""


_SPECIMEN: Final = re.compile(
    r"^[ \t]*(?:example|sample|specimen)\b[^\n.:]{0,50}\r?\n(?:[^\n]*[^\s][^\n]*(?:\n|\Z)){1,6}",
    re.IGNORECASE | re.MULTILINE,
)
"""The rows under a head `Example of a filled-in form`, up to a blank one."""
_QUOTED_MAIL: Final = re.compile(
    r"^[ \t]*>[^\n]*(?:\bwrote:|\b(?:From|Sent|Date): )[^\n]*(?:\n[ \t]*>[^\n]*)*", re.MULTILINE
)
"""Lines of an older message under an answer, each behind a `>`."""


def only_said(text: str) -> str:
    """The text with empty boxes and their words, and the sections of claims that were paid, blanked; equal length."""
    spans = [
        *_empty_boxes(text),
        *_paid_claims(text),
        *_unused_legend(text),
        *_unused_columns(text),
        *(match.span() for match in _EXAMPLE.finditer(text)),
        *(match.span() for match in _SPECIMEN.finditer(text)),
        *(match.span() for match in _QUOTED_MAIL.finditer(text)),
    ]
    for begin, end in spans:
        text = text[:begin] + re.sub(r"[^\n]", " ", text[begin:end]) + text[end:]
    return text


def _empty_boxes(text: str) -> Iterator[tuple[int, int]]:
    """Every empty box with the words that belong to it: up to the next box or gap in its line, and its lines below."""
    boxes = list(_BOX.finditer(text)) if re.search(_EMPTY, text) else []
    for number, box in enumerate(boxes):
        if not box["empty"]:
            continue
        line_end = _line_end(text, box.end())
        following = boxes[number + 1].start() if number + 1 < len(boxes) else len(text)
        if following < line_end or text[text.rfind("\n", 0, box.start()) + 1 : box.start()].strip(" |*-"):
            gap = re.compile(r"\S\s{3,}|\s\|").search(text, box.end() + 3, line_end)
            yield box.start(), min(following, gap.start() + 1 if gap else line_end)
        else:
            yield box.start(), min(following, _item_end(text, box.start(), line_end))


_MONEY: Final = re.compile(r"(?<![\d.])\$?\d{1,3}(?:,\d{3})*\.\d\d(?!\d)")
_KEY: Final = re.compile(  # `50    text`, `CO-50: text`, `Note 50: text`
    r"^[ |]*(?P<named>(?i:notes?|codes?|remarks?|reasons?|messages?) )?"
    r"(?P<key>(?:CO|PR|OA|PI|CR)?-?[A-Z]{0,2}\d{1,4}[a-z]?|[A-Z]{1,2}|\(?[a-z1-9]\))"
    r"(?:(?P<equals> ?= ?)|[ .:=|-]{2,}|: |(?<=\)) )"
    r"(?=[A-Z\"][A-Za-z]*[ /,]|(?(named)[a-z]|(?!))|(?(equals)[a-z]|(?!)))",
    re.MULTILINE,
)
_LEGEND_HEAD: Final = re.compile(
    r"\b(?:codes?|notes?|remarks?|legend|key|explan\w+|footnotes?|messages?)\b", re.IGNORECASE
)
_LATER_CODES: Final = re.compile(
    r"^\s*(?:remarks?|notes?|codes?|reasons?)\b[ .:]*(?P<codes>[^\n]+)", re.IGNORECASE
)
_FEWEST_KEYS: Final = 2
_HEAD_REACH: Final = 600


def _unused_legend(text: str) -> Iterator[tuple[int, int]]:
    """Entries of a statement's legend whose code stands on none of its lines, where others do."""
    keys = [
        match
        for match in _KEY.finditer(text)
        if not _MONEY.search(text, match.end(), _line_end(text, match.end()))
    ]
    if len(keys) < _FEWEST_KEYS or not _LEGEND_HEAD.search(
        text[max(0, keys[0].start() - _HEAD_REACH) : keys[0].start()]
    ):
        return
    used = _codes_on_lines(text[: keys[0].start()])
    unused = [match for match in keys if _bare(match["key"]) not in used and match["key"] not in used]
    if len(unused) == len(keys):
        return
    for match in unused:
        later = [other.start() for other in keys if other.start() > match.start()]
        yield (
            match.start(),
            min([*later[:1], _item_end(text, match.start("key"), _line_end(text, match.end()))]),
        )


_CODE: Final = r"(?:CO|PR|OA|PI|CR)?-?[A-Z]{0,2}\d{1,4}"
_ENTRY: Final = re.compile(  # `50   text`, and beside it `97   text`
    rf"(?:^[ |]*|(?<=\S)[ |]+)(?P<key>{_CODE})[ .:=|-]+"
    r"(?=[A-Za-z])(?!(?:(?:business|calendar|working) )?(?:day|week|month|year|hour|unit|visit|session|percent)s?\b)",
    re.MULTILINE,
)
_ENTRY_LINES: Final = re.compile(rf"(?:[ |]*{_CODE}[ .:=|-]+[A-Za-z][^\n]*(?:\n|\Z))+")
_GLOSSARY_HEAD: Final = re.compile(r"\b(?:glossary|legend|key to)\b", re.IGNORECASE)


def _unused_columns(text: str) -> Iterator[tuple[int, int]]:
    """The same of a glossary whose entries stand beside each other or begin small: the lines of codes under its head."""
    for head in _GLOSSARY_HEAD.finditer(text):
        lines = _ENTRY_LINES.match(text, _line_end(text, head.end()) + 1)
        if not lines:
            continue
        entries = list(_ENTRY.finditer(text, lines.start(), lines.end()))
        used = _codes_on_lines(text[: head.start()])
        unused = [_bare(entry["key"]) not in used for entry in entries]
        if len(entries) < _FEWEST_KEYS or all(unused):
            continue
        ends = [*(entry.start() for entry in entries[1:]), lines.end()]
        yield from ((e.start(), stop) for e, stop, spare in zip(entries, ends, unused, strict=True) if spare)


def _codes_on_lines(text: str) -> frozenset[str]:
    """Every short word on a line with amounts, or on a line of remarks."""
    words: set[str] = set()
    for line in text.split("\n"):
        remarks = _LATER_CODES.match(line)
        if _MONEY.search(line) or remarks:
            told = remarks["codes"] if remarks and not _MONEY.search(line) else _MONEY.sub(" ", line)
            printed = [word for word in re.split(r"[\s,;|/]+", told) if word]
            words |= {word if "(" in word else _bare(word) for word in printed}
    return frozenset(words)


def _bare(code: str) -> str:
    """A code without the group before it: `CO-50` and `50` are one."""
    return re.sub(r"^(?:CO|PR|OA|PI|CR)-?(?=\d)", "", code.strip(".:"))


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return end if end >= 0 else len(text)


def _item_end(text: str, start: int, line_end: int) -> int:
    """Where an item of a list ends: at the first line below that is blank or stands no further right than its box."""
    indent = start - (text.rfind("\n", 0, start) + 1)
    end = line_end
    while end < len(text):
        begin, finish = end + 1, _line_end(text, end + 1)
        line = text[begin:finish]
        if not line.strip() or len(line) - len(line.lstrip()) <= indent:
            break
        end = finish
    return end


def _paid_claims(text: str) -> Iterator[tuple[int, int]]:
    """Sections of a statement under a head that says `Claim ... Paid in full`, where another section was not paid."""
    heads = [head for head in _CLAIM_HEAD.finditer(text) if _NAMES_SOMEBODY.search(head[0])]
    paid = [bool(_WAS_PAID.search(head[0])) and not _NOT_PAID.search(head[0]) for head in heads]
    if len(heads) < 2 or not any(paid) or all(paid):
        return
    for number, head in enumerate(heads):
        if not paid[number]:
            continue
        if number + 1 < len(heads):
            yield head.start(), heads[number + 1].start()
        else:
            stop = _CAPITAL_LINE.search(text, head.end())
            yield head.start(), stop.start() if stop else len(text)
