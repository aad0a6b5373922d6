"""Levels that stand at once: what may be opened beside an open level, why not, and the window of one that was. Pure over loaded
rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from advocacy.errors import Reason
from appeals.at_once import (
    URGENT,
    Opening,
    Said,
    first_outside,
    lacking,
    none_here,
    nothing_above,
    openings,
    rule_of,
)
from appeals.clock.facts import Facts
from appeals.dues import Due, earliest_window
from appeals.facts import History
from appeals.models import Appeal, StepOverride
from appeals.overriding import OVERRIDABLE
from appeals.queries.history import load_history
from appeals.rungs import Rung
from appeals.workflow import APPEAL, AppealStatus
from cases.models import Case

STEP = "open_at_once"
"""The step of `OVERRIDABLE` that this is."""
GIVEN_UP = frozenset({AppealStatus.WITHDRAWN, AppealStatus.LAPSED, AppealStatus.DECLINED})


@dataclass(frozen=True)
class AtOncePage:
    """What may be opened beside a level. `stands` are the Reasons against it that nothing typed on the page changes; `agreed`
    what two people may open, and agreed on, where no rule known says so; `is_allowed` that they agreed at all."""

    title: str
    openings: tuple[Opening, ...]
    stands: tuple[Reason, ...]
    agreed: Rung | None
    is_allowed: bool


def at_once_page(case: Case, appeal: Appeal, on: date) -> AtOncePage:
    """For the page that opens it. Two statements."""
    history = load_history(case)
    overrides = list(StepOverride.objects.filter(appeal=appeal, used_at=None))
    allowed = allowed_at_once(overrides, appeal)
    offered = openings_of(history, appeal, on)
    return AtOncePage(
        history.rung(appeal).title,
        offered,
        not_at_once_now(history, appeal, overrides, on),
        outside_of(history, appeal) if allowed and not offered else None,
        allowed,
    )


def allowed_at_once(overrides: Iterable[StepOverride], appeal: Appeal) -> bool:
    """Whether two people agreed that a level be opened beside this one, and nobody did it yet."""
    return any(
        row.step == STEP and row.appeal_id == appeal.pk and row.used_at is None
        for row in overrides
        if row.answer == StepOverride.Answer.ALLOWED
    )


def left_at_once(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """What stands against it even where two people agreed."""
    return tuple(reason for reason in reasons if reason.code not in OVERRIDABLE[STEP].codes)


def may_be_agreed_on(history: History, appeal: Appeal, on: date) -> bool:
    """Whether a second person's word could open a level beside this one on a day."""
    return not left_at_once(standing_against(history, appeal, on))


def opened_now(
    history: History, overrides: Sequence[StepOverride], on: date
) -> tuple[tuple[str, Appeal], ...]:
    """The open levels, with their titles, beside which a level may be opened on a day: by a rule, or as two people agreed."""
    found = []
    for appeal in history.appeals:
        if appeal.status in APPEAL.final:
            continue
        if not not_at_once_now(history, appeal, overrides, on):
            found.append((history.rung(appeal).title, appeal))
    return tuple(found)


def not_at_once_now(
    history: History, appeal: Appeal, overrides: Iterable[StepOverride], on: date
) -> tuple[Reason, ...]:
    """What stands against a level beside this one on a day, whoever certifies; where two people agreed, what is left of it."""
    against = standing_against(history, appeal, on)
    return left_at_once(against) if against and allowed_at_once(overrides, appeal) else against


def standing_against(history: History, appeal: Appeal, on: date) -> tuple[Reason, ...]:
    """Why nothing may be opened beside a level now, whoever certifies: on no basis is it possible as the record stands."""
    offered = openings_of(history, appeal, on)
    if not offered:
        return tuple(opening_reasons(history, appeal, "", "", None, on))
    ways = [tuple(opening_reasons(history, appeal, o.basis, "somebody", on, on)) for o in offered]
    return () if any(not way for way in ways) else ways[0]


def openings_of(history: History, appeal: Appeal, on: date) -> tuple[Opening, ...]:
    """What the rules let be opened beside a level of this case on a day, one for each basis; nothing beside one that was itself
    opened beside another."""
    if appeal.beside_id is not None:
        return ()
    return openings(history.classification, history.levels, history.rung(appeal), on)


def outside_of(history: History, appeal: Appeal) -> Rung | None:
    """What two people may open beside a level of this case where no rule known says so."""
    if appeal.beside_id is not None:
        return None
    return first_outside(history.classification, history.levels, history.rung(appeal))


def standing_there(history: History, appeal: Appeal, position: int) -> Appeal | None:
    """The level that holds a place of the same denial and turn: only one that was given up leaves it free."""
    return next(
        (
            a
            for a in history.appeals
            if a.denial_id == appeal.denial_id
            and a.turn == appeal.turn
            and a.position == position
            and (a.beside_id is None or a.status not in GIVEN_UP)
        ),
        None,
    )


