"""Fax and telephone for an appeal, told apart from every other number of the letter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from appeals.intake.layout import Page, Sentence, begins_item
from appeals.intake.proposal import HIGH, Proposal
from appeals.intake.subjects import RECORDS

_PHONE: Final = re.compile(r"(?<![\w.-])(?:\+?1[-. ])?(?:\(\d{3}\)\s?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\w-])")
_KIND: Final = re.compile(
    r"\b(?:(?P<fax>fax(?:ed|es|ing)?|facsimile|fx|f(?=:\s))|(?P<phone>phone|telephone|tel|voice|call(?:ing)?|"
    r"toll[- ]free|ph|[pt](?=:\s))|(?P<tty>tty|tdd|tty/tdd|relay))\b",
    re.IGNORECASE,
)
_KIND_AFTER: Final = re.compile(
    r"\s*\(\s*(?:(?P<fax>fax)|(?P<phone>phone|voice)|(?P<tty>tty|tdd|tty/tdd))\s*\)", re.IGNORECASE
)
_QUICK: Final = re.compile(r"\b(?:fast|urgent|expedited|rush|quick)\b", re.IGNORECASE)
_PLAIN_APPEAL: Final = re.compile(
    r"\b(?:standard|appeals?|reconsiderations?|redeterminations?|grievances?)\b", re.IGNORECASE
)
_ELSEWHERE: Final = re.compile(
    r"\b(?:prescriber|pharmac\w+|provider|customer|member services?|subscriber services?|claims?(?! appeals?)|"
    r"records|billing|utilization|clinical|"
    r"prior auth\w*|pre-?cert\w*|peer|corporate|headquarters|sales|interpreter|language|"
    r"translat\w+|external|independent|hearings?|complaints?|QIO|quality of (?:your )?care|"
    r"(?:doctor|clinic|hospital|facility|employer)'?s? (?:office )?(?:fax|number)|(?:for|to|of|at) (?:the|your) (?:clinic|doctor|"
    r"hospital|facility|employer)|regulator|insurance (?:division|department|"
    r"commissioner)|"
    r"division|department of|state (?:appeals?|hearings?|office|agency|board)|legal|ombuds\w+|legal aid|"
    r"medicare rights|privacy|fraud|enrollment|"
    r"nurse|crisis|hotline|requests? for (?:records|information)|"
    r"asistencia|espa\w+|para|llame|general (?:inquir|information)|questions|case manag\w+|intake|"
    r"main (?:fax|office)|old|former|premium)\b",
    re.IGNORECASE,
)
_NO: Final = re.compile(
    r"\b(?:do not|don't|not|never|no longer|cannot|can't|out of service)\b[^.;]{0,60}$|"
    r"\bnot for appeals?\b",
    re.IGNORECASE,
)
_NOT_AFTER: Final = re.compile(
    r"[^.;\d]{0,40}?\b(?:is not|not for|cannot|no longer|does not accept|no appeals)\b|"
    r"\W{0,5}for (?:physicians|providers|doctors|prescribers|clinicians)\b|"
    r"\s*[(,]\s*(?:customer|member services|provider|prescriber|pharmac\w+|claims|general|"
    r"corporate|records|billing|questions)",
    re.IGNORECASE,
)
_APPEAL_PLACE: Final = re.compile(
    r"\bappeal|\bdisagree|\bdo(?:n't| not) agree|\bhow to ask\b|\breconsider|\bredetermin|"
    r"\blook at (?:it|this) again|\bwhere to send\b|\bwhat (?:can I|you can|can you|I can) do\b|\bhow to file\b|\bwrong(?:ly)?\b",
    re.IGNORECASE,
)
_OTHER_PLACE: Final = re.compile(
    r"\bexternal\b|\boutside\b|\bindependent\b|\bhearing\b|\bpeer\b|\bget help\b|\bquestions\b|"
    r"\bcontact us\b|\bcustomer\b|\bprovider|\bprescriber|\bclaims?\b|\bregulator\b|\bcomplain|"
    r"\bhelp\b|\bother languages\b|\bwhat would help\b|\bstate\b|\brecords\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Number:
    """A telephone number, its kind, the words from the number before it, and whether it stands among appeal words."""

    place: tuple[Page, int, int]
    printed: str
    kind: str
    own_words: str
    after: str
    near: bool


def contacts(pages: Sequence[Page]) -> Iterator[Proposal]:
    """Fax and telephone for an appeal, and the telephone for a call between doctors."""
    numbers = [number for page in pages for number in _numbers(page)]
    appeal = [
        one
        for one in numbers
        if one.near and not _for_records(one) and not _ELSEWHERE.search(one.own_words) and not _for_peers(one)
    ]
    faxes = [one for one in appeal if one.kind == "fax" and not _beyond_the_plan(one)] or [
        one
        for one in numbers
        if one.kind == "fax" and not _for_records(one) and not _beyond_the_plan(one) and _in_appeal_block(one)
    ]
    yield from _one("send_to_fax", [one for one in faxes if not _quick(one)])
    yield from _one("send_to_fax_expedited", [one for one in faxes if _quick(one)])
    phones = [one for one in appeal if one.kind == "phone"]
    yield from _one("send_to_phone", [one for one in phones if not _quick(one)] or phones)
    yield from _one(
        "appeal_phone",
        [
            one
            for one in phones
            if re.search(
                r"\bappeal\b[^.]{0,40}\b(?:phone|call)|\bcall\b[^.]{0,30}\bappeal",
                one.own_words,
                re.IGNORECASE,
            )
        ],
    )
    yield from _one("p2p_phone", [one for one in numbers if one.kind == "phone" and _for_peers(one)])


def _numbers(page: Page) -> Iterator[_Number]:
    for sentence, shown in _by_row(page):
        text = page.plain[shown[0] : shown[1]]
        previous = 0
        kind = own = ""
        row = page.plain.count("\n", 0, shown[0])
        for match in _PHONE.finditer(text):
            words = text[previous : match.start()]
            named = list(_KIND.finditer(words))
            after = _KIND_AFTER.match(text, match.end())
            if after:
                kind = _kind_of(after)
            elif named:
                kind = _kind_of(named[-1])
            elif not previous:
                kind = _kind_above(sentence, match[0]) or _kind_of_list(page, row)
            elif (
                re.search(r"[a-z]{4}", words, re.IGNORECASE)
                and not re.match(r"\s*\((?:standard|fast|urgent|expedited|appeals?)\)", words, re.IGNORECASE)
                and not _QUICK.search(words)
            ):
                kind = ""
            if previous and not re.search(r"[A-Za-z]", words):
                words = f"{own}{words}"  # `555-0120 / 555-0121`: one label for both
            own = _own_words(sentence, words, match[0], first=not previous)
            tail = re.sub(r"\s+", " ", page.plain[shown[0] + match.end() : shown[0] + match.end() + 60])
            begin = shown[0] + (previous + named[-1].start() if named else match.start())
            if not _NO.search(own) and not _NOT_AFTER.match(tail):
                yield _Number(
                    (page, begin, shown[0] + match.end()),
                    re.sub(r"\s+", " ", match[0]),
                    kind,
                    own,
                    tail,
                    _is_near(page, row, sentence, own),
                )
            previous = match.end()


def _by_row(page: Page) -> Iterator[tuple[Sentence | None, tuple[int, int]]]:
    """Each row with the sentence its first number stands in."""
    at: list[tuple[int, int, Sentence]] = [
        (sentence.places[0], sentence.places[-1], sentence) for sentence in page.sentences
    ]
    for row in page.rows:
        if not row:
            continue
        span = (row[0].start, row[-1].end)
        first = _PHONE.search(page.plain, *span)
        if first:
            place = first.start()
            inside = [
                sentence for begin, end, sentence in at if begin <= place <= end and place in sentence.places
            ]
            yield (inside[0] if inside else None, span)


def _kind_of(match: re.Match[str]) -> str:
    return next(name for name in ("fax", "phone", "tty") if match[name])


def _kind_above(sentence: Sentence | None, number: str) -> str:
    """The kind named earlier in the sentence, when the line broke between the word and the number."""
    if sentence is None:
        return ""
    before = sentence.text[: sentence.text.find(number)] if number in sentence.text else ""
    named = list(_KIND.finditer(before[-40:]))
    return _kind_of(named[-1]) if named else ""


def _own_words(sentence: Sentence | None, words: str, number: str, *, first: bool) -> str:
    """The words that belong to a number: from the number before it, or from the start of its sentence."""
    if first and sentence is not None and number in sentence.text:
        told = sentence.text[: sentence.text.find(number)][-160:]
        return told if re.search(r"[A-Za-z]", told) else words
    return words


def _kind_of_list(page: Page, row: int) -> str:
    """The kind in the title over a list of numbers: `Fax numbers`, then a line for each office."""
    for cells in reversed(page.rows[max(0, row - 8) : row]):
        if not cells:
            return ""
        title = re.fullmatch(
            r"(?:our )?(?:(?P<fax>fax)|phone|telephone) (?:numbers|lines):?", cells[0].text, re.IGNORECASE
        )
        if title and len(cells) == 1:
            return "fax" if title["fax"] else "phone"
    return ""


def _is_near(page: Page, row: int, sentence: Sentence | None, own: str) -> bool:
    """Whether the number stands in the part of the letter that tells where an appeal goes."""
    if sentence is None:
        return False
    parts = sentence.heading.split(" / ")
    if len(parts) > 1 and _OTHER_PLACE.search(parts[1]) and not _APPEAL_PLACE.search(parts[1]):
        return False
    if _OTHER_PLACE.search(parts[0]) and not _APPEAL_PLACE.search(parts[0]):
        return _PLAIN_APPEAL.search(own) is not None
    if _APPEAL_PLACE.search(f"{sentence.heading} {own}"):
        return True
    whole = sentence.text
    sends = re.search(r"\b(?:send|fax|mail)\b", whole, re.IGNORECASE)
    if (
        sends
        and len(_PHONE.findall(whole)) == 1
        and _APPEAL_PLACE.search(whole)
        and not _OTHER_PLACE.search(whole)
    ):
        return True
    block = f"{_item_before(page, row)} {_row_before(page, row, own)}"
    return _APPEAL_PLACE.search(sentence.before) is not None or (
        _APPEAL_PLACE.search(block) is not None and not _OTHER_PLACE.search(block)
    )


def _row_before(page: Page, row: int, own: str) -> str:
    """What its own row says before the words of a number, where the row is plain text."""
    cells = page.rows[row]
    return cells[0].text.partition(own.strip()[:40])[0] if len(cells) == 1 and own.strip() else ""


def _item_before(page: Page, row: int) -> str:
    """The rows above that belong to the same item of a list or the same paragraph."""
    lines: list[str] = []
    for cells in reversed(page.rows[max(0, row - 4) : row]):
        if not cells or begins_item(page.rows[row][0].text if not lines else lines[-1]):
            break
        if len(cells) > 1:
            return ""  # columns: the cells above may belong to something else
        lines.append(cells[0].text)
    return " ".join(reversed(lines))


def _quick(number: _Number) -> bool:
    tail = re.match(r"\s*\(([^)]*)\)", number.after)
    if tail and (_QUICK.search(tail[1]) or _STANDARD.search(tail[1])):
        return bool(_QUICK.search(tail[1]))
    later = re.match(r",?\s(?:if|when|for)\b[^.;\d]{0,30}", number.after)
    own = number.own_words[-90:]
    both = re.search(r"\bstandard\b", own, re.IGNORECASE)
    if bool(_QUICK.search(own) and not both) or bool(later and _QUICK.search(later[0])):
        return True
    return not both and _under_quick(number)


_STANDARD: Final = re.compile(r"\b(?:standard|in writing|regular)\b", re.IGNORECASE)
_BLOCK_LABEL: Final = re.compile(
    r"^[ ]*(?:[*-] )?(?:for|to ask for|to request|to file|send|if)\b[^\n:]{0,24}\b(?:(?P<quick>fast|urgent|"
    r"expedited|rush)|standard|regular)\b[^\n:]{0,24}:",
    re.IGNORECASE | re.MULTILINE,
)


def _under_quick(number: _Number) -> bool:
    """Whether the row, the column or the labelled block that a number stands in is the one for urgent appeals."""
    page, start, _ = number.place
    row = page.plain.count("\n", 0, start)
    line = page.plain[page.line_starts[row] : start]
    own_row = [match for match in _QUICK.finditer(line)]
    if own_row and len(_PHONE.findall(line)) <= 1 and not re.search(r"[.;!?]\s", line[own_row[-1].end() :]):
        return not _STANDARD.search(line, own_row[-1].end())
    cells = page.rows[row]
    mine = next((cell for cell in reversed(cells) if cell.start <= start), None)
    if mine is None:
        return False
    if len(cells) > 1 and mine is not cells[0]:
        above = [
            cell.text
            for near in page.rows[max(0, row - 5) : row]
            for cell in near
            if abs(cell.column - mine.column) <= 3
        ]
        if any(_QUICK.search(text) for text in above) and not any(_STANDARD.search(text) for text in above):
            return True
    labels = list(_BLOCK_LABEL.finditer(page.plain, max(0, start - 320), start))
    return (
        bool(labels)
        and labels[-1]["quick"] is not None
        and "\n\n" not in page.plain[labels[-1].end() : start]
    )


_APPEAL_WORD: Final = re.compile(
    r"\b(?:appeal\w*|reconsider\w*|redetermin\w*|disagree|look again|ask us to look|wrong|apela\w*)",
    re.IGNORECASE,
)
_OTHER_WORD: Final = re.compile(
    r"\b(?:external|outside review|independent|hearing|peer|customer|member services|member advocates|"
    r"questions?|claims? (?:fax|dep\w+|address|line)|"
    r"providers?|prescribers?|pharmacy|records|complaints?|billing|utilization|corrected|exception|clinicals?|physicians only|"
    r"requests? for|OPM|department of|ombuds\w+|legal)\b",
    re.IGNORECASE,
)
_REACH: Final = 600


def _in_appeal_block(number: _Number) -> bool:
    """Whether the last proceeding named before a number is the appeal, and its own words name no other office."""
    page, start, _ = number.place
    before = page.plain[max(0, start - _REACH) : start]
    appeal, other = list(_APPEAL_WORD.finditer(before)), list(_OTHER_WORD.finditer(before))
    if _ELSEWHERE.search(number.own_words[-60:]) or _OTHER_WORD.search(number.own_words[-60:]):
        return False
    return bool(appeal) and (not other or other[-1].start() < appeal[-1].start()) and not _for_peers(number)


_BEYOND: Final = re.compile(
    r"\b(?:external|outside review|independent|IRE|IU?RO|OPM|fair hearing|hearings?|insurance department|"
    r"(?:department|division|bureau|office) of)\b",
    re.IGNORECASE,
)


def _beyond_the_plan(number: _Number) -> bool:
    """Whether the last proceeding named before a number is one that somebody outside the plan decides."""
    page, start, _ = number.place
    before = page.plain[max(0, start - 260) : start]
    outside, appeal = list(_BEYOND.finditer(before)), list(_APPEAL_WORD.finditer(before))
    return bool(outside) and (not appeal or appeal[-1].start() < outside[-1].start())


def _for_records(number: _Number) -> bool:
    """Whether the number's own sentence asks for records and not for an appeal."""
    return RECORDS.search(number.own_words) is not None and not _APPEAL_WORD.search(number.own_words)


