"""What the payer granted: sessions held against it, what is left, and asking to go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from advocacy.access.permissions import Permission as P
from advocacy.web import paged
from appeals.commands.following import draft_renewal, renewal_under_way
from appeals.commands.sessions import record_session, void_session
from appeals.forms.sessions import SessionForm, VoidForm
from appeals.queries.sessions import (
    get_authorization,
    get_session,
    latest_of,
    sessions_of,
    standing_of,
)
from appeals.rules import RENEWAL_DAYS, RENEWAL_SESSIONS
from appeals.views.casework import CaseRequest, case_page, show, show_step, today_for
from cases.places import place_name
from cases.queries.registration import providers
from cases.views.casework import attempt, done

BACK = "appeals:authorization"


@require_safe
@case_page()
def authorization(request: CaseRequest, case: Any, authorization_id: UUID) -> HttpResponse:
    """One authorization: what is left, when the renewal is asked for, and every session held against it."""
    granted = get_authorization(request.actor, case, authorization_id)
    line = standing_of(granted, today_for(request, case).today)
    listed = paged(sessions_of(granted), after=request.GET.get("after"), newest=True)
    renewal = renewal_under_way(granted)
    address = [case.public_id, granted.public_id]
    actions = []
    if case.status == "open" and P.CHANGE_CASE in request.may:
        actions.append({"label": "Record a session", "url": reverse("appeals:session_new", args=address)})
    if case.status == "open" and P.REQUEST_AUTHORIZATION in request.may and renewal is None:
        actions.append({"label": "Draft the renewal", "url": reverse("appeals:renewal", args=address)})
    if actions:
        actions[-1 if line.renewal_due else 0]["kind"] = "main"
    here = reverse(BACK, args=address)
    context = {
        "granted": granted,
        "line": line,
        "rows": [{"row": row, "place": place_name(row.place_of_service)} for row in listed.rows],
        "next_url": f"{here}?after={listed.next_after}" if listed.next_after else "",
        "first_url": "" if listed.first else here,
        "renewal": renewal,
        "renewal_days": RENEWAL_DAYS,
        "renewal_sessions": RENEWAL_SESSIONS,
        "actions": actions,
    }
    return show(request, "appeals/authorization.html", case, context, here="Authorization")


@case_page(P.CHANGE_CASE)
def session_new(request: CaseRequest, case: Any, authorization_id: UUID) -> HttpResponse:
    """Record a session that took place."""
    granted = get_authorization(request.actor, case, authorization_id)
    today = today_for(request, case).today
    line = standing_of(granted, today)
    known = {row.public_id: row for row in providers(request.actor, also=case.provider)}
    initial = {"held_on": min(today, granted.valid_until), "provider": case.provider.public_id}
    latest = latest_of(granted)
    if latest is not None:
        initial |= {
            "minutes": latest.minutes,
            "units": latest.units,
            "place_of_service": latest.place_of_service,
            "provider": latest.provider.public_id,
        }
    elif granted.request.place_of_service:
        initial["place_of_service"] = granted.request.place_of_service
    form = SessionForm(
        request.POST or None, providers=[(str(key), str(row)) for key, row in known.items()], initial=initial
    )

    def act(typed: Mapping[str, Any]) -> Any:
        given = dict(typed) | {"provider": known[typed["provider"]]}
        return record_session(actor=request.actor, authorization=granted, at=request.at, **given)

    outcome = attempt(request, form, act)
    if outcome.done:
        return done(request, "The session is recorded.", BACK, case.public_id, granted.public_id)
    return _step(
        request,
        case,
        granted,
        form,
        outcome,
        here="Record a session",
        action="Record the session",
        text=_left_words(line),
        effects=(
            "What is left of the authorization is counted down.",
            f"With {RENEWAL_SESSIONS} sessions left, the task to ask for a renewal opens by itself.",
        ),
    )


def _left_words(line: Any) -> str:
    parts = []
    if line.sessions_left is not None:
        parts.append(f"{max(line.sessions_left, 0)} of {line.granted.sessions} sessions")
    if line.units_left is not None:
        parts.append(f"{max(line.units_left, 0).normalize():f} of {line.granted.units.normalize():f} units")
    last = line.granted.valid_until
    return f"Left: {' and '.join(parts)}. The last valid day is {last:%B} {last.day}, {last.year}."


@case_page(P.CHANGE_CASE)
def session_void(request: CaseRequest, case: Any, session_id: UUID) -> HttpResponse:
    """A session that was recorded wrongly no longer counts."""
    session = get_session(request.actor, case, session_id)
    form = VoidForm(request.POST or None)
    outcome = attempt(
        request,
        form,
        lambda typed: void_session(
            actor=request.actor, session=session, reason=typed["reason"], at=request.at
        ),
    )
    granted = session.authorization
    if outcome.done:
        return done(request, "The session is void.", BACK, case.public_id, granted.public_id)
    day = session.held_on
    return _step(
        request,
        case,
        granted,
        form,
        outcome,
        here="Void a session",
        action="Void the session",
        text=f"The session of {day:%B} {day.day}, {day.year}.",
        effects=("It stays in the list, struck out, with your reason. It no longer counts.",),
        tone="danger",
    )


@case_page(P.REQUEST_AUTHORIZATION)
def renewal(request: CaseRequest, case: Any, authorization_id: UUID) -> HttpResponse:
    """Draft the request to go on: the same items, while treatment is running, from the day after the last valid one."""
    granted = get_authorization(request.actor, case, authorization_id)
    standing = renewal_under_way(granted)
    if standing is not None and request.method != "POST":
        return redirect("appeals:request", case.public_id, standing.public_id)
    if request.method == "POST":
        made = draft_renewal(actor=request.actor, granted=granted, at=request.at)
        return done(
            request,
            "The renewal is drafted. Look at it, then send it.",
            "appeals:request_change",
            case.public_id,
            made.public_id,
        )
    context = {
        "title": "Draft the renewal",
        "effects": [
            "A new request is drafted with the same items, marked as asked while treatment is running.",
            "Every item begins on the day after the last valid day of this authorization; change it where needed.",
            "Nothing is sent yet, and no clock starts.",
        ],
        "action": "Draft the renewal",
        "back_url": reverse(BACK, args=[case.public_id, granted.public_id]),
    }
    return show(
        request,
        "appeals/confirm.html",
        case,
        context,
        here="Draft the renewal",
        trail=(("Authorization", str(context["back_url"])),),
    )


def _step(
    request: CaseRequest, case: Any, granted: Any, form: Any, outcome: Any, **shown: Any
) -> HttpResponse:
    back = reverse(BACK, args=[case.public_id, granted.public_id])
    return show_step(request, case, form, outcome, back=back, trail=(("Authorization", back),), **shown)
