"""The organization's own release of health information, to be signed on paper: every element of 45 CFR 164.508(c)."""

from __future__ import annotations

from datetime import date

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from advocacy.people.consent_words import OWN_FORM, OWN_STATEMENTS, SHARING_FORM
from cases.typesetting import long_date, typeset


def render_release_form(
    *, patient: str, born: date, organization: str, on: date, receiving: str = ""
) -> bytes:
    """PDF/UA-1 and PDF/A-2a in the current language (English or Spanish); with `receiving`, the one for sharing the case with the
    organization of that name. Raises cases.typesetting.Unprintable.
    """
    language = "es" if (get_language() or "en").startswith("es") else "en"
    own = {key: _(words) for key, words in (SHARING_FORM if receiving else OWN_FORM).items()}
    return typeset(
        "release.typ",
        {
            "language": language,
            "title": _("I allow my case to go to another organization")
            if receiving
            else _("I allow my health records to be shared"),
            "about": [
                [
                    _("Patient"),
                    _("%(name)s, born %(day)s") % {"name": patient, "day": long_date(born, language)},
                ],
                [_("This team"), organization],
            ],
            "parts": [
                [_("What may be shared"), own["information"]],
                [_("Who may share it"), own["discloser"]],
                [_("Who may get it"), receiving or own["recipients"]],
                [_("What it is for"), own["purpose"]],
            ],
            "ends": _("It ends on this day, or with this event:"),
            "special": [
                _("I also allow records of treatment for alcohol or drug use to be shared (42 CFR Part 2)."),
                _("Initials:"),
            ],
            "know": _("What I know when I sign"),
            "statements": [
                *(_(words) for words in OWN_STATEMENTS.values()),
                *([own["stays"]] if receiving else []),
            ],
            "copy": _("I get a copy of this form."),
            "lines": [
                _("Signature"),
                _("Day"),
                _("Name, where somebody signs for the patient"),
                _("What lets them sign"),
            ],
        },
        on=on,
    )
