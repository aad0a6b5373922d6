"""What a plan lost is delivered, in the demonstration and in the simulated year."""

from __future__ import annotations

from advocacy.management.seed.life import Life
from appeals.commands.effectuations import record_effectuation
from appeals.queries.effectuations import undelivered_at


def carried_out(life: Life) -> None:
    """What was won and is not recorded as delivered has been paid; of care to come, it is authorized."""
    history = life.history
    for appeal in history.appeals:
        left = undelivered_at(history, appeal)
        if not left:
            continue
        kind = "paid" if life.asked.timing == "post_service" else "authorized"
        items = [item.public_id for item in history.items if item.pk in left]
        life.do(
            record_effectuation, appeal=appeal, items=items, kind=kind, done_at=life.at, note="By its letter."
        )
