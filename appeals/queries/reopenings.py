"""What a case may still ask for after its last decision: that it is taken up again. Pure over loaded rows; nothing is stored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from appeals.dues import Due
from appeals.facts import History
from appeals.models import Appeal, Denial
from appeals.queries.clocks import Day
from appeals.queries.in_question import UNFAVORABLE
from appeals.queries.shown_dues import Card, card_of
from appeals.reopenings import reopening_windows
from appeals.rungs import rungs
from appeals.workflow import APPEAL

MAY = "It may be asked for; nobody has to. It is no appeal, it stops no window, and a refusal to reopen cannot be appealed."
NO_DUTY = "No date to keep"


@dataclass(frozen=True)
class LastWord:
    """The last decision about a denial of which no level is open any more, and something stays refused: of a level, or the denial
    itself. `decider` is a key of `DECIDERS`."""

    denial: Denial
    appeal: Appeal | None
    regime: str
    decider: str
    notice_on: date


def last_words(history: History) -> tuple[LastWord, ...]:
    """Of every confirmed denial whose levels have all ended, what was decided last, where that is known with its day."""
    found = []
    for denial in history.denials:
        levels = [a for a in history.appeals if a.denial_id == denial.pk]
        if denial.confirmed_at is None or not levels or any(a.status not in APPEAL.final for a in levels):
            continue
        if not still_refused(history, denial):
            continue
        word = _last_word(history, denial, levels)
        if word is not None:
            found.append(word)
    return tuple(found)


def still_refused(history: History, denial: Denial) -> frozenset[int]:
    """Primary keys of the items that a denial refused, and whose last outcome at a level or in a call left them so."""
    of_denial = {a.pk for a in history.appeals if a.denial_id == denial.pk}
    decisions = {d.pk for pk, d in history.decisions.items() if pk in of_denial}
    calls = {c.pk for c in history.peer_to_peers if c.denial_id == denial.pk}
    last = {
        o.item_id: o.outcome
        for o in sorted(history.outcomes, key=lambda o: (o.decided_at, o.pk))
        if o.decision_id in decisions or o.peer_to_peer_id in calls
    }
    refused = history.refused.get(denial.pk, frozenset())
    return frozenset(pk for pk in refused if last.get(pk, "upheld") in UNFAVORABLE)


def _last_word(history: History, denial: Denial, levels: list[Appeal]) -> LastWord | None:
    decided = [
        a
        for a in sorted(levels, key=lambda a: (a.turn, a.position))
        if (d := history.decisions.get(a.pk)) is not None and not d.is_deemed
    ]
    if not decided:
        regime = history.classification.regime
        first = next((r for r in rungs(history.classification, history.levels) if r.levels), None)
        if regime is None or first is None or denial.notice_on is None:
            return None
        return LastWord(denial, None, regime, first.decider, denial.notice_on)
    appeal = decided[-1]
    decision, rung = history.decisions[appeal.pk], history.rung(appeal)
    on = decision.notice_on or history.day(decision.decided_at)
    return LastWord(denial, appeal, rung.regime, rung.decider, on) if on is not None else None


def reopenings(history: History, day: Day, *, appeal: Appeal | None = None) -> tuple[Card, ...]:
    """The windows that have not ended, each a date that is permitted and not kept; with `appeal` those of its decision only."""
    return tuple(_card(due, day) for due in windows_of(history, day, appeal=appeal))


def windows_of(history: History, day: Day, *, appeal: Appeal | None = None) -> tuple[Due, ...]:
    """The same as they were computed."""
    words = [w for w in last_words(history) if appeal is None or (w.appeal and w.appeal.pk == appeal.pk)]
    return tuple(
        due
        for word in words
        for due in reopening_windows(
            word.regime,
            word.decider,
            word.notice_on,
            subject="appeal" if word.appeal else "denial",
            subject_id=word.appeal.pk if word.appeal else word.denial.pk,
        )
        if due.last_day is not None and due.last_day >= day.today
    )


def _card(due: Due, day: Day) -> Card:
    return replace(
        card_of(due, day),
        date=None,
        no_date=NO_DUTY,
        permissive_date=due.last_day,
        kind=MAY,
    )
