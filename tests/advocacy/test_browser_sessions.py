"""How long a sign-in lasts, where somebody is signed in, ending it from elsewhere, and what the trail says of the door."""

from __future__ import annotations

import time

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.test import Client
from django.test.signals import template_rendered
from django.urls import reverse

from advocacy.audit.models import Event
from advocacy.people import lockout
from advocacy.people.models import BrowserSession, Draft, User
from advocacy.people.queries import SESSION_KEY
from advocacy.people.session_store import SessionStore
from advocacy.people.sessions import BEGUN, browser_in_words
from advocacy.portal import COOKIE, SEEN
from tests.cast import PASSWORD, Cast
from tests.portal import come_in

LOGIN = "/accounts/login/"
NEW = "/admin/patients/new/"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5"
    " Mobile/15E148 Safari/604.1"
)


def enter(cast: Cast, who: str, agent: str = FIREFOX, password: str = PASSWORD) -> Client:
    """Somebody at a browser of their own who signs in on the page."""
    client = Client(headers={"user-agent": agent})
    client.post(LOGIN, {"login": cast.users[who].email, "password": password})
    return client


def age(client: Client, cookie: str = "sessionid", **seconds: int) -> None:
    """The session was last used, or began, so many seconds ago."""
    session = SessionStore(client.cookies[cookie].value)
    for key, ago in seconds.items():
        session[{"seen": SEEN, "begun": BEGUN}[key]] = int(time.time()) - ago
    session.save()


def said(verb: str) -> list[dict[str, object]]:
    return [e.data for e in Event.objects.filter(verb=verb).order_by("id")]


@pytest.mark.parametrize(
    ("limit", "why", "words"),
    [({"seen": 1801}, "idle", "nothing was done"), ({"begun": 36_001}, "long", "had lasted as long")],
)
def test_a_session_at_the_desk_ends_by_itself_and_keeps_what_was_sent(cast, limit, why, words):
    nora = enter(cast, "nora")
    age(nora, seen=1700, begun=35_900)
    assert nora.get(NEW).status_code == 200
    age(nora, **limit)
    answer = nora.post(NEW, {"draft_key": "patient:new", "given_name": "Marisol"})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{LOGIN}?next={NEW}")
    assert words in nora.get(LOGIN).content.decode()
    assert said("signed_out") == [{"by": why}]
    nora.post(f"{LOGIN}?next={NEW}", {"login": cast.users["nora"].email, "password": PASSWORD})
    assert 'value="Marisol"' in nora.get(NEW).content.decode()
    assert Draft.objects.get().user_id == cast.users["nora"].pk
    assert words not in nora.get(LOGIN).content.decode()


@pytest.mark.parametrize(("cookie", "address"), [("sessionid", NEW), (COOKIE, "/portal/")])
def test_an_answer_made_while_another_tab_ends_the_session_goes_out_and_leaves_the_cookie_alone(
    cast, portal_people, cookie, address
):
    browser = enter(cast, "nora") if cookie == "sessionid" else come_in("dana@mail.example")
    age(browser, cookie, seen=100)  # long enough ago that the answer writes the session

    def end_it(**_said: object) -> None:
        BrowserSession.objects.all().delete()

    template_rendered.connect(end_it)
    try:
        answer = browser.get(address)
    finally:
        template_rendered.disconnect(end_it)
    assert (answer.status_code, cookie in answer.cookies) == (200, False)
    assert browser.get(address).status_code == 302


def test_what_is_done_puts_the_end_off_and_asking_does_not(cast):
    nora = enter(cast, "nora")
    age(nora, seen=1000)
    asked = nora.get("/accounts/session/").json()
    assert (asked["signed_in"], asked["extends"], 795 <= asked["left"] <= 800) == (True, True, True)
    assert nora.get("/accounts/session/").json()["left"] <= 800
    assert nora.post("/accounts/session/").json()["left"] >= 1795
    age(nora, seen=1000)
    page = nora.get(NEW)
    assert page.context["session_left"] >= 1795
    assert page.context["session_who"] == asked["who"]
    age(nora, begun=35_000, seen=0)
    assert nora.post("/accounts/session/").json()["extends"] is False
    age(nora, seen=1801)
    assert nora.get("/accounts/session/").json() == {"signed_in": False}


