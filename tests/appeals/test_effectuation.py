"""What a plan lost it has to deliver, by the time its regime's rule gives; a regime without one has no clock. What was delivered
is recorded item by item; late, the case stands under *Payer overdue* with the letter that demands it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, Refused, WrongState
from appeals.blocks import Bullets, Heading, Paragraph, blocks_from_data
from appeals.closing import open_contest_of
from appeals.commands.demands import write_demand
from appeals.commands.effectuations import void_effectuation
from appeals.commands.requests import AuthorizationInput, record_authorization
from appeals.models import Deadline, Effectuation
from appeals.queries.clocks import day_at, spoken
from appeals.queries.history import load_history
from appeals.queries.ladder import ladder_from
from appeals.queries.queue import Filters, listed, planned
from tests.appeals.climbing import (
    ERISA,
    FEHB,
    INSURED,
    MEDICAID,
    MEDICARE_ADVANTAGE,
    NEW_YORK,
    codes,
    moment,
)
from tests.appeals.owing import clocks, deliver, had, won_from_the_entity, won_from_the_plan

pytest_plugins = ("tests.appeals.climbing", "tests.appeals.owing")
PART_D = {"program": "medicare_part_d"}


# -- which rule, and from what -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("answers", "asked", "last", "rule"),
    [
        # 42 CFR 422.618(a)(1): 30 calendar days after it received the request; April 10 + 30.
        (MEDICARE_ADVANTAGE, {}, "2026-05-10", "ma.effectuation.own"),
        # 422.618(a)(2): a request for payment, 60; 422.618(a)(3): a Part B drug, 7.
        (MEDICARE_ADVANTAGE, {"timing": "post_service"}, "2026-06-09", "ma.effectuation.own_payment"),
        (MEDICARE_ADVANTAGE, {"benefit": "part_b_drug"}, "2026-04-17", "ma.effectuation.own_part_b_drug"),
        # 423.636(a)(1): 7 calendar days; (a)(2): payment is made within 30.
        (PART_D, {"benefit": "pharmacy"}, "2026-04-17", "part_d.effectuation.own"),
        (PART_D, {"benefit": "pharmacy", "timing": "post_service"}, "2026-05-10", "part_d.effectuation.own_payment"),
        # 438.424(a): 72 hours from the notice; its own letter proves the day, so they run from the end of April 24.
        (MEDICAID, {}, "2026-04-27", "medicaid.effectuation"),
    ],
)  # fmt: skip
def test_a_plan_that_reverses_itself_delivers_by_the_rule_of_its_regime(climb, answers, asked, last, rule):
    won_from_the_plan(climb, answers, **asked)
    assert clocks(climb) == [(1, last, rule, "payer", "running")]


@pytest.mark.parametrize("answers", [ERISA | {"levels": "1"}, INSURED, FEHB])
def test_a_regime_without_a_rule_has_no_clock_and_never_another_ones(climb, answers):
    won_from_the_plan(climb, answers | ({"state_of_issue": "CO"} if answers is INSURED else {}))
    assert clocks(climb) == []


def test_a_rule_about_services_gives_no_time_to_pay(climb):
    """438.424(a): what was given already is paid; no time stands there for it."""
    won_from_the_plan(climb, MEDICAID, timing="post_service")
    assert clocks(climb) == []


def test_what_a_plan_affirms_in_part_goes_on_to_the_entity_and_is_owed_by_no_date_yet(climb):
    """42 CFR 422.618(a): the plan "completely reverses" itself. 422.590(a)(2): what it affirms in part it forwards."""
    won_from_the_plan(climb, MEDICARE_ADVANTAGE, outcome="partly")
    assert clocks(climb) == []
    assert climb.positions == [(1, "plan_reconsideration", "decided"), (2, "ire_reconsideration", "open")]


def test_while_the_rules_are_not_settled_nobody_is_called_late(climb):
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-24", "2026-04-27", outcome="overturned")
    (level,) = [s for s in ladder_from(load_history(climb.fresh())).levels if s.appeal is not None]
    assert (level.rung.regime, level.effectuation.due, level.effectuation.error.code) == (
        "unknown",
        None,
        "rules_not_settled",
    )
    assert clocks(climb) == []


HAD = (
    "When the payer received the notice that reverses its decision: Thursday, May 21, 2026 at 14:00 (UTC-0400), in"
    " America/New_York"
)


def test_after_the_entity_the_time_runs_from_when_the_plan_had_the_decision_and_not_before_that_is_known(
    at_the_entity,
):
    assert (clocks(at_the_entity), at_the_entity.tasks()) == ([], ["no_notice:2"])
    had(at_the_entity, 2, "2026-05-21")
    assert (clocks(at_the_entity), at_the_entity.tasks()) == (
        [(2, "2026-06-04", "ma.effectuation.service", "payer", "running")],
        [],
    )
    row = at_the_entity.row("effectuation", 2)
    assert (row.citation, row.if_missed, row.statutory_on, list(row.arithmetic)) == (
        "42 CFR 422.618(b)(1)",
        "complain_to_regulator",
        date(2026, 5, 24),
        [
            f"{HAD}.",
            "+ 72 elapsed hours = Sunday, May 24, 2026 at 14:00 (UTC-0400).",
            f"At the longest this rule allows (42 CFR 422.618(b)(1)): {HAD}. + 14 calendar days, the first day not counted ="
            " Thursday, June 4, 2026.",
            "It counts as late only after the later of these: Thursday, June 4, 2026.",
        ],
    )


@pytest.mark.parametrize(
    ("asked", "moment_due", "rule"),
    [
        # 422.618(b)(2), (b)(3): payment in 30 days, a Part B drug in 72 hours.
        ({"timing": "post_service"}, "2026-06-20", "ma.effectuation.payment"),
        ({"benefit": "part_b_drug"}, "2026-05-24T14:00", "ma.effectuation.part_b_drug"),
    ],
)
def test_after_the_entity_payment_and_drugs_have_times_of_their_own(climb, asked, moment_due, rule):
    won_from_the_entity(climb, **asked)
    had(climb, 2, "2026-05-21")
    row = climb.row("effectuation", 2)
    due = row.due_at.astimezone(NEW_YORK).strftime("%Y-%m-%dT%H:%M") if row.due_at else row.due_on.isoformat()
    assert (due, row.rule) == (moment_due, rule)


def test_after_a_hearing_the_plan_has_sixty_days(climb):
    climb.to_the_hearing()
    climb.stake()
    climb.file(3, "2026-06-15")
    climb.decide(3, "2026-08-20", "2026-08-24", outcome="overturned")
    had(climb, 3, "2026-08-24", at=moment("2026-08-25"))
    assert clocks(climb) == [(3, "2026-10-23", "ma.effectuation.hearing", "payer", "running")]


def test_an_appeal_of_which_no_receipt_is_recorded_was_there_when_it_was_decided(climb):
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10", channel="mail")
    climb.decide(1, "2026-04-24", "2026-04-27", outcome="overturned")
    row = climb.row("effectuation", 1)
    assert (row.due_on, row.arithmetic[0].partition(":")[0]) == (
        date(2026, 5, 24),
        "No receipt is recorded; the appeal is taken as received when it was decided",
    )


def test_a_corrected_moment_moves_the_date_and_the_old_one_is_kept(owed):
    had(owed, 2, "2026-05-25", at=moment("2026-05-27"))
    rows = Deadline.objects.filter(case=owed.case, clock="effectuation").order_by("id")
    assert [(d.due_on.isoformat(), d.status) for d in rows] == [
        ("2026-06-04", "superseded"),
        ("2026-06-08", "running"),
    ]


# -- what was delivered ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("on", "status"), [("2026-06-04", "met"), ("2026-06-05", "missed")])
def test_the_clock_ends_when_all_that_was_won_is_delivered(owed, on, status):
    deliver(owed, 2, on, items=[owed.items[0].public_id])
    assert clocks(owed)[0][-1] == "running"
    deliver(owed, 2, on, items=[owed.items[1].public_id], kind="provided")
    assert clocks(owed) == [(2, "2026-06-04", "ma.effectuation.service", "payer", status)]
    assert [
        e.data for e in Event.objects.filter(verb="effectuation_recorded", subject_id__isnull=False).order_by("id")
    ] == [{"kind": "authorized"}, {"kind": "provided"}]  # fmt: skip


def test_what_was_recorded_wrongly_no_longer_counts_and_is_kept(owed):
    first, _ = deliver(owed, 2)
    void_effectuation(
        actor=owed.who, effectuation=first, reason="It was another claim.", at=moment("2026-06-21")
    )
    assert clocks(owed)[0][-1] == "running"
    first.refresh_from_db()
    assert (first.void_reason, first.voided_by_id) == ("It was another claim.", owed.who.user_id)
    with pytest.raises(WrongState):
        void_effectuation(actor=owed.who, effectuation=first, reason="Again.", at=moment("2026-06-21"))
    deliver(owed, 2, items=[owed.items[0].public_id])
    assert clocks(owed)[0][-1] == "met"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"items": []}, ["items_missing"]),
        ({"items": ["6f0fa4f3-7a0c-4f43-8e6b-000000000000"]}, ["item_unknown"]),
        ({"kind": "promised"}, ["kind_missing"]),
        ({"done_at": None}, ["moment_missing"]),
        ({"done_at": moment("2026-06-22")}, ["in_future"]),
        ({"done_at": moment("2026-05-19")}, ["before_decided"]),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(owed, given, code):
    with pytest.raises(Refused) as refused:
        deliver(owed, 2, **given)
    assert (codes(refused), Effectuation.objects.count()) == (code, 0)


def test_nothing_is_delivered_twice_nor_where_nothing_was_won_nor_by_whoever_may_not(owed):
    deliver(owed, 2)
    with pytest.raises(Refused) as twice:
        deliver(owed, 2)
    assert codes(twice) == ["delivered_already", "delivered_already"]
    with pytest.raises(WrongState):
        deliver(owed, 1)
    with pytest.raises(NotAllowed):
        deliver(owed, 2, actor=owed.cast.ines)


GIVEN = AuthorizationInput("AUTH-1", 6, None, date(2026, 5, 22), date(2026, 11, 22))


def test_an_authorization_carries_out_what_was_won_of_care_to_come(owed):
    record_authorization(actor=owed.who, request=owed.request, given=GIVEN, at=moment("2026-06-20"))
    assert clocks(owed)[0][-1] == "met"
    assert {(e.kind, e.done_at, e.authorization.number) for e in Effectuation.objects.all()} == {
        ("authorized", datetime(2026, 5, 22, tzinfo=NEW_YORK), "AUTH-1")
    }


def test_an_authorization_that_comes_with_the_decision_carries_it_out(climb):
    won_from_the_plan(climb, MEDICARE_ADVANTAGE, outcome="upheld")
    climb.forward(2, "2026-04-28")
    climb.decide(2, "2026-05-20", "2026-05-22", outcome="overturned", authorization=GIVEN)
    assert Effectuation.objects.filter(done_at=moment("2026-05-20")).count() == 2
    assert climb.tasks() == []


def test_an_authorization_pays_for_nothing_that_was_given_already(climb):
    won_from_the_plan(climb, MEDICARE_ADVANTAGE, timing="post_service")
    record_authorization(actor=climb.who, request=climb.request, given=GIVEN, at=moment("2026-06-01"))
    assert clocks(climb)[0][-1] == "running"


# -- closing ---------------------------------------------------------------------------------------------------------------
def not_carried_out(climb, outcome):
    case = climb.fresh()
    case.outcome = outcome
    return [r.message for r in open_contest_of(case) if r.code == "decision_not_carried_out"]


def test_a_case_is_not_closed_as_won_while_what_was_won_is_owed(owed):
    said = (
        "Reconsideration by the independent review entity: the plan lost, and 96365, J3490 is not recorded as delivered (42 CFR"
        " 422.618(b)(1)). Record what the plan authorized, paid or provided; until then the case stays open."
    )
    assert {o: not_carried_out(owed, o) for o in ("", "covered", "partly_covered", "withdrawn")} == {
        "": [said],
        "covered": [said],
        "partly_covered": [said],
        "withdrawn": [],
    }
    deliver(owed, 2)
    assert not_carried_out(owed, "covered") == []


def test_where_no_rule_gives_a_time_closing_asks_for_the_authorization_alone(climb):
    won_from_the_plan(climb, ERISA | {"levels": "1"})
    found = [r.code for r in open_contest_of(climb.fresh())]
    assert ("decision_not_carried_out" in found, "authorization_missing" in found) == (False, True)


# -- late ------------------------------------------------------------------------------------------------------------------
def late_cases(climb, at):
    with planned(filters := Filters(overdue="plan")):
        return list(
            listed(climb.cast.sam, filters, day_at(at, "America/New_York")).values_list("pk", flat=True)
        )


LAST = datetime(2026, 6, 4, 23, 59, tzinfo=NEW_YORK)


def test_from_the_first_minute_the_case_is_on_the_list_and_the_demand_is_filled_from_the_record(owed):
    first = LAST + timedelta(minutes=1)
    assert (late_cases(owed, LAST), late_cases(owed, first)) == ([], [owed.case.pk])
    row = owed.row("effectuation", 2)
    with pytest.raises(Refused) as early:
        write_demand(actor=owed.who, case=owed.case, deadline=row, kind="carry_out", at=LAST)
    assert codes(early) == ["not_overdue"]
    with pytest.raises(Refused) as other:
        write_demand(actor=owed.who, case=owed.case, deadline=row, kind="overdue", at=first)
    assert codes(other) == ["kind_unknown"]
    made = write_demand(actor=owed.who, case=owed.case, deadline=row, kind="carry_out", at=first)
    plan, patient = owed.case.coverage.payer.name, owed.case.patient.full_name
    found = blocks_from_data(made.draft["blocks"])
    assert made.draft["recipient"] == [plan, "Attention: Appeals, decision to be carried out"]
    assert found == (
        Paragraph(
            f"We write on behalf of {patient}. On May 20, 2026 the reconsideration by the independent review entity was decided"
            f" for the patient: 96365, J3490 is covered. The notice is dated May 20, 2026. {plan} had it on May 21, 2026. What"
            " was decided has not been carried out."
        ),
        Heading("What the law says"),
        Paragraph(
            "After a reversal by the independent review entity the plan authorizes the service within 72 hours of receiving the"
            " notice, or provides it within 14 calendar days: only when these are over, too, is it late. (42 CFR 422.618(b)(1))"
        ),
        Heading("How the time is counted"),
        Bullets(tuple(spoken(line) for line in row.arithmetic)),
        Paragraph(
            f"The time of {plan} to carry it out ended on Thursday, June 4, 2026. It is over by one day at the date of this"
            " letter."
        ),
        Heading("What follows"),
        Paragraph("The agency that supervises this process may be asked to see that the time is kept."),
        Heading("What we ask"),
        Bullets(
            (
                "Authorize, provide or pay now what was decided, and confirm it in writing to the address above.",
                "Tell us the day on which the decision reached you, if it is not the one given above, and what shows it.",
            )
        ),
        found[-1],
    )
    assert found[-1].text.startswith("Without an answer we will ask ")


def test_a_complaint_says_what_was_decided_and_that_it_was_not_done(owed):
    row = owed.row("effectuation", 2)
    made = write_demand(
        actor=owed.who,
        case=owed.case,
        deadline=row,
        kind="complaint",
        agency="cms_medicare",
        at=moment("2026-06-08"),
    )
    told = [b.text for b in blocks_from_data(made.draft["blocks"]) if isinstance(b, Paragraph)]
    assert told[0].endswith("does not carry out a decision against it.")
    assert told[1].endswith("What was decided has not been carried out.")
