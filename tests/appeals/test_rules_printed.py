"""docs/rules.md is what the rules print: a lawyer reads every rule there beside its citation."""

from __future__ import annotations

from pathlib import Path

from appeals.clock import printed

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_holds_what_the_rules_print() -> None:
    said = (DOCS / "rules.md").read_text(encoding="utf-8").split("\n\n", 2)[2]
    assert said == "\n\n".join(printed.rules()) + "\n"


def test_the_page_of_steps_holds_which_levels_open_at_once() -> None:
    assert "\n\n".join(printed.at_once_steps()) in (DOCS / "workflows.md").read_text(encoding="utf-8")
