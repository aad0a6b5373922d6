"""The dates of the notice, told apart from dates of birth, of service, of forms and of anything else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from appeals.intake.asides import decides_appeal
from appeals.intake.dates import PrintedDate, date_at_start, find_dates
from appeals.intake.elsewhere import on_cover
from appeals.intake.labels import ANY_LABEL, Found, Value, best, every_value, label
from appeals.intake.layout import Cell, Page
from appeals.intake.proposal import MEDIUM, Proposal

_NOTICE_DATE: Final = (
    label(
        r"(?:notice|letter|ltr\.?|statement)\sdate|date\sof\s(?:this\s|the\s)?(?:(?:decision|denial|determination)\s)?"
        r"(?:notice|letter|statement)|"
        r"date\sissued|EOB\sdate|(?:notice|letter|determination|decision)\s(?:issued|dated)(?:\son)?(?=\s*:|"
        r"\Z|\s[\w/, .-]{6,20}\Z)|"
        r"\Aissued(?:\son)?(?=\s\S)|fecha\s(?:del?\s)?(?:la\s)?(?:este\s|esta\s)?(?:aviso|carta|notificaci[o\u00f3]n|decisi[o\u00f3]n)|"
        r"\A(?:issued|dated)(?=\s[\w/, .-]{6,20}\Z)|\A(?:notice|letter|explanation|statement)(?:\sof\s[A-Za-z ]{3,30}?)?\sdated"
        r"(?=\s[\w/, .-]{6,20}\Z)|"
        r"\A(?:report|statement|summary)\s(?:of|date)(?=\Z|\s*:|\s[\w/, .-]{6,20}\Z)|"
        r"\A(?:issued|written|dated|notice|letter)(?:\s(?:on|of))?(?=\Z)|\A(?:written|notice)(?:\son|"
        r"\sof)?(?=\s[\w/, .-]{6,20}\Z)|"
        r"\Anotice\smailed\sand\sdated(?=\s*:)|date\sof\sthis\sEOB|summary\sdate|date\s(?:of\s)?(?:this\s)?summary|"
        r"date\son\sthis\s(?:notice|letter)|issue\sdate|date\sof\s(?:issue|issuance)|issued(?:\son)?(?=\s*:)|(?:this\s)(?:notice|letter|"
        r"statement)\sis\sdated"
    ),
    label(
        r"date(?=\s*:)|fecha(?=\s*:)|dated(?=\s*:)|\Adate(?=\Z)|today's\sdate",
        1,
        opens=True,
    ),
    label(
        r"(?:date\sprocessed|process(?:ed|ing)\sdate|remittance\sdate|payment\sdate|date\sof\sremittance|"
        r"date\spaid|process\sdate)|processed(?:\son)?(?=\s*:)|\A(?:produced|prepared|generated)\son|"
        r"\A(?:processed|prepared|produced|generated)(?:\son)?(?=\Z|\s*:|\s[\w/, .-]{6,20}\Z)",
        2,
    ),
)
_SENT_DATE: Final = (
    label(
        r"(?:date\s(?:of\s)?(?:mailed|mailing|sent)|mail(?:ed|ing)?\sdate|(?:mailed|"
        r"sent)(?:\son)?(?=\s*:)|\A(?:mailed|sent)(?:\son)?(?=\s\S)|enviad[oa](?:\sel)?(?=\s*:)|postmark(?:ed)?(?:\sdate)?|"
        r"(?:placed|put|deposited)\sin\s(?:the\s)?(?:u\.?s\.?\s)?mail(?:\son)?|"
        r"\A(?:mailed|sent|posted|when\ssent|notice\ssent)(?:\son)?(?=\Z|\s\d|\s(?-i:[A-Z])\w+\s\d)|"
        r"\A(?:date\s)?we\smailed\s(?:it|this(?:\s(?:letter|notice|decision))?)(?:\son)?|"
        r"\Asent\sby\s[a-z -]{4,20}mail(?=\s*:|\s)|"
        r"(?<=\()(?:mailed|sent|posted)|"
        r"(?:this\s(?:notice|letter)\swas\s(?:mailed|sent)(?:\sto\syou)?(?:\son)?))"
    ),
)
_PRINTED: Final = (label(r"\A(?:print\sdate|date\sprinted|printed(?:\son)?)(?=\Z|\s*:|\s[\w/, .-]{6,20}\Z)"),)
_DECIDED: Final = (
    label(
        r"(?:decision|determination)\sdate|date\sof\s(?:the\s|this\s|our\s)?(?:decision|determination|"
        r"denial)"
    ),
)
_RECEIVED: Final = (
    label(
        r"request\sreceived(?:\son)?|(?:request\sreceipt|receipt\sof\srequest)\sdate|"
        r"date\s(?:request\s|your\srequest\s(?:was\s)?)received|"
        r"received\sdate|date\sreceived|date\sof\s(?:the\s|your\s)?request\sreceipt|"
        r"request\s(?:came(?:\sin)?|came\sto\sus|logged(?:\sin)?|arrived|reached\sus)|date\swe\sreceived\s(?:it|the\srequest|your\srequest)|"
        r"request\s(?:rec'?d|recv'?d|in|got)|(?:date\s)?we\sgot\s(?:the|your|this)\srequest"
    ),
    label(r"\A(?:received|rec'?d|recv'?d?|rcvd)(?:\son)?(?=\s*:|\Z|\s\S)", 1),
)
_CHANGE: Final = (
    label(
        r"effective\sdate\sof\s(?:this\s|the\s)?(?:change|action|reduction|termination|decision)|"
        r"(?:change|action|reduction)\s(?:starts|takes\seffect|begins)(?:\son)?"
    ),
)


def _day(text: str) -> Value | None:
    printed = date_at_start(text)
    return (printed.start, printed.end, printed.day.isoformat()) if printed else None


def notice_dates(pages: Sequence[Page]) -> Iterator[Proposal]:
    """Notice date, mailing date, the day the request arrived, and the day a change of care begins."""
    notice = [
        one
        for one in every_value(pages, _NOTICE_DATE, _day, barred=_NOT_NOTICE)
        if not on_cover(one.page, one.start, one.value)
    ]
    sent = every_value(pages, _SENT_DATE, _day)
    decided = every_value(pages, _DECIDED, _day)
    bare = list(_bare_dates(pages[0])) if pages else []
    notice = notice or list(_told_issued(pages))
    sent_fact = list(best("sent_date", sent))
    yield from sent_fact
    bare = [one for one in bare if not on_cover(one.page, one.start, one.value)]
    if len({one.value for one in bare}) < len(bare):
        bare = []  # one date in several rows is the day of services, not of the letter
    if notice:
        yield from best("notice_date", notice)
    elif bare:
        yield from best("notice_date", bare)
    elif (
        sent_fact
        and all(one.value == sent[0].value for one in decided)
        and not _other_date_in_head(pages[0], sent[0].value)
    ):
        yield from best(
            "notice_date", sent, MEDIUM
        )  # the only date on the letter's face is the day it was mailed
    elif decided and not sent and not _other_date_in_head(pages[0], decided[0].value):
        yield from best("notice_date", decided, MEDIUM)
    elif (
        not sent
        and not decided
        and (printed := every_value(pages[:1], _PRINTED, _day, barred=_NOT_NOTICE))
        and not _other_date_in_head(pages[0], printed[0].value)
    ):
        yield from best("notice_date", printed, MEDIUM)
    received = every_value(pages, _RECEIVED, _day, barred=_NOT_REQUEST)
    if decides_appeal(pages) or sum(len(_AMOUNT.findall(page.plain)) for page in pages) > _FEW_AMOUNTS:
        received = [
            one for one in received if one.rank == 0
        ]  # a bare `Received` tells of the appeal or the claim
    received = received or list(_told_received(pages))
    yield from best("request_received_date", received)
    yield from best("effective_date", every_value(pages, _CHANGE, _day) or list(_told_change(pages)))


_NOT_NOTICE: Final = re.compile(
    r"\b(?:form|revision|print|printed|previous|prior|original|first|earlier|effective|service|"
    r"birth|receipt|received|due|your|"
    r"from|of|within|after|on)\s*(?:the\s)?$",
    re.IGNORECASE,
)
_NOT_REQUEST: Final = re.compile(
    r"\b(?:statement|records?|appeal|claim|payment|premium|fax|additional|last|mail|was)\s*$", re.IGNORECASE
)


_SALUTATION: Final = re.compile(r"\s*(?:dear|to whom)\b", re.IGNORECASE)
_HEAD_ROWS: Final = 18
_MOST_CELLS: Final = 3
_OF_LETTER: Final = re.compile(r"\b(?:notice|letter|issued|dated|today)\b", re.IGNORECASE)
_FEW_AMOUNTS: Final = 2
_AMOUNT: Final = re.compile(r"\d\.\d\d(?!\d)")


def _bare_dates(page: Page) -> Iterator[Found]:
    """A date alone in its cell in the letter's head, with no label beside or above it."""
    seen = 0
    services = {
        cell.column
        for row in page.rows
        if row and _AMOUNT.search(page.plain, row[0].start, row[-1].end)
        for cell in row
        if date_at_start(cell.text)
    }
    for number, row in enumerate(page.rows):
        if not row:
            continue
        seen += 1
        if len(row) > 2 and _AMOUNT.search(page.plain, row[0].start, row[-1].end):
            continue  # a line of a statement
        greeting = _SALUTATION.match(row[0].text)
        if seen > _HEAD_ROWS or (greeting and len(row) == 1):
            return
        for place, cell in enumerate(row):
            printed = date_at_start(cell.text)
            if printed is None:
                continue
            if cell.column in services:
                continue  # a line of services, its amounts in the rows under it
            rest = cell.text[printed.end :].strip(" .")
            if rest and not _THEN_SENT.match(rest):
                continue
            left = row[place - 1].text if place and not greeting else ""
            above = [
                other for other in _previous(page, number) if other.column < cell.column + len(cell.text)
            ]
            above = [other for other in above if other.column + len(other.text) > cell.column]
            if greeting and place == 0:
                continue
            if re.fullmatch(r"(?!notice|letter|issued|dated|today)[\w'#./]{2,14}:?", left, re.IGNORECASE):
                continue  # one short word before a date says what the date is
            if left.endswith("..") or (len(row) > _MOST_CELLS and not _OF_LETTER.search(left)):
                continue  # dots that lead to it, or one of several labelled cells: a date of something
            if any(_is_datelabel(text) for text in (left, *(other.text for other in above))) or _islabel(
                left
            ):
                continue
            yield Found(
                0, printed.day.isoformat(), page, cell.start + printed.start, cell.start + printed.end
            )


