"""Whether a telephone number is the one for the member's appeal: by its own words, its block and what is said around."""

from __future__ import annotations

import re
from typing import Final

from appeals.intake.asides import in_quotation, is_aside, tells_of_before
from appeals.intake.layout import Cell, Page, Sentence, begins_item
from appeals.intake.proceedings import ANOTHER_OFFICE, APPEAL_WORD, BACK_REFERENCE
from appeals.intake.subjects import APPEAL, NOT_OUR_HEADING, PEERS, RECORDS, WITH_DOCTOR, is_for_providers
from appeals.intake.telephones import PHONE, QUICK, Telephone

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
    r"main (?:fax|office)|old|former|premium)\b|"
    r"^\W*(?:members?|enrollees?|subscribers?|participants?|patients?)\W+(?:(?:can|may|should|please) )?call\W*$",
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


def is_near(number: Telephone) -> bool:
    """Whether the number stands in the part of the letter that tells where an appeal goes."""
    sentence, own, page, row = number.sentence, number.own_words, number.place[0], number.row
    if sentence is None:
        return False
    parts = sentence.heading.split(" / ")
    if len(parts) > 1 and _OTHER_PLACE.search(parts[1]) and not _APPEAL_PLACE.search(parts[1]):
        return False
    if in_list_of_appeals(page, row):
        return True
    if _OTHER_PLACE.search(parts[0]) and not _APPEAL_PLACE.search(parts[0]):
        return _PLAIN_APPEAL.search(own) is not None
    if _APPEAL_PLACE.search(f"{sentence.heading} {own}"):
        return True
    whole = sentence.text
    sends = re.search(r"\b(?:send|fax|mail)\b", whole, re.IGNORECASE)
    if (
        sends
        and len(PHONE.findall(whole)) == 1
        and _APPEAL_PLACE.search(whole)
        and not _OTHER_PLACE.search(whole)
    ):
        return True
    block = f"{_item_before(page, row)} {_row_before(page, row, own)}"
    return _APPEAL_PLACE.search(sentence.before) is not None or (
        _APPEAL_PLACE.search(block) is not None and not _OTHER_PLACE.search(block)
    )


_CONTACT_ROW: Final = re.compile(
    r"\W*(?:by |tell us by )?(?:call|fax|send|mail|phone|telephone|tel|write|web|website|online|internet|tty|post|"
    r"letter|e-?mail)\b",
    re.IGNORECASE,
)
_FEWEST_ROWS: Final = 2


def in_list_of_appeals(page: Page, row: int) -> bool:
    """Whether the row belongs to a list of ways to reach one office, whose address is the one for appeals."""
    first = last = row
    while first > 0 and page.rows[first - 1] and _CONTACT_ROW.match(page.rows[first - 1][0].text):
        first -= 1
    while (
        last + 1 < len(page.rows) and page.rows[last + 1] and _CONTACT_ROW.match(page.rows[last + 1][0].text)
    ):
        last += 1
    if last - first + 1 < _FEWEST_ROWS or not _CONTACT_ROW.match(page.rows[row][0].text):
        return False
    text = " ".join(cell.text for cells in page.rows[first : last + 1] for cell in cells)
    named = re.search(r"\b(?:Appeals?|Redeterminations?|Reconsiderations?)\b", text)
    return named is not None and not ANOTHER_OFFICE.search(text) and not _ELSEWHERE.search(text)


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


def is_quick(number: Telephone) -> bool:
    """Whether a number is the one for urgent appeals: by its own words, or by the row, block or sentence over it."""
    tail = re.match(r"\s*\(([^)]*)\)", number.after)
    if tail and (QUICK.search(tail[1]) or _STANDARD.search(tail[1])):
        return bool(QUICK.search(tail[1])) and not re.search(r"\b(?:and|all)\b", tail[1], re.IGNORECASE)
    said = _row_says(number)
    if said is not None:
        return said
    later = re.match(r",?\s(?:if|when|for)\b[^.;\d]{0,30}", number.after)
    own = number.own_words[-90:]
    both = re.search(r"\bstandard\b", own, re.IGNORECASE)
    if bool(QUICK.search(own) and not both) or bool(later and QUICK.search(later[0])):
        return True
    return not both and (_under_quick(number) or _headed_quick(number) or _after_quick(number))


def _opens_with_speed(line: str) -> bool:
    opening = " ".join(line.split()[:3])
    return QUICK.search(opening) is not None or _STANDARD.search(opening) is not None


def _row_says(number: Telephone) -> bool | None:
    """What the number's own row says, since the number before it: urgent, not urgent, or nothing."""
    page, start, _ = number.place
    end = page.plain.find(number.printed[-4:], start)
    line = page.plain[page.line_starts[number.row] : end]
    previous = [match for match in PHONE.finditer(line) if match.end() < len(line)]
    label = re.split(r"[.;!?]\s", line[previous[-1].end() if previous else 0 :])[-1]
    for words in (label, line if _opens_with_speed(line) else ""):
        quick, standard = QUICK.search(words), _STANDARD.search(words)
        if bool(quick) != bool(standard):
            return bool(quick)
    return None


