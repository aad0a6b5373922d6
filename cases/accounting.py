"""The accounting of disclosures as a paper: in the current language, for the patient or whoever asks in their name."""

from __future__ import annotations

from datetime import date

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cases.queries.accounting import Accounting, Corrected, Disclosed
from cases.typesetting import long_date, typeset


def render_accounting(found: Accounting, *, patient: str, born: date, organization: str) -> bytes:
    """PDF/UA-1 and PDF/A-2a; the same facts give the same bytes. Raises cases.typesetting.Unprintable."""
    language = "es" if (get_language() or "en").startswith("es") else "en"

    def day(value: date) -> str:
        return long_date(value, language)

    def rows(lines: tuple[Disclosed, ...]) -> list[list[str]]:
        return [
            [
                day(line.day),
                "\n".join(filter(None, (line.to, line.address))),
                "\n".join([line.what, *(_before(was, day(was.day)) for was in line.corrected)]),
                f"{line.why}. {line.allowed}.",
            ]
            for line in lines
        ]

    counted, others = rows(found.counted), rows(found.others)
    return typeset(
        "accounting.typ",
        {
            "language": language,
            "title": _("What left, and to whom"),
            "about": [
                [_("Patient"), _("%(name)s, born %(day)s") % {"name": patient, "day": day(born)}],
                [_("Kept by"), organization],
                [_("From"), day(found.since)],
                [_("Until"), day(found.until)],
            ],
            "head": [_("Day"), _("To whom"), _("What"), _("Why")],
            "parts": [
                {
                    "title": _("What the law asks us to list (45 CFR 164.528)"),
                    "note": _(
                        "Without the signed release of the patient. In rare cases the law lets us list something later."
                    )
                    if counted
                    else _("Nothing is listed here."),
                    "rows": counted,
                },
                {
                    "title": _("What else left"),
                    "note": _("The patient allowed it. The law does not ask us to list it.")
                    if others
                    else _("Nothing else left."),
                    "rows": others,
                },
            ],
        },
        on=found.until,
    )


def _before(was: Corrected, day: str) -> str:
    return _("We put this right on %(day)s. Before, it said: %(to)s.") % {"day": day, "to": was.to}
