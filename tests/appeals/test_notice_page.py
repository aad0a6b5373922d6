"""A navigator sees for every sample letter the right rules, dates, next steps and defects, and decides about what is missing."""

from __future__ import annotations

from datetime import date, timedelta
from html import unescape

import pytest

from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, NotFound, Refused
from advocacy.words import NOTICE_ENGLISH
from appeals.commands.cures import write_cure
from appeals.commands.denials import DenialInput, ReasonInput, confirm_denial, record_denial
from appeals.commands.notice_checks import decide_notice_check
from appeals.models import Appeal, Deadline, Demand, NoticeCheck
from appeals.queries.case_page import case_page
from appeals.queries.ladder import ladder_of
from appeals.queries.notice_page import confirmed_defects
from tests.appeals.choosing import choose
from tests.appeals.climbing import (
    ERISA,
    INDIVIDUAL,
    INSURED,
    MEDICAID,
    MEDICARE_ADVANTAGE,
    codes,
    moment,
)
from tests.appeals.test_notice_checks import SAMPLES
from tests.appeals.visiting import address, letter_in, minutes_ago, own_statements, words

pytest_plugins = ("tests.appeals.climbing",)

# Name: answers; the request (received, timing, benefit); what is confirmed of the letter; and what follows from it: the first
# level, (day in front, statutory day) to file it, the levels after it, other clocks. The days are counted by hand.
LETTERS = {
    "erisa_preservice": (
        ERISA | {"levels": "1"},
        {"received": "2026-02-27"},
        {
            "notice_on": "2026-03-09",
            "received_on": "2026-03-12",
            "received_evidence": "certified",
            "peer_to_peer_until": "2026-03-23",
        },
        # 29 CFR 2560.503-1(h)(3)(i): 180 days after March 12. From the notice it is Saturday, September 5.
        ("erisa_self_funded", "internal_appeal_1", "2026-09-04", "2026-09-08"),
        ["external_review", "court"],
    ),
    "aca_experimental": (
        INDIVIDUAL | {"state_of_issue": "OR"},
        {"received": "2026-05-11"},
        {"notice_on": "2026-05-18", "received_on": "2026-05-21", "received_evidence": "certified"},
        # 180 days after May 21. From the notice it is Saturday, November 14.
        ("individual_aca", "internal_appeal_1", "2026-11-13", "2026-11-17"),
        ["external_review", "court"],
    ),
    "ma_denial": (
        MEDICARE_ADVANTAGE,
        {"received": "2026-06-08"},
        {"notice_on": "2026-06-12"},
        # 42 CFR 422.582(b): 65 days from the notice; safe without the five days of mail: 60 days.
        ("medicare_advantage", "plan_reconsideration", "2026-08-11", "2026-08-16"),
        ["ire_reconsideration", "alj_hearing", "council_review", "court"],
    ),
    "medicaid_reduction": (
        MEDICAID,
        {"received": "2026-06-22", "timing": "concurrent"},
        {
            "notice_on": "2026-07-06",
            "sent_on": "2026-07-06",
            "effective_on": "2026-07-20",
            "stated_deadline_on": "2026-09-04",
            "send_to_address": "Granite Hollow, Member Appeals, 25 Mill Street, Stonebridge",
        },
        # 42 CFR 438.402(c)(2)(ii): 60 days from the date on the notice.
        ("medicaid_managed_care", "plan_appeal", "2026-09-04", "2026-09-04"),
        ["state_fair_hearing", "court"],
    ),
    "part_d_nonformulary": (
        {"program": "medicare_part_d"},
        {"received": "2026-11-30", "benefit": "pharmacy"},
        {"notice_on": "2026-12-03"},
        # 42 CFR 423.582(b): 65 days from the notice; 60 without the days of mail.
        ("medicare_part_d", "plan_redetermination", "2027-02-01", "2027-02-06"),
        ["ire_reconsideration", "alj_hearing", "council_review", "court"],
    ),
    "eob_lines": (
        INSURED | {"state_of_issue": "OH", "levels": "1"},
        {"received": "2026-03-30", "timing": "post_service"},
        {"notice_on": "2026-04-20", "received_on": "2026-04-23", "received_evidence": "certified"},
        # 180 days after April 23. From the statement's date it is Saturday, October 17.
        ("fully_insured_group", "internal_appeal_1", "2026-10-16", "2026-10-20"),
        ["external_review", "court"],
    ),
}


