"""What the clocks of one case cost: a request, and the filing and decision clock of each of its first three levels.

`python -m benchmarks.clocks` prints milliseconds of CPU a case, the best of two hundred rounds, for each set of rules with a
ladder. No database and no Django.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from appeals.clock import Facts, claimant_clock, decision_clock, request_clock
from appeals.regimes import book, ladder

ZONE = "America/New_York"
ROUNDS, CASES = 200, 10


def clocks_of(regime: str, state: str | None) -> Callable[[], int]:
    """A function that computes all of a case's clocks from facts of its own and says how many there were."""
    levels = ladder(regime, state)[:3]
    came = datetime(2026, 3, 2, 10, tzinfo=ZoneInfo(ZONE))
    common = {"zone": ZONE, "receipt_zone": ZONE, "state": state, "levels": 1}

    def compute() -> int:
        asked = Facts(received=came, timing="pre_service", urgent=False, **common)
        told = Facts(
            notice_date=date(2026, 3, 9), receipt=date(2026, 3, 12), stated=date(2026, 9, 1), **common
        )
        found = [request_clock(regime, asked)]
        for level in levels:
            found += [claimant_clock(level, told), decision_clock(level, asked)]
        return len(found)

    return compute


def best(compute: Callable[[], int]) -> float:
    """Milliseconds of CPU a case, the best of the rounds."""
    compute()
    took = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(CASES):
            compute()
        took.append(time.process_time() - began)
    return min(took) / CASES * 1000


def main() -> None:
    for regime in book().regimes.values():
        if regime.complete and not regime.combines:
            for state in ("OR", "NY") if regime.uses_state_layer else (None,):
                compute = clocks_of(regime.key, state)
                print(f"{regime.key:38} {state or '':3} {compute()} clocks  {best(compute):.3f} ms")


if __name__ == "__main__":
    main()
