"""The frame of the desk: navigation by permission, the organization's name and switch, search, keys, the fixed sentence."""

from __future__ import annotations

import re

import pytest
from django import forms
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from advocacy import desk
from advocacy.access.permissions import Permission
from advocacy.background.queue import install_schedules
from advocacy.desk import NAVIGATION, site
from advocacy.lookups import Lookup
from advocacy.people.models import Membership, User
from advocacy.tenancy.scope import scoped_to
from advocacy.words import NOTICE_ENGLISH, NOTICE_SPANISH, notice_sentence
from tests.cast import NOW

WANTED = {
    "ines": ["Today", "Queue", "Intake", "New patient", "Look-ups"],
    "nora": ["Today", "Queue", "Intake", "Offers", "New patient", "Look-ups"],
    "clara": ["Today", "Queue", "Look-ups"],
    "sam": [
        "Today",
        "Queue",
        "Board",
        "Intake",
        "Offers",
        "New patient",
        "Restricted",
        "Trails",
        "Figures",
        "Jobs",
        "Look-ups",
    ],
    "olga": ["Set-up", "Figures", "Jobs", "Look-ups"],
    "anna": ["Figures"],
    "petra": ["Today", "Queue", "Trails", "Look-ups"],
}


def navigation(html: str) -> list[tuple[str, str]]:
    """(label, address) of the desk's navigation."""
    found = re.search(r'<nav class="desk-nav".*?</nav>', html, re.DOTALL)
    return re.findall(r'<a href="([^"]+)"[^>]*>([^<]+)</a>', found.group(0)) if found else []


@pytest.mark.parametrize("who", sorted(WANTED))
def test_everybody_gets_the_entries_of_their_permissions_and_each_one_opens(cast, sign_in, who):
    client = sign_in(who)
    start = "/admin/" if who != "anna" else "/admin/figures/"
    entries = navigation(client.get(start).content.decode())
    assert [label for _url, label in entries] == WANTED[who]
    assert {label: client.get(url).status_code for url, label in entries} == dict.fromkeys(WANTED[who], 200)


def test_every_entry_has_a_page():
    assert [reverse(item.name) for item in NAVIGATION][:2] == ["/admin/today/", "/admin/queue/"]
    assert reverse("cases:search") and reverse("people:switch") and reverse("desk_keys")


def test_the_page_being_looked_at_is_marked(cast, sign_in):
    html = sign_in("nora").get("/admin/queue/").content.decode()
    assert re.findall(r'<a href="([^"]+)" aria-current="page">Queue', html) == ["/admin/queue/"]


def test_the_organization_is_named_and_switched_only_by_whoever_works_in_two(cast, sign_in):
    html = sign_in("nora").get("/admin/today/").content.decode()
    assert "Harbor Patient Advocates" in html and "masthead__switch" not in html
    with scoped_to(cast.meadow.pk, actor="system:test", actor_label="test"):
        Membership.objects.create(user=cast.users["nora"], roles=["navigator"], starts_at=NOW)
    html = sign_in("nora").get("/admin/today/").content.decode()
    switch = html[html.index("masthead__switch") :]
    assert f'value="{cast.meadow.public_id}"' in switch and f'value="{cast.harbor.public_id}"' not in switch
    form = {"organization": str(cast.meadow.public_id)}
    assert sign_in("nora").post(reverse("people:switch"), form).status_code == 302


