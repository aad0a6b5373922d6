"""Harbor's stories of employer, union and privately bought plans. Every number of days counts back from today."""

from __future__ import annotations

from advocacy.management.seed.beside import reviewed_beside
from advocacy.management.seed.intake import (
    calls_for_help,
    corrected_by_the_plan,
    opened_twice,
    taken_in,
    triaged,
)
from advocacy.management.seed.levels import (
    authorized,
    better_copy,
    closed,
    decided,
    filed,
    gathered,
    lapsed,
    urgent,
    written,
)
from advocacy.management.seed.life import Step, Story
from advocacy.management.seed.matters import (
    ESKETAMINE_SPRAY,
    KETAMINE,
    KETAMINE_LEG,
    KETAMINE_PAIN,
    KETAMINE_TRAUMA,
    Matter,
)
from advocacy.management.seed.messages import asked_of_patient, met, to_approve, written_to, wrote
from advocacy.management.seed.people import Person
from advocacy.management.seed.plans import (
    CONTRADICTED,
    JUNIPER,
    LARKSPUR,
    LOOMIS,
    QUILLHAVEN,
    TAMARACK,
    TIDEWATER,
    VERDIGRIS,
    Plan,
)
from advocacy.management.seed.portal import entered, helped
from advocacy.management.seed.steps import (
    approved,
    asked,
    call_held,
    call_set,
    extended,
    information,
    refused,
    taken_back,
)
from advocacy.management.seed.teamwork import away, chose, sessions, team
from advocacy.management.seed.work import (
    another,
    answered,
    asleep,
    assigned,
    closed_to,
    in_turn,
    left_for_the_desk,
    misread,
    noted,
    opened_to,
    plan_named,
    put_aside,
    reached_anew,
    release_withdrawn,
    restricted,
    talked,
    to_do,
)


def _story(
    key: str,
    person: Person,
    plan: Plan,
    matter: Matter,
    owner: str,
    begins: int,
    *steps: Step,
    urgent_case: bool = False,
    answered: bool = True,
    release_days: int | None = 730,
    first_owner: str | None = None,
) -> Story:
    return Story(
        key,
        "harbor",
        person,
        plan,
        matter,
        owner,
        begins,
        steps,
        urgent_case,
        answered,
        release_days,
        first_owner,
    )


