"""Every address of the API: a token of its own organization and scope, and nothing else, opens it; what it shows is described
and in the trail.

When one of these fails for a new address: its view lacks `needs`, `takes` or `extend_schema`; a list it shows has lost its
`visible(actor, Model)`; or it shows nothing of a patient and is listed in SHOWS_NO_PATIENT with its reason.
"""

from __future__ import annotations

import json
import re
import uuid

import jsonschema
import pytest

from advocacy.access.scopes import Scope
from advocacy.audit.models import Event
from advocacy.openapi import document
from tests.guards.addresses import Route, api_routes
from tests.guards.marks import MARKS, PRIVATE
from tests.guards.test_routes import visitor
from tests.machines import EVERYTHING, let_in, meadows_machine

ROUTES = {route.name: route for route in api_routes()}
OPERATIONS = [(name, method) for name, route in ROUTES.items() for method in route.view.cls.needs]
SHOWS_NO_PATIENT = {"api:indicators": "the catalog", "api:indicator": "counts, small ones masked"}
# Files of rows: of each the trail keeps the purpose, the filters and how many rows left, as two acts of the machine.
EXPORTS = {"api:export_cases", "api:export_outcomes"}
PURPOSE = {"purpose": "Looking at what is there"}
WORDS = {"key": "overturn_rate"}
QUERY = {"api:indicator": {"by": "year"}} | dict.fromkeys(sorted(EXPORTS), PURPOSE)
ROLES = ["supervisor", "analyst"]


@pytest.fixture(autouse=True)
def quickly(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def harbors(world):
    """A machine of Harbor that may do everything except learn names and read what documents say."""
    scopes = [s for s in EVERYTHING if s != Scope.READ_IDENTIFIERS]
    return let_in(world.cast.olga, world.cast.harbor, roles=ROLES, scopes=scopes)


def address(route: Route, world) -> str:
    return route.url({p: WORDS.get(p) or world.rows[p].public_id for p in route.parameters})


def made_up(route: Route) -> str:
    return route.url({p: WORDS.get(p) or uuid.uuid4() for p in route.parameters})


def send(client, method: str, url: str, name: str = ""):
    if method == "GET":
        return client.get(url, QUERY.get(name))
    return client.generic(method, url, b'{"body": "x"}', content_type="application/json")


def text_of(answer) -> str:
    return (b"".join(answer) if answer.streaming else answer.content).decode(errors="replace")


def test_there_are_addresses_and_each_says_what_it_takes():
    assert len(ROUTES) > 9
    assert all(route.view.cls.needs for route in ROUTES.values())


@pytest.mark.parametrize(("name", "method"), OPERATIONS)
def test_without_a_token_nothing_opens(db, client, name, method):
    answer = send(client, method, made_up(ROUTES[name]), name)
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Recourse"'


def test_a_session_of_the_desk_is_no_token(world):
    sam = visitor(world.cast.users["sam"])
    found = {
        name: send(sam, method, address(ROUTES[name], world), name).status_code for name, method in OPERATIONS
    }
    assert set(found.values()) == {401}


def test_another_scope_opens_nothing(world):
    for name, method in OPERATIONS:
        needed = ROUTES[name].view.cls.needs[method].value
        others = [s for s in EVERYTHING if s != needed]
        asked = let_in(world.cast.olga, world.cast.harbor, roles=ROLES, scopes=others)
        answer = send(asked.client, method, address(ROUTES[name], world), name)
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing"), name
        assert f'scope="{needed}"' in answer.headers["WWW-Authenticate"]


def test_a_role_that_does_not_may_nothing(world):
    """A token with every scope whose machine only reads figures."""
    asked = let_in(world.cast.olga, world.cast.harbor, roles=ROLES, scopes=EVERYTHING)
    asked.row.roles = ["analyst"]
    asked.row.save(update_fields=["roles"])
    found = {
        name: send(asked.client, method, address(ROUTES[name], world), name).status_code
        for name, method in OPERATIONS
    }
    assert {name for name, status in found.items() if status != 403} == set(SHOWS_NO_PATIENT)


def test_no_row_of_harbor_is_there_for_meadow(world):
    theirs = meadows_machine(world.cast, roles=ROLES)
    ours = let_in(world.cast.olga, world.cast.harbor, roles=ROLES, scopes=EVERYTHING)
    tried = 0
    for name, method in OPERATIONS:
        route = ROUTES[name]
        if not [p for p in route.parameters if p not in WORDS]:
            continue
        tried += 1
        url = address(route, world)
        answer = send(theirs.client, method, url, name)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), (name, method)
        assert [m for m in {**MARKS, **PRIVATE} if m in text_of(answer)] == []
        if method == "GET":
            assert send(ours.client, method, url, name).status_code == 200, "the row could have leaked"
    assert tried >= 6


