"""What makes the time of a payer longer: an extension that was announced, the clock that stands while information is missing,
another rule that may bind while a fact is not known."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from appeals.clock.arithmetic import Reading, add_calendar_days, words_of
from appeals.clock.facts import Facts, Moment, unclear
from appeals.regimes import book, rule_in_force
from appeals.regimes.shapes import Rule


def extended(rule: Rule, facts: Facts, original: Moment, reading: Reading) -> Moment:
    """The payer's date after an extension: valid only when announced inside the original period, tolled
    while waiting."""
    announced = facts.extension_notice_date
    tolls = rule.extension is not None and rule.extension.get("tolls_for_missing_information", False)
    if announced is None and tolls and facts.extension_noticed is not False:
        # Asking for missing information is how this extension is announced; doubt is resolved for the payer.
        announced = facts.day("information_requested")
    if not facts.extension_noticed and announced is None:
        return original
    if rule.extension is None:
        if rule.actor != "claimant":
            reading.flags.append(
                ("no_extension_allowed", "This clock allows no extension; the notice of one changes nothing.")
            )
        return original
    if announced is None:
        reading.flags.append(
            (
                "extension_date_missing",
                "The date of the extension notice is not recorded; it is valid only if sent in time.",
            )
        )
    elif announced > (original.date() if isinstance(original, datetime) else original):
        reading.flags.append(
            (
                "extension_too_late",
                "The extension was announced after the time had run out: it does not count.",
            )
        )
        reading.lines.append(
            f"The extension notice of {words_of(announced)} came too late and is not counted."
        )
        return original
    days = min(
        rule.extension["days"] if facts.extension_days is None else facts.extension_days,
        rule.extension["days"],
    )
    waited = _days_waited(facts, announced) if tolls else 0
    extended = (
        add_calendar_days(original, days + waited)
        if isinstance(original, datetime)
        else original + timedelta(days + waited)
    )
    reading.used["extension_noticed"] = announced or True
    waiting = f" and {waited} days of waiting for information" if waited else ""
    reading.lines.append(f"+ {days} days of extension{waiting} = {words_of(extended)}.")
    return extended


def _days_waited(facts: Facts, announced: date | None) -> int:
    """29 CFR 2560.503-1(f)(4): the clock stops from the extension notice to the answer, or the end of the
    time to answer."""
    ends = [d for d in (facts.day("information_received"), facts.day("claimant_period_end")) if d]
    if not ends and not facts.missing_information and facts.information_requested is None:
        return 0
    if not ends:
        raise unclear(
            "clock_stopped",
            "The clock stands still until the information arrives or the time to supply it ends.",
            "information_received",
        )
    if announced is None:
        raise unclear(
            "missing_extension_notice_date",
            "The date of the extension notice is needed to know how long the clock stood.",
            "extension_notice_date",
        )
    if min(ends) < announced:
        raise unclear(
            "impossible_order",
            "The information cannot have arrived before the extension notice asked for it.",
            "information_received",
        )
    return (min(ends) - announced).days


def lenient(rule: Rule, facts: Facts) -> tuple[Moment, str] | None:
    """The later date of another rule while the fact that tells which of the two binds is not known, and how: an older version
    that may still bind this payer, or the rule for another kind of request, at its longest."""
    spec = rule.lenient
    received = facts.day("received")
    if spec is None or received is None or getattr(facts, spec["when_missing"]) is not None:
        return None
    if "rule" in spec:
        other = rule_in_force(spec["rule"], received)
        why = spec["told"]
    else:
        if received > date.fromisoformat(spec["until"]):
            return None
        other = next(r for r in book().rules[rule.id] if r.version == spec["version"])
        why = "Under the rule before, which may still bind"
    if other is None:
        return None
    reading = Reading(facts, "permissive")
    found = extended(other, facts, reading.of(other.calculation), reading)
    return found, f"{why} ({other.citation}): {' '.join(reading.lines)}"
