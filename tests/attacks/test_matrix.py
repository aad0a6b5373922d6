"""Every address against the table that was written by hand (expectations.py): that it has a line, the portal, the API and
the doors by everybody, and nothing of Harbor for Meadow. The desk and Django's admin by everybody: test_pairs.py.

When one of these fails for a new address: write its line, and think about each letter. When it fails for an old one, the
page lets somebody in whom the table does not, or keeps somebody out: the page is wrong until somebody says otherwise.
"""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from advocacy import desk
from advocacy.openapi import document
from advocacy.people.models import User
from advocacy.tenancy.scope import scoped_to
from tests.attacks.expectations import (
    ADMIN,
    DESK,
    DOORS,
    HELPERS,
    LOOKUPS,
    OPERATIONS,
    PORTAL,
    SECRETS,
    WITHOUT_A_SCOPE,
    table,
)
from tests.attacks.generator import PAGES, ask, expected, leaks
from tests.attacks.pairs import VERBS
from tests.cast import PASSWORD, make_member
from tests.guards.addresses import desk_routes, routes
from tests.guards.test_api import QUERY, WORDS
from tests.guards.test_routes import EVERY_ROLE, visitor
from tests.machines import EVERYTHING, let_in
from tests.portal import come_in, give_access

AT_DESK = table(DESK)
IN_PORTAL = table(PORTAL, HELPERS)
BESIDE = table(ADMIN)
AT_DOORS = {line.split()[0]: tuple(line.split()[1:]) for line in DOORS.splitlines() if line.strip()}
PAGES_OF_A_LOOKUP = ("changelist", "add", "change", "history", "delete")


# -- nothing without an expectation ----------------------------------------------------------------------------------
def test_every_address_has_an_expectation():
    found: dict[str, set[str]] = {
        "desk": set(),
        "portal": set(),
        "api": set(),
        "admin": set(),
        "doors": set(),
    }
    for route in routes():
        if route.is_desk_page:
            found["desk"].add(route.name)
        elif route.is_portal_page or route.is_portal_door:
            found["portal"].add(route.name)
        elif route.is_api:
            found["api"].add(route.name)
        elif route.is_admin:
            found["admin"].add(route.name)
        else:
            found["doors"].add(route.name or route.path)
    looked_up = {f"admin:{label.replace('.', '_')}_{page}" for label in LOOKUPS for page in PAGES_OF_A_LOOKUP}
    # Its look-ups' short addresses and the one that catches the rest lead elsewhere; others are tried by their shape; one ends
    # the session.
    general = {"admin:", "admin:app_list", "admin:view_on_site", "admin:logout"}
    assert found == {
        "desk": set(AT_DESK),
        "portal": set(IN_PORTAL),
        "api": {route.name for route in routes() if route.is_api},
        "admin": set(BESIDE) | looked_up | general,
        "doors": set(AT_DOORS) | set(SECRETS),
    }


def test_every_operation_of_the_api_and_every_look_up_has_one():
    described = {
        (verb.upper(), path)
        for path, verbs in json.loads(document())["paths"].items()
        for verb in verbs
        if verb in {"get", "post", "put", "patch", "delete", "head", "options"}
    }
    assert described | WITHOUT_A_SCOPE == set(OPERATIONS) | WITHOUT_A_SCOPE
    assert {f"{m._meta.app_label}.{m._meta.model_name}" for m in desk.site._registry} == set(LOOKUPS)


# -- the desk --------------------------------------------------------------------------------------------------------
@pytest.fixture
def people(world):
    """At their browsers: `N` of Harbor, `mia` of Meadow, and `moss` who has every role there."""
    cast = world.cast
    users = dict(cast.users)
    with scoped_to(cast.meadow.pk, actor="system:test", actor_label="test"):
        users["moss"], _member = make_member(cast.meadow, "moss", "Moss Meadow", EVERY_ROLE)
    named = {"N": "nora", "mia": "mia", "moss": "moss"}
    return {key: visitor(users[name]) for key, name in named.items()}


def foreign(world, client, asked):
    wrong = {}
    for route, verb in asked:
        answer = ask(client, verb, world.address(route) if route.rows else route.url({}))
        told = leaks(answer.text)
        refused = expected(verb, AT_DESK[route.name], "nobody") == "405"
        wanted = {405} if refused else {404} if route.rows else {answer.status}
        if answer.status not in wanted or told:
            wrong[f"{verb} {route.name}"] = (answer.status, told)
    return wrong


@pytest.mark.long
def test_nothing_of_harbor_is_there_for_meadow_by_any_verb(world, people):
    """404 for each address with a row, for somebody of Meadow with every role; and no word of Harbor's in any answer. `make test`
    asks each role of Meadow's by pairs, and this person at every row beside one that nobody has (test_side_channels.py).
    """
    assert foreign(world, people["moss"], [(r, verb) for r in desk_routes() for verb in VERBS]) == {}


