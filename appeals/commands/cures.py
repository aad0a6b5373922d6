"""A demand to mend a denial notice, from the defects that a person confirmed; edited, sent and frozen as every demand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.errors import Reason
from appeals.commands.checks import refuse
from appeals.commands.demand_facts import about_of
from appeals.commands.demands import drafted
from appeals.commands.denial_demands import Filled, begin_about_denial
from appeals.commands.letter_dates import office_day
from appeals.demand_letters import NamedDefect, cure_letter
from appeals.models import Demand, Denial
from appeals.queries.notice_page import confirmed_defects
from cases.models import Case

KIND = Demand.Kind.CURE
NO_DEFECT = Reason(
    "no_defect", "Nothing is confirmed that this notice lacks. Look at what was found and confirm it first."
)


def first_cure(*, actor: Actor, case: Case, denial: Denial, at: datetime) -> dict[str, Any]:
    """The demand as it would be begun now: blocks, date, recipient, signer. `case` is the denial's, with what is loaded of it.
    Writes nothing. Raises Refused: no_defect."""
    denial.case = case
    require(actor, Permission.DRAFT_APPEAL, denial)
    return _first(actor, case, denial, confirmed_defects(denial), at)


def write_cure(
    *,
    actor: Actor,
    denial: Denial,
    text: str | None = None,
    dated: date | None = None,
    recipient: Sequence[str] | None = None,
    at: datetime,
) -> Demand:
    """Begin a demand to mend a notice: each confirmed defect with its law, or the text a person made of it.

    Raises NotAllowed, Refused with every reason: no_defect, demand_drafted, letter_empty, letter_dated_ahead.
    """
    require(actor, Permission.DRAFT_APPEAL, denial)

    def filled(case: Case) -> Filled:
        defects = confirmed_defects(denial)
        codes = [defect.code for defect in defects]
        return Filled(_first(actor, case, denial, defects, at), detail={"defects": codes})

    return begin_about_denial(denial, KIND, filled, text=text, dated=dated, recipient=recipient, at=at)


def _first(
    actor: Actor, case: Case, denial: Denial, defects: Sequence[NamedDefect], at: datetime
) -> dict[str, Any]:
    refuse(() if defects else (NO_DEFECT,))
    body = cure_letter(about_of(case, denial.reference_number), denial.notice_on, defects)
    lines = [case.coverage.payer.name, "Attention: Appeals and grievances"]
    lines += [line.strip() for line in denial.send_to_address.splitlines() if line.strip()]
    return drafted(body, office_day(case, at), lines, actor.label)
