"""Every night: what waits on a patient and which consents end, each rung told once, by the one door."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from django.core import mail

from advocacy.audit.models import Event
from advocacy.errors import Refused
from advocacy.people.commands import record_consent
from advocacy.people.models import PortalAccess
from cases.commands.patient_notices import send_notice
from cases.commands.patient_reminders import remind_patients
from cases.commands.tasks import finish_task, hold_task, open_task
from cases.models import Case, PatientNotice, Task, WaitingPage
from tests.cases.reaching import ZONE, reach, safe, sent, standing
from tests.cast import NOW

__all__ = ["safe"]


class TestNightly:
    def asked_task(self, cast, **given) -> Task:
        values = {"title": "Pharmacy record", "due_on": date(2026, 3, 30)} | given
        return open_task(
            actor=cast.nora,
            case=cast.case,
            waits_on_patient=True,
            asked_of_patient="Please send a photo of your medicine list.",
            at=NOW,
            **values,
        )

    def night(self, cast, day: date) -> int:
        return remind_patients(actor=cast.nora, at=datetime.combine(day, time(2), tzinfo=ZONE))

    def abouts(self) -> list[str]:
        return list(PatientNotice.objects.order_by("pk").values_list("about", flat=True))

    def test_what_waits_on_the_patient_is_told_when_asked_and_before_it_is_due(self, cast, safe):
        task = self.asked_task(cast)
        told = {}
        for offset in range(18):
            day = date(2026, 3, 16) + timedelta(days=offset)
            if self.night(cast, day):
                told[day.day] = self.abouts()[-1]
        assert told == {
            16: f"task:{task.pk}:asked",
            23: f"task:{task.pk}:7",
            27: f"task:{task.pk}:3",
            29: f"task:{task.pk}:1",
        }
        first = PatientNotice.objects.order_by("pk")[0]
        assert standing(first) == ("waiting", datetime(2026, 3, 16, 8, 0, tzinfo=ZONE))

    def test_a_second_run_in_one_night_asks_for_nothing(self, cast, safe):
        self.asked_task(cast)
        assert [self.night(cast, date(2026, 3, 16)) for _ in range(2)] == [1, 0]

    def test_a_held_an_ended_and_our_own_task_are_silent(self, cast, safe):
        held, over = self.asked_task(cast), self.asked_task(cast)
        hold_task(actor=cast.nora, task=held, until=NOW + timedelta(days=30), reason="x", at=NOW)
        finish_task(actor=cast.nora, task=over, at=NOW)
        open_task(actor=cast.nora, case=cast.case, title="Ours", at=NOW)
        assert self.night(cast, date(2026, 3, 16)) == 0

    def test_consents_that_end(self, cast, safe):
        consent = record_consent(
            actor=cast.nora,
            patient=cast.case.patient,
            kind="release",
            scope="Records to the plan.",
            method="paper",
            signed_on=date(2026, 3, 1),
            expires_on=date(2026, 4, 30),
            at=NOW,
        )
        told = []
        for offset in range(50):
            day = date(2026, 3, 16) + timedelta(days=offset)
            if self.night(cast, day):
                told.append((day, self.abouts()[-1].rpartition(":")[2]))
        assert told == [(date(2026, 3, 31), "30"), (date(2026, 4, 16), "14"), (date(2026, 4, 23), "7")]
        assert {a.split(":")[1] for a in self.abouts()} == {str(consent.pk)}

    def test_a_renewed_consent_and_a_closed_case_are_silent(self, cast, safe):
        for expires in (date(2026, 3, 20), date(2027, 3, 1)):
            record_consent(
                actor=cast.nora,
                patient=cast.case.patient,
                kind="release",
                scope="Records to the plan.",
                method="paper",
                signed_on=date(2026, 3, 1),
                expires_on=expires,
                at=NOW,
            )
        assert self.night(cast, date(2026, 3, 16)) == 0
        self.asked_task(cast)
        Case.objects.filter(pk=cast.case.pk).update(status="closed", outcome="covered", closed_at=NOW)
        assert self.night(cast, date(2026, 3, 16)) == 0

    @pytest.mark.parametrize("how", ["finished", "held", "case closed"])
    def test_what_was_done_before_the_morning_is_told_to_nobody(self, cast, safe, how):
        task = self.asked_task(cast)
        assert self.night(cast, date(2026, 3, 16)) == 1
        if how == "finished":
            finish_task(actor=cast.nora, task=task, at=NOW)
        elif how == "held":
            hold_task(actor=cast.nora, task=task, until=NOW + timedelta(days=30), reason="x", at=NOW)
        else:
            Case.objects.filter(pk=cast.case.pk).update(status="closed", outcome="covered", closed_at=NOW)
        notice = PatientNotice.objects.get()
        morning = datetime(2026, 3, 16, 8, 0, tzinfo=ZONE)
        assert send_notice(notice=notice.pk, at=morning) is None
        assert (sent(), standing(notice)[0]) == ([], "over")
        assert Event.objects.get(verb="notice_dropped").data == {"kind": "task"}
        assert self.night(cast, date(2026, 3, 29)) == 0

    def test_what_is_open_still_is_told_beside_what_is_done(self, cast, safe):
        done, still = self.asked_task(cast), self.asked_task(cast)
        assert self.night(cast, date(2026, 3, 16)) == 2
        finish_task(actor=cast.nora, task=done, at=NOW)
        morning = datetime(2026, 3, 16, 8, 0, tzinfo=ZONE)
        for notice in PatientNotice.objects.order_by("pk"):
            send_notice(notice=notice.pk, at=morning)
        found = dict(PatientNotice.objects.values_list("about", "status"))
        assert found == {f"task:{done.pk}:asked": "over", f"task:{still.pk}:asked": "sent"}
        (message,) = mail.outbox
        assert "medicine" not in message.body

    def test_a_consent_renewed_before_the_morning_is_told_to_nobody(self, cast, safe):
        def consent(expires):
            return record_consent(
                actor=cast.nora,
                patient=cast.case.patient,
                kind="release",
                scope="Records to the plan.",
                method="paper",
                signed_on=date(2026, 3, 1),
                expires_on=expires,
                at=NOW,
            )

        consent(date(2026, 3, 30))
        assert self.night(cast, date(2026, 3, 16)) == 1
        consent(date(2027, 3, 1))
        send_notice(notice=PatientNotice.objects.get().pk, at=datetime(2026, 3, 16, 8, 0, tzinfo=ZONE))
        assert (sent(), PatientNotice.objects.get().status) == ([], "over")

    def test_pages_that_were_not_sent_on_are_told_once_before_they_go(self, cast, safe):
        access = PortalAccess.objects.get()
        page = WaitingPage.objects.create(
            case=cast.case,
            user=access.user,
            key="a" * 64,
            position=1,
            content_type="image/jpeg",
            location="x",
            size=1,
            page_count=1,
            added_at=datetime(2026, 3, 16, 12, 0, tzinfo=ZONE),
        )
        told = [d for d in range(16, 32) if self.night(cast, date(2026, 3, d))]
        assert (told, self.abouts()) == ([27], [f"pages:{page.pk}:3"])
        WaitingPage.objects.all().delete()
        send_notice(notice=PatientNotice.objects.get().pk, at=datetime(2026, 3, 27, 8, 0, tzinfo=ZONE))
        assert (sent(), PatientNotice.objects.get().status) == ([], "over")

    def test_a_patient_is_asked_in_words_or_not_at_all(self, cast):
        with pytest.raises(Refused) as refused:
            open_task(actor=cast.nora, case=cast.case, title="Record", waits_on_patient=True, at=NOW)
        assert [r.code for r in refused.value.reasons] == ["asked_missing"]

    def test_the_one_who_calls_reads_what_is_asked(self, cast):
        reach(cast, "phone", "555-014-2211")
        self.asked_task(cast)
        self.night(cast, date(2026, 3, 16))
        task = Task.objects.get(code="tell_patient:task")
        assert "Please send a photo of your medicine list." in task.detail
