"""What is read to remind of dates, as texts that are made once (ADR 36): all running clocks of an organization are looked through
over and over, and a morning brings many mails at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet

from advocacy.access.permissions import Permission
from advocacy.access.roles import ROLES
from advocacy.people.queries import absences_within, working_members
from advocacy.tenancy.kept import Kept, KeptRows, kept, kept_rows
from advocacy.tenancy.together import Written
from appeals.models import Deadline, Reminder
from appeals.queries.clocks import CLAIMANT
from cases.models import Case
from cases.workflow import CaseStatus

PASSED = -1
ESCALATED = -2
LAST_TOLD = Q(reminded__contains=[ESCALATED]) | (
    (~Q(side=CLAIMANT) | Q(peer_to_peer__isnull=False)) & Q(reminded__contains=[PASSED])
)
"""Clocks of which nothing more is to be told."""
READ = (
    "clock",
    "side",
    "due_on",
    "due_at",
    "reminded",
    "computed_at",
    "peer_to_peer",
    "case",
    "organization",
)
"""What is read of a clock to find out what is due."""
SUBJECTS = ("request", "denial", "appeal", "peer_to_peer", "document_request")
"""What a clock is about."""
TELLS = frozenset({Permission.ASSIGN_CASE, Permission.MANAGE_MEMBERS})
"""Whoever has one of these may be told of a case that is not theirs."""

THE_KEY, MOMENT, DAY = -7_301, datetime(1901, 1, 1, tzinfo=UTC), date(1905, 1, 1)
"""Stand for what is asked about, and when, in the text of the statements; no row has such a key or such a date."""
CODES: Mapping[str, Any] = {"passed": PASSED, "escalated": ESCALATED}


def running_clocks() -> QuerySet[Deadline]:
    """The running clocks of open cases."""
    return Deadline.objects.filter(status=Deadline.Status.RUNNING, case__status=CaseStatus.OPEN)


def with_zone(rows: QuerySet[Deadline]) -> QuerySet[Deadline]:
    """What of these clocks says what is due; `zone` is where the patient lives."""
    return rows.only(*READ).annotate(zone=F("case__patient__time_zone"))


@cache
def _kept_left() -> KeptRows:
    rows = running_clocks().filter(due_on__lte=DAY).exclude(LAST_TOLD).order_by("due_on", "id")
    return kept_rows(lambda: {"left": with_zone(rows)}, {"horizon": DAY, **CODES})


def clocks_left(horizon: date) -> dict[str, Written]:
    """Under "left": clocks (see `with_zone`) up to that day of which something is left to tell, by day."""
    return _kept_left().written({"horizon": horizon, **CODES})


def _rows_of_claim() -> dict[str, QuerySet[Any]]:
    row = Deadline.objects.filter(pk=THE_KEY)
    cases = Case.objects.filter(deadlines=THE_KEY)
    owner = cases.values("owner_id")
    # Which day it is where the organization works is known when these have been read.
    away = absences_within(DAY - timedelta(days=1), DAY + timedelta(days=1)).filter(member_id__in=owner)
    told = [str(role) for role, known in ROLES.items() if known.permissions & TELLS]
    people = working_members(MOMENT).filter(
        Q(pk__in=owner) | Q(pk__in=away.values("cover_id")) | Q(roles__overlap=told)
    )
    earlier = Deadline.objects.filter(
        case_id__in=row.values("case_id"), clock__in=row.values("clock"), due_on__in=row.values("due_on")
    )
    return {
        "dates": running_clocks().filter(pk=THE_KEY).select_for_update(of=("self",)).only(*READ, *SUBJECTS),
        "cases": cases.only("owner", "is_restricted", "organization").annotate(
            zone=F("patient__time_zone"), works_in=F("organization__time_zone")
        ),
        "earlier": earlier.exclude(reminded=[]).only("due_at", "reminded", *SUBJECTS),
        "away": away.only("cover", "from_on", "until_on"),
        "people": people.order_by("pk").only("roles", "user", "organization"),
        "claimed": Reminder.objects.filter(deadline=THE_KEY).only("member", "rung"),
    }


@cache
def _kept_claim() -> KeptRows:
    return kept_rows(_rows_of_claim, {"deadline": THE_KEY, "at": MOMENT, "day": DAY})


def rows_of_claim(deadline_pk: int, at: datetime) -> dict[str, Written]:
    """What it takes to claim the reminders of a date at `at`, for one statement (`together.fetched`) that locks the date.

    "dates" is the date while it runs, "cases" its case with the `zone` of the patient and where the organization `works_in`;
    "earlier" what the same clock of the case was told for the same day, "away" the owner's absences around today, "people"
    whoever of `working_members` may be told, by key, "claimed" the mails about it.
    """
    return _kept_claim().written({"deadline": deadline_pk, "at": at, "day": at.date()})


OF_MAIL = ("pk", "goes", "public_id", "rung", "lead", "member_id", "address", "zone")
OF_DATE = (
    *("id", "case_id", "peer_to_peer_id", "clock", "title", "side"),
    *("due_on", "due_at", "law_on", "regime", "rule"),
)
OF_CASE = ("id", "public_id", "reference")
MAIL_COLUMNS = ", ".join(
    [*OF_MAIL, *(f"date_{name}" for name in OF_DATE), *(f"case_{name}" for name in OF_CASE)]
)
"""What a statement may call the columns of `kept_mail`."""


def _mails() -> QuerySet[Reminder, Any]:
    runs = Q(deadline__status=Deadline.Status.RUNNING, deadline__case__status=CaseStatus.OPEN)
    works = Q(Exists(working_members(MOMENT).filter(pk=OuterRef("member_id"))))
    mails = Reminder.objects.filter(pk=THE_KEY).annotate(
        goes=ExpressionWrapper(runs & works, output_field=BooleanField()),
        address=F("member__user__email"),
        zone=F("deadline__case__patient__time_zone"),
    )
    dates, cases = (f"deadline__{name}" for name in OF_DATE), (f"deadline__case__{name}" for name in OF_CASE)
    return mails.values_list(*OF_MAIL, *dates, *cases)


@cache
def kept_mail() -> Kept:
    """One claimed mail (`reminder`), its date and its case, in the columns `OF_MAIL`, `OF_DATE` and `OF_CASE`. It `goes`
    while the date runs, the case is open, and its reader works here at `at`.
    """
    return kept(_mails, {"reminder": THE_KEY, "at": MOMENT})
