"""What we send to a plan needs the patient's release; what a provider sends as its own does not (45 CFR 164.506, 164.508)."""

from __future__ import annotations

from datetime import date

import pytest

from advocacy.errors import Refused
from advocacy.people.commands import revoke_consent
from advocacy.people.models import Consent
from appeals.commands.requests import receive_request, submit_request
from appeals.models import AuthorizationRequest
from tests.appeals.climbing import Climb, codes, moment
from tests.appeals.test_readiness import DAY, drafted, send
from tests.appeals.visiting import address, minutes_ago, words
from tests.factories.readiness import benefits_checked
from tests.standing import prepared

pytest_plugins = ("tests.appeals.climbing",)


@prepared
def withdrawn(climb: Climb) -> Climb:
    """Everything was asked of the plan; the patient has taken the release back."""
    benefits_checked(climb.who, climb.case, moment(DAY, 8))
    release = Consent.objects.get(patient=climb.case.patient, kind="release")
    revoke_consent(actor=climb.who, consent=release, at=moment("2026-03-16", 18))
    return climb


def test_without_a_release_nothing_of_ours_goes_out(withdrawn):
    request = drafted(withdrawn)
    with pytest.raises(Refused) as caught:
        send(withdrawn, request)
    assert [(r.code, r.field) for r in caught.value.reasons] == [("consent_missing", "sent_by")]
    with pytest.raises(Refused) as caught:
        receive_request(actor=withdrawn.who, request=request, received_at=moment(DAY, 10), at=moment(DAY, 11))
    assert codes(caught) == ["consent_missing"]
    assert AuthorizationRequest.objects.get().status == "drafting"


def test_urgency_is_no_release(withdrawn):
    request = drafted(withdrawn, is_urgent=True, urgency_certified_by="Amara Osei, MD")
    with pytest.raises(Refused) as caught:
        send(withdrawn, request, unready_reason="The patient cannot wait.")
    assert codes(caught) == ["consent_missing"]


@pytest.mark.parametrize("sent_on, stands", [("2026-03-31", True), ("2026-04-01", False)])
def test_the_release_has_to_stand_on_the_day_it_goes_out(climb, sent_on, stands):
    benefits_checked(climb.who, climb.case, moment(DAY, 8))
    release = Consent.objects.get(patient=climb.case.patient, kind="release")
    release.expires_on = date(2026, 3, 31)
    release.save(update_fields=["expires_on"])
    request = drafted(climb)
    if stands:
        assert send(climb, request, on=sent_on).status == "submitted"
        return
    with pytest.raises(Refused) as caught:
        send(climb, request, on=sent_on)
    assert codes(caught) == ["consent_missing"]
    assert "covers April 1, 2026." in caught.value.reasons[0].message


def test_what_the_provider_sends_as_its_own_needs_no_release_of_ours(withdrawn):
    sent = send(withdrawn, drafted(withdrawn), sent_by="provider")
    assert (sent.status, sent.sent_by) == ("submitted", "provider")
    received = receive_request(
        actor=withdrawn.who, request=sent, received_at=moment(DAY, 12), at=moment(DAY, 13)
    )
    assert (received.status, received.sent_by) == ("received", "provider")


def test_who_sent_it_is_one_of_two(withdrawn):
    with pytest.raises(Refused) as caught:
        submit_request(
            actor=withdrawn.who,
            request=drafted(withdrawn),
            submitted_at=moment(DAY, 10),
            channel="fax",
            sent_by="a friend",
            at=moment(DAY, 11),
        )
    assert codes(caught) == ["sender_unknown"]


def test_the_page_says_where_to_record_the_release_and_who_sent_it(withdrawn, sign_in):
    nora = sign_in("nora")
    request = drafted(withdrawn, is_urgent=True)
    page = nora.get(address("request", withdrawn.case, request))
    lacks = {row["code"]: row["url"] for row in page.context["lacks"]}
    assert lacks["consent_missing"] == f"/admin/patients/{withdrawn.case.patient.public_id}/"
    url = address("request_sent", withdrawn.case, request)
    typed = {
        "submitted_at": minutes_ago(5),
        "channel": "fax",
        "sent_by": "us",
        "unready_reason": "They asked for it.",
    }
    answer = nora.post(url, typed)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["sent_by"])
    assert nora.post(url, typed | {"sent_by": "provider"}).status_code == 302


def test_a_sent_request_is_not_asked_again_who_sent_it(withdrawn, sign_in):
    request = send(withdrawn, drafted(withdrawn), sent_by="provider")
    page = sign_in("nora").get(address("request_received", withdrawn.case, request))
    assert "sent_by" not in page.context["form"].fields
    assert "The provider, as its own request" in words(
        sign_in("nora").get(address("request", withdrawn.case, request))
    )
