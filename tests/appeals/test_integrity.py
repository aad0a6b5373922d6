"""The nightly checks: a clean caseload shows nothing, each planted violation is found once, and one act puts it right."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, Refused, WrongState
from advocacy.people.models import Membership
from advocacy.tenancy.scope import scoped_to
from appeals.commands.deadlines import recompute_deadlines
from appeals.commands.integrity import check_dates_of, put_right, sweep
from appeals.jobs import check_integrity
from appeals.models import Deadline, Finding, PeerToPeer
from appeals.queries.integrity import STUCK, findings_of, violations
from cases.models import Case, Task
from tests.appeals.scenes import clock, denied, new_case, request_of, task_of
from tests.cast import make_member
from tests.guards.test_routes import visitor
from tests.standing import prepared

AT = timezone.now()
DAYS = timedelta(days=1)


@prepared
def leaver(cast):
    _user, left = make_member(cast.harbor, "lars", "Lars Leaver", ["navigator"])
    Membership.objects.filter(pk=left.pk).update(ended_at=AT)
    left.refresh_from_db()
    return left


@prepared
def case(cast):
    """Nora's, with a request at the payer that is in time."""
    row = new_case(1, at=AT, owner=cast.members["nora"], last_touched_at=AT)
    request_of(row, at=AT)
    return row


def found(*cases):
    return sorted((v.kind, v.step) for v in violations([c.pk for c in cases], AT))


def standing():
    return sorted(Finding.objects.filter(resolved_at=None).values_list("case__reference", "kind", "step"))


def plant(name, cast, case, leaver):
    """One violation of each check; returns what is found."""
    nora = cast.members["nora"]
    if name == "no_next":
        # An approval lets nobody but whoever closes cases go on, and Ines does not.
        case.requests.update(status="withdrawn")
        Case.objects.filter(pk=case.pk).update(owner=cast.members["ines"])
    elif name == "dates":
        raise AssertionError("dates are planted in a test of their own")
    elif name == "case_leaver":
        Case.objects.filter(pk=case.pk).update(owner=leaver)
    elif name == "task_leaver":
        task_of(case, at=AT, owner=leaver, status="held", hold_until=AT + DAYS)
    elif name == "hold_over":
        task_of(case, at=AT, owner=nora, status="held", hold_until=AT - timedelta(hours=2))
    elif name == "denial_unconfirmed":
        denied(case, at=AT - 4 * DAYS)
    elif name == "call_unreported":
        denial = denied(case, at=AT, confirmed_by=nora.user)
        PeerToPeer.objects.create(
            case=case, denial=denial, status="scheduled", scheduled_at=AT - 3 * DAYS, opened_at=AT
        )
    elif name == "request_unsent":
        case.requests.update(
            status="drafting", submitted_at=None, received_at=None, created_at=AT - 15 * DAYS
        )
    elif name == "receipt_unrecorded":
        case.requests.update(status="submitted", received_at=None, submitted_at=AT - 11 * DAYS)
    elif name == "ours_passed":
        clock(case, due_on=AT.date() - 9 * DAYS, at=AT)
    elif name == "theirs_passed":
        clock(case, due_on=AT.date() - 16 * DAYS, at=AT, side="payer")
        Case.objects.filter(pk=case.pk).update(last_touched_at=AT - 20 * DAYS)
    else:
        raise AssertionError(name)
    return ("stuck", name) if name in STUCK else (name, "")


PLANTED = ["no_next", "case_leaver", "task_leaver", "hold_over", *STUCK]


def test_a_clean_caseload_shows_nothing(cast, case):
    task_of(cast.case, at=AT, owner=cast.members["nora"])
    assert found(case, cast.case) == []
    assert sweep([case.pk, cast.case.pk], AT) == 0
    assert standing() == []


@pytest.mark.parametrize("name", PLANTED)
def test_each_planted_violation_is_found_written_once_and_put_right_in_one_act(cast, case, leaver, name):
    wrong = plant(name, cast, case, leaver)
    assert found(case) == [wrong]
    assert (sweep([case.pk], AT), sweep([case.pk], AT)) == (1, 1)
    assert standing() == [(case.reference, *wrong)]
    finding = Finding.objects.get()
    put_right(actor=cast.sam, finding=finding, to=cast.members["nils"], at=AT)
    finding.refresh_from_db()
    assert (finding.resolved_at, finding.resolved_by_id) == (AT, cast.sam.user_id)
    assert (found(case), standing()) == ([], [])
    event = Event.objects.get(verb="finding_put_right")
    assert event.data == {"kind": wrong[0], "step": wrong[1]}
    with pytest.raises(WrongState):
        put_right(actor=cast.sam, finding=finding, to=cast.members["nils"], at=AT)


