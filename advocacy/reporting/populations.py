"""The rows our own figures count, each with its day, its dimensions and a code that says what became of it.

Every column added here begins with `f_`: `f_on` is the day that puts a row into a period (where the patient lives), `f_code`
what became of it. Nothing is counted here: what is counted and what is listed is the same queryset.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db.models import (
    Case as Choice,
)
from django.db.models import (
    CharField,
    DateField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Concat, Greatest, Least

from appeals.facts import ARRIVES_AT_ONCE
from appeals.models import (
    Appeal,
    AuthorizationRequest,
    ClockEvent,
    Deadline,
    Decision,
    Denial,
    DenialReason,
    Filing,
    ItemOutcome,
    PeerToPeer,
)
from appeals.models.appeal import AppealStatus
from appeals.models.authorization import RequestStatus
from appeals.queries.clocks import Day, passed
from appeals.regimes import book
from cases.models import Case, Cost

Rows = QuerySet[Any]


@dataclass(frozen=True)
class Population:
    """Rows of one kind. `rows(day)` is the whole organization's, as it stands on a day; `case` leads from a row to its case.

    `dimensions` are the columns it may be parted by, `codes` those that say what became of a row; `extra` are columns a
    figure reads beside them.
    """

    key: str
    rows: Callable[[Day], tuple[Rows, ...]]
    case: str
    dimensions: frozenset[str]
    codes: tuple[str, ...] = ("f_code",)
    extra: tuple[str, ...] = ()


def _text(value: str) -> Value:
    return Value(value, output_field=CharField())


def _code(*whens: When, default: Any) -> Choice:
    return Choice(*whens, default=default, output_field=CharField())


def _there(moment: Any, case: str = "case__") -> Cast:
    """The calendar day of a moment where the patient of the case lives."""
    moment = F(moment) if isinstance(moment, str) else moment
    local = Func(F(f"{case}patient__time_zone"), moment, function="timezone", output_field=DateTimeField())
    return Cast(local, DateField())


def _today_there(day: Day, case: str = "case__") -> Cast:
    return _there(Value(day.now, output_field=DateTimeField()), case)


def _reason(denial: str) -> Coalesce:
    primary = DenialReason.objects.filter(denial_id=OuterRef(denial), is_primary=True).values("reason")[:1]
    return Coalesce(Subquery(primary), _text(""))


def _first_regime(denial: str) -> Coalesce:
    first = Appeal.objects.filter(denial_id=OuterRef(denial)).order_by("position").values("regime")[:1]
    return Coalesce(Subquery(first), _text(""))


def _regime_of_request(request: str) -> Coalesce:
    clock = Deadline.objects.filter(request_id=OuterRef(request), clock="decision")
    standing = clock.exclude(status=Deadline.Status.SUPERSEDED).order_by("-id").values("regime")[:1]
    return Coalesce(Subquery(standing), _text(""))


def _regime_of_case(case: str) -> Coalesce:
    """The rules the case's last level stood under, else those of its last request."""
    level = Appeal.objects.filter(case_id=OuterRef(case)).order_by("-id").values("regime")[:1]
    clock = Deadline.objects.filter(case_id=OuterRef(case), clock="decision").exclude(regime="")
    standing = clock.exclude(status=Deadline.Status.SUPERSEDED).order_by("-id").values("regime")[:1]
    return Coalesce(Subquery(level), Subquery(standing), _text(""))


def decided() -> Rows:
    """Decisions with what was decided (`f_code`) and on which day it was told (`f_on`), and nothing that joins more tables."""

    def some(*outcomes: str) -> Exists:
        return Exists(ItemOutcome.objects.filter(decision_id=OuterRef("pk"), outcome__in=outcomes))

    code = _code(
        When(is_deemed=True, then=_text("silence")),
        When(some("overturned", "partly") & some("partly", "upheld"), then=_text("partly")),
        When(some("overturned"), then=_text("overturned")),
        When(some("upheld"), then=_text("upheld")),
        When(some("partly"), then=_text("partly")),
        default=_text("no_merits"),
    )
    return Decision.objects.annotate(f_code=code, f_on=Coalesce("notice_on", _there("decided_at")))


def _decisions(day: Day) -> tuple[Rows, ...]:
    rows = decided().annotate(
        f_stage=F("appeal__level"),
        f_regime=F("appeal__regime"),
        f_payer=F("appeal__denial__request__coverage__payer__name"),
        f_reason=_reason("appeal__denial_id"),
        f_treatment=F("case__treatment"),
    )
    return (rows,)


