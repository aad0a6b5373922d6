"""Words that are the same wherever they stand. The fixed notice sentence is written here and nowhere else.

Every page, letter and mail that shows a date, a figure or a chance carries it: no guarantee, no legal or medical advice,
the letter governs. Pages get it from `advocacy.desk.frame`, mails from `advocacy.mail`.
"""

from __future__ import annotations

NOTICE_ENGLISH = (
    "Dates and figures here are computed from what has been recorded. They are no guarantee of any outcome and no legal"
    " or medical advice. The letter and the plan document govern."
)
NOTICE_SPANISH = (
    "Las fechas y cifras se calculan con lo que se ha registrado. No garantizan ningún resultado y no son consejo legal"
    " ni médico. Prevalecen la carta y el documento del plan."
)


def notice_sentence(language: str = "en") -> str:
    """The fixed sentence in the reader's language (a code such as "es" or "es-us"); English where there is no other."""
    return NOTICE_SPANISH if language.lower().startswith("es") else NOTICE_ENGLISH
