"""Scanners that read the code and its packages: bandit, pip-audit, and the schema of the bill of materials."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.scanners.found import ROOT, Finding, Report

SCANNERS = ROOT / ".local/scanners/bin"
"""Where `make security` puts what requirements-security.lock names."""
APPS = ("advocacy", "cases", "appeals", "deploy")
LOCKS = ("requirements.lock", "requirements-dev.lock")
KEPT_QUIET = ("B101",)
"""Assertions state invariants; `ruff` is told the same in pyproject.toml."""


def run(command: list[str], *, seconds: int = 900, **more: str) -> subprocess.CompletedProcess[str]:
    """One scanner, with a home of its own that it may fill."""
    home = ROOT / ".local/scanners/home"
    home.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "HOME": str(home), "NO_COLOR": "1", "COLUMNS": "200", **more}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=seconds
    )


def program(name: str) -> str | None:
    path = SCANNERS / name
    return str(path) if path.exists() else None


def allowed(line: str, rule: str) -> bool:
    """Whether the line says why it may, as `ruff` wants it: its rules of the letter S are bandit's, by the same numbers."""
    said = re.search(r"# noqa: ([A-Z0-9, ]+)", line)
    return said is not None and rule.replace("B", "S", 1) in said[1].replace(" ", "").split(",")


def bandit(command: list[str] | None = None) -> Report:
    """The source, all severities. What a line of it explains where it stands is no finding."""
    report = Report("bandit", looked_at=", ".join(APPS))
    if command is None:
        if (path := program("bandit")) is None:
            return Report("bandit", unknown="it is not installed")
        command = [path]
    done = run([*command, "-q", "-r", "-f", "json", "-s", ",".join(KEPT_QUIET), *APPS])
    if done.returncode not in (0, 1):
        return Report("bandit", unknown=(done.stderr.strip() or "it ended by itself").splitlines()[-1][:200])
    told: dict[str, Any] = json.loads(done.stdout)
    if told["errors"]:
        report.unknown = f"{len(told['errors'])} files could not be read"
    for result in told["results"]:
        path = result["filename"].removeprefix("./")
        lines = (ROOT / path).read_text().splitlines()
        if not any(allowed(lines[number - 1], result["test_id"]) for number in result["line_range"]):
            where = f"line {result['line_number']}: {result['issue_text'][:120]}"
            report.findings.append(Finding("bandit", result["test_id"], path, where))
    return report


def pip_audit() -> Report:
    """Every pinned package of both locks, asked of the advisories of the package index and, where it is silent, of OSV."""
    report = Report("pip-audit", looked_at=", ".join(LOCKS))
    path = program("pip-audit")
    if path is None:
        return Report("pip-audit", unknown="it is not installed")
    services, why = answering(path)
    if not services:
        report.unknown, report.unreachable = f"no advisory database answered ({why})", True
        return report
    for lock in LOCKS:
        answers = []
        for service in services:
            packages, why = asked(path, service, lock)
            if packages is not None:
                answers.append(packages)
                if not _unknown(packages):
                    break
        if not answers:
            report.unknown, report.unreachable = f"no advisory database answered ({why})", True
            return report
        packages = min(answers, key=lambda one: len(_unknown(one)))
        if unknown := _unknown(packages):
            report.unknown = f"{len(unknown)} of {len(packages)} packages of {lock} are unknown to the database that answered"
        report.findings += [
            Finding("pip-audit", found["id"], f"{package['name']}=={package['version']}", lock)
            for package in packages
            for found in package.get("vulns", ())
        ]
    return report


def answering(path: str) -> tuple[list[str], str]:
    """The services that know something of Django within a minute, and what the last that does not said instead."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as one:
        one.write("django==5.2\n")
        one.flush()
        tried = {service: asked(path, service, one.name, seconds=60) for service in ("pypi", "osv")}
    know = [name for name, (packages, _why) in tried.items() if packages and not _unknown(packages)]
    silent = [why or "it knows no package" for name, (_packages, why) in tried.items() if name not in know]
    return know, (silent or [""])[-1]


def asked(
    path: str, service: str, lock: str, *, seconds: int = 600
) -> tuple[list[dict[str, Any]] | None, str]:
    """What a service knows of each package of a lock; None, and why, where it says nothing."""
    words = (
        f"{path} -r {lock} --disable-pip --no-deps --progress-spinner off --timeout 15 -f json -s {service}"
    )
    if lock in LOCKS:
        words += " --require-hashes"
    try:
        done = run(words.split(), seconds=seconds)
    except subprocess.TimeoutExpired:
        return None, f"nothing in {seconds} seconds"
    if (told := _json(done.stdout)) is not None:
        return told["dependencies"], ""
    return None, (done.stderr.strip() or "no answer").splitlines()[-1][:160]


def _unknown(packages: list[dict[str, Any]]) -> list[str]:
    return [package["name"] for package in packages if "skip_reason" in package]


def _json(text: str) -> dict[str, Any] | None:
    try:
        told: dict[str, Any] = json.loads(text)
    except ValueError:
        return None
    return told


VALID = """
import sys
import tempfile
from pathlib import Path
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(Path(sys.argv[1]).read_text())
print(wrong if wrong else "valid")
"""


def bill_of_materials() -> Report:
    """docs/security/sbom.json against the schema of CycloneDX; whether it is the lock's own, `print_docs --check` says."""
    path = program("python")
    if path is None:
        return Report("sbom", unknown="the schema is not installed")
    done = run([path, "-c", VALID, "docs/security/sbom.json"])
    said = done.stdout.strip()
    if done.returncode or not said:
        return Report("sbom", unknown=(done.stderr.strip() or "no answer").splitlines()[-1][:200])
    return Report("sbom", failed="" if said == "valid" else said[:300], looked_at="CycloneDX 1.6")


def timing() -> Report:
    """What is hidden takes as long as what is missing (tests/attacks/timing.py)."""
    command = [sys.executable, "-m", "pytest", "tests/attacks/timing.py", "-q", "-s"]
    done = subprocess.run(command, cwd=Path(ROOT), text=True, check=False)
    return Report(
        "timing", failed="" if done.returncode == 0 else "see above", looked_at="500 requests of each"
    )
