"""The attack matrix: route x verb x role x tenant x shape, by pairs in `make test` and whole in `make test-long`.

Who opens what is never read from the program, but from the table that was written by hand (expectations.py). The rows are
Harbor's and Meadow's; whoever asks has one role, in Harbor or (of somebody else's rows) in Meadow:

    list, retrieve, autocomplete   the address as it is; of another organization: somebody of Meadow at Harbor's row
    nested         a row under a case that is not its own; of another organization: Harbor's row under Meadow's case
    filter         somebody of Harbor, with a row in every parameter that a page knows: Harbor's, or Meadow's
    write          somebody of Harbor, with a row in every field that may name one: Harbor's, or Meadow's
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import pytest
from django.urls import reverse

from advocacy.tenancy.scope import scoped_to
from tests.attacks.expectations import LOOKUPS, ROLES
from tests.attacks.generator import Answer, ask, expected, leaks
from tests.attacks.pairs import OTHER, OWN, PLAIN, VERBS, Address, Attack, address, cover, pairs, whole
from tests.attacks.test_matrix import AT_DESK, BESIDE, PAGES_OF_A_LOOKUP
from tests.cast import make_member
from tests.guards.addresses import desk_routes
from tests.guards.test_routes import CHOICES, visitor

SEES_NO_PATIENT = {"O", "A", "F"}
LETTERS = tuple(ROLES)
FILTERS = {
    "owner": "member_id",
    "payer": "payer",
    "team": "team",
    "case": "case_id",
    "patient": "patient_id",
    "q": "case_id",
    "show": "case_id",
    "at": "case_id",
    "after": "case_id",
}
"""Parameters of pages that could name a row, and which (test_shapes.py looks for new ones)."""
ROW_OF_A_LOOKUP = {
    "cases.payer": "payer",
    "cases.provider": "provider",
    "people.membership": "member_id",
    "people.team": "team",
}
CHOOSES = {"app_label": "cases", "model_name": "coverage", "field_name": "payer", "term": "Quillback"}
"""What a choice of Harbor's payer would be asked."""


def opens(label: str, page: str) -> tuple[str, str]:
    """The two columns of one page of a look-up in Django's admin; nobody deletes there."""
    see, add, write = LOOKUPS[label]
    return {"changelist": (see, see), "add": (add, add), "change": (see, write), "delete": ("", "")}.get(
        page, (see, see)
    )


LOOKUP_PAGES = {
    f"admin:{label.replace('.', '_')}_{page}": (label, page)
    for label in LOOKUPS
    for page in PAGES_OF_A_LOOKUP
    if label in ROW_OF_A_LOOKUP or page in ("changelist", "add")
}
OPENS = AT_DESK | BESIDE | {name: opens(label, page) for name, (label, page) in LOOKUP_PAGES.items()}
ROUTES = {route.name: route for route in desk_routes()}


def of_a_row(name: str) -> tuple[str, ...]:
    """The row that a page of Django's admin is of."""
    label, page = LOOKUP_PAGES.get(name, ("", "changelist"))
    return () if page in ("changelist", "add") else (ROW_OF_A_LOOKUP[label],)


def addresses() -> list[Address]:
    """Every page of the desk and of Django's admin, with its shapes."""
    found = []
    for name, row in OPENS.items():
        rows = ROUTES[name].rows if name in ROUTES else of_a_row(name)
        plain = "autocomplete" if name == "admin:autocomplete" else "retrieve" if rows else "list"
        found.append(address(name, row, plain, nested="case_id" in rows and len(rows) > 1))
    return found


ADDRESSES = addresses()
TAKES = {one.route: one.takes for one in ADDRESSES}


@cache
def covered() -> list[Attack]:
    return cover(ADDRESSES, LETTERS)


def test_every_pair_is_met():
    """By what is asked in `make test`, of each route, verb, role, tenant and shape; and by all verbs in the whole."""
    chosen, everything = covered(), whole(ADDRESSES, LETTERS)
    met = set().union(*(pairs(attack, TAKES[attack.route]) for attack in chosen))
    assert set().union(*everything.values()) == met
    assert set(chosen) <= set(everything)
    assert {a.shape for a in chosen} == {"list", "retrieve", "nested", "filter", "write", "autocomplete"}
    told = {
        (a.route, a.role) for a in chosen if a.tenant == OWN and a.verb in TAKES[a.route] and a.shape in PLAIN
    }
    assert told == {(one.route, letter) for one in ADDRESSES for letter in LETTERS if one.takes}
    assert {(a.route, a.verb) for a in chosen} == {(one.route, verb) for one in ADDRESSES for verb in VERBS}


