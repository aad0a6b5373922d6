"""Trying out a step of setting up: each test does the real thing, and what came of it is kept."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from advocacy.access.disclosures import Party
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.background.models import Job
from advocacy.background.queue import enqueue
from advocacy.errors import NotFound
from advocacy.mail import Notice, deliver, link_to
from advocacy.people.jobs import PROVE
from advocacy.people.models import SetupTest, User
from advocacy.tenancy.models import Organization
from appeals.commands.paper import CLOSING, SALUTATION, letterhead_of
from appeals.letters import AppealFacts, Letter, RefusalReason, appeal_letter_blocks, render_letter
from appeals.queries.letter_blocks import blocks_in_use
from appeals.queries.setup import STEPS, known_of, many
from cases.commands.documents import document_vault
from cases.queries.templates import templates_in_use
from cases.vault import VaultError

PROOF = b"Recourse writes and reads this to try the document store."


def sample_letter(organization: Organization, *, signer: str, at: datetime) -> bytes:
    """A letter about nobody, with the organization's letterhead and its blocks, as PDF. Raises Refused (unprintable)."""
    facts = AppealFacts(
        patient_name="Sample Patient",
        service="the requested service",
        writer="representative",
        level="appeal",
        reasons=(
            RefusalReason("A reason of the denial", answer="Here stands the answer, with its exhibit."),
        ),
        blocks=blocks_in_use(),
    )
    return render_letter(
        Letter(
            letterhead=letterhead_of(organization),
            date=timezone.localdate(at),
            recipient=("The plan", "Attention: Appeals"),
            salutation=SALUTATION,
            body=appeal_letter_blocks(facts),
            closing=CLOSING,
            signer_name=signer,
            signer_title=organization.name,
            re=(("Re:", "Sample letter"),),
        )
    )


def try_step(*, actor: Actor, organization: Organization, step: str, at: datetime) -> tuple[bool, str]:
    """Try a step out: whether it passed, and what to say. Raises NotAllowed, NotFound for an unknown step."""
    require(actor, Permission.MANAGE_MEMBERS)
    if step not in STEPS:
        raise NotFound("step")
    missing, _notes = STEPS[step][4](known_of(organization))
    if missing and step != "worker":
        passed, said = False, " ".join(missing)
    else:
        passed, said = _TESTS[step](actor, organization, at)
    with transaction.atomic():
        row, _made = SetupTest.objects.select_for_update().update_or_create(
            step=step, defaults={"tested_at": at, "passed": passed, "tested_by_id": actor.user_id}
        )
        record("setup_tested", subject=row, detail={"step": step, "passed": passed})
    return passed, said


def _letterhead(actor: Actor, organization: Organization, at: datetime) -> tuple[bool, str]:
    size = len(sample_letter(organization, signer=actor.label, at=at))
    return True, f"A sample letter of {size // 1024} KB was printed. Look at it below."


def _reply(actor: Actor, organization: Organization, at: datetime) -> tuple[bool, str]:
    person = User.objects.filter(pk=actor.user_id or 0).first()
    if person is None:
        return False, "Only a person can be sent a test mail."
    try:
        deliver(
            Notice(
                to=person.email,
                subject="Test mail from Recourse",
                template="notices/setup_test.txt",
                facts={
                    "organization": organization.name,
                    "reply": organization.reply_email,
                    "url": link_to("/"),
                },
                reader=Party.WORKFORCE,
                reply_to=organization.reply_email,
            )
        )
    except OSError:
        return False, "The mail server did not take the mail. Ask whoever runs this installation."
    return True, "A mail is on its way to you. Reply to it: the answer must arrive at the reply address."


def _members(actor: Actor, organization: Organization, at: datetime) -> tuple[bool, str]:
    return True, "Everything a case needs can be done by somebody."


def _templates(actor: Actor, organization: Organization, at: datetime) -> tuple[bool, str]:
    tasks, blocks = templates_in_use(), blocks_in_use()
    sample_letter(organization, signer=actor.label, at=at)
    return (
        True,
        f"{many(len(tasks), 'task template')} can be used; a draft was printed with"
        f" {many(len(blocks), 'letter block')}.",
    )


def _lists(actor: Actor, organization: Organization, at: datetime) -> tuple[bool, str]:
    return True, "Every payer has an address for appeals, or the letter in hand gives it."


def _worker(actor: Actor, organization: Organization, at: datetime) -> tuple[bool, str]:
    """Passed as soon as an earlier test job ran; a fresh one is asked for each time."""
    ran = Job.objects.filter(name=PROVE, status=Job.Status.DONE).exists()
    if not Job.objects.filter(name=PROVE, status=Job.Status.QUEUED).exists():
        enqueue(PROVE)
    if ran:
        return True, "A worker runs: it has done a test job. Another was asked for just now."
    return False, "A test job was asked for. Press again in a moment: then the page shows that it ran."


def _store(actor: Actor, organization: Organization, at: datetime) -> tuple[bool, str]:
    vault = document_vault()
    proof = PROOF + at.isoformat().encode()
    try:
        stored = vault.store(io.BytesIO(proof), organization_id=organization.public_id, max_bytes=len(proof))
        same = vault.open(stored.location, organization_id=organization.public_id).read() == proof
        vault.delete(stored.location, organization_id=organization.public_id)
    except (OSError, VaultError):
        return False, "The document store cannot be written. Ask whoever runs this installation."
    return same, "A test document was written, read back unchanged, and taken away."


def _case(actor: Actor, organization: Organization, at: datetime) -> tuple[bool, str]:
    return True, "There is a case. From here on the work is on Today."


_TESTS: dict[str, Callable[[Actor, Organization, datetime], tuple[bool, str]]] = {
    "letterhead": _letterhead,
    "reply": _reply,
    "members": _members,
    "templates": _templates,
    "lists": _lists,
    "worker": _worker,
    "store": _store,
    "case": _case,
}
