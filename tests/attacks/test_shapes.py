"""The other shapes by which one organization's rows leak into another's pages: a filter, a reference in what is written, a
choice that completes itself. Lists and rows are in test_matrix.py, ids under one's own parent in test_side_channels.py.
"""

from __future__ import annotations

import json

import pytest
from django.apps import apps
from django.db import models
from django.urls import reverse

from advocacy import desk
from advocacy.openapi import document
from advocacy.tenancy.scope import scoped_to
from tests.attacks.generator import ask, leaks
from tests.attacks.parameters import names_on
from tests.cast import make_member
from tests.guards.addresses import ROWS, desk_routes, routes
from tests.guards.test_api import QUERY
from tests.guards.test_routes import EVERY_ROLE, POST_ONLY, visitor
from tests.machines import meadows_machine
from tests.portal import come_in, give_access


@pytest.fixture
def moss(world):
    """Somebody of Meadow with every role."""
    with scoped_to(world.cast.meadow.pk, actor="system:test", actor_label="test"):
        user, _member = make_member(world.cast.meadow, "moss", "Moss Meadow", EVERY_ROLE)
    return visitor(user)


@pytest.fixture
def own(world):
    """What Meadow has itself, by the parameter that names it."""
    case = world.cast.meadow_case
    return {
        "case_id": case.public_id,
        "patient_id": case.patient.public_id,
        "coverage_id": case.coverage.public_id,
        "member_id": world.cast.members["mia"].public_id,
    }


def foreign_ids(world, *keys):
    rows = world.rows | {
        "payer": world.rows["coverage_id"].payer,
        "provider": world.rows["case_id"].provider,
    }
    return [str(rows[key].public_id) for key in keys or rows if hasattr(rows[key], "public_id")]


# -- filter parameter ------------------------------------------------------------------------------------------------
ASKED_FOR = ("case_id", "member_id", "payer", "team", "patient_id")
"""Rows that a filter could name; `make test-long` tries the id of every row there is."""


def filtered(world, client, own, values, *, each=True):
    """Every parameter that a page of Meadow's shows it knows, with each value or with one after the other: nothing of Harbor's
    comes, and nothing fails.
    """
    wrong, tried = {}, set()
    for route in desk_routes():
        if not set(route.rows) <= set(own) or route.name in POST_ONLY:
            continue
        url = route.url(own)
        page = ask(client, "GET", url)
        if page.status != 200 or not page.text.lstrip().startswith("<!"):
            continue
        for name in sorted(names_on(page.text, url)):
            one = [values[len(tried) % len(values)]]
            tried.add((route.name, name))
            for value in values if each else one:
                answer = ask(client, "GET", url, **{name: value})
                told = [word for word in leaks(answer.text) if word not in value]
                if answer.status not in (200, 302, 400, 404, 422) or told:
                    wrong[route.name, name, value] = (answer.status, told)
    return wrong, tried


def test_no_filter_reaches_across(world, moss, own):
    wrong, tried = filtered(world, moss, own, foreign_ids(world, *ASKED_FOR), each=False)
    assert wrong == {}
    assert {("appeals:queue", "owner"), ("appeals:queue", "payer"), ("appeals:case", "show")} <= tried


@pytest.mark.long
def test_no_filter_reaches_across_with_any_id(world, moss, own):
    assert filtered(world, moss, own, [*foreign_ids(world), "HB-2026-0001", "Whitlock"])[0] == {}


def test_no_parameter_of_the_api_reaches_across(world):
    """Each query parameter of its description, with the id of each kind of row of Harbor's."""
    machine = meadows_machine(world.cast, roles=["supervisor", "analyst"])
    wrong, tried = {}, 0
    for path, verbs in json.loads(document())["paths"].items():
        names = [p["name"] for p in verbs.get("get", {}).get("parameters", ()) if p["in"] == "query"]
        if "{" in path:
            continue
        given = next((QUERY[n] for n in QUERY if n != "api:indicator" and reverse(n) == path), {})
        for name in names:
            for value in foreign_ids(world, *ASKED_FOR):
                tried += 1
                answer = ask(machine.client, "GET", path, **(given | {name: value}))
                told = leaks(answer.text) + [v for v in foreign_ids(world) if v in answer.text and v != value]
                if answer.status not in (200, 400, 404, 422) or told:
                    wrong[path, name, value] = (answer.status, told)
    assert wrong == {}
    assert tried > 50


