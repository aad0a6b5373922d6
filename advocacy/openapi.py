"""The OpenAPI document of the machine door, read from its views and serializers: printed into docs/, served to everybody."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema

from advocacy.access.scopes import SCOPES
from advocacy.problems import Problem

SCHEME, TOKENS = "machine", "/api/v1/token"


class Described(AutoSchema):
    """What an operation takes is said by its view: the scope."""

    def get_auth(self) -> list[dict[str, Any]]:
        view: Any = self.view
        return [{SCHEME: [view.needs[self.method].value]}]


@functools.cache
def document() -> str:
    """The document as JSON, with a line's end. Raises AssertionError when something of the API is not described."""
    found = SchemaGenerator().get_schema(request=None, public=True)
    grant = {"tokenUrl": TOKENS, "scopes": {scope.value: said.sentence for scope, said in SCOPES.items()}}
    found["components"]["securitySchemes"] = {
        SCHEME: {"type": "oauth2", "flows": {"clientCredentials": grant}}
    }
    if GENERATOR_STATS:
        GENERATOR_STATS.emit_summary()
        raise AssertionError("Describe what the lines above name (extend_schema, a serializer's type).")
    return json.dumps(found, indent=1, ensure_ascii=False)


def printed() -> Iterator[str]:
    """For docs/openapi.json."""
    yield document()


def openapi(request: HttpRequest) -> HttpResponse:
    """The document, without a token: it tells nothing of anybody."""
    if request.method not in ("GET", "HEAD"):
        raise Problem(405, "method_not_allowed", "This address takes GET.", headers={"Allow": "GET"})
    return HttpResponse(document(), content_type="application/json")
