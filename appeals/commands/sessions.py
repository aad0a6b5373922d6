"""Sessions of treatment are recorded against the authorization that allows them, and the renewal is thought of in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import NotFound, Reason, WrongState
from advocacy.tenancy.kept import Kept, kept
from advocacy.tenancy.plans import any_of
from appeals.commands.checks import locked_case_of, refuse, today_of
from appeals.commands.follow_ups import ask
from appeals.commands.following import renewal_under_way
from appeals.models import GrantedAuthorization, TreatmentSession
from appeals.queries.sessions import running_out, standing_of
from appeals.rules import RENEWAL_DAYS, inside_what_is_left, session_fits
from cases.commands.touch import touch
from cases.models import Case, Provider, Task
from cases.places import places_of_service

RENEWAL_TASK = "renewal:"
TEMPLATE = "renewal"
DAY_MINUTES = 24 * 60
MOST_UNITS = Decimal("9999999.99")
DAY = date(1905, 1, 1)
"""Stands for the day in the text of a statement."""


def record_session(
    *,
    actor: Actor,
    authorization: GrantedAuthorization,
    held_on: date,
    minutes: int | None,
    units: Decimal | None = None,
    place_of_service: str,
    provider: Provider,
    override_reason: str = "",
    at: datetime,
) -> TreatmentSession:
    """Record a session that took place on `held_on` (a day where the patient lives) against an authorization.

    More than is left is refused unless `override_reason` says why; then the session is marked as beyond. Opens the
    renewal's task when it is due. Raises NotAllowed, NotFound, Refused with every reason.
    """
    require(actor, Permission.CHANGE_CASE, authorization)
    if provider.organization_id != actor.organization_id:
        raise NotFound("provider")
    override_reason = override_reason.strip()
    with transaction.atomic():
        case = locked_case_of(authorization)
        today = today_of(case, at)
        left = standing_of(authorization, today)
        over = inside_what_is_left(left.sessions_left, left.units_left, units)
        fits = session_fits(held_on, authorization.valid_from, authorization.valid_until, today)
        refuse(
            [
                *([fits] if fits else ()),
                *_shape(minutes, units, place_of_service, needs_units=authorization.sessions is None),
                *([over] if over and not override_reason else ()),
            ]
        )
        session = TreatmentSession.objects.create(
            case=case,
            authorization=authorization,
            held_on=held_on,
            minutes=minutes,
            units=units,
            place_of_service=place_of_service,
            provider=provider,
            beyond=over is not None,
            override_reason=override_reason if over else "",
            recorded_at=at,
            recorded_by_id=actor.user_id,
        )
        record(
            "session_recorded",
            subject=session,
            detail={"held_on": held_on, "units": units, "beyond": over is not None},
        )
        touch(case, at)
        consider_renewal(case, authorization, at)
    return session


def void_session(*, actor: Actor, session: TreatmentSession, reason: str, at: datetime) -> TreatmentSession:
    """A session that was recorded wrongly no longer counts; it is kept with the reason.

    Raises NotAllowed, NotFound, WrongState when it is void, Refused without a reason.
    """
    require(actor, Permission.CHANGE_CASE, session)
    with transaction.atomic():
        case = locked_case_of(session)
        row = TreatmentSession.objects.select_for_update().get(pk=session.pk)
        if row.voided_at is not None:
            raise WrongState("void", "void", "This session is void already.")
        if not reason.strip():
            refuse([Reason("reason_missing", "Say why, in one sentence.", "reason")])
        row.voided_at, row.void_reason, row.voided_by_id = at, reason.strip(), actor.user_id
        row.save(update_fields=["voided_at", "void_reason", "voided_by"])
        record("session_voided", subject=row, detail={"held_on": row.held_on})
        touch(case, at)
    return row


def consider_renewal(case: Case, granted: GrantedAuthorization, at: datetime) -> Task | None:
    """Open the renewal's task once, when it is due: 30 days before the last valid day or with two sessions left.

    Nothing while a renewal is under way, after a later authorization, or when the task was opened before.
    """
    today = today_of(case, at)
    code = f"{RENEWAL_TASK}{granted.pk}"
    if not standing_of(granted, today).renewal_due:
        return None
    if Task.objects.filter(case=case, code=code).exists() or renewal_under_way(granted) is not None:
        return None
    ends = granted.valid_until
    return ask(
        case,
        code=code,
        title="Ask for the renewal of the authorization",
        detail=f"It ends on {ends:%B} {ends.day}, {ends.year}, or with its last session. The answer takes time.",
        due_on=min(today + timedelta(days=5), ends),
        template=TEMPLATE,
        at=at,
    )


def _ending(day: date) -> QuerySet[GrantedAuthorization]:
    """Those that come to their end around `day` and whose renewal's task was never opened."""
    code = Concat(Value(RENEWAL_TASK), Cast(OuterRef("pk"), CharField()))
    opened = Task.objects.filter(case=OuterRef("case_id"), code=code)
    rows = running_out(day - timedelta(days=1), day + timedelta(days=RENEWAL_DAYS + 1))
    return rows.filter(~Exists(opened))


@cache
def _keys_ending() -> Kept:
    return kept(lambda: _ending(DAY).values_list("pk"), {"day": DAY})


def to_consider(at: datetime, *, pk: int | None = None) -> list[GrantedAuthorization]:
    """The authorizations of the organization that come to their end around `at` and were not thought of before; with `pk` that
    one, if it does.
    """
    # On most days there is none: who they are is asked first, in a text that is made once.
    keys = [pk] if pk is not None else [key for (key,) in _keys_ending().rows({"day": at.date()})]
    return list(_ending(at.date()).filter(any_of("pk", keys))) if keys else []


def consider_renewals(at: datetime, *, pk: int | None = None) -> int:
    """Look at every authorization that comes to its end, or at one; how many tasks were opened. Again changes nothing."""
    return sum(consider_renewal(granted.case, granted, at) is not None for granted in to_consider(at, pk=pk))


def _shape(
    minutes: int | None, units: Decimal | None, place_of_service: str, *, needs_units: bool
) -> Iterator[Reason]:
    if minutes is None or not 0 < minutes <= DAY_MINUTES:
        yield Reason("minutes_missing", "Say how many minutes it took.", "minutes")
    if units is None and needs_units:
        yield Reason("units_missing", "This authorization counts units: say how many were used.", "units")
    if units is not None and not 0 < units <= MOST_UNITS:
        yield Reason("units_impossible", "Enter how many units were used.", "units")
    if place_of_service not in places_of_service():
        yield Reason("place_missing", "Choose where it took place.", "place_of_service")
