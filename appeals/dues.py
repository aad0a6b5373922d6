"""One date of a case as a person meets it: whose it is, what it follows from, and every path that was computed.

Pure: from clocks (one regime, or all that may apply) to `Due`. No Django; nothing is looked up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from advocacy.errors import Reason
from appeals.clock import (
    Clock,
    Flag,
    claimant_clock,
    continuation_clock,
    decision_clock,
    request_clock,
    stage_clock,
    stated_clock,
    without_date,
)
from appeals.clock.arithmetic import earlier, later, words_of
from appeals.clock.combined import (
    Combined,
    Path,
    combined_claimant_clock,
    combined_decision_clock,
    combined_request_clock,
)
from appeals.clock.facts import Facts, Moment
from appeals.clock.stages import chosen
from appeals.regimes import book
from appeals.regimes.classifier import Classification
from appeals.regimes.shapes import DECIDERS, Level
from appeals.rungs import UNKNOWN, Rung, decider_of

CLAIMANT, PAYER, REVIEWER = "claimant", "payer", "reviewer"
RUNNING, MET, MISSED, ENDED = "running", "met", "missed", "ended"
EFFECTUATION, DOCUMENTS, CONTINUATION = "effectuation", "documents", "continuation"
ONLY_THE_LETTER = Reason("only_the_letter", "No rule known here names a day: the letter alone does.")
RULES_NOT_SETTLED = Reason(
    "rules_not_settled",
    "It is not known which rules apply, and they differ in this time. Answer the coverage questions.",
)
COMPLETION, FORWARD_AFTER_AFFIRMING = "external_review_perfection", "ire_forward_expedited"


@dataclass(frozen=True)
class PathDate:
    """What one possible set of rules says about this date."""

    regime: str
    title: str
    due: Moment | None
    statutory: Moment | None
    citation: str
    arithmetic: tuple[str, ...]
    error: str
    longer: str = ""
    rule: str = ""


@dataclass(frozen=True)
class Due:
    """`due` goes in front: for the patient the earlier of safe and stated (of all paths the earliest), for the other side
    the latest defensible moment. None with `error` says why there is no date yet. `last_day` is the last arguable day to
    file. Days are days in the patient's zone; hour clocks are aware instants.
    """

    subject: str
    subject_id: int
    clock: str
    title: str
    side: str
    due: Moment | None
    statutory: Moment | None = None
    safe: date | None = None
    stated: date | None = None
    permissive: Moment | None = None
    last_day: date | None = None
    law: date | None = None
    own_reason: str = ""
    forward_by: Moment | None = None
    regime: str = ""
    rule: str = ""
    version: str = ""
    citation: str = ""
    confidence: str = ""
    text: str = ""
    if_missed: str = ""
    arithmetic: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()
    paths: tuple[PathDate, ...] = ()
    error: Reason | None = None
    status: str = RUNNING
    ended_at: datetime | None = field(default=None, compare=False)
    decider: str = ""

    @property
    def who(self) -> str:
        """The word for who has to act by then: whoever decides the level, else the side; "" for the patient's own dates."""
        if self.side == CLAIMANT:
            return ""
        return DECIDERS[self.decider or decider_of(self.regime, self.rule, self.side)]

    @property
    def is_courtesy(self) -> bool:
        """The window of a peer-to-peer call: the plan's offer, set by no law."""
        return self.subject == "peer_to_peer"

    @property
    def if_missed_text(self) -> str:
        """What follows when this date passes, as a sentence."""
        return book().if_missed.get(self.if_missed, "")


def day_of(moment: Moment | None, zone: str) -> date | None:
    """The calendar day of a moment in a zone."""
    return moment.astimezone(ZoneInfo(zone)).date() if isinstance(moment, datetime) else moment


def passed(moment: Moment | None, on: Moment, zone: str) -> bool:
    """Whether `on` lies after a moment: a day is over only when the next begins in the zone."""
    if moment is None:
        return False
    if isinstance(moment, datetime) and isinstance(on, datetime):
        return on > moment
    first, second = day_of(moment, zone), day_of(on, zone)
    assert first is not None and second is not None
    return second > first


def request_due(found: Classification, facts: Facts, *, subject_id: int) -> Due:
    """The payer's time to decide a request for authorization."""
    identity = ("request", subject_id, "decision", "Decision on the authorization request")
    if found.regime is not None:
        return _single(request_clock(found.regime, facts), *identity)
    return _combined(combined_request_clock(found.candidates, facts), PAYER, *identity)


