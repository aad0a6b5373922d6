"""What the patient's portal says about a case: where it stands, what happens next and by when, and the way it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from advocacy.people.models import Consent
from advocacy.registries import FigureQuestion, figures_about
from advocacy.tenancy.together import fetched
from appeals.facts import History
from appeals.models import Decision, ItemOutcome
from appeals.next_action import DELIVERY, standing
from appeals.queries.approvals import open_asks
from appeals.queries.beside import live_fellows
from appeals.queries.clocks import Day, day_at, earliest, ours
from appeals.queries.portal_beyond import beyond_words
from appeals.queries.portal_why import WhyDay, why_day
from appeals.queries.portal_words import (
    CALL,
    HELPER_THINGS,
    ONLY_THE_PATIENT,
    REQUEST,
    THINGS,
    Place,
    state_words,
    step_name,
    step_words,
    then_of,
    things_of,
    words_of,
)
from appeals.queries.shown_dues import history_rows
from appeals.queries.standing import (
    DECIDING,
    awaited,
    by_case,
    current_level,
    level_of,
    position_of,
    rows_under,
    workable,
)
from appeals.queries.steps import Step, history_from, steps_of
from appeals.regimes import book, ladder
from appeals.rungs import Rung, rung_at, rung_of
from cases.models import Case, Task
from cases.queries.messages import unread_by
from cases.queries.portal_papers import waiting_pages

# Pages of the portal that a thing to do leads to, by the code of the thing; without one it is only said.
LINKS: dict[str, tuple[str, Permission]] = {
    "approve": ("portal:letter", Permission.PORTAL_LETTERS),
    "asked": ("portal:paper", Permission.PORTAL_DOCUMENTS),
    "unread": ("portal:thread", Permission.PORTAL_MESSAGES),
    "waiting": ("portal:paper", Permission.PORTAL_DOCUMENTS),
    "letter": ("portal:paper", Permission.PORTAL_DOCUMENTS),
    "late_letter": ("portal:thread", Permission.PORTAL_MESSAGES),
    "questions": ("portal:thread", Permission.PORTAL_MESSAGES),
    "choose": ("portal:thread", Permission.PORTAL_MESSAGES),
    "release": ("portal:consents", Permission.PORTAL_CONTROL),
}
NO_ROW = frozenset({"portal:consents"})
AWAITED = frozenset({"submitted", "received", "filed", "forwarded", "returned"})
MOST_THINGS = 3


@dataclass(frozen=True)
class Thing:
    """Something the patient can do: the words, and the page that does it with the row it is about ("" where it is a call)."""

    code: str
    text: str
    url_name: str
    row: UUID | None = None


@dataclass(frozen=True)
class PlainStep:
    name: str
    state: str
    words: str


@dataclass(frozen=True)
class Standing:
    """One case on the list: its public id, what it is about, the one sentence, and what the patient is called."""

    case: UUID
    about: str
    sentence: str
    closed: bool
    patient: str


@dataclass(frozen=True)
class UsualTime:
    """How many days the step that is awaited usually took: the median of so many decided ones. No promise."""

    days: int
    decisions: int


@dataclass(frozen=True)
class StatusPage:
    """The first page. `beyond` is said below its sentence, of what has no day to keep. `confirm` asks to check the day with the
    letter; `late` says that the other side is late; `why` explains the day that is named.
    """

    standing: Standing
    after: str
    day: date | datetime | None
    confirm: bool
    late: bool
    things: tuple[Thing, ...]
    steps: tuple[PlainStep, ...]
    usual: UsualTime | None = None
    why: WhyDay | None = None
    beyond: tuple[str, ...] = ()


def portal_cases(actor: Actor) -> QuerySet[Case]:
    """The cases of the patient that this person of the portal may see, newest first."""
    return (
        Case.objects.filter(visible(actor, Case))
        .select_related("patient", "coverage")
        .annotate(is_workable=workable(actor))
        .order_by("-id")
    )


def get_portal_case(actor: Actor, public_id: UUID) -> Case:
    """One of them. Raises NotFound."""
    found = portal_cases(actor).filter(public_id=public_id).first()
    if found is None:
        raise NotFound("case")
    return found


def standings(cases: list[Case], now: datetime, actor: Actor | None = None) -> tuple[Standing, ...]:
    """Where several cases stand, open ones first, in words for `actor` (the patient, where none is given). One statement,
    however many there are.
    """
    ids = [case.pk for case in cases]
    rows = fetched(rows_under(ids) | _ends(ids))
    grouped = {key: by_case(found) for key, found in rows.items()}
    said = []
    for case in cases:
        day = day_at(now, case.patient.time_zone)
        place = _place(case, {key: g.get(case.pk, []) for key, g in grouped.items()}, day)
        said.append(_standing(case, words_of(place, _helped(case, actor))[0]))
    return tuple(sorted(said, key=lambda s: s.closed))


def status_page(case: Case, now: datetime, actor: Actor | None = None) -> StatusPage:
    """Everything the first page says of one case; with an actor also what waits for them, and links they may follow.
    One statement, and one for the usual time of a step that is awaited.
    """
    day = day_at(now, case.patient.time_zone)
    under = rows_under([case.pk])
    rows = fetched(
        history_rows(case)
        | {key: under[key] for key in DECIDING}
        | {
            "consents": Consent.objects.filter(
                patient_id=case.patient_id, kind=Consent.Kind.RELEASE, revoked_at=None
            )
        }
        | (_for_them(case, actor) if actor else {})
    )
    history = history_from(case, rows)
    place = _place(case, rows, day, history)
    helped = _helped(case, actor)
    sentence, after = words_of(place, helped)
    running = rows["deadlines"]
    waits = place.theirs and not _ours_speaks(place)
    clock = earliest(_awaited(running, place.stage) if waits else ours(running), day)
    named = place.ours if _ours_speaks(place) else place.theirs
    released = any(c.stands_on(day.today) for c in rows["consents"])
    return StatusPage(
        standing=_standing(case, sentence),
        after=after,
        day=named if case.status == "open" else None,
        confirm=bool(
            clock and named and (clock.confidence != "verified" or "confirm_with_letter" in clock.flags)
        ),
        late=place.clock == "overdue" and not _ours_speaks(place),
        things=_things(case, actor, rows, things_of(place, released=released, cannot=_cannot(actor))),
        steps=_steps(history, day, helped),
        usual=_usual(case, rows, place) if case.status == "open" else None,
        why=why_day(clock, named, day.today) if clock and named and case.status == "open" else None,
        beyond=beyond_words(history, day, helped) if case.status == "open" else (),
    )


def _usual(case: Case, rows: Mapping[str, list[Any]], place: Place) -> UsualTime | None:
    """Asked only while the other side decides, and not when it is late: then the usual time is over."""
    if place.clock == "overdue" or _ours_speaks(place):
        return None
    level = current_level(rows["appeals"], rows["deadlines"]) if place.stage == "level" else None
    if place.stage == "level" and place.status in AWAITED and level is not None:
        question = FigureQuestion(
            "usual_time", case.pk, level=level.level, regime=level.regime, is_urgent=level.is_expedited
        )
    elif place.stage == "request" and place.status in AWAITED and rows["requests"]:
        payer = case.coverage.payer_id
        urgent = rows["requests"][0].is_urgent
        question = FigureQuestion("usual_time", case.pk, payer_id=payer, is_urgent=urgent)
    else:
        return None
    told = figures_about(question).get("usual_time")
    return UsualTime(told["days"], told["decisions"]) if told else None


# What nobody can do by a call: it takes a page of the portal that this person may not have.
NEEDS_A_PAGE = frozenset({"letter"})


def _helps(actor: Actor | None) -> bool:
    return actor is not None and actor.portal is not None and actor.portal.role != "patient"


def _helped(case: Case, actor: Actor | None) -> str:
    """What the patient is called, where somebody reads who helps; else empty."""
    return case.patient.called if _helps(actor) else ""


def _cannot(actor: Actor | None) -> frozenset[str]:
    """What somebody who helps has no way to do; the patient can do everything, by a call where there is no page."""
    if actor is None or not _helps(actor):
        return frozenset()
    return ONLY_THE_PATIENT | {code for code in NEEDS_A_PAGE if not actor.may(LINKS[code][1])}


def _for_them(case: Case, actor: Actor) -> dict[str, QuerySet[Any]]:
    """What waits for the patient's side, as far as this person may see it; a restricted or foreign case is not asked about."""
    found: dict[str, QuerySet[Any]] = {
        "asked": Task.objects.filter(
            case_id=case.pk, waits_on_patient=True, status__in=("open", "held"), case__status="open"
        ).order_by("due_on", "id"),
        "approvals": open_asks(actor).filter(case_id=case.pk).select_related(None),
        "unread": unread_by(actor, case).order_by("id"),
        "pages": waiting_pages(actor, case),
    }
    return found


