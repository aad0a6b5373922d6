"""A limit beside its own label in a table of the appeal: `Time limit   65 calendar days after the date of this notice`.

Text that stands in two columns is read column by column, where the label and its limit part; here the row is read alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from appeals.intake.layout import Page, Sentence
from appeals.intake.limits import Limit, limits_of
from appeals.intake.subjects import APPEAL, NEXT_LEVEL, NOT_OURS, RECORDS
from appeals.intake.topics import sentence_at

_LABEL: Final = re.compile(
    r"\W*(?:(?:appeal )?deadline|time (?:limit|allowed)|(?:by )?when|time to (?:appeal|ask|file)|filing (?:limit|deadline))\W*",
    re.IGNORECASE,
)
_BEGINS: Final = re.compile(
    r"\W*(?:within |in |(?:no|not) later than |up to )?(?:the )?(?=\w+)(?P<figure>\w+)", re.IGNORECASE
)
_FEWEST: Final = 30


def limits_in_rows(pages: Sequence[Page]) -> Iterator[Limit]:
    """Limits of thirty days or more, counted from this letter, whose row says no more before them than that they are one."""
    for page in pages:
        for row in page.rows:
            if len(row) < 2 or _LABEL.fullmatch(row[0].text) is None:
                continue
            near = sentence_at(page, row[1].start, row[1].end)
            heading = near.heading.split(" / ")[-1] if near else ""
            if APPEAL.search(heading) is None or any(
                one.search(f"{heading} . {row[1].text}") for one in (NEXT_LEVEL, NOT_OURS, RECORDS)
            ):
                continue
            value = Sentence(
                page,
                row[1].text,
                tuple(range(row[1].start, row[1].end)),
                heading,
                row[0].text,
                row[1].row,
            )
            for limit in limits_of(value):
                begins = _BEGINS.match(value.text)
                if (
                    begins
                    and begins.start("figure") == limit.figure[0]
                    and limit.unit in ("calendar_day", "calendar_month")
                    and (limit.count >= _FEWEST or limit.unit == "calendar_month")
                    and limit.anchor in ("receipt", "notice_date", "mailing")
                ):
                    yield limit
