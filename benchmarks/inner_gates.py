"""Runs what is measured inside a process in both databases, and sets it beside its gates."""

from __future__ import annotations

import json
from typing import Any

from benchmarks import cluster
from benchmarks.setting import Results, World

NOTHING_EXPORTS = "COPY under row-level security (no door exports yet)"


def found(world: World) -> dict[str, Any]:
    file = world.server.home / f"{world.database}.inner.json"
    cluster.run(["-m", "benchmarks", "inside", "measure", str(file)], world.environment)
    told: dict[str, Any] = json.loads(file.read_text())
    return told


def run(big: World, base: World, results: Results) -> None:
    large, small = found(big), found(base)
    results.raw["inner"], results.raw["inner base"] = large, small
    for name in ("steady", "third", "second", "largest"):
        results.gate("W6 visible", f"database CPU, {name}", large["W6"][name]["cpu"], 1.0, " ms")
    grown = large["W6"]["steady"]["cpu"] / small["W6"]["steady"]["cpu"]
    results.gate("W6 visible", f"growth {base.cases:,} to {big.cases:,}", grown, 1.2)
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
    results.least("Export", NOTHING_EXPORTS, large["export"]["largest"], 120_000, " rows/s")
