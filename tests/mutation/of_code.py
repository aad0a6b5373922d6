"""`python -m tests.mutation.of_code FILE`: Cosmic Ray's mutants of the clock and of what reads, checks and chooses rules.

It runs in an environment of its own (`requirements-mutation.lock`) and needs nothing of ours. Left out is what says nothing:
annotations, which nobody evaluates; operators that want to be told names; arithmetic that only fails by its types (each operator
is changed into its counterpart alone); `is` in place of another comparison or the other way round; which of two
words comes first in the alphabet.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from cosmic_ray.ast import ast_nodes
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from parso import parse

from tests.mutation.mutants import ROOT, CodeMutant, written

FILES = (
    *sorted(ROOT.glob("appeals/clock/*.py")),
    *sorted(ROOT.glob("appeals/regimes/*.py")),
)
COUNTERPARTS = frozenset(
    f"core/ReplaceBinaryOperator_{pair}"
    for pair in (
        "Add_Sub",
        "Sub_Add",
        "Mul_FloorDiv",
        "FloorDiv_Mul",
        "Mod_Mul",
        "Pow_Mul",
        "BitOr_BitAnd",
        "BitAnd_BitOr",
    )
)
IDENTITY, TURNED = {"Is", "IsNot"}, ("Is_IsNot", "IsNot_Is")
ORDERS = tuple(f"Operator_{one}_{other}" for one in ("Eq", "NotEq") for other in ("Lt", "LtE", "Gt", "GtE"))
Span = tuple[tuple[int, int], tuple[int, int]]


def operators() -> Iterator[str]:
    for name in sorted(operator_names()):
        _, _, kind = name.partition("_")
        if "ReplaceBinaryOperator" in name and name not in COUNTERPARTS:
            continue
        if "ReplaceComparisonOperator" in name and IDENTITY & {*kind.split("_")} and kind not in TURNED:
            continue
        yield name


def annotations(source: str) -> list[Span]:
    """Where annotations stand: `from __future__ import annotations` keeps them as text."""
    found = []
    for node in ast.walk(ast.parse(source)):
        for part in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if isinstance(part, ast.expr):
                found.append(
                    ((part.lineno, part.col_offset), (part.end_lineno or 0, part.end_col_offset or 0))
                )
    return found


def words(source: str) -> list[Span]:
    """Where something is compared with a word."""
    return [
        ((node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0))
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Compare)
        and any(
            isinstance(n, ast.Constant) and isinstance(n.value, str) for n in (node.left, *node.comparators)
        )
    ]


def mutants(path: Path) -> Iterator[CodeMutant]:
    source = path.read_text(encoding="utf-8")
    tree, never, unordered = parse(source), annotations(source), words(source)
    seen = set()
    for name in operators():
        kind = get_operator(name)
        without = [*never, *unordered] if name.endswith(ORDERS) else never
        if kind.arguments():
            continue
        operator = kind()
        spans = [span for node in ast_nodes(tree) for span in operator.mutation_positions(node)]
        for occurrence, span in enumerate(spans):
            if any(first <= span[0] < last for first, last in without):
                continue
            mutated = mutate_code(source, operator, occurrence)
            if mutated is None or mutated == source or mutated in seen or not _compiles(mutated):
                continue
            seen.add(mutated)
            yield _of(path, name.rpartition("/")[2], source, mutated)


def _compiles(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def _same(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _of(path: Path, operator: str, before: str, after: str) -> CodeMutant:
    at = _same(before, after)
    tail = _same(before[at:][::-1], after[at:][::-1])
    removed, inserted = before[at : len(before) - tail], after[at : len(after) - tail]
    name, told = str(path.relative_to(ROOT)), at + len(removed) - len(removed.lstrip())
    return CodeMutant(name, operator, before.count("\n", 0, told) + 1, at, removed, inserted)


if __name__ == "__main__":
    written([m for path in FILES for m in mutants(path)], Path(sys.argv[1]))
