"""Everything the case page shows, in three statements: the case, all rows under it, and the names of colleagues."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from advocacy.people.models import Consent, Membership
from advocacy.tenancy.kept import KeptRows, kept_rows
from advocacy.tenancy.together import fetched
from appeals.models import (
    Answer,
    Appeal,
    ClockEvent,
    Deadline,
    Decision,
    Denial,
    DenialItem,
    DocumentRequest,
    Effectuation,
    Filing,
    ItemOutcome,
    RequestItem,
    StepOverride,
)
from appeals.next_action import Proposal, next_action
from appeals.queries import timeline
from appeals.queries.beside import opened_now
from appeals.queries.choices import ChoicePoint, choice_points
from appeals.queries.clocks import Day, Due, call_windows, day_at, due_of, earliest, ours, theirs
from appeals.queries.lookup import agreed, said_of
from appeals.queries.owed import OwedLine, owed_lines
from appeals.queries.own_dates import standing_own_dates
from appeals.queries.plan_facts_page import FactUsed, facts_used
from appeals.queries.readiness import benefit_rows
from appeals.queries.reopenings import reopenings
from appeals.queries.service_targets import case_targets, target_querysets
from appeals.queries.sessions import AuthorizationLine, lines_of
from appeals.queries.shown_dues import Card
from appeals.queries.standing import current_level, permissions_on, position_of, rows_under, workable
from appeals.queries.steps import Step, history_from, level_titles, steps_of
from appeals.regimes import book
from appeals.regimes.classifier import Classification
from appeals.service_targets import Standing
from appeals.state_laws import FUNDING, StateLaws, state_laws_for
from cases.benefits import open_questions
from cases.models import (
    Case,
    CaseLink,
    CaseTeamMember,
    Communication,
    Cost,
    Document,
    DocumentVersion,
    FailedTreatment,
    Task,
)
from cases.queries.links import cases_beside_and_linked, how_linked
from cases.queries.registration import granted_permissions
from cases.queries.team import OnTeam, team_shown
from cases.workflow import TaskStatus

DOCUMENTS_SHOWN = 12
CALLS_SHOWN = 5
RELATED_SHOWN = 8
TASKS_SHOWN = 100
OVERRIDES_SHOWN = 5


@dataclass(frozen=True)
class TaskLine:
    task: Task
    owner: str
    days_left: int | None
    waits_for: str


@dataclass(frozen=True)
class DocumentLine:
    document: Document
    version: DocumentVersion | None


@dataclass(frozen=True)
class CommunicationLine:
    communication: Communication
    by: str
    days_late: int | None


@dataclass(frozen=True)
class Money:
    """US dollars, current figures only. Patient savings and plan dollars are never added together."""

    at_stake: Cost | None
    patient_savings: Cost | None
    plan_dollars: Cost | None

    def amount(self, kind: str) -> Decimal | None:
        cost: Cost | None = getattr(self, kind)
        return cost.amount if cost else None


@dataclass(frozen=True)
class Missing:
    """Something the case lacks: a code, a sentence, and the page (url name, its public ids) that mends it."""

    code: str
    text: str
    url_name: str
    args: tuple[UUID, ...]
    permission: Permission


@dataclass(frozen=True)
class ConsentState:
    """`stands` is whether health information may go out today; `words` say until when, or what is lacking."""

    stands: bool
    words: str


@dataclass(frozen=True)
class CasePage:
    """`due` is the next legal date: the patient's, or where none runs the other side's. `call_window` is the plan's offer of
    a peer-to-peer, which is none.
    """

    case: Case
    permissions: frozenset[Permission]
    classification: Classification
    state_laws: StateLaws
    plan_facts: tuple[FactUsed, ...]
    regime: str
    consent: ConsentState
    due: Due | None
    call_window: Due | None
    clocks: tuple[Due, ...]
    action: Proposal | None
    steps: tuple[Step, ...]
    timeline: timeline.Page
    tasks: tuple[TaskLine, ...]
    missing: tuple[Missing, ...]
    documents: tuple[DocumentLine, ...]
    more_documents: bool
    communications: tuple[CommunicationLine, ...]
    promises_missed: tuple[CommunicationLine, ...]
    money: Money
    authorizations: tuple[AuthorizationLine, ...]
    team: tuple[OnTeam, ...]
    choices: tuple[ChoicePoint, ...]
    failed_treatments: tuple[FailedTreatment, ...]
    related: tuple[tuple[Case, str], ...]
    overrides: tuple[StepOverride, ...]
    targets: tuple[Standing, ...]
    request: UUID | None
    denial: UUID | None
    level: Appeal | None
    at_once: tuple[tuple[str, Appeal], ...]
    reopenings: tuple[Card, ...]
    owed: tuple[OwedLine, ...]


def get_case(actor: Actor, public_id: UUID) -> Case:
    """The case as the header needs it, annotated with `is_workable`. Raises NotFound when absent or invisible."""
    found = (
        Case.objects.filter(visible(actor, Case), public_id=public_id)
        .select_related("patient", "coverage__payer", "provider", "owner__user", "team")
        .annotate(is_workable=workable(actor))
        .first()
    )
    if found is None:
        raise NotFound("case")
    return found


def _rows(case: Case, today: date) -> dict[str, QuerySet[Any]]:
    """Everything under a visible case is as visible as the case itself: the case was asked for, its rows hang on it."""
    pk = case.pk
    open_tasks = Task.objects.filter(case_id=pk, status__in=[TaskStatus.OPEN, TaskStatus.HELD])
    calls = Communication.objects.filter(case_id=pk, superseded_at=None)
    documents = Document.objects.filter(case_id=pk).order_by("-created_at", "-id")[: DOCUMENTS_SHOWN + 1]
    return (
        rows_under([pk])
        | {
            "deadlines": Deadline.objects.filter(case_id=pk)
            .exclude(status=Deadline.Status.SUPERSEDED)
            .order_by("due_on", "id"),
            "consents": Consent.objects.filter(patient_id=case.patient_id).order_by("signed_on", "id"),
            "items": RequestItem.objects.filter(case_id=pk).order_by("request_id", "position"),
            "denial_items": DenialItem.objects.filter(case_id=pk),
            "events": ClockEvent.objects.filter(case_id=pk).order_by("occurred_at", "id"),
            "effectuations": Effectuation.objects.filter(case_id=pk, voided_at=None).order_by("id"),
            "document_requests": DocumentRequest.objects.filter(case_id=pk).order_by("id"),
            "answers": Answer.objects.filter(case_id=pk, superseded_at=None).order_by("answered_at", "id"),
            "own_dates": standing_own_dates(),
            "filings": Filing.objects.filter(case_id=pk).defer("manifest").order_by("id"),
            "decisions": Decision.objects.filter(case_id=pk).order_by("id"),
            "outcomes": ItemOutcome.objects.filter(case_id=pk).order_by("id"),
            "team": CaseTeamMember.objects.filter(case_id=pk, ended_at=None).order_by("id"),
            "tasks": open_tasks.order_by("due_on", "id")[:TASKS_SHOWN],
            "waited_for": Task.objects.filter(waiting__case_id=pk).distinct().order_by("id")[:TASKS_SHOWN],
            "communications": calls.order_by("-happened_at", "-id")[:CALLS_SHOWN],
            "promises": calls.filter(
                Q(promise_kept=None, promised_by__lt=today) | Q(promise_kept=False)
            ).order_by("promised_by", "id")[:TASKS_SHOWN],
            "documents": documents,
            "versions": DocumentVersion.objects.filter(document_id__in=documents.values("pk"))
            .distinct("document_id")
            .order_by("document_id", "-number")
            .defer("pages"),
            "costs": Cost.objects.filter(case_id=pk, superseded_at=None).order_by("id"),
            "overrides": StepOverride.objects.filter(case_id=pk).order_by("-id")[:OVERRIDES_SHOWN],
            "failed_treatments": FailedTreatment.objects.filter(case_id=pk).order_by("started_on", "id"),
            "benefits": benefit_rows(case)["benefits"],
            "links": CaseLink.objects.filter(Q(case_id=pk) | Q(other_id=pk), ended_at=None).order_by("id"),
        }
        | target_querysets(pk)
    )


# Stand for the case and the day in the text of the statement; no row has such a key or such a date.
CASE = Case(pk=-7_010, patient_id=-7_011, coverage_id=-7_012, provider_id=-7_013)
TODAY = date(1905, 1, 1)


@cache
def _kept_rows(show: str) -> KeptRows:
    """What stands under a case and the newest part of its timeline: the same for every case and everybody who sees it."""
    return kept_rows(
        lambda: _rows(CASE, TODAY) | timeline.querysets(CASE.pk, show, None),
        _asked(CASE, TODAY),
    )


def _asked(case: Case, today: date) -> dict[str, Any]:
    return {
        "case": case.pk,
        "cases": [case.pk],
        "patient": case.patient_id,
        "coverage": case.coverage_id,
        "provider": case.provider_id,
        "today": today,
    }


def _under(actor: Actor, case: Case, today: date, show: str, after: timeline.Key | None) -> dict[str, Any]:
    """The rows of everything on the page. Which cases stand beside it is for the policy to say, each time."""
    rows: dict[str, Any] = dict(_kept_rows(show).written(_asked(case, today)))
    if after is not None:
        rows |= timeline.querysets(case.pk, show, after)
    return fetched(rows | {"beside": cases_beside_and_linked(actor, case)[:RELATED_SHOWN]})


def case_page(
    actor: Actor,
    public_id: UUID,
    *,
    now: datetime,
    here: Day | None = None,
    show: str = "",
    after: timeline.Key | None = None,
) -> CasePage:
    """The page of one case at `now` (aware); days are days in the patient's zone, where letters arrive. Service targets are
    counted in days where the organization works (`here`).

    Raises NotFound when the case is absent or invisible. Three statements, however much the case holds; a fourth for
    whoever reads it by dated access.
    """
    case = get_case(actor, public_id)
    day = day_at(now, case.patient.time_zone)
    rows = _under(actor, case, day.today, show, after)
    history = history_from(case, rows)
    found = history.classification
    members, people = _names(rows)
    next_date = earliest(ours(rows["deadlines"]), day) or earliest(theirs(rows["deadlines"]), day)
    window = earliest(call_windows(rows["deadlines"]), day)
    permissions = permissions_on(actor, case) or granted_permissions(actor, case)
    versions = {v.document_id: v for v in rows["versions"]}
    consent = _consent(rows["consents"], day.today)
    position = position_of(case, rows, day)
    titles = level_titles(history)
    return CasePage(
        case=case,
        permissions=permissions,
        classification=found,
        plan_facts=facts_used(case, rows["answers"]),
        state_laws=state_laws_for(found, agreed(said_of(case, tuple(rows["answers"])), FUNDING)),
        regime=book().regimes[found.regime].title if found.regime else "Not known yet",
        consent=consent,
        due=due_of(next_date, day) if next_date else None,
        call_window=due_of(window, day) if window else None,
        clocks=tuple(
            due_of(d, day) for d in sorted(_running(rows["deadlines"]), key=lambda d: (d.due_on, d.pk))
        ),
        action=next_action(position, permissions),
        steps=steps_of(history, day),
        timeline=timeline.page_of(rows, show=show, after=after, people=people, levels=titles),
        tasks=_tasks(rows, members, day),
        missing=_missing(case, rows, found, consent),
        documents=tuple(DocumentLine(d, versions.get(d.pk)) for d in rows["documents"][:DOCUMENTS_SHOWN]),
        more_documents=len(rows["documents"]) > DOCUMENTS_SHOWN,
        communications=tuple(_spoken(c, people, None) for c in rows["communications"]),
        promises_missed=tuple(
            _spoken(c, people, (day.today - c.promised_by).days if c.promised_by else None)
            for c in rows["promises"]
        ),
        money=Money(**{kind: _current(rows["costs"], kind) for kind in Cost.Kind.values}),
        authorizations=lines_of(rows["authorizations"], day.today),
        team=tuple(t for t in team_shown(rows["team"], members, day.today) if t.state == "standing"),
        choices=choice_points(case, rows, titles),
        failed_treatments=tuple(rows["failed_treatments"]),
        related=tuple((other, how_linked(case, other, rows["links"])) for other in rows["beside"]),
        overrides=tuple(rows["overrides"]),
        targets=case_targets(rows, here or day) if permissions else (),
        request=position.request,
        denial=position.denial,
        level=current_level(rows["appeals"], rows["deadlines"]),
        at_once=opened_now(history, rows["overrides"], day.today) if case.status == "open" else (),
        reopenings=reopenings(history, day) if case.status == "open" else (),
        owed=owed_lines(history, day),
    )


def _running(deadlines: Iterable[Deadline]) -> list[Deadline]:
    return [d for d in deadlines if d.status == Deadline.Status.RUNNING]


def _names(rows: Mapping[str, list[Any]]) -> tuple[dict[int, str], dict[int, str]]:
    """Names by membership id and by user id, of everybody these rows mention; members who left included."""
    users = timeline.users_of(rows)
    users |= {c.logged_by_id for c in [*rows["communications"], *rows["promises"]]} - {None}
    owners = {t.owner_id for t in rows["tasks"]} | {t.member_id for t in rows["team"]}
    owners -= {None}
    if not users and not owners:
        return {}, {}
    members = Membership.objects.filter(Q(pk__in=owners) | Q(user_id__in=users)).select_related("user")
    found = list(members)
    return {m.pk: str(m.user) for m in found}, {m.user_id: str(m.user) for m in found}


def _consent(consents: Iterable[Consent], today: date) -> ConsentState:
    """Standing consent to release health information, evaluated today (expiry and withdrawal are never pushed)."""
    releases = [c for c in consents if c.kind == Consent.Kind.RELEASE and c.revoked_at is None]
    standing = [c for c in releases if c.stands_on(today)]
    if standing:
        open_ended = any(c.expires_on is None for c in standing)
        last = None if open_ended else max(c.expires_on for c in standing if c.expires_on)
        return ConsentState(True, f"Standing until {last:%b} {last.day}, {last.year}" if last else "Standing")
    if any(c.is_only_oral for c in releases):
        return ConsentState(False, "Only said, not signed")
    return ConsentState(False, "Expired" if releases else "None recorded")


def _tasks(rows: Mapping[str, list[Any]], members: Mapping[int, str], day: Day) -> tuple[TaskLine, ...]:
    others = {t.pk: t for t in [*rows["waited_for"], *rows["tasks"]]}
    lines = []
    for task in rows["tasks"]:
        other = others.get(task.waits_for_id or 0)
        waits = other.title if other and other.status in {TaskStatus.OPEN, TaskStatus.HELD} else ""
        left = (task.due_on - day.today).days if task.due_on else None
        lines.append(TaskLine(task, members.get(task.owner_id or 0, ""), left, waits))
    return tuple(lines)


def _spoken(row: Communication, people: Mapping[int, str], late: int | None) -> CommunicationLine:
    return CommunicationLine(row, people.get(row.logged_by_id or 0, ""), late)


def _current(costs: Iterable[Cost], kind: str) -> Cost | None:
    return next((c for c in costs if c.kind == kind), None)


def _missing(
    case: Case, rows: Mapping[str, list[Any]], found: Classification, consent: ConsentState
) -> tuple[Missing, ...]:
    """What a filing would ask for and the case does not have yet, each with the page that mends it."""
    if case.status != "open":
        return ()
    lacking: list[Missing] = []
    here, p = (case.public_id,), Permission
    if not consent.stands:
        text = "Consent to send health information: none stands today."
        if any(c.kind == Consent.Kind.RELEASE and c.is_only_oral for c in rows["consents"]):
            text += " What was said is no authorization until it is signed (45 CFR 164.508(c))."
        lacking.append(
            Missing("consent", text, "people:patient", (case.patient.public_id,), p.RECORD_CONSENT)
        )
    for task in found.tasks:
        if task.code == "work_to_letter" and found.regime is None:
            continue  # no regime is recognized yet, so there is none whose dates are left to the letter
        lacking.append(Missing(task.code, task.text, "appeals:questions", here, p.ANSWER_QUESTIONS))
    for denial in rows["denials"]:
        there = (case.public_id, denial.public_id)
        if denial.confirmed_at is None:
            lacking.append(
                _about(denial, there, "unconfirmed", "The denial is not confirmed: no clock of ours runs.")
            )
        elif denial.letter_id is None and denial.silent_from is None:
            lacking.append(_about(denial, there, "letter", "The denial letter is not filed with the denial."))
    before = not rows["requests"] or any(r.status == "drafting" for r in rows["requests"])
    asked = open_questions({a.question: a.value for a in rows["benefits"]}) if before else ()
    if asked:
        text = f"Benefit check: {len(asked)} question{'' if len(asked) == 1 else 's'} for the plan open."
        lacking.append(Missing("benefits", text, "cases:benefits", here, p.CHECK_BENEFITS))
    if not rows["failed_treatments"]:
        text = "No failed treatment is recorded; plans ask for dose, weeks and response."
        lacking.append(Missing("failed_treatments", text, "cases:failed_treatment_new", here, p.CHANGE_CASE))
    for filing in rows["filings"]:
        if filing.proof_id is None and not filing.is_oral and not filing.proof_note:
            there = (case.public_id, filing.public_id)
            text = "A filing has no proof of sending or receipt yet."
            lacking.append(Missing("proof", text, "appeals:proof_new", there, p.FILE_APPEAL))
    return _told_apart(lacking, rows, case.patient.time_zone)


def _told_apart(lacking: Sequence[Missing], rows: Mapping[str, list[Any]], zone: str) -> tuple[Missing, ...]:
    """No sentence twice: of several denials or filings each is named by its day, and one thing is said once."""
    days: dict[UUID, str] = {
        d.public_id: f"notice of {_in_words(d.notice_on)}" for d in rows["denials"] if d.notice_on
    }
    for filing in rows["filings"]:
        days[filing.public_id] = f"filed {_in_words(filing.filed_at.astimezone(ZoneInfo(zone)).date())}"
    often = Counter(item.text for item in lacking)
    told = []
    for item in lacking:
        day = days.get(item.args[-1], "")
        told.append(replace(item, text=f"{item.text} ({day})") if often[item.text] > 1 and day else item)
    return tuple({(item.text, item.url_name, item.args): item for item in told}.values())


def _in_words(day: date) -> str:
    return f"{day:%b} {day.day}, {day.year}"


def _about(denial: Denial, there: tuple[UUID, ...], code: str, text: str) -> Missing:
    return Missing(code, text, "appeals:denial", there, Permission.RECORD_DENIAL)
