"""Forms of the log: an entry of any kind, its correction, the filter, a message to the patient."""

from __future__ import annotations

from typing import Any

from django import forms

from cases.forms.documents import UPLOADED, file_field
from cases.forms.inputs import Choices, DayField, MomentField, PickManyField, lines, short
from cases.forms.work import LOGGED
from cases.models import Communication


class Attaching(forms.Form):
    """Documents of the case, and one that is uploaded in the same step."""

    def __init__(self, *args: Any, documents: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if documents:
            self.fields["attachments"] = PickManyField(
                choices=documents, required=False, label="Documents of this case"
            )
        file = file_field()
        file.label, file.required = "Upload another", False
        self.fields["file"] = file
        self.fields["kind"] = forms.ChoiceField(
            label="What the upload is", choices=[("", "Choose"), *UPLOADED], required=False
        )
        self.fields["title"] = forms.CharField(
            label="Title of the upload", required=False, max_length=200, widget=short()
        )

    @property
    def attaching(self) -> list[forms.BoundField]:
        """The fields above, for the part of the page that holds them."""
        return [self[name] for name in ("attachments", "file", "kind", "title") if name in self.fields]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if typed.get("file") is not None and not typed.get("kind"):
            self.add_error("kind", "Choose what kind of document this is.")
        return typed


class LogForm(Attaching):
    """One contact of any kind, in either direction."""

    channel = forms.ChoiceField(label="How", choices=LOGGED)
    direction = forms.ChoiceField(label="In which direction", choices=Communication.Direction.choices)
    party = forms.ChoiceField(label="With", choices=Communication.With.choices)
    happened_at = MomentField(label="When")
    person = forms.CharField(
        label="Who", required=False, max_length=200, widget=short(), help_text="Name and department."
    )
    address = forms.CharField(
        label="Number or address",
        required=False,
        max_length=300,
        widget=short(),
        help_text="Where it went, or where it came from.",
    )
    reference_number = forms.CharField(required=False, max_length=60, widget=short())
    minutes = forms.IntegerField(label="Minutes", required=False, min_value=0, max_value=1440)
    summary = forms.CharField(
        label="What was said or written", required=False, widget=lines(5), max_length=20_000
    )
    promise = forms.CharField(label="What they promised", required=False, max_length=500, widget=short())
    promised_by = DayField(label="Promised by", required=False)

    TOLD = (
        "channel",
        "direction",
        "party",
        "happened_at",
        "person",
        "address",
        "reference_number",
        "minutes",
        "summary",
        "promise",
        "promised_by",
    )

    @property
    def told(self) -> list[forms.BoundField]:
        return [self[name] for name in self.TOLD]


class CorrectForm(LogForm):
    """The entry as it should have been. What was attached stays attached."""

    reason = forms.CharField(
        label="What was wrong", max_length=500, widget=short(), help_text="Stands beside both entries."
    )

    @property
    def told(self) -> list[forms.BoundField]:
        return [self["reason"], *super().told]


class MessageForm(Attaching):
    body = forms.CharField(
        label="Message",
        error_messages={"required": "Write something first."},
        widget=lines(6),
        max_length=20_000,
        help_text="Plain words. The patient, and helpers the patient chose for messages, read it in the portal.",
    )


class LogFilters(forms.Form):
    """What a log address may say: codes only."""

    channel = forms.ChoiceField(
        label="How", choices=[("", "Any way"), *Communication.Channel.choices], required=False
    )
    direction = forms.ChoiceField(
        choices=[("", "Both directions"), *Communication.Direction.choices], required=False
    )
    party = forms.ChoiceField(
        label="With", choices=[("", "Anybody"), *Communication.With.choices], required=False
    )


class ReferenceForm(forms.Form):
    """A reference number is looked for by a POST: it stands in no address."""

    reference_number = forms.CharField(label="Find a reference number", max_length=60, widget=short())
