"""The API's documentation as a page: the guide of docs/api.md, and below it every address and shape of the OpenAPI document.

Whoever reads figures has neither this repository nor a sign-in, so the page is open, and says nothing of anybody.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from advocacy.audit.verbs import VERBS
from advocacy.openapi import document
from advocacy.words import notice_sentence

SERVED = {"openapi.json": "/api/v1/openapi.json", "trail-verbs.md": "#verbs"}
"""Where a link of docs/api.md leads on the page. What is not here is words only: it stands in the project."""


@require_safe
def api_guide(request: HttpRequest) -> HttpResponse:
    """The page, without a sign-in."""
    verbs = {verb: words for verb, words in VERBS.items() if not verb.startswith("read_")}
    return render(
        request,
        "api/guide.html",
        {"addresses": addresses(), "shapes": shapes(), "verbs": verbs, "notice_sentence": notice_sentence()},
    )


def printed() -> Iterator[str]:
    """docs/api.md as a template. Needs the packages of `make test`."""
    from markdown_it import MarkdownIt  # noqa: PLC0415  not among the packages that serve

    text = (Path(settings.BASE_DIR) / "docs" / "api.md").read_text().partition("\n")[2]
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    for token in tokens:
        if token.type == "inline":
            token.children = list(_served(token.children or []))
    html = parser.renderer.render(tokens, parser.options, {})
    html = re.sub(r"<h2>([^<]+)</h2>", _with_a_name, html)
    html = html.replace("<pre>", '<pre tabindex="0">')
    html = html.replace("<table>", '<div class="table-wrap" tabindex="0"><table class="table">')
    html = html.replace("</table>", "</table></div>").replace("<th>", '<th scope="col">')
    yield "\n".join(
        [
            "{% comment %}Printed from docs/api.md by manage.py print_docs{% endcomment %}{% verbatim %}",
            html.rstrip(),
            "{% endverbatim %}",
        ]
    )


def _served(inside: list[Any]) -> Iterator[Any]:
    """A link to a page that is not served becomes its words."""
    dropped = 0
    for token in inside:
        if token.type == "link_open":
            href = str(token.attrs["href"])
            if href not in SERVED:
                dropped += 1
                continue
            token.attrs["href"] = SERVED[href]
        elif token.type == "link_close" and dropped:
            dropped -= 1
            continue
        yield token


def _with_a_name(found: re.Match[str]) -> str:
    return f'<h2 id="{re.sub(r"[^a-z]+", "-", found[1].lower()).strip("-")}">{found[1]}</h2>'


@functools.cache
def _described() -> dict[str, Any]:
    return dict(json.loads(document()))


@functools.cache
def addresses() -> list[dict[str, Any]]:
    """Every operation: method, path, summary, description, what it takes (name, where, type, words), what it answers."""
    found = []
    for path, operations in _described()["paths"].items():
        for method, said in operations.items():
            body = _schema(said.get("requestBody", {}))
            answers = [
                {
                    "status": status,
                    "shape": kind(_schema(answer)) if _schema(answer) else "",
                    "words": answer["description"],
                }
                for status, answer in said["responses"].items()
            ]
            found.append(
                {
                    "method": method.upper(),
                    "path": path,
                    "name": said["operationId"],
                    "summary": _words(said | {"description": said.get("summary", "")}),
                    "description": _words(said),
                    "takes": [
                        {
                            "name": one["name"],
                            "where": one["in"],
                            "required": one.get("required", False),
                            "kind": kind(one["schema"]),
                            "words": _words(one),
                        }
                        for one in said.get("parameters", [])
                    ],
                    "body": kind(body) if body else "",
                    "answers": answers,
                }
            )
    return found


def _schema(said: dict[str, Any]) -> dict[str, Any]:
    """The shape of a body or an answer; empty where it has none."""
    kinds: list[dict[str, Any]] = list(said.get("content", {}).values())
    return kinds[0].get("schema", {}) if kinds else {}


@functools.cache
def shapes() -> list[dict[str, Any]]:
    """Every shape of an answer: its name, its words and its fields (name, type, words)."""
    return [
        {
            "name": name,
            "words": _words(said),
            "fields": [
                {"name": field, "kind": kind(of), "words": _words(of)}
                for field, of in said.get("properties", {}).items()
            ],
        }
        for name, said in _described()["components"]["schemas"].items()
    ]


def kind(schema: dict[str, Any]) -> str:
    """What a value is, in a few words: `text`, `day`, `one of: open, closed`, `list of DateTold`, with `or null`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for several in ("allOf", "oneOf", "anyOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(kind(one) for one in schema[several]))
    said = schema.get("type", "")
    types = [said] if isinstance(said, str) else list(said)
    nullable = " or null" if "null" in types else ""
    if "enum" in schema:
        return "one of: " + ", ".join(str(code) for code in schema["enum"] if code is not None) + nullable
    named = [_named(one, schema) for one in types if one != "null"]
    return " or ".join(named) + nullable if named else "anything" if not nullable else "null"


WORDS = {"date": "day", "date-time": "moment", "uuid": "id", "binary": "bytes"}


def _named(one: str, schema: dict[str, Any]) -> str:
    if one == "array":
        return f"list of {kind(schema['items'])}"
    if one == "object":
        inner = schema.get("additionalProperties")
        return f"object of {kind(inner)}" if inner else "object"
    if one == "string":
        return WORDS.get(schema.get("format", ""), "text")
    return {"integer": "whole number", "boolean": "true or false"}.get(one, one)


def _words(schema: dict[str, Any]) -> str:
    """The description; codes and their meanings, which stand in it as a list, on one line."""
    return re.sub(r"\s*\n+\*? ?", " ", str(schema.get("description", ""))).lstrip("* ").replace("`", "")
