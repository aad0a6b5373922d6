"""Offers of cases, from both sides: what this organization offered, and what others offer to it and can be read now.

Another organization's rows are read through `search.offered` only (cases/search.sql), which asks at each call whether they
may be. Whoever calls makes sure of the permission to receive cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from advocacy.people.models import Consent, Contact, Patient
from advocacy.people.queries import Likeness, likely_duplicates, standing_consents
from advocacy.people.rules import AUTHORIZATIONS, day_in
from advocacy.tenancy.models import Organization
from advocacy.tenancy.sealing import Sealed
from cases import offering
from cases.models import (
    Case,
    CaseOffer,
    Coverage,
    Document,
    DocumentVersion,
    FailedTreatment,
    ReceivedOffer,
    Task,
)
from cases.workflow import CaseStatus

LABELS: Final[dict[str, dict[str, str]]] = {
    "kind": dict(Contact.Kind.choices),
    "language": dict(Patient.Language.choices),
    "funding": dict(Coverage.Funding.choices),
    "treatment": dict(Case.Treatment.choices),
    "purpose": dict(Case.Purpose.choices),
    "reason_stopped": dict(FailedTreatment.Stopped.choices),
}
"""Words of the codes in a package."""


AT_ONCE = 100
NEWS: Final = timedelta(days=14)
"""For how long it is news that an offer ran out."""
FOUND: Final = (
    "offer_id", "offer", "organization_id", "organization", "organization_name", "case_id", "patient_id", "sealed", "special",
    "offered_by", "offered_at", "expires_at", "answer",
)  # fmt: skip
"""The columns of `search.offered`, as `Offered` calls them."""


@dataclass(frozen=True)
class Made:
    """An offer of this organization's, and how it stands in a word and a sentence. `reads` is whether it can be read now."""

    offer: CaseOffer
    state: str
    reads: bool
    parts: tuple[str, ...]
    papers: tuple[str, ...]


@dataclass(frozen=True)
class Paper:
    """A document that is offered: its version's public id in the other organization, and where its bytes lie there."""

    version: UUID
    location: str
    title: str
    kind: str
    special: list[str]
    number: int
    filename: str
    content_type: str

    @property
    def kind_title(self) -> str:
        return Document.Kind(self.kind).label


@dataclass(frozen=True)
class Offered:
    """An offer of another organization that can be read now. Its ids are of that organization, but `offer`."""

    offer_id: int
    offer: UUID
    organization_id: int
    organization: UUID
    organization_name: str
    case_id: int
    patient_id: int
    sealed: bytes
    special: frozenset[str]
    offered_by: int | None
    offered_at: datetime
    expires_at: datetime
    answer: str

    @cached_property
    def package(self) -> dict[str, Any]:
        """What was shared. Raises CannotOpen when the other organization's keys are gone."""
        row = CaseOffer(public_id=self.offer, organization_id=self.organization_id)
        row.package = Sealed(self.sealed)
        held: dict[str, Any] = row.package
        return held

    @property
    def missing(self) -> tuple[str, ...]:
        """What has to be shared besides before the case can be taken over."""
        return offering.missing_in(self.package)


def receiver_called(public_id: UUID, name: str) -> Organization | None:
    """The organization of this public id, if that is its name as well: an id that was copied wrong finds nobody."""
    found = Organization.objects.filter(public_id=public_id, closed_at=None).first()
    return found if found is not None and offering.same_name(found.name, name) else None


def organization_of(public_id: str) -> Organization:
    """The organization of a public id as it was typed. Raises NotFound."""
    try:
        found = Organization.objects.filter(public_id=UUID(public_id), closed_at=None).first()
    except ValueError:
        found = None
    if found is None:
        raise NotFound("organization")
    return found


def consents_to_offer_on(case: Case, at: datetime) -> QuerySet[Consent]:
    """Releases of the patient that stand today where the patient lives, newest first."""
    today = day_in(case.patient.time_zone, at)
    return standing_consents(case.patient, today).filter(kind__in=AUTHORIZATIONS)


def versions_to_offer(
    actor: Actor, case: Case, chosen: Iterable[UUID] | None = None
) -> list[DocumentVersion]:
    """Every version of the case's documents that the actor may open (or the chosen ones), newest documents first."""
    rows = DocumentVersion.objects.filter(visible(actor, DocumentVersion), case=case)
    if chosen is not None:
        rows = rows.filter(public_id__in=list(chosen))
    return list(rows.select_related("document").order_by("-document_id", "-number"))


def offers_made(actor: Actor, case: Case, at: datetime) -> list[Made]:
    """Every offer of the case, newest first, with how it stands at `at`. Two statements at most."""
    rows = CaseOffer.objects.filter(visible(actor, CaseOffer), case=case)
    rows = rows.select_related("to_organization", "consent", "offered_by", "revoked_by").order_by("-pk")
    today = day_in(case.patient.time_zone, at)
    return [_made(case, offer, today, at) for offer in rows[:100]]


def _made(case: Case, offer: CaseOffer, today: Any, at: datetime) -> Made:
    package = offer.package
    ended = (
        (offer.answer == "declined", "Declined"),
        (offer.revoked_at is not None, "Taken back"),
        (offer.expires_at <= at, "Run out"),
        (case.status == "closed", "The case is closed"),
        (not offer.consent.stands_on(today), "The release does not stand"),
    )
    over = next((words for holds, words in ended if holds), "")
    state = ", ".join(filter(None, ("Taken over" if offer.answer == "accepted" else "", over)))
    parts = tuple(offering.PARTS[part] for part in offering.parts_in(package))
    papers = tuple(f"{paper['title']} (version {paper['number']})" for paper in package["papers"])
    return Made(offer, state or "Can be read", not over, parts, papers)


