"""Messages between the patient's side and the organization: sent from both doors, read, answered, and who waits."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from advocacy.access.policy import Actor, Portal, visible
from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, NotFound, Refused
from advocacy.people.commands import ContactInput, add_contact
from advocacy.people.models import Absence, PortalAccess, User
from advocacy.tenancy.scope import scoped_to
from appeals.queries.clocks import day_at
from appeals.queries.queue import Filters, listed
from appeals.queries.today import today
from cases.commands.communications import log_communication
from cases.commands.documents import upload_document
from cases.commands.messages import message_is_over, read_messages, send_message, settle_messages
from cases.models import Attachment, Case, Communication, PatientNotice, Task
from cases.queries.messages import thread_of, unanswered
from tests.cast import NOW

LATER = NOW + timedelta(hours=1)


def portal_of(cast, kind="patient", scope=("messages",), name="Rosa Whitlock") -> Actor:
    """Somebody of the patient's side."""
    user = User.objects.create(email=f"{kind}@home.example", name="")
    access = PortalAccess.objects.create(
        user=user,
        patient=cast.case.patient,
        kind=kind,
        scope=list(scope),
        name=name if kind == "representative" else "",
        starts_at=NOW - timedelta(days=1),
        expires_at=NOW + timedelta(days=90) if kind == "representative" else None,
    )
    return Actor(
        key=f"user:{user.pk}",
        label="Patient HB-2026-0001-P",
        organization_id=cast.harbor.pk,
        user_id=user.pk,
        portal=Portal(access.pk, cast.case.patient_id, kind, frozenset(scope)),
    )


@pytest.fixture
def dana(cast) -> Actor:
    return portal_of(cast)


def wrote(actor, cast, body="Did the plan answer?", at=NOW, **given) -> Communication:
    return send_message(actor=actor, case=cast.case, body=body, at=at, **given)


def waiting_since(actor, case):
    """When the oldest message came that nobody has answered."""
    return min((m.happened_at for m in thread_of(actor, case).filter(unanswered())), default=None)


def codes(refused) -> list[str]:
    return [reason.code for reason in refused.value.reasons]


class TestSending:
    def test_from_the_portal_it_comes_in_and_waits(self, cast, dana):
        message = Communication.objects.get(pk=wrote(dana, cast).pk)
        assert (message.channel, message.direction, message.party, message.summary) == (
            "message",
            "in",
            "patient",
            "Did the plan answer?",
        )
        assert (message.logged_by_id, message.person, message.answered_at) == (dana.user_id, "", None)
        assert waiting_since(cast.nora, cast.case) == NOW
        assert PatientNotice.objects.count() == 0

    def test_a_representative_writes_in_their_own_name(self, cast):
        rosa = portal_of(cast, "representative")
        message = Communication.objects.get(pk=wrote(rosa, cast).pk)
        assert (message.party, message.person) == ("helper", "Rosa Whitlock")

    def test_from_the_desk_it_goes_out_answers_and_asks_for_a_notice(self, cast, dana):
        wrote(dana, cast)
        wrote(dana, cast, "And one more thing.")
        answer = wrote(cast.nils, cast, "It did. We appeal.", at=LATER)
        assert (answer.direction, answer.logged_by_id) == ("out", cast.users["nils"].pk)
        settled = Communication.objects.filter(direction="in").values_list(
            "answered_at", "answered_by_id", "read_at"
        )
        assert list(settled) == [(LATER, cast.users["nils"].pk, LATER)] * 2
        notice = PatientNotice.objects.get()
        assert (notice.kind, notice.about) == ("message", f"message:{answer.pk}")
        assert waiting_since(cast.nora, cast.case) is None

    @pytest.mark.parametrize(
        ("body", "expected"), [(" \n", ["message_empty"]), ("x" * 20_001, ["message_too_long"])]
    )
    def test_what_is_refused(self, cast, dana, body, expected):
        for actor in (dana, cast.nora):
            with pytest.raises(Refused) as refused:
                wrote(actor, cast, body)
            assert codes(refused) == expected

    def test_documents_go_with_it_from_the_desk(self, cast, dana, settings, tmp_path):
        settings.DATA_DIR = tmp_path
        letter = upload_document(
            actor=cast.nora,
            case=cast.case,
            kind="other",
            filename="l.txt",
            stream=io.BytesIO(b"Dear"),
            at=NOW,
        )
        message = wrote(cast.nora, cast, attachments=[letter])
        assert Attachment.objects.get().communication == message
        assert list(Attachment.objects.filter(visible(dana, Attachment))) == list(Attachment.objects.all())

    def test_a_closed_case_still_hears_the_patient(self, cast, dana):
        Case.objects.filter(pk=cast.case.pk).update(status="closed", outcome="covered", closed_at=NOW)
        wrote(dana, cast, "They refuse again.")
        assert [c.pk for c in waiting_cases(cast, "nora")] == [cast.case.pk]

    def test_the_trail_holds_no_word_of_it(self, cast, dana):
        wrote(dana, cast)
        assert Event.objects.get(verb="message_sent").data == {"direction": "in"}


