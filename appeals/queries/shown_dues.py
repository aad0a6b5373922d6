"""A computed clock with everything that explains it, as the `due` component shows it; and what a confirmation would start."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Q

from appeals import dues
from appeals.changes import what_would_change
from appeals.clock.facts import Moment
from appeals.facts import History
from appeals.models import (
    STANDS,
    Answer,
    Appeal,
    ClockEvent,
    Decision,
    Denial,
    DenialItem,
    DocumentRequest,
    Effectuation,
    Filing,
    ItemOutcome,
    PeerToPeer,
    RequestItem,
)
from appeals.queries.clocks import OWN_KIND, Day, hours_left, kind_of, spoken, sureness
from appeals.queries.ladder import ladder_from
from appeals.queries.lookup import agreed, requests_where, said_of
from appeals.queries.own_dates import standing_own_dates
from appeals.queries.steps import history_from
from appeals.rungs import Rung, first_position, rung_at
from cases.models import Case, Task
from cases.workflow import TaskStatus

ENDINGS = {dues.MET: "Met", dues.MISSED: "Missed", dues.ENDED: "Ended"}


@dataclass(frozen=True)
class Card:
    """The variables of the `due` component, and below them what follows from the date."""

    label: str
    date: dt.date | None
    time: str
    days_left: int | None
    left: str
    whose: str
    safe_date: dt.date | None
    stated_date: dt.date | None
    statutory_date: dt.date | None
    rule: str
    citation: str
    confidence: str
    steps: tuple[str, ...]
    no_date: str
    if_missed: str
    flags: tuple[str, ...]
    overdue: bool
    running: bool
    kind: str
    who: str
    law_date: dt.date | None
    own_reason: str
    changes: tuple[str, ...]
    permissive_date: dt.date | None = None


def _on(moment: Moment | None, day: Day) -> dt.date | None:
    return moment.astimezone(day.zone).date() if isinstance(moment, datetime) else moment


def is_past(due: dues.Due, day: Day) -> bool:
    """Whether a date that runs is over on the day of the page."""
    if due.due is None or due.status != dues.RUNNING:
        return False
    return due.due < day.now if isinstance(due.due, datetime) else due.due < day.today


def card_of(due: dues.Due, day: Day) -> Card:
    """`day` is the moment of the page in the patient's zone."""
    on = _on(due.due, day)
    ours = due.side == dues.CLAIMANT
    running = due.status == dues.RUNNING
    left = "" if running else ENDINGS.get(due.status, "")
    if running and isinstance(due.due, datetime):
        left = hours_left(due.due, day, who=due.who)
    unsure = due.confidence != "verified" or any(f.code == "confirm_with_letter" for f in due.flags)
    return Card(
        label=due.title,
        date=on,
        time=f"{due.due.astimezone(day.zone):%-I:%M %p %Z}" if isinstance(due.due, datetime) else "",
        days_left=(on - day.today).days if on and running else (99 if on else None),
        left=left,
        whose="ours" if ours else "plan",
        safe_date=due.safe,
        stated_date=due.stated,
        statutory_date=_on(due.statutory, day),
        rule=due.text if on else (due.error.message if due.error else ""),
        citation=due.citation,
        confidence="" if on is None else sureness(due.regime, unsure=unsure),
        steps=tuple(spoken(line) for line in due.arithmetic) if on else (),
        no_date="No date yet",
        if_missed=due.if_missed_text if due.if_missed not in ("", "none") else "",
        flags=tuple(f.text for f in due.flags),
        overdue=is_past(due, day),
        running=running,
        kind=OWN_KIND if due.law else kind_of(due.who, due.rule, is_courtesy=due.is_courtesy),
        who=due.who,
        law_date=due.law,
        own_reason=due.own_reason,
        changes=what_would_change(
            due.regime, due.rule, due.version, side=due.side, flags=tuple(f.code for f in due.flags)
        )
        if on
        else (),
    )


def history_rows(case: Case) -> dict[str, Any]:
    """What `history_from` needs of one case, for `together.fetched`."""
    pk = case.pk
    return {
        "requests": requests_where(Q(case_id=pk)),
        "items": RequestItem.objects.filter(case_id=pk).order_by("request_id", "position"),
        "denials": Denial.objects.filter(STANDS, case_id=pk).order_by("id"),
        "denial_items": DenialItem.objects.filter(case_id=pk),
        "calls": PeerToPeer.objects.filter(case_id=pk).order_by("id"),
        "appeals": Appeal.objects.filter(case_id=pk).defer("draft").order_by("id"),
        "filings": Filing.objects.filter(case_id=pk).defer("manifest").order_by("id"),
        "decisions": Decision.objects.filter(case_id=pk).order_by("id"),
        "outcomes": ItemOutcome.objects.filter(case_id=pk).order_by("id"),
        "events": ClockEvent.objects.filter(case_id=pk).order_by("occurred_at", "id"),
        "effectuations": Effectuation.objects.filter(case_id=pk, voided_at=None).order_by("id"),
        "document_requests": DocumentRequest.objects.filter(case_id=pk).order_by("id"),
        "answers": Answer.objects.filter(case_id=pk, superseded_at=None).order_by("answered_at", "id"),
        "own_dates": standing_own_dates(),
        "tasks": Task.objects.filter(case_id=pk, status__in=[TaskStatus.OPEN, TaskStatus.HELD]).order_by(
            "id"
        ),
    }


@dataclass(frozen=True)
class WhatStarts:
    """What confirming a denial would do: the level it opens, and the clocks that would run from then on."""

    level: str
    cards: tuple[Card, ...]
    call_until: dt.date | None
    call_offered: bool


def what_starts(case: Case, rows: Mapping[str, list[Any]], denial: Denial, day: Day) -> WhatStarts:
    """The same functions that run after the confirmation, over the rows as they would then be. Nothing is written."""
    history = history_from(case, rows)
    request = history.request(denial.request_id)
    rung = _first_rung(case, rows, history)
    level = Appeal(
        pk=0,
        case_id=case.pk,
        denial_id=denial.pk,
        regime=rung.regime,
        level=rung.key,
        position=rung.position,
        is_expedited=request.is_urgent,
        opened_at=day.now,
    )
    then = replace(history, appeals=(*history.appeals, level))
    standing = next(s for s in ladder_from(then).levels if s.appeal is level)
    clocks = [d for d in (standing.filing, standing.continuation, standing.forwarding) if d is not None]
    return WhatStarts(
        rung.title,
        tuple(_unmarked(card_of(d, day)) for d in clocks),
        denial.peer_to_peer_until,
        bool(denial.peer_to_peer_until or denial.peer_to_peer_phone),
    )


def _unmarked(card: Card) -> Card:
    """Without the mark of a sure rule, whose word is the same as for what a person is asked to do here: to confirm."""
    return replace(card, confidence="") if card.confidence == "confirmed" else card


_COMPLETED = {"none": 0, "first": 1, "second": 2}


def _first_rung(case: Case, rows: Mapping[str, list[Any]], history: History) -> Rung:
    """Where the case enters the ladder, as `commands.openings.open_first_level` chooses it."""
    said = said_of(case, tuple(rows["answers"]))
    completed = _COMPLETED.get(agreed(said, "level_completed") or "none", 0)
    position = first_position(history.classification, history.levels, completed)
    rung = rung_at(history.classification, history.levels, position)
    if rung is None or rung.is_court:
        rung = rung_at(history.classification, history.levels, max(position - 1, 1))
    assert rung is not None, "every set of rules has a first level"
    return rung
