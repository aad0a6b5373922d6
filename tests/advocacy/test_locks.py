"""The locks hold what pyproject.toml asks for, by hash, and name no host."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]


def pins(name: str) -> dict[str, Version]:
    """Package name -> pinned version; every entry must carry a hash."""
    found = {}
    for entry in re.split(r"\n(?=\S)", (ROOT / name).read_text().strip()):
        requirement = Requirement(entry.split(" \\")[0])
        (specifier,) = requirement.specifier
        assert specifier.operator == "=="
        assert "--hash=sha256:" in entry
        found[normal(requirement.name)] = Version(specifier.version)
    return found


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def asked(*parts: str) -> list[Requirement]:
    """Of the program itself ("") and of groups beside it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found = {"": project["project"]["dependencies"], **project["dependency-groups"]}
    return [Requirement(line) for part in parts for line in found[part]]


LOCKS = {
    "requirements.lock": [""],
    "requirements-dev.lock": ["", "dev"],
    "requirements-security.lock": ["security"],
    "requirements-mutation.lock": ["mutation"],
}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_dependency_is_pinned_at_a_version_that_was_asked_for(lock: str) -> None:
    pinned = pins(lock)
    out_of_step = [
        str(requirement)
        for requirement in asked(*LOCKS[lock])
        if normal(requirement.name) not in pinned
        or not requirement.specifier.contains(pinned[normal(requirement.name)])
    ]
    assert out_of_step == []


def test_the_development_lock_holds_the_other_one_at_the_same_versions() -> None:
    development = pins("requirements-dev.lock")
    assert {name: development.get(name) for name in pins("requirements.lock")} == pins("requirements.lock")


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_hold_names_versions_and_hashes_only(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert re.findall(r"https?:|file:|--index-url|--find-links| @ ", text) == []
