"""What is enough evidence that a number is this case's and a day the notice's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from appeals.intake.elsewhere import in_history, in_passing, on_cover
from appeals.intake.proof import dates_in_head
from appeals.intake.proposal import Proposal
from appeals.intake.said import Said
from appeals.intake.second_dates import labels_of_date

_OF_ELSE: Final = re.compile(
    r"\b(?:earlier|previous|prior (?!auth)|original|first|other|another|related|different|sample|example|spouse|"
    r"brother|sister|disregard|corrected|replaces?|superseded?|vendor(?:'s)?|old|former|hospital(?:'s)?|facility(?:'s)?|"
    r"clinic(?:'s)?|chart|attorney|complaint|new)\b",
    re.IGNORECASE,
)
_NO_NUMBER: Final = re.compile(
    r"[A-TV-Z]\d\d(?:\.\w{1,4})?|\d{1,2}[/-]\d{1,2}[/-]\d{2,4}|(?:19|20)\d\d-\d\d-\d\d|\d{5}|[A-V]\d{4}"
)
_LABEL: Final = {
    "member_id": re.compile(
        r"\b(?:member|subscriber|enrollee|insured|participant|recipient|client|beneficiary|cardholder|card|medicaid|medicare|"
        r"id|identification|policy\s?holder|certificate|rin|mbi|cin|afiliad\w|miembro|employee|patient|plan)\b|#",
        re.IGNORECASE,
    ),
    "reference_number": re.compile(
        r"\b(?:ref(?:erence)?|case|request|claim|notice|determination|denial|decision|review|appeal|tracking|control|"
        r"auth\w*|pre-?auth\w*|pre-?cert\w*|certification|inquiry|file|transaction|action|icn|pa|ur|um|letter|our|caso|"
        r"referencia|reclamaci\w+|number|no)\b|#",
        re.IGNORECASE,
    ),
    "group_number": re.compile(r"\b(?:group|grp|grupo|plan|account|employer)\b", re.IGNORECASE),
    "policy_number": re.compile(r"\b(?:policy|contract|certificate)\b", re.IGNORECASE),
}


_OWNED: Final = re.compile(
    r"(?P<who>[\w&-]+)['\u2019]s?\s(?:\w+\s){0,2}?(?:file|case|reference|ref|claim|request|tracking|control|review|record|"
    r"account|number|no)\b[^;,]{0,20}$",
    re.IGNORECASE,
)
_OWNERS: Final = frozenset(
    {"plan", "member", "patient", "enrollee", "subscriber", "insurer", "company", "today"}
)
_HEAD_ROWS: Final = 4


def _of_another_house(said: Said, every: Sequence[Proposal]) -> bool:
    """Whether a number is somebody's own who is neither the payer nor in the letterhead: `Lakefront's file no. is`."""
    before = " ".join(said.page.plain[max(0, said.proposal.start - 60) : said.proposal.start].split())
    words = " ".join(said.proposal.words.split()).removesuffix(said.proposal.value)
    owned = _OWNED.search(before if before.endswith(words.strip()) else f"{before} {words}".rstrip())
    if owned is None:
        return False
    head = " ".join(cell.text for row in said.pages[0].rows[:_HEAD_ROWS] for cell in row)
    ours = " ".join((head, *(one.value for one in every if one.fact in ("payer", "administrator"))))
    who = owned["who"].casefold()
    return who not in _OWNERS and who not in re.findall(r"[\w&-]+", ours.casefold())


def numbers_case(said: Said, every: Sequence[Proposal]) -> bool:
    """A number whose label stands in its words, its row or the cell over it, and is no code, date or other letter's."""
    proposal = said.proposal
    if _NO_NUMBER.fullmatch(proposal.value) and proposal.fact in ("reference_number", "member_id"):
        return False
    if in_passing(said) or in_history(said):
        return False
    if proposal.fact == "reference_number" and _of_another_house(said, every):
        return False
    above = said.page.rows[said.row - 1] if said.row else ()
    label = " ".join((proposal.words, said.line.split(proposal.value)[0], *(cell.text for cell in above)))
    if not _LABEL[proposal.fact].search(label):
        return False
    own = said.page.plain[max(said.page.line_starts[said.row], proposal.start - 40) : proposal.end]
    own = re.split(r"\s{3,}|[|;]", own.replace(proposal.value, "", 1))[-1]
    return _OF_ELSE.search(own) is None


_PAPER: Final = re.compile(
    r"\b(?:notice|letter|ltr|statement|issu(?:ed?|ance)|dated?|today|fecha|decision|determination|denial|explanation|EOB|"
    r"summary|written|report)\b",
    re.IGNORECASE,
)
_WEAK: Final = re.compile(
    r"\b(?:mail\w*|sent|post\w*|placed|print\w*|prepared|processed|produced|generated|paid|payment|remittance|run)\b",
    re.IGNORECASE,
)
_ANOTHER_DAY: Final = re.compile(
    r"\b(?:birth|dob|born|services?|received?|receipt|rec'?d|rcvd|request\w*|effective|from|through|until|due|deadline|"
    r"begin\w*|"
    r"start\w*|last|next|visit|treatment|admi\w+|period)\b",
    re.IGNORECASE,
)


_CHARGE: Final = re.compile(r"\d\.\d\d\b|\b(?:out of|in) network\b")


def dates_paper(said: Said, every: Sequence[Proposal]) -> bool:
    """A day that its label calls the paper's own, or the only day of the head; a day of mailing is not the notice's."""
    if on_cover(said.page, said.proposal.start, said.proposal.value) or in_history(said):
        return False
    if said.proposal.fact == "sent_date":
        return True
    labels = " ".join(labels_of_date(said.page, said.proposal))
    if _ANOTHER_DAY.search(labels) or _CHARGE.search(said.line):
        return False
    if _PAPER.search(f"{labels} {said.proposal.words}") and not _WEAK.search(labels):
        return True
    if said.proposal.page != 1:
        return False
    head = dates_in_head(said.pages[0])
    bare = {day for _, day, label in head if not label}
    if said.proposal.value in bare and not _WEAK.search(labels):
        return len(bare) == 1
    rivals = {day for _, day, label in head if not label or _PAPER.search(label) or _WEAK.search(label)}
    return _WEAK.search(labels) is not None and rivals <= {said.proposal.value}
