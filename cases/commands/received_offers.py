"""What another organization offers is read, taken over or declined. Taking over makes a patient, a coverage and a case of our
own, by the commands that make every other, and copies the documents; nothing of it hangs on the offer afterward.

Both trails tell of it. What is written on the other side is written in that organization's scope, as "the other organization":
its answer on the offer, a task for the case's owner, and who looked.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction

from advocacy.access.duties import not_ones_own
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record, record_read
from advocacy.errors import Reason, Refused, WrongState
from advocacy.people.commands import ContactInput, register_patient
from advocacy.people.models import Membership, Patient
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import current_scope, scoped_to
from advocacy.tenancy.sealing import normalized
from cases import offering
from cases.commands.cases import open_case, record_failed_treatment
from cases.commands.documents import document_vault, upload_document
from cases.commands.offer_notices import have_owner_look
from cases.commands.registration import record_coverage, record_payer, record_provider
from cases.models import Answer, Case, CaseOffer, Coverage, Payer, Provider, ReceivedOffer
from cases.queries.offers import Offered, Paper, get_offered, papers_of
from cases.vault import Blob

OWN_OFFER = "You offered this yourself, for the other organization. Somebody else here answers it."


def note_look(*, actor: Actor, offered: Offered, page: str, **detail: Any) -> None:
    """That this organization read an offer, in the trail of the one whose case it is, under its case and patient."""
    with _across(actor, offered):
        record_read(
            "read_offer",
            cases=[offered.case_id],
            patients=[offered.patient_id],
            detail={"page": page, "offer": str(offered.offer), **detail},
        )


def open_paper(offered: Offered, paper: Paper) -> Blob:
    """The bytes of a document that is offered, out of the other organization's folder. Raises cases.vault.VaultError."""
    return document_vault(offered.organization_id).open(paper.location, organization_id=offered.organization)


def accept_offer(
    *,
    actor: Actor,
    offered: Offered,
    patient: Patient | None = None,
    duplicates_seen: bool = False,
    at: datetime,
) -> Case:
    """Take the case over: all of it or nothing, and once, however often it is sent.

    `patient` is one of our own whom the offer is about; None registers somebody new, which "likely_duplicates" refuses
    until they were seen. The case is the actor's. Raises NotAllowed, NotFound when the offer ended meanwhile, WrongState when
    it was answered, Refused with every reason.
    """
    require(actor, Permission.RECEIVE_CASE)
    reasons = not_ones_own(actor, offered.offered_by, "own_offer", OWN_OFFER)
    if offered.missing:
        said = (
            f"Not shared: {', '.join(offered.missing)}. Without that no case can be made of it: ask for it."
        )
        reasons.append(Reason("parts_missing", said))
    if reasons:
        raise Refused(reasons)
    package = offered.package
    with transaction.atomic():
        _still_unanswered(actor, offered)
        if patient is None:
            patient = register_patient(
                actor=actor,
                contacts=[ContactInput(**way) for way in offering.ways_in(package)],
                duplicates_seen=duplicates_seen,
                at=at,
                **offering.person_in(package),
            )
        case = _open(actor, patient, package, at)
        for tried in offering.tried_in(package):
            record_failed_treatment(actor=actor, case=case, at=at, **tried)
        for paper in papers_of(offered):
            upload_document(
                actor=actor,
                case=case,
                kind=paper.kind,
                title=paper.title,
                filename=paper.filename,
                stream=io.BytesIO(open_paper(offered, paper).read()),
                special=paper.special,
                at=at,
            )
        _answer(actor, offered, Answer.ACCEPTED, at, case=case)
    return case


def decline_offer(*, actor: Actor, offered: Offered, because: str, at: datetime) -> ReceivedOffer:
    """Decline it, with a reason that the other organization reads. From now on it cannot be read here.

    Raises NotAllowed, NotFound, WrongState when it was answered, Refused.
    """
    require(actor, Permission.RECEIVE_CASE)
    reasons = not_ones_own(actor, offered.offered_by, "own_offer", OWN_OFFER)
    if not because.strip():
        reasons.append(Reason("reason_missing", "Say why. The other organization reads it.", "because"))
    if reasons:
        raise Refused(reasons)
    with transaction.atomic():
        _still_unanswered(actor, offered)
        return _answer(actor, offered, Answer.DECLINED, at, words=because.strip())


def _open(actor: Actor, patient: Patient, package: dict[str, Any], at: datetime) -> Case:
    covered, paid_by = offering.coverage_in(package)
    payer = Payer.objects.filter(name__iexact=paid_by["name"].strip()).first()
    payer = payer or record_payer(actor=actor, at=at, **paid_by)
    number = normalized(covered["member_id"])
    known = Coverage.objects.filter(patient=patient, payer=payer)
    coverage = next((row for row in known if normalized(row.member_id) == number), None)
    if coverage is None:
        coverage = record_coverage(actor=actor, patient=patient, payer=payer, at=at, **covered)
    treated, treats = offering.treatment_in(package)
    provider = Provider.objects.filter(npi=treats["npi"]).first() or record_provider(
        actor=actor, at=at, **treats
    )
    return open_case(
        actor=actor,
        patient=patient,
        coverage=coverage,
        provider=provider,
        owner=Membership.objects.filter(pk=actor.membership_id or 0).first(),
        at=at,
        **treated,
    )


def _still_unanswered(actor: Actor, offered: Offered) -> None:
    """Locks the offer, so that whoever answers or takes it back at the same instant waits, and asks once more whether it can
    be read.
    """
    with _across(actor, offered):
        answer = CaseOffer.objects.select_for_update(of=("self",)).get(pk=offered.offer_id).answer
    if answer:
        raise WrongState("answer", answer, "Somebody here answered this offer already.")
    get_offered(offered.offer)


def _answer(
    actor: Actor, offered: Offered, answer: Answer, at: datetime, *, case: Case | None = None, words: str = ""
) -> ReceivedOffer:
    verb = "offer_accepted" if answer == Answer.ACCEPTED else "offer_declined"
    received = ReceivedOffer.objects.create(
        offer=offered.offer,
        from_organization_id=offered.organization_id,
        answer=answer,
        words=words,
        answered_at=at,
        answered_by_id=actor.user_id,
        case=case,
    )
    record(verb, subject=received, detail={"from": offered.organization_id})
    with _across(actor, offered):
        row = CaseOffer.objects.select_related("case__patient", "case__owner").get(pk=offered.offer_id)
        row.answer, row.answer_words, row.answered_at = answer, words, at
        row.save(update_fields=["answer", "answer_words", "answered_at"])
        record(verb, subject=row)
        have_owner_look(row, "Another organization answered an offer: look at it", at=at)
    return received


@contextmanager
def _across(actor: Actor, offered: Offered) -> Iterator[None]:
    """On the side of the organization that offers, as this organization: which colleague it was stays in our own trail."""
    scope = current_scope()
    us = Organization.objects.get(pk=actor.organization_id)
    with scoped_to(
        offered.organization_id,
        actor=f"organization:{us.public_id}",
        actor_label=us.name,
        request_id=scope.request_id if scope else "",
        at=scope.at if scope else None,
    ):
        yield