def _things(
    case: Case, actor: Actor | None, rows: Mapping[str, list[Any]], usual: tuple[str, ...]
) -> tuple[Thing, ...]:
    """At most three, the most urgent first: a letter to approve, what was asked for by its day, what waits, then the usual."""
    found: list[Thing] = []
    if rows.get("approvals"):
        approval = rows["approvals"][0]
        found.append(_thing("approve", _("Read a letter. Then say yes or no."), actor, approval.public_id))
    can_send = actor is not None and (not _helps(actor) or actor.may(LINKS["asked"][1]))
    for task in rows.get("asked", ()) if can_send else ():
        found.append(_thing("asked", task.asked_of_patient, actor, case.public_id))
    if rows.get("unread"):
        found.append(_thing("unread", _("Read your new message."), actor, case.public_id))
    if rows.get("pages"):
        found.append(_thing("waiting", _("Send the pages that wait here."), actor, case.public_id))
    words = HELPER_THINGS if _helps(actor) else THINGS
    found += [_thing(code, _(words[code]), actor, case.public_id) for code in usual]
    return tuple(found[:MOST_THINGS])


def _thing(code: str, text: str, actor: Actor | None, row: UUID) -> Thing:
    url_name, needed = LINKS.get(code, ("", None))
    if not url_name or actor is None or (needed is not None and not actor.may(needed)):
        return Thing(code, text, "")
    return Thing(code, text, url_name, None if url_name in NO_ROW else row)


