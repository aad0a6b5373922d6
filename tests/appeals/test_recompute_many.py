"""After the rules changed: many cases at once come to what each comes to alone, owners are told, and a stopped run goes on."""

from __future__ import annotations

import copy
import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from advocacy.audit.models import Event
from advocacy.tenancy.models import Organization
from appeals.commands.deadlines import recompute_deadlines
from appeals.commands.recompute_many import look_at_many, recompute_many
from appeals.management.commands.recompute_deadlines import Part, done_part
from appeals.models import Appeal, Deadline
from appeals.queries.recomputed import done_in, fingerprint_of_rules
from appeals.regimes import packs, using
from appeals.regimes.shapes import Book
from cases.models import Case, Task
from tests.appeals.climbing import ERISA, moment
from tests.factories.cases import another_case
from tests.standing import prepared

WINDOW = "claims.appeal_1.filing"
LATER = moment("2026-04-20")


@prepared
def refused(climb):
    """A self-funded plan refused on March 24: 180 days end on Sunday, September 20, and Friday is the day to work to."""
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    return climb


@pytest.fixture(scope="module")
def shorter() -> Book:
    """The rules with ten days less for the first appeal."""
    pack = copy.deepcopy(packs.pack_of())
    rule = next(r for r in pack["regimes"]["rules"] if r["id"] == WINDOW)
    rule["calculation"]["n"] -= 10
    rule["version"] = 2
    return packs.loaded(pack).book


class Undone(Exception):
    """Leaves a savepoint."""


@contextmanager
def undone() -> Iterator[None]:
    """What is written in here is taken back."""
    try:
        with transaction.atomic():
            yield
            raise Undone
    except Undone:
        pass


def all_keys() -> list[int]:
    return list(Case.objects.order_by("pk").values_list("pk", flat=True))


def everything() -> dict[str, Any]:
    """All that recomputing writes, without the keys of rows that are new."""
    own = {f.name for f in Deadline._meta.concrete_fields} - {"id", "public_id", "organization"}
    acts = Event.objects.filter(kind=Event.Kind.VERB).order_by("id")
    return {
        "dates": sorted(repr(sorted(row.items())) for row in Deadline.objects.values(*own)),
        "cases": list(Case.objects.order_by("pk").values_list("pk", "stage", "next_deadline_on", "version")),
        "tasks": sorted(
            (
                t.code,
                t.title,
                t.detail,
                str(t.due_on),
                t.status,
                str(t.owner_id),
                repr(t.checklist),
                t.circumstances,
            )
            for t in Task.objects.all()
        ),
        "acts": sorted(
            (e.verb, str(e.case_ids), repr({k: v for k, v in e.data.items() if k != "superseded"}))
            for e in acts
        ),
    }


def without_being_told(found: dict[str, Any]) -> dict[str, Any]:
    """Without the task that a run over many cases opens beside."""
    tasks = [t for t in found["tasks"] if not t[0].startswith("nearer:")]
    return found | {"tasks": tasks, "acts": [a for a in found["acts"] if "nearer:" not in a[2]]}


