"""Service targets as pages show them: those that were set, how a case stands, what is missed or due, what a month counts.

The case page and Today read the rows with the targets in one statement. A list of the organization asks first which targets there
are, so that what started too late to have been missed is not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import Count, DateField, F, Q, QuerySet
from django.db.models.functions import Cast, Coalesce, Greatest, TruncDate

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from advocacy.tenancy.kept import KeptRows, kept_rows
from advocacy.tenancy.plans import any_of, planned_with_values
from advocacy.tenancy.together import fetched
from appeals.models import ServiceTarget
from appeals.queries.clocks import Day
from appeals.queries.target_rows import COLUMNS, case_path, clock_of, only_if_set, rows_of, still_asked
from appeals.service_targets import (
    BEFORE_LAW,
    COUNTED,
    KINDS,
    MET,
    PAYER_CHASED,
    Period,
    Standing,
    Target,
    due_of,
    holding,
    latest_start,
    periods_of,
    standing_of,
)
from cases.models import Case

SHOWN = 6
SIZE = 25
TARGETS = "service_targets"


def targets_from(rows: Iterable[ServiceTarget]) -> tuple[Period, ...]:
    """Rows as the pure functions take them."""
    return periods_of(Target(row.kind, row.span, row.unit, row.in_force_from, row.ended_on) for row in rows)


def targets_listed(actor: Actor) -> QuerySet[ServiceTarget]:
    return ServiceTarget.objects.filter(visible(actor, ServiceTarget)).select_related("set_by", "ended_by")


def get_target(actor: Actor, public_id: UUID) -> ServiceTarget:
    """Raises NotFound when absent or invisible."""
    row = ServiceTarget.objects.filter(visible(actor, ServiceTarget), public_id=public_id).first()
    if row is None:
        raise NotFound("service target")
    return row


def _periods() -> tuple[Period, ...]:
    return targets_from(ServiceTarget.objects.all())


def chase_day(from_day: date) -> date | None:
    """The day by which the organization means to have asked the plan, counted by its target for an overdue payer; None without
    one. For tasks about what is owed without a legal date: no clock of a target runs there. One statement."""
    target = holding(targets_from(ServiceTarget.objects.filter(kind=PAYER_CHASED)), PAYER_CHASED, from_day)
    return due_of(target, from_day, None) if target is not None else None


# One case, and one person's cases


def target_querysets(case: int) -> dict[str, QuerySet[Any]]:
    """What `case_targets` reads, for `together.fetched`: nothing is looked up of a kind that has no target."""
    found: dict[str, QuerySet[Any]] = {TARGETS: ServiceTarget.objects.order_by("id")}
    for kind in KINDS:
        path = "pk" if not case_path(kind) else "case_id"
        found[f"target_{kind}"] = rows_of(kind).filter(only_if_set(kind), **{path: case}).order_by("pk")
    return found


def case_targets(rows: dict[str, list[Any]], day: Day) -> tuple[Standing, ...]:
    """How one case stands under the targets, what is to be done first in front. `day` is the organization's."""
    found = [standing for standing, _row in _standings(rows, day)]
    return tuple(sorted(found, key=lambda s: (not s.is_asked, s.clock.met_on is not None, s.due_on)))


def _standings(rows: dict[str, list[Any]], day: Day) -> list[tuple[Standing, Any]]:
    periods = targets_from(rows[TARGETS])
    found = []
    for kind in KINDS:
        for row in rows[f"target_{kind}"]:
            clock = clock_of(kind, {name: getattr(row, name) for name in COLUMNS}, day.zone, day.today)
            standing = standing_of(clock, periods, day.today) if clock else None
            if standing is not None:
                found.append((standing, row))
    return found


@dataclass(frozen=True)
class Line:
    """A target that is missed or due today, of a case by its public id and reference."""

    case: int
    key: UUID
    reference: str
    standing: Standing


MEMBER, TODAY = -7_002, date(1905, 1, 1)


def _of_owner(member: int, today: date) -> dict[str, QuerySet[Any]]:
    found: dict[str, QuerySet[Any]] = {TARGETS: ServiceTarget.objects.order_by("id")}
    for kind in KINDS:
        mine = Q(**{f"{case_path(kind)}owner_id": member})
        found[f"target_{kind}"] = rows_of(kind).filter(only_if_set(kind), mine, still_asked(kind, today))
    return found