def filing_due(rung: Rung, facts: Facts, *, subject_id: int) -> Due:
    """The patient's window of a level (or of a court, where the rung is one)."""
    verb = "last day for a court" if rung.is_court else "last day to file"
    identity = ("appeal", subject_id, "court" if rung.is_court else "filing", f"{rung.title}: {verb}")
    if rung.regime != UNKNOWN:
        clock = claimant_clock(rung.levels[0], facts) if rung.levels else stated_clock(rung.regime, facts)
        return _single(clock, *identity)
    combined = combined_claimant_clock(rung.candidates, rung.position - 1, facts, facts.state)
    return _combined(combined, CLAIMANT, *identity)


def decision_due(rung: Rung, facts: Facts, *, subject_id: int) -> Due:
    """The decision maker's time at a level."""
    identity = ("appeal", subject_id, "decision", f"{rung.title}: decision")
    if rung.regime != UNKNOWN:
        clock = decision_clock(rung.levels[0], facts) if rung.levels else stated_clock(rung.regime, facts)
        if not rung.levels:
            # What the letter states is the patient's date; it says nothing about the other side's time.
            clock = replace(clock, actor=PAYER, headline=None, stated=None)
        return replace(_single(clock, *identity), decider=rung.decider)
    combined = combined_decision_clock(rung.candidates, rung.position - 1, facts, facts.state)
    return replace(_combined(combined, PAYER, *identity), decider=rung.decider)


def effectuation_due(rung: Rung, facts: Facts, *, subject_id: int) -> Due | None:
    """The plan's time to carry out what a level decided against it; None where no rule gives one.

    42 CFR 422.618, 422.619, 423.636, 423.638, 438.424(a). While it is not settled which rules apply nobody is called late: there
    is no date where one of them gives a time.
    """
    identity = ("appeal", subject_id, EFFECTUATION, f"{rung.title}: the plan carries it out")
    stages = {level.regime: chosen(level.effectuation, facts) for level in rung.levels}
    if not any(stages.values()):
        return None
    if rung.regime == UNKNOWN:
        return Due(*identity, PAYER, None, regime=UNKNOWN, error=RULES_NOT_SETTLED)
    clock = stage_clock(rung.regime, stages[rung.regime] or "", facts)
    return _single(replace(clock, actor=PAYER), *identity)


def documents_due(found: Classification, facts: Facts, *, subject_id: int, title: str) -> Due | None:
    """The plan's time to send what it was asked for; None where no rule gives one, without a date where the rules that may apply
    differ. 29 U.S.C. 1024(b)(4), 1132(c)(1); 45 CFR 147.136(b)(2)(ii)(F)(2), 164.524(b)(2).
    """
    identity = ("document_request", subject_id, DOCUMENTS, title)
    keys = (found.regime,) if found.regime is not None else found.candidates
    clocks = [stage_clock(k, s, facts) for k in keys if (s := chosen(book().regimes[k].documents, facts))]
    if not clocks:
        return None
    if len(clocks) < len(keys) or len({clock.rule_id for clock in clocks}) > 1:
        return Due(*identity, PAYER, None, regime=UNKNOWN, error=RULES_NOT_SETTLED)
    return replace(_single(replace(clocks[0], actor=PAYER), *identity), regime=found.regime or UNKNOWN)


def continuation_due(rung: Rung, facts: Facts, *, subject_id: int, stated: date | None = None) -> Due | None:
    """The patient's time to ask that a running service goes on; None where neither a rule nor the letter gives one.

    42 CFR 438.420(c): a clock of its own, shorter than the window of the appeal; `stated` is the day the letter names for it.
    """
    facts = replace(facts, stated=stated)
    identity = ("appeal", subject_id, CONTINUATION, f"{rung.title}: last day to ask that treatment goes on")
    found = (continuation_clock(level.regime, facts, level) for level in rung.levels)
    clocks = [clock for clock in found if clock is not None]
    if stated is not None and not clocks:
        clocks = [without_date(rung.regime, CONTINUATION, CLAIMANT, facts, ONLY_THE_LETTER)]
    return _first_of(clocks, rung, identity)


