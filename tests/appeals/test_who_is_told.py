"""Who works here no more is told of nothing more, from that very moment on: the job that writes down who has left, and takes
roles away that have ended, runs once a day. Whoever has to act in their place hears of it instead.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from advocacy.access.policy import system_actor
from advocacy.people.models import Membership, RoleTerm, User
from advocacy.people.providers import _tell
from appeals.digests import due_members, here
from appeals.models import Finding, Reminder
from appeals.reminders import claim_reminders, send_claimed, send_reminder
from cases.commands.accounting import Told, tell_of_held_back
from cases.commands.break_glass import break_glass, tell_of
from cases.commands.offer_notices import tell_of_offer
from cases.commands.raised import Raised, raise_tasks
from cases.models import Case, Task
from tests.appeals.scenes import away, clock, new_case
from tests.cases.offering import at_meadow, offer, ready
from tests.cases.test_held_back import left

__all__ = ["ready"]
pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 17, 15, 0, tzinfo=UTC)
FORTNIGHT_BEFORE = datetime(2026, 4, 16, 16, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOWS = ("last day", "role", "account")


def goes(cast, who: str, how: str, at: datetime) -> None:
    """An hour before `at`; nothing has written it down yet."""
    member = Membership.objects.get(pk=cast.members[who].pk)
    if how == "last day":
        Membership.objects.filter(pk=member.pk).update(until=at - HOUR)
    elif how == "role":
        RoleTerm.objects.create(
            member=member, role=member.roles[0], given_at=at - timedelta(days=9), until=at - HOUR
        )
    else:
        User.objects.filter(pk=member.user_id).update(is_active=False)


def told() -> list[str]:
    return sorted(to.partition("@")[0] for sent in mail.outbox for to in sent.to)


@pytest.fixture
def date_of_nora(cast):
    case = new_case(1, at=START, owner=cast.members["nora"])
    return clock(case, due_on=date(2026, 4, 30), at=START)


@pytest.mark.parametrize("how", HOWS)
def test_a_date_is_told_to_the_supervisor_in_place_of_its_owner(cast, date_of_nora, how):
    goes(cast, "nora", how, FORTNIGHT_BEFORE)
    send_reminder(date_of_nora.pk, FORTNIGHT_BEFORE)
    assert told() == ["sam"]


@pytest.mark.parametrize("how", HOWS)
def test_and_not_to_a_colleague_who_would_cover(cast, date_of_nora, how):
    away(cast.members["nora"], cast.members["nils"], at=FORTNIGHT_BEFORE)
    goes(cast, "nils", how, FORTNIGHT_BEFORE)
    send_reminder(date_of_nora.pk, FORTNIGHT_BEFORE)
    assert told() == ["nora"]


@pytest.mark.parametrize("how", HOWS)
def test_and_to_the_admin_in_place_of_the_supervisor(cast, date_of_nora, how):
    Case.objects.filter(pk=date_of_nora.case_id).update(owner=None)
    goes(cast, "sam", how, FORTNIGHT_BEFORE)
    send_reminder(date_of_nora.pk, FORTNIGHT_BEFORE)
    assert told() == ["olga"]


def test_a_mail_that_was_claimed_before_does_not_go_out(cast, date_of_nora):
    (claimed,) = claim_reminders(date_of_nora.pk, FORTNIGHT_BEFORE - HOUR)
    goes(cast, "nora", "last day", FORTNIGHT_BEFORE)
    assert send_claimed(claimed.pk, FORTNIGHT_BEFORE) == ""
    assert (told(), Reminder.objects.get().dropped_at) == ([], FORTNIGHT_BEFORE)


@pytest.mark.parametrize("how", HOWS)
def test_emergency_access_is_told_to_the_admin_where_nobody_watches_any_more(cast, how):
    at = timezone.now()
    Case.objects.filter(pk=cast.case.pk).update(is_restricted=True)
    glass = break_glass(
        actor=cast.ines, reference=cast.case.reference, reason="She called from the bridge.", at=at
    )
    for who in ("sam", "petra"):
        goes(cast, who, how, at)
    goes(cast, "nora", "last day", at)
    tell_of(actor=system_actor(cast.harbor.pk, "jobs"), glass=glass.pk, at=at)
    assert told() == ["olga"]
    assert [task.owner_id for task in Task.objects.filter(case=cast.case)] == [None]


@pytest.mark.parametrize("how", HOWS)
def test_what_waits_for_the_privacy_officer_is_told_to_the_admin(cast, how):
    line = left(cast, cast.sam, told=Told("undecided"))
    at = timezone.now()
    goes(cast, "petra", how, at)
    tell_of_held_back(
        actor=system_actor(cast.harbor.pk, "jobs"), patient=cast.case.patient_id, line=line.key, at=at
    )
    assert told() == ["olga"]


@pytest.mark.parametrize("how", HOWS)
def test_an_offer_is_told_to_nobody_who_could_not_take_it_over(ready, how):
    made, at = offer(ready), timezone.now()
    with at_meadow(ready):
        goes(ready, "mia", how, at)
        assert tell_of_offer(actor=ready.mia, offer=made.pk, at=at) == 0
    assert told() == []


@pytest.mark.parametrize("how", HOWS)
def test_no_daily_mail_counts_what_they_see_no_more(cast, how):
    at = datetime(2026, 3, 20, 15, 0, tzinfo=UTC)
    Finding.objects.create(case=cast.case, kind="stuck", step="ours_passed", found_at=at)
    assert "Sam Supervisor" in [member.user.name for member in due_members(here(at))]
    goes(cast, "sam", how, at)
    assert "Sam Supervisor" not in [member.user.name for member in due_members(here(at))]


@pytest.mark.parametrize("how", HOWS)
def test_nor_that_the_sign_in_was_changed(cast, how):
    _tell(cast.sam, "set")
    goes(cast, "olga", how, timezone.now())
    _tell(cast.sam, "set")
    assert told() == ["olga"]


def test_a_task_that_a_rule_opens_is_nobodys_and_not_the_leavers(cast):
    at = timezone.now()
    goes(cast, "nora", "last day", at)
    wanted = Raised(cast.case, "look", "Look at this case", "", None)
    assert [task.owner_id for task in raise_tasks([wanted], at)] == [None]
