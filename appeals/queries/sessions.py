"""Sessions held against an authorization, and what is left of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from appeals.models import GrantedAuthorization, TreatmentSession
from appeals.rules import RENEWAL_SESSIONS, renewal_day, renewal_is_due

COUNTS = Q(sessions_held__isnull=False, sessions_held__voided_at=None)


def counted(rows: QuerySet[GrantedAuthorization]) -> QuerySet[Any]:
    """Authorizations with `used` (sessions held) and `used_units`; voided sessions do not count."""
    return rows.annotate(
        used=Count("sessions_held", filter=COUNTS), used_units=Sum("sessions_held__units", filter=COUNTS)
    )


@dataclass(frozen=True)
class AuthorizationLine:
    """What the payer granted and what is left of it. `days_left` counts to the last valid day; negative when it has run out.

    `renew_on` is the day from which a renewal is asked for; `renewal_due` whether that is so today.
    """

    granted: Any
    used: int
    used_units: Decimal
    days_left: int
    starts_later: bool
    renew_on: date
    renewal_due: bool

    @property
    def sessions_left(self) -> int | None:
        return None if self.granted.sessions is None else self.granted.sessions - self.used

    @property
    def units_left(self) -> Decimal | None:
        return None if self.granted.units is None else self.granted.units - self.used_units

    @property
    def beyond(self) -> bool:
        """More was held than was allowed."""
        return (self.sessions_left or 0) < 0 or (self.units_left or 0) < 0

    @property
    def is_running(self) -> bool:
        """Something is left, and its days are not over."""
        left = self.sessions_left if self.sessions_left is not None else self.units_left
        return self.days_left >= 0 and not self.starts_later and (left is None or left > 0)

    @property
    def few_left(self) -> bool:
        return self.sessions_left is not None and self.sessions_left <= RENEWAL_SESSIONS


def line_of(granted: Any, today: date, others: Iterable[Any] = ()) -> AuthorizationLine:
    """How a counted authorization stands on `today`, a day where the patient lives.

    A renewal is due only of the one that lasts longest: `others` are those of the same case.
    """
    used, units = int(granted.used or 0), Decimal(granted.used_units or 0)
    left = None if granted.sessions is None else granted.sessions - used
    last = all((o.valid_until, o.pk) <= (granted.valid_until, granted.pk) for o in others)
    return AuthorizationLine(
        granted=granted,
        used=used,
        used_units=units,
        days_left=(granted.valid_until - today).days,
        starts_later=granted.valid_from > today,
        renew_on=renewal_day(granted.valid_from, granted.valid_until),
        renewal_due=last and renewal_is_due(granted.valid_from, granted.valid_until, left, today),
    )


def lines_of(granted: Iterable[Any], today: date) -> tuple[AuthorizationLine, ...]:
    """The counted authorizations of one case, in their order."""
    rows = list(granted)
    return tuple(line_of(row, today, rows) for row in rows)


def standing_of(granted: GrantedAuthorization, today: date) -> AuthorizationLine:
    """One authorization, with what was held against it read afresh."""
    rows = list(counted(GrantedAuthorization.objects.filter(case_id=granted.case_id)))
    mine = next(row for row in rows if row.pk == granted.pk)
    return line_of(mine, today, rows)


def get_authorization(actor: Actor, case: Any, public_id: UUID) -> GrantedAuthorization:
    """An authorization of this case with its request. Raises NotFound when absent or invisible."""
    found = (
        GrantedAuthorization.objects.filter(
            visible(actor, GrantedAuthorization), case_id=case.pk, public_id=public_id
        )
        .select_related("request__case", "case__patient", "case__provider", "document")
        .first()
    )
    if found is None:
        raise NotFound("authorization")
    return found


def sessions_of(granted: GrantedAuthorization) -> QuerySet[TreatmentSession]:
    """What was held against it, voided ones too."""
    return TreatmentSession.objects.filter(authorization=granted).select_related(
        "provider", "recorded_by", "voided_by"
    )


def latest_of(granted: GrantedAuthorization) -> TreatmentSession | None:
    """The last session that counts, whose form the next one begins with."""
    return sessions_of(granted).filter(voided_at=None).order_by("-held_on", "-id").first()


def get_session(actor: Actor, case: Any, public_id: UUID) -> TreatmentSession:
    """A session of this case. Raises NotFound when absent or invisible."""
    found = (
        TreatmentSession.objects.filter(
            visible(actor, TreatmentSession), case_id=case.pk, public_id=public_id
        )
        .select_related("authorization", "case__patient", "provider")
        .first()
    )
    if found is None:
        raise NotFound("session")
    return found


def running_out(first: date, last: date) -> QuerySet[GrantedAuthorization]:
    """Authorizations of open cases whose last valid day lies between these, for the nightly look at renewals."""
    return (
        GrantedAuthorization.objects.filter(valid_until__range=(first, last), case__status="open")
        .select_related("case__patient", "case__owner", "request")
        .order_by("id")
    )