def completion_due(rung: Rung, facts: Facts, *, subject_id: int) -> Due | None:
    """The patient's time to complete a request for external review that was found incomplete; None before such a notice.

    45 CFR 147.136(d)(2)(ii), 29 CFR 2590.715-2719(d)(2)(ii). `facts.stated` is the day the notice names, if any: where a
    state runs its own review only that day is known. A day to work to that was over before the notice came is no day to work
    to: then the last day itself goes in front.
    """
    told = facts.day("incomplete_notice")
    if told is None:
        return None
    identity = ("appeal", subject_id, "completion", f"{rung.title}: last day to complete the request")
    clocks = [
        stage_clock(level.regime, COMPLETION, facts)
        if _federal(level, facts)
        else stated_clock(level.regime, facts)
        for level in rung.levels
        if level.kind == "external"
    ]
    due = _first_of(clocks, rung, identity)
    if due is None or due.due is None or due.statutory is None or _day(due.due) != due.safe:
        return due
    if due.safe is None or due.safe >= told:
        return due
    late = f"That day was over before the notice came: work to {words_of(due.statutory)}."
    return replace(due, due=due.statutory, arithmetic=(*due.arithmetic, late))


def earliest_window(due: Due, stages: Sequence[str], rung: Rung, facts: Facts, *, subject_id: int) -> Due:
    """The window of a level, or that of a stage which ends sooner; stages are of the state's law (`StateStage`)."""
    for key in stages:
        clock = stage_clock(rung.levels[0].regime, key, facts)
        if clock.error is not None or clock.headline is None:
            continue
        if due.due is None or earlier(clock.headline, due.due) != due.due:
            due = replace(_single(clock, due.subject, subject_id, due.clock, due.title), regime=rung.regime)
    return due


def _federal(level: Level, facts: Facts) -> bool:
    """Whether the federal process carries out this external review, whose rule gives a time to complete the request."""
    regime = book().regimes[level.regime]
    law = book().states.get(facts.state or "")
    return COMPLETION in regime.stages and (
        not regime.uses_state_layer or (law is not None and bool(law.filing_stages))
    )


def _first_of(clocks: Sequence[Clock], rung: Rung, identity: tuple[str, int, str, str]) -> Due | None:
    """The patient's earliest date of several; one that says why there is none, when none has a date."""
    dated = [c for c in clocks if c.error is None]
    if not clocks:
        return None
    if not dated:
        return _single(clocks[0], *identity)
    best = dated[0]
    for clock in dated[1:]:
        assert clock.headline is not None and best.headline is not None
        best = clock if earlier(clock.headline, best.headline) != best.headline else best
    return replace(_single(best, *identity), regime=rung.regime)


def forwarding_due(decision: Due, rung: Rung, *, subject_id: int) -> Due | None:
    """By when the plan must send the case on by itself: its own time to decide, or what its rule adds to it.

    42 CFR 422.590: an affirmed or late decision goes to the independent review entity. None where no rule says so.
    """
    if decision.forward_by is None:
        return None
    return replace(
        decision,
        subject="appeal",
        subject_id=subject_id,
        clock="forwarding",
        title=f"{rung.title}: the plan forwards the case",
        due=decision.forward_by,
        arithmetic=(
            *decision.arithmetic,
            f"The plan must send the case on by {words_of(decision.forward_by)}.",
        ),
        if_missed="complain_to_regulator",
        status=RUNNING,
        ended_at=None,
    )


def affirmed_due(rung: Rung, facts: Facts, *, subject_id: int) -> Due | None:
    """By when the plan must send the case on after it affirmed an expedited denial: 42 CFR 422.590(e), 24 hours.

    None where no level of the rung has that rule.
    """
    keys = [lvl.regime for lvl in rung.levels if FORWARD_AFTER_AFFIRMING in book().regimes[lvl.regime].stages]
    if not keys or facts.plan_affirmed is None:
        return None
    clock = stage_clock(keys[0], FORWARD_AFTER_AFFIRMING, facts)
    return _single(clock, "appeal", subject_id, "forwarding", f"{rung.title}: the plan forwards the case")


def _single(clock: Clock, subject: str, subject_id: int, name: str, title: str) -> Due:
    claimant = clock.actor == CLAIMANT
    days = [d for d in (_day(clock.deadline), clock.stated) if d] if claimant else []
    lines = clock.arithmetic
    if clock.error and clock.headline is not None:
        lines = (f"The letter states {words_of(clock.headline)}. {clock.error.message}",)
    forward = clock.extras.get("if_missed_forward_to_ire_by")
    return Due(
        subject,
        subject_id,
        name,
        title,
        clock.actor,
        clock.headline if claimant else clock.overdue_after,
        statutory=clock.deadline,
        safe=clock.safe_date,
        stated=clock.stated if claimant else None,
        permissive=clock.permissive_deadline,
        last_day=max(days, default=None),
        forward_by=_latest(clock.overdue_after, forward if isinstance(forward, date) else None),
        regime=clock.regime,
        rule=clock.rule_id or "letter",
        version=str(clock.version or ""),
        citation=clock.citation,
        confidence=clock.confidence or "letter",
        text=clock.text,
        if_missed=clock.if_missed,
        arithmetic=lines,
        flags=clock.flags,
        error=clock.error,
    )