# Name: the kind of coverage in words; every running date of the patient's side as the case page shows it (label: in front, by the
# law, in the letter); the plan's offer of a call. From the truth files of the letters, the days counted by hand.
SEEN = {
    "erisa_preservice": (
        "Self-funded group plan under ERISA",
        {"Internal appeal, first level: last day to file": ("2026-09-04", "2026-09-08", None)},
        # 14 calendar days from the letter's date.
        "2026-03-23",
    ),
    "aca_experimental": (
        "Individual or marketplace plan",
        {"Internal appeal: last day to file": ("2026-11-13", "2026-11-17", None)},
        None,
    ),
    "ma_denial": (
        "Medicare Advantage (Part C)",
        {"Reconsideration by the plan: last day to file": ("2026-08-11", "2026-08-16", None)},
        None,
    ),
    "medicaid_reduction": (
        "Medicaid managed care",
        {
            # 42 CFR 438.420(a): the later of ten days after July 6 and July 20; the earlier of both is the safe day.
            "Appeal to the plan: last day to ask that treatment goes on": ("2026-07-16", "2026-07-20", None),
            "Appeal to the plan: last day to file": ("2026-09-04", "2026-09-04", "2026-09-04"),
        },
        None,
    ),
    "part_d_nonformulary": (
        "Medicare drug plan (Part D)",
        {"Redetermination by the drug plan: last day to file": ("2027-02-01", "2027-02-06", None)},
        None,
    ),
    "eob_lines": (
        "Fully insured group plan",
        {"Internal appeal, first level: last day to file": ("2026-10-16", "2026-10-20", None)},
        None,
    ),
}
COURT = "Civil action"
STEPS = {
    "erisa_preservice": [
        "Internal appeal, first level",
        "External review",
        "Civil action under ERISA 502(a)(1)(B)",
    ],
    "aca_experimental": ["Internal appeal", "External review", COURT],
    "ma_denial": [
        "Reconsideration by the plan",
        "Reconsideration by the independent review entity",
        "Hearing before an administrative law judge (OMHA)",
        "Medicare Appeals Council",
        "Federal district court",
    ],
    "medicaid_reduction": ["Appeal to the plan", "State fair hearing", "State court"],
    "part_d_nonformulary": [
        "Redetermination by the drug plan",
        "Reconsideration by the independent review entity",
        "Hearing before an administrative law judge (OMHA)",
        "Medicare Appeals Council",
        "Federal district court",
    ],
    "eob_lines": ["Internal appeal, first level", "External review", COURT],
}


def day(text):
    return date.fromisoformat(text) if text else None


def take_in(climb, name):
    """The sample letter as a confirmed denial, its text read by the job."""
    answers, asked, facts, *_ = LETTERS[name]
    climb.answer(answers)
    climb.consent(on="2026-02-01")
    request = climb.ask(**asked)
    confirmed = moment("2026-12-07" if facts["notice_on"] > "2026-11" else facts["notice_on"], 20)
    given = {k: day(v) if k.endswith(("_on", "_until")) else v for k, v in facts.items()}
    if given.get("received_on"):
        confirmed = moment(facts["received_on"], 16)
    climb.denial = record_denial(
        actor=climb.who,
        request=request,
        letter=letter_in(climb.cast, name),
        fields=DenialInput(**given),
        items=[i.public_id for i in climb.items],
        reasons=[ReasonInput(key, "", is_primary=n == 0) for n, key in enumerate(SAMPLES[name][1])],
        at=confirmed,
    )
    confirm_denial(actor=climb.who, denial=climb.denial, at=confirmed, theirs_all_the_same=True)
    climb.denial.refresh_from_db()
    return climb.denial


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=[] if n in ("aca_experimental", "medicaid_reduction") else [pytest.mark.long])
        for n in LETTERS
    ],
)
def test_every_sample_letter_has_its_rules_dates_steps_and_defects(climb, sign_in, name):
    denial = take_in(climb, name)
    regime, level, front, statutory = LETTERS[name][3]
    first = Appeal.objects.get(case=climb.case)
    row = climb.row("filing", 1)
    assert (first.regime, first.level) == (regime, level)
    assert (row.due_on, row.statutory_on) == (day(front), day(statutory))
    assert [s.rung.key for s in ladder_of(climb.fresh()).levels][1:] == LETTERS[name][4]
    page = sign_in("nora").get(address("denial", climb.case, denial))
    notice = page.context["page"].notice
    assert [s.finding.check.key for s in notice.open] == SAMPLES[name][2]
    assert words(page).count("Not found in the letter; check") == len(SAMPLES[name][2])
    assert all(s.finding.citation in words(page) for s in notice.open)


