"""Whom somebody may enter the portal for, and who they are while they act there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.http import HttpRequest

from advocacy.access.policy import Actor, Portal, visible
from advocacy.access.roles import PortalScope
from advocacy.audit.trail import record, record_read
from advocacy.errors import NotFound
from advocacy.people.invitation_hours import goes_out_at
from advocacy.people.models import Consent, Contact, Patient, PortalAccess, User
from advocacy.people.queries import NOBODY, Resolved
from advocacy.portal import ACCESS, USER
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to

NOT_IN_BACKUPS = "@sealed.invalid"
"""How the address of such an account ends in a backup."""


@dataclass(frozen=True)
class LiveAccess:
    """One row of the definer function: an access that is live now, with its organization and patient."""

    access_id: int
    access_public_id: UUID
    organization_id: int
    organization_public_id: UUID
    organization_name: str
    kind: str
    scope: tuple[str, ...]
    language: str
    patient_id: int
    patient_reference: str
    patient_language: str


def portal_accesses_of(user_id: int) -> tuple[LiveAccess, ...]:
    """The user's live portal accesses in every organization. Like `memberships_of`, the one read that crosses tenants.

    An ended or expired access, and one whose consent was withdrawn or has run out, is not among them.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM search.portal_accesses_of(%s)", [user_id])
        return tuple(
            LiveAccess(
                access_id=row[0],
                access_public_id=row[1],
                organization_id=row[2],
                organization_public_id=row[3],
                organization_name=row[4],
                kind=row[5],
                scope=tuple(row[6]),
                language=row[7],
                patient_id=row[8],
                patient_reference=row[9],
                patient_language=row[10],
            )
            for row in cursor.fetchall()
        )


def portal_actor(user: Any, live: LiveAccess) -> Actor:
    """The actor of one access. Its label, which the trail shows, is the patient's reference and never a name."""
    label = "Patient" if live.kind == PortalAccess.Kind.PATIENT else "Representative of"
    return Actor(
        key=f"user:{user.pk}",
        label=f"{label} {live.patient_reference}",
        organization_id=live.organization_id,
        user_id=user.pk,
        portal=Portal(live.access_id, live.patient_id, live.kind, frozenset(live.scope)),
    )


def resolve_portal(request: HttpRequest) -> Resolved:
    """Who came in by a code, acting through the access chosen in the session; nobody while several stand to be chosen.

    Puts `portal_user` and `portal_accesses` on the request.
    """
    request.portal_user, request.portal_accesses = None, ()  # type: ignore[attr-defined]
    user_id = request.session.get(USER)
    user = User.objects.filter(pk=user_id, is_active=True).first() if user_id else None
    if user is None:
        return NOBODY
    accesses = portal_accesses_of(user.pk)
    if not accesses:
        return NOBODY
    request.portal_user, request.portal_accesses = user, accesses  # type: ignore[attr-defined]
    chosen = request.session.get(ACCESS)
    live = next((a for a in accesses if str(a.access_public_id) == chosen), None)
    if live is None:
        if len(accesses) > 1:
            return NOBODY
        live = accesses[0]
    organization = Organization.objects.get(pk=live.organization_id)
    return Resolved(portal_actor(user, live), organization, ())


@dataclass(frozen=True)
class Choice:
    """An access to choose: its public id, the organization, what the patient is called, and whether it is their own."""

    access: UUID
    organization: str
    called: str
    own: bool
    current: bool


def choices(user: Any, accesses: Sequence[LiveAccess], current: Actor | None) -> tuple[Choice, ...]:
    """Every access of one person with the name of its patient, each name read (and noted as read) in its own organization."""
    found = []
    for live in accesses:
        actor = portal_actor(user, live)
        with scoped_to(live.organization_id, actor=actor.key, actor_label=actor.label):
            patient = Patient.objects.only("given_name", "preferred_name", "family_name").get(
                pk=live.patient_id
            )
            record_read("read_list", patients=[live.patient_id], detail={"page": "portal:choose"})
            found.append(
                Choice(
                    live.access_public_id,
                    live.organization_name,
                    patient.called,
                    live.kind == PortalAccess.Kind.PATIENT,
                    current is not None
                    and current.portal is not None
                    and current.portal.access_id == live.access_id,
                )
            )
    return tuple(found)


