"""The patient's page: who they are, how to reach them, what covers them, what they allowed, and their cases."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from advocacy.access.permissions import Permission
from advocacy.access.policy import allows
from advocacy.people.places import STATES, TIME_ZONES
from advocacy.people.portal_access import portal_shown
from advocacy.people.queries import consents_of, contacts_of, get_patient
from advocacy.people.rules import day_in
from advocacy.web import ActorRequest, page, saw
from cases.queries.consent_papers import papers_by_consent, proofs_by_access
from cases.queries.registration import cases_of, coverages_of


@require_safe
@page
def patient(request: ActorRequest, patient_id: UUID) -> HttpResponse:
    """Everything about a patient that is true without appeals, with what may be done next."""
    row = get_patient(request.actor, patient_id)
    cases = list(cases_of(request.actor, row))
    coverages = list(coverages_of(row))
    consents = list(consents_of(row))
    today = day_in(row.time_zone, request.at)
    papers = papers_by_consent(request.actor, consents)
    for consent in consents:
        consent.standing = consent_state(consent, today)  # type: ignore[attr-defined]
        consent.scans = papers.get(consent.pk, [])  # type: ignore[attr-defined]
    may = request.actor.may
    contacts = list(contacts_of(row))
    saw(request, "read_page", patients=[row.pk], cases=[case.pk for case in cases])
    accesses = portal_shown(row, request.at, contacts, consents)
    proofs = proofs_by_access(request.actor, [shown.access for shown in accesses])
    context = {
        "patient": row,
        "breadcrumbs": [{"label": row.reference, "url": ""}],
        "meta": [row.reference, f"born {row.birth_date:%b} {row.birth_date.day}, {row.birth_date.year}"],
        "actions": _actions(row, coverages, may),
        "details": _details(row),
        "contacts": contacts,
        "coverages": coverages,
        "consents": consents,
        "consent_stands": any(c.standing["stands"] for c in consents),  # type: ignore[attr-defined]
        "release_stands": any(c.kind == "release" and c.stands_on(today) for c in consents),
        "cases": cases,
        "portal_accesses": [(shown, proofs.get(shown.access.proof)) for shown in accesses],
        "now": request.at,
        "shows_numbers": bool(coverages) and allows(request.actor, Permission.WORK_TASKS, row),
        "may_invite": may(Permission.INVITE_TO_PORTAL),
        "may_change": may(Permission.CHANGE_PATIENT),
        "may_consent": may(Permission.RECORD_CONSENT),
    }
    return render(request, "cases/patient.html", context)


def consent_state(consent: Any, today: Any) -> dict[str, Any]:
    """How a consent stands on the day `today`: words, tone, and whether it stands at all."""
    if consent.revoked_at:
        return {"stands": False, "text": "Withdrawn", "tone": "bad"}
    if consent.expires_on and consent.expires_on < today:
        return {"stands": False, "text": "Expired", "tone": "warn"}
    if consent.is_only_oral:
        return {"stands": False, "text": "Given orally: does not stand", "tone": "bad"}
    if consent.lacks:
        return {"stands": False, "text": "Not whole: allows nothing", "tone": "bad"}
    return {"stands": True, "text": "Stands", "tone": "good"}


def _actions(row: Any, coverages: list[Any], may: Any) -> list[dict[str, str]]:
    """What comes next stands in front: coverage first, since a case needs one."""
    found = []
    if may(Permission.CHANGE_PATIENT) and not coverages:
        url = reverse("cases:coverage_new", args=[row.public_id])
        found.append({"label": "Add coverage", "url": url, "kind": "main"})
    if may(Permission.OPEN_CASE) and coverages:
        url = reverse("cases:case_new", args=[row.public_id])
        found.append({"label": "Open a case", "url": url, "kind": "main"})
    if may(Permission.CHANGE_PATIENT):
        url = reverse("people:patient_change", args=[row.public_id])
        found.append({"label": "Change details", "url": url, "kind": "quiet"})
    if may(Permission.ACCOUNT_DISCLOSURES):
        url = reverse("people:disclosures", args=[row.public_id])
        found.append({"label": "Disclosures", "url": url, "kind": "quiet"})
    return found


def _details(row: Any) -> list[dict[str, Any]]:
    language = row.get_language_display()
    if row.language_note:
        language = f"{language} ({row.language_note})"
    if row.interpreter_needed:
        language = f"{language}, interpreter needed"
    return [
        {"label": "Legal name", "value": row.full_name},
        {"label": "Pronouns", "value": row.pronouns},
        {"label": "Language", "value": language},
        {"label": "State of residence", "value": STATES.get(row.state, row.state)},
        {"label": "Time zone", "value": TIME_ZONES.get(row.time_zone, row.time_zone)},
    ]
