"""Each complete set of rules, climbed at the desk from the denial to the last level before a court.

At every level both sides' clocks stand on the level's page and on the case's ladder. The dates are counted by hand from the
citations in tests/appeals/test_ladders.py, which climbs the same days by commands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time

import pytest

from tests.appeals.climbing import FEHB, INDIVIDUAL, INSURED, MEDICAID, MEDICARE_ADVANTAGE
from tests.journeys.acts import Desk, decide_level, file_level, write_letter
from tests.journeys.prepared import ERISA


@dataclass(frozen=True)
class Rung:
    """A level: its name, our date, the day of filing (or of the plan's forwarding), the other side's date, the decision."""

    name: str
    ours: str
    out: str
    theirs: str
    notice: str
    receipt: str
    by: str = "Fax"
    arrived: str = ""
    forwarded: bool = False
    sent: str = ""
    continuation: str = ""


WHOSE = {
    "External review": "Reviewer",
    "Second level of appeal": "Reviewer",
    "Reconsideration by the independent review entity": "Review contractor",
    "Hearing before an administrative law judge (OMHA)": "Judge",
    "Medicare Appeals Council": "Council",
    "State fair hearing": "State agency",
    "Disputed-claim review by OPM": "OPM",
}
"""Who decides a level; the plan decides the others."""
FIRST = Rung(
    "Internal appeal, first level", "2026-09-18", "2026-04-10", "2026-05-10", "2026-04-24", "2026-04-27"
)
LAST_DAYS = ("2026-05-08", "2026-06-22", "2026-06-19", "2026-06-22")

LADDERS: dict[str, tuple[dict[str, str], dict[str, str], list[Rung]]] = {
    "erisa": (ERISA, {}, [FIRST, Rung("External review", "2026-08-24", *LAST_DAYS)]),
    "insured": (INSURED | {"levels": "1"}, {}, [FIRST, Rung("External review", "2026-10-21", *LAST_DAYS)]),
    "individual": (
        INDIVIDUAL,
        {},
        [
            Rung("Internal appeal", "2026-09-18", "2026-04-10", "2026-05-10", "2026-04-24", "2026-04-27"),
            Rung("External review", "2026-10-21", *LAST_DAYS),
        ],
    ),
    "medicare_advantage": (
        MEDICARE_ADVANTAGE,
        {},
        [
            Rung(
                "Reconsideration by the plan",
                "2026-05-22",
                "2026-04-10",
                "2026-05-10",
                "2026-04-24",
                "2026-04-27",
            ),
            Rung(
                "Reconsideration by the independent review entity",
                "2026-05-10",
                "2026-04-28",
                "2026-05-30",
                "2026-05-20",
                "2026-05-22",
                arrived="2026-04-30",
                forwarded=True,
            ),
            Rung(
                "Hearing before an administrative law judge (OMHA)",
                "2026-07-17",
                "2026-06-15",
                "2026-09-16",
                "2026-08-20",
                "2026-08-24",
                by="Post",
                arrived="2026-06-18",
            ),
            Rung(
                "Medicare Appeals Council",
                "2026-10-19",
                "2026-09-10",
                "2026-12-09",
                "2026-11-02",
                "2026-11-05",
                by="Payer portal",
            ),
        ],
    ),
    "medicaid": (
        MEDICAID,
        {"sent_on": "2026-03-24", "effective_on": "2026-04-15"},
        [
            Rung(
                "Appeal to the plan",
                "2026-05-22",
                "2026-04-10",
                "2026-05-10",
                "2026-04-24",
                "2026-04-27",
                sent="2026-04-24",
                continuation="2026-04-03",
            ),
            Rung("State fair hearing", "2026-07-23", "2026-05-08", "2026-07-23", "2026-07-10", "2026-07-13"),
        ],
    ),
    "fehb": (
        FEHB,
        {},
        [
            Rung(
                "Reconsideration by the carrier",
                "2026-09-24",
                "2026-04-10",
                "2026-05-10",
                "2026-04-24",
                "2026-04-27",
            ),
            Rung(
                "Disputed-claim review by OPM",
                "2026-07-23",
                "2026-05-08",
                "2026-08-06",
                "2026-08-01",
                "2026-08-03",
            ),
        ],
    ),
    "unknown": (
        {k: v for k, v in ERISA.items() if k not in ("funding", "levels")},
        {},
        [
            Rung(
                "First level of appeal", "2026-09-18", "2026-04-10", "2026-05-10", "2026-04-24", "2026-04-27"
            ),
            Rung("Second level of appeal", "2026-08-24", *LAST_DAYS),
        ],
    ),
}


@pytest.fixture
def climber(served, key):
    """A case at the foot of the ladder."""
    answers, facts, _rungs = LADDERS[key]
    return served.shell(
        "from tests.journeys.prepared import denied\nresult = denied(given['answers'], given['facts'])",
        answers=answers,
        facts=facts,
    )


def noon(day: str, hour: int = 14) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(hour))


@pytest.mark.parametrize("key", LADDERS)
def test_a_ladder_is_climbed_to_the_last_level_before_court(at_desk, climber, key):
    nora = at_desk("nora@harbor.example")
    case = climber["case"]
    rungs = LADDERS[key][2]
    assert nora.go(climber["request"]) == 200
    assert "Decision on the authorization request" in nora.text
    for place, rung in enumerate(rungs):
        assert nora.go(case) == 200
        nora.page.get_by_role("list").filter(has=nora.page.locator("[aria-current=step]")).get_by_role(
            "link", name=re.compile(rf"^{re.escape(rung.name)}")
        ).first.click()
        level = nora.here
        climb(nora, rung, level)
        if key == "unknown" and place == 1:
            both = nora.due(f"{rung.name}: last day to file").text_content()
            assert "Self-funded group plan under ERISA:" in both
            assert "Fully insured group plan:" in both
        nora.go(case)
        on_ladder = nora.page.get_by_role("listitem").filter(has_text=rung.name).first.inner_text()
        assert f"{WHOSE.get(rung.name, 'Plan')}'s clock" in on_ladder
        assert (
            "Our clock" in on_ladder
        ) != rung.forwarded  # what the plan sends on by itself, nobody here files
        nora.go(level)
        received = date.fromisoformat(rung.receipt)
        decide_level(
            nora,
            "Upheld (still refused)",
            at=noon(rung.notice),
            notice=date.fromisoformat(rung.notice),
            sent=date.fromisoformat(rung.sent) if rung.sent else None,
            received=received,
        )
        assert "The decision" in nora.text
    nora.go(case)
    assert "court" in nora.text.lower()
    assert (
        nora.page.get_by_role("region", name=re.compile("Tasks"))
        .get_by_text(re.compile("court", re.I))
        .count()
        >= 1
    )
    assert nora.complaints == []


def climb(nora: Desk, rung: Rung, level: str) -> None:
    """On the page of a level: our clock, then out it goes, then the other side's clock beside ours."""
    if rung.forwarded:
        forwarding = f"{rung.name}: the plan forwards the case"
        assert nora.day_of(forwarding) == rung.ours
        nora.follow("Record the plan's forwarding")
        nora.fill(The_plan_forwarded_the_case_on=noon(rung.out))
        nora.press("Record the forwarding")
        ours = forwarding
    else:
        ours = f"{rung.name}: last day to file"
        assert nora.day_of(ours) == rung.ours
        if rung.continuation:
            assert nora.day_of(f"{rung.name}: last day to ask that treatment goes on") == rung.continuation
        write_letter(nora, "We ask you to reverse the decision.", dated=date.fromisoformat(rung.out))
        nora.go(level)
        file_level(nora, at=noon(rung.out), by=rung.by)
        nora.go(level)
    if rung.arrived:
        nora.follow("Record as received")
        nora.type("Received by the decision maker on", noon(rung.arrived))
        nora.press("Record as received")
    assert nora.day_of(f"{rung.name}: decision") == rung.theirs
    assert nora.day_of(ours) == rung.ours
