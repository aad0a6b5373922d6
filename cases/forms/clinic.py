"""Asking a clinic at the desk, and the clinic's answers through its link."""

from __future__ import annotations

from typing import Any

from django import forms

from advocacy.inputs import DayField, short
from cases.attestation import AGREED
from cases.commands.clinic import RECORD_KINDS, REMIND_DAYS, USUAL_REMINDER, VALID_DAYS
from cases.models import ClinicAsk, Document, Provider


class AskForm(forms.Form):
    provider = forms.ModelChoiceField(Provider.objects.none(), label="Provider", empty_label="Choose")
    kind = forms.ChoiceField(
        label="What the clinic is asked for", choices=[("", "Choose"), *ClinicAsk.Kind.choices]
    )
    words = forms.CharField(
        label="In words",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="The clinic reads exactly this. Ask for what is needed and no more.",
    )
    statement = forms.CharField(
        label="Statement to sign, word for word",
        max_length=8000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="Only for a signature. It cannot be changed once it is asked for.",
    )
    due_on = DayField(label="Needed by", required=False)

    def __init__(self, *args: Any, providers: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pick: Any = self.fields
        pick["provider"].queryset = providers


class LinkForm(forms.Form):
    provider = forms.ModelChoiceField(Provider.objects.none(), label="Provider", empty_label="Choose")
    email = forms.EmailField(label="E-mail of the clinic", max_length=254)
    days = forms.TypedChoiceField(
        label="The link opens for", coerce=int, choices=[(n, f"{n} days") for n in VALID_DAYS], initial=14
    )
    remind_days = forms.TypedChoiceField(
        label="Remind the clinic once after",
        coerce=int,
        choices=[(n, f"{n} days without an answer") for n in REMIND_DAYS],
        initial=USUAL_REMINDER,
        help_text="After as many days of silence again, a task opens for the owner of the case.",
    )

    def __init__(self, *args: Any, providers: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pick: Any = self.fields
        pick["provider"].queryset = providers


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Several files of one input, as a list."""

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        given = data if isinstance(data, list | tuple) else [data]
        return [super(ManyFilesField, self).clean(one, initial) for one in given]


class RecordsForm(forms.Form):
    kind = forms.ChoiceField(
        label="What kind of record",
        choices=[("", "Choose"), *((k.value, k.label) for k in Document.Kind if k in RECORD_KINDS)],
    )
    records = ManyFilesField(
        label="Files",
        widget=ManyFiles(attrs={"multiple": True, "accept": ".pdf,.png,.jpg,.jpeg,.tif,.tiff,.docx,.txt"}),
        help_text="PDF, pictures, text or Word. You can choose several.",
    )


class SignForm(forms.Form):
    sha256 = forms.CharField(widget=forms.HiddenInput, required=False)
    signer = forms.CharField(label="Your full name", max_length=120, required=False, widget=short())
    signer_role = forms.CharField(
        label="You sign as",
        max_length=120,
        required=False,
        widget=short(),
        help_text="For example: treating psychiatrist.",
    )
    agreed = forms.BooleanField(
        label=AGREED,
        required=False,
    )


class TimeForm(forms.Form):
    starts_at = forms.DateTimeField(
        label="Day and time", required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    minutes = forms.IntegerField(label="Minutes", required=False, initial=15)
    phone = forms.CharField(label="Phone", max_length=40, required=False, widget=short(inputmode="tel"))


TimeFormSet = forms.formset_factory(TimeForm, extra=3, max_num=6)