def written(on):
    return f"{on:%a, %b} {on.day}, {on.year}"


@pytest.mark.parametrize("name", LETTERS)
def test_a_navigator_sees_on_the_case_page_which_rules_which_dates_and_what_next(climb, sign_in, name):
    """Of every sample letter: the kind of coverage, each date with its law and arithmetic, the way ahead, and the next step."""
    take_in(climb, name)
    regime, dates, call = SEEN[name]
    answer = sign_in("nora").get(address("case", climb.case))
    found, text = answer.context["found"], words(answer)
    assert found.regime == regime and regime in text
    ours = [c for c in found.clocks if c.whose == "ours" and not c.label.startswith("Peer-to-peer")]
    assert {c.label: (c.date, c.statutory_date, c.stated_date) for c in ours} == {
        label: tuple(map(day, three)) for label, three in dates.items()
    }
    for clock in ours:
        assert f"{clock.label} " in text and written(clock.date) in text
        assert clock.citation in text and all(step in unescape(text) for step in clock.steps)
    assert (found.call_window and found.call_window.date) == day(call)
    names = [level["name"] for level in answer.context["levels"]]
    assert names[names.index(STEPS[name][0]) :] == STEPS[name]
    # What comes next hangs on the day: asked on the day after the letter was confirmed.
    tomorrow = climb.denial.confirmed_at + timedelta(days=1)
    then = case_page(climb.who, climb.case.public_id, now=tomorrow)
    assert (then.due.label, then.due.date) == min(
        ((label, day(front)) for label, (front, *_rest) in dates.items()), key=lambda one: one[1]
    )
    assert then.action.label == "Record the patient's choice"
    choose(climb.who, climb.denial, "appeal", at=tomorrow, agreed_on=climb.denial.confirmed_at.date())
    then = case_page(climb.who, climb.case.public_id, now=tomorrow)
    assert then.action.label == ("Schedule the peer-to-peer" if call else "Write the appeal")


def test_care_that_is_cut_has_its_own_earlier_clock(climb):
    take_in(climb, "medicaid_reduction")
    # 42 CFR 438.420(a): the later of ten days from July 6 and July 20.
    row = climb.row("continuation", 1)
    assert (row.due_on, row.statutory_on) == (date(2026, 7, 16), date(2026, 7, 20))


@pytest.fixture
def statement(climb):
    return take_in(climb, "eob_lines")


def decide(climb, denial, answer, reason="", rule="claim_file", who=None):
    return decide_notice_check(
        actor=who or climb.who,
        denial=denial,
        rule=rule,
        answer=answer,
        reason=reason,
        at=moment("2026-04-24"),
    )


def test_a_navigator_confirms_a_defect_on_the_page(climb, statement, sign_in):
    nora = sign_in("nora")
    before = list(Deadline.objects.values_list("clock", "due_on", "statutory_on", "status").order_by("id"))
    place = address("denial", climb.case, statement)
    url = f"{place}notice/claim_file/"
    shown = words(nora.get(url))
    assert "The right to the claim file Not found in the letter; check" in shown
    assert "29 CFR 2560.503-1(h)(2)(iii)" in shown and "Work to the computed date all the same." in shown
    assert "No date moves." in shown and NOTICE_ENGLISH in shown
    assert nora.post(url, {"answer": ""}).status_code == 422
    answer = nora.post(url, {"answer": "defect", "reason": ""})
    assert (answer.status_code, answer.url) == (302, place)
    assert "The right to the claim file Defect, confirmed" in words(nora.get(place))
    assert [(d.code, d.citation) for d in confirmed_defects(statement)] == [
        ("claim_file", "29 CFR 2560.503-1(h)(2)(iii); 45 CFR 147.136(b)(2)(ii)(C)")
    ]
    assert (
        list(Deadline.objects.values_list("clock", "due_on", "statutory_on", "status").order_by("id"))
        == before
    )
    event = Event.objects.get(verb="notice_checked")
    assert {k: event.data[k] for k in ("rule", "answer", "found", "again")} == {
        "rule": "claim_file",
        "answer": "defect",
        "found": "not_found",
        "again": False,
    }
    assert len(own_statements(nora, place)) <= 12