def _latest(overdue: Moment | None, forward: Moment | None) -> Moment | None:
    """Doubt about the plan's own date is doubt about the forwarding too: the later stands. None where no rule forwards."""
    if forward is None:
        return None
    return later(forward, overdue) if overdue is not None else forward


def _combined(found: Combined, side: str, subject: str, subject_id: int, name: str, title: str) -> Due:
    governing = found.governing
    claimant = side == CLAIMANT
    paths = tuple(_path(p, claimant) for p in found.paths)
    days = [d for p in found.paths if (d := _day(p.clock.deadline))] + (
        [found.stated] if found.stated else []
    )
    flags = {f.code: f for p in found.paths for f in p.clock.flags}
    if {"letter_earlier_than_rule", "letter_later_than_rule"} <= flags.keys():
        del flags["letter_earlier_than_rule"], flags["letter_later_than_rule"]
        flags["letter_between_rules"] = Flag(
            "letter_between_rules",
            "The letter states a date that is earlier than some of the rules that may apply say, and later than others: do"
            " not rely on it, work to the earliest.",
        )
    if any(p.due is None for p in paths):
        flags["path_without_date"] = Flag(
            "path_without_date", "For some of the kinds of coverage that may apply no date is computed."
        )
    dates = [p.clock.permissive_deadline for p in found.paths if p.clock.permissive_deadline]
    permissive = dates[0] if dates else None
    for moment in dates[1:]:
        permissive = later(permissive, moment) if permissive else moment
    return Due(
        subject,
        subject_id,
        name,
        title,
        governing.actor if governing else side,
        found.headline if claimant else found.overdue_after,
        statutory=found.deadline,
        safe=found.safe_date,
        stated=found.stated if claimant else None,
        permissive=permissive,
        last_day=max(days, default=None) if claimant else None,
        forward_by=None,
        regime=UNKNOWN,
        rule=governing.rule_id if governing else "letter",
        version=str(governing.version) if governing else "",
        citation=governing.citation if governing else "",
        confidence=governing.confidence if governing else "letter",
        text=governing.text if governing else "",
        if_missed=governing.if_missed if governing else "none",
        arithmetic=_told(paths, found.headline, claimant, found.stated),
        flags=tuple(flags.values()),
        paths=paths,
        error=found.error if (found.headline if claimant else found.overdue_after) is None else None,
    )


def _path(path: Path, claimant: bool) -> PathDate:
    clock = path.clock
    due = clock.headline if claimant else clock.overdue_after
    return PathDate(
        path.regime,
        path.title,
        None if clock.error else due,
        clock.deadline,
        clock.citation,
        clock.arithmetic,
        clock.error.message if clock.error else "",
        clock.longer,
        clock.text,
    )


def _told(
    paths: Sequence[PathDate], headline: Moment | None, claimant: bool, stated: date | None
) -> tuple[str, ...]:
    lines = []
    for path in paths:
        if path.due is None:
            lines.append(f"{path.title}: {path.error}")
            continue
        steps = " ".join(_without_longer(path))
        lines.append(f"{path.title}: {steps} {path.rule} ({path.citation})")
        if path.longer:
            lines.append(f"{path.title}: {path.longer}")
    if claimant and stated:
        lines.append(f"The letter states {words_of(stated)}.")
    if headline is not None:
        which = "earliest of these is the date to work to" if claimant else "latest of these is defensible"
        from_ = [f"{p.title}{_which(p.longer)}" for p in paths if p.due == headline]
        if claimant and stated == headline:
            from_.append("the letter")
        decides = f", from {'; '.join(from_)}" if from_ else ""
        lines.append(f"It is not known which of these applies; the {which}: {words_of(headline)}{decides}.")
    return tuple(lines)


def _which(longer: str) -> str:
    """How the line that gives the later date begins, to name it by: ", at the longest this rule allows"."""
    return f", {longer[0].lower()}{longer[1:].split(' (')[0]}" if longer else ""


def _without_longer(path: PathDate) -> tuple[str, ...]:
    """The steps to the rule's own date: what the rule allows at the longest stands as a line of its own."""
    return path.arithmetic[: path.arithmetic.index(path.longer)] if path.longer else path.arithmetic


def _day(moment: Moment | None) -> date | None:
    return moment.date() if isinstance(moment, datetime) else moment
