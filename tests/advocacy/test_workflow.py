"""What `take` asks, in which order, and that a row keeps the table it began under."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advocacy import workflow
from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, NotFound, Reason, Refused, WrongState
from advocacy.tenancy.scope import scoped_to
from advocacy.workflow import Workflow
from appeals.workflow import APPEAL, PEER_TO_PEER, REQUEST
from cases.models import Task
from cases.workflow import CASE, TASK, TaskStatus
from tests.cast import NOW


@pytest.fixture
def task(cast):
    return Task.objects.create(case=cast.case, title="Ask for the file", opened_at=NOW)


@pytest.fixture
def newer():
    """A second table of tasks beside the first: finishing goes by another verb and asks for more. Not registered."""

    def never(row, facts):
        return Reason("never", "By the new table nothing is ever finished.")

    steps = tuple(replace(s, guards=(*s.guards, never)) if s.name == "finish" else s for s in TASK.steps(1))
    known = dict(workflow.ALL)
    found = Workflow("task", TaskStatus, {1: TASK.steps(1), 2: steps}, final=TASK.final)
    workflow.ALL.clear()
    workflow.ALL.update(known)
    return found


def test_every_kind_of_row_keeps_the_version_it_began_under():
    from appeals.models import Appeal, AuthorizationRequest, PeerToPeer
    from cases.models import Case, Inquiry
    from cases.workflow import INQUIRY

    begins = {
        model._meta.label: (model._meta.get_field("workflow_version").default, flow.current)
        for model, flow in (
            (Case, CASE),
            (Inquiry, INQUIRY),
            (Task, TASK),
            (AuthorizationRequest, REQUEST),
            (PeerToPeer, PEER_TO_PEER),
            (Appeal, APPEAL),
        )
    }
    assert {label for label, (default, current) in begins.items() if default != current} == set()
    assert len(begins) == len(workflow.ALL)


def test_a_row_walks_the_table_it_began_under_when_there_is_a_newer_one(cast, task, newer):
    assert newer.current == 2
    young = Task.objects.create(case=cast.case, title="Call", opened_at=NOW, workflow_version=2)
    with pytest.raises(Refused) as refused:
        newer.take("finish", young, actor=cast.nora, at=NOW)
    assert [r.code for r in refused.value.reasons] == ["never"]
    newer.take("finish", task, actor=cast.nora, at=NOW)
    task.refresh_from_db()
    assert (task.status, task.workflow_version) == (TaskStatus.DONE, 1)


def test_who_is_asked_before_when_and_when_before_whether(cast, task):
    with scoped_to(cast.meadow.pk), pytest.raises(NotFound):
        TASK.take("finish", task, actor=cast.mia, at=NOW)
    TASK.take("finish", task, actor=cast.nora, at=NOW)
    with pytest.raises(NotAllowed):
        TASK.take("cancel", task, actor=cast.petra, at=NOW)
    with pytest.raises(WrongState) as late:
        TASK.take("cancel", task, actor=cast.nora, at=NOW)
    assert "This is now Done." in str(late.value)


def test_nothing_is_written_when_a_guard_refuses(cast, task):
    before = Event.objects.order_by("-id").values_list("id", flat=True).first()
    with pytest.raises(Refused):
        TASK.take("cancel", task, actor=cast.nora, at=NOW, changes={"end_note": ""})
    task.refresh_from_db()
    assert (task.status, task.version) == (TaskStatus.OPEN, 1)
    assert not Event.objects.filter(id__gt=before).exists()


def test_a_step_saves_its_changes_counts_the_version_and_is_recorded(cast, task):
    TASK.take("finish", task, actor=cast.nora, at=NOW, changes={"ended_at": NOW}, expected_version=1)
    task.refresh_from_db()
    assert (task.status, task.ended_at, task.version) == (TaskStatus.DONE, NOW, 2)
    act = Event.objects.filter(kind="verb").first()
    assert (act.verb, act.subject_id, act.actor) == ("task_done", task.pk, cast.nora.key)
    assert act.data == {"from": "open", "to": "done"}


def test_a_stale_version_is_told(cast, task):
    with pytest.raises(WrongState, match="Somebody changed this"):
        TASK.take("finish", task, actor=cast.nora, at=NOW, expected_version=7)


def test_a_step_of_another_table_is_a_mistake_of_the_program(cast, task):
    with pytest.raises(KeyError):
        TASK.take("file", task, actor=cast.nora, at=NOW)


def test_no_two_steps_of_a_table_have_one_name():
    for flow in workflow.ALL.values():
        for version, steps in flow.versions.items():
            assert len({s.name for s in steps}) == len(steps), (flow.name, version)
