"""Background work of the matter: reading documents, waking what was on hold, telling patients, tidying the vault."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from advocacy.access.policy import Actor, system_actor
from advocacy.background.queue import PublicProblem, again, enqueue, job
from advocacy.tenancy.scope import current_organization_id
from cases.commands.accounting import TELL_JOB as HELD_BACK_JOB
from cases.commands.accounting import tell_of_held_back, to_look_at_again
from cases.commands.benefits import watch_referrals
from cases.commands.break_glass import TELL_JOB, tell_of
from cases.commands.clinic_reminders import due_reminders, raise_silent_clinics
from cases.commands.clinic_reminders import remind_clinic as write_once_more
from cases.commands.documents import mark_unreadable, read_text
from cases.commands.offer_notices import REMIND_JOB as REMIND_OF_OFFER_JOB
from cases.commands.offer_notices import TELL_JOB as TELL_OF_OFFER_JOB
from cases.commands.offer_notices import (
    offers_to_remind_of,
    raise_unanswered,
    remind_of_offer,
    tell_of_offer,
)
from cases.commands.papers import sweep_pages
from cases.commands.patient_notices import SEND_JOB, hand_over, send_notice
from cases.commands.patient_reminders import remind_patients
from cases.commands.tasks import wake_due_tasks
from cases.commands.upkeep import tidy_vault as tidy
from cases.queries.clinic import link_by_key
from cases.queries.documents import version_by_key
from cases.queries.notices import due_notices
from cases.reading import UnreadablePdf

if TYPE_CHECKING:
    from cases.models import DocumentVersion

log = logging.getLogger("recourse.jobs")

after_reading: list[Callable[[DocumentVersion], None]] = []
"""What the apps above do with a version whose text was read (propose facts); idempotent, filled when they are ready."""


def _program() -> Actor:
    organization_id = current_organization_id()
    assert organization_id is not None, "a job runs in an organization's scope"
    return system_actor(organization_id, "jobs")


def _could_not_read(*, version: int, reason: str) -> None:
    actor = _program()
    mark_unreadable(actor=actor, version=version_by_key(actor, version), note=reason, at=timezone.now())


@job("cases.read_document", title="Read the text of a document", failed=_could_not_read)
def read_document(*, version: int) -> None:
    """Read the text of a version (by primary key) and tell the apps above. Raises PublicProblem for an unreadable file.

    What the apps above make of the text may fail without losing it: then that part is a job of its own.
    """
    actor = _program()
    row = version_by_key(actor, version)
    try:
        row = read_text(actor=actor, version=row, at=timezone.now())
    except UnreadablePdf as problem:
        raise PublicProblem(str(problem)) from None
    try:
        with transaction.atomic():
            _tell(row)
    except Exception as problem:
        log.warning("after reading version %s: %s", row.public_id, type(problem).__name__)
        enqueue("cases.after_reading", version=version)


@job("cases.after_reading", title="Propose facts from a letter")
def announce_reading(*, version: int) -> None:
    """Tell the apps above about a text that was read before."""
    _tell(version_by_key(_program(), version))


@job("cases.wake_tasks", title="Wake tasks whose hold is over", every=timedelta(minutes=10))
def wake_tasks() -> None:
    """End the holds whose wake-up has come."""
    wake_due_tasks(actor=_program(), at=timezone.now())


def _could_not_send(*, notice: int, reason: str) -> None:
    hand_over(notice=notice, at=timezone.now())


@job(SEND_JOB, title="Tell a patient that there is a message", failed=_could_not_send)
def send_patient_notice(*, notice: int) -> None:
    """Send one notice that is due, and with it all that wait for the same patient. Raises what the mail server raises."""
    send_notice(notice=notice, at=timezone.now())


@job("cases.send_notices", title="See which patients are to be told", every=timedelta(minutes=5))
def send_patient_notices() -> None:
    """Ask for one job per patient for whom it has become an hour. A notice that waits is a row: no restart loses it."""
    for notice in due_notices(_program(), timezone.now()):
        again(SEND_JOB, notice=notice)


@job("cases.remind_patients", title="Remind patients of what waits for them", every=timedelta(days=1))
def remind_patients_nightly() -> None:
    """Ask for tonight's notices to patients: things to do, consents that end. They go out at an hour for it."""
    remind_patients(actor=_program(), at=timezone.now())


