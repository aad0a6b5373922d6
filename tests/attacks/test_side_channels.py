"""What is not there and what one may not see are one answer: the same body, the same headers, the same statements in the
same order.
"""

from __future__ import annotations

import re
import uuid
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from advocacy.people import sessions
from advocacy.people.models import Patient
from advocacy.tenancy.scope import scoped_to
from cases.commands.access import restrict_case
from cases.models import Case
from tests.attacks.expectations import OPERATIONS
from tests.attacks.generator import PAGES, expected, leaks
from tests.attacks.siege import undone
from tests.attacks.test_matrix import AT_DESK, in_path
from tests.cast import make_member
from tests.guards.addresses import portal_routes, with_rows
from tests.guards.test_routes import EVERY_ROLE, visitor
from tests.machines import EVERYTHING, let_in, meadows_machine
from tests.portal import come_in, give_access

UNLIKE = {"X-Request-Id"}
"""Headers that name the answer itself."""
OF_ONE_ANSWER = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"  # ids, those of the address included
    r'|name="csrfmiddlewaretoken" value="\w+"'
    r"|nonce-[\w+/=-]+"
    r"|\b[0-9a-f]{16}\b"  # the request's own id
)
SAVEPOINT = re.compile(r"s\d+_x\d+")


@dataclass(frozen=True)
class Told:
    """All that somebody outside, or beside the database, can tell of an answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    cookies: tuple[str, ...]
    body: str
    statements: tuple[str, ...]


@contextmanager
def heard():
    """The text of every statement, without its values."""
    sent: list[str] = []

    def note(execute, sql, params, many, context):
        sent.append(SAVEPOINT.sub("s", sql))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield sent


def told(client: Client, verb: str, url: str) -> Told:
    with undone(), heard() as statements:
        if url.startswith("/api/") and verb == "POST":
            answer = client.post(url, b'{"body": "x"}', content_type="application/json")
        else:
            answer = getattr(client, verb.lower())(url)
        body = (b"".join(answer) if answer.streaming else answer.content).decode(errors="replace")
    headers = {name: OF_ONE_ANSWER.sub("*", value) for name, value in answer.headers.items()}
    kept = tuple(sorted((name, value) for name, value in headers.items() if name not in UNLIKE))
    return Told(
        answer.status_code,
        kept,
        tuple(sorted(answer.cookies)),
        OF_ONE_ANSWER.sub("*", body),
        tuple(statements),
    )


def differences(client: Client, urls, *, own: bool = False, both: bool = False) -> dict[str, object]:
    """Of addresses that name a row somebody may not see and one that nobody has: where the two answers differ.

    GET and POST take turns from address to address, or are tried `both`. Within one's `own` organization a page that one's
    roles never open may say 403 to either.
    """
    found: dict[str, object] = {}
    wanted, words = ({403, 404}, "patients") if own else ({404}, "all")
    asked = list(urls)
    client.get(asked[0][1])  # the first answer of all sets what a browser keeps
    for number, (name, hidden, missing) in enumerate(asked):
        taken = [v for v in PAGES if expected(v, AT_DESK.get(name, (".", ".")), "nobody") != "405"]
        for verb in taken if both else [taken[number % len(taken)]]:
            one, other = told(client, verb, hidden), told(client, verb, missing)
            if one.status == other.status == 405:
                continue
            if one.status not in wanted or leaks(one.body, whose=words):
                found[f"{verb} {name}"] = (one.status, leaks(one.body, whose=words))
            elif one != other:
                parts = [p for p in Told.__dataclass_fields__ if getattr(one, p) != getattr(other, p)]
                found[f"{verb} {name}"] = {p: (getattr(one, p), getattr(other, p)) for p in parts}
    return found


def whole_addresses(world, routes):
    """Each address with a row: as it stands, and with ids that nobody has."""
    for route in routes:
        if route.rows:
            yield route.name, world.address(route), route.url({p: uuid.uuid4() for p in route.rows})


def under(world, routes, own):
    """Each address of a row under a case: somebody's own case, and a row of another, or one that nobody has."""
    for route in routes:
        nested = [p for p in route.rows if p != "case_id"]
        if "case_id" in route.rows and nested:
            values = {"case_id": own.public_id}
            yield (
                route.name,
                route.url(values | {p: world.rows[p].public_id for p in nested}),
                route.url(values | {p: uuid.uuid4() for p in nested}),
            )


