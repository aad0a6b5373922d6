"""Forms for documents: the shape only; what a file really is, the vault's door asks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from cases.forms.inputs import short
from cases.models import Document

ACCEPTED = ".pdf,.png,.jpg,.jpeg,.tif,.tiff,.txt,.docx"

# A packet becomes "filing" by being filed, never by an upload.
UPLOADED = [choice for choice in Document.Kind.choices if choice[0] != Document.Kind.FILING]


def file_field() -> forms.FileField:
    megabytes = settings.UPLOAD_LIMIT_BYTES // (1024 * 1024)
    return forms.FileField(
        label="File",
        allow_empty_file=True,  # the command has the better words for an empty file
        widget=forms.FileInput(
            attrs={"accept": ACCEPTED, "data-limit-bytes": str(settings.UPLOAD_LIMIT_BYTES)}
        ),
        help_text=f"PDF, picture (JPEG, PNG, TIFF), plain text or Word, up to {megabytes} MB.",
    )


class UploadForm(forms.Form):
    kind = forms.ChoiceField(label="What it is", choices=[("", "Choose"), *UPLOADED])
    title = forms.CharField(
        required=False,
        max_length=200,
        widget=short(),
        help_text="Such as “Denial of March 3”. Left empty, the type stands there.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"] = file_field()


class VersionForm(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"] = file_field()


class DocumentForm(forms.Form):
    kind = forms.ChoiceField(label="What it is", choices=UPLOADED)
    title = forms.CharField(max_length=200, widget=short())
