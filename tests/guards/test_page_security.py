"""Strict content security policy: the header of every page, and no page that would need an exception from it.

A script or a style belongs into `static/advocacy`; a page that needs data in script reads it from attributes.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from advocacy.headers import NOTHING, UNUSED
from tests.guards.test_reads import LEADS_ELSEWHERE
from tests.guards.visits import PAGES, visit

POLICY = {
    "default-src 'self'",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'self'",
    "img-src 'self'",
}
INLINE = {
    "a script in the page": re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")", re.IGNORECASE
    ),
    "a style in the page": re.compile(r"<style\b", re.IGNORECASE),
    "a style attribute": re.compile(r"<[a-z][^>]*\sstyle=", re.IGNORECASE),
    "a handler attribute": re.compile(r"<[a-z][^>]*\son[a-z]+=", re.IGNORECASE),
    "a script address": re.compile(r"(?:href|src|action)=[\"']?\s*javascript:", re.IGNORECASE),
    "something from elsewhere": re.compile(
        r"<(?:script|link|img|iframe)[^>]*(?:src|href)=[\"'](?:https?:)?//"
    ),
}


def problems(html: str) -> list[str]:
    return [name for name, pattern in INLINE.items() if pattern.search(html)]


def test_no_template_needs_an_exception():
    found = {
        str(path): wrong
        for path in (Path(settings.BASE_DIR) / "templates").rglob("*.html")
        if (wrong := problems(path.read_text()))
    }
    assert found == {}


def test_every_page_says_the_policy_and_keeps_to_it(world):
    """Rendered, since widgets of forms and of the look-ups write markup too."""
    wrong = {}
    for route in PAGES:
        if route.name in LEADS_ELSEWHERE:
            continue
        seen = visit(world, route)
        if not seen.is_page:
            continue
        said = {
            part.strip()
            for part in seen.headers.get("Content-Security-Policy", "").split(";")
            if part.strip()
        }
        if said != POLICY or seen.headers.get("X-Content-Type-Options") != "nosniff":
            wrong[route.name] = [f"policy: {sorted(said)}"]
        wrong |= {route.name: found} if (found := problems(seen.text)) else {}
    assert wrong == {}


def test_pages_outside_the_desk_say_it_too(cast, client, sign_in):
    answers = [client.get(reverse("account_login")), client.get("/nowhere/")]
    browser = sign_in("sam")
    answers += [
        browser.get("/admin/"),
        browser.get("/admin/cases/payer/"),
        browser.get("/admin/cases/payer/add/"),
    ]
    for answer in answers:
        said = {p.strip() for p in answer.headers["Content-Security-Policy"].split(";") if p.strip()}
        assert said == POLICY, answer.request["PATH_INFO"]
        assert problems(answer.content.decode()) == [], answer.request["PATH_INFO"]


@pytest.mark.parametrize("path", ["/api/v1/cases", "/api/v1/nothing", "/static/advocacy/css/desk.css"])
def test_what_is_no_page_may_load_nothing(cast, client, path):
    answer = client.get(path)
    assert answer.headers["Content-Security-Policy"] == NOTHING
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Permissions-Policy"] == UNUSED


def test_the_patterns_catch_what_they_are_for():
    assert problems('<script src="/static/a.js"></script><p class="style">on time = 5</p>') == []
    assert problems("<script>go()</script>") == ["a script in the page"]
    assert problems("<style>p{}</style>") == ["a style in the page"]
    assert problems('<p style="color:red">') == ["a style attribute"]
    assert problems('<a onclick="go()">') == ["a handler attribute"]
    assert problems('<a href="javascript:go()">') == ["a script address"]
    assert problems('<img src="https://elsewhere.example/a.png">') == ["something from elsewhere"]
