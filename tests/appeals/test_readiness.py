"""A request goes out when nothing needed is open; an urgent one when somebody says why it does not wait."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.errors import Refused
from appeals.commands.requests import ItemInput, draft_request, receive_request, submit_request
from appeals.conditions import address_suits_channel
from appeals.models import AuthorizationRequest
from appeals.queries.readiness import lacks_of
from cases.commands.benefits import record_network, record_referral
from cases.models import Case
from tests.appeals.climbing import codes, moment
from tests.appeals.visiting import address, minutes_ago, words
from tests.factories.readiness import PLACE, PLAN_SAID, benefits_checked

pytest_plugins = ("tests.appeals.climbing",)

DAY = "2026-03-17"


def drafted(climb, **fields):
    given = {
        "place_of_service": PLACE,
        "items": [ItemInput("96365", Decimal(6), starts_on=date(2026, 4, 1), ends_on=date(2026, 5, 1))],
    }
    return draft_request(actor=climb.who, case=climb.case, at=moment(DAY, 9), **given | fields)


def send(climb, request, on=DAY, **fields):
    return submit_request(
        actor=climb.who,
        request=request,
        submitted_at=moment(on, 10),
        channel="fax",
        at=moment(on, 11),
        **fields,
    )


def test_every_reason_at_once(climb):
    Case.objects.filter(pk=climb.case.pk).update(purpose="")
    request = drafted(climb, place_of_service="")
    with pytest.raises(Refused) as caught:
        send(climb, request, unready_reason="We are in a hurry.")
    assert codes(caught) == [
        "purpose_missing",
        "place_missing",
        *["benefit_open"] * 4,
        "network_unchecked",
        "not_ready",
    ]
    assert AuthorizationRequest.objects.get().status == "drafting"


def test_it_goes_out_when_everything_was_asked(climb):
    benefits_checked(climb.who, climb.case, moment(DAY, 8))
    sent = send(climb, drafted(climb), unready_reason="Not needed.")
    assert (sent.status, sent.unready_reason) == ("submitted", "")


def test_an_urgent_request_goes_out_with_a_reason(climb):
    request = drafted(climb, is_urgent=True, urgency_certified_by="Amara Osei, MD")
    with pytest.raises(Refused) as caught:
        send(climb, request)
    assert codes(caught)[-1] == "unready_reason_missing"
    sent = send(climb, request, unready_reason="The patient cannot wait for the plan's line to open.")
    assert sent.unready_reason == "The patient cannot wait for the plan's line to open."
    event = Event.objects.get(verb="request_submitted")
    assert event.data["open_answers"] == ["benefit_open"] * 4 + ["network_unchecked"]


def test_what_the_payer_has_already_needs_a_word_how_it_got_there(climb):
    request = drafted(climb)
    given = {
        "actor": climb.who,
        "request": request,
        "received_at": moment(DAY, 10),
        "at": moment(DAY, 11),
    }
    with pytest.raises(Refused) as caught:
        receive_request(**given)
    assert codes(caught)[-1] == "unready_reason_missing"
    received = receive_request(**given, unready_reason="The clinic sent it before we were asked.")
    assert (received.status, received.unready_reason) == (
        "received",
        "The clinic sent it before we were asked.",
    )


def test_what_was_sent_and_received_already_is_recorded_as_it_was(climb):
    """Not urgent, with answers open: the reason lets the truth in, and every date is judged in the same round."""
    request = drafted(climb)
    with pytest.raises(Refused) as caught:
        send(climb, request, received_at=moment(DAY, 12))
    assert codes(caught) == [
        "in_future",
        *["benefit_open"] * 4,
        "network_unchecked",
        "unready_reason_missing",
    ]
    with pytest.raises(Refused) as caught:
        send(climb, request, received_at=moment(DAY, 9), unready_reason="The clinic sent it on its own.")
    assert codes(caught) == ["received_before_sent"]
    why = "The clinic sent it before we were asked."
    sent = send(climb, request, received_at=moment(DAY, 11), unready_reason=why)
    assert (sent.status, sent.submitted_at, sent.unready_reason) == ("submitted", moment(DAY, 10), why)


def test_the_form_takes_what_was_sent_and_received_with_the_reason(climb, sign_in):
    nora = sign_in("nora")
    url = address("request_sent", climb.case, drafted(climb))
    typed_in = {"submitted_at": minutes_ago(9), "channel": "fax", "sent_by": "us"}
    refused = nora.post(url, typed_in | {"unready_reason": "They have it."})
    assert list(refused.context["form"].errors) == ["__all__", "received_at"]
    told = typed_in | {"received_at": minutes_ago(5), "unready_reason": "They have it."}
    assert nora.post(url, told).status_code == 302
    row = AuthorizationRequest.objects.get()
    assert (row.status, row.unready_reason) == ("received", "They have it.")


@pytest.mark.parametrize(
    ("channel", "sent_to", "expected"),
    [
        ("mail", "1-916-555-0170", ["address_of_another_channel"]),
        ("mail", "Fax (916) 555 0170", ["address_of_another_channel"]),
        ("mail", "PO Box 9, Salem OR 97301-1234", []),
        ("fax", "PO Box 9, Salem OR 97301-1234", ["address_of_another_channel"]),
        ("fax", "Appeals, fax 916.555.0170", []),
        ("email", "1-916-555-0170", ["address_of_another_channel"]),
        ("portal", "1-916-555-0170", []),
        ("mail", "", []),
    ],
)
def test_where_it_went_suits_how_it_went(channel, sent_to, expected):
    found = address_suits_channel(channel, sent_to, "sent_to")
    assert [reason.code for reason in ([found] if found else [])] == expected


def test_a_request_that_was_sent_is_not_asked_again_at_its_receipt(climb):
    request = drafted(climb, is_urgent=True)
    send(climb, request, unready_reason="Urgent.")
    request.refresh_from_db()
    receive_request(actor=climb.who, request=request, received_at=moment(DAY, 12), at=moment(DAY, 13))
    request.refresh_from_db()
    assert request.status == "received"


def test_a_required_referral_is_valid_on_the_days_of_the_service(climb):
    benefits_checked(climb.who, climb.case, moment(DAY, 8), {"referral": "yes"})
    request = drafted(climb)

    def lacking():
        return [lack.reason.code for lack in lacks_of(request, climb.case, date(2026, 3, 17))]

    assert lacking() == ["referral_missing"]
    given = {"actor": climb.who, "case": climb.case, "from_name": "Imogen Sallow", "at": moment(DAY, 8)}
    record_referral(**given, valid_from=date(2026, 3, 1), valid_until=date(2026, 4, 30))
    assert lacking() == ["referral_not_valid"]
    record_referral(**given, valid_from=date(2026, 3, 1), valid_until=date(2026, 5, 1))
    assert lacking() == []
    send(climb, request)


def test_a_network_check_counts_for_thirty_days(climb):
    benefits_checked(climb.who, climb.case, moment(DAY, 8))
    request = drafted(climb)
    assert [k.reason.code for k in lacks_of(request, climb.case, date(2026, 4, 16))] == []
    assert [k.reason.code for k in lacks_of(request, climb.case, date(2026, 4, 17))] == ["network_check_old"]
    with pytest.raises(Refused) as caught:
        send(climb, request, on="2026-04-17")
    assert codes(caught) == ["network_check_old", "not_ready"]
    record_network(
        actor=climb.who,
        case=climb.case,
        status="out",
        source="directory",
        checked_on=date(2026, 4, 17),
        at=moment("2026-04-17", 9),
    )
    send(climb, request, on="2026-04-17")


def test_answers_about_another_coverage_do_not_count(climb):
    benefits_checked(climb.who, climb.case, moment(DAY, 8))
    other = climb.case.coverage
    other.pk, other.public_id = None, None
    other.public_id = type(other)._meta.get_field("public_id").get_default()
    other.save(force_insert=True)
    Case.objects.filter(pk=climb.case.pk).update(coverage=other)
    request = drafted(climb)
    lacking = lacks_of(request, Case.objects.get(pk=climb.case.pk), date(2026, 3, 17))
    assert [k.reason.code for k in lacking] == ["benefit_open"] * 4 + ["network_unchecked"]


def test_the_page_shows_what_is_open_with_a_link_for_each(climb, sign_in):
    nora = sign_in("nora")
    request = drafted(climb, place_of_service="")
    page = nora.get(address("request", climb.case, request))
    assert [(k["code"], k["do"]) for k in page.context["lacks"]] == [
        ("place_missing", "Choose it"),
        *[("benefit_open", "Record the answer")] * 4,
        ("network_unchecked", "Record a check"),
    ]
    assert all(nora.get(k["url"].partition("#")[0]).status_code == 200 for k in page.context["lacks"])
    assert "Not ready to go out yet" in words(page)
    url = address("request_sent", climb.case, request)
    answer = nora.post(url, {"submitted_at": minutes_ago(5), "channel": "fax"})
    assert answer.status_code == 422
    assert "The place of service is not chosen." in words(answer)
    assert answer.context["lacks"][0]["code"] == "place_missing"


def test_the_case_says_that_the_plan_was_not_asked(climb, sign_in):
    nora = sign_in("nora")
    assert "Benefit check: 4 questions for the plan open." in words(nora.get(address("case", climb.case)))
    benefits_checked(climb.who, climb.case, timezone.now() - timedelta(days=1))
    assert "Benefit check: 4 questions" not in words(nora.get(address("case", climb.case)))
    assert set(PLAN_SAID) <= {a.question for a in climb.case.benefit_answers.all()}
