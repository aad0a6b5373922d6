"""An organization leaves: nobody gets in any more, what finds its patients goes, and its keys are destroyed (ADR 15).

Rows and trail stay as they are, and what identifies a patient in them stays ciphertext that nothing opens: the sealed trail
still verifies, and an older backup is worth no more than the rows.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Client, Token
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from advocacy import registries
from advocacy.access.policy import system_actor
from advocacy.access.roles import Role
from advocacy.audit.models import Event
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused
from advocacy.people.kept_forms import KEPT
from advocacy.people.models import (
    BreakGlass,
    BrowserSession,
    CalendarFeed,
    Draft,
    Invitation,
    MachineClient,
    Membership,
    PatientSearch,
    PortalAccess,
    SavedSearch,
    SignInProvider,
    User,
)
from advocacy.portal import USER as PORTAL_USER
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to
from advocacy.tenancy.sealing import keystore
from cases.models import CaseSearch, ClinicLink, InquirySearch

SEARCH = (PatientSearch, CaseSearch, InquirySearch)
GONE = "offboarded.invalid"


@dataclass(frozen=True)
class Offboarded:
    """What was done, for the terminal and the trail."""

    ended: int
    accounts: int
    search_rows: int
    files: int


def may_be_offboarded(organization: Organization, asked_by: User, approved_by: User) -> list[Reason]:
    """Why it may not, for the terminal: two people decide it, each an operator or an admin of it, and no hold stands."""
    found = []
    if asked_by.pk == approved_by.pk:
        found.append(Reason("same_person", "Somebody else than who asked for it has to approve it."))
    with transaction.atomic(), scoped_to(organization.pk, actor="system:platform"):
        for user in (asked_by, approved_by):
            live = Membership.objects.filter(
                user=user, ended_at=None, roles__contains=[Role.ORGANIZATION_ADMIN.value]
            )
            if not user.is_active or not (user.is_superuser or live.exists()):
                found.append(
                    Reason("not_theirs", f"{user.email} is no operator and no admin of it. Name one who is.")
                )
        for asked in registries.holds_on_deletion:
            found += asked(None)
    return found


def offboard(organization: Organization, *, asked_by: User, approved_by: User, at: datetime) -> Offboarded:
    """Close the organization and destroy its keys. What is broken off after the organization was closed is for `finish`.

    For the owner's role, outside every scope and transaction. Raises Refused with every reason.
    """
    if reasons := may_be_offboarded(organization, asked_by, approved_by):
        raise Refused(reasons)
    folder = settings.DATA_DIR / str(organization.public_id)
    files = sum(1 for path in folder.rglob("*") if path.is_file()) if folder.exists() else 0
    actor = system_actor(organization.pk, "platform")
    leaving = _only_here(organization)
    with transaction.atomic(), scoped_to(organization.pk, actor=actor.key, actor_label=actor.label):
        ended = sum(end(at) for end in ENDS)
        searched = sum(model._default_manager.all().delete()[0] for model in SEARCH)
        Draft.objects.all().delete()
        SavedSearch.objects.all().delete()
        _forget(leaving)
        _end_sessions(leaving, organization)
        done = Offboarded(ended, len(leaving), searched, files)
        Organization.objects.filter(pk=organization.pk, closed_at=None).update(closed_at=at)
        record(
            "organization_offboarded",
            subject=organization,
            detail={
                "asked_by": str(asked_by.public_id),
                "approved_by": str(approved_by.public_id),
                "ended": ended,
                "accounts": len(leaving),
                "files": files,
            },
        )
    _destroy(organization)
    return done


def was_decided(organization: Organization) -> bool:
    """Whether two people had it off-boarded before: the act stands in its trail, and what is left is to finish it."""
    if organization.closed_at is None:
        return False
    with transaction.atomic(), scoped_to(organization.pk, actor="system:platform"):
        return Event.objects.filter(
            verb="organization_offboarded",
            subject_table=Organization._meta.db_table,
            subject_id=organization.pk,
        ).exists()


def finish(organization: Organization) -> None:
    """What a broken-off run left: the keys and the files. For an organization of which
    `was_decided` is true: nobody is asked again, who asked for it may have no account any more.

    Raises Refused while a hold stands, CannotOpen, OSError.
    """
    with transaction.atomic(), scoped_to(organization.pk, actor="system:platform"):
        reasons = [reason for asked in registries.holds_on_deletion for reason in asked(None)]
    if reasons:
        raise Refused(reasons)
    _destroy(organization)


def _destroy(organization: Organization) -> None:
    keystore().destroy(organization.pk)
    folder = settings.DATA_DIR / str(organization.public_id)
    if folder.exists():
        shutil.rmtree(folder)


def _memberships(at: datetime) -> int:
    return Membership.objects.filter(ended_at=None).update(ended_at=Greatest(at, F("starts_at")))


def _accesses(at: datetime) -> int:
    return PortalAccess.objects.filter(ended_at=None).update(ended_at=Greatest(at, F("starts_at")))


def _machines(at: datetime) -> int:
    machines = MachineClient.objects.filter(revoked_at=None)
    clients = list(machines.values_list("client_id", flat=True))
    Token.objects.filter(client_id__in=clients).delete()
    Client.objects.filter(pk__in=clients).update(grant_types="", secret="")
    return machines.update(revoked_at=at)


def _invitations(at: datetime) -> int:
    return Invitation.objects.filter(accepted_at=None, revoked_at=None).update(revoked_at=at)


def _links(at: datetime) -> int:
    return ClinicLink.objects.filter(revoked_at=None).update(revoked_at=at)


def _calendars(at: datetime) -> int:
    return CalendarFeed.objects.filter(revoked_at=None).update(revoked_at=at)


def _providers(at: datetime) -> int:
    return SignInProvider.objects.filter(retired_at=None).update(retired_at=at)


def _emergencies(at: datetime) -> int:
    return BreakGlass.objects.filter(ended_at=None).update(ended_at=at)


ENDS: tuple[Callable[[datetime], int], ...] = (
    _memberships,
    _accesses,
    _machines,
    _invitations,
    _links,
    _calendars,
    _providers,
    _emergencies,
)
"""Every way in, and what ends it."""


def _only_here(organization: Organization) -> list[User]:
    """Accounts that were used in this organization and in no other, now or before."""
    here = _people_of(organization)
    for other in Organization.objects.exclude(pk=organization.pk):
        here -= _people_of(other)
    return list(User.objects.filter(pk__in=here, is_superuser=False))


def _people_of(organization: Organization) -> set[int]:
    with transaction.atomic(), scoped_to(organization.pk, actor="system:platform"):
        return {
            *Membership.objects.values_list("user_id", flat=True),
            *PortalAccess.objects.values_list("user_id", flat=True),
        }


def _forget(people: Iterable[User]) -> None:
    """Their accounts open nothing and hold no address; a colleague's name stays, as in the trail."""
    for user in people:
        EmailAddress.objects.filter(user=user).delete()
        Authenticator.objects.filter(user=user).delete()
        user.email, user.is_active, user.is_staff = f"{user.public_id}@{GONE}", False, False
        user.set_unusable_password()
        user.save()


def _end_sessions(people: Iterable[User], organization: Organization) -> None:
    """Their sessions, and those in which a form waits that somebody of the organization had typed."""
    keys, here = {str(user.pk) for user in people}, str(organization.public_id)
    for session in BrowserSession.objects.iterator():
        held = session.get_decoded()
        waits = any(form.get("organization") == here for form in held.get(KEPT, []))
        if waits or {str(held.get("_auth_user_id")), str(held.get(PORTAL_USER))} & keys:
            session.delete()
