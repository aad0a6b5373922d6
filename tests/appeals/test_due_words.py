"""Every rule that a clock may name has its words, wherever a date is shown: no key of the data stands where the law should."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from appeals.clock import claimant_clock
from appeals.clock.facts import Facts
from appeals.models import Deadline
from appeals.queries.clocks import rule_words, spoken
from appeals.regimes import book, ladder, using, versions_of

STATES = [
    *(state.filing for state in book().states.values() if state.filing),
    *(stage.rule for state in book().states.values() for stage in state.stages.values()),
    book().state_default,
]
EVERY = [*(r for versions in book().rules.values() for r in versions), *STATES]


@pytest.mark.parametrize("rule", EVERY, ids=lambda r: f"{r.id}-v{r.version}")
def test_the_words_of_every_rule_stand_where_its_date_is_shown(rule) -> None:
    said = rule_words(Deadline(rule=rule.id, rule_version=str(rule.version)))
    assert said == rule.text
    assert said.strip().endswith(".") and rule.id not in said


def test_every_state_whose_window_is_known_names_a_rule_with_words() -> None:
    facts = Facts(notice_date=date(2026, 11, 6), receipt=date(2026, 11, 9))
    unsaid = []
    for regime in (r for r in book().regimes.values() if r.uses_state_layer):
        for code in book().states:
            for level in (lvl for lvl in ladder(regime.key, code) if lvl.kind == "external"):
                clock = claimant_clock(level, replace(facts, state=code))
                if clock.rule_id and not versions_of(clock.rule_id):
                    unsaid.append((regime.key, code, clock.rule_id))
    assert unsaid == []


def test_what_the_letter_states_is_no_rule_and_a_key_is_never_shown() -> None:
    assert rule_words(Deadline(rule="letter", rule_version="")) == ""
    assert rule_words(Deadline(rule="state.nowhere.filing", rule_version="1")) == ""


def test_the_words_are_those_of_the_book_in_use() -> None:
    oregon = book().states["OR"]
    assert oregon.filing is not None
    other = replace(oregon, filing=replace(oregon.filing, text="Another sentence."))
    with using(replace(book(), states={**book().states, "OR": other})):
        assert [r.text for r in versions_of(oregon.filing.id)] == ["Another sentence."]
    assert versions_of(oregon.filing.id) == (oregon.filing,)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "When the appeal was received: Saturday, October 10, 2026 at 11:00 (UTC-0700), in America/Los_Angeles.",
            "When the appeal was received: Saturday, October 10, 2026 at 11:00 AM, Pacific time.",
        ),
        (
            "The appeal was sent: Friday, July 3, 2026 at 00:05 (UTC-0700), in America/Phoenix.",
            "The appeal was sent: Friday, July 3, 2026 at 12:05 AM, Arizona time.",
        ),
        (
            "+ 72 hours = Monday, October 12, 2026 at 14:30 (UTC-0400).",
            "+ 72 hours = Monday, October 12, 2026 at 2:30 PM (UTC-0400).",
        ),
        (
            "Received: Friday, July 3, 2026 at 12:00 (UTC+0900), in Asia/Tokyo.",
            "Received: Friday, July 3, 2026 at 12:00 PM (UTC+0900), in Asia/Tokyo.",
        ),
        ("+ 30 calendar days = Monday, November 9, 2026.", "+ 30 calendar days = Monday, November 9, 2026."),
    ],
)
def test_a_moment_is_told_as_people_write_it(line, told) -> None:
    assert spoken(line) == told
