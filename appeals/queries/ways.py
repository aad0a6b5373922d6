"""Where a filing or a request may go: what the confirmed letter says first, then what is kept for the payer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from advocacy.access.policy import Actor
from appeals.models import Appeal, Denial
from appeals.queries.history import load_history
from appeals.queries.next_place import INSIDE, OUTSIDE, Place, places_named
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


def next_step_of(appeal: Appeal) -> dict[str, str]:
    """Where the letter of the decision before a level sends this step, by channel, as it was read and nobody rejected it.

    Nothing that the letter names for the other kind of step: the plan's internal appeals unit is no place of an outside
    review. Empty for a first level, and where the letter was not read or does not say. One statement.
    """
    return _for_this(appeal, places_named(appeal))


def _for_this(appeal: Appeal, places: Iterable[Place]) -> dict[str, str]:
    """The newest of each channel, one that the letter names for this very kind of step before one it names for none."""
    step, other = _step_of(appeal)
    found: dict[str, tuple[bool, str]] = {}
    for place in places:
        said = place.step == step
        if place.step != other and said >= found.get(place.channel, (False, ""))[0]:
            found[place.channel] = (said, place.value)
    return {channel: value for channel, (_, value) in found.items()}


def _step_of(appeal: Appeal) -> tuple[str, str]:
    """The kind of a level as a letter names it, and the other kind. One of no known kind is taken for an outside one."""
    return (INSIDE, OUTSIDE) if kind_of_step(appeal) == PLAN else (OUTSIDE, INSIDE)


@dataclass(frozen=True)
class PlaceOfStep:
    """What the page of a later level says of its place: `not_here` is what the letter names for internal appeals and this step
    does not take; `open_place`: nothing known is about this step, a person has to find it."""

    not_here: tuple[str, ...] = ()
    open_place: bool = False


def place_of_step(appeal: Appeal) -> PlaceOfStep:
    """Nothing to say of a step inside the plan. One statement."""
    if kind_of_step(appeal) == PLAN or answers_the_denial(appeal):
        return PlaceOfStep()
    places = places_named(appeal)
    taken = set(_for_this(appeal, places).values())
    named = [p.value for p in places if p.step == INSIDE and p.value not in taken]
    return PlaceOfStep(tuple(dict.fromkeys(" ".join(value.split()) for value in named)), not taken)


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
