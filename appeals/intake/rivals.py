"""Every other candidate for a fact of which a letter can hold one: numbers, days, faxes, persons and organizations.

These detectors are permissive on purpose and know nothing of the readers: whatever looks like a candidate is one, unless the
words right before it say that it is something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from appeals.intake.layout import Page
from appeals.intake.names import has_own_word
from appeals.intake.proof import dates_in_head
from appeals.intake.said import Said

_TOKEN: Final = re.compile(
    r"(?<![\w@./$#-])#?(?P<value>(?=[A-Z0-9/.-]*\d[A-Z0-9/.-]*\d[A-Z0-9/.-]*\d)[A-Z0-9][A-Z0-9/.-]{3,30}[A-Z0-9])(?![\w@%]|[.,]\d)"
)
_NO_NUMBER: Final = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}|(?:1-)?\d{3}[-.]\d{3}[-.]\d{4}|\d{3}[-.]\d{4}|[A-V]?\d{4}[A-Z0-9]?|[A-Z]\d\d\.\w{1,4}|"
    r"\d{5}-\d{4}-\d{2}|[\d.]+|\d{5}-\d{4}|CMS-\d+|\d{1,3}/\d{1,3}|1-8\d\d-[A-Z]+"
)
_OF_ELSE: Final = re.compile(
    r"\b(?:npi|group|grp|policy|contract|forms?|guidelines?|criteria|rule|section|sec|part|bulletin|ndc|rx ?bin|bin|pcn|tax|tin|"
    r"check|license|box|suite|ste|street|phone|fax|tel|telephone|tty|account|dept|department|room|station|code|codes|cpt|"
    r"hcpcs|icd|dx|rev|cfr|document|reviewer|diagnosis|version|article|procedure|publication|template|drop|stop|"
    r"earlier|previous|prior|old|original|approval|approved|related|zip|call|extension|ext|dob|lcd|ncd|plan id|payer|omb|ipa|"
    r"chart|rx claim|plan (?:no|number)|cert|replac\w+|supersed\w+|last letter)\b"
    r"[^;,|()]{0,24}$",
    re.IGNORECASE,
)
_OF_MEMBER: Final = re.compile(
    r"\b(?:member|subscriber|enrollee|id|card|cardholder|medicaid|medicare|participant|beneficiary|recipient|identification|"
    r"insured|rin|mbi|cin|patient|client|employee|certificate)\b[^;|()]{0,24}$",
    re.IGNORECASE,
)
_OF_CASE: Final = re.compile(
    r"(?:\b(?:case|claim|ref|reference|file|request|tracking|control|notice|determination|decision|denial|auth\w*|number|no|matter|"
    r"inquiry|review|appeal|event|log|order|icn|docket|transaction|letter|caso|referencia|reclamaci\w+)\b|#)[^;|()]{0,24}$",
    re.IGNORECASE,
)
_FAX_BEFORE: Final = re.compile(r"\b(?:fax\w*|facsimile|telefax)\b[^\d|]{0,40}$", re.IGNORECASE)
_FAX_AFTER: Final = re.compile(r"[ \t]?\(?(?:fax|facsimile)\b(?![^\n\w]{0,12}\d)(?!:)", re.IGNORECASE)
_PHONE: Final = re.compile(r"(?<!\d)(?:1[-. ])?\(?\d{3}\)?[-. ]\s?\d{3}[-. ]\d{4}(?!\d)")
_LEAD: Final = 44
_BESIDE: Final = 80


@dataclass(frozen=True)
class Candidate:
    """A value that may be a fact's, where it stands and the words before it on its line."""

    value: str
    page: int
    start: int
    lead: str


