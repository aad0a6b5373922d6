"""Documents come in, get versions, are read by a job, and are opened again: bytes in the vault, facts about them in rows.

Nothing of a refused file stays: it is judged before a byte is stored, and the vault writes whole files or none.
"""

from __future__ import annotations

import base64
import hmac
import io
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require, visible
from advocacy.audit.trail import record
from advocacy.background.queue import enqueue
from advocacy.errors import NotFound, Reason, Refused
from advocacy.people.rules import SPECIAL
from advocacy.tenancy.joined import joined
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import OutsideScope, current_organization_id
from advocacy.tenancy.sealing import keystore
from cases.commands.touch import touch
from cases.content import MAX_TEXT_BYTES, CheckedUpload, ContentType, check_upload, decode_text
from cases.models import FOR_PATIENT_KINDS, Attachment, Blob, Case, Document, DocumentVersion
from cases.reading import MOST_PAGES, read_pdf
from cases.vault import Blob as StoredBlob
from cases.vault import Keyring, Stored, TooLarge, Vault

READ_JOB = "cases.read_document"


VAULT_LOCK = 0x7661756C
"""The first half of the advisory lock of an organization's folder; its id is the second."""


def document_vault(organization_id: int | None = None) -> Vault:
    """The vault under `settings.DATA_DIR` with the keys of one organization, by default the scope's.

    Its key-encryption keys are HMAC-SHA-256 of the words "document vault" under the organization's keys, so that documents
    and fields share one secret to keep and one id to rotate, and never one key. Raises CannotOpen, OutsideScope.
    """
    organization_id = current_organization_id() if organization_id is None else organization_id
    if organization_id is None:
        raise OutsideScope("The vault is opened outside scoped_to().")
    held = keystore().of(organization_id)
    ring = {name: hmac.digest(key, b"document vault", "sha256") for name, key in held.keys.items()}
    return Vault(settings.DATA_DIR, Keyring(current=held.current, keys=ring))


def upload_document(
    *,
    actor: Actor,
    case: Case,
    kind: str,
    title: str = "",
    filename: str,
    stream: BinaryIO,
    sent_key: str = "",
    special: Collection[str] = (),
    at: datetime,
) -> Document:
    """Keep a new document as its version 1 and ask for its text. `stream` is seekable; an empty title becomes the type.

    Under one `sent_key` a case takes one document.
    The patient sees it in the portal where the kind is one for patients (FOR_PATIENT_KINDS) and nothing `special` is in it.
    Raises Refused with one reason on field "file" (empty, encrypted, damaged, not what its name says ...), its kind
    TooLarge above `settings.UPLOAD_LIMIT_BYTES`, or the reasons "kind_unknown" and "special_unknown".
    """
    require(actor, Permission.UPLOAD_DOCUMENT, case)
    known_kind(kind, special)
    shown = kind in FOR_PATIENT_KINDS and not special
    tags: dict[str, Any] = {"for_patient": shown, "sent_key": sent_key, "special": sorted(special)}
    return _keep(actor, case, kind, title, filename, stream, at, **tags)


def already_sent(*, actor: Actor, case: Case, part: Permission, key: str) -> Document | None:
    """The document that the sender's own `key` made before in this case; None without a key. `part` allows sending here.

    Locks the case, so that what is sent twice at the same instant waits for the first: ask before anything is kept.
    Raises NotAllowed, NotFound.
    """
    require(actor, part, case)
    if not key:
        return None
    Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    return Document.objects.filter(case=case, sent_key=key).select_related("case").first()


def receive_document(
    *,
    actor: Actor,
    case: Case,
    part: Permission,
    kind: str,
    title: str = "",
    filename: str,
    stream: BinaryIO,
    sent_key: str = "",
    at: datetime,
) -> Document:
    """Keep what the patient's side sent; the patient sees it. `part` is the portal permission it comes by.

    Raises NotAllowed, NotFound, and as `upload_document`.
    """
    require(actor, part, case)
    known_kind(kind)
    return _keep(actor, case, kind, title, filename, stream, at, for_patient=True, sent_key=sent_key)


