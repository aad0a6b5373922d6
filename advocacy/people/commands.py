"""What is done to people: a patient is registered and kept current, with ways to reach them and what they allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

from django.db import connection, transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused, WrongState
from advocacy.people import rules
from advocacy.people.consent_words import OWN_FORM, OWN_STATEMENTS, SHARING_FORM
from advocacy.people.models import Consent, Contact, Patient, PatientSearch
from advocacy.people.portal_invitations import end_access_by_contact
from advocacy.people.queries import likely_duplicates
from advocacy.tenancy.joined import joined
from advocacy.tenancy.models import Organization
from advocacy.tenancy.sealing import normalized


@dataclass(frozen=True)
class ContactInput:
    """One way to reach a patient; `kind` is a Contact.Kind, hours are in the patient's time zone."""

    kind: str
    value: str
    is_safe: bool = False
    may_leave_message: bool = False
    is_preferred: bool = False
    from_time: time | None = None
    until_time: time | None = None
    at_any_hour: bool = False


def register_patient(
    *,
    actor: Actor,
    given_name: str,
    family_name: str,
    birth_date: date,
    time_zone: str,
    preferred_name: str = "",
    pronouns: str = "",
    language: str = Patient.Language.ENGLISH,
    language_note: str = "",
    interpreter_needed: bool = False,
    state: str = "",
    safe_contact_note: str = "",
    contacts: Sequence[ContactInput] = (),
    duplicates_seen: bool = False,
    at: datetime,
) -> Patient:
    """Register a patient with the ways to reach them.

    Raises NotAllowed, or Refused with every reason; among them "likely_duplicates" when somebody like this is registered
    already and `duplicates_seen` is false: the person at the desk looks at them first.
    """
    require(actor, Permission.REGISTER_PATIENT)
    given_name, family_name = given_name.strip(), family_name.strip()
    reasons = _wrong_with_details(given_name, family_name, birth_date, state, time_zone, at)
    reasons += _wrong_with_contacts(contacts)
    if reasons:
        raise Refused(reasons)
    alike = likely_duplicates(
        actor,
        given_name=given_name,
        family_name=family_name,
        birth_date=birth_date,
        phones=_phones(contacts),
    )
    if alike and not duplicates_seen:
        raise Refused(
            [
                Reason(
                    "likely_duplicates",
                    "Compare with who is registered already. Open that record, or tick this when you are sure.",
                    "duplicates_seen",
                )
            ]
        )
    with joined():
        patient = Patient.objects.create(
            reference=_next_reference(actor.organization_id),
            given_name=given_name,
            family_name=family_name,
            preferred_name=preferred_name.strip(),
            pronouns=pronouns.strip(),
            birth_date=birth_date,
            language=language,
            language_note=language_note.strip(),
            interpreter_needed=interpreter_needed,
            state=state,
            time_zone=time_zone,
            safe_contact_note=safe_contact_note.strip(),
            registered_at=at,
            registered_by_id=actor.user_id,
        )
        for contact in contacts:
            _add(patient, contact)
        index_patient(patient)
        record("patient_registered", subject=patient, detail={"contacts": len(contacts)})
        if alike:
            record(
                "duplicate_overruled",
                subject=patient,
                detail={
                    "patients": [a.patient.pk for a in alike if a.patient],
                    "hidden": sum(1 for a in alike if a.patient is None),
                },
            )
    return patient


def change_patient(
    *,
    actor: Actor,
    patient: Patient,
    given_name: str,
    family_name: str,
    birth_date: date,
    time_zone: str,
    preferred_name: str = "",
    pronouns: str = "",
    language: str = Patient.Language.ENGLISH,
    language_note: str = "",
    interpreter_needed: bool = False,
    state: str = "",
    safe_contact_note: str = "",
    expected_version: int | None = None,
    at: datetime,
) -> Patient:
    """Replace the patient's details. Raises NotAllowed, NotFound, WrongState when somebody was faster, Refused."""
    require(actor, Permission.CHANGE_PATIENT, patient)
    given_name, family_name = given_name.strip(), family_name.strip()
    reasons = _wrong_with_details(given_name, family_name, birth_date, state, time_zone, at)
    if reasons:
        raise Refused(reasons)
    wanted: dict[str, Any] = {
        "given_name": given_name,
        "family_name": family_name,
        "preferred_name": preferred_name.strip(),
        "pronouns": pronouns.strip(),
        "birth_date": birth_date,
        "language": language,
        "language_note": language_note.strip(),
        "interpreter_needed": interpreter_needed,
        "state": state,
        "time_zone": time_zone,
        "safe_contact_note": safe_contact_note.strip(),
    }
    with transaction.atomic():
        row = Patient.objects.select_for_update().get(pk=patient.pk)
        if expected_version is not None and row.version != expected_version:
            raise WrongState(
                "change",
                "changed",
                "Somebody changed these details meanwhile. Look at them again, then save.",
            )
        changed = [name for name, value in wanted.items() if getattr(row, name) != value]
        if not changed:
            return row
        for name in changed:
            setattr(row, name, wanted[name])
        row.version += 1
        extra = ["birth_date_index"] if "birth_date" in changed else []
        row.save(update_fields=[*changed, *extra, "version"])
        index_patient(row)
        record("patient_changed", subject=row, detail={"fields": changed})
    return row


