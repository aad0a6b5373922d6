"""A legal hold: placed by one person, lifted by another, and kept by the database against every way of deleting."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, Refused, WrongState
from advocacy.people.holds import holds_visible_to, lift_hold, place_hold, why_kept
from advocacy.people.models import Contact, LegalHold, Patient, User
from advocacy.people.organizations import change_organization
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scope_with, scoped_to
from cases.models import Note
from tests.cast import NOW

WHY = "Whitlock v. Timberline, asked for by counsel"


def held(cast, **given):
    values = {"reference": "hb-2026-0001-p", "reason": WHY, "until": None} | given
    return place_hold(actor=cast.petra, at=timezone.now(), **values)


def reasons(caught) -> list[str]:
    return [reason.code for reason in caught.value.reasons]


def removes(sql: str, *values) -> bool:
    """Whether this statement deletes a row: straight to the database, past every command."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.rowcount == 1
    except IntegrityError as problem:
        assert "legal hold" in str(problem)
        return False


@pytest.fixture
def note(cast):
    return Note.objects.create(case=cast.case, body="x", written_at=NOW)


def test_while_it_stands_no_way_deletes_a_part_of_the_record(cast, note):
    contact = Contact.objects.create(patient=cast.case.patient, kind="phone", value="555-014-0001")
    held(cast)
    assert not removes("DELETE FROM cases_note WHERE id = %s", note.pk)
    assert not removes("DELETE FROM people_contact WHERE id = %s", contact.pk)
    assert not removes("DELETE FROM people_patient WHERE id = %s", cast.case.patient_id)
    with pytest.raises(IntegrityError), transaction.atomic():
        Note.objects.all().delete()
    assert [r.code for r in why_kept(cast.case.patient)] == ["held"]
    # Another patient of the organization, and another organization, are not held.
    other = Patient.objects.create(
        reference="HB-2026-0009-P",
        given_name="Sal",
        family_name="Ortiz",
        birth_date=NOW.date(),
        registered_at=NOW,
    )
    free = Contact.objects.create(patient=other, kind="phone", value="555-014-0002")
    assert removes("DELETE FROM people_contact WHERE id = %s", free.pk)
    assert why_kept(other) == []
    with scoped_to(cast.meadow.pk, actor="system:test"):
        theirs = Note.objects.create(case=cast.meadow_case, body="x", written_at=NOW)
        assert removes("DELETE FROM cases_note WHERE id = %s", theirs.pk)


def test_one_on_the_whole_organization_keeps_everything_and_stops_off_boarding(cast, note):
    held(cast, reference="")
    assert not removes("DELETE FROM cases_note WHERE id = %s", note.pk)
    User.objects.create_user("ops@platform.example", None, name="Ops", is_superuser=True)
    people = ("--asked-by", "olga@harbor.example", "--approved-by", "ops@platform.example")
    with pytest.raises(CommandError, match="Legal holds stand: 1"):
        call_command("offboard", "harbor", *people, "--confirm", "harbor", stdout=io.StringIO())
    assert Patient.objects.get(pk=cast.case.patient_id).given_name == "Dana"


def test_somebody_else_lifts_it_and_says_why(cast, note):
    hold = held(cast)
    with pytest.raises(Refused) as own:
        lift_hold(actor=cast.petra, hold=hold, reason="settled", at=timezone.now())
    assert reasons(own) == ["own_hold"]
    with pytest.raises(Refused) as silent:
        lift_hold(actor=cast.sam, hold=hold, reason=" ", at=timezone.now())
    assert reasons(silent) == ["reason_missing"]
    with scope_with(actor=cast.sam.key, actor_label=cast.sam.label):
        lift_hold(actor=cast.sam, hold=hold, reason="settled", at=timezone.now())
    with pytest.raises(WrongState):
        lift_hold(actor=cast.sam, hold=hold, reason="settled", at=timezone.now())
    assert removes("DELETE FROM cases_note WHERE id = %s", note.pk)
    assert list(
        Event.objects.filter(verb__startswith="hold_").order_by("id").values_list("verb", flat=True)
    ) == [
        "hold_placed",
        "hold_lifted",
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT reason FROM people_legalhold")
        assert b"Timberline" not in bytes(cursor.fetchone()[0])


def test_it_ends_with_its_last_day(cast, note):
    held(cast, until=timezone.now().date() + timedelta(days=2))
    assert not removes("DELETE FROM cases_note WHERE id = %s", note.pk)
    LegalHold.objects.update(until=timezone.now().date() - timedelta(days=2))
    assert why_kept(cast.case.patient) == []
    assert removes("DELETE FROM cases_note WHERE id = %s", note.pk)


def test_what_is_wrong_is_said_at_once_and_nobody_else_places_one(cast):
    with pytest.raises(Refused) as wrong:
        held(cast, reference="MD-2026-0001-P", reason=" ", until=timezone.now().date() - timedelta(days=3))
    assert reasons(wrong) == ["no_patient", "reason_missing", "until_past"]
    with pytest.raises(NotAllowed):
        place_hold(actor=cast.nora, reference="", reason=WHY, until=None, at=timezone.now())


def test_a_hold_on_a_patient_who_is_not_open_is_not_shown(cast):
    held(cast)
    Patient.objects.filter(pk=cast.case.patient_id).update(is_restricted=True)
    assert (holds_visible_to(cast.sam).count(), holds_visible_to(cast.petra).count()) == (0, 0)


def test_at_the_desk_one_places_it_and_another_lifts_it(cast):
    petra, sam = Client(), Client()
    petra.force_login(cast.users["petra"])
    sam.force_login(cast.users["sam"])
    page = reverse("people:holds")
    assert petra.post(page, {"reference": "", "reason": "", "until": ""}).status_code == 422
    answer = petra.post(page, {"reference": "HB-2026-0001-P", "reason": WHY, "until": ""})
    assert answer.status_code == 302
    lift = reverse("people:hold_lift", args=[LegalHold.objects.get().public_id])
    assert lift not in petra.get(page).content.decode()
    shown = sam.get(page).content.decode()
    assert lift in shown and WHY in shown and "HB-2026-0001-P" in shown
    assert petra.post(lift, {"reason": "settled"}).status_code == 422
    assert sam.post(lift, {"reason": "settled"}).status_code == 302
    assert "Lifted" in sam.get(page).content.decode()


def test_one_hold_stops_the_pruning_of_the_trail(cast):
    assert "keeps its trail for 6 years: 0 events are older" in told(
        "prune_trail", "harbor", "--confirm", "harbor"
    )
    held(cast)
    with pytest.raises(CommandError, match="Legal holds stand: 1"):
        told("prune_trail", "harbor", "--confirm", "harbor")


def test_the_trail_is_kept_for_six_years_or_longer(cast):
    given = {"name": "Harbor", "time_zone": "America/Denver", "at": timezone.now()}
    with pytest.raises(Refused) as short:
        change_organization(actor=cast.olga, retention_years=5, **given)
    assert reasons(short) == ["retention_short"]
    change_organization(actor=cast.olga, retention_years=10, **given)
    assert "keeps its trail for 10 years" in told("prune_trail", "harbor")
    with pytest.raises(IntegrityError), transaction.atomic():
        Organization.objects.filter(pk=cast.harbor.pk).update(retention_years=1)


def told(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()
