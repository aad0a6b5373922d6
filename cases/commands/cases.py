"""The case itself: opened, corrected, given to somebody, closed and opened again. And what was tried before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from advocacy import registries
from advocacy.access.duties import not_ones_own
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, reachable, require
from advocacy.access.roles import permissions_of
from advocacy.audit.trail import record
from advocacy.errors import NotFound, Reason, Refused, WrongState
from advocacy.people.models import Membership, Patient
from advocacy.people.rules import day_in
from advocacy.tenancy.joined import joined
from advocacy.tenancy.models import Organization
from cases import codes, rules
from cases.commands.owners import as_of_now, works_here
from cases.commands.search_text import index_case
from cases.commands.touch import touch
from cases.models import Case, Communication, Coverage, FailedTreatment, Provider
from cases.queries.registration import closed_to, scope_of
from cases.workflow import CASE, CaseStatus

after_ending: list[Callable[[Case, datetime], None]] = []
"""What follows, in the same transaction, when a case is closed or opened again. Filled in `apps.ready`."""


def open_case(
    *,
    actor: Actor,
    patient: Patient,
    coverage: Coverage,
    provider: Provider,
    treatment: str,
    purpose: str,
    diagnosis_codes: Sequence[str],
    procedure_codes: Sequence[str],
    treatment_note: str = "",
    purpose_words: str = "",
    is_urgent: bool = False,
    owner: Membership | None = None,
    at: datetime,
) -> Case:
    """Open a case for one patient, one treatment, one coverage. Codes must be in force on the day of opening.

    `purpose` says what the treatment is for; a case outside the organization's scope is refused.

    A case of a patient with restricted cases is restricted too, and then needs an owner (the opener, when none is named). The
    owner is who they are in the database now, whatever the row that is passed in says.
    Raises NotAllowed, NotFound (rows of another organization), Refused with every reason.
    """
    require(actor, Permission.OPEN_CASE, patient)
    organization = _organization_of(actor)
    diagnoses, procedures = _codes(diagnosis_codes), _codes(procedure_codes)
    today = day_in(organization.time_zone, at)
    with joined():
        opener = actor.membership_id if patient.is_restricted else None
        owner = as_of_now(owner.pk if owner else opener)
        _refuse_if(
            [
                rules.purpose_is_stated(purpose),
                rules.inside_scope(treatment, purpose, scope_of(organization)),
                *_wrong_with_case(patient, coverage, provider, diagnoses, procedures, today),
                _cannot_own(owner, at),
            ]
        )
        case = Case.objects.create(
            reference=_next_reference(organization, today.year),
            patient=patient,
            coverage=coverage,
            provider=provider,
            treatment=treatment,
            treatment_note=treatment_note.strip(),
            purpose=purpose,
            purpose_words=purpose_words.strip(),
            diagnosis_codes=diagnoses,
            procedure_codes=procedures,
            owner=owner,
            team_id=owner.team_id if owner else None,
            is_restricted=patient.is_restricted,
            is_urgent=is_urgent,
            **_triaged(is_urgent, Case.SafetyConcern.UNKNOWN),
            opened_at=at,
            opened_by_id=actor.user_id,
            last_touched_at=at,
        )
        index_case(case)
        record("case_opened", subject=case, detail={"patient": patient.pk, "treatment": treatment})
    return case


def change_case(
    *,
    actor: Actor,
    case: Case,
    coverage: Coverage,
    provider: Provider,
    treatment: str,
    diagnosis_codes: Sequence[str],
    procedure_codes: Sequence[str],
    treatment_note: str = "",
    purpose: str | None = None,
    purpose_words: str | None = None,
    is_urgent: bool = False,
    expected_version: int | None = None,
    at: datetime,
) -> Case:
    """Correct what the case is about; what is None stays.

    Raises NotAllowed, NotFound, WrongState (closed, or somebody was faster), Refused.
    """
    require(actor, Permission.CHANGE_CASE, case)
    today = day_in(_organization_of(actor).time_zone, at)
    wanted: dict[str, Any] = {
        "coverage_id": coverage.pk,
        "provider_id": provider.pk,
        "treatment": treatment,
        "treatment_note": treatment_note.strip(),
        "diagnosis_codes": _codes(diagnosis_codes),
        "procedure_codes": _codes(procedure_codes),
        "is_urgent": is_urgent,
    }
    if purpose is not None:
        wanted |= {"purpose": purpose, "purpose_words": (purpose_words or "").strip()}
    if is_urgent != case.is_urgent:
        wanted |= _triaged(is_urgent, case.safety_concern)
    _refuse_if(
        [
            rules.purpose_is_stated(wanted.get("purpose", "unchanged")),
            *_wrong_with_case(
                case.patient,
                coverage,
                provider,
                wanted["diagnosis_codes"],
                wanted["procedure_codes"],
                today,
            ),
        ]
    )
    with transaction.atomic():
        row = Case.objects.select_for_update().get(pk=case.pk)
        must_be_open(row)
        if expected_version is not None and row.version != expected_version:
            raise WrongState(
                "change", row.status, "Somebody changed this case meanwhile. Look at it again, then save."
            )
        changed = [name for name, value in wanted.items() if getattr(row, name) != value]
        if changed:
            for name in changed:
                setattr(row, name, wanted[name])
            row.version += 1
            row.last_touched_at = max(row.last_touched_at, at)
            row.save(update_fields=[*changed, "version", "last_touched_at"])
            index_case(row)
            record("case_changed", subject=row, detail={"fields": changed})
    return row


def assign_case(*, actor: Actor, case: Case, owner: Membership | None, at: datetime) -> Case:
    """Give the case to a colleague, or to nobody (None: it waits in the queue). Raises NotAllowed, NotFound, Refused."""
    return assign_cases(actor=actor, cases=[case], owner=owner, at=at)[0]


def assign_cases(
    *, actor: Actor, cases: Sequence[Case], owner: Membership | None, at: datetime
) -> tuple[Case, ...]:
    """Give several cases to one colleague: all or none. Returns them as they are now, in the same order.

    The colleague is who they are in the database now, whatever the row that is passed in says. Raises NotAllowed, NotFound,
    WrongState for a closed case, Refused when the colleague has left or cannot work cases, when a
    restricted case would be left without an owner, or when somebody opens a restricted case to themselves.
    """
    require(actor, Permission.ASSIGN_CASE)
    ids = [case.pk for case in cases]
    with transaction.atomic():
        owner = as_of_now(owner.pk if owner else None)
        rows = (
            Case.objects.select_for_update()
            .filter(reachable(actor, Permission.ASSIGN_CASE, Case), pk__in=ids)
            .order_by("pk")
        )
        locked = {row.pk: row for row in rows}
        if set(ids) - set(locked):
            raise NotFound("case")
        reasons: list[Reason | None] = [_cannot_own(owner, at)]
        if owner is None and any(row.is_restricted for row in locked.values()):
            reasons.append(
                Reason(
                    "restricted_needs_owner", "A restricted case needs an owner, or nobody opens it.", "owner"
                )
            )
        if owner is not None and closed_to(actor, locked.values()):
            reasons += not_ones_own(actor, owner.user_id, "own_access", field="owner")
        _refuse_if(reasons)
        for row in locked.values():
            must_be_open(row)
            before = row.owner_id
            if before == (owner.pk if owner else None):
                continue
            row.owner, row.team_id = owner, (owner.team_id if owner else row.team_id)
            row.version += 1
            row.save(update_fields=["owner", "team", "version"])
            record("case_assigned", subject=row, detail={"from": before, "to": owner.pk if owner else None})
    return tuple(locked[pk] for pk in ids)


def close_case(*, actor: Actor, case: Case, outcome: str, note: str = "", at: datetime) -> Case:
    """Close the case with its outcome. `note` stays on the case; one closed as covered without anything that shows coverage
    needs it. Raises NotAllowed, NotFound, WrongState, Refused with every obstacle of every app.
    """
    require(actor, Permission.CLOSE_CASE, case)
    if outcome and outcome not in Case.Outcome.values:
        raise Refused([Reason("outcome_missing", "Choose how the case ended.", "outcome")])
    with transaction.atomic():
        locked = _locked(case)
        locked.outcome, locked.outcome_note = (
            outcome,
            note.strip(),
        )  # judged as they would stand; `take` writes them
        found = [reason for obstacles in registries.obstacles_to_closing for reason in obstacles(locked)]
        closed = CASE.take(
            "close",
            case,
            actor=actor,
            at=at,
            changes={"outcome": outcome, "outcome_note": note.strip(), "closed_at": at},
            facts={
                "obstacles": found,
                "duplicate_named": locked.links.filter(kind="duplicate", ended_at=None).exists(),
            },
            detail={"outcome": outcome},
            held=locked,
        )
        return _followed(closed, at)


def _locked(case: Case) -> Case:
    """With what its dates are computed from."""
    rows = Case.objects.select_for_update(of=("self",)).select_related("patient", "coverage", "owner")
    return rows.get(pk=case.pk)


def _followed(case: Case, at: datetime) -> Case:
    for follow in after_ending:
        follow(case, at)
    return case


def reopen_case(*, actor: Actor, case: Case, reason: str, at: datetime) -> Case:
    """Open a closed case again; `reason` is kept in the trail. Raises NotAllowed, NotFound, WrongState, Refused."""
    with transaction.atomic():
        opened = CASE.take(
            "reopen",
            case,
            actor=actor,
            at=at,
            changes={"outcome": "", "closed_at": None, "last_touched_at": at},
            facts={"reason": reason.strip()},
            reason=reason.strip(),
        )
        return _followed(opened, at)


def record_failed_treatment(
    *,
    actor: Actor,
    case: Case,
    name: str,
    reason_stopped: str,
    modality: str = FailedTreatment.Modality.DRUG,
    drug_class: str = "",
    dose: Decimal | None = None,
    dose_unit: str = "",
    started_on: date | None = None,
    stopped_on: date | None = None,
    weeks_adequate: int | None = None,
    adequacy: str = FailedTreatment.Adequacy.UNKNOWN,
    response: str = FailedTreatment.Response.UNKNOWN,
    reason_detail: str = "",
    scale: str = "",
    score_before: Decimal | None = None,
    score_after: Decimal | None = None,
    in_current_episode: bool = True,
    at: datetime,
) -> FailedTreatment:
    """Record something that was tried and did not do enough. Raises NotAllowed, NotFound, WrongState (closed), Refused."""
    require(actor, Permission.CHANGE_CASE, case)
    values = _treatment_values(locals())
    _refuse_if(_wrong_with_treatment(values, day_in(case.patient.time_zone, at)))
    with transaction.atomic():
        must_be_open(Case.objects.select_for_update().get(pk=case.pk))
        row = FailedTreatment.objects.create(case=case, recorded_at=at, **values)
        touch(case, at)
        record("failed_treatment_recorded", subject=row, detail={"modality": modality})
    return row


def change_failed_treatment(
    *,
    actor: Actor,
    treatment: FailedTreatment,
    name: str,
    reason_stopped: str,
    modality: str = FailedTreatment.Modality.DRUG,
    drug_class: str = "",
    dose: Decimal | None = None,
    dose_unit: str = "",
    started_on: date | None = None,
    stopped_on: date | None = None,
    weeks_adequate: int | None = None,
    adequacy: str = FailedTreatment.Adequacy.UNKNOWN,
    response: str = FailedTreatment.Response.UNKNOWN,
    reason_detail: str = "",
    scale: str = "",
    score_before: Decimal | None = None,
    score_after: Decimal | None = None,
    in_current_episode: bool = True,
    at: datetime,
) -> FailedTreatment:
    """Correct a failed treatment. Raises NotAllowed, NotFound, WrongState (closed), Refused."""
    require(actor, Permission.CHANGE_CASE, treatment)
    values = _treatment_values(locals())
    _refuse_if(_wrong_with_treatment(values, day_in(treatment.case.patient.time_zone, at)))
    with transaction.atomic():
        must_be_open(Case.objects.select_for_update().get(pk=treatment.case_id))
        row = FailedTreatment.objects.select_for_update().get(pk=treatment.pk)
        changed = [key for key, value in values.items() if getattr(row, key) != value]
        if changed:
            for key in changed:
                setattr(row, key, values[key])
            row.save(update_fields=changed)
            touch(treatment.case, at)
            record("failed_treatment_recorded", subject=row, detail={"changed": changed})
    return row


def promises_open_of(case: Case) -> list[Reason]:
    """An obstacle to closing: what somebody promised by a day, and nobody has said whether it was kept."""
    count = Communication.objects.filter(
        case=case, promised_by__isnull=False, promise_kept=None, superseded_at=None
    ).count()
    if not count:
        return []
    what = "A promise is" if count == 1 else f"{count} promises are"
    return [Reason("promise_open", f"{what} not settled. Say in the log of contacts whether it was kept.")]


def must_be_open(case: Case, to: str = "change it") -> None:
    """Raises WrongState for a closed case. `to` says in words what it is reopened for."""
    if case.status == CaseStatus.CLOSED:
        raise WrongState("change", case.status, f"This case is closed. Reopen it to {to}.")


_TREATMENT_FIELDS = tuple(
    f.name
    for f in FailedTreatment._meta.concrete_fields
    if f.name not in ("id", "public_id", "organization", "case", "recorded_at")
)


def _treatment_values(given: dict[str, Any]) -> dict[str, Any]:
    values = {name: given[name] for name in _TREATMENT_FIELDS}
    return {key: value.strip() if isinstance(value, str) else value for key, value in values.items()}


def _wrong_with_treatment(values: dict[str, Any], today: date) -> list[Reason | None]:
    started, stopped = values["started_on"], values["stopped_on"]
    return [
        None if values["name"] else Reason("name_missing", "Fill in the medicine or therapy.", "name"),
        *rules.treatment_dates_fit(started, stopped, values["reason_stopped"], today),
        rules.weeks_fit_dates(values["weeks_adequate"], started, stopped, today),
        rules.scale_is_known(values["scale"]),
        *(
            rules.score_fits_scale(values["scale"], values[field], field)
            for field in ("score_before", "score_after")
        ),
    ]


def _refuse_if(found: Sequence[Reason | None]) -> None:
    reasons = [r for r in found if r]
    if reasons:
        raise Refused(reasons)


def _triaged(is_urgent: bool, safety_concern: str) -> dict[str, Any]:
    """What the mark "urgent" alone says of a case's triage."""
    urgency = Case.Urgency.URGENT if is_urgent else Case.Urgency.STANDARD
    return {"urgency": urgency, "triage_rank": rules.triage_rank(urgency, safety_concern)}


