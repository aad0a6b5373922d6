"""A request for documents, what moved its date, and what came."""

from __future__ import annotations

from typing import Any

from django import forms

from appeals.forms.choices import NOT_CHOSEN, upload_field
from appeals.models import DocumentRequest
from appeals.models.authorization import Channel
from cases.forms.inputs import Choices, DayField, MomentField, PickField, lines

WRITTEN = [(key, label) for key, label in Channel.choices if key != Channel.PHONE]


class DocumentRequestForm(forms.Form):
    """`denials` are (public id, words), `documents` those of the case."""

    asked = forms.ChoiceField(
        label="What was asked for", choices=[NOT_CHOSEN, *DocumentRequest.Asked.choices]
    )
    details = forms.CharField(
        label="What exactly",
        required=False,
        max_length=2000,
        widget=lines(3),
        help_text="In the words of the letter.",
    )
    channel = forms.ChoiceField(
        label="How", choices=[NOT_CHOSEN, *WRITTEN], help_text="Only a request in writing starts the time."
    )
    address = forms.CharField(label="Sent to", max_length=400, widget=lines(2))
    sent_at = MomentField(label="Sent on")
    received_at = MomentField(
        label="Arrived on", required=False, help_text="A letter by mail: when you know that it arrived."
    )
    proof_note = forms.CharField(label="What proves it", required=False, max_length=500)

    def __init__(self, *args: Any, denials: Choices, documents: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["denial"] = PickField(label="About which denial", choices=denials, required=False)
        self.fields["letter"] = PickField(label="What was sent", choices=documents, required=False)
        self.order_fields(
            [
                "asked",
                "details",
                "denial",
                "channel",
                "address",
                "sent_at",
                "received_at",
                "proof_note",
                "letter",
            ]
        )


class DocumentArrivalForm(forms.Form):
    received_at = MomentField(label="Arrived on", required=False)
    proof_note = forms.CharField(label="What proves it", required=False, max_length=500)
    extended_on = DayField(
        label="Date of a notice that it takes longer",
        required=False,
        help_text="Counts where the rule allows it and it came in time.",
    )
    version = forms.CharField(required=False, widget=forms.HiddenInput)


class DocumentsCameForm(forms.Form):
    answered_at = MomentField(label="It came on")
    note = forms.CharField(
        label="What came, or where it is", required=False, max_length=1000, widget=lines(2)
    )

    def __init__(self, *args: Any, documents: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"] = upload_field("Upload what came")
        self.fields["document"] = PickField(
            label="Or a document of the case", choices=documents, required=False
        )
        self.order_fields(["answered_at", "file", "document", "note"])
