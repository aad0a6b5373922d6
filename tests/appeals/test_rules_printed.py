"""docs/rules.md is what the rules print: a lawyer reads every rule there beside its citation."""

from __future__ import annotations

from pathlib import Path

from appeals.clock import printed

PAGE = Path(__file__).resolve().parents[2] / "docs/rules.md"


def test_the_page_holds_what_the_rules_print() -> None:
    said = PAGE.read_text(encoding="utf-8").split("\n\n", 2)[2]
    assert said == "\n\n".join(printed.rules()) + "\n"
