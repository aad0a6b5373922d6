"""Where cases stand: the latest row of each kind under them, and from that the proposed next action. One statement for many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Q, QuerySet, Value, When
from django.db.models import Case as Choice

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor
from advocacy.tenancy.plans import any_of
from appeals.dues import CONTINUATION, DOCUMENTS, EFFECTUATION
from appeals.models import (
    STANDS,
    Appeal,
    Deadline,
    Denial,
    GrantedAuthorization,
    PeerToPeer,
)
from appeals.next_action import Position, Proposal, next_action
from appeals.queries.choices import choice_for, standing_choices
from appeals.queries.clocks import Day, earliest, is_over, ours, state_of, theirs
from appeals.queries.ladder import AWAITING, BEFORE_FILING
from appeals.queries.lookup import requests_where
from appeals.queries.owed import WON_AT_LEVEL
from appeals.queries.sessions import counted, lines_of
from appeals.regimes import book
from appeals.regimes.shapes import Level
from appeals.workflow import AppealStatus
from cases.models import Case, Task
from cases.policies import reached_cases
from cases.workflow import TaskStatus

SHORT_LABELS = {
    "": "Not started",
    "request": "Authorization request",
    "denial": "Denial",
    "peer_to_peer": "Peer-to-peer",
    "approved": "Approved",
    "closed": "Closed",
}


# What a role may do to a case: whoever holds none of these only reads.
_WORK = (Permission.WRITE_NOTE, Permission.WORK_TASKS, Permission.SEE_TRAIL)


def workable(actor: Actor) -> Choice:
    """An annotation: whether the actor's own roles reach the case, and not only a grant."""
    if not any(actor.may(p) for p in _WORK):
        return Choice(default=Value(False), output_field=BooleanField())
    return Choice(
        When(reached_cases(actor), then=Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    )


def permissions_on(actor: Actor, case: Any) -> frozenset[Permission]:
    """What the actor may do to a case that carries the `workable` annotation as `is_workable`."""
    return actor.permissions if case.is_workable else frozenset()


def rows_under(case_ids: Iterable[int]) -> dict[str, QuerySet[Any]]:
    """What decides where these cases stand, for `together.fetched`."""
    ids = list(case_ids)
    of_cases = any_of("case_id", ids)
    return {
        "requests": requests_where(of_cases),
        "denials": Denial.objects.filter(of_cases, STANDS).order_by("id"),
        "calls": PeerToPeer.objects.filter(of_cases).order_by("id"),
        "appeals": Appeal.objects.filter(of_cases).defer("draft").order_by("id"),
        "deadlines": Deadline.objects.filter(of_cases, status=Deadline.Status.RUNNING).order_by(
            "due_on", "id"
        ),
        "choices": standing_choices(ids),
        "authorizations": counted(GrantedAuthorization.objects.filter(of_cases)).order_by(
            "-valid_until", "-id"
        ),
        "owed": Task.objects.filter(of_cases, ~Q(code=""), code__startswith=WON_AT_LEVEL)
        .exclude(status__in=[TaskStatus.DONE, TaskStatus.CANCELLED])
        .order_by("id"),
    }


# What `position_of` reads of rows that have many columns more.
_DECIDING = {
    "requests": ("case_id", "public_id", "status", "follows_id"),
    "denials": ("case_id", "public_id", "confirmed_at", "request_id", "silent_from"),
    "calls": ("case_id", "public_id", "status"),
    "appeals": (
        "case_id",
        "public_id",
        "status",
        "regime",
        "level",
        "denial_id",
        "previous_id",
        "beside_id",
        "settled_by_id",
    ),
    "owed": ("case_id", "code"),
}


def position_under(case_ids: Iterable[int]) -> dict[str, QuerySet[Any]]:
    """The same for `proposals_for` alone, without the columns that only the page of a case shows."""
    return {
        key: rows.only(*_DECIDING[key]) if key in _DECIDING else rows
        for key, rows in rows_under(case_ids).items()
    }


# What `position_of` asks of a case: the keys of `rows_under`.
DECIDING = ("requests", "denials", "calls", "appeals", "deadlines", "choices", "authorizations", "owed")


def by_case(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.case_id].append(row)
    return found


def level_of(appeal: Appeal) -> Level | None:
    """The rung of the rule data this level is, looked up by its key; None when the data does not know it."""
    regimes = book().regimes
    own = regimes[appeal.regime].levels if appeal.regime in regimes else ()
    return next((lvl for lvl in own if lvl.key == appeal.level), None) or next(
        (lvl for r in regimes.values() for lvl in r.levels if lvl.key == appeal.level), None
    )


def stage_label(stage: str) -> str:
    """The words for a stage key of a case: a step before the levels, or the title of a level."""
    if stage in SHORT_LABELS:
        return SHORT_LABELS[stage]
    for regime in book().regimes.values():
        for level in regime.levels:
            if level.key == stage:
                return level.title
    if stage.startswith("level_") and stage[6:].isdigit():
        return f"Level {stage[6:]} of appeal"
    return stage.replace("_", " ").capitalize()


def stage_choices() -> list[tuple[str, str]]:
    """Every stage a case can be in (key, words), each title once: steps before the levels, then the levels of all rules."""
    found = {key: label for key, label in SHORT_LABELS.items() if key and key != "closed"}
    for regime in book().regimes.values():
        for level in regime.levels:
            found.setdefault(level.key, level.title)
    return list(found.items())


def current_level(appeals: list[Appeal], deadlines: Iterable[Deadline] = ()) -> Appeal | None:
    """The level being worked: the last one that has not ended, else the last one. Of two that stand at once the one that waits
    for us, the lower first; where both wait for others, the one that is due first (of the running `deadlines`)."""
    unfinished = [a for a in appeals if a.status in BEFORE_FILING | AWAITING]
    in_question = unfinished or appeals
    last = in_question[-1] if in_question else None
    if last is None or last.beside_id is None or last not in unfinished:
        return last
    pair = [a for a in unfinished if a.denial_id == last.denial_id]
    settled = next((a for a in pair if a.settled_by_id is not None), None)
    ours_first = settled or next((a for a in pair if a.status in BEFORE_FILING), None)
    if ours_first is not None:
        return ours_first
    due = {d.appeal_id: d.due_at or d.due_on for d in reversed(list(deadlines)) if d.clock == "decision"}
    return min(pair, key=lambda a: (str(due.get(a.pk, "9")), a.pk))


def position_of(case: Case, rows: Mapping[str, list[Any]], day: Day) -> Position:
    """`rows` are the rows of this case alone, under the keys of `rows_under`."""
    request = rows["requests"][-1] if rows["requests"] else None
    unconfirmed = [d for d in rows["denials"] if d.confirmed_at is None]
    denial = (unconfirmed or rows["denials"] or [None])[-1]
    waiting = [c for c in rows["calls"] if c.status in {"offered", "scheduled"}]
    call = (waiting or rows["calls"] or [None])[-1]
    appeal = current_level(rows["appeals"], rows["deadlines"])
    rung = level_of(appeal) if appeal else None
    choice = choice_for(rows["choices"], appeal) if appeal else None
    granted = next((g for g in lines_of(rows["authorizations"], day.today) if g.is_running), None)
    undelivered = _undelivered(rows)
    delivers = undelivered is not None and (appeal is None or appeal.status not in BEFORE_FILING | AWAITING)
    forwarded = bool(rung and rung.opened_by == "forwarding")
    at_level = appeal is not None and (
        appeal.status in AWAITING or (forwarded and appeal.status in BEFORE_FILING)
    )
    waited_for = awaited(rows["deadlines"], delivery=delivers, at_level=at_level)
    return Position(
        case=case.public_id,
        is_open=case.status == "open",
        request=request.public_id if request else None,
        request_status=request.status if request else "",
        denial=denial.public_id if denial else None,
        denial_confirmed=bool(denial and denial.confirmed_at),
        call=call.public_id if call else None,
        call_status=call.status if call else "",
        level=appeal.public_id if appeal else None,
        level_status=appeal.status if appeal else "",
        level_forwarded_by_plan=forwarded,
        request_follows=bool(request and request.follows_id and not _answered_above(request, rows)),
        settled=bool(appeal and appeal.settled_by_id),
        needs_choice=_lacks_choice(appeal) if appeal and choice is None else "",
        choice_after=_chosen_after(appeal, rows) if appeal else None,
        choice=choice.kind if choice else "",
        authorization=granted.granted.public_id if granted else None,
        renewal_due=bool(granted and granted.renewal_due),
        undelivered=undelivered,
        ours=state_of(earliest(worked_to(rows["deadlines"], day), day), day),
        plans=state_of(earliest(waited_for, day), day),
    )


def _answered_above(request: Any, rows: Mapping[str, list[Any]]) -> bool:
    """Whether a level decided what this request was never answered on (`History.answered_above`)."""
    silent = {d.pk for d in rows["denials"] if d.silent_from is not None and d.request_id == request.pk}
    return any(a.denial_id in silent and a.status == AppealStatus.DECIDED for a in rows["appeals"])


def worked_to(deadlines: Iterable[Deadline], day: Day) -> list[Deadline]:
    """Of our own running dates those that say what to do next: a passed day to ask that treatment goes on ends no window, so that
    while another date of ours runs, that one does.
    """
    dates = ours(deadlines)
    return [d for d in dates if d.clock != CONTINUATION or not is_over(d, day)] or dates


def awaited(deadlines: Iterable[Deadline], *, delivery: bool, at_level: bool) -> list[Deadline]:
    """Of the other side's running dates those that the step waits for: a decision, or with `delivery` that one is carried out.
    With `at_level` a level is awaited: a request that was never answered stays late beside it, and says nothing of the level.
    """
    waits = [d for d in theirs(deadlines) if d.clock != DOCUMENTS and (d.clock == EFFECTUATION) is delivery]
    return [d for d in waits if d.request_id is None] if at_level else waits


def _undelivered(rows: Mapping[str, list[Any]]) -> UUID | None:
    """The level whose decision the plan has a running time to carry out; of several the one that ends first. Else one that is
    owed without a date, and followed up."""
    levels = {a.pk: a.public_id for a in rows["appeals"]}
    running = (
        d for d in rows["deadlines"] if d.clock == EFFECTUATION and d.status == Deadline.Status.RUNNING
    )
    followed = (int(task.code.removeprefix(WON_AT_LEVEL)) for task in rows["owed"])
    keys = (*(d.appeal_id for d in running), *followed)
    return next((levels[pk] for pk in keys if pk in levels), None)


def _lacks_choice(appeal: Appeal) -> str:
    """Whoever asked for two levels at once has chosen both."""
    if appeal.beside_id is not None:
        return ""
    return "decision" if appeal.previous_id else "denial"


def _chosen_after(appeal: Appeal, rows: Mapping[str, list[Any]]) -> UUID | None:
    """The public id of what was decided before this level: the level below, or the denial."""
    before = rows["appeals"] if appeal.previous_id else rows["denials"]
    key = appeal.previous_id or appeal.denial_id
    return next((row.public_id for row in before if row.pk == key), None)


def proposals_for(
    actor: Actor, cases: Iterable[Case], rows: Mapping[str, list[Any]], day: Day
) -> dict[int, Proposal | None]:
    """The proposed next action of each case (annotated with `is_workable`), by primary key. Queries nothing."""
    grouped = {key: by_case(rows[key]) for key in DECIDING}
    return {
        case.pk: next_action(
            position_of(case, {k: g.get(case.pk, []) for k, g in grouped.items()}, day),
            permissions_on(actor, case),
        )
        for case in cases
    }
