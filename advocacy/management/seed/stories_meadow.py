"""Meadow's stories: plans of Illinois, Medicare, Medicaid and federal employees, worked in Chicago."""

from __future__ import annotations

from advocacy.management.seed.levels import closed, decided, filed, forwarded, gathered, given_up, written
from advocacy.management.seed.life import Step, Story
from advocacy.management.seed.matters import ESKETAMINE, ESKETAMINE_WEEKLY, KETAMINE, Matter
from advocacy.management.seed.messages import said_yes_on_paper, to_approve
from advocacy.management.seed.people import CENTRAL, Person
from advocacy.management.seed.plans import (
    BLUESTEM,
    COBBLE,
    DISTRICT,
    HARROWGATE,
    JUNIPER,
    PRAIRIE,
    TALLOW_CREEK,
    TAMARACK,
    Plan,
)
from advocacy.management.seed.portal import entered
from advocacy.management.seed.steps import asked, refused
from advocacy.management.seed.work import left_for_the_desk, noted, talked, to_do


def _who(
    given: str, family: str, years: int, reach: str = "message", language: str = "en", state: str = "IL"
) -> Person:
    return Person(given, family, years, reach, language=language, state=state, zone=CENTRAL)


def _story(
    key: str,
    person: Person,
    plan: Plan,
    matter: Matter,
    owner: str,
    begins: int,
    *steps: Step,
    answered: bool = True,
) -> Story:
    return Story(key, "meadow", person, plan, matter, owner, begins, steps, answered=answered)


STORIES = (
    _story(
        "m01", _who("Lucinda", "Marchetti", 45), HARROWGATE, KETAMINE, "mia", 68,
        asked(62, received=61), refused(49, 46, stated=-11), gathered(30), entered(28),
        written(6, ready=True, ticked=4), to_approve(5), to_do(5, "Have the letter read", due=3),
    ),
    _story(
        "m03", _who("Imogen", "Carrow-Pike", 36, "text"), PRAIRIE, KETAMINE, "mia", 34,
        asked(29, received=28), refused(9, 6, call="left"), gathered(4), talked(3, "in_touch"),
    ),
    _story(
        "m05", _who("Sable", "Okonkwo", 33, "evening"), TAMARACK, KETAMINE, "mia", 32,
        asked(28, received=27), talked(8, "status"), to_do(5, "Call the plan: the request is late", due=0),
    ),
    _story(
        "m07", _who("Agatha", "Pemberton", 73, "sister"), BLUESTEM, ESKETAMINE, "mia", 78,
        asked(72, received=71), refused(65, 61), gathered(50), filed(39, received=38),
        decided(10, "upheld", received=7), forwarded(5), noted(4, "watch"),
    ),
    _story(
        "m08", _who("Clement", "Vasquez-Roy", 70, "post", state="WI"), TALLOW_CREEK, ESKETAMINE, "bea", 48,
        asked(42, received=41), refused(35, 31, stated=-30), gathered(20),
        written(8, ready=True, ticked=2), to_approve(7), to_do(3, "Ask for the appointment form", due=4),
        said_yes_on_paper(2),
    ),
    _story(
        "m09", _who("Yesenia", "Portillo", 26, "text", "es"), COBBLE, ESKETAMINE_WEEKLY, "mia", 46,
        asked(40, received=39), refused(33, 30), talked(28, "in_touch_es"), gathered(20), filed(12, received=12),
        noted(12, "para_paciente", for_patient=True),
    ),
    _story(
        "m10", _who("Orlando", "Bassett", 30, "no_message"), COBBLE, ESKETAMINE_WEEKLY, "mia", 130,
        asked(124, received=123), refused(117, 114), talked(100, "in_touch"), filed(96, received=95),
        given_up(82, "The coverage ended; a new plan covers the visits."),
        closed(80, "moot"),
    ),
    _story(
        "m12", _who("Solomon", "Teague", 47, "evening"), DISTRICT, KETAMINE, "mia", 200,
        asked(194, received=193), refused(180, 177), gathered(165, "necessity", "history"),
        filed(150, received=149), decided(136, "upheld", received=133, stated=75),
        filed(110, received=109), decided(97, "upheld", received=94), written(20, ticked=2),
        to_do(12, "Find out which external review applies", due=6),
    ),
    _story(
        "m13", _who("Beatrix", "Langley-Shaw", 39, "hidden"), PRAIRIE, KETAMINE, "mia", 118,
        asked(112, received=111), refused(98, 95), talked(70, "in_touch"),
        given_up(40, "The patient cannot be reached by any safe way."),
        closed(38, "unreachable"),
    ),
    _story(
        "m14", _who("Nathaniel", "Obuya", 29), HARROWGATE, KETAMINE, "", 2,
        left_for_the_desk("First call with the patient"), answered=False,
    ),
    _story(
        "m15", _who("Paloma", "Ybarra", 44, "message", "es", "IN"), JUNIPER, KETAMINE, "mia", 10,
        asked(7, channel="mail"), talked(5, "employer"), to_do(4, "", template="plan_document", ticked=1),
    ),
)  # fmt: skip