@cache
def _kept_of_owner() -> KeptRows:
    return kept_rows(lambda: _of_owner(MEMBER, TODAY), {"member": MEMBER, "today": TODAY})


def targets_on(actor: Actor, day: Day) -> tuple[Line, ...]:
    """What is missed or due today on the actor's own cases, the oldest first. One statement, as long as their own open cases."""
    if actor.membership_id is None or not actor.may(Permission.SEE_CASES):
        return ()
    asked = {"member": actor.membership_id, "today": day.today}
    rows = fetched(_kept_of_owner().written(asked))
    found = [
        Line(row.of_case, UUID(row.keyed), row.named, standing)
        for standing, row in _standings(rows, day)
        if standing.is_asked
    ]
    return tuple(sorted(found, key=_oldest))


def _oldest(line: Line) -> tuple[date, str, int]:
    return (line.standing.due_on, line.standing.target.kind, line.case)


# Lists of the organization


def _starts(day: date, zone: Any) -> datetime:
    return datetime.combine(day, datetime.min.time(), tzinfo=zone)


def _within(period: Period, zone: Any, *, last: date, after: date | None = None) -> Q:
    """Clocks of a period whose target ended on `last` or earlier, and after `after`."""
    target = period.target
    first, until = period.first, period.until
    found = Q(began__gte=_starts(first, zone)) | Q(began_on__gte=first)
    if until is not None:
        found &= _not_later(until - timedelta(days=1), zone)
    end = latest_start(target, last)
    begin = latest_start(target, after) if after is not None else None
    if target.unit == BEFORE_LAW:
        return found & Q(law__lte=end) & (Q(law__gt=begin) if begin else Q())
    found &= _not_later(end, zone)
    if begin is not None:
        found &= Q(began__gte=_starts(begin + timedelta(days=1), zone)) | Q(began_on__gt=begin)
    return found


def _not_later(day: date, zone: Any) -> Q:
    began = Q(began=None) | Q(began__lt=_starts(day + timedelta(days=1), zone))
    return began & (Q(began_on=None) | Q(began_on__lte=day))


def _late(
    periods: Sequence[Period], day: Day, last: date, seen: Any, owner: int | None
) -> list[QuerySet[Any]]:
    """Rows still asked for whose target ended by `last`, a queryset for each period; `seen` makes the condition of a model."""
    found = []
    for period in periods:
        kind = period.target.kind
        rows = rows_of(kind).filter(still_asked(kind, day.today), _within(period, day.zone, last=last))
        rows = rows.filter(seen(rows.model))
        if owner is not None:
            rows = rows.filter(**{f"{case_path(kind)}owner_id": owner})
        found.append(rows)
    return found


_LIGHT = ("what", "of_case", "keyed", "named", *COLUMNS, "since")


def _united(parts: Sequence[QuerySet[Any]]) -> QuerySet[Any, Any]:
    since = Cast(Coalesce(F("law"), F("began_on"), TruncDate("began")), DateField())
    light: list[QuerySet[Any, Any]] = [
        rows.annotate(since=since, row=F("pk")).values_list(*_LIGHT, "row") for rows in parts
    ]
    return light[0].union(*light[1:], all=True) if len(light) > 1 else light[0]


def _lines(rows: Iterable[Sequence[Any]], periods: Sequence[Period], day: Day) -> list[Line]:
    found = []
    for what, case, key, reference, *told in rows:
        clock = clock_of(what, dict(zip(COLUMNS, told, strict=False)), day.zone, day.today)
        standing = standing_of(clock, periods, day.today) if clock else None
        if standing is not None:
            found.append(Line(case, key, reference, standing))
    return found


def _seen_by(actor: Actor) -> Any:
    return lambda model: visible(actor, model)


def count_late(actor: Actor, *, day: Day) -> int | None:
    """How many targets are missed or due today on the cases the actor sees: the length of `late_page`'s list. None where no
    target was ever set. Two statements, or one.
    """
    parts = _late(_periods(), day, day.today, _seen_by(actor), None)
    return _united(parts).count() if parts else None


def count_missed(member: int, day: Day) -> int:
    """How many targets are missed, and still to be done, on the open cases of a membership. For the program itself."""
    parts = _late(_periods(), day, day.today - timedelta(days=1), lambda _model: Q(), member)
    return _united(parts).count() if parts else 0


@dataclass(frozen=True)
class Listed:
    """A page of lines with the cases they are of; `total` is the length of the whole list."""

    lines: tuple[Line, ...]
    cases: dict[int, Case]
    total: int
    page: int
    pages: int


