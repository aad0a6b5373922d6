"""Background work of the matter: reading the text of a document, waking what was on hold, tidying the vault."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from advocacy.access.policy import Actor, system_actor
from advocacy.background.queue import PublicProblem, enqueue, job
from advocacy.tenancy.scope import current_organization_id
from cases.commands.documents import document_vault, mark_unreadable, read_text
from cases.commands.tasks import wake_due_tasks
from cases.queries.documents import version_by_key
from cases.reading import UnreadablePdf

if TYPE_CHECKING:
    from cases.models import DocumentVersion

log = logging.getLogger("recourse.jobs")

after_reading: list[Callable[[DocumentVersion], None]] = []
"""What the apps above do with a version whose text was read (propose facts); idempotent, filled when they are ready."""

ABANDONED_AFTER = timedelta(days=1)


def _program() -> Actor:
    organization_id = current_organization_id()
    assert organization_id is not None, "a job runs in an organization's scope"
    return system_actor(organization_id, "jobs")


def _could_not_read(*, version: int, reason: str) -> None:
    actor = _program()
    mark_unreadable(actor=actor, version=version_by_key(actor, version), note=reason, at=timezone.now())


@job("cases.read_document", title="Read the text of a document", failed=_could_not_read)
def read_document(*, version: int) -> None:
    """Read the text of a version (by primary key) and tell the apps above. Raises PublicProblem for an unreadable file.

    What the apps above make of the text may fail without losing it: then that part is a job of its own.
    """
    actor = _program()
    row = version_by_key(actor, version)
    try:
        row = read_text(actor=actor, version=row, at=timezone.now())
    except UnreadablePdf as problem:
        raise PublicProblem(str(problem)) from None
    try:
        with transaction.atomic():
            _tell(row)
    except Exception as problem:
        log.warning("after reading version %s: %s", row.public_id, type(problem).__name__)
        enqueue("cases.after_reading", version=version)


@job("cases.after_reading", title="Propose facts from a letter")
def announce_reading(*, version: int) -> None:
    """Tell the apps above about a text that was read before."""
    _tell(version_by_key(_program(), version))


@job("cases.wake_tasks", title="Wake tasks whose hold is over", every=timedelta(minutes=10))
def wake_tasks() -> None:
    """End the holds whose wake-up has come."""
    wake_due_tasks(actor=_program(), at=timezone.now())


@job("cases.tidy_vault", title="Tidy the vault of documents", every=timedelta(days=1))
def tidy_vault() -> None:
    """Remove what a killed process left half-written in the vault."""
    document_vault().sweep_incoming(older_than_seconds=ABANDONED_AFTER.total_seconds())


def _tell(version: DocumentVersion) -> None:
    if version.has_text:
        for listener in after_reading:
            listener(version)
