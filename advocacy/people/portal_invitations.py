"""Opening the portal to a patient, or to somebody who helps them, and closing it again."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from advocacy.access.disclosures import Party
from advocacy.access.duties import not_ones_own
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.access.roles import PortalScope
from advocacy.audit.trail import record
from advocacy.background.queue import enqueue
from advocacy.errors import Reason, Refused, WrongState
from advocacy.languages import PORTAL_LANGUAGES
from advocacy.mail import Notice, deliver, link_to
from advocacy.people.invitation_hours import invitation_goes_out, not_marked_safe
from advocacy.people.models import Consent, Contact, Patient, PortalAccess, User
from advocacy.people.portal_access import LiveAccess, portal_accesses_of
from advocacy.people.queries import standing_consents
from advocacy.people.rules import day_in

LONGEST_DAYS = 366

after_inviting: list[Callable[[PortalAccess, datetime], None]] = []
"""What the apps above do with an invitation that went out (the log of the case); filled when they are ready."""


def invite_patient(*, actor: Actor, patient: Patient, contact: Contact, at: datetime) -> PortalAccess:
    """Open the portal to the patient, by an e-mail address the patient called safe; the invitation goes out by a job, at
    once or at the next hour at which that address may be used.

    Raises NotAllowed, NotFound, Refused: the address is not one that may be used, the patient did not agree to be
    contacted, or this address opens the portal already.
    """
    require(actor, Permission.INVITE_TO_PORTAL, patient)
    reasons = []
    if not _safe_email(patient, contact):
        reasons.append(
            Reason("no_safe_email", "Choose an e-mail address that the patient marked safe.", "contact")
        )
    if not _agreed(patient, Consent.Kind.CONTACT, at):
        reasons.append(
            Reason(
                "no_contact_consent",
                "The patient has not agreed to be contacted. Record that agreement first.",
            )
        )
    email = contact.value.strip().lower()
    reasons += [*_has_access(patient, email), *_to_oneself(actor, email)]
    if reasons:
        raise Refused(reasons)
    with transaction.atomic():
        access = PortalAccess.objects.create(
            user=_account(email),
            sign_in_address=email,
            patient=patient,
            kind=PortalAccess.Kind.PATIENT,
            scope=[s.value for s in PortalScope],
            language="es" if patient.language == Patient.Language.SPANISH else "en",
            starts_at=at,
            invited_by_id=actor.user_id,
        )
        record("portal_invited", subject=access, detail={"kind": access.kind})
        enqueue("people.invite_to_portal", access=access.pk)
    return access


def invite_representative(
    *,
    actor: Actor,
    patient: Patient,
    name: str,
    email: str,
    relation: str = "",
    scope: Collection[str],
    proof_note: str = "",
    proof: UUID | None = None,
    language: str = "en",
    expires_on: date,
    at: datetime,
) -> PortalAccess:
    """Open parts of the patient's portal to somebody the patient appointed, until the end of the day `expires_on` (there).

    At the desk INVITE_TO_PORTAL is asked for, in the portal PORTAL_CONTROL: the patient's own. `scope` are PortalScope
    values; `proof` is the public id of a document the door has found. The access rests on the appointment that stands.
    Raises NotAllowed, NotFound, Refused.
    """
    require(actor, _permission(actor), patient)
    today = day_in(patient.time_zone, at)
    email, name = email.strip().lower(), name.strip()
    appointment = _agreed(patient, Consent.Kind.REPRESENTATION, at)
    reasons = []
    if not name:
        reasons.append(Reason("name_missing", _("Fill in the name."), "name"))
    if "@" not in email:
        reasons.append(Reason("email_form", _("Check the address. It looks like name@example.org."), "email"))
    if not scope or not set(scope) <= {s.value for s in PortalScope}:
        reasons.append(Reason("scope_missing", _("Choose at least one part."), "scope"))
    if not today < expires_on <= today + timedelta(days=LONGEST_DAYS):
        reasons.append(
            Reason("expiry", _("Choose a last day after today and within one year."), "expires_on")
        )
    if appointment is None:
        reasons.append(
            Reason(
                "no_appointment",
                "No appointment of a representative stands. Record that consent first, with its last day.",
            )
        )
    if not proof_note.strip() and proof is None and actor.portal is None:
        reasons.append(
            Reason(
                "proof_missing",
                "Say what shows that this person may act, or choose the document.",
                "proof_note",
            )
        )
    if not_marked_safe(Contact.objects.filter(patient=patient, ended_at=None), email):
        reasons.append(
            Reason(
                "email_not_safe", _("This address is not marked as safe for you. Choose another."), "email"
            )
            if actor.portal is not None
            else Reason(
                "email_not_safe",
                "The patient is reached by this address too and did not mark it safe. Ask for another.",
                "email",
            )
        )
    reasons += [*_has_access(patient, email), *_to_oneself(actor, email)]
    if reasons:
        raise Refused(reasons)
    with transaction.atomic():
        access = PortalAccess.objects.create(
            user=_account(email),
            sign_in_address=email,
            patient=patient,
            kind=PortalAccess.Kind.REPRESENTATIVE,
            scope=[s.value for s in PortalScope if s.value in scope],
            name=name,
            relation=relation.strip(),
            proof_note=proof_note.strip(),
            proof=proof,
            consent=appointment,
            language=language if language in PORTAL_LANGUAGES else "en",
            starts_at=at,
            expires_at=datetime.combine(
                expires_on + timedelta(days=1), time(), tzinfo=ZoneInfo(patient.time_zone)
            ),
            invited_by_id=actor.user_id,
        )
        detail = {"kind": access.kind, "scope": access.scope, "expires_on": expires_on}
        record("portal_invited", subject=access, detail=detail)
        enqueue("people.invite_to_portal", access=access.pk)
    return access


def end_portal_access(*, actor: Actor, access: PortalAccess, at: datetime) -> PortalAccess:
    """From the next request on this access opens nothing. Raises NotAllowed, NotFound, WrongState when it has ended."""
    require(actor, _permission(actor), access)
    with transaction.atomic():
        row = PortalAccess.objects.select_for_update().get(pk=access.pk)
        if row.ended_at is not None:
            raise WrongState("end", "ended", _("This access has ended already."))
        _end(row, actor.user_id, at, "ended")
    return row


def end_access_by_contact(contact: Contact, *, ended_by: int | None, at: datetime) -> None:
    """The patient's own way in goes with the address it came by, when that is not used any more."""
    if contact.kind != Contact.Kind.EMAIL:
        return
    own = PortalAccess.objects.select_for_update().filter(
        patient_id=contact.patient_id,
        kind=PortalAccess.Kind.PATIENT,
        ended_at=None,
        user__email=contact.value.strip().lower(),
    )
    for row in own:
        _end(row, ended_by, at, "contact_ended")


