"""What the plan delivered after it lost: authorized, paid or provided, item by item; and when it had the decision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, WrongState
from appeals.commands.checks import foreign, locked_case_of, refuse
from appeals.commands.deadlines import follow_act
from appeals.conditions import CLOCK_SKEW
from appeals.facts import History
from appeals.models import (
    Appeal,
    AuthorizationRequest,
    Decision,
    Effectuation,
    GrantedAuthorization,
    PeerToPeer,
    RequestItem,
)
from appeals.queries.effectuations import undelivered_at, undelivered_in, won_at, won_in
from appeals.queries.history import load_history
from cases.models import Case, Document

Kind = Effectuation.Kind


def record_effectuation(
    *,
    actor: Actor,
    appeal: Appeal,
    items: Sequence[UUID | str],
    kind: str,
    done_at: datetime | None,
    document: Document | None = None,
    note: str = "",
    at: datetime,
) -> list[Effectuation]:
    """Record what the plan delivered of what this level decided against it, and when. `items` are public ids; the plan's clock
    ends when every item that was won is delivered.

    Raises NotAllowed, WrongState where nothing was won here, Refused with every reason.
    """
    require(actor, Permission.RECORD_DECISION, appeal)
    with transaction.atomic():
        case = locked_case_of(appeal)
        history = load_history(case)
        won = _Won(
            {"appeal": appeal},
            _won(history, appeal, "record_effectuation").decided_at,
            won_at(history, appeal),
            undelivered_at(history, appeal),
        )
        return _deliver(actor, case, history, won, items, kind, done_at, document, note, at)


def record_call_delivery(
    *,
    actor: Actor,
    call: PeerToPeer,
    items: Sequence[UUID | str],
    kind: str,
    done_at: datetime | None,
    document: Document | None = None,
    note: str = "",
    at: datetime,
) -> list[Effectuation]:
    """The same of what was won in a call: no clock ends by it, only the task that follows it up.

    Raises NotAllowed, WrongState where nothing was won in the call, Refused with every reason.
    """
    require(actor, Permission.RECORD_DECISION, call)
    with transaction.atomic():
        case = locked_case_of(call)
        history = load_history(case)
        items_won = won_in(history, call)
        if not items_won or call.held_at is None:
            raise WrongState(
                "record_call_delivery", call.status, "Nothing was won in this call. Record the call first."
            )
        won = _Won({"peer_to_peer": call}, call.held_at, items_won, undelivered_in(history, call))
        return _deliver(actor, case, history, won, items, kind, done_at, document, note, at)


@dataclass(frozen=True)
class _Won:
    """What may be delivered: of which row, since when, the items that were won, and those that are open."""

    of: Mapping[str, Appeal | PeerToPeer]
    decided_at: datetime
    items: frozenset[int]
    open_ones: frozenset[int]


def _deliver(
    actor: Actor,
    case: Case,
    history: History,
    won: _Won,
    items: Sequence[UUID | str],
    kind: str,
    done_at: datetime | None,
    document: Document | None,
    note: str,
    at: datetime,
) -> list[Effectuation]:
    known = {str(i.public_id): i for i in history.items if i.pk in won.items}
    chosen = list(dict.fromkeys(str(key) for key in items))
    refuse(
        [
            *_item_reasons(known, chosen, won.open_ones),
            *([] if kind in Kind.values else [KIND_MISSING]),
            *_moment_reasons(done_at, won.decided_at, at),
            *foreign(case, document, "document", "document"),
        ]
    )
    assert done_at is not None
    made = _write(
        [known[key] for key in chosen],
        at,
        case=case,
        kind=kind,
        done_at=done_at,
        document=document,
        note=note.strip(),
        recorded_by_id=actor.user_id,
        **won.of,
    )
    follow_act(case, at)
    return made


def void_effectuation(*, actor: Actor, effectuation: Effectuation, reason: str, at: datetime) -> Effectuation:
    """What was recorded wrongly no longer counts; it is kept with the reason, and the plan's clock runs on.

    Raises NotAllowed, WrongState when it is void, Refused without a reason.
    """
    require(actor, Permission.RECORD_DECISION, effectuation)
    with transaction.atomic():
        case = locked_case_of(effectuation)
        row = Effectuation.objects.select_for_update().get(pk=effectuation.pk)
        if row.voided_at is not None:
            raise WrongState("void", "void", "This was taken back already.")
        if not reason.strip():
            refuse([Reason("reason_missing", "Say why, in one sentence.", "reason")])
        row.voided_at, row.void_reason, row.voided_by_id = at, reason.strip(), actor.user_id
        row.save(update_fields=["voided_at", "void_reason", "voided_by"])
        record("effectuation_voided", subject=row, detail={"kind": row.kind})
        follow_act(case, at)
    return row


def record_plan_notice(
    *, actor: Actor, appeal: Appeal, received_at: datetime | None, seen: str | None = None, at: datetime
) -> Decision:
    """Record, or correct, when the plan had the decision that reverses its own: its time to carry it out runs from there. `seen`
    is the moment that is corrected, as text ("none" where there was none).

    Raises NotAllowed, WrongState where nothing was won here or another moment stands now, Refused for a moment that cannot be.
    """
    require(actor, Permission.RECORD_DECISION, appeal)
    with transaction.atomic():
        case = locked_case_of(appeal)
        decision = _won(load_history(case), appeal, "record_plan_notice")
        if seen is not None and seen != str(decision.plan_received_at or "none"):
            raise WrongState(
                "record_plan_notice", "changed", "Somebody recorded this meanwhile. Look at it again."
            )
        refuse(_moment_reasons(received_at, decision.decided_at, at, field="received_at"))
        decision.plan_received_at = received_at
        decision.save(update_fields=["plan_received_at"])
        record("plan_notice_recorded", subject=decision)
        follow_act(case, at)
    return decision


def deliver_by_authorization(
    *,
    actor: Actor,
    case: Case,
    request: AuthorizationRequest,
    granted: GrantedAuthorization,
    at: datetime,
    decided_at: datetime | None = None,
) -> list[Effectuation]:
    """An authorization carries out whatever was won for its request (at a level, or in a call) and is not delivered, of care that
    is still to come.

    It counts from the first valid day: nobody is called late because an authorization was typed in late. One that came with a
    decision (`decided_at`) counts from that moment. Whoever calls holds the case, and computes its dates afterward.
    """
    if request.timing == AuthorizationRequest.Timing.POST_SERVICE:
        return []
    history = load_history(case)
    denials = {d.pk for d in history.denials if d.request_id == request.pk}
    owed = [
        _Won({"appeal": a}, history.decisions[a.pk].decided_at, frozenset(), open_ones)
        for a in history.appeals
        if a.denial_id in denials and (open_ones := undelivered_at(history, a))
    ]
    owed += [
        _Won({"peer_to_peer": c}, c.held_at, frozenset(), open_ones)
        for c in history.peer_to_peers
        if c.denial_id in denials and c.held_at and (open_ones := undelivered_in(history, c))
    ]
    begins = datetime.combine(granted.valid_from, time.min, tzinfo=ZoneInfo(history.zone))
    made: list[Effectuation] = []
    for won in owed:
        made += _write(
            [i for i in history.items if i.pk in won.open_ones],
            at,
            case=case,
            kind=Kind.AUTHORIZED,
            done_at=decided_at or min(max(begins, won.decided_at), at),
            authorization=granted,
            document=granted.document,
            recorded_by_id=actor.user_id,
            **won.of,
        )
    return made


KIND_MISSING = Reason("kind_missing", "Say how the plan delivered it.", "kind")


def _write(items: Iterable[RequestItem], at: datetime, **fields: object) -> list[Effectuation]:
    made = [Effectuation.objects.create(item=item, recorded_at=at, **fields) for item in items]
    for row in made:
        record("effectuation_recorded", subject=row, detail={"kind": row.kind})
    return made


def _won(history: History, appeal: Appeal, step: str) -> Decision:
    if not won_at(history, appeal):
        raise WrongState(
            step,
            appeal.status,
            "Nothing was decided against the plan here. Record the decision of the level first.",
        )
    return history.decisions[appeal.pk]


def _item_reasons(
    known: dict[str, RequestItem], items: Sequence[str], open_ones: frozenset[int]
) -> Iterator[Reason]:
    if not items:
        yield Reason("items_missing", "Choose what was delivered.", "items")
    for key in items:
        if key not in known:
            yield Reason("item_unknown", "This item was not won at this level. Leave it out.", "items")
        elif known[key].pk not in open_ones:
            yield Reason(
                "delivered_already",
                f"Item {known[key].code} is recorded as delivered already. Leave it out, or take that back first.",
                "items",
            )


def _moment_reasons(
    moment: datetime | None, decided_at: datetime, at: datetime, field: str = "done_at"
) -> Iterator[Reason]:
    if moment is None:
        yield Reason("moment_missing", "Say when.", field)
    elif moment > at + CLOCK_SKEW:
        yield Reason("in_future", "This moment is in the future. Enter when it really happened.", field)
    elif moment < decided_at:
        yield Reason(
            "before_decided", "This cannot have happened before it was decided. Correct the moment.", field
        )
