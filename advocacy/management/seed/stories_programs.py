"""Harbor's stories of the rarer programs: each level of their ladders, and two that are recognized only."""

from __future__ import annotations

from advocacy.management.seed.levels import decided, filed, gathered, taken_up_again, written
from advocacy.management.seed.life import Step, Story
from advocacy.management.seed.matters import KETAMINE, Matter
from advocacy.management.seed.people import Person
from advocacy.management.seed.plans import (
    HALYARD,
    IRONBRIDGE,
    MILLRACE,
    SAGEBRUSH,
    STATEHOUSE,
    STEEPLE,
    VETERANS,
    WRENFIELD,
    Plan,
)
from advocacy.management.seed.steps import asked, refused
from advocacy.management.seed.work import put_aside, talked, to_do


def _story(
    key: str, person: Person, plan: Plan, owner: str, begins: int, *steps: Step, matter: Matter = KETAMINE
) -> Story:
    return Story(key, "harbor", person, plan, matter, owner, begins, steps)


PROGRAMS = (
    _story(
        "h50", Person("Ambrose", "Whitcomb", 76, "post"), SAGEBRUSH, "nora", 298,
        asked(292, received=291, timing="post_service"), refused(270, 266), gathered(255),
        filed(240, received=239), decided(192, "upheld", received=189),
        filed(165, received=164),
        decided(110, "upheld", received=107, reviewer="The qualified independent contractor"),
        filed(90, channel="mail", received=87),
        decided(30, "upheld", received=27, reviewer="Office of Medicare Hearings and Appeals"),
        written(8, ticked=2), to_do(7, "Check that no evidence came after the reconsideration", due=3),
        taken_up_again(4, "The office took its decision up again by its order: a page of the record was missing."),
    ),
    _story(
        "h51", Person("Clementine", "Abernathy", 48), STEEPLE, "nils", 190,
        asked(184, received=183), refused(170, 167), gathered(155),
        filed(140, received=139), decided(126, "upheld", received=123, stated=66),
        filed(100, received=99), decided(87, "upheld", received=84),
        filed(30, received=29), to_do(9, "Ask whether the plan elected ERISA", due=4),
    ),
    _story(
        "h52", Person("Horatio", "Pemberton", 57, "text"), MILLRACE, "nora", 170,
        asked(164, received=163), refused(150, 147), gathered(135),
        filed(120, received=119), decided(106, "upheld", received=103, stated=46),
        filed(80, received=79), decided(67, "upheld", received=64),
        to_do(6, "Ask the patient about a lawyer", due=5),
    ),
    _story(
        "h53", Person("Rosario", "Iturralde", 37, "message"), STATEHOUSE, "nils", 92,
        asked(86, received=85), refused(76, 73, stated=-4), gathered(60),
        filed(50, received=49), talked(30, "hearing"), to_do(8, "Ask for the case file before the hearing", due=3),
    ),
    _story(
        "h54", Person("Delphine", "Marchbanks", 17, "sister"), WRENFIELD, "nora", 120,
        asked(114, received=113), refused(104, 101), gathered(90),
        filed(80, received=79), decided(54, "upheld", received=51),
        filed(30, received=29), to_do(7, "Ask the state when it decides", due=6),
    ),
    _story(
        "h55", Person("Everett", "Calloway", 44, "evening"), HALYARD, "nils", 296,
        asked(290, received=289), refused(282, 278), gathered(270),
        filed(262, channel="mail", received=259), decided(210, "upheld", received=207),
        filed(180, channel="mail", received=177),
        decided(98, "upheld", received=94, reviewer="Defense Health Agency"),
        filed(66, channel="mail", received=63), to_do(9, "Ask for the day of the hearing", due=8),
    ),
    _story(
        "h56", Person("Wilhelmina", "Stroud", 61), VETERANS, "nora", 62,
        asked(56, received=55), refused(42, 39, stated=-25), gathered(30),
        put_aside(24, "work_to_letter", "The date of the letter is in the calendar.", wakes_in=4),
        to_do(12, "Ask the patient advocate which route the letter means", due=2),
    ),
    _story(
        "h57", Person("Tobias", "Fennimore", 39, "post"), IRONBRIDGE, "nils", 58,
        asked(52, received=51), refused(40, 37, stated=-21), gathered(28),
        put_aside(22, "work_to_letter", "The date of the letter is in the calendar.", wakes_in=5),
        to_do(11, "Ask the adjuster for the utilization review report", due=3),
    ),
)  # fmt: skip
