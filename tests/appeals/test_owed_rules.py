"""Which decisions bind the plan without a number of days, as rows of the rules: contradictions, planted; how they are printed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from appeals.clock import printed
from appeals.regimes import shipped, using
from appeals.regimes.checks import problems_of
from appeals.regimes.shapes import OwedLaw

WHOLE = shipped()
ROW = replace(WHOLE.owed[0], regimes=("erisa_self_funded",), levels=("external_review",))
LEVEL = (
    "What is owed without a number of days (external_review_federal) names a level of {} that is not there, has a time, or stands"
    " twice."
)
SOURCE = (
    "What is owed without a number of days (external_review_federal) has no citation, text or confidence."
)
SEEN = "What is owed without a number of days (external_review_federal) is verified without a day, or checked and not verified."


def told(*rows: OwedLaw) -> list[str]:
    return list(problems_of(replace(WHOLE, owed=rows)))


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        ({}, []),
        ({"confidence": "verified", "checked_on": date(2026, 11, 23)}, []),
        ({"confidence": "uncertain"}, []),
        ({"citation": ""}, [SOURCE]),
        ({"text": ""}, [SOURCE]),
        ({"confidence": "sure"}, [SOURCE]),
        ({"confidence": "verified"}, [SEEN]),
        ({"checked_on": date(2026, 11, 23)}, [SEEN]),
        ({"levels": ("court",)}, []),
        ({"levels": ("zenith",)}, [LEVEL.format("erisa_self_funded")]),
        ({"levels": ("council",)}, [LEVEL.format("erisa_self_funded")]),
        ({"regimes": ("nobody",)}, [LEVEL.format("nobody")]),
        # 42 CFR 422.618: a plan of Medicare Advantage has its days to carry out what the independent entity decides.
        ({"regimes": ("medicare_advantage",), "levels": ("ire_reconsideration",)}, [LEVEL.format("medicare_advantage")]),
    ],
)  # fmt: skip
def test_a_row_says_where_it_stands_and_names_levels_without_a_time(change, problems) -> None:
    assert told(replace(ROW, **change)) == problems


def test_no_level_has_two_rows() -> None:
    assert told(ROW, replace(ROW, key="external_review_federal")) == [LEVEL.format("erisa_self_funded")]
    assert told(ROW, replace(ROW, regimes=("church_self_funded",))) == []


def test_the_least_certain_stands_first_and_of_equals_the_first_by_name() -> None:
    sure = {"verified": date(2026, 11, 23), "knowledge": None, "uncertain": None}
    rows = [
        replace(ROW, key=f"{c}_{n}", confidence=c, checked_on=day, text=f"{c} {n}.")
        for c, day in sure.items()
        for n in "ba"
    ]
    with using(replace(WHOLE, owed=tuple(rows))):
        page = "\n".join(printed.rules())
    order = [f"{c} {n}." for c in ("uncertain", "knowledge", "verified") for n in "ab"]
    assert sorted(order, key=page.index) == order
