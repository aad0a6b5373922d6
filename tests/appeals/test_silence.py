"""The plan never answers a request: what its rule opens then, and that nothing is made up.

29 CFR 2560.503-1(l), 45 CFR 147.136(b)(2)(ii)(F) (exhausted); 42 CFR 422.568(f), 438.404(c)(5) (counts as a refusal);
423.568(h) (sent on by the plan); 431.220(a)(1) (a hearing because the agency did not act).
"""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from advocacy.errors import NotAllowed, Refused, WrongState
from appeals.closing import open_contest_of
from appeals.commands.denials import DenialInput, change_denial
from appeals.commands.levels import save_draft
from appeals.commands.requests import approve_request
from appeals.commands.silences import go_on_without_answer
from appeals.models import Appeal, Denial, Effectuation
from tests.appeals.climbing import ERISA, FEHB, INSURED, MEDICAID, MEDICARE_ADVANTAGE, codes, moment
from tests.appeals.visiting import address, days_ago, own_statements, words
from tests.portal import come_in, give_access

pytest_plugins = ("tests.appeals.climbing",)

DRUG_PLAN = {"program": "medicare_part_d", "benefit": "pharmacy"}
STATE_AGENCY = {"program": "medicaid", "medicaid_delivery": "state"}


def go_on(climb, on: str, hour: int = 14) -> Appeal:
    return go_on_without_answer(actor=climb.who, request=climb.request, at=moment(on, hour))


def refused(climb, on: str, hour: int = 14) -> list[str]:
    with pytest.raises(Refused) as found:
        go_on(climb, on, hour)
    return [r.code for r in found.value.reasons]


# Received on March 17 at ten: 15 days (claims), 7 (Medicare Advantage, the state), 72 hours (drug plan); of a Medicaid plan whose
# rating period is not known 14 before it is called late.
@pytest.mark.parametrize(
    ("answers", "last", "after", "positions", "since"),
    [
        (ERISA | {"levels": "2"}, "2026-04-01", "2026-04-02", [(3, "external_review", "open")], "2026-04-02"),
        (
            INSURED | {"levels": "1"},
            "2026-04-01",
            "2026-04-02",
            [(2, "external_review", "open")],
            "2026-04-02",
        ),
        (MEDICARE_ADVANTAGE, "2026-03-24", "2026-03-25", [(1, "plan_reconsideration", "open")], "2026-03-25"),
        (MEDICAID, "2026-03-31", "2026-04-01", [(1, "plan_appeal", "open")], "2026-04-01"),
        (STATE_AGENCY, "2026-03-24", "2026-03-25", [(1, "state_fair_hearing", "open")], "2026-03-25"),
    ],
    ids=("erisa", "insured", "medicare_advantage", "medicaid", "medicaid_state"),
)
def test_the_level_that_the_rule_opens_is_open_from_the_first_day_too_late(
    climb, answers, last, after, positions, since
):
    climb.answer(answers)
    climb.ask()
    assert refused(climb, last) == ["time_is_left"]
    level = go_on(climb, after)
    assert climb.positions == positions
    denial = Denial.objects.get()
    assert (denial.silent_from.isoformat(), denial.letter_id, denial.notice_on, level.denial_id) == (
        since,
        None,
        None,
        denial.pk,
    )
    assert denial.refuses.count() == 2


def test_while_the_coverage_is_not_settled_it_opens_what_all_that_may_apply_agree_on(climb):
    climb.answer({k: v for k, v in ERISA.items() if k != "funding"})
    climb.ask()
    assert refused(climb, "2026-04-01") == ["time_is_left"]
    go_on(climb, "2026-04-02")
    assert climb.positions == [(2, "level_2", "open")]


def test_no_window_is_made_up_and_the_plan_stays_late(climb):
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask()
    go_on(climb, "2026-03-25")
    assert "no_window:1" in climb.tasks()
    assert climb.date("decision") == ("2026-03-24", "2026-03-24", "running")
    climb.request.refresh_from_db()
    assert climb.request.status == "received"


def test_a_drug_plan_has_to_send_the_request_on_within_a_day(climb):
    climb.answer(DRUG_PLAN)
    climb.ask(benefit="pharmacy", exception="none")
    assert refused(climb, "2026-03-20", 9) == ["time_is_left"]
    go_on(climb, "2026-03-20", 11)
    ((position, key, status),) = climb.positions
    assert (position, key, status) == (2, "ire_reconsideration", "open")
    due = climb.row("forwarding", 2)
    assert (due.due_at, due.status) == (moment("2026-03-21", 10), "running")
    climb.forward(2, "2026-03-23")
    assert climb.row("forwarding", 2).status == "missed"


def test_nothing_is_dated_or_filed_before_the_first_day_on_which_silence_counts(climb):
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask()
    go_on(climb, "2026-03-25")
    with pytest.raises(Refused) as caught:
        climb.file(1, "2026-03-24")
    assert codes(caught) == ["filed_before_denial"]
    with pytest.raises(Refused, match="before March 25, 2026, the first day on which silence counts"):
        climb.file(1, "2026-03-25")
    save_draft(actor=climb.who, appeal=climb.level(1), text="Please decide.", at=moment("2026-03-25", 9))
    climb.file(1, "2026-03-25")
    assert climb.level(1).status == "filed"


