"""What people type, open and break is put through pages, errors and jobs, and looked for in the log."""

from __future__ import annotations

import io
import json
import logging

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DataError, connection
from django.test import Client

from advocacy.background.models import Job
from advocacy.background.queue import enqueue, run
from advocacy.logs import JsonLines, PlainLines, WithoutPatientData
from advocacy.tenancy.scope import scoped_to

PHI = ("Whitlock", "whitlock", "Dana", "dana", "7730", "F33.2", "515-555", "s3cret", "1984-05", "Zebra")
KEYS = {"time", "level", "logger", "event"}
FACTS = {"request_id", "route", "method", "status", "ms", "statements", "organization"}


@pytest.fixture
def lines(settings):
    """Everything that any logger says, as production writes it."""
    settings.LOG_REQUESTS = True
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(WithoutPatientData())
    handler.setFormatter(JsonLines())
    root, others = (
        logging.getLogger(),
        {n: logging.getLogger(n) for n in ("django", "django.request", "recourse")},
    )
    before = {name: logger.level for name, logger in others.items()}
    root.addHandler(handler)
    level = root.level
    for logger in (root, *others.values()):
        logger.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)
    for name, logger in others.items():
        logger.setLevel(before[name])


def clean(said) -> bool:
    text = json.dumps(said)
    return [word for word in PHI if word in text] == []


def test_pages_leave_routes_and_no_word_of_what_was_asked_or_typed(cast, sign_in, lines):
    nora = sign_in("nora")
    nora.get(f"/admin/cases/{cast.case.public_id}/")
    nora.post("/admin/search/", {"q": "Dana Whitlock", "text": "TMK 7730 41582 01"})
    nora.get("/admin/queue/?q=Whitlock&after=Zebra")
    nora.post(
        "/admin/patients/new/", {"given_name": "Dana", "family_name": "Whitlock", "birth_date": "1984-05-17"}
    )
    nora.post(
        f"/admin/cases/{cast.case.public_id}/documents/new/",
        {
            "file": SimpleUploadedFile("Dana Whitlock F33.2.pdf", b"no pdf at all: Whitlock"),
            "kind": "clinical_note",
        },
    )
    nora.get("/admin/Whitlock/")
    Client().post("/accounts/login/", {"login": "dana@mail.example", "password": "s3cret"})
    Client().get("/clinic/s3cret-token/?name=Whitlock")
    Client().get("/invitation/s3cret-token/")
    Client(headers={"host": "whitlock.example"}).get("/")
    Client(enforce_csrf_checks=True).post(
        "/clinic/s3cret/0190b8a0-0000-7000-8000-000000000000/", {"x": "Dana"}
    )
    said = lines()
    asked = [line for line in said if line["event"] == "request"]
    assert [line["route"] for line in asked] == [
        "appeals:case",
        "cases:search",
        "appeals:queue",
        "people:patient_new",
        "cases:document_new",
        "admin:django.contrib.admin.sites.catch_all_view",
        "account_login",
        "clinic",
        "invitation",
        "unmatched",
        "clinic_answer",
    ]
    assert clean(said), [line for line in said if not clean(line)]
    assert {key for line in said for key in line} <= KEYS | FACTS
    first = asked[0]
    assert (first["method"], first["status"], first["organization"]) == (
        "GET",
        200,
        str(cast.harbor.public_id),
    )
    assert len(first["request_id"]) == 16 and first["statements"] > 3 and first["ms"] > 0


def test_an_error_leaves_its_kind_and_place(cast, sign_in, lines):
    nora = sign_in("nora")
    nora.raise_request_exception = False

    def fail(execute, sql, params, many, context):
        if "cases_case" in sql:
            raise DataError('invalid input: "Dana Whitlock"\nDETAIL: Key (name)=(Whitlock) exists.')
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        answer = nora.get("/admin/queue/?q=Whitlock")
    said = lines()
    errors = [line for line in said if line["level"] == "error"]
    assert answer.status_code == 500 and clean(said)
    assert [line["event"].partition(" [")[0] for line in errors] == ["Internal Server Error: appeals:queue"]
    assert "[DataError at " in errors[0]["event"] and errors[0]["route"] == "appeals:queue"


def test_a_failing_job_leaves_its_name_and_the_kind_of_error(cast, lines, monkeypatch):
    from advocacy.background import queue

    def broken() -> None:
        raise ValueError("Dana Whitlock's letter of Zebra")

    monkeypatch.setitem(queue._jobs, "cases.wake_tasks", broken)
    row = enqueue("cases.wake_tasks")
    for _ in range(queue.MAX_ATTEMPTS):
        with scoped_to(cast.harbor.pk):
            run(cast.harbor.pk, row.pk)
    said = lines()
    assert Job.objects.get(pk=row.pk).status == "failed"
    assert clean(said)
    assert [line["event"] for line in said if line["level"] == "error"] == [
        f"job cases.wake_tasks {row.public_id} failed: ValueError"
    ] * 3


# What libraries say, as they say it.
FOREIGN = [
    (
        "django-q",
        "Failed 'run' (x) - key (name)=(Dana Whitlock) : Traceback\n Whitlock",
        (),
        "Failed 'run' (x)",
    ),
    ("django-q", ValueError("Dana Whitlock"), (), "ValueError"),
    ("gunicorn.error", "Error handling request %s", ("/clinic/s3cret/?q=Dana",), "Error handling request"),
    (
        "gunicorn.error",
        "Worker (pid:%s) exited with code %s.",
        (12, 1),
        "Worker (pid:12) exited with code 1.",
    ),
    ("django.security.csrf", "Forbidden (%s): %s", ("x", "/clinic/s3cret/"), "Forbidden (x): (address)"),
    ("x", "GET %s 200", ("/calendar/s3cret.ics",), "GET (address) 200"),
    (
        "x",
        "see /portal/sign-in/?next=/portal/Whitlock for dana@mail.example",
        (),
        "see (address) for (address)",
    ),
]


@pytest.mark.parametrize(("name", "message", "arguments", "wanted"), FOREIGN)
def test_what_libraries_say_is_cut_before_it_tells(name, message, arguments, wanted):
    record = logging.LogRecord(name, logging.ERROR, "", 1, message, arguments, None)
    assert WithoutPatientData().filter(record) is True
    assert record.getMessage() == wanted
    assert json.loads(JsonLines().format(record))["event"] == wanted
    assert PlainLines().format(record).endswith(f"{name} {wanted}")
