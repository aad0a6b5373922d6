"""Every address of the program: what it is, that it wants a sign-in, and that filters, searches and forms reach nothing of
another organization. That its rows and lists are not there for it stands in tests/attacks.

A new route is visited by itself. When one of these fails for it: a new parameter is named in tests/guards/addresses.py; a
page that is none of the kinds below is listed in OTHER with its reason; a page that another organization's person could
reach has lost its `visible(actor, Model)`.
"""

from __future__ import annotations

import uuid

import pytest
from django import forms
from django.test import Client
from django.urls import reverse

from advocacy.tenancy.scope import scoped_to
from tests.cast import make_member
from tests.guards.addresses import HERE, ROWS, WORDS, desk_routes, names, routes, with_rows
from tests.guards.world import MARKS, PRIVATE

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
EVERY_ROLE = [
    "intake",
    "navigator",
    "clinician",
    "supervisor",
    "organization_admin",
    "privacy_officer",
    "analyst",
]

# Addresses that are no page of the desk, of Django's admin, of sign-in or of health, each with its reason.
OTHER: dict[str, str] = {
    "calendar": "a calendar program has no session; who holds the address reads one member's dates, without a word of a patient",
    "api_guide": "the documentation of the API: nothing of anybody",
    "api:openapi": "the description of the API: nothing of anybody",
    "api:token": "a machine has no token yet; its id and secret are checked there",
    "clinic": "a clinic has no account; who holds the link sees its own asks of one case, and each opening is in the trail",
    "clinic_answer": "as `clinic`: one ask and the form that answers it",
    "session": "how long one's own session lasts; nothing of anybody",
    "signed_in": "that one is signed in; nothing of anybody",
    "seal_keys": "public keys for whoever checks a trail: of the installation, nothing of anybody",
    "invitation": "an invited person has no account yet; who holds the link sees a name and roles, no patient",
}

# Pages that only take a POST: a GET is 405 before anything is looked up.
POST_ONLY = {
    "appeals:check_put_right",
    "appeals:denial_take_up",
    "appeals:letter_block_retire",
    "appeals:own_date_confirm",
    "appeals:own_date_end",
    "appeals:service_target_end",
    "appeals:setup_test",
    "appeals:undo_assign",
    "background:retry",
    "background:retry_all",
    "cases:clinic_ask_withdraw",
    "cases:clinic_link_revoke",
    "cases:communication_find",
    "cases:consent_paper_back",
    "cases:inquiry_find",
    "cases:inquiry_new",
    "cases:inquiry_reopen",
    "cases:glass_end",
    "cases:messages_settle",
    "cases:offer_revoke",
    "cases:promise_settle",
    "cases:document_portal",
    "cases:read_again",
    "cases:task_tick",
    "cases:task_template_retire",
    "cases:unlink",
    "desk_keys",
    "people:draft_discard",
    "people:invitation_resend",
    "people:invitation_revoke",
    "people:machine_revoke",
    "people:switch",
}


def get_only(route) -> bool:
    """Pages that only show: a POST is 405 before anything is looked up."""
    return route.name in {
        "appeals:authorization",
        "appeals:board",
        "appeals:case",
        "appeals:checks",
        "appeals:filed",
        "appeals:filed_file",
        "appeals:level",
        "appeals:demand_preview",
        "appeals:late",
        "appeals:level_preview",
        "appeals:documents",
        "appeals:moved",
        "appeals:dates_then",
        "appeals:own_dates",
        "appeals:service_targets",
        "appeals:targets_counted",
        "appeals:targets_due",
        "appeals:targets_month",
        "appeals:peer_to_peer",
        "appeals:queue",
        "appeals:request",
        "appeals:representative_form",
        "appeals:setup",
        "appeals:setup_letter",
        "appeals:templates",
        "appeals:today",
        "appeals:trail",
        "appeals:trails",
        "background:jobs",
        "cases:clinic",
        "cases:communication",
        "cases:communications",
        "cases:costs",
        "cases:document",
        "cases:document_file",
        "cases:document_text",
        "cases:documents",
        "cases:glasses",
        "cases:inquiry",
        "cases:intake",
        "cases:notes",
        "cases:offer_received",
        "cases:offer_received_file",
        "cases:offers",
        "cases:offers_received",
        "cases:task",
        "cases:tasks",
        "cases:team",
        "cases:who_sees",
        "cases:restricted",
        "cases:search_results",
        "home",
        "people:disclosures",
        "people:disclosures_file",
        "people:release_form",
        "people:invitations",
        "people:leavers",
        "people:machines",
        "people:patient",
        "reporting:figures",
        "reporting:figures_list",
    }


def visitor(user) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def mia(world):
    """Meadow's navigator at her browser."""
    return visitor(world.cast.users["mia"])


@pytest.fixture
def moss(world):
    """Somebody of Meadow with every role: whatever a role opens, it opens in Meadow only."""
    with scoped_to(world.cast.meadow.pk, actor="system:test", actor_label="test"):
        user, _member = make_member(world.cast.meadow, "moss", "Moss Meadow", EVERY_ROLE)
    return visitor(user)


