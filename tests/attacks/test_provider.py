"""A sign-in provider that lies: every token that must not open anything, and every answer that is not the one asked for."""

from __future__ import annotations

import time

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.people.models import ExternalIdentity, SignInProvider
from advocacy.tenancy.scope import scoped_to
from tests.cast import at_harbor
from tests.oidc.serving import hostile, inside, send, way_out

NORA = "nora@harbor.example"
NOW = int(time.time())


@pytest.fixture(scope="module")
def issuer():
    with hostile() as address:
        yield address


@pytest.fixture
def harbors(cast, issuer, settings):
    """Harbor asks the provider that does as it is told."""
    settings.OUTGOING_LOOPBACK = True
    send("POST", f"{issuer}/next", {})
    with at_harbor(cast):
        return make(issuer, "harbor")


def make(issuer: str, client_id: str, domain: str = "harbor.example") -> SignInProvider:
    return SignInProvider.objects.create(
        issuer=issuer,
        client_id=client_id,
        client_secret="word",
        domains=[domain],
        trusts_second_factor=True,
        set_at=timezone.now(),
    )


def back(browser: Client, email: str = NORA, **more: str) -> str:
    """Where the provider sends somebody who asked."""
    status, location, _text = send("GET", way_out(browser, email, **more))
    assert status == 302
    return inside(location)


def signed_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


def refused(browser: Client, url: str) -> str:
    """The code of the trail, or "" where no organization's trail has one."""
    before = Event.objects.count()
    answer = browser.get(url)
    assert (answer.status_code, signed_in(browser)) == (403, False)
    assert ExternalIdentity.objects.count() == 0
    found = [e.data["code"] for e in Event.objects.filter(verb="provider_refused")]
    assert len(found) == Event.objects.count() - before
    return found[0] if found else ""


LIES = {
    "a token for another client": ({"claims": {"aud": "meadow"}}, "audience_differs"),
    "one for several, and made for another": (
        {"claims": {"aud": ["harbor", "meadow"], "azp": "meadow"}},
        "audience_differs",
    ),
    "one for several, and nobody says for whom": (
        {"claims": {"aud": ["harbor", "meadow"]}},
        "audience_differs",
    ),
    "one made for another party": ({"claims": {"azp": "meadow"}}, "audience_differs"),
    "one without an audience": ({"claims": {"aud": None}}, "token"),
    "one that is over": ({"claims": {"iat": NOW - 400, "exp": NOW - 100}}, "expired"),
    "one that never ends": ({"claims": {"exp": None}}, "token"),
    "one made yesterday": ({"claims": {"iat": NOW - 86400, "exp": NOW + 86400}}, "expired"),
    "one of tomorrow": ({"claims": {"iat": NOW + 86400, "exp": NOW + 90000}}, "token"),
    "one of another issuer": ({"claims": {"iss": "https://accounts.example"}}, "issuer_differs"),
    "one without an issuer": ({"claims": {"iss": None}}, "token"),
    "one made for another sign-in": ({"claims": {"nonce": "another"}}, "nonce_differs"),
    "one made for no sign-in": ({"claims": {"nonce": None}}, "token"),
    "one about nobody": ({"claims": {"sub": ""}}, "token"),
    "one without a subject": ({"claims": {"sub": None}}, "token"),
    "an unsigned one": ({"alg": "none"}, "unsigned"),
    "one signed with the public key": ({"alg": "HS256"}, "unsigned"),
    "one signed by another key": ({"key": "other"}, "signature"),
    "one signed by a key that is not published": ({"kid": "two"}, "unknown_key"),
    "an address that is not proven": ({"claims": {"email_verified": False}}, "email_not_proven"),
    "an address nobody vouches for": ({"claims": {"email_verified": None}}, "email_not_proven"),
    "an address of elsewhere": ({"claims": {"email": "nora@meadow.example"}}, "domain_differs"),
    "an address that only looks like it": (
        {"claims": {"email": "nora@harbor.example.meadow.example"}},
        "domain_differs",
    ),
    "an address in a list": ({"claims": {"email": ["nora@harbor.example"]}}, "email_not_proven"),
    "somebody else's address besides": (
        {"claims": {"email": None}, "userinfo": {"sub": "other", "email": NORA, "email_verified": True}},
        "subject_differs",
    ),
    "an answer of another issuer": ({"back": {"iss": "https://accounts.example"}}, "issuer_differs"),
    "an answer that does not name itself": (
        {"discovery": {"authorization_response_iss_parameter_supported": True}},
        "issuer_differs",
    ),
    "no code": ({"back": {"code": ""}}, "refused_by_provider"),
    "an error and a code": ({"back": {"error": "access_denied"}}, "refused_by_provider"),
    "another code": ({"back": {"code": "guessed"}}, "refused_by_provider"),
    "keys of somewhere inside": ({"discovery": {"jwks_uri": "https://169.254.169.254/keys"}}, "not_public"),
    "a token address inside": ({"discovery": {"token_endpoint": "https://10.1.2.3/token"}}, "not_public"),
    "a file for keys": ({"discovery": {"jwks_uri": "file:///etc/passwd"}}, "address"),
    "keys behind a redirect": ({"keys_redirect": True}, "refused_by_provider"),
}


IN_LONG = {
    "one for several, and made for another",
    "one made for another party",
    "one without an audience",
    "one that never ends",
    "one of tomorrow",
    "one without an issuer",
    "one made for no sign-in",
    "one about nobody",
    "an address nobody vouches for",
    "an address in a list",
    "no code",
    "an error and a code",
    "a token address inside",
    "a file for keys",
    "keys behind a redirect",
}
"""What make test-long asks: each stands beside a like one that make test asks."""


