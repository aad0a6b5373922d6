"""The one door to a patient: what they are told, by which way, at which hour, once for each thing.

The program sends mail only, and only to an address the patient called safe; every other way is a task for whoever owns the
case. Whether and how the patient may be reached is decided when it is sent, not when it was asked for: a consent withdrawn in
the evening stops what was to go out in the morning.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Q

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require, system_actor
from advocacy.audit.trail import record
from advocacy.background.queue import enqueue
from advocacy.errors import Reason, Refused
from advocacy.mail import deliver
from advocacy.people.hours import hours_of, next_allowed, way_to_tell
from advocacy.people.models import Consent, Contact, Patient, PortalAccess
from advocacy.people.queries import contacts_of, standing_consents
from advocacy.people.rules import day_in
from advocacy.tenancy.scope import current_organization_id, current_scope
from cases import notices
from cases.commands.communications import log_sent
from cases.commands.documents import show_to_patient
from cases.commands.tasks import ENDED, open_task, settle_task
from cases.models import Case, Communication, Document, PatientNotice, Task
from cases.workflow import CaseStatus

SEND_JOB = "cases.send_notice"
Status = PatientNotice.Status


is_over: dict[str, Callable[[int], bool]] = {}
"""By the first word of `about`: whether the thing with this primary key waits for the patient no more. Looked at when a notice
is about to be sent: what was done in the night is told to nobody in the morning. Filled when the apps are ready.
"""


class Agreement(Enum):
    """Whether the patient agrees to be contacted at all."""

    STANDS = "stands"
    RAN_OUT = "ran out"
    WITHDRAWN = "withdrawn"


def notify_patient(
    *,
    actor: Actor,
    patient: Patient,
    kind: str,
    about: str = "",
    case: Case | None = None,
    detail: str = "",
    at: datetime,
) -> PatientNotice | None:
    """Tell the patient that there is something: at most once for each `about` of a `kind` (PatientNotice.Kind).

    `about` names the thing by codes and keys ("message:12"); without one it is the day, so that a kind is told once a day.
    `case` is the one it concerns (the latest open one without it); without any case nothing is done and None is returned.
    `detail` may hold words for the colleague who tells the patient by phone; it is kept sealed in the task only.
    A mail goes out by a job, at once or at the next hour at which the patient may be reached. Raises NotAllowed, NotFound,
    Refused ("kind_unknown").
    """
    case = case or _case_of(patient)
    if case is None:
        return None
    require(actor, Permission.WRITE_NOTE, case)
    if kind not in PatientNotice.Kind.values:
        raise Refused([Reason("kind_unknown", "This is no kind of notice. Choose one of the list.", "kind")])
    about = about or f"day:{day_in(patient.time_zone, at)}"
    told = PatientNotice.objects.filter(patient=patient, kind=kind, about=about)
    if standing := told.first():
        return standing
    try:
        with transaction.atomic():
            notice = PatientNotice.objects.create(
                patient=patient,
                case=case,
                kind=kind,
                about=about,
                due_at=at,
                asked_at=at,
                asked_by_id=actor.user_id,
            )
            record("notice_asked", subject=notice, detail={"kind": kind, "about": about})
            way = _way(notice, at, detail)
            if way is None:
                return notice
            _wait(notice, next_allowed(way, patient.time_zone, at))
            if notice.due_at <= at:
                enqueue(SEND_JOB, notice=notice.pk)
    except IntegrityError:
        # Somebody asked for the same thing between our look and our write.
        return told.get()
    return notice


def show_and_tell(*, actor: Actor, document: Document, at: datetime) -> Document:
    """The patient sees a document in the portal from now on, and is told that something is there, once, where they come into the
    portal. Raises as `show_to_patient` and `notify_patient`.
    """
    with transaction.atomic():
        row = show_to_patient(actor=actor, document=document, shown=True, at=at)
        patient = row.case.patient
        if not row.has_psychotherapy_notes and _portal_of(patient, at) is not None:
            kind, about = PatientNotice.Kind.DOCUMENT.value, f"document:{row.pk}"
            notify_patient(actor=actor, patient=patient, kind=kind, about=about, case=row.case, at=at)
    return row


def no_call_about(case: Case, kind: str, at: datetime) -> None:
    """The patient has seen it in the portal: whoever was to tell them of it has nothing to do."""
    waiting = Task.objects.select_for_update(of=("self",)).filter(case=case, code=f"tell_patient:{kind}")
    for task in waiting.exclude(status__in=ENDED).order_by("pk"):
        settle_task(actor=_program(), task=task, reason="The patient has seen it in the portal.", at=at)


def document_is_over(key: int) -> bool:
    """Whether a document is not shown to the patient any more, or never was."""
    shown = Document.objects.filter(pk=key, for_patient=True)
    return not shown.exclude(special__contains=["psychotherapy"]).exists()


def send_notice(*, notice: int, at: datetime) -> PatientNotice | None:
    """Send a notice (by primary key) that is due, with everything else that waits for the same patient: one mail.

    Called by a job. None when nothing is to be done (sent, stopped, or not its hour yet). The rows are locked until the mail
    server has taken the mail: two jobs at once send once, and a server that refuses leaves everything waiting. Raises what
    the mail server raises.
    """
    first = PatientNotice.objects.filter(pk=notice, status=Status.WAITING).first()
    if first is None:
        return None
    with transaction.atomic():
        # The patient's row is locked first, so that jobs for several notices of one patient go one after the other.
        patient = Patient.objects.select_for_update().get(pk=first.patient_id)
        waiting = list(
            PatientNotice.objects.select_for_update(of=("self",))
            .filter(patient=patient, status=Status.WAITING, due_at__lte=at)
            .select_related("case", "patient")
            .order_by("pk")
        )
        if notice not in {row.pk for row in waiting}:
            return None
        ways = [(row, _way(row, at)) for row in waiting if not _dropped(row, at)]
        left = [(row, way) for row, way in ways if way is not None]
        if not left:
            return None
        way = left[0][1]
        when = next_allowed(way, patient.time_zone, at)
        for row, _way_of_row in left:
            _wait(row, when)
        if when > at:
            return None
        _send([row for row, _way_of_row in left], way, at)
    return next(row for row, _way_of_row in left)


def log_invitation(access: PortalAccess, at: datetime) -> None:
    """An invitation to the portal stands in the log of the patient's case, once; without a case it stands in the trail only."""
    case = _case_of(access.patient)
    if case is None:
        return
    scope = current_scope()
    sent_at = scope.at if scope and scope.at else at  # history told after the fact happened when it says
    helper = access.kind == PortalAccess.Kind.REPRESENTATIVE
    log_sent(
        actor=_program(),
        case=case,
        source=f"invitation:{access.pk}",
        channel=Communication.Channel.EMAIL,
        party=Communication.With.HELPER if helper else Communication.With.PATIENT,
        person=access.name,
        address=access.user.email,
        summary="Invitation to the patient's portal.",
        sent_at=sent_at,
        at=sent_at,
    )


