"""Verbs, permissions, jobs and workflow tables: every one is used, and none is used that is not listed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.conf import settings

from advocacy import workflow
from advocacy.access.permissions import Permission
from advocacy.access.roles import PORTAL_ROLES, ROLES, permissions_of
from advocacy.audit.verbs import VERBS
from advocacy.background import queue
from tests.cast import NOW

ROOT = Path(settings.BASE_DIR)
SOURCES = [
    path
    for app in ("advocacy", "cases", "appeals")
    for path in sorted((ROOT / app).rglob("*.py"))
    if "migrations" not in path.parts
]


def words_in_code() -> set[str]:
    """Every string literal of the shipped code, the verb list itself apart."""
    found = set()
    for path in SOURCES:
        if path.name in {"verbs.py", "permissions.py"}:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def test_every_verb_of_a_record_call_is_listed_and_every_listed_verb_is_used():
    assert set(VERBS) - words_in_code() == set()


def test_every_verb_given_to_record_is_listed():
    given = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            named = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if named in {"record", "record_read", "saw"}:
                place = 1 if named == "saw" else 0
                if len(node.args) > place and isinstance(node.args[place], ast.Constant):
                    given.add(node.args[place].value)
    assert given - set(VERBS) == set()


def test_every_step_names_a_listed_verb_and_existing_states():
    for flow in workflow.ALL.values():
        for steps in flow.versions.values():
            for step in steps:
                assert step.verb in VERBS
                assert {step.to, *step.from_} <= set(flow.states.values)


def test_every_state_is_reached_and_only_final_states_are_dead_ends():
    for flow in workflow.ALL.values():
        steps = flow.steps()
        assert flow.starts | {s.to for s in steps} == set(flow.states.values)
        assert flow.final == {s for s in flow.states.values if all(s not in x.from_ for x in steps)} | (
            flow.final & {"closed"}
        )


def test_every_permission_is_held_by_a_role_and_asked_for_by_the_code():
    assert frozenset().union(
        *(r.permissions for r in (*ROLES.values(), *PORTAL_ROLES.values()))
    ) == frozenset(Permission)
    text = "\n".join(p.read_text() for p in SOURCES if p.name not in {"permissions.py", "roles.py"})
    unasked = {p.name for p in Permission if f".{p.name}" not in text}
    # Asked for by what the next issues add: figures.
    assert unasked <= {"SEE_FIGURES"}


def test_an_unknown_role_gives_nothing():
    assert permissions_of(frozenset({"root", "superuser"})) == frozenset()


@pytest.mark.parametrize("name", sorted(queue.registered()))
def test_every_job_says_what_it_does(name):
    assert (queue.registered()[name].__doc__ or "").strip()


def test_a_superuser_without_membership_sees_no_patient(cast, client):
    from advocacy.people.models import User

    root = User.objects.create(email="root@example.org", name="Root", is_superuser=True, is_staff=True)
    client.force_login(root, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert NOW and client.get("/admin/today/").status_code == 403
