"""The call between the treating clinician and the payer's reviewer. It has no legal clock and stops none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.errors import Reason
from appeals.commands.checks import guards_of, locked_case_of, refuse, today_of
from appeals.commands.deadlines import follow_act
from appeals.commands.follow_ups import SOON, ask, program_of
from appeals.models import Appeal, DenialItem, ItemOutcome, PeerToPeer, RequestItem
from appeals.queries.history import load_history
from appeals.queries.in_question import items_in_question
from appeals.queries.ladder import AWAITING, BEFORE_FILING
from appeals.workflow import APPEAL, PEER_TO_PEER
from cases.models import Case, Task

WON = "Overturned in peer-to-peer"
ASK_IN_WRITING = (
    "Ask for the decision in writing, with the authorization number: a word on the phone grants nothing."
)
REOPENING = {
    # 42 CFR 422.566, 422.582, 422.616: after a written denial the plan changes it by reopening or reconsideration only.
    "medicare_advantage": "After a written denial the change must come as a reopening or a reconsideration. Keep the"
    " appeal's window in mind until that notice has arrived."
}


def schedule_call(
    *, actor: Actor, call: PeerToPeer, scheduled_at: datetime | None, after_window: bool = False, at: datetime
) -> PeerToPeer:
    """Set the time of the call (again, when it moves). After the last day the letter names, only with `after_window`: the other
    side agreed to it. Raises WrongState, Refused.
    """
    require(actor, Permission.HOLD_PEER_TO_PEER, call)
    with transaction.atomic():
        case = locked_case_of(call)
        locked = PeerToPeer.objects.select_for_update().get(pk=call.pk)
        late = is_after_window(locked, scheduled_at)
        changes = {"scheduled_at": scheduled_at, "arranged_at": locked.arranged_at or at}
        refuse(
            [
                *guards_of(PEER_TO_PEER, "schedule", locked, {"at": at, "actor": actor, "changes": changes}),
                *([] if after_window or not late else [_after_window(locked)]),
            ]
        )
        row = PEER_TO_PEER.take(
            "schedule",
            call,
            actor=actor,
            at=at,
            changes=changes,
            detail={"after_window": True} if late else None,
            held=locked,
        )
        _finish(case, at)
    return row


def hold_call(
    *,
    actor: Actor,
    call: PeerToPeer,
    held_at: datetime | None,
    reviewer: str = "",
    reviewer_specialty: str = "",
    outcome: str,
    item_outcomes: Mapping[UUID | str, str],
    summary: str = "",
    at: datetime,
) -> PeerToPeer:
    """Record how the call went. `item_outcomes` maps public ids of refused items to outcomes; items left out stay refused.

    When every refused item is won (or no longer wanted) and the first level has not been filed, that level ends as not
    pursued; a part of the items leaves it open for the rest. Raises WrongState, Refused with every reason.
    """
    require(actor, Permission.HOLD_PEER_TO_PEER, call)
    with transaction.atomic():
        case = locked_case_of(call)
        row = PeerToPeer.objects.select_for_update().get(pk=call.pk)
        changes = {
            "held_at": held_at,
            "reviewer": reviewer.strip(),
            "reviewer_specialty": reviewer_specialty.strip(),
            "outcome": outcome,
            "summary": summary.strip(),
        }
        items = {str(i.public_id): i for i in _refused(row)}
        named = {str(key): value for key, value in item_outcomes.items()}
        refuse(
            [
                *guards_of(PEER_TO_PEER, "hold", row, {"at": at, "actor": actor, "changes": changes}),
                *_reasons(row, items, named, outcome, held_at),
            ]
        )
        held = PEER_TO_PEER.take(
            "hold", call, actor=actor, at=at, changes=changes, detail={"outcome": outcome}, held=row
        )
        assert held_at is not None
        for key, value in _settled(items, named, outcome).items():
            ItemOutcome.objects.create(
                case=case, item=items[key], peer_to_peer=held, outcome=value, decided_at=held_at
            )
        if outcome in (PeerToPeer.Outcome.OVERTURNED, PeerToPeer.Outcome.PARTLY):
            _end_what_was_won(case, held, at)
        _finish(case, at)
    return held


def miss_call(*, actor: Actor, call: PeerToPeer, reason: str, at: datetime) -> PeerToPeer:
    """Record that the call did not take place. Raises WrongState, Refused without a reason."""
    require(actor, Permission.HOLD_PEER_TO_PEER, call)
    with transaction.atomic():
        case = locked_case_of(call)
        row = PEER_TO_PEER.take(
            "miss",
            call,
            actor=actor,
            at=at,
            changes={"summary": reason.strip()},
            facts={"reason": reason.strip()},
        )
        _finish(case, at)
    return row


def is_after_window(call: PeerToPeer, scheduled_at: datetime | None) -> bool:
    """Whether a time lies after the last day the letter names, where the patient is; False where it names none."""
    until = call.window_ends_on
    return bool(until and scheduled_at and today_of(call.case, scheduled_at) > until)


def _after_window(call: PeerToPeer) -> Reason:
    until = call.window_ends_on
    assert until is not None
    return Reason(
        "after_window",
        f"The letter offers the call until {until:%B} {until.day}, {until.year}: the other side may refuse it. Choose an earlier"
        " day, or tick that it agreed.",
        "after_window",
    )


def _finish(case: Case, at: datetime) -> None:
    follow_act(case, at)


def _refused(call: PeerToPeer) -> list[RequestItem]:
    ids = DenialItem.objects.filter(denial_id=call.denial_id).values_list("item_id", flat=True)
    return list(RequestItem.objects.filter(pk__in=list(ids)).order_by("position"))


def _settled(items: Mapping[str, RequestItem], named: Mapping[str, str], outcome: str) -> dict[str, str]:
    """An overturned denial without word on single items overturned all of them."""
    if outcome == PeerToPeer.Outcome.OVERTURNED and not named:
        return dict.fromkeys(items, str(ItemOutcome.Outcome.OVERTURNED))
    return dict(named)


def _reasons(
    call: PeerToPeer,
    items: Mapping[str, RequestItem],
    named: Mapping[str, str],
    outcome: str,
    held_at: datetime | None,
) -> Iterator[Reason]:
    if outcome and outcome not in PeerToPeer.Outcome.values:
        yield Reason("outcome_unknown", "Choose how the call ended.", "outcome")
    for key, value in named.items():
        if key not in items:
            yield Reason(
                "item_unknown", "This item is not refused by the denial. Leave it out.", f"item_{key}"
            )
        elif value not in ItemOutcome.Outcome.values or value == ItemOutcome.Outcome.REMANDED:
            yield Reason("outcome_unknown", "Choose the outcome of the item.", f"item_{key}")
    good = {str(ItemOutcome.Outcome.OVERTURNED), str(ItemOutcome.Outcome.PARTLY)}
    won = [key for key, value in named.items() if value in good]
    if outcome == PeerToPeer.Outcome.PARTLY and not won:
        yield Reason("item_outcome_missing", "Say which items were won in the call.", "outcome")
    if outcome in (PeerToPeer.Outcome.UPHELD, PeerToPeer.Outcome.MORE_INFORMATION) and won:
        yield Reason(
            "outcome_contradicts",
            "Items were won, but the call ended without that. Choose how it ended by what became of them.",
            "outcome",
        )
    upheld = [key for key, value in named.items() if value == ItemOutcome.Outcome.UPHELD]
    if outcome == PeerToPeer.Outcome.OVERTURNED and upheld:
        text = (
            "Some items stay refused: choose “Partly overturned”."
            if won
            else "No item was won: choose “Denial upheld”."
        )
        yield Reason("outcome_contradicts", text, "outcome")
    if held_at and call.denial.told_on and today_of(call.case, held_at) < call.denial.told_on:
        yield Reason("held_before_denial", "The call cannot be earlier than the denial.", "held_at")


def _end_what_was_won(case: Case, call: PeerToPeer, at: datetime) -> None:
    history = load_history(case)
    note = REOPENING.get(history.classification.regime or "", "")
    levels = [a for a in history.appeals if a.denial_id == call.denial_id and a.previous_id is None]
    for level in levels:
        if items_in_question(history, level):
            continue
        if level.status in BEFORE_FILING:
            # The consequence of the call, not a decision of whoever held it: a clinician may not decline a level.
            APPEAL.take(
                "decline",
                Appeal.objects.get(pk=level.pk),
                actor=program_of(case),
                at=at,
                changes={"end_reason": WON},
                facts={"reason": WON, "not_pursued": True},
                detail={"because": "peer_to_peer"},
            )
        elif level.status in AWAITING:
            note = (
                f"{note} The appeal is filed and goes on until its decision is recorded or it is withdrawn."
            )
    ask(
        case,
        code=f"peer_to_peer_in_writing:{call.pk}",
        title="Get the peer-to-peer result in writing",
        detail=f"{ASK_IN_WRITING} {note}".strip(),
        due_on=today_of(case, at) + SOON,
        opened_by=Task.OpenedBy.STAGE,
        at=at,
    )