@pytest.fixture(autouse=True)
def no_minute_passes(monkeypatch):
    """That somebody was here is written once a minute, by whichever request comes then: on a slow machine by one of a pair."""
    monkeypatch.setattr(sessions, "SEEN_EVERY", 3600)


@pytest.fixture
def moss(world):
    """Somebody of Meadow with every role."""
    with scoped_to(world.cast.meadow.pk, actor="system:test", actor_label="test"):
        user, _member = make_member(world.cast.meadow, "moss", "Moss Meadow", EVERY_ROLE)
    return visitor(user)


@pytest.fixture
def nils(world):
    """A navigator of Harbor, where both cases are restricted to people of whom he is none."""
    for rows in (world.rows, world.earlier):
        restrict_case(
            actor=world.cast.sam, case=rows["case_id"], reason="a colleague's sister", at=timezone.now()
        )
    Case.objects.filter(pk=world.closed.pk).update(is_restricted=True)
    Patient.objects.filter(pk=world.closed.patient_id).update(is_restricted=True)
    return visitor(world.cast.users["nils"])


NO_PATIENTS = (
    "people:absence_end",
    "people:member_end",
    "people:member_sign_in",
    "people:invitation",
    "people:machine",
    "background:",
    "appeals:share",
    "appeals:own_date",
    "appeals:service_target",
    "cases:offer_received",
    "cases:offer_accept",
    "cases:offer_decline",
)
"""Rows that are no patient's of ours (offers are of another organization's): no case hides them."""


def of_patients():
    return [r for r in with_rows() if not r.name.startswith(NO_PATIENTS)]


def test_a_row_of_another_organization_is_like_none(world, moss):
    assert differences(moss, whole_addresses(world, with_rows())) == {}


def test_nor_is_one_under_a_case_of_ones_own(world, moss):
    assert differences(moss, under(world, with_rows(), world.cast.meadow_case)) == {}


def test_a_restricted_case_is_like_none(world, nils):
    assert differences(nils, whole_addresses(world, of_patients()), own=True) == {}


@pytest.mark.long
def test_by_get_and_by_post(world, moss, nils):
    assert differences(moss, whole_addresses(world, with_rows()), both=True) == {}
    assert differences(moss, under(world, with_rows(), world.cast.meadow_case), both=True) == {}
    assert differences(nils, whole_addresses(world, of_patients()), own=True, both=True) == {}


def test_a_patient_of_somebody_else_is_like_none(world):
    with scoped_to(world.cast.meadow.pk, actor="system:test", actor_label="test"):
        give_access(world.cast.meadow_case.patient, "wren@mail.example")
    give_access(world.earlier["patient_id"], "marisol@mail.example")
    for who in ("wren", "marisol"):
        client = come_in(f"{who}@mail.example")
        urls = whole_addresses(world, portal_routes())
        assert differences(client, urls, own=True, both=True) == {}, who


def operations(world):
    for verb, path in OPERATIONS:
        if "{" in path and "{key}" not in path and verb == "GET":
            yield path, in_path(path, world), re.sub(r"\{\w+\}", str(uuid.uuid4()), path)


def test_a_machine_tells_no_row_of_another_organization_from_none(world):
    machine = meadows_machine(world.cast, roles=["supervisor", "analyst"])
    assert differences(machine.client, operations(world), both=True) == {}


def test_nor_a_restricted_case(world, nils):
    machine = let_in(world.cast.olga, world.cast.harbor, roles=("supervisor",), scopes=EVERYTHING)
    assert differences(machine.client, operations(world), own=True, both=True) == {}


