"""Ways to a payer, each with where it is known from: a confirmed letter first, then what the organization keeps for this payer.

Nothing is made up, and nothing is chosen: a person picks, and may write something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import F

from advocacy.access.policy import Actor, visible
from cases.models import Case, PayerChannel


@dataclass(frozen=True)
class Way:
    """`channel` is fax, mail, portal, phone or email; `purpose` one of `PayerChannel`'s, "" for any; `source` words."""

    key: str
    channel: str
    address: str
    source: str
    purpose: str = ""

    @property
    def channel_words(self) -> str:
        return _WORDS[self.channel]

    @property
    def purpose_words(self) -> str:
        return str(PayerChannel.Purpose(self.purpose).label) if self.purpose else ""


_CHANNEL: Final = {"fax": "fax", "post": "mail", "portal": "portal", "phone": "phone", "email": "email"}
_WORDS: Final = {"fax": "Fax", "mail": "Post", "portal": "Portal", "phone": "Phone", "email": "E-mail"}

PURPOSES: Final = tuple(PayerChannel.Purpose.values)

letter_ways: list[Callable[[Case], Iterable[Way]]] = []
"""What the apps above know from confirmed letters of a case; filled when they are ready."""


def ways_of_letters(case: Case) -> tuple[Way, ...]:
    """What the confirmed letters of a case say, the newest letter first."""
    return tuple(way for tell in letter_ways for way in tell(case))


def ways_to_payer(
    actor: Actor,
    case: Case,
    *,
    purposes: Sequence[str],
    channels: Sequence[str],
    letters: Iterable[Way],
    entry: bool = True,
) -> tuple[Way, ...]:
    """`letters` first, then what is kept for these purposes (checked last first, retired ones left out), then the payer's entry
    where it is asked for.

    Only of these channels. What a source before it says already is not said again.
    """
    payer = case.coverage.payer
    kept = PayerChannel.objects.filter(
        visible(actor, PayerChannel), payer=payer, purpose__in=purposes, retired_at=None
    ).order_by(F("checked_on").desc(nulls_last=True), "id")
    numbers = [("fax", payer.fax), ("phone", payer.phone)] if entry else []
    offered = [
        *letters,
        *(_kept(row) for row in kept),
        *(
            Way(f"entry-{channel}", channel, value, "from the payer's entry in the look-ups (check it)")
            for channel, value in numbers
            if value
        ),
    ]
    found: dict[tuple[str, str], Way] = {}
    for way in offered:
        if way.channel in channels:
            found.setdefault((way.channel, _same(way)), way)
    return tuple(found.values())


def _kept(row: PayerChannel) -> Way:
    day = row.checked_on
    checked = f"checked on {day:%B} {day.day}, {day.year}" if day else "not checked yet"
    parts = [f"kept for this payer, {checked}"]
    if row.line_of_business:
        parts.append(f"for {row.line_of_business} only")
    if row.source:
        parts.append(f"found in: {row.source}")
    return Way(str(row.public_id), _CHANNEL[row.way], row.address, "; ".join(parts), row.purpose)


def _same(way: Way) -> str:
    """What two ways to one place have in common: of a number the digits, of an address its words."""
    if way.channel in ("fax", "phone"):
        digits = "".join(c for c in way.address if c.isdigit())
        return digits.removeprefix("1") if len(digits) == 11 else digits or way.address
    return " ".join(way.address.casefold().split()).rstrip("/")
