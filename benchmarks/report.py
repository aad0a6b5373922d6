"""The results of a run as a page: `python -m benchmarks report CASES` prints Markdown of what was measured last."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import cluster


def machine() -> str:
    """Cores, memory and versions; no name."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        "",
    )
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB, Python {platform.python_version()}"


def page(told: dict[str, Any], when: float) -> str:
    """Tables by workload, then what the machine was doing meanwhile."""
    lines = [f"Run of {time.strftime('%Y-%m-%d %H:%M', time.gmtime(when))} UTC. {machine()}.", ""]
    busy = ", ".join(f"{load:.0f} at *{name}*" for name, load in told["raw"].get("load", []))
    lines += [f"Load of the machine (of {os.cpu_count()} cores) when each part began: {busy}.", ""]
    workload = ""
    for line in told["lines"]:
        if line["workload"] != workload:
            workload = line["workload"]
            lines += [
                "",
                f"### {workload}",
                "",
                "| what | measured | gate | |",
                "| --- | ---: | ---: | --- |",
            ]
        mark = {None: "", True: "met", False: "**not met**"}[line["met"]]
        lines.append(f"| {line['what']} | {line['value']} | {line['gate']} | {mark} |")
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """The command line. Returns the exit code."""
    cases = int(arguments[0]) if arguments else 1_000_000
    file = cluster.server().home / f"results-{cases}.json"
    if not file.exists():
        sys.stderr.write(f"Nothing was measured at {cases:,} cases yet.\n")
        return 1
    sys.stdout.write(page(json.loads(file.read_text()), file.stat().st_mtime))
    return 0
