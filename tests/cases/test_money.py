"""The worked examples of cost sharing, figure for figure."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.money import (
    ClaimShare,
    CopayShare,
    CourseShare,
    OutOfNetworkShare,
    Won,
    claim_share,
    copay_share,
    course_share,
    out_of_network_share,
    to_cents,
    won_by_overturning,
)

EXAMPLES = [
    ("FX-01 inside the deductible", ("600", "1500", "0.2", "5000"), ("600", "0", "900", "4400")),
    ("FX-02 crosses the deductible", ("600", "200", "0.2", "5000"), ("280", "320", "0", "4720")),
    ("FX-03 out-of-pocket maximum", ("1400", "0", "0.3", "150"), ("150", "1250", "0", "0")),
    ("maximum below the deductible", ("1000", "800", "0.2", "300"), ("300", "700", "500", "0")),
    ("half a cent goes up, once", ("0.05", "0", "0.1", "9"), ("0.01", "0.04", "0", "8.99")),
]


@pytest.mark.parametrize(("title", "given_", "expected"), EXAMPLES, ids=[e[0] for e in EXAMPLES])
def test_one_claim(title, given_, expected):
    allowed, deductible, part, most = map(D, given_)
    share = claim_share(
        allowed=allowed, deductible_left=deductible, coinsurance=part, out_of_pocket_left=most
    )
    assert share == ClaimShare(*map(D, expected))


def test_fx_04_six_infusions_of_one_plan_year():
    share = course_share(
        allowed_each=D(550),
        sessions=6,
        deductible_left=D(1500),
        coinsurance=D("0.2"),
        out_of_pocket_left=D(4000),
    )
    assert share == CourseShare(
        by_session=(D(550), D(550), D(430), D(110), D(110), D(110)),
        patient_total=D(1860),
        plan_total=D(1440),
        out_of_pocket_left=D(2140),
    )


def test_fx_05_flat_copay():
    assert copay_share(copay=D(75), visits=6, deductible_left=D(1500)) == CopayShare(D(450), D(1500), D(450))


def test_fx_06_out_of_network_with_balance_bill():
    share = out_of_network_share(billed=D(800), allowed=D(400), deductible_left=D(100), coinsurance=D("0.4"))
    assert share == OutOfNetworkShare(
        plan_reimburses=D(180),
        cost_share=D(220),
        balance_bill=D(400),
        patient_total=D(620),
        counts_to_out_of_pocket=D(220),
    )


def test_fx_07_two_figures_that_are_never_added():
    won = won_by_overturning(
        cash_price_each=D(750), sessions=6, covered_patient_total=D(1860), covered_plan_total=D(1440)
    )
    assert won == Won(patient_savings=D(2640), plan_dollars_obtained=D(1440))
    assert [name for name in vars(won) if "total" in name or "sum" in name] == []


@pytest.mark.parametrize("bad", [D("-0.01"), D("NaN"), D("Infinity")])
def test_no_amount_is_below_nothing(bad):
    with pytest.raises(ValueError, match="amount of money"):
        claim_share(allowed=bad, deductible_left=D(0), coinsurance=D(0), out_of_pocket_left=D(0))


def test_the_patients_part_lies_between_nothing_and_all():
    with pytest.raises(ValueError, match="part"):
        claim_share(allowed=D(1), deductible_left=D(0), coinsurance=D("1.1"), out_of_pocket_left=D(0))


amounts = st.decimals(min_value=0, max_value=100_000, places=2)


@given(amounts, amounts, st.decimals(min_value=0, max_value=1, places=2), amounts)
def test_patient_and_plan_make_the_allowed_amount_and_nothing_goes_below_zero(
    allowed, deductible, part, most
):
    share = claim_share(
        allowed=allowed, deductible_left=deductible, coinsurance=part, out_of_pocket_left=most
    )
    assert share.patient + share.plan == to_cents(allowed)
    assert min(share.patient, share.plan, share.deductible_left, share.out_of_pocket_left) >= 0
    assert share.patient <= most
