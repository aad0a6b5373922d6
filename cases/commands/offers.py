"""A case is offered to another organization, on a release that names it, part by part; and the offer is taken back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from advocacy.access.disclosures import Door, Party, Purpose, Recipient, disclose
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.background.queue import enqueue
from advocacy.errors import Reason, Refused, WrongState
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to
from cases import offering
from cases.commands.cases import must_be_open
from cases.commands.offer_notices import TELL_JOB
from cases.models import Case, CaseOffer, OfferedDocument
from cases.queries.offers import consents_to_offer_on, receiver_called, running_offers, versions_to_offer


def offer_case(
    *,
    actor: Actor,
    case: Case,
    organization: UUID,
    name: str,
    parts: Collection[str],
    papers: Collection[UUID] = (),
    consent: UUID,
    days: int,
    at: datetime,
) -> CaseOffer:
    """Offer parts of a case (keys of `offering.PARTS`) and versions of its documents (public ids) to another organization.

    The receiver is found by its public id and name together. `consent` is the release it rests on: it stands, and names
    the receiver. What is shared is kept as it stands now. Raises NotAllowed, NotFound, WrongState for a closed case, Refused
    with every reason; among them those of `disclose`.
    """
    require(actor, Permission.OFFER_CASE, case)
    receiver = receiver_called(organization, name)
    rests_on = consents_to_offer_on(case, at).filter(public_id=consent).first()
    versions = versions_to_offer(actor, case, papers)
    found = (
        (
            receiver is not None,
            "organization_unknown",
            "No organization has this id and this name.",
            "organization",
        ),
        (
            receiver is None or receiver.pk != actor.organization_id,
            "own_organization",
            "This is your own organization.",
            "organization",
        ),
        (bool(parts or papers), "nothing_shared", "Tick what is shared.", "parts"),
        (set(parts) <= offering.PARTS.keys(), "part_unknown", "Choose from the list.", "parts"),
        (len(versions) == len(set(papers)), "paper_unknown", "Choose from the list.", "papers"),
        (days in offering.DAYS, "days", "Choose for how long it can be read.", "days"),
        (rests_on is not None, "no_basis", "Choose a release that stands.", "consent"),
        (
            rests_on is None or receiver is None or offering.names(rests_on.recipients, receiver.name),
            "recipient_not_named",
            "This release does not name that organization as a recipient (45 CFR 164.508(c)(1)(iii)). Have one signed that does.",
            "consent",
        ),
        (
            offering.TREATMENT not in parts or bool(case.purpose),
            "purpose_missing",
            "The case does not say what the treatment is for. Say it there first.",
            "parts",
        ),
    )
    reasons = [Reason(code, text, field) for holds, code, text, field in found if not holds]
    if reasons or receiver is None or rests_on is None:
        raise Refused(reasons)
    with transaction.atomic():
        row = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
        must_be_open(row, "offer it")
        if running_offers(row, at).filter(to_organization=receiver).exists():
            said = "An offer of this case to that organization runs already. Take it back first."
            raise Refused([Reason("offered_already", said, "organization")])
        offer = CaseOffer.objects.create(
            case=row,
            consent=rests_on,
            to_organization=receiver,
            package=offering.packed(case, parts, versions),
            offered_at=at,
            offered_by_id=actor.user_id,
            expires_at=at + timedelta(days=days),
        )
        for version in versions:
            OfferedDocument.objects.create(case=row, offer=offer, version=version)
        shared = [part for part in offering.PARTS if part in parts]
        disclose(
            actor=actor,
            door=Door.OFFER,
            purpose=Purpose.REFERRAL,
            to=Recipient(Party.ORGANIZATION, receiver.name, receiver.address.replace("\n", ", ")),
            about=case,
            special={code for version in versions for code in version.document.special},
            at=at,
            what="; ".join(
                [*(offering.PARTS[part] for part in shared), *(v.document.title for v in versions)]
            ),
            by=rests_on.pk,
            detail={"offer": offer.pk, "parts": shared, "papers": len(versions)},
        )
        record(
            "case_offered",
            subject=offer,
            detail={"to": receiver.pk, "parts": shared, "papers": len(versions), "days": days},
        )
        _announce(actor, receiver, offer, at)
    return offer


def _announce(actor: Actor, receiver: Organization, offer: CaseOffer, at: datetime) -> None:
    """Ask, on the receiver's side, that those who may take it over are told of it (`offer_notices.tell_of_offer`)."""
    us = Organization.objects.get(pk=actor.organization_id)
    with scoped_to(receiver.pk, actor=f"organization:{us.public_id}", actor_label=us.name, at=at):
        enqueue(TELL_JOB, offer=offer.pk)


def revoke_offer(*, actor: Actor, offer: CaseOffer, at: datetime) -> CaseOffer:
    """Take an offer back: from now on nothing of it is read. What was taken over before is the receiver's own record.

    Raises NotAllowed, NotFound, WrongState when it was taken back or declined.
    """
    require(actor, Permission.OFFER_CASE, offer)
    with transaction.atomic():
        row = CaseOffer.objects.select_for_update(of=("self",)).get(pk=offer.pk)
        if row.revoked_at is not None or row.answer == "declined":
            raise WrongState("revoke", "over", "This offer is over already.")
        row.revoked_at, row.revoked_by_id = at, actor.user_id
        row.save(update_fields=["revoked_at", "revoked_by"])
        record("offer_revoked", subject=row, detail={"answer": row.answer})
    return row