def show_to_patient(*, actor: Actor, document: Document, shown: bool, at: datetime) -> Document:
    """Show a document to the patient in the portal, or show it no longer. What was opened before cannot be taken back."""
    require(actor, Permission.UPLOAD_DOCUMENT, document)
    with transaction.atomic():
        locked = Document.objects.select_for_update().get(pk=document.pk)
        if locked.for_patient != shown:
            locked.for_patient = shown
            locked.save(update_fields=["for_patient"])
            record("document_shown" if shown else "document_withheld", subject=locked)
            touch(locked.case, at)
    return locked


def _keep(
    actor: Actor,
    case: Case,
    kind: str,
    title: str,
    filename: str,
    stream: BinaryIO,
    at: datetime,
    *,
    for_patient: bool,
    sent_key: str = "",
    special: Collection[str] = (),
) -> Document:
    checked = checked_upload(stream, filename)
    with transaction.atomic():
        document = Document.objects.create(
            case=case,
            kind=kind,
            title=title.strip() or Document.Kind(kind).label,
            for_patient=for_patient,
            sent_key=sent_key,
            special=list(special),
            created_at=at,
        )
        blob = _stored(actor, stream, checked.size, at)
        version = _append(document, blob, checked, actor=actor, at=at, number=1)
        record("document_uploaded", subject=document, detail=_proof(version) | {"kind": kind})
        touch(case, at)
        enqueue(READ_JOB, version=version.pk)
    return document


def add_version(
    *, actor: Actor, document: Document, filename: str, stream: BinaryIO, at: datetime
) -> DocumentVersion:
    """Add the next version; older ones stay.

    Raises as `upload_document`, and Refused with "document_frozen" or "document_same" (these bytes are a version already).
    """
    require(actor, Permission.UPLOAD_DOCUMENT, document)
    checked = checked_upload(stream, filename)
    with transaction.atomic():
        locked = Document.objects.select_for_update().get(pk=document.pk)
        if locked.is_frozen:
            raise Refused(
                [
                    Reason(
                        "document_frozen",
                        "This stands as it was filed or signed and takes no further version. Upload a new document.",
                        "file",
                    )
                ]
            )
        blob = _stored(actor, stream, checked.size, at)
        same = DocumentVersion.objects.filter(document=locked, blob=blob).order_by("number").first()
        if same:
            raise Refused(
                [
                    Reason(
                        "document_same",
                        f"These are the same bytes as version {same.number}. Nothing was added: choose the newer file.",
                        "file",
                    )
                ]
            )
        version = _append(locked, blob, checked, actor=actor, at=at)
        record("document_version_added", subject=version, detail=_proof(version))
        touch(locked.case, at)
        enqueue(READ_JOB, version=version.pk)
    return version


def store_frozen(
    *,
    actor: Actor,
    case: Case,
    kind: str,
    title: str,
    filename: str,
    data: bytes,
    special: Collection[str] = (),
    at: datetime,
) -> DocumentVersion:
    """Keep bytes we made ourselves (a filed packet) as a document that never changes; read back before it counts. A part of the
    command that makes them, which touches the case.

    Raises Refused when the bytes are not a sound file, cases.vault.Corrupted when the disk gave back something else.
    """
    require(actor, Permission.UPLOAD_DOCUMENT, case)
    known_kind(kind, special)
    stream = io.BytesIO(data)
    checked = check_upload(stream, filename=filename)
    folder = case.organization.public_id
    with joined():
        document = Document.objects.create(
            case=case,
            kind=kind,
            title=title.strip() or Document.Kind(kind).label,
            is_frozen=True,
            for_patient=kind in FOR_PATIENT_KINDS,
            special=sorted(special),
            created_at=at,
        )
        blob = _stored(actor, stream, len(data), at, folder)
        version = _append(document, blob, checked, actor=actor, at=at, number=1)
        open_in_folder(folder, blob.location).verify()
        record("document_uploaded", subject=document, detail=_proof(version) | {"kind": kind, "frozen": True})
        enqueue(READ_JOB, version=version.pk)
    return version


def open_version(actor: Actor, version: DocumentVersion) -> StoredBlob:
    """The bytes of a version, as a stream that is checked segment by segment.

    Raises NotFound when the version is not visible to the actor, cases.vault.VaultError when the file cannot be read.
    """
    require(actor, Permission.SEE_CASES if actor.portal is None else Permission.PORTAL_DOCUMENTS, version)
    return document_vault().open(version.blob.location, organization_id=_owner_of_bytes(actor))