def test_lists_show_nothing_of_harbor(world):
    theirs = meadows_machine(world.cast, roles=ROLES)
    ids = [str(row.public_id) for row in world.rows.values()]
    rows = world.rows
    named = {"case": rows["case_id"], "owner": rows["member_id"], "payer": rows["coverage_id"].payer}
    for name, route in ROUTES.items():
        if [p for p in route.parameters if p not in WORDS]:
            continue
        told = text_of(send(theirs.client, "GET", made_up(route), name))
        assert [m for m in [*MARKS, *PRIVATE, *ids] if m in told] == [], name
        for word in set(named) & set(route.view.cls.takes):
            row = named[word]
            answer = theirs.get(made_up(route), {word: str(row.public_id)})
            assert (answer.status_code, answer.json()["data"]) == (200, []), (name, word)


@pytest.mark.parametrize("name", [name for name, method in OPERATIONS if method == "GET"])
def test_one_read_event_for_one_answer_and_no_name_in_it(world, harbors, name):
    answer = send(harbors.client, "GET", address(ROUTES[name], world), name)
    assert answer.status_code == 200, answer.content
    told = text_of(answer)
    events = list(Event.objects.filter(kind="read", request_id=answer.headers["X-Request-Id"]))
    if name in SHOWS_NO_PATIENT:
        assert events == []
    elif name in EXPORTS:
        acts = Event.objects.filter(kind="verb", request_id=answer.headers["X-Request-Id"]).order_by("id")
        assert [(act.verb, act.data.get("rows"), act.actor) for act in acts] == [
            ("export_begun", None, harbors.actor.key),
            ("rows_exported", len(told.splitlines()) - 1, harbors.actor.key),
        ]
        assert (events, len(told.splitlines()) > 1) == ([], True)
    else:
        (event,) = events
        assert (event.verb[:5], event.actor) == ("read_", harbors.actor.key)
        assert (event.case_ids != [], event.patient_ids != []) == (True, True)
    if name != "api:document_content":
        assert [word for word in PRIVATE if word in told] == []
    headers = "\n".join(f"{k}: {v}" for k, v in answer.headers.items())
    assert [word for word in PRIVATE if word in headers] == []


@pytest.mark.parametrize("name", [name for name, method in OPERATIONS if method == "GET"])
def test_an_unknown_word_is_a_400_that_names_the_known_ones(world, harbors, name):
    answer = harbors.get(address(ROUTES[name], world), QUERY.get(name, {}) | {"sort": "x"})
    assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (400, "filter_unknown")
    assert all(word in answer.json()["detail"] for word in ROUTES[name].view.cls.takes)


def test_answers_are_as_described(world, harbors):
    described = json.loads(document())
    for name, method in OPERATIONS:
        path = "/" + ROUTES[name].path.replace("<uuid:", "{").replace("<slug:", "{").replace(">", "}")
        operation = described["paths"][path][method.lower()]
        assert operation["security"] == [{"machine": [ROUTES[name].view.cls.needs[method].value]}]
        assert {p["name"] for p in operation["parameters"] if p["in"] == "query"} == (
            set(ROUTES[name].view.cls.takes) if method == "GET" else set()
        )
        if method != "GET" or name == "api:document_content":
            continue
        if name in EXPORTS:
            assert list(operation["responses"]["200"]["content"]) == ["text/csv"]
            continue
        (schema,) = (c["schema"] for c in operation["responses"]["200"]["content"].values())
        answer = send(harbors.client, method, address(ROUTES[name], world), name)
        jsonschema.validate(
            answer.json(),
            schema | {"components": described["components"]},
            cls=jsonschema.Draft202012Validator,
        )
    problem = harbors.get("/api/v1/cases", {"x": "y"}).json()
    jsonschema.validate(
        problem, described["components"]["schemas"]["ProblemTold"] | {"components": described["components"]}
    )


def test_the_description_is_open_to_everybody(db, client):
    answer = client.get("/api/v1/openapi.json")
    assert (answer.status_code, answer.content.decode()) == (200, document())
    assert client.post("/api/v1/openapi.json").status_code == 405


def test_the_guide_is_a_page_for_everybody_with_each_address_and_each_field(db, client):
    page = client.get("/help/api/")
    text = page.content.decode()
    assert page.status_code == 200
    described = json.loads(document())
    assert [f"{m.upper()} {path}" for path, of in described["paths"].items() for m in of] == re.findall(
        r'<h3 id="a-[^"]+"><code>([^<]+)</code>', text
    )
    shapes = described["components"]["schemas"]
    assert list(shapes) == re.findall(r'<h3 id="s-[^"]+"><code>([^<]+)</code>', text)
    assert re.search(r"<code>masked</code></th><td [^>]+>true or false</td>", text)
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(re.findall(r'id="([^"]+)"', text))
    assert "Wilson" in text
    assert client.post("/help/api/").status_code == 405
