"""What a level is about: the items that are still refused when it is reached. Pure over loaded rows."""

from __future__ import annotations

from appeals.facts import History
from appeals.models import Appeal

UNFAVORABLE = frozenset({"upheld", "partly"})
REMANDED = "remanded"


def items_in_question(history: History, appeal: Appeal) -> frozenset[int]:
    """Primary keys of the items a level is about: refused, and not won, withdrawn or moot since. What a decision sent back is in
    question at the level that was opened again, not above."""
    if appeal.returned_at is not None:
        return _again_in_question(history, appeal)
    previous = history.previous(appeal)
    items = (
        items_in_question(history, previous)
        if previous
        else history.refused.get(appeal.denial_id, frozenset())
    )
    decision = history.decisions.get(previous.pk) if previous else None
    calls = {c.pk for c in history.peer_to_peers if c.denial_id == appeal.denial_id}
    settled = {
        o.item_id
        for o in history.outcomes
        if o.outcome not in UNFAVORABLE
        and ((decision and o.decision_id == decision.pk) or o.peer_to_peer_id in calls)
    }
    return items - settled - _settled_beside(history, appeal)


def _settled_beside(history: History, appeal: Appeal) -> frozenset[int]:
    """Of a level opened at once: the items that a level below, decided before it, no longer refuses."""
    if appeal.beside_id is None:
        return frozenset()
    below = {d.pk for a in history.fellows(appeal) if (d := history.decisions.get(a.pk))}
    return frozenset(
        o.item_id
        for o in history.outcomes
        if o.decision_id in below
        and o.outcome not in UNFAVORABLE
        and (appeal.decided_at is None or o.decided_at <= appeal.decided_at)
    )


def _again_in_question(history: History, appeal: Appeal) -> frozenset[int]:
    """Of the items the level was about before: those that were sent back, or that stayed refused (all, where none did)."""
    before = next((a for a in history.appeals if a.pk == appeal.reopens_id), None)
    asked = (
        items_in_question(history, before)
        if before is not None
        else history.refused.get(appeal.denial_id, frozenset())
    )
    earlier = {
        decision.pk
        for a in history.appeals
        if a.denial_id == appeal.denial_id and a.pk < appeal.pk and (decision := history.decisions.get(a.pk))
    }
    last = {o.item_id: o.outcome for o in history.outcomes if o.decision_id in earlier}
    if appeal.returned_why == Appeal.Returned.REMAND:
        return frozenset(pk for pk in asked if last.get(pk) == REMANDED)
    return frozenset(pk for pk in asked if last.get(pk, REMANDED) in UNFAVORABLE | {REMANDED}) or asked
