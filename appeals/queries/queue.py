"""The queue: which cases, in which order, a page at a time by key. Filters hold codes only, so an address tells nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from urllib.parse import urlencode
from uuid import UUID

from django.core import signing
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Value

from advocacy.access.policy import Actor, visible
from advocacy.access.roles import permissions_of
from advocacy.errors import NotFound
from advocacy.people.models import Absence, Membership
from advocacy.people.queries import absent_now
from advocacy.tenancy.plans import Fixed, planned_with_values
from appeals.models import Deadline
from appeals.queries.clocks import Day, Due, due_of, earliest, ours, theirs
from appeals.queries.order import BY_TRIAGE, ahead, backward, behind, forward
from appeals.queries.worklists import (
    SIDES,
    among,
    call_closes_by,
    covering,
    due_on,
    idle_for,
    overdue,
    owed_without_date,
    owned,
    passed_dates,
    patient_waits_for,
    running_out,
    untouched,
    waiting_on,
    waking_today,
)
from cases.models import Case, Payer, Task
from cases.rules import owner_can_work_cases
from cases.workflow import CaseStatus, TaskStatus

SIZE = 50
CALL_DAYS = 14
SALT = "appeals.queue"

OWNERS = {
    "desk": "Mine and without owner",
    "me": "Mine",
    "none": "Without owner",
    "left": "Whose owner has left",
}
IDLE = {"7": "7 days or more", "14": "14 days or more", "30": "30 days or more"}
DUE = {"0": "today or overdue", "7": "within 7 days", "14": "within 14 days", "30": "within 30 days"}
URGENCY = {
    "yes": "Urgent or emergency",
    "emergency": "Emergency only",
    "urgent": "Urgent only",
    "standard": "Standard only",
}
SAFETY = {"yes": "Safety concern", "unknown": "Safety not asked yet", "no": "No safety concern"}
SORT = {BY_TRIAGE: "By triage"}
OVERDUE = {
    "ours": "Our date has passed",
    "plan": "The other side is late",
    "owed": "Won, not delivered, no day in the law",
}
WORK = {
    "waiting": "Waiting on me",
    "waking": "Waking up today",
    "call": f"Peer-to-peer window closes in {CALL_DAYS} days",
    "new": "New and untouched",
    "patient": "A patient is waiting for me",
    "held": "With a task on hold",
    "covering": "Covering for an absent colleague",
}


@dataclass(frozen=True)
class Filters:
    """What a queue address may say. Every value is a code; an unknown one is dropped when the address is read.

    `owner` is a key of OWNERS or a member's public id, `payer` a payer's; `due` counts days to the patient's next date,
    `idle` days since anybody worked on it.
    """

    status: str = "open"
    stage: str = ""
    owner: str = ""
    payer: str = ""
    urgent: str = ""
    due: str = ""
    treatment: str = ""
    overdue: str = ""
    work: str = ""
    idle: str = ""
    safety: str = ""
    sort: str = ""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Filters:
        allowed: dict[str, Sequence[str] | Mapping[str, str] | None] = {
            "status": CaseStatus.values,
            "stage": None,
            "owner": OWNERS,
            "payer": (),
            "urgent": URGENCY,
            "due": DUE,
            "treatment": Case.Treatment.values,
            "overdue": OVERDUE,
            "work": WORK,
            "idle": IDLE,
            "safety": SAFETY,
            "sort": SORT,
        }
        kept: dict[str, str] = {}
        for name, codes in allowed.items():
            value = given.get(name, "")
            if not value:
                continue
            if codes is None:
                if value.replace("_", "").isalnum() and len(value) <= 60:
                    kept[name] = value
            elif value in codes or (name in {"owner", "payer"} and _is_id(value)):
                kept[name] = value
        return cls(**kept)

    def query_string(self) -> str:
        """The part of an address that says these filters; defaults are left out."""
        return _said(self)

    @property
    def is_plain(self) -> bool:
        return self == PLAIN

    @property
    def is_one_desk(self) -> bool:
        """Of one person's cases: so few that what else is asked of them is looked up from them."""
        return self.owner in {"me", "desk"}

    @property
    def is_one_index(self) -> bool:
        """The list is one stretch of one index, whatever its values: one plan of the server serves everybody."""
        alone = ("status", "sort", *(["owner"] if self.owner in {"me", "none"} else []))
        return any(replace(self, **{name: getattr(PLAIN, name)}) == PLAIN for name in alone)


PLAIN = Filters()


@lru_cache(maxsize=1024)
def _said(filters: Filters) -> str:
    """Asked for each row of a list: the address of a case keeps the place in it."""
    return urlencode({k: v for k, v in asdict(filters).items() if v != getattr(PLAIN, k)})


