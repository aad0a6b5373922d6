"""A case with an expedited internal appeal, and the external review that is opened beside it."""

from __future__ import annotations

from appeals.commands.at_once import open_at_once
from appeals.commands.levels import set_expedited, withdraw_appeal
from tests.appeals.climbing import ERISA, day, moment
from tests.standing import prepared

OSEI = "Dr. Osei, psychiatry"
WHY = "Dr. Osei certifies that waiting could cost the patient's life."


def refused(climb, answers):
    climb.answer(answers)
    climb.ask()
    climb.refuse()
    return climb


def urge(climb, position=1):
    set_expedited(
        actor=climb.who,
        appeal=climb.level(position),
        is_expedited=True,
        reason=WHY,
        at=moment("2026-04-01", 9),
    )


def open_beside(climb, position=1, **more):
    return open_at_once(
        actor=climb.who,
        appeal=climb.level(position),
        **{
            "basis": "urgent",
            "said_by": OSEI,
            "said_on": day("2026-04-01"),
            "at": moment("2026-04-01", 10),
        }
        | more,
    )


@prepared
def urgent(climb):
    """A self-funded plan with one internal level refused both items; the appeal is an expedited one, and not filed yet."""
    refused(climb, ERISA | {"levels": "1"})
    urge(climb)
    return climb


@prepared
def both_filed(urgent):
    """Beside it stands the external review; both went out by fax at two on April 2."""
    open_beside(urgent)
    urgent.file(1, "2026-04-02")
    urgent.file(2, "2026-04-02")
    return urgent


def withdraw(climb, position, at="2026-04-06", reason="Moot."):
    return withdraw_appeal(actor=climb.who, appeal=climb.level(position), reason=reason, at=moment(at))
