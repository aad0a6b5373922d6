"""Work on a case moves the moment it was last touched, by which the oldest untouched case is found."""

from __future__ import annotations

from datetime import datetime

from cases.models import Case


def touch(case: Case, at: datetime) -> None:
    """Note that somebody worked on the case at `at` (aware); never moves backward."""
    if case.last_touched_at < at:
        case.last_touched_at = at
        case.save(update_fields=["last_touched_at"])
