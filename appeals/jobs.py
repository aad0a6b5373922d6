"""Background work of the contest: facts proposed from a letter that was read, and the nightly check of all dates."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from advocacy.access.policy import Actor, system_actor
from advocacy.background.queue import each, enqueue, job
from advocacy.tenancy.plans import any_of
from advocacy.tenancy.scope import current_organization_id
from appeals.commands.deadlines import recompute_deadlines
from appeals.commands.denials import READ_KINDS, propose_by_key
from appeals.commands.integrity import (
    check_dates_of,
    end_of_closed_cases,
    end_of_equal_dates,
    sweep,
    to_check_alone,
)
from appeals.commands.own_dates import OWN_DATES_JOB
from appeals.commands.recompute_many import recompute_many
from appeals.commands.sessions import consider_renewals, to_consider
from appeals.queries.integrity import CHECK_JOB as INTEGRITY_JOB
from appeals.queries.integrity import open_case_keys
from appeals.queries.lookup import cases_with_dates, keys_with_dates

if TYPE_CHECKING:
    from cases.models import Case

log = logging.getLogger("recourse.jobs")

PROPOSE_JOB = "appeals.propose_facts"
CHECK_JOB = "appeals.check_dates"
RENEWAL_JOB = "appeals.open_renewals"
AT_ONCE = 500
ALONE_AT_ONCE = 50
"""How many cases one job locks that it mends one by one."""


def _program() -> Actor:
    organization_id = current_organization_id()
    assert organization_id is not None, "a job runs in an organization's scope"
    return system_actor(organization_id, "jobs")


@job(PROPOSE_JOB, title="Propose facts from a letter that was read")
def propose_facts_job(*, version: int) -> None:
    """Propose facts from a version (by primary key) whose text was read. Reading it again adds nothing."""
    propose_by_key(actor=_program(), version=version, at=timezone.now())


@job(CHECK_JOB, title="Compare stored dates with their computation", every=timedelta(days=1))
def check_dates(*, case: int | None = None, after: int | None = None) -> None:
    """Compare the stored dates of every case with their computation: so many cases a job, the rest in another one.

    They are compared together; of those that differ, each is locked and mended by itself.
    """
    at = timezone.now()
    if case is not None:
        for row in cases_with_dates(_program()).filter(pk=case):
            check_dates_of(row, at)
        return
    keys = keys_with_dates(_program(), after=after or 0, most=AT_ONCE)
    if not keys:
        return
    differ = to_check_alone(keys, at)
    last = differ[ALONE_AT_ONCE - 1] if len(differ) > ALONE_AT_ONCE else keys[-1]
    _each_alone(CHECK_JOB, differ[:ALONE_AT_ONCE], lambda row: check_dates_of(row, at))
    end_of_equal_dates({key for key in keys if key <= last}.difference(differ), at)
    if last < keys[-1] or len(keys) == AT_ONCE:
        enqueue(CHECK_JOB, after=last)


@job(INTEGRITY_JOB, title="Look for cases that nobody moves", every=timedelta(days=1))
def check_integrity(*, after: int | None = None) -> None:
    """Write what is wrong with open cases, and end what is so no more: so many cases a job, the rest in another one."""
    at = timezone.now()
    if after is None:
        end_of_closed_cases(at)
    keys = open_case_keys(after=after or 0, most=AT_ONCE)
    sweep(keys, at)
    if len(keys) == AT_ONCE:
        enqueue(INTEGRITY_JOB, after=keys[-1])


@job(OWN_DATES_JOB, title="Compute dates again after an own date of the organization changed", later=True)
def own_dates_changed(*, case: int | None = None, after: int | None = None) -> None:
    """Compute the dates of every open case again: so many cases a job together, the rest in another one."""
    at = timezone.now()
    if case is not None:
        for row in cases_with_dates(_program()).filter(pk=case):
            recompute_deadlines(row, at)
        return
    keys = keys_with_dates(_program(), after=after or 0, most=AT_ONCE)
    try:
        with transaction.atomic():
            failed = [pk for pk, _kind in recompute_many(keys, at=at).failed]
    except Exception as problem:
        log.error("own dates: %s cases go one by one: %s", len(keys), type(problem).__name__)
        failed = keys
    _each_alone(OWN_DATES_JOB, failed, lambda row: recompute_deadlines(row, at))
    if len(keys) == AT_ONCE:
        enqueue(OWN_DATES_JOB, after=keys[-1])


@job(RENEWAL_JOB, title="Open the renewals that are due", every=timedelta(days=1))
def open_renewals(*, authorization: int | None = None) -> None:
    """Open the task of every authorization that comes to its end, an authorization a job: one that fails stops no other."""
    at = timezone.now()
    if authorization is not None:
        consider_renewals(at, pk=authorization)
        return
    for row in to_consider(at):
        enqueue(RENEWAL_JOB, authorization=row.pk)


def _each_alone(name: str, keys: Sequence[int], work: Callable[[Case], object]) -> None:
    """Each of these cases by itself; one that fails stops no other, and gets a job of its own."""
    rows = {row.pk: row for row in cases_with_dates(_program()).filter(any_of("pk", keys))} if keys else {}
    each(name, rows, lambda key: work(rows[key]), by="case")


def propose_after_reading(version: Any) -> None:
    """What `cases.jobs` calls when the text of a version was read: of a payer's letter, ask for the proposals as a job."""
    if version.document.kind in READ_KINDS:
        enqueue(PROPOSE_JOB, version=version.pk)
