"""How the houses keep themselves: Harbor's own templates, ways to reach payers and an open invitation; Meadow's rule that a
patient approves each letter. A handful of rows, made once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from advocacy.access.policy import system_actor
from advocacy.management.seed.cast import Standing
from advocacy.people.invitations import invite_member
from advocacy.people.models import SetupTest, Team
from advocacy.people.organizations import change_organization
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scope_with
from appeals.commands.letter_blocks import save_letter_block
from appeals.commands.service_targets import set_service_target
from appeals.commands.setup import try_step
from appeals.models import ServiceTarget
from appeals.queries.setup import STEPS
from cases.commands.templates import save_channel, save_task_template
from cases.models import OwnTaskTemplate, Payer

ADMIN = "olga"
ASKS_SINCE = timedelta(days=9)
"""What Meadow filed before went out without being asked about."""
AIMS = (
    (
        200,
        (
            ("first_contact", 2, "business"),
            ("denial_entered", 1, "business"),
            ("call_arranged", 2, "business"),
            ("filed_early", 7, "before_law"),
            ("patient_told", 1, "business"),
            ("payer_chased", 2, "business"),
        ),
    ),
    (30, (("first_contact", 1, "business"),)),
)
"""Days ago, and what was set then: kind, span and unit of a service target."""


def keep(harbor: Standing, now: datetime) -> None:
    """Make what is missing, as of some weeks before `now` (aware). Sends no mail by itself: the caller decides."""
    admin = harbor.actors.get(ADMIN)
    at = now - timedelta(days=3)
    if admin is None:
        return
    with harbor.program(at), scope_with(actor=admin.key, actor_label=admin.label):
        if OwnTaskTemplate.objects.exists():
            return
        save_task_template(
            actor=admin,
            title="Weekly call with the patient",
            detail="Short, by the rules for safe contact.",
            due_days=7,
            checklist=["What changed since the last call", "What the plan sent", "What happens next"],
            at=at,
        )
        save_letter_block(
            actor=admin,
            title="Who we are",
            place="opening",
            text="Harbor Patient Advocates is a nonprofit. It helps patients with requests and appeals, at no charge.",
            at=at,
        )
        for number, payer in enumerate(Payer.objects.order_by("name", "id")[:2]):
            save_channel(
                actor=admin,
                payer=payer,
                purpose="appeal",
                way="fax",
                address=f"800-555-01{number + 40}",
                source="The payer's provider manual",
                checked_on=at.date() - timedelta(days=20),
                at=at,
            )
        organization = harbor.organization
        change_organization(
            actor=admin,
            **as_it_is(organization),
            scope_note="For help with bills after treatment: the state's consumer line.",
            at=at,
        )
        invite_member(
            actor=admin,
            email="tomas@harbor.example",
            name="Tomas Reyes",
            roles=["navigator"],
            team=Team.objects.filter(name="Appeals").first(),
            at=at,
        )


def aim(harbor: Standing, now: datetime) -> None:
    """Harbor's admin set service targets some months ago, and a shorter one since: what started before keeps the longer."""
    admin = harbor.actors.get(ADMIN)
    if admin is None:
        return
    for ago, targets in AIMS:
        at = now - timedelta(days=ago)
        with harbor.program(at), scope_with(actor=admin.key, actor_label=admin.label):
            day = at.astimezone(ZoneInfo(harbor.organization.time_zone)).date()
            for kind, span, unit in targets:
                if not ServiceTarget.objects.filter(kind=kind, span=span, unit=unit).exists():
                    set_service_target(
                        actor=admin, kind=kind, span=span, unit=unit, in_force_from=day, today=day, at=at
                    )


def set_up(harbor: Standing, now: datetime) -> None:
    """Harbor's admin tried every step of setting up but the worker, which has to run for its test."""
    admin = harbor.actors.get(ADMIN)
    if admin is None:
        return
    with harbor.program(now), scope_with(actor=admin.key, actor_label=admin.label):
        if SetupTest.objects.exists():
            return
        for step in STEPS:
            if step == "worker":
                continue
            try_step(actor=admin, organization=harbor.organization, step=step, at=now)


def as_it_is(organization: Organization) -> dict[str, Any]:
    """What an organization says of itself, for a change that leaves it so."""
    kept = ("name", "time_zone", "retention_years", "address", "phone", "fax", "reply_email")
    return {key: getattr(organization, key) for key in kept}


def ask_for_approval(meadow: Standing, now: datetime) -> None:
    """Meadow has asked for the patient's approval of every letter for some days. It has no admin of its own here, so that
    the program says it.
    """
    at = now - ASKS_SINCE
    actor = system_actor(meadow.organization.pk, "seed")
    with meadow.program(at):
        organization = Organization.objects.get(pk=meadow.organization.pk)
        if organization.letters_need_patient_approval:
            return
        change_organization(
            actor=actor,
            **as_it_is(organization),
            treatments_in_scope=organization.treatments_in_scope,
            scope_note=organization.scope_note,
            letters_need_patient_approval=True,
            at=at,
        )
