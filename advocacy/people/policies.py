"""Which people rows somebody reaches. A patient is visible with a case of theirs, or to whoever registers patients."""

from __future__ import annotations

from datetime import date

from django.db.models import Q
from django.db.models.expressions import Combinable

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, declare, declare_portal
from advocacy.people.rules import IN_WRITING, ORAL


def whole_organization(actor: Actor) -> Q:
    """All of the organization."""
    return Q()


def own(actor: Actor) -> Q:
    """Their own."""
    return Q(user_id=actor.user_id)


def own_membership(actor: Actor) -> Q:
    """Their own."""
    return Q(member_id=actor.membership_id or 0)


def standing_on(day: date | Combinable) -> Q:
    """Consents that stand on `day` (a day where the patient lives): signed where they have to be, whole, not expired,
    not withdrawn.

    `Consent.stands_on` says the same of a row that is loaded.
    """
    given = Q(signed_on__lte=day, revoked_at=None, lacks__len=0) & ~Q(kind__in=IN_WRITING, method=ORAL)
    return given & (Q(expires_on=None) | Q(expires_on__gte=day))


declare("people.Membership", see=Permission.SEE_MEMBERS, rows=whole_organization)
declare("people.Absence", see=Permission.SEE_MEMBERS, rows=whole_organization)
declare("people.Invitation", see=Permission.MANAGE_MEMBERS, rows=whole_organization)
declare("people.MachineClient", see=Permission.MANAGE_MACHINES, rows=whole_organization)
declare("people.SignInProvider", see=Permission.MANAGE_SIGN_IN, rows=whole_organization)
declare("people.ExternalIdentity", see=Permission.MANAGE_SIGN_IN, rows=whole_organization)
declare("people.RoleTerm", see=Permission.SEE_MEMBERS, rows=whole_organization)
declare("people.BreakGlass", see=Permission.REVIEW_BREAK_GLASS, rows=whole_organization)
declare("people.SetupTest", see=Permission.MANAGE_MEMBERS, rows=whole_organization)
for theirs in ("PortalAccess", "Consent", "Contact"):
    declare_portal(
        f"people.{theirs}",
        see=(Permission.PORTAL_CONTROL,),
        rows=lambda portal: Q(patient_id=portal.patient_id),
    )
declare("people.Team", see=Permission.SEE_MEMBERS, rows=whole_organization)
declare("people.Draft", see=Permission.SEE_CASES, rows=own)
declare("people.CalendarFeed", see=Permission.SEE_CASES, rows=own_membership)
declare("people.DailyDigest", see=Permission.SEE_CASES, rows=own_membership)
declare("people.SavedSearch", see=Permission.SEE_CASES, rows=own)