_STANDARD: Final = re.compile(
    r"\b(?:standard|in writing|regular|non-?urgent|level (?:1|one)|all other|ordinary)\b", re.IGNORECASE
)
_BLOCK_LABEL: Final = re.compile(
    r"^[ ]*(?:[*-] )?(?:for|to ask for|to request|to file|send|if)\b[^\n:]{0,24}\b(?:(?P<quick>fast|urgent|"
    r"expedited|rush)|standard|regular)\b[^\n:]{0,24}:",
    re.IGNORECASE | re.MULTILINE,
)
_LONGEST_HEAD: Final = 6
"""Words of a line that stands over a block as its head."""


def _under_quick(number: Telephone) -> bool:
    """Whether the row, the column or the labelled block that a number stands in is the one for urgent appeals."""
    page, start, _ = number.place
    row = number.row
    line = page.plain[page.line_starts[row] : start]
    own_row = [match for match in QUICK.finditer(line)]
    if own_row and len(PHONE.findall(line)) <= 1 and not re.search(r"[.;!?]\s", line[own_row[-1].end() :]):
        return not _STANDARD.search(line, own_row[-1].end())
    cells = page.rows[row]
    mine = next((cell for cell in reversed(cells) if cell.start <= start), None)
    if mine is None:
        return False
    if len(cells) > 1 and mine is not cells[0]:
        above = _column_above(page, row, mine)
        if any(QUICK.search(text) for text in above) and not any(_STANDARD.search(text) for text in above):
            return True
    labels = list(_BLOCK_LABEL.finditer(page.plain, max(0, start - 320), start))
    return (
        bool(labels)
        and labels[-1]["quick"] is not None
        and "\n\n" not in page.plain[labels[-1].end() : start]
    )


def _column_above(page: Page, row: int, mine: Cell) -> list[str]:
    """What its column says in the five rows over a cell; beyond a gap in the column only what can be a head."""
    said: list[str] = []
    gap = False
    for cells in reversed(page.rows[max(0, row - 5) : row]):
        texts = [cell.text for cell in cells if abs(cell.column - mine.column) <= 3]
        gap = gap or not texts
        said += [
            text
            for text in texts
            if not gap
            or (len(text.split()) <= _LONGEST_HEAD and text[:1].isupper() and text[-1:] not in ".,")
        ]
    return said


def _headed_quick(number: Telephone) -> bool:
    """Whether the nearest short line over a number in its paragraph, or the head of its item, is one of urgent appeals."""
    page = number.place[0]
    for cells in reversed(page.rows[max(0, number.row - 8) : number.row]):
        if not cells:
            return False
        text = cells[0].text
        opening = re.split(r"[.:](?:\s|$)", text, maxsplit=1)[0] if begins_item(text) else text
        if PHONE.search(text) or len(opening.split()) > _LONGEST_HEAD or opening.endswith((".", ",")):
            continue
        if QUICK.search(opening) or _STANDARD.search(opening):
            return not _STANDARD.search(opening)
    return False


def _after_quick(number: Telephone) -> bool:
    """`You may ask for an urgent appeal. Call ... or fax ...`: short words that go on with the sentence before."""
    sentence = number.sentence
    if sentence is None or not re.match(
        r"\W*(?:call|fax|phone|telephone|dial|use)\b", sentence.text, re.IGNORECASE
    ):
        return False
    return QUICK.search(sentence.before) is not None and not _STANDARD.search(sentence.before)


_OTHER_WORD: Final = re.compile(
    r"\b(?:external|outside review|independent|hearing|peer|customer|member services|member advocates|"
    r"questions?|claims? (?:fax|dep\w+|address|line)|"
    r"providers?|prescribers?|pharmacy|records|complaints?|billing|utilization|corrected|exception|clinicals?|physicians only|"
    r"requests? for|OPM|department of|ombuds\w+|legal)\b",
    re.IGNORECASE,
)
_REACH: Final = 600


def _block_before(number: Telephone) -> str:
    """The text of a number's paragraph up to it, without words that only look back at an appeal."""
    page, start, _ = number.place
    first = number.row
    while first > 0 and page.rows[first - 1] and number.row - first < 14:
        first -= 1
    text = page.plain[max(page.line_starts[first], start - _REACH) : start]
    return BACK_REFERENCE.sub(" ", re.sub(r"\s+", " ", text))


def is_for_another(number: Telephone, asides: frozenset[tuple[int, int]]) -> bool:
    """Whether what is said around a number gives it to another office, another letter or another proceeding."""
    own = number.own_words
    sentence = number.sentence
    if sentence is not None:
        at = sentence.text.find(number.printed)
        if (
            tells_of_before(sentence)
            or is_aside(sentence, asides)
            or (at > 0 and in_quotation(sentence.text, at))
        ):
            return True
    if sentence is not None and _for_those_who_treat(sentence, sentence.text.find(number.printed)):
        return True
    if _COPIES.search(own) or _RECORDS_ONLY.search(_label_above(number)):
        return True
    if _OBJECT.search(own) and not is_quick(number):
        return True
    before = _block_before(number)
    others, appeals = list(ANOTHER_OFFICE.finditer(before)), list(APPEAL_WORD.finditer(before))
    if others and _INITIALS.search(own):
        return True
    return bool(others) and (not appeals or appeals[-1].start() < others[-1].start())