def _ends(ids: list[int]) -> dict[str, QuerySet[Any]]:
    return {
        "decisions": Decision.objects.filter(case_id__in=ids).order_by("id"),
        "outcomes": ItemOutcome.objects.filter(case_id__in=ids).order_by("id"),
    }


def _standing(case: Case, sentence: str) -> Standing:
    about = {
        "iv_ketamine": _("Ketamine by drip"),
        "im_ketamine": _("Ketamine as a shot"),
        "esketamine": _("Esketamine nose spray"),
    }.get(case.treatment, _("Your care"))
    return Standing(case.public_id, about, sentence, case.status == "closed", case.patient.called)


def _awaited(deadlines: list[Any], stage: str) -> list[Any]:
    return awaited(deadlines, delivery=stage == DELIVERY, at_level=stage == "level")


def _place(case: Case, rows: Mapping[str, list[Any]], day: Day, history: History | None = None) -> Place:
    if case.status == "closed":
        return Place("closed", "closed", outcome=case.outcome, today=day.today)
    position = position_of(case, rows, day)
    stage, status, clock = standing(position)
    mine = earliest([d for d in ours(rows["deadlines"]) if d.peer_to_peer_id is None], day)
    other = earliest(_awaited(rows["deadlines"], stage), day)
    level = current_level(rows["appeals"], rows["deadlines"])
    if level is not None and status == "settled":
        # The decision beside it is the answer; that the other level has to be ended is the team's own work.
        level, status = next((a for a in rows["appeals"] if a.pk == level.settled_by_id), level), "ended"
    rung = level_of(level) if level else None
    call = next((c for c in reversed(rows["calls"]) if c.status == "scheduled"), None)
    granted = rows["authorizations"][0] if rows["authorizations"] else None
    outcome = _ended_as(level, rows) if level and status == "ended" else ""
    if stage == "level" and status == "ended" and outcome in ("upheld", "partly") and case.stage == "court":
        stage = "court"
    return Place(
        stage,
        status,
        clock,
        kind=rung.kind if rung else "",
        ours=_moment(mine, day),
        theirs=_moment(other, day),
        call_on=call.scheduled_at.astimezone(day.zone) if call and call.scheduled_at else None,
        valid_until=granted.valid_until if granted else None,
        outcome=outcome,
        then=_then(history, level),
        today=day.today,
    )


