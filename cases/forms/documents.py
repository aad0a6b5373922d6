"""Forms for documents: the shape only; what a file really is, the vault's door asks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from advocacy.people.rules import SPECIAL
from cases.forms.inputs import short
from cases.models import Document
from cases.vault import MEGABYTE, TooLarge

TOO_LARGE = "document_too_large"

ACCEPTED = ".pdf,.png,.jpg,.jpeg,.tif,.tiff,.txt,.docx"

# A packet becomes "filing" by being filed, never by an upload.
UPLOADED = [choice for choice in Document.Kind.choices if choice[0] != Document.Kind.FILING]


class PaperField(forms.FileField):
    """A file on its way to the vault; one that passed the limit is named here, beside whatever else is missing."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        if getattr(data, "too_large", False):
            reason = TooLarge(settings.UPLOAD_LIMIT_BYTES).reasons[0]
            raise forms.ValidationError(reason.message, code=TOO_LARGE)
        return super().clean(data, initial)


def file_field() -> PaperField:
    megabytes = settings.UPLOAD_LIMIT_BYTES // MEGABYTE
    return PaperField(
        label="File",
        allow_empty_file=True,  # the command has the better words for an empty file
        widget=forms.FileInput(
            attrs={"accept": ACCEPTED, "data-limit-bytes": str(settings.UPLOAD_LIMIT_BYTES)}
        ),
        help_text=f"PDF, picture (JPEG, PNG, TIFF), plain text or Word, up to {megabytes} MB.",
    )


def special_field() -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label="Specially protected records in it",
        choices=list(SPECIAL.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Tick all that are in it. They leave only by a release that names them all.",
    )


class UploadForm(forms.Form):
    kind = forms.ChoiceField(label="What it is", choices=[("", "Choose"), *UPLOADED])
    title = forms.CharField(
        required=False,
        max_length=200,
        widget=short(),
        help_text="Such as “Denial of March 3”. Left empty, the type stands there.",
    )

    special = special_field()

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
    special = special_field()
