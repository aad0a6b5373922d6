"""Every page of the contest, asked for by a navigator of another organization and through another case of one's own.

`make test` asks the same at every address of the program (tests/attacks, tests/guards/test_routes.py, test_reads.py); this scene
of its own is left to `make test-long`.
"""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.urls import reverse

from appeals import urls
from appeals.models import Denial, PeerToPeer
from tests.appeals.climbing import ERISA
from tests.appeals.scenes import new_case
from tests.appeals.visiting import day, days_ago
from tests.cast import NOW

pytest_plugins = ("tests.appeals.climbing",)
pytestmark = pytest.mark.long

ROWS = {"request_id", "denial_id", "call_id", "level_id", "filing_id"}


@pytest.fixture
def rows(climb) -> dict[str, uuid.UUID]:
    """One row of Harbor for every kind of address."""
    climb.answer(ERISA | {"levels": "1"})
    climb.ask(days_ago(40))
    climb.refuse(days_ago(25), days_ago(22), confirmed=days_ago(20), peer_to_peer_until=day(days_ago(-5)))
    filing = climb.file(1, days_ago(5))
    return {
        "case_id": climb.case.public_id,
        "request_id": climb.request.public_id,
        "denial_id": Denial.objects.get().public_id,
        "call_id": PeerToPeer.objects.get().public_id,
        "level_id": climb.level(1).public_id,
        "filing_id": filing.public_id,
    }


def addresses(rows: dict[str, uuid.UUID]) -> list[str]:
    """The addresses of this file's pages, from the map itself, so that a new page cannot be forgotten."""
    found = []
    for pattern in urls.urlpatterns:
        needed = set(pattern.pattern.converters)
        if "case_id" not in needed or not needed <= {*rows, "how"}:
            continue
        given = {name: rows[name] for name in needed - {"how"}}
        if "how" in needed:
            given["how"] = "withdraw"
        found.append(reverse(f"appeals:{pattern.name}", kwargs=given))
    return found


def looked(client: Any, url: str) -> int:
    """The answer to a look; what only takes a POST says so before any row is asked for, and is asked by one."""
    answer = client.get(url)
    return int((client.post(url) if answer.status_code == 405 else answer).status_code)


def test_another_organization_finds_nothing_at_any_address(rows, sign_in):
    mia = sign_in("mia")
    asked = addresses(rows)
    assert len(asked) >= 38
    assert {url: looked(mia, url) for url in asked} == dict.fromkeys(asked, 404)
    # A page that is only read answers 405 to whoever posts to it, before any row is asked for.
    assert {mia.post(url, {}).status_code for url in asked} == {404, 405}


def test_a_row_is_found_under_its_own_case_only(climb, rows, sign_in):
    other = new_case(7, at=NOW, owner=climb.cast.members["nora"])
    converters = [set(p.pattern.converters) for p in urls.urlpatterns]
    named = [names for names in converters if "case_id" in names and names <= {*rows, "how"}]
    found = addresses(rows | {"case_id": other.public_id})
    asked = [url for url, names in zip(found, named, strict=True) if names & ROWS]
    nora = sign_in("nora")
    assert {url: looked(nora, url) for url in asked} == dict.fromkeys(asked, 404)


def test_no_title_and_no_address_names_the_patient(climb, rows, sign_in):
    nora = sign_in("nora")
    for url in addresses(rows):
        page = nora.get(url)
        if page.status_code == 200 and page["Content-Type"].startswith("text/html"):
            title = page.content.decode().split("<title>")[1].split("</title>")[0]
            assert "Whitlock" not in title and "Dana" not in title, url
