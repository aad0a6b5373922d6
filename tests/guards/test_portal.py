"""Every page of the portal: closed to strangers, silent about others, read in the trail once, easy to read, without scripts.

A new page is visited by itself. When one of these fails for it: a parameter is named in tests/guards/addresses.py; the view
lacks `saw(request, "read_page", ...)`, or it shows nothing of a patient and is listed in SHOWS_NO_PATIENT with its reason.
"""

from __future__ import annotations

import io
import uuid
import zipfile

import pypdfium2
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from advocacy.access.policy import declared_for_portal
from advocacy.access.roles import PORTAL_ROLES, ROLES
from advocacy.languages import PORTAL_LANGUAGES
from advocacy.tenancy.scope import scoped_to
from cases.commands.access import restrict_case
from tests.guards.addresses import names, portal_routes, routes
from tests.guards.test_page_security import POLICY, problems
from tests.guards.test_reads import private_in, reads_of
from tests.guards.test_routes import visitor
from tests.guards.world import MARKS, PRIVATE
from tests.portal import come_in, give_access
from tests.reading import too_hard

# Pages that only take a POST.
POST_ONLY: set[str] = {
    "portal:sign_out",
    "portal:language",
    "portal:helper_end",
    "portal:consent_give",
    "portal:page_add",
    "portal:page_move",
    "portal:page_remove",
}
# Pages without anything of a patient, each with its reason.
SHOWS_NO_PATIENT: dict[str, str] = {"portal:sessions": "one's own browsers"}
# Pages that ask more of the database, each with its reason.
MORE_STATEMENTS: dict[str, int] = {
    "portal:take_along": 68,  # one for every table, asked for once in a while
    "portal:thread": 13,  # the first time only: what was read is noted, and whether somebody was to call about it is asked
}
PAGES = portal_routes()
SHOWN = [r for r in PAGES if r.name not in POST_ONLY]
DOORS = [r for r in routes() if r.is_portal_door]


@pytest.fixture
def dana(world):
    return come_in("dana@mail.example")


@pytest.fixture
def wren(world):
    """A patient of Meadow."""
    with scoped_to(world.cast.meadow.pk, actor="system:test", actor_label="test"):
        give_access(world.cast.meadow_case.patient, "wren@mail.example")
    return come_in("wren@mail.example")


@pytest.fixture
def marisol(world):
    """Another patient of Harbor."""
    give_access(world.earlier["patient_id"], "marisol@mail.example")
    return come_in("marisol@mail.example")


def test_every_address_under_portal_is_a_page_or_the_door_of_it():
    found = [
        r.name
        for r in routes()
        if r.path.startswith("portal/") and not (r.is_portal_page or r.is_portal_door)
    ]
    assert found == []
    assert {r.name for r in DOORS} == {
        "portal:sign_in",
        "portal:code",
        "portal:sign_out",
        "portal:choose",
        "portal:language",
        "portal:session",
        "portal:signed_in",
    }


def test_no_role_of_a_member_is_one_of_the_portal():
    assert {r.value for r in PORTAL_ROLES} & {r.value for r in ROLES} == set()
    held = {p for role in PORTAL_ROLES.values() for p in role.permissions}
    assert {p for role in ROLES.values() for p in role.permissions} & held == set()
    assert all(p.value.startswith("portal.") for p in held)


def test_what_is_there_in_the_portal_is_listed():
    """A model reaches patients by `declare_portal` only; a new one is added here by whoever has thought about it."""
    assert declared_for_portal() >= {
        "people.Patient",
        "people.PortalAccess",
        "people.Consent",
        "people.Contact",
        "cases.Case",
        "cases.Note",
    }
    assert (
        declared_for_portal() & {"people.Membership", "cases.Task", "cases.CaseGrant", "appeals.Proposal"}
        == set()
    )


@pytest.mark.parametrize("name", names(PAGES))
def test_without_a_sign_in_every_page_leads_to_the_portals_own(db, client, name):
    route = next(r for r in PAGES if r.name == name)
    url = route.url({p: uuid.uuid4() for p in route.rows})
    for answer in (client.get(url), client.post(url, {"x": "1"})):
        if answer.status_code != 405:
            assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (
                302,
                reverse("portal:sign_in"),
            )


@pytest.mark.parametrize("who", ["nora", "sam", "olga"])
def test_no_colleague_enters_by_the_desks_sign_in(world, who):
    client = visitor(world.cast.users[who])
    found = {}
    for route in PAGES:
        status = client.get(world.address(route)).status_code
        if status not in (302, 405):
            found[route.name] = status
    assert found == {}


@pytest.mark.parametrize("who", ["wren", "marisol"])
def test_nothing_of_somebody_else_is_there(request, world, who):
    """404 for every address with a row of Dana's, for a patient of Meadow and for another one of Harbor."""
    client = request.getfixturevalue(who)
    wrong = {}
    for route in PAGES:
        if not route.rows:
            continue
        for method in ("get", "post"):
            status = getattr(client, method)(world.address(route)).status_code
            if status not in (404, 405):
                wrong[f"{method} {route.name}"] = status
    assert wrong == {}


def archived(answer) -> str:
    """Everything in an archive."""
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    return "\n".join(archive.read(name).decode(errors="replace") for name in archive.namelist())


def words_of(answer) -> str:
    """The text of a page, or of a paper."""
    if answer.headers["Content-Type"] != "application/pdf":
        return str(answer.content.decode())
    return "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(answer.content))


