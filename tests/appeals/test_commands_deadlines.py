"""The projection of all clocks: what stays, what is superseded, what the nightly check mends."""

from __future__ import annotations

from datetime import date

from advocacy.background.models import Job
from appeals import jobs
from appeals.commands.deadlines import check_projection, recompute_deadlines
from appeals.jobs import check_dates
from appeals.models import (
    Deadline,
    RequestItem,
)
from cases.commands.cases import close_case, reopen_case
from cases.commands.tasks import cancel_task
from cases.models import Case, Task
from tests.appeals.climbing import ERISA, MEDICAID, moment
from tests.standing import prepared


@prepared
def filed(climb):
    """A self-funded plan of one level; the appeal was faxed on April 10."""
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    return climb


# -- the projection -----------------------------------------------------------------------------------------


def test_recomputing_changes_nothing_when_nothing_changed(filed):
    before = list(Deadline.objects.order_by("id").values_list("id", "status", "due_on"))
    version = filed.fresh().version
    recompute_deadlines(filed.fresh(), moment("2026-12-01"))
    assert list(Deadline.objects.order_by("id").values_list("id", "status", "due_on")) == before
    assert filed.fresh().version == version


def test_a_superseded_row_stays_and_points_to_nothing_deleted(filed):
    count = Deadline.objects.count()
    filed.receive(1, "2026-04-13")
    assert filed.date("decision", 1) == ("2026-05-13", "2026-05-13", "running")
    assert Deadline.objects.count() == count + 1
    old = Deadline.objects.get(status="superseded")
    assert (old.due_on, old.ended_at) == (date(2026, 5, 10), moment("2026-04-13", 15))


def test_the_nightly_check_mends_a_changed_row_and_opens_one_task(filed):
    assert check_projection(filed.fresh(), moment("2026-04-11")) == ()
    Deadline.objects.filter(clock="decision", appeal__isnull=False).update(due_on=date(2026, 6, 1))
    found = check_projection(filed.fresh(), moment("2026-04-12"))
    assert [(d.key[2], d.stored, d.computed) for d in found] == [
        ("decision", "2026-06-01 running", "2026-05-10 running")
    ]
    assert filed.date("decision", 1) == ("2026-05-10", "2026-05-10", "running")
    assert check_projection(filed.fresh(), moment("2026-04-13")) == ()
    assert Task.objects.filter(code="check_dates").count() == 1


def test_the_nightly_job_checks_each_case(filed):
    Deadline.objects.filter(clock="decision", appeal__isnull=False).update(status="superseded")
    check_dates(case=filed.case.pk)
    assert filed.date("decision", 1)[0] == "2026-05-10"


def test_the_nightly_job_checks_so_many_cases_and_leaves_the_rest_to_the_next(filed, monkeypatch):
    checked = list(Case.objects.filter(status="open").order_by("pk").values_list("pk", flat=True))
    monkeypatch.setattr(jobs, "AT_ONCE", len(checked))
    Deadline.objects.filter(clock="decision", appeal__isnull=True).update(status="superseded")
    check_dates()
    assert filed.date("decision", 1)[0] == "2026-05-10"
    waiting = Job.objects.filter(name="appeals.check_dates")
    assert [row.arguments for row in waiting] == [{"after": checked[-1]}]
    check_dates(after=checked[-1])
    assert waiting.count() == 1


def test_a_closed_case_has_no_running_clock(climb):
    climb.answer(MEDICAID)
    climb.ask()
    climb.refuse()
    Case.objects.filter(pk=climb.case.pk).update(
        status="closed", closed_at=moment("2026-05-01"), outcome="moot"
    )
    assert check_projection(climb.fresh(), moment("2026-05-02")) == ()
    assert not Deadline.objects.filter(status="running").exists()
    assert (climb.fresh().stage, climb.fresh().next_deadline_on) == ("closed", None)


def at_court(climb) -> Task:
    """The last level upheld the denial; a task asks whether a court is considered."""
    climb.to_the_council()
    climb.decide(4, "2026-11-02", "2026-11-05")
    assert (climb.fresh().stage, climb.row("court", 4).status) == ("court", "running")
    return Task.objects.get(code__startswith="consider_court:")


def test_the_date_of_a_court_goes_with_the_task_about_it(climb):
    task = at_court(climb)
    cancel_task(
        actor=climb.cast.nora, task=task, reason="The patient wants no court.", at=moment("2026-11-06")
    )
    assert climb.row("court", 4).status == "ended"
    assert climb.fresh().next_deadline_on is None


def test_with_a_case_its_dates_end_and_what_still_counts_runs_again_when_it_is_opened(climb):
    task = at_court(climb)
    Task.objects.filter(pk=task.pk).update(status="cancelled")
    Task.objects.filter(case=climb.case, status="open").update(status="cancelled")
    at = moment("2026-11-06")
    close_case(actor=climb.cast.nora, case=climb.fresh(), outcome="not_covered", at=at)
    assert not Deadline.objects.filter(status="running").exists()
    assert (climb.fresh().stage, climb.fresh().next_deadline_on) == ("closed", None)
    Task.objects.filter(pk=task.pk).update(status="open")
    reopen_case(actor=climb.cast.sam, case=climb.fresh(), reason="A court after all.", at=at)
    assert (climb.fresh().stage, climb.row("court", 4).status) == ("court", "running")


def test_the_case_shows_the_patients_date_before_the_payers(climb):
    climb.answer(ERISA)
    climb.ask()
    assert (climb.fresh().stage, climb.fresh().next_deadline_on) == ("request", date(2026, 4, 1))
    climb.refuse()
    assert (climb.fresh().stage, climb.fresh().next_deadline_on) == ("internal_appeal_1", date(2026, 9, 18))
    climb.file(1, "2026-04-10")
    assert climb.fresh().next_deadline_on == date(2026, 5, 10)
    assert climb.fresh().last_touched_at == moment("2026-04-10", 15)


def test_the_window_of_a_call_is_never_the_next_date_of_a_case(climb):
    """It is the plan's offer: the appeal's own date stands in front, however near the window's end is."""
    climb.answer(ERISA)
    climb.ask()
    climb.refuse(peer_to_peer_until=date(2026, 4, 7))
    windows = [d for d in Deadline.objects.filter(case=climb.case, status="running") if d.is_courtesy]
    assert [(d.clock, d.due_on) for d in windows] == [("peer_to_peer", date(2026, 4, 7))]
    assert climb.fresh().next_deadline_on == date(2026, 9, 18)


def test_a_request_of_a_part_is_refused_in_part(climb):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse(items=[climb.items[0]])
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-24", "2026-04-27", outcomes={climb.items[0].public_id: "upheld"})
    assert RequestItem.objects.filter(outcomes__isnull=True).count() == 1
