"""An organization in the year: who is there on a day, and what was done."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from advocacy.management.seed.cast import Standing


@dataclass
class House:
    """An organization in the year: who works there on a day, and everything that was done, as it was done."""

    standing: Standing
    keys: dict[int, str]
    """Colleagues by their membership."""
    away: dict[str, tuple[date, date, str]] = field(default_factory=dict)
    """Who is away: first day, last day, and who covers."""
    left: set[str] = field(default_factory=set)
    acts: list[tuple[str, datetime, str]] = field(default_factory=list)
    """Whose acts were done since somebody looked, when, and which command."""
    money: dict[tuple[int, str], Decimal] = field(default_factory=dict)
    """By case and kind what was last said, in US dollars: a book beside the product's."""
    refused: list[str] = field(default_factory=list)
    """What somebody had every right to do and the product did not let them, since somebody looked."""
    done: dict[str, int] = field(default_factory=dict)
    """How often what happened, by a word for it."""
    told: Any = field(default_factory=hashlib.sha256)
    """Everything that was done, in its order: equal for the same seed."""
    thorough: bool = False
    """Every paper is kept as a file, letters are written from the record, and the other side works on business days: as the
    demonstration shows it. A year of many cases types most facts, and has mail on every day."""

    def note(self, what: str) -> None:
        self.done[what] = self.done.get(what, 0) + 1

    def tell(self, *words: object) -> None:
        self.told.update("|".join(map(str, words)).encode() + b"\n")

    def present(self, key: str, day: date) -> bool:
        first, last, _ = self.away.get(key, (date.max, date.min, ""))
        return key not in self.left and not first <= day <= last

    def on_duty(self, owner: str, day: date) -> str:
        """Who acts on a case of this owner on a day: the owner, whoever covers, else the supervisor."""
        if owner and self.present(owner, day):
            return owner
        if owner in self.away and owner not in self.left:
            cover = self.away[owner][2]
            if self.present(cover, day):
                return cover
        return self.supervisor

    def workers(self, day: date) -> list[str]:
        """Navigators who are there on a day."""
        people = [key for key, actor in self.standing.actors.items() if "navigator" in actor.roles]
        return [key for key in people if self.present(key, day)]

    @property
    def supervisor(self) -> str:
        return next(k for k, actor in self.standing.actors.items() if "supervisor" in actor.roles)