def test_every_address_is_of_a_known_kind():
    strangers = [
        r.name or r.path
        for r in routes()
        if not (r.is_desk_page or r.is_portal_page or r.is_portal_door or r.is_api)
        if not (r.is_admin or r.is_sign_in or r.is_health or r.name in OTHER)
    ]
    assert strangers == [], f"Give each of these a kind, or list it in OTHER of {__file__}"


def test_every_parameter_is_known():
    unknown = {p for r in desk_routes() for p in r.parameters} - set(ROWS) - set(WORDS)
    assert unknown == set(), f"Say in {HERE} which row each of these parameters names"


def test_rows_of_the_world_fill_every_parameter(world):
    for parameter, label in ROWS.items():
        assert world.rows[parameter]._meta.label == label


def test_no_two_pages_share_an_address():
    paths = [r.path for r in desk_routes()]
    assert sorted(paths) == sorted(set(paths))


def made_up(route) -> str:
    return route.url({p: uuid.uuid4() for p in route.rows})


@pytest.mark.parametrize("name", names(desk_routes()))
def test_without_a_sign_in_every_page_leads_to_the_sign_in(db, client, name):
    route = next(r for r in desk_routes() if r.name == name)
    url = made_up(route)
    for answer, is_405 in (
        (client.get(url), name in POST_ONLY),
        (client.post(url, {"x": "1"}), get_only(route)),
    ):
        if is_405:
            assert answer.status_code == 405
        else:
            assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (
                302,
                reverse("account_login"),
            )


def admin_urls() -> list[str]:
    """Pages of Django's admin that are there for everybody, and the lists and forms of every look-up."""
    found = []
    for route in routes():
        if not route.is_admin or route.is_desk_page or route.name in {"admin:login", "admin:logout"}:
            continue
        if not route.parameters and not route.path.startswith("admin/(?P"):
            found.append(reverse(route.name))
    return sorted(set(found))


def test_without_a_sign_in_the_admin_leads_to_the_sign_in(db, client):
    answers = {url: client.get(url) for url in admin_urls()}
    assert {a.status_code for a in answers.values()} == {302}, {u: a.status_code for u, a in answers.items()}
    assert {a.headers["Location"].partition("?")[0] for a in answers.values()} <= {
        reverse("account_login"),
        reverse("admin:login"),
    }


def ids_of(world) -> list[str]:
    return sorted(
        {
            str(row.public_id)
            for rows in (world.rows, world.earlier)
            for row in rows.values()
            if row is not None
        }
    )


FILTERED_BY = ("member_id", "team", "case_id", "patient_id", "level_id", "document_id", "task_id")
"""The rows that a filter or a place in a list could name; `make test-long` tries the id of every row there is."""


def filters_show_nothing(mia, world, ids) -> None:
    plain = mia.get(reverse("appeals:queue")).content.decode()
    assert "MD-2026-0001" in plain
    for name in ("owner", "payer", "after"):
        for value in [*ids, "HB-2026-0001", "Whitlock"]:
            answer = mia.get(reverse("appeals:queue"), {name: value})
            text = answer.content.decode()
            assert [m for m in MARKS if m in text] == [], (name, value)
    own = reverse("appeals:case", args=[world.cast.meadow_case.public_id])
    for name in ("at", "show", "after"):
        for value in ids:
            text = mia.get(own, {name: value}).content.decode()
            assert [m for m in MARKS if m in text] == [], (name, value)


def test_filters_do_not_reach_across(mia, world):
    """A parameter with a foreign id filters to nothing, and names nothing."""
    rows = [world.rows["coverage_id"].payer, *(world.rows[key] for key in FILTERED_BY)]
    filters_show_nothing(mia, world, [str(row.public_id) for row in rows])


@pytest.mark.long
def test_filters_do_not_reach_across_with_any_id(mia, world):
    filters_show_nothing(mia, world, ids_of(world))


@pytest.mark.parametrize(
    "words", ["Whitlock", "Dana", "TMK 7730 41582 01", "HB-2026-0001", "REF-HARBOR-4711"]
)
def test_search_finds_nothing_of_harbor(mia, world, words):
    answer = mia.post(reverse("cases:search"), {"q": words}, follow=True)
    assert answer.status_code == 200
    text = answer.content.decode().replace(words, "")
    assert [m for m in {**MARKS, **PRIVATE} if m in text] == []


def test_search_finds_the_same_words_in_harbor(world):
    """Otherwise the test above would prove nothing."""
    nora = visitor(world.cast.users["nora"])
    for words in ("Whitlock", "TMK 7730 41582 01", "HB-2026-0001"):
        answer = nora.post(reverse("cases:search"), {"q": words}, follow=True)
        assert "HB-2026-0001" in answer.content.decode(), words


