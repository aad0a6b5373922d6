"""What a level decided against the plan, or what was won in a call, and what became of it, as its page shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from advocacy.tenancy.together import fetched
from appeals.facts import History
from appeals.models import Appeal, Decision, Effectuation, PeerToPeer
from appeals.queries.clocks import Day
from appeals.queries.effectuations import effectuation_of, undelivered_at, undelivered_in, won_at, won_in
from appeals.queries.owed import OwedLine, owed_lines
from appeals.queries.request_page import ItemShown, item_shown
from appeals.queries.shown_dues import Card, card_of, history_rows
from appeals.queries.steps import history_from
from cases.models import Case


@dataclass(frozen=True)
class Delivered:
    """One row, what was recorded wrongly included; `item` is its name."""

    row: Effectuation
    item: str


@dataclass(frozen=True)
class EffectuationPage:
    """`clock` is None where no rule gives the plan a time; `open_items` are won and not delivered."""

    of: Appeal | PeerToPeer
    title: str
    decision: Decision | None
    clock: Card | None
    won: tuple[ItemShown, ...]
    open_items: tuple[ItemShown, ...]
    delivered: tuple[Delivered, ...]
    own: bool
    in_call: bool = False
    owed: tuple[OwedLine, ...] = ()


def effectuation_page(case: Case, appeal: Appeal, day: Day) -> EffectuationPage:
    """One statement. Everything under a visible case is as visible as the case."""
    rows = fetched(
        history_rows(case)
        | {"all_effectuations": Effectuation.objects.filter(appeal_id=appeal.pk).order_by("done_at", "id")}
    )
    history = history_from(case, rows)
    rung, due = history.rung(appeal), effectuation_of(history, appeal)
    left = undelivered_at(history, appeal)
    shown = _shown(history, won_at(history, appeal))
    return EffectuationPage(
        of=appeal,
        title=rung.title,
        decision=history.decisions.get(appeal.pk),
        clock=card_of(due, day) if due is not None else None,
        won=tuple(shown.values()),
        open_items=tuple(item for pk, item in shown.items() if pk in left),
        delivered=_delivered(history, rows["all_effectuations"]),
        own=rung.kind == "plan",
        owed=owed_lines(history, day, of=appeal),
    )


def call_delivery_page(case: Case, call: PeerToPeer, day: Day) -> EffectuationPage:
    """The same of what was won in a call; no rule known here gives it a clock. One statement."""
    rows = fetched(
        history_rows(case)
        | {
            "all_effectuations": Effectuation.objects.filter(peer_to_peer_id=call.pk).order_by(
                "done_at", "id"
            )
        }
    )
    history = history_from(case, rows)
    shown, left = _shown(history, won_in(history, call)), undelivered_in(history, call)
    return EffectuationPage(
        of=call,
        title="Peer-to-peer",
        decision=None,
        clock=None,
        won=tuple(shown.values()),
        open_items=tuple(item for pk, item in shown.items() if pk in left),
        delivered=_delivered(history, rows["all_effectuations"]),
        own=True,
        in_call=True,
        owed=owed_lines(history, day, of=call),
    )


def _shown(history: History, won: frozenset[int]) -> dict[int, ItemShown]:
    return {item.pk: item_shown(item) for item in history.items if item.pk in won}


def _delivered(history: History, rows: Iterable[Effectuation]) -> tuple[Delivered, ...]:
    names = {item.pk: item_shown(item).name for item in history.items}
    return tuple(Delivered(row, names[row.item_id]) for row in rows)


def get_effectuation(actor: Actor, case: Case, public_id: UUID) -> Effectuation:
    """One row of this case. Raises NotFound when absent, invisible or of another case."""
    found = (
        Effectuation.objects.filter(visible(actor, Effectuation), case=case, public_id=public_id)
        .select_related("case", "appeal", "peer_to_peer", "item")
        .first()
    )
    if found is None:
        raise NotFound("effectuation")
    return found