def add_contact(*, actor: Actor, patient: Patient, contact: ContactInput, at: datetime) -> Contact:
    """Add a way to reach the patient. A new preferred way takes the place of the old one. Raises Refused."""
    require(actor, Permission.CHANGE_PATIENT, patient)
    reasons = rules.contact_can_be_used(contact)
    if reasons:
        raise Refused(reasons)
    with transaction.atomic():
        if contact.is_preferred:
            Contact.objects.filter(patient=patient, is_preferred=True).update(is_preferred=False)
        row = _add(patient, contact)
        index_patient(patient)
        record("patient_changed", subject=row, detail={"contact": "added", "kind": contact.kind})
    return row


def end_contact(*, actor: Actor, contact: Contact, at: datetime) -> Contact:
    """This way to reach the patient is not used any more. Raises WrongState when it was ended already."""
    require(actor, Permission.CHANGE_PATIENT, contact)
    with transaction.atomic():
        row = Contact.objects.select_for_update().select_related("patient").get(pk=contact.pk)
        if row.ended_at is not None:
            raise WrongState("end", "ended", "This contact was ended already.")
        row.ended_at, row.is_preferred = at, False
        row.save(update_fields=["ended_at", "is_preferred"])
        end_access_by_contact(row, ended_by=actor.user_id, at=at)
        index_patient(row.patient)
        record("patient_changed", subject=row, detail={"contact": "ended", "kind": row.kind})
    return row


def record_consent(
    *,
    actor: Actor,
    patient: Patient,
    kind: str,
    scope: str,
    method: str,
    signed_on: date,
    expires_on: date | None = None,
    expires_event: str = "",
    content: rules.ReleaseContent | None = None,
    names_part2: bool = False,
    receiving: str = "",
    by_representative: bool = False,
    authority: str = "",
    copy_given: bool = False,
    instrument: str = "",
    at: datetime,
) -> Consent:
    """Record what the patient allowed, at the desk or by the patient in the portal. Days are days where the patient lives.

    `instrument` is the paper of an appointment, a key of INSTRUMENTS; without one it is "words".

    `expires_event` is what ends it where no day does, in words; it is kept with the scope. A release without `content` is on
    our own form or by the portal's words; another form's content is checked, and where it lacks something that the law asks
    for, the release is kept with what it lacks and allows nothing. So is one for sharing the case, whose form of ours names the
    organization `receiving` it. Where a representative signed our form, `authority` says what lets them. Raises NotAllowed,
    NotFound, Refused with everything a release lacks.
    """
    require(actor, _consent_permission(actor), patient)
    today = rules.day_in(patient.time_zone, at)
    found = (
        rules.not_in_the_future(signed_on, today, "signed_on", "The day of signing"),
        rules.ends_after_it_starts(signed_on, expires_on, "expires_on", "The consent"),
    )
    reasons = [r for r in found if r]
    reasons += rules.consent_is_whole(kind, method, scope, expires_on, expires_event)
    if content and not (
        content.statements <= rules.STATEMENTS.keys() and content.special <= rules.SPECIAL.keys()
    ):
        reasons.append(Reason("code_unknown", "Choose from the list.", "statements"))
    paper = (instrument or "words") if kind == Consent.Kind.REPRESENTATION else ""
    if paper and paper not in rules.INSTRUMENTS:
        reasons.append(Reason("instrument_unknown", "Choose from the list.", "instrument"))
    if reasons:
        raise Refused(reasons)
    said = content or _own_words(kind, names_part2, receiving)
    if content is None and by_representative and kind in rules.AUTHORIZATIONS:
        said = replace(said, by_representative=True, authority=authority)
    ends = f"It ends with: {expires_event.strip()}" if expires_event.strip() else ""
    with joined():
        consent = Consent.objects.create(
            patient=patient,
            kind=kind,
            scope="\n".join(filter(None, (scope.strip(), ends))),
            method=method,
            form="own" if content is None else "other",
            instrument=paper,
            information=said.information.strip(),
            discloser=said.discloser.strip(),
            recipients=said.recipients.strip(),
            purpose=said.purpose.strip(),
            statements=sorted(said.statements),
            special=sorted(said.special),
            by_representative=said.by_representative,
            authority=said.authority.strip(),
            copy_given=copy_given,
            lacks=list(rules.release_lacks(said)) if kind in rules.AUTHORIZATIONS else [],
            signed_on=signed_on,
            expires_on=expires_on,
            recorded_at=at,
            recorded_by_id=actor.user_id,
        )
        record(
            "consent_recorded",
            subject=consent,
            detail={"kind": kind, "signed_on": signed_on, "lacks": consent.lacks, "instrument": paper},
        )
    return consent