_THEN_SENT: Final = re.compile(r"[(,-]\s?(?:mailed|sent|posted)\b", re.IGNORECASE)
"""`August 3, 2026 (mailed August 5, 2026)`"""
_DATED: Final = re.compile(
    r"\W*(?:(?:date|dated|issued|of|on|this|the|our|notice|letter|today)\W+){1,5}", re.IGNORECASE
)


def _other_date_in_head(page: Page, day: str) -> bool:
    """Whether the first lines of a letter, before whoever it greets, print another date as the letter's own."""
    for row in [row for row in page.rows if row][:_HEAD_ROWS]:
        if _SALUTATION.match(row[0].text):
            return False
        for cell in row:
            for printed in find_dates(cell.text):
                before = cell.text[: printed.start]
                rest = cell.text[printed.end :].strip(" .")
                alone = (_DATED.fullmatch(before) and not rest) or (
                    not before.strip() and rest.startswith("(")
                )
                if alone and printed.day.isoformat() != day:
                    return True
    return False


def _previous(page: Page, number: int) -> tuple[Cell, ...]:
    return page.rows[number - 1] if number else ()


def _islabel(text: str) -> bool:
    return text.endswith(":") or (
        len(text) < 32 and ANY_LABEL.match(text) is not None and not re.search(r":\s+\S", text)
    )


