"""A demand to deliver what was won where the law names no day; edited, sent and frozen as every demand. It hangs on the denial
that was reversed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.errors import Reason
from appeals.carry_out_letters import OwedItem, owed_letter
from appeals.commands.checks import refuse
from appeals.commands.demand_facts import about_of
from appeals.commands.demands import NOTHING_OWED, drafted
from appeals.commands.denial_demands import Filled, begin_about_denial
from appeals.commands.letter_dates import office_day
from appeals.facts import History
from appeals.models import Demand, Denial
from appeals.queries.history import load_history
from appeals.queries.owed import Owed, of_denial, owed_of
from appeals.regulators import agencies_for
from cases.models import Case
from cases.typesetting import long_date

KIND = Demand.Kind.CARRY_OUT
DATED_BEFORE = Reason(
    "letter_dated_before",
    "The letter is dated before what it demands was decided. Date it on that day or after.",
    "dated",
)


def first_owed(*, actor: Actor, case: Case, denial: Denial, at: datetime) -> dict[str, Any]:
    """The demand as it would be begun now: blocks, date, recipient, signer. Writes nothing. Raises Refused: nothing_owed."""
    denial.case = case
    require(actor, Permission.DRAFT_APPEAL, denial)
    history = load_history(case)
    return _first(actor, case, denial, history, _owed(history, denial), at)


def write_owed(
    *,
    actor: Actor,
    denial: Denial,
    text: str | None = None,
    dated: date | None = None,
    recipient: Sequence[str] | None = None,
    at: datetime,
) -> Demand:
    """Begin a demand to deliver what was won and is owed without a date, or with the text a person made of it.

    Raises NotAllowed, Refused with every reason: nothing_owed, demand_drafted, letter_empty, letter_dated_before,
    letter_dated_ahead.
    """
    require(actor, Permission.DRAFT_APPEAL, denial)

    def filled(case: Case) -> Filled:
        history = load_history(case)
        owed = _owed(history, denial)
        early = (dated or office_day(case, at)) < min(o.since for o in owed)
        return Filled(_first(actor, case, denial, history, owed, at), [DATED_BEFORE] if early else [])

    return begin_about_denial(denial, KIND, filled, text=text, dated=dated, recipient=recipient, at=at)


def _owed(history: History, denial: Denial) -> tuple[Owed, ...]:
    found = of_denial(owed_of(history), denial.pk)
    refuse(() if found else (NOTHING_OWED,))
    return found


def _first(
    actor: Actor, case: Case, denial: Denial, history: History, owed: Sequence[Owed], at: datetime
) -> dict[str, Any]:
    dated, found = office_day(case, at), history.classification
    regimes = (found.regime,) if found.regime is not None else found.candidates
    known = agencies_for(regimes, found.state)
    body = owed_letter(
        about_of(case, denial.reference_number),
        [_told(o, dated) for o in owed],
        known[0].name if known else "",
    )
    lines = [case.coverage.payer.name, "Attention: Appeals, decision to be carried out"]
    lines += [line.strip() for line in denial.send_to_address.splitlines() if line.strip()]
    return drafted(body, dated, lines, actor.label)


def _told(owed: Owed, dated: date) -> OwedItem:
    codes, day = ", ".join(owed.codes), long_date(owed.decided_on, "en")
    title = owed.title.split(",")[0]
    what = (
        "the plan gave way in a peer-to-peer call"
        if owed.in_call
        else f"the {title[:1].lower()}{title[1:]} was decided for the patient"
    )
    return OwedItem(
        story=f"On {day} {what}: {codes} is covered.",
        rule=owed.law.text if owed.law is not None else "",
        citation=owed.citation,
        at_once=owed.at_once,
        since=owed.since,
        had=owed.had,
        days=owed.days(dated),
    )
