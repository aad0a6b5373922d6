"""Notices to a patient: by a safe way, at a safe hour, once for each thing, and without a word about anything."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core import mail
from django.db import connection, transaction

from advocacy.audit.models import Event
from advocacy.background import queue
from advocacy.background.models import Job
from advocacy.errors import NotAllowed, NotFound, Refused
from advocacy.people.commands import end_contact, record_consent, revoke_consent
from advocacy.people.portal_invitations import send_invitation
from advocacy.tenancy.scope import scoped_to
from cases.commands.messages import send_message
from cases.commands.patient_notices import hand_over, notify_patient, send_notice
from cases.models import Communication, PatientNotice, Task
from cases.queries.notices import due_notices
from tests.cases.reaching import (
    ADDRESS,
    DAY,
    MORNING,
    NIGHT,
    ZONE,
    asked,
    invite,
    reach,
    safe,
    sent,
    standing,
)
from tests.cast import NOW, assemble

__all__ = ["safe"]


class TestWhatIsSaid:
    @pytest.mark.parametrize(
        ("language", "subject", "body"),
        [
            ("en", "You have a message", "You have a message. Sign in at http://localhost:8000/portal/\n"),
            ("es", "Tiene un mensaje", "Tiene un mensaje. Inicie sesión en http://localhost:8000/portal/\n"),
        ],
    )
    def test_the_same_few_words_in_the_patients_language(self, cast, settings, language, subject, body):
        settings.SITE_URL = "http://localhost:8000"
        invite(cast.case.patient, language)
        reach(cast)
        send_notice(notice=asked(cast).pk, at=DAY)
        (message,) = mail.outbox
        assert (message.to, message.subject, message.body) == ([ADDRESS], subject, body)
        named = f"<notice-{PatientNotice.objects.get().public_id}@"
        assert message.extra_headers["Message-ID"].startswith(named)

    def test_a_message_with_words_about_health_is_told_without_them(self, cast, safe):
        send_message(actor=cast.nora, case=cast.case, body="Your ketamine appeal was upheld.", at=DAY)
        send_notice(notice=PatientNotice.objects.get().pk, at=DAY)
        told = mail.outbox[0].message().as_string()
        for word in ("ketamine", "appeal", "Dana", "Whitlock", "HB-2026-0001", "Harbor"):
            assert word not in told
        assert str(Job.objects.get(name="cases.send_notice").arguments) == str(
            {"notice": PatientNotice.objects.get().pk}
        )

    def test_the_log_says_what_was_sent_to_which_address_and_when(self, cast, safe):
        notice = asked(cast)
        send_notice(notice=notice.pk, at=DAY + timedelta(minutes=2))
        entry = Communication.objects.get()
        assert (
            entry.channel,
            entry.direction,
            entry.party,
            entry.address,
            entry.source,
            entry.happened_at,
        ) == (
            "email",
            "out",
            "patient",
            ADDRESS,
            f"notice:{notice.pk}",
            DAY + timedelta(minutes=2),
        )
        assert entry.summary.startswith("You have a message.")
        notice.refresh_from_db()
        assert (notice.status, notice.contact, notice.communication) == ("sent", safe, entry)
        assert Event.objects.get(verb="patient_notified").data == {"kind": "message", "contact": safe.pk}


class TestOnce:
    def test_the_same_thing_is_asked_and_sent_once(self, cast, safe):
        first = asked(cast)
        assert asked(cast) == first
        send_notice(notice=first.pk, at=DAY)
        assert asked(cast, at=DAY + timedelta(days=1)) == first
        assert send_notice(notice=first.pk, at=DAY) is None
        assert (sent(), PatientNotice.objects.count()) == ([[ADDRESS]], 1)

    def test_without_a_name_a_kind_is_told_once_a_day(self, cast, safe):
        first = asked(cast, about="")
        assert asked(cast, about="", at=DAY + timedelta(hours=3)) == first
        assert asked(cast, about="", at=DAY + timedelta(days=1)) != first

    def test_what_waits_for_the_morning_goes_in_one_mail(self, cast, safe):
        notices = [asked(cast, at=NIGHT, about=f"message:{n}") for n in (1, 2, 3)]
        assert due_notices(cast.nora, MORNING) == [notices[0].pk]
        send_notice(notice=notices[0].pk, at=MORNING)
        assert sent() == [[ADDRESS]]
        assert [standing(n)[0] for n in notices] == ["sent"] * 3
        assert len({n.communication_id for n in PatientNotice.objects.all()}) == 1

    def test_a_server_that_refuses_leaves_it_waiting_and_then_a_colleague_is_told(self, cast, safe, settings):
        notice = asked(cast)
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 1, 1
        with pytest.raises(OSError), transaction.atomic():
            send_notice(notice=notice.pk, at=DAY)
        assert standing(notice)[0] == "waiting"
        assert Communication.objects.count() == 0
        hand_over(notice=notice.pk, at=DAY)
        assert standing(notice)[0] == "failed"
        assert Task.objects.get().title == "Tell the patient: a message is waiting in the portal"
        assert hand_over(notice=notice.pk, at=DAY) is None

    def test_the_job_runs_through_the_queue(self, cast, safe):
        """At an hour that no clock of the machine decides: the patient asked to be told at any."""
        end_contact(actor=cast.nora, contact=safe, at=NOW)
        reach(cast, at_any_hour=True)
        asked(cast, at=datetime.now(UTC))
        job = Job.objects.get(name="cases.send_notice")
        assert queue.run(cast.harbor.pk, job.pk) == "done"
        assert queue.run(cast.harbor.pk, job.pk) == "already done"
        again = queue.enqueue("cases.send_notice", notice=PatientNotice.objects.get().pk)
        assert queue.run(cast.harbor.pk, again.pk) == "done"
        assert sent() == [[ADDRESS]]

    def test_an_invitation_stands_in_the_log_once(self, cast):
        access = invite(cast.case.patient)
        contact = reach(cast, value=access.user.email)
        assert send_invitation(access, at=DAY)
        assert not send_invitation(access, at=DAY)
        entry = Communication.objects.get()
        assert (entry.source, entry.channel, entry.party, entry.address, entry.happened_at) == (
            f"invitation:{access.pk}",
            "email",
            "patient",
            contact.value,
            DAY,
        )

    def test_what_waits_is_asked_for_again_and_not_twice(self, cast, safe):
        """Whatever the hour of the machine: the job that is asked for is looked at, not run."""
        notice = asked(cast, at=DAY)
        queue.registered()["cases.send_notices"]()
        queue.registered()["cases.send_notices"]()
        assert Job.objects.filter(name="cases.send_notice").count() == 1
        Job.objects.filter(name="cases.send_notice").update(status="done")
        queue.registered()["cases.send_notices"]()
        assert list(
            Job.objects.filter(status="queued", name="cases.send_notice").values_list("arguments")
        ) == [({"notice": notice.pk},)]


class TestHours:
    @pytest.mark.parametrize(
        ("at", "due"),
        [
            (datetime(2026, 3, 16, 20, 59, tzinfo=ZONE), datetime(2026, 3, 16, 20, 59, tzinfo=ZONE)),
            (datetime(2026, 3, 16, 21, 0, tzinfo=ZONE), MORNING),
            (datetime(2026, 3, 17, 7, 59, tzinfo=ZONE), MORNING),
            (MORNING, MORNING),
            # The night in which the clocks go forward has one hour less.
            (datetime(2026, 3, 7, 23, 0, tzinfo=ZONE), datetime(2026, 3, 8, 8, 0, tzinfo=ZONE)),
        ],
    )
    def test_it_waits_for_the_morning_where_the_patient_lives(self, cast, safe, at, due):
        notice = asked(cast, at=at)
        assert standing(notice) == ("waiting", due)
        assert Job.objects.filter(name="cases.send_notice").count() == (at == due)
        assert send_notice(notice=notice.pk, at=due - timedelta(minutes=1)) is None
        send_notice(notice=notice.pk, at=due)
        assert sent() == [[ADDRESS]]

    def test_the_contacts_own_hours_count_too(self, cast):
        invite(cast.case.patient)
        reach(cast, from_time=time(17, 30), until_time=time(19, 0))
        assert standing(asked(cast))[1] == datetime(2026, 3, 16, 17, 30, tzinfo=ZONE)
        late = asked(cast, at=datetime(2026, 3, 16, 19, 0, tzinfo=ZONE), about="message:2")
        assert standing(late)[1] == datetime(2026, 3, 17, 17, 30, tzinfo=ZONE)

    def test_who_moved_west_is_not_woken(self, cast, safe):
        notice = asked(cast, at=NIGHT)
        patient = cast.case.patient
        patient.time_zone = "America/Los_Angeles"
        patient.save(update_fields=["time_zone"])
        assert send_notice(notice=notice.pk, at=MORNING) is None
        assert (sent(), standing(notice)) == ([], ("waiting", MORNING + timedelta(hours=3)))
        send_notice(notice=notice.pk, at=MORNING + timedelta(hours=3))
        assert sent() == [[ADDRESS]]


class TestSafety:
    def test_an_unsafe_address_is_never_used_and_somebody_is_told(self, cast):
        invite(cast.case.patient)
        reach(cast, is_safe=False)
        notice = asked(cast)
        assert standing(notice)[0] == "handed"
        task = Task.objects.get()
        assert (task.title, task.owner, notice.task) == (
            "No safe way to reach the patient",
            cast.members["nora"],
            task,
        )
        assert ADDRESS not in task.detail
        asked(cast, about="message:2")
        assert (Task.objects.count(), sent(), Communication.objects.count()) == (1, [], 0)

    def test_an_address_that_became_unsafe_before_the_morning_is_not_used(self, cast, safe):
        notice = asked(cast, at=NIGHT)
        end_contact(actor=cast.nora, contact=safe, at=NIGHT)
        assert send_notice(notice=notice.pk, at=MORNING) is None
        assert (sent(), standing(notice)[0]) == ([], "handed")
        assert Task.objects.get().code == "no_safe_contact"

    @pytest.mark.parametrize(
        ("kind", "value", "title", "words"),
        [
            (
                "phone",
                "555-014-2211",
                "Call the patient: a message is waiting in the portal",
                "Between 10:00 AM and 9:00 PM, where the patient lives.\nLeave no message.",
            ),
            (
                "text",
                "555-014-2211",
                "Text the patient: a message is waiting in the portal",
                "Between 10:00 AM and 9:00 PM, where the patient lives.",
            ),
        ],
    )
    def test_the_program_does_not_telephone(self, cast, kind, value, title, words):
        invite(cast.case.patient)
        reach(cast)
        reach(cast, kind, value, is_preferred=True, from_time=time(10))
        notice = asked(cast, at=NIGHT)
        task = Task.objects.get()
        assert (task.title, task.due_on, standing(notice)[0]) == (title, date(2026, 3, 17), "handed")
        assert words in task.detail and value not in task.detail
        assert sent() == []

    def test_who_cannot_sign_in_yet_is_told_by_a_colleague(self, cast):
        reach(cast)
        asked(cast)
        assert Task.objects.get().title == "Tell the patient: a message is waiting in the portal"
        assert sent() == []

    def test_consent_to_be_contacted(self, cast, safe):
        patient = cast.case.patient

        def consent(**given):
            values = {"scope": "", "method": "oral", "signed_on": date(2026, 3, 1)} | given
            return record_consent(actor=cast.nora, patient=patient, kind="contact", at=NOW, **values)

        given = consent()
        assert standing(asked(cast))[0] == "waiting"
        revoke_consent(actor=cast.nora, consent=given, at=DAY)
        assert send_notice(notice=PatientNotice.objects.get().pk, at=DAY) is None
        assert [n.status for n in PatientNotice.objects.all()] == ["stopped"]
        assert asked(cast, about="message:2").status == "stopped"
        assert (sent(), Task.objects.count(), Communication.objects.count()) == ([], 0, 0)
        consent(expires_on=date(2026, 3, 10))
        assert asked(cast, about="message:3").status == "handed"
        consent(signed_on=date(2026, 3, 12))
        assert asked(cast, about="message:4").status == "waiting"

    def test_one_that_ran_out_is_asked_for_again(self, cast, safe):
        record_consent(
            actor=cast.nora,
            patient=cast.case.patient,
            kind="contact",
            scope="",
            method="oral",
            signed_on=date(2026, 1, 1),
            expires_on=date(2026, 3, 15),
            at=NOW,
        )
        assert asked(cast).status == "handed"
        assert Task.objects.get().title == "Ask whether the patient may be contacted"

    def test_who_may_ask(self, cast, safe):
        with pytest.raises(NotAllowed):
            notify_patient(actor=cast.petra, patient=cast.case.patient, kind="message", at=DAY)
        with pytest.raises(Refused):
            notify_patient(actor=cast.nora, patient=cast.case.patient, kind="pigeon", at=DAY)
        with scoped_to(cast.meadow.pk, actor=cast.mia.key), pytest.raises(NotFound):
            notify_patient(actor=cast.mia, patient=cast.case.patient, case=cast.case, kind="message", at=DAY)


@pytest.mark.django_db(transaction=True)
def test_two_jobs_at_once_send_once():
    with transaction.atomic():
        cast = assemble()
        with scoped_to(cast.harbor.pk, actor=cast.nora.key, actor_label=cast.nora.label):
            invite(cast.case.patient)
            reach(cast)
            notices = [asked(cast, at=NIGHT, about=f"message:{n}") for n in (1, 2)]
    start, done = threading.Barrier(4), []

    def work(pk: int) -> None:
        try:
            start.wait(10)
            with scoped_to(cast.harbor.pk, actor="system:jobs", actor_label="Recourse"), transaction.atomic():
                done.append(send_notice(notice=pk, at=MORNING) is not None)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(n.pk,)) for n in (*notices, *notices)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (sorted(done), sent()) == ([False, False, False, True], [[ADDRESS]])
    with transaction.atomic(), scoped_to(cast.harbor.pk):
        assert Communication.objects.count() == 1
        assert {n.status for n in PatientNotice.objects.all()} == {"sent"}
