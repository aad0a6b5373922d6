"""What follows when somebody misses a time, by rule, written down from the law beside the data."""

from __future__ import annotations

from appeals.regimes import book, versions_of

NOTHING = "none"
FOLLOWS: dict[str, tuple[str, ...]] = {
    # 29 CFR 2560.503-1(l); 45 CFR 147.136(b)(2)(ii)(F); 42 CFR 438.408(c)(3); Tenn. Code 56-61-115.
    "deemed_exhaustion": (
        "claims.preservice", "claims.postservice", "claims.urgent", "claims.concurrent", "medicaid.plan_appeal.decision",
        "documents.explanation", "state.tennessee.appeal_decision",
    ),
    # 42 CFR 422.568(f), 422.572(f); 438.404(c)(5).
    "appealable_adverse": ("ma.org_determination", "ma.payment", "medicaid.authorization"),
    # 42 CFR 422.590(d), (g); 423.568(h), 423.572(d), 423.590(c), (e).
    "forwarded_to_ire": (
        "ma.reconsideration.decision", "part_d.exception", "part_d.coverage", "part_d.redetermination.decision",
    ),
    # 5 CFR 890.105(a)(1), (b)(3): after the carrier's silence OPM, and court only after OPM.
    "go_to_opm": ("fehb.prior_approval", "fehb.claim", "fehb.concurrent", "fehb.reconsideration.decision"),
    "go_to_court_after_opm": ("fehb.opm.decision",),
    # 42 CFR 405.970(e)(2), 405.1104, 405.1132: the party may go up.
    "may_escalate": (
        "medicare_ab.reconsideration.decision", "medicare_ab.reconsideration.escalation", "medicare_ab.alj",
        "medicare_ab.council",
    ),
    # 29 CFR 2590.715-2719(d)(2)(iii)(B)(3); Haw. Rev. Stat. 432E-34(g).
    "reviewer_may_reverse": ("external_review.file_to_reviewer", "state.hawaii.carrier_file"),
    # 42 CFR 431.220(a)(1): not acted upon with reasonable promptness.
    "hearing_for_delay": ("medicaid_ffs.authorization",),
    # 32 CFR 199.10(b): a late expedited request is a standard one.
    "becomes_standard": ("tricare.reconsideration.filing_expedited",),
    # 29 U.S.C. 1132(c)(1).
    "penalty_possible": ("documents.plan",),
    # N.Y. Ins. Law 4904(e).
    "deemed_reversed": ("state.new_york.utilization_review",),
    # Cal. Health & Safety Code 1368.03(a), 1374.30(j)(3).
    "external_review_opens": ("state.california_imr.grievance",),
    # 42 U.S.C. 1395h(c)(2)(C), 1395u(c)(2)(C): interest on a clean claim that is paid late; no appeal opens.
    "interest_accrues": ("medicare_ab.initial",),
    # 42 CFR 405.950: silence of the contractor opens nothing; from 405.970 on a party may go up. 32 CFR 199.10 says nothing.
    "complain_to_medicare": ("medicare_ab.redetermination.decision",),
    "complain_to_dha": ("tricare.reconsideration.decision", "tricare.formal_review.decision"),
    # No consequence for the case stands in the rule: somebody supervises whoever is late.
    "complain_to_regulator": (
        "external_review.preliminary_review", "external_review.decision", "state_review", "ma.ire", "ma.effectuation",
        "part_d.effectuation", "part_d.ire.decision", "part_d.alj.decision", "part_d.council", "medicare.alj.decision",
        "medicare.council.decision", "medicaid.hearing.decision", "medicaid.effectuation", "medicaid_ffs.hearing.decision",
        "chip.review.decision", "chip.effectuation", "drug_exception", "tricare.authorization", "documents.records_access",
        "state.texas.appeal_decision", "state.texas.independent_review", "state.arizona.step_therapy",
        "state.california_imr.review_decision_expedited",
    ),
}  # fmt: skip


def told_of(name: str) -> set[str]:
    return {missed for missed, starts in FOLLOWS.items() if any(name.startswith(s) for s in starts)}


def test_what_a_miss_means_is_what_the_law_says() -> None:
    own = [stage.rule for state in book().states.values() for stage in state.stages.values()]
    rules = [r for versions in book().rules.values() for r in versions] + own
    for rule in rules:
        expected = told_of(rule.id)
        if not expected:
            # The patient's own date: the right to go on is lost, which no rule has to say.
            assert rule.actor == "claimant", rule.id
        assert {rule.if_missed} == (expected or {NOTHING}), rule.id


def test_every_level_below_a_court_says_what_silence_means() -> None:
    silent = {
        (regime.key, level.key)
        for regime in book().regimes.values()
        for level in regime.levels
        if level.kind != "court" and level.if_missed == NOTHING
    }
    assert silent == set()
    said = {level.key: level.if_missed for level in book().regimes["original_medicare"].levels}
    assert said == {
        "mac_redetermination": "complain_to_medicare",
        "qic_reconsideration": "may_escalate",
        "alj_hearing": "may_escalate",
        "council_review": "may_escalate",
        "court": NOTHING,
    }


def test_every_rule_is_found_by_its_name() -> None:
    for state in book().states.values():
        for stage in state.stages.values():
            assert versions_of(stage.rule.id) == (stage.rule,)
    assert versions_of(book().state_default.id) == (book().state_default,)
    assert versions_of("nowhere") == ()
