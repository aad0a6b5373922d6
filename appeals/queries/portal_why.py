"""Why a day of the portal is that day, in its words: what sets it, what it is counted from, what can change it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as mark

from appeals.clock.arithmetic import words_of
from appeals.models import Deadline
from appeals.queries.portal_words import day_words
from appeals.regimes import versions_of
from appeals.regimes.checks import operations_of
from appeals.regimes.shapes import Rule

LAW, LETTER = mark("The law sets this time."), mark("The letter names this day.")
THEIR_LAW = mark("The law sets how long they have.")
COUNTED = mark("We count %(days)s days from %(start)s.")
FROM: dict[str, str] = {
    "receipt": mark(
        "We count from the day the letter came. If we do not know it, we count from the day on it."
    ),
    "determination": mark("We count from the day on the letter."),
    "notice_date": mark("We count from the day on the letter."),
    "sent": mark("We count from the day the letter went out."),
    "received": mark("We count from the day they got our papers."),
}
EARLY = mark("We name an early day, to be safe. The law may give more time.")
LATE = mark("We name the last day they can have. They may have less.")
OURS_MOVES = mark("Did the letter come on another day? Tell us. Then this day can change.")
THEIRS_MOVES = mark("Did they write or call? Tell us. Then this day can change.")
MORE_TIME = mark("They can ask for more time. Then this day moves.")


@dataclass(frozen=True)
class WhyDay:
    """Sentences in the reader's language, and the law they come from, as lawyers write it ("" where there is none)."""

    sentences: tuple[str, ...]
    citation: str


def why_day(deadline: Deadline, named: date | datetime, today: date) -> WhyDay:
    """`named` is the day that the page names for this stored date."""
    versions = versions_of(deadline.rule)
    rule = next((r for r in versions if str(r.version) == deadline.rule_version), None)
    return WhyDay(tuple(_said(deadline, rule, named, today)), deadline.citation)


def _said(deadline: Deadline, rule: Rule | None, named: date | datetime, today: date) -> Iterator[str]:
    ours = deadline.side == Deadline.Side.CLAIMANT
    if rule is None:
        yield _(LETTER)
    else:
        yield _(LAW) if ours else _(THEIR_LAW)
        yield from _counting(deadline, rule, today)
    last, on = deadline.statutory_on, named.date() if isinstance(named, datetime) else named
    if last and ours and on < last:
        yield _(EARLY)
    if last and not ours and on > last:
        yield _(LATE)
    if not ours and rule is not None and rule.extension:
        yield _(MORE_TIME)
    yield _(OURS_MOVES) if ours else _(THEIRS_MOVES)


def _counting(deadline: Deadline, rule: Rule, today: date) -> Iterator[str]:
    """The days and the day they are counted from where the arithmetic says just that, else what they are counted from."""
    top = rule.calculation
    anchors = [n["anchor"] for n in operations_of(top) if isinstance(n.get("anchor"), str)]
    anchor = anchors[0] if len(set(anchors)) == 1 else ""
    if anchor in FROM and top["op"] == "add_days" and deadline.statutory_on:
        start = deadline.statutory_on - timedelta(days=top["n"])
        if any(words_of(start) in line for line in deadline.arithmetic[:2]):
            yield _(COUNTED) % {"days": top["n"], "start": day_words(start, today)}
            return
    if anchor in FROM:
        yield _(FROM[anchor])
