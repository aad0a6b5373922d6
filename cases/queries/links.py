"""Cases that belong together: of the same patient, linked by somebody, and patients who may be one person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from advocacy.people.models import Contact, Patient
from advocacy.people.queries import Likeness, likely_duplicates
from cases.models import Case, CaseLink
from cases.workflow import CaseStatus

SHOWN = 20


@dataclass(frozen=True)
class Linked:
    """A link as seen from one case: the other one, and whether this or the other is the duplicate."""

    link: CaseLink
    other: Case
    words: str


@dataclass(frozen=True)
class Related:
    """`same` are open cases of the patient for the same treatment (probably one matter), `others` the patient's other cases."""

    same: tuple[Case, ...]
    others: tuple[Case, ...]
    linked: tuple[Linked, ...]
    alike: tuple[Likeness, ...] = ()


def cases_beside(actor: Actor, patient: Patient, *, other_than: Case | None = None) -> QuerySet[Case]:
    """The patient's other cases that the actor may open, newest first."""
    found = Case.objects.filter(visible(actor, Case), patient=patient)
    if other_than is not None:
        found = found.exclude(pk=other_than.pk)
    return found.select_related("coverage__payer", "provider", "owner__user", "patient").order_by(
        "-opened_at", "-id"
    )


def cases_beside_and_linked(actor: Actor, case: Case) -> QuerySet[Case]:
    """The patient's other cases and those linked with this one, that the actor may open; nothing joined."""
    links = CaseLink.objects.filter(ended_at=None)
    # One set of keys, each part by its own index; an OR would ask every case of the organization.
    beside = (
        Case.objects.filter(patient_id=case.patient_id)
        .values("pk")
        .union(
            links.filter(case_id=case.pk).values("other_id"), links.filter(other_id=case.pk).values("case_id")
        )
    )
    return (
        Case.objects.filter(visible(actor, Case), pk__in=beside)
        .exclude(pk=case.pk)
        .order_by("-opened_at", "-id")
    )


def how_linked(case: Case, other: Case, links: Iterable[CaseLink]) -> str:
    """In words, from the side of `case`; "" when nobody linked the two."""
    row = next((r for r in links if other.pk in (r.case_id, r.other_id)), None)
    return _words(case, row) if row else ""


def parted(cases: Iterable[Case], treatment: str) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """Open cases for the same treatment, and the rest."""
    found = list(cases)
    same = [c for c in found if c.treatment == treatment and c.status == CaseStatus.OPEN]
    return tuple(same), tuple(c for c in found if c not in same)


def links_of(actor: Actor, case: Case) -> tuple[Linked, ...]:
    """Standing links with cases that the actor may open too."""
    rows = list(
        CaseLink.objects.filter(Q(case=case) | Q(other=case), ended_at=None)
        .select_related("case__patient", "other__patient")
        .order_by("-id")[:SHOWN]
    )
    others = {r.other_id if r.case_id == case.pk else r.case_id for r in rows}
    seen = set(Case.objects.filter(visible(actor, Case), pk__in=others).values_list("pk", flat=True))
    return tuple(found for row in rows if (found := seen_from(case, row)).other.pk in seen)


def seen_from(case: Case, row: CaseLink) -> Linked:
    """The link in words, from the side of `case`."""
    return Linked(row, row.other if row.case_id == case.pk else row.case, _words(case, row))


def _words(case: Case, row: CaseLink) -> str:
    if row.kind == CaseLink.Kind.RELATED:
        return "Related"
    return "This is a duplicate of it" if row.case_id == case.pk else "It is a duplicate of this"


def related_to(actor: Actor, case: Case) -> Related:
    """Everything that may belong to the case, patients like this one included."""
    same, others = parted(cases_beside(actor, case.patient, other_than=case)[:SHOWN], case.treatment)
    phones = Contact.objects.filter(patient=case.patient, ended_at=None, kind__in=["phone", "text"])
    alike = likely_duplicates(
        actor,
        given_name=case.patient.given_name,
        family_name=case.patient.family_name,
        birth_date=case.patient.birth_date,
        phones=[c.value for c in phones],
        other_than=case.patient,
    )
    return Related(same, others, links_of(actor, case), alike)


def case_by_reference(actor: Actor, reference: str) -> Case | None:
    """The visible case of this reference, however its letters are cased."""
    return Case.objects.filter(visible(actor, Case), reference__iexact=reference.strip()).first()


def get_link(actor: Actor, case: Case, public_id: UUID) -> CaseLink:
    """A standing link of this case. Raises NotFound when absent or invisible."""
    found = (
        CaseLink.objects.filter(
            Q(case=case) | Q(other=case), visible(actor, CaseLink), public_id=public_id, ended_at=None
        )
        .select_related("case", "other")
        .first()
    )
    if found is None:
        raise NotFound("link")
    return found
