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
    "sharing": mark(
        "My case may go to the organization named here, so that it can take my case over. What it takes over stays with it,"
        " also when I take this back."
    ),
    "representation": mark("We may file appeals and speak with your plan for you."),
}


OWN_FORM: dict[str, str] = {
    "information": mark(
        "The records that the appeal needs: diagnoses, treatment, notes, test results, bills"
    ),
    "discloser": mark("My doctors, clinics and other providers, my plan, and this team"),
    "recipients": mark("My plan, those who review its decision, my doctors and clinics, and this team"),
    "purpose": mark("To ask my plan to pay for my care, and to appeal"),
}
"""What the organization's own form says, on paper and in the portal: the elements of 45 CFR 164.508(c)(1)(i) to (iv)."""
SHARING_FORM: dict[str, str] = {
    "information": mark(
        "My case as this team keeps it: who I am, my plan, my treatment, what I tried, my papers"
    ),
    "discloser": mark("This team"),
    "purpose": mark("So that the other organization can take my case over"),
    "stays": mark("What it takes over becomes its own record. It stays there, also when I take this back."),
}
"""What our own form says for sharing the case with one other organization, whose name stands on it as the recipient."""
OWN_STATEMENTS: dict[str, str] = {
    "revocation": mark(
        "I can take this back on any day: here, or in writing to this team. What was sent before stays sent."
    ),
    "conditions": mark("I do not have to sign. My care, its payment and my coverage do not depend on it."),
    "redisclosure": mark("Who gets the records may pass them on. This law may then no longer protect them."),
}
"""What it tells whoever signs it: 45 CFR 164.508(c)(2)."""


def said_in_their_language(scope: str) -> str:
    """A standard wording in the language of the page; words that somebody wrote themselves stay as they were agreed to."""
    return gettext(scope) if scope in STANDARD.values() else scope