@pytest.mark.parametrize(
    "path", ["/clinic/{}/", "/calendar/{}.ics", "/invitation/{}/", "/accounts/confirm-email/{}/"]
)
def test_no_secret_is_told_from_another(db, path):
    """One that was never given, and one that cannot be any."""
    seen = [told(Client(), "GET", path.format(secret)) for secret in ("A" * 43, "B" * 43)]
    assert seen[0].status == seen[1].status
    assert seen[0].body.replace("A" * 43, "") == seen[1].body.replace("B" * 43, "")
    assert seen[0].statements == seen[1].statements


# -- what else tells ---------------------------------------------------------------------------------------------------
COUNTED = (
    "appeals:today",
    "appeals:queue",
    "cases:restricted",
    "cases:intake",
    "people:leavers",
    "background:jobs",
)


def numbers(text: str) -> list[str]:
    return re.findall(r">\s*(\d+)\s*<", text)


def test_no_count_of_meadows_moves_when_harbor_works(world, moss):
    """Lists, badges and figures of Meadow before and after much of Harbor's is hidden or gone: the same numbers."""
    pages = [reverse(name) for name in COUNTED] + [reverse("reporting:figures")]
    before = [numbers(moss.get(url).content.decode()) for url in pages]
    with undone(), scoped_to(world.cast.harbor.pk), connection.cursor() as cursor:
        cursor.execute("UPDATE cases_case SET is_restricted = true, is_urgent = true")
        cursor.execute("DELETE FROM background_job")
        cursor.execute("DELETE FROM appeals_reminder")
        after = [numbers(moss.get(url).content.decode()) for url in pages]
    assert before == after


def test_a_restricted_case_is_in_no_list_no_search_no_history_and_no_file(world, nils):
    """Nor in what the pages count: the words of the case, and how many there are."""
    seen = []
    for name in ("appeals:today", "appeals:queue", "cases:intake"):
        for query in ({}, {"whose": "all"}, {"status": "all"}):
            seen.append(nils.get(reverse(name), query, follow=True).content.decode())
    for words in ("Whitlock", "TMK 7730 41582 01", "HB-2026-0001", "REF-HARBOR-4711"):
        found = nils.post(reverse("cases:search"), {"q": words}, follow=True).content.decode()
        seen.append(found.replace(words, ""))
    harbor = world.cast.harbor
    machine = let_in(world.cast.olga, harbor, roles=("supervisor", "analyst"), scopes=EVERYTHING)
    for name in ("api:cases", "api:documents", "api:events"):
        seen.append(machine.get(reverse(name)).content.decode())
    for name in ("api:export_cases", "api:export_outcomes"):
        answer = machine.get(reverse(name), {"purpose": "Looking at what is there"})
        seen.append(b"".join(answer).decode() if answer.streaming else answer.content.decode())
    hidden = [
        str(rows[key].public_id) for rows in (world.rows, world.earlier) for key in ("case_id", "patient_id")
    ]
    hidden += ["HB-2026-0001", "HB-2026-0002", "Whitlock", "Okonkwo", "the dog howls at the fax"]
    assert [(number, word) for number, text in enumerate(seen) for word in hidden if word in text] == []


def test_an_error_says_nothing_of_another_organizations_row(world, moss):
    """What is taken already in Harbor is free in Meadow, and its numbers meet nothing when a patient is registered."""
    url = reverse("people:patient_new")
    typed = {"given_name": "Dana", "family_name": "Whitlock", "birth_date": "1984-05-17", "state": "OR"}
    known = moss.post(url, typed).content.decode()
    unknown = moss.post(url, typed | {"given_name": "Dora", "family_name": "Whitfield"}).content.decode()
    assert "HB-" not in known
    shape = re.compile(r"<[a-z][^>]*?(?=[ >])")
    assert [m.group() for m in shape.finditer(known)] == [m.group() for m in shape.finditer(unknown)]
