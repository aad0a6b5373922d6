"""Money of a case: one figure of each kind stands, what stood before stays, and nothing is added up."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, Refused
from cases.commands.costs import record_cost
from cases.forms.work import CostForm
from cases.models import Cost
from cases.queries.work import money_of
from tests.cast import NOW


def recorded(cast, kind="patient_savings", amount="2640.00", certainty="estimate", at=NOW, **given):
    asked = {
        "actor": cast.nora,
        "case": cast.case,
        "kind": kind,
        "amount": Decimal(amount),
        "certainty": certainty,
        "basis": "Six sessions at $750, less the covered share",
        "at": at,
    }
    return record_cost(**asked | given)


def test_a_new_figure_supersedes_the_one_of_its_kind_only(cast):
    estimate = recorded(cast)
    plan = recorded(cast, kind="plan_dollars", amount="1440")
    actual = recorded(cast, amount="2500.5", certainty="actual", at=NOW + timedelta(days=30))
    money = money_of(cast.nora, cast.case)
    assert (money.patient_savings, money.plan_dollars, money.at_stake) == (actual, plan, None)
    assert money.history == (actual, plan, estimate)
    assert Cost.objects.get(pk=estimate.pk).superseded_at == NOW + timedelta(days=30)
    assert money.patient_savings.amount == Decimal("2500.50")
    assert not [name for name in dir(money) if "total" in name or "sum" in name]


def test_the_trail_holds_no_figure_of_the_basis(cast):
    recorded(cast)
    assert Event.objects.get(verb="cost_recorded").data == {
        "kind": "patient_savings",
        "certainty": "estimate",
    }


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"amount": "-1"}, "amount_negative"),
        ({"amount": "NaN"}, "amount_negative"),
        ({"amount": "1.005"}, "amount_not_cents"),
        ({"amount": "10000000000"}, "amount_too_large"),
        ({"kind": "total"}, "kind_unknown"),
        ({"certainty": "sure"}, "certainty_unknown"),
        ({"basis": " "}, "basis_missing"),
    ],
)
def test_what_is_refused(cast, given, code):
    with pytest.raises(Refused) as refused:
        recorded(cast, **given)
    assert [r.code for r in refused.value.reasons] == [code]
    assert Cost.objects.count() == 0


def test_intake_does_not_record_money(cast):
    with pytest.raises(NotAllowed):
        recorded(cast, actor=cast.ines)


def test_through_the_door(cast, sign_in):
    client = sign_in("nora")
    url = reverse("cases:cost_new", args=[cast.case.public_id])
    fields = {"kind": "at_stake", "amount": "4500", "certainty": "estimate", "basis": "Six at $750"}
    assert client.post(url, fields).status_code == 302
    shown = client.get(reverse("cases:costs", args=[cast.case.public_id])).content.decode()
    assert "$4,500.00" in shown
    said = {
        typed: list(CostForm(fields | {"amount": typed}).errors.get("amount", ["taken"]))
        for typed in ("$4,500.00", "4,500", "4,50", "-5")
    }
    form_of = "Enter an amount in US dollars, such as 4,500.00."
    assert said == {
        "$4,500.00": ["taken"],
        "4,500": ["taken"],
        "4,50": [form_of],
        "-5": ["An amount is 0 or more."],
    }
    refused = client.post(url, fields | {"amount": "lots"})
    assert refused.status_code == 422
    assert "Six at $750" in refused.content.decode()


def test_the_pages_say_both_figures_and_never_their_sum(cast, sign_in):
    recorded(cast)
    recorded(cast, kind="plan_dollars", amount="1440")
    shown = sign_in("nora").get(reverse("cases:costs", args=[cast.case.public_id])).content.decode()
    assert "$2,640.00" in shown
    assert "$1,440.00" in shown
    assert "4,080" not in shown


def test_pages_leave_a_read_event_and_are_404_for_strangers(cast, sign_in):
    urls = [reverse(f"cases:{name}", args=[cast.case.public_id]) for name in ("costs", "cost_new")]
    client = sign_in("nora")
    for url in urls:
        before = Event.objects.filter(kind="read").count()
        assert client.get(url).status_code == 200
        assert Event.objects.filter(kind="read").count() == before + 1
    client = sign_in("mia")
    assert [client.get(url).status_code for url in urls] == [404, 404]
