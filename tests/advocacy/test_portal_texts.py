"""The portal's code as a text message: to a number that is safe, under an agreement that stands, and never more than the code."""

from __future__ import annotations

import json
import re
from datetime import time, timedelta

import pytest
from django.conf import settings as ours
from django.test import Client
from django.utils import timezone

from advocacy import texts
from advocacy.people.models import Consent, Contact
from advocacy.tenancy.scope import _scope, scoped_to
from advocacy.texts import NotSent, international, send_text
from tests.cast import NOW
from tests.oidc.serving import hostile, send
from tests.portal import code_in

SIGN_IN, CODE, HOME = "/portal/sign-in/", "/portal/sign-in/code/", "/portal/"
DANA = {"email": "dana@mail.example", "way": "text"}


@pytest.fixture
def folder(settings, tmp_path):
    settings.TEXTS, settings.TEXT_DIR = "folder", str(tmp_path)
    return tmp_path


@pytest.fixture
def dana(cast, portal_people):
    """Her number for text messages, and her agreement to be contacted. A browser stands ready, outside any scope."""
    patient = cast.case.patient
    contact = Contact.objects.create(patient=patient, kind="text", value="(503) 555-0142", is_safe=True)
    consent = Consent.objects.create(
        patient=patient, kind="contact", method="oral", signed_on=NOW.date(), recorded_at=NOW
    )
    token = _scope.set(None)
    yield {"contact": contact, "consent": consent, "organization": cast.harbor}
    _scope.reset(token)


def change(dana, what: str, **values):
    row = dana[what]
    with scoped_to(dana["organization"].pk, actor="system:test", actor_label="test"):
        type(row).objects.filter(pk=row.pk).update(**values)


def sent(folder) -> list[str]:
    return [path.read_text() for path in sorted(folder.iterdir())]


def test_the_code_comes_to_her_telephone_and_signs_in(dana, folder, mailoutbox):
    browser = Client()
    assert "As a text message" in browser.get(SIGN_IN).content.decode()
    assert browser.post(SIGN_IN, DANA).headers["Location"] == CODE
    (text,) = sent(folder)
    assert re.fullmatch(
        r"To: \+15035550142\n\nYour sign-in code: \d{4}-\d{4}\. It works for 15 minutes\.\n", text
    )
    assert mailoutbox == []
    assert browser.post(CODE, {"code": code_in(text)}).headers["Location"] == HOME


def test_in_her_language(dana, folder, mailoutbox):
    browser = Client(headers={"accept-language": "es"})
    browser.post("/portal/language/", {"language": "es"})
    browser.post(SIGN_IN, DANA)
    assert "Su código para entrar" in sent(folder)[0]


@pytest.mark.parametrize(
    ("what", "values"),
    [
        ("contact", {"is_safe": False}),
        ("contact", {"ended_at": timezone.now()}),
        ("contact", {"kind": "phone"}),
        ("contact", {"until_time": time(0, 1)}),
        ("consent", {"revoked_at": timezone.now()}),
        ("consent", {"expires_on": NOW.date() + timedelta(days=1)}),
        ("consent", {"kind": "release", "method": "paper"}),
    ],
)
def test_where_none_may_be_texted_the_mail_goes(dana, folder, mailoutbox, what, values):
    change(dana, what, **values)
    Client().post(SIGN_IN, DANA)
    assert (sent(folder), [m.to for m in mailoutbox]) == ([], [["dana@mail.example"]])


@pytest.mark.parametrize("email", ["rosa@mail.example", "dana@mail.example"])
def test_nor_for_who_helps_or_who_did_not_choose_it(dana, folder, mailoutbox, email):
    Client().post(SIGN_IN, {"email": email} | ({"way": "text"} if email.startswith("rosa") else {}))
    assert (sent(folder), [m.to for m in mailoutbox]) == ([], [[email]])


def test_a_stranger_gets_the_same_page_and_nothing_is_sent(dana, folder, mailoutbox):
    known, other = Client(), Client()
    answers = []
    for browser, email in ((known, "dana@mail.example"), (other, "nobody@mail.example")):
        answer = browser.post(SIGN_IN, DANA | {"email": email})
        page = re.sub(r'value="[^"]{64}"', "", browser.get(CODE).content.decode())
        answers.append((answer.status_code, answer.headers["Location"], page))
    assert answers[0] == answers[1]
    assert (len(sent(folder)), mailoutbox) == (1, [])


def test_without_a_sender_nobody_is_offered_it(dana, mailoutbox):
    browser = Client()
    assert "text message" not in browser.get(SIGN_IN).content.decode()
    browser.post(SIGN_IN, DANA)
    assert [m.to for m in mailoutbox] == [["dana@mail.example"]]


class Broken:
    def send(self, number: str, text: str) -> None:
        raise NotSent("busy")


class Failing:
    def send(self, number: str, text: str) -> None:
        raise OSError(f"no way to {number}")


@pytest.mark.parametrize("sender", ["Broken", "Failing", "Misspelled"])
def test_a_sender_that_fails_keeps_nobody_out(dana, settings, mailoutbox, caplog, sender):
    settings.TEXTS = f"{__name__}.{sender}"
    Client().post(SIGN_IN, DANA)
    assert len(mailoutbox) == 1
    assert "555" not in caplog.text


def test_a_service_gets_number_text_and_token_and_nothing_else(settings):
    with hostile() as server:
        settings.OUTGOING_LOOPBACK, settings.TEXTS = True, "https"
        settings.TEXT_URL, settings.TEXT_TOKEN, settings.TEXT_FROM = f"{server}/texts", "word", "55512"
        send_text("503-555-0142", "Your sign-in code: 1234-5678.")
        told = json.loads(send("GET", f"{server}/texts")[2])
        assert told == {
            "body": {"to": "+15035550142", "from": "55512", "text": "Your sign-in code: 1234-5678."},
            "bearer": "Bearer word",
        }
        send("POST", f"{server}/next", {"texts": 500})
        with pytest.raises(NotSent):
            send_text("503-555-0142", "x")
        settings.OUTGOING_LOOPBACK = False
        with pytest.raises(NotSent):
            send_text("503-555-0142", "x")


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("(503) 555-0142", "+15035550142"),
        ("1 503 555 0142", "+15035550142"),
        ("+52 55 5555 0142", "+525555550142"),
        ("555-0142", ""),
        ("503 555 0142 ext 12", ""),
        ("+0 503 555 0142", ""),
        ("nothing", ""),
    ],
)
def test_a_number_is_whole_or_none(typed, number):
    assert international(typed) == number


def test_senders_are_those_that_are_described():
    described = (ours.BASE_DIR / "docs" / "operations.md").read_text()
    assert all(f"`{name}`" in described for name in texts.SENDERS)
