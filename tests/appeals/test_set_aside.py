"""A letter that does not belong here: the patient is not shown it, it is asked about, and what it began is set aside."""

from __future__ import annotations

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from advocacy.audit.models import Event
from advocacy.errors import Refused, WrongState
from advocacy.people.export import Enclosed, Section
from advocacy.tenancy.sealing import normalized
from appeals.commands.denials import confirm_denial
from appeals.commands.drafts import save_draft, set_exhibits
from appeals.commands.set_aside import set_aside_denial, take_up_denial
from appeals.models import Appeal, Denial, Exhibit
from appeals.queries.clocks import day_at
from appeals.queries.export import contest_of
from appeals.queries.history import load_history
from appeals.queries.level_page import UNSURE, choosable_exhibits, level_page
from cases.commands.documents import show_to_patient
from cases.commands.patient_notices import send_notice
from cases.commands.portal_record import matter_of_patient
from cases.models import CaseSearch, PatientNotice
from tests.appeals.climbing import ERISA, codes, moment
from tests.appeals.visiting import address, letter_in, words
from tests.cases.reaching import ADDRESS, invite, reach

pytest_plugins = ("tests.appeals.climbing",)

OWN, STRANGERS = "erisa_preservice", "aca_experimental"


@pytest.fixture
def taken_in(climb):
    """A denial with a letter, unconfirmed, its dates typed."""

    def take_in(name: str) -> Denial:
        climb.answer(ERISA)
        climb.ask()
        denial = climb.refuse(confirmed=None, reference_number="LK-1")
        denial.letter = letter_in(climb.cast, name)
        denial.save(update_fields=["letter"])
        return denial

    return take_in


def test_the_patient_sees_the_letter_once_somebody_has_confirmed_it(climb, taken_in):
    denial = taken_in(OWN)
    assert denial.letter.for_patient is False
    confirm_denial(actor=climb.who, denial=denial, theirs_all_the_same=True, at=moment("2026-04-10"))
    denial.letter.refresh_from_db()
    assert denial.letter.for_patient is True


def told(climb) -> list[tuple[str, str, str]]:
    rows = PatientNotice.objects.filter(patient=climb.case.patient, kind="document")
    return [(row.about, row.status, row.contact.value if row.contact else "") for row in rows]


def test_the_patient_is_told_that_something_is_there_by_her_safe_way(climb, taken_in):
    denial = taken_in(OWN)
    invite(climb.case.patient, "es")
    reach(climb.cast)
    confirm_denial(actor=climb.who, denial=denial, theirs_all_the_same=True, at=moment("2026-04-10"))
    about = f"document:{denial.letter_id}"
    assert told(climb) == [(about, "waiting", "")]
    notice = PatientNotice.objects.get(about=about)
    send_notice(notice=notice.pk, at=max(notice.due_at, moment("2026-04-10")))
    assert told(climb) == [(about, "sent", ADDRESS)]
    assert (mail.outbox[-1].subject, "denial" in mail.outbox[-1].body) == ("Tiene un mensaje", False)


def test_what_is_not_shown_any_more_is_told_to_nobody(climb, taken_in):
    denial = taken_in(OWN)
    invite(climb.case.patient)
    reach(climb.cast)
    confirm_denial(actor=climb.who, denial=denial, theirs_all_the_same=True, at=moment("2026-04-10"))
    show_to_patient(actor=climb.who, document=denial.letter, shown=False, at=moment("2026-04-10"))
    notice = PatientNotice.objects.get(about=f"document:{denial.letter_id}")
    send_notice(notice=notice.pk, at=max(notice.due_at, moment("2026-04-10")))
    assert [status for _about, status, _to in told(climb)] == ["over"]


def test_without_the_portal_nobody_is_told_of_what_stands_there(climb, taken_in):
    confirm_denial(actor=climb.who, denial=taken_in(OWN), theirs_all_the_same=True, at=moment("2026-04-10"))
    assert told(climb) == []


def test_who_confirms_may_keep_the_letter_out_of_the_portal(climb, taken_in):
    denial = taken_in(OWN)
    confirm_denial(
        actor=climb.who, denial=denial, theirs_all_the_same=True, show_letter=False, at=moment("2026-04-10")
    )
    denial.letter.refresh_from_db()
    assert denial.letter.for_patient is False


