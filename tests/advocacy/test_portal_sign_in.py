"""Signing in to the portal: by an e-mailed code, telling strangers nothing, and never into the desk."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.people.models import PortalAccess
from advocacy.people.portal_access import portal_accesses_of
from advocacy.people.portal_codes import LIVES_SECONDS, STATE, TRIES
from advocacy.portal import COOKIE, USER
from advocacy.tenancy.scope import scoped_to
from tests.cast import PASSWORD, release
from tests.portal import code_in, come_in, give_access

HOME, SIGN_IN, CODE = "/portal/", "/portal/sign-in/", "/portal/sign-in/code/"
DESK = "/admin/today/"


@pytest.fixture
def outside(portal_people):
    """A browser, with nobody's scope around it."""
    from advocacy.tenancy.scope import _scope

    token = _scope.set(None)
    yield Client()
    _scope.reset(token)


def session_of(client: Client):
    from advocacy.people.session_store import SessionStore

    return SessionStore(client.cookies[COOKIE].value)


def test_a_code_signs_in(outside: Client, mailoutbox):
    answer = outside.get(HOME)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{SIGN_IN}?next=%2Fportal%2F")
    outside.post(SIGN_IN, {"email": "  Dana@Mail.example "})
    (sent,) = mailoutbox
    assert (sent.to, sent.subject) == (["dana@mail.example"], "Your sign-in code")
    assert "Harbor" not in sent.body + sent.subject
    answer = outside.post(CODE, {"code": code_in(sent.body).replace("-", " ")})
    assert (answer.status_code, answer.headers["Location"]) == (302, HOME)
    assert outside.get(HOME).status_code == 200


def test_where_somebody_wanted_to_go(outside: Client, mailoutbox):
    outside.post(f"{SIGN_IN}?next=/portal/for/", {"email": "dana@mail.example"})
    answer = outside.post(CODE, {"code": code_in(mailoutbox[0].body)})
    assert answer.headers["Location"] == "/portal/for/"


@pytest.mark.parametrize(
    "wanted", ["https://elsewhere.example/portal/", "//elsewhere.example", "/admin/", "javascript:x"]
)
def test_the_way_in_leads_nowhere_else(outside: Client, mailoutbox, wanted: str):
    outside.post(f"{SIGN_IN}?next={wanted}", {"email": "dana@mail.example"})
    assert outside.post(CODE, {"code": code_in(mailoutbox[0].body)}).headers["Location"] == HOME


@pytest.mark.parametrize("email", ["nobody@mail.example", "nora@harbor.example"])
def test_a_stranger_gets_the_same_answer_and_no_mail(outside: Client, mailoutbox, email: str):
    """A stranger, and a colleague without an access of their own: same pages, same statements, no mail."""
    known, other = Client(), Client()
    seen = []
    for client, address in ((known, "dana@mail.example"), (other, email)):
        with CaptureQueriesContext(
            connection,
        ) as statements:
            answer = client.post(SIGN_IN, {"email": address})
        page = client.get(CODE)
        wrong = client.post(CODE, {"code": "0000-0000"})
        seen.append(
            (
                answer.status_code,
                answer.headers["Location"],
                len(statements),
                page.content.count(b"<"),
                wrong.status_code,
                wrong.content.count(b"<"),
                sorted(answer.cookies),
            )
        )
    assert seen[0] == seen[1]
    assert [m.to for m in mailoutbox] == [["dana@mail.example"]]
    assert USER not in session_of(other)


def test_the_mail_leaves_after_the_answer(outside: Client, mailoutbox, rf):
    """How long a mail server takes, nobody outside can measure."""
    from advocacy.people.portal_codes import AfterAnswer, ask_for_code
    from advocacy.people.session_store import SessionStore

    request = rf.post(SIGN_IN)
    request.session = SessionStore()
    then = ask_for_code(request, "dana@mail.example")
    assert mailoutbox == []
    answer = AfterAnswer(CODE, then)
    assert mailoutbox == []
    answer.close()
    answer.close()
    assert len(mailoutbox) == 1


def test_asking_often_is_stopped_for_known_and_unknown_alike(outside: Client, mailoutbox):
    statuses = {
        address: [Client().post(SIGN_IN, {"email": address}).status_code for _n in range(7)]
        for address in ("dana@mail.example", "nobody@mail.example")
    }
    assert statuses == {a: [302] * 5 + [429] * 2 for a in statuses}
    assert len(mailoutbox) == 5


