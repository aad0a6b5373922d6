"""Service targets: which are set, what is missed or due, how many were met in a month. Never for patients or funders."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.people.views.steps import attempt
from advocacy.web import ActorRequest, page, paged, saw
from appeals.commands import service_targets as commands
from appeals.forms.service_targets import ServiceTargetForm
from appeals.queries.service_targets import (
    Listed,
    end_of_month,
    get_target,
    late_page,
    month_counts,
    month_page,
    targets_listed,
)
from appeals.service_targets import KINDS, WORDS, Standing, Target
from appeals.views.links import day_of, link

SETUP = "appeals:service_targets"
DUE = "appeals:targets_due"
MONTH = "appeals:targets_month"
LIST = "appeals:targets_counted"
_ONE_DAY = timedelta(days=1)
OUTCOMES = {"": "All that came due", "met": "Met", "missed": "Missed"}


def standing_shown(standing: Standing) -> dict[str, Any]:
    """One target of a case as the components show it."""
    return {
        "title": KINDS[standing.target.kind].title,
        "target": standing.target.words,
        "due": standing.due_on,
        "met": standing.clock.met_on,
        "state": standing.state,
        "says": WORDS[standing.state],
        "asked": standing.is_asked,
    }


@require_safe
@page
def service_targets(request: ActorRequest) -> HttpResponse:
    """All that were ever set, newest first."""
    actor = request.actor
    require(actor, Permission.SEE_LOOKUPS)
    listed = paged(targets_listed(actor), after=request.GET.get("after"), size=25, newest=True)
    may_set, today = actor.may(Permission.MANAGE_LOOKUPS), day_of(request).today
    rows = [
        {
            "row": row,
            "kind": KINDS[row.kind],
            "words": Target(row.kind, row.span, row.unit, row.in_force_from).words,
            "later": row.in_force_from > today,
            "may_end": may_set and row.ended_on is None,
        }
        for row in listed.rows
    ]
    context = {
        "rows": rows,
        "may_set": may_set,
        "may_count": actor.may(Permission.ASSIGN_CASE),
        "next_url": link(SETUP, after=listed.next_after or "") if listed.next_after else "",
        "breadcrumbs": [{"label": "Service targets", "url": ""}],
    }
    return render(request, "appeals/service_targets.html", context)


@page
def service_target_new(request: ActorRequest) -> HttpResponse:
    """Set one."""
    require(request.actor, Permission.MANAGE_LOOKUPS)
    form, status = ServiceTargetForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            done, _row = attempt(
                lambda: commands.set_service_target(
                    actor=request.actor,
                    today=day_of(request).today,
                    at=request.at,
                    **form.cleaned_data,
                ),
                form,
            )
            if done:
                messages.success(request, "Set. What has started already keeps what held then.")
                return redirect(SETUP)
    context = {
        "form": form,
        "title": "Set a service target",
        "action": "Set it",
        "back_url": link(SETUP),
        "meta": None,
        "breadcrumbs": [{"label": "Service targets", "url": link(SETUP)}, {"label": "Set", "url": ""}],
    }
    return render(request, "people/form.html", context, status=status)


@require_POST
@page
def service_target_end(request: ActorRequest, service_target_id: UUID) -> HttpResponse:
    """End one for what starts from today on. Raises NotFound."""
    row = get_target(request.actor, service_target_id)
    commands.end_service_target(actor=request.actor, row=row, today=day_of(request).today, at=request.at)
    messages.success(request, "Ended. What started before today keeps it.")
    return redirect(SETUP)


@require_safe
@page
def targets_due(request: ActorRequest) -> HttpResponse:
    """What is missed or due today and still to be done: of one's own cases, or of all that one sees."""
    require(request.actor, Permission.SEE_CASES)
    mine = request.GET.get("whose", "me") != "all"
    found = late_page(request.actor, day=day_of(request), mine=mine, page=_number(request))
    tabs = [
        {"label": label, "url": link(DUE, whose=code), "current": mine == (code == "me")}
        for code, label in (("me", "Mine"), ("all", "Everybody's"))
    ]
    context = {
        "title": "Service targets",
        "says": "Missed or due today, and still to be done. What our own people mean to do by when: no legal date.",
        "tabs": tabs,
        "breadcrumbs": [{"label": "Service targets", "url": ""}],
        "month_url": link(MONTH) if request.actor.may(Permission.ASSIGN_CASE) else "",
    }
    return _list(request, found, context, link_to=DUE, whose="me" if mine else "all")


