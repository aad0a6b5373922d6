"""Reading for registration: payers, providers, coverages, cases of a patient, and member ids like a new one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Model, Q, QuerySet

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, allows, reachable, visible
from advocacy.access.scopes import GRANT_SCOPES, GrantScope, permissions_of_codename
from advocacy.errors import NotFound
from advocacy.people.models import Consent, Membership, Patient
from advocacy.people.queries import Likeness, patients_visible_to, standing_consents
from advocacy.people.rules import day_in, slips
from advocacy.tenancy.models import Organization
from advocacy.tenancy.sealing import normalized
from cases.models import Case, CaseGrant, Coverage, FailedTreatment, Payer, Provider
from cases.policies import granted_cases, named, standing_grants

SHORTEST_COMPARED = 5


def cases_visible_to(actor: Actor) -> QuerySet[Case]:
    return Case.objects.filter(visible(actor, Case))


def sees_cases(actor: Actor) -> bool:
    """Whether the actor opens any case at all: by their roles, or for some days by dated access to one."""
    return actor.may(Permission.SEE_CASES) or has_dated_access(actor)


def has_dated_access(actor: Actor) -> bool:
    """Whether somebody holds dated access to a case that stands now, whatever their roles."""
    return Case.objects.filter(granted_cases(actor, Permission.SEE_CASES)).exists()


def get_case(actor: Actor, public_id: UUID) -> Case:
    """The case with patient, coverage, payer, provider and owner. Raises NotFound when absent or invisible."""
    case = (
        cases_visible_to(actor)
        .select_related("patient", "coverage__payer", "provider", "owner__user", "team")
        .filter(public_id=public_id)
        .first()
    )
    if case is None:
        raise NotFound("case")
    return case


def get_case_to_administer(actor: Actor, public_id: UUID) -> Case:
    """A case whose access this actor administers, restricted ones included; show its reference only. Raises NotFound."""
    case = (
        Case.objects.filter(reachable(actor, Permission.GRANT_ACCESS, Case), public_id=public_id)
        .select_related("owner__user")
        .first()
    )
    if case is None:
        raise NotFound("case")
    return case


def restricted_cases(actor: Actor) -> QuerySet[Case]:
    """Restricted cases whose access this actor administers, by reference."""
    return (
        Case.objects.filter(reachable(actor, Permission.GRANT_ACCESS, Case), is_restricted=True)
        .select_related("owner__user")
        .order_by("reference")
    )


def grants_of(case: Case) -> QuerySet[CaseGrant]:
    """Every access ever given to the case, newest first."""
    return (
        CaseGrant.objects.filter(content_object=case)
        .select_related("user", "granted_by", "permission")
        .order_by("-id")
    )


def get_grant_to_administer(case: Case, public_id: UUID) -> CaseGrant:
    """An access given to this case. Raises NotFound."""
    found = grants_of(case).filter(public_id=public_id).first()
    if found is None:
        raise NotFound("grant")
    return found


def release_stands(case: Case, at: datetime) -> bool:
    """Whether the patient's release of health information stands at `at`, on the day it is where the patient lives."""
    today = day_in(case.patient.time_zone, at)
    return standing_consents(case.patient, today).filter(kind=Consent.Kind.RELEASE).exists()


def granted_permissions(actor: Actor, case: Case) -> frozenset[Permission]:
    """What dated access that stands now lets this actor do on the case beside reading; empty without."""
    held: frozenset[Permission] = frozenset()
    for codename in (
        standing_grants(actor).filter(content_object=case).values_list("permission__codename", flat=True)
    ):
        held |= permissions_of_codename(codename)
    return held - GRANT_SCOPES[GrantScope.VIEW].permissions


def may_here(actor: Actor, permission: Permission, row: Model) -> bool:
    """Whether a page of this row offers it: a role holds it, or dated access allows it here. The door asks again."""
    return actor.may(permission) or allows(actor, permission, row)


def is_visible(actor: Actor, case: Case) -> bool:
    """Whether the actor may open the case, besides administering access to it."""
    return cases_visible_to(actor).filter(pk=case.pk).exists()


def closed_to(actor: Actor, rows: Iterable[Case]) -> bool:
    """Whether one of the cases is restricted and the actor is not named on it: by naming themselves they would open it."""
    restricted = {row.pk for row in rows if row.is_restricted}
    return (
        bool(restricted) and len(restricted) != Case.objects.filter(named(actor), pk__in=restricted).count()
    )


