"""Finding a case or a patient by name, member id or reference, among what the actor may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from advocacy.access.compiled import statement_for
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor
from advocacy.people.models import Patient
from advocacy.people.queries import patients_visible_to
from advocacy.people.rules import words
from advocacy.tenancy.sealing import normalized
from cases.models import Case
from cases.policies import granted_cases
from cases.queries.registration import cases_visible_to

MOST = 50


@dataclass(frozen=True)
class Found:
    """At most so many cases, and patients who have no case among them; `capped` when there were more."""

    cases: list[Case]
    patients: list[Patient]
    capped: bool


def search(actor: Actor, text: str, *, most: int = MOST) -> Found:
    """Cases and patients whose name, member id or reference fits `text`; nothing for an empty text.

    The definer functions join the visibility predicate first and limit after; what they answer is read through the policy
    once more.
    """
    name, number = terms(text)
    if not (name or number):
        return Found([], [], False)
    case_ids, patient_ids = matching(actor, name, number, most + 1)
    cases = cases_visible_to(actor).select_related("patient", "coverage__payer", "owner__user")
    found = _in_order(cases, case_ids[:most])
    shown = {case.patient_id for case in found}
    patients = _in_order(patients_visible_to(actor), [pk for pk in patient_ids[:most] if pk not in shown])
    return Found(found, patients, max(len(case_ids), len(patient_ids)) > most)


def terms(text: str) -> tuple[str, str]:
    """What is looked for among names, and among numbers. A text with a digit in it is no name."""
    name = "" if any(c.isdigit() for c in text) else words(text)
    return name, normalized(text)


def matching(actor: Actor, name: str, number: str, limit: int) -> tuple[list[int], list[int]]:
    """Primary keys of visible cases and of visible patients that fit, each the best first; one statement.

    `name` and `number` are normalized (see `terms`).
    """
    granted = statement_for("search.granted", actor, _granted)
    reached = statement_for("search.reached", actor, _reached)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT * FROM search.found(%s, %s, %s, %s::bigint, ARRAY({granted.sql}), %s, ARRAY({reached.sql}), %s)",  # noqa: S608  made by the ORM
            [
                *(name, number, actor.may(Permission.SEE_CASES), actor.membership_id, *granted.of(actor)),
                *(actor.may(Permission.SEE_PATIENTS), *reached.of(actor), limit),
            ],
        )
        found = cursor.fetchall()
    return [pk for is_case, pk in found if is_case], [pk for is_case, pk in found if not is_case]


def matching_patients(actor: Actor, name: str, number: str, limit: int) -> list[int]:
    """Primary keys of visible patients that fit, the best first."""
    reached = statement_for("search.reached", actor, _reached)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT * FROM search.patients(%s, %s, %s, ARRAY({reached.sql}), %s)",  # noqa: S608  made by the ORM
            [name, number, actor.may(Permission.SEE_PATIENTS), *reached.of(actor), limit],
        )
        return [row[0] for row in cursor.fetchall()]


def _granted(actor: Actor) -> Any:
    """Cases the actor was given dated access to."""
    return Case.objects.filter(granted_cases(actor, Permission.SEE_CASES)).values("pk")


def _reached(actor: Actor) -> Any:
    """The patients whom not everybody with the role reaches: the restricted ones among those the actor sees."""
    rows = patients_visible_to(actor).values("pk")
    return rows.filter(is_restricted=True) if actor.may(Permission.SEE_PATIENTS) else rows


def _in_order(queryset: Any, keys: list[int]) -> list[Any]:
    rows = queryset.in_bulk(keys) if keys else {}
    return [rows[pk] for pk in keys if pk in rows]
