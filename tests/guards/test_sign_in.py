"""One door: who signs in passes allauth, with its second factor and its limits; an address is one's own once it is proven."""

from __future__ import annotations

import re
import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.test import Client, TestCase
from django.urls import reverse
from django.utils import timezone

from advocacy.people.invitations import accept_as_new, invite_member, offer_of
from advocacy.people.models import User
from advocacy.people.second_factor import SecondFactorAdapter
from advocacy.tenancy.scope import scoped_to
from tests.cast import PASSWORD, Cast


@pytest.fixture
def browser(cast: Cast) -> Client:
    return Client(headers={"user-agent": "test"})


def signed_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


@pytest.mark.parametrize(("query", "then"), [("", "/"), ("?next=/admin/today/", "/admin/today/")])
def test_the_admin_has_no_sign_in_of_its_own(cast: Cast, browser: Client, query: str, then: str):
    """A password alone would open what a second factor guards, as often as one likes to guess."""
    TOTP.activate(cast.users["nora"], generate_totp_secret())
    answer = browser.post(f"/admin/login/{query}", {"username": "nora@harbor.example", "password": PASSWORD})
    assert not signed_in(browser)
    assert answer.headers["Location"] == f"{reverse('account_login')}?next={then}"


def test_the_admins_address_of_signing_in_leads_nowhere_else(cast: Cast, browser: Client):
    answer = browser.get("/admin/login/?next=https://elsewhere.example/")
    assert answer.headers["Location"] == f"{reverse('account_login')}?next=/"
    browser.force_login(cast.users["nora"], backend="allauth.account.auth_backends.AuthenticationBackend")
    assert browser.get("/admin/login/?next=https://elsewhere.example/").headers["Location"] == reverse("home")


def test_the_admin_has_no_change_of_password_of_its_own(sign_in):
    answer = sign_in("nora").get("/admin/password_change/")
    assert answer.headers["Location"] == reverse("account_change_password")


def test_without_a_second_factor_nothing_of_the_desk_opens(cast: Cast, sign_in, settings):
    settings.SECOND_FACTOR = "required"
    browser, there = sign_in("nora"), reverse("mfa_activate_totp")
    for address in ("/", reverse("appeals:today"), "/admin/", reverse("cases:intake")):
        assert browser.get(address).headers["Location"] == there, address
        assert browser.post(address, {}).headers["Location"] == there, address
    assert browser.get(reverse("account_logout")).status_code == 200
    TOTP.activate(cast.users["nora"], generate_totp_secret())
    assert browser.get(reverse("appeals:today")).status_code == 200


@pytest.mark.parametrize("who", ["nora", "olga", "anna"])
def test_a_second_factor_is_set_up_and_everything_opens(cast: Cast, browser: Client, settings, who: str):
    settings.SECOND_FACTOR = "required"
    page = reverse("mfa_activate_totp")
    browser.post(reverse("account_login"), {"login": cast.users[who].email, "password": PASSWORD})
    assert browser.get("/").headers["Location"] == page
    again = browser.get(page).headers["Location"]
    browser.post(again, {"password": PASSWORD})
    found = re.search(r'class="secret">(\w+)<', browser.get(page).content.decode())
    assert found is not None
    code = format_hotp_value(hotp_value(found[1], int(time.time()) // 30))
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert browser.post(page, {"code": code}).headers["Location"] == reverse("mfa_view_recovery_codes")
    assert browser.get(browser.get("/").headers["Location"]).status_code == 200


def test_the_last_second_factor_stays(cast: Cast, settings):
    settings.SECOND_FACTOR = "required"
    only = TOTP.activate(cast.users["nora"], generate_totp_secret()).instance
    assert not SecondFactorAdapter().can_delete_authenticator(only)
    settings.SECOND_FACTOR = "optional"
    assert SecondFactorAdapter().can_delete_authenticator(only)


@pytest.mark.parametrize("how", ["action_primary", "action_remove"])
def test_nobody_becomes_an_address_that_is_not_proven(cast: Cast, sign_in, how: str):
    """Members are found by their address: whoever could take an unproven one would be invited in its owner's place."""
    page, taken = reverse("account_email"), "new.colleague@harbor.example"
    browser = sign_in("mia")
    browser.post(page, {"action_add": "", "email": taken})
    named = taken if how == "action_primary" else "mia@meadow.example"
    browser.post(page, {how: "", "email": named})
    assert User.objects.get(pk=cast.users["mia"].pk).email == "mia@meadow.example"
    with scoped_to(cast.harbor.pk, actor=cast.olga.key, actor_label=cast.olga.label):
        sent = invite_member(
            actor=cast.olga, email=taken, name="New Colleague", roles=["navigator"], at=timezone.now()
        )
    offer = offer_of(sent.url.rstrip("/").split("/")[-1], timezone.now())
    assert offer is not None
    assert not offer.has_account
    member = accept_as_new(offer=offer, name="New", passphrase=PASSWORD, again=PASSWORD, at=timezone.now())
    assert member.user_id != cast.users["mia"].pk


def test_a_proven_address_becomes_the_one_of_the_account(cast: Cast, client):
    mia = cast.users["mia"]
    EmailAddress.objects.create(user=mia, email="mia@home.example", verified=True)
    client.post(reverse("account_login"), {"login": mia.email, "password": PASSWORD})
    wanted = {"action_primary": "", "email": "mia@home.example"}
    asked = client.post(reverse("account_email"), wanted)
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert User.objects.get(pk=mia.pk).email == "mia@meadow.example"
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.post(reverse("account_email"), wanted)
    assert User.objects.get(pk=mia.pk).email == "mia@home.example"


def test_the_keyboard_goes_from_address_to_passphrase_to_the_button(browser: Client, db: None):
    """In the order of the document: no tabindex, and nothing between what is typed."""
    page = browser.get(reverse("account_login")).content.decode().partition("<main")[2]
    stops = re.findall(
        r'<(?:input|button|a)\b[^>]*\b(?:name="(?:login|password)"|type="submit"|href="[^"#]+")', page
    )
    order = [re.search(r'"([^"]+)"$', stop)[1] for stop in stops]
    assert order[:4] == ["login", "password", "submit", reverse("account_reset_password")]
    assert 'tabindex="' not in page.replace('tabindex="-1"', "")
