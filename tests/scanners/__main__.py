"""`python -m tests.scanners [NAME ...]`: all of them, or those named; see `make security`.

bandit, pip-audit and the bill of materials read the checkout; schemathesis and wapiti knock at a demonstration that is started
for them on loopback and thrown away; timing compares medians. Exit code 0: all was looked at and nothing is open. 1: something
is. 2: nothing is open in what was looked at, but something could not be checked. With `--without-network` an advisory database
that does not answer is said and is no 2; everything else that could not be checked is.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import django

from tests.scanners import code
from tests.scanners.found import Report, closing, explained

READING = {"bandit": code.bandit, "pip-audit": code.pip_audit, "sbom": code.bill_of_materials}
KNOCKING = ("schemathesis", "wapiti")
WITHOUT_NETWORK = "--without-network"
ALL = (*READING, *KNOCKING, "timing")


def looked(name: str, begun: float, report: Report) -> Report:
    print(f"{name}: {time.monotonic() - begun:.0f} s", flush=True)
    return report


def main(asked: list[str]) -> int:
    names = [name for name in asked if name != WITHOUT_NETWORK]
    if unknown := set(names) - set(ALL):
        print(f"There is no {', '.join(sorted(unknown))}. There are: {', '.join(ALL)}.")
        return 64
    wanted, reports = names or list(ALL), []
    for name, look in READING.items():
        if name in wanted:
            reports.append(looked(name, time.monotonic(), look()))
    if set(KNOCKING) & set(wanted):
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "advocacy.settings")
        django.setup()
        from tests.journeys.serving import serve
        from tests.scanners import served

        with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as running:
            for name in KNOCKING:
                if name in wanted:
                    begun, told = time.monotonic(), len(running.log.read_text(errors="replace"))
                    report = getattr(served, name)(running)
                    report.findings += served.errors_told(running, name, told)
                    reports.append(looked(name, begun, report))
    if "timing" in wanted:
        reports.append(looked("timing", time.monotonic(), code.timing()))
    exit_code, lines = closing(reports, explained(), without_network=WITHOUT_NETWORK in asked)
    print("\n===== security\n" + "\n".join(lines))
    return exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
