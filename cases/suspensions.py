"""Which lines of an accounting of disclosures the patient is not shown yet, for what reason and until when. No database.

Two rules of the Privacy Rule, and one caution of our own:

- 45 CFR 164.528(a)(2): what went to health oversight or law enforcement (164.512(d), (f)) is held back for the time that the
  agency names in a written statement; on an oral one for thirty days at most from the day it was made.
- 45 CFR 164.512(c)(2): the patient need not be told of a report of abuse, neglect or domestic violence where telling would put
  them at risk of serious harm, as decided in the exercise of professional judgment. [Confidence: medium. It speaks of telling
  of the report; that it reaches the accounting, which would tell the same, is our reading.]
- Until the privacy officer has decided about a report of abuse, it is held back: what was shown cannot be taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from advocacy.errors import Reason

HELD, SHOWN = "disclosure_held_back", "disclosure_shown"
"""The acts in the trail that hold a line back and show it."""
ORAL_DAYS: Final = 30
LOOK_AGAIN_DAYS: Final = 180
"""The longest after which the privacy officer looks at a risk again. Our own, no rule's."""


class Why(StrEnum):
    """What a line is held back for."""

    WRITTEN = "written"
    ORAL = "oral"
    RISK = "risk"
    UNDECIDED = "undecided"


WORDS: Final = {
    Why.WRITTEN: "An agency asked for it in writing (45 CFR 164.528(a)(2)(i))",
    Why.ORAL: "An agency asked for it orally (45 CFR 164.528(a)(2)(ii))",
    Why.RISK: "Telling would put the patient at risk (45 CFR 164.512(c)(2))",
    Why.UNDECIDED: "The privacy officer has not decided yet",
}
OF_AN_AGENCY: Final = frozenset({Why.WRITTEN, Why.ORAL})
OF_A_RISK: Final = frozenset({Why.RISK, Why.UNDECIDED})
ABUSE: Final = "abuse"
AGENCY_GROUNDS: Final = frozenset({"oversight", "police", "required"})
"""What an agency may ask to be held back: 164.512(d) and (f), and what the law required, which 164.512(a)(2) holds to (f)."""
RISK_GROUNDS: Final = frozenset({ABUSE, "public_health", "required"})
"""Reports of abuse: 164.512(c), of a child 164.512(b)(1)(ii), and what the law required, which 164.512(a)(2) holds to (c)."""
SENSITIVE: Final = AGENCY_GROUNDS | RISK_GROUNDS
"""Where whoever records it says at once whether the patient may see it."""


@dataclass(frozen=True)
class Held:
    """That a line is held back. `until` is the last day of an agency's time, or the day on which a risk is looked at again;
    None where nobody has decided. `who` and `said` are the agency or official and its statement, or the risk in words.
    """

    why: Why
    until: date | None = None
    who: str = ""
    said: str = ""

    @property
    def words(self) -> str:
        return WORDS[self.why]

    def holds_on(self, day: date) -> bool:
        """Whether it still holds on `day` (where the patient lives): an agency's time runs out, a risk is ended by a decision."""
        return self.why in OF_A_RISK or (self.until is not None and day <= self.until)


def standing(ground: str, acts: Iterable[tuple[str, Held | None]], day: date) -> tuple[Held, ...]:
    """What holds a line back on `day`. `acts` are HELD with what it says, or SHOWN with None, in their order.

    A later act takes the place of an earlier one of its kind (an agency's, or of a risk); SHOWN ends both. A report of abuse
    about which nobody decided is held back.
    """
    agency: Held | None = None
    risk: Held | None = Held(Why.UNDECIDED) if ground == ABUSE else None
    for verb, held in acts:
        if verb == SHOWN:
            agency = risk = None
        elif held is not None and held.why in OF_AN_AGENCY:
            agency = held
        elif held is not None:
            risk = held
    return tuple(held for held in (risk, agency) if held is not None and held.holds_on(day))


def can_be_held(
    ground: str, held: Held, said_on: date | None, today: date, decides: bool
) -> Iterator[Reason]:
    """What speaks against holding a line back so. `decides` is whether whoever asks decides about a risk."""
    agency = held.why in OF_AN_AGENCY
    if agency and ground not in AGENCY_GROUNDS:
        yield Reason(
            "no_agency_ground",
            "An agency may ask for this only about what went to health oversight or law enforcement"
            " (45 CFR 164.528(a)(2)). Record or correct what it rested on first.",
            "told",
        )
    if held.why in OF_A_RISK and ground not in RISK_GROUNDS:
        yield Reason(
            "no_risk_ground",
            "Only a report of abuse, neglect or domestic violence can be held back for a risk (45 CFR 164.512(c)(2))."
            " Choose another ground.",
            "told",
        )
    if held.why is Why.RISK and not decides:
        yield privacy_officer_decides()
    if held.why is Why.UNDECIDED:
        return
    if agency and not held.who.strip():
        yield Reason("agency_missing", "Name the agency or the official who made the statement.", "who")
    if not held.said.strip():
        text = "Write down the agency's statement." if agency else "Say what the risk is, and who judged it."
        yield Reason("statement_missing", text, "statement")
    yield from _days(held, said_on, today)


def privacy_officer_decides() -> Reason:
    return Reason(
        "privacy_officer_decides",
        "Whether telling would put the patient at risk is decided by the privacy officer. Choose that they have to decide.",
        "told",
    )


def _days(held: Held, said_on: date | None, today: date) -> Iterator[Reason]:
    if held.why is Why.ORAL and (said_on is None or said_on > today):
        yield Reason(
            "said_on", "Say on which day the statement was made. It cannot be in the future.", "said_on"
        )
        return
    if held.until is None:
        text = (
            "Say until which day the agency asked for."
            if held.why in OF_AN_AGENCY
            else "Say when to look again."
        )
        yield Reason("until_missing", text, "until")
    elif held.until < today:
        yield Reason("until_past", "This day has passed. Enter today or a later day.", "until")
    elif held.why is Why.ORAL and said_on is not None and held.until > said_on + timedelta(days=ORAL_DAYS):
        yield Reason(
            "oral_too_long",
            f"On an oral statement it is {ORAL_DAYS} days at most from the day it was made"
            " (45 CFR 164.528(a)(2)(ii)(C)). Ask the agency for a written one.",
            "until",
        )
    elif held.why is Why.RISK and held.until > today + timedelta(days=LOOK_AGAIN_DAYS):
        yield Reason("look_again", f"Look at a risk again within {LOOK_AGAIN_DAYS} days.", "until")
