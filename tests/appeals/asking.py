"""One row asked of `compute_deadlines`, and the inputs that many rows have."""

from __future__ import annotations

from typing import Any

from appeals.clock.vectors import results_of

MARCH_2 = {"received_date": "2026-03-02"}
MARCH_6 = {"received": "2026-03-06T16:00", "tz": "America/New_York"}


def row(regime: str, stage: str, **inputs: object) -> dict[str, Any]:
    """What one row is answered."""
    return results_of([{"id": 1, "regime": regime, "stage": stage, "inputs": inputs}])[0]
