"""The words by which a guard knows that something of Harbor, or of one of its patients, stands where it must not."""

from __future__ import annotations

# Words that only Harbor's patients have: none may stand in an address, a title, a mail, a log record, a cookie or a job.
PRIVATE = {
    "Dana": "given name",
    "Whitlock": "family name",
    "Marisol": "given name",
    "Okonkwo": "family name",
    "Pip-Pilar": "preferred name",
    "TMK 7730 41582 01": "member id",
    "TMK77304158201": "member id without spaces",
    "KZQ-5150-88": "member id",
    "1984-05-17": "birth date",
    "REF-HARBOR-4711": "reference number",
    "AUTH-HARBOR-33": "authorization number",
    "555-014-2211": "phone",
    "the dog howls at the fax": "words of a note",
    "Zebulon Quark": "person on a call",
}
# What says "this is Harbor's" without being private.
MARKS = {
    "HB-2026-0001": "reference of a case",
    "HB-2026-0002": "reference of a case",
    "HB-2026-0003": "reference of a case",
    "HB-2026-0001-P": "reference of a patient",
    "Quillback Mutual": "payer",
    "Ophelia Harborlight": "provider",
    "Nora Navigator": "colleague",
    "Harbor Patient Advocates": "organization",
}
