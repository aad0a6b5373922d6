"""The case on one page: what a navigator needs while the plan is on the phone."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from advocacy.access.permissions import Permission as P
from advocacy.people.places import zone_name
from advocacy.registries import FigureQuestion, figures_about
from advocacy.web import page, saw
from appeals.overriding import OVERRIDABLE
from appeals.queries import timeline
from appeals.queries.case_page import CasePage, CommunicationLine, TaskLine, case_page
from appeals.queries.choices import ChoicePoint
from appeals.queries.queue import Neighbors, neighbors, place_of
from appeals.queries.sessions import AuthorizationLine
from appeals.queries.standing import stage_label
from appeals.queries.steps import Step
from appeals.views.links import action_link, day_of, link, triage_shown
from appeals.views.service_targets import standing_shown

Act = tuple[str, str, P]
# What may be done from here: label, page, permission. Each page asks again. What is done most stands in front, beside the
# proposed next action; the rest is behind one disclosure.
FRONT: tuple[Act, ...] = (
    ("Log a call", "cases:call_new", P.WRITE_NOTE),
    ("Take action", "appeals:take_action", P.WRITE_NOTE),
    ("Upload a document", "cases:document_new", P.UPLOAD_DOCUMENT),
)
CONTEST = "Request and appeal"
MORE: tuple[tuple[str, tuple[Act, ...]], ...] = (
    (
        "Say, ask, note",
        (
            ("Write a note", "cases:note_new", P.WRITE_NOTE),
            ("Open a task", "cases:task_new", P.WORK_TASKS),
            ("Messages with the patient", "cases:messages", P.SEE_CASES),
            ("Log a letter, fax or meeting", "cases:communication_new", P.WRITE_NOTE),
            ("Clinic", "cases:clinic", P.ASK_CLINIC),
        ),
    ),
    (
        CONTEST,
        (
            ("Benefit check", "cases:benefits", P.CHECK_BENEFITS),
            ("Coverage questions", "appeals:questions", P.ANSWER_QUESTIONS),
            ("Record the request", "appeals:request_new", P.REQUEST_AUTHORIZATION),
            ("Record a denial", "appeals:denial_new", P.RECORD_DENIAL),
            ("Failed treatment", "cases:failed_treatment_new", P.CHANGE_CASE),
            ("Record money", "cases:cost_new", P.CHANGE_CASE),
        ),
    ),
    (
        "The case",
        (
            ("Triage", "cases:triage", P.TRIAGE_CASE),
            ("Change the case", "cases:case_change", P.CHANGE_CASE),
            ("Related cases", "cases:related", P.CHANGE_CASE),
            ("Offer to another organization", "cases:offers", P.OFFER_CASE),
            ("Assign the case", "cases:assign", P.ASSIGN_CASE),
            ("Access", "cases:access", P.GRANT_ACCESS),
            ("Who can see this", "cases:who_sees", P.SEE_TRAIL),
            ("Trail", "appeals:trail", P.SEE_TRAIL),
            ("Ask for documents", "appeals:documents_new", P.FILE_APPEAL),
            ("Go past a refusal", "appeals:overrides", P.FILE_APPEAL),
            ("Close the case", "appeals:close", P.CLOSE_CASE),
        ),
    ),
)
WHEN_CLOSED: tuple[Act, ...] = (
    ("Write a note", "cases:note_new", P.WRITE_NOTE),
    ("Messages with the patient", "cases:messages", P.SEE_CASES),
    ("Reopen the case", "appeals:reopen", P.REOPEN_CASE),
    ("Trail", "appeals:trail", P.SEE_TRAIL),
)
FEW = 4
"""So many need no disclosure."""


@require_safe
@page
def case(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """One case. `at` in the address keeps the place in the list it was opened from, `show` filters the timeline."""
    actor: Any = request.actor  # type: ignore[attr-defined]
    at: datetime = request.at  # type: ignore[attr-defined]
    show = request.GET.get("show", "")
    show = show if show in timeline.FILTERS else ""
    after = timeline.key_of(request.GET.get("after", ""))
    found = case_page(actor, case_id, now=at, here=day_of(request), show=show, after=after)
    place = place_of(request.GET.get("at", ""))
    beside = neighbors(actor, place, day_of(request)) if place else None
    row = found.case
    beside_it = [other for other, _how in found.related]
    saw(
        request,
        "read_page",
        cases=[row.pk, *(c.pk for c in beside_it)],
        patients=[row.patient_id, *(c.patient_id for c in beside_it)],
    )
    with timezone.override(ZoneInfo(row.patient.time_zone)):
        return render(request, "appeals/case.html", _context(found, beside, request.GET.get("at", "")))


def _context(found: CasePage, beside: Neighbors | None, place: str) -> dict[str, Any]:
    case = found.case
    key = case.public_id
    front, more = _acts(found)
    return {
        "case": case,
        "found": found,
        "heading": f"{case.reference} · {case.patient.called}",
        "zone": zone_name(case.patient.time_zone),
        "badges": _badges(found),
        "facts": _facts(found),
        "actions": _header_actions(found),
        "acts": front,
        "more": more,
        "beside": _beside(beside),
        "levels": [_level(step, key) for step in found.steps],
        "choices": [_choice(point, found) for point in reversed(found.choices)],
        "may_record_sessions": P.CHANGE_CASE in found.permissions and case.status == "open",
        "clocks": found.clocks,
        "precedent": _precedent(found),
        "regime_url": link("appeals:questions", key),
        "overrides": [{"says": OVERRIDABLE[row.step].says, "state": row.state} for row in found.overrides],
        "targets": [standing_shown(standing) for standing in found.targets],
        "overrides_url": link("appeals:overrides", key) if P.FILE_APPEAL in found.permissions else "",
        "tasks": [_task(line, key) for line in found.tasks],
        "tasks_url": link("cases:tasks", key),
        "missing": [
            {"text": m.text, "url": link(m.url_name, *m.args) if m.permission in found.permissions else ""}
            for m in found.missing
        ],
        "related": [
            {
                "reference": row.reference,
                "url": link("appeals:case", row.public_id),
                "treatment": row.get_treatment_display(),
                "state": row.get_outcome_display() or row.get_status_display(),
                "same": row.status == "open" and row.treatment == case.treatment,
                "linked": how,
            }
            for row, how in found.related
        ],
        "related_url": link("cases:related", key),
        "benefits_url": link("cases:benefits", key),
        "documents": [
            {
                "name": line.document.title,
                "kind": line.document.get_kind_display(),
                "url": link("cases:document", key, line.document.public_id),
                "pages": line.version.page_count if line.version else None,
                "note": line.version.text_note if line.version else "",
                "at": line.document.created_at,
                "frozen": line.document.is_frozen,
            }
            for line in found.documents
        ],
        "documents_url": link("cases:documents", key),
        "said": [_said(line) for line in found.communications],
        "promises": [_said(line) for line in found.promises_missed],
        "said_url": link("cases:communications", key),
        "costs_url": link("cases:costs", key),
        "money": _money(found),
        "entries": [_entry(entry, key) for entry in found.timeline.entries],
        "timeline_tabs": [
            {
                "label": label,
                "url": link("appeals:case", key, show=code, at=place) + "#timeline",
                "current": code == found.timeline.show,
            }
            for code, label in timeline.FILTERS.items()
        ],
        "newest_url": ""
        if found.timeline.is_first
        else link("appeals:case", key, show=found.timeline.show, at=place) + "#timeline",
        "older_url": link("appeals:case", key, show=found.timeline.show, at=place, after=found.timeline.after)
        + "#timeline"
        if found.timeline.after
        else "",
        "patient_url": link("people:patient", case.patient.public_id),
        "call_note_url": link("cases:call_new", key)
        if P.WRITE_NOTE in found.permissions and case.status == "open"
        else "",
        "breadcrumbs": [
            {"label": "Queue", "url": _queue_url(beside)},
            {"label": case.reference, "url": ""},
        ],
    }


def _precedent(found: CasePage) -> dict[str, Any]:
    """How often the like was overturned, in decided cases; empty where nothing may be told. Never about this case."""
    case, level = found.case, found.level
    question = FigureQuestion(
        "precedent",
        case.pk,
        level=level.level if level else "",
        regime=level.regime if level else "",
        treatment=case.treatment,
        diagnosis=case.diagnosis_codes[0] if case.diagnosis_codes else "",
    )
    told = {key: value for key, value in figures_about(question).items() if value}
    return told | {"stage": stage_label(level.level)} if told and level else told


def _queue_url(beside: Neighbors | None) -> str:
    query = beside.query_string if beside else ""
    return link("appeals:queue") + (f"?{query}" if query else "")


def _beside(beside: Neighbors | None) -> dict[str, str] | None:
    """Previous and next case of the list this one was opened from."""
    if beside is None:
        return None
    return {
        "previous": link("appeals:case", beside.previous[0], at=beside.previous[1])
        if beside.previous
        else "",
        "next": link("appeals:case", beside.next[0], at=beside.next[1]) if beside.next else "",
    }


def _badges(found: CasePage) -> list[dict[str, str]]:
    case = found.case
    badges = []
    if case.status == "closed":
        badges.append({"text": f"Closed: {case.get_outcome_display()}", "tone": ""})
    badges += triage_shown(case)
    if case.is_restricted:
        badges.append({"text": "Restricted to named people", "tone": "bad"})
    if not found.permissions:
        badges.append({"text": "Read only: dated or emergency access", "tone": "info"})
    return badges


def _funding(found: CasePage) -> list[dict[str, str]]:
    """Who bears the cost, from the coverage. Left out where the coverage does not say and the rules that apply are settled."""
    coverage = found.case.coverage
    if coverage.funding == "unknown" and found.classification.regime:
        return []
    return [{"label": "Funding", "value": coverage.get_funding_display()}]


def _facts(found: CasePage) -> list[dict[str, str]]:
    case, patient = found.case, found.case.patient
    facts = [
        {"label": "Pronouns", "value": patient.pronouns or "not asked"},
        {"label": "Payer", "value": str(case.coverage.payer)},
        *_funding(found),
        {
            "label": "Rules",
            "value": found.regime,
            "url": link("appeals:questions", case.public_id),
            "why": "why?",
        },
        {"label": "Stage", "value": stage_label(case.stage)},
        {
            "label": "Triage",
            "value": case.get_urgency_display().partition(":")[0],
            "url": link("cases:triage", case.public_id) if P.TRIAGE_CASE in found.permissions else "",
            "why": "again" if case.safety_concern != "unknown" else "safety not asked yet",
            "tone": "bad" if case.safety_concern == "yes" or case.urgency == "emergency" else "",
        },
        {"label": "Owner", "value": str(case.owner.user) if case.owner else "No owner"},
        {
            "label": "Team",
            "value": ", ".join(f"{t.who} ({t.part.lower()})" for t in found.team) or "Nobody else",
            "url": link("cases:team", case.public_id),
            "why": "team",
        },
        *(
            [{"label": "How it ended", "value": case.outcome_note}]
            if case.status == "closed" and case.outcome_note
            else []
        ),
        {"label": "Consent", "value": found.consent.words, "tone": "" if found.consent.stands else "bad"},
    ]
    if (window := found.call_window) is not None:
        day = f"{window.date:%a, %b} {window.date.day}, {window.date.year}"
        facts.insert(0, {"label": "Peer-to-peer window", "value": f"{day}. {window.kind}"})
    granted = next((line for line in found.authorizations if line.is_running), None)
    if granted is not None:
        facts.append(_authorized(granted, case.public_id))
    return facts


def _authorized(line: AuthorizationLine, key: UUID) -> dict[str, str]:
    """What is left of the authorization, until when, and from when the renewal is asked for."""
    parts = []
    if line.sessions_left is not None:
        parts.append(f"{line.sessions_left} of {line.granted.sessions} sessions left")
    if line.units_left is not None:
        parts.append(f"{line.units_left.normalize():f} units left")
    last, ask = line.granted.valid_until, line.renew_on
    renew = "renew now" if line.renewal_due else f"renew from {ask:%b} {ask.day}"
    return {
        "label": "Authorized",
        "value": f"{', '.join(parts)}, until {last:%b} {last.day}, {last.year}, {renew}",
        "url": link("appeals:authorization", key, line.granted.public_id),
        "why": "sessions",
        "tone": "bad" if line.renewal_due else "",
    }


def _choice(point: ChoicePoint, found: CasePage) -> dict[str, Any]:
    may = P.FILE_APPEAL in found.permissions and found.case.status == "open"
    return {
        "title": point.title,
        "about_url": link(point.url_name.removesuffix("_choice"), *point.args),
        "choice": point.choice,
        "url": link(point.url_name, *point.args) if may else "",
        "request_url": link("appeals:request", found.case.public_id, found.request)
        if point.choice and point.choice.request_id and found.request
        else "",
    }


def _header_actions(found: CasePage) -> list[dict[str, Any]]:
    shown = action_link(found.action)
    if not shown["action_url"]:
        return []
    return [{"label": shown["action"], "url": shown["action_url"], "kind": "main", "act": True}]


def _acts(found: CasePage) -> tuple[list[dict[str, str]], list[dict[str, Any]]]:
    """What stands in front, and the groups behind the disclosure; all of it in front where it is little."""

    def allowed(acts: tuple[Act, ...]) -> list[dict[str, str]]:
        return [
            {"label": label, "url": link(name, found.case.public_id)}
            for label, name, permission in acts
            if permission in found.permissions
        ]

    if found.case.status != "open":
        return allowed(WHEN_CLOSED), []
    front = allowed(FRONT)
    groups = [
        (title, allowed(acts) + (at_once_acts(found) if title == CONTEST else [])) for title, acts in MORE
    ]
    more = [{"title": title, "acts": acts} for title, acts in groups if acts]
    behind = [act for _title, acts in groups for act in acts]
    if len(front) + len(behind) <= FEW:
        return front + behind, []
    return front, more


def at_once_acts(found: CasePage) -> list[dict[str, str]]:
    """The levels that may be opened beside one that is open, where the law, or what two people agreed, allows it now."""
    if P.FILE_APPEAL not in found.permissions:
        return []
    key = found.case.public_id
    return [
        {
            "label": f"Open a review beside: {title}",
            "url": link("appeals:level_at_once", key, level.public_id),
        }
        for title, level in found.at_once
    ]


def _level(step: Step, key: UUID) -> dict[str, Any]:
    return {
        "name": step.name,
        "state": step.state,
        "state_label": step.state_label,
        "tone": step.tone,
        "url": link(step.url_name, key, step.row) if step.url_name and step.row else "",
        "ours": step.ours,
        "plan": step.plan,
        "outcome": step.outcome,
        "note": step.note,
    }


def _task(line: TaskLine, key: UUID) -> dict[str, Any]:
    task = line.task
    held = task.status == "held"
    return {
        "title": task.title,
        "url": link("cases:task", key, task.public_id),
        "due": task.due_on,
        "days_left": line.days_left,
        "owner": line.owner,
        "state_label": "On hold" if held else "",
        "tone": "",
        "waits_for": line.waits_for,
        "held_until": task.hold_until if held else None,
        "held_reason": task.hold_reason if held else "",
        "done": False,
    }


def _said(line: CommunicationLine) -> dict[str, Any]:
    row = line.communication
    return {
        "row": row,
        "who": f"{row.get_party_display()}{f' ({row.person})' if row.person else ''}",
        "by": line.by,
        "days_late": line.days_late,
        "broken": row.promise_kept is False,
    }


def _money(found: CasePage) -> dict[str, Any]:
    money = found.money
    return {
        "patient_savings": money.amount("patient_savings"),
        "plan_dollars": money.amount("plan_dollars"),
        "at_stake": money.amount("at_stake"),
        "patient_note": money.patient_savings.get_certainty_display() if money.patient_savings else "",
        "plan_note": money.plan_dollars.get_certainty_display() if money.plan_dollars else "",
        "stake_note": money.at_stake.get_certainty_display() if money.at_stake else "",
    }


def _entry(entry: timeline.Entry, key: UUID) -> dict[str, Any]:
    pages = {
        "filings": ("appeals:filed", "Open what was sent"),
        "documents": ("cases:document", "Open"),
        "said": ("cases:communication", "Open"),
    }
    links = []
    if entry.kind in pages and entry.row:
        name, label = pages[entry.kind]
        links.append({"label": label, "url": link(name, key, entry.row)})
    return {
        "at": entry.at,
        "has_time": entry.has_time,
        "recorded_at": entry.recorded_at,
        "title": entry.title,
        "kind": entry.badge,
        "tone": entry.tone,
        "by": entry.by,
        "body": "\n".join(part for part in (entry.body, *entry.lines) if part),
        "internal": entry.internal,
        "links": links,
    }
