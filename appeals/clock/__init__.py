"""From recorded facts and a cited rule to the dates of both sides, each with its reason. Pure: no Django,
no clock on the wall.

A claimant's date resolves doubt EARLY, a payer's LATE. Hours are instants and never become days.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from advocacy.errors import Reason
from appeals.clock.arithmetic import Reading, add_hours, earlier, later, words_of
from appeals.clock.calendar import add_business_days, last_business_day_on_or_before
from appeals.clock.facts import Facts, Moment, Unclear, check_chronology, unclear
from appeals.clock.longer import extended, lenient
from appeals.clock.stages import Found, applies, check_requirements, chosen, find_stage
from appeals.regimes import book
from appeals.regimes.shapes import Level, Override, Regime, Rule

CONFIRM = "Confirm this date with the letter: the rule is not fully verified."


NO_EXTRAS: Mapping[str, Moment | int] = MappingProxyType({})


@dataclass(frozen=True)
class Flag:
    """Something a person has to know beside the date: a stable code and a sentence."""

    code: str
    text: str


@dataclass(frozen=True)
class Clock:
    """One side's date at one stage, and why.

    `deadline` is the rule's own date (a day, or an aware instant for hour clocks); `safe_date` the day to
    work to (claimants); `stated` what the letter says; `permissive_deadline` a fallback argument, never to
    be worked to; `original_deadline` stands when an override moved it. `headline` is what goes in front.
    `overdue_after` is when a payer may be called late, doubt resolved for the payer. With `error` set there
    is no computed date, and `headline` is at most what the letter states. `arithmetic` leads step by step to the
    date in front; `longer` is that of its steps which gives a payer's `overdue_after` where that is not `deadline`.
    """

    regime: str
    stage: str
    actor: str
    deadline: Moment | None = None
    safe_date: date | None = None
    stated: date | None = None
    permissive_deadline: Moment | None = None
    original_deadline: Moment | None = None
    headline: Moment | None = None
    overdue_after: Moment | None = None
    rule_id: str = ""
    version: int = 0
    citation: str = ""
    confidence: str = ""
    text: str = ""
    if_missed: str = "none"
    inputs: tuple[tuple[str, str], ...] = ()
    presumption: str = ""
    override: str = ""
    arithmetic: tuple[str, ...] = ()
    longer: str = ""
    flags: tuple[Flag, ...] = ()
    extras: Mapping[str, Moment | int] = field(default_factory=lambda: NO_EXTRAS, hash=False)
    error: Reason | None = None

    @property
    def deadline_utc(self) -> datetime | None:
        """The deadline as a UTC instant, for hour clocks."""
        return self.deadline.astimezone(UTC) if isinstance(self.deadline, datetime) else None

    @property
    def untimely_from(self) -> Moment | None:
        """The first day (or instant) on which the payer is late: the day after `overdue_after`."""
        return _next(self.overdue_after)

    @property
    def deemed_exhausted_from(self) -> Moment | None:
        """Where silence counts as exhaustion: when the patient may go to the next level."""
        return self.untimely_from if self.if_missed == "deemed_exhaustion" else None

    @property
    def if_missed_text(self) -> str:
        """What follows when this date passes, as a sentence."""
        return book().if_missed[self.if_missed]

    @property
    def confirm_with_letter(self) -> bool:
        """Whether a person should confirm the date before relying on it."""
        return self.confidence != "verified" or any(f.code == "confirm_with_letter" for f in self.flags)


def _next(value: Moment | None) -> Moment | None:
    return value if value is None or isinstance(value, datetime) else value + timedelta(days=1)


def stage_clock(regime_key: str, stage: str, facts: Facts, state: str | None = None) -> Clock:
    """The clock of one stage by its key. Never raises for facts: what cannot be computed is a Clock with
    `error`."""
    regime = book().regimes[regime_key]
    try:
        check_chronology(facts)
        return _computed(find_stage(regime, stage, facts, state), facts)
    except Unclear as problem:
        return without_date(regime_key, stage, "claimant", facts, problem.reason)


def claimant_clock(level: Level, facts: Facts) -> Clock:
    """The patient's filing clock of a level. A level the plan opens by forwarding has no filing date:
    `error` says so."""
    if level.filing is None:
        reason = Reason("opened_by_forwarding", "Nobody has to file here: the plan forwards the case itself.")
        return without_date(level.regime, level.key, "claimant", facts, reason)
    return stage_clock(level.regime, level.filing, facts, level.state or facts.state or "unknown")


def decision_clock(level: Level, facts: Facts) -> Clock:
    """The decider's clock of a level. Variants (urgent, drug, payment, one or two levels) are chosen from
    the facts."""
    stage = chosen(level.decisions, facts, level.key)
    if stage is None:
        reason = Reason("no_decision_clock", "No rule sets a time to decide at this level.")
        return without_date(level.regime, level.key, "reviewer", facts, reason)
    where = level.state or facts.state or "unknown"
    found = stage_clock(level.regime, stage, facts, where)
    if found.error:
        return replace(found, actor="payer")
    told = tuple(_state_clocks(level, facts, where))
    return replace(found, flags=(*found.flags, *told)) if told else found


def _state_clocks(level: Level, facts: Facts, where: str) -> Iterator[Flag]:
    """What the law of the state of issue adds to the time to decide: the first of its clocks that fits."""
    if not book().regimes[level.regime].uses_state_layer or where not in book().states:
        return
    for stage in book().states[where].stages.values():
        if level.key in stage.beside and applies(stage.when, facts):
            own = stage_clock(level.regime, stage.key, facts, where)
            if own.deadline is not None:
                told = f"{own.text} Here: {words_of(own.deadline)} ({own.citation})."
                yield Flag("state_clock", f"{told} {own.if_missed_text}")
            return


def request_clock(regime_key: str, facts: Facts) -> Clock:
    """The payer's clock on the first request (prior authorization or claim)."""
    regime = book().regimes[regime_key]
    stage = chosen(regime.requests, facts)
    if stage is None and regime.requests:
        why = Reason("no_request_clock", "No rule sets a time to decide on care that was already given.")
        return without_date(regime_key, "request", "payer", replace(facts, stated=None), why)
    if stage is None:
        return _not_complete(regime, "request", "payer", facts)
    found = stage_clock(regime_key, stage, facts)
    return replace(found, actor="payer") if found.error else found


