"""Desk and portal pages: server time at the largest and the steady organization, statements, growth with the table."""

from __future__ import annotations

from benchmarks.measure import Request, interleaved
from benchmarks.setting import Maker, Results, World, fetched, statement_log

P95, MOST_STATEMENTS, MOST_GROWTH = 100.0, 12, 1.2


def makers(world: World, organization: str) -> dict[str, Maker]:
    """Every page by its name: a request for each turn."""
    known = world.known[organization]
    boss, worker = known["cookies"]["supervisor"], known["cookies"]["navigator"]
    pages, cases = known["pages"], known["cases"]

    def always(path: str, cookie: str) -> Maker:
        return lambda _turn: fetched(path, cookie)

    def one_case(turn: int) -> Request:
        return fetched(cases[turn % len(cases)]["page"], worker)

    return {
        "Today, a navigator's": always(pages["today"], worker),
        "Today, everybody's": always(pages["today"] + "?whose=all", boss),
        "Queue": always(pages["queue"], boss),
        "Queue, mine": always(pages["queue"] + "?owner=me", worker),
        "Queue, by payer": always(pages["queue"] + f"?payer={known['payer']}", boss),
        "Case": one_case,
        "Portal, status": always(pages["portal"], known["portal"]),
    }


def run(big: World, base: World, results: Results, *, rounds: int, count: int) -> None:
    """Every page: large and steady organization in the large table, the steady one in the base table beside it."""
    with statement_log(big) as log:
        for name, make in makers(big, "largest").items():
            told = log.of(lambda make=make: big.side("product").client.send(make(0)))  # type: ignore[misc]
            results.raw[f"statements {name}"] = told.every
            results.gate("Pages", f"{name}: statements", len(told.own), MOST_STATEMENTS, "", 0)
    for name in makers(big, "largest"):
        sides = []
        for label, world, organization in (
            ("largest", big, "largest"),
            ("steady", big, "steady"),
            ("base", base, "steady"),
        ):
            side = world.side("product")
            side.name = label
            sides.append((side, makers(world, organization)[name]))
        taken = interleaved(sides, rounds=rounds, count=count)
        results.raw[f"page {name}"] = taken
        results.gate("Pages", f"{name}: p95, largest organization", taken["largest"]["p95"], P95, " ms", 0)
        results.gate("Pages", f"{name}: p95, steady organization", taken["steady"]["p95"], P95, " ms", 0)
        growth = taken["steady"]["cpu"] / taken["base"]["cpu"]
        results.gate("Pages", f"{name}: growth {base.cases:,} to {big.cases:,}", growth, MOST_GROWTH)
        cpu = f"{taken['largest']['cpu']:.1f} / {taken['steady']['cpu']:.1f} ms"
        results.tell("Pages", f"{name}: CPU, largest / steady", cpu)
        wall = f"{taken['largest']['wall p95']:.0f} / {taken['steady']['wall p95']:.0f} ms"
        results.tell("Pages", f"{name}: p95 with waiting for a CPU, largest / steady", wall)
