"""The demonstration's other patients: who came is written here, and what became of them is lived, day by day, as the courses of
the year (`year/`) take them.
"""

from __future__ import annotations

from advocacy.management.seed import plans
from advocacy.management.seed.life import Story
from advocacy.management.seed.matters import (
    ESKETAMINE,
    ESKETAMINE_WEEKLY,
    KETAMINE,
    KETAMINE_LEG,
    KETAMINE_TRAUMA,
    TABLET,
    Matter,
)
from advocacy.management.seed.people import CENTRAL, MOUNTAIN, Person
from advocacy.management.seed.plans import Plan


def _came(
    key: str,
    begins: int,
    owner: str,
    person: Person,
    plan: Plan,
    matter: Matter = KETAMINE,
) -> Story:
    return Story(key, "harbor" if key.startswith("h") else "meadow", person, plan, matter, owner, begins)


def _central(
    given: str, family: str, years: int, reach: str, language: str = "en", state: str = "IL"
) -> Person:
    return Person(given, family, years, reach, language=language, state=state, zone=CENTRAL)


_SOMALI = Person(
    "Faduma", "Warsame", 28, "message", language="other", language_note="Somali, by phone", interpreter=True
)

LIVED = (
    _came("h60", 205, "nils", Person("Kwame", "Asante-Doyle", 43, "text"), plans.LOOMIS),
    _came("h61", 174, "nora", Person("Ngoc Anh", "Pham", 35, "post"), plans.FERNWOOD, KETAMINE_TRAUMA),
    _came("h63", 133, "nora", _SOMALI, plans.COBBLE, ESKETAMINE_WEEKLY),
    _came("h64", 117, "nils", Person("Gretchen", "Holloway-Ruiz", 72, "sister"), plans.BLUESTEM, ESKETAMINE),
    _came(
        "h66", 86, "nils", Person("Isolde", "Brandt", 55, "evening", state="ID", zone=MOUNTAIN), plans.TAMARACK
    ),
    _came("h67", 73, "nils", Person("Darnell", "Prewitt", 31, "text"), plans.QUILLHAVEN, KETAMINE_LEG),
    _came("h68", 61, "nora", Person("Sunniva", "Aaltonen", 66, "post"), plans.TALLOW_CREEK, ESKETAMINE),
    _came("h69", 50, "nils", Person("Rajesh", "Venkataraman", 50), plans.TIDEWATER, KETAMINE_LEG),
    _came("h70", 39, "nils", Person("Lourdes", "Magpantay", 39, "no_message"), plans.TAMARACK, KETAMINE_TRAUMA),
    _came("h71", 27, "nora", Person("Zebulon", "Hartsock", 24, "text"), plans.GRANITE, ESKETAMINE_WEEKLY),
    _came("h72", 14, "nils", Person("Miriam", "Feldstein", 58, "evening"), plans.OSPREY, TABLET),
    _came("m20", 160, "mia", _central("Ibrahim", "Conteh", 37, "text"), plans.HARROWGATE),
    _came("m21", 112, "bea", _central("Svetlana", "Morozova", 63, "post"), plans.COLUMBINE),
    _came("m22", 78, "mia", _central("Cheyenne", "Redcorn", 29, "message", state="WI"), plans.PRAIRIE, KETAMINE_TRAUMA),
    _came("m23", 47, "mia", _central("Anselmo", "Quispe", 45, "message", "es"), plans.TAMARACK),
    _came("m24", 20, "bea", _central("Hannelore", "Dietz", 70, "sister"), plans.BLUESTEM, ESKETAMINE),
)  # fmt: skip