# -- Django's admin --------------------------------------------------------------------------------------------------
def admin_attacks(world):
    """The address of each page of each look-up with a row of Harbor's, and of the pages beside them."""
    rows = {
        "cases.payer": world.rows["coverage_id"].payer,
        "cases.provider": world.rows["case_id"].provider,
        "people.membership": world.rows["member_id"],
        "people.team": world.rows["team"],
        "cases.payerchannel": None,
    }
    for label in LOOKUPS:
        row = rows[label]
        for page in PAGES_OF_A_LOOKUP:
            if page not in ("changelist", "add") and row is None:
                continue
            given = [] if page in ("changelist", "add") else [row.public_id]
            yield reverse(f"admin:{label.replace('.', '_')}_{page}", args=given)
    for name in BESIDE:
        yield reverse(name)


@pytest.mark.parametrize("who", ["mia", "moss"])
def test_the_admin_knows_nothing_of_harbor(world, people, who):
    wrong = {}
    for url in admin_attacks(world):
        for verb in PAGES:
            answer = ask(people[who], verb, url, q="Harbor", name="Taken over")
            told = [word for word in leaks(answer.text) if word != "Harbor"]
            if ("-" in url and answer.kind not in ("shut", "405")) or told:
                wrong[f"{verb} {url}"] = (answer.status, told)
    assert wrong == {}


# -- the portal ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("letter", HELPERS)
def test_the_portal_opens_as_the_table_says(world, letter):
    give_access(world.rows["patient_id"], "lawyer@mail.example", kind="representative", scope=["letters"])
    client = come_in(f"{HELPERS[letter]}@mail.example")
    wrong = {}
    for route in routes():
        if route.name not in IN_PORTAL:
            continue
        url = world.address(route) if route.rows else route.url({})
        for verb in (*PAGES, "PUT", "DELETE"):
            answer = ask(client, verb, url)
            if answer.kind != expected(verb, IN_PORTAL[route.name], letter):
                wrong[f"{verb} {route.name}"] = (answer.status, expected(verb, IN_PORTAL[route.name], letter))
    assert wrong == {}


# -- the API ---------------------------------------------------------------------------------------------------------
def in_path(path: str, world) -> str:
    for word, value in WORDS.items():
        path = path.replace(f"{{{word}}}", value)
    for name, row in world.rows.items():
        if hasattr(row, "public_id"):
            path = path.replace(f"{{{name}}}", str(row.public_id))
    return path


@pytest.mark.parametrize("scope", EVERYTHING)
def test_one_scope_opens_its_own_operations_and_no_others(world, scope):
    """A machine with a supervisor's and an analyst's roles and this one scope."""
    machine = let_in(
        world.cast.olga, world.cast.harbor, roles=("supervisor", "analyst"), scopes=[scope]
    ).client
    query = {reverse(name): given for name, given in QUERY.items() if name != "api:indicator"}
    wrong = {}
    for (verb, path), needed in OPERATIONS.items():
        url = in_path(path, world)
        answer = ask(machine, verb, url, **query.get(url, {"by": "year"} if "{key}" in path else {}))
        if answer.kind != ("open" if needed == scope else "shut") or (needed != scope and leaks(answer.text)):
            wrong[f"{verb} {path}"] = (answer.status, needed)
    assert wrong == {}


def test_an_address_of_the_api_takes_the_verbs_it_describes(world):
    machine = let_in(world.cast.olga, world.cast.harbor, roles=("supervisor", "analyst"), scopes=EVERYTHING)
    taken: dict[str, set[str]] = {}
    for verb, path in OPERATIONS:
        taken.setdefault(path, set()).add(verb)
    wrong = {
        (verb, path): answer.status
        for path, verbs in taken.items()
        for verb in {"GET", "POST", "PUT", "PATCH", "DELETE"} - verbs
        if (answer := ask(machine.client, verb, in_path(path, world))).kind != "405"
    }
    assert wrong == {}


# -- the other doors -------------------------------------------------------------------------------------------------
def test_the_doors_open_as_the_table_says(world, people):
    wrong = {}
    for name, wanted in AT_DOORS.items():
        url = f"/{name}" if "/" in name else reverse(name)
        for client, opens, who in ((Client(), wanted[0], "stranger"), (people["N"], wanted[1], "colleague")):
            answer = ask(client, "GET", url)
            kind = {"shut": "no", "405": "-"}.get(answer.kind, answer.kind)
            if 300 <= answer.status < 400:
                kind = "away"
            if kind != opens or leaks(answer.text, whose="patients"):
                wrong[f"{who} {name}"] = (answer.status, kind, opens)
    assert wrong == {}


def test_nobody_signs_up_by_themselves(world):
    """The page says so; sending its form makes nobody."""
    before = User.objects.count()
    sent = {"email": "new@elsewhere.example", "password1": PASSWORD, "password2": PASSWORD}
    Client().post(reverse("account_signup"), sent)
    assert User.objects.count() == before


def test_a_secret_that_nobody_was_given_opens_nothing(world):
    ask_id = world.rows["ask_id"].public_id
    for name, path in SECRETS.items():
        for secret in ("A" * 43, "x", "0" * 200):
            url = path.format(secret=secret, ask=ask_id)
            for verb in PAGES:
                answer = ask(Client(), verb, url)
                assert leaks(answer.text) == [], (name, verb)
                assert answer.status < 500, (name, verb)
