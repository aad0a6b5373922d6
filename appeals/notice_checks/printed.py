"""The rules on notices as a document for a lawyer: every check, its laws, weakest confidence first, and what they may do."""

from __future__ import annotations

from collections.abc import Iterator

from appeals.notice_checks.book import notice_rules
from appeals.notice_checks.shapes import Check, Law

_ORDER = ("uncertain", "knowledge", "verified")
_WAYS = {
    "words": "words of the letter",
    "reason": "the confirmed reason, else words",
    "stated_window": "the confirmed time, else words",
    "window_length": "the time the letter gives, counted",
    "address": "the confirmed address, else the letter's",
    "advance_notice": "the confirmed dates",
}


def notices() -> Iterator[str]:
    """The paragraphs of docs/notices.md after its title."""
    rules = notice_rules()
    yield rules.note
    yield (
        "Each check answers *found* with the words that prove it, *not found*, or *cannot tell*. A text that cannot be read, a"
        " sheet that is not here, or a fact that nobody knows never makes a defect. A person confirms or dismisses what was not"
        " found. This is no legal advice."
    )
    for confidence in _ORDER:
        rows = [
            _row(check, law) for check in rules.checks for law in check.laws if law.confidence == confidence
        ]
        yield f"## Sources: {confidence} ({len(rows)})"
        head = [
            "| Check | Kinds of coverage | Source | In force | Seen on | If it is missing | Effect |",
            "|---|---|---|---|---|---|---|",
        ]
        yield "\n".join([*head, *rows])
    yield "## The checks"
    rows = ["| Check | Asks | Looks at | Only when |", "|---|---|---|---|"]
    rows += [f"| `{c.key}` | {c.asks} | {_WAYS[c.way]} | {_when(c)} |" for c in rules.checks]
    yield "\n".join(rows)
    yield "## What a defect may do to a clock"
    rows = ["| Effect | What can be argued | Source |", "|---|---|---|"]
    rows += [f"| `{e.key}` | {e.text} | {e.citation or '-'} |" for e in rules.effects]
    yield "\n".join(rows)


def _row(check: Check, law: Law) -> str:
    where = ", ".join(f"`{r}`" for r in sorted(law.regimes))
    if law.states:
        where += f" ({', '.join(sorted(law.states))})"
    until = f" to {law.in_force_to}" if law.in_force_to else " on"
    absent = "a defect to check" if law.absent == "defect" else f"cannot tell: {law.because}"
    if law.when.urgent:
        absent += " (urgent claims)"
    if law.when.timing:
        absent += f" ({', '.join(sorted(t.replace('_', '-') for t in law.when.timing))})"
    for unit, n in law.at_least.items():
        absent += f" (at least {n} {unit})"
    seen = law.checked_on or "-"
    return (
        f"| {check.title} | {where} | {law.citation} | {law.in_force_from}{until} | {seen} | {absent} |"
        f" `{law.effect.key}` |"
    )


def _when(check: Check) -> str:
    parts = []
    if check.when.reasons:
        parts.append(f"the reason is {', '.join(f'`{r}`' for r in sorted(check.when.reasons))}")
    if check.when.reduction:
        parts.append("care is cut or ended")
    if check.when.mentions:
        parts.append("the letter speaks of it")
    return "; ".join(parts) or "-"
