"""The shapes of the checks of a denial notice: what the rules are, what is known of one notice, and what a check answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

FOUND, NOT_FOUND, CANNOT_TELL = "found", "not_found", "cannot_tell"
"""What a check answers. Only NOT_FOUND may be a defect, and only once a person has confirmed it."""


@dataclass(frozen=True)
class Effect:
    """What a defect may do to a clock: an argument with its citation. Never an earlier day for the patient.

    `text` is told to the navigator; `letter` is what a letter to the other side says of it, "" where it says nothing.
    """

    key: str
    text: str
    letter: str
    citation: str
    clock: str


@dataclass(frozen=True)
class When:
    """What has to be so before a check is asked at all; an empty one is always so."""

    timing: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    reduction: bool = False
    urgent: bool = False
    mentions: re.Pattern[str] | None = None


@dataclass(frozen=True)
class Law:
    """One source of a check: for which kinds of coverage and states, since when, and what its absence means.

    `absent` is "defect" or "cannot_tell"; the latter says `because` what nobody can know from the letter.
    """

    regimes: frozenset[str]
    states: frozenset[str]
    citation: str
    confidence: str
    checked_on: date | None
    in_force_from: date
    in_force_to: date | None
    effect: Effect
    absent: str
    because: str
    when: When
    at_least: Mapping[str, int]


@dataclass(frozen=True)
class Check:
    """One thing that a notice has to hold. `enclosed`: it may stand on a sheet that came with the letter."""

    key: str
    title: str
    asks: str
    sentence: str
    way: str
    enclosed: bool
    when: When
    evidence: tuple[re.Pattern[str], ...]
    doubts: tuple[tuple[re.Pattern[str], str], ...]
    laws: tuple[Law, ...]


@dataclass(frozen=True)
class NoticeRules:
    """All checks in their order, validated. `regimes` are every kind of coverage that a law of theirs names."""

    as_of: str
    note: str
    checks: tuple[Check, ...]
    effects: tuple[Effect, ...]
    elsewhere: tuple[re.Pattern[str], ...]

    @property
    def by_key(self) -> Mapping[str, Check]:
        return {check.key: check for check in self.checks}

    @property
    def regimes(self) -> frozenset[str]:
        return frozenset(r for check in self.checks for law in check.laws for r in law.regimes)


@dataclass(frozen=True)
class Notice:
    """The letter's text, page by page, and what a person confirmed about it.

    `regimes` are the kinds of coverage that may apply; `on` is the day whose law counts. `stated` is the time to appeal that
    the letter gives ("180 calendar_day after receipt"), `stated_on` the day it names.
    `reasons` are keys of the refusals' taxonomy.
    """

    pages: tuple[str, ...]
    regimes: tuple[str, ...]
    on: date | None = None
    state: str | None = None
    timing: str = ""
    reasons: frozenset[str] = frozenset()
    reason_words: str = ""
    urgent: bool = False
    reduction: bool = False
    sent_on: date | None = None
    effective_on: date | None = None
    stated: str = ""
    stated_words: str = ""
    stated_on: date | None = None
    send_to: str = ""


@dataclass(frozen=True)
class Finding:
    """What one check answers. `words` prove what was found and stand on `page`; `because` says why nobody can tell."""

    check: Check
    outcome: str
    laws: tuple[Law, ...]
    words: str = ""
    page: int = 0
    because: str = ""

    @property
    def citation(self) -> str:
        return "; ".join(dict.fromkeys(law.citation for law in self.laws))

    @property
    def effects(self) -> tuple[Effect, ...]:
        return tuple({law.effect.key: law.effect for law in self.laws}.values())

    @property
    def confidence(self) -> str:
        """That of the weakest law behind it."""
        order = ("uncertain", "knowledge", "verified")
        return min((law.confidence for law in self.laws), key=order.index)


@dataclass(frozen=True)
class Defect:
    """A defect that a person confirmed: for letters and arguments. `effect` is arguable, moves no date, and is worded for the
    other side."""

    code: str
    citation: str
    sentence: str
    effect: str


@dataclass(frozen=True)
class Said:
    """An answer of one way of looking, before the laws are asked. `outcome` is one of the three, "" where it does not apply."""

    outcome: str
    words: str = ""
    page: int = 0
    because: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
