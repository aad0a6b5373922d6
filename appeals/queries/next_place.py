"""Where the letter of a decision sends the next step, and for which step it names each place.

A decision letter repeats the fax of the plan's own appeals unit beside what it says about an outside review. Sent there an
outside request is lost, so a place is taken for a step only when the letter does not name it for the other kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from appeals.models import Appeal, Decision, Denial, Proposal

INSIDE, OUTSIDE, UNSAID = "inside", "outside", ""
"""A step inside the plan; one that somebody else decides; the letter does not say for which."""

_CHANNEL: Final = {"send_to_fax": "fax", "send_to_mail": "mail", "send_to_portal": "portal"}
_OUTSIDE: Final = (
    r"(?:external|outside|independent(?: external| medical)?) (?:\(external\) )?review"
    r"|independent review(?:er| (?:entity|organization))|\bIRO\b|\bIRE\b|fair hearing|state hearing"
    r"|request for (?:a )?hearing|administrative law judge|appeals council"
)
_INSIDE: Final = (
    r"internal appeal|fast appeal|expedited appeal|(?:first|second|next)[- ]level (?:internal )?appeal|level [12] appeal"
    r"|reconsideration|redetermination|grievance|ask us to look again"
)
_UNIT: Final = r"(?:member|internal|provider) appeals|appeals? (?:unit|department|team|office)"
_CUES: Final = re.compile(rf"(?P<outside>{_OUTSIDE})|(?P<inside>{_INSIDE})", re.IGNORECASE)
_OFFICE: Final = re.compile(_UNIT, re.IGNORECASE)
_BREAK: Final = re.compile(r"\n[ \t]*\n|[.;](?=\s)|\n(?=[ \t]*(?:\d+[.)]|[-*•]))")


@dataclass(frozen=True)
class Place:
    """A place that a letter names: its channel, the value as read, and for which kind of step (INSIDE, OUTSIDE, UNSAID)."""

    channel: str
    value: str
    step: str


def step_named(text: str, start: int, end: int) -> str:
    """For which kind of step a page of a letter names what stands from `start` to `end`.

    The words of its own sentence decide; else the last step named before it on the page; else the office it belongs to.
    """
    begin = max((m.end() for m in _BREAK.finditer(text, 0, start)), default=0)
    stop = next((m.start() for m in _BREAK.finditer(text, end)), len(text))
    near = {str(m.lastgroup) for m in _CUES.finditer(text, begin, stop)}
    if len(near) == 1:
        return near.pop()
    before = [str(m.lastgroup) for m in _CUES.finditer(text, 0, start)]
    if before:
        return before[-1]
    return INSIDE if _OFFICE.search(text, 0, stop) else UNSAID


def places_named(appeal: Appeal) -> tuple[Place, ...]:
    """What the letter of the decision before a level names, as it was read and nobody rejected it; of one channel the newest.

    Empty for a first level, and where the letter was not read. What the denial letter named for the first appeal is named for
    a step inside the plan, unless this letter says otherwise. One statement.
    """
    if not appeal.previous_id:
        return ()
    letters = Decision.objects.filter(appeal_id=appeal.previous_id).values("letter_id")
    read = Proposal.objects.filter(document_version__document__in=letters, fact__in=_CHANNEL)
    rows = read.exclude(status=Proposal.Status.REJECTED).select_related("document_version").order_by("id")
    known = {_plain(value) for value in _of_the_first(appeal.denial)}
    return tuple(
        Place(_CHANNEL[row.fact], row.value, _step(row) or (INSIDE if _plain(row.value) in known else UNSAID))
        for row in rows
        if row.value
    )


def _step(row: Proposal) -> str:
    pages = row.document_version.pages or []
    if not 1 <= row.page <= len(pages):
        return UNSAID
    return step_named(pages[row.page - 1], *row.span)


def _of_the_first(denial: Denial) -> Iterator[str]:
    yield from (v for v in (denial.send_to_fax, denial.send_to_address, denial.send_to_portal) if v)


def _plain(value: str) -> str:
    """A place without what is only its writing: the digits of a number, the letters and digits of an address."""
    kept = re.sub(r"\W", "", value).lower()
    return kept[-10:] if kept.isdigit() else kept
