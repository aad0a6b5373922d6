"""A form of appointment, filled in and to be signed: who may file for the patient, in the words that a kind of coverage asks for.

No Django but its translations.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as mark

from appeals.letterhead import Language, Letterhead, letterhead_data
from appeals.representation import Form
from cases.typesetting import long_date, typeset

TITLES: dict[str, str] = {
    "designation": mark("I choose who may appeal for me"),
    "cms_1696": mark("I appoint a representative"),
    "written_consent": mark("I agree that somebody else appeals for me"),
}
SAYS: dict[str, tuple[str, ...]] = {
    "designation": (
        mark(
            "I let the team named above ask my plan to pay for my care, appeal its decisions, and speak with it for me."
        ),
        mark("My plan may tell this team what it would tell me, and send it copies of its letters."),
        mark(
            "It lasts until the appeal is over, or until I take it back in writing: to my plan or to this team."
        ),
    ),
    "cms_1696": (
        mark(
            "I appoint the team named above to act for me: to make any request, to give or get evidence, and to get every notice"
            " about this claim, appeal or request."
        ),
        mark("My health records that the appeal needs may be given to this team."),
        mark(
            "It opens new appeals for one year from the day on which both of us have signed."
            " An appeal begun in that year keeps it to its end."
        ),
        mark("I can take it back in writing on any day: to my plan or to this team."),
    ),
    "written_consent": (
        mark(
            "I agree in writing that the team named above files this appeal for me, and speaks for me in it."
        ),
        mark("It is about the decision named above, and no other."),
        mark("It may get the records that the appeal needs, and its letters go to this team too."),
        mark("I can take it back in writing on any day: to my plan or to this team."),
    ),
}
ACCEPTS: tuple[str, ...] = (
    mark("We take on this appointment. We are not barred from acting for anybody before this program."),
    mark("What we are to the patient: a team that helps people with appeals, chosen by the patient."),
)


def render_appointment(
    form: Form, *, about: Mapping[str, str], patient: str, born: date, team: Letterhead, on: date
) -> bytes:
    """PDF/UA-1 and PDF/A-2a in the current language (English or Spanish).

    `about` are the plan, the member id and what was decided, by "plan", "member_id", "service" and "reference"; what is empty
    is left out. Raises cases.typesetting.Unprintable.
    """
    language: Language = "es" if (get_language() or "en").startswith("es") else "en"
    head = letterhead_data(team, language)
    named = {
        _("Patient"): _("%(name)s, born %(day)s") % {"name": patient, "day": long_date(born, language)},
        _("Plan"): about["plan"],
        _("Member number"): about["member_id"],
        _("What it is about"): about["service"],
        _("Number of the decision"): about["reference"],
        _("Who acts for the patient"): "\n".join([head["name"], *head["lines"]]),
    }
    key = form.key if form.key in TITLES else "designation"
    signed = [
        _("Signature"),
        _("Day"),
        _("Name, where somebody signs for the patient"),
        _("What lets them sign"),
    ]
    parts = [
        {
            "title": _("What I say"),
            "says": [_(words) for words in SAYS[key]],
            "lines": [*signed, _("Address"), _("Telephone")],
        }
    ]
    if "representative" in form.signed_by:
        theirs = [_("Signature"), _("Day"), _("Name"), _("Telephone")]
        parts.append(
            {"title": _("What the team says"), "says": [_(words) for words in ACCEPTS], "lines": theirs}
        )
    return typeset(
        "appointment.typ",
        {
            "language": language,
            "title": _(TITLES[key]),
            "basis": f"{form.name}. {form.citation}",
            "about": [[label, value] for label, value in named.items() if value],
            "parts": parts,
        },
        on=on,
    )
