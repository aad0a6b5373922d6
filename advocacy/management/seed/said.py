"""Who was told what, and in which words: a patient hears of a letter on the day it is taken in, and colleagues do not all put a
thing the same way. Nothing here draws from anybody's luck.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from zlib import crc32

from advocacy.management.seed.color import OTHERWISE, TALKS
from advocacy.management.seed.life import Life
from cases.commands.communications import log_communication

T = TypeVar("T")
FORGOTTEN = (False, False, False, False, False, True)
"""Of so many letters one is not talked about on its day."""


def one_of(ways: Sequence[T], *about: object) -> T:
    """One of several, always the same about the same."""
    return ways[crc32("|".join(map(str, about)).encode()) % len(ways)]


def words_of(life: Life, key: str) -> str:
    """What is written down of a talk."""
    return one_of((TALKS[key].summary, *OTHERWISE.get(key, ())), life.story.key, key, life.on)


def minutes_of(life: Life, key: str) -> int:
    return TALKS[key].minutes + one_of(range(-4, 9), life.story.key, life.on)


def tell_the_patient(life: Life, key: str) -> None:
    """A call about what was just recorded; forgotten now and then. A year of many cases keeps none of them."""
    if not life.house.thorough or one_of(FORGOTTEN, life.story.key, life.on):
        return
    life.do(
        log_communication,
        still=True,
        case=life.case,
        party="patient",
        person=life.patient.called if life.patient else "",
        happened_at=life.at,
        minutes=minutes_of(life, in_language(life, key)),
        summary=words_of(life, in_language(life, key)),
    )


def in_language(life: Life, key: str) -> str:
    """The same talk in the patient's language, where it was written down in it."""
    spanish = f"{key}_es"
    return spanish if life.story.person.language == "es" and spanish in TALKS else key