class TestWhoMay:
    def test_a_helper_without_that_part_neither_writes_nor_reads(self, cast, dana):
        wrote(dana, cast)
        other = portal_of(cast, "representative", scope=("documents",))
        with pytest.raises(NotAllowed):
            wrote(other, cast)
        assert list(thread_of(other, cast.case)) == []
        with pytest.raises(NotAllowed):
            read_messages(actor=other, case=cast.case, at=NOW)

    def test_another_patient_finds_no_case(self, cast, dana):
        stranger = replace(dana, portal=replace(dana.portal, patient_id=dana.portal.patient_id + 1))
        with pytest.raises(NotFound):
            wrote(stranger, cast)

    def test_the_portal_shows_messages_and_nothing_else_of_the_log(self, cast, dana):
        log_communication(
            actor=cast.nora, case=cast.case, happened_at=NOW, summary="The plan called.", at=NOW
        )
        message = wrote(cast.nora, cast, "We called the plan.")
        assert list(Communication.objects.filter(visible(dana, Communication))) == [message]
        assert list(thread_of(dana, cast.case)) == [message]

    def test_a_helper_sees_nothing_of_a_restricted_case(self, cast):
        rosa = portal_of(cast, "representative")
        wrote(cast.nora, cast)
        Case.objects.filter(pk=cast.case.pk).update(is_restricted=True)
        assert list(thread_of(rosa, cast.case)) == []
        with pytest.raises(NotFound):
            wrote(rosa, cast)

    def test_who_only_reads_and_who_is_elsewhere_may_not(self, cast, dana):
        wrote(dana, cast)
        with pytest.raises(NotAllowed):
            wrote(cast.petra, cast)
        with pytest.raises(NotAllowed):
            settle_messages(actor=cast.petra, case=cast.case, at=NOW)
        with scoped_to(cast.meadow.pk, actor=cast.mia.key):
            with pytest.raises(NotFound):
                wrote(cast.mia, cast)
            assert list(thread_of(cast.mia, cast.case)) == []


class TestReading:
    def test_each_side_marks_what_the_other_wrote_once(self, cast, dana):
        ours, theirs = wrote(cast.nora, cast, "News."), wrote(dana, cast)
        assert read_messages(actor=dana, case=cast.case, at=LATER) == 1
        assert read_messages(actor=dana, case=cast.case, at=LATER + timedelta(hours=1)) == 0
        ours.refresh_from_db()
        theirs.refresh_from_db()
        assert (ours.read_at, ours.read_by_id, theirs.read_at) == (LATER, dana.user_id, None)
        assert read_messages(actor=cast.nils, case=cast.case, at=LATER) == 1
        theirs.refresh_from_db()
        assert (theirs.read_at, theirs.answered_at) == (LATER, None)

    def test_nobody_calls_about_what_the_patient_has_read(self, cast, dana):
        add_contact(
            actor=cast.nora,
            patient=cast.case.patient,
            contact=ContactInput(kind="phone", value="555-014-2211", is_safe=True),
            at=NOW,
        )
        message = wrote(cast.nora, cast, "News.")
        call = Task.objects.get(code="tell_patient:message")
        assert not message_is_over(message.pk)
        read_messages(actor=cast.nils, case=cast.case, at=LATER)
        call.refresh_from_db()
        assert call.status == "open"
        read_messages(actor=dana, case=cast.case, at=LATER)
        call.refresh_from_db()
        assert (call.status, call.end_note, message_is_over(message.pk)) == (
            "cancelled",
            "The patient has seen it in the portal.",
            True,
        )

    def test_what_only_a_helper_has_read_the_patient_is_still_told_of(self, cast):
        message = wrote(cast.nora, cast, "News.")
        assert read_messages(actor=portal_of(cast, "representative"), case=cast.case, at=LATER) == 1
        assert not message_is_over(message.pk)

    def test_what_needs_no_answer_is_settled(self, cast, dana):
        wrote(dana, cast, "Thank you!")
        assert settle_messages(actor=cast.nora, case=cast.case, at=LATER) == 1
        assert waiting_since(cast.nora, cast.case) is None
        with pytest.raises(Refused) as refused:
            settle_messages(actor=cast.nora, case=cast.case, at=LATER)
        assert codes(refused) == ["nothing_waits"]


