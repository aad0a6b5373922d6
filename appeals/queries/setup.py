"""How far an organization is with setting up, from facts: what is recorded, and what was tried out and passed.

Whoever sets up sees no patient: cases are counted, never shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor
from advocacy.access.roles import ROLES, Role, permissions_of
from advocacy.background.models import Job
from advocacy.people.jobs import PROVE
from advocacy.people.models import Invitation, SetupTest, Team
from advocacy.people.queries import members_of_organization
from advocacy.tenancy.models import Organization
from cases.models import Case, Payer, PayerChannel, Provider

# Without somebody who may do each of these no case gets from its first day to its last.
NEEDED = (
    Permission.REGISTER_PATIENT,
    Permission.OPEN_CASE,
    Permission.FILE_APPEAL,
    Permission.ASSIGN_CASE,
    Permission.SEE_TRAIL,
)


@dataclass(frozen=True)
class SetupStep:
    """One step. `missing` are sentences; `links` lead to where it is done; `done` needs the facts and a passed test."""

    key: str
    title: str
    text: str
    links: tuple[tuple[str, str], ...]
    test_label: str
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    tested_at: datetime | None
    passed: bool

    @property
    def done(self) -> bool:
        return not self.missing and self.passed

    @property
    def state(self) -> str:
        return "done" if self.done else "to do" if self.missing else "to try out"


def setup_steps(actor: Actor, organization: Organization) -> list[SetupStep]:
    """Every step in its order, as it stands now. A bounded number of statements, whatever there is.

    The worker has passed when a test job was done, whoever looks and whenever.
    """
    tests = {row.step: row for row in SetupTest.objects.all()}
    found = []
    for key, (title, text, links, label, facts) in STEPS.items():
        missing, notes = facts(organization)
        test = tests.get(key)
        found.append(
            SetupStep(
                key,
                title,
                text,
                tuple((words, reverse(name)) for words, name in links),
                label,
                tuple(missing),
                tuple(notes),
                test.tested_at if test else None,
                bool(notes) if key == "worker" else bool(test and test.passed),
            )
        )
    return found


Facts = tuple[list[str], list[str]]


def letterhead_facts(organization: Organization) -> Facts:
    missing = []
    if not organization.address.strip():
        missing.append("The letterhead has no address.")
    if not (organization.phone or organization.fax):
        missing.append("The letterhead has neither phone nor fax.")
    return missing, []


def reply_facts(organization: Organization) -> Facts:
    return ([] if organization.reply_email else ["There is no reply address."]), []


def member_facts(organization: Organization) -> Facts:
    """Who is there, and which work nobody may do."""
    members = list(members_of_organization())
    held = {permission for m in members for permission in permissions_of(frozenset(m.roles))}
    roles = {role for member in members for role in member.roles}
    missing = [
        f"Nobody is a {ROLES[role].title.lower()}."
        for role in (Role.NAVIGATOR, Role.SUPERVISOR)
        if role not in roles
    ]
    missing += [
        f"Nobody may do this yet: {permission.value}." for permission in NEEDED if permission not in held
    ]
    waiting = Invitation.objects.filter(accepted_at=None, revoked_at=None).count()
    notes = [f"{len(members)} members, {Team.objects.filter(retired_at=None).count()} teams."]
    if waiting:
        notes.append(f"Invitations not accepted yet: {waiting}.")
    return missing, notes


def list_facts(organization: Organization) -> Facts:
    """At least one payer and provider; where no appeal address is known, the letter's is the only one."""
    payers = list(Payer.objects.filter(retired_at=None).order_by("name", "id").values_list("pk", "name"))
    reached = set(
        PayerChannel.objects.filter(retired_at=None, purpose=PayerChannel.Purpose.APPEAL).values_list(
            "payer_id", flat=True
        )
    )
    missing = [] if payers else ["No payer is in the list."]
    if not Provider.objects.filter(retired_at=None).exists():
        missing.append("No provider is in the list.")
    without = [name for pk, name in payers if pk not in reached]
    notes = [f"{len(payers)} payers, {len(payers) - len(without)} with an address for appeals."]
    if without:
        some = ", ".join(without[:5]) + (f" and {len(without) - 5} more" if len(without) > 5 else "")
        notes.append(f"For {some} the address on the letter is the only one.")
    return missing, notes


def worker_facts(organization: Organization) -> Facts:
    last = Job.objects.filter(name=PROVE).order_by("-id").first()
    if last is None:
        return [], []
    if last.status == Job.Status.DONE:
        took = (last.ended_at - last.queued_at).total_seconds() if last.ended_at else 0
        return [], [f"The last test job ran {took:.0f} seconds after it was asked for."]
    return ["A test job is in the queue and no worker has taken it up yet. Reload in a moment."], []


def case_facts(organization: Organization) -> Facts:
    count = Case.objects.count()
    return ([] if count else ["No case is open yet."]), [f"Cases so far: {count}."] if count else []


def nothing_missing(organization: Organization) -> Facts:
    return [], []


Described = tuple[str, str, tuple[tuple[str, str], ...], str, Callable[[Organization], Facts]]

STEPS: dict[str, Described] = {
    "letterhead": (
        "Name and letterhead",
        "Who writes: the head of every letter and every printed page.",
        (("Change the letterhead", "cases:organization"),),
        "Print a sample letter",
        letterhead_facts,
    ),
    "reply": (
        "Reply address",
        "Where answers go. The test sends a mail to you, with this address to reply to.",
        (("Change the reply address", "cases:organization"),),
        "Send a test mail to me",
        reply_facts,
    ),
    "members": (
        "Members and teams",
        "At least one navigator and one supervisor, and nobody alone with everything.",
        (
            ("Invite a colleague", "people:invitation_new"),
            ("Members", "admin:people_membership_changelist"),
            ("Teams", "admin:people_team_changelist"),
        ),
        "Check who may do what",
        member_facts,
    ),
    "templates": (
        "Task templates and letter blocks",
        "They come with the program; change them, add your own, retire what you do not use.",
        (("Look at the templates", "appeals:templates"),),
        "Try a draft with all blocks",
        nothing_missing,
    ),
    "lists": (
        "Payers and providers",
        "Whom you write to. An address for appeals is a help; the letter in hand governs.",
        (
            ("Payers", "admin:cases_payer_changelist"),
            ("Ways to reach payers", "admin:cases_payerchannel_changelist"),
            ("Providers", "admin:cases_provider_changelist"),
        ),
        "Check the addresses",
        list_facts,
    ),
    "worker": (
        "Background work",
        "Reading letters, reminders and nightly checks need a worker. The test asks for a job and shows that it ran.",
        (("Jobs", "background:jobs"),),
        "Ask for a test job",
        worker_facts,
    ),
    "store": (
        "Document store",
        "Documents are kept encrypted. The test writes one, reads it back and takes it away.",
        (),
        "Write and read a test document",
        nothing_missing,
    ),
    "case": (
        "First case",
        "A navigator or intake worker registers the first patient and opens the case; here it is only counted.",
        (),
        "Count the cases",
        case_facts,
    ),
}
