"""Benefit checks, network checks and referrals: recorded, superseded, watched, shown."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, NotFound, Refused, WrongState
from advocacy.tenancy.scope import scoped_to
from cases.commands.benefits import (
    end_referral,
    record_benefits,
    record_network,
    record_referral,
    watch_referrals,
)
from cases.models import BenefitAnswer, BenefitCheck, NetworkCheck, Referral, Task
from cases.queries.benefits import benefits_page
from tests.cast import NOW
from tests.factories.readiness import PLAN_SAID, benefits_checked


def codes(caught):
    return [r.code for r in caught.value.reasons]


def standing(case):
    rows = BenefitAnswer.objects.filter(case=case, superseded_at=None)
    return {a.question: (a.value, a.words, a.amount) for a in rows}


def test_one_call_answers_everything(cast):
    check = benefits_checked(cast.ines, cast.case, NOW)
    assert (check.representative, check.reference_number, check.source) == ("Quentin Voss", "BV-2231", "call")
    found = standing(cast.case)
    assert found["covered"] == ("yes", "", None)
    assert found["deductible"] == ("said", "", Decimal("350.00"))
    assert found["policy_number"] == ("said", "BH-114 of January 1, 2026", None)
    assert set(found) == set(PLAN_SAID)
    network = NetworkCheck.objects.get()
    assert (network.status, network.said_by, network.checked_on) == ("in", "Quentin Voss", date(2026, 3, 16))
    assert benefits_page(cast.nora, cast.case).left == 0
    event = Event.objects.get(verb="benefits_checked")
    assert event.data["questions"] == sorted(PLAN_SAID)


def test_the_later_answer_stands_and_the_earlier_one_is_shown(cast):
    benefits_checked(cast.nora, cast.case, NOW)
    later = NOW + timedelta(days=2)
    benefits_checked(cast.nora, cast.case, later, dict.fromkeys(PLAN_SAID, "") | {"deductible": "850"})
    assert standing(cast.case)["deductible"] == ("said", "", Decimal("850.00"))
    assert BenefitAnswer.objects.filter(question="deductible").count() == 2
    shown = {q.question.key: q for q in benefits_page(cast.nora, cast.case).questions}
    assert shown["deductible"].stands.words == "$850.00"
    assert [a.words for a in shown["deductible"].others] == ["$350.00"]
    assert shown["copay"].others == ()


def test_what_was_said_earlier_and_typed_later_does_not_stand(cast):
    benefits_checked(cast.nora, cast.case, NOW)
    benefits_checked(
        cast.nora,
        cast.case,
        NOW + timedelta(days=1),
        dict.fromkeys(PLAN_SAID, "") | {"covered": "no"},
        asked_at=NOW - timedelta(days=5),
    )
    assert standing(cast.case)["covered"][0] == "yes"
    shown = {q.question.key: q for q in benefits_page(cast.nora, cast.case).questions}
    assert [a.words for a in shown["covered"].others] == ["No"]


def test_would_not_say_counts_and_a_task_asks_again(cast):
    benefits_checked(cast.nora, cast.case, NOW, {"copay": "would_not_say", "referral": "would_not_say"})
    assert benefits_page(cast.nora, cast.case).left == 0
    task = Task.objects.get(code="benefits_follow_up")
    assert task.due_on == date(2026, 3, 19)
    assert task.detail == (
        "Does the plan want a referral from another clinician?\nWhat is the copay for a visit?"
    )
    benefits_checked(
        cast.nora,
        cast.case,
        NOW + timedelta(hours=1),
        dict.fromkeys(PLAN_SAID, "") | {"copay": "would_not_say"},
        follow_up_on=date(2026, 3, 25),
    )
    assert Task.objects.filter(code="benefits_follow_up").count() == 1


@pytest.mark.parametrize(
    ("answers", "fields", "expected"),
    [
        (dict.fromkeys(PLAN_SAID, ""), {}, ["answers_missing"]),
        ({"network": "in", "gap_exception": "possible"}, {}, ["question_not_asked"]),
        ({"deductible": "plenty"}, {}, ["figure_form"]),
        ({"favorite_color": "blue"}, {}, ["question_unknown"]),
        ({}, {"representative": " "}, ["representative_missing"]),
        ({}, {"source": "dream"}, ["source_unknown"]),
        ({}, {"asked_at": NOW + timedelta(hours=1)}, ["in_future"]),
        ({}, {"follow_up_on": date(2026, 3, 15)}, ["due_past"]),
    ],
)
def test_record_benefits_refuses(cast, answers, fields, expected):
    with pytest.raises(Refused) as caught:
        benefits_checked(cast.nora, cast.case, NOW, answers, **fields)
    assert codes(caught) == expected
    assert BenefitCheck.objects.count() == 0


def test_only_who_checks_benefits_records_them(cast):
    for who in (cast.clara, cast.petra, cast.olga, cast.anna):
        with pytest.raises((NotAllowed, NotFound)):
            benefits_checked(who, cast.case, NOW)
    with scoped_to(cast.meadow.pk), pytest.raises(NotFound):
        record_benefits(
            actor=cast.mia, case=cast.case, answers=PLAN_SAID, source="portal", asked_at=NOW, at=NOW
        )


def test_record_network(cast):
    made = record_network(
        actor=cast.nora,
        case=cast.case,
        status="out",
        source="directory",
        checked_on=date(2026, 3, 16),
        network_name="Choice Plus",
        effective_on=date(2026, 1, 1),
        at=NOW,
    )
    assert (made.status, made.provider_id, made.checked_by_id) == (
        "out",
        cast.case.provider_id,
        cast.nora.user_id,
    )
    with pytest.raises(Refused) as caught:
        record_network(
            actor=cast.nora, case=cast.case, status="", source="", checked_on=date(2026, 3, 17), at=NOW
        )
    assert codes(caught) == ["status_unknown", "source_unknown", "date_in_future"]


def refer(cast, until, at=NOW, **fields):
    given = {"from_name": "Imogen Sallow", "number": "R-100", "valid_from": date(2026, 3, 1)} | fields
    return record_referral(actor=cast.nora, case=cast.case, valid_until=until, at=at, **given)


def test_a_referral_opens_its_task_two_weeks_before_it_ends(cast):
    made = refer(cast, date(2026, 3, 31))
    assert made.to_provider_id == cast.case.provider_id
    assert Task.objects.count() == 0
    code = f"referral_ends:{made.pk}"
    for at, expected in ((NOW, 0), (NOW + timedelta(days=1), 1), (NOW + timedelta(days=2), 1)):
        watch_referrals(actor=cast.nora, at=at)
        assert Task.objects.filter(code=code).count() == expected
    task = Task.objects.get(code=code)
    assert task.due_on == date(2026, 3, 24)
    assert task.opened_by == "rule"


def test_a_referral_that_another_takes_over_from_opens_nothing(cast):
    refer(cast, date(2026, 3, 20), number="R-2")
    refer(cast, date(2026, 9, 30))
    assert Task.objects.filter(code__startswith="referral_ends").count() == 1
    Task.objects.all().delete()
    watch_referrals(actor=cast.nora, at=NOW)
    assert Task.objects.count() == 0


def test_end_referral(cast):
    made = refer(cast, date(2026, 9, 30))
    with pytest.raises(Refused) as caught:
        end_referral(actor=cast.nora, referral=made, reason=" ", at=NOW)
    assert codes(caught) == ["reason_missing"]
    ended = end_referral(actor=cast.nora, referral=made, reason="Typed for the wrong case.", at=NOW)
    assert (ended.ended_at, ended.end_reason) == (NOW, "Typed for the wrong case.")
    with pytest.raises(WrongState):
        end_referral(actor=cast.nora, referral=made, reason="Again.", at=NOW)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"from_name": ""}, ["referrer_missing"]),
        ({"valid_from": date(2027, 1, 1)}, ["ends_before_start"]),
        ({"visits": 0}, ["visits_impossible"]),
    ],
)
def test_record_referral_refuses(cast, fields, expected):
    with pytest.raises(Refused) as caught:
        refer(cast, date(2026, 9, 30), **fields)
    assert codes(caught) == expected
    assert Referral.objects.count() == 0


def test_the_page_records_a_call_and_keeps_what_was_typed_when_it_is_refused(cast, sign_in):
    client = sign_in("ines")
    url = reverse("cases:benefits", args=[cast.case.public_id])
    page = client.get(url).content.decode()
    assert "4 questions are open" in page
    wrong = {
        "source": "call",
        "asked_at": "2026-03-16T10:00",
        "answer_covered": "yes",
        "answer_deductible": "plenty",
        "unsaid_copay": "on",
    }
    answer = client.post(url, wrong)
    assert answer.status_code == 422
    assert answer.context["form"].errors["answer_deductible"] == ["Write a number, such as 350 or 20.5."]
    assert "representative" in answer.context["form"].errors
    assert 'value="plenty"' in answer.content.decode()
    answer = client.post(url, wrong | {"answer_deductible": "350", "representative": "Quentin Voss"})
    assert answer.status_code == 302
    assert standing(cast.case) == {
        "covered": ("yes", "", None),
        "deductible": ("said", "", Decimal("350.00")),
        "copay": ("would_not_say", "", None),
    }
    shown = client.get(url).content.decode()
    assert "$350.00" in shown
    assert "They would not say" in shown
    assert "Quentin Voss" in shown


def test_either_they_said_it_or_they_would_not(cast, sign_in):
    answer = sign_in("nora").post(
        reverse("cases:benefits", args=[cast.case.public_id]),
        {
            "source": "portal",
            "asked_at": "2026-03-16T10:00",
            "answer_deductible": "5",
            "unsaid_deductible": "on",
        },
    )
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["answer_deductible"]


def test_network_and_referral_pages(cast, sign_in):
    client = sign_in("nora")
    address = [cast.case.public_id]
    back = reverse("cases:benefits", args=address)
    answer = client.post(
        reverse("cases:network_new", args=address),
        {"status": "in", "source": "directory", "checked_on": "2026-03-16", "network_name": "Choice Plus"},
    )
    assert (answer.status_code, answer.url) == (302, back)
    answer = client.post(
        reverse("cases:referral_new", args=address),
        {
            "from_name": "Imogen Sallow",
            "to_provider": cast.case.provider.public_id,
            "valid_from": "2026-03-01",
            "valid_until": "2027-03-01",
            "number": "R-100",
        },
    )
    assert (answer.status_code, answer.url) == (302, back)
    shown = client.get(back).content.decode()
    assert "Choice Plus" in shown and "Imogen Sallow" in shown and "R-100" in shown
    referral = Referral.objects.get()
    answer = client.post(
        reverse("cases:referral_end", args=[*address, referral.public_id]), {"reason": "Wrong case."}
    )
    assert answer.status_code == 302
    referral.refresh_from_db()
    assert referral.end_reason == "Wrong case."
