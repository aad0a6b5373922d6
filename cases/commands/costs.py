"""Money of a case: at stake, saved for the patient, obtained from the plan. Three kinds, never one sum."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused
from advocacy.tenancy.joined import joined
from cases.commands.touch import touch
from cases.models import Case, Cost

MOST = Decimal("9999999999.99")


def record_cost(
    *, actor: Actor, case: Case, kind: str, amount: Decimal, certainty: str, basis: str, at: datetime
) -> Cost:
    """Record the figure of one kind in US dollars; the figure that stood before stays as history.

    Raises Refused with all reasons: kind_unknown, certainty_unknown, amount_negative, amount_too_large,
    amount_not_cents, basis_missing.
    """
    require(actor, Permission.CHANGE_CASE, case)
    reasons = []
    if kind not in Cost.Kind.values:
        reasons.append(Reason("kind_unknown", "Choose which money this is.", "kind"))
    if certainty not in Cost.Certainty.values:
        reasons.append(Reason("certainty_unknown", "Say whether this is an estimate or actual.", "certainty"))
    if not amount.is_finite() or amount < 0:
        reasons.append(Reason("amount_negative", "Enter an amount of 0 or more.", "amount"))
    elif amount > MOST:
        reasons.append(
            Reason(
                "amount_too_large",
                "This amount is too large to be right. Check it, and enter it again.",
                "amount",
            )
        )
    elif amount != amount.quantize(Decimal("0.01")):
        reasons.append(Reason("amount_not_cents", "Enter dollars and whole cents.", "amount"))
    if not basis.strip():
        reasons.append(
            Reason("basis_missing", "Say how the figure was found (bill, price list, estimate).", "basis")
        )
    if reasons:
        raise Refused(reasons)
    with joined():
        # The case's row is the lock: of two people recording at once the second supersedes the first.
        Case.objects.select_for_update().only("pk").get(pk=case.pk)
        for standing in Cost.objects.filter(case=case, kind=kind, superseded_at=None):
            standing.superseded_at = at
            standing.save(update_fields=["superseded_at"])
        cost = Cost.objects.create(
            case=case,
            kind=kind,
            amount=amount.quantize(Decimal("0.01")),
            certainty=certainty,
            basis=basis.strip(),
            recorded_at=at,
            recorded_by_id=actor.user_id,
        )
        record("cost_recorded", subject=cost, detail={"kind": kind, "certainty": certainty})
        touch(case, at)
    return cost
