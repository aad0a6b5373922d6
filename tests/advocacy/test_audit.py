"""The trail as it is stored: when it happened and when it was written, whole batches for the seal, and whose it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.audit.trail import reason_of, record, record_read
from advocacy.people.models import Patient
from advocacy.tenancy.scope import scoped_to
from advocacy.tenancy.sealing import CannotOpen
from cases.models import Note


def events(after: int, **given) -> list[Event]:
    return list(Event.objects.filter(id__gt=after, **given).order_by("id"))


@pytest.fixture
def last(cast) -> int:
    return Event.objects.order_by("-id").values_list("id", flat=True).first() or 0


def test_what_is_told_after_the_fact_keeps_both_moments(cast, last):
    then = datetime(2025, 11, 3, 9, 30, tzinfo=UTC)
    began = timezone.now()
    with scoped_to(cast.harbor.pk, actor="system:seed", actor_label="Recourse", at=then):
        Patient.objects.filter(pk=cast.case.patient_id).update(state="WA")
        record("case_restricted", subject=cast.case)
        record_read("read_page", cases=[cast.case.pk])
    found = events(last)
    assert [(e.kind, e.at) for e in found] == [("row", then), ("verb", then), ("read", then)]
    for event in found:
        assert began - timedelta(seconds=5) <= event.recorded_at <= timezone.now() + timedelta(seconds=5)


def test_what_happens_now_has_one_moment(cast, last):
    record("case_restricted", subject=cast.case)
    (event,) = events(last)
    assert abs(event.recorded_at - event.at) < timedelta(seconds=1)


def test_a_row_change_says_who_before_after_why_and_in_which_request(cast, last):
    with scoped_to(
        cast.harbor.pk, actor=cast.nora.key, actor_label="Nora", request_id="r-77", reason="moved house"
    ):
        Patient.objects.filter(pk=cast.case.patient_id).update(state="WA")
    (event,) = events(last)
    assert (event.kind, event.verb, event.subject_table, event.subject_id) == (
        "row",
        "update",
        "people_patient",
        cast.case.patient_id,
    )
    assert (event.actor, event.request_id, event.reason) == (cast.nora.key, "r-77", "moved house")
    assert event.data == {"state": ["OR", "WA"]}
    assert event.patient_ids == [cast.case.patient_id]


def test_only_what_changed_leaves_an_event(cast, last):
    """What was and what is, and nothing else; a row written as it was leaves nothing."""
    Patient.objects.filter(pk=cast.case.patient_id).update(state="OR", language="es")
    assert [event.data for event in events(last)] == [{"language": ["en", "es"]}]
    Patient.objects.filter(pk=cast.case.patient_id).update(state="OR", language="es")
    assert len(events(last)) == 1


def test_every_event_lies_in_exactly_one_batch_of_its_organization(cast, last):
    """One row a statement: what a job seals later needs no watermark over ids."""
    Note.objects.bulk_create(
        Note(case=cast.case, body=f"Note {n}", written_at=timezone.now(), written_by=None) for n in range(3)
    )
    record_read("read_list", cases=[cast.case.pk])
    wanted = [e.id for e in events(last)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT organization_id, ids FROM audit.batch ORDER BY id")
        batches = [(who, ids) for who, ids in cursor.fetchall() if set(ids) & set(wanted)]
    assert {who for who, _ in batches} == {cast.harbor.pk}
    assert sorted(pk for _, ids in batches for pk in ids) == wanted
    assert [len(ids) for _, ids in batches] == [3, 1]


def test_batches_and_events_of_another_organization_are_not_there(cast):
    with connection.cursor() as cursor:
        for table in ("audit.batch", "audit.event"):
            cursor.execute(f"SELECT DISTINCT organization_id FROM {table}")
            assert cursor.fetchall() == [(cast.harbor.pk,)]
    with scoped_to(cast.meadow.pk), connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT organization_id FROM audit.event")
        assert cursor.fetchall() == [(cast.meadow.pk,)]


def test_an_unknown_verb_is_a_mistake_of_the_program(cast):
    with pytest.raises(KeyError):
        record("looked_around", subject=cast.case)


def test_a_typed_reason_is_sealed_and_bound_to_its_subject(cast, last):
    record("case_restricted", subject=cast.case, reason="Dana Whitlock asked for it")
    (event,) = events(last)
    assert "Whitlock" not in event.reason
    assert reason_of(event) == "Dana Whitlock asked for it"
    event.subject_id += 1
    with pytest.raises(CannotOpen):
        reason_of(event)
