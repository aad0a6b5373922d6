"""How a story is lived: a calendar that only moves forward, somebody who acts, and the rows the story is about.

All writing goes through commands. What is simulated is the moment: each command runs in a scope with `at`, so that the
trail keeps when it happened beside when it was recorded.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings

from advocacy.access.policy import Actor
from advocacy.background import queue
from advocacy.background.models import Job
from advocacy.management.seed.cast import Standing
from advocacy.management.seed.matters import Matter
from advocacy.management.seed.people import Person
from advocacy.management.seed.plans import Plan
from advocacy.people.models import Membership, Patient
from advocacy.tenancy.scope import scope_goes_on, scope_with
from appeals.models import Appeal, AuthorizationRequest, Deadline, Denial, PeerToPeer, RequestItem
from appeals.queries.clocks import day_at
from appeals.reminders import pending, send_reminder
from cases.commands.documents import upload_document
from cases.models import Case, Coverage, Document, DocumentVersion, Provider

T = TypeVar("T")


@contextmanager
def no_mail() -> Iterator[None]:
    """What was mailed in simulated months was read then: it goes nowhere now."""
    before = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    try:
        yield
    finally:
        settings.EMAIL_BACKEND = before


Step = Callable[["Life"], None]


@dataclass(frozen=True)
class Story:
    """One patient's story as data. `begins` and every number of a step are days before today.

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
    """One story on its way. `now` is the moment the demonstration is made (aware); `at` never passes it."""

    standing: Standing
    story: Story
    now: datetime
    at: datetime
    luck: random.Random
    patient: Patient | None = None
    coverage: Coverage | None = None
    provider: Provider | None = None
    matter: Matter | None = None
    case_row: Case | None = None
    request: AuthorizationRequest | None = None
    denial: Denial | None = None
    call: PeerToPeer | None = None
    papers: dict[str, Document] = field(default_factory=dict)
    reference: str = ""

    # -- time -----------------------------------------------------------------------------------------------
    @property
    def today(self) -> date:
        return self.now.astimezone(self.standing.zone).date()

    def day(self, ago: int) -> date:
        """The day so many days before today (negative: after it)."""
        return self.today - timedelta(days=ago)

    def moment(self, ago: int, hour: int = 10, minute: int = 0) -> datetime:
        """A moment of that day where the patient is; never later than now."""
        zone = ZoneInfo(self.story.person.zone)
        return min(datetime.combine(self.day(ago), time(hour, minute), tzinfo=zone), self.now)

    def go(self, ago: int) -> None:
        """Move to some office hour of that day, of the Monday after it on a weekend, and never backward or past now."""
        zone = self.standing.zone
        hour, minute = self.luck.randrange(9, 16), self.luck.randrange(60)
        target = datetime.combine(self.day(ago), time(hour, minute), tzinfo=zone)
        monday = target + timedelta(days=(7 - target.weekday()) % 7 if target.weekday() > 4 else 0)
        target = monday if monday < self.now else target
        a_little_later = self.at + timedelta(minutes=self.luck.randrange(3, 9))
        self.at = max(self.at, min(max(target, a_little_later), self.now))

    def went(self, ago: int, hour: int = 10) -> datetime:
        """Move to that day and answer with an hour of it that has passed: when something happened that is recorded now."""
        self.go(ago)
        return min(self.moment(ago, hour), self.at)

    def ahead(self, days: int, hour: int) -> datetime:
        """A moment so many days after today, which may lie ahead."""
        zone = ZoneInfo(self.story.person.zone)
        return datetime.combine(self.today + timedelta(days=days), time(hour), tzinfo=zone)

    # -- acting ---------------------------------------------------------------------------------------------
    def actor(self, who: str = "") -> Actor:
        """The actor by the key of a colleague; without one the owner of the story (the supervisor, for nobody's)."""
        key = who or self.story.owner or self.supervisor
        return self.standing.actors[key]

    @property
    def supervisor(self) -> str:
        return next(k for k, actor in self.standing.actors.items() if "supervisor" in actor.roles)

    @property
    def intake(self) -> str:
        return next(k for k, actor in self.standing.actors.items() if "intake" in actor.roles)

    def member(self, who: str) -> Membership | None:
        return self.standing.members[who] if who else None

    def do(
        self,
        command: Callable[..., T],
        ago: int | None = None,
        *,
        by: str = "",
        still: bool = False,
        **given: Any,
    ) -> T:
        """Run one command as somebody: on the day `ago`, a few minutes after the last one, or `still` in its moment."""
        if still:
            pass
        elif ago is None:
            self.at = max(self.at, min(self.at + timedelta(minutes=self.luck.randrange(2, 7)), self.now))
        else:
            self.go(ago)
        actor = self.actor(by)
        scope_goes_on(actor=actor.key, actor_label=actor.label, at=self.at)
        return command(actor=actor, at=self.at, **given)

    # -- the rows -------------------------------------------------------------------------------------------
    @property
    def case(self) -> Case:
        """The case as it is now."""
        assert self.case_row is not None, "the story has opened its case"
        return Case.objects.select_related("patient", "coverage__payer", "provider", "owner").get(
            pk=self.case_row.pk
        )

    @property
    def asked(self) -> AuthorizationRequest:
        assert self.request is not None, "the story has asked the payer"
        return AuthorizationRequest.objects.select_related("case__patient").get(pk=self.request.pk)

    @property
    def items(self) -> list[RequestItem]:
        return list(RequestItem.objects.filter(request=self.asked).order_by("position"))

    @property
    def refusal(self) -> Denial:
        assert self.denial is not None, "the story has its denial"
        return Denial.objects.get(pk=self.denial.pk)

    @property
    def level(self) -> Appeal:
        """The level that is being worked: the last one opened for the latest denial."""
        found = Appeal.objects.filter(case=self.case_row).select_related("case__patient", "denial")
        row = found.order_by("-position", "-id").first()
        assert row is not None, "a level is open"
        return row

    @property
    def answers_denial(self) -> bool:
        """Whether the level being worked goes where the denial says: a first level, not one opened beside it."""
        return self.level.previous_id is None and self.level.beside_id is None

    # -- papers ---------------------------------------------------------------------------------------------
    def upload(
        self,
        key: str,
        kind: str,
        title: str,
        data: bytes,
        filename: str,
        ago: int | None = None,
        by: str = "",
    ) -> Document:
        """Upload a document and have it read at once, as the worker would."""
        document = self.do(
            upload_document,
            ago,
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
        while (row := Job.objects.filter(status=Job.Status.QUEUED).order_by("pk").first()) is not None:
            with no_mail(), scope_with(at=self.at):
                if queue.run(self.standing.organization.pk, row.pk) == "failed":
                    row.refresh_from_db()
                    raise RuntimeError(f"{self.story.key}: job {row.name}: {row.reason}")


def remind_by_now(life: Life) -> None:
    """The reminders of dates that run now, each in the morning on which it was due."""
    running = Deadline.objects.filter(case__patient=life.patient, case__status="open", status="running")
    for deadline in running.select_related("case__patient").order_by("id"):
        day = day_at(life.now, deadline.case.patient.time_zone)
        for rung in pending(deadline, deadline.reminded, day):
            with no_mail(), scope_with(actor="system:jobs", actor_label="Recourse", at=rung.opens):
                send_reminder(deadline.pk, rung.opens)
