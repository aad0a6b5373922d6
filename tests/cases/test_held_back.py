"""What left and the patient is not told of yet: an agency's time, a risk, and what was recorded wrongly and is put right."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.audit.trail import reason_of
from advocacy.errors import NotAllowed, Refused
from advocacy.people.commands import revoke_consent
from advocacy.people.export import Enclosed
from advocacy.people.rules import day_in
from advocacy.tenancy.scope import scoped_to
from appeals.queries.trail import trail
from cases.commands.accounting import (
    SHOW,
    Told,
    correct_disclosure,
    hold_back,
    record_disclosure,
    tell_of_held_back,
    to_look_at_again,
)
from cases.commands.communications import correct_communication, log_communication
from cases.commands.consent_papers import correct_recipients
from cases.commands.documents import upload_document
from cases.commands.portal_record import matter_of_patient
from cases.models import Attachment, Document
from cases.queries.accounting import accounting
from cases.suspensions import HELD, SHOWN, Held, Why, standing
from tests.cases.test_accounting import codes, in_portal, pages
from tests.cast import release

pytestmark = pytest.mark.django_db
TODAY = date(2026, 6, 1)
WRITTEN = Told("written", "Lt. Marsh, county police", "It would impede the search.", None, None)
RISK = Told("risk", "", "Her husband reads her mail.", None, None)


def on(cast, days: int = 0) -> date:
    return day_in(cast.case.patient.time_zone, timezone.now()) + timedelta(days=days)


def left(cast, actor=None, ground="abuse", told=None, **given):
    """A report that the desk records; its line."""
    said = {
        "party": "other",
        "recipient": "Adult Protective Services",
        "address": "",
        "what": "Notes of a visit",
        "why": "A report",
        "left_on": on(cast, -1),
        "at": timezone.now(),
    }
    record_disclosure(
        actor=actor or cast.petra, patient=cast.case.patient, ground=ground, told=told, **said | given
    )
    return accounting(cast.petra, cast.case.patient, timezone.now()).counted[0]


def sees(cast, at=None) -> list[str]:
    """To whom, as the patient's own list says it."""
    return [
        line.to
        for line in accounting(in_portal(cast, "patient"), cast.case.patient, at or timezone.now()).counted
    ]


def test_an_agencys_time_runs_out_and_a_risk_does_not():
    until = TODAY + timedelta(days=5)
    acts = [(HELD, Held(Why.WRITTEN, until)), (HELD, Held(Why.RISK, until))]
    both = {
        days: [held.why for held in standing("police", acts, TODAY + timedelta(days=days))] for days in (5, 6)
    }
    assert both == {5: ["risk", "written"], 6: ["risk"]}
    assert standing("police", [*acts, (SHOWN, None)], TODAY) == ()
    assert [held.why for held in standing("abuse", [], TODAY)] == ["undecided"]
    assert standing("abuse", [(SHOWN, None)], TODAY) == standing("court", [], TODAY) == ()


def test_a_report_of_abuse_is_never_shown_first(cast):
    assert codes(lambda: left(cast)) == ["told_missing"]
    assert codes(lambda: left(cast, cast.sam, told=Told(SHOW))) == ["privacy_officer_decides"]
    assert codes(lambda: left(cast, cast.sam, told=replace(RISK, until=on(cast, 30)))) == [
        "privacy_officer_decides"
    ]
    line = left(cast, cast.sam, told=Told("undecided"))
    assert ([held.why for held in line.held], sees(cast)) == (["undecided"], [])
    with pytest.raises(NotAllowed):
        hold_back(
            actor=cast.nora, patient=cast.case.patient, line=line.key, told=Told(SHOW), at=timezone.now()
        )


