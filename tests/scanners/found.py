"""A finding of a scanner, and the page on which each that stays is explained."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/security/findings.md"
ROW = re.compile(r"^\| ([a-z-]+) \| ([^|]+) \| ([^|]+) \| ([^|]{20,}) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Finding:
    """`what` is the scanner's own name for it, `where` a file, an address or an operation."""

    scanner: str
    what: str
    where: str
    words: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.scanner} | {self.what} | {self.where}{f' | {self.words}' if self.words else ''}"


@dataclass
class Report:
    """What one scanner came to. `unknown` is why it could not look, or could not look at everything."""

    scanner: str
    findings: list[Finding] = field(default_factory=list)
    unknown: str = ""
    looked_at: str = ""
    failed: str = ""
    """What is wrong by itself, beside findings: a median apart, a file that is not valid."""
    unreachable: bool = False
    """It could not look because nobody answered outside: no fault of what was to be looked at."""


def explained(page: str | None = None) -> list[tuple[str, str, str]]:
    """Scanner, finding and place (with * for any) of every row of the page that gives a reason."""
    text = PAGE.read_text() if page is None else page
    rows = [[part.strip().strip("`") for part in row[:3]] for row in ROW.findall(text)]
    return [(scanner, what, where) for scanner, what, where in rows]


def unexplained(findings: Iterable[Finding], rows: Iterable[tuple[str, str, str]]) -> list[Finding]:
    known = list(rows)
    return [
        one
        for one in sorted(set(findings), key=str)
        if not any(
            (one.scanner, one.what) == (scanner, what) and fnmatchcase(one.where, where)
            for scanner, what, where in known
        )
    ]


def stale(report: Report, rows: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Rows about this scanner that explain nothing it found, where it looked at everything."""
    return [
        row
        for row in rows
        if row[0] == report.scanner
        and not report.unknown
        and unexplained(report.findings, [row]) == unexplained(report.findings, [])
    ]


def closing(
    reports: list[Report], rows: list[tuple[str, str, str]], *, without_network: bool = False
) -> tuple[int, list[str]]:
    """The exit code and the lines of the summary: 0 all looked at and nothing open, 1 something open, 2 not all looked at.

    `without_network`: what could not be reached from here is said all the same, and does not count.
    """
    lines, code = [], 0

    def counts(report: Report) -> bool:
        return bool(report.unknown) and not (without_network and report.unreachable)

    for report in reports:
        open_ones = unexplained(report.findings, rows)
        said = f"{len(open_ones)} open, {len(set(report.findings)) - len(open_ones)} explained"
        if report.unknown:
            said = f"COULD NOT BE CHECKED: {report.unknown}" + (f" ({said})" if report.findings else "")
        if report.failed:
            said = f"FAILED: {report.failed}"
        lines.append(f"{report.scanner:12} {said}{f' ({report.looked_at})' if report.looked_at else ''}")
        lines += [f"    {finding}" for finding in open_ones]
        lines += [f"    no longer found: {' | '.join(row)}" for row in stale(report, rows)]
        code = 1 if open_ones or report.failed or code == 1 else 2 if counts(report) else code
    verdict = {
        0: "Everything was looked at; what was found is explained in docs/security/findings.md.",
        1: "Mend what is open, or explain it in docs/security/findings.md.",
        2: "Not everything could be checked: this run proves nothing about the rest.",
    }[code]
    if code == 0 and (left := [report.scanner for report in reports if report.unknown]):
        verdict = (
            f"Nothing is open in what was looked at. NOT LOOKED AT, since nobody answered: {', '.join(left)}."
        )
    return code, [*lines, verdict]
