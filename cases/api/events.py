"""What was done on cases, for machines."""

from __future__ import annotations

import json
from typing import Any

from django.core import signing
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.access.scopes import Scope
from advocacy.api import SALT, MachineView, a_moment, an_id, one_of, page_told, place_of, size_of
from advocacy.web import ActorRequest
from cases.api.described import AFTER, ETAG, LIMIT, REFUSALS, query
from cases.api.serializers import EventPage
from cases.queries.machine_events import machine_events, verbs

WHAT = "events"


class Events(MachineView):
    """The acts on the cases the machine sees."""

    needs = {"GET": Scope.READ_EVENTS}
    takes = ("case", "verb", "since", "limit", "after")

    @extend_schema(
        operation_id="events",
        summary="What was done on cases, oldest first",
        description="Takes the scope `events:read`.",
        parameters=[
            query("case", "A case's id.", OpenApiTypes.UUID),
            query("verb", "What was done: a code of those under /help/api/#verbs."),
            query("since", "It happened at this moment or later.", OpenApiTypes.DATETIME),
            LIMIT,
            AFTER,
            ETAG,
        ],
        responses={200: EventPage, 304: None} | REFUSALS,
        tags=["events"],
    )
    def get(self, request: ActorRequest) -> HttpResponse:
        require(request.actor, Permission.SEE_CASES)
        given = request.GET.dict()
        place = place_of(given, WHAT)
        case: Any = an_id(given, "case")
        found = machine_events(
            request.actor,
            case=case,
            verb=one_of(given, "verb", verbs()),
            since=a_moment(given, "since"),
            after=int(place[0]) if place else 0,
            size=size_of(given),
            page="api:events",
        )
        here = signing.dumps([found.last], salt=f"{SALT}.{WHAT}") if found.last else given.get("after")
        told = b',"place":' + json.dumps(here).encode()
        return page_told(
            request, found.body, what=WHAT, key=(found.last,) if found.more else None, notice=told
        )