def hand_over(*, notice: int, at: datetime) -> PatientNotice | None:
    """A notice that the mail server would not take goes to a colleague. None when it does not wait any more."""
    with transaction.atomic():
        row = (
            PatientNotice.objects.select_for_update(of=("self",))
            .filter(pk=notice, status=Status.WAITING)
            .select_related("case", "patient")
            .first()
        )
        if row is None:
            return None
        way = way_to_tell(contacts_of(row.patient))
        text = "A mail to the patient could not be sent. Check the address, or tell the patient another way."
        _hand(row, notices.title_of_call("email", row.kind), text, at, way=way, status=Status.FAILED)
    return row


def _way(notice: PatientNotice, at: datetime, detail: str = "") -> Contact | None:
    """The address the program itself may send this notice to; None after it was settled another way."""
    patient = notice.patient
    agreement = agreement_of(patient, at)
    if agreement is Agreement.WITHDRAWN:
        _settle(notice, Status.STOPPED, at)
        record("notice_stopped", subject=notice, detail={"kind": notice.kind})
        return None
    way = way_to_tell(contacts_of(patient))
    if agreement is Agreement.RAN_OUT:
        text = "The patient's agreement to be contacted has run out. Ask for a new one at the next contact."
        _hand(notice, "Ask whether the patient may be contacted", text, at, code="contact_agreement", way=way)
    elif way is None:
        text = "No way to reach the patient is marked as safe, so nobody was told: {what}. Ask which way is safe."
        text = text.format(what=notices.WHAT[notice.kind])
        _hand(notice, "No safe way to reach the patient", text, at, code="no_safe_contact")
    elif way.kind != Contact.Kind.EMAIL:
        _hand(notice, notices.title_of_call(way.kind, notice.kind), _how(way, detail), at, way=way)
    elif _portal_of(patient, at) is None:
        text = "The patient cannot sign in to the portal yet. Invite the patient, or tell them another way."
        _hand(notice, notices.title_of_call("email", notice.kind), f"{text}\n{detail}".strip(), at, way=way)
    else:
        return way
    return None