def _moment(deadline: Any, day: Day) -> date | datetime | None:
    """The day that is named; with its hour where the rule counts hours. An earlier day that the organization sets for its own
    people is none of the patient's: the law's is named.
    """
    if deadline is None:
        return None
    at: datetime | None = deadline.due_at.astimezone(day.zone) if deadline.due_at else None
    on: date = deadline.law_on or deadline.due_on
    return at or on


def _ours_speaks(place: Place) -> bool:
    """Whether the day in the sentence is the patient's own."""
    if place.stage == "level":
        return place.status not in {"filed", "forwarded", "returned", "received", "awaits_plan", "ended"}
    return place.stage == "call"


def _ended_as(level: Any, rows: Mapping[str, list[Any]]) -> str:
    if level.status != "decided":
        return "lapsed" if level.status == "lapsed" else ""
    decided = {d.pk for d in rows["decisions"] if d.appeal_id == level.pk}
    kinds = {o.outcome for o in rows["outcomes"] if o.decision_id in decided}
    if not kinds:
        return "upheld"
    return kinds.pop() if len(kinds) == 1 else "partly"


def _then(history: History | None, level: Any) -> str:
    if history is None or level is None or live_fellows(history, level):
        return ""  # the next level was asked for at once: nothing follows that is not under way
    return then_of(_above(history, level))


def _above(history: History, level: Any) -> Rung | None:
    """The rung over a level: of the rules it was recorded under, whatever else is still unsure about the case."""
    own = book().regimes.get(level.regime)
    if own is None or not own.complete:
        return rung_at(history.classification, history.levels, level.position + 1)
    row = [lvl.key for lvl in ladder(level.regime, history.classification.state, history.levels)]
    at = row.index(level.level) + 1 if level.level in row else len(row)
    if at >= len(row):
        return None
    return rung_of(level.regime, row[at], level.position + 1, history.classification, history.levels)


def _steps(history: History, day: Day, helped: str) -> tuple[PlainStep, ...]:
    """The way in plain words: the request, a call, the levels. A rung that stands twice is said once more."""
    found: list[PlainStep] = []
    plans = 0
    rungs = {a.pk: history.rung(a) for a in history.appeals}
    by_row = {a.public_id: rungs[a.pk] for a in history.appeals}
    for step in steps_of(history, day):
        if step.url_name == "appeals:request" or step.name == "Authorization request":
            name = step_words(REQUEST, helped)
        elif step.url_name == "appeals:peer_to_peer":
            name = step_words(CALL, helped)
        else:
            rung = by_row.get(step.row) if step.row else _ahead(history, step)
            plans += bool(rung and rung.kind == "plan")
            name = step_name(rung, again=plans > 1, helped=helped) if rung else step.name
        found.append(PlainStep(name, step.state, state_words(step.state, step.tone)))
    return tuple(found)


def _ahead(history: History, step: Step) -> Any:
    """The rung of a level that is not open yet, found by its title."""
    for position in range(1, 7):
        rung = rung_at(history.classification, history.levels, position)
        if rung is not None and rung.title == step.name:
            return rung
    return None
