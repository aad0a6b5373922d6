"""What is said to a patient who is told something: always the same few words, in the patient's language, without content.

Mail is read on screens that nobody guards, so a notice says that there is a message and where to sign in, and nothing else:
no name, no organization's name, nothing about health (45 CFR 164.522(b) on confidential communications; 164.502(b) on the
minimum necessary).
"""

from __future__ import annotations

from advocacy.access.disclosures import Party
from advocacy.languages import PORTAL
from advocacy.mail import Notice, link_to

SUBJECTS = {"en": "You have a message", "es": "Tiene un mensaje"}
TEXTS = {
    "en": "You have a message. Sign in at {address}",
    "es": "Tiene un mensaje. Inicie sesión en {address}",
}

# What a colleague reads who tells the patient in the program's place.
WHAT = {
    "message": "a message is waiting in the portal",
    "document": "a document is waiting to be read",
    "letter": "a letter is waiting to be approved",
    "task": "we need something from the patient",
    "consent": "a consent ends soon",
    "appointment": "an appointment comes up",
    "status": "there is news of the case",
}
WAYS = {
    "phone": "Call the patient",
    "text": "Text the patient",
    "post": "Write to the patient",
    "email": "Tell the patient",
}


def portal_address() -> str:
    """Where patients sign in, as it stands in a notice."""
    return link_to(PORTAL)


def words_in(language: str) -> tuple[str, str]:
    """Subject and text; English where there is no other language."""
    key = "es" if language.lower().startswith("es") else "en"
    return SUBJECTS[key], TEXTS[key].format(address=portal_address())


def patient_notice(*, to: str, language: str) -> Notice:
    """The one mail a patient gets."""
    subject, text = words_in(language)
    return Notice(
        to=to,
        subject=subject,
        template="notices/patient.txt",
        facts={"text": text},
        reader=Party.PATIENT,
        language=language,
    )


def title_of_call(way: str, kind: str) -> str:
    """What the owner's task is called; `way` is a kind of contact, `kind` of a notice."""
    return f"{WAYS[way]}: {WHAT[kind]}"
