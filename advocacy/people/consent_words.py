"""The standard wordings of a consent: what is allowed, in a sentence that the portal shows in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as mark

# By kind of consent.
STANDARD: dict[str, str] = {
    "contact": mark("We may call you and write to you, but only in the ways you told us are safe."),
    "release": mark(
        "Your health records may go to and from your plan, your clinic and the reviewers, for this appeal."
    ),
    "representation": mark("We may file appeals and speak with your plan for you."),
}


def said_in_their_language(scope: str) -> str:
    """A standard wording in the language of the page; words that somebody wrote themselves stay as they were agreed to."""
    return gettext(scope) if scope in STANDARD.values() else scope
