"""The clinic's door, from both sides: asking a provider and sending the link; answering through it without an account.

Whoever holds the link acts as the link: the trail names it, and nothing but its own asks of its own case can be answered.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, BinaryIO

from django.db import connection, transaction
from django.urls import reverse

from advocacy.access.disclosures import Party
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import NotFound, Reason, Refused, WrongState
from advocacy.mail import Notice, deliver, link_to
from advocacy.people.models import Consent
from advocacy.people.queries import standing_consents
from advocacy.people.rules import day_in, email_can_be_used
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to
from cases.attestation import digest_of
from cases.commands.cases import must_be_open
from cases.commands.clinic_leaving import link_goes_out, link_opens
from cases.commands.clinic_papers import cannot_be_printed, keep_signed
from cases.commands.documents import upload_document
from cases.commands.tasks import open_task, settle_task
from cases.models import Attestation, CallTime, Case, ClinicAsk, ClinicLink, Document, Provider, Task
from cases.workflow import TaskStatus

VALID_DAYS = (7, 14, 30)
REMIND_DAYS = (3, 5, 7, 10)
USUAL_REMINDER = 5
SILENT = "clinic_silent_"
"""In front of a provider's key: the code of the task about a clinic that did not answer a reminder either."""
RECORD_KINDS = (
    Document.Kind.CLINICAL_NOTE,
    Document.Kind.MEDICATION_HISTORY,
    Document.Kind.RATING_SCALE,
    Document.Kind.MEDICAL_NECESSITY,
    Document.Kind.OTHER,
)
MOST_TIMES = 6


@dataclass(frozen=True)
class Times:
    """One time at which a clinician can be called: a moment, how long, and on which number."""

    starts_at: datetime
    minutes: int
    phone: str


@dataclass(frozen=True)
class Sent:
    """A link that was just sent. `url` is known at this moment only; `mailed` is False when the mail server refused."""

    link: ClinicLink
    url: str
    mailed: bool


@dataclass(frozen=True)
class Door:
    """An open link: the organization it belongs to, and who acts by it."""

    link: ClinicLink
    actor: Actor
    organization: Organization


def ask_clinic(
    *,
    actor: Actor,
    case: Case,
    provider: Provider,
    kind: str,
    words: str,
    statement: str = "",
    due_on: date | None = None,
    at: datetime,
) -> ClinicAsk:
    """Ask a provider for records, for a signature under exactly `statement`, or for times of a call.

    Raises NotAllowed, NotFound, WrongState for a closed case, Refused with every reason.
    """
    require(actor, Permission.ASK_CLINIC, case)
    reasons = []
    statement = "\n".join(statement.strip().splitlines())  # one text, one SHA-256, however it was typed
    if kind not in ClinicAsk.Kind.values:
        reasons.append(Reason("kind_unknown", "Choose what the clinic is asked for.", "kind"))
    if not words.strip():
        reasons.append(Reason("words_missing", "Say what you need, so that the clinic can answer.", "words"))
    if kind == ClinicAsk.Kind.SIGNATURE and not statement.strip():
        reasons.append(
            Reason(
                "statement_missing", "Write the statement that is to be signed, word for word.", "statement"
            )
        )
    if kind == ClinicAsk.Kind.SIGNATURE and statement:
        reasons += cannot_be_printed(case, provider, statement, at)
    if due_on is not None and due_on < day_in(case.patient.time_zone, at):
        reasons.append(Reason("due_past", "Choose today or a later day.", "due_on"))
    if reasons:
        raise Refused(reasons)
    with transaction.atomic():
        must_be_open(Case.objects.get(pk=case.pk))
        ask = ClinicAsk.objects.create(
            case=case,
            provider=provider,
            kind=kind,
            words=words.strip(),
            statement=statement if kind == ClinicAsk.Kind.SIGNATURE else "",
            due_on=due_on,
            asked_at=at,
            asked_by_id=actor.user_id,
        )
        record("clinic_asked", subject=ask, detail={"kind": kind, "provider": provider.pk})
    return ask