def _for_peers(number: _Number) -> bool:
    return (
        re.search(
            r"\bpeer[- ]to[- ]peer\b|\b(?:speak|talk|discuss)\b[^.]{0,60}\b(?:our (?:physician|doctor|"
            r"reviewer)|the reviewer|medical director|reviewing physician)\b",
            number.own_words,
            re.IGNORECASE,
        )
        is not None
    )


_MEDICARE_LINE: Final = "633-4227"
"""1-800-MEDICARE takes no appeals for a plan."""

_FOR_APPEALS: Final = re.compile(
    r"\b(?:appeals?|reconsiderations?|redeterminations?)\b(?![^.;]{0,30}\b(?:status|decision|question))",
    re.IGNORECASE,
)


def _one(fact: str, numbers: Sequence[_Number]) -> Iterator[Proposal]:
    """The only number of a kind, or the only one that is called the one for appeals; nothing when there are several."""
    if len({re.sub(r"\D", "", one.printed)[-10:] for one in numbers}) > 1:
        numbers = [one for one in numbers if _FOR_APPEALS.search(one.own_words[-80:])]
    if len({re.sub(r"\D", "", one.printed)[-10:] for one in numbers}) == 1 and not numbers[
        0
    ].printed.endswith(_MEDICARE_LINE):
        page, start, end = numbers[0].place
        yield page.proposal(fact, numbers[0].printed, start, end, HIGH)
