"""Messages between the patient's side and the organization, in the patient's portal: written, read, answered.

They are entries of the one log. The same commands serve both doors: an actor with a portal writes as the patient's side.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require, visible
from advocacy.access.roles import PortalRole
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused
from advocacy.people.models import PortalAccess
from cases.commands.communications import Upload, attach, attachment_reasons
from cases.commands.documents import receive_document
from cases.commands.patient_notices import no_call_about, notify_patient
from cases.commands.touch import touch
from cases.models import Case, Communication, Document, PatientNotice
from cases.queries.messages import unanswered, unread_by

LONGEST = 20_000
MOST_FILES = 3

IN, OUT = Communication.Direction.IN, Communication.Direction.OUT


def send_message(
    *,
    actor: Actor,
    case: Case,
    body: str,
    attachments: Sequence[Document] = (),
    upload: Upload | None = None,
    uploads: Sequence[Upload] = (),
    at: datetime,
) -> Communication:
    """Write a message on a case: to the patient from the desk, to the organization from the portal.

    What the desk writes answers everything that waited, and the patient is told that there is a message, without its content,
    once it is an hour for it. What the patient's side writes waits for an answer. A closed case takes messages too: somebody
    who is refused anew writes there first.
    `uploads` are files of the patient's side, at most MOST_FILES; the patient sees them in the portal.
    Raises NotAllowed, NotFound, Refused with all reasons: message_empty, message_too_long, attachment_elsewhere, files_many;
    with `upload` or `uploads` also as `upload_document`.
    """
    require(actor, _needed(actor), case)
    text = body.strip()
    reasons = attachment_reasons(case, attachments) or _hidden(actor, attachments)
    if not text:
        reasons.append(Reason("message_empty", _("Write something first."), "body"))
    if len(text) > LONGEST:
        reasons.append(Reason("message_too_long", _("This is too long. Make it shorter, please."), "body"))
    if len(uploads) > MOST_FILES:
        reasons.append(
            Reason("files_many", _("Three files fit one message. Send the rest after it."), "files")
        )
    if reasons:
        raise Refused(reasons)
    theirs = actor.portal is not None
    helper = actor.portal is not None and actor.portal.role == PortalRole.REPRESENTATIVE
    with transaction.atomic():
        message = Communication.objects.create(
            case=case,
            channel=Communication.Channel.MESSAGE,
            direction=IN if theirs else OUT,
            party=Communication.With.HELPER if helper else Communication.With.PATIENT,
            person=_writer(actor) if helper else "",
            happened_at=at,
            summary=text,
            logged_at=at,
            logged_by_id=actor.user_id,
        )
        came = [_received(actor, case, each, at) for each in uploads]
        files = attach(actor, message, [*attachments, *came], upload, at)
        record("message_sent", subject=message, detail={"direction": message.direction} | files)
        if not theirs:
            _answer(actor, case, at)
            notify_patient(
                actor=actor,
                patient=case.patient,
                kind=PatientNotice.Kind.MESSAGE,
                about=f"message:{message.pk}",
                case=case,
                at=at,
            )
        touch(case, at)
    return message


def read_messages(*, actor: Actor, case: Case, at: datetime) -> int:
    """Note that this side has seen what the other side wrote; how many were new. Showing them again changes nothing.

    Only who may write here reads on behalf of the organization: a colleague who looks on leaves them unread. Once the patient
    has read them nobody has to call about them any more.
    """
    require(actor, _needed(actor), case)
    with transaction.atomic():
        count = unread_by(actor, case).update(read_at=at, read_by_id=actor.user_id)
        if count:
            record("messages_read", subject=case, detail={"messages": count})
            if actor.portal is not None and actor.portal.role == PortalRole.PATIENT:
                no_call_about(case, PatientNotice.Kind.MESSAGE, at)
    return count


def message_is_over(key: int) -> bool:
    """Whether the patient has read a message of ours (by primary key); not that a helper has."""
    own = PortalAccess.objects.filter(
        user=OuterRef("read_by"), patient=OuterRef("case__patient"), kind=PortalAccess.Kind.PATIENT
    )
    return Communication.objects.filter(Exists(own), pk=key, direction=OUT, read_at__isnull=False).exists()


def settle_messages(*, actor: Actor, case: Case, at: datetime) -> int:
    """What waits needs no answer in writing ("thank you", or it was answered by phone); how many waited.

    Raises Refused ("nothing_waits") when there is none.
    """
    require(actor, Permission.WRITE_NOTE, case)
    with transaction.atomic():
        count = _answer(actor, case, at)
        if not count:
            raise Refused(
                [Reason("nothing_waits", "No message waits for an answer any more. Look at the page again.")]
            )
        record("messages_settled", subject=case, detail={"messages": count})
        touch(case, at)
    return count


def _received(actor: Actor, case: Case, file: Upload, at: datetime) -> Document:
    return receive_document(
        actor=actor,
        case=case,
        part=_needed(actor),
        kind=file.kind,
        title=file.title,
        filename=file.filename,
        stream=file.stream,
        at=at,
    )


def _needed(actor: Actor) -> Permission:
    return Permission.WRITE_NOTE if actor.portal is None else Permission.PORTAL_MESSAGES


def _answer(actor: Actor, case: Case, at: datetime) -> int:
    """Whoever answers has read it. Returns how many waited."""
    waiting = Communication.objects.filter(unanswered(), case=case)
    Communication.objects.filter(unanswered(), case=case, read_at=None).update(
        read_at=at, read_by_id=actor.user_id
    )
    return waiting.update(answered_at=at, answered_by_id=actor.user_id)


def _hidden(actor: Actor, documents: Sequence[Document]) -> list[Reason]:
    """The portal attaches only what it shows."""
    if actor.portal is None or not documents:
        return []
    wanted = {document.pk for document in documents}
    if Document.objects.filter(visible(actor, Document), pk__in=wanted).count() == len(wanted):
        return []
    return [Reason("attachment_elsewhere", "Choose documents of this case only.", "attachments")]


def _writer(actor: Actor) -> str:
    """How the representative is called; sealed on the message."""
    assert actor.portal is not None, "only the portal's side has a writer of its own"
    return PortalAccess.objects.get(pk=actor.portal.access_id).name
