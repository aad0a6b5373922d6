"""What did we know on that day: the dates as they stood when a day was over, whatever was learned since."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils import timezone

from appeals.commands.denials import DenialInput, ReasonInput, change_denial
from appeals.commands.levels import receive_appeal
from appeals.queries.as_known import known_dates
from appeals.queries.clocks import day_at
from tests.appeals.climbing import ERISA, moment
from tests.appeals.visiting import address, own_statements, words
from tests.standing import prepared

pytest_plugins = ("tests.appeals.climbing",)


@prepared
def learned_late(climb):
    """Faxed on April 10 and typed in that day; on April 20 the plan's stamp of April 13 came to light."""
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    receive_appeal(
        actor=climb.who,
        appeal=climb.level(1),
        received_at=moment("2026-04-13", 10),
        at=moment("2026-04-20", 9),
    )
    return climb


def known(climb, on: str) -> dict[str, tuple[str, str | None, str]]:
    """Clock -> (day in front then, day in front now, how it has ended since), when a day was over."""
    rows = known_dates(
        climb.who, climb.fresh(), date.fromisoformat(on), day_at(timezone.now(), "America/New_York")
    )
    return {k.due.label: (k.due.date.isoformat(), k.now and k.now.isoformat(), k.ended) for k in rows}


def test_before_anything_was_recorded_nothing_was_known(learned_late):
    assert known(learned_late, "2026-03-16") == {}


def test_each_day_shows_what_had_been_typed_in_by_its_end(learned_late):
    request = {"Decision on the authorization request": ("2026-04-01", "2026-04-01", "Met")}
    # The denial came on March 27 and was confirmed on March 30: until then its window was not known.
    assert known(learned_late, "2026-03-29") == request
    filing = {"Internal appeal, first level: last day to file": ("2026-09-18", "2026-09-18", "Met")}
    assert known(learned_late, "2026-03-30") == request | filing


def test_what_was_learned_later_does_not_reach_back(learned_late):
    # 30 days after the fax of April 10, as was known until April 20; then 30 after the stamp of April 13.
    decision = "Internal appeal, first level: decision"
    assert decision not in known(learned_late, "2026-04-09")
    assert known(learned_late, "2026-04-19")[decision] == ("2026-05-10", "2026-05-13", "")
    assert known(learned_late, "2026-04-20")[decision] == ("2026-05-13", "2026-05-13", "")


def test_what_had_ended_by_then_is_not_said_to_be_overdue(learned_late):
    # Filed on April 10; the last day to file was September 18.
    day = day_at(timezone.now(), "America/New_York")
    (filing,) = (
        k
        for k in known_dates(learned_late.who, learned_late.fresh(), date(2026, 10, 1), day)
        if k.due.clock == "filing"
    )
    assert (filing.due.overdue, filing.due.left) == (False, "It had ended")
    assert (filing.ended, filing.ended_on) == ("Met", date(2026, 4, 10))


def test_an_ending_counts_as_known_from_the_day_on_which_it_was_recorded(climb):
    # The plan decided on May 4; its letter was typed in on May 11 alone.
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    climb.receive(1, "2026-04-10")
    climb.decide(1, "2026-05-04", "2026-05-06", typed="2026-05-11")

    def decision(on: date) -> tuple[str, bool, date | None, date | None]:
        day = day_at(timezone.now(), "America/New_York")
        label = "Internal appeal, first level: decision"
        (row,) = (k for k in known_dates(climb.who, climb.fresh(), on, day) if k.due.label == label)
        return row.due.left, row.due.overdue, row.ended_on, row.learned_on

    left, overdue, ended_on, learned_on = decision(date(2026, 5, 10))
    assert (left != "It had ended", overdue) == (True, False)
    assert (ended_on, learned_on) == (date(2026, 5, 4), date(2026, 5, 11))
    assert decision(date(2026, 5, 11)) == ("It had ended", False, date(2026, 5, 4), None)


def test_nobody_learns_again_that_a_date_had_ended_because_it_moved(learned_late):
    # Filed on April 10, as was recorded that day; on June 1 it came out that the letter had arrived four days later.
    filing = learned_late.row("filing", 1)
    change_denial(
        actor=learned_late.who,
        denial=learned_late.denial,
        letter=None,
        fields=DenialInput(
            notice_on=date(2026, 3, 24), received_on=date(2026, 3, 31), received_evidence="certified"
        ),
        items=[i.public_id for i in learned_late.items],
        reasons=[ReasonInput("medical_necessity", is_primary=True)],
        at=moment("2026-06-01", 9),
    )
    moved = learned_late.row("filing", 1)
    assert (moved.status, moved.statutory_on - filing.statutory_on) == ("met", timedelta(days=4))
    assert moved.ended_known_at == filing.ended_known_at == moment("2026-04-10", 15)


def test_the_desk_answers_it(learned_late, sign_in):
    nora, url = sign_in("nora"), address("dates_then", learned_late.case)
    said = words(nora.get(f"{url}?on=2026-04-19"))
    assert "What was known when Sun, Apr 19, 2026 was over" in said
    assert "Now it is May 13, 2026." in said
    assert "2560.503-1" in said
    assert "No date had been computed by then" in words(nora.get(f"{url}?on=2026-03-01"))
    for odd in ("", "?on=", "?on=never", "?on=2999-01-01"):
        assert nora.get(url + odd).status_code == 200
    assert "That is no day" in words(nora.get(f"{url}?on=never"))
    assert "That is no day" not in words(nora.get(url))
    assert url in nora.get(address("case", learned_late.case)).content.decode()
    assert len(own_statements(nora, url)) <= 12
