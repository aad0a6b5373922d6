"""The ladders drawn in docs/workflows.md: each kind of coverage once, what leads up, and what silence opens."""

from __future__ import annotations

import re

import pytest

from appeals.ladder_pictures import ladder_pictures
from appeals.regimes import book

DRAWN = list(ladder_pictures())[2:]
PICTURES = {
    key: picture
    for title, picture in zip(DRAWN[::2], DRAWN[1::2], strict=True)
    for key in re.findall(r"`(\w+)`", title)
}


def test_every_kind_of_coverage_with_a_ladder_is_drawn() -> None:
    complete = {r.key for r in book().regimes.values() if r.complete and not r.combines}
    assert set(PICTURES) == complete


# 29 CFR 2560.503-1(l); 42 CFR 422.568(f), 422.590, 422.592; 423.568(h), 423.590(c), (e); 438.404(c)(5), 438.408(c)(3);
# 431.220(a)(1); 405.970, 405.1016(f).
@pytest.mark.parametrize(
    ("regime", "lines"),
    [
        (
            "erisa_self_funded",
            {
                "request -->|refused| internal_appeal_1",
                "request -.->|no decision in time| external_review",
                "internal_appeal_1 -->|upheld| internal_appeal_2",
                "internal_appeal_1 -.->|no decision in time| external_review",
                "internal_appeal_2 -->|upheld| external_review",
                "internal_appeal_2 -.->|no decision in time| external_review",
                "external_review -->|upheld| court",
            },
        ),
        (
            "medicare_advantage",
            {
                "request -->|refused| plan_reconsideration",
                "request -.->|no decision in time| plan_reconsideration",
                "plan_reconsideration -->|upheld: the plan sends it on| ire_reconsideration",
                "plan_reconsideration -.->|no decision in time: the plan sends it on| ire_reconsideration",
                "ire_reconsideration -->|upheld| alj_hearing",
                "alj_hearing -->|upheld| council_review",
                "council_review -->|upheld| court",
            },
        ),
        (
            "medicaid_ffs",
            {
                "request -->|refused| state_fair_hearing",
                "request -.->|no decision in time| state_fair_hearing",
                "state_fair_hearing -->|upheld| court",
            },
        ),
    ],
)
def test_the_lines_of_a_ladder(regime, lines) -> None:
    drawn = {line.strip() for line in PICTURES[regime].splitlines() if "->" in line}
    assert drawn == lines
