"""What a covered treatment costs the patient and the plan, and what an overturned denial saved. Pure: no Django.

US dollars as Decimal. Each claim line is rounded once, at its end, half up to cents. The order is the one plans use:
allowed amount, deductible, coinsurance, out-of-pocket maximum (45 CFR 155.20 "cost sharing"; 42 U.S.C. 18022(c)).
Premiums, balance bills and amounts above the allowed amount never count toward an accumulator.
What the patient saved and what the plan paid are two figures; nothing here adds them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
NOTHING = Decimal("0.00")


def to_cents(amount: Decimal) -> Decimal:
    """Half up to whole cents."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class ClaimShare:
    """One claim line after the plan's rules, and what is left of the two accumulators. `patient + plan` is the allowed amount."""

    patient: Decimal
    plan: Decimal
    deductible_left: Decimal
    out_of_pocket_left: Decimal


@dataclass(frozen=True)
class CourseShare:
    """Several claim lines of one plan year, in order."""

    by_session: tuple[Decimal, ...]
    patient_total: Decimal
    plan_total: Decimal
    out_of_pocket_left: Decimal


@dataclass(frozen=True)
class CopayShare:
    """Flat copays: the deductible stays as it was, every copay counts toward the out-of-pocket maximum."""

    patient: Decimal
    deductible_left: Decimal
    out_of_pocket_credit: Decimal


@dataclass(frozen=True)
class OutOfNetworkShare:
    """A bill from outside the network. The balance bill is the patient's and counts toward nothing."""

    plan_reimburses: Decimal
    cost_share: Decimal
    balance_bill: Decimal
    patient_total: Decimal
    counts_to_out_of_pocket: Decimal


@dataclass(frozen=True)
class Won:
    """Two figures of an overturned denial that are never added."""

    patient_savings: Decimal
    plan_dollars_obtained: Decimal


def claim_share(
    *, allowed: Decimal, deductible_left: Decimal, coinsurance: Decimal, out_of_pocket_left: Decimal
) -> ClaimShare:
    """Who pays what of one in-network claim. `coinsurance` is the patient's part (0.2 for 20 %).

    Raises ValueError for a negative amount or a part outside 0 to 1.
    """
    _sound(allowed, deductible_left, out_of_pocket_left, part=coinsurance)
    deductible = min(allowed, deductible_left)
    patient = to_cents(min(deductible + coinsurance * (allowed - deductible), out_of_pocket_left))
    return ClaimShare(
        patient=patient,
        plan=to_cents(allowed) - patient,
        deductible_left=to_cents(deductible_left - min(deductible, patient)),
        out_of_pocket_left=to_cents(out_of_pocket_left - patient),
    )


def course_share(
    *,
    allowed_each: Decimal,
    sessions: int,
    deductible_left: Decimal,
    coinsurance: Decimal,
    out_of_pocket_left: Decimal,
) -> CourseShare:
    """Several equal sessions in one plan year, each its own claim. Raises ValueError as `claim_share`."""
    shares: list[ClaimShare] = []
    for _ in range(sessions):
        share = claim_share(
            allowed=allowed_each,
            deductible_left=deductible_left,
            coinsurance=coinsurance,
            out_of_pocket_left=out_of_pocket_left,
        )
        deductible_left, out_of_pocket_left = share.deductible_left, share.out_of_pocket_left
        shares.append(share)
    return CourseShare(
        by_session=tuple(share.patient for share in shares),
        patient_total=sum((share.patient for share in shares), NOTHING),
        plan_total=sum((share.plan for share in shares), NOTHING),
        out_of_pocket_left=out_of_pocket_left,
    )


def copay_share(*, copay: Decimal, visits: int, deductible_left: Decimal) -> CopayShare:
    """Flat copays before the deductible. Raises ValueError for a negative amount."""
    _sound(copay, deductible_left)
    patient = to_cents(copay) * visits
    return CopayShare(patient=patient, deductible_left=deductible_left, out_of_pocket_credit=patient)


def out_of_network_share(
    *, billed: Decimal, allowed: Decimal, deductible_left: Decimal, coinsurance: Decimal
) -> OutOfNetworkShare:
    """A superbill with balance billing. Raises ValueError for a negative amount or a part outside 0 to 1."""
    _sound(billed, allowed, deductible_left, part=coinsurance)
    deductible = min(allowed, deductible_left)
    cost_share = to_cents(deductible + coinsurance * (allowed - deductible))
    balance = max(to_cents(billed - allowed), NOTHING)
    return OutOfNetworkShare(
        plan_reimburses=to_cents(allowed) - cost_share,
        cost_share=cost_share,
        balance_bill=balance,
        patient_total=cost_share + balance,
        counts_to_out_of_pocket=cost_share,
    )


def won_by_overturning(
    *, cash_price_each: Decimal, sessions: int, covered_patient_total: Decimal, covered_plan_total: Decimal
) -> Won:
    """What the patient would have paid in cash less what she pays covered, and beside it what the plan pays."""
    _sound(cash_price_each, covered_patient_total, covered_plan_total)
    return Won(
        patient_savings=to_cents(cash_price_each) * sessions - covered_patient_total,
        plan_dollars_obtained=covered_plan_total,
    )


def _sound(*amounts: Decimal, part: Decimal = NOTHING) -> None:
    if any(not amount.is_finite() or amount < 0 for amount in amounts):
        raise ValueError("an amount of money is a number of 0 or more")
    if not 0 <= part <= 1:
        raise ValueError("the patient's part lies between 0 and 1")