def test_what_comes_late_is_recorded_as_ever(climb):
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask()
    go_on(climb, "2026-03-25")
    climb.refuse("2026-03-27", "2026-03-30", confirmed="2026-03-31")
    assert climb.positions == [(1, "plan_reconsideration", "open"), (1, "plan_reconsideration", "open")]
    assert climb.date("decision") == ("2026-03-24", "2026-03-24", "missed")


def test_what_the_level_decides_ends_the_wait_for_the_answer(climb):
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask()
    go_on(climb, "2026-03-25")
    climb.file(1, "2026-03-26")
    open_still = {reason.code for reason in open_contest_of(climb.fresh())}
    assert {"request_undecided", "level_undecided"} <= open_still
    climb.decide(1, "2026-04-10", "2026-04-13", outcome="overturned")
    assert climb.date("decision") == ("2026-03-24", "2026-03-24", "missed")
    assert climb.fresh().stage == "plan_reconsideration"
    assert "request_undecided" not in {reason.code for reason in open_contest_of(climb.fresh())}


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        (FEHB, "silence_opens_nothing"),
        ({}, "rules_not_settled"),
    ],
    ids=("fehb", "unsettled"),
)
def test_where_no_rule_opens_a_level_it_says_so(climb, answers, code):
    climb.answer(answers)
    climb.ask()
    assert refused(climb, "2026-06-30") == [code]
    assert not Denial.objects.exists()


def test_once_and_only_while_nothing_was_answered(climb):
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask()
    go_on(climb, "2026-03-25")
    with pytest.raises(WrongState):
        go_on(climb, "2026-03-26")
    denial = Denial.objects.get()
    with pytest.raises(WrongState):
        change_denial(
            actor=climb.who, denial=denial, letter=None, fields=DenialInput(), items=(), reasons=(),
            at=moment("2026-03-26"),
        )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        Denial.objects.filter(pk=denial.pk).update(notice_on=moment("2026-03-25").date())


def test_not_after_a_denial_and_not_by_a_clinician(climb):
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask()
    with pytest.raises(NotAllowed):
        go_on_without_answer(actor=climb.cast.clara, request=climb.request, at=moment("2026-03-25"))
    climb.refuse(confirmed=None)
    with pytest.raises(WrongState):
        go_on(climb, "2026-03-25")


def test_a_navigator_goes_on_from_the_page_of_what_is_overdue(climb, sign_in):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask(days_ago(30))
    request = climb.request
    url = address("request_unanswered", climb.case, request)
    pages = (address("late", climb.case), address("request", climb.case, request))
    shown = {
        who: [url in sign_in(who).get(page).content.decode() for page in pages] for who in ("clara", "nora")
    }
    assert shown == {"clara": [False, False], "nora": [True, True]}
    nora = sign_in("nora")
    answer = nora.post(url)
    level = Appeal.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, address("level", climb.case, level))
    assert url not in nora.get(address("late", climb.case)).content.decode()
    denial = Denial.objects.get()
    assert "The denial letter is not filed" not in words(nora.get(address("case", climb.case)))
    page = nora.get(address("denial", climb.case, denial))
    assert "No letter came" in words(page)
    assert "Save corrections" not in words(page)
    for shown in ("case", "late", "take_action"):
        assert nora.get(address(shown, climb.case)).status_code == 200
    assert len(own_statements(nora, address("level", climb.case, level))) <= 12
    draft = nora.get(address("level_draft", climb.case, level))
    assert "did not decide" in draft.context["form"]["text"].value()


def test_a_level_that_was_filed_is_not_called_late_for_the_request_below_it(climb, sign_in):
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask(days_ago(30))
    go_on(climb, days_ago(5))
    climb.file(1, days_ago(4))
    shown = words(sign_in("nora").get(address("case", climb.case)))
    assert "Record that it was received" in shown
    assert "Decision is late: choose how to go on" not in shown
    give_access(climb.case.patient, "dana@mail.example")
    said = words(come_in("dana@mail.example").get(f"/portal/cases/{climb.case.public_id}/"))
    assert "late" not in said


def test_an_approval_that_comes_after_all_carries_out_what_was_won(climb, sign_in):
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask()
    go_on(climb, "2026-03-25")
    climb.file(1, "2026-03-26")
    climb.decide(1, "2026-04-10", "2026-04-13", outcome="overturned")
    assert climb.row("effectuation", 1).status == "running"
    page = sign_in("nora").get(address("request", climb.case, climb.request)).content.decode()
    assert address("request_grant", climb.case, climb.request) in page
    approve_request(
        actor=climb.who, request=climb.request, decided_at=moment("2026-04-14"), number="A-1", sessions=6, units=None,
        valid_from=moment("2026-04-14").date(), valid_until=moment("2026-10-14").date(), at=moment("2026-04-14", 15),
    )  # fmt: skip
    assert Effectuation.objects.filter(appeal=climb.level(1), kind="authorized").count() == 2
    assert climb.row("effectuation", 1).status == "met"


def test_the_patient_is_not_told_of_an_answer_that_never_came(climb):
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask(days_ago(30))
    go_on_without_answer(actor=climb.who, request=climb.request, at=timezone.now())
    give_access(climb.case.patient, "dana@mail.example")
    dana = come_in("dana@mail.example")
    said = words(dana.get(f"/portal/cases/{climb.case.public_id}/"))
    assert "The answer was no, or none came." in said
    assert "Your plan said no" not in said
    assert dana.get("/portal/letters/").status_code == 200
