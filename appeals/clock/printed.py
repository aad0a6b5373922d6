"""The rules as a document that a lawyer can check: every key, what it takes, every rule beside its citation.

Weakest confidence first. Printed from the data; nothing here knows a regime by name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from appeals.clock.facts import LABELS, Facts
from appeals.clock.input_names import FUNDING_NAMES, INPUT_NAMES
from appeals.clock.stage_names import SAME_PHRASES, SAME_WORDS
from appeals.clock.stages import SURE
from appeals.regimes import book
from appeals.regimes.checks import operations_of
from appeals.regimes.shapes import BASES, DECIDERS, NEED_WORDS, Choice, Regime, Rule, Stage

SURENESS = {
    "uncertain": "Not settled: confirm with the letter and the agency",
    "knowledge": "Believed, not checked against the source: confirm with the letter",
    "verified": "Seen in the regulation, on a government page, or in an independent source that quotes it",
}
NOTICE = "`receipt` or `notice_date`"
EXTENSION = ("extension_notice_date", "extension_days")
TOLLING = ("information_requested", "information_received", "claimant_period_end")


def rules() -> Iterator[str]:
    """The paragraphs of `docs/rules.md` after its title."""
    yield (
        "The letter in the patient's hand and the plan document govern. A rule marked *uncertain* or *knowledge* is shown"
        " with “confirm with the letter”. This is not legal advice."
    )
    yield "## Every rule, weakest confidence first"
    every = [rule for versions in book().rules.values() for rule in versions]
    for confidence in reversed(SURE):
        yield f"### {confidence.capitalize()}: {SURENESS[confidence].lower()}"
        yield _rules(
            sorted((r for r in every if r.confidence == confidence), key=lambda r: (r.id, r.version))
        )
    yield "## The states: external review of policies issued there, weakest confidence first"
    yield from _states()
    yield "## Levels that may be opened at once, weakest confidence first"
    yield from _at_once()
    yield "## Decisions that are owed without a number of days, weakest confidence first"
    yield from _owed()
    yield "## Acts of a program that move dates"
    yield from _overrides()
    yield "## Amounts in dispute"
    rows = ["| Year | Amounts in US dollars | Citation | Confidence |", "|---|---|---|---|"]
    for row in book().amounts:
        sums = ", ".join(
            f"{name}: {row[name]}" for name in row if isinstance(row[name], int) and name != "year"
        )
        rows.append(f"| {row.get('year', 'every year')} | {sums} | {row['citation']} | {row['confidence']} |")
    yield "\n".join(rows)
    yield "## Kinds of coverage, their ladders and the stages of `compute_deadlines`"
    for regime in book().regimes.values():
        yield from _regime(regime)
    yield "## How the command takes them"
    yield from _inputs()


def _at_once() -> Iterator[str]:
    """What may be opened beside a level that is open still, and what the states say of it themselves."""
    yield (
        "The next level opens with a decision, or when its time has passed. These are opened by a person beside a level that is"
        " still open; each has its own window and its own time to decide. What a state says stands in place of the row of the"
        " same reason, for policies issued there."
    )
    rows = [
        "| Reason | Kinds of coverage | Opens | Beside | Needed | Text | Citation | Confidence | In force | Checked |"
    ]
    rows.append("|---|---|---|---|---|---|---|---|---|---|")
    for row in sorted(book().at_once, key=lambda r: (-SURE.index(r.confidence), r.key)):
        where = ", ".join(f"`{key}`" for key in row.regimes)
        text = f"{row.text} {row.confirm}".strip()
        force = f"{row.in_force_from} - {row.in_force_to or ''}"
        rows.append(
            f"| {row.basis} | {where} | `{row.opens}` | {', '.join(f'`{key}`' for key in row.beside)} | {_needs(row.needs)} |"
            f" {text} | {row.citation} | {row.confidence} | {force} | {row.checked_on or 'not yet'} |"
        )
    yield "\n".join(rows)
    rows = [
        "| State | Reason | Text | Window | Citation | Confidence | Checked |",
        "|---|---|---|---|---|---|---|",
    ]
    for state in book().states.values():
        for basis, said in state.at_once.items():
            text = f"{said['text']} {said.get('confirm', '')}".strip()
            window = f"`{said['window']}`" if said.get("window") else "-"
            rows.append(
                f"| {state.name} | {basis} | {text} | {window} | {said['citation']} | {said['confidence']} |"
                f" {said['checked_on'] or 'not yet'} |"
            )
    yield "\n".join(rows)


def _owed() -> Iterator[str]:
    """What binds the plan to carry out a decision where no rule says in how many days."""
    yield (
        "From these no date follows, and nobody is called late by one. What was won is shown as owed, with the days since the"
        " plan had the decision, until it is recorded as delivered. For levels that stand neither here nor with a stage to"
        " carry out their decision no rule is known."
    )
    rows = ["| Kinds of coverage | Levels | At once | Text | Citation | Confidence | In force | Checked |"]
    rows.append("|---|---|---|---|---|---|---|---|")
    for row in sorted(book().owed, key=lambda r: (-SURE.index(r.confidence), r.key)):
        regimes, levels = (", ".join(f"`{key}`" for key in keys) for keys in (row.regimes, row.levels))
        rows.append(
            f"| {regimes} | {levels} | {'yes' if row.at_once else 'no word of time'} | {row.text} {row.confirm} |"
            f" {row.citation} | {row.confidence} | {row.in_force_from} - {row.in_force_to or ''} |"
            f" {row.checked_on or 'not yet'} |"
        )
    yield "\n".join(rows)


def _needs(keys: Sequence[str]) -> str:
    return "; ".join(NEED_WORDS[key] for key in keys)


def at_once_steps() -> Iterator[str]:
    """The same as steps of a level, for `docs/workflows.md`."""
    yield "## Levels at once"
    yield (
        "A level is opened beside one that is open (`open_at_once`, permission `appeals.file`). The citations stand in"
        " [rules.md](rules.md). Where no rule is known, or nobody certified or waived on record, two people may agree that it is"
        " opened, once ([ADR 32](adr/0032-overrides.md))."
    )
    rows = [
        "| Kind of coverage | While this is open | May be opened | Because | Needed |",
        "|---|---|---|---|---|",
    ]
    for regime in book().regimes.values():
        titles = {level.key: level.title for level in regime.levels}
        for row in (r for r in book().at_once if regime.key in r.regimes):
            open_ones = "; ".join(titles[key] for key in row.beside if key in titles)
            rows.append(
                f"| {regime.title} | {open_ones} | {titles[row.opens]} | {BASES[row.basis]} | {_needs(row.needs)} |"
            )
    yield "\n".join(rows)
    yield (
        "Decided first below: what nothing is left of is settled, and a person withdraws the review; what stays refused goes on"
        " there, and no second review opens. Decided first by the review: it binds, and the appeal below is settled. The"
        " proposed next action leads to what is settled."
    )


def _same_words() -> str:
    same = ", ".join(f"`{one}` for `{other}`" for one, other in (SAME_WORDS | SAME_PHRASES).items())
    return f"one may stand for another ({same})"


def _inputs() -> Iterator[str]:
    first = next(iter(book().regimes.values()))
    yield (
        f'A file of vectors is `{{"vectors": [{{"id": "1", "regime": "{first.key}", "stage": "{first.levels[0].filing}",'
        ' "inputs": {"receipt_date": "2026-03-02"}}]}`. Days are `2026-03-02`, moments `2026-03-02T10:00` with a `zone`.'
        " The stage `external_review_state_` with a state's name asks for the window of that state, with `_decision` after"
        " it for the time to decide; an ending that is none of its clocks is no stage. A stage whose name says neither"
        " standard nor expedited is the expedited one where `urgent` is yes. The words of a key may stand in another order, and"
        f" {_same_words()}; a word too many or too few is no stage. `request_date` is the day of the one request"
        " that a stage lacks; `received` is the reversal that reached the payer where the stage counts from it."
        " A day under `proven_receipt_date`, `documented_receipt_date` or `proof_of_receipt_date` is"
        " one with evidence. The kind of coverage `unknown` takes `candidates` and answers with every path."
        f" {' or '.join(f'`{name}`' for name in FUNDING_NAMES)} says who bears the cost: `unknown`, of a group plan, is answered"
        " with both paths; another funding than the kind of coverage has is the row's error."
    )
    aliases: dict[str, list[str]] = {}
    for alias, name in INPUT_NAMES.items():
        aliases.setdefault(name, []).append(f"`{alias}`")
    rows = ["| Input | What it is | Also taken as |", "|---|---|---|"]
    for field in dataclasses.fields(Facts):
        what = LABELS.get(field.name, field.name.replace("_", " "))
        rows.append(f"| `{field.name}` | {what} | {', '.join(aliases.get(field.name, ['-']))} |")
    yield "\n".join(rows)


def _regime(regime: Regime) -> Iterator[str]:
    yield f"### {regime.title} (`{regime.key}`)"
    if regime.combines:
        yield "Every kind of coverage that may apply is computed; the patient's earliest and the payer's latest date stand."
        return
    yield "Complete." if regime.complete else f"Recognized, not complete: {regime.not_complete_because}"
    if regime.confidence:
        yield f"That the rules below apply here is itself marked *{regime.confidence}*."
    if regime.levels:
        yield "\n".join(
            f"{n}. {level.title}{_only(level.only_when)} (opened by {_opened(level.opened_by)}). {level.who_may_file}"
            for n, level in enumerate(regime.levels, start=1)
        )
    if chosen := [*_chosen(regime)]:
        yield "Which clock is taken, the first line that fits:"
        yield "\n".join(["| Of what | When | Stage |", "|---|---|---|", *chosen])
    if regime.notes:
        yield "\n".join(f"- {note}" for note in regime.notes)
    if regime.stages:
        rows = ["| Stage | Inputs | Rule | Also called |", "|---|---|---|---|"]
        rows += [_stage(regime, stage) for _, stage in sorted(regime.stages.items())]
        yield "\n".join(rows)


def _chosen(regime: Regime) -> Iterator[str]:
    """What decides which of several clocks is taken, case by case."""
    yield from _choices("the first request", regime.requests)
    for level in regime.levels:
        yield from _choices(f"{level.title}: decision", level.decisions)
        yield from _choices(f"{level.title}: carried out", level.effectuation)
    yield from _choices("treatment goes on", regime.continuation)
    yield from _choices("documents asked for", regime.documents)


def _choices(what: str, choices: Sequence[Choice]) -> Iterator[str]:
    for choice in choices:
        when = ", ".join(f"`{name}` {_value(value)}" for name, value in choice.when.items())
        stage = f"`{choice.stage}`" if choice.stage else "no rule gives a time"
        yield f"| {what} | {when or 'else'} | {stage} |"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "recorded" if value == "known" else str(value)


def _only(when: Mapping[str, Any]) -> str:
    return "".join(f", only with {value} {name}" for name, value in when.items())


def _opened(by: str) -> str:
    return "filing, or by the plan where it missed its time" if by == "either" else by


def _stage(regime: Regime, stage: Stage) -> str:
    names = ", ".join(f"`{alias}`" for alias in stage.aliases) or "-"
    if stage.rule:
        rule = book().rules[stage.rule][-1]
        takes, what = ", ".join(inputs_of(rule)), f"`{stage.rule}`"
        if own := regime.citations.get(stage.rule):
            what += f", here {own}"
        if stage.reopens:
            what += f"; shown after a last decision of: {', '.join(DECIDERS[key].lower() for key in stage.reopens)}"
    elif stage.choose:
        takes = ", ".join(dict.fromkeys(f"`{name}`" for c in stage.choose for name in c.when)) or "-"
        what = "chosen: " + ", ".join(f"`{c.stage}`" for c in stage.choose)
    else:
        takes, what = "`state`, and what the state's rule takes", f"the state's time to {_of_state(stage)}"
    return f"| `{stage.key}` | {takes} | {what} | {names} |"


def _of_state(stage: Stage) -> str:
    return "file" if stage.state_layer == "filing" else "decide"


def inputs_of(rule: Rule) -> tuple[str, ...]:
    """The inputs a rule counts from or looks at, in the order in which its calculation names them."""
    names: dict[str, None] = {}
    for node in operations_of(rule.calculation):
        anchor = node.get("anchor")
        if isinstance(anchor, str):
            names[NOTICE if anchor in ("receipt", "determination") else f"`{anchor}`"] = None
        if node.get("n_from"):
            names[f"`{node['n_from']}`"] = None
        if node["op"] == "stated_or_add_days":
            names["`stated`"] = None
        spec = node.get("plus_days_between")
        for name in (*spec["start"], spec["end"]) if spec else ():
            names[f"`{name}`"] = None
        for branch in node.get("of", ()) if node["op"] == "choose" else ():
            for name in [branch["when_known"]] if "when_known" in branch else list(branch.get("when", {})):
                names[f"`{name}`"] = None
    optional = [*rule.requires]
    if rule.extension is not None:
        optional += [*EXTENSION, *(TOLLING if rule.extension.get("tolls_for_missing_information") else ())]
    optional += [rule.lenient["when_missing"]] if rule.lenient else []
    return (*names, *(f"(`{name}`)" for name in optional if f"`{name}`" not in names))


def _rules(found: Sequence[Rule]) -> str:
    rows = [
        "| Rule | Version | In force | Acts | Text | If missed | Citation | Checked |",
        "|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*rows, *(_row(f"`{rule.id}`", rule) for rule in found)])


def _row(name: str, rule: Rule) -> str:
    text = f"{rule.text} {rule.confirm}".strip().replace("|", "/")
    missed = book().if_missed[rule.if_missed] if rule.if_missed != "none" else "-"
    days = f" (extension: {rule.extension['days']} days)" if rule.extension else ""
    known = f" (published {rule.known_from}, {rule.published})" if rule.known_from else ""
    return (
        f"| {name} | {rule.version} | {rule.in_force_from} - {rule.in_force_to or ''}{known} | {rule.actor} | {text}{days} |"
        f" {missed} | {rule.citation} | {rule.checked_on or 'not yet'} |"
    )


def _states() -> Iterator[str]:
    yield (
        "The state of ISSUE of the policy governs; plans that bear their own cost, and public programs, are outside. Where"
        " the state is not known: " + book().state_default.text
    )
    rows = [
        "| State | Confidence | Process | Agency | Window | Citation | Note | Checked |",
        "|---|---|---|---|---|---|---|---|",
    ]
    law = sorted(book().states.values(), key=lambda s: (-SURE.index(s.confidence), s.complete, s.name))
    for state in law:
        text = state.filing.text if state.filing else "The federal rule: four months after receipt."
        rows.append(
            f"| {state.name} (`{state.slug}`) | {state.confidence} | {state.process.replace('_', ' ')} | {state.agency} |"
            f" {text} | {state.citation} | {state.note or '-'} | {state.checked_on or 'not yet'} |"
        )
    yield "\n".join(rows)
    yield (
        "Clocks of one state's law beside the federal ones. Those of an internal appeal are told with the plan's time to"
        " decide; each is computed by its key."
    )
    own = [stage for state in book().states.values() for stage in state.stages.values()]
    yield "\n".join(
        [
            "| Stage | Version | In force | Acts | Text | If missed | Citation | Checked | Other names |",
            "|---|---|---|---|---|---|---|---|---|",
            *(
                f"{_row(f'`{stage.key}`', stage.rule)} {', '.join(f'`{name}`' for name in stage.aliases) or '-'} |"
                for stage in sorted(own, key=lambda s: (-SURE.index(s.rule.confidence), s.key))
            ),
        ]
    )
    yield (
        "The state's name may also stand in such a key behind `_state_` (`internal_appeal_decision_state_new_york`), or be left"
        " out where `state` gives it."
    )


def _overrides() -> Iterator[str]:
    rows = ["| Act | Announced | Rules | Source | Confidence |", "|---|---|---|---|---|"]
    for act in book().overrides:
        named = ", ".join(f"`{rule}`" for rule in act.scope["rules"])
        rows.append(f"| {act.title} | {act.announced} | {named} | {act.source} | {act.confidence} |")
    yield "\n".join(rows)
