"""The mail address and the web page for an appeal: in a sentence, or in lines of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from appeals.intake.layout import Cell, Page, Sentence
from appeals.intake.proposal import HIGH, MEDIUM, Proposal
from appeals.intake.subjects import APPEAL, NEXT_LEVEL, NOT_OUR_HEADING

_NAMED: Final = re.compile(r"\bappeal|\bgrievance|\breconsider|\bredetermin|\bapelacion", re.IGNORECASE)
_NOT_APPEALS: Final = re.compile(
    r"\b(?:external|independent|claims? (?:dep|proc|unit|center|only)\w*|payments?|premium|records|providers?|"
    r"utilization|everything other|hearings?|complaints? only|ombuds\w+|"
    r"(?:department|division|bureau|office|board) (?:of|for)|insurance (?:commissioner|department|division))\b",
    re.IGNORECASE,
)
_REFUSED: Final = re.compile(
    r"\b(?:do not|don't|never|not|no longer|cannot|other than|except)\b[^.;]{0,60}$", re.IGNORECASE
)
_BUT_NOT: Final = re.compile(r", not (?:to )?[\w ]{1,30}(?=:?$)", re.IGNORECASE)
"""`The request goes to the plan, not to Corvane:`"""
_PROSE: Final = re.compile(r"\b(?:within|days|after|notice|must|you|your|we|may|if|is|are|will|can)\b")
_PHONE: Final = re.compile(r"\d{3}[-. )]\s?\d{3}[-. ]\d{4}")
_ZIP: Final = (
    r"(?:[A-Z]{2}|(?!(?:Box|Drawer|Suite|Room|Floor|BOX)\b)[A-Z][a-z]{3,12}(?: [A-Z][a-z]{3,12})?)"
    r"\s{1,3}\d{5}(?:-\d{4})?"
)
_ZIP_END: Final = re.compile(rf"(?:^|,?\s){_ZIP}\.?$")
_STREET: Final = re.compile(
    r"\b(?:P\.?\s?O\.?\s?Box|Post Office Box|Box|Apartado|Drawer)\s|\b(?:One|Two|Three)\s[A-Z]|"
    r"\b\d{1,6}\s(?:[NSEW]\.?\s)?[A-Z0-9]",
    re.IGNORECASE,
)

_ADDRESS: Final = re.compile(
    rf"(?P<address>(?!(?:Write|Mail|Post|Send|Or|To|By|Fax|Where|Address|The)\b)[A-Z][\w&.' -]{{2,60}}(?:,|\n|"
    rf"\s{{2,}})(?:[^|;:]|(?<=ttn):|(?<=TTN):){{0,200}}?"
    rf"(?:P\.?\s?O\.?\s?(?:Box|BOX)|Post Office Box|(?<=, )Box \d|(?:P\.O\. |PO )?Drawer \d|(?<=, )(?:One|Two|Three) [A-Z]|"
    rf"\d{{1,6}}\s(?:[NSEW]\.?\s)?[A-Z])(?:[^|;:]|(?<=ttn):|"
    rf"(?<=TTN):){{2,120}}?(?:,|\s)\s?{_ZIP})(?!\d)"
)
_STREET_ONLY: Final = re.compile(
    r"(?P<address>[A-Z][\w&' -]{2,60},\s[^|;:.]{0,60}?,?\s?\d{1,6}\s[A-Z][\w ]+?,\s[A-Z][a-z]+(?: [A-Z][a-z]+)?)(?=\.\s|\.$|$)"
)
_CUE: Final = re.compile(
    r"(?:\b(?:mail(?:ing)?|write|post|send|mailed|sent|address(?:ed)?|deliver|letter|envie\w*|escriba\w*)\b[^.;:]{0,40}?\s?(?:\bto|\bat|\bis|\bfax|\ba)?\s?:?|"
    r"\bwhere (?:do|should|can) (?:i|you|we) (?:send|mail|write)[^?]{0,20}\?|\bwhere|\bto:)\s*:?\s*$",
    re.IGNORECASE,
)


def mail_address(pages: Sequence[Page]) -> Iterator[Proposal]:
    """The one address for appeals; nothing when the letter gives two of equal standing."""
    found: list[tuple[bool, Proposal]] = []
    for page in pages:
        for sentence in page.sentences:
            for pattern in (_ADDRESS, _STREET_ONLY):
                for match in pattern.finditer(sentence.text):
                    found.extend(_in_sentence(sentence, *match.span("address")))
        found.extend(_blocks(page))
    kept = [one for named, one in found if named] or [one for _, one in found]
    distinct: dict[str, Proposal] = {}
    for one in kept:
        distinct.setdefault(_plain(one.value), one)
    whole = [
        one for key, one in distinct.items() if not any(key != other and key in other for other in distinct)
    ]
    if len(whole) == 1:
        yield whole[0]


def _in_sentence(sentence: Sentence, start: int, end: int) -> Iterator[tuple[bool, Proposal]]:
    """An address that the words before it, or its own first line, give to appeals."""
    text = sentence.text[start:end]
    lead_in = re.match(r".*\b(?:or write|write to|mail to|mail|letter to):?\s+(?=[A-Z])", text)
    lead_in = (
        lead_in
        or re.match(r"[^,]*\b(?:at|to|is):?\s+(?=[A-Z])", text)
        or re.match(r".*\b(?:at|to|is):?\s+(?=[A-Z])", text)
    )
    if _PROSE.search(text) and (lead_in is None or _PROSE.search(text[lead_in.end() :])):
        return
    if lead_in:
        start += lead_in.end()
        text = sentence.text[start:end]
    spoken = _SPOKEN_LABEL.match(text)
    if spoken:
        start += spoken.end()
        text = sentence.text[start:end]
    if _NO_STREET.search(text):
        return
    lead = sentence.text[max(0, start - 90) : start]
    if not lead.strip():
        lead = sentence.before[-90:] + " "
    if re.search(r"\battn:?\s*$", lead, re.IGNORECASE):
        return  # the address begins before this line of it
    if _REFUSED.search(lead) or _PHONE.search(text) or _NOT_APPEALS.search(f"{lead[-40:]} {text}"):
        return
    heading = sentence.heading.split(" / ")[-1]
    if NEXT_LEVEL.search(heading) or (NOT_OUR_HEADING.search(heading) and not APPEAL.search(heading)):
        return
    named = _NAMED.search(text) is not None
    here = APPEAL.search(f"{sentence.heading} {sentence.text[:start]} {sentence.before}")
    if named or (_CUE.search(lead) and here and not NEXT_LEVEL.search(sentence.text[:start])):
        yield (
            named,
            sentence.proposal("send_to_mail", _one_line(text), (start, end), HIGH if named else MEDIUM),
        )


_SPOKEN_LABEL: Final = re.compile(
    r"(?:for an? (?:standard|fast|expedited|urgent) (?:appeal|grievance|decision):?\s+)?"
    r"(?:(?:tell us )?(?:by )?(?:mail|write|letter|post|send|address)"
    r"(?! (?:stop|code|drop|office|room)\b)(?: to)?:?\s+(?=[A-Z0-9]))?",
    re.IGNORECASE,
)
_NO_STREET: Final = re.compile(
    r"\b(?:web|website|online|fax|tel|telephone|phone|call|tty|e-?mail)\b|@|\b[\w-]+\.(?:example|com|org|net|gov)\b",
    re.IGNORECASE,
)
"""Words of another line that ran into the address."""
_LINE_LABEL: Final = re.compile(
    r"^(?:by )?(?:(?:mail|write|address|post|mailing address)(?: (?:it )?to)?:\s*|(?:write|mail)(?: to)?\s+(?=[A-Z]))",
    re.IGNORECASE,
)
_MOST_LINES: Final = 6


def _blocks(page: Page) -> Iterator[tuple[bool, Proposal]]:
    """An address in lines of its own, under or beside words that send an appeal there."""
    for number, row in enumerate(page.rows):
        for cell in row:
            if not _ZIP_END.search(cell.text) or _PROSE.search(cell.text):
                continue
            block = _lines_above(page, number, cell)
            if len(block) < 2 or not any(_STREET.search(one.text) for one in block):
                continue
            found = _judged(page, block)
            if found:
                yield found


def _lines_above(page: Page, number: int, last: Cell) -> list[Cell]:
    """The lines of one address up to its name: cells over each other that are no sentences and no cues."""
    block = [last]
    for row in reversed(page.rows[max(0, number - _MOST_LINES) : number]):
        over = [cell for cell in row if abs(cell.column - last.column) <= 1]
        if not over or (
            over[0].text.endswith((":", ".", "?"))
            and not re.search(r"\b(?:Inc|Co|Ave|St|Dept|Rd|Blvd|Corp)\.$", over[0].text)
        ):
            break
        if (
            _PROSE.search(over[0].text)
            or _PHONE.search(over[0].text)
            or not re.match(r"[A-Z0-9]", over[0].text)
        ):
            break
        block.insert(0, over[0])
        if (
            len(row) > 1
            and over[0] is not row[0]
            and re.search(r":$|^(?:write|mail|by mail|address|in writing)\b", row[0].text, re.IGNORECASE)
        ):
            break
    return block


def _judged(page: Page, block: Sequence[Cell]) -> tuple[bool, Proposal] | None:
    first = block[0]
    beside = " ".join(cell.text for cell in page.rows[first.row] if cell.start < first.start)
    rows = [row for row in page.rows[max(0, first.row - 4) : first.row] if row]
    above = " ".join(cell.text for row in rows[-2:] for cell in row)
    lead = _BUT_NOT.sub("", f"{above} {beside}".strip())
    text = ", ".join(cell.text.strip(" ,") for cell in block)
    if _NOT_APPEALS.search(f"{lead[-70:]} {text}") or _REFUSED.search(lead[-70:]):
        return None
    named = _NAMED.search(text) is not None
    sends = re.search(
        r"\b(?:mail|write|send|sent|address|post|deliver|in writing|fax|goes|directed|filed|made|submitted|"
        r"paper)\w*\b[^.;]{0,60}:?$",
        lead,
        re.IGNORECASE,
    )
    about = APPEAL.search(page.plain, max(0, first.start - 400), first.start)
    if _NO_STREET.search(text):
        return None
    if not sends or not (named or about) or NEXT_LEVEL.search(lead[-90:]):
        return None
    value = _LINE_LABEL.sub(
        "", ", ".join(page.raw[cell.start : cell.end].strip(" ,") for cell in block), count=1
    )
    spoken = _SPOKEN_LABEL.match(value)
    value = value[spoken.end() :] if spoken else value
    if len({cell.column for cell in block}) == 1 and all(cell is page.rows[cell.row][0] for cell in block):
        proposal = page.proposal("send_to_mail", _one_line(value), first.start, block[-1].end, HIGH)
    else:  # another column stands between the lines: the line with the street proves it
        shown = next((cell for cell in block if _STREET.search(cell.text)), first)
        proposal = page.proposal("send_to_mail", _one_line(value), shown.start, shown.end, MEDIUM)
    return named, proposal


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip(" ,")


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


_NOT_THERE: Final = re.compile(
    r"\b(?:do not|don't|not|never|no longer|cannot|can't|out of service)\b[^.;]{0,60}$", re.IGNORECASE
)
_OTHER_OFFICE: Final = re.compile(
    r"\b(?:prescriber|pharmac\w+|provider|customer|member services?|claims?(?! appeals?)|external|independent|"
    r"complaints?|questions)\b",
    re.IGNORECASE,
)
_WEB: Final = re.compile(
    r"(?<![\w@.])(?:https?://)?(?:www\.)?(?:[a-z0-9-]+\.)+(?:com|org|net|gov|health|us|care|"
    r"example|test)(?:/[\w./%#-]*[\w/])?(?![\w@])",
    re.IGNORECASE,
)


def web_page(pages: Sequence[Page]) -> Iterator[Proposal]:
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
                    and not _NOT_THERE.search(before)
                    and not _OTHER_OFFICE.search(before[-30:])
                    and (named or "/" in match[0])
                ):
                    start = row[0].start + match.start()
                    found.append(
                        page.proposal("send_to_portal", match[0], start, start + len(match[0]), HIGH)
                    )
    if len({one.value.lower() for one in found}) == 1:
        yield found[0]
