"""The ladders of `regimes.json` as pictures: who decides, what leads up, and what silence opens. For `docs/workflows.md`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from appeals.regimes import book, ladder
from appeals.regimes.shapes import DECIDERS, Level, Regime
from appeals.rungs import COURT, Rung, rules_of_stage
from appeals.silence import EXHAUSTED, OPENS, SENT_ON, is_meant

BOTH_LEVELS = 2
"""Plans that may have two internal levels are drawn with both."""
UP_BY_SILENCE = frozenset({EXHAUSTED, SENT_ON, "may_escalate", "go_to_opm"})
"""What opens the next level when a level is not decided in time (`appeals.commands.decisions.SILENCE_OPENS`)."""


def ladder_pictures() -> Iterator[str]:
    """One picture for each kind of coverage with a ladder; those that have the same ladder share one."""
    yield "## Ladders"
    yield (
        f"Drawn from the rules as of {book().as_of}. A whole line is a decision that leaves something refused, a broken one a"
        " time to decide that passed. A second internal level stands only where the plan has one. Clocks and citations are in"
        " [rules.md](rules.md). A level keeps its place when other rules turn out to apply; its own row keeps the version of"
        " the steps it began under."
    )
    shared: dict[str, list[str]] = {}
    for regime in book().regimes.values():
        if regime.complete and not regime.combines:
            shared.setdefault("\n".join(_picture(regime)), []).append(f"{regime.title} (`{regime.key}`)")
    for picture, titles in shared.items():
        yield "### " + "; ".join(titles)
        yield f"```mermaid\n{picture}\n```"


def _picture(regime: Regime) -> Iterator[str]:
    levels = ladder(regime.key, None, BOTH_LEVELS)
    rungs = [
        Rung(n, regime.key, lvl.key, lvl.title, (lvl,), (regime.key,))
        for n, lvl in enumerate(levels, start=1)
    ]
    yield "flowchart TD"
    yield '    request["Request for coverage"]'
    for level in levels:
        if level.kind == COURT:
            yield f'    {level.key}(["{level.title}"])'
        else:
            yield f'    {level.key}["{level.title}<br/>decided by: {DECIDERS[level.decider]}"]'
    if levels:
        yield f"    request -->|refused| {levels[0].key}"
    for meaning in sorted(_silence_on_request(regime) & OPENS):
        opened = next((r for r in rungs if is_meant(r, meaning)), None)
        if opened is not None:
            yield f"    request -.->|{_broken(meaning)}| {opened.key}"
    for level, following in pairwise(levels):
        yield f"    {level.key} -->|{_whole(following)}| {following.key}"
        if level.if_missed in UP_BY_SILENCE and following.kind != COURT:
            skipped = [lvl for lvl in levels if lvl.position > level.position and lvl.kind != "plan"]
            above = skipped[0] if level.if_missed == EXHAUSTED else following
            yield f"    {level.key} -.->|{_broken(level.if_missed)}| {above.key}"


def _silence_on_request(regime: Regime) -> set[str]:
    stages = [choice.stage for choice in regime.requests if choice.stage]
    return {
        version.if_missed
        for stage in stages
        for rule in rules_of_stage(regime, stage)
        for version in book().rules[rule]
        if version.in_force_to is None
    }


def _whole(following: Level) -> str:
    return "upheld: the plan sends it on" if following.opened_by == "forwarding" else "upheld"


def _broken(meaning: str) -> str:
    return "no decision in time: the plan sends it on" if meaning == SENT_ON else "no decision in time"