def withdraw_ask(*, actor: Actor, ask: ClinicAsk, at: datetime) -> ClinicAsk:
    """The clinic is not asked any more. Raises NotAllowed, NotFound, WrongState when it was answered or withdrawn."""
    require(actor, Permission.ASK_CLINIC, ask)
    with transaction.atomic():
        row = _open_ask(ask.pk)
        row.withdrawn_at = at
        row.save(update_fields=["withdrawn_at"])
        record("clinic_ask_withdrawn", subject=row)
    return row


def send_link(
    *,
    actor: Actor,
    case: Case,
    provider: Provider,
    email: str,
    days: int,
    remind_days: int = USUAL_REMINDER,
    at: datetime,
) -> Sent:
    """Mail a provider the link to its open asks of this case; earlier links of the same provider are revoked.

    After `remind_days` of silence the program writes once more (`clinic_reminders`); that count begins anew with each link.
    Raises NotAllowed, NotFound, WrongState for a closed case, Refused: nothing is asked, no release stands, a bad address.
    """
    require(actor, Permission.ASK_CLINIC, case)
    email = email.strip().lower()
    reasons = [r for r in (email_can_be_used(email),) if r]
    if days not in VALID_DAYS:
        reasons.append(Reason("days", "Choose for how long the link opens.", "days"))
    if remind_days not in REMIND_DAYS:
        reasons.append(
            Reason("remind_days", "Choose after how many days the clinic is reminded.", "remind_days")
        )
    asked = ClinicAsk.objects.filter(case=case, provider=provider, answered_at=None, withdrawn_at=None)
    if not asked.exists():
        reasons.append(Reason("nothing_asked", "This provider is asked for nothing. Ask first.", "provider"))
    if not released(case, at):
        reasons.append(
            Reason(
                "no_release",
                "The patient's release of health information does not stand. Record it on the patient's page first.",
            )
        )
    if reasons:
        raise Refused(reasons)
    with transaction.atomic():
        must_be_open(Case.objects.get(pk=case.pk))
        for row in open_links(case.pk, provider.pk, at):
            _revoke(row, at)
        link, url = new_link(
            case_id=case.pk,
            provider_id=provider.pk,
            email=email,
            sent_at=at,
            sent_by_id=actor.user_id,
            expires_at=at + timedelta(days=days),
            remind_days=remind_days,
        )
        asked.filter(reminded_at__isnull=False).update(reminded_at=None, raised_at=None)
        link_goes_out(actor, case, provider, email, at)
        record("clinic_link_sent", subject=link, detail={"provider": provider.pk, "days": days})
        try:
            mail_clinic(email, "notices/clinic.txt", "asks your office for something", url, link)
        except OSError:
            return Sent(link, url, mailed=False)
    return Sent(link, url, mailed=True)


def open_links(case_id: int, provider_id: int, at: datetime) -> Any:
    """Links of one provider on one case that open now (a closed case and a withdrawn release aside), locked."""
    rows = ClinicLink.objects.select_for_update().filter(case_id=case_id, provider_id=provider_id)
    return rows.filter(revoked_at=None, expires_at__gt=at).order_by("pk")


def new_link(**values: Any) -> tuple[ClinicLink, str]:
    """A link with a token of its own, and its address: known at this moment only."""
    token = secrets.token_urlsafe(32)
    link = ClinicLink.objects.create(token_hash=hashed(token), **values)
    return link, link_to(reverse("clinic", args=[token]))


def revoke_link(*, actor: Actor, link: ClinicLink, at: datetime) -> ClinicLink:
    """The link opens nothing from now on, nor does the one that a reminder sent along with it.

    Raises NotAllowed, NotFound, WrongState when it was revoked before.
    """
    require(actor, Permission.ASK_CLINIC, link)
    with transaction.atomic():
        row = ClinicLink.objects.select_for_update().get(pk=link.pk)
        if row.revoked_at is not None:
            raise WrongState("revoke", "revoked", "This link was revoked already.")
        for other in open_links(row.case_id, row.provider_id, at).exclude(pk=row.pk):
            _revoke(other, at)
        _revoke(row, at)
    return row


