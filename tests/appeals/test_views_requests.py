"""The authorization request on screen: recorded in one form, its clock with the arithmetic, every step and refusal."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from appeals.models import AuthorizationRequest, ClockEvent, Deadline, GrantedAuthorization, RequestItem
from appeals.queries.clocks import spoken
from tests.appeals.climbing import ERISA
from tests.appeals.visiting import address, days_ago, minutes_ago, own_statements, typed, words
from tests.factories.readiness import PLACE, benefits_checked

pytest_plugins = ("tests.appeals.climbing",)

ITEMS = {
    "items-TOTAL_FORMS": "4",
    "items-INITIAL_FORMS": "3",
    "items-0-code": "96365",
    "items-0-units": "6",
    "items-0-sessions": "6",
    "items-0-frequency": "twice a week",
    "items-1-code": "96366",
    "items-1-units": "6",
    "items-2-code": "j3490",
    "items-2-units": "60",
    "items-3-code": "",
}


def form(**fields):
    return (
        {
            "timing": "pre_service",
            "benefit": "medical",
            "place_of_service": PLACE,
            "channel": "fax",
            "reference_number": "PA-26-0309-77142",
        }
        | ITEMS
        | fields
    )


@pytest.fixture
def nora(climb, sign_in):
    """Nora at her browser; the plan was asked about benefits four days ago."""
    benefits_checked(climb.who, climb.case, timezone.now() - timedelta(days=4))
    return sign_in("nora")


def test_the_codes_of_the_case_stand_in_the_form(climb, nora):
    page = nora.get(address("request_new", climb.case))
    assert page.status_code == 200
    assert [f.initial["code"] for f in page.context["formset"].initial_forms] == ["96365", "96366", "J3490"]


def test_one_form_records_a_request_that_was_sent_and_received(climb, nora):
    climb.answer(ERISA)
    sent = timezone.now() - timedelta(days=3)
    answer = nora.post(
        address("request_new", climb.case),
        form(
            submitted_at=typed(sent), received_at=typed(sent + timedelta(hours=1)), evidence="Fax report 12"
        ),
    )
    made = AuthorizationRequest.objects.get()
    assert answer.status_code == 302 and answer.url == address("request", climb.case, made)
    assert (made.status, made.channel, made.reference_number) == ("received", "fax", "PA-26-0309-77142")
    items = RequestItem.objects.order_by("position")
    assert [(i.code, i.units, i.sessions, i.frequency) for i in items] == [
        ("96365", Decimal("6.00"), 6, "twice a week"),
        ("96366", Decimal("6.00"), None, ""),
        ("J3490", Decimal("60.00"), None, ""),
    ]
    shown = words(nora.get(answer.url))
    due = Deadline.objects.get(status="running")
    assert due.side == "payer"
    assert f"{due.due_on:%a, %b} {due.due_on.day}, {due.due_on.year}" in shown
    assert spoken(due.arithmetic[0]) in shown and due.citation in shown
    assert "They are no guarantee of any outcome and no legal or medical advice." in shown


def test_what_was_typed_stays_when_something_is_wrong(climb, nora):
    answer = nora.post(
        address("request_new", climb.case),
        form(submitted_at=typed(timezone.now() + timedelta(days=2))) | {"items-1-code": "12"},
    )
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert 'value="PA-26-0309-77142"' in shown and 'value="12"' in shown
    assert "A CPT or HCPCS code has five characters" in shown
    assert AuthorizationRequest.objects.count() == 0


def test_a_refusal_lands_on_its_field_and_nothing_is_kept(climb, nora):
    answer = nora.post(
        address("request_new", climb.case), form(submitted_at=typed(timezone.now() + timedelta(days=2)))
    )
    assert answer.status_code == 422
    assert answer.context["form"].errors == {
        "submitted_at": ["This moment is in the future. Enter when it really happened."]
    }
    assert AuthorizationRequest.objects.count() == 0


def test_a_request_without_items_is_refused(climb, nora):
    empty = {k: "" for k in ITEMS if k.endswith(("code", "units", "sessions", "frequency"))}
    removed = {f"items-{n}-DELETE": "on" for n in range(3)}
    answer = nora.post(address("request_new", climb.case), form() | empty | removed)
    assert answer.status_code == 422
    assert "Add at least one item" in words(answer)


def test_every_step_of_a_request(climb, nora):
    nora.post(address("request_new", climb.case), form(channel=""))
    made = AuthorizationRequest.objects.get()
    assert made.status == "drafting"
    sent = timezone.now() - timedelta(days=2)
    steps = [
        ("request_change", form(reference_number="NEW-1"), "drafting"),
        ("request_sent", {"submitted_at": typed(sent), "channel": "portal"}, "submitted"),
        ("request_received", {"received_at": typed(sent), "evidence": "Portal time stamp"}, "received"),
        (
            "request_event",
            {"kind": "information_requested", "occurred_at": minutes_ago(50), "note": "Scale scores"},
            "received",
        ),
        (
            "request_approve",
            {
                "decided_at": minutes_ago(10),
                "number": "AUTH-1",
                "sessions": "6",
                "valid_from": days_ago(0),
                "valid_until": days_ago(-60),
            },
            "approved",
        ),
    ]
    for name, data, status in steps:
        url = address(name, climb.case, made)
        assert nora.get(url).status_code == 200, name
        answer = nora.post(url, data)
        assert answer.status_code == 302, (name, answer.context and answer.context["form"].errors)
        made.refresh_from_db()
        assert made.status == status, name
    assert made.reference_number == "NEW-1"
    assert ClockEvent.objects.get().note == "Scale scores"
    grant = GrantedAuthorization.objects.get()
    assert (grant.number, grant.sessions, grant.valid_from) == ("AUTH-1", 6, date.fromisoformat(days_ago(0)))
    shown = words(nora.get(address("request", climb.case, made)))
    assert "AUTH-1" in shown and "Scale scores" in shown and "Granted" in shown


def test_withdrawing_needs_a_reason(climb, nora):
    made = climb.ask()
    url = address("request_withdraw", climb.case, made)
    assert nora.post(url, {"reason": ""}).status_code == 422
    assert nora.post(url, {"reason": "The treatment changed."}).status_code == 302
    made.refresh_from_db()
    assert made.status == "withdrawn"


def test_somebody_was_faster(climb, nora):
    made = climb.ask()
    url = address("request_sent", climb.case, made)
    answer = nora.post(url, {"submitted_at": minutes_ago(5), "channel": "fax", "reference_number": "KEEP ME"})
    assert answer.status_code == 409
    assert 'value="KEEP ME"' in answer.content.decode()
    assert "Look at it as it is now" in words(answer)


def test_buttons_are_shown_to_whoever_may_press_them(climb, sign_in):
    made = climb.ask()
    url = address("request", climb.case, made)
    labels = {
        who: [a["label"] for a in sign_in(who).get(url).context["actions"]]
        for who in ("nora", "petra", "clara")
    }
    assert labels == {
        "nora": ["Record an approval", "Record a denial", "Extension or information asked", "Withdraw"],
        "petra": [],
        "clara": [],
    }
    assert sign_in("petra").get(address("request_withdraw", climb.case, made)).status_code == 403
    assert sign_in("petra").get(address("request_new", climb.case)).status_code == 403


def test_the_page_costs_the_same_for_two_items_and_for_twelve(climb, nora):
    made = climb.ask()
    url = address("request", climb.case, made)
    before = own_statements(nora, url)
    for position in range(3, 13):
        RequestItem.objects.create(case=climb.case, request=made, position=position, code="96366", units=1)
    after = own_statements(nora, url)
    assert len(after) == len(before)
    assert len(after) <= 12
