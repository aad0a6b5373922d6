"""Which refusals two people may go past together: a table. Pure: no Django.

Never one that the database holds, nor one that guards the patient: a frozen file, a release, a date, who may file, what the
patient chose. What stands here is the organization's own caution, or what the program cannot know of the case.
"""

from __future__ import annotations

from dataclasses import dataclass

from advocacy.access.permissions import Permission as P

REQUEST, LEVEL = "request", "level"


@dataclass(frozen=True)
class MayBeOverridden:
    """One refusal of a step. `codes` are its reasons, `says` what is done all the same, `stays` what nobody goes past."""

    key: str
    about: str
    says: str
    codes: frozenset[str]
    permission: P
    stays: str


OVERRIDABLE: dict[str, MayBeOverridden] = {
    row.key: row
    for row in (
        MayBeOverridden(
            "send_unready",
            REQUEST,
            "Send the request though answers are open",
            frozenset({"not_ready"}),
            P.REQUEST_AUTHORIZATION,
            "The patient's release, the items and the moment of sending are still asked for.",
        ),
        MayBeOverridden(
            "file_unapproved",
            LEVEL,
            "File the level though the patient has not approved the letter",
            frozenset({"letter_not_approved"}),
            P.FILE_APPEAL,
            "The patient's release, who may file, the window and the frozen file are still asked for.",
        ),
        MayBeOverridden(
            "go_on_without_decision",
            LEVEL,
            "Go on to the next level though no rule known here opens it by silence",
            frozenset({"silence_opens_nothing"}),
            P.RECORD_DECISION,
            "The time to decide has to have passed on the latest reading of its rule.",
        ),
        MayBeOverridden(
            "open_at_once",
            LEVEL,
            "Open the external review beside this level though no rule is known, or nobody certified or waived on record",
            frozenset({"nothing_at_once", "urgency_not_certified", "waiver_missing"}),
            P.FILE_APPEAL,
            "Where a rule is known, the care still to come and an expedited appeal are asked for all the same; filing the review"
            " asks for everything that it asks of any level.",
        ),
    )
}
