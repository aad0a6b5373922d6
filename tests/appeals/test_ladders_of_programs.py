"""The ladders that came after the first six, climbed by commands from the request to the last level before a court.

The dates are counted by hand from the citation beside them: (day in front, the rule's own day).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from appeals.commands.decisions import decide_appeal, deem_decided
from appeals.commands.levels import file_appeal, save_draft, withdraw_appeal
from appeals.models import Appeal, Deadline
from tests.appeals.climbing import ERISA, moment

PUBLIC = ERISA | {"sponsor": "public_employer", "levels": "1"}
CHURCH = ERISA | {"sponsor": "church", "levels": "1"}
OLD = ERISA | {"plan_kind": "grandfathered", "levels": "1"}
DRUG_PLAN = {"program": "medicare_part_d"}


@dataclass
class Rung:
    """A level: its window, when it is filed, the other side's time, and the notice with its receipt."""

    key: str
    window: tuple[str, str]
    filed: str
    time: tuple[str, str] | None
    notice: str
    received: str


@dataclass
class Way:
    answers: dict[str, str]
    request: tuple[str, str]
    rungs: list[Rung]
    court: tuple[str, str] | None = None
    denial: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)


def both(day: str) -> tuple[str, str]:
    return day, day


WAYS = {
    "Original Medicare": Way(
        {"program": "medicare_original"},
        # 42 CFR 405.922: 30 days for a clean claim; which kind it is is not known, so late after 45.
        ("2026-05-01", "2026-04-16"),
        [
            # 405.942(a): 120 days after a proven receipt; from the notice it is July 22. 405.950: 60 days.
            Rung("mac_redetermination", ("2026-07-22", "2026-07-25"), "2026-04-10", both("2026-06-09"),
                 "2026-06-01", "2026-06-04"),
            # 405.962(a): 180 days; from the notice it is a Saturday. 405.970: 60 days.
            Rung("qic_reconsideration", ("2026-11-27", "2026-12-01"), "2026-07-01", both("2026-08-30"),
                 "2026-08-20", "2026-08-24"),
            # 405.1002(a): 60 days. 405.1016(a): 90 days.
            Rung("alj_hearing", ("2026-10-19", "2026-10-23"), "2026-09-10", both("2026-12-09"),
                 "2026-11-02", "2026-11-05"),
            # 405.1102(a): 60 days; from the notice it is New Year's Day. 405.1100(c): 90 days.
            Rung("council_review", ("2026-12-31", "2027-01-04"), "2026-11-20", both("2027-02-18"),
                 "2026-12-15", "2026-12-18"),
        ],
        court=("2027-02-12", "2027-02-16"),
    ),
    "Part D": Way(
        DRUG_PLAN,
        both("2026-03-20"),
        [
            # 42 CFR 423.582(b): 60 days; from the notice it is a Saturday. 423.590(a): 7 days.
            Rung("plan_redetermination", ("2026-05-22", "2026-05-26"), "2026-04-10", both("2026-04-17"),
                 "2026-04-16", "2026-04-20"),
            # 423.600(a), (d): 60 days, 7 days.
            Rung("ire_reconsideration", ("2026-06-15", "2026-06-19"), "2026-05-01", both("2026-05-08"),
                 "2026-05-07", "2026-05-11"),
            # 423.2002(a), 423.2016(a): 60 days, 90 days.
            Rung("alj_hearing", ("2026-07-06", "2026-07-10"), "2026-06-01", both("2026-08-30"),
                 "2026-08-20", "2026-08-24"),
            # 423.2102(a), 423.2108(a).
            Rung("council_review", ("2026-10-19", "2026-10-23"), "2026-09-10", both("2026-12-09"),
                 "2026-11-02", "2026-11-05"),
        ],
        court=("2026-12-31", "2027-01-04"),
        asked={"benefit": "pharmacy", "exception": "none"},
    ),
    "a grandfathered plan": Way(
        OLD,
        both("2026-04-01"),
        # 29 CFR 2560.503-1(h)(3)(i), (i)(2)(ii). No external review follows.
        [Rung("internal_appeal_1", ("2026-09-18", "2026-09-23"), "2026-04-10", both("2026-05-10"),
              "2026-04-24", "2026-04-27")],
    ),
    "Medicaid, fee for service": Way(
        {"program": "medicaid", "medicaid_delivery": "state"},
        # 42 CFR 440.230(e)(1): 7 days.
        both("2026-03-24"),
        # 431.221(d): the state's number is not known, so the day in the letter. 431.244(f)(1)(ii): 90 days.
        [Rung("state_fair_hearing", both("2026-06-22"), "2026-04-10", both("2026-07-09"),
              "2026-06-25", "2026-06-29")],
        denial={"sent_on": date(2026, 3, 24), "effective_on": date(2026, 4, 15),
                "stated_deadline_on": date(2026, 6, 22)},
    ),
    "CHIP": Way(
        {"program": "chip"},
        # 42 CFR 457.1230(d): 7 days, or 14 where the rating period is older.
        ("2026-03-31", "2026-03-24"),
        [
            # 457.1260: 60 days from the date on the notice, a Saturday; 30 days.
            Rung("plan_appeal", ("2026-05-22", "2026-05-23"), "2026-04-10", both("2026-05-10"),
                 "2026-04-24", "2026-04-27"),
            # 90 days from the notice of resolution; 457.1160(b)(1): 90 days from the first request.
            Rung("state_review", both("2026-07-23"), "2026-05-08", both("2026-07-09"),
                 "2026-06-25", "2026-06-29"),
        ],
    ),
    "TRICARE": Way(
        {"program": "tricare"},
        # The operations manual: five business days.
        both("2026-03-24"),
        [
            # 32 CFR 199.10(b): 90 days from the date on the decision; about 60 days to decide.
            Rung("contractor_reconsideration", both("2026-06-22"), "2026-04-10", both("2026-06-09"),
                 "2026-06-01", "2026-06-04"),
            # 199.10(c): 60 days from the date; about 90 to decide.
            Rung("formal_review", both("2026-07-31"), "2026-07-01", both("2026-09-29"),
                 "2026-09-15", "2026-09-18"),
            # 199.10(d): 60 days from the date, a Saturday; no time to decide.
            Rung("independent_hearing", ("2026-11-13", "2026-11-14"), "2026-10-15", None,
                 "2026-12-01", "2026-12-04"),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_climbed_to_the_last_level_before_a_court(climb, way: Way) -> None:
    climb.answer(way.answers)
    climb.ask(**way.asked)
    assert climb.date("decision") == (*way.request, "running")
    climb.refuse(**way.denial)
    climb.stake()
    for n, rung in enumerate(way.rungs, start=1):
        assert climb.positions[-1] == (n, rung.key, "open")
        assert climb.date("filing", n) == (*rung.window, "running")
        climb.file(n, rung.filed)
        assert climb.date("filing", n)[2] == "met"
        if rung.time is not None:
            assert climb.date("decision", n) == (*rung.time, "running")
        climb.decide(n, rung.notice, rung.received)
    last = len(way.rungs)
    assert [p[1:] for p in climb.positions] == [(r.key, "decided") for r in way.rungs]
    assert climb.tasks() == [f"consider_court:{last}"]
    if way.court:
        assert climb.date("court", last) == (*way.court, "running")


@pytest.mark.parametrize("answers", [PUBLIC, CHURCH], ids=["a public employer's plan", "a church plan"])
def test_self_funded_plans_outside_erisa_climb_the_same_way(climb, answers) -> None:
    climb.answer(answers)
    climb.ask()
    climb.refuse()
    assert climb.date("filing", 1) == ("2026-09-18", "2026-09-23", "running")
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-24", "2026-04-27")
    # 45 CFR 147.136(d)(2)(i); 26 CFR 54.9815-2719(d)(2)(i): four months after receipt.
    assert climb.date("filing", 2) == ("2026-08-24", "2026-08-27", "running")
    climb.file(2, "2026-05-08")
    assert climb.date("decision", 2) == ("2026-06-22", "2026-06-22", "running")


def test_a_grandfathered_plan_with_two_levels_ends_with_the_second(climb) -> None:
    climb.answer(OLD | {"levels": "2"})
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-24", "2026-04-27", stated_deadline_on=date(2026, 6, 23))
    climb.file(2, "2026-05-08")
    climb.decide(2, "2026-05-20", "2026-05-22")
    assert climb.positions == [(1, "internal_appeal_1", "decided"), (2, "internal_appeal_2", "decided")]
    assert climb.tasks() == ["consider_court:2"]


def test_a_hearing_asked_for_before_the_action_keeps_the_service(climb) -> None:
    climb.answer({"program": "medicaid", "medicaid_delivery": "state"})
    climb.ask()
    climb.refuse(sent_on=date(2026, 3, 24), effective_on=date(2026, 4, 15))
    # 42 CFR 431.230(a): before the date of action. The window itself is the state's: nothing is computed.
    assert climb.date("continuation", 1) == ("2026-04-14", "2026-04-14", "running")
    assert climb.tasks() == ["no_window:1"]


def test_a_drug_plan_sends_the_case_on_only_when_it_missed_its_time(climb) -> None:
    climb.answer(DRUG_PLAN)
    climb.ask(benefit="pharmacy")
    climb.refuse()
    climb.file(1, "2026-04-10")
    deem_decided(actor=climb.who, appeal=climb.level(1), at=moment("2026-04-18"))
    # 42 CFR 423.590(c): within 24 hours of the end of the time to decide.
    assert climb.date("forwarding", 2) == ("2026-04-18", "2026-04-17", "running")
    climb.forward(2, "2026-04-20")
    assert climb.date("forwarding", 2) == ("2026-04-18", "2026-04-17", "missed")


def test_after_a_decision_the_patient_has_to_ask_for_the_next_level(climb) -> None:
    climb.answer(DRUG_PLAN)
    climb.ask(benefit="pharmacy")
    climb.refuse()
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-16", "2026-04-20")
    assert not Deadline.objects.filter(case=climb.case, clock="forwarding").exists()
    assert climb.date("filing", 2)[2] == "running"


def test_two_denials_of_one_case_climb_side_by_side(climb) -> None:
    """Each has items, dates and levels of its own; what is done at one moves nothing of the other."""
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    refused = climb.refuse()
    items = climb.items
    climb.ask("2026-03-31")
    later = climb.refuse("2026-04-14", "2026-04-16", confirmed="2026-04-17")
    one, other = (Appeal.objects.get(denial=denial) for denial in (refused, later))

    def shown(level: Appeal) -> list[tuple[str, str, str]]:
        rows = Deadline.objects.filter(appeal__denial=level.denial).exclude(status="superseded")
        return [(d.clock, d.due_on.isoformat(), d.status) for d in rows.order_by("appeal__position", "clock")]

    # 180 days; from the notices they end on Sundays, September 20 and October 11.
    assert shown(one) == [("filing", "2026-09-18", "running")]
    assert shown(other) == [("filing", "2026-10-09", "running")]
    save_draft(actor=climb.who, appeal=one, text="Please reverse the decision.", at=moment("2026-04-20", 9))
    file_appeal(
        actor=climb.who,
        appeal=Appeal.objects.get(pk=one.pk),
        channel="fax",
        address="555 010 0199",
        filed_at=moment("2026-04-20"),
        at=moment("2026-04-20", 15),
    )
    assert shown(one) == [("decision", "2026-05-20", "running"), ("filing", "2026-09-18", "met")]
    assert shown(other) == [("filing", "2026-10-09", "running")]
    decide_appeal(
        actor=climb.who,
        appeal=Appeal.objects.get(pk=one.pk),
        decided_at=moment("2026-05-04"),
        notice_on=date(2026, 5, 4),
        received_on=date(2026, 5, 7),
        received_evidence="certified",
        outcomes={item.public_id: "upheld" for item in items},
        at=moment("2026-05-07", 16),
    )
    # Four months after May 7 are September 7, Labor Day; from the notice September 4.
    assert shown(one)[-1] == ("filing", "2026-09-04", "running")
    withdraw_appeal(
        actor=climb.who,
        appeal=Appeal.objects.get(pk=other.pk),
        reason="A new request went out.",
        at=moment("2026-05-08"),
    )
    assert [
        (a.denial_id, a.level, a.status) for a in Appeal.objects.filter(case=climb.case).order_by("id")
    ] == [
        (refused.pk, "internal_appeal_1", "decided"),
        (later.pk, "internal_appeal_1", "withdrawn"),
        (refused.pk, "external_review", "open"),
    ]
    assert shown(one)[-1] == ("filing", "2026-09-04", "running")
    assert {status for _, _, status in shown(other)} == {"ended"}