def _dropped(notice: PatientNotice, at: datetime) -> bool:
    """Whether what it is about was done meanwhile: then it is settled without a word."""
    word, _colon, rest = notice.about.partition(":")
    asked, key = is_over.get(word), rest.partition(":")[0]
    if asked is None or not key.isdecimal() or not asked(int(key)):
        return False
    _settle(notice, Status.OVER, at)
    record("notice_dropped", subject=notice, detail={"kind": notice.kind})
    return True


def agreement_of(patient: Patient, at: datetime) -> Agreement:
    """Where the agreement to be contacted stands. One that was never recorded is no refusal: the safe way counts."""
    given = Consent.objects.filter(patient=patient, kind=Consent.Kind.CONTACT)
    today = day_in(patient.time_zone, at)
    if standing_consents(patient, today).filter(kind=Consent.Kind.CONTACT).exists():
        return Agreement.STANDS
    latest = given.order_by("-signed_on", "-pk").first()
    if latest is None:
        return Agreement.STANDS
    return Agreement.WITHDRAWN if latest.revoked_at is not None else Agreement.RAN_OUT


def _send(rows: list[PatientNotice], way: Contact, at: datetime) -> None:
    """One mail for all of them. The server comes last: what it refuses undoes everything before it."""
    first = rows[0]
    access = _portal_of(first.patient, at)
    mail = notices.patient_notice(
        to=way.value, language=access.language if access else first.patient.language
    )
    entry = log_sent(
        actor=_program(),
        case=first.case,
        source=f"notice:{first.pk}",
        channel=Communication.Channel.EMAIL,
        party=Communication.With.PATIENT,
        address=way.value,
        summary=notices.words_in(mail.language)[1],
        sent_at=at,
        at=at,
    )
    for row in rows:
        _settle(row, Status.SENT, at, contact=way, communication=entry)
        record("patient_notified", subject=row, detail={"kind": row.kind, "contact": way.pk})
    deliver(mail, message_id=f"notice-{first.public_id}")


def _hand(
    notice: PatientNotice,
    title: str,
    text: str,
    at: datetime,
    *,
    code: str = "",
    way: Contact | None = None,
    status: str = Status.HANDED,
) -> None:
    """A task for the case's owner, to be done at the patient's hours; one for each kind while it is open."""
    task: Task | None = None
    if notice.case.status == CaseStatus.OPEN:
        when = next_allowed(way, notice.patient.time_zone, at) if way else at
        task = open_task(
            actor=_program(),
            case=notice.case,
            title=title,
            detail=text,
            due_on=when.astimezone(ZoneInfo(notice.patient.time_zone)).date(),
            code=code or f"tell_patient:{notice.kind}",
            opened_by=Task.OpenedBy.RULE,
            at=at,
        )
    _settle(notice, status, at, task=task, contact=way)
    record("notice_handed", subject=notice, detail={"kind": notice.kind, "task": task.pk if task else None})


def _how(way: Contact, detail: str) -> str:
    """What a colleague has to know before they call; the number itself stands on the patient's page."""
    opens, closes = hours_of(way)
    until = f"{closes:%-I:%M %p}" if closes else "midnight"
    hours = f"Between {opens:%-I:%M %p} and {until}, where the patient lives."
    message = "A message may be left." if way.may_leave_message else "Leave no message."
    if way.kind != Contact.Kind.PHONE:
        message = ""
    return "\n".join(
        part for part in (detail, hours, message, "Read the rules for safe contact first.") if part
    )


def _settle(notice: PatientNotice, status: str, at: datetime, **found: object) -> None:
    notice.status, notice.settled_at = status, at
    for name, value in found.items():
        setattr(notice, name, value)
    notice.save(update_fields=["status", "settled_at", *found])


def _wait(notice: PatientNotice, until: datetime) -> None:
    if notice.due_at != until:
        notice.due_at = until
        notice.save(update_fields=["due_at"])


def _case_of(patient: Patient) -> Case | None:
    """The patient's latest open case, else the latest."""
    cases = Case.objects.filter(patient=patient).order_by("-pk")
    return cases.filter(status=CaseStatus.OPEN).first() or cases.first()


def _portal_of(patient: Patient, at: datetime) -> PortalAccess | None:
    """The patient's own live access to the portal."""
    return PortalAccess.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=at),
        patient=patient,
        kind=PortalAccess.Kind.PATIENT,
        starts_at__lte=at,
        ended_at=None,
        user__is_active=True,
    ).first()


def _program() -> Actor:
    """The program: whoever asked for the notice may not be allowed to open tasks."""
    organization_id = current_organization_id()
    assert organization_id is not None, "a notice is asked for and sent in an organization's scope"
    return system_actor(organization_id, "notices")
