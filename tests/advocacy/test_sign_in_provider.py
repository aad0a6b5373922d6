"""Single sign-on of an organization, through a real OpenID provider on loopback: who comes in, as whom, and how far."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.errors import Refused
from advocacy.people.invitations import invite_member
from advocacy.people.models import ExternalIdentity, Membership, SignInProvider, User
from advocacy.people.providers import retire_provider, set_provider
from advocacy.people.queries import PROVIDER_KEY
from advocacy.people.step_up import PROVEN
from advocacy.tenancy.scope import scoped_to
from tests.cast import at_harbor
from tests.oidc.serving import inside, real, send, way_out

NORA, ANN = "nora@harbor.example", "ann@harbor.example"


@pytest.fixture(scope="module")
def issuer():
    with real() as address:
        yield address


@pytest.fixture(autouse=True)
def loopback(settings):
    settings.OUTGOING_LOOPBACK = True


def named(cast, issuer: str, **more) -> SignInProvider:
    """Harbor asks this provider, as olga set it."""
    given = {
        "client_id": "recourse",
        "client_secret": "word",
        "domains": ["harbor.example"],
        "trusts_second_factor": True,
    }
    with at_harbor(cast):
        return set_provider(actor=cast.olga, issuer=issuer, at=timezone.now(), **given | more)


def come(issuer: str, typed: str, *, sub: str = "", browser: Client | None = None, **claims):
    """The whole way: e-mail, the provider's own form, back. The browser and the last answer."""
    browser, sub = browser or Client(), sub or typed
    told = {"email": typed, "email_verified": True} | claims
    assert send("PUT", f"{issuer}/users/{sub}", told)[0] == 204
    out = way_out(browser, typed)
    status, back, _text = send("POST", out, form={"sub": sub})
    assert status == 302
    return browser, browser.get(inside(back))


def works(browser: Client) -> bool:
    return browser.get(reverse("appeals:today")).status_code == 200


def test_a_colleague_comes_in_where_they_are_a_member_and_is_known_again(cast, issuer, mailoutbox):
    provider = named(cast, issuer)
    browser, answer = come(issuer, NORA, sub="n-1", amr=["pwd", "mfa"])
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("home"))
    assert works(browser)
    assert browser.session[PROVIDER_KEY] == {
        "provider": str(provider.public_id),
        "user": cast.users["nora"].pk,
    }
    bound = ExternalIdentity.objects.get()
    assert (bound.user_id, bound.subject) == (cast.users["nora"].pk, "n-1")
    verbs = ["provider_set", "identity_bound", "provider_signed_in"]
    assert [e.verb for e in Event.objects.filter(verb__in=verbs).order_by("id")] == verbs
    # Her address there was changed, and is nobody's here: the subject is what counts.
    again, _answer = come(issuer, "nora.new@harbor.example", sub="n-1", amr=["mfa"])
    assert works(again)
    assert ExternalIdentity.objects.count() == 1


def test_an_address_given_to_somebody_else_there_does_not_open_her_account(cast, issuer):
    named(cast, issuer)
    come(issuer, NORA, sub="n-1", amr=["mfa"])
    browser, answer = come(issuer, NORA, sub="n-2", amr=["mfa"])
    assert (answer.status_code, works(browser)) == (403, False)
    refusal = Event.objects.get(verb="provider_refused")
    assert (refusal.data["code"], refusal.actor_label) == ("subject_differs", "Sign-in provider")


@pytest.mark.parametrize(
    ("email", "claims", "code"),
    [
        (NORA, {"email_verified": False}, "email_not_proven"),
        (NORA, {"email_verified": None}, "email_not_proven"),
        (NORA, {"email": "nora@elsewhere.example"}, "domain_differs"),
        ("stranger@harbor.example", {}, "no_member"),
        ("left@harbor.example", {}, "no_member"),
    ],
)
def test_nobody_is_made_out_of_nothing(cast, issuer, email, claims, code):
    named(cast, issuer)
    left = User.objects.create(email="left@harbor.example", name="Left", is_staff=True)
    with at_harbor(cast):
        past = timezone.now() - timedelta(days=3)
        Membership.objects.create(user=left, roles=["navigator"], starts_at=past, ended_at=past)
    before = User.objects.count()
    browser, answer = come(issuer, email, sub=f"s-{code}-{email}", amr=["mfa"], **claims)
    assert (answer.status_code, works(browser), User.objects.count()) == (403, False, before)
    assert Event.objects.get(verb="provider_refused").data == {"code": code}
    assert ExternalIdentity.objects.count() == 0


