"""Who pays, who treats, and the plan that covers a patient."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import NotFound, Reason, Refused, WrongState
from advocacy.people.models import Patient
from advocacy.people.rules import state_is_known
from advocacy.tenancy.joined import joined
from cases import rules
from cases.commands.search_text import index_coverages
from cases.models import Coverage, Payer, Provider
from cases.queries.registration import similar_member_ids

# Apps above hear that a coverage changed, in the same transaction: which rules apply to its cases may follow from it.
after_coverage: list[Callable[[Coverage, datetime], None]] = []


def record_payer(*, actor: Actor, name: str, phone: str = "", fax: str = "", at: datetime) -> Payer:
    """Add a payer to the organization's look-up. Raises NotAllowed, Refused ("payer_exists" for a known name)."""
    _require_recording(actor)
    with joined():
        reasons = _wrong_with_payer(name)
        if reasons:
            raise Refused(reasons)
        payer = Payer.objects.create(name=name.strip(), phone=phone.strip(), fax=fax.strip())
        record("payer_recorded", subject=payer)
    return payer


def change_payer(
    *, actor: Actor, payer: Payer, name: str, phone: str = "", fax: str = "", at: datetime
) -> Payer:
    """Correct a payer's name or numbers. Raises NotAllowed, Refused."""
    _require_recording(actor)
    with transaction.atomic():
        reasons = _wrong_with_payer(name, other_than=payer.pk)
        if reasons:
            raise Refused(reasons)
        payer.name, payer.phone, payer.fax = name.strip(), phone.strip(), fax.strip()
        payer.save(update_fields=["name", "phone", "fax"])
        record("payer_recorded", subject=payer, detail={"changed": True})
    return payer


def record_provider(
    *,
    actor: Actor,
    name: str,
    npi: str,
    credentials: str = "",
    specialty: str = "",
    facility: str = "",
    phone: str = "",
    fax: str = "",
    at: datetime,
) -> Provider:
    """Add a clinician or facility to the organization's look-up. Raises NotAllowed, Refused (NPI wrong or known)."""
    _require_recording(actor)
    with transaction.atomic():
        reasons = _wrong_with_provider(name, npi)
        if reasons:
            raise Refused(reasons)
        provider = Provider.objects.create(
            name=name.strip(),
            npi=npi.strip(),
            credentials=credentials.strip(),
            specialty=specialty.strip(),
            facility=facility.strip(),
            phone=phone.strip(),
            fax=fax.strip(),
        )
        record("provider_recorded", subject=provider)
    return provider


def change_provider(
    *,
    actor: Actor,
    provider: Provider,
    name: str,
    npi: str,
    credentials: str = "",
    specialty: str = "",
    facility: str = "",
    phone: str = "",
    fax: str = "",
    at: datetime,
) -> Provider:
    """Correct a provider's entry. Raises NotAllowed, Refused."""
    _require_recording(actor)
    wanted = {
        "name": name.strip(),
        "npi": npi.strip(),
        "credentials": credentials.strip(),
        "specialty": specialty.strip(),
        "facility": facility.strip(),
        "phone": phone.strip(),
        "fax": fax.strip(),
    }
    with transaction.atomic():
        reasons = _wrong_with_provider(name, npi, other_than=provider.pk)
        if reasons:
            raise Refused(reasons)
        for key, value in wanted.items():
            setattr(provider, key, value)
        provider.save(update_fields=list(wanted))
        record("provider_recorded", subject=provider, detail={"changed": True})
    return provider


def retire_lookup(*, actor: Actor, row: Payer | Provider, at: datetime) -> None:
    """Take a payer or provider out of the lists for new records; what names it keeps it. Raises NotAllowed, WrongState."""
    require(actor, Permission.MANAGE_LOOKUPS)
    if row.retired_at is not None:
        raise WrongState("retire", "retired", "This entry is retired already.")
    row.retired_at = at
    _write_retirement(row, "retired")


def return_lookup(*, actor: Actor, row: Payer | Provider, at: datetime) -> None:
    """Put a retired payer or provider back into the lists. Raises NotAllowed, WrongState."""
    require(actor, Permission.MANAGE_LOOKUPS)
    if row.retired_at is None:
        raise WrongState("return", "in use", "This entry is in use already.")
    row.retired_at = None
    _write_retirement(row, "returned")


def record_coverage(
    *,
    actor: Actor,
    patient: Patient,
    payer: Payer,
    member_id: str,
    plan_name: str = "",
    group_number: str = "",
    funding: str = Coverage.Funding.UNKNOWN,
    state_of_issue: str = "",
    starts_on: date | None = None,
    ends_on: date | None = None,
    is_primary: bool = True,
    likeness_seen: bool = True,
    at: datetime,
) -> Coverage:
    """Record a plan that covers the patient. The member id is kept as it is written, quotes and spaces included.

    Raises NotAllowed, NotFound, Refused; with `likeness_seen` false also "similar_member_id" when the same id, or one that
    differs in one digit, is recorded already (a family may share one, a slip of the pen may make one).
    """
    require(actor, Permission.CHANGE_PATIENT, patient)
    _same_organization(actor, payer)
    reasons = _wrong_with_coverage(member_id, state_of_issue, starts_on, ends_on)
    if not likeness_seen and not reasons and similar_member_ids(actor, member_id):
        reasons.append(_similar())
    if reasons:
        raise Refused(reasons)
    with joined():
        coverage = Coverage.objects.create(
            patient=patient,
            payer=payer,
            plan_name=plan_name.strip(),
            member_id=member_id.strip(),
            group_number=group_number.strip(),
            funding=funding,
            state_of_issue=state_of_issue,
            starts_on=starts_on,
            ends_on=ends_on,
            is_primary=is_primary,
        )
        index_coverages(patient)
        record("coverage_recorded", subject=coverage, detail={"funding": funding, "payer": payer.pk})
    return coverage