def _calls(day: Day) -> tuple[Rows, ...]:
    rows = PeerToPeer.objects.filter(held_at__isnull=False).annotate(
        f_code=F("outcome"),
        f_on=_there("held_at"),
        f_payer=F("denial__request__coverage__payer__name"),
        f_reason=_reason("denial_id"),
        f_treatment=F("case__treatment"),
    )
    return (rows,)


def _requests(day: Day) -> tuple[Rows, ...]:
    asked = ClockEvent.objects.filter(request_id=OuterRef("pk"), kind=ClockEvent.Kind.INFORMATION_REQUESTED)
    decided = [RequestStatus.APPROVED, RequestStatus.DENIED]
    rows = (
        AuthorizationRequest.objects.filter(status__in=decided, follows=None, decided_at__isnull=False)
        .exclude(timing=AuthorizationRequest.Timing.POST_SERVICE)
        .annotate(
            f_code=F("status"),
            f_asked=_code(When(Exists(asked), then=_text("asked")), default=_text("not_asked")),
            f_on=_there("decided_at"),
            f_payer=F("coverage__payer__name"),
            f_regime=_regime_of_request("pk"),
            f_treatment=F("case__treatment"),
        )
    )
    return (rows,)


def _next_day(day: Any) -> Cast:
    later = ExpressionWrapper(day + Value(timedelta(days=1)), output_field=DateTimeField())
    return Cast(later, DateField())


def _payer_clocks(day: Day) -> tuple[Rows, ...]:
    status = Deadline.Status
    late_from = Choice(
        When(due_at=None, then=_next_day(F("due_on"))), default=F("due_on"), output_field=DateField()
    )
    rows = (
        Deadline.objects.filter(side=Deadline.Side.PAYER, clock="decision")
        .filter(Q(status__in=[status.MET, status.MISSED]) | Q(passed(day), status=status.RUNNING))
        .annotate(
            f_code=_code(
                When(status=status.MET, then=_text("timely")),
                When(status=status.MISSED, then=_text("late")),
                default=_text("overdue"),
            ),
            f_on=Choice(
                When(ended_at=None, then=late_from),
                default=Least(_there("ended_at"), late_from),
                output_field=DateField(),
            ),
            f_stage=Coalesce("appeal__level", _text("request")),
            f_payer=Coalesce(
                "request__coverage__payer__name", "appeal__denial__request__coverage__payer__name"
            ),
            f_regime=F("regime"),
        )
    )
    return (rows,)


def _deadlines(day: Day) -> Rows:
    """The patient's windows whose last day is over, by what became of them; those that ended otherwise have no code."""
    status = Deadline.Status
    last = Coalesce(Greatest("statutory_on", "stated_on"), "due_on")
    filed = _there("appeal__filed_at")
    return (
        Deadline.objects.filter(side=Deadline.Side.CLAIMANT, clock="filing", appeal__isnull=False)
        .exclude(status=status.SUPERSEDED)
        .annotate(f_on=last, f_today=_today_there(day))
        .filter(f_on__lt=F("f_today"))
        .annotate(
            f_code=_code(
                When(status=status.MET, appeal__filed_at__isnull=False, then=_text("filed")),
                When(status__in=[status.MISSED, status.RUNNING], then=_text("missed")),
                When(appeal__status=AppealStatus.DECLINED, then=_text("declined")),
                default=_text("ended"),
            ),
            f_filed=filed,
            f_stage=F("appeal__level"),
            f_payer=F("appeal__denial__request__coverage__payer__name"),
            f_regime=F("appeal__regime"),
            f_reason=_reason("appeal__denial_id"),
        )
        .annotate(
            f_safe=_code(
                When(f_code="filed", f_filed__lte=Coalesce("safe_on", "due_on"), then=_text("safe")),
                When(f_code="filed", then=_text("later")),
                default=F("f_code"),
            )
        )
        .exclude(f_code="ended")
    )


def _filings(day: Day) -> tuple[Rows, ...]:
    levels = [level for regime in book().regimes.values() for level in regime.levels]
    external = {level.key for level in levels if level.kind == "external" and level.opened_by != "forwarding"}
    rows = _deadlines(day).annotate(
        f_first=_code(When(appeal__previous=None, appeal__beside=None, then=F("f_code")), default=_text("")),
        f_external=_code(When(f_stage__in=sorted(external), then=F("f_code")), default=_text("")),
    )
    return (rows,)


