"""An organization's own, earlier dates: proposed by an administrator, confirmed by somebody else, ended, never deleted."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from advocacy.access.duties import not_ones_own
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.background.queue import enqueue
from advocacy.errors import Reason, Refused, WrongState
from appeals.models import OwnDateRule
from appeals.own_dates import MOST_DAYS, OwnDate, against_the_law
from appeals.queries.own_dates import own_date

OWN_DATES_JOB = "appeals.own_dates"
LONGEST = 200


def propose_own_date(
    *,
    actor: Actor,
    regime: str,
    level: str,
    kind: str,
    days: int,
    reason: str,
    in_force_from: date,
    in_force_to: date | None = None,
    today: date,
    at: datetime,
) -> OwnDateRule:
    """Propose one; no date moves yet. `today` is the day where the organization works.

    Raises NotAllowed, Refused: stage_unknown, kind_unknown, days_impossible, reason_missing, reason_long, from_past,
    ends_before_start, law_sets_none, later_than_law, before_the_notice (these with the arithmetic).
    """
    require(actor, Permission.MANAGE_LOOKUPS)
    rule = OwnDate(regime, level, kind, days, reason.strip(), in_force_from, in_force_to)
    reasons = _reasons(rule, today)
    if not reasons and (late := against_the_law(rule)):
        reasons = [late]
    if reasons:
        raise Refused(reasons)
    with transaction.atomic():
        row = OwnDateRule.objects.create(
            regime=regime,
            level=level,
            kind=kind,
            days=days,
            reason=rule.reason,
            in_force_from=in_force_from,
            in_force_to=in_force_to,
            proposed_at=at,
            proposed_by_id=actor.user_id,
        )
        record("own_date_proposed", subject=row, detail=_told(row))
    return row


def confirm_own_date(*, actor: Actor, row: OwnDateRule, at: datetime) -> OwnDateRule:
    """Confirm what somebody else proposed; from now on it is computed with, and every open case is computed again.

    An administrator or a supervisor confirms. Raises NotAllowed, WrongState, Refused (own_proposal, or the law changed and it
    would now be later).
    """
    _may_decide(actor)
    with transaction.atomic():
        locked = _locked(row)
        if locked.confirmed_at is not None or locked.ended_at is not None:
            raise WrongState("confirm", "decided", "This was confirmed or ended already.")
        if own := not_ones_own(actor, locked.proposed_by_id, "own_proposal"):
            raise Refused(own)
        if late := against_the_law(own_date(locked)):
            raise Refused([late])
        locked.confirmed_at, locked.confirmed_by_id = at, actor.user_id
        locked.save(update_fields=["confirmed_at", "confirmed_by"])
        record("own_date_confirmed", subject=locked, detail=_told(locked))
        enqueue(OWN_DATES_JOB)
    return locked


def end_own_date(*, actor: Actor, row: OwnDateRule, at: datetime) -> OwnDateRule:
    """Take one back, confirmed or not: the law's date is in front again. Raises NotAllowed, WrongState."""
    _may_decide(actor)
    with transaction.atomic():
        locked = _locked(row)
        if locked.ended_at is not None:
            raise WrongState("end", "ended", "This has ended already. Propose another where one is needed.")
        locked.ended_at, locked.ended_by_id = at, actor.user_id
        locked.save(update_fields=["ended_at", "ended_by"])
        record("own_date_ended", subject=locked, detail=_told(locked))
        if locked.confirmed_at is not None:
            enqueue(OWN_DATES_JOB)
    return locked


def _may_decide(actor: Actor) -> None:
    if not actor.may(Permission.MANAGE_LOOKUPS):
        require(actor, Permission.ASSIGN_CASE)


def _locked(row: OwnDateRule) -> OwnDateRule:
    return OwnDateRule.objects.select_for_update(of=("self",)).get(pk=row.pk)


def _told(row: OwnDateRule) -> dict[str, object]:
    return {"regime": row.regime, "level": row.level, "kind": row.kind, "days": row.days}


def _reasons(rule: OwnDate, today: date) -> list[Reason]:
    found = []
    if rule.kind not in OwnDateRule.Kind.values:
        found.append(Reason("kind_unknown", "Choose how it is counted.", "kind"))
    if not 1 <= rule.days <= MOST_DAYS:
        found.append(Reason("days_impossible", f"Enter a number of days from 1 to {MOST_DAYS}.", "days"))
    if not rule.reason:
        found.append(Reason("reason_missing", "Say why your people work to an earlier date.", "reason"))
    if len(rule.reason) > LONGEST:
        found.append(Reason("reason_long", f"A reason has at most {LONGEST} characters.", "reason"))
    if rule.in_force_from < today:
        found.append(
            Reason(
                "from_past",
                "Enter today or a later day: no date that runs moves without warning.",
                "in_force_from",
            )
        )
    if rule.in_force_to is not None and rule.in_force_to < rule.in_force_from:
        found.append(Reason("ends_before_start", "Enter its first day or a later one.", "in_force_to"))
    return found
