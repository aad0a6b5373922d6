"""Harbor's stories of Medicare, Medicaid, federal employees and the programs that are recognized only."""

from __future__ import annotations

from advocacy.management.seed.levels import (
    arrived,
    closed,
    decided,
    filed,
    filed_by_phone,
    forwarded,
    gathered,
    silence,
    written,
)
from advocacy.management.seed.life import Step, Story
from advocacy.management.seed.matters import ESKETAMINE, ESKETAMINE_WEEKLY, KETAMINE, TABLET, Matter
from advocacy.management.seed.people import Person
from advocacy.management.seed.plans import BLUESTEM, COBBLE, COLUMBINE, GRANITE, OSPREY, TALLOW_CREEK, Plan
from advocacy.management.seed.portal import entered
from advocacy.management.seed.steps import asked, refused, stated_by_prescriber
from advocacy.management.seed.work import (
    another,
    asleep,
    left_for_the_desk,
    noted,
    plan_said,
    reopened,
    talked,
    to_do,
)


def _story(
    key: str, person: Person, plan: Plan, matter: Matter, owner: str, begins: int, *steps: Step
) -> Story:
    return Story(key, "harbor", person, plan, matter, owner, begins, steps)


MEDICARE = (
    _story(
        "h25", Person("Rosalind", "Ferrante", 74, "post"), BLUESTEM, ESKETAMINE, "nora", 98,
        asked(92, received=91), refused(85, 81), gathered(60), filed(42, received=41),
        talked(9, "late", kept=False),
        asleep(4, "Ask where the file is: it must go on by itself", "The plan wanted to look."),
        to_do(3, "Ask the plan for the forwarding notice", due=1),
    ),
    _story(
        "h27", Person("Hyacinth", "Oduya", 77, "no_message", preferred="Cinty"), TALLOW_CREEK, ESKETAMINE,
        "nora", 160,
        asked(154, received=153), refused(147, 143, stated=82), gathered(130), filed(118, received=117),
        decided(90, "upheld", received=87),
        forwarded(86), arrived(76),
        decided(47, "upheld", received=44, reviewer="The independent review entity"),
        talked(40, "in_touch"), to_do(9, "Check the amount in dispute against the threshold", due=2),
        written(5, ticked=1),
    ),
    _story(
        "h28", Person("Leopold", "Grunwald", 79, "post"), BLUESTEM, ESKETAMINE, "nils", 270,
        asked(264, received=263), refused(257, 253), gathered(240), filed(232, received=231),
        decided(204, "upheld", received=201), forwarded(200), arrived(196),
        decided(168, "upheld", received=164, reviewer="The independent review entity"),
        filed(140, channel="mail", received=137), talked(110, "hearing", kept=True),
        decided(52, "upheld", received=48, reviewer="Office of Medicare Hearings and Appeals"),
        filed(20, channel="mail", received=17),
        to_do(16, "Ask the council's clerk for the docket number", due=12),
    ),
    _story(
        "h29", Person("Evangeline", "Tresco", 68), BLUESTEM, ESKETAMINE, "nora", 170,
        asked(164, received=163), refused(157, 153), gathered(140), filed(131, received=130),
        decided(104, "overturned", received=101),
        closed(84, "covered", "Eight visits."),
        reopened(80, "The approval letter names seven visits, not eight."),
        closed(77, "covered", "Corrected: eight visits."), another(2, ESKETAMINE),
        left_for_the_desk("Ask whether the visits go on"),
    ),
    _story(
        "h40", Person("Henrik", "Sollars-Vance", 72, "evening"), OSPREY, TABLET, "nora", 298,
        asked(292, received=292, exception="formulary"), stated_by_prescriber(290), refused(287, 283),
        gathered(265, "history"),
        filed(255, received=255), decided(249, "upheld", received=246),
        filed(225, received=225),
        decided(219, "upheld", received=215, reviewer="The independent review entity"),
        filed(190, channel="mail", received=187),
        decided(110, "upheld", received=106, reviewer="Office of Medicare Hearings and Appeals"),
        filed(80, channel="mail", received=77), talked(20, "in_touch"),
        to_do(15, "Ask the prescriber for the statement on the covered drugs", due=1),
    ),
)  # fmt: skip

MEDICAID = (
    _story(
        "h30", Person("Teodora", "Villaseca", 28, "message", language="es", interpreter=True), GRANITE,
        ESKETAMINE_WEEKLY, "nora", 33,
        asked(27, received=26, timing="concurrent"), refused(20, 17, effective=6, stated=-40),
        filed_by_phone(15),
        noted(15, "para_paciente", for_patient=True), talked(9, "in_touch_es"),
        to_do(8, "Ask whether the visits are paid meanwhile", due=0), entered(8),
    ),
    _story(
        "h31", Person("Xiomara", "Del Valle", 33, "text", language="es"), GRANITE, ESKETAMINE_WEEKLY, "nora",
        14,
        asked(11, received=10, timing="concurrent"), refused(4, 2, recorded=1, effective=-7, stated=-56),
        to_do(1, "Ask the patient today: keep the visits while the appeal runs?", due=0),
    ),
    _story(
        "h34", Person("Bartholomew", "Kerrigan", 46, "no_message"), GRANITE, ESKETAMINE_WEEKLY, "bea", 92,
        asked(86, received=85), refused(79, 76, stated=19), gathered(70, "necessity", "scores"),
        filed(56, received=55), talked(24, "late", kept=False),
        silence(16),
        plan_said(15, "window_days", "120", "payer_call", "The member line said 120 days. Not seen in writing."),
        to_do(14, "Ask the patient whether to go to the hearing", due=5),
    ),
    _story(
        "h47", Person("Philomena", "Okeke", 34, "evening"), COBBLE, ESKETAMINE_WEEKLY, "nora", 68,
        asked(62, received=61), refused(54, 51), gathered(45), filed(38, received=38),
        decided(13, "overturned", received=10, authorized=False),
        to_do(4, "Ask the clinic whether the authorization has come", due=0),
    ),
)  # fmt: skip

FEDERAL = (
    _story(
        "h35", Person("Cassius", "Underhill", 54), COLUMBINE, KETAMINE, "nora", 186,
        asked(180, received=179), refused(166, 163), gathered(140), filed(112, received=111),
        decided(79, "upheld", received=76),
        written(8, ticked=2), to_do(7, "Ask the patient for the signed statement", due=1),
    ),
)  # fmt: skip