def late_page(actor: Actor, *, day: Day, mine: bool, page: int = 1) -> Listed:
    """What is missed or due today, what waits longest first. At most four statements. Raises NotFound past the last page."""
    periods = _periods()
    owner = (actor.membership_id or 0) if mine else None
    parts = _late(periods, day, day.today, _seen_by(actor), owner)
    if not parts:
        return _listed(actor, [], 0, page)
    with planned_with_values():
        rows = _united(parts)
        total = rows.count()
        shown = rows.order_by("since", "what", "row")[(page - 1) * SIZE : page * SIZE] if total else []
        return _listed(actor, _lines(shown, periods, day), total, page)


def _listed(actor: Actor, lines: Sequence[Line], total: int, page: int) -> Listed:
    pages = max(-(-total // SIZE), 1)
    if not 1 <= page <= pages:
        raise NotFound("page")
    keys = {line.case for line in lines}
    cases = Case.objects.filter(visible(actor, Case), any_of("pk", sorted(keys))).select_related(
        "patient", "coverage__payer", "owner__user"
    )
    return Listed(tuple(lines), {case.pk: case for case in cases} if keys else {}, total, page, pages)


# A month


@dataclass(frozen=True)
class Counted:
    """How many of a kind came due in a month on the cases somebody sees, and how many of them were met by then."""

    kind: str
    met: int
    missed: int

    @property
    def total(self) -> int:
        return self.met + self.missed

    @property
    def share(self) -> int | None:
        """Percent, rounded down: what was missed is never rounded away."""
        return 100 * self.met // self.total if self.total else None


def _due_in(periods: Sequence[Period], actor: Actor, day: Day, first: date) -> list[QuerySet[Any]]:
    last = min(end_of_month(first), day.today)
    found = []
    for period in periods:
        rows = rows_of(period.target.kind)
        within = _within(period, day.zone, last=last, after=first - timedelta(days=1))
        found.append(rows.filter(within, visible(actor, rows.model)))
    return found


def end_of_month(first: date) -> date:
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def month_counts(actor: Actor, *, day: Day, first: date) -> tuple[Counted, ...]:
    """By kind that ever had a target: what came due in the month that begins on `first`, until today. Two statements: rows are
    counted by the days of their clock in the database, and each such day is judged by the one function.
    """
    periods = _periods()
    sums = {period.target.kind: [0, 0] for period in periods}
    parts = [_by_days(rows, day) for rows in _due_in(periods, actor, day, first)]
    found = (parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]) if parts else ()
    for what, began_on, met, ended, ended_on, law, count in found:
        told = {
            "began": None,
            "began_on": began_on,
            "met": None,
            "ended": None,
            "ended_on": ended_on,
            "law": law,
        }
        clock = clock_of(what, told, day.zone, day.today, met_on=met, over_on=ended)
        standing = standing_of(clock, periods, day.today) if clock else None
        if standing is not None and standing.state in COUNTED[""]:
            sums[what][standing.state != MET] += count
    return tuple(Counted(kind, *sums[kind]) for kind in KINDS if kind in sums)


def _by_days(rows: QuerySet[Any], day: Day) -> QuerySet[Any, Any]:
    def local(name: str) -> TruncDate:
        return TruncDate(name, tzinfo=day.zone)

    days = rows.order_by().annotate(
        start_day=Greatest(local("began"), F("began_on")), met_day=local("met"), over_day=local("ended")
    )
    by: Any = ("what", "start_day", "met_day", "over_day", "ended_on", "law")
    return days.values(*by).annotate(count=Count("pk")).values_list(*by, "count")


def month_page(actor: Actor, *, day: Day, first: date, kind: str, outcome: str, page: int = 1) -> Listed:
    """The list behind a number of `month_counts`: `outcome` is "met", "missed" or "" for both. Three statements; as long as one
    kind's month. Raises NotFound for an unknown kind or outcome, and past the last page.
    """
    if kind not in KINDS or outcome not in COUNTED:
        raise NotFound("kind")
    periods = [p for p in _periods() if p.target.kind == kind]
    parts = _due_in(periods, actor, day, first)
    found = _lines(_united(parts), periods, day) if parts else []
    chosen = sorted((line for line in found if line.standing.state in COUNTED[outcome]), key=_oldest)
    return _listed(actor, chosen[(page - 1) * SIZE : page * SIZE], len(chosen), page)
