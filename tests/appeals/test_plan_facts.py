"""Facts of a plan that clocks take: which count, what they move, and the page that records them."""

from __future__ import annotations

from datetime import date

import pytest

from advocacy.errors import NotAllowed, NotFound, Refused, WrongState
from advocacy.tenancy.scope import scoped_to
from appeals.commands.clock_events import record_clock_event
from appeals.commands.levels import set_expedited
from appeals.commands.plan_facts import record_plan_fact, withdraw_plan_fact
from appeals.models import Answer, ClockEvent
from appeals.plan_facts import counted, value_reason
from appeals.regimes.classifier import Answer as Said
from cases.models import Task
from tests.appeals.climbing import ERISA, MEDICAID, MEDICARE_ADVANTAGE, codes, moment
from tests.appeals.visiting import address, own_statements, words

TODAY = date(2026, 4, 30)
WORDS = "A second appeal is sent within 60 days."


# -- which value counts (pure) --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([], {}),
        ([("plan_window_days", "60", "patient")], {"plan_window_days": 60}),
        (
            [("plan_window_days", "60", "letter"), ("plan_window_days", "45", "payer_call")],
            {"plan_window_days": 45},
        ),
        ([("window_days", "120", "letter")], {"window_days": 120}),
        ([("window_days", "120", "payer_call")], {}),
        ([("window_days", "90", "payer_call")], {"window_days": 90}),
        ([("window_days", "120", "letter"), ("window_days", "100", "plan_document")], {"window_days": 100}),
        ([("state_hearing_days", "60", "patient")], {"window_days": 60}),
        (
            [("state_hearing_days", "60", "letter"), ("state_hearing_days", "30", "patient")],
            {"window_days": 30},
        ),
        ([("rating_period_start", "2025-07-01", "patient")], {"rating_period_start": date(2025, 7, 1)}),
        ([("rating_period_start", "2026-01-01", "patient")], {}),
        ([("rating_period_start", "2026-01-01", "payer_call")], {"rating_period_start": date(2026, 1, 1)}),
        (
            [("rating_period_start", "2026-01-01", "letter"), ("rating_period_start", "2025-07-01", "card")],
            {"rating_period_start": date(2025, 7, 1)},
        ),
        ([("process", "hhs_administered", "letter")], {"process": "hhs_administered"}),
        ([("process", "hhs_administered", "payer_call")], {}),
        ([("process", "hhs_administered", "letter"), ("process", "state", "plan_document")], {}),
        ([("prior_authorization", "no", "card")], {"service": "no_prior_authorization"}),
        ([("prior_authorization", "yes", "card")], {}),
    ],
)
def test_doubt_is_early_for_the_patient_and_late_for_the_payer(said, expected):
    assert counted([Said(*row) for row in said], None) == expected


def test_a_process_counts_only_where_the_states_law_has_it():
    said = [Said("process", "hhs_administered", "letter")]
    assert counted(said, "AL") == {"process": "hhs_administered"}
    assert counted(said, "CA") == {}


@pytest.mark.parametrize(
    ("fact", "value", "code"),
    [
        ("shoe_size", "1", "fact_unknown"),
        ("plan_window_days", "0", "days_impossible"),
        ("plan_window_days", "731", "days_impossible"),
        ("plan_window_days", "sixty", "days_impossible"),
        ("window_days", "89", "days_impossible"),
        ("window_days", "121", "days_impossible"),
        ("state_hearing_days", "91", "days_impossible"),
        ("rating_period_start", "", "day_missing"),
        ("rating_period_start", "2017-06-30", "day_impossible"),
        ("rating_period_start", "2026-05-01", "day_impossible"),
        ("process", "dice", "value_unknown"),
        ("window_days", "90", None),
        ("window_days", "120", None),
        ("rating_period_start", "2017-07-01", None),
        ("rating_period_start", "2026-04-30", None),
    ],
)
def test_a_value_that_cannot_be_says_why(fact, value, code):
    found = value_reason(fact, value, TODAY)
    assert (found and found.code) == code