def test_an_invited_person_is_asked_and_joins_without_a_passphrase(cast, issuer):
    named(cast, issuer)
    with at_harbor(cast):
        invite_member(actor=cast.olga, email=ANN, name="Ann", roles=["navigator"], at=timezone.now())
    browser, answer = come(issuer, ANN, amr=["mfa"])
    assert answer.headers["Location"] == reverse("sso_join")
    assert not User.objects.filter(email=ANN).exists()
    page = browser.get(reverse("sso_join"))
    assert "Navigator" in page.content.decode()
    assert browser.post(reverse("sso_join"), {"name": ""}).status_code == 422
    assert browser.post(reverse("sso_join"), {"name": "Ann Harper"}).headers["Location"] == reverse("home")
    ann = User.objects.get(email=ANN)
    assert (ann.name, ann.has_usable_password(), works(browser)) == ("Ann Harper", False, True)
    again, _answer = come(issuer, ANN, amr=["mfa"])
    assert works(again)


def test_an_account_that_works_elsewhere_joins_with_its_own_passphrase(cast, issuer):
    """Else an organization would take somebody on by its own word."""
    named(cast, issuer, domains=["meadow.example"])
    with at_harbor(cast):
        invite_member(
            actor=cast.olga, email="mia@meadow.example", name="", roles=["navigator"], at=timezone.now()
        )
    browser, answer = come(issuer, "mia@meadow.example", amr=["mfa"])
    assert (answer.status_code, works(browser)) == (403, False)
    assert Event.objects.get(verb="provider_refused").data == {"code": "account_first"}


def test_an_operators_account_never_comes_in_this_way(cast, issuer):
    named(cast, issuer)
    User.objects.filter(email=NORA).update(is_superuser=True)
    assert not works(come(issuer, NORA, amr=["mfa"])[0])


# -- how far it opens -------------------------------------------------------------------------------------------------
def test_another_organizations_provider_opens_that_organization_only(cast, issuer):
    """Meadow's admin names any provider and any domain. What it says of nora opens Meadow, where she is an analyst."""
    with scoped_to(cast.meadow.pk, actor="system:test", actor_label="test"):
        Membership.objects.create(user=cast.users["nora"], roles=["analyst"], starts_at=timezone.now())
        provider = SignInProvider.objects.create(
            issuer=issuer,
            client_id="recourse",
            client_secret="word",
            domains=["harbor.example"],
            trusts_second_factor=True,
            set_at=timezone.now(),
        )
    browser, _answer = come(issuer, NORA, amr=["mfa"])
    home = browser.get("/", follow=True)
    assert home.context["organization_name"] == "Meadow Coverage Project"
    assert home.context["desk_organizations"] == []
    switch = {"organization": str(cast.harbor.public_id)}
    assert browser.post(reverse("people:switch"), switch).status_code == 404
    assert browser.get(reverse("appeals:case", args=[cast.case.public_id])).status_code in (403, 404)
    for name in ("account_change_password", "account_email", "mfa_index", "mfa_activate_totp"):
        assert browser.get(reverse(name)).status_code == 403, name
    own = Client()
    own.force_login(cast.users["nora"], backend="allauth.account.auth_backends.AuthenticationBackend")
    assert own.get(reverse("appeals:case", args=[cast.case.public_id])).status_code == 200
    assert str(provider.public_id) not in str(dict(own.session))


def test_taken_back_it_lets_nobody_in_and_ends_what_it_began(cast, issuer):
    provider = named(cast, issuer)
    browser, _answer = come(issuer, NORA, amr=["mfa"])
    waiting = Client()
    out = way_out(waiting, NORA)
    with at_harbor(cast):
        retire_provider(actor=cast.olga, at=timezone.now())
    assert not works(browser)
    _status, back, _text = send("POST", out, form={"sub": NORA})
    assert waiting.get(inside(back)).status_code == 403
    assert Client().post(reverse("sso"), {"email": NORA}).status_code == 422
    assert Client().get(reverse("sso_callback", args=[provider.public_id])).status_code == 403


def test_where_it_is_the_only_way_a_passphrase_opens_nothing(cast, issuer, sign_in, capsys):
    named(cast, issuer)
    with pytest.raises(Refused) as refused:
        named(cast, issuer, is_only_way=True, client_secret="")
    assert [r.code for r in refused.value.reasons] == ["not_tried"]
    olga, _answer = come(issuer, "olga@harbor.example", amr=["mfa"], auth_time=int(time.time()))
    form = {
        "issuer": issuer,
        "client_id": "recourse",
        "domains": "harbor.example",
        "trusts_second_factor": "on",
        "is_only_way": "on",
    }
    page = reverse("people:sign_in_provider")
    assert olga.post(page, form).headers["Location"] == page
    with_passphrase = sign_in("nora")
    shut = with_passphrase.get(reverse("appeals:today"))
    assert (shut.status_code, "its own sign-in only" in shut.content.decode()) == (403, True)
    assert works(come(issuer, NORA, amr=["mfa"])[0])
    # Taking the only way back opens passphrases to everybody: that asks for a fresh proof.
    held = olga.session
    held[PROVEN] = 0
    held.save()
    asked = olga.post(page, {"retire": "1"}).headers["Location"]
    assert asked.startswith(reverse("people:proof")) and SignInProvider.objects.get().retired_at is None
    assert olga.get(f"{page}?proven=1").context["form"].errors == {}
    call_command("open_to_passphrases", "harbor")
    assert "opens to passphrases again" in capsys.readouterr().out
    assert works(with_passphrase)