def test_the_privacy_officer_holds_it_for_a_risk_until_she_shows_it(cast, mailoutbox):
    line = left(cast, cast.sam, told=Told("undecided"))

    def decide(told, actor=cast.petra):
        hold_back(actor=actor, patient=cast.case.patient, line=line.key, told=told, at=timezone.now())

    assert codes(lambda: decide(RISK)) == ["until_missing"]
    assert codes(lambda: decide(replace(RISK, until=on(cast, 181)))) == ["look_again"]
    decide(replace(RISK, until=on(cast, 30)))
    assert sees(cast, timezone.now() + timedelta(days=40)) == []
    assert codes(lambda: decide(Told(SHOW, statement="She is safe"), cast.sam)) == ["privacy_officer_decides"]
    assert to_look_at_again(at=timezone.now() + timedelta(days=29)) == []
    assert to_look_at_again(at=timezone.now() + timedelta(days=37)) == [(cast.case.patient_id, line.key)]
    # Days are those where the patient lives (New York): two in the morning in London is the evening before there.
    mornings = [datetime.combine(on(cast, 30), time(hour), tzinfo=UTC) for hour in (2, 20)]
    assert [bool(to_look_at_again(at=moment)) for moment in mornings] == [False, True]
    for _twice in "ab":
        tell_of_held_back(actor=cast.petra, patient=cast.case.patient_id, line=line.key, at=timezone.now())
    (mail,) = mailoutbox
    assert (mail.to, cast.case.patient.family_name in mail.body, "abuse" in mail.body) == (
        [cast.users["petra"].email],
        False,
        False,
    )
    decide(Told(SHOW, statement="She has moved"))
    assert sees(cast) == ["Adult Protective Services"]
    assert to_look_at_again(at=timezone.now() + timedelta(days=37)) == []


def test_an_agency_is_heard_for_its_time_and_orally_for_thirty_days(cast):
    def told(**given):
        return replace(WRITTEN, **given)

    assert codes(lambda: left(cast, ground="police", told=told())) == ["until_missing"]
    assert codes(lambda: left(cast, ground="court", told=told(until=on(cast, 9)))) == ["no_agency_ground"]
    assert codes(lambda: left(cast, ground="police", told=told(who="", statement="", until=on(cast, 9)))) == [
        "agency_missing",
        "statement_missing",
    ]
    oral = told(told="oral", said_on=on(cast, -2))
    assert codes(lambda: left(cast, ground="police", told=replace(oral, until=on(cast, 29)))) == [
        "oral_too_long"
    ]
    line = left(cast, cast.sam, ground="oversight", told=replace(oral, until=on(cast, 28)))
    assert [sees(cast, timezone.now() + timedelta(days=days)) for days in (0, 28, 29)] == [
        [],
        [],
        ["Adult Protective Services"],
    ]
    hold_back(
        actor=cast.sam,
        patient=cast.case.patient,
        line=line.key,
        told=told(until=on(cast, 90)),
        at=timezone.now(),
    )
    assert [sees(cast, timezone.now() + timedelta(days=days)) for days in (90, 91)] == [
        [],
        ["Adult Protective Services"],
    ]
    acts = Event.objects.filter(verb=HELD).order_by("pk")
    assert [act.data["why"] for act in acts] == ["oral", "written"]
    assert [
        line.reason == "Lt. Marsh, county police; It would impede the search."
        for line in trail(cast.sam, cast.case, kind="verb").lines
        if line.sentence.startswith("held back")
    ] == [True, True]
    assert "Marsh" not in str([(act.reason, act.data) for act in acts])


