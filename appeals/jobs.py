"""Background work of the contest: facts proposed from a letter that was read, and the nightly check of all dates."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from advocacy.access.policy import Actor, system_actor
from advocacy.background.queue import each, enqueue, job
from advocacy.tenancy.scope import current_organization_id
from appeals.commands.deadlines import recompute_deadlines
from appeals.commands.denials import READ_KINDS, propose_by_key
from appeals.commands.integrity import check_dates_of, end_of_closed_cases, sweep
from appeals.commands.own_dates import OWN_DATES_JOB
from appeals.commands.sessions import consider_renewals, to_consider
from appeals.queries.integrity import CHECK_JOB as INTEGRITY_JOB
from appeals.queries.integrity import open_case_keys
from appeals.queries.lookup import cases_with_dates

PROPOSE_JOB = "appeals.propose_facts"
CHECK_JOB = "appeals.check_dates"
RENEWAL_JOB = "appeals.open_renewals"
AT_ONCE = 25
SWEPT_AT_ONCE = 500


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
    """Compare the stored dates of every case with their computation: so many cases a job, the rest in another one."""
    actor, at = _program(), timezone.now()
    if case is not None:
        for row in cases_with_dates(actor).filter(pk=case):
            check_dates_of(row, at)
        return
    rows = {row.pk: row for row in cases_with_dates(actor).filter(pk__gt=after or 0)[:AT_ONCE]}
    each(CHECK_JOB, rows, lambda key: check_dates_of(rows[key], at), by="case")
    if len(rows) == AT_ONCE:
        enqueue(CHECK_JOB, after=max(rows))


@job(INTEGRITY_JOB, title="Look for cases that nobody moves", every=timedelta(days=1))
def check_integrity(*, after: int | None = None) -> None:
    """Write what is wrong with open cases, and end what is so no more: so many cases a job, the rest in another one."""
    at = timezone.now()
    if after is None:
        end_of_closed_cases(at)
    keys = open_case_keys(after=after or 0, most=SWEPT_AT_ONCE)
    sweep(keys, at)
    if len(keys) == SWEPT_AT_ONCE:
        enqueue(INTEGRITY_JOB, after=keys[-1])


@job(OWN_DATES_JOB, title="Compute dates again after an own date of the organization changed", later=True)
def own_dates_changed(*, case: int | None = None, after: int | None = None) -> None:
    """Compute the dates of every open case again: so many cases a job, the rest in another one."""
    actor, at = _program(), timezone.now()
    if case is not None:
        for row in cases_with_dates(actor).filter(pk=case):
            recompute_deadlines(row, at)
        return
    rows = {row.pk: row for row in cases_with_dates(actor).filter(pk__gt=after or 0)[:AT_ONCE]}
    each(OWN_DATES_JOB, rows, lambda key: recompute_deadlines(rows[key], at), by="case")
    if len(rows) == AT_ONCE:
        enqueue(OWN_DATES_JOB, after=max(rows))


@job(RENEWAL_JOB, title="Open the renewals that are due", every=timedelta(days=1))
def open_renewals(*, authorization: int | None = None) -> None:
    """Open the task of every authorization that comes to its end, an authorization a job: one that fails stops no other."""
    at = timezone.now()
    if authorization is not None:
        consider_renewals(at, pk=authorization)
        return
    for row in to_consider(at):
        enqueue(RENEWAL_JOB, authorization=row.pk)


def propose_after_reading(version: Any) -> None:
    """What `cases.jobs` calls when the text of a version was read: of a payer's letter, ask for the proposals as a job."""
    if version.document.kind in READ_KINDS:
        enqueue(PROPOSE_JOB, version=version.pk)
