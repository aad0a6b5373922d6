"""Signing in, staying signed in, and proving it again, in a real browser: a passkey, the end of a session, somebody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from advocacy.management.seed.cast import PASSPHRASE
from tests.journeys.conftest import axe_findings, fill_sign_in

NEW_ADMIN = """
from django.db import transaction
from django.utils import timezone
from advocacy.people.models import Membership, User
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to
user = User.objects.create_user(given["email"], given["passphrase"], name="Iris Ahmadi", is_staff=True)
harbor = Organization.objects.get(slug="harbor")
with transaction.atomic(), scoped_to(harbor.pk, actor="system:test", actor_label="test"):
    Membership.objects.create(user=user, roles=["organization_admin"], starts_at=timezone.now())
result = True
"""
AGED = """
import time
from advocacy.people.session_store import SessionStore
session = SessionStore(given["key"])
for name, ago in given["ages"].items():
    session[name] = int(time.time()) - ago
session.save()
result = True
"""


def age(served: Any, desk: Any, cookie: str = "sessionid", **ages: int) -> None:
    """The session in this browser was used, begun or proved so many seconds ago."""
    (key,) = [c["value"] for c in desk.page.context.cookies() if c["name"] == cookie]
    served.shell(AGED, key=key, ages=ages)


def look(desk: Any) -> None:
    """What the page does by its clock, now."""
    desk.page.evaluate("document.dispatchEvent(new Event('recourse:signed-out'))")


def with_a_finger(page: Any) -> None:
    """The browser's own virtual authenticator, as DevTools has it: a key inside the machine that knows its owner."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def test_a_passkey_signs_in_and_proves_it_again(served, at_door):
    email = "iris@harbor.example"
    served.shell(NEW_ADMIN, email=email, passphrase=PASSPHRASE)
    iris = at_door(email)
    page = iris.page
    with_a_finger(page)
    iris.go("/accounts/login/?next=/accounts/2fa/webauthn/add/")
    fill_sign_in(page, email)
    page.locator("input[type=password]").fill(PASSPHRASE)  # adding a key asks once more
    with page.expect_navigation():
        page.locator("main form button[type=submit]").first.click()
    assert axe_findings(page) == []
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/recovery-codes/**")
    iris.go("/accounts/2fa/webauthn/")
    assert "Passkey" in iris.text
    page.context.clear_cookies()
    iris.go("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda url: "/accounts/" not in url)

    iris.go("/admin/machines/new/")
    iris.type("Purpose", "Nightly figures")
    for name, value in (("roles", "analyst"), ("scopes", "figures:read")):
        page.locator(f"input[name={name}][value='{value}']").check()
    iris.type("Last day", (timezone.now() + timedelta(days=60)).date().isoformat())
    age(served, iris, proven_at=400)
    iris.press("Give access")
    assert iris.heading == "Confirm that it is you"
    assert axe_findings(page) == []
    page.get_by_role("button", name="Use a passkey or security key").click()
    page.wait_for_url("**/machines/new/?proven=1")
    assert iris.field("Purpose").input_value() == "Nightly figures"
    iris.press("Give access")
    assert iris.here.startswith("/admin/machines/new/")
    assert "Nothing was done yet" not in iris.text
    for path in (
        "/admin/sessions/",
        "/accounts/2fa/webauthn/",
        "/accounts/2fa/",
        "/accounts/2fa/webauthn/add/",
    ):
        iris.go(path)
        assert axe_findings(page) == [], path
    iris.go("/admin/people/membership/")
    with page.expect_navigation():
        page.locator("main a[href*='/members/'][href$='/sign-in/']").first.click()
    assert axe_findings(page) == []
    assert "Second factor" in iris.text
    assert iris.complaints == []


def test_a_session_ends_over_a_page_and_goes_on_in_it(served, at_desk):
    nora = at_desk("nora@harbor.example", fresh=True)
    page, dialog = nora.page, nora.page.locator("dialog#session")
    nora.go("/admin/patients/new/")
    nora.type("Given name", "Marisol")
    age(served, nora, seen_at=1700)
    look(nora)
    dialog.get_by_role("heading", name="Your sign-in ends soon").wait_for()
    assert axe_findings(page) == []
    dialog.get_by_role("button", name="Stay signed in").click()
    dialog.wait_for(state="hidden")

    age(served, nora, seen_at=1801)
    look(nora)
    dialog.get_by_role("heading", name="Your sign-in has ended").wait_for()
    assert dialog.evaluate("d => getComputedStyle(d, '::backdrop').backgroundColor") == "rgb(23, 33, 43)"
    page.keyboard.press("Escape")
    assert dialog.is_visible()
    frame = page.frame_locator("dialog#session iframe")
    assert "nothing was done" in frame.locator("main").inner_text()
    _sign_in(frame, "nora@harbor.example")
    dialog.wait_for(state="hidden")
    assert nora.field("Given name").input_value() == "Marisol"
    nora.press("Register", refused=True)
    assert nora.here.startswith("/admin/patients/new/")  # refused for what it lacks, not for who sent it
    assert nora.field("Given name").input_value() == "Marisol"

    # At the end of the longest time nothing makes it longer: it is said, and the page of signing in comes when it is over.
    age(served, nora, begun_at=35_940)
    look(nora)
    dialog.get_by_role("heading", name="Your sign-in ends soon").wait_for()
    assert dialog.get_by_role("button").all_inner_texts() == ["Close"]
    dialog.get_by_role("button", name="Close").click()
    dialog.wait_for(state="hidden")
    # Who signs in again in another tab (as at the organization's own provider, which no frame shows) goes on in this one.
    age(served, nora, begun_at=36_001)
    look(nora)
    dialog.get_by_role("heading", name="Your sign-in has ended").wait_for()
    frame.locator("input[type=password]").wait_for()
    other = page.context.new_page()
    other.goto(page.url.partition("/admin/")[0] + "/accounts/login/")
    _sign_in(other, "nora@harbor.example")
    other.wait_for_url(lambda url: "/accounts/" not in url)
    look(nora)
    dialog.wait_for(state="hidden")
    assert nora.field("Given name").input_value() == "Marisol"

    nora.type("Given name", "Marisol Ana")
    age(served, nora, seen_at=1801)
    look(nora)
    dialog.get_by_role("heading", name="Your sign-in has ended").wait_for()
    _sign_in(page.frame_locator("dialog#session iframe"), "nils@harbor.example")
    page.wait_for_url(lambda url: "/patients/new/" not in url)
    assert "Marisol Ana" not in nora.text
    assert nora.complaints == []


def _sign_in(frame: Any, email: str) -> None:
    frame.get_by_label("Email", exact=False).first.fill(email)
    frame.locator("input[type=password]").fill(PASSPHRASE)
    frame.locator("main form button[type=submit]").first.click()