@pytest.mark.long
def test_signing_in_again_leads_to_where_one_worked_and_shows_who_it_is(cast):
    nora = enter(cast, "nora")
    who = nora.get(NEW).context["session_who"]
    age(nora, seen=1801)
    assert nora.get("/accounts/signed-in/").headers["Location"].startswith(LOGIN)
    for person, same in (("nils", False), ("nora", True)):
        nora.post("/accounts/logout/")
        nora.post(
            f"{LOGIN}?next=/accounts/signed-in/", {"login": cast.users[person].email, "password": PASSWORD}
        )
        assert (f'data-signed-in="{who}"' in nora.get("/accounts/signed-in/").content.decode()) == same
    nora.get(NEW)
    age(nora, seen=1801)
    nora.post(LOGIN, {"login": cast.users["nora"].email, "password": PASSWORD})
    assert nora.session[SESSION_KEY] == str(cast.harbor.public_id)


def test_a_colleague_sees_and_ends_their_browsers(cast):
    here, phone, third = enter(cast, "nora"), enter(cast, "nora", SAFARI), enter(cast, "nora")
    other = enter(cast, "nils")
    listed = here.get("/admin/sessions/").context["browsers"]
    assert next((b.words, b.here) for b in listed) == ("Firefox, Windows", True)
    assert sorted(b.words for b in listed) == ["Firefox, Windows", "Firefox, Windows", "Safari, iPhone"]
    page = here.get("/admin/sessions/").content.decode()
    assert not any(row.session_key in page for row in BrowserSession.objects.all())
    handle = next(b.handle for b in listed if b.words == "Safari, iPhone")
    assert other.post("/admin/sessions/", {"which": handle}).status_code == 409
    assert here.post("/admin/sessions/", {"which": handle}).status_code == 302
    assert [c.get(NEW).status_code for c in (here, phone, third)] == [200, 302, 200]
    assert here.post("/admin/sessions/", {"which": "others"}).status_code == 302
    assert [c.get(NEW).status_code for c in (here, third, other)] == [200, 302, 200]
    assert here.post("/admin/sessions/", {"which": "all"}).headers["Location"] == LOGIN
    assert here.get(NEW).status_code == 302
    assert [d["browsers"] for d in said("session_ended")] == [1, 1, 1]


def test_whoever_keeps_the_members_signs_a_colleague_out(cast, sign_in):
    nora = enter(cast, "nora")
    page = reverse("people:member_sign_in", args=[cast.members["nora"].public_id])
    assert sign_in("sam").get(page).status_code == 403
    olga = sign_in("olga")
    assert olga.get(page).context["signed_in"] == 1
    assert olga.post(page, {"act": "sign_out"}).status_code == 302
    assert nora.get(NEW).status_code == 302
    assert olga.post(page, {"act": "sign_out"}).status_code == 409
    assert said("session_ended") == [{"browsers": 1, "own": False}]


def test_after_ten_wrong_tries_the_account_is_shut_told_and_opened(cast, sign_in, settings):
    settings.ACCOUNT_RATE_LIMITS = False
    wrong = "wrong-passphrase-1"
    for _n in range(10):
        enter(cast, "nora", password=wrong)
    assert "sessionid" not in enter(cast, "nora").cookies or enter(cast, "nora").get(NEW).status_code == 302
    (sent,) = mail.outbox
    assert (sent.to, "10 times" in sent.body) == (["nora@harbor.example"], True)
    assert "Nora" not in sent.body + sent.subject and "Harbor" not in sent.body + sent.subject
    assert [d["factor"] for d in said("sign_in_failed")] == ["passphrase"] * 10
    assert said("sign_in_shut") == [{"tries": 10}]
    page = reverse("people:member_sign_in", args=[cast.members["nora"].public_id])
    assert "Shut until" in sign_in("olga").get(page).content.decode()
    assert sign_in("olga").post(page, {"act": "open"}).status_code == 302
    assert sign_in("olga").post(page, {"act": "open"}).status_code == 409
    assert enter(cast, "nora").get(NEW).status_code == 200
    assert len(said("sign_in_opened")) == 1


@pytest.mark.long
def test_an_address_nobody_has_is_shut_in_the_same_way(cast, settings):
    settings.ACCOUNT_RATE_LIMITS = False
    answers = {}
    for address in ("nora@harbor.example", "nobody@harbor.example"):
        client = Client()
        for _n in range(10):
            client.post(LOGIN, {"login": address, "password": "wrong-passphrase-1"})
        last = client.post(LOGIN, {"login": address, "password": PASSWORD})
        answers[address] = (last.status_code, last.context["form"].non_field_errors())
        assert lockout.shut_until(address) is not None
    assert len({str(answer) for answer in answers.values()}) == 1
    assert [m.to for m in mail.outbox] == [["nora@harbor.example"]]


