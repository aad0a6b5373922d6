"""Where a filing or a request may go: what the confirmed letter says first, then what is kept for the payer."""

from __future__ import annotations

from collections.abc import Iterable

from advocacy.access.policy import Actor
from appeals.models import Appeal, Denial
from cases.models import Case
from cases.queries.ways import Way, ways_of_letters, ways_to_payer

FILED_BY = ("fax", "mail", "portal", "email")
ASKED_BY = (*FILED_BY, "phone")
LETTERS = 3


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


def ways_of_confirmed(case: Case) -> Iterable[Way]:
    """Of the case's newest confirmed letters; an unconfirmed one says nothing yet. One statement."""
    letters = Denial.objects.filter(case=case, confirmed_at__isnull=False).order_by("-notice_on", "-id")
    return [way for denial in letters[:LETTERS] for way in ways_of_denial(denial)]


def ways_for_filing(actor: Actor, case: Case, appeal: Appeal) -> tuple[Way, ...]:
    """For a level: its own letter, then what is kept for appeals. By phone is a page of its own."""
    letters = ways_of_denial(appeal.denial) if appeal.denial.confirmed_at else ()
    return ways_to_payer(actor, case, purposes=["appeal"], channels=FILED_BY, letters=letters)


def ways_for_request(actor: Actor, case: Case) -> tuple[Way, ...]:
    """For a request: what the confirmed letters name (for appeals, and it says so), then what is kept for requests."""
    letters = [
        Way(way.key, way.channel, way.address, f"{way.source}, which names it for appeals", way.purpose)
        for way in ways_of_letters(case)
        if way.purpose == "appeal"
    ]
    return ways_to_payer(actor, case, purposes=["request"], channels=ASKED_BY, letters=letters)