# -- what they move -------------------------------------------------------------------------------------------
def plan(climb, fact, value, source="letter", *, on="2026-04-30"):
    proof = {"page": 41, "quote": WORDS} if source in ("letter", "plan_document") else {}
    return record_plan_fact(
        actor=climb.who, case=climb.case, fact=fact, value=value, source=source, at=moment(on), **proof
    )


def test_a_rating_period_decides_how_long_a_medicaid_plan_has(climb):
    climb.answer(MEDICAID)
    climb.ask()
    # 42 CFR 438.210(d)(1): 7 days; until the rating period is known the plan is late only after 14.
    assert climb.date("decision") == ("2026-03-31", "2026-03-24", "running")
    kept = plan(climb, "rating_period_start", "2026-01-01", "payer_call")
    assert climb.date("decision") == ("2026-03-24", "2026-03-24", "running")
    plan(climb, "rating_period_start", "2025-07-01", "plan_document")
    assert climb.date("decision") == ("2026-03-31", "2026-03-31", "running")
    assert Task.objects.get(code="plan_fact:rating_period_start").status == "open"
    withdraw_plan_fact(actor=climb.who, answer=kept, at=moment("2026-05-01"))
    assert Task.objects.get(code="plan_fact:rating_period_start").status == "cancelled"
    assert climb.date("decision") == ("2026-03-31", "2026-03-31", "running")
    with pytest.raises(WrongState):
        withdraw_plan_fact(actor=climb.who, answer=kept, at=moment("2026-05-01"))


def test_a_longer_hearing_window_counts_when_it_is_read_and_only_argues_when_it_is_said(climb):
    climb.answer(MEDICAID)
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-24", "2026-04-27")
    # 42 CFR 438.408(f)(2): 90 to 120 days from the date of the notice of resolution.
    assert climb.date("filing", 2) == ("2026-07-23", "2026-07-23", "running")
    plan(climb, "window_days", "120", "payer_call")
    assert climb.date("filing", 2) == ("2026-07-23", "2026-07-23", "running")
    assert climb.row("filing", 2).permissive_on == date(2026, 8, 22)
    plan(climb, "window_days", "120", "plan_document")
    # August 22, 2026 is a Saturday: work to the Friday before.
    assert climb.date("filing", 2) == ("2026-08-21", "2026-08-22", "running")


def test_the_plans_own_window_dates_its_second_level_and_an_earlier_letter_stays_in_front(climb):
    climb.answer(ERISA | {"levels": "2"})
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-24", "2026-04-27", stated_deadline_on=date(2026, 6, 10))
    plan(climb, "plan_window_days", "60", "plan_document")
    # 60 days after receipt on April 27 are June 26; the letter says June 10.
    assert climb.date("filing", 2) == ("2026-06-10", "2026-06-26", "running")


def test_without_a_date_in_the_letter_the_plans_window_is_the_only_one(climb):
    climb.answer(ERISA | {"levels": "2"})
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-24", "2026-04-27")
    assert climb.tasks() == ["no_window:2"]
    plan(climb, "plan_window_days", "60", "plan_document")
    # Counted from the notice of April 24 it is June 23.
    assert climb.date("filing", 2) == ("2026-06-23", "2026-06-26", "running")
    assert climb.tasks() == []


def test_without_prior_authorization_a_medicare_plan_has_fourteen_days(climb):
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask()
    # 42 CFR 422.568(b)(1): 7 days with prior authorization from 2026, else 14.
    assert climb.date("decision") == ("2026-03-24", "2026-03-24", "running")
    plan(climb, "prior_authorization", "no", "card")
    assert climb.date("decision") == ("2026-03-31", "2026-03-31", "running")