def running_offers(case: Case, at: datetime) -> QuerySet[CaseOffer]:
    """Offers of the case that can be read at `at`, a closed case and a release that ended apart."""
    rows = CaseOffer.objects.filter(case=case, revoked_at=None, expires_at__gt=at).exclude(answer="declined")
    return rows.select_related("to_organization", "consent").order_by("pk")


def get_offer(actor: Actor, case: Case, public_id: UUID) -> CaseOffer:
    """One offer of this case. Raises NotFound when absent or invisible."""
    rows = CaseOffer.objects.filter(visible(actor, CaseOffer), case=case, public_id=public_id)
    found = rows.select_related("case", "to_organization").first()
    if found is None:
        raise NotFound("offer")
    return found


def offers_to_us(*, before: UUID | None = None, most: int = 50) -> list[Offered]:
    """What can be read now, newest first; at most `most` older than `before`."""
    return _read(None, before, most)


def every_offer_to_us() -> Iterator[Offered]:
    """All that can be read now, newest first, a page at a time."""
    before: UUID | None = None
    while page := _read(None, before, AT_ONCE):
        yield from page
        before = page[-1].offer


def ran_out_unanswered(at: datetime) -> QuerySet[CaseOffer]:
    """Our offers of open cases that ran out of late without an answer, and of which the case's owner was not told."""
    told = Task.objects.filter(
        case_id=OuterRef("case_id"), code=Concat(Value(CaseOffer.TASK), Cast(OuterRef("pk"), CharField()))
    )
    rows = CaseOffer.objects.filter(
        answer="", revoked_at=None, expires_at__lte=at, expires_at__gt=at - NEWS, case__status=CaseStatus.OPEN
    )
    rows = rows.filter(~Exists(told)).order_by("pk")
    return rows.select_related("case__patient", "case__owner", "to_organization")


def get_offered(public_id: UUID) -> Offered:
    """One offer that can be read now. Raises NotFound for every other, whatever the reason."""
    found = _read(public_id, None, 1)
    if not found:
        raise NotFound("offered case")
    return found[0]


def open_to(actor: Actor, found: list[Offered]) -> list[Offered]:
    """Without those that were taken over as a case which is closed to the actor: what is shut there is not read here either."""
    taken = [one.offer for one in found if one.answer]
    shut = set(_shut(actor).filter(offer__in=taken).values_list("offer", flat=True))
    return [one for one in found if one.offer not in shut]


def get_open_offer(actor: Actor, public_id: UUID) -> Offered:
    """One offer that can be read now, by this actor. Raises NotFound. What is asked is the same whether there is one or none."""
    found = _read(public_id, None, 1)
    if _shut(actor).filter(offer=public_id).exists() or not found:
        raise NotFound("offered case")
    return found[0]


def _shut(actor: Actor) -> QuerySet[ReceivedOffer]:
    """Offers that were taken over as a case which is closed to the actor."""
    seen = Case.objects.filter(visible(actor, Case))
    return ReceivedOffer.objects.filter(case__isnull=False).exclude(case__in=seen)


def _read(offer: UUID | None, before: UUID | None, most: int) -> list[Offered]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT offer_id, offer, organization_id, organization, organization_name, case_id, patient_id, package,"
            " special, offered_by, offered_at, expires_at, answer FROM search.offered(%s, %s, %s)",
            [offer, before, most],
        )
        return [
            Offered(
                **dict(zip(FOUND, row, strict=True)) | {"sealed": bytes(row[7]), "special": frozenset(row[8])}
            )
            for row in cursor.fetchall()
        ]


def papers_of(offered: Offered) -> list[Paper]:
    """The documents of an offer that can be read now, in the order they were chosen, each with every tag of special protection
    it had or has. One statement.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT version, location, special FROM search.offered_papers(%s)", [offered.offer])
        places = {version: (location, special) for version, location, special in cursor.fetchall()}
    found = []
    for held in offered.package["papers"]:
        if place := places.get(UUID(held["version"])):
            location, special = place
            told = {name: held[name] for name in ("title", "kind", "number", "filename", "content_type")}
            told["special"] = sorted({*held["special"], *special})
            found.append(Paper(UUID(held["version"]), location, **told))
    return found


def get_paper(offered: Offered, version: UUID) -> Paper:
    """One of them. Raises NotFound."""
    found = next((paper for paper in papers_of(offered) if paper.version == version), None)
    if found is None:
        raise NotFound("offered paper")
    return found


def answered_offers(actor: Actor) -> QuerySet[ReceivedOffer]:
    """What this organization answered."""
    rows = ReceivedOffer.objects.filter(visible(actor, ReceivedOffer))
    return rows.select_related("from_organization", "answered_by", "case")


def case_taken_over(actor: Actor, offered: Offered) -> Case | None:
    """The case that was made of an offer, where the actor may open it."""
    made = ReceivedOffer.objects.filter(offer=offered.offer).values("case_id")
    return Case.objects.filter(visible(actor, Case), pk__in=made).first()


def alike(actor: Actor, offered: Offered) -> tuple[Likeness, ...]:
    """Who is registered here already and may be the person of the offer; nobody where that part was not shared."""
    if offering.PERSON not in offered.package:
        return ()
    person = offering.person_in(offered.package)
    ways = offering.ways_in(offered.package)
    return likely_duplicates(
        actor,
        given_name=person["given_name"],
        family_name=person["family_name"],
        birth_date=person["birth_date"],
        phones=[way["value"] for way in ways if way["kind"] in ("phone", "text")],
    )
