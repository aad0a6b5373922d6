"""The organization's own dates: those that are computed with, and the list of all of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db.models import QuerySet

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from appeals.models import Deadline, OwnDateRule
from appeals.own_dates import OwnDate, level_of, stages
from appeals.queries.clocks import ours
from appeals.regimes import book


def standing_own_dates() -> QuerySet[OwnDateRule]:
    """Those that clocks are computed with: confirmed, not ended."""
    return OwnDateRule.objects.filter(confirmed_at__isnull=False, ended_at=None).order_by("id")


def own_dates_from(rows: Iterable[OwnDateRule]) -> tuple[OwnDate, ...]:
    """Rows as the clocks take them."""
    return tuple(own_date(row) for row in rows)


def is_own(case: int, on: date | None) -> bool:
    """Whether this day is the organization's own, earlier date of the case (by primary key), and no legal date ends then."""
    own = [row.own_on is not None for row in ours(Deadline.objects.filter(case_id=case)) if row.due_on == on]
    return bool(own) and all(own)


def own_date(row: OwnDateRule) -> OwnDate:
    return OwnDate(row.regime, row.level, row.kind, row.days, row.reason, row.in_force_from, row.in_force_to)


def own_dates_listed(actor: Actor) -> QuerySet[OwnDateRule]:
    return OwnDateRule.objects.filter(visible(actor, OwnDateRule)).select_related(
        "proposed_by", "confirmed_by", "ended_by"
    )


def get_own_date(actor: Actor, public_id: UUID) -> OwnDateRule:
    """Raises NotFound when absent or invisible."""
    row = OwnDateRule.objects.filter(visible(actor, OwnDateRule), public_id=public_id).first()
    if row is None:
        raise NotFound("own date")
    return row


def stage_words(row: OwnDateRule) -> str:
    """The coverage and the step in words; the keys of one that the rules do not know any more."""
    level = level_of(row.regime, row.level)
    return f"{book().regimes[row.regime].title}: {level.title}" if level else f"{row.regime}: {row.level}"


def stage_choices() -> list[tuple[str, str]]:
    """(regime:level, words) of every step that can have an own date."""
    return [
        (f"{lvl.regime}:{lvl.key}", f"{book().regimes[lvl.regime].title}: {lvl.title}") for lvl in stages()
    ]
