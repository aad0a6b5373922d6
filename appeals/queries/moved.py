"""How one date came about: every row it had, old and new side by side, what moved it, and who was told of the old one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db.models import Q

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, visible
from advocacy.audit.models import Event
from advocacy.audit.trail import about
from advocacy.audit.verbs import VERBS
from advocacy.errors import NotFound
from advocacy.people.models import PortalAccess
from appeals.models import Deadline, Reminder
from appeals.queries.clocks import Day, Due, due_of, spoken
from appeals.regimes import book
from cases.models import Case

SUPERSEDED = "deadline_superseded"
SUBJECTS = ("request", "denial", "appeal", "peer_to_peer", "document_request")
_FIELDS = (
    ("due_on", "The date in front"),
    ("due_at", "To the hour"),
    ("own_on", "Your organization's own date"),
    ("own_reason", "Why it is earlier"),
    ("statutory_on", "Law says"),
    ("safe_on", "Safe date"),
    ("stated_on", "Letter says"),
    ("permissive_on", "Can be argued until"),
    ("regime", "Rules"),
    ("rule", "Rule"),
    ("rule_version", "Version of the rule"),
    ("citation", "Citation"),
    ("if_missed", "If it is missed"),
)


@dataclass(frozen=True)
class Field:
    """One value beside what it was. Days are days; `moved` says that the two differ."""

    label: str
    old: date | datetime | str | None
    new: date | datetime | str | None

    @property
    def moved(self) -> bool:
        return self.old != self.new


@dataclass(frozen=True)
class Told:
    """Somebody who got or saw the old date: who, how, and when (aware)."""

    who: str
    how: str
    at: datetime


@dataclass(frozen=True)
class Move:
    """One change of the date. `gone` and `come` are the lines of the arithmetic that differ: the facts that moved it. `acts` are
    what was done in the same request, `by` and `at` who did it and when; `by_rules` says that only the rule is another.
    """

    at: datetime
    by: str
    acts: tuple[str, ...]
    fields: tuple[Field, ...]
    gone: tuple[str, ...]
    come: tuple[str, ...]
    by_rules: bool
    told: tuple[Told, ...]
    days: int


@dataclass(frozen=True)
class MovedPage:
    """`now` is the date as it stands, `moves` newest first; `owner` and `portal` are who has to know of the newest one."""

    deadline: Deadline
    now: Due
    moves: tuple[Move, ...]
    owner: str
    portal: tuple[str, ...]
    stands: bool


def moved_page(actor: Actor, case: Case, public_id: UUID, day: Day) -> MovedPage:
    """The whole history of one date. Five statements. Raises NotFound when absent, invisible or of another case."""
    asked = Deadline.objects.filter(visible(actor, Deadline), case=case, public_id=public_id).first()
    if asked is None:
        raise NotFound("deadline")
    rows = list(Deadline.objects.filter(case=case, clock=asked.clock, **_subject(asked)).order_by("id"))
    pairs = list(pairwise(rows))
    events = _events(case, [new.pk for _, new in pairs])
    told = _told(actor, case, [old for old, _ in pairs])
    moves = [_move(old, new, events.get(new.pk, ()), told.get(old.pk, ())) for old, new in pairs]
    newest = rows[-1]
    portal = PortalAccess.objects.filter(visible(actor, PortalAccess), patient=case.patient_id, ended_at=None)
    return MovedPage(
        newest,
        due_of(newest, day),
        tuple(reversed(moves)),
        str(case.owner.user) if case.owner else "",
        tuple(str(a.get_kind_display()) for a in portal.order_by("id")),
        newest.status != Deadline.Status.SUPERSEDED,
    )


def _subject(row: Deadline) -> dict[str, Any]:
    """What a date hangs on, to find its other rows by."""
    return {f"{name}_id": getattr(row, f"{name}_id") for name in SUBJECTS}


def _events(case: Case, keys: list[int]) -> dict[int, tuple[Event, ...]]:
    """Of each new row the act that wrote it, and before it the acts of the same request."""
    if not keys:
        return {}
    acts = Event.objects.filter(about(cases=[case.pk], patients=[]), kind=Event.Kind.VERB)
    wrote = {
        event.subject_id: event for event in acts.filter(verb=SUPERSEDED, subject_id__in=keys).order_by("id")
    }
    requests = {event.request_id for event in wrote.values()} - {""}
    beside: dict[str, list[Event]] = {}
    if requests:
        for event in acts.filter(request_id__in=requests).exclude(verb=SUPERSEDED).order_by("id"):
            beside.setdefault(event.request_id, []).append(event)
    return {key: (event, *beside.get(event.request_id, ())) for key, event in wrote.items() if key}


def _told(actor: Actor, case: Case, rows: Iterable[Deadline]) -> dict[int, tuple[Told, ...]]:
    """Who was told of each old row while it stood: by mail, in the portal, and, for whoever may read the trail, at the desk."""
    olds = [row for row in rows if row.ended_at is not None]
    if not olds:
        return {}
    sent = Reminder.objects.filter(deadline__in=olds, sent_at__isnull=False)
    mails = list(sent.select_related("member__user").order_by("sent_at", "id"))
    first, last = min(row.computed_at for row in olds), max(row.ended_at for row in olds if row.ended_at)
    looks = Event.objects.filter(
        about(cases=[case.pk], patients=[]), kind=Event.Kind.READ, at__gte=first, at__lte=last
    )
    if not actor.may(Permission.SEE_TRAIL):
        looks = looks.filter(Q(data__page__startswith="portal:"))
    seen = list(looks.exclude(actor__startswith="system:").order_by("id"))
    found: dict[int, tuple[Told, ...]] = {}
    for row in olds:
        told = [
            Told(str(mail.member.user), "reminder by mail", mail.sent_at)
            for mail in mails
            if mail.deadline_id == row.pk and mail.sent_at is not None
        ]
        told += _looked(row, seen)
        found[row.pk] = tuple(told)
    return found


def _looked(row: Deadline, seen: Iterable[Event]) -> Iterable[Told]:
    """Each person once a way, by the last time they looked while the row stood."""
    last: dict[tuple[str, str], Told] = {}
    assert row.ended_at is not None
    for event in seen:
        if not row.computed_at <= event.at <= row.ended_at:
            continue
        data: dict[str, Any] = event.data if isinstance(event.data, dict) else {}
        in_portal = str(data.get("page", "")).startswith("portal:")
        who = event.actor_label or event.actor
        how = "opened it in the portal" if in_portal else "opened the case"
        last[(who, how)] = Told(who, how, event.at)
    return last.values()


def _move(old: Deadline, new: Deadline, events: tuple[Event, ...], told: tuple[Told, ...]) -> Move:
    fields = tuple(Field(label, _value(old, name), _value(new, name)) for name, label in _FIELDS)
    kept = tuple(f for f in fields if f.old or f.new)
    acts = [VERBS.get(e.verb, e.verb) for e in events[1:]]
    gone = tuple(spoken(line) for line in old.arithmetic if line not in new.arithmetic)
    come = tuple(spoken(line) for line in new.arithmetic if line not in old.arithmetic)
    rules = {"rule", "rule_version", "regime", "citation"}
    by_rules = any(_value(old, name) != _value(new, name) for name in rules)
    return Move(
        at=new.computed_at,
        by=(events[0].actor_label or events[0].actor) if events else "",
        acts=tuple(dict.fromkeys(acts)),
        fields=kept,
        gone=gone,
        come=come,
        by_rules=by_rules,
        told=told,
        days=(new.due_on - old.due_on).days,
    )


def _value(row: Deadline, name: str) -> Any:
    value = getattr(row, name)
    if name == "regime":
        known = book().regimes.get(value)
        return known.title if known is not None else "Not settled: all that may apply"
    if name == "if_missed":
        return book().if_missed.get(value, "") if value != "none" else ""
    return value