def own_release(names_part2: bool = False) -> rules.ReleaseContent:
    """What our own form and the portal say: all that 45 CFR 164.508(c) asks for, and 42 CFR 2.31 where it is initialed."""
    special = frozenset({"part2"} if names_part2 else ())
    return rules.ReleaseContent(
        OWN_FORM["information"],
        OWN_FORM["discloser"],
        OWN_FORM["recipients"],
        OWN_FORM["purpose"],
        frozenset(OWN_STATEMENTS),
        special,
    )


def own_sharing(receiving: str, names_part2: bool = False) -> rules.ReleaseContent:
    """What our own form for sharing the case with one other organization says; empty where it names none."""
    special = frozenset({"part2"} if names_part2 else ())
    return rules.ReleaseContent(
        SHARING_FORM["information"],
        SHARING_FORM["discloser"],
        receiving,
        SHARING_FORM["purpose"],
        frozenset(OWN_STATEMENTS),
        special,
    )


def _own_words(kind: str, names_part2: bool, receiving: str) -> rules.ReleaseContent:
    if kind == Consent.Kind.SHARING:
        return own_sharing(receiving, names_part2)
    return own_release(names_part2) if kind == Consent.Kind.RELEASE else rules.ReleaseContent()


def revoke_consent(*, actor: Actor, consent: Consent, at: datetime) -> Consent:
    """The patient withdrew this consent; it stands no longer from `at` on. Raises WrongState when it was withdrawn before."""
    require(actor, _consent_permission(actor), consent)
    with transaction.atomic():
        row = Consent.objects.select_for_update().get(pk=consent.pk)
        if row.revoked_at is not None:
            raise WrongState("revoke", "revoked", "This consent was withdrawn already.")
        row.revoked_at = at
        row.save(update_fields=["revoked_at"])
        record("consent_revoked", subject=row, detail={"kind": row.kind})
    return row


def _consent_permission(actor: Actor) -> Permission:
    """The patient decides about the patient's own consents."""
    return Permission.PORTAL_CONTROL if actor.portal is not None else Permission.RECORD_CONSENT


def index_patient(patient: Patient) -> None:
    """Bring the patient's search text up to date; member ids in it are kept (`set_numbers` writes those)."""
    name = rules.words(f"{patient.given_name} {patient.preferred_name} {patient.family_name}")
    contacts = Contact.objects.filter(patient=patient, ended_at=None, kind__in=["phone", "text"])
    text = {
        "name": name,
        "sorted_name": " ".join(sorted(name.split())),
        "birth_date": patient.birth_date.isoformat(),
        "phones": sorted({rules.digits_of(c.value) for c in contacts}),
    }
    if not PatientSearch.objects.filter(patient=patient).update(**text):
        PatientSearch.objects.create(patient=patient, numbers=[normalized(patient.reference)], **text)


def set_numbers(patient: Patient, member_ids: Sequence[str]) -> None:
    """Replace the member ids by which the patient is found; the patient's own reference always is among them."""
    numbers = sorted({normalized(n) for n in [patient.reference, *member_ids]} - {""})
    PatientSearch.objects.filter(patient=patient).update(numbers=numbers)


def _wrong_with_details(
    given_name: str, family_name: str, birth_date: date, state: str, time_zone: str, at: datetime
) -> list[Reason]:
    found: list[Reason | None] = []
    for value, field in ((given_name, "given_name"), (family_name, "family_name")):
        found.append(None if value else Reason("name_missing", "Fill in the name.", field))
    zone = rules.time_zone_is_known(time_zone)
    found += [zone, rules.state_is_known(state)]
    if zone is None:
        found.append(rules.birth_date_is_believable(birth_date, rules.day_in(time_zone, at)))
    return [r for r in found if r]


def _wrong_with_contacts(contacts: Sequence[ContactInput]) -> list[Reason]:
    found = [r for i, c in enumerate(contacts) for r in rules.contact_can_be_used(c, prefix=f"contacts-{i}-")]
    several = rules.one_is_preferred(contacts)
    return [*found, several] if several else found


def _phones(contacts: Sequence[ContactInput]) -> tuple[str, ...]:
    return tuple(rules.digits_of(c.value) for c in contacts if c.kind in ("phone", "text"))


def _add(patient: Patient, contact: ContactInput) -> Contact:
    return Contact.objects.create(
        patient=patient,
        kind=contact.kind,
        value=contact.value.strip(),
        is_safe=contact.is_safe,
        may_leave_message=contact.may_leave_message,
        is_preferred=contact.is_preferred,
        from_time=contact.from_time,
        until_time=contact.until_time,
        at_any_hour=contact.at_any_hour,
    )


def _next_reference(organization_id: int) -> str:
    """HB-P-0042: the organization's letters and the next number, given out one at a time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('patient_reference'), %s::int)", [organization_id]
        )
        prefix = f"{Organization.objects.get(pk=organization_id).reference_prefix}-P-"
        cursor.execute(
            "SELECT coalesce(max(substr(reference, %s)::int), 0) + 1 FROM people_patient"
            " WHERE organization_id = %s AND reference ~ %s",
            [len(prefix) + 1, organization_id, f"^{prefix}[0-9]+$"],
        )
        return f"{prefix}{cursor.fetchone()[0]:04d}"
