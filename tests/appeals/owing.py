"""A plan that lost: what it owes, how it is recorded as delivered, and the clock as it stands."""

from __future__ import annotations

from appeals.commands.effectuations import record_effectuation, record_plan_notice
from appeals.models import Deadline
from tests.appeals.climbing import MEDICARE_ADVANTAGE, moment
from tests.standing import prepared


def won_from_the_plan(climb, answers, *, outcome="overturned", **asked):
    """The plan had the appeal on April 10, 2026 (by fax), and reversed itself in a letter of April 24."""
    climb.answer(answers)
    climb.ask(**asked)
    climb.refuse()
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-24", "2026-04-27", outcome=outcome)
    return climb


def won_from_the_entity(climb, answers=MEDICARE_ADVANTAGE, *, outcome="overturned", **asked):
    """The plan affirmed and forwarded the case; the independent entity decided on May 20."""
    won_from_the_plan(climb, answers, outcome="upheld", **asked)
    climb.forward(2, "2026-04-28")
    climb.receive(2, "2026-04-30")
    climb.decide(2, "2026-05-20", "2026-05-22", outcome=outcome)
    return climb


@prepared
def at_the_entity(climb):
    return won_from_the_entity(climb)


@prepared
def owed(climb):
    """The plan had the entity's decision on May 21, 2026, at two in the afternoon."""
    won_from_the_entity(climb)
    had(climb, 2, "2026-05-21")
    return climb


def had(climb, position, on, **more):
    return record_plan_notice(
        actor=climb.who,
        appeal=climb.level(position),
        received_at=moment(on),
        at=more.get("at", moment("2026-05-26")),
    )


def deliver(climb, position, on="2026-05-22", **more):
    return record_effectuation(
        **{
            "appeal": climb.level(position),
            "actor": climb.who,
            "items": [i.public_id for i in climb.items],
            "kind": "authorized",
            "done_at": moment(on),
            "at": moment("2026-06-20"),
        }
        | more,
    )


def clocks(climb):
    rows = Deadline.objects.filter(case=climb.case, clock="effectuation").exclude(status="superseded")
    return [(d.appeal.position, d.due_on.isoformat(), d.rule, d.side, d.status) for d in rows.order_by("id")]