SELF_FUNDED = (
    _story(
        "h01", Person("Dana", "Whitlock", 47, pronouns="she/her"), TAMARACK, KETAMINE, "nora", 205,
        asked(200, received=199), refused(172, 170), noted(168, "plan"), chose(167, "appeal"),
        talked(160, "claim_file", kept=True), team(150, backup="nils", clinician="clara"), gathered(40),
        talked(21, "in_touch"), entered(20), written(12, ticked=4),
        to_do(9, "Ask the clinic for the score of this week", due=1),
        asked_of_patient(
            6, "List of medicines from the patient", "Please send us a photo of your medicine list.", due=5
        ),
        written_to(5, "The letter is nearly ready. We sent you the denial letter again, so you have it.", "denial"),
        noted(3, "watch"), wrote(1, "Thank you. Do I need to do anything before you send it?"),
    ),
    _story(
        "h02", Person("Ephraim", "Castlegate", 38, "text", state="WA"), TAMARACK, KETAMINE, "nora", 31,
        asked(27, received=26), talked(20, "status"), talked(9, "callback", kept=False),
        asleep(6, "Call the plan: the request is late", "They asked for one more week."),
        to_do(4, "Tell the patient that the plan is late", due=0),
    ),
    _story(
        "h03", Person("Marguerite", "Oyelaran", 52, "no_message"), TAMARACK, KETAMINE_TRAUMA, "nora", 28,
        asked(26, received=25), gathered(20, "necessity", "history", "scores"), refused(11, 9, call="left"),
        call_set(5, -2), to_do(5, "", template="peer_to_peer", ticked=3), talked(4, "in_touch"),
        noted(2, "review", by="clara"),
    ),
    _story(
        "h05", Person("Wilhelmina", "Achterberg", 61, "post"), TAMARACK, KETAMINE, "nora", 120,
        asked(115, received=114), refused(101, 98), gathered(70), filed(44, received=43),
        talked(30, "decision_soon", kept=False),
        talked(6, "late"), asleep(5, "Call the appeals unit again", "The supervisor is back today."),
        to_do(3, "Decide with the patient whether to go on without a decision", due=2),
    ),
    _story(
        "h06", Person("Jolanta", "Brzezicki", 44, "sister"), TAMARACK, KETAMINE, "nils", 190,
        asked(186, received=185), refused(172, 170), gathered(150), filed(140, received=140),
        decided(113, "overturned", received=110), noted(108, "tone"),
        closed(96, "covered", "Six sessions started."),
        another(6, KETAMINE, owner="nora"), left_for_the_desk("Ask whether the course is to go on"),
    ),
    _story(
        "h07", Person("Thaddeus", "Inverlochy", 55), TAMARACK, KETAMINE, "nora", 218,
        asked(214, received=213), refused(199, 196), gathered(170), filed(152, received=152),
        decided(112, "upheld", received=110), talked(105, "in_touch"),
        met(
            100, "Dr. Osei and the clinic's billing office", "Agreed who collects which score, and by when.",
            "Notes of the meeting", "NOTES\n\nScores: clinic, by Friday. Pharmacy record: us.\n",
        ),
        entered(60), helped(58, "June Inverlochy", "june.inverlochy@mailbox.example", "sister", "status", "letters"),
        written(9, ticked=2), to_do(8, "Get the signature on the reviewer's release form", due=3),
        in_turn(7, "Ask for the plan's file", "Compare the file with our exhibits"),
    ),
    _story(
        "h08", Person("Rosalba", "Quintanar", 36, "message", language="es"), TAMARACK, KETAMINE_TRAUMA, "nora",
        264,
        asked(258, received=257), refused(244, 241), talked(238, "in_touch_es"), gathered(225),
        filed(214, received=214),
        decided(186, "upheld", received=184), filed(160, received=158),
        decided(121, "partly", reviewer="Meridian Review Partners"),
        closed(104, "partly_covered", "Three sessions are covered."),
    ),
    _story(
        "h09", Person("Linus", "Fairweather", 33, "text"), TAMARACK, KETAMINE, "nora", 131,
        asked(127, received=126), gathered(120, "necessity", "history"), refused(113, 111, call="left"),
        call_set(109, 106),
        call_held(106, "overturned"), authorized(98), talked(96, "won"), closed(71, "covered"),
    ),
    _story(
        "h13", Person("Perpetua", "Szymanska", 63, "sister"), LOOMIS, KETAMINE, "nils", 272,
        asked(268, received=267), refused(254, 251), gathered(240), filed(228, received=228),
        decided(214, "upheld", received=212, stated=154), filed(190, received=190),
        decided(176, "upheld", received=174),
        filed(140, received=139), decided(99, "upheld", reviewer="Meridian Review Partners"),
        closed(81, "not_covered", "The patient does not want to go to court."),
    ),
    _story(
        "h41", Person("Cordelia", "Ashgrove", 40, "hidden"), TAMARACK, KETAMINE_TRAUMA, "sam", 66,
        asked(60, received=59), refused(46, 44),
        restricted(42, "The patient's sister works in this organization."),
        opened_to(38, "bea", 30, "Asked for help with the plan document."), closed_to(30, "bea"),
        gathered(30, "necessity", "history"),
        entered(29), written_to(28, "We have your records now. Nothing is needed from you this week."),
        wrote(27, "Good to know. Thank you."), written_to(26, "You are welcome."),
        to_do(6, "Clinician reads the argument", due=5),
        opened_to(5, "clara", 14, "Medical reading of the draft."), noted(5, "safety"),
    ),
)  # fmt: skip