def test_a_patient_is_told_nothing_about_a_passphrase_they_do_not_have(cast):
    patient = User.objects.create(email="dana@mail.example", name="Dana")
    for address in (patient.email, "nora@harbor.example"):
        lockout.tell_of_failure(address, request=None, factor="passphrase", shut=True)
    assert [m.to for m in mail.outbox] == [["nora@harbor.example"]]


@pytest.mark.long
def test_wrong_codes_shut_it_too_and_a_new_passphrase_opens_it(cast, settings):
    settings.ACCOUNT_RATE_LIMITS = False
    TOTP.activate(cast.users["nora"], generate_totp_secret())
    nora = enter(cast, "nora")
    for _n in range(10):
        nora.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert [d["factor"] for d in said("sign_in_failed")] == ["totp"] * 10
    assert lockout.shut_until("Nora@Harbor.example") is not None
    lockout.forget("nora@harbor.example")
    assert lockout.shut_until("nora@harbor.example") is None


def test_the_door_leaves_its_trail(cast):
    nora = enter(cast, "nora")
    nora.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": "x", "password2": "x"})
    nora.post("/accounts/logout/")
    enter(cast, "nora", password="wrong-passphrase-1")
    Client().post(LOGIN, {"login": "nobody@harbor.example", "password": "wrong-passphrase-1"})
    seen = [
        (e.verb, e.actor, e.actor_label, e.subject_id, e.data)
        for e in Event.objects.filter(subject_table="people_membership", kind="verb").order_by("id")
        if e.verb.startswith("sign")
    ]
    who, member = f"user:{cast.users['nora'].pk}", cast.members["nora"].pk
    assert seen == [
        ("signed_in", who, "Nora Navigator", member, {"by": ["password"]}),
        ("signed_out", who, "Nora Navigator", member, {"by": "hand"}),
        ("sign_in_failed", "system:sign-in", "Somebody at the sign-in", member, {"factor": "passphrase"}),
    ]


@pytest.mark.parametrize("common", ["password1234", "qwertyuiop123", "1q2w3e4r5t6y"])
def test_a_passphrase_that_many_people_have_is_refused(cast, common):
    nora = enter(cast, "nora")
    typed = {"oldpassword": PASSWORD, "password1": common, "password2": common}
    answer = nora.post("/accounts/password/change/", typed)
    assert "too common" in str(answer.context["form"].errors)
    assert said("factor_changed") == []
    fine = typed | {"password1": "a mill beside the canal", "password2": "a mill beside the canal"}
    assert nora.post("/accounts/password/change/", fine).status_code == 302
    assert said("factor_changed") == [{"factor": "passphrase", "what": "changed"}]


def test_in_the_portal_too(portal_people):
    dana, tablet = (
        come_in("dana@mail.example"),
        come_in("dana@mail.example", Client(headers={"user-agent": SAFARI})),
    )
    page = reverse("portal:sessions")
    listed = dana.get(page).context["browsers"]
    assert [(b.words, b.here) for b in listed] == [("", True), ("Safari, iPhone", False)]
    assert ".m.." not in dana.get(page).content.decode(), "the hour ends with its own point"
    assert dana.post(page, {"which": "none"}).status_code == 409
    assert dana.post(page, {"which": listed[1].handle}).status_code == 302
    assert [c.get("/portal/").status_code for c in (dana, tablet)] == [200, 302]
    assert dana.get("/portal/session/").json()["signed_in"] is True
    who = dana.get("/portal/").context["session_who"]
    assert f'data-signed-in="{who}"' in dana.get("/portal/signed-in/").content.decode()
    age(dana, COOKIE, begun=86_401)
    assert dana.get("/portal/session/").json() == {"signed_in": False}
    assert "some time had passed" in dana.get("/portal/sign-in/").content.decode()
    again = come_in("dana@mail.example")
    assert again.post(page, {"which": "all"}).status_code == 302
    assert again.get("/portal/").status_code == 302


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox, Windows"),
        (SAFARI, "Safari, iPhone"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/128.0.0.0 Safari/537.36",
            "Chrome, Linux",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/128.0 Safari/537.36 Edg/128.0", "Edge, Windows"),
        ("curl/8.5.0", ""),
        ("<script>alert(1)</script>", ""),
    ],
)
def test_browsers_in_words(agent, words):
    assert browser_in_words(agent) == words
