"""Somebody calls for help: step by step to an open case, left in the middle and resumed; then the plan is asked."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.journeys.acts import NUMBERS, a_valid_npi, check_benefits, family_name, spelled_apart
from tests.journeys.conftest import axe_findings

CALIFORNIA = ZoneInfo("America/Los_Angeles")


def test_guided_intake(at_desk):
    ines, family = at_desk("ines@harbor.example", screen="phone"), family_name()
    ines.go("/admin/intake/")
    ines.press("Take in a new inquiry")

    # Who: looked for among the registered first.
    ines.type("Is this person registered already?", family)
    ines.press("Find")
    assert "Nobody of this name or number is registered" in ines.text
    assert family not in ines.here
    ines.fill(Given_name="Robin", Family_name=family, Birth_date=date(1984, 5, 17))
    ines.choose("Time zone", "Pacific")
    assert axe_findings(ines.page) == []
    ines.press("Save and continue")

    # What: for no medical purpose it leads to declining; corrected, it goes on.
    ines.choose("Treatment", "Ketamine, intravenous")
    ines.choose("Medical purpose", "For personal")
    ines.type("Diagnoses", "F33.2")
    ines.press("Save and continue", refused=True)
    assert "Decline it with the reason" in ines.reasons()
    assert axe_findings(ines.page) == []
    ines.choose("Medical purpose", "To treat a diagnosed condition")
    ines.press("Save and continue")

    # Left in the middle, with half a plan typed; found again in the list.
    ines.type("Member id", "QM-")
    ines.press("Save and leave")
    ines.follow(f"Robin {family}")
    ines.follow("Go on")
    assert ines.field("Member id").input_value() == "QM-"
    ines.type("Or a new payer", "Quillback Mutual")
    ines.type("Member id", f"QM-{spelled_apart(next(NUMBERS))}")
    ines.press("Save and continue")
    ines.fill(Name=f"Amara {family}", Credentials="MD", NPI=a_valid_npi(next(NUMBERS)))
    ines.press("Save and continue")
    ines.press("Save and go back")
    assert ines.field("Name").input_value() == f"Amara {family}"
    ines.press("Save and continue")
    ines.press("Save and continue")
    assert "988" in ines.text
    ines.tick("Urgent: waiting")
    ines.tick("No, asked")
    assert axe_findings(ines.page) == []
    ines.press("Save and continue")
    assert axe_findings(ines.page) == []
    ines.press("Open the case")
    case_page = ines.here
    assert "Urgent" in ines.text
    check_benefits(ines, at=datetime.now(CALIFORNIA).replace(tzinfo=None) - timedelta(minutes=5))
    for place in ("benefits/", "related/", "triage/", "networks/new/", "referrals/new/"):
        ines.go(f"{case_page}{place}")
        assert axe_findings(ines.page) == [], place