def ran(**options: Any) -> str:
    out = StringIO()
    call_command("recompute_deadlines", processes=1, stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def disturbed() -> None:
    """Rows that are not as they are computed, of every kind: a day, a status, a clock too many, work not opened, an old place."""
    filing = Deadline.objects.get(clock="filing", status="running")
    Deadline.objects.filter(pk=filing.pk).update(due_on=date(2026, 12, 1))
    filing.pk, filing.public_id, filing.clock = None, filing.appeal.public_id, "continuation"
    filing.save()
    Deadline.objects.filter(clock="decision").update(status="running")
    Task.objects.filter(code__startswith="stage:").delete()
    Case.objects.filter(pk=filing.case_id).update(stage="", next_deadline_on=None)


def test_many_at_once_come_to_what_each_comes_to_alone(refused, shorter):
    disturbed()
    with using(shorter):
        with undone():
            for case in Case.objects.order_by("pk"):
                recompute_deadlines(case, LATER)
            alone = everything()
        with undone():
            outcome = recompute_many(all_keys(), run="a", at=LATER)
            together = everything()
    assert (outcome.changed, outcome.alone, outcome.failed) == (1, 0, [])
    assert without_being_told(together) == alone


def test_a_level_under_other_rules_goes_by_the_cases_own_command(refused):
    Appeal.objects.update(regime="unknown", level="level_1")
    with undone():
        recompute_deadlines(refused.fresh(), LATER)
        alone = everything()
    outcome = recompute_many(all_keys(), run="a", at=LATER)
    assert (outcome.changed, outcome.alone) == (1, 1)
    assert without_being_told(everything()) == alone


def test_where_nothing_moves_nothing_is_written(refused):
    before, events = everything(), Event.objects.count()
    outcome = recompute_many(all_keys(), run="a", at=LATER)
    assert (outcome.cases, outcome.changed, outcome.moves) == (len(all_keys()), 0, [])
    assert (everything(), Event.objects.count()) == (before, events)


def test_a_date_that_came_nearer_keeps_both_versions_and_asks_the_owner_once(refused, shorter):
    with using(shorter):
        outcome = recompute_many(all_keys(), run="a", at=LATER)
        assert recompute_many(all_keys(), run="b", at=LATER).changed == 0
    rows = Deadline.objects.filter(clock="filing").order_by("id")
    assert [(d.due_on, d.rule_version, d.status) for d in rows] == [
        (date(2026, 9, 18), "1", "superseded"),
        (date(2026, 9, 10), "2", "running"),
    ]
    assert refused.fresh().next_deadline_on == date(2026, 9, 10)
    assert (outcome.told, [move.days for move in outcome.moves]) == (1, [-8])
    task = Task.objects.get(code__startswith="nearer:")
    assert (task.owner_id, task.due_on, task.status) == (refused.case.owner_id, date(2026, 4, 22), "open")
    assert task.detail.startswith(
        "Internal appeal, first level: last day to file: Thursday, September 10, 2026, no longer Friday, September 18, 2026"
    )


def test_a_later_date_asks_nobody(refused, shorter):
    with using(shorter):
        recompute_many(all_keys(), run="a", at=LATER)
    assert recompute_many(all_keys(), run="b", at=LATER).told == 0
    assert Task.objects.filter(code="nearer:b").count() == 0
    assert refused.fresh().next_deadline_on == date(2026, 9, 18)


def test_a_look_says_what_would_move_and_writes_nothing(refused, shorter):
    before = everything()
    with using(shorter):
        outcome = look_at_many(all_keys(), at=LATER)
    moves = [(m.case.pk, m.old.due_on, m.new.due_on, m.is_earlier) for m in outcome.moves]
    assert moves == [(refused.case.pk, date(2026, 9, 18), date(2026, 9, 10), True)]
    assert everything() == before


def test_a_case_that_cannot_be_computed_keeps_its_dates_and_stops_no_other(refused, shorter):
    cast = refused.cast
    other = another_case(cast.case, 777)
    Case.objects.filter(pk=other.pk).update(stage="not its own")
    type(cast.case.patient).objects.filter(pk=cast.case.patient_id).update(time_zone="Nowhere/At_All")
    with using(shorter):
        outcome = recompute_many(all_keys(), run="a", at=LATER)
    assert outcome.failed == [(refused.case.pk, "ZoneInfoNotFoundError")]
    assert outcome.changed == 1
    assert Deadline.objects.get(clock="filing", status="running").due_on == date(2026, 9, 18)
    assert Case.objects.get(pk=other.pk).stage == ""


def test_many_are_read_in_one_statement(refused, django_assert_num_queries):
    """Nothing that a clock reads is fetched later, row by row."""
    another_case(refused.cast.case, 778)
    keys = all_keys()
    with django_assert_num_queries(1):
        look_at_many(keys, at=LATER)


def test_statements_do_not_grow_with_the_dates(refused, shorter, django_assert_max_num_queries):
    with using(shorter), django_assert_max_num_queries(22):
        recompute_many(all_keys(), run="a", at=LATER)


# -- the command ---------------------------------------------------------------------------------------------


def test_the_command_tells_which_dates_moved_and_whom_to_tell(refused, shorter, tmp_path):
    with using(shorter):
        looked = ran(dry_run=True, report=tmp_path / "look.json")
        said = ran(report=tmp_path / "moved.csv")
    assert "1 dates would have moved, 1 owners would be asked" in looked
    assert "1 dates moved, 1 owners were asked" in said
    [look] = json.loads((tmp_path / "look.json").read_text())
    with (tmp_path / "moved.csv").open() as file:
        [row] = csv.DictReader(file)
    now = Deadline.objects.get(clock="filing", status="running")
    owner = refused.case.owner.user
    told = {
        "case": refused.case.reference,
        "was": "2026-09-18",
        "now": "2026-09-10",
        "side": "claimant",
        "rule": WINDOW,
        "version_was": "1",
        "version_now": "2",
        "who": f"{owner} <{owner.email}>",
    }
    assert {key: look[key] for key in told} == told
    assert {key: row[key] for key in told} == told
    assert str(now.public_id) in row["page"]
    assert (tmp_path / "moved.csv").stat().st_mode & 0o777 == 0o600


def test_a_stopped_run_goes_on_where_it_stopped_and_reports_all_of_it(refused, shorter, tmp_path):
    """A batch and the word of it in the trail are one transaction: a run that is killed has whole batches."""
    harbor = Organization.objects.get(pk=refused.case.organization_id)
    rules = fingerprint_of_rules()
    with using(shorter):
        done_part(Part(harbor, [refused.case.pk], "01900000-0000-7000-8000-000000000000", rules))
        said = ran(report=tmp_path / "moved.csv", organization=[harbor.slug])
        again = ran(organization=[harbor.slug])
    assert said.startswith("Goes on where it stopped.")
    assert "1 dates moved, 1 owners were asked" in said
    assert len((tmp_path / "moved.csv").read_text().splitlines()) == 2
    assert Task.objects.filter(code__startswith="nearer:").count() == 1
    assert "0 dates moved, 0 owners were asked" in again
    assert done_in(harbor, rules).finished


def test_each_organization_is_recomputed_in_its_own_scope(refused, shorter):
    with using(shorter):
        said = ran(organization=["meadow"])
    assert "0 dates moved" in said
    assert Deadline.objects.get(clock="filing", status="running").due_on == date(2026, 9, 18)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.organization')")
        assert cursor.fetchone() == (str(refused.case.organization_id),)


def test_an_organization_nobody_knows_is_said_to_be_unknown(refused):
    with pytest.raises(CommandError, match="no organization nobody"):
        ran(organization=["nobody"])
