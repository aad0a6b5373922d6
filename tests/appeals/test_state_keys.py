"""By which keys the clocks of a state's law are asked for, and who governs the external review of which plan."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from appeals.clock import Facts, stage_clock
from appeals.regimes import book
from tests.appeals.asking import MARCH_2, MARCH_6, row

INSURED, GROUP = "fully_insured_group", "erisa_self_funded"
MAY_15 = {"receipt_date": "2026-05-15"}
SENT_FILE = "external_review_file_to_iro"


# -- names of a clock --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("stage", "inputs", "taken", "deadline"),
    [
        # N.Y. Ins. Law 4904(c), (e): 30 days; (b): 2 business days.
        ("internal_appeal_decision_state_new_york", MARCH_2, "utilization_review_appeal_decision_new_york", "2026-04-01"),
        ("internal_appeal_state_ny_decision_standard", MARCH_2, "utilization_review_appeal_decision_new_york", "2026-04-01"),
        ("ur_appeal_decision_new_york", MARCH_2, "utilization_review_appeal_decision_new_york", "2026-04-01"),
        (
            "ur_appeal_decision_expedited",
            MARCH_2 | {"state": "NY"},
            "utilization_review_appeal_decision_expedited_new_york",
            "2026-03-04",
        ),
        # N.Y. Ins. Law 4914(b): the provider's 60 days.
        (
            "external_review_state_new_york_provider",
            {"notice_date": "2026-05-01"},
            "external_appeal_filing_provider_new_york",
            "2026-06-30",
        ),
        # Tex. Ins. Code 4201.359(a): the 30th day; 4202.003: 20 days.
        ("internal_appeal_decision_state_texas", MARCH_2, "appeal_decision_texas", "2026-04-01"),
        ("external_review_state_texas_iro_decision", MARCH_2, "independent_review_decision_texas", "2026-03-22"),
        # A.R.S. 20-3651 to 20-3654: 72 hours.
        (
            "step_therapy_exception",
            MARCH_6 | {"state": "AZ"},
            "step_therapy_exception_decision_arizona",
            "2026-03-09T17:00:00-04:00",
        ),
        (
            "step_therapy_override_state_arizona_exigent",
            MARCH_6,
            "step_therapy_exception_decision_expedited_arizona",
            "2026-03-07T16:00:00-05:00",
        ),
        # A state's own review, named behind the step.
        ("external_review_decision_state_new_york", MARCH_2, "external_review_state_decision_30_days", "2026-04-01"),
        ("external_review_filing_state_ohio", {"notice_date": "2026-03-10"}, "external_review_state_ohio", "2026-09-06"),
        ("external_review_filing_state_process", MAY_15 | {"state": "TN"}, "external_review_state_tennessee", "2026-11-15"),
    ],
)  # fmt: skip
def test_a_states_clock_is_found_wherever_its_key_names_the_state(
    stage: str, inputs: dict[str, object], taken: str, deadline: str
) -> None:
    found = row(INSURED, stage, **inputs)
    assert (found.get("error"), found.get("stage"), found.get("deadline")) == (None, taken, deadline)


@pytest.mark.parametrize(
    ("regime", "stage", "state", "said"),
    [
        (INSURED, "internal_appeal_decision_state_ohio", None, "has no stage"),
        (INSURED, "internal_appeal_decision_state_new_yorker", None, "has no stage"),
        (INSURED, "deemed_reversal_state_new_york", None, "has no stage"),
        (INSURED, "step_therapy_exception", "OR", "has no stage"),
        (INSURED, "step_therapy_exception", None, "has no stage"),
        (INSURED, "step_therapy_exception_state_arizona", "OR", "The stage is about AZ"),
        (GROUP, "step_therapy_exception_state_arizona", "AZ", "has no stage"),
        (GROUP, "external_review_filing_state_ohio", "OH", "has no stage"),
    ],
)
def test_a_key_that_names_no_clock_of_the_state_stays_the_rows_error(
    regime: str, stage: str, state: str | None, said: str
) -> None:
    assert said in row(regime, stage, **MARCH_6, **({"state": state} if state else {}))["error"]


@pytest.mark.parametrize(
    ("stage", "facts", "taken"),
    [
        (
            "utilization_review_appeal_decision_new_york",
            {"urgent": True},
            "utilization_review_appeal_decision_expedited_new_york",
        ),
        (
            "utilization_review_appeal_decision_standard_new_york",
            {"urgent": True},
            "utilization_review_appeal_decision_new_york",
        ),
        (
            "utilization_review_appeal_decision_new_york",
            {"urgent": True, "timing": "post_service"},
            "utilization_review_appeal_decision_new_york",
        ),
        ("appeal_decision_tennessee", {"timing": "post_service"}, "appeal_decision_post_service_tennessee"),
        ("appeal_decision_tennessee", {"timing": "pre_service"}, "appeal_decision_tennessee"),
        ("step_therapy_exception_state_arizona", {"urgent": True}, "step_therapy_exception_decision_expedited_arizona"),
        ("independent_review_decision_texas", {"urgent": True}, "independent_review_decision_texas"),
        # The state has an urgent clock of another step alone.
        (
            "external_appeal_filing_provider_new_york",
            {"notice_date": "2026-03-02", "urgent": True},
            "external_appeal_filing_provider_new_york",
        ),
    ],
)  # fmt: skip
def test_of_a_states_two_clocks_the_one_for_the_case_is_taken(
    stage: str, facts: dict[str, object], taken: str
) -> None:
    assert row(INSURED, stage, **MARCH_6, **facts)["stage"] == taken


def test_a_step_that_every_plan_has_is_not_taken_for_the_states_clock_of_that_name() -> None:
    """29 CFR 2590.715-2719(d)(2)(iii)(B)(3) and Haw. Rev. Stat. 432E-34(g) both have the file sent: each by its own key."""
    assigned = {"assigned": "2026-03-02", "state": "HI"}
    taken = {key: row(INSURED, key, **assigned)["stage"] for key in (SENT_FILE, f"{SENT_FILE}_hawaii")}
    assert taken == {SENT_FILE: SENT_FILE, f"{SENT_FILE}_hawaii": "carrier_file_hawaii"}


@pytest.mark.parametrize(("recorded", "asked"), [("AZ", None), (None, "AZ"), ("OR", "AZ")])
def test_the_state_of_the_policy_is_the_one_asked_for_or_else_the_one_recorded(
    recorded: str | None, asked: str | None
) -> None:
    facts = Facts(received=datetime(2026, 3, 6, 16, tzinfo=UTC), state=recorded)
    clock = stage_clock(INSURED, "step_therapy_exception", facts, asked)
    assert (clock.error, clock.stage) == (None, "step_therapy_exception_decision_arizona")


def test_two_business_days_run_from_what_was_needed() -> None:
    """N.Y. Ins. Law 4904(b): Friday, May 22; Memorial Day is May 25."""
    found = row(
        INSURED, "internal_appeal_state_new_york_decision_expedited", information_received="2026-05-22"
    )
    assert (found["deadline"], found["if_missed"]) == ("2026-05-27", "deemed_reversed")


def test_a_name_means_one_clock() -> None:
    own = [stage for state in book().states.values() for stage in state.stages.values()]
    names = [name for stage in own for name in (stage.key, *stage.aliases)]
    of_regimes = {n for r in book().regimes.values() for s in r.stages.values() for n in (s.key, *s.aliases)}
    assert (len(set(names)), set(names) & of_regimes) == (len(names), set())
    states = [s.name.lower().replace(" ", "_") for s in book().states.values() if s.stages]
    assert [name for name in names if not name.endswith(tuple(states))] == []


# -- whose process -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("regime", "stage", "inputs", "deadline"),
    [
        # An insured policy is decided by its state: New York 30 days, Utah the federal 45.
        (INSURED, "external_review_decision_standard", MARCH_2 | {"state": "NY"}, "2026-04-01"),
        (INSURED, "external_review_decision_standard", MARCH_2 | {"state": "UT"}, "2026-04-16"),
        (INSURED, "external_review_decision_standard", MARCH_2 | {"state": "FL"}, "2026-04-16"),
        (INSURED, "external_review_decision_standard", MARCH_2, "2026-04-16"),
        (GROUP, "external_review_decision_standard", MARCH_2 | {"state": "NY"}, "2026-04-16"),
        # 45 CFR 147.136(d)(2)(i) where the state has no process of its own; a self-funded plan is outside any.
        (INSURED, "external_review_filing_federal_rule", MAY_15 | {"state": "FL"}, "2026-09-15"),
        (GROUP, "external_review_filing_federal_rule", MAY_15 | {"state": "CT"}, "2026-09-15"),
        # Pennsylvania had none before January 1, 2024.
        ("individual_aca", "external_review_filing_federal_rule", {"receipt_date": "2023-12-29", "state": "PA"}, "2024-04-29"),
        # No April 31: the first day of the fifth month.
        ("individual_aca", "external_review_filing_federal_rule", {"receipt_date": "2023-12-31", "state": "PA"}, "2024-05-01"),
    ],
)  # fmt: skip
def test_an_insured_policy_is_under_the_process_of_its_state(
    regime: str, stage: str, inputs: dict[str, object], deadline: str
) -> None:
    assert row(regime, stage, **inputs)["deadline"] == deadline


@pytest.mark.parametrize(
    "stage", ["external_review_filing_federal_rule", "external_review_filing_hhs_administered"]
)
def test_the_federal_window_is_none_where_the_state_runs_its_own(stage: str) -> None:
    """Connecticut writes 120 days: September 12, before the federal September 15."""
    assert "Connecticut runs its own external review" in row(INSURED, stage, **MAY_15, state="CT")["error"]


def test_on_the_first_day_of_a_states_process_the_federal_window_is_over() -> None:
    """Pennsylvania, Act 146 of 2022: from January 1, 2024."""
    found = row(
        "individual_aca", "external_review_filing_federal_rule", receipt_date="2024-01-01", state="PA"
    )
    assert "Pennsylvania runs its own external review" in found["error"]


@pytest.mark.parametrize(
    ("stage", "inputs", "deadline", "paths"),
    [
        # Four months of a self-funded plan are over before Ohio's 180 days and Hawaii's 130.
        ("external_review_state_ohio", MAY_15, "2026-09-15", {"2026-09-15", "2026-11-11"}),
        ("external_review_state_hawaii", {"receipt_date": "2026-06-30"}, "2026-10-30", {"2026-10-30", "2026-11-07"}),
        # Connecticut's 120 days are over before four months.
        ("external_review_filing_federal_rule", MAY_15 | {"state": "CT"}, "2026-09-12", {"2026-09-12", "2026-09-15"}),
        ("external_review_state_connecticut", MAY_15, "2026-09-12", {"2026-09-12", "2026-09-15"}),
        # A reviewer is late only after the longer time.
        ("external_review_state_new_york_decision", MARCH_2, "2026-04-16", {"2026-04-01", "2026-04-16"}),
        ("external_review_decision_standard", MARCH_2 | {"state": "NY"}, "2026-04-16", {"2026-04-01", "2026-04-16"}),
        # The state in the facts instead of the key.
        ("external_review_state", MAY_15 | {"state": "OH"}, "2026-09-15", {"2026-09-15", "2026-11-11"}),
        # The key says neither standard nor expedited, the facts say urgent: 72 hours.
        (
            "external_review_state_ohio_decision",
            MARCH_6 | {"urgent": True},
            "2026-03-09T17:00:00-04:00",
            {"2026-03-09T17:00:00-04:00"},
        ),
        # Called standard it stays the standard one, urgent or not; called expedited before the state, 72 hours.
        (
            "external_review_state_new_york_decision_standard",
            MARCH_2 | {"urgent": True},
            "2026-04-16",
            {"2026-04-01", "2026-04-16"},
        ),
        (
            "external_review_decision_expedited_state_ohio",
            MARCH_6,
            "2026-03-09T17:00:00-04:00",
            {"2026-03-09T17:00:00-04:00"},
        ),
        # The federal window is asked for, and nothing says which state: four months, and no 120 days of some state.
        ("external_review_filing_federal_rule", MAY_15, "2026-09-15", {"2026-09-15"}),
    ],
)  # fmt: skip
def test_who_bears_the_cost_is_not_known_so_a_key_of_one_path_never_hides_the_other(
    stage: str, inputs: dict[str, object], deadline: str, paths: set[str]
) -> None:
    found = row("unknown", stage, **inputs)
    assert (found["deadline"], {p["deadline"] for p in found["paths"]}) == (deadline, paths)


def test_of_an_unknown_payer_the_state_of_the_key_and_that_of_the_facts_are_one() -> None:
    assert (
        "The stage is about OH" in row("unknown", "external_review_state_ohio", **MAY_15, state="OR")["error"]
    )
    urgent = row("unknown", "external_review_state_ohio_decision_expedited", **MARCH_6)
    assert (urgent["deadline"], len({p["regime"] for p in urgent["paths"]}) > 2) == (
        "2026-03-09T17:00:00-04:00",
        True,
    )


@pytest.mark.parametrize("state", ["OH", "AK", "MN", "NY"])
def test_a_window_from_the_determination_says_that_only_a_later_day_is_recorded(state: str) -> None:
    """Ohio Rev. Code 3922.02(B), Minn. Stat. 62Q.73 subd. 3: from the date of the notice, not its receipt."""
    dated = {"notice_date": "2026-05-12", **MAY_15}
    late, sure = (
        row(INSURED, "external_review_state", state=state, **facts)["flags"] for facts in (MAY_15, dated)
    )
    asked = "The law counts from the date on the determination: record it from the letter, the last day may be earlier."
    assert [f["text"] for f in late if f["code"] == "determination_not_dated"] == [asked]
    assert "determination_not_dated" not in [f["code"] for f in sure]
    assert "determination_not_dated" not in [
        f["code"] for f in row(INSURED, "external_review_state", state="OR", **MAY_15)["flags"]
    ]


# -- who bears the cost, told by the row -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("regime", "kinds"),
    [
        (INSURED, ["church_self_funded", GROUP, "nonfederal_governmental_self_funded", INSURED]),
        (GROUP, [GROUP, INSURED]),
        ("church_self_funded", ["church_self_funded", INSURED]),
    ],
)
@pytest.mark.parametrize(
    "told", [{"funding": "unknown"}, {"funding_status": "Not known"}, {"plan_funding": "UNKNOWN"}]
)
def test_a_row_that_does_not_know_the_funding_is_answered_with_both_paths(
    regime: str, kinds: list[str], told: dict[str, str]
) -> None:
    """Four months of the self-funded plan, Ohio's 180 days of the insured; a sponsor who is a church is none of the others."""
    found = row(regime, "external_review_state_ohio", **MAY_15, **told)
    days = {p["regime"]: p["deadline"] for p in found["paths"]}
    assert days == {key: "2026-11-11" if key == INSURED else "2026-09-15" for key in kinds}
    assert (found["deadline"], found["safe_date"], found.get("ignored_inputs")) == (
        "2026-09-15",
        "2026-09-15",
        None,
    )


