"""The scope, the sealed fields and the composite keys, as the application role."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.audit.trail import history_of
from advocacy.people.models import Patient
from advocacy.tenancy.db.base import TransactionRequired
from advocacy.tenancy.scope import OutsideScope, current_scope, scope_goes_on, scope_with, scoped_to
from advocacy.tenancy.sealing import CannotOpen, blind_index
from cases.models import Case, Coverage, Task


def test_the_tests_run_as_the_application_role(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT session_user, current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == ("recourse_app", "recourse_app", False, False)


def test_a_tenant_table_is_not_read_outside_a_scope(db):
    queryset = Case.objects.all()
    with pytest.raises(OutsideScope):
        list(queryset)


def test_each_organization_sees_its_own_rows_and_no_others(cast):
    assert [c.reference for c in Case.objects.all()] == ["HB-2026-0001"]
    with scoped_to(cast.meadow.pk):
        assert [c.reference for c in Case.objects.all()] == ["MD-2026-0001"]


def test_raw_sql_sees_its_own_rows_and_no_others(cast):
    with connection.cursor() as cursor:
        cursor.execute("SELECT reference FROM cases_case")
        assert cursor.fetchall() == [("HB-2026-0001",)]


def test_without_a_scope_raw_sql_sees_nothing(cast):
    with scoped_to(0), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cases_case")
        assert cursor.fetchone() == (0,)


def test_a_row_cannot_be_written_into_another_organization(cast):
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        Patient.objects.create(
            organization=cast.meadow,
            reference="X",
            given_name="A",
            family_name="B",
            birth_date="1980-01-01",
            registered_at="2026-01-01T00:00Z",
        )


def test_a_row_cannot_point_to_another_organizations_row(cast):
    with scoped_to(cast.meadow.pk):
        foreign = Coverage.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        cast.case.coverage_id = foreign.pk
        cast.case.save(update_fields=["coverage"])


def test_identifiers_are_ciphertext_in_the_table_and_in_the_trail(cast):
    with connection.cursor() as cursor:
        cursor.execute("SELECT family_name FROM people_patient")
        stored = bytes(cursor.fetchone()[0])
    assert b"Whitlock" not in stored
    assert "Whitlock" not in str(list(Event.objects.values_list("data", flat=True)))
    assert Patient.objects.get().family_name == "Whitlock"


def test_ciphertext_moved_to_another_row_does_not_open(cast):
    other = Patient.objects.create(
        reference="HB-P-2",
        given_name="Other",
        family_name="Person",
        birth_date="1990-01-01",
        registered_at="2026-01-01T00:00Z",
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE people_patient SET family_name = (SELECT family_name FROM people_patient WHERE id = %s)"
            " WHERE id = %s",
            [cast.case.patient_id, other.pk],
        )
    with pytest.raises(CannotOpen):
        _ = Patient.objects.get(pk=other.pk).family_name


def test_a_sealed_field_is_not_set_by_update(cast):
    with pytest.raises(TypeError, match="sealed"):
        Patient.objects.update(family_name="Plain")


def test_the_blind_index_finds_a_member_id_however_it_is_spaced(cast):
    index = blind_index(cast.harbor.pk, "tmk7730-4158201")
    assert Coverage.objects.get(member_id_index=index).member_id == "TMK 7730 41582 01"


def test_the_trail_holds_row_changes_of_any_way_of_writing(cast):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_case SET is_urgent = true WHERE id = %s", [cast.case.pk])
    event = history_of(case_id=cast.case.pk, patient_id=cast.case.patient_id).first()
    assert (event.kind, event.verb, event.subject_table, event.data) == (
        "row",
        "update",
        "cases_case",
        {"is_urgent": [False, True]},
    )
    assert event.actor == cast.nora.key


@pytest.mark.parametrize("statement", ["UPDATE audit.event SET verb = 'x'", "DELETE FROM audit.event"])
def test_the_application_cannot_change_the_trail(cast, statement):
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_a_query_in_scope_but_outside_a_transaction_raises():
    with scoped_to(1), pytest.raises(TransactionRequired):
        list(Case.objects.all())
    assert current_scope() is None


def test_a_scope_that_goes_on_ends_with_the_one_around_it(cast):
    def told() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('app.actor')")
            return cursor.fetchone()[0]

    with scope_with(actor="user:0"):
        for actor in ("user:1", "user:2"):
            scope_goes_on(actor=actor)
            assert (current_scope().actor, told()) == (actor, actor)
    assert (current_scope().actor, told()) == (cast.nora.key, cast.nora.key)


def test_an_update_whose_text_is_known_reaches_its_own_organization_only(cast):
    def staged(stage: str) -> str:
        cast.case.stage = stage
        cast.case.save(update_fields=["stage"])
        return Case.objects.get(pk=cast.case.pk).stage

    assert [staged(stage) for stage in ("one", "two")] == ["one", "two"]
    with (
        scoped_to(cast.meadow.pk),
        pytest.raises(DatabaseError, match="did not affect any rows"),
        transaction.atomic(),
    ):
        cast.case.save(update_fields=["stage"])
    assert staged("three") == "three"


def test_an_insert_whose_text_is_known_keeps_what_was_given_and_stays_in_its_organization(cast):
    def columns(task: Task) -> dict[str, object]:
        return {f.attname: getattr(task, f.attname) for f in Task._meta.concrete_fields}

    def given(title: str, **more: object) -> Task:
        return Task(case=cast.case, title=title, detail=f"{title} it", opened_at=timezone.now(), **more)

    line = {"key": "a", "label": "Read it", "done": False}
    for task in (given("Read", checklist=[line], due_on=date(2026, 4, 1)), given("Send", owner_id=None)):
        task.save()
        assert columns(Task.objects.get(pk=task.pk)) == columns(task)
    with (
        scoped_to(cast.meadow.pk),
        pytest.raises(DatabaseError, match="row-level security"),
        transaction.atomic(),
    ):
        given("Steal", organization_id=cast.case.organization_id).save()
    assert [t.title for t in Task.objects.order_by("pk")] == ["Read", "Send"]
