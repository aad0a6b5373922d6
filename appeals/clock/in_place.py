"""Facts of a row under the name that another stage has for them: what a payer received says which, by the stage asked for."""

from __future__ import annotations

from dataclasses import replace

from appeals.clock.facts import Facts


def in_place(lacking: str | None, facts: Facts) -> Facts | None:
    """The facts with the one that a stage lacks, where the row tells it under a name of another stage; None where it does not.

    What the payer received is the notice of reversal, where its time counts from that. A window of days is the plan's, where the
    plan sets one. Asked for and received are two days: neither ever stands for the other.
    """
    if lacking == "reversal_received" and facts.received:
        return replace(facts, reversal_received=facts.received, received=None)
    if lacking == "stated" and facts.window_days and facts.plan_window_days is None:
        return replace(facts, plan_window_days=facts.window_days, window_days=None)
    return None
