"""The plan of the house: what stands at the top, how long a file may be, which names say nothing, whether the docs are true."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class

ROOT = Path(settings.BASE_DIR)
FOLDERS = {"advocacy", "appeals", "cases", "deploy", "docs", "templates", "tests", "benchmarks", ".ci"}
FILES = {
    ".env.example",
    ".gitignore",
    ".importlinter",
    ".pre-commit-config.yaml",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "SECURITY.md",
    "manage.py",
    "pyproject.toml",
    "requirements-dev.lock",
    "requirements-mutation.lock",
    "requirements-ocr.lock",
    "requirements-security.lock",
    "requirements.lock",
}
LONGEST = 450
PRINTED_WHOLE = {"docs/rules.md"}
"""Printed from the data in one piece, so that a lawyer can look for anything in it; its truth is checked where it is printed."""
BANNED = {"utils", "util", "helpers", "common", "services", "managers", "mixins", "misc"}
PAGES = [
    "README.md",
    "SECURITY.md",
    "CHANGELOG.md",
    *sorted(str(p.relative_to(ROOT)) for p in (ROOT / "docs").rglob("*.md")),
]


def kept() -> list[str]:
    """What git keeps; without git (an exported archive), what lies there."""
    asked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if asked.returncode == 0:
        return [name for name in asked.stdout.splitlines() if (ROOT / name).exists()]
    here = FOLDERS | FILES
    return [str(p.relative_to(ROOT)) for name in here for p in ((ROOT / name).rglob("*")) if p.is_file()]


def test_the_top_level_is_as_planned():
    first = {Path(name).parts[0] for name in kept()}
    assert first <= FOLDERS | FILES
    assert {"advocacy", "cases", "appeals", "templates", "deploy", "tests", "manage.py"} <= first


def test_each_decision_has_a_number_of_its_own():
    papers = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [int(p.name[:4]) for p in papers] == list(range(1, len(papers) + 1))
    assert [p.read_text().partition(".")[0] for p in papers] == [f"# {int(p.name[:4])}" for p in papers]


def test_files_stay_short():
    """Generated files, data and vendored files apart."""
    long = {}
    for name in kept():
        path = ROOT / name
        generated = "migrations" in path.parts or "vendor" in path.parts
        generated = generated or name in PRINTED_WHOLE
        if path.suffix not in {".py", ".html", ".css", ".js", ".typ", ".sql", ".md"} or generated:
            continue
        if (lines := len(path.read_text().splitlines())) > LONGEST:
            long[name] = lines
    assert long == {}


def test_names_say_what_is_inside():
    stems = {name: {*Path(name).parts[:-1], Path(name).stem} for name in kept() if name.endswith(".py")}
    assert {name for name, parts in stems.items() if parts & BANNED} == set()


def test_nothing_is_left_for_later():
    mark = re.compile(r"\b(TODO|FIXME|XXX)\b|raise NotImplementedError")
    shipped = [n for n in kept() if n.endswith((".py", ".html", ".css", ".js", ".md", ".sql"))]
    this = str(Path(__file__).relative_to(ROOT))
    assert [n for n in shipped if n != this and mark.search((ROOT / n).read_text())] == []


@pytest.mark.parametrize("page", PAGES)
def test_links_of_a_page_lead_to_a_file(page):
    folder = (ROOT / page).parent
    found = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / page).read_text())
    assert [link for link in found if not (folder / link).exists()] == []


@pytest.mark.parametrize("page", ["docs/trust.md", "docs/security/threat-model.md"])
def test_what_shows_an_answer_can_be_run(page):
    """Every test, command with its options, and target that stands beside a promise."""
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    missing, said = [], re.findall(r"`(pytest|manage\.py|make) ([^`]+)`", (ROOT / page).read_text())
    for program, words in said:
        names = words.split()
        if program == "pytest":
            missing += [name for name in names if not (ROOT / name).exists()]
        elif names[0] not in (targets if program == "make" else get_commands()):
            missing.append(f"{program} {names[0]}")
        elif program == "manage.py":
            app = get_commands()[names[0]]
            command = load_command_class(app, names[0]) if isinstance(app, str) else app
            known = command.create_parser("manage.py", names[0])._option_string_actions
            missing += [f"{names[0]} {word}" for word in names if word.startswith("-") and word not in known]
    assert missing == []
    assert len(said) > 8


def test_each_question_of_the_trust_page_has_one_answer():
    rows = re.findall(
        r"^\| ([^|]+) \| ([^|]+) \| ([^|]*) \|$", (ROOT / "docs/trust.md").read_text(), re.MULTILINE
    )
    questions = [question.strip() for question, _answer, _shown in rows if question != "Question"]
    assert sorted(questions) == sorted(set(questions))
    assert len(questions) > 30
    assert [question for question in questions if not question.endswith("?")] == []


@pytest.mark.parametrize("page", ["docs/architecture.md", "README.md"])
def test_files_that_a_page_names_exist(page):
    """`models/` and `rules.py` are rooms of an app; what has a path or a test's name is one file."""
    rooms = [ROOT, *(ROOT / app for app in ("advocacy", "cases", "appeals", "templates"))]
    tests = {p.name for p in (ROOT / "tests").rglob("test_*.py")}
    missing = []
    for name in re.findall(r"`([a-z_./-]+(?:\.py|\.json|\.css|\.sql|\.html|/))`", (ROOT / page).read_text()):
        there = any((room / name).exists() for room in rooms) or any(
            any((ROOT / app).glob(f"*/{name}")) for app in ("advocacy", "appeals")
        )
        if not there and name not in tests:
            missing.append(name)
    assert missing == []


def test_every_decision_is_short():
    for path in (ROOT / "docs" / "adr").glob("*.md"):
        text = path.read_text()
        assert len(text.split()) < 400, path.name
        assert "We will" in text or "will" in text, path.name