@job("cases.watch_referrals", title="Open tasks for referrals that end soon", every=timedelta(days=1))
def watch_ending_referrals() -> None:
    """Open a task for every referral of an open case that ends within two weeks, once."""
    watch_referrals(actor=_program(), at=timezone.now())


@job("cases.watch_clinics", title="See which clinics have not answered", every=timedelta(days=1))
def watch_clinics() -> None:
    """Ask for one reminder per clinic that is silent for the days its link says; after the second silence open a task."""
    now = timezone.now()
    raise_silent_clinics(actor=_program(), at=now)
    for link in due_reminders(actor=_program(), at=now):
        again("cases.remind_clinic", link=link)


@job("cases.remind_clinic", title="Remind a clinic of what it is asked for")
def remind_clinic(*, link: int) -> None:
    """Write to the clinic of one link once more, unless that was done. Raises what the mail server raises."""
    write_once_more(actor=_program(), link=link_by_key(link), at=timezone.now())


@job("cases.tidy_vault", title="Tidy the vault of documents", every=timedelta(days=1))
def tidy_vault() -> None:
    """Remove pages from phones that nobody sent on, and files of the vault that are half-written or have no row."""
    sweep_pages(actor=_program(), at=timezone.now())
    tidy(actor=_program())


def _tell(version: DocumentVersion) -> None:
    if version.has_text:
        for listener in after_reading:
            listener(version)


@job(TELL_JOB, title="Tell of emergency access")
def tell_of_broken_glass(*, glass: int) -> None:
    """Mail supervisors and privacy officers that somebody opened a record in an emergency, and open a task; once."""
    tell_of(actor=_program(), glass=glass, at=timezone.now())


@job(HELD_BACK_JOB, title="Tell privacy officers of a disclosure that waits for them")
def tell_privacy_officers(*, patient: int, line: int) -> None:
    """Mail the privacy officers that a line of a patient's accounting waits for their decision."""
    with transaction.atomic():
        tell_of_held_back(actor=_program(), patient=patient, line=line, at=timezone.now())


@job("cases.watch_held_back", title="See which disclosures are held back too long", every=timedelta(days=1))
def watch_held_back() -> None:
    """Ask for a mail for each line whose risk is to be looked at again, or about which nobody decided."""
    for patient, line in to_look_at_again(at=timezone.now()):
        again(HELD_BACK_JOB, patient=patient, line=line)


@job(TELL_OF_OFFER_JOB, title="Tell of a case that another organization offers")
def tell_of_offered_case(*, offer: int) -> None:
    """Mail whoever leads the work here, unless the offer (by primary key) ended or was answered meanwhile."""
    with transaction.atomic():
        tell_of_offer(actor=_program(), offer=offer, at=timezone.now())


@job("cases.watch_offers", title="See which offers run out", every=timedelta(days=1))
def watch_offers() -> None:
    """Ask for one reminder per offer of others that runs out soon; open a task for each of ours that ran out unanswered."""
    now = timezone.now()
    raise_unanswered(at=now)
    for offer in offers_to_remind_of(actor=_program(), at=now):
        again(REMIND_OF_OFFER_JOB, offer=offer)


@job(REMIND_OF_OFFER_JOB, title="Remind of an offered case before the offer runs out")
def remind_of_offered_case(*, offer: int) -> None:
    """Mail whoever may answer an offer (by primary key) here, unless it ended, was answered or they were reminded."""
    with transaction.atomic():
        remind_of_offer(actor=_program(), offer=offer, at=timezone.now())