def test_from_a_confirmed_defect_one_click_leads_to_the_demand_and_it_is_sent(climb, statement, sign_in):
    nora, place = sign_in("nora"), address("denial", climb.case, statement)
    new = address("cure_new", climb.case, statement)
    assert f'href="{new}"' not in nora.get(place).content.decode()
    assert nora.get(new).status_code == 422
    nora.post(f"{place}notice/claim_file/", {"answer": "defect", "reason": ""})
    assert f'href="{new}"' in nora.get(place).content.decode()
    page = nora.get(new)
    form = page.context["form"]
    assert (page.status_code, Demand.objects.count()) == (200, 0)
    assert "29 CFR 2560.503-1(h)(2)(iii)" in form["text"].value()
    assert "Work to the computed date" not in form["text"].value()
    assert ("Back to the denial" in words(page), "Back to what is overdue" in words(page)) == (True, False)
    typed = {name: form[name].value() for name in ("recipient", "text")} | {"dated": form["dated"].value()}
    answer = nora.post(new, typed | {"go_on": "1"})
    made = Demand.objects.get()
    assert (made.kind, made.denial_id, made.sent_at) == ("cure", statement.pk, None)
    assert answer.url == address("demand_send", climb.case, made)
    assert nora.get(new).url == address("demand", climb.case, made)
    denial_page = nora.get(place).content.decode()
    assert (
        f'href="{new}"' in denial_page,
        f'href="{address("demand", climb.case, made)}"' in denial_page,
    ) == (
        False,
        True,
    )
    with pytest.raises(Refused) as again:
        write_cure(actor=climb.who, denial=statement, at=moment("2026-04-24"))
    assert codes(again) == ["demand_drafted"]
    shown = nora.get(answer.url).context["form"]
    sent = nora.post(
        answer.url,
        {
            "expected_sha256": shown["expected_sha256"].value(),
            "channel": "fax",
            "address": "555 010 0199",
            "sent_at": minutes_ago(5),
        },
    )
    assert sent.status_code == 302, words(sent)
    assert "Frozen" in words(nora.get(address("demand", climb.case, made)))
    told = Event.objects.filter(verb="disclosed", subject_table="cases_case").order_by("-id").first()
    assert (told.data["kind"], told.data["party"]) == ("cure", "plan")
    assert len(own_statements(nora, place)) <= 12


def test_a_notice_of_which_nothing_is_confirmed_is_not_demanded_anew(climb, statement):
    decide(climb, statement, "none", "Page 4 of the booklet that came with it says so.")
    with pytest.raises(Refused) as none:
        write_cure(actor=climb.who, denial=statement, at=moment("2026-04-24"))
    assert codes(none) == ["no_defect"]


def test_what_is_dismissed_needs_a_reason_and_is_no_defect(climb, statement):
    with pytest.raises(Refused) as caught:
        decide(climb, statement, "none")
    assert codes(caught) == ["reason_missing"]
    decide(climb, statement, "defect")
    decide(climb, statement, "none", "Page 4 of the booklet that came with it says so.")
    assert confirmed_defects(statement) == []
    assert [(c.answer, c.superseded_at is None) for c in NoticeCheck.objects.order_by("id")] == [
        ("defect", False),
        ("none", True),
    ]


def test_a_defect_that_the_program_did_not_miss_needs_a_reason(climb, statement):
    for rule in ("appeal_right", "civil_action"):
        with pytest.raises(Refused) as caught:
            decide(climb, statement, "defect", rule=rule)
        assert codes(caught) == ["reason_missing"]
    kept = decide(
        climb, statement, "defect", "An insured plan of a company: ERISA holds.", rule="civil_action"
    )
    assert (kept.found, [d.code for d in confirmed_defects(statement)]) == ("cannot_tell", ["civil_action"])


def test_a_check_that_does_not_apply_and_a_person_who_may_not(climb, statement):
    for rule in ("fair_hearing", "no_such_check"):
        with pytest.raises(NotFound):
            decide(climb, statement, "defect", rule=rule)
    with pytest.raises(NotAllowed):
        decide(climb, statement, "defect", who=climb.cast.clara)


def test_before_it_is_confirmed_nothing_is_checked(climb, sign_in):
    climb.answer(ERISA)
    climb.ask()
    denial = climb.refuse(confirmed=None)
    assert confirmed_defects(denial) == []
    assert sign_in("nora").get(address("denial", climb.case, denial)).context["page"].notice is None
    with pytest.raises(NotFound):
        decide(climb, denial, "defect")
