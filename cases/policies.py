"""Which cases somebody reaches. Everything under a case is as visible as the case."""

from __future__ import annotations

from datetime import datetime

from django.db.models import DateField, DateTimeField, Exists, F, Func, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast
from django.utils import timezone

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, Portal, declare, declare_portal, declare_through, under
from advocacy.access.roles import PortalRole
from advocacy.access.scopes import GRANT_SCOPES, GrantScope, codenames_for
from advocacy.people.models import BreakGlass, Consent, Membership
from advocacy.people.policies import standing_on, whole_organization
from cases.models import Case, CaseGrant, CaseTeamMember

# Whoever administers access does so on restricted cases too, without seeing what is in them: no case is lost to everybody
# when its owner leaves. Seeing one takes a grant, and the trail shows who gave it.
ADMINISTERED = frozenset({Permission.RESTRICT_CASE, Permission.GRANT_ACCESS, Permission.ASSIGN_CASE})


def not_restricted(actor: Actor) -> Q:
    return Q(is_restricted=False)


def named(actor: Actor) -> Q:
    """Who works the case is named on it: its owner, and whoever stands on its team today."""
    if not actor.membership_id:
        return Q(pk__in=[])
    on_team = CaseTeamMember.objects.filter(standing_on_team(), member_id=actor.membership_id)
    return Q(owner_id=actor.membership_id) | Q(pk__in=on_team.values("case_id"))


def standing_on_team() -> Q:
    """Names on a case's team that stand now, on the day it is where the patient lives: begun, not over, not ended early."""
    there = Cast(
        Func(
            F("case__patient__time_zone"),
            Value(timezone.now()),
            function="timezone",
            output_field=DateTimeField(),
        ),
        DateField(),
    )
    return Q(from_on__lte=there, ended_at=None) & (Q(until_on=None) | Q(until_on__gte=there))


def reached_cases(actor: Actor) -> Q:
    """Every case that is not restricted, and those they are named on."""
    return not_restricted(actor) | named(actor)


def standing_grants(actor: Actor) -> QuerySet[CaseGrant]:
    """The actor's own, of those that stand."""
    return grants_that_stand().filter(user_id=actor.user_id or 0)


def grants_that_stand() -> QuerySet[CaseGrant]:
    """Unexpired grants of live members, on open cases, while the patient's release stands.

    All four are evaluated here, at each read: nothing has to be pushed when one of them ends. A release is a matter of
    days where the patient lives.
    """
    now = timezone.now()
    there = Func(F("patient__time_zone"), Value(now), function="timezone", output_field=DateTimeField())
    released = Consent.objects.filter(
        standing_on(Cast(there, DateField())),
        patient_id=OuterRef("content_object__patient_id"),
        kind=Consent.Kind.RELEASE,
    )
    return CaseGrant.objects.filter(
        Exists(released),
        Exists(working(now)),
        ended_at=None,
        granted_at__lte=now,
        expires_at__gt=now,
        content_object__status="open",
    )


def granted_cases(actor: Actor, permission: Permission) -> Q:
    """Cases of the actor's standing grants of a scope that allows the permission, and of patients opened in an emergency."""
    codenames = codenames_for(permission)
    if not codenames or actor.user_id is None:
        return Q(pk__in=[])
    live = standing_grants(actor).filter(permission__codename__in=codenames)
    granted = Q(pk__in=live.values("content_object_id"))
    if reads_in_emergency(actor, permission):
        granted |= Q(patient_id__in=glass_of(actor).values("patient_id"))
    return granted


def reads_in_emergency(actor: Actor, permission: Permission) -> bool:
    """Whether emergency access runs for the actor at all, as their request found; it opens what is read, nothing else."""
    return actor.glass_until is not None and permission in GRANT_SCOPES[GrantScope.VIEW].permissions


def glass_of(actor: Actor) -> QuerySet[BreakGlass]:
    """The actor's own, of the emergency access that runs."""
    return glass_that_stands().filter(user_id=actor.user_id or 0)


def glass_that_stands() -> QuerySet[BreakGlass]:
    """Emergency access that runs, of live members, and of whoever runs the installation: no consent, no open case is asked."""
    now = timezone.now()
    return BreakGlass.objects.filter(
        Exists(working(now)) | Q(user__is_superuser=True),
        ended_at=None,
        opened_at__lte=now,
        expires_at__gt=now,
    )


def working(now: datetime) -> QuerySet[Membership]:
    """Live memberships of the outer row's user."""
    return Membership.objects.filter(user_id=OuterRef("user_id"), starts_at__lte=now, ended_at=None).filter(
        Q(until=None) | Q(until__gt=now)
    )


def exceptional_cases(actor: Actor, permission: Permission) -> Q:
    """Cases by dated or emergency access, and for those who administer access, that act on every case."""
    if permission in ADMINISTERED and actor.may(permission):
        return Q(pk__isnull=False)
    return granted_cases(actor, permission)


def reached_patients(actor: Actor) -> Q:
    """Every patient who is not restricted, and those of cases they are named on."""
    own = Case.objects.filter(named(actor))
    return Q(is_restricted=False) | Q(pk__in=own.values("patient_id"))


def granted_patients(actor: Actor, permission: Permission) -> Q:
    """Patients of cases that dated access opens, and those opened in an emergency."""
    cases = Case.objects.filter(granted_cases(actor, permission))
    granted = Q(pk__in=cases.values("patient_id"))
    if reads_in_emergency(actor, permission):
        granted |= Q(pk__in=glass_of(actor).values("patient_id"))
    return granted


