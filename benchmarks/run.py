"""Runs the workloads and prints the table: what was measured, its gate, whether it is met.

python -m benchmarks run --cases 1000000 --base 10000
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict

from advocacy.embedded import Server
from benchmarks import api, bulk_change, cluster, inner_gates, pages, sealing, web
from benchmarks.conventional.fill import filled
from benchmarks.measure import Client, Database, Side
from benchmarks.setting import Line, Results, worlds

PARTS = ("api", "bulk", "inner", "pages", "seal")


def table(lines: list[Line]) -> str:
    """The results for a terminal."""
    head = Line("", "", "measured", "gate")
    widths = [max(len(getattr(x, c)) for x in [head, *lines]) for c in ("workload", "what", "value", "gate")]
    told = []
    for line in [head, *lines]:
        mark = "" if line.met is None else ("met" if line.met else "NOT MET")
        cells = (line.workload, line.what, line.value.rjust(widths[2]), line.gate.rjust(widths[3]))
        told.append("  ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)) + f"  {mark}")
    return "\n".join(told)


def kept(server: Server, cases: int, results: Results) -> None:
    """What is known so far, for the record."""
    file = server.home / f"results-{cases}.json"
    file.write_text(json.dumps({"lines": [asdict(x) for x in results.lines], "raw": results.raw}, indent=1))


def main(arguments: list[str]) -> int:
    """The command line. Returns 0 whether or not gates are met: a busy machine is no reason to fail, the table says so."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks run", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000, help="how many cases the large table has")
    parser.add_argument("--base", type=int, default=0, help="of the table that growth is measured against")
    parser.add_argument("--only", default="", help="some of: " + " ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--count", type=int, default=10, help="requests of each side in a round")
    parser.add_argument(
        "--conventional", action="store_true", help="with the conventional way beside the API"
    )
    given = parser.parse_args(arguments)
    wanted = given.only.split(",") if given.only else PARTS
    base = given.base or 10_000
    results = Results()
    kinds = {"product": web.PRODUCT, "floor": web.FLOOR}
    with cluster.running() as server:
        if given.conventional:
            filled(server, cluster.made(server, given.cases))
        with worlds(server, sorted({base, given.cases}), kinds) as found, contextlib.ExitStack() as stack:
            big, small = found[given.cases], found[base]
            if given.conventional:
                pid, port = stack.enter_context(web.gunicorn(web.CONVENTIONAL, big.environment))
                big.sides["conventional"] = Side(
                    "conventional", pid, Client(port), Database(cluster.postmaster(server), big.database)
                )
            parts: dict[str, Callable[[], None]] = {
                "inner": lambda: inner_gates.run(big, small, results),
                "api": lambda: api.Run(big, small, results, given.rounds, given.count).all(),
                "bulk": lambda: bulk_change.run(big, results, given.rounds),
                "seal": lambda: sealing.run(big, results, given.rounds, 150 * given.count),
                "pages": lambda: pages.run(big, small, results, rounds=given.rounds, count=given.count),
            }
            for name, part in parts.items():
                if name in wanted:
                    results.raw["load"] = [*results.raw.get("load", []), (name, os.getloadavg()[0])]
                    part()
                    kept(server, given.cases, results)
    sys.stdout.write(table(results.lines) + "\n")
    return 0
