"""Choices and uploads that several forms of the contest share."""

from __future__ import annotations

from django import forms

from cases.forms.documents import file_field

NOT_CHOSEN = ("", "Choose")


def upload_field(label: str) -> forms.FileField:
    """A file that may also be chosen from the documents of the case, so it is not required here."""
    field = file_field()
    field.label, field.required = label, False
    return field
