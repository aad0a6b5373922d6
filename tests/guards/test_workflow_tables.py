"""Every state, every step, every role: what a workflow answers before it asks whether, compared with a table written by hand.

A cell is the state a step leads to, or "." where the state has no such step. Who may take a step stands below it; whoever
sees the row and may not is told so (NotAllowed), for all others there is no row (NotFound). Guards are left out: each has its
own test. Edit this table together with the app's `workflow.py` and `access/roles.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from advocacy import workflow
from advocacy.access.policy import Actor
from advocacy.access.roles import Role
from advocacy.errors import NotAllowed, NotFound, Reason, Refused, WrongState
from advocacy.people.queries import actor_of, memberships_of
from advocacy.workflow import Workflow
from appeals.models import Appeal, AuthorizationRequest, Denial, PeerToPeer
from cases.models import Case, Inquiry, Task
from tests.cast import NOW, Cast, make_member

TABLES = {
    "case": """
                close       reopen
    open        closed      .
    closed      .           open
    """,
    "task": """
                finish      cancel      settle      hold        wake
    open        done        cancelled   cancelled   held        .
    held        .           cancelled   cancelled   .           open
    done        .           .           .           .           .
    cancelled   .           .           .           .           .
    """,
    "inquiry": """
                decline     reopen      open_case
    open        declined    .           opened
    declined    .           open        .
    opened      .           .           .
    """,
    "authorization request": """
                submit      receive     approve     deny        withdraw
    drafting    submitted   received    .           .           withdrawn
    submitted   .           received    approved    denied      withdrawn
    received    .           .           approved    denied      withdrawn
    approved    .           .           .           .           .
    denied      .           .           .           .           .
    withdrawn   .           .           .           .           .
    """,
    "peer-to-peer": """
                schedule    hold        miss
    offered     scheduled   held        missed
    scheduled   scheduled   held        missed
    held        .           .           .
    missed      .           .           .
    """,
    "appeal": """
               draft      file       file_orally forward    receive    decide     deem       withdraw   lapse      decline
    open       drafting   filed      filed       forwarded  .          .          .          withdrawn  lapsed     declined
    drafting   drafting   filed      filed       forwarded  .          .          .          withdrawn  lapsed     declined
    filed      .          .          .           .          received   decided    decided    withdrawn  .          .
    forwarded  .          .          .           .          received   decided    decided    withdrawn  .          .
    returned   .          .          .           .          received   decided    decided    withdrawn  .          .
    received   .          .          .           .          .          decided    decided    withdrawn  .          .
    decided    .          .          .           .          .          .          .          .          .          .
    withdrawn  .          .          .           .          .          .          .          .          .          .
    lapsed     .          .          .           .          .          .          .          .          .          .
    declined   .          .          .           .          .          .          .          .          .          .
    """,
}  # fmt: skip
CASEWORK = "navigator supervisor"
WHO = {
    "case": {"close": CASEWORK, "reopen": "supervisor"},
    "task": dict.fromkeys(
        ("finish", "cancel", "settle", "hold", "wake"), "intake navigator clinician supervisor"
    ),
    "inquiry": dict.fromkeys(("decline", "reopen", "open_case"), "intake navigator supervisor"),
    "authorization request": dict.fromkeys(("submit", "receive", "approve", "deny", "withdraw"), CASEWORK),
    "peer-to-peer": dict.fromkeys(("schedule", "hold", "miss"), "navigator clinician supervisor"),
    "appeal": {
        "draft": "navigator clinician supervisor",
        **dict.fromkeys(("file", "file_orally", "forward", "receive"), CASEWORK),
        **dict.fromkeys(("decide", "deem", "withdraw", "lapse", "decline"), CASEWORK),
    },
}
# For these roles there is no case and nothing that hangs on one; of an inquiry, only who takes patients in knows.
SEES_NOTHING = {key: {"organization_admin", "analyst", "funder"} for key in TABLES} | {
    "inquiry": {"organization_admin", "analyst", "funder", "clinician", "privacy_officer"}
}
PEOPLE = {
    "intake": "ines",
    "navigator": "nora",
    "clinician": "clara",
    "supervisor": "sam",
    "organization_admin": "olga",
    "analyst": "anna",
    "privacy_officer": "petra",
}


def grid(name: str) -> dict[str, dict[str, str]]:
    """state -> step -> the state it leads to, or "."."""
    head, *rows = (line.split() for line in TABLES[name].strip().splitlines())
    return {state: dict(zip(head, cells, strict=True)) for state, *cells in rows}


def in_state(name: str, cast: Cast, state: str) -> Any:
    """A row of the kind in that state, made directly; what the tables of the database demand of the state stands in it."""
    case = cast.case
    assert case is not None
    hour = NOW + timedelta(hours=1)
    if name == "case":
        if state == "closed":
            Case.objects.filter(pk=case.pk).update(status=state, closed_at=NOW, outcome="withdrawn")
        return Case.objects.get(pk=case.pk)
    if name == "task":
        return Task.objects.create(case=case, title="Ask", opened_at=NOW, status=state, hold_until=hour)
    if name == "inquiry":
        return Inquiry.objects.create(
            reference="HB-I-1", status=state, started_at=NOW, saved_at=NOW, case=case, declined_because="area"
        )
    request = AuthorizationRequest.objects.create(
        case=case,
        coverage=case.coverage,
        created_at=NOW,
        status=state if name == "authorization request" else "denied",
        received_at=NOW,
    )
    if name == "authorization request":
        return request
    denial = Denial.objects.create(case=case, request=request, notice_on=date(2026, 3, 16), recorded_at=NOW)
    if name == "peer-to-peer":
        return PeerToPeer.objects.create(
            case=case, denial=denial, opened_at=NOW, status=state, held_at=NOW, outcome="upheld"
        )
    return Appeal.objects.create(
        case=case,
        denial=denial,
        regime="unknown",
        level="level_1",
        position=1,
        opened_at=NOW,
        decided_at=hour,
        status=state,
        **({"returned_at": NOW, "returned_why": "court"} if state == "returned" else {"forwarded_at": NOW}),
    )


@contextmanager
def without_guards(flow: Workflow) -> Iterator[Workflow]:
    """The same tables, with one guard that says who and when have passed. The registered tables stay as they are."""
    known = dict(workflow.ALL)
    versions = {
        version: tuple(replace(s, guards=(lambda row, facts: Reason("reached", "Reached."),)) for s in steps)
        for version, steps in flow.versions.items()
    }
    probe = Workflow(flow.name, flow.states, versions, field=flow.field, final=flow.final)
    workflow.ALL.clear()
    workflow.ALL.update(known)
    yield probe


def answer(probe: Workflow, step: str, row: Any, actor: Actor) -> str:
    """What the workflow says, in the words of the table."""
    try:
        probe.take(step, row, actor=actor, at=NOW)
    except (NotFound, NotAllowed) as refused:
        return type(refused).__name__
    except WrongState:
        return "."
    except Refused as whether:
        assert [r.code for r in whether.reasons] == ["reached"]
        return str(probe.step(step).to)
    raise AssertionError("the guard was not asked")


@pytest.fixture
def actors(cast: Cast) -> dict[str, Actor]:
    """Somebody of every role there is."""
    user, _ = make_member(cast.harbor, "fay", "Fay Funder", ["funder"])
    found = {role: cast.actors[key] for role, key in PEOPLE.items()}
    return found | {"funder": actor_of(user, memberships_of(user.pk)[0])}


def test_the_table_knows_every_workflow_state_step_and_role(actors):
    assert set(TABLES) == set(WHO) == set(workflow.ALL)
    assert set(actors) == {role.value for role in Role}
    for name, flow in workflow.ALL.items():
        table = grid(name)
        assert set(table) == set(flow.states.values), name
        for cells in table.values():
            assert list(cells) == [s.name for s in flow.steps()], name
        assert set(WHO[name]) == {s.name for s in flow.steps()}, name
        ends = {state for state, cells in table.items() if set(cells.values()) == {"."}}
        assert ends <= set(flow.final), name


@pytest.mark.parametrize(
    ("name", "state"), [(name, state) for name in TABLES for state in grid(name)], ids=lambda v: v
)
def test_every_step_of_every_role(cast, actors, name, state):
    row, cells = in_state(name, cast, state), grid(name)[state]
    expected, found = {}, {}
    with without_guards(workflow.ALL[name]) as probe:
        for role, actor in actors.items():
            for step, target in cells.items():
                if role in SEES_NOTHING[name]:
                    expected[(step, role)] = "NotFound"
                elif role not in WHO[name][step].split():
                    expected[(step, role)] = "NotAllowed"
                else:
                    expected[(step, role)] = target
                found[(step, role)] = answer(probe, step, row, actor)
    assert found == expected
    row.refresh_from_db()
    assert row.status == state