def _is_datelabel(text: str) -> bool:
    return (
        re.search(
            r"\b(?:date|dob|dos|birth|born|rec(?:ei)?v?e?'?d|recv|rcvd|service|from|through|revised|printed|effective|period|"
            r"on(?=$|\W*$))\b",
            text,
            re.IGNORECASE,
        )
        is not None
    )


_WE_RECEIVED: Final = re.compile(
    r"\b(?:we|[A-Z]\w+(?: [A-Z]\w+)*) (?:received|got|had) (?:a|an|the|your|this|his|her|their) (?:[\w-]+\s){0,4}?request\b|"
    r"\b(?:request|form|referral)(?: for [\w\s]{3,30})? (?:reached us|came in|came to us|arrived|received)\b|\breceived (?:a|the|"
    r"your|this) (?:[\w-]+\s){0,3}?request\b|"
    r"\brequest (?:[\w' ]{0,60}?)(?:was|we) received\b",
    re.IGNORECASE,
)


_OTHER_REQUEST: Final = re.compile(
    r"\bappeal\b|\bnot\b|\bsecond[- ]level\b|\bgrievance\b|\bpharmacy (?:received|got)\b|"
    r"\brequest for (?:an? |the |your |more |all )?(?:\w+ )?(?:records?|cop(?:y|ies)|"
    r"information|files?|documents?|papers|hearing|extension)\b",
    re.IGNORECASE,
)
_NEXT: Final = 5
"""Characters between the words and a date that directly follows them, `on` among them."""


