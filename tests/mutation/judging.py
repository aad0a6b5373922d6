"""One mutant, in a process of its own: it is put in place before anything of ours is imported, then tests run until one fails.

The tests are those of `make test` that need no database. The parent has only imported what others wrote, so a child is a fresh
interpreter that did not have to load it. Vectors come first, those of the mutant's rule before the others: they are quick.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import json
import os
import resource
import sys
import types
from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from tests.mutation.mutants import ROOT, CodeMutant, Mutant, RuleMutant

TESTS = tuple(
    f"tests/appeals/test_{name}.py"
    for name in (
        "clock", "clock_calendar", "clock_input", "classifier", "answers_by_law", "clock_words", "clock_facts", "clock_edges",
        "rules", "regimes", "rungs_by_law", "requests_by_law", "consequences", "rule_versions", "rule_facts", "rule_checks",
        "required_facts", "rule_shapes", "at_once_rules", "owed_rules", "rule_packs", "rules_printed", "hazards", "walker",
        "readings", "stage_names", "state_keys", "clock_laws", "clock_properties",
    )
)  # fmt: skip
OF_WORDS = "tests/appeals/test_rules_printed.py"
"""Compares the rules with a page that is printed from them: it says something about the printing, and nothing about a rule."""
SLOW = (
    "tests/appeals/test_walker.py",
    "tests/appeals/test_clock_laws.py",
    "tests/appeals/test_clock_properties.py",
)
"""Rows by chance; they run for what all others leave alive."""
OF_ORDER = ("tests/appeals/test_clock_laws.py", "tests/appeals/test_clock_properties.py")
"""What holds of every rule that could be written, and so of a wrong one."""
VECTORS = "tests/appeals/test_clock.py"
OF_VECTORS = ("test_vector", "test_the_last_moment_is_inside_and_one_past_it_is_outside")
WITH_MODELS = (
    "tests/appeals/test_regimes.py::test_every_level_says_who_decides_it_and_its_rules_lead_back_to_it"
)
PROFILE = "mutants"
LIBRARIES = (
    "pytest", "_pytest.assertion.rewrite", "_pytest.unittest", "_pytest.junitxml", "hypothesis", "hypothesis.strategies",
    "hypothesis.extra.pytestplugin", "_hypothesis_pytestplugin", "holidays", "jsonschema", "zoneinfo", "tzdata", "decimal",
    "cryptography.hazmat.primitives.asymmetric.ed25519", "uuid", "random", "subprocess", "shutil",
)  # fmt: skip
KILLED, SURVIVED, TIMEOUT, BROKEN = "killed", "survived", "timeout", "broken"
SECONDS, SLOW_SECONDS = 15, 120
"""Of processor time: four times what the tests take without a mutant."""
MEMORY = 2 << 30


def warm() -> None:
    """Import what others wrote, once for all children; nothing of ours."""
    for name in LIBRARIES:
        if importlib.util.find_spec(name.partition(".")[0]):
            importlib.import_module(name)
    import holidays
    import hypothesis

    for state in (None, "CA"):
        holidays.country_holidays("US", subdiv=state, years=2026)
    hypothesis.settings.register_profile(
        PROFILE, max_examples=10, derandomize=True, database=None, deadline=None
    )
    ours = [name for name in sys.modules if name.partition(".")[0] in ("appeals", "advocacy", "cases")]
    assert not ours, ours


class _Changed(importlib.abc.SourceLoader, importlib.abc.MetaPathFinder):
    """Imports one module from a changed source, and leaves its file alone."""

    def __init__(self, path: Path, source: str) -> None:
        self.path, self.source = path, source
        parts = path.relative_to(ROOT).with_suffix("").parts
        self.package = parts[-1] == "__init__"
        self.name = ".".join(parts[:-1] if self.package else parts)

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != self.name:
            return None
        found = importlib.util.spec_from_file_location(name, self.path, loader=self)
        return found

    def get_filename(self, fullname: str) -> str:
        return str(self.path)

    def get_data(self, path: str) -> bytes:
        return self.source.encode()

    def path_stats(self, path: str) -> Mapping[str, Any]:
        raise OSError  # no compiled file is read or kept

    def is_package(self, fullname: str) -> bool:
        return self.package


def put_in(mutant: Mutant) -> None:
    """From here on the program imports the mutant in place of the original."""
    if isinstance(mutant, CodeMutant):
        path = ROOT / mutant.path
        sys.meta_path.insert(0, _Changed(path, mutant.source(path.read_text(encoding="utf-8"))))
        return
    regimes = importlib.import_module("appeals.regimes")
    shipped = regimes.raw_of

    def changed(folder: Path = regimes.DATA) -> dict[str, Any]:
        raw = shipped(folder)
        return mutant.of(raw) if folder == regimes.DATA else raw

    regimes.raw_of = changed


def failing(
    mutant: Mutant | None, files: Sequence[str], rules: Mapping[str, str], likely: Sequence[str] = ()
) -> str:
    """The first test that fails with the mutant in place, or "". `rules` says which rule each vector came to. Of `files` those
    that are `likely` to see it come first, each alone; the single vectors go before all that are not.
    """
    if not files:
        return ""
    if mutant is not None:
        put_in(mutant)
    first = [f for f in likely if f in files]
    if VECTORS in files and VECTORS not in first:
        first.append(VECTORS)
    for file in first:
        found = _vectors(mutant, rules) if file == VECTORS else _tests([file])
        if found:
            return found
    rest = [f for f in files if f == VECTORS or f not in first]
    return _tests(rest) if rest else ""


def _tests(files: Sequence[str]) -> str:
    import pytest

    options = ["-x", "-q", "-p", "no:django", "-p", "no:xdist", "-p", "no:cacheprovider", "-o", "addopts=", "--tb=no",
               "--no-header", "-m", "not long", f"--hypothesis-profile={PROFILE}", "--deselect", WITH_MODELS]  # fmt: skip
    for name in OF_VECTORS:
        options += ["--deselect", f"{VECTORS}::{name}"]
    seen = _Seen()
    code = pytest.main([*options, *files], plugins=[seen])
    return seen.first or ("" if code == 0 else f"pytest ended with {int(code)}")


def _vectors(mutant: Mutant | None, rules: Mapping[str, str]) -> str:
    try:
        first = _first_vector(mutant, rules)
    except Exception as problem:
        return f"{VECTORS} does not begin: {type(problem).__name__}"
    return f"{VECTORS}::{first}" if first else ""


def _first_vector(mutant: Mutant | None, rules: Mapping[str, str]) -> str:
    """The tests of single vectors, called without pytest's ceremony for three thousand of them."""
    tests = importlib.import_module("tests.appeals.test_clock")
    near = mutant.what if isinstance(mutant, RuleMutant) else ""
    ordered = sorted(tests.VECTORS, key=lambda v: rules.get(v["id"], "") != near)
    for vector in ordered:
        for name in OF_VECTORS:
            if name != OF_VECTORS[0] and vector["regime"] == "unknown":
                continue
            try:
                getattr(tests, name)(vector)
            except Exception:
                return f"{name}[{vector['id']}]"
    return ""