def test_recording_refuses_with_every_reason_and_asks_for_the_permission(climb):
    with pytest.raises(Refused) as caught:
        plan(climb, "window_days", "300", "dream")
    assert codes(caught) == ["days_impossible", "source_unknown"]
    with pytest.raises(NotAllowed):
        record_plan_fact(
            actor=climb.cast.petra,
            case=climb.case,
            fact="window_days",
            value="90",
            source="letter",
            at=moment("2026-04-30"),
        )
    with scoped_to(climb.cast.meadow.pk), pytest.raises(NotFound):
        record_plan_fact(
            actor=climb.cast.mia,
            case=climb.case,
            fact="window_days",
            value="90",
            source="letter",
            at=moment("2026-04-30"),
        )
    assert not Answer.objects.exists()


def test_an_answer_to_a_question_is_no_fact_of_the_plan(climb):
    climb.answer({"program": "medicaid"})
    with pytest.raises(Refused) as caught:
        withdraw_plan_fact(actor=climb.who, answer=Answer.objects.get(), at=moment("2026-04-30"))
    assert codes(caught) == ["fact_unknown"]


# -- other inputs of clocks -----------------------------------------------------------------------------------
def test_an_extension_counts_the_days_its_notice_names(climb):
    climb.answer(ERISA)
    climb.ask()
    record_clock_event(
        actor=climb.who,
        case=climb.case,
        request=climb.request,
        kind="extension",
        occurred_at=moment("2026-03-25"),
        sent_on=date(2026, 3, 25),
        days=5,
        at=moment("2026-03-26"),
    )
    # 15 days after March 17, and 5 of the 15 that 29 CFR 2560.503-1(f)(2)(iii)(A) allows.
    assert climb.date("decision") == ("2026-04-06", "2026-04-06", "running")


@pytest.mark.parametrize(
    ("kind", "days", "code"),
    [
        ("information_sent", 5, "days_without_extension"),
        ("extension", 91, "days_impossible"),
        ("incomplete_notice", None, "kind_elsewhere"),
    ],
)
def test_days_belong_to_an_extension_and_a_notice_to_its_level(climb, kind, days, code):
    climb.ask()
    with pytest.raises(Refused) as caught:
        record_clock_event(
            actor=climb.who,
            case=climb.case,
            request=climb.request,
            kind=kind,
            occurred_at=moment("2026-03-25"),
            days=days,
            at=moment("2026-03-26"),
        )
    assert codes(caught) == [code]
    assert not ClockEvent.objects.exists()


def to_external_review(climb, filed):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-24", "2026-04-27")
    climb.file(2, filed)


def tell(climb, kind, on, **fields):
    return record_clock_event(
        actor=climb.who,
        case=climb.case,
        appeal=climb.level(2),
        kind=kind,
        occurred_at=moment(on),
        at=moment(on, 15),
        **fields,
    )


def test_an_incomplete_request_for_review_is_completed_in_time(climb):
    to_external_review(climb, "2026-05-08")
    tell(climb, "incomplete_notice", "2026-05-12")
    # 45 CFR 147.136(d)(2)(ii): inside the four months, or within 48 hours of the notice, whichever is later; work to the earlier.
    assert climb.date("completion", 2) == ("2026-05-14", "2026-08-27", "running")
    tell(climb, "information_sent", "2026-05-13")
    assert climb.date("completion", 2) == ("2026-05-14", "2026-08-27", "met")


def test_a_notice_after_the_window_leaves_two_days(climb):
    to_external_review(climb, "2026-08-21")
    tell(climb, "incomplete_notice", "2026-08-31")
    assert climb.date("completion", 2) == ("2026-09-02", "2026-09-02", "running")


def test_an_affirmed_urgent_denial_is_sent_on_within_a_day(climb):
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask()
    climb.refuse()
    set_expedited(
        actor=climb.who,
        appeal=climb.level(1),
        is_expedited=True,
        reason="She cannot wait.",
        at=moment("2026-04-09"),
    )
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-11")
    # 42 CFR 422.590(e): 24 hours after it affirmed, at two in the afternoon.
    assert climb.row("forwarding", 2).due_at == moment("2026-04-12")


# -- the page -------------------------------------------------------------------------------------------------
@pytest.fixture
def nora(climb, sign_in):
    climb.answer(MEDICAID)
    return sign_in("nora")