def test_a_code_is_tried_a_few_times_only(outside: Client, mailoutbox):
    outside.post(SIGN_IN, {"email": "dana@mail.example"})
    code = code_in(mailoutbox[0].body)
    wrong = "1111-1111" if code != "1111-1111" else "2222-2222"
    assert [outside.post(CODE, {"code": wrong}).status_code for _n in range(TRIES)] == [422] * TRIES
    assert outside.post(CODE, {"code": code}).status_code == 422
    assert outside.get(HOME).status_code == 302


def test_a_code_expires(outside: Client, mailoutbox):
    outside.post(SIGN_IN, {"email": "dana@mail.example"})
    session = session_of(outside)
    session[STATE] = session[STATE] | {"at": int(time.time()) - LIVES_SECONDS - 1}
    session.save()
    assert outside.post(CODE, {"code": code_in(mailoutbox[0].body)}).status_code == 422


def test_a_code_works_once_and_in_its_own_browser_only(outside: Client, mailoutbox):
    outside.post(SIGN_IN, {"email": "dana@mail.example"})
    code, other = code_in(mailoutbox[0].body), Client()
    other.post(SIGN_IN, {"email": "nobody@mail.example"})
    assert other.post(CODE, {"code": code}).status_code == 422
    before = outside.cookies[COOKIE].value
    assert outside.post(CODE, {"code": code}).status_code == 302
    assert outside.cookies[COOKIE].value != before
    outside.post("/portal/sign-out/")
    assert outside.post(CODE, {"code": code}).headers["Location"] == SIGN_IN


def test_codes_are_kept_as_a_keyed_hash(outside: Client, mailoutbox):
    outside.post(SIGN_IN, {"email": "dana@mail.example"})
    code = code_in(mailoutbox[0].body)
    kept = str(dict(session_of(outside).items()))
    assert code not in kept
    assert code.replace("-", "") not in kept
    assert "dana" not in kept


# --- Two doors ---


def test_a_colleague_who_is_a_patient_too_gets_no_desk_by_a_code(cast, portal_people, mailoutbox):
    """Nora has a second factor at the desk and an access of her own: a code from her mailbox must not pass it by."""
    TOTP.activate(cast.users["nora"], generate_totp_secret())
    give_access(cast.case.patient, "nora@harbor.example")
    nora = come_in("nora@harbor.example")
    assert nora.get(HOME).status_code == 200
    for url in (DESK, "/", "/accounts/email/", "/accounts/2fa/", "/accounts/password/change/", "/admin/"):
        answer = nora.get(url, follow=False)
        assert answer.status_code == 302, url
        assert nora.get(url, follow=True).request["PATH_INFO"] == reverse("account_login"), url


def test_a_portal_session_is_worth_nothing_under_the_desks_cookie(cast, portal_people, mailoutbox):
    give_access(cast.case.patient, "nora@harbor.example")
    nora = come_in("nora@harbor.example")
    key = nora.cookies[COOKIE].value
    thief = Client()
    thief.cookies["sessionid"] = key
    assert thief.get(DESK).status_code == 302
    assert thief.get("/accounts/email/").status_code == 302


def test_a_desk_session_opens_no_portal(cast, sign_in, portal_people):
    give_access(cast.case.patient, "nora@harbor.example")
    nora = sign_in("nora")
    assert nora.get(HOME).status_code == 302
    thief = Client()
    thief.cookies[COOKIE] = nora.cookies["sessionid"].value
    assert thief.get(HOME).status_code == 302


def test_both_doors_at_once_and_signing_out_of_one(cast, sign_in, portal_people, mailoutbox):
    nora = come_in("dana@mail.example", sign_in("nora"))
    assert [nora.get(u).status_code for u in (DESK, HOME)] == [200, 200]
    nora.post("/portal/sign-out/")
    assert [nora.get(u).status_code for u in (DESK, HOME)] == [200, 302]


def test_a_patient_who_sets_a_password_finds_nothing_at_the_desk(cast, portal_people):
    user = portal_people["dana"].user
    user.set_password(PASSWORD)
    user.save()
    client = Client()
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert client.get(DESK).status_code == 403
    assert client.get("/admin/").status_code in (302, 403)
    assert client.get(reverse("people:patient", args=[cast.case.patient.public_id])).status_code == 403


def test_portal_cookies(outside: Client, mailoutbox):
    come_in("dana@mail.example", outside)
    cookie = outside.cookies[COOKIE]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/portal/", True, "Lax")
    assert cookie["max-age"] == 12 * 60 * 60


# --- What ends it ---


