"""What leaves through the clinic's door, and on which basis: asked when a link goes out, and again each time it is opened."""

from __future__ import annotations

from datetime import datetime

from advocacy.access.disclosures import Door, Party, Purpose, Recipient, disclose, whoever_asks
from advocacy.access.policy import Actor
from advocacy.errors import NotFound, Refused
from cases.models import Case, Provider

BEHIND_THE_LINK = "The patient's name and birth date, and what the clinic is asked for"


def link_goes_out(actor: Actor, case: Case, provider: Provider, email: str, at: datetime) -> None:
    """Whoever has the link sees who it is about. Raises Refused where no release stands."""
    disclose(
        actor=actor,
        door=Door.CLINIC,
        purpose=Purpose.RECORDS,
        to=Recipient(Party.CLINIC, str(provider), email),
        about=case,
        at=at,
        what=BEHIND_THE_LINK,
    )


def link_opens(actor: Actor, case: Case, at: datetime) -> None:
    """`actor` is the link. Raises NotFound where no release stands: a link that opens nothing looks like no link."""
    try:
        disclose(
            actor=actor, door=Door.CLINIC, purpose=Purpose.RECORDS, to=whoever_asks(actor), about=case, at=at
        )
    except Refused:
        raise NotFound("clinic link") from None
