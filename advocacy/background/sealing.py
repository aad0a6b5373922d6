"""What seals the trail by the clock, lays its heads down outside, and says so when either stops (ADR 13)."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from advocacy.access.disclosures import Party
from advocacy.audit import anchors
from advocacy.audit.seal import NoSealKey, Organization, Waiting, seal_next, waiting
from advocacy.audit.trail import LATE
from advocacy.audit.verifier import Unreadable
from advocacy.background.queue import round_of
from advocacy.mail import Notice, deliver
from advocacy.tenancy.models import Organization as Row
from advocacy.tenancy.scope import scoped_to

log = logging.getLogger("recourse.trail")

ROUND = 50.0
"""Seconds a round may take: the next one goes on where it ended."""
ANCHOR_LATE = timedelta(hours=26)
AGAIN = 6 * 3600
"""Seconds until the same alarm is mailed again."""


def organizations(only: Iterable[int] | None = None) -> list[Organization]:
    """All of them, or those with these primary keys."""
    rows = Row.objects.order_by("pk") if only is None else Row.objects.filter(pk__in=list(only))
    return [Organization(pk, str(public)) for pk, public in rows.values_list("pk", "public_id")]


def seal_all(*, seconds: float = ROUND) -> int:
    """Seal what waited when this began, the oldest organization first, for so long at most; returns how many events.

    What is written meanwhile is the next round's: whoever chased busy writers would make one small seal after another and
    take their processor. Raises NoSealKey.
    """
    if settings.KEYS.seal is None:
        raise NoSealKey("RECOURSE_SEAL_KEY is not set for this process.")
    end, done = time.monotonic() + seconds, 0
    found = sorted(what_waits(), key=lambda w: (w.oldest is not None, w.oldest))
    names = {o.pk: o for o in organizations(w.organization_id for w in found)}
    for waits in found:
        left = waits.events
        try:
            while left > 0 and time.monotonic() < end and (sealed := _one(names[waits.organization_id])):
                done, left = done + sealed, left - sealed
        except DatabaseError as problem:  # one organization's trouble is not the others'
            log.error("sealing an organization failed: %s", type(problem).__name__)
    return done


def _one(organization: Organization) -> int:
    with scoped_to(organization.pk, actor="system:seal"), transaction.atomic(), connection.cursor() as cursor:
        return seal_next(cursor, organization, settings.KEYS, at=timezone.now())


def what_waits() -> list[Waiting]:
    """What waits for its seal in every organization, counts and moments."""
    with connection.cursor() as cursor:
        return waiting(cursor)


def anchored() -> dict[str, datetime]:
    """Place ("folder", "mail") -> when heads were laid down there last."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT place, at FROM audit.anchored()")
        return dict(cursor.fetchall())


def anchor_all(*, folder: bool, mail: bool, restored: str = "") -> list[str]:
    """Lay the heads down at the places that are set; returns which. Where the folder's newest statement is not what the
    database says, nothing is laid down and the alarm goes out, unless `restored` says why.

    Raises NoSealKey, OSError where the folder is not there, and what the mail server raises.
    """
    at, told_to = timezone.now(), []
    known = organizations()
    with connection.cursor() as cursor:
        compared = settings.ANCHOR_DIR if not restored else None
        differs = anchors.differing(cursor, known, settings.KEYS, compared) if compared is not None else []
        if differs:
            alarm("differs", [f"Not what the witness holds: the trail of {public}." for public in differs])
            return []
        told = anchors.statement(cursor, known, settings.KEYS, at=at, restored=restored)
    if folder and settings.ANCHOR_DIR is not None:
        anchors.lay_down(settings.ANCHOR_DIR, told, at=at)
        told_to.append("folder")
    if mail and settings.ANCHOR_MAIL:
        facts = {"line": anchors.line_of(told), "at": at, "organizations": len(told["heads"])}
        for address in settings.ANCHOR_MAIL:
            deliver(
                Notice(
                    address,
                    f"Seals of the trail, {at:%Y-%m-%d %H:%M} UTC",
                    "notices/anchor.txt",
                    facts,
                    Party.OPERATOR,
                )
            )
        told_to.append("mail")
    with connection.cursor() as cursor:
        for place in told_to:
            cursor.execute("SELECT audit.note_anchor(%s::text, %s::int)", [place, len(told["heads"])])
    return told_to


def alarm(kind: str, sentences: list[str]) -> None:
    """Say it in the log, and to RECOURSE_ALARM_MAIL once in six hours."""
    for sentence in sentences:
        log.error("trail: %s", sentence)
    if settings.ALARM_MAIL and cache.add(f"trail-alarm:{kind}", "told", AGAIN):
        for address in settings.ALARM_MAIL:
            facts: dict[str, Any] = {"sentences": sentences}
            deliver(
                Notice(
                    address,
                    "The trail needs somebody to look",
                    "notices/trail_alarm.txt",
                    facts,
                    Party.OPERATOR,
                )
            )


def late(now: datetime) -> list[str]:
    """What is late, as sentences: the seal of the oldest event, the last anchor at each place that is set."""
    told = []
    oldest = min((w.oldest for w in what_waits() if w.oldest is not None), default=None)
    if oldest is not None and now - oldest > LATE:
        told.append(f"An event has waited for its seal since {oldest:%Y-%m-%d %H:%M} UTC.")
    last = anchored()
    for place, is_set in (("folder", settings.ANCHOR_DIR is not None), ("mail", bool(settings.ANCHOR_MAIL))):
        if is_set and (place not in last or now - last[place] > ANCHOR_LATE):
            since = f"since {last[place]:%Y-%m-%d %H:%M} UTC" if place in last else "yet"
            told.append(f"No anchor was laid down by {place} {since}.")
    return told


@round_of("audit.seal", every=timedelta(minutes=1))
def seal_round() -> None:
    """Seal what was committed since the last round."""
    try:
        seal_all()
    except NoSealKey as problem:
        log.warning("trail: %s", problem)


@round_of("audit.anchor", every=timedelta(hours=1))
def anchor_round() -> None:
    """Lay the heads down in the folder."""
    _anchored(folder=True, mail=False)


@round_of("audit.witness", every=timedelta(days=1))
def witness_round() -> None:
    """Mail the heads to the witness."""
    _anchored(folder=False, mail=True)


def _anchored(*, folder: bool, mail: bool) -> None:
    try:
        if settings.ANCHOR_DIR is not None if folder else settings.ANCHOR_MAIL:
            anchor_all(folder=folder, mail=mail)
    except (NoSealKey, OSError, Unreadable) as problem:
        alarm("anchor", [f"The heads could not be laid down ({type(problem).__name__})."])


@round_of("audit.watch", every=timedelta(minutes=5))
def watch_round() -> None:
    """Mail the operator when sealing or anchoring has stopped. Whether the worker has is monitoring's to see."""
    if told := late(timezone.now()):
        alarm("late", told)