@pytest.mark.parametrize("who", ["wren", "marisol"])
def test_shared_pages_show_nothing_of_somebody_else(request, world, who):
    client = request.getfixturevalue(who)
    mine = {
        "marisol": {
            "Marisol",
            "Okonkwo",
            "Pip-Pilar",
            "KZQ-5150-88",
            "HB-2026-0002",
            "Harbor Patient Advocates",
            "Quillback Mutual",
            "Ophelia Harborlight",
        }
    }
    leaks = []
    for route in [*SHOWN, *DOORS]:
        if route.rows or route.name in POST_ONLY:
            continue
        answer = client.get(route.url({}), follow=True)
        if (
            answer.streaming
        ):  # everything of one patient: the world says the same words of several, so rows are compared
            told = archived(answer)
            leaks += [(route.name, key) for key, row in world.rows.items() if str(row.public_id) in told]
            continue
        text = words_of(answer)
        leaks += [
            (route.name, m) for m in {**PRIVATE, **MARKS} if m in text and m not in mine.get(who, set())
        ]
    assert leaks == []


def test_a_patient_opens_no_page_of_the_desk(world, dana):
    """Every address of the desk, with her own rows: the sign-in of the desk."""
    from tests.guards.addresses import desk_routes

    found = {}
    for route in desk_routes():
        answer = dana.get(world.address(route) if route.rows else route.url({}))
        if answer.status_code not in (302, 405) or "/accounts/" not in answer.headers.get(
            "Location", "/accounts/"
        ):
            found[route.name] = answer.status_code
    assert found == {}


@pytest.mark.parametrize("name", names(SHOWN))
def test_one_read_event_for_one_page(world, dana, name):
    route = next(r for r in SHOWN if r.name == name)
    answer = dana.get(world.address(route))
    assert answer.status_code == 200, answer.content.decode()[-800:]
    if answer.streaming:
        b"".join(answer)
    events = reads_of(answer)
    if name in SHOWS_NO_PATIENT:
        assert events == []
        return
    (event,) = events
    patient = world.rows["patient_id"]
    assert (event.actor_label, event.patient_ids) == (f"Patient {patient.reference}", [patient.pk])
    if "case_id" in route.rows:
        assert event.case_ids == [world.rows["case_id"].pk]


@pytest.mark.parametrize("language", PORTAL_LANGUAGES)
@pytest.mark.parametrize("name", names(SHOWN))
def test_a_page_is_easy_to_read_and_needs_no_script(world, dana, name, language):
    dana.post(reverse("portal:language"), {"language": language, "next": "/portal/"})
    route = next(r for r in SHOWN if r.name == name)
    answer = dana.get(world.address(route))
    if answer.streaming or not answer.headers["Content-Type"].startswith("text/html"):
        return
    html = answer.content.decode()
    assert f'<html lang="{language}">' in html
    assert ("data-unreviewed" in html) == (language != "en")
    assert too_hard(html, language) == ""
    assert problems(html) == []
    said = {p.strip() for p in answer.headers["Content-Security-Policy"].split(";") if p.strip()}
    assert said == POLICY
    title = html.partition("<title>")[2].partition("</title>")[0]
    assert title.strip()
    assert private_in(title + world.address(route)) == []


@pytest.mark.parametrize("language", PORTAL_LANGUAGES)
def test_the_door_is_easy_to_read_and_needs_no_script(world, language):
    client = Client(headers={"accept-language": language})
    asked = client.post(reverse("portal:sign_in"), {"email": "dana@mail.example"})
    pages = [client.get(reverse("portal:sign_in")), client.get(asked.headers["Location"])]
    pages += [
        client.post(reverse("portal:sign_in"), {"email": "?"}),
        client.post(reverse("portal:code"), {"code": "1"}),
    ]
    pages += [client.get("/portal/nowhere/")]
    for answer in pages:
        html = answer.content.decode()
        assert f'<html lang="{language}">' in html
        assert too_hard(html, language) == ""
        assert problems(html) == []
        assert "<script" not in html


def test_a_page_costs_a_bounded_number_of_statements(world, dana):
    """Six of them are who asks, for whom, and the read event; the rest is the page's own."""
    dear = {}
    for route in SHOWN:
        with CaptureQueriesContext(connection) as statements:
            dana.get(world.address(route))
        own = [q for q in statements if "SAVEPOINT" not in q["sql"]]
        if len(own) > MORE_STATEMENTS.get(route.name, 12):
            dear[route.name] = len(own)
    assert dear == {}


def test_a_representative_reaches_no_restricted_case(world, dana):
    rosa = come_in("rosa@mail.example")
    case = world.rows["case_id"]
    url = reverse("portal:case", args=[case.public_id])
    assert [c.get(url).status_code for c in (dana, rosa)] == [200, 200]
    restrict_case(actor=world.cast.sam, case=case, reason="a colleague's sister", at=timezone.now())
    assert [c.get(url).status_code for c in (dana, rosa)] == [200, 404]


def test_parts_that_were_not_given_are_not_there(world):
    give_access(world.rows["patient_id"], "lawyer@mail.example", kind="representative", scope=["letters"])
    lawyer = come_in("lawyer@mail.example")
    assert lawyer.get(reverse("portal:case", args=[world.rows["case_id"].public_id])).status_code == 404
    home = lawyer.get(reverse("portal:home"))
    assert home.status_code == 200
    assert "HB-2026" not in home.content.decode()
    for route in PAGES:
        needed = route.view.portal_permission
        if needed is not None and needed.value != "portal.letters":
            assert lawyer.get(world.address(route)).status_code in (404, 405), route.name
