"""Runs what is measured inside a process in both databases, and sets it beside its gates."""

from __future__ import annotations

import json
import statistics
from typing import Any

from benchmarks import cluster, export
from benchmarks.setting import Results, World

ROUNDS = 7


def found(world: World, what: str = "measure") -> dict[str, Any]:
    file = world.server.home / f"{world.database}.{what}.json"
    cluster.run(["-m", "benchmarks", "inside", what, str(file)], world.environment)
    told: dict[str, Any] = json.loads(file.read_text())
    return told


def reach(big: World, base: World, results: Results) -> None:
    """W6, in both tables by turns: two processes one after the other differ by what else the machine does meanwhile."""
    turns = [(found(big, "reach"), found(base, "reach")) for _turn in range(ROUNDS)]
    results.raw["W6"] = turns
    large = {name: statistics.median(t[0][name]["cpu"] for t in turns) for name in turns[0][0]}
    small = statistics.median(t[1]["steady"]["cpu"] for t in turns)
    for name in ("steady", "third", "second", "largest"):
        results.gate("W6 visible", f"database CPU, {name}", large[name], 1.0, " ms")
    results.tell("W6 visible", "without a policy, largest: database CPU", f"{large['largest floor']:.2f} ms")
    results.gate("W6 visible", f"growth {base.cases:,} to {big.cases:,}", large["steady"] / small, 1.2)


def run(big: World, base: World, results: Results) -> None:
    reach(big, base, results)
    large = found(big)
    results.raw["inner"] = large
    for kind, told in large["W7"]["largest"].items():
        first, last = (15, 25) if kind == "misspelt name" else (5, 10)
        results.gate("W7 search", f"{kind}, largest: p50", told["p50"], first, " ms", 1)
        results.gate("W7 search", f"{kind}, largest: p95", told["p95"], last, " ms", 1)
        results.tell("W7 search", f"{kind}, largest: database CPU", f"{told['cpu']:.2f} ms")
    for name in ("steady", "largest"):
        for by in ("payer", "month"):
            cpu = large["W4"][f"{name} by {by}"]["cpu"]
            results.gate(
                "W4 figures", f"cases that ended covered by {by}, {name}: database CPU", cpu, 2, " ms", 1
            )
        plain = large["W4"][f"{name} plain GROUP BY"]["cpu"]
        results.tell("W4 figures", f"plain GROUP BY payer and month, {name}: database CPU", f"{plain:.1f} ms")
    cube = large["W4"]["largest cube"]
    what = f"all {cube['cells']:,} cells of month, payer, treatment and outcome, largest"
    results.gate("W4 figures", f"{what}: database CPU", cube["cpu"], 25, " ms", 1)
    results.gate("W4 figures", f"{what}: p50", cube["p50"], 100, " ms", 1)
    for name in ("steady", "largest"):
        sides = large["close"][name]
        results.gate(
            "W4 figures",
            f"a close with kept counts to one without, {name}: database CPU",
            sides["with"]["database"] / sides["without"]["database"],
            1.25,
        )
        told = " / ".join(
            f"{sides[side]['database']:.2f} ({sides[side]['both']:.1f})" for side in ("with", "without")
        )
        results.tell(
            "W4 figures",
            f"database CPU of a close (with the program's), {name}: with / without",
            f"{told} ms",
        )
    grown = large["W4"]["largest by payer"]["cpu"] / large["W4"]["steady by payer"]["cpu"]
    results.tell("W4 figures", "by payer, largest to steady organization: database CPU", f"{grown:.2f}×")
    export.run(big, results, large["export"]["largest"], 5)