INSURED = (
    _story(
        "h14", Person("Arturo", "Benavidez-Cole", 45, "message", language="es", interpreter=True), QUILLHAVEN,
        KETAMINE_LEG, "nora", 203,
        asked(199, received=198), refused(178, 175), talked(170, "in_touch_es"), chose(169, "appeal"),
        team(168, interpreter="Spanish"), gathered(60), entered(30),
        better_copy(9, "scores"), written(7, ready=True, ticked=6),
        to_do(5, "Send the packet by fax and by post", due=1), to_approve(4), noted(1, "review", by="clara"),
    ),
    _story(
        "h15", Person("Saoirse", "Lindqvist-Byrne", 31, "text", state="WA", pronouns="she/they"), TIDEWATER,
        KETAMINE_LEG, "nils", 194,
        asked(190, received=189), refused(176, 173), gathered(165), filed(151, received=151),
        decided(123, "upheld", received=120, stated=63), filed(106, received=106),
        decided(92, "upheld", received=89), filed(20, received=19),
        asleep(18, "Look for the reviewer's letter", "The state assigns a reviewer first.", wakes_in=9),
    ),
    _story(
        "h17", Person("Bertrand", "Okonjo", 39), QUILLHAVEN, KETAMINE_LEG, "nils", 108,
        asked(102, received=101), approved(92), to_do(90, "", template="start_treatment", done=74),
        closed(70, "covered"),
        taken_in(3, KETAMINE_LEG), left_for_the_desk("First call with the patient"),
    ),
    _story(
        "h18", Person("Ximena", "Farrow", 27, "hidden"), QUILLHAVEN, KETAMINE_LEG, "nora", 15,
        asked(13, received=13, urgent=True), triaged(12, "urgent", "yes", by="clara"), refused(10, 9),
        reached_anew(7, "503-555-0199"), gathered(6, "necessity", "scores"), urgent(3),
        triaged(2, "urgent", "no", by="clara"),
        filed(1, received=1), reviewed_beside(1),
        to_do(1, "Call for the urgent decision", due=1), urgent_case=True,
    ),
    _story(
        "h19", Person("Marcus", "Abendroth", 42, "evening"), LARKSPUR, KETAMINE_PAIN, "nora", 76,
        assigned(75, "nora"),
        asked(70, received=69), refused(55, 52), talked(48, "claim_file", kept=False),
        to_do(45, "", template="gather_records", ticked=2),
        to_do(20, "Renew the release of information: it has run out", due=-4),
        asleep(12, "Read the two studies on CRPS", "The library sends them today."), noted(8, "tone"),
        release_days=45, first_owner="",
    ),
    _story(
        "h20", Person("Guadalupe", "Herrera-Lund", 34, "message", language="es"), LARKSPUR, KETAMINE_PAIN,
        "nils", 246,
        misread(238, "levels", "2", "patient"), asked(236, received=235), refused(224, 221), gathered(212),
        filed(200, received=199), decided(171, "upheld", received=168),
        filed(141, received=140), decided(104, "overturned", reviewer="Cascade Independent Review"),
        closed(90, "covered", "Ten sessions are covered."),
        another(12, KETAMINE_PAIN, owner="nils"), asked(8, sent=False),
        to_do(8, "", template="prior_authorization", ticked=1),
    ),
    _story(
        "h21", Person("Fenwick", "Salazar-Moor", 57, "no_message"), LARKSPUR, KETAMINE_PAIN, "nora", 216,
        asked(210, received=209), refused(195, 187), gathered(120, "necessity"), written(30, ticked=1),
        to_do(12, "Ask why nothing was filed in time, and write it down", due=0), talked(10, "passed"),
    ),
    _story(
        "h22", Person("Ottilie", "Graves", 66), LARKSPUR, KETAMINE_PAIN, "nils", 280,
        asked(276, received=275), refused(262, 259), talked(250, "in_touch"), lapsed(72),
        closed(66, "other_payment", "The hospital's charity care pays for the sessions."),
    ),
    _story(
        "h23", Person("Delphine", "Arkwright", 30, "text", state="WA"), VERDIGRIS, KETAMINE, "nora", 40,
        opened_twice(37), asked(34, received=33), plan_named(30, "Bronze Direct 7000"), information(28, 25),
        corrected_by_the_plan(20, deductible="850"),
        talked(12, "callback", kept=True),
        asleep(8, "Ask for the decision in writing", "The line is open again today."),
        to_do(6, "Tell the clinic where it stands", due=1),
    ),
    _story(
        "h38", Person("Evander", "Molloy", 35), CONTRADICTED, KETAMINE, "nora", 64,
        asked(58, received=57), refused(45, 42),
        answered(41, "regulator", "state_insurance", "letter"), answered(41, "state_of_issue", "OR", "letter"),
        talked(30, "employer"),
        put_aside(29, "resolve_contradiction", "The employer needs some weeks.", wakes_in=2),
        to_do(28, "", template="plan_document", ticked=2), noted(14, "funding"),
    ),
    _story(
        "h39", Person("Tamsin", "Voss", 48, "post"), JUNIPER, ESKETAMINE_SPRAY, "nils", 12,
        asked(9, received=8), talked(6, "employer"), to_do(6, "", template="plan_document", ticked=1),
    ),
    _story(
        "h42", Person("Maria Elena", "Torres", 52, "message", language="es"), QUILLHAVEN, KETAMINE_LEG, "", 2,
        left_for_the_desk("Primera llamada: first call with the patient, in Spanish"), answered=False,
    ),
    _story(
        "h43", Person("Maria Elena", "Torres", 24, "text"), LARKSPUR, KETAMINE_PAIN, "nora", 4,
        left_for_the_desk("First call with the patient"), calls_for_help(2), answered=False,
    ),
    _story(
        "h44", Person("Ignatius", "Hollowell", 59, "sister"), QUILLHAVEN, KETAMINE_LEG, "nora", 27,
        asked(23, received=22), talked(15, "status"), refused(9, 3, recorded=1, scan=True, confirmed=False),
        to_do(1, "Type the facts from the scan and confirm them", due=0),
    ),
    _story(
        "h46", Person("Rosemary", "Achebe", 42, "message"), TAMARACK, KETAMINE, "nora", 40,
        asked(38, received=37), approved(25, sessions=6), talked(24, "approved"),
        team(24, backup="bea", supervisor="sam"), sessions(17, 13, 9, 3, twice=9), noted(2, "watch"),
        away("bea", "nora", days=5),
    ),
    _story(
        "h45", Person("Calliope", "Winterbourne", 37, "hidden"), VERDIGRIS, KETAMINE, "nils", 74,
        asked(68, received=67), extended(55), taken_back(48, "The patient chose another treatment."),
        release_withdrawn(47),
        closed(45, "withdrawn"),
    ),
)  # fmt: skip