def continuation_clock(regime_key: str, facts: Facts, level: Level | None = None) -> Clock | None:
    """The patient's clock to keep a service going while the appeal (with `level`, that level) runs; None if there is none."""
    stage = chosen(book().regimes[regime_key].continuation, facts, level.key if level else None)
    return stage_clock(regime_key, stage, facts) if stage else None


def stated_clock(regime_key: str, facts: Facts) -> Clock:
    """For a regime that is recognized and not complete: only what the letter states, never another regime's
    date."""
    return _not_complete(book().regimes[regime_key], "stated", "claimant", facts)


def _not_complete(regime: Regime, stage: str, actor: str, facts: Facts) -> Clock:
    why = regime.not_complete_because or f"{regime.title}: no date is computed for this step."
    return without_date(regime.key, stage, actor, facts, Reason("not_complete", why))


def without_date(regime_key: str, stage: str, actor: str, facts: Facts, reason: Reason) -> Clock:
    """A Clock that says why there is no computed date; the letter's date, if any, is in front."""
    return Clock(regime_key, stage, actor, stated=facts.stated, headline=facts.stated, error=reason)


# -- one rule over one set of facts ------------------------------------------------------------------------
def _computed(found: Found, facts: Facts) -> Clock:
    rule = found.rule
    check_requirements(rule, facts)
    if rule.process and facts.process not in (None, rule.process):
        raise unclear(
            "wrong_process",
            "This stage belongs to another external review process than the one recorded.",
            "process",
        )
    reading = Reading(facts, "statute")
    flags = [Flag(*note) for note in found.notes]
    original = reading.of(rule.calculation)
    deadline = extended(rule, facts, original, reading)
    permissive, longest = deadline, ""
    if rule.can_be_argued or reading.receipt_dismissed:
        lax = Reading(facts, "permissive")
        permissive = extended(rule, facts, lax.of(rule.calculation), lax)
        longest = f"At the longest this rule allows ({rule.citation}): {' '.join(lax.lines)}"
    flags += [Flag(*f) for f in reading.flags]
    applied: Override | None = None
    if rule.actor == "claimant":
        deadline, applied = _overridden(found, facts, deadline, reading)
        permissive = later(permissive, deadline)
    older = lenient(rule, facts)
    if older:
        other, told = older
        if later(permissive, other) != permissive:
            permissive, longest = other, told
        assert rule.lenient is not None
        flags.append(Flag("longer_time_possible", rule.lenient["note"]))
    extras: dict[str, Moment | int] = {k: v for k, v in reading.named.items() if isinstance(v, date | int)}
    for step in rule.then:
        extras[step["name"]] = _after(step, deadline)
    made: dict[str, Any] = {
        "regime": found.regime.key,
        "stage": found.stage,
        "actor": rule.actor,
        "deadline": deadline,
        "stated": facts.stated,
        "permissive_deadline": permissive if permissive != deadline else None,
        "original_deadline": original if applied else None,
        "rule_id": rule.id,
        "version": rule.version,
        "citation": rule.citation,
        "confidence": rule.confidence,
        "text": rule.text,
        "if_missed": rule.if_missed,
        "inputs": tuple(
            (k, v.isoformat() if isinstance(v, date) else str(v)) for k, v in reading.used.items()
        ),
        "presumption": reading.presumption,
        "override": f"{applied.title} ({applied.source})" if applied else "",
        "extras": MappingProxyType(extras) if extras else NO_EXTRAS,
    }
    if rule.confidence != "verified" or rule.confirm:
        flags.append(Flag("confirm_with_letter", rule.confirm or CONFIRM))
    if rule.actor != "claimant":
        overdue = deadline if permissive == deadline else later(deadline, permissive)
        lines = list(reading.lines)
        if overdue != deadline:
            lines += [longest, f"It counts as late only after the later of these: {words_of(overdue)}."]
        return Clock(
            **made,
            headline=deadline,
            overdue_after=overdue,
            arithmetic=tuple(lines),
            longer=longest if overdue != deadline else "",
            flags=tuple(flags),
        )
    return _with_safe_date(made, rule, facts, reading, flags)