def _is_id(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True


def _rank_within(filters: Filters) -> int | None:
    """The last rank of triage that these filters leave (see `cases.rules.triage_rank`): it narrows by an index. None: any."""
    if filters.urgent == "emergency":
        return 0
    return 1 if filters.safety == "yes" else None


def listed(
    actor: Actor, filters: Filters, day: Day, seen: Q | None = None, away: Sequence[int] | None = None
) -> QuerySet[Case]:
    """The cases of these filters that the actor may see, in no order. Counts and lists both come from here.

    `seen` and `away` are what `within_reach` found for the actor, where one page asks for several lists.
    """
    cases = Case.objects.filter(visible(actor, Case) if seen is None else seen)
    if filters.work != "patient":  # who writes on a closed case waits too
        cases = cases.filter(status=Fixed(CaseStatus(filters.status)))
    if filters.stage:
        cases = cases.filter(stage=filters.stage)
    if filters.owner:
        cases = cases.filter(owned(actor, filters.owner, day))
    if filters.payer:
        payer = Payer.objects.filter(public_id=filters.payer)
        cases = cases.filter(payer_key=Subquery(payer.values("pk")[:1]))
    if filters.urgent:
        urgency = {"is_urgent": True} if filters.urgent == "yes" else {"urgency": filters.urgent}
        cases = cases.filter(**urgency)
    if filters.safety:
        cases = cases.filter(safety_concern=filters.safety)
    if (rank := _rank_within(filters)) is not None:
        cases = cases.filter(triage_rank__lte=rank)
    if filters.due:
        last = day.today + timedelta(days=int(filters.due))
        near = filters.is_one_desk
        cases = cases.filter(due_on(last) if near else among(running_out(last).values("case_id")))
    if filters.treatment:
        cases = cases.filter(treatment=filters.treatment)
    if filters.overdue == "owed":
        cases = cases.filter(among(owed_without_date().values("case_id")))
    elif filters.overdue:
        sides = SIDES[filters.overdue]
        passed = (
            overdue(sides, day) if filters.is_one_desk else among(passed_dates(sides, day).values("case_id"))
        )
        cases = cases.filter(passed)
    if filters.work == "waiting":
        cases = cases.filter(among(waiting_on(actor).values("case_id")))
    elif filters.work == "waking":
        cases = cases.filter(Exists(waking_today(actor, day).filter(case_id=OuterRef("pk"))))
    elif filters.work == "call":
        cases = cases.filter(call_closes_by(day.today + timedelta(days=CALL_DAYS)))
    elif filters.work == "new":
        cases = cases.filter(untouched(actor, day, CaseStatus(filters.status)))
    elif filters.work == "patient":
        cases = cases.filter(patient_waits_for(actor, day, away))
    elif filters.work == "held":
        cases = cases.filter(among(Task.objects.filter(status=Fixed(TaskStatus.HELD)).values("case_id")))
    elif filters.work == "covering":
        cases = cases.filter(covering(actor, day, away))
    if filters.idle:
        cases = cases.filter(idle_for(int(filters.idle), day))
    return cases


def planned(filters: Filters) -> AbstractContextManager[None]:
    """How the server plans these lists: for their own values, unless it does not matter."""
    return nullcontext() if filters.is_one_index else planned_with_values()


# -- place in the list --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Place:
    """A place in a filtered list: the filters and the key of a row. As text it is signed, so that nobody makes one up."""

    filters: Filters
    on: date | None
    pk: int
    rank: int = 0

    def text(self) -> str:
        day = self.on.isoformat() if self.on else ""
        return signing.dumps([self.filters.query_string(), day, self.pk, self.rank], salt=SALT)

    @property
    def behind(self) -> Q:
        return behind(self.on, self.pk, self.rank, self.filters.sort)

    @property
    def ahead(self) -> Q:
        return ahead(self.on, self.pk, self.rank, self.filters.sort)


def place_of(text: str) -> Place | None:
    """The place, or None for a text that this program did not sign."""
    try:
        query, on, pk, rank = signing.loads(text, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    pairs = dict(part.split("=", 1) for part in query.split("&") if "=" in part)
    return Place(Filters.read(pairs), date.fromisoformat(on) if on else None, int(pk), int(rank))


FORWARD = forward()

# What a line of a list says of a case, of its patient, payer and owner; the other columns of the six tables stay where they are.
_CASE = "organization public_id reference status stage outcome treatment is_restricted is_urgent urgency safety_concern"
_PATIENT = "organization public_id given_name family_name preferred_name"
LINE = (
    *(*_CASE.split(), "triage_rank", "next_deadline_on", "patient", "coverage", "owner"),
    *(f"patient__{name}" for name in _PATIENT.split()),
    *("coverage__payer", "coverage__payer__name", "owner__user", "owner__user__name", "owner__user__email"),
)


def in_lines(cases: QuerySet[Case]) -> QuerySet[Case]:
    """The cases as lists show them, each with its patient, payer and owner."""
    return cases.select_related("patient", "coverage__payer", "owner__user").only(*LINE)


# -- the page -----------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Row:
    """One case in the list: `due` is the next date of ours, `plan` of the others; `place` keeps the list while it is open."""

    case: Case
    due: Due | None
    plan: Due | None
    place: str


@dataclass(frozen=True)
class QueuePage:
    filters: Filters
    rows: tuple[Row, ...]
    after: str
    is_first: bool


def queue(
    actor: Actor, filters: Filters, *, day: Day, after: Place | None = None, size: int = SIZE
) -> QueuePage:
    """One page of the queue. Two statements, whatever its length: no COUNT, no OFFSET."""
    cases = listed(actor, filters, day)
    if after is not None:
        cases = cases.filter(after.behind)
    # The rows of the page first, and only then what stands beside them: a long list is not joined before it is cut.
    heads = cases.order_by(*forward(filters.sort)).values("pk")[: size + 1]
    shown = in_lines(Case.objects.filter(pk__in=heads))
    with planned(filters):
        found = list(shown.order_by(*forward(filters.sort)))
    more, found = len(found) > size, found[:size]
    clocks: dict[int, list[Deadline]] = {}
    for deadline in Deadline.objects.filter(
        case_id__in=[c.pk for c in found], status=Fixed(Deadline.Status.RUNNING)
    ).order_by("due_on", "id"):
        clocks.setdefault(deadline.case_id, []).append(deadline)
    rows = tuple(_row(case, clocks.get(case.pk, []), filters, day) for case in found)
    return QueuePage(filters, rows, rows[-1].place if more else "", after is None)


def _row(case: Case, clocks: list[Deadline], filters: Filters, day: Day) -> Row:
    mine, plan = earliest(ours(clocks), day), earliest(theirs(clocks), day)
    return Row(
        case,
        due_of(mine, day) if mine else None,
        due_of(plan, day) if plan else None,
        Place(filters, case.next_deadline_on, case.pk, case.triage_rank).text(),
    )


@dataclass(frozen=True)
class Neighbors:
    """The cases before and behind a place in its list, each with its own place (public id, place)."""

    previous: tuple[UUID, str] | None
    next: tuple[UUID, str] | None
    query_string: str


def neighbors(actor: Actor, place: Place, day: Day) -> Neighbors:
    """One statement. The list is read as it is now; the place is where it was when the case was opened from it."""
    cases = listed(actor, place.filters, day)
    columns = ("side", "public_id", "next_deadline_on", "pk", "triage_rank")
    sort = place.filters.sort
    following = cases.filter(place.behind).order_by(*forward(sort)).annotate(side=Value(1))
    before = cases.filter(place.ahead).order_by(*backward(sort)).annotate(side=Value(2))
    both = following.values_list(*columns)[:1].union(before.values_list(*columns)[:1], all=True)
    with planned(place.filters):
        found = {
            side: (public_id, Place(place.filters, on, pk, rank).text())
            for side, public_id, on, pk, rank in both
        }
    return Neighbors(found.get(2), found.get(1), place.filters.query_string())


def cases_by_public_id(actor: Actor, public_ids: Sequence[UUID]) -> list[Case]:
    """The cases, in the order given. Raises NotFound when one of them is absent or invisible."""
    found = {
        c.public_id: c
        for c in Case.objects.filter(visible(actor, Case), public_id__in=public_ids).select_related(
            "patient", "owner__user"
        )
    }
    if len(found) != len(set(public_ids)):
        raise NotFound("case")
    return [found[i] for i in dict.fromkeys(public_ids)]


def cases_in_sight(actor: Actor, public_ids: Sequence[UUID]) -> list[Case]:
    """Those of the cases that the actor still sees."""
    return list(Case.objects.filter(visible(actor, Case), public_id__in=public_ids))


def called(member: Membership, away: Mapping[int, Absence]) -> str:
    """A member's name, and while they are away until when and who covers."""
    absence = away.get(member.pk)
    if absence is None:
        return str(member.user)
    last = absence.until_on
    return f"{member.user} (away until {last:%b} {last.day}: {absence.cover.user} covers)"


def owner_names(members: Mapping[str, Membership], day: Day) -> list[tuple[str, str]]:
    """Members as choices, whoever is away marked with who covers (public id, words)."""
    away = absent_now(day.today)
    return [(key, called(member, away)) for key, member in members.items()]


def owner_choices(actor: Actor, *, to_show: bool = False) -> dict[str, Membership]:
    """Members who can own a case, by name: public id to membership (with the user); `to_show` has what names them alone."""
    members = Membership.objects.filter(visible(actor, Membership), ended_at=None).select_related("user")
    if to_show:
        members = members.only("public_id", "roles", "user", "user__name", "user__email")
    return {
        str(m.public_id): m
        for m in members.order_by("user__name", "id")
        if owner_can_work_cases(permissions_of(frozenset(m.roles))) is None
    }


def payer_choices(actor: Actor) -> list[tuple[str, str]]:
    """Payers by name, for the filter (public id, name)."""
    payers = Payer.objects.filter(visible(actor, Payer)).order_by("name", "id")
    return [(str(p.public_id), p.name) for p in payers.only("public_id", "name", "organization")]