def test_a_letter_that_names_somebody_else_is_not_confirmed_without_a_word(climb, taken_in):
    denial = taken_in(STRANGERS)
    with pytest.raises(Refused) as caught:
        confirm_denial(actor=climb.who, denial=denial, at=moment("2026-04-10"))
    assert codes(caught) == ["letter_of_another"]
    assert not Appeal.objects.exists()
    confirm_denial(actor=climb.who, denial=denial, theirs_all_the_same=True, at=moment("2026-04-10"))
    assert climb.positions == [(1, "internal_appeal_1", "open")]


def test_what_is_set_aside_counts_for_nothing_and_stays(climb, taken_in):
    denial = taken_in(STRANGERS)
    assert climb.fresh().stage == "denial"
    assert normalized("LK-1") in CaseSearch.objects.get(case=climb.case).numbers
    set_aside_denial(actor=climb.who, denial=denial, why="another_person", at=moment("2026-04-10"))
    row = Denial.objects.get()
    assert (row.set_aside_why, row.set_aside_by_id) == ("another_person", climb.who.user_id)
    assert load_history(climb.case).denials == ()
    assert normalized("LK-1") not in CaseSearch.objects.get(case=climb.case).numbers
    assert climb.fresh().stage != "denial"
    assert Event.objects.get(verb="denial_set_aside").data == {"why": "another_person"}
    for step in (
        lambda: confirm_denial(actor=climb.who, denial=denial, at=moment("2026-04-11")),
        lambda: set_aside_denial(actor=climb.who, denial=denial, why="twice", at=moment("2026-04-11")),
    ):
        with pytest.raises(WrongState):
            step()
    take_up_denial(actor=climb.who, denial=denial, at=moment("2026-04-12"))
    assert [d.pk for d in load_history(climb.case).denials] == [denial.pk]
    with pytest.raises(WrongState):
        take_up_denial(actor=climb.who, denial=denial, at=moment("2026-04-12"))


def test_a_confirmed_denial_is_not_set_aside(climb):
    climb.ask()
    climb.refuse()
    with pytest.raises(WrongState):
        set_aside_denial(actor=climb.who, denial=climb.denial, why="twice", at=moment("2026-04-11"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Denial.objects.update(
            set_aside_at=moment("2026-04-11"), set_aside_by=climb.who.user_id, set_aside_why="twice"
        )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"why": ""}, ["why_missing"]),
        ({"why": "mistake"}, ["why_missing"]),
        ({"why": "other"}, ["note_missing"]),
    ],
)
def test_setting_aside_needs_a_reason(climb, given, expected):
    climb.ask()
    climb.refuse(confirmed=None)
    with pytest.raises(Refused) as caught:
        set_aside_denial(actor=climb.who, denial=climb.denial, at=moment("2026-04-11"), **given)
    assert codes(caught) == expected


def test_the_letter_goes_into_no_packet_unnoticed(climb, taken_in):
    denial = taken_in(STRANGERS)
    other = climb.refuse()
    level = Appeal.objects.get(denial=other)
    (shown,) = [c for c in choosable_exhibits(climb.who, climb.case, level) if c.kind.startswith("Denial")]
    assert shown.kind.endswith(UNSURE)
    set_aside_denial(actor=climb.who, denial=denial, why="another_person", at=moment("2026-04-10"))
    assert [c for c in choosable_exhibits(climb.who, climb.case, level) if c.kind.startswith("Denial")] == []


def test_a_letter_chosen_before_it_was_set_aside_is_not_filed(climb, taken_in):
    denial = taken_in(STRANGERS)
    climb.refuse()
    version, level = denial.letter.versions.get(), Appeal.objects.get(case=climb.case)
    chosen = {"actor": climb.who, "appeal": level, "versions": [(version, "")], "at": moment("2026-04-09")}
    set_exhibits(**chosen)
    set_aside_denial(actor=climb.who, denial=denial, why="another_person", at=moment("2026-04-10"))
    page = level_page(climb.who, climb.case, climb.level(1), day_at(moment("2026-04-10"), "America/New_York"))
    assert [m.message for m in page.missing if m.code == "exhibit_set_aside"] == [
        "Exhibit A is the letter of a denial that was set aside. Take it out."
    ]
    for step in (lambda: climb.file(1, "2026-04-10"), lambda: set_exhibits(**chosen)):
        with pytest.raises(Refused) as caught:
            step()
        assert codes(caught) == ["exhibit_set_aside"]


