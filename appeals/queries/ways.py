"""Where a filing or a request may go: what the confirmed letter says first, then what is kept for the payer."""

from __future__ import annotations

from collections.abc import Iterable

from advocacy.access.policy import Actor
from appeals.models import Appeal, Decision, Denial, Proposal
from appeals.queries.history import load_history
from appeals.regimes import book
from cases.models import Case
from cases.queries.ways import Way, ways_of_letters, ways_to_payer

FILED_BY = ("fax", "mail", "portal", "email")
ASKED_BY = (*FILED_BY, "phone")
LETTERS = 3
PLAN = "plan"
"""The kind of a level that the plan itself decides."""


def ways_of_denial(denial: Denial) -> tuple[Way, ...]:
    """What one letter says about where to appeal and whom to call."""
    on = denial.notice_on or denial.received_on
    source = f"from the letter of {on:%B} {on.day}, {on.year}" if on else "from the denial letter"
    said = (
        ("fax", "fax", denial.send_to_fax, "appeal"),
        ("mail", "mail", denial.send_to_address, "appeal"),
        ("portal", "portal", denial.send_to_portal, "appeal"),
        ("phone", "phone", denial.appeal_phone, "appeal"),
        ("call", "phone", denial.peer_to_peer_phone, "peer_to_peer"),
    )
    return tuple(
        Way(f"letter-{denial.pk}-{key}", channel, value, source, purpose)
        for key, channel, value, purpose in said
        if value
    )


_NEXT = {"send_to_fax": "fax", "send_to_mail": "mail", "send_to_portal": "portal"}


def next_step_of(appeal: Appeal) -> dict[str, str]:
    """Where the letter of the decision before a level sends the next step, by channel, as it was read and nobody rejected it.

    Empty for a first level, and where the letter was not read or does not say. One statement.
    """
    if not appeal.previous_id:
        return {}
    letters = Decision.objects.filter(appeal_id=appeal.previous_id).values("letter_id")
    read = Proposal.objects.filter(document_version__document__in=letters, fact__in=_NEXT)
    return {
        _NEXT[row.fact]: row.value
        for row in read.exclude(status=Proposal.Status.REJECTED).order_by("-id")
        if row.value
    }


def ways_of_confirmed(case: Case) -> Iterable[Way]:
    """Of the case's newest confirmed letters; an unconfirmed one says nothing yet. One statement."""
    letters = Denial.objects.filter(case=case, confirmed_at__isnull=False).order_by("-notice_on", "-id")
    return [way for denial in letters[:LETTERS] for way in ways_of_denial(denial)]


def kind_of_step(appeal: Appeal) -> str:
    """Who a level goes to, as its kind in the rule data; "" while several sets of rules may apply or none is complete."""
    levels = book().regimes[appeal.regime].levels
    return next((level.kind for level in levels if level.key == appeal.level), "")


def answers_the_denial(appeal: Appeal) -> bool:
    """Whether the denial letter names the place of this step: of the first level only, also where the levels below a later one
    were finished before the case came here."""
    return appeal.previous_id is None and appeal.position == 1


def ways_for_filing(actor: Actor, case: Case, appeal: Appeal) -> tuple[Way, ...]:
    """Where a level may be filed, the first to be tried first; empty where nothing known is about this very step.

    A level that answers the denial: its letter, then what is kept for appeals. One after it: what the letter of the decision
    below says, and for another step inside the plan what is kept for appeals. The payer's entry in the look-ups, the
    denial letter and what is kept for appeals are no places of an external review or a hearing. By phone is a page of its own.
    """
    if answers_the_denial(appeal):
        letters = ways_of_denial(appeal.denial) if appeal.denial.confirmed_at else ()
        return ways_to_payer(actor, case, purposes=["appeal"], channels=FILED_BY, letters=letters)
    said = next_step_of(appeal)
    source = "read in the letter of the decision before"
    letters = tuple(Way(f"next-{name}", name, said[name], source, "appeal") for name in said)
    if kind_of_step(appeal) != PLAN:
        return letters
    return ways_to_payer(actor, case, purposes=["appeal"], channels=FILED_BY, letters=letters, entry=False)


def agency_of_step(case: Case, appeal: Appeal) -> str:
    """The agency that the rule data names for the external reviews of policies issued in the case's state, with how to ask it
    where that is known; "" for any other step, and where no state is known."""
    if kind_of_step(appeal) != "external" or not book().regimes[appeal.regime].uses_state_layer:
        return ""
    law = book().states.get(load_history(case).classification.state or "")
    return law.agency if law is not None else ""


def ways_for_request(actor: Actor, case: Case) -> tuple[Way, ...]:
    """For a request: what the confirmed letters name (for appeals, and it says so), then what is kept for requests."""
    letters = [
        Way(way.key, way.channel, way.address, f"{way.source}, which names it for appeals", way.purpose)
        for way in ways_of_letters(case)
        if way.purpose == "appeal"
    ]
    return ways_to_payer(actor, case, purposes=["request"], channels=ASKED_BY, letters=letters)
