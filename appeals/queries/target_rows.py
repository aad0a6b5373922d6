"""Of which rows each kind of service target is counted: what started the clock, what met it, what ended it. One definition for
every page, in the columns of `COLUMNS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import (
    CharField,
    DateField,
    DateTimeField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Least

from advocacy.tenancy.plans import Fixed
from appeals.models import (
    STANDS,
    Appeal,
    Deadline,
    Decision,
    Denial,
    LetterApproval,
    PeerToPeer,
    ServiceTarget,
)
from appeals.queries.clocks import CLAIMANT, LEGAL
from appeals.service_targets import (
    CALL_ARRANGED,
    DENIAL_ENTERED,
    FILED_EARLY,
    FIRST_CONTACT,
    PACKET_READY,
    PATIENT_TOLD,
    PAYER_CHASED,
    Clock,
)
from appeals.workflow import AppealStatus, PeerToPeerStatus
from cases.models import Case, Communication
from cases.workflow import CaseStatus

COLUMNS: Final = ("began", "began_on", "met", "ended", "ended_on", "law")
"""Moments and days of one clock. It starts on the later of `began` and `began_on`, and ends with the earlier of `ended` and
`ended_on`; `law` is the legal date. A column that a kind has no use for is empty.
"""
PATIENT = (Communication.With.PATIENT, Communication.With.HELPER)
OTHER_SIDE = (Communication.With.PAYER, Communication.With.REVIEWER)
SPOKEN = (Communication.Channel.CALL, Communication.Channel.MEETING)


def _contact(case: str, whom: tuple[str, ...], since: Any = None) -> Subquery:
    """When we first reached out to them, or spoke with them: entries of the log that stand."""
    rows = Communication.objects.filter(
        Q(direction=Communication.Direction.OUT) | Q(channel__in=SPOKEN),
        case_id=OuterRef(case),
        superseded_at=None,
        party__in=whom,
    )
    if since is not None:
        rows = rows.filter(happened_at__gte=since)
    return Subquery(rows.order_by("happened_at").values("happened_at")[:1])


def _moment(template: str, column: str) -> Func:
    return Func(OuterRef(column), template=template, output_field=DateTimeField())


def _timed(rows: QuerySet[Any], case: str = "case__", **columns: Any) -> QuerySet[Any]:
    """The rows with every column of COLUMNS, and `of_case`, `keyed` and `named`, which say whose they are."""
    none = {
        name: Cast(Value(None), DateField() if name in ("began_on", "ended_on", "law") else DateTimeField())
        for name in COLUMNS
    }
    return rows.annotate(
        of_case=F(f"{case}id"), keyed=F(f"{case}public_id"), named=F(f"{case}reference"), **(none | columns)
    ).only("id")


def _first_contact() -> QuerySet[Any]:
    return _timed(
        Case.objects.all(), "", began=F("opened_at"), met=_contact("pk", PATIENT), ended=F("closed_at")
    )


def _denial_entered() -> QuerySet[Any]:
    return _timed(
        Denial.objects.filter(STANDS, received_on__isnull=False),
        began=F("case__opened_at"),
        began_on=F("received_on"),
        met=F("confirmed_at"),
        ended=F("case__closed_at"),
    )


def _call_arranged() -> QuerySet[Any]:
    dropped = Q(status=PeerToPeerStatus.MISSED, arranged_at=None)
    return _timed(
        PeerToPeer.objects.exclude(dropped),
        began=F("opened_at"),
        met=Least("arranged_at", "held_at"),
        ended=F("case__closed_at"),
        ended_on=F("window_ends_on"),
    )


def _levels_we_file(path: str = "") -> Q:
    """Not those that the plan forwards, or that were opened again."""
    return Q(**{f"{path}forwarded_at": None, f"{path}returned_at": None})


def _packet_ready() -> QuerySet[Any]:
    asked = LetterApproval.objects.filter(appeal_id=OuterRef("pk")).order_by("asked_at").values("asked_at")
    under_way = Q(status__in=(AppealStatus.OPEN, AppealStatus.DRAFTING)) | Q(filed_at__isnull=False)
    return _timed(
        Appeal.objects.filter(_levels_we_file(), under_way),
        began=F("opened_at"),
        met=Least(Subquery(asked[:1]), "filed_at"),
        ended=F("case__closed_at"),
    )


def _filed_early() -> QuerySet[Any]:
    windows = Deadline.objects.filter(
        _levels_we_file("appeal__"), side=CLAIMANT, clock="filing", appeal__isnull=False
    )
    return _timed(
        windows.exclude(status=Deadline.Status.SUPERSEDED),
        began=F("appeal__opened_at"),
        met=F("appeal__filed_at"),
        ended=Least("ended_at", "case__closed_at"),
        law=Coalesce("law_on", "due_on"),
    )


def _patient_told() -> QuerySet[Any]:
    """People call first and type afterward: what was said in the 24 hours before it was recorded counts."""
    since = _moment("(%(expressions)s - interval '1 day')", "recorded_at")
    return _timed(
        Decision.objects.filter(is_deemed=False),
        began=F("recorded_at"),
        met=_contact("case_id", PATIENT, since),
        ended=F("case__closed_at"),
    )


def _payer_chased() -> QuerySet[Any]:
    since = _moment("((%(expressions)s + 1)::timestamp AT TIME ZONE 'UTC')", "due_on")
    theirs = Deadline.objects.filter(LEGAL).exclude(side=CLAIMANT)
    return _timed(
        theirs.exclude(status=Deadline.Status.SUPERSEDED),
        began_on=F("due_on"),
        met=_contact("case_id", OTHER_SIDE, since),
        ended=Least("ended_at", "case__closed_at"),
    )


SOURCES: Final[Mapping[str, Callable[[], QuerySet[Any]]]] = {
    FIRST_CONTACT: _first_contact,
    DENIAL_ENTERED: _denial_entered,
    CALL_ARRANGED: _call_arranged,
    PACKET_READY: _packet_ready,
    FILED_EARLY: _filed_early,
    PATIENT_TOLD: _patient_told,
    PAYER_CHASED: _payer_chased,
}


def rows_of(kind: str) -> QuerySet[Any]:
    """All rows of which this kind is counted, with the columns of `_timed`; `kind` says which one."""
    return SOURCES[kind]().annotate(what=Cast(Value(kind), CharField()))


def case_path(kind: str) -> str:
    """What leads from such a row to its case, in front of a field of it."""
    return "" if kind == FIRST_CONTACT else "case__"


def only_if_set(kind: str) -> Exists:
    """Whether the organization ever set a target of this kind: asked once of a statement, not of its rows."""
    return Exists(ServiceTarget.objects.filter(kind=kind))


def still_asked(kind: str, today: date) -> Q:
    """Nothing has met it and nothing ended it."""
    is_open = Q(**{f"{case_path(kind)}status": Fixed(CaseStatus.OPEN)})
    return Q(met=None, ended=None) & (Q(ended_on=None) | Q(ended_on__gte=today)) & is_open


def clock_of(
    kind: str,
    told: Mapping[str, Any],
    zone: ZoneInfo,
    today: date,
    *,
    met_on: date | None = None,
    over_on: date | None = None,
) -> Clock | None:
    """A row's clock in days of `zone`; None while it has not started. `told` are its COLUMNS as the ORM or as JSON gives them;
    `met_on` and `over_on` stand for its `met` and `ended` where these were made days already.
    """
    at = {name: _read(told[name]) for name in COLUMNS}
    started = max(d for d in (_day(at["began"], zone), at["began_on"]) if d)
    if started > today or (kind == PAYER_CHASED and started == today):
        return None
    window = at["ended_on"] if at["ended_on"] and at["ended_on"] < today else None
    over = min((d for d in (over_on or _day(at["ended"], zone), window) if d), default=None)
    met = met_on or _day(at["met"], zone)
    return Clock(kind, started, max(met, started) if met else None, over, at["law"])


def _day(moment: datetime | None, zone: ZoneInfo) -> date | None:
    return moment.astimezone(zone).date() if moment else None


def _read(raw: Any) -> Any:
    if not isinstance(raw, str):
        return raw
    return datetime.fromisoformat(raw) if "T" in raw else date.fromisoformat(raw)
