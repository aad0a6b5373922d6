"""Cases at the API: the queue and one case, told as the ORM and the serializer tell them, in a fixed number of statements."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from advocacy.access.policy import visible
from advocacy.audit.models import Event
from appeals.api.serializers import CaseLine
from cases.models import Case, Coverage, Payer
from tests.cast import HARBOR_PEOPLE
from tests.machines import CASEWORK, meadows_machine

QUEUE = "/api/v1/cases"
COPIED = (
    "patient", "provider", "treatment", "purpose", "diagnosis_codes", "procedure_codes", "opened_at", "last_touched_at"
)  # fmt: skip


def as_told(row) -> dict:
    return json.loads(json.dumps(CaseLine(row).data, default=str))


def statements(machine, path, *, status=200):
    with CaptureQueriesContext(
        connection,
    ) as seen:
        answer = machine.get(path)
    assert answer.status_code == status, answer.content
    return answer, [q["sql"] for q in seen.captured_queries if "SAVEPOINT" not in q["sql"]]


@pytest.fixture
def cases(cast):
    """Cases with and without a date, one of them restricted, one closed; in the order of the queue."""
    rows = [cast.case]
    payer = Payer.objects.create(name="Another payer")
    other = Coverage.objects.create(
        patient=cast.case.patient, payer=payer, member_id="W1", state_of_issue="WA"
    )
    for number, day in enumerate([5, 2, 2, None, None], start=2):
        row = Case.objects.create(
            reference=f"HB-2026-{number:04}",
            **{name: getattr(cast.case, name) for name in COPIED},
            coverage=other if number % 2 else cast.case.coverage,
        )
        Case.objects.filter(pk=row.pk).update(
            next_deadline_on=date(2026, 4, day) if day else None, stage="denial", treatment="esketamine"
        )
        rows.append(row)
    Case.objects.filter(pk=rows[1].pk).update(is_restricted=True)
    Case.objects.filter(pk=rows[2].pk).update(urgency="urgent", is_urgent=True, owner=cast.members["nils"])
    return [rows[2], rows[3], rows[0], rows[4], rows[5]]


@pytest.mark.parametrize(
    "role", sorted({r for _name, roles in HARBOR_PEOPLE.values() for r in roles} - {"organization_admin"})
)
def test_the_queue_is_what_policy_orm_and_serializer_say(machine, cases, role):
    scopes = [s for s in CASEWORK if s.endswith("cases:read")]
    if role == "analyst":
        asked = machine(roles=["analyst", "navigator"], scopes=scopes)
        asked.row.roles = ["analyst"]
        asked.row.save(update_fields=["roles"])
        answer = asked.get(QUEUE)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
        return
    asked = machine(roles=[role], scopes=scopes)
    seen = set(Case.objects.filter(visible(asked.actor, Case)).values_list("pk", flat=True))
    expected = [as_told(Case.objects.get(pk=row.pk)) for row in cases if row.pk in seen]
    assert len(expected) == 5
    answer = asked.get(QUEUE)
    assert answer.json()["data"] == expected
    assert answer.json()["next"] is None
    (event,) = Event.objects.filter(kind="read", request_id=answer.headers["X-Request-Id"])
    assert (event.actor, event.verb, event.data) == (asked.actor.key, "read_list", {"page": "api:cases"})
    assert sorted(event.case_ids) == sorted(row.pk for row in cases)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_page_after_page_gives_every_case_once(machine, cases, size):
    asked, path, found, pages = machine(), f"{QUEUE}?limit={size}", [], 0
    while path:
        told = asked.get(path).json()
        found += [row["id"] for row in told["data"]]
        path, pages = told["next"], pages + 1
    assert found == [str(row.public_id) for row in cases]
    assert pages == -(-5 // size)


def test_filters(machine, cases, cast):
    asked = machine()

    def found(**words):
        return [row["reference"] for row in asked.get(QUEUE, words).json()["data"]]

    everything = [row.reference for row in cases]
    assert found(status="open") == everything
    assert found(status="closed") == []
    assert found(stage="denial", treatment="esketamine") == [r for r in everything if r != "HB-2026-0001"]
    assert found(due="2026-04-02") == everything[:2]
    assert found(urgency="urgent") == [cases[0].reference]
    assert found(owner=str(cast.members["nils"].public_id)) == [cases[0].reference]
    assert found(owner="none") == everything[1:2] + everything[3:]
    ours = {row.reference for row in cases if row.coverage_id == cast.case.coverage_id}
    assert set(found(payer=str(cast.case.coverage.payer.public_id))) == ours
    assert found(updated="2026-03-16T15:00:00Z") == everything
    assert found(updated="2026-03-16T15:00:01+00:00") == []


@pytest.mark.parametrize(
    ("words", "code", "field"),
    [
        ({"patient": "Whitlock"}, "filter_unknown", "patient"),
        ({"status": "lost"}, "value_unknown", "status"),
        ({"stage": "nowhere"}, "value_unknown", "stage"),
        ({"payer": "7"}, "value_unknown", "payer"),
        ({"owner": "me"}, "value_unknown", "owner"),
        ({"due": "soon"}, "value_unknown", "due"),
        ({"updated": "2026-03-16"}, "value_unknown", "updated"),
        ({"limit": "101"}, "value_unknown", "limit"),
        ({"after": "made-up"}, "place_unknown", "after"),
    ],
)
def test_what_is_not_known_is_a_400_that_names_what_is(machine, words, code, field):
    answer = machine().get(QUEUE, words)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    (reason,) = answer.json()["reasons"]
    assert (answer.json()["code"], reason["code"], reason["field"]) == ("query_invalid", code, field)
    if code == "filter_unknown":
        assert "stage" in reason["message"]


def test_a_place_of_one_list_is_none_of_another(machine, cases):
    asked = machine()
    place = asked.get(QUEUE, {"limit": 1}).json()["next"].partition("after=")[2]
    assert asked.get(f"{QUEUE}?status=closed&after={place}").status_code == 400


def test_two_statements_for_one_row_and_for_five(machine, cast, request):
    asked = machine()
    asked.get(QUEUE)
    _answer, one = statements(asked, QUEUE)
    request.getfixturevalue("cases")
    answer, five = statements(asked, QUEUE)
    assert len(answer.json()["data"]) == 5
    assert (len(one), len(five)) == (2, 2)
    assert not [sql for sql in [*one, *five] if "count(" in sql.lower()]


def test_what_is_the_same_is_not_sent_again(machine, cases):
    asked = machine()
    first = asked.get(QUEUE)
    again = asked.get(QUEUE, headers={"if-none-match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    Case.objects.filter(pk=cases[0].pk).update(last_touched_at=cases[0].last_touched_at + timedelta(hours=1))
    assert asked.get(QUEUE, headers={"if-none-match": first.headers["ETag"]}).status_code == 200


def test_meadow_finds_nothing_of_harbor(cast, cases, quick_hash):
    theirs = meadows_machine(cast, roles=["supervisor", "analyst"])
    assert [row["reference"] for row in theirs.get(QUEUE).json()["data"]] == ["MD-2026-0001"]
    answer, sent = statements(theirs, f"{QUEUE}/{cast.case.public_id}", status=404)
    assert (len(sent), answer.json()["code"]) == (2, "not_found")
    assert not Event.objects.filter(kind="read", case_ids__contains=[cast.case.pk]).exists()