class _Seen:
    """A plugin that keeps the name of the first failure."""

    first = ""

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed and not self.first:
            self.first = report.nodeid

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed and not self.first:
            self.first = f"{report.nodeid} cannot be collected"


def rules_of_vectors() -> dict[str, str]:
    """Which rule each vector comes to, in the words of `RuleMutant.what`."""
    tests = importlib.import_module("tests.appeals.test_clock")
    found = tests.results_of(tests.VECTORS)
    return {r["id"]: f"rule {r['rule_id']} v{r['version']}" for r in found if "rule_id" in r}


def lines_of(file: str, paths: Sequence[str]) -> dict[str, list[int]]:
    """The lines of those functions (and modules) of ours that one file of tests enters, importing included."""
    wanted = {str(ROOT / path): path for path in paths}
    entered: dict[str, set[types.CodeType]] = defaultdict(set)

    def traced(frame: types.FrameType, event: str, argument: Any) -> None:
        path = wanted.get(frame.f_code.co_filename)
        if path is not None:
            entered[path].add(frame.f_code)

    sys.settrace(traced)
    first = failing(None, [file], {})
    sys.settrace(None)
    if first:
        raise AssertionError(f"The tests have to be green without a mutant: {first}")
    return {
        path: sorted({line for code in codes for _, _, line in code.co_lines() if line})
        for path, codes in entered.items()
    }


def in_child(work: Any, *arguments: Any, seconds: int = SECONDS) -> tuple[int, int]:
    """Start `work(*arguments)` in a fork; its process id, and where its answer (JSON) can be read."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    try:
        os.close(reading)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        empty = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(empty, stream)
        try:
            answer = {"found": work(*arguments)}
        except BaseException as problem:
            answer = {"problem": f"{type(problem).__name__}: {problem}"}
        with os.fdopen(writing, "w") as pipe:
            json.dump(answer, pipe)
    finally:
        os._exit(0)
