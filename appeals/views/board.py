"""The caseload board, and sharing one person's cases out: choose, look at the plan, do it; it can be taken back for a day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.errors import NotFound, Reason, Refused
from advocacy.people.queries import absent_now
from advocacy.web import page, saw
from appeals.caseload import URGENT_POINTS, URGENT_WHY, WEIGHTS, weight_of
from appeals.commands.sharing import do_moves, plan_split
from appeals.queries.board import Load, Number, board, cases_of_person, get_person, loads_of, own_days
from appeals.queries.queue import called, cases_by_public_id, owner_choices
from appeals.queries.service_targets import count_late
from appeals.queries.standing import stage_label
from appeals.views.links import day_of, link, queue_link
from appeals.views.undo import keep_undo, standing_undo

MOST_AT_ONCE = 200


def _number(number: Number) -> dict[str, Any]:
    return {"count": number.count, "url": queue_link(number.filters) if number.count else ""}


def _line(load: Load, heaviest: int) -> dict[str, Any]:
    absence = load.absence
    return {
        "name": load.name,
        "cases": _number(load.cases),
        "weight": load.weight,
        "share_of": round(100 * load.weight / heaviest) if heaviest else 0,
        "oldest_days": load.oldest_days,
        "old": _number(load.old),
        "quiet": _number(load.quiet),
        "overdue": _number(load.overdue),
        "held": _number(load.held),
        "until": absence.until_on if absence else None,
        "cover": str(absence.cover.user) if absence else "",
        "share_url": link("appeals:share", load.share) if load.share else "",
    }


@require_safe
@page
def board_page(request: HttpRequest) -> HttpResponse:
    """By person: open cases with their weight, what waits longest, what is due and untouched, overdue, on hold, who is away."""
    actor = request.actor  # type: ignore[attr-defined]
    require(actor, Permission.ASSIGN_CASE)
    found = board(actor, day=day_of(request), after=_key(request.GET.get("after", "")))
    others = [load for load in (found.nobody, found.left) if load is not None]
    targets_late = count_late(actor, day=day_of(request))
    context = {
        "targets_set": targets_late is not None,
        "targets_late": targets_late,
        "people": [_line(load, found.heaviest) for load in found.people],
        "others": [_line(load, 0) for load in others],
        "weights": WEIGHTS,
        "urgent_points": URGENT_POINTS,
        "urgent_why": URGENT_WHY,
        "next_url": link("appeals:board", after=found.after) if found.after else "",
        "first_url": "" if found.is_first else link("appeals:board"),
        "undo": standing_undo(request),
    }
    return render(request, "appeals/board.html", context)


def _key(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Http404 from None


@page
def share(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """Share a person's cases out by weight. Nothing changes before the confirmation."""
    actor = request.actor  # type: ignore[attr-defined]
    person = get_person(actor, member_id)
    require(actor, Permission.ASSIGN_CASE)
    day = day_of(request)
    members = {key: m for key, m in owner_choices(actor).items() if m.pk != person.pk}
    context: dict[str, Any] = {
        "person": str(person.user),
        "back_url": link("appeals:board"),
        "breadcrumbs": [{"label": "Board", "url": link("appeals:board")}, {"label": "Share out", "url": ""}],
    }
    reasons: Sequence[Reason] = ()
    if request.method == "POST":
        try:
            if request.POST.get("step") == "confirm":
                return _do(request, person, members)
            if request.POST.get("step") == "weigh":
                return _preview(request, person, members, context, _changed(request, person, members))
            return _preview(request, person, members, context, _planned(request, person, members))
        except Refused as refusal:
            reasons = refusal.reasons
    cases = cases_of_person(actor, person, day, most=MOST_AT_ONCE)
    loads = loads_of(actor, [m.pk for m in members.values()])
    away, own = absent_now(day.today), own_days(cases)
    saw(request, "read_list", cases=[c.pk for c in cases], patients=[c.patient_id for c in cases])
    pairs = _pairs(request)
    chosen = {*request.POST.getlist("case"), *(key for key, _to in pairs)}
    receivers = {*request.POST.getlist("receiver"), *(to for _key, to in pairs)}
    context |= {
        "reasons": reasons,
        "cases": [
            _case(case, own.get(case.pk), checked=str(case.public_id) in chosen or request.method == "GET")
            for case in cases
        ],
        "receivers": [
            {
                "key": key,
                "name": called(m, away),
                "weight": loads.get(m.pk, 0),
                "away": m.pk in away,
                "checked": key in receivers,
            }
            for key, m in members.items()
        ],
    }
    return render(request, "appeals/share.html", context, status=422 if reasons else 200)


def _case(case: Any, own: Any = None, *, checked: bool = True) -> dict[str, Any]:
    return {
        "key": str(case.public_id),
        "who": case.patient.called,
        "reference": case.reference,
        "stage": stage_label(case.stage),
        "due": case.next_deadline_on,
        "law_date": own.law_on if own else None,
        "own_reason": own.own_reason if own else "",
        "points": weight_of(case.stage, case.is_urgent),
        "urgent": case.is_urgent,
        "checked": checked,
    }


