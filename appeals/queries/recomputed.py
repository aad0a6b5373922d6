"""Runs over all cases after a change of the rules, as the trail keeps them; and of each date that moved, whom to tell."""

from __future__ import annotations

import hashlib
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import reverse

from advocacy.access.policy import system_actor
from advocacy.audit.models import Event
from advocacy.people.models import PortalAccess
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to
from appeals.models import Deadline, Reminder
from appeals.queries.lookup import cases_with_dates
from appeals.regimes import DATA
from appeals.regimes.packs import canonical, read
from cases.models import Case

VERB = "deadlines_recomputed"
PROGRAM = "recompute"
LAST_KEY = 2**63
Moved = tuple[int, Deadline | None, Deadline | None]
"""The primary key of a case, its old date and its new one."""


@dataclass(frozen=True)
class Batch:
    """What one batch did, as the trail keeps it: the keys it went through, counts, and pairs of rows by key."""

    first: int
    last: int
    cases: int
    changed: int
    told: int
    moves: list[list[int | None]]
    failed: list[list[Any]]


@dataclass
class Done:
    """What a run has done in one organization. `run` is "" where it has not begun."""

    run: str = ""
    finished: bool = False
    batches: list[Batch] = field(default_factory=list)

    def without(self, keys: Sequence[int]) -> list[int]:
        """Those of the keys that no batch went past. Batches do not overlap."""
        spans = sorted((batch.first, batch.last) for batch in self.batches)
        left = []
        for key in keys:
            place = bisect(spans, (key, LAST_KEY)) - 1
            if place < 0 or spans[place][1] < key:
                left.append(key)
        return left


@dataclass(frozen=True)
class Row:
    """One line of the report. Days are ISO dates, hours included where the rule counts them; no name or word of a patient.

    `who` of the organization is responsible, `mailed` are colleagues who were reminded of the old date, `portal` who sees the
    case there.
    """

    organization: str
    case: str
    date: str
    side: str
    was: str
    now: str
    days: int
    status: str
    rule: str
    version_was: str
    version_now: str
    citation: str
    who: str
    mailed: str
    portal: str
    page: str


def fingerprint_of_rules() -> str:
    """Which rules this process was given: sixteen digits of the SHA-256 of the pack's canonical bytes."""
    pack = read(Path(settings.RULE_PACK or DATA)).pack
    return hashlib.sha256(canonical(pack)).hexdigest()[:16]


def done_in(organization: Organization, rules: str) -> Done:
    """The newest run by these rules in an organization. In the caller's transaction."""
    with scoped_to(organization.pk, actor=f"system:{PROGRAM}"):
        acts = Event.objects.filter(
            subject_table=Organization._meta.db_table,
            subject_id=organization.pk,
            verb=VERB,
            data__rules=rules,
        )
        done = Done()
        for event in acts.order_by("-id").iterator():
            data: dict[str, Any] = event.data
            if done.run not in ("", data["run"]):
                break
            done.run = data["run"]
            if data.get("finished"):
                done.finished = True
            else:
                done.batches.append(Batch(**data["batch"]))
    done.batches.reverse()
    return done


def keys_to_do(organization: Organization, done: Done) -> list[int]:
    """The cases with dates, by key, without those that a batch went past. In the caller's transaction."""
    actor = system_actor(organization.pk, PROGRAM)
    with scoped_to(organization.pk, actor=actor.key):
        keys = list(cases_with_dates(actor).values_list("pk", flat=True))
    return done.without(keys)


def stored(moves: Sequence[Sequence[int | None]]) -> list[Moved]:
    """The rows that a batch kept by key. In the caller's scope."""
    keys = {key for _, old, new in moves for key in (old, new) if key is not None}
    rows = Deadline.objects.in_bulk(keys)
    return [
        (case, rows.get(old) if old else None, rows.get(new) if new else None)
        for case, old, new in moves
        if case is not None
    ]


def rows_of(organization: Organization, moves: Iterable[Moved]) -> list[Row]:
    """Lines of the report. In the caller's scope; three statements, however many there are."""
    listed = list(moves)
    if not listed:
        return []
    keys = {case for case, _, _ in listed}
    cases = Case.objects.select_related("owner__user").in_bulk(keys)
    olds = [old.pk for _, old, _ in listed if old is not None]
    mailed: dict[int, set[str]] = defaultdict(set)
    for mail in Reminder.objects.filter(deadline__in=olds, sent_at__isnull=False).select_related(
        "member__user"
    ):
        mailed[mail.deadline_id].add(_person(mail.member.user))
    portal: dict[int, set[str]] = defaultdict(set)
    patients = {case.patient_id for case in cases.values()}
    for access in PortalAccess.objects.filter(patient_id__in=patients, ended_at=None).only("patient", "kind"):
        portal[access.patient_id].add(access.kind)
    return [_row(organization, cases[case], old, new, mailed, portal) for case, old, new in listed]


def _row(
    organization: Organization,
    case: Case,
    old: Deadline | None,
    new: Deadline | None,
    mailed: dict[int, set[str]],
    portal: dict[int, set[str]],
) -> Row:
    shown = new or old
    assert shown is not None
    stands = shown if shown.pk is not None else old
    return Row(
        organization=organization.slug,
        case=case.reference,
        date=shown.title,
        side=shown.side,
        was=_when(old),
        now=_when(new),
        days=(new.due_on - old.due_on).days if old and new else 0,
        status=new.status if new else Deadline.Status.ENDED,
        rule=shown.rule,
        version_was=old.rule_version if old else "",
        version_now=new.rule_version if new else "",
        citation=shown.citation,
        who=_person(case.owner.user) if case.owner else "",
        mailed="; ".join(sorted(mailed.get(old.pk, ()))) if old else "",
        portal="; ".join(sorted(portal.get(case.patient_id, ()))),
        page=reverse("appeals:moved", args=[case.public_id, stands.public_id]) if stands else "",
    )


def _when(row: Deadline | None) -> str:
    if row is None:
        return ""
    return row.due_at.isoformat() if row.due_at else row.due_on.isoformat()


def _person(user: Any) -> str:
    return f"{user} <{user.email}>"


def report_of(organization: Organization, done: Done) -> Iterator[list[Row]]:
    """The report of a run in one organization, a batch at a time. In the caller's transaction."""
    for batch in done.batches:
        if batch.moves:
            with scoped_to(organization.pk, actor=f"system:{PROGRAM}"):
                rows = rows_of(organization, stored(batch.moves))
            yield rows
