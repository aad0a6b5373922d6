"""A fresh proof before what weighs most; the form that asked comes back with what was typed, and nothing was done meanwhile."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.people.models import BreakGlass, CalendarFeed, Invitation, MachineClient, Membership
from advocacy.people.step_up import PROVEN
from cases.commands.access import restrict_case
from cases.commands.search_text import index_case
from tests.cast import PASSWORD, Cast

LONG_AGO = time.time() - 3600
WHY = "She collapsed in the waiting room."


@pytest.fixture
def late(sign_in):
    """`late("olga")` is signed in, and proved who she is an hour ago."""

    def browser(who: str) -> Client:
        client = sign_in(who)
        session = client.session
        session[PROVEN] = LONG_AGO
        session.save()
        return client

    return browser


def asks(cast: Cast) -> dict[str, tuple[str, str, dict[str, object], type]]:
    """What weighs most: who, where, what is typed, and the rows that must not be there before the proof."""
    nils = cast.members["nils"]
    return {
        "machine": (
            "olga",
            reverse("people:machine_new"),
            {
                "purpose": "Figures of the county",
                "roles": ["analyst"],
                "scopes": ["figures:read"],
                "last_day": (timezone.now() + timedelta(days=60)).date().isoformat(),
            },
            MachineClient,
        ),
        "invitation": (
            "olga",
            reverse("people:invitation_new"),
            {
                "email": "new@harbor.example",
                "name": "New Colleague",
                "roles": ["navigator"],
                "last_day": "",
                "team": "",
            },
            Invitation,
        ),
        "emergency": (
            "nils",
            reverse("cases:break_glass"),
            {
                "reference": cast.case.patient.reference,
                "hours": "1",
                "reason": WHY,
                "understood": "on",
            },
            BreakGlass,
        ),
        "roles": (
            "olga",
            reverse("admin:people_membership_change", args=[nils.public_id]),
            {
                "roles": ["navigator", "intake"],
                "team": "",
                "last_day": "",
                "ending_role": "",
                "role_last_day": "",
            },
            Membership,
        ),
    }


@pytest.mark.parametrize("what", ["machine", "invitation", "emergency", "roles"])
def test_the_same_form_comes_back_with_what_was_typed(cast: Cast, late, what: str):
    who, page, typed, rows = asks(cast)[what]
    index_case(cast.case)
    restrict_case(actor=cast.sam, case=cast.case, reason="a threat", at=timezone.now())
    browser = late(who)
    before = list(rows.objects.order_by("pk").values())
    asked = browser.post(page, typed)
    assert asked.status_code == 303
    proof = asked.headers["Location"]
    assert proof.startswith(reverse("people:proof"))
    assert list(rows.objects.order_by("pk").values()) == before
    assert browser.get(proof).status_code == 200
    assert browser.post(proof, {"password": "wrong"}).status_code == 422
    back = browser.post(proof, {"password": PASSWORD}).headers["Location"]
    assert back == f"{page}?proven=1"
    shown = browser.get(back)
    form = shown.context["adminform"].form if "adminform" in shown.context else shown.context["form"]
    for name, value in typed.items():
        if value:
            shown_as = form[name].value()
            assert shown_as in (value, [value], value == "on") or str(shown_as) == value, name
    assert list(rows.objects.order_by("pk").values()) == before
    assert browser.post(back, typed).status_code in (201, 302)
    assert list(rows.objects.order_by("pk").values()) != before
    assert Event.objects.filter(verb="proved_again").count() == 1


def test_what_is_too_long_to_keep_is_not_said_to_be_kept(cast: Cast, late, monkeypatch):
    who, page, typed, _rows = asks(cast)["machine"]
    browser = late(who)
    assert (
        "What you typed is kept"
        in browser.get(browser.post(page, typed).headers["Location"]).content.decode()
    )
    monkeypatch.setattr("advocacy.people.step_up.LARGEST", 1)
    proof = browser.post(page, typed).headers["Location"]
    assert "proven" not in proof
    assert "What you typed is kept" not in browser.get(proof).content.decode()


def test_the_words_wait_sealed_and_for_their_author_only(cast: Cast, late):
    _who, page, typed, _rows = asks(cast)["emergency"]
    browser = late("nils")
    browser.post(page, typed)
    kept = [cache.get(key) for key in _keys("step_up:")]
    assert len(kept) == 1
    assert "collapsed" not in str(kept[0])
    other = late("nora")
    assert "collapsed" not in other.get(f"{page}?proven=1").content.decode()


def test_a_secret_address_is_made_after_a_proof_and_revoked_without_one(cast: Cast, late):
    """It opens without a sign-in for a year; taking it away must be quick."""
    page, browser = reverse("appeals:own_notices"), late("nora")
    proof = browser.post(page, {"act": "make"}).headers["Location"]
    assert proof.startswith(reverse("people:proof")) and not CalendarFeed.objects.exists()
    back = browser.post(proof, {"password": PASSWORD}).headers["Location"]
    assert browser.get(back).status_code == 200 and not CalendarFeed.objects.exists()
    assert browser.post(back, {"act": "make"}).status_code == 201
    assert late("nora").post(page, {"act": "revoke"}).status_code == 302
    assert CalendarFeed.objects.get().revoked_at is not None


def test_a_second_factor_is_asked_of_whoever_has_one(cast: Cast, late):
    secret = generate_totp_secret()
    TOTP.activate(cast.users["olga"], secret)
    _who, page, typed, _rows = asks(cast)["machine"]
    browser = late("olga")
    proof = browser.post(page, typed).headers["Location"]
    assert browser.post(proof, {"password": PASSWORD}).status_code == 422
    assert browser.post(page, typed).status_code == 303
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    assert browser.post(proof, {"code": code}).headers["Location"] == f"{page}?proven=1"
    assert browser.post(page, typed).status_code == 201


@pytest.mark.long
def test_a_recovery_code_is_a_proof_once(cast: Cast, late):
    TOTP.activate(cast.users["olga"], generate_totp_secret())
    code = RecoveryCodes.activate(cast.users["olga"]).get_unused_codes()[0]
    proof = reverse("people:proof")
    assert late("olga").post(proof, {"code": code}).headers["Location"] == "/"
    assert late("olga").post(proof, {"code": code}).status_code == 422


def test_whoever_has_neither_signs_in_once_more(cast: Cast, late):
    """Their organization signs them in: there is nothing here to prove it with, and nothing passes without a proof."""
    olga = cast.users["olga"]
    olga.set_unusable_password()
    olga.save()
    _who, page, typed, _rows = asks(cast)["machine"]
    browser = late("olga")
    proof = browser.post(page, typed).headers["Location"]
    shown = browser.get(proof)
    assert shown.context["form"] is None
    assert shown.context["again_url"].startswith(reverse("sso"))
    assert browser.post(proof, {"password": ""}).status_code == 422
    assert browser.post(page, typed).status_code == 303
    browser = late("olga")  # another session: she has signed in once more
    assert browser.get(f"{page}?proven=1").context["form"]["purpose"].value() == typed["purpose"]


def test_nobody_is_asked_for_what_they_may_not_do(cast: Cast, late):
    """A proof does not open anything, and being asked for one tells nothing."""
    for page in (reverse("people:machine_new"), reverse("people:invitation_new")):
        assert late("nora").post(page, {"purpose": "x"}).status_code == 403
    page = reverse("admin:people_membership_change", args=[cast.members["nils"].public_id])
    assert late("nora").post(page, {"roles": ["supervisor"]}).status_code == 403


def test_the_proof_leads_nowhere_else(cast: Cast, late):
    proof = f"{reverse('people:proof')}?next=https://elsewhere.example/"
    assert late("olga").post(proof, {"password": PASSWORD}).headers["Location"] == "/"


def _keys(prefix: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM django_cache WHERE cache_key LIKE %s", [f"%{prefix}%"])
        return [row[0].split(":", 2)[2] for row in cursor.fetchall()]