def live_fellows(history: History, appeal: Appeal) -> tuple[Appeal, ...]:
    """The levels that stand at once with this one and have not ended."""
    return tuple(a for a in history.fellows(appeal) if a.status not in APPEAL.final)


def opening_reasons(
    history: History, appeal: Appeal, basis: str, said_by: str, said_on: date | None, on: date
) -> Iterator[Reason]:
    """Why a level may not be opened beside this one on a day, each with what would allow it."""
    rung = history.rung(appeal)
    offered = openings_of(history, appeal, on)
    above = offered[0].rung if offered else outside_of(history, appeal)
    if above is None:
        yield nothing_above(rung.title)
        return
    there = standing_there(history, appeal, above.position)
    if there is not None:
        yield Reason(
            "open_already",
            f"{history.rung(there).title} is open beside this level already. Go on with that one; it is opened once.",
            "basis",
        )
    if not offered:
        yield none_here(rung, rung.title)
        return
    opening = next((o for o in offered if o.basis == basis), None)
    if opening is None:
        yield Reason("basis_missing", "Choose why it does not wait for this decision.", "basis")
        return
    yield from lacking(opening, said_of_level(history, appeal, said_by, said_on))


def said_of_level(history: History, appeal: Appeal, by: str = "", on: date | None = None) -> Said:
    request = history.request(history.denial(appeal.denial_id).request_id)
    return Said(appeal.is_expedited, request.timing, by.strip(), on)


def filing_lacks(history: History, appeal: Appeal, filed_at: datetime | None) -> Iterator[Reason]:
    """Why a level opened beside an urgent one may not be filed yet: the other is asked for before it, or at the same time."""
    beside = history.beside(appeal)
    if appeal.settled_by_id is not None:
        yield Reason(
            "settled_beside", "The decision beside it left nothing to decide here. Withdraw this level."
        )
    if beside is None or appeal.beside_basis != URGENT or not appeal.stands_at_once:
        return
    title = history.rung(beside).title
    if beside.status in GIVEN_UP:
        yield Reason(
            "other_given_up",
            f"{title} was given up, and this review was to run beside it. Withdraw this level, or record a waiver of the plan by"
            " opening it again.",
        )
    elif beside.filed_at is None or (filed_at is not None and filed_at < beside.filed_at):
        yield Reason(
            "other_not_filed",
            f"{title} is asked for first, or at the same minute: file it, then this one.",
            "filed_at",
        )
    if not (beside.is_expedited and appeal.is_expedited):
        yield Reason(
            "not_expedited",
            f"Only an expedited review may run beside {title}, and only while that one is expedited. Ask for both as urgent"
            " first.",
        )


def rests_on(history: History, appeal: Appeal) -> Appeal | None:
    """An urgent level beside this one that nobody has decided and that stands on this one's being asked for."""
    return next(
        (
            a
            for a in live_fellows(history, appeal)
            if a.beside_id == appeal.pk and a.stands_at_once and a.beside_basis == URGENT
        ),
        None,
    )


def withdrawing_lacks(history: History, appeal: Appeal) -> Iterator[Reason]:
    """Why a level is not taken back: an urgent review runs beside it because it was asked for."""
    other = rests_on(history, appeal)
    if other is not None:
        yield Reason(
            "review_stands_on_it",
            f"{history.rung(other).title} runs beside this level only because both were asked for. Withdraw that one first,"
            " or wait for one of the two decisions.",
        )


def urgency_lacks(history: History, appeal: Appeal) -> Iterator[Reason]:
    """Why the urgency of a level is not taken back: two levels run at once only while both are urgent."""
    at_once = appeal.beside_basis == URGENT and appeal.stands_at_once
    if at_once or rests_on(history, appeal) is not None:
        yield Reason(
            "urgent_at_once",
            "Two levels run at once here because both are urgent. Withdraw the review from outside first; then the other may"
            " become a standard one.",
            "is_expedited",
        )


def by_the_state(history: History, appeal: Appeal, rung: Rung, facts: Facts, due: Due) -> Due:
    """The window of a level opened at once, where the state ends the time to ask for an urgent review earlier: the earlier one.

    MCL 550.1913 (10 days).
    """
    opening = opened_by(history, appeal)
    if opening is None or not (appeal.stands_at_once and appeal.is_expedited):
        return due
    return earliest_window(due, opening.windows, rung, facts, subject_id=appeal.pk)


def opened_by(history: History, appeal: Appeal) -> Opening | None:
    """The rules that let a level be opened beside another; None for any other level."""
    beside, on = history.beside(appeal), history.day(appeal.opened_at)
    if beside is None or on is None:
        return None
    return rule_of(history.classification, history.levels, history.rung(beside), appeal.beside_basis, on)
