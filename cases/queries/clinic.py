"""What clinics are asked for on a case, the links they have, and what came back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from cases.models import Attestation, CallTime, Case, ClinicAsk, ClinicLink


@dataclass(frozen=True)
class AskShown:
    """One ask with its answer. `state` is "open", "answered" or "withdrawn"."""

    ask: ClinicAsk
    state: str
    signed: Attestation | None
    times: tuple[CallTime, ...]


def asks_shown(actor: Actor, case: Case) -> tuple[AskShown, ...]:
    """Every ask of the case, open ones first, newest first. Three statements."""
    asks = ClinicAsk.objects.filter(visible(actor, ClinicAsk), case=case).select_related("provider")
    signed = {row.ask_id: row for row in Attestation.objects.filter(case=case).select_related("document")}
    times: dict[int, list[CallTime]] = {}
    for row in CallTime.objects.filter(case=case).order_by("starts_at"):
        times.setdefault(row.ask_id, []).append(row)
    found = [
        AskShown(ask, _state(ask), signed.get(ask.pk), tuple(times.get(ask.pk, ())))
        for ask in asks.order_by("-pk")[:100]
    ]
    return tuple(sorted(found, key=lambda shown: shown.state != "open"))


def _state(ask: ClinicAsk) -> str:
    if ask.answered_at is not None:
        return "answered"
    return "withdrawn" if ask.withdrawn_at is not None else "open"


def links_shown(actor: Actor, case: Case, at: datetime) -> list[tuple[ClinicLink, bool]]:
    """The latest links of the case, and whether each opens now (a closed case and a withdrawn release aside)."""
    rows = ClinicLink.objects.filter(visible(actor, ClinicLink), case=case).select_related("provider")
    return [(row, row.revoked_at is None and row.expires_at > at) for row in rows.order_by("-pk")[:50]]


def get_ask(actor: Actor, case: Case, public_id: UUID) -> ClinicAsk:
    """One ask of this case. Raises NotFound."""
    rows: QuerySet[ClinicAsk] = ClinicAsk.objects.filter(visible(actor, ClinicAsk), case=case)
    found = rows.select_related("case", "provider").filter(public_id=public_id).first()
    if found is None:
        raise NotFound("ask")
    return found


def get_link(actor: Actor, case: Case, public_id: UUID) -> ClinicLink:
    """One link of this case. Raises NotFound."""
    found = ClinicLink.objects.filter(visible(actor, ClinicLink), case=case, public_id=public_id).first()
    if found is None:
        raise NotFound("clinic link")
    return found


def call_times_offered(case: Case, at: datetime) -> list[CallTime]:
    """Times that have not passed, the earliest first: what the page of a peer-to-peer call offers."""
    return list(CallTime.objects.filter(case=case, starts_at__gt=at).order_by("starts_at")[:12])


def open_asks(case_id: int, provider_id: int) -> QuerySet[ClinicAsk]:
    """What one provider is asked for on one case and has not answered, and nobody was told to call about."""
    rows = ClinicAsk.objects.filter(case_id=case_id, provider_id=provider_id, answered_at=None)
    return rows.filter(withdrawn_at=None, raised_at=None).order_by("pk")


def latest_link(case_id: int, provider_id: int) -> ClinicLink | None:
    """The link that a person sent last to this provider for this case, whatever became of it."""
    rows = ClinicLink.objects.filter(case_id=case_id, provider_id=provider_id, reminder_of=None)
    return rows.order_by("-pk").first()


def waiting_links(at: datetime) -> list[ClinicLink]:
    """Of every provider with open asks on an open case, the link a person sent last, if nobody revoked it; with case, patient,
    owner and provider. One statement.
    """
    asks = ClinicAsk.objects.filter(
        case_id=OuterRef("case_id"),
        provider_id=OuterRef("provider_id"),
        answered_at=None,
        withdrawn_at=None,
        raised_at=None,
    )
    latest = (
        ClinicLink.objects.filter(Exists(asks), case__status="open", reminder_of=None, sent_at__lte=at)
        .order_by("case_id", "provider_id", "-pk")
        .distinct("case_id", "provider_id")
        .select_related("case__patient", "case__owner", "provider")
    )
    return [link for link in latest if link.revoked_at is None]


def link_by_key(pk: int) -> ClinicLink:
    """For jobs. Raises NotFound."""
    found = ClinicLink.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound("clinic link")
    return found
