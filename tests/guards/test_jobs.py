"""Background work: every job takes ids only, says what it does, and may run twice. Edit the app's `jobs.py`.

The broker redelivers after a worker's death, so a second run of the same job writes nothing that the first did not.
"""

from __future__ import annotations

import inspect
import itertools

import pytest
from django.core import mail
from django.test import override_settings

from advocacy.audit.models import Event
from advocacy.background import queue
from advocacy.background.models import Job
from appeals.models import Deadline, Reminder
from appeals.notices import OURS

JOBS = sorted(queue.registered())
# What an id of a job's arguments names; a new kind of id is added here and to `ids_for`.
IDS = {
    "authorization",
    "version",
    "case",
    "deadline",
    "notice",
    "access",
    "reminder",
    "link",
    "glass",
    "after",
    "patient",
    "line",
    "offer",
    "member",
}
# Tables of the machinery: a job that asks for others leaves rows here each time.
MACHINERY = {"background_job"}


def parameters(name: str) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(queue.registered()[name]).parameters)


def ids_for(world, name: str) -> dict[str, int]:
    rows = {
        "authorization": world.rows["authorization_id"].pk,
        "version": world.rows["version_id"].pk,
        "case": world.rows["case_id"].pk,
        "member": world.cast.members["nora"].pk,
        "after": world.rows["case_id"].pk,
        "notice": world.rows["notice"].pk,
        "access": world.rows["portal_access_id"].pk,
        "link": world.rows["clinic_link_id"].pk,
        "glass": world.rows["glass_id"].pk,
        "patient": world.rows["case_id"].patient_id,
        "line": 7,
        "offer": world.rows["received_id"].pk,
        "deadline": (
            running := Deadline.objects.filter(status=Deadline.Status.RUNNING).order_by("due_on")[0]
        ).pk,
    }
    if "reminder" in parameters(name):
        reminder, _ = Reminder.objects.get_or_create(
            case=running.case,
            deadline=running,
            member=world.cast.members["nora"],
            rung=7,
            defaults={"lead": OURS, "claimed_at": running.computed_at},
        )
        rows["reminder"] = reminder.pk
    return {key: rows[key] for key in parameters(name)}


def test_the_jobs():
    """By equality, so that a new one is met here and in docs/trail-verbs.md."""
    assert JOBS == [
        "appeals.check_dates",
        "appeals.check_integrity",
        "appeals.digests",
        "appeals.mail_digest",
        "appeals.mail_reminder",
        "appeals.open_renewals",
        "appeals.own_dates",
        "appeals.propose_facts",
        "appeals.remind",
        "appeals.remind_of",
        "cases.after_reading",
        "cases.read_document",
        "cases.remind_clinic",
        "cases.remind_of_offer",
        "cases.remind_patients",
        "cases.send_notice",
        "cases.send_notices",
        "cases.tell_of_broken_glass",
        "cases.tell_of_held_back",
        "cases.tell_of_offer",
        "cases.tidy_vault",
        "cases.wake_tasks",
        "cases.watch_clinics",
        "cases.watch_held_back",
        "cases.watch_offers",
        "cases.watch_referrals",
        "people.check_leavers",
        "people.invite_to_portal",
        "people.prove_worker",
        "people.send_invitations",
        "reporting.settle_figures",
    ]


@pytest.mark.parametrize("name", JOBS)
def test_a_job_takes_ids_by_name_and_nothing_else(name):
    for key, parameter in parameters(name).items():
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert parameter.annotation in ("int", "int | None")
        assert key in IDS


@pytest.mark.parametrize("name", JOBS)
def test_a_job_has_a_title_of_words_and_a_sentence(name):
    title = queue.title_of(name)
    assert title != name and " " in title and "_" not in title
    assert (queue.registered()[name].__doc__ or "").strip().endswith(".")


@pytest.mark.parametrize("name", JOBS)
def test_what_is_asked_for_by_the_clock_needs_no_id(name):
    if name in queue._schedule:
        assert all(p.default is None for p in parameters(name).values())
        assert queue._schedule[name].total_seconds() % 60 == 0


def test_no_two_jobs_have_one_title():
    titles = [queue.title_of(name) for name in JOBS]
    assert len(set(titles)) == len(titles)


def written(after: int) -> list[tuple[str, str, int]]:
    """Row changes and acts of the trail after an event, without the machinery's own."""
    found = Event.objects.filter(id__gt=after).exclude(kind="read").order_by("id")
    return [(e.verb, e.subject_table, e.subject_id) for e in found if e.subject_table not in MACHINERY]


@pytest.mark.parametrize("name", JOBS)
def test_a_second_run_writes_and_sends_nothing(world, name):
    """As the worker runs it: twice the same row, then a row of its own with the same ids."""
    ids = ids_for(world, name)
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        first = queue.enqueue(name, **ids)
        assert queue.run(first.organization_id, first.pk) == "done"
        last, sent = Event.objects.order_by("-id").values_list("id", flat=True)[0], len(mail.outbox)
        assert queue.run(first.organization_id, first.pk) == "already done"
        again = queue.enqueue(name, **ids)
        assert queue.run(again.organization_id, again.pk) == "done"
        assert (written(last), len(mail.outbox)) == ([], sent)
    kept = Job.objects.filter(name=name).values_list("arguments", flat=True)
    values = set(itertools.chain.from_iterable(arguments.values() for arguments in kept))
    assert {type(value) for value in values} <= {int}
