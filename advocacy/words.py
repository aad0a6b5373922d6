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

# The same in the words of the portal, which keep to short sentences.
PLAIN_ENGLISH = (
    "We work out these dates from what we know. They are not a promise. They are not legal or medical advice. Your letter"
    " and your plan's own papers come first."
)
PLAIN_SPANISH = (
    "Estas fechas salen de lo que sabemos. No son una promesa. No son consejo legal ni médico. Su carta y los papeles de su"
    " plan valen más."
)


def plain_notice(language: str = "en") -> str:
    """The fixed sentence as patients read it, in their language; English where there is no other."""
    return PLAIN_SPANISH if language.lower().startswith("es") else PLAIN_ENGLISH


def notice_sentence(language: str = "en") -> str:
    """The fixed sentence in the reader's language (a code such as "es" or "es-us"); English where there is no other."""
    return NOTICE_SPANISH if language.lower().startswith("es") else NOTICE_ENGLISH
