"""Nightly work of figures: the rows of each kept cell become one, and what is kept is compared with what is there."""

from __future__ import annotations

import logging
from datetime import timedelta

from advocacy.background.queue import job
from advocacy.reporting import counting

log = logging.getLogger(__name__)

SETTLE_JOB = "reporting.settle_figures"


@job(SETTLE_JOB, title="Add up and check the kept figures", every=timedelta(days=1))
def settle_figures() -> None:
    """Count again what is not what the rows say, which is nothing unless somebody wrote past the triggers; then compact."""
    cases = counting.miscounted_cases()
    if cases:
        counting.recount(cases)
    cells = counting.mend()
    if cases or cells:
        log.error("Kept figures differed: %d cases, %d cells. They are mended.", len(cases), cells)
    counting.compact()
