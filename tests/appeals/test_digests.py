"""The daily mail: counts and addresses, once a day from the hour that was chosen, and none when nothing waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from advocacy.errors import Refused
from advocacy.people.digest_choice import choose_digest, own_digest
from advocacy.people.models import DailyDigest, Membership
from appeals.digests import due_members, here, send_digest
from appeals.models import Finding
from cases.models import Case
from tests.appeals.scenes import away, clock, new_case, task_of
from tests.guards.test_routes import visitor
from tests.standing import prepared

AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # ten in the morning in New York
DAY = timedelta(days=1)


@prepared
def busy(cast):
    """Nora: a date that passed, one in five days, an answer that is late, a task of today; Nils has nothing."""
    nora = cast.members["nora"]
    Case.objects.filter(pk=cast.case.pk).update(owner=cast.members["nils"])
    cases = [new_case(n, at=AT - 20 * DAY, owner=nora) for n in (1, 2, 3)]
    clock(cases[0], due_on=AT.date() - DAY, at=AT - 20 * DAY)
    clock(cases[1], due_on=AT.date() + 5 * DAY, at=AT - 20 * DAY)
    clock(cases[2], due_on=AT.date() - 2 * DAY, at=AT - 20 * DAY, side="payer")
    task_of(cases[2], at=AT - DAY, owner=nora, due_on=AT.date())
    task_of(cases[2], at=AT - DAY, owner=nora, due_on=AT.date() + 3 * DAY)
    return cases


def told(cast, key, at=AT):
    return send_digest(cast.members[key].pk, at)


def names(at):
    return [m.user.name for m in due_members(here(at))]


def test_it_says_how_much_waits_and_nothing_of_whom(cast, busy):
    assert told(cast, "nora") == "nora@harbor.example"
    (sent,) = mail.outbox
    assert sent.subject == "Today: 4 to look at"
    said = [line for line in sent.body.splitlines() if line.startswith("- ")]
    assert said == [
        "- 1 date of yours has passed",
        "- 1 date of yours within 7 days",
        "- 1 answer is late",
        "- 1 task is due",
    ]
    for case in busy:
        assert case.reference not in sent.body and case.patient.family_name not in sent.body
    assert reverse("appeals:today") in sent.body and reverse("appeals:own_notices") in sent.body


def test_an_own_earlier_date_is_counted_apart_until_the_laws_is_as_near(cast, busy):
    nora, today = cast.members["nora"], AT.date()
    for number, (own, law) in enumerate([(-2, 30), (-2, 6), (-2, -1), (3, 30), (3, 7), (8, 30)], start=4):
        on = today + own * DAY
        case = new_case(number, at=AT - 20 * DAY, owner=nora)
        clock(case, due_on=on, own_on=on, law_on=today + law * DAY, at=AT - 20 * DAY)
    told(cast, "nora")
    (sent,) = mail.outbox
    assert sent.subject == "Today: 9 to look at"
    assert [line for line in sent.body.splitlines() if line.startswith("- ")] == [
        "- 2 dates of yours have passed",
        "- 3 dates of yours within 7 days",
        "- 1 own, earlier date of your organization has passed; the law's still runs",
        "- 1 own, earlier date of your organization within 7 days",
        "- 1 answer is late",
        "- 1 task is due",
    ]


def test_once_a_day_and_again_the_next(cast, busy):
    assert [bool(told(cast, "nora", at)) for at in (AT, AT, AT + timedelta(hours=5), AT + DAY)] == [
        True,
        False,
        False,
        True,
    ]


def test_nothing_is_sent_when_nothing_waits_and_it_is_not_looked_for_again_that_day(cast, busy):
    assert "Nils Navigator" in names(AT)
    assert told(cast, "nils") == ""
    assert mail.outbox == []
    assert "Nils Navigator" not in names(AT)


def test_not_before_the_hour_that_was_chosen_and_never_for_whoever_wants_none(cast, busy):
    early = AT - timedelta(hours=3, minutes=1)  # a minute before seven
    assert (names(early), told(cast, "nora", early)) == ([], "")
    choose_digest(actor=cast.nora, is_wanted=True, hour=11, at=AT)
    assert told(cast, "nora") == ""
    assert told(cast, "nora", AT + timedelta(hours=1)) == "nora@harbor.example"
    choose_digest(actor=cast.nora, is_wanted=False, hour=0, at=AT)
    assert told(cast, "nora", AT + DAY) == ""
    with pytest.raises(Refused):
        choose_digest(actor=cast.nora, is_wanted=True, hour=24, at=AT)


def test_who_is_asked_works_cases_and_is_there(cast, busy):
    assert "Olga" not in " ".join(names(AT)) and "Anna" not in " ".join(names(AT))
    away(cast.members["nora"], cast.members["nils"], at=AT)
    assert "Nora Navigator" not in names(AT)
    Membership.objects.filter(pk=cast.members["nils"].pk).update(ended_at=timezone.now())
    assert "Nils Navigator" not in names(AT)
    assert told(cast, "nils") == ""


def test_a_supervisor_hears_of_findings_and_of_cases_of_nobody(cast, busy):
    Case.objects.filter(pk=busy[1].pk).update(owner=None)
    Finding.objects.create(case=busy[0], kind="stuck", step="ours_passed", found_at=AT)
    told(cast, "sam")
    said = [line for line in mail.outbox[0].body.splitlines() if line.startswith("- ")]
    assert said == ["- 1 case has no owner", "- 1 finding of the nightly checks"]


def test_the_page_keeps_what_was_chosen(cast):
    nora, page = visitor(cast.users["nora"]), reverse("appeals:own_notices")
    assert own_digest(cast.nora).is_wanted
    assert nora.post(page, {"act": "digest", "hour": "9"}).status_code == 302
    row = DailyDigest.objects.get()
    assert (row.member_id, row.is_wanted, row.hour) == (cast.members["nora"].pk, False, 9)
    assert nora.post(page, {"act": "digest", "hour": "99"}).status_code == 422
