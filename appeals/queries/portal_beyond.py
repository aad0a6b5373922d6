"""Beside the day of the portal's first sentence: that the plan may be asked to look again, and what it owes without a day in the
law. In the portal's words; no statements here."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as mark

from appeals.facts import History
from appeals.queries.clocks import Day
from appeals.queries.owed import owed_lines
from appeals.queries.portal_words import day_words
from appeals.queries.reopenings import windows_of

AGAIN = mark("They may look at this answer again if you ask by %(day)s. You do not have to.")
AGAIN_WITH_CAUSE = mark(
    "They may look at this answer again if there is new proof or a clear mistake. Ask by %(day)s. You do not have to."
)
AT_ONCE = mark("The law says your plan must do this now. It names no day. Tell us if a bill comes.")
NO_DAY = mark("The law names no day by when your plan must do this. Tell us if a bill comes.")
FOR_HELPER = {
    AGAIN: mark("They may look at this answer again if they are asked by %(day)s. Nobody has to ask."),
    AGAIN_WITH_CAUSE: mark(
        "They may look at this answer again if there is new proof or a clear mistake. The last day to ask is %(day)s."
    ),
    AT_ONCE: mark("The law says the plan must do this now. It names no day. Tell us if a bill comes."),
    NO_DAY: mark("The law names no day by when the plan must do this. Tell us if a bill comes."),
}
EVERY = (*FOR_HELPER, *FOR_HELPER.values())
FOR_ANY_REASON = "medicare.reopening.any_reason"


def beyond_words(history: History, day: Day, helped: str = "") -> tuple[str, ...]:
    """Sentences in the reader's language; `helped` is not empty where somebody reads who helps. Of several windows the first for
    any reason, else the first for good cause: what is asked for then is what the team looks at."""
    return tuple(_(FOR_HELPER[said] if helped else said) % days for said, days in _said(history, day))


def _said(history: History, day: Day) -> Iterator[tuple[str, dict[str, str]]]:
    owed = owed_lines(history, day)
    if owed:
        yield (AT_ONCE if any(line.owed.at_once for line in owed) else NO_DAY), {}
    windows = [due for due in windows_of(history, day) if due.last_day is not None]
    any_reason = [due for due in windows if due.rule == FOR_ANY_REASON]
    for due in (any_reason or windows)[:1]:
        assert due.last_day is not None
        yield (AGAIN if any_reason else AGAIN_WITH_CAUSE), {"day": day_words(due.last_day, day.today)}
