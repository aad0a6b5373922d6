"""Several cases change hands at once: planned, shown, done together, and taken back where nothing has changed since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.errors import Reason, Refused, WrongState
from advocacy.people.models import Membership
from advocacy.tenancy.scope import scope_with
from appeals.caseload import split, weight_of
from cases.commands.cases import assign_cases
from cases.models import Case
from cases.workflow import CaseStatus

UNDO_REASON = "Undo of an assignment of several cases"


@dataclass(frozen=True)
class Move:
    """One case on its way to somebody; `points` is its weight."""

    case: Case
    to: Membership
    points: int


@dataclass(frozen=True)
class Moved:
    """What was done to one case: from whom (None: nobody) to whom, by primary keys, and the case's version afterward."""

    case: Case
    before: int | None
    to: int | None
    version: int


@dataclass(frozen=True)
class TakenBack:
    """How many cases went back, and those that were changed since and stay where they are."""

    count: int
    refused: tuple[Case, ...]


def plan_split(
    *, actor: Actor, cases: Sequence[Case], receivers: Sequence[Membership], loads: Mapping[int, int]
) -> tuple[Move, ...]:
    """Share cases out by weight over the receivers, who carry `loads` (points by membership) already. Nothing is changed.

    Raises NotAllowed, Refused without a case or a receiver.
    """
    require(actor, Permission.ASSIGN_CASE)
    reasons = []
    if not cases:
        reasons.append(Reason("cases_missing", "Choose at least one case.", "case"))
    if not receivers:
        reasons.append(Reason("receivers_missing", "Choose at least one colleague.", "receiver"))
    if reasons:
        raise Refused(reasons)
    weights = [weight_of(case.stage, case.is_urgent) for case in cases]
    chosen = split(weights, [loads.get(member.pk, 0) for member in receivers])
    return tuple(
        Move(case, receivers[to], points) for case, to, points in zip(cases, chosen, weights, strict=True)
    )


def do_moves(*, actor: Actor, moves: Sequence[tuple[Case, Membership]], at: datetime) -> tuple[Moved, ...]:
    """Give every case to its receiver: all or none. Raises as `assign_cases` does."""
    require(actor, Permission.ASSIGN_CASE)
    before = {case.pk: case.owner_id for case, _to in moves}
    groups: dict[int, tuple[Membership, list[Case]]] = {}
    for case, to in moves:
        groups.setdefault(to.pk, (to, []))[1].append(case)
    done: list[Moved] = []
    with transaction.atomic():
        for to, cases in groups.values():
            for row in assign_cases(actor=actor, cases=cases, owner=to, at=at):
                done.append(Moved(row, before[row.pk], to.pk, row.version))
    return tuple(done)


def take_back(
    *, actor: Actor, moved: Sequence[Moved], members: Mapping[int, Membership], at: datetime
) -> TakenBack:
    """Give cases back to whom they came from, recorded like any assignment with the reason.

    A case that somebody changed, gave on or closed since stays where it is and is named in the answer. Raises WrongState
    when that is so for all of them: then nothing is moved.
    """
    require(actor, Permission.ASSIGN_CASE)
    back: dict[int | None, list[Case]] = {}
    refused = []
    with transaction.atomic(), scope_with(reason=UNDO_REASON):
        keys = [move.case.pk for move in moved]
        rows = {row.pk: row for row in Case.objects.select_for_update().filter(pk__in=keys).order_by("pk")}
        for move in moved:
            row = rows[move.case.pk]
            changed = (row.owner_id, row.version) != (move.to, move.version)
            gone = move.before is not None and (
                move.before not in members or members[move.before].ended_at is not None
            )
            if (
                changed
                or gone
                or row.status == CaseStatus.CLOSED
                or (move.before is None and row.is_restricted)
            ):
                refused.append(row)
            else:
                back.setdefault(move.before, []).append(row)
        if refused and not back:
            names = ", ".join(row.reference for row in refused)
            raise WrongState(
                "undo", "changed", f"Changed since, and left as they are: {names}. Nothing was undone."
            )
        for before, cases in back.items():
            owner = members[before] if before is not None else None
            assign_cases(actor=actor, cases=cases, owner=owner, at=at)
    return TakenBack(sum(len(cases) for cases in back.values()), tuple(refused))
