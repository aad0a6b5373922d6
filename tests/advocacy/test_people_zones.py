"""The time zone of a new patient: the state's where none was chosen, never the organization's by oversight."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from advocacy.people.forms import NewPatientForm
from advocacy.people.places import STATES, TIME_ZONES, USUAL_ZONE
from cases.forms.intake import WhoForm

PERSON = {"given_name": "Robin", "family_name": "Achterberg", "birth_date": "1990-02-03", "language": "en"}


def test_every_state_has_a_zone_or_asks():
    assert set(STATES) - set(USUAL_ZONE) == {"FL", "ID", "IN", "KY", "NE", "ND", "SD", "TN", "TX"}
    assert set(USUAL_ZONE.values()) == set(TIME_ZONES)
    assert {str(ZoneInfo(zone)) for zone in TIME_ZONES} == set(TIME_ZONES)


@pytest.mark.parametrize("form", [NewPatientForm, WhoForm])
@pytest.mark.parametrize(
    ("state", "chosen", "zone", "errors"),
    [
        ("IA", "", "America/Chicago", []),
        ("IA", "America/Denver", "America/Denver", []),
        ("TN", "", "", ["Tennessee has two time zones. Choose the patient's."]),
        ("TN", "America/New_York", "America/New_York", []),
        ("", "", "", ["Choose a time zone, or the state."]),
        ("", "Pacific/Honolulu", "Pacific/Honolulu", []),
    ],
)
def test_the_zone_of_a_new_patient(form, state, chosen, zone, errors):
    typed = form(PERSON | {"state": state, "time_zone": chosen})
    assert typed.errors.get("time_zone", []) == errors
    assert typed.cleaned_data.get("time_zone", "") == zone


def test_the_page_proposes_no_zone(cast, sign_in):
    form = sign_in("nora").get("/admin/patients/new/").context["form"]
    assert (form["time_zone"].value(), form["time_zone"].field.choices[0][1]) == (
        None,
        "As in the state of residence",
    )
