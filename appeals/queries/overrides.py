"""The overrides of a case: what was asked, allowed and done, and of which rows a step may be asked now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from advocacy.tenancy.together import fetched
from appeals.models import Appeal, AuthorizationRequest, StepOverride
from appeals.overriding import LEVEL, OVERRIDABLE, MayBeOverridden
from appeals.queries.beside import STEP, may_be_agreed_on
from appeals.queries.ladder import AWAITING, BEFORE_FILING
from appeals.queries.shown_dues import history_rows
from appeals.queries.steps import history_from
from appeals.workflow import RequestStatus
from cases.models import Case

IN_STATE: Mapping[str, frozenset[str]] = {
    "send_unready": frozenset({RequestStatus.DRAFTING}),
    "file_unapproved": BEFORE_FILING,
    "go_on_without_decision": AWAITING,
    STEP: BEFORE_FILING | AWAITING,
}
"""Where a row stands while the step may be taken."""


@dataclass(frozen=True)
class OverrideLine:
    """One override as shown. `about` names the request or the level."""

    row: StepOverride
    about: str

    @property
    def says(self) -> str:
        return OVERRIDABLE[self.row.step].says


@dataclass(frozen=True)
class Askable:
    """A step that may be asked for now: `key` is what the form sends."""

    step: MayBeOverridden
    subject: Appeal | AuthorizationRequest
    about: str

    @property
    def key(self) -> str:
        return f"{self.step.key}:{self.subject.public_id}"


@dataclass(frozen=True)
class OverridesPage:
    """The latest first."""

    lines: tuple[OverrideLine, ...]
    askable: tuple[Askable, ...]


SHOWN = 50


def overrides_page(actor: Actor, case: Case, on: date) -> OverridesPage:
    """What stands and what may be asked on a day. Two statements beside the case's own."""
    found = StepOverride.objects.filter(visible(actor, StepOverride), case=case)
    asked = list(found.select_related("asked_by", "decided_by").order_by("-id")[:SHOWN])
    history = history_from(case, fetched(history_rows(case)))
    subjects: list[tuple[str, Any, str]] = [
        (LEVEL, appeal, history.rung(appeal).title) for appeal in history.appeals
    ]
    subjects += [("request", request, "Request for authorization") for request in history.requests]
    about = {(kind, row.pk): words for kind, row, words in subjects}
    lines = tuple(
        OverrideLine(
            row,
            about.get((LEVEL, row.appeal_id) if row.appeal_id else ("request", row.request_id), ""),
        )
        for row in asked
    )
    taken = {
        (row.step, row.appeal_id, row.request_id)
        for row in asked
        if row.used_at is None and row.answer != StepOverride.Answer.REFUSED
    }
    askable = tuple(
        Askable(step, row, words)
        for kind, row, words in subjects
        for step in OVERRIDABLE.values()
        if step.about == kind
        and row.status in IN_STATE[step.key]
        and (step.key, row.pk if kind == LEVEL else None, row.pk if kind != LEVEL else None) not in taken
        and (step.key != STEP or may_be_agreed_on(history, row, on))
    )
    return OverridesPage(lines, askable)


def get_override(actor: Actor, case: Case, public_id: UUID) -> StepOverride:
    """One override of this case. Raises NotFound when absent, invisible or of another case."""
    found = (
        StepOverride.objects.filter(visible(actor, StepOverride), case=case, public_id=public_id)
        .select_related("case__patient", "asked_by")
        .first()
    )
    if found is None:
        raise NotFound("override")
    return found