def waiting_cases(cast, who: str, at=NOW) -> list[Case]:
    return list(listed(cast.actors[who], Filters(work="patient"), day_at(at, cast.harbor.time_zone)))


class TestWhoWaitsOnWhom:
    def test_the_owner_sees_it_on_today_until_it_is_answered(self, cast, dana):
        wrote(dana, cast)
        day = day_at(NOW, cast.harbor.time_zone)

        def stack(who):
            return next(s for s in today(cast.actors[who], day=day) if s.code == "patient")

        (row,) = stack("nora").rows
        assert (stack("nora").total, row.case, row.messages, row.wrote_at) == (
            1,
            cast.case,
            1,
            "Mar 16, 11:00 AM",
        )
        assert stack("nils").total == 0
        wrote(cast.nora, cast, "Yes.")
        assert stack("nora").total == 0

    def test_nobodys_case_is_everybodys(self, cast, dana):
        wrote(dana, cast)
        Case.objects.filter(pk=cast.case.pk).update(owner=None)
        assert [waiting_cases(cast, who) for who in ("nora", "nils")] == [[cast.case]] * 2

    def test_who_covers_sees_it_on_those_days_only(self, cast, dana):
        wrote(dana, cast)
        day = NOW.date()
        Absence.objects.create(
            member=cast.members["nora"],
            cover=cast.members["nils"],
            from_on=day,
            until_on=day + timedelta(days=2),
            recorded_at=NOW,
        )
        assert waiting_cases(cast, "nils") == [cast.case]
        assert waiting_cases(cast, "nils", NOW + timedelta(days=3)) == []
        assert waiting_cases(cast, "nils", NOW - timedelta(days=1)) == []


class TestPage:
    def url(self, cast, name="messages") -> str:
        return reverse(f"cases:{name}", args=[cast.case.public_id])

    def test_the_thread_shows_who_wrote_and_marks_it_read(self, cast, dana, sign_in):
        wrote(dana, cast)
        first = sign_in("nora").get(self.url(cast)).content.decode()
        assert "Dana Whitlock" in first and "The patient waits for an answer" in first
        assert "patient@home.example" not in first
        assert '<span class="badge badge--warn">New</span>' in first
        assert Communication.objects.get().read_by == cast.users["nora"]
        assert (
            '<span class="badge badge--warn">New</span>'
            not in sign_in("nils").get(self.url(cast)).content.decode()
        )

    def test_who_only_reads_leaves_it_unread(self, cast, dana, sign_in):
        wrote(dana, cast)
        client = sign_in("petra")
        text = client.get(self.url(cast)).content.decode()
        assert "Did the plan answer?" in text and "<textarea" not in text
        assert Communication.objects.get().read_at is None
        assert client.post(self.url(cast), {"body": "Yes"}).status_code == 403

    def test_an_answer_is_sent_and_nothing_of_it_is_mailed(self, cast, dana, sign_in):
        wrote(dana, cast)
        client = sign_in("nora")
        assert client.post(self.url(cast), {"body": "It said no."}).status_code == 302
        assert client.get(self.url(cast)).content.decode().count("It said no.") == 1
        assert Communication.objects.filter(direction="out").get().summary == "It said no."
        assert mail.outbox == []

    def test_an_empty_one_is_refused(self, cast, sign_in):
        answer = sign_in("nora").post(self.url(cast), {"body": " "})
        assert answer.status_code == 422
        assert "Write something first." in answer.content.decode()
        assert Communication.objects.count() == 0

    def test_settling_through_the_page(self, cast, dana, sign_in):
        wrote(dana, cast)
        client = sign_in("nora")
        assert client.post(self.url(cast, "messages_settle")).status_code == 302
        assert Communication.objects.get().answered_at is not None
        assert client.post(self.url(cast, "messages_settle")).status_code == 422