@require_safe
@page
def targets_month(request: ActorRequest) -> HttpResponse:
    """By kind: how many came due in a month, and how many were met. Each number opens its list."""
    require(request.actor, Permission.ASSIGN_CASE)
    day = day_of(request)
    first = _month(request, day.today)
    rows = [
        {
            "title": KINDS[row.kind].title,
            "starts": KINDS[row.kind].starts,
            "met_when": KINDS[row.kind].met,
            "share": row.share,
            "numbers": [
                {
                    "label": OUTCOMES[code],
                    "count": count,
                    "url": link(LIST, kind=row.kind, month=f"{first:%Y-%m}", outcome=code) if count else "",
                }
                for code, count in (("", row.total), ("met", row.met), ("missed", row.missed))
            ],
        }
        for row in month_counts(request.actor, day=day, first=first)
    ]
    context = {
        "rows": rows,
        "first": first,
        "outcomes": list(OUTCOMES.values()),
        "before_url": link(MONTH, month=f"{_month_before(first):%Y-%m}"),
        "after_url": link(MONTH, month=f"{_month_after(first):%Y-%m}")
        if _month_after(first) <= day.today
        else "",
        "breadcrumbs": [
            {"label": "Board", "url": link("appeals:board")},
            {"label": "Service targets", "url": ""},
        ],
    }
    return render(request, "appeals/targets_month.html", context)


@require_safe
@page
def targets_counted(request: ActorRequest) -> HttpResponse:
    """The list behind a number of a month. Raises NotFound for a kind or an outcome that is none."""
    require(request.actor, Permission.ASSIGN_CASE)
    day = day_of(request)
    first, kind = _month(request, day.today), request.GET.get("kind", next(iter(KINDS)))
    outcome, month = request.GET.get("outcome", ""), f"{first:%Y-%m}"
    found = month_page(request.actor, day=day, first=first, kind=kind, outcome=outcome, page=_number(request))
    context = {
        "title": KINDS[kind].title,
        "says": f"{OUTCOMES[outcome]}, {first:%B %Y}.",
        "tabs": [
            {
                "label": label,
                "url": link(LIST, kind=kind, month=month, outcome=code),
                "current": code == outcome,
            }
            for code, label in OUTCOMES.items()
        ],
        "breadcrumbs": [
            {"label": "Board", "url": link("appeals:board")},
            {"label": f"Service targets, {first:%B %Y}", "url": link(MONTH, month=month)},
            {"label": KINDS[kind].title, "url": ""},
        ],
    }
    return _list(request, found, context, link_to=LIST, kind=kind, month=month, outcome=outcome)


def _list(
    request: HttpRequest, found: Listed, context: dict[str, Any], *, link_to: str, **query: str
) -> HttpResponse:
    cases = list(found.cases.values())
    saw(request, "read_list", cases=[c.pk for c in cases], patients=[c.patient_id for c in cases])
    context |= {
        "total": found.total,
        "rows": [
            _row(found.cases[line.case], line.standing) for line in found.lines if line.case in found.cases
        ],
        "next_url": link(link_to, **query, page=str(found.page + 1)) if found.page < found.pages else "",
        "first_url": link(link_to, **query) if found.page > 1 else "",
    }
    return render(request, "appeals/targets_list.html", context)


def _row(case: Any, standing: Standing) -> dict[str, Any]:
    return standing_shown(standing) | {
        "who": case.patient.called,
        "reference": case.reference,
        "url": link("appeals:case", case.public_id),
        "where": f"{case.get_treatment_display()} · {case.coverage.payer}",
        "owner": str(case.owner.user) if case.owner else "No owner",
    }


def _number(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    if not text.isdecimal() or len(text) > 6:
        raise Http404
    return int(text)


def _month(request: HttpRequest, today: date) -> date:
    """The first day of the month of the address, "2026-03"; this month's without one. Raises Http404."""
    text = request.GET.get("month", "")
    if not text:
        return today.replace(day=1)
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        raise Http404 from None
    if not date(2000, 1, 1) <= first <= today:
        raise Http404
    return first


def _month_before(first: date) -> date:
    return (first - _ONE_DAY).replace(day=1)


def _month_after(first: date) -> date:
    return end_of_month(first) + _ONE_DAY