@dataclass(frozen=True)
class Letter:
    """The pages of a letter with every candidate in them, each kind looked for once."""

    pages: Sequence[Page]

    @cached_property
    def text(self) -> str:
        return "\n".join(page.plain for page in self.pages)

    @cached_property
    def prose(self) -> str:
        """The letter in one line, without its gaps."""
        return " ".join(self.text.split())

    @cached_property
    def numbers(self) -> tuple[Candidate, ...]:
        """Tokens with three digits or more that are no date, telephone number, code or sum of money."""
        return tuple(
            Candidate(match["value"], page.number, match.start("value"), _lead(page, match.start("value")))
            for page in self.pages
            for match in _TOKEN.finditer(page.plain)
            if not _NO_NUMBER.fullmatch(match["value"])
        )

    @cached_property
    def cases(self) -> tuple[Candidate, ...]:
        """Numbers whose words make them a case's and nobody's card."""
        return tuple(
            one
            for one in self.numbers
            if _OF_CASE.search(one.lead) and not _OF_ELSE.search(one.lead) and not _OF_MEMBER.search(one.lead)
        )

    @cached_property
    def members(self) -> tuple[Candidate, ...]:
        """Numbers whose words make them a member's."""
        return tuple(
            one for one in self.numbers if _OF_MEMBER.search(one.lead) and not _OF_ELSE.search(one.lead)
        )

    @cached_property
    def faxes(self) -> tuple[Candidate, ...]:
        """Telephone numbers beside the word fax."""
        return tuple(self._faxes())

    def _faxes(self) -> Iterator[Candidate]:
        for page in self.pages:
            for match in _PHONE.finditer(page.plain):
                lead = " ".join(page.plain[max(0, match.start() - 300) : match.start()].split())[-_BESIDE:]
                lead = _PHONE.split(lead)[-1]
                if _FAX_BEFORE.search(lead) or _FAX_AFTER.match(page.plain, match.end()):
                    yield Candidate(digits(match[0]), page.number, match.start(), lead)

    @cached_property
    def days(self) -> tuple[tuple[int, str, str], ...]:
        """Dates of the letter's head: place, day and label, which may stand in the cell before or above."""
        if not self.pages:
            return ()
        page = self.pages[0]
        return tuple(
            (place, day, label or _label_of_cell(page, place)) for place, day, label in dates_in_head(page)
        )

    @cached_property
    def organizations(self) -> tuple[Candidate, ...]:
        """Runs of capitalized words with a word of their own that end with a word of a payer or a vendor."""
        return tuple(
            Candidate(match["name"], 1, match.start(), self.prose[max(0, match.start() - 40) : match.start()])
            for match in _ORGANIZATION.finditer(self.prose)
            if has_own_word(match["name"])
            and not re.search(r"\d", match["name"])
            and not _PUBLIC.search(match["name"])
            and not _NOBODY.fullmatch(match["name"])
            and not _GOES_ON.match(self.prose, match.end())
        )


_ORGANIZATION: Final = re.compile(
    r"(?<![\w-])(?P<name>(?:[A-Z][\w'-]*,? |& |of ){1,6}?(?i:health ?plans?|insurance|assurance|casualty|mutual|indemnity|"
    r"(?:benefit|medical|welfare|care|employees'?|dental) plan|(?:health|benefits?|welfare|medical) (?:trust|fund)|"
    r"administrators|advantage|rx|hmo|ppo|pdp|health(?:care)?|benefits?(?: (?:services|solutions|partners))|"
    r"(?:claims?|administrative|tpa) services|alliance|cooperative|community care)(?: (?i:company|corporation|co|inc|llc)\b)?)"
    r"(?![\w-])"
)


_PUBLIC: Final = re.compile(
    r"\b(?:office|department|dept|division|bureau|superintendent|commission\w*|certificate|explanation)\b",
    re.IGNORECASE,
)
_NOBODY: Final = re.compile(
    r"(?:(?:if|no|other|any|our|your|nobody's|\w+'s|behavioral|mental|child|apple|public|home|senior|marketplace|gold|silver|"
    r"bronze|reason|ref|regional|local|medicare) )+(?:health|insurance|insurance company|health plan|hmo|ppo|rx|advantage)",
    re.IGNORECASE,
)
_GOES_ON: Final = re.compile(
    r" (?:agency|commissioner|department|division|authority|marketplace)\b", re.IGNORECASE
)


def digits(number: str) -> str:
    """A telephone number as its ten digits."""
    return re.sub(r"\D", "", number)[-10:]


def bare(value: str) -> str:
    """A number without its gaps and marks."""
    return re.sub(r"[^0-9A-Z]", "", value.upper())


def lead_of(said: Said, length: int = 60) -> str:
    """The words of a proposal before its value and those before them on its line."""
    plain, proposal = said.page.plain, said.proposal
    row = plain.rfind("\n", 0, proposal.start) + 1
    own = plain[max(row, proposal.start - length) : proposal.start]
    words = proposal.words
    at = words.casefold().rfind(proposal.value.casefold())
    return " ".join((own + (words[:at] if at >= 0 else words)).split())


def _label_of_cell(page: Page, place: int) -> str:
    """What the cell to the left of a date says, or the one above it where both rows are a table's."""
    row = page.plain.count("\n", 0, place)
    cells = page.rows[row]
    number = next((index for index, cell in enumerate(cells) if cell.start <= place < cell.end), 0)
    if number:
        return cells[number - 1].text
    above = page.rows[row - 1] if row else ()
    return above[0].text if len(above) == len(cells) > 1 else ""


def _lead(page: Page, place: int) -> str:
    """The words before a place in its line, or at the end of the line above where it begins its own."""
    row = page.plain.rfind("\n", 0, place) + 1
    own = page.plain[max(row, place - _LEAD) : place]
    if own.strip():
        return own
    return page.plain[max(0, row - _LEAD) : place].replace("\n", " ")
