"""When something fails on our side: a page in the look of the door it happened behind, without a database, without detail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import OperationalError, connection
from django.test import Client

from tests.guards.test_page_security import problems
from tests.portal import come_in
from tests.reading import too_hard

DETAIL = "the disk of the database is full of Dana Whitlock"
DESK = ("components.css", "Recourse", "administrator", "/admin/")


@contextmanager
def no_database() -> Iterator[None]:
    """Every statement fails, the first as well as the last."""

    def fail(execute, sql, params, many, context):
        raise OperationalError(DETAIL)

    with connection.execute_wrapper(fail):
        yield


def broken(client: Client, path: str):
    client.raise_request_exception = False
    with no_database():
        return client.get(path)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "It is our fault, not yours."), ("es", "Es culpa nuestra, no suya.")],
)
def test_the_portal_says_so_in_its_own_look_and_language(language, said):
    client = Client(headers={"accept-language": language})
    client.cookies["recourse_portal"] = "a" * 32
    answer = broken(client, "/portal/")
    html = answer.content.decode()
    assert (answer.status_code, said in html, f'<html lang="{language}">' in html) == (500, True, True)
    assert 'href="/portal/"' in html and "portal.css" in html
    assert [word for word in (*DESK, DETAIL, "OperationalError", "Traceback") if word in html] == []
    assert ("data-unreviewed" in html) == (language != "en")
    assert (too_hard(html, language), problems(html), "<script" in html) == ("", [], False)


@pytest.mark.django_db
def test_it_keeps_the_language_the_reader_chose(cast, portal_people):
    """The page had begun, in the reader's language, when it failed; the browser asks for another."""
    dana = come_in("dana@mail.example", Client(headers={"accept-language": "en"}))
    dana.post("/portal/language/", {"language": "es", "next": "/portal/"})
    dana.raise_request_exception = False
    seen = []

    def fail_late(execute, sql, params, many, context):
        if "cases_case" in sql:
            seen.append(1)
            raise OperationalError(DETAIL)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail_late):
        answer = dana.get("/portal/")
    html = answer.content.decode()
    assert (answer.status_code, bool(seen), "Es culpa nuestra" in html) == (500, True, True)
    assert DETAIL not in html and "Whitlock" not in html


@pytest.mark.django_db
def test_the_clinics_door_says_so_without_the_desk():
    answer = broken(Client(), "/clinic/a-secret-token/")
    html = answer.content.decode()
    assert (answer.status_code, "Something failed on our side" in html) == (500, True)
    assert "What you sent may not have been saved." in html
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert [w for w in (DETAIL, "administrator", "/admin/", 'href="/"', "a-secret-token") if w in html] == []
    assert problems(html) == []


@pytest.mark.django_db
def test_the_desk_keeps_its_own(cast, sign_in):
    answer = broken(sign_in("nora"), "/admin/today/")
    html = answer.content.decode()
    assert (answer.status_code, "tell your administrator" in html, DETAIL in html) == (500, True, False)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/portal/sign-in/", "The page was open for too long."),
        ("/clinic/a-secret-token/0190b8a0-0000-7000-8000-000000000000/", "This page was open for too long"),
    ],
)
def test_a_stale_form_stays_behind_its_door(path, said):
    answer = Client(enforce_csrf_checks=True).post(path, {"email": "x"})
    html = answer.content.decode()
    assert (answer.status_code, said in html) == (403, True)
    assert [word for word in ("Search for the reference", "/admin/", 'href="/"') if word in html] == []