def test_an_ended_access_opens_nothing_from_the_next_request_on(cast, portal_people, enter):
    dana, rosa = enter("dana"), enter("rosa")
    assert [c.get(HOME).status_code for c in (dana, rosa)] == [200, 200]
    PortalAccess.objects.filter(pk=portal_people["dana"].pk).update(ended_at=timezone.now())
    PortalAccess.objects.filter(pk=portal_people["rosa"].pk).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )
    assert [c.get(HOME).status_code for c in (dana, rosa)] == [302, 302]


def test_the_access_goes_with_the_consent_it_rests_on(cast, portal_people):
    consent = release(
        cast.case.patient, kind="representation", expires_on=timezone.now().date() + timedelta(days=3)
    )
    access = portal_people["rosa"]
    access.consent = consent
    access.save(update_fields=["consent"])
    assert len(portal_accesses_of(access.user_id)) == 1
    type(consent).objects.filter(pk=consent.pk).update(revoked_at=timezone.now())
    assert portal_accesses_of(access.user_id) == ()
    type(consent).objects.filter(pk=consent.pk).update(
        revoked_at=None, expires_on=timezone.now().date() - timedelta(days=2)
    )
    assert portal_accesses_of(access.user_id) == ()


def test_a_suspended_account_opens_nothing(portal_people, enter):
    dana = enter("dana")
    user = portal_people["dana"].user
    user.is_active = False
    user.save(update_fields=["is_active"])
    assert dana.get(HOME).status_code == 302


# --- For whom ---


def test_with_several_accesses_somebody_chooses(cast, portal_people, mailoutbox):
    with scoped_to(cast.meadow.pk, actor="system:test", actor_label="test"):
        give_access(cast.meadow_case.patient, "dana@mail.example", kind="representative")
    dana = come_in("dana@mail.example")
    answer = dana.get(HOME)
    assert answer.headers["Location"] == "/portal/for/?next=%2Fportal%2F"
    page = dana.get("/portal/for/").content.decode()
    assert "My own: Dana Whitlock" in page
    assert "I help: Wren Castellano" in page
    live = portal_accesses_of(portal_people["dana"].user_id)
    meadow = next(a for a in live if a.organization_id == cast.meadow.pk)
    assert dana.post("/portal/for/", {"access": str(meadow.access_public_id)}).headers["Location"] == HOME
    page = dana.get(HOME).content.decode()
    assert "Meadow Coverage Project" in page
    assert "Harbor" not in page


def test_another_persons_access_cannot_be_chosen(portal_people, enter):
    dana = enter("dana")
    assert dana.post("/portal/for/", {"access": str(portal_people["rosa"].public_id)}).status_code == 422


# --- Trail and language ---


def test_signing_in_and_reading_stand_in_the_trail_without_a_name(cast, portal_people, enter):
    dana = enter("dana")
    dana.get(HOME)
    label = f"Patient {cast.case.patient.reference}"
    events = Event.objects.filter(actor=f"user:{portal_people['dana'].user_id}").exclude(kind="row")
    assert [(e.verb, e.actor_label) for e in events.order_by("id")] == [
        ("portal_signed_in", label),
        ("read_page", label),
    ]
    assert PortalAccess.objects.get(pk=portal_people["dana"].pk).first_used_at is not None


def test_the_language_of_the_access_the_choice_and_the_browser(cast, portal_people, mailoutbox):
    with scoped_to(cast.harbor.pk):
        PortalAccess.objects.filter(pk=portal_people["dana"].pk).update(language="es")
    dana = come_in("dana@mail.example")
    assert mailoutbox[-1].subject == "Su código para entrar"
    page = dana.get(HOME)
    assert ('<html lang="es">' in page.content.decode(), page.headers["Content-Language"]) == (True, "es")
    assert "data-unreviewed" in page.content.decode()
    dana.post("/portal/language/", {"language": "en", "next": HOME})
    page = dana.get(HOME).content.decode()
    assert '<html lang="en">' in page
    assert "data-unreviewed" not in page
    with scoped_to(cast.harbor.pk):
        assert PortalAccess.objects.get(pk=portal_people["dana"].pk).language == "en"
    stranger = Client(headers={"accept-language": "es-MX,es;q=0.9,en;q=0.5"})
    assert '<html lang="es">' in stranger.get(SIGN_IN).content.decode()
    assert '<html lang="en-us">' in stranger.get(reverse("account_login")).content.decode()


def test_signed_out_the_language_stays(enter):
    dana = enter("dana")
    dana.post("/portal/language/", {"language": "es", "next": HOME})
    dana.post("/portal/sign-out/")
    assert '<html lang="es">' in dana.get(SIGN_IN).content.decode()
    assert mail.outbox
