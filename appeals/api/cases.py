"""Cases for machines: the queue, and one case with its dates, levels and acts."""

from __future__ import annotations

import json
from datetime import date, datetime
from uuid import UUID

from django.http import HttpResponse

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.access.scopes import Scope
from advocacy.api import (
    MachineView,
    a_day,
    a_moment,
    all_read,
    an_id,
    one_of,
    page_told,
    place_of,
    size_of,
    told,
)
from advocacy.web import ActorRequest
from advocacy.words import notice_sentence
from appeals.api.described import case_described, cases_described
from appeals.queries.codes import stages
from appeals.queries.machine_case import machine_case
from appeals.queries.machine_queue import NO_OWNER, STATUS, Asked, machine_queue
from cases.queries.codes import TREATMENTS, URGENCIES, keys

NOTICE = b',"notice":' + json.dumps(notice_sentence()).encode()


class Cases(MachineView):
    """The queue."""

    needs = {"GET": Scope.READ_CASES}
    takes = (
        "status", "stage", "payer", "owner", "treatment", "urgency", "due", "updated", "limit", "after"
    )  # fmt: skip

    @cases_described
    def get(self, request: ActorRequest) -> HttpResponse:
        require(request.actor, Permission.SEE_CASES)
        given = request.GET.dict()
        read = all_read(
            status=lambda: one_of(given, "status", tuple(STATUS)) or "open",
            stage=lambda: one_of(given, "stage", stages()),
            payer=lambda: an_id(given, "payer"),
            owner=lambda: an_id(given, "owner", (NO_OWNER,)),
            treatment=lambda: one_of(given, "treatment", keys(TREATMENTS)),
            urgency=lambda: one_of(given, "urgency", keys(URGENCIES)),
            due=lambda: a_day(given, "due"),
            updated=lambda: a_moment(given, "updated"),
            size=lambda: size_of(given),
        )
        size, asked = read.pop("size"), Asked(**read)
        what = f"cases.{asked.status}.updated" if asked.updated else f"cases.{asked.status}"
        place = place_of(given, what)
        moment = datetime.fromisoformat if asked.updated else date.fromisoformat
        after = None if place is None else (moment(place[0]) if place[0] else None, int(place[1]))
        rows = machine_queue(request.actor, asked, after=after, size=size, page="api:cases")
        return page_told(request, rows.body, what=what, key=rows.key, notice=NOTICE)


class Case(MachineView):
    """One case."""

    needs = {"GET": Scope.READ_CASES}

    @case_described
    def get(self, request: ActorRequest, case_id: UUID) -> HttpResponse:
        require(request.actor, Permission.SEE_CASES)
        found = machine_case(request.actor, case_id, page="api:case", now=request.at)
        return told(request, found.body[:-1] + NOTICE + b"}", version=found.version)