@contextmanager
def opened(token: str, at: datetime, request_id: str = "") -> Iterator[Door]:
    """Inside: the scope and one transaction of whoever holds the link. Raises NotFound for a link that opens nothing.

    Unknown, revoked, expired, of a closed case, without a standing release: all look the same.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM search.clinic_link_of(%s)", [hashed(token)])
        found = cursor.fetchone()
    if found is None:
        raise NotFound("clinic link")
    link_id, organization_id = found
    key, label = f"clinic:{link_id}", "Clinic, by its link"
    with (
        transaction.atomic(),
        scoped_to(organization_id, actor=key, actor_label=label, request_id=request_id),
    ):
        link = (
            ClinicLink.objects.select_related("case__patient", "case__owner", "provider")
            .filter(pk=link_id, case__status="open", expires_at__gt=at, revoked_at=None)
            .first()
        )
        if link is None:
            raise NotFound("clinic link")
        actor = Actor(key=key, label=label, organization_id=organization_id, system=True)
        link_opens(actor, link.case, at)
        if link.opened_at is None:
            link.opened_at = at
            link.save(update_fields=["opened_at"])
        # What it may do is in the functions below: each takes the door, and answers asks of the door only.
        yield Door(link, actor, Organization.objects.get(pk=organization_id))


def asks_of(door: Door) -> list[ClinicAsk]:
    """What the provider of the link is asked for and has not answered, the most urgent first."""
    rows = ClinicAsk.objects.filter(
        case_id=door.link.case_id, provider_id=door.link.provider_id, answered_at=None, withdrawn_at=None
    )
    return sorted(rows, key=lambda ask: (ask.due_on is None, ask.due_on or ask.asked_at.date(), ask.pk))


def send_records(
    *, door: Door, ask: ClinicAsk, kind: str, files: Sequence[tuple[str, BinaryIO]], at: datetime
) -> list[Document]:
    """Records go onto the case, all of them or none. Raises NotFound, WrongState, Refused (field "records")."""
    if kind not in RECORD_KINDS:
        raise Refused([Reason("kind_unknown", "Choose what kind of record this is.", "kind")])
    if not files:
        raise Refused([Reason("files_missing", "Choose at least one file.", "records")])
    with transaction.atomic():
        row = _own_ask(door, ask, ClinicAsk.Kind.RECORDS)
        kept = []
        for name, stream in files:
            try:
                kept.append(
                    upload_document(
                        actor=door.actor, case=row.case, kind=kind, filename=name, stream=stream, at=at
                    )
                )
            except Refused as refused:
                raise Refused([Reason(r.code, r.message, "records") for r in refused.reasons]) from refused
        record("clinic_sent_records", subject=row, detail={"documents": [d.pk for d in kept], "kind": kind})
        _answered(door, row, f"The clinic sent {len(kept)} {'file' if len(kept) == 1 else 'files'}", at)
    return kept


def sign_statement(
    *,
    door: Door,
    ask: ClinicAsk,
    shown_sha256: str,
    signer: str,
    signer_role: str,
    agreed: bool,
    at: datetime,
) -> Attestation:
    """Sign exactly what was shown: its digest comes back with the form, and is compared with the statement that stands.

    The signed text is kept on the case as a frozen document of its own, an exhibit like any other. Raises NotFound,
    WrongState, Refused with every reason.
    """
    reasons = []
    if not signer.strip():
        reasons.append(Reason("signer_missing", "Type your full name.", "signer"))
    if not signer_role.strip():
        reasons.append(
            Reason("role_missing", "Say as what you sign, for example: treating psychiatrist.", "signer_role")
        )
    if not agreed:
        reasons.append(Reason("not_agreed", "Tick the box to sign.", "agreed"))
    with transaction.atomic():
        row = _own_ask(door, ask, ClinicAsk.Kind.SIGNATURE)
        digest = digest_of(row.statement)
        if not secrets.compare_digest(digest, shown_sha256):
            reasons.append(Reason("text_changed", "The text has changed. Read it again before you sign."))
        if reasons:
            raise Refused(reasons)
        signed = Attestation.objects.create(
            case_id=row.case_id,
            ask=row,
            link=door.link,
            statement=row.statement,
            sha256=digest,
            signer=signer.strip(),
            signer_role=signer_role.strip(),
            signed_at=at,
        )
        signed.document = keep_signed(actor=door.actor, signed=signed, ask=row, at=at)
        signed.save(update_fields=["document"])
        record("clinic_signed", subject=signed, detail={"sha256": digest, "method": signed.method})
        _answered(door, row, "The clinic signed the statement", at)
    return signed


def offer_times(*, door: Door, ask: ClinicAsk, times: Sequence[Times], at: datetime) -> list[CallTime]:
    """Times at which the clinician can be called. Raises NotFound, WrongState, Refused with every reason."""
    reasons = []
    if not times:
        reasons.append(Reason("times_missing", "Offer at least one time."))
    if len(times) > MOST_TIMES:
        reasons.append(Reason("times_many", f"Offer at most {MOST_TIMES} times."))
    for number, offered in enumerate(times, start=1):
        if offered.starts_at <= at:
            reasons.append(Reason("time_past", f"Time {number} has passed. Choose a later one."))
        if not 5 <= offered.minutes <= 240:
            reasons.append(Reason("minutes", f"Time {number}: enter between 5 and 240 minutes."))
        if not offered.phone.strip():
            reasons.append(Reason("phone_missing", f"Time {number}: enter the number to call."))
    if reasons:
        raise Refused(reasons)
    with transaction.atomic():
        row = _own_ask(door, ask, ClinicAsk.Kind.CALL_TIMES)
        rows = [
            CallTime.objects.create(
                case_id=row.case_id,
                ask=row,
                link=door.link,
                starts_at=offered.starts_at,
                minutes=offered.minutes,
                phone=offered.phone.strip(),
                offered_at=at,
            )
            for offered in times
        ]
        record("clinic_offered_times", subject=row, detail={"times": [r.starts_at for r in rows]})
        _answered(door, row, "The clinic offered times for a peer-to-peer call", at)
    return rows


def hashed(token: str) -> bytes:
    """What is kept of a token. 256 random bits need no salt."""
    return hashlib.sha256(token.encode()).digest()


def released(case: Case, at: datetime) -> bool:
    """Whether the patient's release of health information stands: without it a clinic is asked nothing."""
    today = day_in(case.patient.time_zone, at)
    return standing_consents(case.patient, today).filter(kind=Consent.Kind.RELEASE).exists()


