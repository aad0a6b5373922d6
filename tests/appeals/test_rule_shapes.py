"""What was loaded or computed cannot be changed afterwards, can be compared, and keeps what it looked up to itself."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime

import pytest

from appeals import clock, regimes
from appeals.clock import Clock, Facts, Flag, combined, facts, stage_clock, stages
from appeals.regimes import book, classifier, differences, load, packs, shapes, shipped
from appeals.regimes.shapes import Rule

HOLDERS = (clock, combined, facts, stages, classifier, differences, packs, shapes, regimes)
SHAPES = sorted(
    {v for m in HOLDERS for v in vars(m).values() if isinstance(v, type) and dataclasses.is_dataclass(v)},
    key=lambda c: c.__name__,
)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda c: c.__name__)
def test_a_shape_cannot_be_changed(shape: type) -> None:
    assert shape.__dataclass_params__.frozen


def test_what_stands_in_sets_and_in_memory_has_a_hash() -> None:
    rules = [r for versions in book().rules.values() for r in versions]
    assert len({*rules}) == len(rules)
    levels = [level for regime in book().regimes.values() for level in regime.levels]
    assert len({*levels}) == len(levels)
    stages_of_states = {s.stages[k] for s in book().states.values() for k in s.stages}
    assert len(stages_of_states) == sum(len(s.stages) for s in book().states.values()) > 10
    requests = {c for regime in book().regimes.values() for c in (*regime.requests, *regime.continuation)}
    assert any(c.stage == "urgent_claim_decision" for c in requests)
    assert {w for r in book().regimes.values() for w in r.fits}
    found = stage_clock("erisa_self_funded", "internal_appeal_1", Facts(receipt=date(2026, 3, 15)))
    later = stage_clock("medicaid_managed_care", "plan_appeal_filing", Facts(notice_date=date(2026, 3, 15)))
    assert len({found, later, dataclasses.replace(found, extras={"n": 1})}) == 3


def test_a_book_is_what_it_holds_and_not_what_it_looked_up() -> None:
    one, other = load(), load()
    one.memo["looked up"] = 1
    assert one == other == shipped()
    assert "looked up" not in repr(one)
    assert dataclasses.replace(one).memo == {}
    with pytest.raises(ValueError, match="memo"):
        dataclasses.replace(one, memo={})


@pytest.mark.parametrize(
    ("name", "argued"),
    [
        # 29 CFR 2560.503-1(h)(3)(i): 180 days and nothing else.
        ("claims.appeal_1.filing", False),
        ("claims.urgent.decision", False),
        # 45 CFR 147.136(d)(2)(i): a last day on a weekend moves to the next business day.
        ("external_review.filing", True),
        # 42 CFR 405.922: 30 days, or 45 where the claim is not clean.
        ("medicare_ab.initial.decision", True),
        # 42 CFR 438.408(f)(2): the state's window, 90 to 120 days.
        ("medicaid.hearing.filing", True),
        ("medicaid.hearing.filing_deemed", True),
        ("medicaid.plan_appeal.filing", False),
    ],
)
def test_a_rule_can_be_argued_where_it_rolls_or_has_a_longer_number(name: str, argued: bool) -> None:
    assert book().rules[name][-1].can_be_argued is argued


def test_what_can_be_argued_may_stand_deep_inside() -> None:
    def argued(**inner: object) -> bool:
        node = {"op": "earlier_of", "of": ({"op": "choose", "of": ({"then": {"op": "x", **inner}},)},)}
        return Rule(
            "x", 1, "claimant", date(2020, 1, 1), None, ("receipt",), node, "T.", "C", "verified"
        ).can_be_argued

    assert argued(roll="next_business_day") and argued(count_for="claimant")
    assert not argued(presume_receipt_days=5) and not argued(count_for="payer") and not argued()


def test_what_a_shape_has_when_nothing_is_said() -> None:
    rule = Rule("x", 1, "payer", date(2020, 1, 1), None, ("received",), {"op": "date"}, "T.", "C", "verified")
    assert (rule.if_missed, rule.extension, rule.then, dict(rule.requires)) == ("none", None, (), {})
    assert (rule.lenient, rule.process, rule.confirm, rule.known_from, rule.published) == (
        None,
        None,
        "",
        None,
        "",
    )
    empty = Clock("r", "s", "payer")
    assert (empty.version, empty.untimely_from, empty.deemed_exhausted_from, empty.deadline_utc) == (
        0,
        None,
        None,
        None,
    )
    assert dict(empty.extras) == {} and empty.flags == ()
    level = book().regimes["fehb"].levels[0]
    assert (level.last_before_court, level.amount, dict(level.only_when)) == (False, None, {})
    tricare = book().regimes["tricare"]
    assert (tricare.uses_state_layer, tricare.combines) == (False, False)
    assert book().regimes["unknown"].combines


def test_whoever_is_late_is_late_from_the_day_after_and_an_instant_at_once() -> None:
    """29 CFR 2560.503-1(l): the internal steps count as exhausted from then on."""
    asked = Facts(received=date(2026, 3, 2))
    days = stage_clock("erisa_self_funded", "preservice_claim_decision", asked)
    assert (days.overdue_after, days.untimely_from, days.deemed_exhausted_from) == (
        date(2026, 3, 17),
        date(2026, 3, 18),
        date(2026, 3, 18),
    )
    at = datetime(2026, 3, 2, 10, tzinfo=UTC)
    hours = stage_clock("erisa_self_funded", "urgent_claim_decision", Facts(received=at))
    assert hours.untimely_from == hours.deadline_utc == datetime(2026, 3, 5, 10, tzinfo=UTC)
    silent = stage_clock("tricare", "reconsideration_decision", asked)
    assert (silent.if_missed, silent.deemed_exhausted_from, silent.untimely_from is None) == (
        "complain_to_dha",
        None,
        False,
    )
    assert days.if_missed_text.startswith("The internal steps count as exhausted")


def test_a_date_is_confirmed_where_the_rule_is_not_verified_or_the_state_says_so() -> None:
    sure = Clock("r", "s", "payer", confidence="verified")
    assert not sure.confirm_with_letter
    assert dataclasses.replace(sure, confidence="knowledge").confirm_with_letter
    assert dataclasses.replace(sure, flags=(Flag("confirm_with_letter", "Ask."),)).confirm_with_letter
    assert not dataclasses.replace(sure, flags=(Flag("another", "Ask."),)).confirm_with_letter