def test_it_is_on_the_page_of_the_desk_and_on_nothing_the_patient_gets(cast, sign_in, enter):
    patient = cast.case.patient
    new, page, paper, hold, correct = (
        reverse(f"people:{name}", args=[patient.public_id])
        for name in (
            "disclosure_new",
            "disclosures",
            "disclosures_file",
            "disclosure_hold",
            "disclosure_correct",
        )
    )
    petra, name = sign_in("petra"), "Adult Protective Services"
    typed = {
        "left_on": on(cast, -1).isoformat(),
        "party": "other",
        "recipient": name,
        "what": "Notes",
        "ground": "abuse",
        "why": "A report",
    }
    assert petra.post(new, typed).status_code == 422
    risk = {"told": "risk", "statement": "He reads her mail", "until": on(cast, 30).isoformat()}
    assert petra.post(new, typed | risk).headers["Location"] == page
    with scoped_to(cast.harbor.pk):
        key = Event.objects.get(verb="disclosed").pk
    dana = enter("dana")

    def told() -> list[bool]:
        theirs = [reverse("portal:sent"), reverse("portal:sent_paper")]
        texts = [petra.get(page).content.decode(), pages(petra.get(paper).content)]
        answers = [dana.get(address) for address in theirs]
        return [name in text for text in (*texts, answers[0].content.decode(), pages(answers[1].content))]

    assert told() == [True, False, False, False]
    assert "He reads her mail" in petra.get(page).content.decode()
    assert petra.post(hold, {"line": key, "told": "show"}).status_code == 422
    shown = {"line": key, "told": "show", "statement": "She has moved"}
    assert petra.post(hold, shown).headers["Location"] == page
    assert told() == [True, True, True, True]
    form = petra.get(f"{correct}?line={key}")
    assert form.context["form"].initial["recipient"] == name
    put = {"line": key, "recipient": "Child Protective Services", "what": "Notes", "because": "a slip"}
    assert petra.post(correct, put).headers["Location"] == page
    text = dana.get(reverse("portal:sent")).content.decode()
    assert ("Child Protective Services" in text, f"Before, it said: {name}" in text) == (True, True)
    nora = sign_in("nora")
    assert [nora.get(address).status_code for address in (hold, correct)] == [403, 403]


def test_a_call_about_it_does_not_go_along_with_the_whole_record_meanwhile(cast):
    for party, summary in (("other", "Spoke with the county"), ("payer", "Spoke with the plan")):
        log_communication(
            actor=cast.nora,
            case=cast.case,
            channel="call",
            party=party,
            summary=summary,
            happened_at=timezone.now(),
            at=timezone.now(),
        )

    def gathered() -> list[str]:
        parts = matter_of_patient(cast.case.patient)
        return [
            row.summary for part in parts if getattr(part, "key", "") == "communications" for row in part.rows
        ]

    assert gathered() == ["Spoke with the county", "Spoke with the plan"]
    line = left(cast, told=Told("undecided"))
    assert gathered() == ["Spoke with the plan"]
    hold_back(
        actor=cast.petra,
        patient=cast.case.patient,
        line=line.key,
        told=Told(SHOW, statement="She asked for it herself"),
        at=timezone.now(),
    )
    assert gathered() == ["Spoke with the county", "Spoke with the plan"]


def test_nor_does_the_report_itself_unless_the_portal_shows_it(cast):
    papers = [
        upload_document(
            actor=cast.nora,
            case=cast.case,
            kind="other",
            title=title,
            filename="paper.txt",
            stream=io.BytesIO(title.encode()),
            at=timezone.now(),
        )
        for title in ("The report", "A letter she was shown", "A clinic's note")
    ]
    Document.objects.filter(pk=papers[1].pk).update(for_patient=True)
    call = log_communication(
        actor=cast.nora,
        case=cast.case,
        channel="call",
        party="other",
        summary="Spoke with the county",
        happened_at=timezone.now(),
        at=timezone.now(),
    )
    for document in papers[:2]:
        Attachment.objects.create(case=cast.case, communication=call, version=document.versions.get())

    def gathered() -> tuple[list[str], int]:
        parts = list(matter_of_patient(cast.case.patient))
        titles = [r.title for part in parts if getattr(part, "key", "") == "documents" for r in part.rows]
        return titles, sum(isinstance(part, Enclosed) for part in parts)

    assert gathered() == (["The report", "A letter she was shown", "A clinic's note"], 3)
    left(cast, told=Told("undecided"))
    assert gathered() == (["A letter she was shown", "A clinic's note"], 2)