def send_invitation(access: PortalAccess, *, at: datetime) -> bool:
    """Mail the invitation: a link and nothing that tells what it is about. False when it went out, nothing stands, or it is
    not the hour for it yet (`people.send_invitations` asks again).

    A patient's invitation goes to a safe address only and while the patient agrees to be contacted, also when that changed
    after it was asked for.
    """
    live: tuple[LiveAccess, ...] = portal_accesses_of(access.user_id)
    if access.pk not in {a.access_id for a in live}:
        return False
    with transaction.atomic():
        # Locked until the mail server has taken the mail: two jobs at once send once.
        row = (
            PortalAccess.objects.select_for_update(of=("self",))
            .select_related("user", "patient")
            .get(pk=access.pk)
        )
        when = invitation_goes_out(row, at)
        if when is None or when > at:
            return False
        row.invitation_sent_at = at
        row.save(update_fields=["invitation_sent_at"])
        for listener in after_inviting:
            listener(row, at)
        with translation.override(row.language):
            deliver(
                Notice(
                    to=row.user.email,
                    subject=_("You are invited to a private page"),
                    template="notices/portal_invitation.txt",
                    facts={"link": link_to("/portal/"), "helps": row.kind != PortalAccess.Kind.PATIENT},
                    reader=Party(row.kind),
                    language=row.language,
                )
            )
    return True


def _to_oneself(actor: Actor, email: str) -> list[Reason]:
    """A colleague who is a patient here too is invited by another colleague."""
    account = User.objects.filter(email=email).values_list("pk", flat=True).first()
    return not_ones_own(actor, account, "own_portal", field=None if actor.portal is None else "email")


def _permission(actor: Actor) -> Permission:
    return Permission.PORTAL_CONTROL if actor.portal is not None else Permission.INVITE_TO_PORTAL


def _safe_email(patient: Patient, contact: Contact) -> bool:
    return (
        contact.patient_id == patient.pk
        and contact.kind == Contact.Kind.EMAIL
        and contact.is_safe
        and contact.ended_at is None
    )


def _agreed(patient: Patient, kind: str, at: datetime) -> Consent | None:
    return standing_consents(patient, day_in(patient.time_zone, at)).filter(kind=kind).first()


def _has_access(patient: Patient, email: str) -> list[Reason]:
    live = PortalAccess.objects.filter(patient=patient, ended_at=None, user__email=email)
    if not live.exists():
        return []
    return [Reason("has_access", _("This address is invited already. End that first."), "email")]


def _account(email: str) -> User:
    """The account of an address. Whether there was one is told to nobody; it takes no name from here."""
    return User.objects.filter(email=email).first() or User.objects.create_user(email, None, name="")


def _end(row: PortalAccess, by: int | None, at: datetime, why: str) -> None:
    row.ended_at, row.ended_by_id = max(at, row.starts_at), by
    row.save(update_fields=["ended_at", "ended_by"])
    record("portal_ended", subject=row, detail={"kind": row.kind, "why": why})