def open_in_folder(folder: UUID, location: str) -> StoredBlob:
    """The bytes at a place that was just read under the actor's policy; `folder` is the organization's public id.

    Raises as `open_version`, and asks the database nothing.
    """
    return document_vault().open(location, organization_id=folder)


def open_attachment(actor: Actor, attached: Attachment) -> StoredBlob:
    """The bytes of what came with a message, for whoever reads the message. Raises NotFound and as `open_version`."""
    require(actor, Permission.SEE_CASES if actor.portal is None else Permission.PORTAL_MESSAGES, attached)
    return document_vault().open(attached.version.blob.location, organization_id=_owner_of_bytes(actor))


def open_letter(actor: Actor, row: Any) -> StoredBlob:
    """The bytes of a letter, for whoever reads letters: `row` is a filing or an ask for approval, with `version` or
    `document_version`. Raises NotFound and as `open_version`.
    """
    require(actor, Permission.SEE_CASES if actor.portal is None else Permission.PORTAL_LETTERS, row)
    version = getattr(row, "version", None) or row.document_version
    return document_vault().open(version.blob.location, organization_id=_owner_of_bytes(actor))


def open_versions(actor: Actor, versions: Sequence[DocumentVersion]) -> dict[int, StoredBlob]:
    """The bytes of several versions by primary key, in two statements however many they are. The blobs are joined already.

    Raises NotFound when one of them is not visible to the actor, cases.vault.VaultError when a file cannot be read.
    """
    if not versions:
        return {}
    wanted = {version.pk for version in versions}
    seen = DocumentVersion.objects.filter(visible(actor, DocumentVersion), pk__in=wanted)
    if set(seen.values_list("pk", flat=True)) != wanted:
        raise NotFound("version")
    folder, vault = _owner_of_bytes(actor), document_vault()
    return {v.pk: vault.open(v.blob.location, organization_id=folder) for v in versions}


def read_text(*, actor: Actor, version: DocumentVersion, at: datetime) -> DocumentVersion:
    """Read the text of a version, page by page, and keep it sealed. Reading it again gives the same and records nothing.

    Raises cases.reading.UnreadablePdf when there is something to read and it cannot be.
    """
    require(actor, Permission.UPLOAD_DOCUMENT, version)
    if version.text_status == DocumentVersion.TextStatus.READ:
        return version
    pages, note = _text_of(actor, version)
    status = DocumentVersion.TextStatus.READ if pages else DocumentVersion.TextStatus.NONE
    with transaction.atomic():
        version.pages, version.text_status, version.text_note = pages or None, status, note
        version.save(update_fields=["pages", "text_status", "text_note"])
        record("document_read_by_job", subject=version, detail={"status": status.value, "pages": len(pages)})
    return version


def mark_unreadable(*, actor: Actor, version: DocumentVersion, note: str, at: datetime) -> DocumentVersion:
    """Keep on the version why it could not be read (our own words, no patient data), unless it was read meanwhile."""
    require(actor, Permission.UPLOAD_DOCUMENT, version)
    if version.text_status == DocumentVersion.TextStatus.READ:
        return version
    with transaction.atomic():
        version.text_status, version.text_note = DocumentVersion.TextStatus.FAILED, note[:300]
        version.save(update_fields=["text_status", "text_note"])
        record("document_read_by_job", subject=version, detail={"status": version.text_status})
    return version


def await_reading(*, actor: Actor, version: DocumentVersion, at: datetime) -> DocumentVersion:
    """A version whose reading failed waits to be read again. Raises Refused unless it failed."""
    require(actor, Permission.UPLOAD_DOCUMENT, version)
    with transaction.atomic():
        locked = DocumentVersion.objects.select_for_update().get(pk=version.pk)
        if locked.text_status != DocumentVersion.TextStatus.FAILED:
            raise Refused(
                [
                    Reason(
                        "not_failed",
                        "This document is not waiting to be read again. Look at it as it is now.",
                    )
                ]
            )
        locked.text_status, locked.text_note = DocumentVersion.TextStatus.PENDING, ""
        locked.save(update_fields=["text_status", "text_note"])
        record("document_read_again", subject=locked)
        enqueue(READ_JOB, version=locked.pk)
    return locked