@pytest.mark.parametrize(
    "lie", [pytest.param(lie, marks=pytest.mark.long if lie in IN_LONG else ()) for lie in LIES]
)
def test_what_does_not_hold_opens_nothing_and_is_in_the_trail(cast, harbors, issuer, lie):
    told, code = LIES[lie]
    if told.get("keys_redirect"):
        told = {"discovery": {"jwks_uri": f"{issuer}/elsewhere"}}
    browser = Client()
    out = way_out(browser, NORA)
    send("POST", f"{issuer}/next", told)
    _status, location, _text = send("GET", out)
    assert refused(browser, inside(location)) == code


def test_the_truth_opens(cast, harbors):
    """So that the lies above are refused for what they say."""
    browser = Client()
    assert browser.get(back(browser)).headers["Location"] == reverse("home")
    assert signed_in(browser)


@pytest.mark.parametrize("issuers", ["https://accounts.example", ""])
def test_a_description_under_another_name_is_none(cast, harbors, issuer, issuers):
    send("POST", f"{issuer}/next", {"discovery": {"issuer": issuers}})
    assert Client().post(reverse("sso"), {"email": NORA}).status_code == 403
    assert Event.objects.get(verb="provider_refused").data == {"code": "issuer_differs"}


def test_an_answer_works_once_and_only_in_the_session_that_asked(cast, harbors):
    """Else somebody would be led into another's session by a link."""
    mine, theirs, third = Client(), Client(), Client()
    url = back(mine)
    assert refused(theirs, url) == ""
    back(third)  # asked too, with a state of its own
    assert refused(third, url) == ""
    assert mine.get(url).headers["Location"] == reverse("home")
    mine.post(reverse("account_logout"))
    assert mine.get(url).status_code == 403


def test_an_answer_does_not_work_when_it_is_late(cast, harbors):
    browser = Client()
    url = back(browser)
    session = browser.session
    session["asked_of_provider"] = session["asked_of_provider"] | {"at": int(time.time()) - 601}
    session.save()
    assert refused(browser, url) == ""


def test_an_answer_of_another_organizations_provider_is_none(cast, harbors, issuer):
    """The same provider serves both; what was asked for Meadow does not come back as Harbor's."""
    with scoped_to(cast.meadow.pk, actor="system:test", actor_label="test"):
        meadows = make(issuer, "meadow", "meadow.example")
    browser = Client()
    url = back(browser, "mia@meadow.example")
    assert refused(browser, url.replace(str(meadows.public_id), str(harbors.public_id))) == ""
    again = Client()
    url = back(again)
    assert refused(again, url.replace(str(harbors.public_id), str(meadows.public_id))) == ""


def test_a_domain_that_two_organizations_named_is_asked_about(cast, harbors, issuer):
    """Meadow may name Harbor's domain. Nobody is led there unasked, and what it opens is Meadow."""
    with scoped_to(cast.meadow.pk, actor="system:test", actor_label="test"):
        meadows = make(issuer, "meadow")
    browser = Client()
    page = browser.post(reverse("sso"), {"email": NORA}).content.decode()
    assert ("Harbor Patient Advocates" in page, "Meadow Coverage Project" in page) == (True, True)
    assert "/authorize" not in page
    assert refused(browser, back(browser, door=str(meadows.public_id))) == ""
    with scoped_to(cast.meadow.pk, actor="system:test", actor_label="test"):
        assert Event.objects.get(verb="provider_refused").data == {"code": "no_member"}


def test_two_subjects_that_look_alike_are_two(cast, harbors, issuer):
    first, second = Client(), Client()
    send("POST", f"{issuer}/next", {"claims": {"sub": "A-b"}})
    first.get(back(first))
    send("POST", f"{issuer}/next", {"claims": {"sub": "ab"}})
    assert second.get(back(second)).status_code == 403
    assert (signed_in(first), signed_in(second)) == (True, False)


@pytest.mark.parametrize(
    "told",
    [{}, {"auth_time": NOW - 3600}, {"auth_time": NOW + 86400}, {"auth_time": "now"}],
)
def test_coming_back_from_a_session_of_the_provider_is_no_fresh_proof(cast, harbors, issuer, told):
    """Else whoever finds a screen open signs out and in once more, and does what weighs most."""
    send("POST", f"{issuer}/next", {"claims": told | {"amr": ["mfa"]}})
    browser = Client()
    browser.get(back(browser, "olga@harbor.example"))
    page = reverse("people:machine_new")
    assert browser.get(page).status_code == 200
    typed = {"purpose": "Board", "scopes": ["figures:read"], "roles": ["analyst"], "last_day": "2030-01-01"}
    assert browser.post(page, typed).headers["Location"].startswith(reverse("people:proof"))


def test_a_page_that_wants_a_fresh_proof_has_the_provider_ask_for_one(cast, harbors, issuer):
    page = reverse("people:machine_new")
    out = way_out(Client(), "olga@harbor.example", then=page)
    assert "max_age" not in out
    browser = Client()
    out = way_out(browser, "olga@harbor.example", then=f"{page}?proven=1")
    assert ("prompt=login" in out, "max_age=0" in out) == (True, True)
    send("POST", f"{issuer}/next", {"claims": {"amr": ["mfa"], "auth_time": int(time.time())}})
    _status, location, _text = send("GET", out)
    assert browser.get(inside(location)).headers["Location"] == f"{page}?proven=1"
    assert browser.post(page, {}).status_code == 422
