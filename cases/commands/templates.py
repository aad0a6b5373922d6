"""An organization keeps its own task templates and the channels of its payers: added, changed, retired, never deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils.text import slugify

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import NotFound, Reason, Refused, WrongState
from cases.models import OwnTaskTemplate, Payer, PayerChannel
from cases.queries.templates import template_known

KEY = 40


def save_task_template(
    *,
    actor: Actor,
    key: str = "",
    title: str,
    detail: str = "",
    due_days: int,
    checklist: Sequence[str] = (),
    at: datetime,
) -> OwnTaskTemplate:
    """Add a template (no key), or put the organization's own version in place of the one with this key.

    `checklist` are lines; one that keeps its words keeps its key, to which finished work refers. Raises NotAllowed,
    NotFound for an unknown key, Refused.
    """
    require(actor, Permission.MANAGE_LOOKUPS)
    before = template_known(key) if key else None
    if key and before is None:
        raise NotFound("template")
    lines = list(dict.fromkeys(line.strip() for line in checklist if line.strip()))
    reasons = []
    if not title.strip():
        reasons.append(Reason("title_missing", "Fill in the title.", "title"))
    if not 1 <= due_days <= 365:
        reasons.append(Reason("due_days", "Say a number of days from 1 to 365.", "due_days"))
    if len(lines) > 30:
        reasons.append(Reason("checklist_long", "A checklist has at most 30 lines.", "checklist"))
    if reasons:
        raise Refused(reasons)
    kept = {line.label: line.key for line in before.checklist} if before else {}
    with transaction.atomic():
        row = OwnTaskTemplate.objects.select_for_update().filter(key=key).first() if key else None
        row = row or OwnTaskTemplate(key=key or _free_key(title))
        row.title, row.detail, row.due_days = title.strip(), detail.strip(), due_days
        row.checklist = _keyed(lines, kept)
        row.save(update_fields=["title", "detail", "due_days", "checklist"] if row.pk else None)
        record("template_recorded", subject=row, detail={"key": row.key})
    return row


def retire_task_template(*, actor: Actor, key: str, at: datetime) -> OwnTaskTemplate:
    """Take a template, packaged or own, out of the choices. Raises NotAllowed, NotFound, WrongState."""
    require(actor, Permission.MANAGE_LOOKUPS)
    known = template_known(key)
    if known is None:
        raise NotFound("template")
    with transaction.atomic():
        row = OwnTaskTemplate.objects.select_for_update().filter(key=key).first()
        if row is None:
            row = OwnTaskTemplate(
                key=key,
                title=known.title,
                detail=known.detail,
                due_days=known.due_days,
                checklist=[{"key": line.key, "label": line.label} for line in known.checklist],
            )
        elif row.retired_at is not None:
            raise WrongState("retire", "retired", "This template is retired already.")
        row.retired_at = at
        row.save(update_fields=["retired_at"] if row.pk else None)
        record("template_recorded", subject=row, detail={"key": key, "retired": True})
    return row


def return_task_template(*, actor: Actor, key: str, at: datetime) -> OwnTaskTemplate:
    """Put a retired template back. Raises NotAllowed, NotFound, WrongState."""
    require(actor, Permission.MANAGE_LOOKUPS)
    with transaction.atomic():
        row = OwnTaskTemplate.objects.select_for_update().filter(key=key).first()
        if row is None and template_known(key) is None:
            raise NotFound("template")
        if row is None or row.retired_at is None:
            raise WrongState("return", "in use", "This template is in use already.")
        row.retired_at = None
        row.save(update_fields=["retired_at"])
        record("template_recorded", subject=row, detail={"key": key, "retired": False})
    return row


def save_channel(
    *,
    actor: Actor,
    channel: PayerChannel | None = None,
    payer: Payer,
    purpose: str,
    way: str,
    address: str,
    line_of_business: str = "",
    source: str = "",
    checked_on: date | None = None,
    at: datetime,
) -> PayerChannel:
    """Record or correct a way to a payer. Raises NotAllowed, NotFound (payer of another organization), Refused."""
    require(actor, Permission.MANAGE_LOOKUPS)
    if payer.organization_id != actor.organization_id:
        raise NotFound("payer")
    reasons = []
    if not address.strip():
        reasons.append(Reason("address_missing", "Fill in the number or address.", "address"))
    if checked_on is not None and checked_on > at.date():
        reasons.append(
            Reason(
                "date_in_future",
                "The day of the check cannot be in the future. Enter today or an earlier day.",
                "checked_on",
            )
        )
    if reasons:
        raise Refused(reasons)
    wanted = {
        "payer": payer,
        "purpose": purpose,
        "way": way,
        "address": address.strip(),
        "line_of_business": line_of_business.strip(),
        "source": source.strip(),
        "checked_on": checked_on,
    }
    with transaction.atomic():
        row = channel or PayerChannel()
        for name, value in wanted.items():
            setattr(row, name, value)
        row.save(update_fields=list(wanted) if channel else None)
        record("channel_recorded", subject=row, detail={"payer": payer.pk, "purpose": purpose})
    return row


def retire_channel(*, actor: Actor, row: PayerChannel, at: datetime) -> None:
    """Take a channel out of use. Raises NotAllowed, WrongState."""
    _retire(actor, row, at)


def return_channel(*, actor: Actor, row: PayerChannel, at: datetime) -> None:
    """Put a channel back into use. Raises NotAllowed, WrongState."""
    _retire(actor, row, None)


def _retire(actor: Actor, row: PayerChannel, moment: datetime | None) -> None:
    require(actor, Permission.MANAGE_LOOKUPS)
    if (row.retired_at is None) == (moment is None):
        state = "in use" if moment is None else "retired"
        raise WrongState("retire", state, f"This channel is {state} already.")
    with transaction.atomic():
        row.retired_at = moment
        row.save(update_fields=["retired_at"])
        record("channel_recorded", subject=row, detail={"payer": row.payer_id, "retired": moment is not None})


def _free_key(title: str) -> str:
    stem = slugify(title).replace("-", "_")[: KEY - 4] or "template"
    key, number = f"own_{stem}"[:KEY], 2
    while template_known(key) is not None:
        key, number = f"own_{stem}"[: KEY - 4] + f"_{number}", number + 1
    return key


def _keyed(lines: Sequence[str], kept: dict[str, str]) -> list[dict[str, str]]:
    used = {kept[line] for line in lines if line in kept}
    found = []
    for line in lines:
        key = kept.get(line, "")
        if not key:
            stem = slugify(line).replace("-", "_")[:30] or "line"
            key, number = stem, 2
            while key in used:
                key, number = f"{stem}_{number}", number + 1
            used.add(key)
        found.append({"key": key, "label": line})
    return found