def _told_received(pages: Sequence[Page]) -> Iterator[Found]:
    """`On June 8, 2026 we received a request ...`, or a request named and then `Received 11/30/2026`."""
    for page in pages:
        for sentence in page.sentences:
            dates = find_dates(sentence.text)
            told = _WE_RECEIVED.search(sentence.text)
            if (
                told
                and (near := [one for one in dates if _close(one, told)])
                and (len(dates) == 1 or 0 <= near[0].start - told.end() <= _NEXT)
                and not _OTHER_REQUEST.search(sentence.text)
            ):
                yield _at(page, sentence.places, near[0])
            opening = re.match(r"received (?:on )?", sentence.text, re.IGNORECASE)
            if (
                opening
                and dates
                and dates[0].start <= opening.end()
                and re.search(r"\brequest\b", sentence.before)
            ):
                yield _at(page, sentence.places, dates[0])


_ISSUED: Final = re.compile(
    r"(?:^today is|\bthis (?:notice|letter|decision|statement) (?:is|was) (?:issued|dated|written)\b(?: by (?P<by>[^.;]{3,60}?))?"
    r"(?: on| to you on)?)\s$",
    re.IGNORECASE,
)


def _told_issued(pages: Sequence[Page]) -> Iterator[Found]:
    """`This notice was issued by ... on June 12, 2026`."""
    for page in pages:
        for sentence in page.sentences:
            for printed in find_dates(sentence.text):
                if _ISSUED.search(sentence.text[: printed.start]):
                    yield _at(page, sentence.places, printed)


def _close(printed: PrintedDate, told: re.Match[str]) -> bool:
    return -4 <= told.start() - printed.end <= 4 or 0 <= printed.start - told.end() <= 70


def _told_change(pages: Sequence[Page]) -> Iterator[Found]:
    """`Starting July 20, 2026 we will pay for ...`: the day on which covered care changes."""
    for page in pages:
        for sentence in page.sentences:
            for printed in find_dates(sentence.text):
                lead = re.search(
                    r"\b(?:starting|beginning|effective|as of)\s(?:on\s)?$",
                    sentence.text[: printed.start],
                    re.IGNORECASE,
                )
                follow = re.match(
                    r",?\s(?:we|the plan|your plan) will\s(?:only\s|no longer\s)?(?:pay|cover|stop|approve|reduce|"
                    r"end)",
                    sentence.text[printed.end :],
                )
                if lead and follow:
                    yield _at(page, sentence.places, printed)


def _at(page: Page, places: Sequence[int], printed: PrintedDate) -> Found:
    return Found(0, printed.day.isoformat(), page, places[printed.start], places[printed.end - 1] + 1)
