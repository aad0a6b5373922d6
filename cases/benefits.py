"""The questions of a benefit check, which of them come up, and which are still open. Pure: no Django, no queries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any, Final

from advocacy.errors import Reason

_FILE: Final = Path(__file__).parent / "data" / "benefit_questions.json"

WOULD_NOT_SAY: Final = "would_not_say"
WOULD_NOT_SAY_WORDS: Final = "They would not say"
SAID: Final = "said"
"""The value of an answer that is words or a figure: what was said stands beside it, sealed or as an amount."""

KINDS: Final = ("choice", "words", "money", "percent")
LONGEST_WORDS: Final = 200
MOST_MONEY: Final = Decimal("9999999.99")


@dataclass(frozen=True)
class BenefitQuestion:
    """`asked_when` maps a question to the answers that bring this one up; all of them must hold."""

    key: str
    words: str
    help: str
    kind: str
    choices: Mapping[str, str]
    asked_when: Mapping[str, tuple[str, ...]]
    needed: bool


@dataclass(frozen=True)
class Window:
    """A number of days, and why it is that many."""

    days: int
    why: str


@dataclass(frozen=True)
class Said:
    """One answer as a value: a key for a choice, else `SAID` with words or an amount (US dollars, or percent)."""

    value: str
    words: str = ""
    amount: Decimal | None = None


@cache
def _read() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return read


@cache
def benefit_questions() -> dict[str, BenefitQuestion]:
    """Every question by key, in the order in which they are asked."""
    return {
        raw["key"]: BenefitQuestion(
            key=raw["key"],
            words=raw["words"],
            help=raw["help"],
            kind=raw["kind"],
            choices=raw.get("choices", {}),
            asked_when={key: tuple(values) for key, values in raw["asked_when"].items()},
            needed=raw["needed"],
        )
        for raw in _read()["questions"]
    }


@cache
def window(name: str) -> Window:
    """`network_days`, `referral_days` or `follow_up_days`. Raises KeyError for another name."""
    raw = _read()["windows"][name]
    return Window(raw["days"], raw["why"])


def comes_up(question: BenefitQuestion, answers: Mapping[str, str]) -> bool:
    """Whether the standing answers (question to value) bring this question up."""
    return all(answers.get(key) in values for key, values in question.asked_when.items())


def may_come_up(question: BenefitQuestion, answers: Mapping[str, str]) -> bool:
    """Whether it comes up, or may once what it depends on is answered: one call asks both."""
    return all(key not in answers or answers[key] in values for key, values in question.asked_when.items())


def asked(answers: Mapping[str, str]) -> tuple[BenefitQuestion, ...]:
    """The questions that come up with these answers, in their order."""
    return tuple(q for q in benefit_questions().values() if comes_up(q, answers))


def open_questions(answers: Mapping[str, str]) -> tuple[BenefitQuestion, ...]:
    """Needed questions without an answer. That a plan would not say is an answer: it was asked, and a task asks again."""
    return tuple(q for q in asked(answers) if q.needed and q.key not in answers)


def said(question: BenefitQuestion, given: str) -> Said | Reason:
    """What was chosen or typed as an answer, or the Reason why it is none. Figures may carry $, % and commas."""
    given = given.strip()
    if given == WOULD_NOT_SAY:
        return Said(WOULD_NOT_SAY)
    if question.kind == "choice":
        if given in question.choices:
            return Said(given)
        return Reason("answer_unknown", "Choose one of the answers.", question.key)
    if question.kind == "words":
        if given and len(given) <= LONGEST_WORDS:
            return Said(SAID, words=given)
        return Reason("answer_long", f"Write at most {LONGEST_WORDS} characters.", question.key)
    return _figure(question, given)


def _figure(question: BenefitQuestion, given: str) -> Said | Reason:
    try:
        amount = Decimal(given.replace("$", "").replace("%", "").replace(",", "").strip())
    except InvalidOperation:
        return Reason("figure_form", "Write a number, such as 350 or 20.5.", question.key)
    most = Decimal(100) if question.kind == "percent" else MOST_MONEY
    if not amount.is_finite() or not 0 <= amount <= most:
        what = "0 to 100 percent" if question.kind == "percent" else "0 or more dollars"
        return Reason("figure_range", f"This has to be {what}.", question.key)
    if amount != round(amount, 2):
        return Reason("figure_cents", "Write at most two digits behind the point.", question.key)
    return Said(SAID, amount=round(amount, 2))


def in_words(question: BenefitQuestion, answer: Any) -> str:
    """An answer (a row or a `Said`) as a person reads it."""
    if answer.value == WOULD_NOT_SAY:
        return WOULD_NOT_SAY_WORDS
    if question.kind == "money":
        return f"${answer.amount:,.2f}"
    if question.kind == "percent":
        return f"{answer.amount.normalize():f} %"
    return str(answer.words) if question.kind == "words" else question.choices[answer.value]
