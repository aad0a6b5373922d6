"""Two workers at the same date, or at the same mail, at the same moment: one of them tells, and the other waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction

from advocacy.tenancy.scope import scoped_to
from appeals.models import Deadline, Reminder
from appeals.reminders import claim_reminders, send_claimed
from tests.appeals.scenes import clock, new_case
from tests.appeals.test_reminders import DUE, NORA, SAM, START, before
from tests.cast import assemble


class Died(Exception):
    """Of the first worker, after its mail and before its commit."""


def both(organization: int, act: Callable[[], Any], *, dies: bool = False) -> list[Any]:
    """What `act` returns to a worker who commits (or dies) once another one waits for it, and to that other one."""
    acted, answers = threading.Event(), []

    def first() -> None:
        try:
            with scoped_to(organization, actor="system:jobs"), transaction.atomic():
                answers.append(act())
                acted.set()
                waited_for()
                if dies:
                    raise Died
        except Died:
            pass
        finally:
            connection.close()

    worker = threading.Thread(target=first)
    worker.start()
    assert acted.wait(10)
    with scoped_to(organization, actor="system:jobs"), transaction.atomic():
        answers.append(act())
    worker.join(10)
    return answers


def waited_for() -> None:
    """Return when somebody waits for what this transaction holds."""
    until = time.monotonic() + 10
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone() != (0,):
                return
            time.sleep(0.01)
    raise AssertionError("Nobody waits.")


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_at_once_one_claims_and_one_sends():
    with transaction.atomic():
        cast = assemble()
        with scoped_to(cast.harbor.pk, actor="system:jobs"):
            ours = clock(new_case(1, at=START, owner=cast.members["nora"]), due_on=DUE, at=START)
    house = cast.harbor.pk

    made, none = both(house, lambda: claim_reminders(ours.pk, before(1)))
    assert (len(made), none) == (2, ())
    assert both(house, lambda: send_claimed(made[0].pk, before(1))) == [NORA, ""]
    assert both(house, lambda: send_claimed(made[1].pk, before(1)), dies=True) == [SAM, SAM]

    assert [m.to for m in mail.outbox] == [[NORA], [SAM], [SAM]]
    assert mail.outbox[1].message()["Message-ID"] == mail.outbox[2].message()["Message-ID"]
    with transaction.atomic(), scoped_to(house):
        assert Deadline.objects.get(pk=ours.pk).reminded == [30, 14, 7, 3, 1]
        assert Reminder.objects.filter(sent_at=before(1)).count() == Reminder.objects.count() == 2