@pytest.mark.parametrize(
    ("regime", "told"),
    [
        (INSURED, "self-funded"),
        (INSURED, "self_insured"),
        ("individual_aca", "self_funded"),
        (GROUP, "fully insured"),
        ("church_self_funded", "insured"),
    ],
)
def test_a_row_of_two_fundings_is_that_rows_error(regime: str, told: str) -> None:
    assert row(regime, "internal_appeal_1", **MAY_15, funding=told)["error"].endswith(
        "the row says another funding. Input: `funding`."
    )


@pytest.mark.parametrize(
    ("regime", "told", "ignored"),
    [
        (INSURED, "insured", None),
        (GROUP, "Self-funded", None),
        ("fehb", "insured", None),
        ("individual_aca", "unknown", None),
        (INSURED, "level-funded", ["funding"]),
        (INSURED, 7, ["funding"]),
    ],
)
def test_a_funding_that_agrees_moves_nothing_and_an_unknown_word_is_said_to_be_ignored(
    regime: str, told: object, ignored: list[str] | None
) -> None:
    stage = "carrier_reconsideration_filing" if regime == "fehb" else "internal_appeal_1"
    day = {"notice_date": "2026-03-02"}
    found, plain = row(regime, stage, **day, funding=told), row(regime, stage, **day)
    assert (found["deadline"], found.get("ignored_inputs")) == (plain["deadline"], ignored)


@pytest.mark.parametrize("name", ["situs", "situs_state", "policy_state", "state_of_situs", "state_issued"])
def test_the_state_of_issue_is_taken_under_the_name_of_the_situs(name: str) -> None:
    assert row(INSURED, "external_review_filing", **MAY_15, **{name: "MT"})["deadline"] == "2026-09-15"
    assert row(INSURED, "external_review_filing", **MAY_15, member_state="MT")["error"]


def test_exigent_is_urgent() -> None:
    found = row(INSURED, "step_therapy_exception", **MARCH_6, state="AZ", exigent=True)
    assert found["deadline"] == "2026-03-07T16:00:00-05:00"