def _with_safe_date(
    made: Mapping[str, Any], rule: Rule, facts: Facts, reading: Reading, flags: list[Flag]
) -> Clock:
    """Safe: the last business day on or before the earliest date any contestable fact would give; headline:
    the earlier."""
    deadline: Moment = made["deadline"]
    own: Moment = made["original_deadline"] or deadline
    earliest = earlier((strict := Reading(facts, "safe")).of(rule.calculation), own)
    day = earliest.date() if isinstance(earliest, datetime) else earliest
    safe = last_business_day_on_or_before(day)
    if earliest != own:
        why = (
            "; ".join(dict.fromkeys(strict.doubts)) or "the earliest way to count may be the one that stands"
        )
        reading.lines.append(f"The earliest date in question, because {why}: {' '.join(strict.lines)}")
    if safe != day:
        reading.lines.append(
            f"Work to {words_of(safe)}: the last business day on or before {words_of(day)}"
            " (weekends and Federal holidays left out)."
        )
    elif safe != deadline:
        reading.lines.append(f"Work to {words_of(safe)}: a business day.")
    last = deadline.date() if isinstance(deadline, datetime) else deadline
    if facts.stated and facts.stated < last:
        flags.append(
            Flag(
                "letter_earlier_than_rule",
                "The letter states an earlier date than the rule: it may be wrong, work to it all the same.",
            )
        )
    if facts.stated and facts.stated > last:
        flags.append(
            Flag("letter_later_than_rule", "The letter states a later date than the rule: do not rely on it.")
        )
    headline = min(safe, facts.stated) if facts.stated else safe
    if headline != safe:
        reading.lines.append(f"The letter states {words_of(headline)}, which is earlier: work to it.")
    return Clock(
        **made, safe_date=safe, headline=headline, arithmetic=tuple(reading.lines), flags=tuple(flags)
    )


def _after(step: Mapping[str, object], deadline: Moment) -> Moment:
    n = step.get("n", 0)
    assert isinstance(n, int)
    if step["op"] == "same_moment":
        return deadline
    if step["op"] == "add_business_days":
        return add_business_days(deadline, n, count_for=str(step["count_for"]))
    # Hours after a day that is not an instant run from its end, so they end on a later day.
    return (
        add_hours(deadline, n) if isinstance(deadline, datetime) else deadline + timedelta(days=-(-n // 24))
    )


def _overridden(
    found: Found, facts: Facts, deadline: Moment, reading: Reading
) -> tuple[Moment, Override | None]:
    """Dated acts of a program. An override never shortens."""
    best, applied = deadline, None
    if isinstance(deadline, datetime):
        return best, applied
    for override in book().overrides:
        if not _in_scope(override, found, facts):
            continue
        moved = _moved(override, deadline, reading.trigger)
        if moved and moved > best:
            best, applied = moved, override
    if applied:
        reading.lines.append(
            f"{applied.title}: {words_of(deadline)} moved to {words_of(best)}. "
            "The safe date stays on the earlier one."
        )
    return best, applied


def _in_scope(override: Override, found: Found, facts: Facts) -> bool:
    scope = override.scope
    process = facts.process or found.rule.process
    return (
        found.rule.id in scope["rules"]
        and found.regime.key in scope.get("regimes", (found.regime.key,))
        and ("process" not in scope or process in scope["process"])
    )


def _moved(override: Override, deadline: date, trigger: date | None) -> date | None:
    values: Mapping[str, date] = {k: v for k, v in override.values.items() if isinstance(v, date)}
    if override.kind == "move":
        return (
            values["new_deadline"] if values["original_from"] <= deadline <= values["original_to"] else None
        )
    if trigger is None or deadline < values["disregard_from"] or trigger > values["disregard_to"]:
        return None
    # The days of the period do not count, for at most a year: the day the relief reached the person and so many after it.
    start = max(trigger, values["disregard_from"])
    days = override.values["at_most_days"]
    assert isinstance(days, int)
    end = min(start + timedelta(days=days), values["disregard_to"])
    return end + (deadline - start)
