"""Which time a request has on the desk: care already given, and a course of treatment that is to go on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from advocacy.errors import Refused
from appeals.clock import Facts, request_clock
from appeals.clock.combined import combined_request_clock
from appeals.commands.clock_events import record_clock_event
from appeals.commands.following import draft_renewal
from appeals.commands.requests import ItemInput, approve_request, change_request, receive_request
from appeals.models import AuthorizationRequest, Deadline, GrantedAuthorization
from tests.appeals.climbing import ERISA, FEHB, INDIVIDUAL, MEDICAID, MEDICARE_ADVANTAGE, codes, moment
from tests.factories.readiness import PLACE

GROUP, PLAN_OF_THE_STATE = "erisa_self_funded", "medicaid_managed_care"


# -- care already given -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("answers", "asked", "due", "rule"),
    [
        # 42 CFR 422.568(c), 422.520: a bill for a Part B drug is a request for payment; the 72 hours are for the drug itself.
        (MEDICARE_ADVANTAGE, {"benefit": "part_b_drug"}, "2026-05-16", "ma.payment.decision"),
        (ERISA | {"levels": "1"}, {}, "2026-04-16", "claims.postservice.decision"),
        # Brochure, section 7.
        (FEHB, {}, "2026-04-16", "fehb.claim.decision"),
    ],
)
def test_a_claim_has_the_time_of_claims(climb, answers, asked, due, rule):
    climb.answer(answers)
    climb.ask(timing="post_service", **asked)
    row = climb.row("decision")
    assert (row.due_on.isoformat(), row.due_at, row.rule) == (due, None, rule)


def test_care_already_given_is_not_hurried(climb):
    """29 CFR 2560.503-1(m)(1): what stands there from before opens a level with the time of claims, too."""
    climb.answer(ERISA | {"levels": "1"})
    with pytest.raises(Refused) as refused:
        climb.ask(timing="post_service", is_urgent=True)
    assert codes(refused) == ["care_already_given"]
    made = climb.ask(timing="post_service")
    AuthorizationRequest.objects.filter(pk=made.pk).update(is_urgent=True)
    climb.refuse()
    assert (climb.row("decision").rule, climb.level(1).is_expedited) == ("claims.postservice.decision", False)


def test_nobody_is_late_with_an_authorization_of_care_already_given(climb):
    """42 CFR 438.210(d), 440.230(e), 457.1230(d): these are times to authorize a service that is asked for."""
    climb.answer(MEDICAID)
    climb.ask(timing="post_service")
    assert Deadline.objects.filter(case=climb.case, clock="decision").count() == 0
    for regime in (PLAN_OF_THE_STATE, "medicaid_ffs", "chip", "tricare"):
        clock = request_clock(regime, Facts(timing="post_service", received=date(2026, 3, 2)))
        assert (clock.error.code, clock.actor, clock.deadline) == ("no_request_clock", "payer", None)


def test_while_one_path_gives_no_time_nobody_is_late(climb):
    facts = Facts(timing="post_service", received=date(2026, 3, 2))
    either = combined_request_clock((GROUP, PLAN_OF_THE_STATE), facts)
    assert (either.overdue_after, either.deadline, either.error.code) == (
        None,
        date(2026, 4, 1),
        "no_request_clock",
    )
    assert combined_request_clock((GROUP,), facts).overdue_after == date(2026, 4, 1)


# -- an urgent claim that lacks something --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("respond_by", "answered", "due"),
    [
        # 29 CFR 2560.503-1(f)(2)(i): at least 48 hours to answer, then 48 to decide.
        (None, None, ("2026-03-22", 9)),
        (("2026-03-21", 9), None, ("2026-03-23", 9)),
        (("2026-03-21", 9), ("2026-03-19", 15), ("2026-03-21", 15)),
    ],
)
def test_an_urgent_claim_that_lacks_something_has_a_date_before_the_answer(climb, respond_by, answered, due):
    climb.answer(ERISA)
    climb.ask(is_urgent=True)
    told = {"actor": climb.who, "case": climb.case, "request": climb.request, "at": moment("2026-03-21")}
    record_clock_event(
        kind="information_requested",
        occurred_at=moment("2026-03-18", 9),
        sent_on=date(2026, 3, 18),
        respond_by=moment(*respond_by) if respond_by else None,
        **told,
    )
    if answered:
        record_clock_event(kind="information_sent", occurred_at=moment(*answered), **told)
    row = climb.row("decision")
    assert (row.due_at, row.rule) == (moment(*due), "claims.urgent.incomplete_decision")
    assumed = not respond_by and not answered
    assert ("least_time_assumed" in row.flags) == assumed
    assert any("48 hours are assumed, the least the law allows" in x for x in row.arithmetic) == assumed


# -- a course that is to go on --------------------------------------------------------------------------------------------------
def renewed(climb, received: str, hour: int, *, urgent: bool = True) -> Deadline:
    """The approved course ends with April 30; the renewal reaches the payer then."""
    climb.ask()
    approve_request(
        actor=climb.who,
        request=climb.request,
        decided_at=moment("2026-03-18"),
        number="AUTH-55",
        sessions=6,
        units=None,
        valid_from=date(2026, 4, 1),
        valid_until=date(2026, 4, 30),
        at=moment("2026-03-18", 16),
    )
    made = draft_renewal(
        actor=climb.who, granted=GrantedAuthorization.objects.get(), at=moment("2026-04-20", 9)
    )
    change_request(
        actor=climb.who,
        request=made,
        timing="concurrent",
        benefit="medical",
        place_of_service=PLACE,
        is_urgent=urgent,
        channel="fax",
        items=[ItemInput("96365", Decimal(6), sessions=6, starts_on=date(2026, 5, 1))],
        at=moment("2026-04-20", 9),
    )
    receive_request(
        actor=climb.who,
        request=AuthorizationRequest.objects.get(pk=made.pk),
        received_at=moment(received, hour),
        unready_reason="It cannot wait.",
        at=moment(received, hour),
    )
    return Deadline.objects.exclude(status="superseded").get(case=climb.case, request=made)


@pytest.mark.parametrize(
    ("answers", "received", "hour", "due", "rule"),
    [
        # 29 CFR 2560.503-1(f)(2)(ii)(B): made at least 24 hours before the end, decided within 24.
        (ERISA, "2026-04-30", 0, ("2026-05-01", 0), "claims.concurrent.extension_decision"),
        (ERISA, "2026-04-30", 1, ("2026-05-03", 1), "claims.urgent.decision"),
        # Brochure, section 3.
        (FEHB, "2026-04-28", 10, ("2026-04-29", 10), "fehb.concurrent.extension_decision"),
        # 42 CFR 438.210(d)(2): no such time stands there.
        (MEDICAID, "2026-04-28", 10, ("2026-05-01", 10), "medicaid.authorization.expedited"),
    ],
)
def test_an_urgent_renewal_made_a_day_before_the_course_ends_is_decided_in_a_day(
    climb, answers, received, hour, due, rule
):
    climb.answer(answers)
    row = renewed(climb, received, hour)
    assert (row.due_at, row.rule) == (moment(*due), rule)


def test_a_renewal_that_is_not_urgent_is_a_request_like_any_other(climb):
    climb.answer(ERISA)
    row = renewed(climb, "2026-04-20", 10, urgent=False)
    assert (row.due_on, row.rule) == (date(2026, 5, 5), "claims.preservice.decision")


# -- a course that is cut short -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("answers", [ERISA, INDIVIDUAL])
def test_a_course_that_is_cut_short_is_kept_by_an_appeal_before_that_day(climb, answers):
    """45 CFR 147.136(b)(2)(iii), 29 CFR 2590.715-2719(b)(2)(iii): long before the 180 days of the appeal are over."""
    climb.answer(answers)
    climb.ask(timing="concurrent")
    climb.refuse(effective_on=date(2026, 4, 21))
    assert climb.date("continuation", 1) == ("2026-04-20", "2026-04-20", "running")
    assert climb.date("filing", 1) == ("2026-09-18", "2026-09-23", "running")
    climb.file(1, "2026-04-20")
    assert climb.date("continuation", 1)[2] == "met"


def test_a_renewal_that_is_refused_takes_nothing_away(climb):
    climb.answer(ERISA)
    climb.ask(timing="concurrent")
    climb.refuse()
    assert not Deadline.objects.filter(case=climb.case, clock="continuation").exists()
