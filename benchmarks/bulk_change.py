"""W3 in bulk: one statement that changes 10,000 cases under the audit triggers, beside the same statement without them."""

from __future__ import annotations

import statistics
from typing import Any

import psycopg

from benchmarks.measure import ran
from benchmarks.plan import LARGEST, STEADY
from benchmarks.setting import Results, World

CHANGE = """
UPDATE cases_case SET last_touched_at = now(), version = version + 1
 WHERE organization_id = %(organization)s AND id IN (
   SELECT id FROM cases_case WHERE organization_id = %(organization)s ORDER BY id LIMIT %(rows)s)
"""
SCOPE = "SELECT set_config('app.organization', %s, true), set_config('app.actor', 'user:1', true)"


def changed(connection: psycopg.Connection[Any], values: dict[str, int], before: str) -> tuple[float, int]:
    """Milliseconds of CPU of the server process for the change, and its rows. Nothing of it is kept."""
    pid = connection.info.backend_pid
    connection.execute(before, [str(values["organization"])] if "%s" in before else None)
    begun = ran([pid])
    rows = connection.execute(CHANGE, values).rowcount
    took = (ran([pid]) - begun) / 1e6
    connection.rollback()
    return took, rows


def run(big: World, results: Results, rounds: int) -> None:
    organization, rows = (LARGEST, 10_000) if big.cases >= 100_000 else (STEADY, 1_000)
    values = {"organization": organization, "rows": rows}
    address = big.server.address
    with (
        psycopg.connect(address("recourse_app", big.database)) as product,
        psycopg.connect(address("postgres", big.database)) as bare,
    ):
        taken: dict[str, list[float]] = {"product": [], "bare": []}
        for _turn in range(rounds):
            took, counted = changed(product, values, SCOPE)
            taken["product"].append(took)
            taken["bare"].append(changed(bare, values, "SET LOCAL session_replication_role = replica")[0])
    of, to = statistics.median(taken["product"]), statistics.median(taken["bare"])
    results.raw["W3 bulk"] = taken
    results.gate("W3 bulk", f"{counted:,} rows with their trail, to a bare UPDATE", of / to, 2.5)
    results.tell("W3 bulk", "database CPU (bare)", f"{of:.0f} ({to:.0f}) ms")
