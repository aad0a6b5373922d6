"""`make security` says what is open, and never passes by silence; the page that explains findings is read as it is written."""

from __future__ import annotations

import json
import sys

import pytest

from tests.scanners import code
from tests.scanners.found import Finding, Report, closing, explained, stale, unexplained

ROWS = [("bandit", "B404", "deploy/*")]
KNOWN = Finding("bandit", "B404", "deploy/archive.py")
OPEN = Finding("bandit", "B602", "deploy/archive.py", "line 9: a shell")


@pytest.mark.parametrize(
    ("reports", "code", "words"),
    [
        ([Report("bandit", [KNOWN])], 0, "0 open, 1 explained"),
        ([Report("bandit", [KNOWN, OPEN])], 1, "bandit | B602 | deploy/archive.py | line 9: a shell"),
        (
            [Report("bandit", [KNOWN]), Report("pip-audit", unknown="no answer")],
            2,
            "COULD NOT BE CHECKED: no answer",
        ),
        (
            [Report("pip-audit", unknown="no answer"), Report("bandit", [OPEN])],
            1,
            "COULD NOT BE CHECKED: no answer",
        ),
        ([Report("bandit", [KNOWN]), Report("timing", failed="see above")], 1, "FAILED: see above"),
        ([Report("bandit", [])], 0, "no longer found: bandit | B404 | deploy/*"),
    ],
)
def test_the_summary_says_what_is_open_and_what_was_not_looked_at(reports, code, words):
    found, lines = closing(reports, ROWS)
    assert (found, [line for line in lines if words in line] != []) == (code, True), lines


@pytest.mark.parametrize(
    ("report", "code", "words"),
    [
        (Report("pip-audit", unknown="silence", unreachable=True), 0, "NOT LOOKED AT, since nobody answered"),
        (Report("pip-audit", unknown="it is not installed"), 2, "COULD NOT BE CHECKED: it is not installed"),
        (Report("pip-audit", [OPEN], unknown="silence", unreachable=True), 1, "bandit | B602"),
    ],
)
def test_continuous_integration_forgives_silence_outside_and_nothing_else(report, code, words):
    found, lines = closing([report, Report("sbom")], ROWS, without_network=True)
    assert (found, [line for line in lines if words in line] != []) == (code, True), lines
    assert closing([report], ROWS)[0] == code or code == 0


ADVISED = {"id": "PYSEC-2026-1", "fix_versions": [], "aliases": [], "description": "A hole."}
KNOWN_DJANGO = {"name": "django", "version": "5.2", "vulns": []}


def answers(packages):
    return f"cat <<'END'\n{json.dumps({'dependencies': packages, 'fixes': []})}\nEND"


@pytest.mark.parametrize(
    ("script", "unreachable", "unknown", "findings"),
    [
        ("echo 'no route' >&2; exit 1", True, "no advisory database answered (no route)", []),
        (answers([{"name": "django", "skip_reason": "not found"}]), True, "it knows no package", []),
        (answers([KNOWN_DJANGO]), False, "", []),
        (
            answers([{**KNOWN_DJANGO, "vulns": [ADVISED]}]),
            False,
            "",
            [
                "PYSEC-2026-1 | django==5.2 | requirements.lock",
                "PYSEC-2026-1 | django==5.2 | requirements-dev.lock",
            ],
        ),
    ],
)
def test_a_database_that_knows_nothing_is_silence_and_one_that_knows_is_heard(
    script, unreachable, unknown, findings, monkeypatch, tmp_path
):
    program = tmp_path / "pip-audit"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    monkeypatch.setattr(code, "SCANNERS", tmp_path)
    report = code.pip_audit()
    assert (report.unreachable, unknown in report.unknown) == (unreachable, True), report
    assert [f"{one.what} | {one.where} | {one.words}" for one in report.findings] == findings


def test_a_line_explains_its_own_scanner_finding_and_place():
    assert unexplained([KNOWN, OPEN], ROWS) == [OPEN]
    assert unexplained([Finding("wapiti", "B404", "deploy/x")], ROWS) != []
    assert stale(Report("bandit", [OPEN]), ROWS) == ROWS
    assert stale(Report("bandit", [KNOWN]), ROWS) == []


def test_every_line_of_the_page_is_read():
    text = code.ROOT.joinpath("docs/security/findings.md").read_text().partition("## Explained")[2]
    written = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert len(explained()) == len(written) > 5
    assert {scanner for scanner, _what, _where in explained()} <= {
        "bandit",
        "pip-audit",
        "schemathesis",
        "wapiti",
    }


def test_what_is_not_installed_could_not_be_checked(monkeypatch, tmp_path):
    monkeypatch.setattr(code, "SCANNERS", tmp_path)
    reports = [code.bandit(), code.pip_audit(), code.bill_of_materials()]
    assert closing(reports, [])[0] == 2
    assert all("not installed" in report.unknown for report in reports)


def test_a_reason_beside_a_line_is_that_of_its_rule():
    assert code.allowed("done = subprocess.run(  # noqa: S603", "B603")
    assert code.allowed("x  # noqa: S608, S603", "B603")
    assert not code.allowed("x  # noqa: S608", "B603")
    assert not code.allowed("x", "B603")


@pytest.mark.long
def test_what_bandit_finds_is_explained_and_what_is_explained_is_found():
    report = code.bandit([sys.executable, "-m", "bandit"])
    assert report.unknown == ""
    assert unexplained(report.findings, explained()) == []
    assert stale(report, explained()) == []
