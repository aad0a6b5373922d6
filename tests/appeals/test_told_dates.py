"""How a date says what it counts from: an assumed arrival, and a stated date between two rules."""

from __future__ import annotations

from datetime import date

from appeals.models import Filing
from appeals.queries.ladder import ladder_of
from tests.appeals.climbing import ERISA

pytest_plugins = ("tests.appeals.climbing",)


def test_an_arrival_nobody_recorded_is_said_to_be_taken(climb):
    """By fax the time runs from the sending, and says so; by post there is no date before the receipt."""

    def told():
        found = ladder_of(climb.fresh()).levels[0].decision
        return found.arithmetic[0] if found.due else found.error.message

    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    assert told() == (
        "No receipt is recorded; the appeal is taken as received when it was sent (fax):"
        " Friday, April 10, 2026 at 14:00 (UTC-0400), in America/New_York."
    )
    Filing.objects.update(channel="mail")
    assert told() == "This date cannot be computed yet: when the appeal was received is not recorded."
    climb.receive(1, "2026-04-13")
    assert told().startswith("When the appeal was received: Monday, April 13, 2026")


def test_one_stated_date_is_not_both_too_early_and_too_late(climb):
    climb.ask()
    climb.refuse(stated_deadline_on=date(2026, 6, 30))
    codes = [f.code for f in ladder_of(climb.fresh()).levels[0].filing.flags if f.code.startswith("letter")]
    assert codes == ["letter_between_rules"]
