"""Which level opens when a plan lets its time to decide a request pass without an answer.

What silence means stands with each rule (`if_missed` in the rule data); here is only where on the ladder it leads.
"""

from __future__ import annotations

from advocacy.errors import Reason
from appeals.clock import request_clock
from appeals.facts import History, request_facts
from appeals.models import AuthorizationRequest
from appeals.regimes import book
from appeals.regimes.classifier import Classification
from appeals.rungs import Rung, first_position, rung_at

CONTESTED = frozenset({"appealable_adverse", "hearing_for_delay"})
"""Silence counts as a refusal: the first level contests it. 42 CFR 422.568(f), 438.404(c)(5), 431.220(a)(1)."""
EXHAUSTED, SENT_ON = "deemed_exhaustion", "forwarded_to_ire"
OPENS = CONTESTED | {EXHAUSTED, SENT_ON}


def meaning_of(history: History, request: AuthorizationRequest) -> str | None:
    """What it means when this request is not decided in time, as a key of `if_missed`; None while the sets of rules that may
    apply say different things."""
    found, facts = history.classification, request_facts(history, request)
    keys = (found.regime,) if found.regime is not None else found.candidates
    said = {request_clock(key, facts).if_missed for key in keys}
    return said.pop() if len(said) == 1 else None


def opened_by_silence(
    found: Classification, levels: int | None, completed: int, if_missed: str | None
) -> tuple[Rung | None, Reason | None]:
    """The level that a missed answer opens by its meaning (`meaning_of`), or why none does. `completed` internal levels were
    finished before.

    Exhaustion skips every step inside the plan (29 CFR 2560.503-1(l), 45 CFR 147.136(b)(2)(ii)(F)); a drug plan has to send the
    case to the independent entity (42 CFR 423.568(h), 423.572(d)).
    """
    if if_missed is None:
        return None, Reason(
            "rules_not_settled",
            "More than one set of rules may apply, and silence means another thing under each. Answer the coverage questions"
            " first.",
        )
    if if_missed not in OPENS:
        return None, Reason(
            "silence_opens_nothing",
            f"Silence opens no level here. {book().if_missed.get(if_missed, '')} Ask for the decision, or complain to the"
            " agency.",
        )
    position = first_position(found, levels, completed)
    rung = rung_at(found, levels, position)
    while rung is not None and not is_meant(rung, if_missed):
        position += 1
        rung = rung_at(found, levels, position)
    if rung is None or rung.is_court or not rung.levels:
        return None, Reason(
            "only_a_court",
            "After the steps inside the plan only a court is left under these rules. Ask a lawyer, and demand the decision"
            " meanwhile.",
        )
    return rung, None


def opens_unless_denied(history: History, request: AuthorizationRequest) -> bool:
    """Whether the silence on a request opens a level by the rules that may apply, and no denial of it is recorded yet."""
    if any(d.request_id == request.pk for d in history.denials):
        return False
    return meaning_of(history, request) in OPENS


def is_meant(rung: Rung, if_missed: str) -> bool:
    """Whether a level is one that a missed answer to a request may open, by its meaning."""
    if if_missed == EXHAUSTED:
        return rung.kind != "plan"
    return rung.may_be_forwarded if if_missed == SENT_ON else True