def test_the_next_level_does_not_carry_the_letter_of_a_denial_set_aside(climb, taken_in):
    denial = taken_in(STRANGERS)
    climb.refuse()
    version = denial.letter.versions.get()
    set_exhibits(actor=climb.who, appeal=climb.level(1), versions=[(version, "")], at=moment("2026-04-09"))
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-20")
    set_aside_denial(actor=climb.who, denial=denial, why="another_person", at=moment("2026-04-21"))
    save_draft(actor=climb.who, appeal=climb.level(2), text="Please.", at=moment("2026-04-22"))
    assert not Exhibit.objects.filter(appeal=climb.level(2)).exists()


def test_a_letter_that_a_confirmed_denial_rests_on_stays_visible(climb, taken_in):
    first = taken_in(OWN)
    second = climb.refuse(confirmed=None)
    Denial.objects.filter(pk=second.pk).update(letter=first.letter)
    confirm_denial(actor=climb.who, denial=first, theirs_all_the_same=True, at=moment("2026-04-10"))
    set_aside_denial(actor=climb.who, denial=second, why="twice", at=moment("2026-04-10"))
    first.letter.refresh_from_db()
    assert first.letter.for_patient is True


def test_a_decision_letter_that_names_somebody_else_is_asked_about(climb, sign_in):
    climb.answer(ERISA)
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    letter, nora = letter_in(climb.cast, STRANGERS), sign_in("nora")
    url = address("level_decide", climb.case, climb.level(1))
    typed = {"version": climb.level(1).version, "letter": str(letter.public_id), "notice_on": "2026-04-20"}
    typed |= {f"item_{item.public_id}": "upheld" for item in climb.items}
    refused = nora.post(url, typed | {"show_letter": "on"})
    assert list(refused.context["form"].errors) == ["theirs_all_the_same"]
    assert "The letter and the case disagree (patient, member id)." in words(refused)
    assert nora.post(url, typed | {"theirs_all_the_same": "on"}).status_code == 302
    letter.refresh_from_db()
    assert (climb.level(1).status, letter.for_patient) == ("decided", False)


def taken_along(patient):
    """Rows of denials, rows of documents and files that the patient takes along."""
    parts = [*contest_of(patient), *matter_of_patient(patient)]
    rows = {part.key: len(part.rows) for part in parts if isinstance(part, Section)}
    files = [part for part in parts if isinstance(part, Enclosed)]
    return rows["denials"], rows["denial_reasons"], rows["documents"], rows["document_versions"], len(files)


def test_the_patient_does_not_take_the_letter_of_somebody_else_along(climb, taken_in):
    denial, patient = taken_in(STRANGERS), climb.case.patient
    assert taken_along(patient) == (0, 0, 0, 0, 0)
    set_aside_denial(actor=climb.who, denial=denial, why="another_person", at=moment("2026-04-10"))
    assert taken_along(patient) == (0, 0, 0, 0, 0)
    take_up_denial(actor=climb.who, denial=denial, at=moment("2026-04-11"))
    set_aside_denial(actor=climb.who, denial=denial, why="another_case", at=moment("2026-04-11"))
    assert taken_along(patient) == (0, 0, 1, 1, 1)
    take_up_denial(actor=climb.who, denial=denial, at=moment("2026-04-12"))
    confirm_denial(actor=climb.who, denial=denial, theirs_all_the_same=True, at=moment("2026-04-12"))
    assert taken_along(patient) == (1, 1, 1, 1, 1)


def test_on_screen(climb, taken_in, sign_in):
    denial, nora = taken_in(STRANGERS), sign_in("nora")
    confirm = address("denial_confirm", climb.case, denial)
    shown = words(nora.get(confirm))
    assert "The letter names somebody else:" in shown and "set it aside" in shown
    refused = nora.post(confirm, {"version": denial.version, "show_letter": "on"})
    assert "The letter and the case disagree (patient, member id)." in words(refused)
    aside = address("denial_set_aside", climb.case, denial)
    assert "tell your privacy officer" in words(nora.get(aside))
    done = nora.post(aside, {"version": denial.version, "why": "another_person"}, follow=True)
    assert "It counts for nothing." in words(done)
    assert "Save, and see which clocks start" not in words(done)
    listed = nora.get(address("request", climb.case, denial.request))
    assert "The letter is another person" in words(listed)
    assert address("denial", climb.case, denial) in listed.content.decode()
    again = nora.post(address("denial_take_up", climb.case, denial), follow=True)
    assert "Not confirmed: no clock runs." in words(again)
