"""The time in which the patient may ask that whoever decided takes the decision up again. Pure: no Django, no queries.

42 CFR 405.980, 422.616, 423.1980: it is no appeal, it stops no window of one, and nobody loses a right by not asking. So it is
computed where it is shown, and stands on no list of dates to keep.
"""

from __future__ import annotations

from datetime import date, datetime

from appeals.clock import stage_clock
from appeals.clock.facts import Facts
from appeals.dues import CLAIMANT, Due
from appeals.regimes import book

REOPENING = "reopening"
TITLES = {
    "reopening_request": "A reopening may be asked for, for any reason",
    "reopening_request_good_cause": "A reopening may be asked for, for good cause",
    "reopening_request_higher_level": "A reopening may be asked for, for good cause",
}


def reopening_windows(
    regime: str, decider: str, notice_on: date, *, subject: str, subject_id: int
) -> tuple[Due, ...]:
    """The windows after a decision of a kind of decider (`DECIDERS`), the shortest first; empty where no rule gives any."""
    if regime not in book().regimes:
        return ()
    found = []
    for stage in book().regimes[regime].stages.values():
        if decider not in stage.reopens:
            continue
        clock = stage_clock(regime, stage.key, Facts(notice_date=notice_on))
        last = clock.deadline.date() if isinstance(clock.deadline, datetime) else clock.deadline
        if last is None:
            continue
        found.append(
            Due(
                subject,
                subject_id,
                REOPENING,
                TITLES[stage.key],
                CLAIMANT,
                clock.deadline,
                permissive=clock.deadline,
                last_day=last,
                regime=clock.regime,
                rule=clock.rule_id or "",
                version=str(clock.version or ""),
                citation=clock.citation,
                confidence=clock.confidence,
                text=clock.text,
                arithmetic=clock.arithmetic,
                flags=clock.flags,
            )
        )
    return tuple(sorted(found, key=lambda due: (due.last_day or date.max, due.rule)))