def cases_of(actor: Actor, patient: Patient) -> QuerySet[Case]:
    """The patient's cases that the actor may open, newest first."""
    return (
        cases_visible_to(actor)
        .filter(patient=patient)
        .select_related("coverage__payer", "owner__user")
        .order_by("-opened_at", "-id")
    )


def coverages_of(patient: Patient) -> QuerySet[Coverage]:
    """The patient's coverages, primary and newest first."""
    return Coverage.objects.filter(patient=patient).select_related("payer").order_by("-is_primary", "-id")


def get_coverage(actor: Actor, public_id: UUID) -> Coverage:
    """The coverage with patient and payer. Raises NotFound when absent or invisible."""
    found = (
        Coverage.objects.filter(visible(actor, Coverage), public_id=public_id)
        .select_related("patient", "payer")
        .first()
    )
    if found is None:
        raise NotFound("coverage")
    return found


def get_failed_treatment(actor: Actor, case: Case, public_id: UUID) -> FailedTreatment:
    """A failed treatment of this case. Raises NotFound when absent or invisible."""
    found = (
        FailedTreatment.objects.filter(visible(actor, FailedTreatment), case=case, public_id=public_id)
        .select_related("case__patient")
        .first()
    )
    if found is None:
        raise NotFound("failed treatment")
    return found


def payers(actor: Actor, *, also: Payer | None = None) -> QuerySet[Payer]:
    """Payers in use by name; `also` keeps a retired one that a row names already."""
    wanted = Q(retired_at=None) | (Q(pk=also.pk) if also else Q())
    return Payer.objects.filter(visible(actor, Payer)).filter(wanted).order_by("name")


def payer_called(actor: Actor, name: str) -> Payer | None:
    """The payer of this name, however its letters are cased."""
    return Payer.objects.filter(visible(actor, Payer), name__iexact=name.strip()).first()


def providers(actor: Actor, *, also: Provider | None = None) -> QuerySet[Provider]:
    """Providers in use by name; `also` keeps a retired one that a row names already."""
    wanted = Q(retired_at=None) | (Q(pk=also.pk) if also else Q())
    return Provider.objects.filter(visible(actor, Provider)).filter(wanted).order_by("name", "id")


def get_provider(actor: Actor, public_id: UUID) -> Provider:
    """Raises NotFound when absent or invisible."""
    found = Provider.objects.filter(visible(actor, Provider), public_id=public_id).first()
    if found is None:
        raise NotFound("provider")
    return found


def get_payer(actor: Actor, public_id: UUID) -> Payer:
    """Raises NotFound when absent or invisible."""
    found = Payer.objects.filter(visible(actor, Payer), public_id=public_id).first()
    if found is None:
        raise NotFound("payer")
    return found


def scope_of(organization: Organization) -> frozenset[str] | None:
    """The treatments the organization takes on, as codes; None when it has not narrowed them."""
    return frozenset(organization.treatments_in_scope) or None


def owners(actor: Actor) -> QuerySet[Membership]:
    """Live members whose roles work cases, by name."""
    workers = ["intake", "navigator", "clinician", "supervisor"]
    return (
        Membership.objects.filter(visible(actor, Membership), ended_at=None, roles__overlap=workers)
        .select_related("user", "team")
        .order_by("user__name", "id")
    )


def similar_member_ids(
    actor: Actor, member_id: str, *, other_than: Coverage | None = None
) -> tuple[Likeness, ...]:
    """Patients recorded under this member id, or under one that differs by one slip; hidden ones without details.

    `other_than` leaves out the patient of the coverage that is being corrected, while its id stays as it is.
    """
    number = normalized(member_id)
    if len(number) < SHORTEST_COMPARED:
        return ()
    with connection.cursor() as cursor:
        cursor.execute("SELECT patient_id, number FROM search.similar_numbers(%s, %s)", [number, 100])
        candidates = cursor.fetchall()
    own = (other_than.patient_id, normalized(other_than.member_id)) if other_than else None
    found: dict[int, str] = {}
    for patient_id, known in candidates:
        if (patient_id, known) == own:
            continue
        if known == number:
            found.setdefault(patient_id, "The member id is the same.")
        elif slips(number, known) == 1:
            found.setdefault(patient_id, "The member id differs in one place.")
    seen = patients_visible_to(actor).in_bulk(list(found)) if found else {}
    return tuple(
        Likeness(seen[pk], (why,)) if pk in seen else Likeness(None, ()) for pk, why in found.items()
    )
