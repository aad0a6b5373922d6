"""A letter in the patient's name: asked about as it stands, answered, and not filed without a yes where that is the rule."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse

from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, NotFound, Refused, WrongState
from advocacy.people.portal_access import portal_accesses_of, portal_actor
from appeals.commands.approvals import answer_letter, ask_approval
from appeals.commands.drafts import save_draft
from appeals.commands.filings import file_orally
from appeals.models import Filing, LetterApproval
from cases.commands.communications import log_communication
from cases.commands.documents import open_letter
from cases.models import PatientNotice, Task
from tests.appeals.climbing import ERISA, MEDICARE_ADVANTAGE, codes, moment
from tests.portal import come_in, give_access
from tests.standing import prepared

AT = moment("2026-04-02")


@prepared
def written(climb):
    """Harbor asks for the patient's approval, and the letter of the first level is written."""
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    climb.cast.harbor.letters_need_patient_approval = True
    climb.cast.harbor.save(update_fields=["letters_need_patient_approval"])
    save(climb, "Please reverse the decision.")
    return climb


def save(climb, text):
    save_draft(actor=climb.who, appeal=climb.level(1), text=text, at=moment("2026-04-01"))


def ask(climb):
    return ask_approval(actor=climb.who, appeal=climb.level(1), at=AT)


@pytest.fixture
def dana(portal_people):
    access = portal_people["dana"]
    return portal_actor(access.user, portal_accesses_of(access.user_id)[0])


def test_the_letter_is_pinned_and_the_patient_is_told(written):
    asked = ask(written)
    assert open_letter(written.who, asked).read()[:5] == b"%PDF-"
    assert asked.letter["blocks"] == [{"kind": "paragraph", "text": "Please reverse the decision."}]
    assert PatientNotice.objects.get(kind="letter").about == f"letter:{asked.pk}"
    with pytest.raises(Refused) as again:
        ask(written)
    assert codes(again) == ["approval_asked"]


def test_nothing_is_filed_without_a_yes_and_the_reason_names_the_way(written, dana):
    with pytest.raises(Refused) as refused:
        written.file(1, "2026-04-10")
    assert codes(refused) == ["letter_not_approved"]
    assert "Ask the patient to approve" in refused.value.reasons[0].message
    asked = ask(written)
    answer_letter(actor=dana, approval=asked, approved=True, at=AT)
    row = LetterApproval.objects.get(pk=asked.pk)
    assert (row.answer, row.method, row.answered_by_id) == ("approved", "portal", dana.user_id)
    event = Event.objects.get(verb="approval_answered")
    assert event.data == {"answer": "approved", "method": "portal", "digest": asked.digest}
    assert Task.objects.get(code=f"approval:{asked.pk}").status == "open"
    assert written.file(1, "2026-04-10").unapproved_reason == ""


def test_a_changed_letter_needs_a_new_yes(written, dana):
    asked = ask(written)
    answer_letter(actor=dana, approval=asked, approved=True, at=AT)
    save(written, "Please reverse the decision now.")
    assert LetterApproval.objects.get(pk=asked.pk).superseded_at is not None
    with pytest.raises(Refused) as refused:
        written.file(1, "2026-04-10")
    assert codes(refused) == ["letter_not_approved"]
    again = ask(written)
    assert again.digest != asked.digest
    with pytest.raises(WrongState):
        answer_letter(actor=dana, approval=asked, approved=True, at=AT)
    answer_letter(actor=written.who, approval=again, approved=True, method="phone", at=AT)
    assert isinstance(written.file(1, "2026-04-10"), Filing)


def test_a_no_says_what_to_change(written, dana):
    asked = ask(written)
    with pytest.raises(Refused) as empty:
        answer_letter(actor=dana, approval=asked, approved=False, at=AT)
    assert codes(empty) == ["words_missing"]
    answer_letter(actor=dana, approval=asked, approved=False, words="My name is wrong.", at=AT)
    assert Task.objects.get(code=f"approval:{asked.pk}").detail == "My name is wrong."
    with pytest.raises(Refused) as refused:
        written.file(1, "2026-04-10")
    assert "asked for a change" in refused.value.reasons[0].message


def test_an_urgent_filing_goes_with_a_reason(written):
    level = written.level(1)
    level.is_expedited, level.expedited_reason = True, "The doctor says so."
    level.save(update_fields=["is_expedited", "expedited_reason"])
    with pytest.raises(Refused) as refused:
        written.file(1, "2026-04-10")
    assert [(r.code, r.field) for r in refused.value.reasons] == [
        ("letter_not_approved", "unapproved_reason")
    ]
    filed = written.file(1, "2026-04-10", unapproved_reason="She is in hospital.")
    assert filed.unapproved_reason == "She is in hospital."


