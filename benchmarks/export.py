"""Export: rows a second of the file of cases over HTTP, beside what COPY alone gives, and the memory the web process takes."""

from __future__ import annotations

import http.client
import time
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.measure import children, waited
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
    side = world.sides["product"]
    port, token = side.client.port, world.known["largest"]["token"]
    fetched(port, world.known["steady"]["token"])
    held = memory(children(side.pid))
    speeds, walls, rows, size = [], [], 0, 0
    for _turn in range(rounds):
        pids = [*children(side.pid), *side.database.serving()]
        delay, begun = waited(pids), time.perf_counter()
        rows, size = fetched(port, token)
        wall = time.perf_counter() - begun
        quiet = wall - (waited(pids) - delay) / 1e9
        speeds.append(rows / max(quiet, wall / 100))
        walls.append(rows / wall)
    results.raw["export"] = {"speeds": speeds, "walls": walls, "rows": rows, "bytes": size}
    results.least("Export", f"file of {rows:,} cases over HTTP, largest", max(speeds), GATE, " rows/s")
    results.tell("Export", "the same by the clock on the wall", f"{max(walls):,.0f} rows/s")
    results.tell("Export", "COPY of the same rows alone, in the process", f"{copy_alone:,.0f} rows/s")
    grown = memory(children(side.pid)) - held
    results.tell(
        "Export", f"memory the web process took more for {size / 1e6:.0f} MB", f"{grown / 1024:.1f} MB"
    )