# -- write with a foreign key ----------------------------------------------------------------------------------------
# Fields of Django's admin that name a row are tried by what they are; forms of the desk in tests/guards/test_routes.py.
def test_no_form_of_the_admin_takes_a_row_of_harbors(world, moss):
    foreign = {
        "cases.Payer": world.rows["coverage_id"].payer,
        "cases.Provider": world.rows["case_id"].provider,
        "people.Team": world.rows["team"],
        "people.Membership": world.rows["member_id"],
    }
    tried = 0
    for model, admin in desk.site._registry.items():
        url = reverse(f"admin:{admin.opts.app_label}_{admin.opts.model_name}_add")
        for field in model._meta.local_fields:
            theirs = foreign.get(field.related_model._meta.label) if field.is_relation else None
            if theirs is None:
                continue
            for value in (theirs.pk, theirs.public_id):
                tried += 1
                before = model._base_manager.count()
                answer = ask(moss, "POST", url, **{field.name: str(value)})
                assert answer.status in (200, 302, 403, 422), (url, field.name)
                assert leaks(answer.text) == [], (url, field.name)
                assert model._base_manager.count() == before
    assert tried >= 4


def test_nothing_that_a_machine_writes_lands_in_harbor(world):
    """A note and a document of Meadow's machine at a case of Harbor's, and Harbor's ids in what it sends to its own case."""
    machine = meadows_machine(world.cast, roles=["supervisor", "analyst"])
    theirs, ours = world.rows["case_id"].public_id, world.cast.meadow_case.public_id
    for name in ("api:notes", "api:case_documents"):
        answer = machine.post(reverse(name, args=[theirs]), {"body": "x"})
        assert answer.status_code == 404, name
    sent = {
        "body": "x",
        "case": str(theirs),
        "case_id": str(theirs),
        "organization": str(world.cast.harbor.pk),
    }
    answer = machine.post(reverse("api:notes", args=[ours]), sent)
    assert leaks(answer.content.decode()) == []
    assert answer.status_code in (201, 400, 422)


def test_a_patient_sends_nothing_to_somebody_elses_case(world):
    """Each form of the portal by a patient of Meadow, with Harbor's ids in every field that could name a row."""
    with scoped_to(world.cast.meadow.pk, actor="system:test", actor_label="test"):
        give_access(world.cast.meadow_case.patient, "wren@mail.example")
    wren = come_in("wren@mail.example")
    sent = {name: str(world.rows[name].public_id) for name in ROWS if name in world.rows}
    sent |= {"case": sent["case_id"], "access": str(world.rows["portal_access_id"].public_id), "body": "x"}
    wrong = {}
    for route in routes():
        if not route.is_portal_page or not set(route.rows) <= {"case_id"}:
            continue
        answer = ask(wren, "POST", route.url({"case_id": world.cast.meadow_case.public_id}), **sent)
        if leaks(answer.text) or answer.status >= 500:
            wrong[route.name] = (answer.status, leaks(answer.text))
    assert wrong == {}
    chosen = ask(wren, "POST", reverse("portal:choose"), access=sent["access"])
    assert chosen.status in (302, 404, 422)
    assert leaks(ask(wren, "GET", reverse("portal:home")).text) == []


# -- autocomplete ----------------------------------------------------------------------------------------------------
def test_no_choice_completes_itself_from_harbor(world, moss):
    """Django's own view, for every reference to a look-up that there is in the program."""
    url, tried, wrong = reverse("admin:autocomplete"), 0, {}
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if not isinstance(field, models.ForeignKey) or field.related_model not in desk.site._registry:
                continue
            for term in ("", "Nora", "Quillback", "Ophelia", "Harbor"):
                tried += 1
                answer = ask(
                    moss,
                    "GET",
                    url,
                    term=term,
                    app_label=model._meta.app_label,
                    model_name=model._meta.model_name,
                    field_name=field.name,
                )
                if answer.status not in (200, 403, 404) or leaks(answer.text):
                    wrong[model._meta.label, field.name, term] = (answer.status, leaks(answer.text))
    assert wrong == {}
    assert tried > 50


def test_the_admin_leads_to_no_object(world, moss):
    """Its address of any object of any kind."""
    for row in world.rows.values():
        if hasattr(row, "pk"):
            answer = ask(moss, "GET", reverse("admin:view_on_site", args=["cases", row.pk]))
            assert answer.kind == "shut"
