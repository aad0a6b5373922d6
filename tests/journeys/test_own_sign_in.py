"""An organization's own sign-in in a real browser, through a real provider: set up, used, and taken back."""

from __future__ import annotations

import re

import pytest

from tests.journeys.conftest import axe_findings
from tests.oidc.serving import real, send

pytestmark = [pytest.mark.journey, pytest.mark.long]
PAGE = "/admin/organization/sign-in/"
SAM = "sam@harbor.example"


def test_the_admin_names_a_provider_and_a_colleague_comes_in_by_it(at_desk, at_door):
    olga = at_desk("olga@harbor.example", fresh=True)
    with real() as issuer:
        send("PUT", f"{issuer}/users/sam-1", {"email": SAM, "email_verified": True, "amr": ["pwd", "mfa"]})
        olga.go(PAGE)
        olga.fill(Issuer=issuer, Client_id="recourse", Client_secret="a word of ours")
        olga.type("E-mail domains", "harbor.example")
        olga.tick("Its second step counts here")
        olga.press("Save")
        assert "/accounts/organization/" in olga.text
        assert axe_findings(olga.page) == []

        sam = at_door(SAM)
        sam.go("/accounts/login/?next=/admin/today/")
        sam.follow("Sign in through your organization")
        assert axe_findings(sam.page) == []
        sam.type("Your e-mail address at work", SAM)
        sam.press("Continue")
        assert sam.heading == "Sign in at Harbor Patient Advocates"
        assert axe_findings(sam.page) == []
        sam.follow("Continue to localhost")
        there = sam.page
        assert there.url.startswith(f"{issuer}/oauth2/authorize")
        there.locator("input[name=sub]").fill("sam-1")
        there.locator("button, input[type=submit]").first.click()
        there.wait_for_url(re.compile(r"/admin/"))
        assert sam.go("/admin/today/") == 200
        # What is the person's own is not the organization's: refused where an account opens more than this one.
        assert sam.go("/accounts/password/change/") == 403
        assert axe_findings(sam.page) == []

    olga.go(PAGE)
    olga.page.get_by_text("Take it back", exact=True).click()
    olga.press("Take it back now")
    assert sam.go("/admin/today/") == 403
    assert [c for c in olga.complaints + sam.complaints if "oauth2" not in c] == []


def test_a_patient_chooses_how_the_code_comes(at_door, served):
    phone = at_door("dana", screen="phone")
    phone.go("/portal/sign-in/")
    assert phone.page.get_by_label("By e-mail").is_checked()
    assert axe_findings(phone.page) == []
    phone.page.get_by_text("As a text message", exact=True).click()
    assert phone.page.get_by_label("As a text message").is_checked()
    phone.page.locator("main input[type=email]").fill("nobody@mail.example")
    phone.press("Send me a code")
    assert "as a text message if you chose that" in phone.text
    assert phone.complaints == []