def test_the_keys_are_switched_off_and_on_for_one_person(cast, sign_in):
    nora = sign_in("nora")
    assert 'data-keys="on"' in nora.get("/admin/today/").content.decode()
    answer = nora.post("/admin/keys/", {"keys": "off"}, headers={"referer": "http://testserver/admin/queue/"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "http://testserver/admin/queue/")
    assert 'data-keys="off"' in nora.get("/admin/today/").content.decode()
    assert (User.objects.get(pk=cast.users["nora"].pk).shortcuts, cast.users["nils"].shortcuts) == (
        False,
        True,
    )
    elsewhere = nora.post("/admin/keys/", {"keys": "on"}, headers={"referer": "https://example.org/"})
    assert elsewhere.headers["Location"] == "/"
    assert nora.get("/admin/keys/").status_code == 405


def test_a_wrong_method_is_told_on_a_page(cast, sign_in):
    nora = sign_in("nora")
    by_typing = nora.get("/admin/keys/")
    assert (by_typing.status_code, by_typing.headers["Allow"]) == (405, "POST")
    assert "Nothing was changed. Open the page from its link" in by_typing.content.decode()
    by_posting = nora.post("/admin/today/")
    assert (by_posting.status_code, by_posting.headers["Allow"]) == (405, "GET, HEAD")
    assert "<h1>This address does not take that kind of request</h1>" in by_posting.content.decode()


def test_a_wrong_method_is_told_to_nobody_signed_in_too(client, db):
    answer = client.get("/admin/keys/")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert "Nothing was changed." in answer.content.decode()


@pytest.mark.parametrize("page", ["/admin/today/", "/admin/queue/"])
def test_every_page_carries_the_fixed_sentence_once(cast, sign_in, page):
    assert sign_in("nora").get(page).content.decode().count(NOTICE_ENGLISH) == 1


def test_the_sentence_speaks_the_readers_language():
    assert [notice_sentence(code) for code in ("en", "es", "es-us", "fr")] == [
        NOTICE_ENGLISH,
        NOTICE_SPANISH,
        NOTICE_SPANISH,
        NOTICE_ENGLISH,
    ]


def test_nobody_signed_in_is_asked_to_sign_in(client, db):
    answer = client.get("/admin/today/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/login/?next=/admin/today/")


def test_schedules_are_put_in_place_once_however_often_it_runs(db, capsys):
    from django_q.models import Schedule

    call_command("schedule_jobs")
    first = list(Schedule.objects.order_by("name").values_list("name", "minutes"))
    call_command("schedule_jobs")
    assert list(Schedule.objects.order_by("name").values_list("name", "minutes")) == first
    assert ("recourse:appeals.remind", 60) in first and ("recourse:cases.wake_tasks", 10) in first
    assert "appeals.check_dates" in install_schedules()


def test_a_moment_in_a_look_up_is_one_labelled_input(cast):
    """The admin's own pair of inputs for a moment shares one label, so its second half has none (axe: label)."""

    class Starts(Lookup):
        see = Permission.SEE_MEMBERS

    page = Starts(Membership, site)
    field = page.formfield_for_dbfield(Membership._meta.get_field("starts_at"), request=None)
    assert isinstance(field, forms.DateTimeField) and not isinstance(field, forms.MultiValueField)
    shown = str(field.widget.render("starts_at", None, {"id": "id_starts_at"}))
    assert (shown.count("<input"), 'type="datetime-local"' in shown, 'id="id_starts_at"' in shown) == (
        1,
        True,
        True,
    )


def test_whose_role_opens_no_page_is_told_what_it_is_for_and_what_can_be_done(cast, sign_in, monkeypatch):
    monkeypatch.setattr(desk, "NAVIGATION", [item for item in NAVIGATION if item.label != "Figures"])
    anna = sign_in("anna")
    page = anna.get("/").content.decode()
    assert "Analyst</strong>: Reads figures. Sees no patient and no case." in page
    assert reverse("account_change_password") in page and reverse("mfa_index") in page
    refused = anna.get("/admin/today/")
    assert (refused.status_code, "Your role does not include this" in refused.content.decode()) == (403, True)


def test_look_ups_are_called_what_their_pages_are_called(cast, sign_in):
    page = sign_in("olga").get("/admin/").content.decode()
    for words in ("Members and teams", "Payers and providers", ">Members<", ">Ways to reach payers<"):
        assert words in page, words
    assert "Memberships" not in page and "Payer channels" not in page


def test_a_stale_form_is_told_as_that(cast):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.users["nora"], backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = strict.post("/admin/keys/", {"keys": "off"})
    assert answer.status_code == 403
    assert "This page was open for too long" in answer.content.decode()


def test_a_member_whose_time_is_over_is_told_so(cast, client):
    Membership.objects.filter(user=cast.users["nils"]).update(ended_at=timezone.now())
    client.force_login(cast.users["nils"], backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = client.get("/admin/today/")
    assert answer.status_code == 403
    assert "You are not a member of an organization now" in answer.content.decode()


def test_who_only_looks_at_a_member_gets_no_link_that_leads_nowhere(cast, sign_in):
    nora = sign_in("nora")
    listed = nora.get("/admin/people/membership/").content.decode()
    rows = re.findall(r'href="(/admin/people/membership/[0-9a-f-]{36}/change/)', listed)
    assert rows
    for row in rows:
        page = nora.get(row)
        assert page.status_code == 200
        assert re.findall(r'href="/admin/\w+/\w+/\d+/change/', page.content.decode()) == []


def test_a_privacy_officer_begins_at_the_trails(cast, sign_in):
    petra = sign_in("petra")
    assert petra.get("/").headers["Location"] == reverse("appeals:trails")
    page = petra.get("/admin/trails/").content.decode()
    assert f'href="{reverse("appeals:trail", args=[cast.case.public_id])}"' in page
    assert cast.case.patient.family_name not in page
    assert cast.meadow_case.reference not in page
    assert sign_in("nora").get("/admin/trails/").status_code == 403
