"""How far an organization is with setting up, from facts: what is recorded, and what was tried out and passed.

Whoever sets up sees no patient: cases are counted, never shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, IntegerField, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
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
NEEDED = {
    Permission.REGISTER_PATIENT: "register a patient",
    Permission.OPEN_CASE: "open a case",
    Permission.FILE_APPEAL: "file an appeal",
    Permission.ASSIGN_CASE: "assign work",
    Permission.SEE_TRAIL: "read the trail",
}


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


@dataclass(frozen=True)
class Known:
    """What the facts are computed from: a bounded number of statements, whatever there is."""

    organization: Organization
    roles: tuple[frozenset[str], ...]
    payers: tuple[tuple[str, bool], ...]
    """Name, and whether an address for appeals is known."""
    job: Job | None
    teams: int
    invitations: int
    providers: int
    cases: int


Facts = tuple[list[str], list[str]]


def known_of(organization: Organization) -> Known:
    """Look everything up for the organization of the scope."""
    reached = PayerChannel.objects.filter(
        payer=OuterRef("pk"), retired_at=None, purpose=PayerChannel.Purpose.APPEAL
    )
    payers = Payer.objects.filter(retired_at=None).order_by("name", "id").annotate(reached=Exists(reached))
    counts = Organization.objects.filter(pk=organization.pk).values(
        teams=_number(Team.objects.filter(retired_at=None)),
        invitations=_number(Invitation.objects.filter(accepted_at=None, revoked_at=None)),
        providers=_number(Provider.objects.filter(retired_at=None)),
        cases=_number(Case.objects.all()),
    )
    return Known(
        organization,
        tuple(frozenset(member.roles) for member in members_of_organization()),
        tuple((payer.name, payer.reached) for payer in payers),
        Job.objects.filter(name=PROVE).order_by("-id").first(),
        **counts.get(),
    )


def setup_steps(actor: Actor, organization: Organization) -> list[SetupStep]:
    """Every step in its order, as it stands now.

    The worker has passed when a test job was done, whoever looks and whenever.
    """
    tests = {row.step: row for row in SetupTest.objects.all()}
    known = known_of(organization)
    found = []
    for key, (title, text, links, label, facts) in STEPS.items():
        missing, notes = facts(known)
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


def letterhead_facts(known: Known) -> Facts:
    missing = []
    if not known.organization.address.strip():
        missing.append("The letterhead has no address.")
    if not (known.organization.phone or known.organization.fax):
        missing.append("The letterhead has neither phone nor fax.")
    return missing, []


def reply_facts(known: Known) -> Facts:
    return ([] if known.organization.reply_email else ["There is no reply address."]), []


def member_facts(known: Known) -> Facts:
    """Who is there, and which work nobody may do."""
    held = {permission for roles in known.roles for permission in permissions_of(roles)}
    missing = [
        f"Nobody is a {ROLES[role].title.lower()}."
        for role in (Role.NAVIGATOR, Role.SUPERVISOR)
        if not any(role in roles for roles in known.roles)
    ]
    missing += [f"Nobody may {what} yet." for permission, what in NEEDED.items() if permission not in held]
    notes = [f"Members: {len(known.roles)}. Teams: {known.teams}."]
    if known.invitations:
        notes.append(f"Invitations not accepted yet: {known.invitations}.")
    return missing, notes


def list_facts(known: Known) -> Facts:
    """At least one payer and provider; where no appeal address is known, the letter's is the only one."""
    missing = [] if known.payers else ["No payer is in the list."]
    if not known.providers:
        missing.append("No provider is in the list.")
    without = [name for name, reached in known.payers if not reached]
    notes = [f"Payers: {len(known.payers)}, with an address for appeals: {len(known.payers) - len(without)}."]
    if without:
        some = ", ".join(without[:5]) + (f" and {len(without) - 5} more" if len(without) > 5 else "")
        notes.append(f"For {some} the address on the letter is the only one.")
    return missing, notes


def many(number: int, word: str) -> str:
    """ "1 second", "2 seconds"."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def worker_facts(known: Known) -> Facts:
    job = known.job
    if job is None:
        return [], []
    if job.status == Job.Status.DONE and job.ended_at:
        took = (job.ended_at - job.queued_at).total_seconds()
        return [], [f"The last test job ran, {many(round(took), 'second')} after it was asked for."]
    return ["A test job is in the queue and no worker has taken it up yet. Reload in a moment."], []


def case_facts(known: Known) -> Facts:
    return ([], [f"Cases so far: {known.cases}."]) if known.cases else (["No case is open yet."], [])


def nothing_missing(known: Known) -> Facts:
    return [], []


def _number(rows: Any) -> Coalesce:
    counted = rows.order_by().annotate(one=Value(1)).values("one").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


Described = tuple[str, str, tuple[tuple[str, str], ...], str, Callable[[Known], Facts]]

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
        "At least one navigator and one supervisor, and somebody for every kind of work.",
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
