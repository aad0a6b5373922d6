"""Cases at the API: the queue and one case, told as the ORM and the serializer tell them, in a fixed number of statements."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from advocacy.access.policy import visible
from advocacy.audit.models import Event
from advocacy.people.models import Patient
from advocacy.words import notice_sentence
from appeals.api.serializers import CaseLine, CaseWhole, OwedTold, ReopeningTold
from appeals.commands.document_requests import request_documents
from appeals.commands.levels import decline_level
from appeals.commands.silences import go_on_without_answer
from appeals.models import Deadline, OwnDateRule
from appeals.queries.machine_case import TOLD_OF_ACTS
from cases.models import Case, Coverage, Payer
from cases.queries.machine_documents import with_newest
from tests.appeals.choosing import choose
from tests.appeals.climbing import ERISA, MEDICARE_ADVANTAGE, moment
from tests.appeals.owing import deliver, won_from_the_plan
from tests.appeals.scenes import clock
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


def test_a_next_date_that_is_the_organizations_own_is_told_as_such(machine, cases, cast):
    """Own alone; own beside a legal date of that day; own on a later day; own of an organization without such a rule."""
    asked, at, (first, second, third) = machine(), timezone.now(), cases[:3]
    Case.objects.filter(pk=third.pk).update(next_deadline_on=date(2026, 4, 9))
    own = {"due_on": date(2026, 4, 2), "own_on": date(2026, 4, 2), "law_on": date(2026, 4, 12), "at": at}
    for row in (first, second):
        clock(row, **own)
    clock(second, due_on=date(2026, 4, 2), at=at)
    clock(third, due_on=date(2026, 4, 9), at=at)
    clock(third, **own | {"due_on": date(2026, 4, 10), "own_on": date(2026, 4, 10)})

    def told():
        return {row["reference"]: row["next_date_is_own"] for row in asked.get(QUEUE).json()["data"]}

    assert set(told().values()) == {False}
    OwnDateRule.objects.create(
        regime="erisa", level="appeal_1", kind="before", days=10, reason="Room", in_force_from=date(2026, 1, 1), proposed_at=at
    )  # fmt: skip
    assert told() == {row.reference: row.pk == first.pk for row in cases}
    (line,) = (row for row in asked.get(QUEUE).json()["data"] if row["next_date_is_own"])
    assert line == as_told(Case.objects.get(pk=first.pk))
    assert asked.get(f"{QUEUE}/{first.public_id}").json()["next_date_is_own"]
    Deadline.objects.filter(case=first).update(status="superseded")
    assert not any(told().values())


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
    assert found(updated="2026-03-16T15:00:00Z") == sorted(everything)
    assert found(updated="2026-03-16T15:00:01+00:00") == []
    touched = datetime(2026, 3, 16, 15, tzinfo=UTC)
    for minute, reference in enumerate(reversed(everything), 1):
        Case.objects.filter(reference=reference).update(last_touched_at=touched + timedelta(minutes=minute))
    assert found(updated="2026-03-16T15:00:00Z") == everything[::-1]
    told = asked.get(QUEUE, {"updated": "2026-03-16T15:00:00Z", "limit": 2}).json()
    last, rest = told["data"][-1]["updated_at"], asked.get(told["next"]).json()
    assert [row["reference"] for row in told["data"] + rest["data"]] == everything[::-1][:4]
    assert found(updated=last) == everything[::-1][1:]
    (place,) = parse_qs(urlsplit(told["next"]).query)["after"]
    assert asked.get(QUEUE, {"after": place}).json()["reasons"][0]["code"] == "place_unknown"


def test_a_list_by_payer_follows_the_coverage(machine, cases, cast):
    """The payer stands on the case too; the database keeps it, whoever writes either row."""
    asked, case = machine(), cast.case
    other = Payer.objects.create(name="Another Health Plan")

    def found(payer):
        return {row["id"] for row in asked.get(QUEUE, {"payer": str(payer.public_id)}).json()["data"]}

    before = found(case.coverage.payer)
    assert (str(case.public_id) in before, found(other)) == (True, set())
    Coverage.objects.filter(pk=case.coverage_id).update(payer=other)
    moved = {str(row.public_id) for row in cases if row.coverage_id == case.coverage_id}
    assert (found(case.coverage.payer), found(other)) == (before - moved, moved)
    case.payer_key = 0
    case.save()
    assert found(other) == moved


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


def test_everything_that_is_wrong_is_said_at_once(machine):
    asked = machine()
    answer = asked.get(f"{QUEUE}?status=lost&due=soon&limit=0")
    assert {r["field"]: r["code"] for r in answer.json()["reasons"]} == dict.fromkeys(
        ("status", "due", "limit"), "value_unknown"
    )
    twice = asked.get(f"{QUEUE}?status=open&status=closed")
    assert [(r["code"], r["field"]) for r in twice.json()["reasons"]] == [("filter_twice", "status")]


def test_an_entity_tag_that_was_made_weak_on_the_way_still_counts(machine, cases):
    asked = machine()
    tag = asked.get(QUEUE).headers["ETag"]
    assert asked.get(QUEUE, headers={"if-none-match": f'"other", W/{tag}'}).status_code == 304


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


# -- one case ---------------------------------------------------------------------------------------------------------
def as_whole(case) -> dict:
    """The case by ORM and serializer, its parts gathered by hand."""
    dates = Deadline.objects.filter(case=case).exclude(status="superseded").select_related("appeal")
    acts = Event.objects.filter(case_ids__contains=[case.pk], kind="verb").order_by("-id")[:50]
    told = SimpleNamespace(
        **{f.name: getattr(case, f.name) for f in case._meta.concrete_fields},
        dates=list(dates.order_by("due_on", "id")),
        requests=list(case.requests.order_by("id")),
        denials=list(case.denials.order_by("id")),
        levels=list(case.appeals.order_by("position", "id")),
        reopenings=[],
        owed=[],
        document_requests=list(case.document_requests.order_by("id")),
        documents=with_newest(case.documents.order_by("created_at", "id")),
        money=list(case.costs.filter(superseded_at=None).order_by("id")),
        events=[
            SimpleNamespace(
                at=e.at,
                recorded_at=e.recorded_at,
                verb=e.verb,
                actor_label=e.actor_label,
                detail={k: e.data[k] for k in TOLD_OF_ACTS if e.data.get(k) is not None},
            )
            for e in acts
        ],
    )
    return json.loads(json.dumps(CaseWhole(told).data, default=str))


@pytest.fixture
def contested(climb):
    """A case with a request, a denial, a filed and a decided level, documents, what was asked of the plan, money and dates."""
    climb.answer(ERISA | {"levels": "2"})
    climb.ask()
    climb.refuse()
    climb.stake()
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-24", "2026-04-27")
    request_documents(
        actor=climb.who,
        case=climb.case,
        asked="claim_file",
        channel="fax",
        address="555 010 0199",
        sent_at=moment("2026-04-28"),
        at=moment("2026-04-28", 15),
    )
    return climb


def test_one_case_is_what_orm_and_serializer_say(machine, cast, contested):
    asked = machine(scopes=["cases:read"])
    case = Case.objects.get(pk=cast.case.pk)
    expected = as_whole(case)
    assert expected.pop("identifiers") is None
    assert (expected["reopenings"], expected["owed"]) == ([], [])
    kept = {k: v for k, v in expected.items() if k not in ("reopenings", "owed")}
    assert {k: len(v) > 0 for k, v in kept.items() if isinstance(v, list)} == dict.fromkeys(
        (
            "diagnosis_codes",
            "procedure_codes",
            "dates",
            "requests",
            "denials",
            "levels",
            "document_requests",
            "documents",
            "money",
            "events",
        ),
        True,
    )
    assert expected["levels"][0]["outcomes"] == ["upheld", "upheld"]
    answer, sent = statements(asked, f"{QUEUE}/{case.public_id}")
    told = answer.json()
    assert told.pop("notice") == notice_sentence()
    assert told == expected
    assert len(sent) == 2
    (event,) = Event.objects.filter(kind="read", request_id=answer.headers["X-Request-Id"])
    assert (event.verb, event.case_ids, event.patient_ids) == ("read_page", [case.pk], [case.patient_id])
    assert answer.headers["ETag"].startswith(f'"v{case.version}.')


def test_a_denial_that_nobody_wrote_says_since_when_silence_counts(machine, climb):
    """42 CFR 422.568(f): received on March 17, 2026, seven days, and no answer."""
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask()
    go_on_without_answer(actor=climb.who, request=climb.request, at=moment("2026-03-25"))
    [told] = machine(scopes=["cases:read"]).get(f"{QUEUE}/{climb.case.public_id}").json()["denials"]
    named = ("notice_on", "received_on", "stated_deadline_on", "continuation_stated_on", "silent_from")
    assert [told[name] for name in named] == [None, None, None, None, "2026-03-25"]


def test_what_may_be_reopened_stands_beside_the_dates_in_two_statements_more(machine, cast, climb):
    """42 CFR 422.616(a), 405.980(c): a year for any reason, four for good cause, from the denial of March 24, 2026."""
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask()
    climb.refuse()
    choose(climb.who, climb.denial, "not_to_appeal", agreed_on=date(2026, 4, 2), at=moment("2026-04-02"))
    decline_level(
        actor=climb.who, appeal=climb.level(1), reason="She does not want to go on.", at=moment("2026-04-02")
    )
    path = f"{QUEUE}/{climb.case.public_id}"
    answer, sent = statements(asked := machine(scopes=["cases:read"]), path)
    denial, told = str(climb.denial.public_id), answer.json()
    assert [(r["permissive_deadline"], r["clock"], r["level"], r["denial"]) for r in told["reopenings"]] == [
        ("2027-03-24", "reopening", None, denial),
        ("2030-03-24", "reopening", None, denial),
    ]
    assert told["reopenings"][0]["citation"] == "42 CFR 422.616(a), 405.980(c)(1)"
    assert (set(told["reopenings"][0]), told["owed"], len(sent)) == (set(ReopeningTold().fields), [], 4)
    assert meadows_machine(cast).get(path).status_code == 404
    Case.objects.filter(pk=climb.case.pk).update(
        status="closed", outcome="not_covered", closed_at=moment("2026-04-03")
    )
    closed, sent = statements(asked, path)
    assert (closed.json()["reopenings"], len(sent)) == ([], 2)


def test_what_is_owed_without_a_date_is_told_until_it_is_delivered(machine, climb):
    """29 CFR 2590.715-2719(d)(2)(iv): immediately, and no number."""
    won_from_the_plan(climb, ERISA | {"levels": "1"}, outcome="upheld")
    climb.file(2, "2026-04-29")
    climb.decide(2, "2026-05-20", "2026-05-22", outcome="overturned")
    path, asked = f"{QUEUE}/{climb.case.public_id}", machine(scopes=["cases:read"])
    (told,) = asked.get(path).json()["owed"]
    assert told.pop("text").startswith("Upon receipt of the notice of a final external review decision")
    assert told == {
        "level": str(climb.level(2).public_id),
        "peer_to_peer": None,
        "at_once": True,
        "since": "2026-05-20",
        "plan_had_it": False,
        "items": [i.position for i in climb.items],
        "citation": "29 CFR 2590.715-2719(d)(2)(iv); 45 CFR 147.136(d)(2)(iv)",
        "confidence": "knowledge",
    }
    assert set(told) | {"text"} == set(OwedTold().fields)
    deliver(climb, 2)
    assert statements(asked, path)[0].json()["owed"] == []


def test_names_and_numbers_only_with_their_scope(machine, cast):
    path = f"{QUEUE}/{cast.case.public_id}"
    bare = machine(scopes=["cases:read"]).get(path)
    assert "identifiers" not in bare.json()
    assert [w for w in ("Dana", "Whitlock", "TMK", "1984-05-17") if w in bare.content.decode()] == []
    named = machine(scopes=["cases:read", "identifiers:read"]).get(path)
    assert named.json()["identifiers"] == {
        "given_name": "Dana",
        "family_name": "Whitlock",
        "birth_date": "1984-05-17",
        "member_id": "TMK 7730 41582 01",
    }
    Patient.objects.filter(pk=cast.case.patient_id).update(is_restricted=True)
    again = machine(scopes=["cases:read", "identifiers:read"]).get(path)
    assert (again.status_code, again.json()["identifiers"]) == (200, None)


def test_a_restricted_case_is_not_there(machine, cast):
    Case.objects.filter(pk=cast.case.pk).update(is_restricted=True)
    answer, sent = statements(machine(), f"{QUEUE}/{cast.case.public_id}", status=404)
    assert (len(sent), answer.headers["Content-Type"]) == (2, "application/problem+json")
