"""A refused form in a browser: led back to its page, where everything typed and every reason stands, for its author only."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from advocacy.audit.models import Event
from advocacy.people import refused_forms
from advocacy.people.models import BrowserSession as Session
from advocacy.people.models import Membership

NEW = "/admin/patients/new/"
TYPED = {
    "given_name": "Marisol",
    "safe_contact_note": "Never before noon.",
    "contacts-TOTAL_FORMS": "0",
    "contacts-INITIAL_FORMS": "0",
}
PAGE = {"HTTP_ACCEPT": "text/html,application/xhtml+xml", "HTTP_REFERER": f"http://testserver{NEW}"}


@pytest.fixture
def nora(cast, sign_in):
    browser = sign_in("nora")
    assert browser.get(NEW).status_code == 200
    return browser


def test_the_browser_is_led_back_and_reload_sends_nothing(nora):
    answer = nora.post(NEW, TYPED, **PAGE)
    assert (answer.status_code, answer.url) == (303, f"{NEW}?refused=1")
    for _again in range(2):
        shown = nora.get(answer.url, **PAGE)
        words = shown.content.decode()
        assert shown.status_code == 200
        assert 'value="Marisol"' in words and "Never before noon." in words
        assert "Nothing was saved. Please correct:" in words
    assert "Marisol" not in nora.get(NEW).content.decode()


def test_a_note_that_waits_meanwhile_is_told_by_the_next_page(nora):
    there = nora.post(NEW, TYPED, **PAGE).url
    back = nora.post("/admin/keys/", {"keys": "off"}, **PAGE | {"HTTP_REFERER": f"http://testserver{there}"})
    assert (back.status_code, back.url) == (302, f"http://testserver{there}")
    note = "Keyboard shortcuts are off."
    said = [note in nora.get(address, **PAGE).content.decode() for address in (there, there, NEW, NEW)]
    assert said == [False, False, True, False]


def test_a_program_is_answered_at_once(nora):
    for headers in (
        {},
        PAGE | {"HTTP_ACCEPT": "application/json"},
        PAGE | {"HTTP_REFERER": "http://testserver/admin/"},
    ):
        assert nora.post(NEW, TYPED, **headers).status_code == 422


def test_what_waits_is_sealed_and_opens_for_its_author_only(cast, nora, sign_in):
    there = nora.post(NEW, TYPED, **PAGE).url
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(cache_key || value, ' ') FROM django_cache")
        stored = cursor.fetchone()[0]
    assert refused_forms.MARK in stored and "Marisol" not in stored
    assert "Marisol" not in str([s.get_decoded() for s in Session.objects.all()])
    assert "Marisol" not in sign_in("nils").get(there, **PAGE).content.decode()
    assert "Marisol" not in sign_in("nora").get(there, **PAGE).content.decode()  # another session of hers


def test_a_form_that_was_mended_is_forgotten(cast, nora):
    there = nora.post(NEW, TYPED, **PAGE).url
    mended = TYPED | {
        "family_name": "Vidal",
        "birth_date": "1980-02-03",
        "time_zone": "America/Los_Angeles",
        "language": "en",
    }
    sent = nora.post(NEW, mended, **PAGE | {"HTTP_REFERER": f"http://testserver{there}"})
    assert sent.status_code == 302, sent.content.decode()[:3000]
    assert "Marisol" not in nora.get(there, **PAGE).content.decode()


def test_whoever_may_no_longer_open_the_page_is_shown_nothing(cast, nora):
    note = f"/admin/cases/{cast.case.public_id}/notes/new/"
    there = nora.post(note, {"body": ""}, **PAGE | {"HTTP_REFERER": f"http://testserver{note}"}).url
    assert nora.get(there, **PAGE).status_code == 200
    reads = Event.objects.filter(kind="read").count()
    Membership.objects.filter(user=cast.users["nora"]).update(roles=["analyst"])
    assert nora.get(there, **PAGE).status_code == 404
    assert Event.objects.filter(kind="read").count() == reads


def test_a_page_without_the_mark_asks_nothing_more(nora):
    def statements(address):
        with CaptureQueriesContext(connection) as seen:
            nora.get(address, **PAGE)
        return [q["sql"] for q in seen if "django_cache" in q["sql"]]

    assert statements(NEW) == []
    assert len(statements(f"{NEW}?refused=1")) == 1
    cache.clear()
