"""What a plan says of its own time to file: it may argue a later day for the patient, and never moves a day to work to.

Pure: no Django.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from appeals.clock.arithmetic import words_of
from appeals.clock.facts import Facts
from appeals.dues import CLAIMANT, Due
from appeals.plan_facts import FILED_WHEN, WINDOWS
from appeals.rungs import Rung

_FILED = {
    "arrival": "The plan counts an appeal as filed when it arrives: send it so that it arrives by the day to work to.",
    "sending": "The plan counts an appeal as filed when it is sent. Keep the proof; work as if it had to arrive.",
}


def with_plan_words(due: Due, rung: Rung, facts: Facts, argued: Mapping[str, Any]) -> Due:
    """The patient's date of a level with what the plan's own window argues (`plan_facts.argued`): its last arguable day where
    that is later, and a line for each. The days in front, by law and safe stay.
    """
    if due.side != CLAIMANT or due.due is None or isinstance(due.due, datetime):
        return due
    keys = {level.key for level in rung.levels}
    found = next((key for key, level in WINDOWS.items() if keys == {level} and key in argued), None)
    began = facts.day("receipt") or facts.day("notice_date") or facts.day("sent")
    if found is not None and began is not None:
        longest = began + timedelta(days=argued[found])
        base = due.permissive or due.statutory or due.due
        if longest > (base.date() if isinstance(base, datetime) else base):
            line = (
                f"The plan gives {argued[found]} days: {words_of(longest)}, counted from {words_of(began)}. That only argues a"
                " late filing; the day to work to stays."
            )
            due = replace(due, permissive=longest, arithmetic=(*due.arithmetic, line))
    if argued.get(FILED_WHEN) in _FILED:
        due = replace(due, arithmetic=(*due.arithmetic, _FILED[argued[FILED_WHEN]]))
    return due