def test_a_row_is_found_under_its_own_case_only(world):
    """The id of a row of another case of the same organization, under a wrong parent: 404."""
    sam = visitor(world.cast.users["sam"])
    wrong = {}
    for route in with_rows():
        if "case_id" not in route.rows or len(route.rows) < 2:
            continue
        values = {p: world.rows[p].public_id for p in route.rows}
        values["case_id"] = world.earlier["case_id"].public_id
        for method in ("get", "post"):
            refused = route.name in POST_ONLY if method == "get" else get_only(route)
            status = getattr(sam, method)(route.url(values)).status_code
            if status != (405 if refused else 404):
                wrong[f"{method} {route.name}"] = status
    assert wrong == {}


# The row that a field names. A choice of rows that is not here fails the test: say what it names.
CHOICES = {
    "owner": "member_id",
    "member": "member_id",
    "cover": "member_id",
    "colleague": "member_id",
    "successor": "member_id",
    "payer": "payer",
    "team": "team",
    "provider": "provider",
    "from_provider": "provider",
    "to_provider": "provider",
    "coverage": "coverage_id",
    "waits_for": "task_id",
    "letter": "document_id",
    "document": "document_id",
    "attachments": "document_id",
    "request": "request_id",
    "communication": "communication_id",
    "denial": "denial_id",
    "contact": "contact_id",
    "consent": "consent_id",
    "papers": "version_id",
    "proof": "document_id",
}


def chooses_rows(field) -> bool:
    return isinstance(field, forms.ModelChoiceField) or getattr(field, "coerce", None) is uuid.UUID


def test_a_foreign_id_in_any_field_is_no_valid_choice(moss, world):
    """Every form of Meadow's pages: a field that names a row refuses Harbor's, on that field, and shows nothing of it."""
    case = world.cast.meadow_case
    values = {
        "case_id": case.public_id,
        "patient_id": case.patient.public_id,
        "coverage_id": case.coverage.public_id,
        "member_id": world.cast.members["mia"].public_id,
    }
    foreign = world.rows | {
        "payer": world.rows["coverage_id"].payer,
        "provider": world.rows["case_id"].provider,
    }
    tried, refused, unknown = set(), set(), set()
    for route in desk_routes():
        if not set(route.rows) <= set(values) or route.name in POST_ONLY or get_only(route):
            continue
        page = moss.get(route.url(values))
        form = page.context.get("form") if page.status_code == 200 and page.context else None
        for name, field in (form.fields if form is not None else {}).items():
            if not chooses_rows(field):
                continue
            if name not in CHOICES:
                unknown.add(name)
                continue
            tried.add((route.name, name))
            answer = moss.post(route.url(values), {name: str(foreign[CHOICES[name]].public_id)})
            if answer.status_code == 422 and name in answer.context["form"].errors:
                refused.add((route.name, name))
            assert [m for m in MARKS if m in answer.content.decode()] == [], (route.name, name)
    assert unknown == set()
    assert tried == refused
    assert {name for _route, name in tried} >= {
        "owner",
        "payer",
        "provider",
        "coverage",
        "letter",
        "request",
        "waits_for",
    }


def test_bulk_acts_do_not_reach_across(world, moss):
    """The list's own writes: cases of Harbor in the form, and a colleague of Harbor as the new owner."""
    own = world.cast.meadow_case
    nora = world.cast.members["nora"]
    answer = moss.post(
        reverse("appeals:bulk_assign"),
        {"case": [str(world.rows["case_id"].public_id)], "owner": "none", "step": "confirm"},
    )
    assert answer.status_code == 404
    answer = moss.post(
        reverse("appeals:bulk_assign"),
        {"case": [str(own.public_id)], "owner": str(nora.public_id), "step": "confirm"},
    )
    assert answer.status_code == 422
    world.rows["case_id"].refresh_from_db(fields=["owner"])
    assert world.rows["case_id"].owner == nora
    answer = moss.post(reverse("people:switch"), {"organization": str(world.cast.harbor.public_id)})
    assert answer.status_code == 404


def test_the_admin_knows_no_row_of_harbor(moss, world):
    """Change pages and autocomplete of every look-up, with Harbor's ids in both spellings."""
    look_ups = {
        "people_membership": world.rows["member_id"],
        "cases_payer": world.rows["coverage_id"].payer,
        "cases_provider": world.rows["case_id"].provider,
    }
    for name, row in look_ups.items():
        for key in (row.public_id, row.pk):
            for page in ("change", "history", "delete"):
                answer = moss.get(reverse(f"admin:{name}_{page}", args=[key]))
                assert answer.status_code in (403, 404), (name, page, key)
                answer = moss.post(reverse(f"admin:{name}_{page}", args=[key]), {"name": "Taken over"})
                assert answer.status_code in (403, 404), (name, page, key)
        assert moss.get(reverse(f"admin:{name}_changelist"), {"q": "Harbor"}).status_code in (200, 302)
    autocomplete = moss.get(
        reverse("admin:autocomplete"),
        {"term": "Nora", "app_label": "cases", "model_name": "case", "field_name": "owner"},
    )
    assert autocomplete.status_code in (403, 404)