def _for_those_who_treat(sentence: Sentence, at: int) -> bool:
    """Whether the sentence up to a number, the one before or the heading gives the right to doctors only."""
    head = sentence.heading.split(" / ")[-1]
    if NOT_OUR_HEADING.search(head) and not APPEAL.search(head):
        return True
    told = sentence.text[: max(at, 0)]
    goes_on = not re.search(r"\b(?:you|member)s?\b", told, re.IGNORECASE)
    return is_for_providers(told) or (
        goes_on and is_for_providers(sentence.before) and not _BOTH.search(sentence.before)
    )


_BOTH: Final = re.compile(
    r"\b(?:for you|with you|on your behalf|for the member|too|also|permission|consent)\b", re.IGNORECASE
)
_INITIALS: Final = re.compile(r"(?<![\w-])(?!TTY|TDD|FAX)[A-Z]{3,5} (?i:appeals? )?(?i:fax|phone|line)\W*$")
"""`DHS appeals fax` after words on a state agency: the number is the agency's."""
_RECORDS_ONLY: Final = re.compile(
    r"\b(?:records|notes|claims?|providers?|billing|hearings?|external|copies|questions)\b", re.IGNORECASE
)


def _label_above(number: Telephone) -> str:
    """The label right over a number's cell in its own column, where the row stands in columns."""
    page, start, _ = number.place
    mine = next((cell for cell in reversed(page.rows[number.row]) if cell.start <= start), None)
    if mine is None or number.row == 0 or _APPEALS.search(number.own_words):
        return ""
    over = [cell.text for cell in page.rows[number.row - 1] if abs(cell.column - mine.column) <= 3]
    return over[0] if over and over[0].endswith(":") else ""


_APPEALS: Final = re.compile(r"\bappeals?\b", re.IGNORECASE)
_COPIES: Final = re.compile(
    r"\bcop(?:y|ies) of\b|\bdocuments relevant\b|\b(?:your|the|whole|case) file\b|\bfree of charge\b|\bguideline\b|"
    r"\bstatus of\b|\bto see\b|\bhelp (?:reading|understanding|with (?:this|the) (?:letter|notice))\b|"
    r"\bif you (?:need|want|would like) (?:help|another|this (?:letter|notice))\b",
    re.IGNORECASE,
)
_OBJECT: Final = re.compile(
    r"\b(?:fax|send|return|submit)\w*(?: us)? (?:the|your|this|that|a|any|all|it) (?:\w+ ){0,3}?"
    r"(?:certification|statement|(?<!the )(?<!this )(?<!your )(?<!appeal )form|notes?|records?|"
    r"consent|authorization|proof|paperwork|documents?|evidence|invoice|bill|receipts?)\b[^.;]{0,24}$",
    re.IGNORECASE,
)
"""What is faxed there is no appeal."""


def in_appeal_block(number: Telephone) -> bool:
    """Whether the last proceeding named before a number is the appeal, and its own words name no other office."""
    page, start, _ = number.place
    before = BACK_REFERENCE.sub(" ", re.sub(r"\s+", " ", page.plain[max(0, start - _REACH) : start]))
    appeal, other = list(APPEAL_WORD.finditer(before)), list(_OTHER_WORD.finditer(before))
    if _ELSEWHERE.search(number.own_words[-60:]) or _OTHER_WORD.search(number.own_words[-60:]):
        return False
    return bool(appeal) and (not other or other[-1].start() < appeal[-1].start()) and not is_for_peers(number)


def is_elsewhere(number: Telephone) -> bool:
    """Whether the number's own words name another office."""
    return _ELSEWHERE.search(number.own_words) is not None


def is_for_records(number: Telephone) -> bool:
    """Whether the number's own sentence asks for records and not for an appeal."""
    return RECORDS.search(number.own_words) is not None and not APPEAL_WORD.search(number.own_words)


def is_for_peers(number: Telephone) -> bool:
    """Whether the number's own words, the sentence they go on with, or its head give it to a talk between doctors."""
    own, sentence = number.own_words, number.sentence
    if PEERS.search(own) or WITH_DOCTOR.search(own):
        return True
    if sentence is None:
        return False
    head = sentence.heading
    goes_on = re.match(r"\W*(?:call|phone|telephone|dial)\b", sentence.text, re.IGNORECASE)
    return bool(
        (PEERS.search(head) and not APPEAL_WORD.search(own))
        or (goes_on and (PEERS.search(sentence.before) or WITH_DOCTOR.search(sentence.before)))
        or (
            len(own) < 60
            and PEERS.search(sentence.text.partition(number.printed)[0])
            and not APPEAL_WORD.search(own)
        )
    )