def _text_of(actor: Actor, version: DocumentVersion) -> tuple[list[str], str]:
    """The pages' texts and, where there is no text, why."""
    match version.content_type:
        case ContentType.PDF if (version.page_count or 0) > MOST_PAGES:
            return [], f"It has more than {MOST_PAGES} pages; a file that long is kept and not read."
        case ContentType.PDF:
            reading = read_pdf(open_version(actor, version).read())
            if not reading.has_text:
                return [], "It is a scan: a picture of text. Type what you need from it."
            return list(reading.pages), ""
        case ContentType.TEXT:
            data = b"".join(
                open_version(actor, version).read_range(0, min(version.blob.size, MAX_TEXT_BYTES))
            )
            return decode_text(data, cut=True).split("\f"), ""
        case ContentType.DOCX:
            return [], "Word documents are kept and not read. Upload a PDF of it to have its text read."
    return [], "It is a picture. Type what you need from it."


def known_kind(kind: str, special: Collection[str] = ()) -> None:
    known = {"kind": kind in Document.Kind.values, "special": set(special) <= SPECIAL.keys()}
    if wrong := [name for name, is_known in known.items() if not is_known]:
        raise Refused([Reason(f"{name}_unknown", "Choose what this document is.", name) for name in wrong])


def checked_upload(stream: BinaryIO, filename: str) -> CheckedUpload:
    """What the file is. Size first: one that is too large is not parsed. Raises as `upload_document`."""
    if stream.seek(0, io.SEEK_END) > settings.UPLOAD_LIMIT_BYTES:
        raise TooLarge(settings.UPLOAD_LIMIT_BYTES)
    return check_upload(stream, filename=filename)


def _stored(actor: Actor, stream: BinaryIO, size: int, at: datetime, folder: UUID | None = None) -> Blob:
    """The row of these bytes; equal bytes of one organization are one row and one file."""
    stored = into_vault(actor, stream, size, folder)
    key_id, _, wrapped = stored.wrapped_key.partition(":")
    blob, _created = Blob.objects.get_or_create(
        sha256=stored.sha256,
        defaults={
            "size": stored.size,
            "location": stored.location,
            "wrapped_key": base64.b64decode(wrapped),
            "key_id": key_id,
            "stored_at": at,
        },
    )
    return blob


def into_vault(actor: Actor, stream: BinaryIO, size: int, folder: UUID | None = None) -> Stored:
    """The bytes in the organization's folder (looked up unless it is given). Call it in the transaction that writes the row which
    names the place.
    """
    stream.seek(0)
    with connection.cursor() as cursor:
        # Until this transaction ends nothing of the organization is tidied away: the row is not there yet (`upkeep`).
        cursor.execute(
            "SELECT pg_advisory_xact_lock_shared(%s, %s)", [VAULT_LOCK, (actor.organization_id or 0) % 2**31]
        )
    return document_vault().store(stream, organization_id=folder or _owner_of_bytes(actor), max_bytes=size)


def from_vault(actor: Actor, location: str) -> StoredBlob:
    """The bytes at a place that a row the actor was shown names. Raises cases.vault.VaultError."""
    return document_vault().open(location, organization_id=_owner_of_bytes(actor))


def _owner_of_bytes(actor: Actor) -> UUID:
    """The folder of the vault: a blob of another organization is not even looked for in it."""
    return Organization.objects.get(pk=actor.organization_id).public_id


def _append(
    document: Document,
    blob: Blob,
    checked: CheckedUpload,
    *,
    actor: Actor,
    at: datetime,
    number: int | None = None,
) -> DocumentVersion:
    """The next version; `number` is given where the document was just made."""
    if number is None:
        rows = DocumentVersion.objects.filter(document=document)
        last = rows.order_by("-number").values_list("number").first()
        number = last[0] + 1 if last else 1
    return DocumentVersion.objects.create(
        case_id=document.case_id,
        document=document,
        number=number,
        blob=blob,
        filename=checked.filename,
        content_type=checked.content_type.value,
        page_count=checked.page_count,
        uploaded_at=at,
        uploaded_by_id=actor.user_id,
    )


def _proof(version: DocumentVersion) -> dict[str, object]:
    return {"version": version.number, "sha256": version.blob.sha256, "size": version.blob.size}
