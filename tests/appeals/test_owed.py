"""What was won is owed also where the law names no number of days: at once after an external review, else without a word of
time. No date is made up: the days since are counted, somebody follows it up, it is demanded with the rule, and what is delivered
ends it.

29 CFR 2590.715-2719(d)(2)(iv): the plan "immediately" provides coverage or payment. 45 CFR 147.136(c)(2)(xi): an issuer does so
"without delay". 5 U.S.C. 8902(j): a carrier pays what OPM finds is due; by when, it does not say.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from advocacy.errors import NotAllowed, Refused
from advocacy.tenancy.together import fetched
from appeals.blocks import Bullets, Paragraph, blocks_from_data
from appeals.closing import open_contest_of
from appeals.commands.demands import send_demand
from appeals.commands.effectuations import record_plan_notice, void_effectuation
from appeals.commands.owed_demands import first_owed, write_owed
from appeals.models import Deadline, Demand, ServiceTarget
from appeals.queries.clocks import day_at
from appeals.queries.history import load_history
from appeals.queries.owed import NO_TIME, owed_lines, owed_of
from appeals.queries.portal import status_page
from appeals.queries.queue import Filters, listed, planned
from appeals.queries.standing import proposals_for, rows_under, workable
from appeals.regimes import book
from appeals.regimes.checks import problems_of
from cases.models import Case, Task
from tests.appeals.climbing import ERISA, FEHB, INSURED, codes, moment
from tests.appeals.owing import deliver, won_from_the_plan
from tests.appeals.test_call_delivery import hold
from tests.appeals.visiting import address, own_statements, words
from tests.standing import prepared

pytest_plugins = ("tests.appeals.climbing",)

FEDERAL = "29 CFR 2590.715-2719(d)(2)(iv); 45 CFR 147.136(d)(2)(iv)"
ONE_LEVEL = ERISA | {"levels": "1"}


def won_outside(climb, answers=ONE_LEVEL):
    """The plan affirmed in a letter of April 24, 2026; the reviewer reversed it on May 20."""
    won_from_the_plan(climb, answers, outcome="upheld")
    climb.file(2, "2026-04-29")
    climb.decide(2, "2026-05-20", "2026-05-22", outcome="overturned")
    return climb


@prepared
def outside(climb):
    return won_outside(climb)


def owed(climb):
    return [
        (o.title.split(",")[0], o.at_once, o.since, o.had, o.citation)
        for o in owed_of(load_history(climb.fresh()))
    ]


def tasks(climb, code="won_at_level:"):
    return list(
        Task.objects.filter(case=climb.case, code__startswith=code)
        .order_by("id")
        .values_list("status", flat=True)
    )


# -- the data, a second time ---------------------------------------------------------------------------------------------
def test_each_row_speaks_of_levels_that_have_no_time_and_of_no_other():
    assert {
        (regime, level): row.at_once for row in book().owed for regime in row.regimes for level in row.levels
    } == {
        ("erisa_self_funded", "external_review"): True,
        ("nonfederal_governmental_self_funded", "external_review"): True,
        ("church_self_funded", "external_review"): True,
        ("fully_insured_group", "external_review"): True,
        ("individual_aca", "external_review"): True,
        ("fehb", "opm_review"): False,
    }


@pytest.mark.parametrize(
    "change",
    [
        {"levels": ("opm_review",)},
        {"regimes": ("medicare_advantage",), "levels": ("ire_reconsideration",)},
        {"citation": ""},
        {"confidence": "verified"},
    ],
)
def test_a_row_that_contradicts_the_ladders_is_refused(change):
    first, *others = book().owed
    broken = replace(book(), owed=(replace(first, **change), *others))
    assert [p for p in problems_of(broken) if f"({first.key})" in p]


# -- what is owed --------------------------------------------------------------------------------------------------------
def test_after_an_external_review_it_is_owed_at_once_and_no_date_is_made_up(outside):
    assert owed(outside) == [("External review", True, date(2026, 5, 20), False, FEDERAL)]
    assert not Deadline.objects.filter(case=outside.case, clock="effectuation").exists()
    told = {
        "actor": outside.who,
        "appeal": outside.level(2),
        "received_at": moment("2026-05-21"),
        "at": moment("2026-05-26"),
    }
    record_plan_notice(**told)
    assert owed(outside) == [("External review", True, date(2026, 5, 21), True, FEDERAL)]
    (line,) = owed_lines(load_history(outside.case), day_at(moment("2026-06-02"), "America/New_York"))
    assert (line.days, line.owed.codes, line.owed.headline) == (
        12,
        ("96365", "J3490"),
        "Coverage is owed at once",
    )


@pytest.mark.parametrize(
    ("answers", "at_once", "citation"),
    [
        (INSURED | {"state_of_issue": "CO", "levels": "1"}, True, "45 CFR 147.136(c)(2)(xi), (d)(2)(iv)"),
        (FEHB, False, "5 U.S.C. 8902(j); 5 CFR 890.105(e)"),
    ],
)
def test_the_same_of_an_issuer_and_of_a_carrier_by_their_own_law(climb, answers, at_once, citation):
    won_outside(climb, answers)
    assert [(o[1], o[4]) for o in owed(climb)] == [(at_once, citation)]


def test_what_a_plan_gave_back_itself_is_owed_and_no_rule_says_by_when(climb):
    won_from_the_plan(climb, ONE_LEVEL)
    (found,) = owed_of(load_history(climb.fresh()))
    assert (found.at_once, found.words, found.since, found.had) == (False, NO_TIME, date(2026, 4, 24), True)


# -- what follows it up --------------------------------------------------------------------------------------------------
def test_a_task_follows_it_up_until_it_is_delivered_and_again_when_that_was_wrong(outside):
    assert tasks(outside) == ["open"]
    one, two = outside.items
    deliver(outside, 2, items=[one.public_id])
    assert tasks(outside) == ["open"]
    (row,) = deliver(outside, 2, items=[two.public_id])
    assert (tasks(outside), owed(outside)) == (["cancelled"], [])
    void_effectuation(actor=outside.who, effectuation=row, reason="Another claim.", at=moment("2026-06-21"))
    assert (tasks(outside), len(owed(outside))) == (["cancelled", "open"], 1)


@pytest.mark.parametrize(
    ("span", "due"), [(None, date(2026, 5, 27)), (2, date(2026, 5, 27)), (1, date(2026, 5, 26))]
)
def test_it_is_due_on_the_day_of_the_organizations_own_target_which_is_no_legal_date(climb, span, due):
    """Recorded on Friday, May 22, 2026; Monday was Memorial Day. Without a target: five days."""
    if span:
        ServiceTarget.objects.create(
            kind="payer_chased", span=span, unit="business", in_force_from=date(2026, 1, 1), set_at=moment("2026-01-02"),
            set_by_id=climb.who.user_id,
        )  # fmt: skip
    won_outside(climb)
    assert Task.objects.get(case=climb.case, code__startswith="won_at_level:").due_on == due


def test_a_case_is_not_closed_as_covered_while_it_is_owed_at_once(outside):
    def obstacles(outcome):
        case = outside.fresh()
        case.outcome = outcome
        return [r.message for r in open_contest_of(case) if r.code == "decision_not_carried_out"]

    said = (
        f"External review: the plan lost, and 96365, J3490 is not recorded as delivered ({FEDERAL}). Record what the plan"
        " authorized, paid or provided; until then the case stays open."
    )
    assert (len(obstacles("covered")), obstacles("withdrawn")) == (1, [])
    assert obstacles("covered")[0].partition(":")[2] == said.partition(":")[2]
    deliver(outside, 2)
    assert obstacles("covered") == []


@pytest.mark.parametrize("owner", ["", "me"])
def test_the_queue_finds_the_case_beside_those_with_a_late_plan_until_it_is_delivered(outside, owner):
    """It has no date, so it is not among those whose date has passed."""
    actor = outside.cast.sam if not owner else outside.who

    def found(what):
        with planned(filters := Filters(overdue=what, owner=owner)):
            day = day_at(moment("2026-06-01"), "America/New_York")
            return list(listed(actor, filters, day).values_list("pk", flat=True))

    assert (found("owed"), found("plan")) == ([outside.case.pk], [])
    deliver(outside, 2)
    assert found("owed") == []


def test_the_next_action_is_to_record_the_delivery_and_then_to_close(outside):
    def proposed():
        row = Case.objects.select_related("patient", "coverage").annotate(is_workable=workable(outside.who))
        rows = fetched(rows_under([outside.case.pk]))
        day = day_at(moment("2026-06-01"), "America/New_York")
        found = proposals_for(outside.who, [row.get(pk=outside.case.pk)], rows, day)[outside.case.pk]
        return found.code, found.args[-1]

    assert proposed() == ("record_delivery", outside.level(2).public_id)
    deliver(outside, 2)
    assert proposed()[0] == "close_case"


# -- the demand ----------------------------------------------------------------------------------------------------------
def test_the_demand_cites_the_rule_counts_the_days_and_calls_nobody_late(outside):
    made = write_owed(actor=outside.who, denial=outside.denial, at=moment("2026-06-01"))
    plan, patient = outside.case.coverage.payer.name, outside.case.patient.full_name
    text = [b.text for b in blocks_from_data(made.draft["blocks"]) if isinstance(b, Paragraph)]
    counted = next(b.items for b in blocks_from_data(made.draft["blocks"]) if isinstance(b, Bullets))
    assert text[0].startswith(f"We write on behalf of {patient}. On May 20, 2026 the external review")
    assert text[0].endswith(
        "was decided for the patient: 96365, J3490 is covered. What was decided has not been carried out."
    )
    assert text[1].endswith(f"The rule names no number of days. ({FEDERAL})")
    assert counted == ("It was decided on May 20, 2026; 12 days have gone by at the date of this letter.",)
    assert made.draft["recipient"][:2] == [plan, "Attention: Appeals, decision to be carried out"]
    assert not any("late" in line.split() or "overdue" in line for line in text)
    with pytest.raises(Refused) as twice:
        write_owed(actor=outside.who, denial=outside.denial, at=moment("2026-06-01"))
    assert codes(twice) == ["demand_drafted"]


def test_what_was_won_in_a_call_is_demanded_without_a_rule_that_nobody_knows(climb):
    climb.answer(ONE_LEVEL)
    climb.ask()
    climb.refuse(peer_to_peer_until=date(2026, 4, 7))
    hold(climb, "overturned")
    blocks = blocks_from_data(
        first_owed(actor=climb.who, case=climb.case, denial=climb.denial, at=moment("2026-04-03"))["blocks"]
    )
    assert next(b.items for b in blocks if isinstance(b, Bullets))[0].endswith(
        "has had it since April 2, 2026; one day has gone by at the date of this letter."
    )
    assert "in a peer-to-peer call: 96365, J3490 is covered." in blocks[0].text


def test_nothing_is_demanded_that_is_delivered_dated_before_or_by_whoever_may_not(outside):
    with pytest.raises(NotAllowed):
        write_owed(actor=outside.cast.ines, denial=outside.denial, at=moment("2026-06-01"))
    with pytest.raises(Refused) as early:
        write_owed(actor=outside.who, denial=outside.denial, dated=date(2026, 5, 19), at=moment("2026-06-01"))
    assert codes(early) == ["letter_dated_before"]
    made = write_owed(actor=outside.who, denial=outside.denial, at=moment("2026-06-01"))
    deliver(outside, 2)
    with pytest.raises(Refused) as over:
        send_demand(
            actor=outside.who, demand=made, channel="fax", address="555 010 0100", sent_at=moment("2026-06-20"),
            at=moment("2026-06-20", 15),
        )  # fmt: skip
    assert "nothing_owed" in codes(over)
    with pytest.raises(Refused) as none:
        write_owed(actor=outside.who, denial=outside.denial, at=moment("2026-06-20"))
    assert codes(none) == ["nothing_owed"]


# -- on screen -----------------------------------------------------------------------------------------------------------
def test_the_pages_show_it_and_lead_to_the_letter(outside, sign_in):
    nora = sign_in("nora")
    for page in (
        address("case", outside.case),
        address("level", outside.case, outside.level(2)),
        address("effectuation", outside.case, outside.level(2)),
        late := address("late", outside.case),
    ):
        shown = words(nora.get(page))
        assert ("Coverage is owed at once" in shown, FEDERAL in shown) == (True, True), page
        assert len(own_statements(nora, page)) <= 12
    assert "nobody is called late by one" in words(nora.get(late))
    new = address("owed_new", outside.case, outside.denial)
    assert f'href="{new}"' in nora.get(late).content.decode()
    shown = nora.get(new)
    form = shown.context["form"]
    sent = {name: form[name].value() for name in ("text", "recipient")} | {
        "dated": form["dated"].value().isoformat()
    }
    answer = nora.post(new, sent)
    made = Demand.objects.get(denial=outside.denial)
    assert (answer.status_code, answer.url, made.kind) == (
        302,
        address("demand", outside.case, made),
        "carry_out",
    )
    assert nora.get(new).url == answer.url
    assert "Payer overdue" in words(nora.get(answer.url))
    assert "Demand to carry out the decision" in words(nora.get(late))


def test_the_portal_says_that_the_plan_must_do_it_now(outside):
    row = (
        Case.objects.select_related("patient", "coverage")
        .annotate(is_workable=workable(outside.who))
        .get(pk=outside.case.pk)
    )
    page = status_page(row, moment("2026-06-01"))
    assert (page.standing.sentence, page.after, page.day) == (
        "The answer is yes. Your plan has to do what was decided.",
        "Next, we make sure that it does.",
        None,
    )
    assert page.beyond == (
        "The law says your plan must do this now. It names no day. Tell us if a bill comes.",
    )
    deliver(outside, 2)
    assert status_page(row, moment("2026-06-21")).beyond == ()