def _open_ask(pk: int) -> ClinicAsk:
    row = ClinicAsk.objects.select_for_update(of=("self",)).select_related("case__owner").get(pk=pk)
    if row.answered_at is not None:
        raise WrongState("answer", "answered", "This was answered already.")
    if row.withdrawn_at is not None:
        raise WrongState("answer", "withdrawn", "This is not asked for any more.")
    return row


def _own_ask(door: Door, ask: ClinicAsk, kind: str) -> ClinicAsk:
    link = door.link
    if (ask.case_id, ask.provider_id, ask.kind) != (link.case_id, link.provider_id, kind):
        raise NotFound("ask")
    return _open_ask(ask.pk)


def _answered(door: Door, ask: ClinicAsk, title: str, at: datetime) -> None:
    """The ask is done, and whoever works the case finds it on Today."""
    ask.answered_at = at
    ask.save(update_fields=["answered_at"])
    open_task(
        actor=door.actor,
        case=ask.case,
        title=f"{title}: look at it",
        code=f"clinic_answer_{ask.pk}",
        due_on=day_in(ask.case.patient.time_zone, at),
        opened_by="rule",
        at=at,
    )
    waits = ClinicAsk.objects.filter(case_id=ask.case_id, provider_id=ask.provider_id, answered_at=None)
    if not waits.filter(withdrawn_at=None).exists():
        code = f"{SILENT}{ask.provider_id}"
        for task in Task.objects.filter(case_id=ask.case_id, code=code, status=TaskStatus.OPEN):
            settle_task(actor=door.actor, task=task, reason="The clinic has answered.", at=at)


def _revoke(link: ClinicLink, at: datetime) -> None:
    link.revoked_at = at
    link.save(update_fields=["revoked_at"])
    record("clinic_link_revoked", subject=link)


def mail_clinic(to: str, template: str, subject: str, url: str, link: ClinicLink) -> None:
    """The mail names the organization and nobody else; `url` may be "". Raises OSError when the mail server refuses."""
    organization = link.organization
    deliver(
        Notice(
            to=to,
            subject=f"{organization.name} {subject}",
            template=template,
            facts={"link": url, "organization": organization, "until": link.expires_at},
            reader=Party.CLINIC,
            reply_to=organization.reply_email,
        )
    )
