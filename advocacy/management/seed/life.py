"""How a case is lived: a calendar that only moves forward, somebody who acts, and the rows the case is about.

All writing goes through commands. What is simulated is the moment: each command runs in a scope with `at`, so that the
trail keeps when it happened beside when it was recorded.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet

from advocacy.access.policy import Actor
from advocacy.background import queue
from advocacy.background.models import Job
from advocacy.errors import Refused
from advocacy.management.seed.cast import Standing
from advocacy.management.seed.matters import Matter
from advocacy.management.seed.people import Person
from advocacy.management.seed.plans import Plan
from advocacy.management.seed.year.house import House
from advocacy.people.models import Membership, Patient
from advocacy.tenancy.scope import scope_goes_on, scope_with
from appeals.clock.calendar import is_business_day, last_business_day_on_or_before
from appeals.facts import History
from appeals.models import Appeal, AuthorizationRequest, Deadline, Denial, PeerToPeer, RequestItem
from appeals.queries.history import load_history
from cases.commands.costs import record_cost
from cases.commands.documents import upload_document
from cases.commands.patient_notices import send_notice
from cases.models import Case, Coverage, Document, DocumentVersion, PatientNotice, Provider

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
Course = Iterator[date]
"""What happens to one case: each part ends by naming the day on which somebody looks at it again."""
Days = Iterator[int]
"""The same of a step: it names its day, in days before today, and goes on when that has come."""


@contextmanager
def no_mail() -> Iterator[None]:
    """What was mailed in simulated months was read then: it goes nowhere now."""
    before = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    try:
        yield
    finally:
        settings.EMAIL_BACKEND = before


Step = Callable[["Life"], Days]


@dataclass(frozen=True)
class Story:
    """One patient as data. `begins` and every number of a step are days before today. Without steps it is said who came, and
    what becomes of them is a course of the year.

    `owner` is the key of a colleague, or "" for a case that waits in the queue.
    """

    key: str
    house: str
    person: Person
    plan: Plan
    matter: Matter
    owner: str
    begins: int
    steps: tuple[Step, ...] = ()
    urgent: bool = False
    answered: bool = True
    release_days: int | None = 730
    """For how long the release of information stands, in days from its signing; None records none."""
    first_owner: str | None = None
    """Who had the case when it was opened, where that is not `owner`."""
    plainly: bool = False
    """Nothing is told of earlier treatments and of the first call: one case among many."""

    @property
    def name(self) -> str:
        return f"seed:{self.key}"


@dataclass
class Life:
    """One story on its way. The day is the calendar's; `at` never passes `now`, the moment (aware) with which the year ends."""

    house: House
    story: Story
    now: datetime
    at: datetime
    luck: random.Random
    owner: str = ""
    """Who has the case, by key; "" for the supervisor."""
    patient: Patient | None = None
    coverage: Coverage | None = None
    provider: Provider | None = None
    matter: Matter | None = None
    case_row: Case | None = None
    opened: set[int] = field(default_factory=set)
    """Every case of the patient, by primary key."""
    request: AuthorizationRequest | None = None
    denial: Denial | None = None
    call: PeerToPeer | None = None
    papers: dict[str, Document] = field(default_factory=dict)
    reference: str = ""
    won: bool = False
    focus: int | None = None
    """Of two levels that stand at once the one that is being worked (primary key); else the last one opened."""
    known: dict[Hashable, Any] = field(default_factory=dict)
    """What was read since somebody last acted: a row is read once between two acts."""

    @property
    def standing(self) -> Standing:
        return self.house.standing

    # -- time -----------------------------------------------------------------------------------------------
    def arrive(self, day: date) -> None:
        """Come to a day: some office hour of it, and never before what was done last or past now."""
        hour, minute = self.luck.randrange(9, 16), self.luck.randrange(60)
        there = datetime.combine(day, time(hour, minute), tzinfo=self.standing.zone)
        self.at = min(max(self.at + timedelta(minutes=1), there), self.now)
        self.known.clear()

    @property
    def on(self) -> date:
        """The day on which the calendar stands, where the organization works."""
        return self.at.astimezone(self.standing.zone).date()

    @property
    def today(self) -> date:
        return self.now.astimezone(self.standing.zone).date()

    def day(self, ago: int) -> date:
        """The day so many days before today (negative: after it)."""
        return self.today - timedelta(days=ago)

    def before(self, day: date) -> int:
        """So many days before today."""
        return (self.today - day).days

    @property
    def ago(self) -> int:
        return self.before(self.on)

    def in_zone(self, day: date, hour: int, minute: int = 0) -> datetime:
        """An hour of a day where the patient is."""
        return datetime.combine(day, time(hour, minute), tzinfo=ZoneInfo(self.story.person.zone))

    def moment(self, ago: int, hour: int = 10) -> datetime:
        """An hour of that day where the patient is, and no later than the calendar: when something happened that is recorded."""
        return min(self.in_zone(self.day(ago), hour), self.at)

    def later(self, least: int, most: int) -> date:
        """A day so many days after the one on which the calendar stands."""
        return self.on + timedelta(days=self.luck.randrange(least, most + 1))

    def office_day(self, day: date, *, least: date | None = None) -> date:
        """A day of the other side: in a thorough house the business day on or before it, and not before `least`."""
        if not self.house.thorough:
            return day
        found = last_business_day_on_or_before(day)
        return found if least is None else max(found, least)

    # -- chance ---------------------------------------------------------------------------------------------
    def happens(self, chance: float) -> bool:
        return self.luck.random() < chance

    def on_paper(self, chance: float) -> bool:
        """Whether a letter comes as a file that is read; in a thorough house each does."""
        return self.happens(1.0 if self.house.thorough else chance)

    # -- acting ---------------------------------------------------------------------------------------------
    def actor(self, who: str = "") -> Actor:
        """The actor by the key of a colleague; without one whoever is there for the one who has the case."""
        return self.standing.actors[self.acting(who)]

    def acting(self, who: str = "") -> str:
        return who or self.house.on_duty(self.owner, self.on)

    @property
    def supervisor(self) -> str:
        return self.house.supervisor

    @property
    def intake(self) -> str:
        return next(k for k, actor in self.standing.actors.items() if "intake" in actor.roles)

    def member(self, who: str) -> Membership | None:
        """A colleague; for one who has left, somebody who is there."""
        return self.standing.members[self.still_here(who)] if who else None

    def still_here(self, who: str) -> str:
        return self.house.workers(self.on)[0] if who in self.house.left else who

    def do(self, command: Callable[..., T], *, by: str = "", still: bool = False, **given: Any) -> T:
        """Run one command as somebody, a few minutes after the last one or `still` in its moment. The house keeps that it was
        done, and the money it names.
        """
        if not still:
            self.at = min(self.at + timedelta(minutes=self.luck.randrange(2, 7)), self.now)
        actor, name = self.actor(by), command.__name__
        scope_goes_on(actor=actor.key, actor_label=actor.label, at=self.at)
        self.known.clear()
        done = command(actor=actor, at=self.at, **given)
        self.house.acts.append((actor.key, self.at, name))
        self.house.note(name)
        self.house.tell(self.at.isoformat(), self.story.key, self.acting(by), name)
        if command is record_cost:
            self.house.money[given["case"].pk, str(given["kind"])] = given["amount"]
        if isinstance(done, Case):
            self.opened.add(done.pk)
        return done

    def take(self, step: Step) -> None:
        """Take a step on the day on which the calendar stands, whatever days it names."""
        for _ in step(self):
            pass

    def is_refused(self, code: str, command: Callable[..., Any], **given: Any) -> bool:
        """Try what the product must not let happen. Raises AssertionError when it did, or said another reason."""
        try:
            self.do(command, **given)
        except Refused as refused:
            codes = [reason.code for reason in refused.reasons]
            if code not in codes:
                raise AssertionError(f"{self.story.key}: refused for {codes}, not for {code}") from refused
            self.house.note(f"refused: {code}")
            return True
        raise AssertionError(f"{self.story.key}: {command.__name__} was not refused ({code})")

    # -- the rows -------------------------------------------------------------------------------------------
    def _now(self, read: Callable[[K], T], of: K) -> T:
        """What is read of something, asked once until somebody acts."""
        if (read, of) not in self.known:
            self.known[read, of] = read(of)
        found: T = self.known[read, of]
        return found

    @property
    def case(self) -> Case:
        """The case as it is now."""
        assert self.case_row is not None, "the story has opened its case"
        return self._now(_case, self.case_row.pk)

    @property
    def history(self) -> History:
        """Everything of the case that its clocks read."""
        return self._now(load_history, self.case)

    @property
    def asked(self) -> AuthorizationRequest:
        assert self.request is not None, "the story has asked the payer"
        return self._now(_request, self.request.pk)

    @property
    def items(self) -> list[RequestItem]:
        return self._now(_items, self.asked.pk)

    @property
    def refusal(self) -> Denial:
        assert self.denial is not None, "the story has its denial"
        return self._now(_denial, self.denial.pk)

    @property
    def level(self) -> Appeal:
        """The level that is being worked: the last one opened for the latest denial, unless another has the focus."""
        if self.focus is not None:
            return self._now(_level, self.focus)
        assert self.case_row is not None, "the story has opened its case"
        row = self._now(_last_level, self.case_row.pk)
        assert row is not None, "a level is open"
        return row

    @property
    def answers_denial(self) -> bool:
        """Whether the level being worked goes where the denial says: a first level, not one opened beside it."""
        return self.level.previous_id is None and self.level.beside_id is None

    def date_of(self, clock: str, **subject: Any) -> Deadline | None:
        """The running date of one clock, as it stands on every list."""
        found = Deadline.objects.filter(case=self.case_row, clock=clock, status="running", **subject)
        return found.order_by("-id").first()

    # -- papers ---------------------------------------------------------------------------------------------
    def upload(self, key: str, kind: str, title: str, data: bytes, filename: str, by: str = "") -> Document:
        """Upload a document and have it read at once, as the worker would."""
        document = self.do(
            upload_document,
            by=by,
            case=self.case,
            kind=kind,
            title=title,
            filename=filename,
            stream=io.BytesIO(data),
        )
        self.papers[key] = document
        self.work_off()
        return document

    def version(self, key: str) -> DocumentVersion:
        return DocumentVersion.objects.filter(document=self.papers[key]).order_by("-number")[0]

    def work_off(self) -> None:
        """Do the jobs that were asked for so far, in this process. Raises RuntimeError when one fails."""
        self.known.clear()
        tell_patients(self.at)
        while (row := Job.objects.filter(status=Job.Status.QUEUED).order_by("pk").first()) is not None:
            with no_mail(), scope_with(at=self.at):
                if queue.run(self.standing.organization.pk, row.pk) == "failed":
                    row.refresh_from_db()
                    raise RuntimeError(f"{self.story.key}: job {row.name}: {row.reason}")


