"""What a level decided against the plan, or what was won in a call; what of it the plan delivered, and the time it has to deliver
the rest."""

from __future__ import annotations

from dataclasses import replace

from appeals.dues import MET, MISSED, Due, effectuation_due, passed
from appeals.facts import History, decision_facts, effectuation_facts
from appeals.models import Appeal, PeerToPeer
from appeals.queries.as_sent import as_sent, sent_by

NOT_DELIVERED = "decision_not_carried_out"
"""The code of the reason why a case with a decision that the plan owes does not close as won."""
FAVORABLE = frozenset({"overturned", "partly"})


def won_at(history: History, appeal: Appeal) -> frozenset[int]:
    """Primary keys of the items that this level decided against the plan, wholly or partly."""
    decision = history.decisions.get(appeal.pk)
    if decision is None or decision.is_deemed:
        return frozenset()
    return frozenset(
        o.item_id for o in history.outcomes if o.decision_id == decision.pk and o.outcome in FAVORABLE
    )


def undelivered_at(history: History, appeal: Appeal) -> frozenset[int]:
    """Of these, what nobody has recorded as delivered."""
    delivered = {e.item_id for e in history.effectuations if e.appeal_id == appeal.pk}
    return won_at(history, appeal) - delivered


def won_in(history: History, call: PeerToPeer) -> frozenset[int]:
    """Primary keys of the items that were won in a call, wholly or partly."""
    return frozenset(
        o.item_id for o in history.outcomes if o.peer_to_peer_id == call.pk and o.outcome in FAVORABLE
    )


def undelivered_in(history: History, call: PeerToPeer) -> frozenset[int]:
    """Of these, what nobody has recorded as delivered. No rule known here gives a plan a time for it: the laws on carrying out
    speak of what an appeal reversed (42 CFR 422.618, 423.636, 438.424)."""
    return won_in(history, call) - {e.item_id for e in history.effectuations if e.peer_to_peer_id == call.pk}


def effectuation_of(history: History, appeal: Appeal) -> Due | None:
    """The plan's time to carry out what this level decided against it, until all of it is recorded as delivered."""
    if not won_at(history, appeal):
        return None
    facts = effectuation_facts(history, appeal, history.decisions[appeal.pk])
    due = effectuation_due(history.rung(appeal), facts, subject_id=appeal.pk)
    if due is None:
        return None
    assumed, channel = appeal.received_at is None, sent_by(history, appeal)
    known = decision_facts(history, appeal).received is not None
    due = as_sent(
        due, "appeal", assumed=assumed, channel=channel, taken="" if known else "when it was decided"
    )
    if undelivered_at(history, appeal):
        return due
    done = max(e.done_at for e in history.effectuations if e.appeal_id == appeal.pk)
    return replace(due, status=MISSED if passed(due.due, done, history.zone) else MET, ended_at=done)
