"""The nightly check of dates, and computing again after an own date changed: many cases come to what each comes to alone.

How many go together, and where a job stops, changes nothing; what cannot be computed stops no other.
"""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from advocacy.background.models import Job
from appeals import jobs
from appeals.commands.deadlines import recompute_deadlines
from appeals.commands.integrity import check_dates_of
from appeals.jobs import CHECK_JOB, OWN_DATES_JOB, check_dates, own_dates_changed
from appeals.models import Deadline, Finding, OwnDateRule
from cases.models import Case
from tests.appeals.test_recompute_many import LATER, disturbed, everything, refused, undone
from tests.factories.cases import another_case

__all__ = ["refused"]
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def at_later(monkeypatch):
    """Jobs run at one moment, as what they are compared with."""
    monkeypatch.setattr(jobs, "timezone", SimpleNamespace(now=lambda: LATER))


@pytest.fixture
def caseload(refused):
    """Dates that differ, found before too; a place in the lists that differs; one with nothing wrong; a finding that is over."""
    disturbed()
    wrong, place, right, over = refused.case, *(another_case(refused.case, n) for n in (777, 778, 779))
    for case in (place, right, over):
        recompute_deadlines(case, LATER - DAY)
    Case.objects.filter(pk=place.pk).update(stage="not its own")
    for case in (wrong, over):
        Finding.objects.create(case=case, kind=Finding.Kind.DATES, found_at=LATER - DAY)
    return SimpleNamespace(wrong=wrong, place=place, right=right, over=over)


def in_the_end() -> dict[str, Any]:
    findings = Finding.objects.order_by("pk").values_list("case_id", "kind", "found_at", "resolved_at")
    return everything() | {"findings": list(findings)}


def whole_run(name: str, job: Any) -> int:
    """The job, and each that it asks for behind the cases it did; how many jobs that were."""
    job()
    for count in range(1, 50):
        if (asked := Job.objects.filter(name=name, arguments__has_key="after").first()) is None:
            return count
        ids = asked.arguments
        asked.delete()
        job(**ids)
    raise AssertionError("it never ends")


@pytest.mark.parametrize(("together", "alone", "count"), [(500, 50, 1), (2, 1, 3), (1, 1, 5), (4, 1, 2)])
def test_the_nightly_check_finds_and_mends_what_each_case_alone_would(
    caseload, monkeypatch, together, alone, count
):
    with undone():
        for case in Case.objects.filter(status="open").order_by("pk"):
            check_dates_of(case, LATER)
        one_by_one = in_the_end()
    monkeypatch.setattr(jobs, "AT_ONCE", together)
    monkeypatch.setattr(jobs, "ALONE_AT_ONCE", alone)
    assert whole_run(CHECK_JOB, check_dates) == count
    assert in_the_end() == one_by_one
    assert [row.case_id for row in Finding.objects.filter(resolved_at=None)] == [caseload.wrong.pk]
    assert Case.objects.get(pk=caseload.place.pk).stage != "not its own"
    assert Finding.objects.get(case=caseload.over).resolved_at == LATER


def test_a_case_that_cannot_be_computed_gets_a_job_of_its_own_and_stops_no_other(caseload):
    type(caseload.right.patient).objects.filter(pk=caseload.right.patient_id).update(time_zone="Nowhere/At")
    check_dates()
    own_dates_changed()
    found = Job.objects.filter(name__in=[CHECK_JOB, OWN_DATES_JOB]).order_by("pk")
    assert [(row.name, row.arguments) for row in found] == [
        (CHECK_JOB, {"case": caseload.right.pk}),
        (OWN_DATES_JOB, {"case": caseload.right.pk}),
    ]
    assert Finding.objects.get(case=caseload.over).resolved_at == LATER
    assert Deadline.objects.get(clock="filing", status="running").due_on == date(2026, 9, 18)


def test_where_all_is_equal_the_number_of_statements_does_not_grow_with_the_cases(refused):
    check_dates()

    def statements() -> int:
        with CaptureQueriesContext(connection) as seen:
            check_dates()
        return len(seen)

    few = statements()
    for number in range(780, 785):
        recompute_deadlines(another_case(refused.case, number), LATER - DAY)
    assert statements() == few
    assert not Finding.objects.exists()


@pytest.mark.parametrize("together", [500, 1])
def test_after_an_own_date_changed_all_come_to_what_each_comes_to_alone(caseload, monkeypatch, together):
    OwnDateRule.objects.create(
        regime="erisa_self_funded",
        level="internal_appeal_1",
        kind="before",
        days=10,
        reason="Room for a second reader",
        in_force_from=date(2026, 1, 1),
        proposed_at=LATER,
        confirmed_at=LATER,
    )
    with undone():
        for case in Case.objects.filter(status="open").order_by("pk"):
            recompute_deadlines(case, LATER)
        one_by_one = in_the_end()
    monkeypatch.setattr(jobs, "AT_ONCE", together)
    whole_run(OWN_DATES_JOB, own_dates_changed)
    assert in_the_end() == one_by_one
    assert Deadline.objects.filter(clock="filing", own_on__isnull=False, status="running").count() == 1