def nobody_here(actor: Actor) -> Q:
    """No member: they wait for whoever sent them."""
    return Q(pk__in=[])


def reached_inquiries(actor: Actor) -> Q:
    """Whoever opens cases takes inquiries in; one about a patient is as open as the patient."""
    return Q(patient=None) | under("patient", reached_patients(actor))


def reached_holds(actor: Actor) -> Q:
    """Holds on the whole organization; one about a patient is as open as the patient."""
    return Q(patient=None) | under("patient", reached_patients(actor))


declare("cases.Case", see=Permission.SEE_CASES, rows=reached_cases, exceptions=exceptional_cases)
declare("people.Patient", see=Permission.SEE_PATIENTS, rows=reached_patients, exceptions=granted_patients)
declare(
    "people.LegalHold",
    see=Permission.HOLD_RECORDS,
    rows=reached_holds,
)
for child in (
    "people.Contact",
    "people.Consent",
    "people.PatientSearch",
    "people.PortalAccess",
    "cases.Coverage",
):
    declare_through(child, parent="people.Patient", path="patient")
for child in (
    "Attachment",
    "BenefitAnswer",
    "BenefitCheck",
    "CaseLink",
    "FailedTreatment",
    "Document",
    "DocumentVersion",
    "Task",
    "Communication",
    "PatientNotice",
    "Note",
    "Cost",
    "CaseSearch",
    "NetworkCheck",
    "Referral",
    "Triage",
    "CaseOffer",
    "OfferedDocument",
    "CaseTeamMember",
    "ClinicAsk",
    "ClinicLink",
    "Attestation",
    "CallTime",
):
    declare_through(f"cases.{child}", parent="cases.Case", path="case")
declare_through("cases.ConsentPaper", parent="cases.DocumentVersion", path="version")
declare("cases.Inquiry", see=Permission.OPEN_CASE, rows=reached_inquiries)
declare_through("cases.InquirySearch", parent="cases.Inquiry", path="inquiry")
declare("cases.WaitingPage", see=Permission.PORTAL_DOCUMENTS, rows=nobody_here)
declare_through("cases.CaseGrant", parent="cases.Case", path="content_object")


def of_patient(portal: Portal) -> Q:
    """Everything of the patient's own cases. A restricted one is open to named people: of the patient's side, the patient."""
    own = Q(patient_id=portal.patient_id)
    return own if portal.role == PortalRole.PATIENT else own & Q(is_restricted=False)


ANY_PART = (
    Permission.PORTAL_STATUS,
    Permission.PORTAL_DOCUMENTS,
    Permission.PORTAL_LETTERS,
    Permission.PORTAL_MESSAGES,
)
declare_portal(
    "people.Patient", see=(*ANY_PART, Permission.PORTAL_CONTROL), rows=lambda portal: Q(pk=portal.patient_id)
)
declare_portal("cases.Case", see=ANY_PART, rows=of_patient)
declare_portal(
    "cases.Note",
    see=(Permission.PORTAL_MESSAGES,),
    rows=lambda portal: Q(for_patient=True) & under("case", of_patient(portal)),
)


def unprotected(portal: Portal) -> Q:
    """Documents that may be shown here: to the patient no psychotherapy notes (45 CFR 164.524(a)(1)(i)); to whoever helps
    nothing that the law protects further.
    """
    if portal.role == PortalRole.PATIENT:
        return ~Q(special__contains=["psychotherapy"])
    return Q(special__len=0)


def messages_with(portal: Portal) -> Q:
    """What the patient's side and the organization wrote to each other in the portal, and nothing else of the log."""
    return Q(channel="message") & under("case", of_patient(portal))


def shown_to(portal: Portal) -> Q:
    """Documents the patient sees."""
    return Q(for_patient=True) & unprotected(portal) & under("case", of_patient(portal))


declare_portal("cases.Document", see=(Permission.PORTAL_DOCUMENTS,), rows=shown_to)
declare_portal(
    "cases.DocumentVersion",
    see=(Permission.PORTAL_DOCUMENTS,),
    rows=lambda portal: under("document", shown_to(portal)),
)
declare_portal(
    "cases.WaitingPage",
    see=(Permission.PORTAL_DOCUMENTS,),
    rows=lambda portal: under("case", of_patient(portal)),
)
declare_portal("cases.Communication", see=(Permission.PORTAL_MESSAGES,), rows=messages_with)
declare_portal(
    "cases.Attachment",
    see=(Permission.PORTAL_MESSAGES,),
    rows=lambda portal: (
        under("communication", messages_with(portal)) & under("version__document", unprotected(portal))
    ),
)
declare("cases.ReceivedOffer", see=Permission.RECEIVE_CASE, rows=whole_organization)
declare("cases.Payer", see=Permission.SEE_LOOKUPS, rows=whole_organization)
declare("cases.Provider", see=Permission.SEE_LOOKUPS, rows=whole_organization)
declare("cases.PayerChannel", see=Permission.SEE_LOOKUPS, rows=whole_organization)
declare("cases.OwnTaskTemplate", see=Permission.SEE_LOOKUPS, rows=whole_organization)
declare("background.Job", see=Permission.SEE_JOBS, rows=whole_organization)
