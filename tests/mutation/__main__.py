"""`python -m tests.mutation CODE`: judges every mutant of the code (the file that `of_code` wrote) and of the rule data.

What was judged is kept in `.local/mutation`, so that a run that was stopped goes on; anything that changes under test or in the
tests begins it anew. Mutants come in an order by chance (`--seed`): what was judged so far is a fair sample of all. Exit code 0:
at least 95 in a hundred of the mutants that are not explained in `explained.json` were killed. 1: fewer. 2: the tests are not
green without a mutant, or not all mutants could be judged.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import select
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.mutation import explained, mutants
from tests.mutation.judging import (
    BROKEN,
    KILLED,
    OF_ORDER,
    OF_WORDS,
    SECONDS,
    SLOW,
    SLOW_SECONDS,
    SURVIVED,
    TESTS,
    TIMEOUT,
    VECTORS,
    failing,
    in_child,
    lines_of,
    rules_of_vectors,
    warm,
)
from tests.mutation.mutants import ROOT, CodeMutant, Mutant
from tests.mutation.of_rules import of_rules

WANTED = 0.95
EXPLAINED, LIVING = "explained", "alive so far"
KEPT = ROOT / ".local/mutation"
DATA = ROOT / "appeals/data"


@dataclass(frozen=True)
class Ground:
    """What is known before the first mutant: which rule each vector comes to, which lines each file of tests runs, and for how
    many seconds it did.
    """

    rules: Mapping[str, str]
    lines: Mapping[str, Mapping[str, Sequence[int]]]
    seconds: Mapping[str, float]

    def tests_for(self, mutant: Mutant) -> list[str]:
        """The files that run the mutant's line, quickest first; for a mutant of the rules those that look at dates. A line that
        only opens a condition of several lines runs when the one before it does.
        """
        if isinstance(mutant, CodeMutant):
            found = next(filter(None, (self._running(mutant.path, n) for n in range(mutant.line, 0, -1))), [])
        else:
            found = [f for f in TESTS if f not in (OF_WORDS, *OF_ORDER)]
        return sorted(found, key=lambda f: self.seconds[f])

    def _running(self, path: str, line: int) -> list[str]:
        return [f for f in TESTS if line in self.lines[f].get(path, ())]


def files_under(*patterns: str) -> list[Path]:
    return sorted({path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()})


def digest(paths: Iterable[Path]) -> str:
    found = hashlib.sha256()
    for path in paths:
        found.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def answers(jobs: Iterable[tuple[Any, int, int]]) -> Iterator[tuple[Any, dict[str, Any] | None, int]]:
    """What each started child said, in the order in which they end; None where it said nothing. Takes (job, pid, pipe)."""
    running: dict[int, tuple[Any, int]] = {}
    coming = iter(jobs)
    while True:
        for job, pid, pipe in coming:
            running[pipe] = (job, pid)
            if len(running) >= PROCESSES:
                break
        if not running:
            return
        ready, _, _ = select.select(list(running), [], [])
        for pipe in ready:
            job, pid = running.pop(pipe)
            with os.fdopen(pipe) as stream:
                said = stream.read()
            _, status = os.waitpid(pid, 0)
            yield job, json.loads(said) if said else None, status


PROCESSES = 2


def ground(paths: Sequence[str]) -> Ground:
    """Runs every quick file of tests without a mutant; the slow ones count by the same functions as the vectors. Raises
    SystemExit(2) where one is red.
    """
    file = KEPT / f"ground-{digest(files_under(*UNDER_TEST, *OF_TESTS))}.json"
    if file.exists():
        return Ground(**json.loads(file.read_text()))
    print("Without a mutant, to see which tests run which lines ...", flush=True)
    begun: dict[Any, float] = {}

    def started() -> Iterator[tuple[Any, int, int]]:
        for job in ("", *(name for name in TESTS if name not in SLOW)):
            begun[job] = time.monotonic()
            yield job, *in_child(*((lines_of, job, paths) if job else (rules_of_vectors,)), seconds=600)

    rules, lines, seconds = {}, {}, {}
    for job, said, _ in answers(started()):
        if said is None or "found" not in said:
            print(f"{job or 'The vectors'}: {(said or {}).get('problem', 'no answer')}")
            raise SystemExit(2)
        if job:
            lines[job], seconds[job] = said["found"], time.monotonic() - begun[job]
        else:
            rules = said["found"]
    for slow in SLOW:
        lines[slow], seconds[slow] = lines[VECTORS], float("inf")
    found = {"rules": rules, "lines": lines, "seconds": seconds}
    file.write_text(json.dumps(found))
    return Ground(**found)


UNDER_TEST = ("appeals/clock/*.py", "appeals/regimes/*.py", "appeals/data/*.json")
OF_TESTS = (
    *TESTS,
    "tests/appeals/vectors/**/*.json",
    "tests/appeals/walker/*.py",
    "tests/mutation/judging.py",
)


def verdict(said: dict[str, Any] | None, status: int) -> tuple[str, str]:
    if said is None:
        # The limit of processor time ends a loop without end; any other signal is no verdict.
        return (
            (TIMEOUT, "")
            if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU
            else (BROKEN, "")
        )
    if "problem" in said:
        return BROKEN, said["problem"][:200]
    return (KILLED, said["found"]) if said["found"] else (SURVIVED, "")


class Kept:
    """Verdicts on disk, one line each, for one state of code and tests. With `again`, of any earlier state what was killed."""

    def __init__(self, again: bool) -> None:
        self.path = KEPT / "verdicts.jsonl"
        self.state = digest(
            files_under(*UNDER_TEST, *OF_TESTS, "tests/mutation/*.json", "tests/mutation/*.py")
        )
        self.code = digest(files_under(*UNDER_TEST))
        self.found: dict[str, dict[str, Any]] = {}
        self.living: set[str] = set()
        self.killers: dict[str, Counter[str]] = {}
        for line in self.path.read_text().splitlines() if self.path.exists() else ():
            row = json.loads(line)
            same = row["state"] == self.state
            if row["verdict"] == LIVING:
                self.living |= {row["id"]} if same else set()
            elif same or (again and row["code"] == self.code and row["verdict"] in (KILLED, TIMEOUT)):
                self.found[row["id"]] = row

    def likely(self, mutant: Mutant) -> list[str]:
        """The two files of tests that killed most mutants of the same part so far; the vectors while nothing is known."""
        return [file for file, _ in self.killers.get(mutant.part, Counter()).most_common(2)]

    def learn(self, mutant: Mutant) -> None:
        if by := self.found.get(mutant.id, {}).get("by"):
            file = next((f for f in TESTS if str(by).startswith(f)), VECTORS)
            self.killers.setdefault(mutant.part, Counter())[file] += 1

    def add(self, mutant: Mutant, verdict: str, by: str) -> None:
        row = {"state": self.state, "code": self.code, "id": mutant.id, "verdict": verdict, "by": by}
        if verdict == LIVING:
            self.living.add(mutant.id)
        else:
            self.found[mutant.id] = row
            self.learn(mutant)
        with self.path.open("a") as file:
            file.write(json.dumps(row) + "\n")


def judge(wanted: Sequence[Mutant], known: Ground, kept: Kept, rounds: Sequence[bool]) -> None:
    """The quick tests for every mutant, then the slow ones for those that live."""
    for mutant in wanted:
        kept.learn(mutant)
    for slow in rounds:
        left = [m for m in wanted if m.id not in kept.found and (slow or m.id not in kept.living)]
        begun = time.monotonic()

        def started(left: Sequence[Mutant] = left, slow: bool = slow) -> Iterator[tuple[Any, int, int]]:
            for mutant in left:
                files = [f for f in known.tests_for(mutant) if (f in SLOW) == slow]
                yield (
                    mutant,
                    *in_child(
                        failing,
                        mutant,
                        files,
                        known.rules,
                        kept.likely(mutant),
                        seconds=SLOW_SECONDS if slow else SECONDS,
                    ),
                )

        for done, (mutant, said, status) in enumerate(answers(started()), start=1):
            found, by = verdict(said, status)
            kept.add(mutant, LIVING if found == SURVIVED and not slow else found, by)
            rest = (time.monotonic() - begun) / done * (len(left) - done)
            bar("slow" if slow else "quick", done, len(left), rest, kept)
        if left:
            print(file=sys.stderr)


def bar(what: str, done: int, whole: int, seconds: float, kept: Kept) -> None:
    width = 30 * done // whole
    living = len(kept.living - {i for i, row in kept.found.items() if row["verdict"] != SURVIVED})
    told = f"{what} tests [{'#' * width}{'.' * (30 - width)}] {done} of {whole}, {living} alive, {seconds / 60:.0f} min left"
    print(f"\r{told:<100}", end="", file=sys.stderr, flush=True)


def told(wanted: Sequence[Mutant], reasons: Mapping[str, str], kept: Kept) -> int:
    """Prints the score by part and every survivor; the exit code."""
    rows: dict[str, Counter[str]] = {}
    alive: list[str] = []
    for mutant in wanted:
        row = kept.found.get(mutant.id)
        result = row["verdict"] if row else SURVIVED if mutant.id in kept.living else BROKEN
        result = EXPLAINED if mutant.id in reasons else result
        rows.setdefault(mutant.part, Counter()).update(["all", result])
        if result in (SURVIVED, BROKEN):
            by = f" [{row['by']}]" if row and row["by"] else ""
            alive.append(f"{result}: {shown(mutant)}{by}")
    print(f"\n{'':<44}{'mutants':>8}{'killed':>8}{'explained':>10}{'alive':>7}{'killed of the rest':>20}")
    whole = sum(rows.values(), Counter())
    for part, count in [*sorted(rows.items()), ("all", whole)]:
        print(line_of(part, count))
    for line in sorted(alive):
        print(line)
    stale = explained.stale(explained.entries())
    for entry in stale:
        print(f"explained.json explains a line that is not there: {entry['path']}: {entry['line']}")
    if whole[BROKEN]:
        return 2
    return 0 if score(whole) >= WANTED and not stale else 1


def score(count: Mapping[str, int]) -> float:
    """Of the mutants that are not explained, how many were killed."""
    rest = count["all"] - count.get(EXPLAINED, 0)
    return (count.get(KILLED, 0) + count.get(TIMEOUT, 0)) / rest if rest else 1.0


def line_of(part: str, count: Mapping[str, int]) -> str:
    killed = count.get(KILLED, 0) + count.get(TIMEOUT, 0)
    alive = count.get(SURVIVED, 0)
    return (
        f"{part:<44}{count['all']:>8}{killed:>8}{count.get(EXPLAINED, 0):>10}{alive:>7}{score(count):>19.1%}"
    )


def shown(mutant: Mutant) -> str:
    if not isinstance(mutant, CodeMutant):
        return mutant.id
    before, after = mutant.lines((ROOT / mutant.path).read_text(encoding="utf-8"))
    return f"{mutant.path}:{mutant.line}\n    - {before}\n    + {after}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("code", type=Path, help="the file that of_code wrote")
    parser.add_argument(
        "--only", default="", help="only mutants whose name holds one of these, between commas"
    )
    parser.add_argument("--sample", type=int, default=0, help="only so many, by chance")
    parser.add_argument("--seed", type=int, default=1, help="which order by chance")
    parser.add_argument("--keep-killed", action="store_true", help="what other tests killed counts as killed")
    parser.add_argument("--quick", action="store_true", help="without the tests by chance")
    asked = parser.parse_args()
    os.nice(10)
    os.chdir(ROOT)
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    KEPT.mkdir(parents=True, exist_ok=True)
    raw = {n: json.loads((DATA / f"{n}.json").read_text("utf-8")) for n in ("regimes", "states", "overrides")}
    of_code = mutants.read(asked.code)
    wanted: list[Mutant] = [*of_code, *of_rules(raw)]
    random.Random(asked.seed).shuffle(wanted)
    wanted = [
        m for m in wanted if any(part in f"{type(m).__name__} {m.id}" for part in asked.only.split(","))
    ]
    wanted = wanted[: asked.sample] if asked.sample else wanted
    warm()
    known = ground(sorted({m.path for m in of_code}))
    among, texts = explained.entries(), {}
    reasons = {m.id: why for m in wanted if (why := explained.reason(m, among, texts))}
    kept = Kept(asked.keep_killed)
    try:
        judge(
            [m for m in wanted if m.id not in reasons],
            known,
            kept,
            (False,) if asked.quick else (False, True),
        )
    except KeyboardInterrupt:
        wanted = [m for m in wanted if m.id in {*kept.found, *kept.living, *reasons}]
        told(wanted, reasons, kept)
        print("Stopped: this is what was judged so far. The same command goes on from here.")
        return 2
    return told(wanted, reasons, kept)


if __name__ == "__main__":
    sys.exit(main())
