"""What a careless programmer could write: no manager, no WHERE, whatever key comes in. A view and a job do all of it.

They are no part of the product. Nothing but row-level security stands between them and the other organization.
"""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from advocacy import urls
from advocacy.background import queue
from advocacy.tenancy.scope import scoped_to
from advocacy.web import page
from cases.models import Case

STATEMENTS = {
    "read": "SELECT organization_id FROM cases_case",
    "joined": "SELECT p.organization_id FROM people_patient p JOIN cases_case c ON c.patient_id = p.id",
    "named": "SELECT organization_id FROM cases_case WHERE id = %(key)s",
    "counted": "SELECT DISTINCT organization_id FROM (SELECT organization_id, count(*) FROM cases_note GROUP BY 1) n",
    "plain search text": "SELECT organization_id FROM people_patientsearch",
    "written": "UPDATE cases_case SET is_urgent = true RETURNING organization_id",
    "written by name": "UPDATE cases_case SET is_urgent = true WHERE id = %(key)s RETURNING organization_id",
    "deleted": "DELETE FROM appeals_denialreason RETURNING organization_id",
}


def careless(key: int) -> dict[str, list[int]]:
    """Do all of it; returns whose rows each of them met. `key` is the key of a case, asked of nobody."""
    found: dict[str, set[int]] = {
        "the ORM past its manager": set(QuerySet(Case).values_list("organization_id", flat=True)),
        "the ORM past its manager, named": set(
            QuerySet(Case).filter(pk=key).values_list("organization_id", flat=True)
        ),
    }
    with connection.cursor() as cursor:
        for what, statement in STATEMENTS.items():
            cursor.execute(statement, {"key": key})
            found[what] = {row[0] for row in cursor.fetchall()}
    return {what: sorted(whose) for what, whose in found.items()}


def reached(whose: list[int], named: list[int]) -> dict[str, list[int]]:
    """What `careless` tells where rows of `whose` are there, and `named` is whose the named case is."""
    told = dict.fromkeys(["the ORM past its manager", *STATEMENTS], whose)
    return told | dict.fromkeys(["the ORM past its manager, named", "named", "written by name"], named)


@page
def broken_view(request: HttpRequest, key: int) -> HttpResponse:
    return JsonResponse(careless(key))


TOLD: list[dict[str, Any]] = []


def broken_job(case: int) -> None:
    TOLD.append(careless(case))


def told_by_its_failure(case: int) -> None:
    """For a worker in another process: what it met is the reason why it failed, and what it wrote is undone."""
    raise queue.PublicProblem(json.dumps(careless(case)))


class Broken(BaseCommand):
    """A management command that does all of it."""

    class Told(CommandError):
        """What it met; what it wrote is undone."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", type=int)
        parser.add_argument("--key", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        with scoped_to(options["organization"]), transaction.atomic():
            raise self.Told(json.dumps(careless(options["key"])))


class registered_job:
    """The job is known inside."""

    def __enter__(self) -> str:
        queue.job("test.broken")(broken_job)
        return "test.broken"

    def __exit__(self, *_gone: object) -> None:
        queue._jobs.pop("test.broken")
        queue._titles.pop("test.broken")


urlpatterns = [*urls.urlpatterns, path("broken/<int:key>/", broken_view)]
handler400, handler404, handler500 = urls.handler400, urls.handler404, urls.handler500