@pytest.fixture
def asking(world):
    """By tenant and letter, everybody at their browser: Harbor's people at their own rows, Meadow's at those of another."""
    cast = world.cast
    users = {(OWN, letter): cast.users[name] for letter, name in ROLES.items() if name in cast.users}
    users[OWN, "F"], _member = make_member(cast.harbor, "faye", "Faye Funder", ["funder"])
    with scoped_to(cast.meadow.pk, actor="system:test", actor_label="test"):
        for letter, name in ROLES.items():
            roles = [*cast.members[name].roles] if name in cast.members else ["funder"]
            users[OTHER, letter], _member = make_member(cast.meadow, f"m-{name}", "Somebody Else", roles)
    return {key: visitor(user) for key, user in users.items()}


def rows_of(world: Any, tenant: str) -> dict[str, str]:
    """Ids by the parameter that names such a row; of Meadow there are a case's only."""
    case = world.rows["case_id"] if tenant == OWN else world.cast.meadow_case
    kinds = {
        "case_id": case,
        "patient_id": case.patient,
        "coverage_id": case.coverage,
        "payer": case.coverage.payer,
        "provider": case.provider,
        "member_id": world.cast.members["nora" if tenant == OWN else "mia"],
    }
    found = {key: str(row.public_id) for key, row in kinds.items()}
    if tenant == OWN:
        found |= {key: str(row.public_id) for key, row in world.rows.items() if hasattr(row, "public_id")}
    return found


def url_of(world: Any, attack: Attack) -> str:
    if attack.route in ROUTES:
        route = ROUTES[attack.route]
        if attack.shape == "nested":
            under = world.earlier["case_id"] if attack.tenant == OWN else world.cast.meadow_case
            return str(
                route.url({p: world.rows[p].public_id for p in route.rows} | {"case_id": under.public_id})
            )
        return str(world.address(route) if route.rows else route.url({}))
    return reverse(attack.route, args=[rows_of(world, OWN)[key] for key in of_a_row(attack.route)])


def sent(world: Any, attack: Attack) -> dict[str, str]:
    if attack.shape == "autocomplete":
        return CHOOSES
    named = {"filter": FILTERS, "write": CHOICES | {"case": "case_id"}}.get(attack.shape, {})
    rows = rows_of(world, attack.tenant) if named else {}
    return {name: rows.get(kind, rows["case_id"]) for name, kind in named.items()}


def allowed(attack: Attack) -> set[str]:
    """The answers that the table allows."""
    row, taken = OPENS[attack.route], attack.verb in TAKES[attack.route]
    if not taken and attack.route in AT_DESK:
        return {"405"}
    if attack.shape == "nested" or (attack.shape == "retrieve" and attack.tenant == OTHER):
        return {"shut"} if taken else {"shut", "405"}
    if not taken:  # Django's admin answers some of them as it answers a GET
        return {"405", expected("GET", row, attack.role)}
    told = expected(attack.verb, row, attack.role)
    # A row that is named and not found is not there: 404 for a filter, 422 or 404 for a form.
    return {told, "shut"} if attack.shape in ("filter", "write") else {told}


def from_meadow(attack: Attack) -> bool:
    """Whether somebody of Meadow asks; of Harbor's people, it is what they name that is Meadow's."""
    return attack.tenant == OTHER and attack.shape not in ("filter", "write")


def told_too_much(attack: Attack, answer: Answer, data: dict[str, str]) -> list[str]:
    """Words of the other organization, and to whoever sees no patient or opens nothing, those of patients."""
    if from_meadow(attack):
        return [word for word in leaks(answer.text) if word not in data.values()]
    shut = answer.kind == "shut" or attack.role in SEES_NO_PATIENT
    return leaks(answer.text, whose="meadow") + (leaks(answer.text, whose="patients") if shut else [])


def wrong(world: Any, asking: Any, attacks: Iterable[Attack]) -> dict[str, Any]:
    """Where the answers are not those of the table, or tell what they must not."""
    found = {}
    for attack in attacks:
        data = sent(world, attack)
        client = asking[OTHER if from_meadow(attack) else OWN, attack.role]
        answer = ask(client, attack.verb, url_of(world, attack), **data)
        told = told_too_much(attack, answer, data)
        # Which verbs a page of Django's admin has it tells to whoever is signed in, and nothing else.
        if attack.verb == "OPTIONS" and attack.route not in AT_DESK and not answer.text:
            continue
        if answer.kind not in allowed(attack) or told:
            found[" ".join(attack)] = (answer.status, sorted(allowed(attack)), told)
    return found


@pytest.mark.parametrize("letter", LETTERS)
def test_by_pairs(world, asking, letter):
    attacks = [attack for attack in covered() if attack.role == letter]
    assert wrong(world, asking, attacks) == {}


@pytest.mark.long
@pytest.mark.parametrize("tenant", [OWN, OTHER])
@pytest.mark.parametrize("letter", LETTERS)
def test_whole(world, asking, letter, tenant):
    attacks = [a for a in whole(ADDRESSES, LETTERS) if (a.role, a.tenant) == (letter, tenant)]
    assert wrong(world, asking, attacks) == {}
