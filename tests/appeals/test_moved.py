"""What moved a date: old and new side by side, the fact that differs, by whose act, and who was told of the old one."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from advocacy.people.models import Membership
from appeals.commands.levels import receive_appeal
from appeals.models import Deadline, Reminder
from appeals.queries.clocks import day_at
from appeals.queries.moved import moved_page
from tests.appeals.climbing import ERISA, NEW_YORK
from tests.appeals.visiting import address, days_ago, own_statements, typed, words
from tests.portal import come_in, give_access
from tests.standing import prepared

pytest_plugins = ("tests.appeals.climbing",)


@prepared
def filed(climb):
    """A level faxed ten days ago, so that it counts as received then: its decision is due by that."""
    climb.answer(ERISA | {"levels": "1"})
    climb.ask(days_ago(40))
    climb.refuse(days_ago(25), days_ago(22), confirmed=days_ago(20))
    climb.file(1, days_ago(10))
    return climb


def page_of(climb):
    row = climb.row("decision", 1)
    return moved_page(climb.who, climb.fresh(), row.public_id, day_at(timezone.now(), "America/New_York"))


def received(days: int) -> datetime:
    return (datetime.now(NEW_YORK) - timedelta(days=days)).replace(hour=10, minute=0, second=0, microsecond=0)


def test_a_date_that_never_moved_says_so(filed, sign_in):
    assert page_of(filed).moves == ()
    page = sign_in("nora").get(address("moved", filed.case, filed.row("decision", 1)))
    assert "This date has not moved" in words(page)


def test_old_and_new_stand_side_by_side_with_the_fact_that_moved_them(filed, sign_in):
    nora, old = sign_in("nora"), filed.row("decision", 1)
    level = filed.level(1)
    answer = nora.post(address("level_received", filed.case, level), {"received_at": typed(received(7))})
    assert answer.status_code == 302
    new = filed.row("decision", 1)
    assert (new.due_on - old.due_on).days == 3
    (move,) = page_of(filed).moves
    front = move.fields[0]
    assert (front.label, front.old, front.new, front.moved, move.days) == (
        "The date in front",
        old.due_on,
        new.due_on,
        True,
        3,
    )
    assert (move.by, move.acts, move.by_rules) == (
        "Nora Navigator",
        ("recorded that the appeal was received",),
        False,
    )
    assert any("No receipt is recorded" in line for line in move.gone)
    assert any(line.startswith("When the appeal was received:") for line in move.come)


def test_who_was_told_of_the_old_date_stands_beside_the_change(filed, sign_in):
    nora, old = sign_in("nora"), filed.row("decision", 1)
    give_access(filed.case.patient, "dana@mail.example")
    come_in("dana@mail.example").get(f"/portal/cases/{filed.case.public_id}/")
    Reminder.objects.create(
        case=filed.case,
        deadline=old,
        member=Membership.objects.get(user=filed.cast.users["nora"]),
        rung=-1,
        lead="Overdue.",
        claimed_at=timezone.now(),
        sent_at=timezone.now(),
    )
    nora.post(address("level_received", filed.case, filed.level(1)), {"received_at": typed(received(7))})
    (move,) = page_of(filed).moves
    assert (move.told[0].who, move.told[0].how) == ("Nora Navigator", "reminder by mail")
    assert "opened it in the portal" in {told.how for told in move.told}


def test_a_navigator_is_not_told_which_colleague_looked_and_an_auditor_is(filed, sign_in):
    sign_in("nils").get(address("level", filed.case, filed.level(1)))
    receive_appeal(actor=filed.who, appeal=filed.level(1), received_at=received(7), at=timezone.now())
    row = filed.row("decision", 1)
    url = address("moved", filed.case, row)
    seen = {who: words(sign_in(who).get(url)) for who in ("nora", "petra")}
    assert ("Nils" in seen["nora"], "Nils" in seen["petra"]) == (False, True)
    assert len(own_statements(sign_in("nora"), url)) <= 12


def test_each_address_of_a_date_that_moved_leads_to_its_whole_history(filed, sign_in):
    old = filed.row("decision", 1)
    receive_appeal(actor=filed.who, appeal=filed.level(1), received_at=received(7), at=timezone.now())
    assert Deadline.objects.get(pk=old.pk).status == "superseded"
    page = sign_in("nora").get(address("moved", filed.case, old))
    assert page.context["page"].deadline.pk == filed.row("decision", 1).pk