def _codes(given: Sequence[str]) -> list[str]:
    """Codes as they are kept, each once, in the order given."""
    return list(dict.fromkeys(codes.normalized(code) for code in given if code.strip()))


def _organization_of(actor: Actor) -> Organization:
    return Organization.objects.get(pk=actor.organization_id)


def _cannot_own(owner: Membership | None, at: datetime) -> Reason | None:
    if owner is None:
        return None
    if not works_here(owner, at):
        return Reason("owner_left", "This colleague is no longer a member. Choose somebody else.", "owner")
    return rules.owner_can_work_cases(permissions_of(frozenset(owner.roles)))


def _wrong_with_case(
    patient: Patient,
    coverage: Coverage,
    provider: Provider,
    diagnoses: Sequence[str],
    procedures: Sequence[str],
    on: date,
) -> list[Reason | None]:
    if coverage.patient_id != patient.pk:
        raise NotFound("coverage")
    if provider.organization_id != patient.organization_id:
        raise NotFound("provider")
    return [
        *rules.diagnosis_codes_can_be_used(diagnoses, on),
        *rules.procedure_codes_can_be_used(procedures, on),
    ]


def _next_reference(organization: Organization, year: int) -> str:
    """HB-2026-0042: the organization's letters, the year of opening, the next number, given out one at a time."""
    prefix = f"{organization.reference_prefix}-{year}-"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('case_reference'), %s::int)", [organization.pk])
        cursor.execute(
            "SELECT coalesce(max(substr(reference, %s)::int), 0) + 1 FROM cases_case"
            " WHERE organization_id = %s AND reference ~ %s",
            [len(prefix) + 1, organization.pk, f"^{prefix}[0-9]+$"],
        )
        return f"{prefix}{cursor.fetchone()[0]:04d}"