def note_sign_in(user: Any, accesses: Sequence[LiveAccess], at: datetime) -> None:
    """Write the sign-in into the trail of every organization it opens, and the first use on the access."""
    for live in accesses:
        actor = portal_actor(user, live)
        with scoped_to(live.organization_id, actor=actor.key, actor_label=actor.label):
            access = PortalAccess.objects.get(pk=live.access_id)
            if access.first_used_at is None:
                access.first_used_at = at
                access.save(update_fields=["first_used_at"])
            record("portal_signed_in", subject=access, detail={"kind": live.kind})


def set_portal_language(actor: Actor, language: str) -> None:
    """Keep the language somebody chose, for mails and for the next visit."""
    if actor.portal is not None:
        PortalAccess.objects.filter(pk=actor.portal.access_id).exclude(language=language).update(
            language=language
        )


@dataclass(frozen=True)
class Entering:
    """One access as the desk shows it: who, how it stands ("live", "expired", "ended"), and since when it is used.

    `goes_out` is the moment at which an invitation that waits may go out, where the patient lives; None when none will.
    """

    access: PortalAccess
    who: str
    parts: tuple[str, ...]
    state: str
    last_day: date | None
    goes_out: datetime | None

    @property
    def goes_out_words(self) -> str:
        """Day and hour there, in words."""
        return f"{self.goes_out:%b} {self.goes_out.day}, {self.goes_out:%-I:%M %p}" if self.goes_out else ""


def portal_shown(
    patient: Patient, at: datetime, contacts: Iterable[Contact], consents: Collection[Consent]
) -> tuple[Entering, ...]:
    """Every access there ever was to this patient's portal, live ones first, newest first.

    `contacts` and `consents` are the patient's, which the page has read already.
    """
    rows = PortalAccess.objects.filter(patient=patient).select_related("user", "consent").order_by("-id")
    zone = ZoneInfo(patient.time_zone)
    titles = dict(PortalScope.choices())
    found = [
        Entering(
            row,
            row.name if row.kind == PortalAccess.Kind.REPRESENTATIVE else "The patient",
            tuple(titles.get(s, s) for s in row.scope)
            if row.kind == PortalAccess.Kind.REPRESENTATIVE
            else ("Everything",),
            _state(row, at, zone),
            row.expires_at.astimezone(zone).date() - timedelta(days=1) if row.expires_at else None,
            _goes_out(row, patient, at, contacts, consents),
        )
        for row in rows
    ]
    return tuple(sorted(found, key=lambda e: e.state != "live"))


def _goes_out(
    row: PortalAccess,
    patient: Patient,
    at: datetime,
    contacts: Iterable[Contact],
    consents: Collection[Consent],
) -> datetime | None:
    row.patient = patient
    zone = ZoneInfo(patient.time_zone)
    when = goes_out_at(row, contacts, consents, at) if _state(row, at, zone) == "live" else None
    return when.astimezone(zone) if when else None


def _state(row: PortalAccess, at: datetime, zone: ZoneInfo) -> str:
    if row.ended_at is not None:
        return "ended"
    if row.expires_at is not None and row.expires_at <= at:
        return "expired"
    consent = row.consent
    if consent is None:
        return "live"
    today = at.astimezone(zone).date()
    return "live" if consent.stands_on(today) else "expired"


def get_portal_access(actor: Actor, public_id: UUID) -> PortalAccess:
    """An access to a patient this actor sees, with user, patient and consent. Raises NotFound."""
    found = (
        PortalAccess.objects.filter(visible(actor, PortalAccess), public_id=public_id)
        .select_related("patient", "user", "consent")
        .first()
    )
    if found is None:
        raise NotFound("portal access")
    return found


def put_addresses_back() -> int:
    """After a restore: accounts get the address that lies sealed in an access of the scope's organization; how many.

    In a backup such an account is called by its public id (deploy/archive.py).
    """
    put = 0
    without = PortalAccess.objects.filter(user__email__endswith=NOT_IN_BACKUPS).select_related("user")
    for access in without.order_by("pk"):
        if access.sign_in_address:
            account = User.objects.filter(pk=access.user_id, email=f"{access.user.public_id}{NOT_IN_BACKUPS}")
            put += account.update(email=access.sign_in_address)
    return put


def portal_access_by_key(pk: int) -> PortalAccess | None:
    """For a job: the access with its user and patient, or None."""
    return PortalAccess.objects.filter(pk=pk).select_related("user", "patient").first()
