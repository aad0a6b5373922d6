"""An organization begins, and says of itself how it presents itself and works."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require, system_actor
from advocacy.access.roles import Role
from advocacy.audit.trail import record
from advocacy.errors import NotFound, Reason, Refused
from advocacy.people.invitations import Sent, invite_member
from advocacy.people.rules import email_can_be_used, time_zone_is_known
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to

LEAST_YEARS = 6
SLUG = r"[a-z][a-z0-9-]{1,39}"
SLUG_FORM = Reason(
    "slug_form",
    "The short name has small letters, digits and hyphens, such as harbor. Enter one like it.",
    "slug",
)


@dataclass(frozen=True)
class Started:
    """A new organization and the invitation of its first admin."""

    organization: Organization
    sent: Sent


def start_organization(
    *, slug: str, name: str, prefix: str, time_zone: str, admin_email: str, admin_name: str = "", at: datetime
) -> Started:
    """Make an organization from nothing, with its first admin invited. For the platform's operator, as the owner.

    What every organization starts with (task templates, letter blocks, rules, states) comes with the program and needs no
    rows. Raises Refused with every reason; nothing is left of a refused start.
    """
    slug, name, prefix = slug.strip().lower(), name.strip(), prefix.strip().upper()
    reasons = [r for r in (email_can_be_used(admin_email.strip()), time_zone_is_known(time_zone)) if r]
    if not re.fullmatch(SLUG, slug):
        reasons.append(SLUG_FORM)
    if not name:
        reasons.append(Reason("name_missing", "Fill in the name.", "name"))
    if not re.fullmatch(r"[A-Z][A-Z0-9]{1,5}", prefix):
        reasons.append(
            Reason(
                "prefix_form",
                "The prefix has two to six letters or digits, such as HB. Enter one like it.",
                "prefix",
            )
        )
    if Organization.objects.filter(slug=slug).exists():
        reasons.append(
            Reason(
                "slug_taken", f"There is an organization {slug} already. Choose another short name.", "slug"
            )
        )
    if Organization.objects.filter(reference_prefix=prefix).exists():
        reasons.append(
            Reason(
                "prefix_taken",
                f"The prefix {prefix} is in use: references would look alike. Choose another.",
                "prefix",
            )
        )
    if reasons:
        raise Refused(reasons)
    with transaction.atomic():
        organization = Organization.objects.create(
            slug=slug, name=name, reference_prefix=prefix, time_zone=time_zone
        )
        actor = system_actor(organization.pk, "platform")
        with scoped_to(organization.pk, actor=actor.key, actor_label=actor.label):
            record("organization_started", subject=organization)
            sent = invite_member(
                actor=actor, email=admin_email, name=admin_name, roles=[Role.ORGANIZATION_ADMIN], at=at
            )
    return Started(organization, sent)


def start_reference_organization(*, slug: str) -> Organization:
    """An organization that only holds published data: no member yet, named by its short name. As the owner.

    Its reference prefix is made from the short name and is nobody else's. Raises Refused for a malformed short name.
    """
    slug = slug.strip().lower()
    if not re.fullmatch(SLUG, slug):
        raise Refused([SLUG_FORM])
    letters = re.sub(r"[^A-Z0-9]", "", slug.upper())
    taken = set(Organization.objects.values_list("reference_prefix", flat=True))
    prefixes = [letters[:4].ljust(2, "X"), *(f"{letters[:3]}{n}" for n in range(1, 1000))]
    prefix = next(p for p in prefixes if p not in taken)
    with transaction.atomic():
        organization = Organization.objects.create(
            slug=slug, name=slug.replace("-", " ").capitalize(), reference_prefix=prefix
        )
        actor = system_actor(organization.pk, "platform")
        with scoped_to(organization.pk, actor=actor.key, actor_label=actor.label):
            record("organization_started", subject=organization)
    return organization


def change_organization(
    *,
    actor: Actor,
    name: str,
    time_zone: str,
    retention_years: int,
    address: str = "",
    phone: str = "",
    fax: str = "",
    reply_email: str = "",
    treatments_in_scope: Sequence[str] = (),
    scope_note: str = "",
    letters_need_patient_approval: bool = False,
    at: datetime,
) -> Organization:
    """Replace what the actor's own organization says of itself. Raises NotAllowed, Refused with every reason.

    `address` is the letterhead, a line each. `treatments_in_scope` are codes of cases.Case.Treatment (the form's choices);
    none means any.
    """
    require(actor, Permission.MANAGE_MEMBERS)
    reasons = [time_zone_is_known(time_zone)]
    if not name.strip():
        reasons.append(Reason("name_missing", "Fill in the name.", "name"))
    if reply_email.strip() and (wrong := email_can_be_used(reply_email.strip())):
        reasons.append(Reason(wrong.code, wrong.message, "reply_email"))
    if retention_years < LEAST_YEARS:
        reasons.append(
            Reason("retention_short", "Six years is the least. Enter six or more.", "retention_years")
        )
    if any(reasons):
        raise Refused([r for r in reasons if r])
    wanted: dict[str, Any] = {
        "name": name.strip(),
        "time_zone": time_zone,
        "address": "\n".join(line.strip() for line in address.splitlines() if line.strip()),
        "phone": phone.strip(),
        "fax": fax.strip(),
        "reply_email": reply_email.strip(),
        "treatments_in_scope": sorted(set(treatments_in_scope)),
        "scope_note": scope_note.strip(),
        "letters_need_patient_approval": letters_need_patient_approval,
        "retention_years": retention_years,
    }
    with transaction.atomic():
        row = Organization.objects.select_for_update().filter(pk=actor.organization_id).first()
        if row is None:
            raise NotFound("organization")
        changed = [key for key, value in wanted.items() if getattr(row, key) != value]
        if changed:
            for key in changed:
                setattr(row, key, wanted[key])
            row.save(update_fields=changed)
            codes = {
                key: wanted[key]
                for key in (
                    "treatments_in_scope",
                    "letters_need_patient_approval",
                    "time_zone",
                    "retention_years",
                )
                if key in changed
            }
            record("organization_changed", subject=row, detail={"fields": changed} | codes)
    return row
