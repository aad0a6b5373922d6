"""Export: rows a second of the file of cases over HTTP, beside what COPY alone gives, and the memory the web process takes."""

from __future__ import annotations

import http.client
import statistics
import time
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.measure import children, ran
from benchmarks.setting import Results, World

WHERE = "/api/v1/exports/cases.csv?" + urlencode({"purpose": "Measuring what an export costs"})
GATE = 120_000


def memory(pids: list[int]) -> int:
    """The most memory these processes ever held at once, each by itself, in kB."""
    found = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                found += int(line.split()[1])
    return found


def fetched(port: int, token: str) -> tuple[int, int]:
    """Rows and bytes of one file."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.request("GET", WHERE, headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    rows = size = 0
    while piece := answer.read(1 << 18):
        rows += piece.count(b"\n")
        size += len(piece)
    connection.close()
    if answer.status != 200 or rows < 2:
        raise SystemExit(f"The export answered {answer.status} with {rows} lines.")
    return rows - 1, size


def run(world: World, results: Results, copy_alone: float, rounds: int) -> None:
    """Web process and database work at the same time, each on a CPU, so the busier of them decides how fast a file comes; on a
    machine with other work the clock on the wall says more about that work.
    """
    side = world.sides["product"]
    port, token = side.client.connection.port, world.known["largest"]["token"]
    fetched(port, world.known["steady"]["token"])
    held = memory(children(side.root))
    taken, walls, rows, size = [], [], 0, 0
    for _turn in range(rounds):
        ends = (children(side.root), side.database.serving())
        before, begun = [ran(pids) for pids in ends], time.perf_counter()
        rows, size = fetched(port, token)
        walls.append(time.perf_counter() - begun)
        taken.append([(ran(pids) - earlier) / 1e9 for pids, earlier in zip(ends, before, strict=True)])
    web, database = (statistics.median(row[end] for row in taken) for end in (0, 1))
    results.raw["export"] = {"cpu": taken, "walls": walls, "rows": rows, "bytes": size}
    what = f"file of {rows:,} cases over HTTP, largest"
    results.least(
        "Export", f"{what}: rows by the CPU of the busier end", rows / max(web, database), GATE, " rows/s"
    )
    told = f"{web / rows * 1e6:.1f} / {database / rows * 1e6:.1f} µs"
    results.tell("Export", "CPU of a row, web process / database", told)
    results.tell("Export", "rows by the clock on the wall, best", f"{rows / min(walls):,.0f} rows/s")
    results.tell("Export", "COPY alone in the process, by the clock on the wall", f"{copy_alone:,.0f} rows/s")
    grown = memory(children(side.root)) - held
    results.tell(
        "Export", f"memory the web process took more for {size / 1e6:.0f} MB", f"{grown / 1024:.1f} MB"
    )
