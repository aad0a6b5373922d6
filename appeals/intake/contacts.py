"""Where an appeal goes: address, fax, telephone and web page, told apart from every other number of the letter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from appeals.intake.layout import Cell, Page, Sentence, begins_item
from appeals.intake.proposal import HIGH, MEDIUM, Proposal

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
    r"division|department of|legal|ombuds\w+|legal aid|medicare rights|privacy|fraud|enrollment|"
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
    """Mail address, fax, telephone and web page for an appeal, and the telephone for a call between doctors."""
    numbers = [number for page in pages for number in _numbers(page)]
    appeal = [
        one for one in numbers if one.near and not _ELSEWHERE.search(one.own_words) and not _for_peers(one)
    ]
    faxes = [one for one in appeal if one.kind == "fax"]
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
    yield from _mail(pages)
    yield from _portal(pages)


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
            tail = text[match.end() : match.end() + 60]
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
    if tail:
        return bool(_QUICK.search(tail[1]))
    later = re.match(r",?\s(?:if|when|for)\b[^.;\d]{0,30}", number.after)
    own = number.own_words[-90:]
    both = re.search(r"\bstandard\b", own, re.IGNORECASE)
    return bool(_QUICK.search(own) and not both) or bool(later and _QUICK.search(later[0]))


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


_FOR_APPEALS: Final = re.compile(
    r"\b(?:appeals?|reconsiderations?|redeterminations?)\b(?![^.;]{0,30}\b(?:status|decision|question))",
    re.IGNORECASE,
)


def _one(fact: str, numbers: Sequence[_Number]) -> Iterator[Proposal]:
    """The only number of a kind, or the only one that is called the one for appeals; nothing when there are several."""
    if len({re.sub(r"\D", "", one.printed)[-10:] for one in numbers}) > 1:
        numbers = [one for one in numbers if _FOR_APPEALS.search(one.own_words[-80:])]
    if len({re.sub(r"\D", "", one.printed)[-10:] for one in numbers}) == 1:
        page, start, end = numbers[0].place
        yield page.proposal(fact, numbers[0].printed, start, end, HIGH)


_MAIL_CUE: Final = re.compile(
    r"(?:\b(?:mail|write|send|mailed|sent|address|deliver)\b(?:\s(?:it|them|your|an?|the|written|"
    r"appeals?|requests?|form|letter|standard|or|us|in|writing)){0,6}\s?(?:to)?\s?:?|\bwhere|"
    r"\bto:)\s*:?\s*$",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(
    r"(?P<address>(?!(?:Write|Mail|Post|Send|Or|To|By|Fax|Where)\b)[A-Z][\w&.' -]{2,60}(?:,|\n|"
    r"\s{2,})[^|;:]{0,200}?(?:P\.?\s?O\.?\s?Box|Post Office Box|\d{1,6}\s(?:[NSEW]\.?\s)?[A-Z])[^|"
    r";:]{2,120}?"
    r"(?:,|\s)\s?[A-Z]{2}\s{1,3}\d{5}(?:-\d{4})?)(?!\d)"
)
_STREET_ONLY: Final = re.compile(
    r"(?P<address>[A-Z][\w&' -]{2,60},\s[^|;:.]{0,60}?,?\s?\d{1,6}\s[A-Z][\w ]+?,\s[A-Z][a-z]+)"
    r"(?=\.\s|\.$)"
)


_NOT_APPEALS: Final = re.compile(
    r"\b(?:external|independent|claims?|payments?|premium|records|provider)\b", re.IGNORECASE
)
_PROSE: Final = re.compile(r"\b(?:within|days|after|notice|must|you|your|we|may|if)\b")


def _mail(pages: Sequence[Page]) -> Iterator[Proposal]:
    """The one address for appeals; nothing when the letter gives two."""
    found: list[Proposal] = []
    for page in pages:
        for sentence in page.sentences:
            for pattern in (_ADDRESS, _STREET_ONLY):
                for match in pattern.finditer(sentence.text):
                    found.extend(_address(sentence, *match.span("address")))
        found.extend(_mail_blocks(page))
    if len({_plain(one.value) for one in found}) == 1:
        yield found[0]


def _address(sentence: Sentence, start: int, end: int) -> Iterator[Proposal]:
    """An address that the words around it, or its own first line, give to appeals."""
    text = sentence.text[start:end]
    lead_in = re.match(r"[^,]*\b(?:at|to):?\s+(?=[A-Z])", text) or re.match(
        r".*\b(?:at|to):?\s+(?=[A-Z])", text
    )
    if _PROSE.search(text) and (lead_in is None or _PROSE.search(text[lead_in.end() :])):
        return
    if lead_in:
        start += lead_in.end()
        text = sentence.text[start:end]
    lead = sentence.text[max(0, start - 60) : start]
    if not lead.strip():
        lead = sentence.before[-60:] + " "
    if _NO.search(lead) or re.search(r"\b(?:do not|don't|never)\b", lead, re.IGNORECASE):
        return
    if _PHONE.search(text):
        return  # another column's line stands between the lines of the address
    if _NOT_APPEALS.search(f"{text} {sentence.heading.split(' / ')[-1]}"):
        return
    named = re.search(r"\bappeal|\bgrievance|\breconsider|\bredetermin", text, re.IGNORECASE)
    cue = _MAIL_CUE.search(lead) or re.search(
        r"\b(?:write to|mail to|send (?:it )?to)\s*:?\s*$", lead, re.IGNORECASE
    )
    here = _APPEAL_PLACE.search(f"{sentence.heading} {sentence.text[:start]}")
    if (named and (here or cue)) or (cue and here):
        yield sentence.proposal("send_to_mail", _one_address(text), (start, end), HIGH if named else MEDIUM)


_ZIP_END: Final = re.compile(r",?\s[A-Z]{2}\s{1,3}\d{5}(?:-\d{4})?$")
_BLOCK_CUE: Final = re.compile(
    r"(?:\b(?:mail|send|write|address)\b[^.:]{0,40}\bto|\b(?:mail|write to|mailing address|"
    r"appeals address|address for appeals)):$",
    re.IGNORECASE,
)
_MOST_BLOCK_ROWS: Final = 5


def _mail_blocks(page: Page) -> Iterator[Proposal]:
    """An address printed in lines of its own under `Send the appeal to:`."""
    for number, row in enumerate(page.rows):
        if (
            len(row) != 1
            or not _BLOCK_CUE.search(row[0].text)
            or re.search(r"\b(?:not|external|claims?|payments?|records)\b", row[0].text, re.IGNORECASE)
        ):
            continue
        block: list[Cell] = []
        for below in page.rows[number + 1 : number + 2 + _MOST_BLOCK_ROWS]:
            if len(below) != 1:
                if block or below:
                    break
                continue
            block.append(below[0])
            if _ZIP_END.search(below[0].text):
                break
        if not 2 <= len(block) <= _MOST_BLOCK_ROWS or not _ZIP_END.search(block[-1].text):
            continue
        words = f"{row[0].text} {block[0].text}"
        if (
            re.search(r"\bappeal|\breconsider|\bredetermin|\bgrievance", words, re.IGNORECASE)
            and len({cell.column for cell in block}) == 1
        ):
            value = ", ".join(cell.text.rstrip(",") for cell in block)
            yield page.proposal("send_to_mail", value, block[0].start, block[-1].end, HIGH)


def _one_address(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip(" ,")


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


_WEB: Final = re.compile(
    r"(?<![\w@.])(?:https?://)?(?:www\.)?(?:[a-z0-9-]+\.)+(?:com|org|net|gov|health|us|care|"
    r"example|test)(?:/[\w./%#-]*[\w/])?(?![\w@])",
    re.IGNORECASE,
)


def _portal(pages: Sequence[Page]) -> Iterator[Proposal]:
    """The web page for an appeal: beside `portal`, `web` or `online`, or with `appeal` in its own address."""
    found: list[Proposal] = []
    for page in pages:
        for row in page.rows:
            if not row:
                continue
            text = page.plain[row[0].start : row[-1].end]
            for match in _WEB.finditer(text):
                before = text[: match.start()]
                named = re.search(
                    r"\b(?:portal|web(?:site)?|online|internet)\b[^.]{0,24}$", before, re.IGNORECASE
                )
                appeal = re.search(r"appeal|reconsider|redetermin", match[0] + before[-30:], re.IGNORECASE)
                if (
                    appeal
                    and not _NO.search(before)
                    and not _ELSEWHERE.search(before[-30:])
                    and (named or "/" in match[0])
                ):
                    start = row[0].start + match.start()
                    found.append(
                        page.proposal("send_to_portal", match[0], start, start + len(match[0]), HIGH)
                    )
    if len({one.value.lower() for one in found}) == 1:
        yield found[0]
