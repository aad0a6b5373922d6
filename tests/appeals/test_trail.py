"""The trail: who saw and changed what, for whoever may audit the case, sealed values opened for the page only."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.audit.trail import record, record_read
from appeals.queries.trail import SEALED, trail
from cases.commands.access import lift_restriction, restrict_case
from cases.commands.cases import assign_case
from cases.commands.communications import write_note
from cases.models import Case, Note
from tests.appeals.scenes import new_case
from tests.appeals.test_today import now, statements
from tests.cast import Cast
from tests.standing import prepared


@prepared
def worked(cast: Cast) -> tuple[Cast, Case, Note]:
    """Nora wrote a note and changed the patient's safe contact rules; Sam gave the case to Nils; Nils looked."""
    from advocacy.tenancy.scope import scope_with

    case = new_case(1, at=now(), owner=cast.members["nora"])
    note = write_note(actor=cast.nora, case=case, body="The clinic faxed the chart.", at=now())
    case.patient.safe_contact_note = "Never call the landline."
    case.patient.save(update_fields=["safe_contact_note"])
    with scope_with(actor=cast.sam.key, actor_label=cast.sam.label):
        assign_case(actor=cast.sam, case=case, owner=cast.members["nils"], at=now())
    with scope_with(actor=cast.nils.key, actor_label=cast.nils.label):
        record_read("read_page", cases=[case.pk], patients=[case.patient_id], detail={"page": "appeals:case"})
    return cast, case, note


def lines(cast: Cast, case: Case, **filters):
    return trail(cast.sam, case, **filters).lines


def test_acts_reads_and_changes_read_as_sentences(worked):
    cast, case, _note = worked
    said = [f"{line.who} {line.sentence}" for line in lines(cast, case)]
    assert said[0] == "Nils Navigator opened a page"
    assert "Sam Supervisor assigned the case" in said
    assert "Sam Supervisor changed case" in said
    assert "Nora Navigator wrote a note" in said and "Nora Navigator added note" in said
    assert "Nora Navigator changed patient" in said


def test_pages_and_codes_read_as_words(worked):
    cast, case, _note = worked
    record_read("read_page", cases=[case.pk], detail={"page": "cases:cost_new"})
    record("request_submitted", subject=case, detail={"kind": "at_stake", "again": True})
    assert [line.detail for line in lines(cast, case)[:2]] == [
        "Kind: at stake; Again: yes",
        "Page: new amount of money",
    ]


def test_a_task_s_code_and_a_day_read_as_words(worked):
    cast, case, _note = worked
    record("task_raised", subject=case, detail={"code": "consider_court:97", "template": "", "by": "stage"})
    record("authorization_granted", subject=case, detail={"valid_until": "2027-02-28"})
    assert [line.detail for line in lines(cast, case)[:2]] == [
        "Valid until: Feb 28, 2027",
        "Code: consider court",
    ]


def test_the_hour_in_a_change_is_that_of_the_page(worked):
    cast, case, note = worked
    with timezone.override("Pacific/Honolulu"):
        [written] = [
            c.after
            for line in lines(cast, case, kind="row")
            if line.sentence == "added note"
            for c in line.changes
            if c.field == "written at"
        ]
        assert written == f"{timezone.localtime(note.written_at):%b %-d, %Y, %H:%M HST}"


def test_a_change_shows_each_field_before_and_after_with_names_for_keys(worked):
    cast, case, _note = worked
    [change] = [
        line
        for line in lines(cast, case, kind="row")
        if line.sentence == "changed case" and line.who == "Sam Supervisor"
    ]
    found = {c.field: (c.before, c.after) for c in change.changes}
    assert found["owner"] == ("Nora Navigator", "Nils Navigator")
    assert "version" not in found


def test_sealed_values_are_opened_for_this_page_and_stay_sealed_in_the_trail(worked):
    cast, case, note = worked
    changes = {
        (line.sentence, c.field): (c.before, c.after)
        for line in lines(cast, case, kind="row")
        for c in line.changes
    }
    assert changes[("changed patient", "safe contact note")] == ("", "Never call the landline.")
    assert changes[("added note", "body")] == ("", "The clinic faxed the chart.")
    stored = " ".join(str(e.data) for e in Event.objects.all())
    assert "landline" not in stored and "faxed the chart" not in stored
    assert note.body == "The clinic faxed the chart."


