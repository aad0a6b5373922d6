"""Files of rows: the cases that the list shows, as they are, with nothing that identifies a person and no formula in a cell."""

from __future__ import annotations

import csv
import io
from urllib.parse import quote

import pytest
from django.db import connection

from advocacy.audit.models import Event
from advocacy.audit.trail import reason_of
from advocacy.reporting import exports
from advocacy.tenancy.scope import scoped_to
from cases.commands.cases import close_case
from cases.models import Case, Payer
from tests.appeals.climbing import ERISA
from tests.cast import NOW
from tests.machines import meadows_machine

FILE = "/api/v1/exports/{}.csv"
PURPOSE = {"purpose": "Outcomes for the board"}
SCOPE = ["rows:export"]


def rows(answer) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.content
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode(), newline="")))


def test_the_file_has_the_cases_of_the_list_and_nothing_that_was_sealed(cast, machine):
    asked = machine(scopes=[*SCOPE, "cases:read"])
    (told,) = rows(asked.get(FILE.format("cases"), PURPOSE))
    (listed,) = asked.get("/api/v1/cases").json()["data"]
    same = ("id", "reference", "status", "stage", "treatment", "urgency")
    assert {name: told[name] for name in same} == {name: listed[name] for name in same}
    assert (told["payer"], told["diagnosis"], told["opened_at"], told["outcome"]) == (
        cast.case.coverage.payer.name,
        "F33.2",
        "2026-03-16 15:00:00+00",
        "",
    )
    with connection.cursor() as cursor:
        for export in (exports.CASES, exports.OUTCOMES):
            for column in ("given_name", "family_name", "birth_date", "member_id", "note", "words", "title"):
                assert column not in export.sql("true", frozenset(export.conditions)), export.key
        cursor.execute("SELECT current_setting('TimeZone')")
        assert cursor.fetchone() == ("UTC",)


def test_restricted_cases_and_other_organizations_are_not_in_it(cast, machine):
    Case.objects.filter(pk=cast.case.pk).update(is_restricted=True)
    assert rows(machine(scopes=SCOPE).get(FILE.format("cases"), PURPOSE)) == []
    theirs = rows(meadows_machine(cast, roles=["supervisor"]).get(FILE.format("cases"), PURPOSE))
    assert [row["reference"] for row in theirs] == [cast.meadow_case.reference]


def test_filters_are_those_of_the_list_and_an_unknown_value_is_an_error(cast, machine):
    asked = machine(scopes=SCOPE)
    counts = [
        len(rows(asked.get(FILE.format("cases"), PURPOSE | more)))
        for more in (
            {},
            {"status": "open"},
            {"status": "closed"},
            {"updated": "2026-03-16T15:00:00Z"},
            {"updated": "2026-03-16T15:00:01Z"},
        )
    ]
    assert counts == [1, 1, 0, 1, 0]
    codes = []
    for more in ({"status": "shut"}, {"updated": "today"}, {"purpose": "x"}, {"purpose": "x" * 301}):
        answer = asked.get(FILE.format("cases"), PURPOSE | more)
        codes.append((answer.status_code, answer.json()["reasons"][0]["code"]))
    assert codes == [(400, "value_unknown")] * 2 + [(400, "purpose_missing")] * 2
    assert Event.objects.filter(verb="export_begun").count() == 5


def test_what_is_taken_is_what_the_document_says(machine):
    """A purpose of three characters that are no blanks around, 300 at most as they were sent; a day as RFC 3339 writes it."""
    asked = machine(scopes=SCOPE)
    given = [
        {"purpose": "a b", "decided": "2026-03-31"},
        {"purpose": " ".join(["x" * 140] * 2) + "  " * 15},
        {"purpose": "Board" + " " * 296},
        {"purpose": "   "},
        PURPOSE | {"decided": "20260331"},
        PURPOSE | {"decided": "2026-W14-2"},
        PURPOSE | {"decided": ""},
    ]
    answers = [asked.get(FILE.format("outcomes"), words).status_code for words in given]
    assert answers == [200, 400, 400, 400, 400, 400, 400]


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_begins_as_a_formula(cast, machine, begins):
    name = f'{begins}HYPERLINK("http://x","y")'
    Payer.objects.filter(pk=cast.case.coverage.payer_id).update(name=name)
    (told,) = rows(machine(scopes=SCOPE).get(FILE.format("cases"), PURPOSE))
    assert told["payer"] == f"'{name}"


