"""A letter that waits for a yes while the time to send it runs out: told before, once for each rung, never after it is done."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format

from appeals.commands.approvals import answer_letter, ask_approval
from appeals.commands.drafts import save_draft
from appeals.models import LetterApproval
from appeals.queries.approvals import send_by
from cases.commands.patient_notices import send_notice
from cases.commands.patient_reminders import remind_patients
from cases.models import Case, PatientNotice
from tests.appeals.climbing import ERISA, NEW_YORK, moment
from tests.cases.reaching import ADDRESS, invite, reach
from tests.portal import come_in
from tests.standing import prepared

pytest_plugins = ("tests.appeals.climbing",)


@prepared
def asked(climb):
    """Dana is asked on April 2 about a letter that has a window of months."""
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    save_draft(
        actor=climb.who, appeal=climb.level(1), text="Please reverse the decision.", at=moment("2026-04-01")
    )
    invite(climb.case.patient)
    reach(climb.cast)
    ask_approval(actor=climb.who, appeal=climb.level(1), at=moment("2026-04-02"))
    for notice in PatientNotice.objects.all():
        send_notice(notice=notice.pk, at=moment("2026-04-02", 15))
    return climb


def approval() -> LetterApproval:
    return LetterApproval.objects.select_related("case__patient", "case__coverage", "appeal__denial").get(
        superseded_at=None
    )


def night(climb, day: date) -> int:
    return remind_patients(actor=climb.who, at=datetime.combine(day, time(2), tzinfo=NEW_YORK))


def letters() -> list[str]:
    rows = PatientNotice.objects.filter(kind="letter").order_by("pk")
    return list(rows.values_list("about", flat=True))


def test_the_patient_is_told_before_the_letter_has_to_go(asked):
    row, by = approval(), send_by(approval())
    assert by == asked.row("filing", 1).due_on
    assert letters() == [f"letter:{row.pk}"]
    told = []
    for left in range(12, -3, -1):
        told += [left] * night(asked, by - timedelta(days=left))
    assert told == [7, 3, 1]
    assert letters()[1:] == [f"letter:{row.pk}:{rung}" for rung in (7, 3, 1)]
    # Nobody is told at two in the morning: it waits for eight, and says no word about what it is.
    first = PatientNotice.objects.get(about=f"letter:{row.pk}:7")
    due = datetime.combine(by - timedelta(days=7), time(8), tzinfo=NEW_YORK)
    assert (first.status, first.due_at) == ("waiting", due)
    mail.outbox.clear()
    send_notice(notice=first.pk, at=due)
    (message,) = mail.outbox
    assert (message.to, message.subject) == ([ADDRESS], "You have a message")
    assert "letter" not in message.body and "appeal" not in message.body


@pytest.mark.parametrize("how", ["answered", "changed", "filed", "closed"])
def test_never_after_it_is_done(asked, how):
    row, by = approval(), send_by(approval())
    assert night(asked, by - timedelta(days=7)) == 1
    at = datetime.combine(by - timedelta(days=7), time(7), tzinfo=NEW_YORK)
    if how == "answered":
        answer_letter(actor=asked.who, approval=row, approved=True, method="phone", at=at)
    elif how == "changed":
        save_draft(actor=asked.who, appeal=asked.level(1), text="Please look at it again.", at=at)
    elif how == "filed":
        asked.file(1, at.date().isoformat(), filed_at=at, at=at)
    else:
        Case.objects.filter(pk=asked.case.pk).update(status="closed", outcome="withdrawn", closed_at=at)
    mail.outbox.clear()
    notice = PatientNotice.objects.get(about=f"letter:{row.pk}:7")
    assert send_notice(notice=notice.pk, at=at + timedelta(hours=1)) is None
    notice.refresh_from_db()
    assert (mail.outbox, notice.status) == ([], "over")
    assert [night(asked, by - timedelta(days=d)) for d in (3, 1)] == [0, 0]


def test_whoever_was_asked_late_is_not_told_twice_of_the_same_day(asked):
    row, by = approval(), send_by(approval())
    LetterApproval.objects.filter(pk=row.pk).update(
        asked_at=datetime.combine(by - timedelta(days=5), time(12), tzinfo=NEW_YORK)
    )
    assert [night(asked, by - timedelta(days=d)) for d in (5, 4, 3)] == [0, 0, 1]


def test_the_letter_says_by_when_it_has_to_go(asked):
    access = asked.case.patient.portal_accesses.get()
    access.scope = ["letters"]
    access.save(update_fields=["scope"])
    by, url = send_by(approval()), reverse("portal:letter", args=[approval().public_id])
    page = come_in(access.user.email).get(url)
    with translation.override("en"):
        assert f"It must go out by {date_format(by, 'DATE_FORMAT')}." in page.content.decode()