def test_a_value_that_does_not_open_is_said_to_have_changed(worked, settings, tmp_path):
    cast, case, _note = worked
    settings.KEYSTORE = tmp_path
    [added] = [line for line in lines(cast, case, kind="row") if line.sentence == "added note"]
    [body] = [c for c in added.changes if c.field == "body"]
    assert (body.opened, body.before, body.after) == (False, "", SEALED)


def test_filters_by_kind_and_person_keep_what_they_say(worked):
    cast, case, _note = worked
    nora = str(cast.members["nora"].public_id)
    assert {line.kind for line in lines(cast, case, kind="read")} == {"read"}
    assert {line.who for line in lines(cast, case, person=nora)} == {"Nora Navigator"}
    assert lines(cast, case, person=str(cast.members["mia"].public_id)) == ()
    people = dict(trail(cast.sam, case).people)
    assert people[nora] == "Nora Navigator" and "Mia Meadow" not in people.values()


def test_the_trail_goes_back_by_key_and_repeats_nothing(worked):
    cast, case, _note = worked
    seen, after = [], None
    while True:
        page = trail(cast.sam, case, after=after, size=3)
        seen += [line.key for line in page.lines]
        if not page.after:
            break
        after = int(page.after)
    assert seen == [line.key for line in lines(cast, case)]
    assert len(seen) > 6


def test_supervisor_and_privacy_officer_open_it_others_do_not(worked, sign_in):
    _cast, case, _note = worked
    url = f"/admin/cases/{case.public_id}/trail/"
    wanted = {
        "sam": 200,
        "petra": 200,
        "nora": 403,
        "ines": 403,
        "clara": 403,
        "olga": 404,
        "anna": 404,
        "mia": 404,
    }
    assert {who: sign_in(who).get(url).status_code for who in wanted} == wanted


def test_another_case_of_the_patient_that_is_restricted_stays_out_of_it(cast: Cast, sign_in):
    """The patient's other case is closed to Sam: what happened there stands in its own trail, for those who open it."""
    mine: Any = cast.case
    other = Case.objects.create(
        reference="HB-2026-0777",
        patient=mine.patient,
        coverage=mine.coverage,
        provider=mine.provider,
        treatment="iv_ketamine",
        diagnosis_codes=["F11.20"],
        procedure_codes=["96365"],
        owner=cast.members["nora"],
        opened_at=now(),
        last_touched_at=now(),
    )
    record_read("read_list", cases=[mine.pk, other.pk], patients=[mine.patient_id])
    before = sign_in("sam").get(reverse("appeals:trail", args=[mine.public_id])).content.decode()
    restrict_case(actor=cast.sam, case=other, reason="A colleague's relative", at=now())
    lift_restriction(actor=cast.sam, case=mine, reason="Agreed with the patient", at=now())
    after = sign_in("sam").get(reverse("appeals:trail", args=[mine.public_id])).content.decode()
    assert ("F11.20" in before, "F11.20" in after, "HB-2026-0777" in after) == (True, False, False)
    assert "among 1 other case" in after


@pytest.mark.parametrize("after", ["²", "x", "9" * 5000])
def test_a_place_that_is_none_is_404(cast: Cast, sign_in, after):
    page = reverse("appeals:trail", args=[cast.case.public_id])  # type: ignore[union-attr]
    assert sign_in("sam").get(page, {"after": after}).status_code == 404


def test_opening_the_trail_is_itself_in_the_trail(worked, sign_in):
    cast, case, _note = worked
    url = f"/admin/cases/{case.public_id}/trail/"
    sam = sign_in("sam")
    assert "opened the trail" not in sam.get(url).content.decode()
    text = sam.get(url + "?kind=read").content.decode()
    assert "Sam Supervisor opened the trail" in text and "Nils Navigator opened a page" in text
    assert Event.objects.filter(kind="read", verb="read_trail", case_ids=[case.pk]).count() == 2
    assert cast.sam.key in set(Event.objects.filter(verb="read_trail").values_list("actor", flat=True))


def test_the_page_takes_at_most_twelve_statements_however_long_the_trail(worked, sign_in):
    cast, case, _note = worked
    petra = sign_in("petra")
    url = f"/admin/cases/{case.public_id}/trail/"
    counts = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as captured:
            assert petra.get(url).status_code == 200
        counts.append(len(statements(captured)))
        for n in range(3):
            write_note(actor=cast.nora, case=case, body=f"Note {n}", at=now())
            Note.objects.filter(case=case).update(for_patient=True)
    assert counts[0] == counts[1] <= 12, counts
    assert petra.get(url + "?after=x").status_code == 404