def test_a_line_is_put_right_and_says_what_it_said(cast):
    line = left(cast, ground="court", recipient="Circuit Cort")

    def correct(actor=cast.petra, **given):
        said = {
            "recipient": "Circuit Court",
            "address": "Eugene",
            "what": "Notes of March",
            "because": "a slip",
        }
        correct_disclosure(
            actor=actor, patient=cast.case.patient, line=line.key, at=timezone.now(), **said | given
        )
        return accounting(cast.petra, cast.case.patient, timezone.now()).line(line.key)

    assert codes(lambda: correct(recipient=" ", what="", because="", ground="whim")) == [
        "recipient_missing",
        "what_missing",
        "reason_missing",
        "ground_unknown",
    ]
    right = correct(left_on=on(cast, -3))
    assert (right.to, right.address, right.what, right.day) == (
        "Circuit Court",
        "Eugene",
        "Notes of March",
        on(cast, -3),
    )
    assert [(was.to, was.what) for was in right.corrected] == [("Circuit Cort", "Notes of a visit. A report")]
    assert [held.why for held in correct(ground="abuse").held] == ["undecided"]
    assert codes(lambda: correct(cast.sam, ground="court")) == ["privacy_officer_decides"]
    act = Event.objects.filter(verb="disclosure_corrected").earliest("pk")
    assert ("Circuit Court" in reason_of(act), "Court" in act.reason + str(act.data)) == (True, False)


def test_an_entry_of_the_log_is_put_right_after_the_release_was_withdrawn(cast, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    paper = upload_document(
        actor=cast.nora,
        case=cast.case,
        kind="other",
        filename="a.txt",
        stream=io.BytesIO(b"Sleep is better."),
        at=timezone.now(),
    )
    consent = release(cast.case.patient)
    said = {
        "channel": "fax",
        "summary": "The diary",
        "happened_at": timezone.now(),
        "address": "503-555-0100",
    }
    entry = log_communication(actor=cast.nora, case=cast.case, attachments=[paper], at=timezone.now(), **said)
    revoke_consent(actor=cast.nora, consent=consent, at=timezone.now())
    right = said | {"direction": "out", "party": "payer", "address": "503-555-0199"}
    corrected = correct_communication(
        actor=cast.nora, communication=entry, reason="a slip", at=timezone.now(), **right
    )
    (line,) = accounting(cast.sam, cast.case.patient, timezone.now()).others
    assert (line.address, [was.address for was in line.corrected]) == ("503-555-0199", ["503-555-0100"])
    more = upload_document(
        actor=cast.nora,
        case=cast.case,
        kind="other",
        filename="b.txt",
        stream=io.BytesIO(b"Another."),
        at=timezone.now(),
    )
    with pytest.raises(Refused) as refused:
        correct_communication(
            actor=cast.nora,
            communication=corrected,
            reason="this went too",
            at=timezone.now(),
            attachments=[paper, more],
            **right,
        )
    assert [reason.code for reason in refused.value.reasons] == ["no_basis"]


def test_whom_a_release_names_is_put_right_also_after_it_was_withdrawn(cast):
    consent = release(cast.case.patient)
    consent.form, consent.recipients, consent.lacks = "other", "Blue Sumit", []
    consent.save(update_fields=["form", "recipients", "lacks"])
    revoke_consent(actor=cast.nora, consent=consent, at=timezone.now())

    def correct(recipients: str, because: str = "a slip", actor=cast.nora):
        return correct_recipients(
            actor=actor, consent=consent, recipients=recipients, because=because, at=timezone.now()
        )

    with pytest.raises(NotAllowed):
        correct("Blue Summit", actor=cast.petra)
    assert codes(lambda: correct("", "")) == ["recipients_missing", "reason_missing"]
    row = correct("Blue Summit")
    assert (row.recipients, row.revoked_at is None) == ("Blue Summit", False)
    (changed,) = [
        change
        for line in trail(cast.sam, cast.case, kind="row").lines
        for change in line.changes
        if change.after == "Blue Summit"
    ]
    assert changed.before == "Blue Sumit"
