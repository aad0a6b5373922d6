"""Names and sentences the generator draws from. Nobody's: given names, common family names, made-up payers."""

_GIVEN = """
    Ada Alma Amara Amir Ana Andre Anita Antonio Beatriz Ben Bianca Carl Carla Carmen Cecil Celia Chen Clara Cora Daniel
    Daria David Della Diego Dora Edith Eli Elena Elsa Emil Emma Enrique Esther Eva Fatima Felix Flora Frank Gabriel Gina
    Grace Hana Harold Helen Henry Hugo Ida Imani Ines Ira Irene Isaac Iva Jack Jada James Jana Jean Joel John Jonas Jose
    Juan Julia Kai Karen Karl Katya Keiko Kofi Lara Laura Lena Leo Lia Liam Lila Linh Louis Lucia Luis Mai Malik Mara
    Marco Maria Mark Marta Mary Maya Mei Mia Milan Miriam Nadia Nia Nina Noah Nora Olga Omar Oscar Otto Pablo Paula Peter
    Petra Priya Quinn Rafael Ravi Renata Rita Robert Rosa Ruth Sam Sara Selma Sofia Stella Sven Tamar Tara Teo Thomas Tina
    Tomas Uma Vera Victor Vida Wade Walter Wen Xenia Yara Yusuf Zara Zoe
"""
GIVEN = tuple(_GIVEN.split())
_ROOTS = """
    Abbot Adler Alvar Amsel Arden Baker Barros Bauer Beck Bell Berg Blake Bond Borg Bravo Brook Burns Cabral Camp Cano
    Carver Castel Chase Chavez Cole Conti Cook Cortes Cross Cruz Dahl Dalton Dean Delgado Diaz Dixon Dorn Drake Duarte
    Eaton Elias Ellis Engel Estrad Farrow Faust Fields Finch Flores Ford Fox Franco Frost Fuller Garza Gibbs Gomez Grant
    Green Griff Gruber Hale Hardy Hart Hayes Heller Hill Hoff Holt Hunt Ibarra Irwin Jansen Jensen Kane Keller Kim Kirk
    Klein Knox Lamb Lange Lara Leal Leon Lind Lopez Lund Mann Marsh Mata Meyer Miles Mora Moss Munoz Nash Neri Nolan Novak
    Nunez Ochoa Olsen Orr Ortiz Owens Page Palma Park Paz Penn Perez Petit Pike Pinto Pope Quant Ramos Reed Reyes Rios
    Rivas Roth Rowe Rubio Russo Salas Sato Scott Serra Shaw Silva Singh Solis Soto Stein Stone Suarez Swan Tate Tran Vance
    Vargas Vega Vogel Wade Walsh Ward Weber Wolf Wong Wood Yates Young Zamora Ziegler
"""
ROOTS = tuple(_ROOTS.split())
ENDINGS = ("", "s", "son", "er", "man", "ez", "ini", "ova", "ard", "well", "ton", "ley")
FAMILY = tuple(root + ending for root in ROOTS for ending in ENDINGS)

PAYERS = tuple(
    f"{first} {second}"
    for second in ("Health Plan", "Mutual", "Benefit Trust", "Care Network")
    for first in (
        "Alder",
        "Basin",
        "Cascade",
        "Delta Bay",
        "Evergreen",
        "Foothill",
        "Granite",
        "Heron",
        "Inland",
        "Juniper",
    )
)
REASONS = (
    ("medical_necessity", 34),
    ("experimental_investigational", 27),
    ("no_prior_auth", 13),
    ("step_therapy", 11),
)
"""Keys of the denial taxonomy with their shares; the rest is spread over the other keys."""
STATES = (
    ("CA", "America/Los_Angeles"),
    ("TX", "America/Chicago"),
    ("NY", "America/New_York"),
    ("FL", "America/New_York"),
    ("OR", "America/Los_Angeles"),
    ("CO", "America/Denver"),
    ("IL", "America/Chicago"),
    ("MA", "America/New_York"),
)
NOTES = (
    "Called the clinic; the treatment plan of the last visit comes by fax on Thursday.",
    "The patient found the letter that came before this one. It names another policy number.",
    "Plan says the reviewer is a family physician; asked for one of the same specialty in writing.",
    "Two scores are missing for the weeks before the infusions; the clinic looks in the old system.",
    "Nothing new from the plan. The window is long enough to wait for the records.",
)
CALLS = (
    "Asked where the request stands. It is with a nurse reviewer, no date was given.",
    "They confirmed that the fax arrived complete and named the reference.",
    "Asked for the criteria the denial rests on. They send them by post.",
    "The plan offers a call between doctors until Friday noon.",
)
TASKS = (
    "Ask the clinic for the scores",
    "Call the plan about the decision",
    "Gather the failed treatments",
    "Draft the letter",
)