def test_the_page_shows_what_matters_and_records_it(climb, nora):
    url = address("plan_facts", climb.case)
    assert address("plan_facts", climb.case) in nora.get(address("questions", climb.case)).content.decode()
    shown = words(nora.get(url))
    assert shown.index("How many days does the state give") < shown.index("Facts that move no date")
    assert shown.index("Facts that move no date") < shown.index("for a second internal appeal?")
    given = {"fact": "window_days", "value": "120", "source": "letter", "note": "Below the middle"}
    assert nora.post(url, given).status_code == 422
    assert nora.post(url, given | {"page": "2", "quote": "within 120 days"}).status_code == 302
    row = Answer.objects.get(question="window_days")
    assert (row.value, row.source, row.note, row.page, row.quote) == (
        "120",
        "letter",
        "Below the middle",
        2,
        "within 120 days",
    )
    shown = words(nora.get(url))
    assert "120 days says the denial letter" in shown
    assert "The dates use: 120 days." in shown and "Page 2 within 120 days Below the middle" in shown


def test_what_is_only_said_is_kept_and_not_counted(climb, nora):
    plan(climb, "window_days", "120", "payer_call")
    shown = words(nora.get(address("plan_facts", climb.case)))
    assert "120 days says a call to the payer" in shown and "The dates do not use it yet." in shown


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"fact": "window_days", "value": "300", "source": "letter"}, "value"),
        ({"fact": "window_days", "value": "", "source": "letter"}, "value"),
        ({"fact": "window_days", "value": "90", "source": ""}, "source"),
        ({"fact": "rating_period_start", "value": "2999-01-01", "source": "letter"}, "value"),
    ],
)
def test_a_wrong_fact_stays_typed_and_says_why(climb, nora, given, field):
    answer = nora.post(
        address("plan_facts", climb.case), given | {"note": "Kept words", "page": "2", "quote": WORDS}
    )
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert "Kept words" in answer.content.decode()
    assert not Answer.objects.exclude(question__in=MEDICAID).exists()


def test_a_fact_that_is_not_asked_is_refused(climb, nora):
    answer = nora.post(address("plan_facts", climb.case), {"fact": "shoe_size", "value": "1"})
    assert answer.status_code == 422


def test_a_fact_is_taken_back_on_a_page_of_its_own(climb, nora):
    kept = plan(climb, "window_days", "120")
    url = address("plan_fact_withdraw", climb.case, kept)
    assert url in nora.get(address("plan_facts", climb.case)).content.decode()
    assert "120 days" in words(nora.get(url))
    assert nora.post(url).status_code == 302
    kept.refresh_from_db()
    assert kept.superseded_at is not None
    assert "no longer stands" in words(nora.get(url))
    assert nora.post(url).status_code == 409
    program = Answer.objects.get(question="program")
    assert nora.get(address("plan_fact_withdraw", climb.case, program)).status_code == 404


def test_whoever_may_not_record_sees_no_form(climb, nora, sign_in):
    kept = plan(climb, "window_days", "120")
    petra = sign_in("petra")
    page = words(petra.get(address("plan_facts", climb.case)))
    assert "120 days" in page and "Record the fact" not in page and "Take back" not in page
    assert petra.post(address("plan_facts", climb.case), {"fact": "window_days"}).status_code == 403
    assert petra.get(address("plan_fact_withdraw", climb.case, kept)).status_code == 403


def test_the_page_costs_the_same_with_many_facts(climb, nora):
    url = address("plan_facts", climb.case)
    before = own_statements(nora, url)
    for source in ("letter", "card", "payer_call"):
        plan(climb, "window_days", "120", source)
        plan(climb, "rating_period_start", "2025-07-01", source)
    assert len(own_statements(nora, url)) == len(before) <= 12


def test_two_facts_that_disagree_open_a_task_once(climb):
    climb.answer(MEDICAID)
    climb.ask()
    plan(climb, "window_days", "120", "letter")
    plan(climb, "window_days", "100", "plan_document")
    assert Task.objects.filter(code="plan_fact:window_days").count() == 1