def test_outcomes_are_the_decisions_that_figures_count(climb, machine):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-24", "2026-04-27", outcome="overturned")
    asked = machine(scopes=SCOPE)
    (told,) = rows(asked.get(FILE.format("outcomes"), PURPOSE))
    assert {
        name: told[name] for name in ("case_id", "stage", "regime", "outcome", "reason", "notice_on")
    } == {
        "case_id": str(climb.case.public_id),
        "stage": "internal_appeal_1",
        "regime": "erisa_self_funded",
        "outcome": "overturned",
        "reason": "medical_necessity",
        "notice_on": "2026-04-24",
    }
    assert rows(asked.get(FILE.format("outcomes"), PURPOSE | {"decided": "2026-04-25"})) == []
    assert "Dana" not in str(told) and "Whitlock" not in str(told)


def test_the_trail_keeps_the_purpose_before_the_first_row_and_how_many_left(cast, machine, monkeypatch):
    close_case(actor=cast.nora, case=cast.case, outcome="covered", note="Needs no authorization.", at=NOW)
    monkeypatch.setattr(exports, "PIECE", 1)
    asked = machine(scopes=SCOPE)
    answer = asked.get(FILE.format("cases"), PURPOSE | {"status": "closed"})
    begun = Event.objects.get(verb="export_begun")
    assert Event.objects.filter(verb="rows_exported").count() == 0
    assert (reason_of(begun), begun.data, begun.subject_id) == (
        PURPOSE["purpose"],
        {"export": "cases", "filters": {"status": "closed"}},
        asked.row.pk,
    )
    assert PURPOSE["purpose"] not in begun.reason
    assert len(rows(answer)) == 1
    told = begun.data | {"rows": 1, "whole": True}
    assert Event.objects.get(verb="rows_exported").data == told

    broken_off = asked.get(FILE.format("cases"), PURPOSE)
    next(iter(broken_off.streaming_content))
    broken_off._iterator.close()
    assert Event.objects.filter(verb="rows_exported").order_by("-id")[0].data == {
        "export": "cases",
        "filters": {},
        "rows": 0,
        "whole": False,
    }
    assert asked.client.head(FILE.format("cases"), PURPOSE).status_code == 200
    assert Event.objects.filter(verb="export_begun").count() == 2


def test_a_role_without_cases_takes_no_rows(cast, machine):
    asked = machine(scopes=SCOPE)
    with scoped_to(cast.harbor.pk):
        asked.row.roles = ["analyst"]
        asked.row.save(update_fields=["roles"])
    assert asked.get(FILE.format("cases"), PURPOSE).status_code == 403
    assert Event.objects.filter(verb="export_begun").count() == 0


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        ("2026-03-02T00:00:00+23:59", 200),
        ("0001-01-01T00:00:00+23:59", 400),
        ("9999-12-31T23:59:59-23:59", 400),
    ],
)
def test_a_zone_that_the_database_does_not_know_is_no_fault_of_ours(machine, moment, status):
    """What a scanner found: the file broke off with 500, since the statement began after the answer."""
    asking = machine(scopes=["rows:export", "cases:read", "events:read"])
    for path in (
        f"{FILE.format('cases')}?purpose=Board&updated=",
        "/api/v1/cases?updated=",
        "/api/v1/events?since=",
    ):
        answer = asking.get(path + quote(moment))
        assert answer.status_code == status, path
        assert not answer.streaming or b"".join(answer.streaming_content).startswith(b"id,reference,")
