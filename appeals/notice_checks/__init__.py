"""Checks a denial notice against what the law asks it to hold. Pure: no Django, no database, no network.

Every check answers "found" with the words that prove it, "not found", or "cannot tell". What cannot be read, may stand on a
sheet that is not here, or depends on what nobody knows is never a defect. No check knows a clock: a defect is an argument
and moves no date.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from appeals.notice_checks.book import notice_rules
from appeals.notice_checks.shapes import (
    CANNOT_TELL,
    FOUND,
    NOT_FOUND,
    Check,
    Defect,
    Finding,
    Law,
    Notice,
    NoticeRules,
    When,
)
from appeals.notice_checks.text import Letter
from appeals.notice_checks.ways import FROM_FACTS, WAYS

__all__ = [
    "CANNOT_TELL",
    "FOUND",
    "NOT_FOUND",
    "Defect",
    "Finding",
    "Notice",
    "check_notice",
    "defect_of",
    "laws_of",
    "notice_rules",
]

NOT_KNOWN_WHICH = "Which rules apply is not known yet, and not all of them ask for this."


def check_notice(notice: Notice, rules: NoticeRules | None = None) -> tuple[Finding, ...]:
    """What each check that applies answers, in the order of the rules."""
    book = rules or notice_rules()
    letter = Letter(notice.pages)
    return tuple(finding for check in book.checks for finding in _asked(book, check, letter, notice))


def laws_of(check: Check, notice: Notice) -> tuple[Law, ...]:
    """The laws of a check that may govern this notice, by coverage, state and day; conditions about the letter aside."""
    return tuple(
        law
        for law in check.laws
        if law.regimes & set(notice.regimes)
        and (not law.states or notice.state in law.states)
        and _in_force(law, notice.on)
    )


def defect_of(check: Check, laws: tuple[Law, ...]) -> Defect:
    """The check as a defect, for letters and arguments."""
    finding = Finding(check, NOT_FOUND, laws)
    effects = " ".join(f"{e.letter} ({e.citation})" for e in finding.effects if e.letter)
    return Defect(check.key, finding.citation, check.sentence, effects)


def _in_force(law: Law, on: date | None) -> bool:
    if on is None:
        return law.in_force_to is None
    return law.in_force_from <= on and (law.in_force_to is None or on <= law.in_force_to)


def _holds(when: When, letter: Letter, notice: Notice) -> bool:
    return (
        (not when.timing or notice.timing in when.timing)
        and (not when.reasons or bool(when.reasons & notice.reasons))
        and (not when.reduction or notice.reduction)
        and (not when.urgent or notice.urgent)
        and (when.mentions is None or when.mentions.search(letter.text) is not None)
    )


def _asked(book: NoticeRules, check: Check, letter: Letter, notice: Notice) -> Iterator[Finding]:
    laws = tuple(law for law in laws_of(check, notice) if _holds(law.when, letter, notice))
    if not laws or not _holds(check.when, letter, notice):
        return
    said = WAYS[check.way](check, letter, notice, laws)
    if said.outcome == "":
        return
    outcome, because = said.outcome, said.because
    if outcome == NOT_FOUND and (why := _doubt(book, check, letter, notice, laws)):
        outcome, because = CANNOT_TELL, why
    yield Finding(check, outcome, laws, said.words, said.page, because)


def _doubt(book: NoticeRules, check: Check, letter: Letter, notice: Notice, laws: tuple[Law, ...]) -> str:
    """Why what is not found is no defect yet; "" when nothing speaks against it."""
    if check.way not in FROM_FACTS and letter.unreadable:
        return letter.unreadable
    if check.enclosed and (elsewhere := letter.first(book.elsewhere)):
        return f"It may stand on a sheet that is not here: “{elsewhere[0]}”"
    for regime in notice.regimes:
        mine = [law for law in laws if regime in law.regimes]
        if not mine:
            return NOT_KNOWN_WHICH
        if all(law.absent == CANNOT_TELL for law in mine):
            return mine[0].because
    return ""