# -- the second factor ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("trusts", "claims", "asked"),
    [
        (True, {"amr": ["pwd", "mfa"]}, False),
        (True, {"acr": "phr"}, False),
        (True, {"amr": ["pwd"]}, True),
        (True, {"acr": "0"}, True),
        (True, {}, True),
        (False, {"amr": ["mfa"], "acr": "phr"}, True),
    ],
)
def test_ours_is_asked_for_unless_theirs_was_and_counts(cast, issuer, settings, trusts, claims, asked):
    settings.SECOND_FACTOR = "required"
    TOTP.activate(cast.users["nora"], generate_totp_secret())
    named(cast, issuer, trusts_second_factor=trusts, strong_acr=["phr"])
    browser, answer = come(issuer, NORA, sub=f"s{trusts}{claims}".replace(" ", ""), **claims)
    assert answer.headers["Location"] == (reverse("mfa_authenticate") if asked else reverse("home"))
    assert works(browser) is not asked


def test_who_has_none_anywhere_sets_ours_up(cast, issuer, settings):
    settings.SECOND_FACTOR = "required"
    cast.users["nora"].set_unusable_password()
    cast.users["nora"].save()
    named(cast, issuer)
    browser, _answer = come(issuer, NORA, sub="n-none")
    there = browser.get(reverse("appeals:today")).headers["Location"]
    assert there == reverse("mfa_activate_totp")
    assert browser.get(there).status_code == 200
    assert browser.get(reverse("account_change_password")).status_code == 403


# -- setting it -------------------------------------------------------------------------------------------------------
def test_the_admin_names_it_and_the_others_are_told(cast, issuer, sign_in, mailoutbox):
    with at_harbor(cast):
        other = User.objects.create(email="second@harbor.example", name="Second", is_staff=True)
        Membership.objects.create(user=other, roles=["organization_admin"], starts_at=timezone.now())
    olga, page = sign_in("olga"), reverse("people:sign_in_provider")
    form = {
        "issuer": issuer,
        "client_id": "recourse",
        "client_secret": "word of ours",
        "domains": "harbor.example",
    }
    assert olga.post(page, form).headers["Location"] == page
    row = SignInProvider.objects.get()
    shown = olga.get(page).content.decode()
    assert (row.client_secret, "word of ours" in shown) == ("word of ours", False)
    assert reverse("sso_callback", args=[row.public_id]) in shown
    assert [m.to for m in mailoutbox] == [["second@harbor.example"]]
    assert "Olga" in mailoutbox[0].body
    # Enter in a field sends the form by its first button: that saves, and takes nothing back.
    (saving,) = (part.partition("</form>")[0] for part in shown.split("<form") if 'name="issuer"' in part)
    assert ("retire" in saving, shown.count('name="retire"')) == (False, 1)
    # Another client is another provider: who was known to the one is not to the other.
    assert olga.post(page, form | {"client_id": "second"}).status_code == 302
    assert [(r.client_id, r.retired_at is None) for r in SignInProvider.objects.order_by("id")] == [
        ("recourse", False),
        ("second", True),
    ]
    assert olga.post(page, {"retire": "1"}).status_code == 302
    assert not SignInProvider.objects.filter(retired_at=None).exists()


def test_a_mail_server_that_is_down_keeps_no_provider_in(cast, issuer, settings):
    named(cast, issuer)
    with at_harbor(cast):
        other = User.objects.create(email="second@harbor.example", name="Second", is_staff=True)
        Membership.objects.create(user=other, roles=["organization_admin"], starts_at=timezone.now())
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody answers there
    with at_harbor(cast):
        assert retire_provider(actor=cast.olga, at=timezone.now()).retired_at is not None


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"issuer": "https://169.254.169.254"}, "issuer"),
        ({"issuer": "https://10.0.0.8/realms/x"}, "issuer"),
        ({"issuer": "ftp://provider.example"}, "issuer"),
        ({"issuer": "https://provider.example/?a=b"}, "issuer"),
        ({"client_secret": ""}, "client_secret"),
        ({"domains": "gmail.com"}, "domains"),
        ({"domains": "harbor"}, "domains"),
    ],
)
def test_what_does_not_hold_stands_at_its_field(cast, issuer, sign_in, typed, field):
    form = {"issuer": issuer, "client_id": "recourse", "client_secret": "word", "domains": "harbor.example"}
    answer = sign_in("olga").post(reverse("people:sign_in_provider"), form | typed)
    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {field})
    assert SignInProvider.objects.count() == 0
