"""How a letter is begun that hangs on a denial and on no date: to mend its notice, to deliver what was won."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction

from advocacy.audit.trail import record
from advocacy.errors import Reason
from appeals.commands.checks import locked_case_of, refuse
from appeals.commands.demands import begun_reasons, edited, letter_reasons, whole_case
from appeals.models import Demand, Denial
from cases.commands.touch import touch
from cases.models import Case


@dataclass(frozen=True)
class Filled:
    """A letter as filled from what is recorded; what stands against it besides; what the trail keeps of it."""

    draft: dict[str, Any]
    reasons: Sequence[Reason] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)


def begin_about_denial(
    denial: Denial,
    kind: Demand.Kind,
    filled: Callable[[Case], Filled],
    *,
    text: str | None,
    dated: date | None,
    recipient: Sequence[str] | None,
    at: datetime,
) -> Demand:
    """Begin the letter that `filled` makes of the locked case, with what a person typed.

    Raises what `filled` raises, else Refused with every reason: demand_drafted, letter_empty, letter_dated_ahead and its own.
    """
    with transaction.atomic():
        locked_case_of(denial)
        case = whole_case(denial.case)
        first = filled(case)
        draft = edited(first.draft, text, dated, recipient)
        standing = Demand.objects.filter(denial=denial, kind=kind, sent_at=None)
        refuse([*begun_reasons(standing.exists()), *letter_reasons(case, draft, None, at), *first.reasons])
        made = Demand.objects.create(case=case, denial=denial, kind=kind, draft=draft, started_at=at)
        record("demand_drafted", subject=made, detail={"kind": kind.value, **first.detail})
        touch(case, at)
    return made