Plan = Sequence[tuple[Any, Any]]
"""Cases with whom each goes to, in the order of the page; None: it stays."""


def _planned(request: HttpRequest, person: Any, members: dict[str, Any]) -> Plan:
    """Shared out by weight over the colleagues that were chosen."""
    cases = _cases(request, person, request.POST.getlist("case"))
    wanted = request.POST.getlist("receiver")
    if not set(wanted) <= set(members):
        raise NotFound("member")
    receivers = [members[key] for key in members if key in wanted]
    actor = request.actor  # type: ignore[attr-defined]
    loads = loads_of(actor, [m.pk for m in receivers])
    planned = plan_split(actor=actor, cases=cases, receivers=receivers, loads=loads)
    return [(move.case, move.to) for move in planned]


def _pairs(request: HttpRequest) -> list[tuple[str, str]]:
    """The rows of the plan as they were sent: the key of a case, and of whom it goes to ("" where it stays)."""
    return [text.partition(":")[::2] for text in request.POST.getlist("move")][:MOST_AT_ONCE]


def _changed(request: HttpRequest, person: Any, members: dict[str, Any]) -> Plan:
    """The plan with the receivers that were chosen row by row. Raises NotFound, Refused."""
    pairs = _pairs(request)
    if not {to for _key, to in pairs if to} <= set(members):
        raise NotFound("member")
    to_whom = dict(pairs)
    cases = _cases(request, person, list(to_whom))
    return [(case, members.get(to_whom[str(case.public_id)])) for case in cases]


def _preview(
    request: HttpRequest, person: Any, members: dict[str, Any], context: dict[str, Any], plan: Plan
) -> HttpResponse:
    """The plan, each row with a choice of its own, and what everybody would carry then."""
    loads = loads_of(request.actor, [m.pk for m in members.values()])  # type: ignore[attr-defined]
    away = absent_now(day_of(request).today)
    saw(request, "read_list", cases=[c.pk for c, _to in plan], patients=[c.patient_id for c, _to in plan])
    choices = [(key, f"{called(m, away)}, weight {loads.get(m.pk, 0)}") for key, m in members.items()]
    receiving = {to.pk for _case_row, to in plan if to is not None}
    context |= {
        "planned": [_row(case, to, choices, str(person.user)) for case, to in plan],
        "after": [_after(m, loads.get(m.pk, 0), plan) for m in members.values() if m.pk in receiving],
        "moving": sum(to is not None for _case_row, to in plan),
    }
    return render(request, "appeals/share_preview.html", context)


def _row(case: Any, to: Any, choices: Sequence[tuple[str, str]], person: str) -> dict[str, Any]:
    """One case of the plan with everybody it can go to; leaving it where it is is one of them."""
    key, chosen = str(case.public_id), str(to.public_id) if to else ""
    offered = [("", f"Stays with {person}"), *choices]
    return _case(case) | {
        "to": str(to.user) if to else "",
        "move": f"{key}:{chosen}",
        "choices": [
            {"value": f"{key}:{member}", "label": label, "selected": member == chosen}
            for member, label in offered
        ],
    }


def _after(member: Any, before: int, plan: Plan) -> dict[str, Any]:
    mine = [weight_of(case.stage, case.is_urgent) for case, to in plan if to and to.pk == member.pk]
    return {"name": str(member.user), "before": before, "count": len(mine), "after": before + sum(mine)}


def _do(request: HttpRequest, person: Any, members: dict[str, Any]) -> HttpResponse:
    """Exactly the plan that was shown or chosen: each case to the person named beside it, the others stay."""
    plan = [(case, to) for case, to in _changed(request, person, members) if to is not None]
    if not plan:
        raise Refused([Reason("cases_missing", "Choose at least one case.", "case")])
    moved = do_moves(
        actor=request.actor,  # type: ignore[attr-defined]
        moves=plan,
        at=request.at,  # type: ignore[attr-defined]
    )
    saw(request, "read_list", cases=[c.pk for c, _to in plan], patients=[c.patient_id for c, _to in plan])
    people = sorted({str(to.user) for _case_row, to in plan})
    keep_undo(request, moved, people[0] if len(people) == 1 else f"{len(people)} colleagues", page="board")
    return redirect("appeals:board")


def _cases(request: HttpRequest, person: Any, keys: list[str]) -> list[Any]:
    """The chosen cases, of this person still. Raises NotFound, Refused when one has changed hands meanwhile."""
    try:
        wanted = [UUID(key) for key in keys[:MOST_AT_ONCE]]
    except ValueError:
        raise NotFound("case") from None
    cases = cases_by_public_id(request.actor, wanted) if wanted else []  # type: ignore[attr-defined]
    gone = [case.reference for case in cases if case.owner_id != person.pk or case.status != "open"]
    if gone:
        raise Refused(
            [Reason("changed_hands", f"Changed hands meanwhile: {', '.join(gone)}. Look again.", "case")]
        )
    return cases