def test_dates_that_differ_are_mended_told_and_gone_when_they_are_equal_again(cast, case):
    recompute_deadlines(case, AT)
    check_dates_of(case, AT)
    assert standing() == []
    row = Deadline.objects.filter(case=case, status="running").order_by("pk")[0]
    right = row.due_on
    Deadline.objects.filter(pk=row.pk).update(due_on=right + 5 * DAYS)
    check_dates_of(case, AT)
    now = Deadline.objects.get(case=case, clock=row.clock, status="running")
    assert (standing(), now.due_on) == ([(case.reference, "dates", "")], right)
    put_right(actor=cast.sam, finding=Finding.objects.get(), at=AT)
    assert standing() == []


def test_what_goes_away_by_itself_ends_with_nobody_named_and_so_does_a_closed_case(cast, case, leaver):
    task = task_of(case, at=AT, owner=leaver)
    other = new_case(2, at=AT, owner=leaver)
    sweep([case.pk, other.pk], AT)
    assert standing() == [(case.reference, "task_leaver", ""), (other.reference, "case_leaver", "")]
    Task.objects.filter(pk=task.pk).update(owner=cast.members["nora"])
    Case.objects.filter(pk=other.pk).update(status="closed", closed_at=AT, outcome="moot")
    check_integrity()
    assert not Finding.objects.filter(case__in=[case, other], resolved_at=None).exists()
    assert set(Finding.objects.filter(case__in=[case, other]).values_list("resolved_by", flat=True)) == {None}


def test_a_task_that_looks_at_it_stops_the_finding_until_it_ends(cast, case, leaver):
    plant("request_unsent", cast, case, leaver)
    sweep([case.pk], AT)
    put_right(actor=cast.sam, finding=Finding.objects.get(), at=AT)
    task = Task.objects.get(case=case, code="look_at_case")
    assert (task.owner_id, task.status) == (cast.members["nora"].pk, "open")
    Task.objects.filter(pk=task.pk).update(status="done", ended_at=AT)
    assert found(case) == [("stuck", "request_unsent")]


def test_a_task_of_a_restricted_case_goes_to_nobody_who_does_not_open_it(cast, case, leaver):
    Case.objects.filter(pk=case.pk).update(is_restricted=True)
    task = task_of(case, at=AT, owner=leaver)
    sweep([case.pk], AT)
    finding = findings_of(cast.sam).get()
    with pytest.raises(Refused):
        put_right(actor=cast.sam, finding=finding, to=cast.members["nils"], at=AT)
    put_right(actor=cast.sam, finding=finding, to=cast.members["nora"], at=AT)
    task.refresh_from_db()
    assert task.owner_id == cast.members["nora"].pk


def test_who_does_not_assign_work_puts_nothing_right_and_sees_no_list(cast, case, leaver):
    plant("hold_over", cast, case, leaver)
    sweep([case.pk], AT)
    finding = Finding.objects.get()
    with pytest.raises(NotAllowed):
        put_right(actor=cast.nora, finding=finding, at=AT)
    assert list(findings_of(cast.nora)) == []
    with scoped_to(cast.meadow.pk, actor=cast.mia.key, actor_label="Mia"):
        assert (Finding.objects.count(), violations([case.pk], AT)) == (0, set())


def test_many_cases_cost_as_many_statements_as_one(cast, case):
    def statements(keys):
        with CaptureQueriesContext(
            connection,
        ) as seen:
            sweep(keys, AT)
        return len(seen)

    Case.objects.filter(pk=case.pk).update(last_touched_at=AT - 20 * DAYS)
    one = statements([case.pk])
    more = [new_case(n, at=AT, owner=cast.members["nora"]) for n in range(2, 12)]
    assert statements([case.pk, *(row.pk for row in more)]) == one


def test_the_page_shows_what_stands_and_its_button_puts_it_right(cast, case, leaver):
    plant("case_leaver", cast, case, leaver)
    task_of(case, at=AT, owner=cast.members["nora"], status="held", hold_until=AT - timedelta(hours=3))
    sweep([case.pk], AT)
    sam = visitor(cast.users["sam"])
    page = sam.get(reverse("appeals:checks")).content.decode()
    assert ("Lars Leaver" in page, "Give the case" in page, "Wake the task" in page) == (True, True, True)
    assert case.patient.family_name not in page
    to = {"to": str(cast.members["nils"].public_id)}
    finding = Finding.objects.get(kind="case_leaver")
    answer = sam.post(reverse("appeals:check_put_right", args=[finding.public_id]), to)
    assert (answer.status_code, answer.url) == (302, reverse("appeals:checks"))
    case.refresh_from_db()
    assert (case.owner_id, [kind for _ref, kind, _step in standing()]) == (
        cast.members["nils"].pk,
        ["hold_over"],
    )
