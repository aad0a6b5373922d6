"""The step of a story that asks for the external review beside an urgent appeal."""

from __future__ import annotations

from advocacy.management.seed.levels import filed
from advocacy.management.seed.life import Days, Life, Step
from advocacy.management.seed.matters import CLINICS
from appeals.commands.at_once import open_at_once


def reviewed_beside(ago: int) -> Step:
    """The review is opened on the clinician's word while the appeal runs, and goes out the same day."""

    def step(life: Life) -> Days:
        yield ago
        assert life.matter is not None
        life.do(
            open_at_once,
            appeal=life.level,
            basis="urgent",
            said_by=CLINICS[life.matter.clinic].signature,
            said_on=life.day(ago),
            note="She cannot stand on the leg; another week would cost her the course.",
        )
        yield from filed(ago)(life)

    return step