def test_whoever_helps_with_letters_may_answer_and_nobody_else(written, portal_people):
    asked, case = ask(written), written.case
    give_access(case.patient, "lawyer@mail.example", kind="representative", scope=["letters"])
    other = give_access(case.patient, "friend@mail.example", kind="representative", scope=["status"])
    friend = portal_actor(other.user, portal_accesses_of(other.user_id)[0])
    with pytest.raises(NotFound):
        answer_letter(actor=friend, approval=asked, approved=True, at=AT)
    with pytest.raises(NotAllowed):
        answer_letter(actor=written.cast.ines, approval=asked, approved=True, method="phone", at=AT)
    client = come_in("lawyer@mail.example")
    url = reverse("portal:letter", args=[asked.public_id])
    page = client.get(url).content.decode()
    assert ("Please reverse the decision." in page, "Yes, send this" in page) == (True, True)
    assert "A letter waits for your yes" in client.get(reverse("portal:letters")).content.decode()
    client.post(reverse("portal:language"), {"language": "es", "next": url})
    spanish = client.get(url).content.decode()
    dated = date.fromisoformat(asked.letter["date"])
    assert ("Leer la carta" in spanish, f"<p>{dated:%B} {dated.day}, {dated.year}</p>" in spanish) == (
        True,
        True,
    )
    assert client.get(reverse("portal:letter_file", args=[asked.public_id])).status_code == 200
    answer = client.post(url, {"answer": "yes"})
    assert (answer.status_code, LetterApproval.objects.get().answer) == (302, "approved")
    assert client.post(url, {"answer": "no", "words": "No!"}).status_code == 409


def test_the_desk_asks_and_the_first_page_says_so(written, enter, sign_in):
    level, case = written.level(1), written.case
    where = reverse("appeals:level_approval", args=[case.public_id, level.public_id])
    nora = sign_in("nora")
    page = nora.get(reverse("appeals:level", args=[case.public_id, level.public_id])).content.decode()
    assert ("letter_not_approved" in page, where in page) == (True, True)
    assert nora.post(where, {"ok": "1"}).status_code == 302
    assert "Waiting for the patient" in nora.get(where).content.decode()
    asked = LetterApproval.objects.get()
    home = enter("dana").get(reverse("portal:home")).content.decode()
    assert reverse("portal:letter", args=[asked.public_id]) in home


@prepared
def by_voice(climb):
    """Harbor asks for approval, and the first level may be filed by phone; its letter is written."""
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask()
    climb.refuse()
    climb.cast.harbor.letters_need_patient_approval = True
    climb.cast.harbor.save(update_fields=["letters_need_patient_approval"])
    save(climb, "Please reverse the decision.")
    return climb


def said(climb, at: str = "2026-04-10"):
    return log_communication(
        actor=climb.who,
        case=climb.case,
        channel="call",
        happened_at=moment(at),
        reference_number="C-9",
        summary="We appeal the denial.",
        at=moment(at, 15),
    )


def file_by_voice(climb, **more):
    return file_orally(
        actor=climb.who, appeal=climb.level(1), communication=said(climb), at=moment("2026-04-10", 16), **more
    )


class TestByVoice:
    """What is said in the patient's name is the letter of the level; a call that was made counts with a reason."""

    def test_it_is_refused_until_the_patient_said_yes_before_the_call(self, by_voice, dana):
        with pytest.raises(Refused) as refused:
            file_by_voice(by_voice)
        assert [(r.code, r.field) for r in refused.value.reasons] == [
            ("call_not_approved", "unapproved_reason")
        ]
        answer_letter(actor=dana, approval=ask(by_voice), approved=True, at=AT)
        filed = file_by_voice(by_voice)
        assert (filed.is_oral, filed.unapproved_reason) == (True, "")

    def test_a_yes_to_another_letter_or_after_the_call_does_not_count(self, by_voice, dana):
        asked = ask(by_voice)
        answer_letter(actor=dana, approval=asked, approved=True, at=moment("2026-04-11"))
        with pytest.raises(Refused) as late:
            file_by_voice(by_voice)
        assert codes(late) == ["call_not_approved"]
        save(by_voice, "Something else.")
        answer_letter(actor=dana, approval=ask(by_voice), approved=False, words="No.", at=AT)
        with pytest.raises(Refused) as changed:
            file_by_voice(by_voice)
        assert codes(changed) == ["call_not_approved"]

    def test_without_a_yes_it_goes_with_a_reason_that_stays(self, by_voice, sign_in, enter):
        filed = file_by_voice(by_voice, unapproved_reason=" The window closed that day. ")
        assert filed.unapproved_reason == "The window closed that day."
        page = sign_in("nora").get(reverse("appeals:filed", args=[by_voice.case.public_id, filed.public_id]))
        assert "The window closed that day." in page.content.decode()
        shown = enter("dana").get(reverse("portal:letters")).content.decode()
        assert "We could not wait for your yes. Ask us why." in shown

    def test_where_nobody_asks_nothing_is_asked(self, by_voice):
        by_voice.cast.harbor.letters_need_patient_approval = False
        by_voice.cast.harbor.save(update_fields=["letters_need_patient_approval"])
        assert file_by_voice(by_voice, unapproved_reason="Not needed.").unapproved_reason == ""

    def test_the_page_says_what_is_approved(self, by_voice, sign_in):
        call, level = said(by_voice), by_voice.level(1)
        nora, url = (
            sign_in("nora"),
            reverse("appeals:level_phone", args=[by_voice.case.public_id, level.public_id]),
        )
        page = nora.get(url).content.decode()
        assert "the patient approves it before the call" in page
        assert "cannot be taken back" in page
        answer = nora.post(url, {"communication": str(call.public_id)})
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["unapproved_reason"])
        given = {"communication": str(call.public_id), "unapproved_reason": "The window closed that day."}
        assert nora.post(url, given).status_code == 302
        assert Filing.objects.get().unapproved_reason == "The window closed that day."
