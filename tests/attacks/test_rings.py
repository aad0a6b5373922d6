"""Each ring holds by itself, at every table; taken away, exactly its own probe sees it.

A new table fails here until tests/attacks/reach.py says who sees it.
"""

from __future__ import annotations

import pytest
from django.db import connection

from advocacy.tenancy.scope import scoped_to
from tests.attacks import rings
from tests.attacks.reach import DESK, IN_PORTAL, PORTAL, TABLES
from tests.attacks.rings import KEYS, MODELS

PROBES = {
    "row-level security, reading": rings.raw_reads,
    "row-level security, writing": rings.raw_writes,
    "scoped manager": rings.managed,
    "composite key": rings.turned,
    "policy": rings.seen,
}
TENANT_TABLES = set(MODELS)
ALL_KEYS = {(label, key.name) for label, key in KEYS}
# What is taken away, and what each probe must name then. Probes that are not named must find nothing.
REMOVALS = {
    "nothing": (None, {}),
    "row-level security": (
        rings.without_row_level_security,
        {"row-level security, reading": TENANT_TABLES, "row-level security, writing": TENANT_TABLES},
    ),
    "the check of writes": (rings.without_check_of_writes, {"row-level security, writing": TENANT_TABLES}),
    "the scoped manager": (rings.without_managers, {"scoped manager": TENANT_TABLES}),
    "the composite keys": (rings.without_composite_keys, {"composite key": ALL_KEYS}),
    "the policies": (rings.without_policies, {"policy": TENANT_TABLES}),
}


def test_every_table_has_an_expectation_and_people_to_try_it():
    assert set(TABLES) == TENANT_TABLES
    assert set(IN_PORTAL) <= TENANT_TABLES
    assert {name for reach in TABLES.values() for name in reach} <= DESK
    assert {name for reach in IN_PORTAL.values() for name in reach} <= PORTAL


def test_the_attacks_run_as_the_application(siege):
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == ("recourse_app", False, False)
    assert set(siege.actors) == DESK | PORTAL


def told(siege, probe, remove):
    rings.DIFFERENCES.clear()
    if remove is None:
        return probe(siege)
    with remove(siege):
        return probe(siege)


@pytest.mark.parametrize("removed", REMOVALS)
def test_a_ring_that_is_taken_away_turns_exactly_its_own_probe_red(siege, removed):
    remove, expected = REMOVALS[removed]
    probes = PROBES if removed in {"nothing", "the policies"} else PROBES | {"policy": rings.seen_by_few}
    found = {name: told(siege, probe, remove) for name, probe in probes.items()}
    assert found == {name: expected.get(name, set()) for name in PROBES}, rings.DIFFERENCES


def test_each_policy_by_itself_is_seen_when_it_is_gone(siege):
    blind = set()
    for label in MODELS:
        with rings.without_policies(siege, label):
            if rings.seen(siege, label) != {label}:
                blind.add(label)
    assert blind == set()
    with scoped_to(siege.harbor):
        assert rings.seen(siege, "cases.Case") == set(), "what was taken away is back"
