"""A silent clinic: one reminder by a job, with the link again while it opens; after the second silence a task for the owner."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from advocacy.access.policy import system_actor
from advocacy.audit.models import Event
from advocacy.background import queue
from advocacy.background.models import Job
from advocacy.errors import NotAllowed, Refused
from advocacy.people.models import Consent
from cases.commands.clinic import ask_clinic, revoke_link, send_link, withdraw_ask
from cases.commands.clinic_reminders import due_reminders, raise_silent_clinics, remind_clinic
from cases.models import Case, ClinicAsk, ClinicLink, Provider, Task
from tests.cases.test_clinic import asked, visit
from tests.cast import release

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PRIVATE = ("Dana", "Whitlock", "ketamine", "HB-2026", "1984", "TMK", "three notes", "Osei")


@pytest.fixture
def program(cast):
    return system_actor(cast.harbor.pk, "jobs")


@pytest.fixture
def sent(cast, settings, tmp_path):
    """A link that went out now, with a standing release; what was asked before it is waited for."""
    settings.DATA_DIR = tmp_path
    release(cast.case.patient)

    def send(days=14, remind_days=5, at=None):
        return send_link(
            actor=cast.nora,
            case=cast.case,
            provider=cast.case.provider,
            email="front@clinic.example",
            days=days,
            remind_days=remind_days,
            at=at or timezone.now(),
        )

    return send


def told(program, at) -> int:
    """What the nightly job does at a moment; how many mails went."""
    before = len(mail.outbox)
    raise_silent_clinics(actor=program, at=at)
    for key in due_reminders(actor=program, at=at):
        remind_clinic(actor=program, link=ClinicLink.objects.get(pk=key), at=at)
    return len(mail.outbox) - before


def test_one_reminder_after_the_days_of_the_link_then_a_task(cast, program, sent, sign_in):
    ask = asked(cast)
    start = timezone.now()
    first = sent(at=start)
    mail.outbox.clear()
    assert told(program, start + 5 * DAY - timedelta(minutes=1)) == 0
    assert told(program, start + 5 * DAY) == 1
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (
        ["front@clinic.example"],
        "Harbor Patient Advocates still waits for your office",
    )
    assert [word for word in PRIVATE if word in letter.subject + letter.body] == []
    ask.refresh_from_db()
    assert (ask.reminded_at, ask.raised_at) == (start + 5 * DAY, None)
    again = ClinicLink.objects.get(reminder_of=first.link)
    assert (again.expires_at, again.sent_by_id) == (first.link.expires_at, None)
    # The link of the reminder opens, and so does the first.
    for text in (letter.body, first.url):
        token = re.search(r"/clinic/([\w-]+)/", text)
        assert token and visit("get", reverse("clinic", args=[token[1]])).status_code == 200
    page = sign_in("nora").get(reverse("cases:clinic", args=[cast.case.public_id])).content.decode()
    assert "reminded on" in page and "one reminder after 5 days" in page and "with the reminder" in page
    # Silence again: no second mail, one task for the owner, however often the job runs.
    assert told(program, start + 10 * DAY - timedelta(minutes=1)) == 0 and Task.objects.count() == 0
    assert told(program, start + 10 * DAY) == 0
    (task,) = Task.objects.all()
    assert (task.title, task.owner_id) == ("The clinic has not answered: call it", cast.case.owner_id)
    assert told(program, start + 20 * DAY) == 0
    Task.objects.update(status="done", ended_at=start)
    assert (told(program, start + 30 * DAY), Task.objects.count()) == (0, 1)
    assert Event.objects.filter(verb="clinic_reminded").count() == 1


def test_the_answer_ends_it_and_the_task_with_it(cast, program, sent):
    asked(cast, "call_times")
    start = timezone.now()
    first = sent(days=30, at=start)
    told(program, start + 5 * DAY)
    told(program, start + 10 * DAY)
    assert list(Task.objects.values_list("status", flat=True)) == ["open"]
    ask = ClinicAsk.objects.get()
    token = re.search(r"/clinic/([\w-]+)/", first.url)
    later = (timezone.now() + 3 * DAY).strftime("%Y-%m-%dT12:30")
    typed = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "0", "form-0-starts_at": later}
    typed |= {"form-0-minutes": "20", "form-0-phone": "503-555-0101"}
    assert visit("post", reverse("clinic_answer", args=[token[1], ask.public_id]), typed).status_code == 200
    assert [(t.title, t.status) for t in Task.objects.order_by("pk")] == [
        ("The clinic has not answered: call it", "cancelled"),
        ("The clinic offered times for a peer-to-peer call: look at it", "open"),
    ]
    assert told(program, start + 40 * DAY) == 0


@pytest.mark.parametrize("how", ["answered", "withdrawn", "revoked", "closed", "no_release", "never_sent"])
def test_nobody_is_reminded(cast, program, sent, how):
    ask = asked(cast)
    start = timezone.now()
    if how != "never_sent":
        made = sent(at=start)
    if how == "answered":
        ClinicAsk.objects.update(answered_at=start)
    if how == "withdrawn":
        withdraw_ask(actor=cast.nora, ask=ask, at=start)
    if how == "revoked":
        revoke_link(actor=cast.nora, link=made.link, at=start)
    if how == "closed":
        Case.objects.update(status="closed", outcome="withdrawn", closed_at=start)
    if how == "no_release":
        Consent.objects.update(revoked_at=start)
    mail.outbox.clear()
    assert [told(program, start + n * DAY) for n in (5, 10, 20)] == [0, 0, 0]
    assert Task.objects.count() == 0


def test_a_link_that_has_run_out_is_not_sent_again_but_the_clinic_hears_of_it(cast, program, sent):
    asked(cast)
    start = timezone.now()
    sent(days=7, remind_days=10, at=start)
    mail.outbox.clear()
    assert told(program, start + 10 * DAY) == 1
    assert "/clinic/" not in mail.outbox[0].body and "works no longer" in mail.outbox[0].body
    assert ClinicLink.objects.count() == 1


def test_two_asks_are_one_reminder_and_a_later_one_waits_for_its_own_days(cast, program, sent):
    asked(cast)
    asked(cast, "call_times")
    start = timezone.now()
    sent(days=30, at=start)
    late = ask_clinic(
        actor=cast.nora,
        case=cast.case,
        provider=cast.case.provider,
        kind="records",
        words="One more.",
        at=start + 3 * DAY,
    )
    mail.outbox.clear()
    assert (told(program, start + 5 * DAY), told(program, start + 6 * DAY)) == (1, 0)
    late.refresh_from_db()
    assert late.reminded_at is None
    assert told(program, start + 8 * DAY) == 1
    assert told(program, start + 9 * DAY) == 0


def test_a_new_link_from_a_person_begins_anew_and_revoking_ends_every_one(cast, program, sent):
    ask = asked(cast)
    start = timezone.now()
    sent(days=30, at=start)
    told(program, start + 5 * DAY)
    told(program, start + 10 * DAY)
    second = sent(days=30, at=start + 11 * DAY)
    ask.refresh_from_db()
    assert (ask.reminded_at, ask.raised_at) == (None, None)
    assert ClinicLink.objects.filter(revoked_at=None).count() == 1
    assert told(program, start + 16 * DAY) == 1
    assert ClinicLink.objects.filter(revoked_at=None).count() == 2
    revoke_link(actor=cast.nora, link=second.link, at=start + 17 * DAY)
    assert ClinicLink.objects.filter(revoked_at=None).count() == 0


def test_another_provider_is_another_silence(cast, program, sent):
    asked(cast)
    other = Provider.objects.create(name="Noor Else", credentials="MD", npi="1093817465")
    start = timezone.now()
    sent(at=start)
    ask_clinic(actor=cast.nora, case=cast.case, provider=other, kind="records", words="Those too.", at=start)
    send_link(
        actor=cast.nora,
        case=cast.case,
        provider=other,
        email="else@clinic.example",
        days=14,
        remind_days=3,
        at=start,
    )
    mail.outbox.clear()
    assert told(program, start + 3 * DAY) == 1 and mail.outbox[0].to == ["else@clinic.example"]
    assert told(program, start + 5 * DAY) == 1 and mail.outbox[1].to == ["front@clinic.example"]


def test_the_job_asks_for_one_mail_and_a_server_that_refuses_leaves_nothing_done(
    cast, program, sent, settings
):
    ask = asked(cast)
    made = sent(at=timezone.now() - 6 * DAY)
    ClinicAsk.objects.update(asked_at=timezone.now() - 6 * DAY)
    mail.outbox.clear()
    watch = queue.enqueue("cases.watch_clinics")
    assert queue.run(cast.harbor.pk, watch.pk) == "done"
    job = Job.objects.get(name="cases.remind_clinic")
    assert job.arguments == {"link": made.link.pk}
    settings.EMAIL_BACKEND = "tests.cases.test_clinic_reminders.Refusing"
    assert queue.run(cast.harbor.pk, job.pk) != "done"
    ask.refresh_from_db()
    assert (ask.reminded_at, ClinicLink.objects.count()) == (None, 1)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    job = queue.again("cases.remind_clinic", link=made.link.pk) or job
    assert queue.run(cast.harbor.pk, job.pk) == "done"
    assert len(mail.outbox) == 1
    assert remind_clinic(actor=program, link=made.link, at=timezone.now()) is None
    assert len(mail.outbox) == 1


class Refusing:
    """A mail server that takes nothing."""

    def __init__(self, *args, **kwargs):
        pass

    def send_messages(self, messages):
        raise ConnectionRefusedError


def test_only_the_program_reminds_and_the_days_are_chosen(cast, sent):
    asked(cast)
    made = sent()
    for act in (
        lambda: due_reminders(actor=cast.nora, at=timezone.now()),
        lambda: raise_silent_clinics(actor=cast.nora, at=timezone.now()),
        lambda: remind_clinic(actor=cast.nora, link=made.link, at=timezone.now()),
    ):
        with pytest.raises(NotAllowed):
            act()
    with pytest.raises(Refused) as refused:
        sent(remind_days=1)
    assert [r.code for r in refused.value.reasons] == ["remind_days"]
