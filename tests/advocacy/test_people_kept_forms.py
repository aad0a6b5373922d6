"""A session ends in the middle of a long form: what was typed waits for its author, and for nobody else."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from django.contrib.messages import INFO
from django.contrib.messages.storage.base import Message
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils.dateformat import format as date_format

from advocacy.people.kept_forms import ELSEWHERE
from advocacy.people.models import BrowserSession as Session
from advocacy.people.models import Draft, User
from advocacy.tenancy.scope import scoped_to
from cases.commands.intake import start_inquiry
from tests.cast import NOW, PASSWORD

PAGE = "/admin/patients/new/"
TYPED = {
    "draft_key": "patient:new",
    "given_name": "Marisol",
    "safe_contact_note": "A long note about how to reach her.",
    "contacts-TOTAL_FORMS": "0",
    "contacts-INITIAL_FORMS": "0",
    "csrfmiddlewaretoken": "x",
    "password": "secret",
}


def enter(browser, email):
    """Sign in the way a person does, on the sign-in page."""
    answer = browser.post(f"/accounts/login/?next={PAGE}", {"login": email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return answer


@pytest.fixture
def browser(cast):
    client = Client()
    enter(client, "nora@harbor.example")
    assert client.get(PAGE).status_code == 200
    return client


def sessions_end():
    Session.objects.all().delete()


def test_the_same_person_finds_the_words_in_the_form(cast, browser):
    sessions_end()
    answer = browser.post(PAGE, TYPED)
    assert (answer.status_code, answer.url) == (302, f"/accounts/login/?next={PAGE}")
    stored = Session.objects.get()
    assert "Marisol" not in str(stored.get_decoded()) and "long note" not in str(stored.get_decoded())
    assert Draft.objects.count() == 0
    assert enter(browser, "nora@harbor.example").url == PAGE
    shown = browser.get(PAGE).content.decode()
    assert "You had been signed out." in shown
    assert 'value="Marisol"' in shown and "A long note about how to reach her." in shown
    draft = Draft.objects.get()
    assert draft.user_id == cast.users["nora"].pk
    assert set(draft.fields) == {
        "given_name",
        "safe_contact_note",
        "contacts-TOTAL_FORMS",
        "contacts-INITIAL_FORMS",
    }
    assert "kept_forms" not in browser.session


def test_a_colleague_at_the_same_machine_gets_nothing_of_it(cast, browser):
    sessions_end()
    browser.post(PAGE, TYPED)
    enter(browser, "nils@harbor.example")
    shown = browser.get(PAGE).content.decode()
    assert "Marisol" not in shown and "signed out" not in shown
    assert Draft.objects.count() == 0
    assert "kept_forms" not in browser.session


def test_the_words_return_to_the_organization_they_were_typed_in(cast, browser):
    from advocacy.people.models import Membership

    with scoped_to(cast.meadow.pk):
        Membership.objects.create(user=cast.users["nora"], roles=["navigator"], starts_at="2026-01-01T00:00Z")
    browser.post("/admin/organization/switch/", {"organization": str(cast.meadow.public_id)})
    browser.get(PAGE)
    sessions_end()
    browser.post(PAGE, TYPED)
    enter(browser, "nora@harbor.example")
    assert browser.get(PAGE).context["organization"] == cast.meadow
    assert Draft.objects.count() == 0
    with scoped_to(cast.meadow.pk):
        assert Draft.objects.count() == 1


def test_a_form_without_a_draft_key_is_kept_under_its_address(cast, browser):
    sessions_end()
    url = f"/admin/patients/{cast.case.patient.public_id}/contacts/new/"
    browser.post(url, {"kind": "phone", "value": "5550137788"})
    enter(browser, "nora@harbor.example")
    assert 'among your <a href="/admin/drafts/">kept forms</a>' in browser.get(url).content.decode()
    listed = browser.get("/admin/drafts/").content.decode()
    assert "5550137788" in listed and f'href="{url}"' in listed
    assert Draft.objects.get().key == f"path:{url}"


def test_a_stranger_and_a_forged_cookie_leave_nothing(cast):
    client = Client()
    client.post(PAGE, TYPED)
    assert Session.objects.count() == 0
    nora = User.objects.get(email="nora@harbor.example")
    client.cookies["recourse_person"] = f"{nora.public_id}:{cast.harbor.public_id}:forged"
    client.post(PAGE, TYPED)
    assert Session.objects.count() == 0


def test_a_post_without_the_csrf_token_is_not_kept(cast, browser):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies["recourse_person"] = browser.cookies["recourse_person"].value
    assert strict.post(PAGE, TYPED).status_code == 403
    assert not any("kept_forms" in s.get_decoded() for s in Session.objects.all())


def test_an_endless_form_is_not_kept(cast, browser):
    sessions_end()
    browser.post(PAGE, TYPED | {"safe_contact_note": "x" * 300_000})
    assert Session.objects.count() == 0


def test_where_else_the_words_are_is_said_only_beside_an_empty_form():
    said = [Message(INFO, "elsewhere, perhaps", extra_tags=ELSEWHERE), Message(INFO, "kept")]
    for shown, told in (({}, True), ({"kept": True}, False), ({"draft_restored": True}, False)):
        page = render_to_string("components/messages.html", {"messages": said} | shown)
        assert ("elsewhere, perhaps" in page, "kept" in page) == (told, True)


def test_a_kept_form_names_its_case_and_hides_what_nobody_typed(cast, sign_in):
    address = f"/admin/cases/{cast.case.public_id}/notes/new/"
    typed = {
        "draft_key": f"path:{address}",
        "body": "Half a note",
        "version": "1",
        "expected_sha256": "ab12",
        "received_evidence": "none",
        "payer": str(cast.case.public_id),
        "rows-0-given_name": "Ana",
        "rows-0-id": "7",
        "rows-TOTAL_FORMS": "1",
    }
    sign_in("nora").post("/admin/drafts/", typed)
    (row,) = sign_in("nora").get("/admin/drafts/").context["drafts"]
    assert (row.case_reference, row.form_url) == (cast.case.reference, address)
    assert row.shown == [("body", ["Half a note"]), ("rows 1, given name", ["Ana"])]


def test_a_page_tells_the_hour_of_the_organization(cast, sign_in):
    """Kept forms and inquiries: any page of the desk that is not of one case."""
    cast.harbor.time_zone = "Pacific/Honolulu"
    cast.harbor.save(update_fields=["time_zone"])
    nora = sign_in("nora")
    nora.post("/admin/drafts/", {"draft_key": "note:1", "body": "x"})
    saved = Draft.objects.get().saved_at.astimezone(ZoneInfo("Pacific/Honolulu"))
    assert f"Kept {date_format(saved, 'M j, Y, g:i A')}" in nora.get("/admin/drafts/").content.decode()
    begun = start_inquiry(actor=cast.nora, at=NOW).saved_at.astimezone(ZoneInfo("Pacific/Honolulu"))
    listed = nora.get(reverse("cases:intake")).content.decode()
    assert f">{date_format(begun, 'M j, Y, g:i A')}</time>" in listed