def _closed_cases(day: Day) -> tuple[Rows, ...]:
    rows = Case.objects.filter(closed_at__isnull=False).annotate(
        f_code=F("outcome"),
        f_on=_there("closed_at", ""),
        f_payer=F("coverage__payer__name"),
        f_regime=_regime_of_case("pk"),
        f_treatment=F("treatment"),
    )
    return (rows,)


def _denials(day: Day) -> tuple[Rows, ...]:
    rows = Denial.objects.filter(confirmed_at__isnull=False, silent_from=None).annotate(
        f_code=_text("denial"),
        f_on=Coalesce("received_on", "notice_on"),
        f_reason=_reason("pk"),
        f_payer=F("request__coverage__payer__name"),
        f_regime=_first_regime("pk"),
        f_treatment=F("case__treatment"),
    )
    return (rows,)


def _costs(day: Day) -> tuple[Rows, ...]:
    told = [Cost.Kind.PATIENT_SAVINGS, Cost.Kind.PLAN_DOLLARS]
    rows = Cost.objects.filter(kind__in=told, superseded_at=None).annotate(
        f_code=Concat("kind", _text("_"), "certainty"),
        f_on=_there("recorded_at"),
        f_payer=F("case__coverage__payer__name"),
        f_regime=_regime_of_case("case_id"),
        f_treatment=F("case__treatment"),
        f_amount=F("amount"),
    )
    return (rows,)


def _waited(rows: Rows, day: Day) -> Rows:
    """`f_on` the day of receipt, `f_end` the day of the decision, or until when nothing was decided."""
    return rows.filter(f_on__isnull=False).annotate(
        f_end=Coalesce(_there("decided_at"), _today_there(day)),
    )


def _waits(day: Day) -> tuple[Rows, ...]:
    at_once = sorted(ARRIVES_AT_ONCE)
    awaited = [RequestStatus.SUBMITTED, RequestStatus.RECEIVED, RequestStatus.APPROVED, RequestStatus.DENIED]
    arrival = Choice(When(channel__in=at_once, then=F("submitted_at")), output_field=DateTimeField())
    requests = AuthorizationRequest.objects.filter(status__in=awaited).annotate(
        f_code=_code(When(decided_at=None, then=_text("open")), default=_text("decided")),
        f_on=_there(Coalesce("received_at", arrival)),
        f_stage=_text("request"),
        f_payer=F("coverage__payer__name"),
        f_regime=_regime_of_request("pk"),
        f_speed=_code(When(is_urgent=True, then=_text("expedited")), default=_text("standard")),
    )
    fast = Filing.objects.filter(appeal_id=OuterRef("pk"), channel__in=at_once)
    silent = Decision.objects.filter(appeal_id=OuterRef("pk"), is_deemed=True)
    filed = Choice(When(Exists(fast), then=F("filed_at")), output_field=DateTimeField())
    status = AppealStatus
    levels = Appeal.objects.filter(
        status__in=[status.FILED, status.FORWARDED, status.RETURNED, status.RECEIVED, status.DECIDED]
    ).annotate(
        f_code=_code(When(Q(decided_at=None) | Exists(silent), then=_text("open")), default=_text("decided")),
        f_on=_there(Coalesce("received_at", filed)),
        f_stage=F("level"),
        f_payer=F("denial__request__coverage__payer__name"),
        f_regime=F("regime"),
        f_speed=_code(When(is_expedited=True, then=_text("expedited")), default=_text("standard")),
    )
    return (_waited(requests, day), _waited(levels, day))


_BASE: Final = frozenset({"f_payer", "f_regime"})
_ALL = (
    Population("decisions", _decisions, "case", _BASE | {"f_stage", "f_reason", "f_treatment"}),
    Population("calls", _calls, "case", frozenset({"f_payer", "f_reason", "f_treatment"})),
    Population("requests", _requests, "case", _BASE | {"f_treatment"}, ("f_code", "f_asked")),
    Population("payer_clocks", _payer_clocks, "case", _BASE | {"f_stage"}),
    Population(
        "filings",
        _filings,
        "case",
        _BASE | {"f_stage", "f_reason"},
        ("f_code", "f_safe", "f_first", "f_external"),
    ),
    Population("closed_cases", _closed_cases, "", _BASE | {"f_treatment"}),
    Population("denials", _denials, "case", _BASE | {"f_reason", "f_treatment"}),
    Population("costs", _costs, "case", _BASE | {"f_treatment"}, extra=("f_amount",)),
    Population("waits", _waits, "case", _BASE | {"f_stage", "f_speed"}, extra=("f_on", "f_end")),
)
POPULATIONS: Final[dict[str, Population]] = {one.key: one for one in _ALL}