def _case(key: int) -> Case:
    return Case.objects.select_related("patient", "coverage__payer", "provider", "owner").get(pk=key)


def _request(key: int) -> AuthorizationRequest:
    return AuthorizationRequest.objects.select_related("case__patient").get(pk=key)


def _items(request: int) -> list[RequestItem]:
    return list(RequestItem.objects.filter(request=request).order_by("position"))


def _denial(key: int) -> Denial:
    return Denial.objects.get(pk=key)


def _levels() -> QuerySet[Appeal]:
    return Appeal.objects.select_related("case__patient", "denial")


def _level(key: int) -> Appeal:
    return _levels().get(pk=key)


def _last_level(case: int) -> Appeal | None:
    return _levels().filter(case=case).order_by("-position", "-id").first()


def tell_patients(at: datetime) -> None:
    """The notices to patients that wait, each at the hour for which it waits; one that lies after `at` stays waiting."""
    for notice in PatientNotice.objects.filter(status="waiting", due_at__lte=at).order_by("due_at", "pk"):
        with no_mail(), scope_with(actor="system:jobs", actor_label="Recourse", at=notice.due_at):
            send_notice(notice=notice.pk, at=notice.due_at)


def next_workday(day: date) -> date:
    """The day itself, or the next one on which anybody works."""
    while not is_business_day(day, count_for="payer"):
        day += timedelta(days=1)
    return day
