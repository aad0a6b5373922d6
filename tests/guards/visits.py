"""Every page of the desk, opened once in the full Harbor: what came back, what was logged, what was read.

Several guards look at the same answers. They only look: who changes something first asks a client of their own.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from advocacy.audit.models import Event
from tests.guards.addresses import Route, desk_routes
from tests.guards.test_routes import POST_ONLY, visitor

# Pages of whoever keeps the organization; everything else is open to a supervisor.
ADMINS = {
    "people:member_end",
    "people:member_sign_in",
    "people:invitations",
    "people:invitation_new",
    "people:machines",
    "people:machine_new",
    "people:sign_in_provider",
    "cases:organization",
    "cases:task_template",
    "appeals:setup",
    "appeals:setup_letter",
    "appeals:letter_block",
    "appeals:own_date_new",
    "appeals:service_target_new",
}
# Searches and drafts are one's own.
OWN = {"cases:search_results", "people:draft"}
PAGES = [r for r in desk_routes() if r.name not in POST_ONLY]


@dataclass(frozen=True)
class Visit:
    """One page: its answer with all bytes, the cookies of the browser, the log, the read events, how many statements."""

    url: str
    status: int
    headers: dict[str, str]
    streaming: bool
    content: bytes
    cookies: str
    logged: list[tuple[str, str]]
    events: list[Event]
    statements: int

    @property
    def text(self) -> str:
        return self.content.decode()

    @property
    def is_page(self) -> bool:
        """Whether it was rendered, and is no file."""
        return not self.streaming and self.headers.get("Content-Type", "").startswith("text/html")


def reads_of(answer: Any) -> list[Event]:
    return list(Event.objects.filter(kind="read", request_id=answer.headers["X-Request-Id"]))


def visit(world: Any, route: Route) -> Visit:
    """The page, by somebody who may open it and has just signed in; asked for once while this world stands."""
    if route.name not in world.visits:
        world.visits[route.name] = _visited(world, route)
    found: Visit = world.visits[route.name]
    return found


def visit_again(world: Any, route: Route) -> Visit:
    """The page once more, as somebody sees it who was there before: what an earlier test's visit wrote is gone with that test."""
    _visited(world, route)
    return _visited(world, route)


def _visited(world: Any, route: Route) -> Visit:
    who = "nora" if route.name in OWN else "olga" if route.name in ADMINS else "sam"
    client = visitor(world.cast.users[who])
    url = world.address(route)
    with _heard() as records, CaptureQueriesContext(connection) as sent:
        answer = client.get(url)
        content = b"".join(answer) if answer.streaming else answer.content
    statements = sent.captured_queries
    return Visit(
        url,
        answer.status_code,
        dict(answer.headers.items()),
        answer.streaming,
        content,
        SimpleCookie(client.cookies).output() + answer.cookies.output(),
        [(r.name, r.getMessage()) for r in records],
        reads_of(answer),
        sum("SAVEPOINT" not in one["sql"] for one in statements),
    )


@contextmanager
def _heard() -> Iterator[list[logging.LogRecord]]:
    """Every record from INFO on that reaches the root of the log."""
    records: list[logging.LogRecord] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    root, ear = logging.getLogger(), Ear()
    before = root.level
    root.addHandler(ear)
    root.setLevel(logging.INFO)
    try:
        yield records
    finally:
        root.setLevel(before)
        root.removeHandler(ear)
