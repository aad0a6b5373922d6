"""Keeping the vault tidy: files that no document has, because the upload they belong to was undone.

A file is written before its row, so an upload that is rolled back leaves its bytes. Equal bytes that are uploaded later take
the file that is there. So that none is removed at that very moment, an upload holds a shared lock of its organization until
its transaction ends (`cases.commands.documents`), and removing needs the lock alone.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction

from advocacy.access.policy import Actor
from advocacy.audit.trail import record
from advocacy.errors import NotAllowed
from advocacy.tenancy.models import Organization
from cases.commands.documents import VAULT_LOCK, document_vault
from cases.models import Blob, WaitingPage
from cases.vault import BlobMissing

log = logging.getLogger("recourse.jobs")

ABANDONED_AFTER = timedelta(days=1)
CHUNK = 500
TRIES, PAUSE = 20, 0.25
"""How often, and after how many seconds, the lock is tried for: uploads are short. Else the next night does it."""


@dataclass(frozen=True)
class Tidied:
    """How many files were removed. `busy`: somebody was uploading the whole time, and what has no row was left."""

    half_written: int
    without_row: int
    busy: bool = False


def tidy_vault(*, actor: Actor) -> Tidied:
    """Remove from the organization's folder what a killed process left half-written, and blobs older than a day that no row
    has. For the program itself. Raises NotAllowed for anybody else.
    """
    if not actor.system:
        raise NotAllowed("tidy_vault")
    organization = Organization.objects.get(pk=actor.organization_id)
    folder, vault = organization.public_id, document_vault()
    seconds = ABANDONED_AFTER.total_seconds()
    half_written = vault.sweep_incoming(older_than_seconds=seconds, organization_id=folder)
    removed, busy = 0, False
    candidates = _without_row(vault.locations(organization_id=folder, older_than_seconds=seconds))
    if candidates:
        with transaction.atomic():
            busy = not _alone(actor)
            if not busy:
                # Asked again: what was uploaded meanwhile has its row now, and a file taken up again is young.
                old = set(vault.locations(organization_id=folder, older_than_seconds=seconds))
                for location in _without_row([c for c in candidates if c in old]):
                    try:
                        vault.delete(location, organization_id=folder)
                        removed += 1
                    except BlobMissing:
                        continue
    found = Tidied(half_written, removed, busy)
    if half_written or removed:
        record(
            "vault_tidied",
            subject=organization,
            detail={"half_written": half_written, "without_row": removed},
        )
    log.info("vault tidied: %s half-written, %s without a row%s", half_written, removed, ", busy" * busy)
    return found


def _without_row(locations: list[str]) -> list[str]:
    found = []
    for start in range(0, len(locations), CHUNK):
        chunk = locations[start : start + CHUNK]
        known = set(Blob.objects.filter(location__in=chunk).values_list("location", flat=True))
        known |= set(WaitingPage.objects.filter(location__in=chunk).values_list("location", flat=True))
        found += [location for location in chunk if location not in known]
    return found


def _alone(actor: Actor) -> bool:
    """Whether nobody of the organization is uploading; from then on nobody is until this transaction ends."""
    for _ in range(TRIES):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_try_advisory_xact_lock(%s, %s)", [VAULT_LOCK, (actor.organization_id or 0) % 2**31]
            )
            if cursor.fetchone() == (True,):
                return True
        time.sleep(PAUSE)
    return False
