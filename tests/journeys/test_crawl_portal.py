"""Every link of the portal and of a clinic's page leads to something finished, with script and without."""

from __future__ import annotations

import pytest

from tests.journeys.crawling import crawl

PATIENTS = {
    "a patient with one case": "dana.37@mailbox.example",
    "a patient who reads Spanish": "teodora.26@mailbox.example",
    "a sister who was given two parts": "june.inverlochy@mailbox.example",
}


@pytest.mark.parametrize("who", PATIENTS)
def test_every_link_of_the_portal_leads_to_something_finished(at_phone, who):
    phone, plain = at_phone(PATIENTS[who]), at_phone(PATIENTS[who], script=False)
    assert crawl(phone, "/portal/", most_visits=None, plain=plain) == []


def test_the_door_of_the_portal_needs_no_script(at_door):
    phone, plain = (at_door("nobody@else.example", screen="phone", script=script) for script in (True, False))
    assert crawl(phone, "/portal/sign-in/", most_visits=1, plain=plain) == []


def test_every_link_of_a_clinic_leads_to_something_finished(at_door, served):
    address = served.shell("from tests.journeys.prepared import clinic_link; result = clinic_link()")
    phone, plain = (at_door("a clinic", screen="phone", script=script) for script in (True, False))
    assert crawl(phone, address, most_visits=None, plain=plain) == []