def change_coverage(
    *,
    actor: Actor,
    coverage: Coverage,
    payer: Payer,
    member_id: str,
    plan_name: str = "",
    group_number: str = "",
    funding: str = Coverage.Funding.UNKNOWN,
    state_of_issue: str = "",
    starts_on: date | None = None,
    ends_on: date | None = None,
    is_primary: bool = True,
    likeness_seen: bool = True,
    expected_version: int | None = None,
    at: datetime,
) -> Coverage:
    """Correct or end a coverage. Raises NotAllowed, NotFound, WrongState when somebody was faster, Refused."""
    require(actor, Permission.CHANGE_PATIENT, coverage)
    _same_organization(actor, payer)
    reasons = _wrong_with_coverage(member_id, state_of_issue, starts_on, ends_on)
    if not likeness_seen and not reasons and similar_member_ids(actor, member_id, other_than=coverage):
        reasons.append(_similar())
    if reasons:
        raise Refused(reasons)
    wanted: dict[str, Any] = {
        "payer_id": payer.pk,
        "plan_name": plan_name.strip(),
        "member_id": member_id.strip(),
        "group_number": group_number.strip(),
        "funding": funding,
        "state_of_issue": state_of_issue,
        "starts_on": starts_on,
        "ends_on": ends_on,
        "is_primary": is_primary,
    }
    with transaction.atomic():
        row = Coverage.objects.select_for_update().get(pk=coverage.pk)
        if expected_version is not None and row.version != expected_version:
            raise WrongState(
                "change",
                "changed",
                "Somebody changed this coverage meanwhile. Look at it again, then save.",
            )
        changed = [name for name, value in wanted.items() if getattr(row, name) != value]
        if not changed:
            return row
        for name in changed:
            setattr(row, name, wanted[name])
        row.version += 1
        extra = ["member_id_index"] if "member_id" in changed else []
        row.save(update_fields=[*changed, *extra, "version"])
        if "member_id" in changed:
            index_coverages(row.patient)
        record("coverage_changed", subject=row, detail={"fields": changed})
        for told in after_coverage:
            told(row, at)
    return row


def _require_recording(actor: Actor) -> None:
    """Whoever registers patients meets new payers and providers; whoever keeps the look-ups corrects them."""
    if not actor.may(Permission.MANAGE_LOOKUPS):
        require(actor, Permission.REGISTER_PATIENT)


def _same_organization(actor: Actor, row: Payer | Provider) -> None:
    if row.organization_id != actor.organization_id:
        raise NotFound(row._meta.label)


def _similar() -> Reason:
    return Reason(
        "similar_member_id",
        "This member id, or one that differs in one digit, is recorded already. Compare it with the card, then confirm.",
        "likeness_seen",
    )


def _wrong_with_payer(name: str, other_than: int = 0) -> list[Reason]:
    if not name.strip():
        return [Reason("payer_name_missing", "Fill in the payer's name.", "name")]
    if Payer.objects.filter(name__iexact=name.strip()).exclude(pk=other_than).exists():
        return [
            Reason("payer_exists", "A payer of this name is in the list already. Choose it there.", "name")
        ]
    return []


def _wrong_with_provider(name: str, npi: str, other_than: int = 0) -> list[Reason]:
    npi = npi.strip()
    found = [
        None if name.strip() else Reason("provider_name_missing", "Fill in the provider's name.", "name"),
        rules.npi_is_right(npi),
    ]
    known = Provider.objects.filter(npi=npi).exclude(pk=other_than).first()
    if known is not None:
        found.append(
            Reason("npi_exists", f"This NPI is in the list already: {known}. Choose it there.", "npi")
        )
    return [r for r in found if r]


def _wrong_with_coverage(
    member_id: str, state_of_issue: str, starts_on: date | None, ends_on: date | None
) -> list[Reason]:
    found = (
        rules.member_id_can_be_kept(member_id.strip()),
        state_is_known(state_of_issue, "state_of_issue"),
        rules.in_this_order(starts_on, ends_on, "ends_on", "The coverage"),
    )
    return [r for r in found if r]


def _write_retirement(row: Payer | Provider, what: str) -> None:
    with transaction.atomic():
        row.save(update_fields=["retired_at"])
        verb = "payer_recorded" if isinstance(row, Payer) else "provider_recorded"
        record(verb, subject=row, detail={what: True})
