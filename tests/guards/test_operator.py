"""The platform's operator runs the installation and opens no patient row: no membership, no data, whatever the flag says."""

from __future__ import annotations

from django.urls import reverse

from advocacy.people.models import User
from tests.guards.addresses import desk_routes, routes
from tests.guards.test_routes import POST_ONLY, admin_urls, get_only, visitor
from tests.guards.world import MARKS, PRIVATE


def operator():
    root = User.objects.create(email="root@example.org", name="Root", is_superuser=True, is_staff=True)
    return visitor(root)


def leaks_in(answer) -> list[str]:
    text = (b"".join(answer) if answer.streaming else answer.content).decode(errors="replace")
    return [mark for mark in {**MARKS, **PRIVATE} if mark in text]


def test_an_operator_without_membership_opens_no_page_of_the_desk(world):
    client = operator()
    wrong = {}
    for route in desk_routes():
        url = world.address(route) if route.rows else route.url({})
        for method in ("get", "post"):
            refused = route.name in POST_ONLY if method == "get" else get_only(route)
            answer = getattr(client, method)(url)
            if answer.status_code != (405 if refused else 403) or leaks_in(answer):
                wrong[f"{method} {route.name}"] = (answer.status_code, leaks_in(answer))
    assert wrong == {}


def test_nor_any_page_of_the_admin(world):
    client = operator()
    rows = {
        "people_membership": world.rows["member_id"],
        "cases_payer": world.rows["coverage_id"].payer,
        "cases_provider": world.rows["case_id"].provider,
    }
    urls = [
        *admin_urls(),
        *(reverse(f"admin:{name}_change", args=[row.public_id]) for name, row in rows.items()),
    ]
    shown = {}
    for url in urls:
        answer = client.get(url, follow=True)
        if (answer.status_code == 200 and answer.redirect_chain == []) or leaks_in(answer):
            shown[url] = (answer.status_code, leaks_in(answer))
    assert {u: s for u, s in shown.items() if s[1]} == {}
    assert {u for u in shown if "jsi18n" not in u} == set()


def test_every_other_address_shows_nothing_of_a_patient(world):
    client = operator()
    for route in routes():
        if route.parameters or route.is_desk_page or route.is_admin or "(?P" in route.path:
            continue
        assert leaks_in(client.get(f"/{route.path}", follow=True)) == [], route.path


def test_the_operators_role_in_the_database_reads_no_row_of_any_organization(owner_connection):
    """It holds no privilege on any table but these two, and cannot call what looks past row-level security."""
    held = owner_connection.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname IN ('public', 'audit', 'search') AND c.relkind IN ('r', 'v', 'm', 'p')"
        " AND has_any_column_privilege('recourse_operator', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')"
    ).fetchall()
    assert {name for (name,) in held} == {"django_migrations", "tenancy_organization"}
    schemas = owner_connection.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname IN ('public', 'audit', 'search')"
        " AND has_schema_privilege('recourse_operator', oid, 'USAGE')"
    ).fetchall()
    assert schemas == [("public",)]
    member_of = owner_connection.execute(
        "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = 'recourse_operator'"
    ).fetchone()
    assert member_of == (0,)
