"""What left by other ways than the program's own doors, recorded so that the accounting of disclosures holds it too."""

from __future__ import annotations

from datetime import date, datetime

from advocacy.access.disclosures import Basis, Door, Party, Purpose, Recipient, disclose
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.errors import Reason, Refused
from advocacy.people.models import Patient
from advocacy.people.rules import day_in, not_in_the_future
from cases.queries.accounting import GROUNDS, MISTAKE

PARTIES = {
    Party.OTHER.value: "A public authority, a court, or somebody else",
    Party.PLAN.value: "The plan",
    Party.REVIEWER.value: "A reviewer or agency",
    Party.CLINIC.value: "A clinic or provider",
}
"""Whom the desk may name."""


def record_disclosure(
    *,
    actor: Actor,
    patient: Patient,
    ground: str,
    party: str,
    recipient: str,
    address: str,
    what: str,
    why: str,
    left_on: date,
    at: datetime,
) -> None:
    """Record that something left without the patient's authorization: as the law requires or permits, or by mistake.

    What an accounting says of it: the day, who got it and where, what it was, and why (45 CFR 164.528(b)(2)). `ground` is a
    key of GROUNDS, `left_on` a day where the patient lives. Raises NotAllowed, NotFound, Refused with every reason.
    """
    require(actor, Permission.ACCOUNT_DISCLOSURES, patient)
    needed = (
        (ground in GROUNDS, "ground_unknown", "Choose what it rested on.", "ground"),
        (party in PARTIES, "party_unknown", "Choose who got it.", "party"),
        (bool(recipient.strip()), "recipient_missing", "Name the person or body that got it.", "recipient"),
        (bool(what.strip()), "what_missing", "Say in a line what was given.", "what"),
        (
            bool(why.strip()),
            "why_missing",
            "Say in a line what it was for, or which request it answered.",
            "why",
        ),
    )
    reasons = [Reason(code, text, name) for holds, code, text, name in needed if not holds]
    late = not_in_the_future(left_on, day_in(patient.time_zone, at), "left_on", "The day it left")
    reasons += [late] if late else []
    if reasons:
        raise Refused(reasons)
    by_mistake = ground == MISTAKE
    disclose(
        actor=actor,
        door=Door.BY_HAND,
        purpose=Purpose.MISTAKE if by_mistake else Purpose.LAW,
        to=Recipient(Party(party), recipient, address),
        about=patient,
        on=left_on,
        what=f"{what.strip()}. {why.strip()}",
        ground=Basis.NONE if by_mistake else Basis.LAW,
        detail={"ground": ground},
    )
