"""What the patient decides in the portal about the record: consents, people let in, and all of it taken along."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from advocacy.access.disclosures import Door, Purpose, disclose, whoever_asks
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require, system_actor
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused
from advocacy.people.commands import record_consent, revoke_consent
from advocacy.people.consent_words import OWN_STATEMENTS
from advocacy.people.export import Enclosed, Record, Section, data_of, everything_about, names_of, shown
from advocacy.people.models import Consent, Patient, PortalAccess
from advocacy.people.portal_invitations import invite_representative
from advocacy.people.queries import standing_consents
from advocacy.people.rules import HELPER, day_in
from advocacy.tenancy.models import Organization
from cases.commands.documents import document_vault
from cases.commands.tasks import open_task
from cases.models import Case
from cases.queries.export import matter_of

GIVEN_FOR = timedelta(days=365)
"""A release given in the portal stands for a year: one that never ends is one nobody remembers."""
SHEET = Path(settings.BASE_DIR) / "advocacy" / "static" / "advocacy" / "css" / "record.css"
GIVABLE = (Consent.Kind.RELEASE, Consent.Kind.CONTACT)


def words_to_agree_to(kind: str, organization: Organization) -> str:
    """What the patient agrees to, as it is shown and kept, in the current language."""
    if kind == Consent.Kind.RELEASE:
        allowed = _(
            "%(team)s may ask my doctors for my health records. They may send them to my plan, "
            "and to those who decide about my case. It is for my appeal, and it counts for one year."
        ) % {"team": organization.name}
        return " ".join([allowed, *(_(words) for words in OWN_STATEMENTS.values())])
    return _("%(team)s may write to me and call me about my case. I can take this back on any day.") % {
        "team": organization.name
    }


def give_consent(*, actor: Actor, patient: Patient, kind: str, words: str, at: datetime) -> Consent:
    """The patient agrees to exactly `words`, today, with the button of the portal.

    Raises NotAllowed, NotFound, Refused: another kind, or one that stands already.
    """
    require(actor, Permission.PORTAL_CONTROL, patient)
    today = day_in(patient.time_zone, at)
    if kind not in GIVABLE:
        raise Refused([Reason("kind_unknown", _("Choose what you want to allow."), "kind")])
    if standing_consents(patient, today).filter(kind=kind).exists():
        raise Refused([Reason("stands_already", _("You allowed this already."), "kind")])
    return record_consent(
        actor=actor,
        patient=patient,
        kind=kind,
        scope=words,
        method="electronic",
        signed_on=today,
        expires_on=today + GIVEN_FOR if kind == Consent.Kind.RELEASE else None,
        copy_given=True,  # the words stay in the portal, to read and to take along
        at=at,
    )


def take_consent_back(*, actor: Actor, consent: Consent, at: datetime) -> Consent:
    """It stands no longer; whoever works an open case of the patient finds a task that says so.

    Raises NotAllowed, NotFound, WrongState when it was taken back before.
    """
    with transaction.atomic():
        row = revoke_consent(actor=actor, consent=consent, at=at)
        program = system_actor(actor.organization_id, "portal")
        for case in Case.objects.filter(patient_id=row.patient_id, status="open").select_related("owner"):
            open_task(
                actor=program,
                case=case,
                code=f"consent_taken_back_{row.pk}",
                title="The patient took a consent back in the portal",
                detail=f"It was: {row.get_kind_display()}. See what can go on without it, and talk with the patient.",
                opened_by="rule",
                at=at,
            )
    return row


def let_in(
    *,
    actor: Actor,
    patient: Patient,
    name: str,
    email: str,
    relation: str,
    scope: Collection[str],
    language: str,
    expires_on: date,
    at: datetime,
) -> PortalAccess:
    """The patient appoints somebody, for these parts and until this day, and the invitation goes out.

    The appointment is a consent of its own, so that each can be taken back alone. Raises NotAllowed, NotFound, Refused.
    """
    require(actor, Permission.PORTAL_CONTROL, patient)
    today = day_in(patient.time_zone, at)
    with transaction.atomic():
        # Refused days are refused by the invitation, which says so in the patient's words.
        record_consent(
            actor=actor,
            patient=patient,
            kind=Consent.Kind.REPRESENTATION,
            scope=_("I let %(name)s see parts of my case here.") % {"name": name.strip()},
            method="electronic",
            instrument=HELPER,
            signed_on=today,
            expires_on=max(today, expires_on),
            at=at,
        )
        return invite_representative(
            actor=actor,
            patient=patient,
            name=name,
            email=email,
            relation=relation,
            scope=scope,
            language=language,
            expires_on=expires_on,
            at=at,
        )


def whole_record(
    *, actor: Actor, patient: Patient, organization: Organization, at: datetime
) -> Iterator[bytes]:
    """All of the patient's record as one ZIP, in pieces: a page to read, the same as data, and every document.

    The rows are read here, inside the request; the documents are decrypted while they stream. 45 CFR 164.524(c)(2): in
    a readable form, and in an electronic form that can be processed.
    """
    require(actor, Permission.PORTAL_CONTROL, patient)
    disclose(actor=actor, door=Door.TAKE_ALONG, purpose=Purpose.ACCESS, to=whoever_asks(actor), about=patient)
    gathered = everything_about(patient)
    record("record_taken_along", subject=patient, detail={"documents": len(gathered.files)})
    page = _page(gathered, patient, organization, at)
    data = _data(gathered, organization, at)
    return _zipped(gathered, page, data)


def matter_of_patient(patient: Patient) -> Iterator[Section | Enclosed]:
    """What the registry of exports gets from this app. A document that cannot be opened is found here, not while it streams."""
    folder, vault = patient.organization.public_id, document_vault()
    return matter_of(patient, lambda blob: vault.open(blob.location, organization_id=folder))


def _page(gathered: Record, patient: Patient, organization: Organization, at: datetime) -> str:
    zone = ZoneInfo(patient.time_zone)
    sections = [
        (section.title, [lines for row in section.rows if (lines := shown(row, zone))])
        for section in gathered.sections
    ]
    return render_to_string(
        "portal/record.html",
        {
            "sections": [(title, rows) for title, rows in sections if rows],
            "files": [file.name for file in gathered.files],
            "team": organization.name,
            "day": at.astimezone(zone).date(),
        },
    )


def _data(gathered: Record, organization: Organization, at: datetime) -> str:
    named = names_of(gathered)
    content: dict[str, Any] = {
        "format": "recourse-record/1",
        "organization": organization.name,
        "made_at": at,
        "sections": {
            section.key: [data_of(row, named) for row in section.rows] for section in gathered.sections
        },
        "documents": [file.name for file in gathered.files],
    }
    return json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)


class _Pipe(io.RawIOBase):
    """What the archive writes, kept until it is handed on; it never seeks, so nothing of it lies on a disk."""

    def __init__(self) -> None:
        self.kept = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self.kept += data
        return len(data)

    def taken(self) -> bytes:
        data, self.kept = bytes(self.kept), bytearray()
        return data


def _zipped(gathered: Record, page: str, data: str) -> Iterator[bytes]:
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.html", page)
        archive.writestr("record.css", SHEET.read_text(encoding="utf-8"))
        archive.writestr("data.json", data)
        for file in gathered.files:
            with archive.open(file.name, "w", force_zip64=True) as entry:
                for piece in file.pieces:
                    entry.write(piece)
                    yield pipe.taken()
    yield pipe.taken()
