"""Reminders: the rungs, to whom, each once, and no word in the mail that identifies a patient."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.background.models import Job
from advocacy.background.queue import PublicProblem, enqueue
from advocacy.people.models import Absence
from advocacy.words import NOTICE_ENGLISH
from appeals.models import Deadline, PeerToPeer, Reminder
from appeals.notices import CALL, CALL_PASSED, CALL_SUPERVISOR
from appeals.queries.case_page import case_page
from appeals.queries.clocks import day_at
from appeals.reminders import (
    SEND_JOB,
    claim_reminders,
    pending,
    remind,
    rungs_of,
    send_claimed,
    send_reminder,
    to_remind,
    unsent,
)
from cases.models import Case
from tests.appeals.scenes import clock, denied, new_case
from tests.cast import NOW, Cast

ZONE = "America/New_York"
START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
DUE = date(2026, 4, 30)
NORA, NILS, SAM, OLGA = (f"{who}@harbor.example" for who in ("nora", "nils", "sam", "olga"))


def at(day: date, hour: int = 12) -> datetime:
    """That hour in New York."""
    return datetime.combine(day, datetime.min.time(), tzinfo=day_at(START, ZONE).zone) + timedelta(hours=hour)


def before(days: int, hour: int = 12) -> datetime:
    return at(DUE - timedelta(days=days), hour)


@pytest.fixture
def ours(cast: Cast) -> Deadline:
    return clock(new_case(1, at=START, owner=cast.members["nora"]), due_on=DUE, at=START)


def sent(deadline: Deadline, moment: datetime) -> list[str]:
    return sorted(send_reminder(deadline.pk, moment))


def test_our_date_is_told_30_14_7_3_and_1_days_before_and_after_it(ours):
    days = [r.code for r in rungs_of(ours, day_at(START, ZONE))]
    assert days == [30, 14, 7, 3, 1, -1, -2]
    told = {n: sent(ours, before(n)) for n in range(40, -9, -1)}
    assert {n: to for n, to in told.items() if to} == {
        30: [NORA],
        14: [NORA],
        7: [NORA],
        3: [NORA],
        1: [NORA, SAM],
        -1: [NORA, SAM],
        -5: [NORA, OLGA, SAM],  # Tuesday, two business days after the Friday on which it was told
    }
    ours.refresh_from_db()
    assert ours.reminded == [30, 14, 7, 3, 1, -1, -2]
    assert to_remind(before(-9)) == []


def test_nothing_goes_out_before_seven_where_the_patient_lives(ours):
    assert sent(ours, before(10)) == [NORA]
    assert sent(ours, before(7, hour=6)) == []
    assert sent(ours, before(7, hour=7)) == [NORA]


def test_running_twice_sends_once(ours):
    assert sent(ours, before(7)) == [NORA]
    assert sent(ours, before(7)) == []
    assert sent(ours, before(7, hour=18)) == []
    assert len(mail.outbox) == 1
    assert Event.objects.filter(verb="reminder_sent").count() == 1


def test_after_a_pause_of_the_worker_only_the_latest_is_sent(ours):
    assert sent(ours, before(2)) == [NORA]
    ours.refresh_from_db()
    assert ours.reminded == [30, 14, 7, 3]
    assert len(mail.outbox) == 1 and "2 days left." in mail.outbox[0].body


def test_nobody_is_told_of_30_days_by_a_clock_computed_with_20_left(cast):
    computed = before(20)
    deadline = clock(new_case(1, at=computed, owner=cast.members["nora"]), due_on=DUE, at=computed)
    assert sent(deadline, before(19)) == []
    assert sent(deadline, before(14)) == [NORA]


def test_a_date_computed_anew_to_the_same_day_is_not_told_again(ours):
    assert sent(ours, before(7)) == [NORA]
    Deadline.objects.filter(pk=ours.pk).update(status="superseded")
    again = clock(ours.case, due_on=DUE, at=before(6))
    assert sent(again, before(6)) == []
    assert sent(again, before(3)) == [NORA]
    moved = clock(ours.case, due_on=DUE + timedelta(days=1), at=before(6))
    assert sent(moved, before(6)) == [NORA]


def test_two_dates_of_one_case_on_one_day_are_each_told(cast):
    case = new_case(1, at=START, owner=cast.members["nora"])
    denials = [denied(case, at=START, confirmed_by=cast.users["nora"]) for _ in range(2)]
    dates = [clock(case, due_on=DUE, at=START, denial=denial) for denial in denials]
    dates.append(clock(case, due_on=DUE, at=START, denial=denials[1], due_at=at(DUE, 15)))
    assert [sent(one, before(7)) for one in dates] == [[NORA], [NORA], [NORA]]


def test_whoever_covers_is_told_on_the_days_of_the_absence_where_the_organization_works(cast):
    moment, eve = at(DUE, 1), DUE - timedelta(days=1)
    deadline = clock(new_case(1, at=START, owner=cast.members["nora"]), due_on=DUE, at=START, due_at=moment)
    Absence.objects.create(
        member=cast.members["nora"],
        cover=cast.members["nils"],
        from_on=eve,
        until_on=eve,
        recorded_at=START,
    )
    told = {hours: sent(deadline, moment - timedelta(hours=hours)) for hours in (26, 24, 4, 0)}
    assert told == {26: [NORA], 24: [NILS, NORA, SAM], 4: [NILS, NORA, SAM], 0: [NORA, SAM]}


@pytest.mark.parametrize("gone", ["none", "left", "inactive"])
def test_a_case_nobody_can_work_goes_to_the_supervisors(cast, ours, gone):
    nora = cast.members["nora"]
    if gone == "none":
        Case.objects.filter(pk=ours.case_id).update(owner=None)
    elif gone == "left":
        nora.ended_at = NOW + timedelta(days=1)
        nora.save(update_fields=["ended_at"])
    else:
        nora.user.is_active = False
        nora.user.save(update_fields=["is_active"])
    assert sent(ours, before(14)) == [SAM]


def test_without_a_supervisor_the_admin_is_told_and_without_anybody_the_job_says_so(cast, ours):
    Case.objects.filter(pk=ours.case_id).update(owner=None)
    for key in ("sam",):
        cast.members[key].ended_at = NOW + timedelta(days=1)
        cast.members[key].save(update_fields=["ended_at"])
    assert sent(ours, before(14)) == ["olga@harbor.example"]
    cast.members["olga"].ended_at = NOW + timedelta(days=1)
    cast.members["olga"].save(update_fields=["ended_at"])
    with pytest.raises(PublicProblem):
        send_reminder(ours.pk, before(7))


def test_the_other_side_is_told_on_the_day_and_one_business_day_after(cast):
    friday = date(2026, 5, 1)
    deadline = clock(new_case(1, at=START, owner=cast.members["nora"]), due_on=friday, at=START, side="payer")
    told = {offset: sent(deadline, at(friday + timedelta(days=offset))) for offset in range(-5, 6)}
    assert {n: to for n, to in told.items() if to} == {0: [NORA], 3: [NORA, SAM]}


def test_hour_clocks_are_told_24_and_4_hours_before(cast):
    moment = at(DUE, 15)
    deadline = clock(new_case(1, at=START, owner=cast.members["nora"]), due_on=DUE, at=START, due_at=moment)
    told = {}
    for hours in (25, 24, 23, 5, 4, 1, 0, -1):
        if to := sent(deadline, moment - timedelta(hours=hours)):
            told[hours] = to
    # The day rungs of a date known for weeks come first: 25 hours before, the one of 3 days is what is due.
    assert told == {25: [NORA], 24: [NORA, SAM], 4: [NORA, SAM], 0: [NORA, SAM]}
    assert "4 hours left" in mail.outbox[-4].body


def test_a_legal_hour_that_passed_and_on_which_nobody_acts_goes_to_the_admin_after_twelve_hours(cast):
    moment = at(DUE, 15)
    deadline = clock(new_case(1, at=START, owner=cast.members["nora"]), due_on=DUE, at=START, due_at=moment)
    told = {hours: sent(deadline, moment + timedelta(hours=hours)) for hours in (0, 11, 12, 30)}
    assert told == {0: [NORA, SAM], 11: [], 12: [NORA, OLGA, SAM], 30: []}
    assert mail.outbox[-1].subject == "HB-2026-1001: a date has passed, and nobody acted"


def test_an_ended_clock_and_a_closed_case_are_silent(cast, ours):
    Deadline.objects.filter(pk=ours.pk).update(status="met")
    assert sent(ours, before(7)) == []
    Deadline.objects.filter(pk=ours.pk).update(status="running")
    Case.objects.filter(pk=ours.case_id).update(status="closed", closed_at=START, outcome="covered")
    assert sent(ours, before(7)) == []
    assert to_remind(before(7)) == []


def test_the_mail_says_reference_date_link_and_the_fixed_sentence_and_nothing_else(ours):
    sent(ours, before(7))
    [message] = mail.outbox
    assert (message.subject, message.to) == ("HB-2026-1001: a date comes up", [NORA])
    assert message.body == (
        "A date of ours comes up in a case you work.\n\n"
        "Case: HB-2026-1001\n"
        "Date: Thursday, April 30, 2026\n"
        "7 days left.\n\n"
        "Open the case to see what the date follows from:\n"
        f"http://localhost:8000/admin/cases/{ours.case.public_id}/\n\n"
        f"{NOTICE_ENGLISH}\n"
    )
    patient = ours.case.patient
    private = [patient.given_name, patient.family_name, patient.preferred_name, ours.case.coverage.member_id]
    private += ["ketamine", "F33.2", "Timberline", "Harbor"]
    assert [word for word in private if word.lower() in (message.subject + message.body).lower()] == []


def test_the_reminder_is_recorded_on_the_case(ours):
    sent(ours, before(7))
    [event] = Event.objects.filter(verb="reminder_sent")
    assert event.case_ids == [ours.case_id]
    assert event.data == {
        "rung": 7,
        "clock": "filing",
        "title": ours.title,
        "due_on": "2026-04-30",
        "to": [ours.case.owner_id],
    }


def test_mails_of_one_day_about_one_date_are_one_entry_of_the_timeline(ours, cast):
    assert sent(ours, before(1)) == [NORA, SAM]
    page = case_page(cast.nora, ours.case.public_id, now=before(0)).timeline
    told = [(e.body, e.lines) for e in page.entries if e.title == "Sent a deadline reminder"]
    assert told == [(f"{ours.title}, Thursday, April 30, 2026", ("2 mails",))]


def test_the_hourly_job_asks_for_one_job_per_clock(cast):
    now = timezone.now()
    today = day_at(now, ZONE).today
    late = clock(new_case(1, at=now, owner=cast.members["nora"]), due_on=today - timedelta(days=2), at=now)
    clock(new_case(2, at=now, owner=cast.members["nora"]), due_on=today + timedelta(days=60), at=now)
    remind()
    assert [(j.name, j.arguments) for j in Job.objects.all()] == [
        ("appeals.remind_of", {"deadline": late.pk})
    ]
    assert pending(late, [], day_at(now, ZONE))[-1].code == -1


def claimed(deadline: Deadline, moment: datetime) -> list[Reminder]:
    return list(claim_reminders(deadline.pk, moment))


def test_a_claim_sends_nothing_and_is_made_once(ours):
    first = claimed(ours, before(1))
    assert ([r.member.user.email for r in first], claimed(ours, before(1))) == ([NORA, SAM], [])
    assert (mail.outbox, Event.objects.filter(verb="reminder_sent").count()) == ([], 0)
    assert [send_claimed(r.pk, before(1)) for r in first] == [NORA, SAM]
    assert [send_claimed(r.pk, before(1)) for r in first] == ["", ""]
    assert len(mail.outbox) == 2


def test_a_mail_that_nobody_claimed_is_an_error(ours):
    [reminder] = claimed(ours, before(7))
    with pytest.raises(Reminder.DoesNotExist):
        send_claimed(reminder.pk + 1, before(7))


def test_a_claim_is_three_statements_and_a_mail_two(ours, django_assert_num_queries):
    """The one that locks the date reads everything; the one that marks the mail does."""
    assert sent(ours, before(7)) == [NORA]  # and the texts are made
    with django_assert_num_queries(3):
        _to_nora, to_sam = claimed(ours, before(1))
    with django_assert_num_queries(2):
        assert send_claimed(to_sam.pk, before(1)) == SAM
    with django_assert_num_queries(1):
        assert claimed(ours, before(1)) == []


def test_a_worker_that_dies_between_mail_and_commit_sends_the_same_mail_again(ours):
    """For a mailbox two mails with one Message-ID are one mail."""

    class Died(Exception):
        pass

    [reminder] = claimed(ours, before(7))
    with pytest.raises(Died), transaction.atomic():
        assert send_claimed(reminder.pk, before(7)) == NORA
        raise Died
    reminder.refresh_from_db()
    assert reminder.sent_at is None
    assert send_claimed(reminder.pk, before(7, hour=13)) == NORA
    names = [m.message()["Message-ID"] for m in mail.outbox]
    assert names == [f"<reminder-{reminder.public_id}@{names[0].split('@')[1][:-1]}>"] * 2


def test_a_mail_server_that_refuses_one_keeps_the_other_from_going_out_twice(ours, monkeypatch):
    from django.core.mail.backends.locmem import EmailBackend

    def refuse(self, messages):
        raise ConnectionRefusedError

    to_nora, to_sam = claimed(ours, before(1))
    assert send_claimed(to_nora.pk, before(1)) == NORA
    with monkeypatch.context() as server:
        server.setattr(EmailBackend, "send_messages", refuse)
        with pytest.raises(ConnectionRefusedError), transaction.atomic():
            send_claimed(to_sam.pk, before(1))
    assert [r.pk for r in unsent(before(1, hour=13))] == [to_sam.pk]
    assert [send_claimed(r.pk, before(1, hour=13)) for r in (to_nora, to_sam)] == ["", SAM]
    assert [m.to for m in mail.outbox] == [[NORA], [SAM]]


def test_what_was_claimed_and_never_went_out_is_asked_for_again(cast):
    now = timezone.now()
    today = day_at(now, ZONE).today
    late = clock(new_case(1, at=now, owner=cast.members["nora"]), due_on=today - timedelta(days=2), at=now)
    [to_nora, to_sam] = claimed(late, now - timedelta(minutes=31))
    failed = enqueue(SEND_JOB, reminder=to_nora.pk)
    failed.status, failed.reason = Job.Status.FAILED, "ConnectionRefusedError"
    failed.save(update_fields=["status", "reason"])
    remind()
    remind()
    jobs = Job.objects.filter(name=SEND_JOB).order_by("id")
    assert [(j.arguments, j.status) for j in jobs] == [
        ({"reminder": to_nora.pk}, "queued"),
        ({"reminder": to_sam.pk}, "queued"),
    ]


def test_what_is_on_its_way_is_not_asked_for_again(ours):
    [reminder] = claimed(ours, before(7))
    assert unsent(before(7) + timedelta(minutes=29)) == []
    assert unsent(before(7) + timedelta(minutes=30)) == [reminder]


@pytest.mark.parametrize("ended", ["clock", "case", "member"])
def test_what_has_ended_since_is_not_reminded_of(cast, ours, ended):
    [reminder] = claimed(ours, before(7))
    if ended == "clock":
        Deadline.objects.filter(pk=ours.pk).update(status="met")
    elif ended == "case":
        Case.objects.filter(pk=ours.case_id).update(status="closed", closed_at=START, outcome="covered")
    else:
        cast.members["nora"].ended_at = NOW + timedelta(days=1)
        cast.members["nora"].save(update_fields=["ended_at"])
    assert send_claimed(reminder.pk, before(7)) == ""
    reminder.refresh_from_db()
    assert (reminder.sent_at, reminder.dropped_at, mail.outbox) == (None, before(7), [])
    assert unsent(before(1)) == []


def test_the_window_of_a_call_is_told_as_the_plans_offer_and_not_as_a_date_of_ours(cast):
    case = new_case(1, at=START, owner=cast.members["nora"])
    denial = denied(case, at=START, confirmed_by=cast.users["nora"])
    call = PeerToPeer.objects.create(case=case, denial=denial, status="offered", opened_at=START)
    window = clock(case, due_on=DUE, at=START, peer_to_peer=call)
    told = {n: sent(window, before(n)) for n in (7, 1, -1)}
    assert told == {7: [NORA], 1: [NORA, SAM], -1: [NORA, SAM]}
    said = [(m.subject, m.body.split("\n")[0], m.body.split("\n")[4]) for m in mail.outbox]
    assert said == [
        ("HB-2026-1001: a peer-to-peer window closes", CALL, "7 days left."),
        ("HB-2026-1001: a peer-to-peer window closes", CALL, "1 day left."),
        ("HB-2026-1001: a peer-to-peer window closes", CALL_SUPERVISOR, "1 day left."),
        ("HB-2026-1001: a peer-to-peer window has closed", CALL_PASSED, "It closed 1 day ago."),
        ("HB-2026-1001: a peer-to-peer window has closed", CALL_PASSED, "It closed 1 day ago."),
    ]


@pytest.mark.parametrize("hour", [2, 23])
def test_a_legal_hour_does_not_wait_for_the_morning(cast, hour):
    """Quiet hours are for patients: a colleague is told of a date that counts hours at any hour of the night."""
    moment = at(DUE, hour)
    deadline = clock(new_case(1, at=START, owner=cast.members["nora"]), due_on=DUE, at=START, due_at=moment)
    assert sent(deadline, moment - timedelta(hours=4)) == [NORA, SAM]
    assert sent(deadline, moment) == [NORA, SAM]
