"""Denial intake: the letter's upload, and its facts, each prefilled from the words that prove it."""

from __future__ import annotations

from typing import Any

from django import forms

from appeals.forms.choices import upload_field
from appeals.models import Denial
from cases.forms.inputs import Choices, DayField, PickField, lines


class LetterForm(forms.Form):
    def __init__(self, *args: Any, requests: Choices, documents: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"] = upload_field("The denial letter")
        self.fields["letter"] = PickField(
            label="Or a letter that is already in the documents",
            choices=documents,
            empty="Upload it now",
            required=False,
        )
        self.fields["request"] = PickField(label="It refuses", choices=requests, empty="Choose the request")
        self.fields["request"].error_messages["required"] = (
            "Choose the request that the letter refuses."
            if requests
            else "There is no request that it could refuse. Record the request first."
        )
        self.order_fields(["file", "letter", "request"])

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        if not self.errors and not (found.get("file") or found.get("letter")):
            self.add_error("file", "Choose the file of the letter.")
        return found


class DenialForm(forms.Form):
    """The facts of the letter. `items`, `reasons` and `compared` are (key, label) pairs with a checkbox each."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    received_on = DayField(label="Received on", required=False, help_text="The day it reached the patient.")
    received_evidence = forms.ChoiceField(
        label="What proves the receipt", choices=Denial.Evidence.choices, required=False
    )
    notice_on = DayField(label="Date on the notice", required=False)
    sent_on = DayField(label="Sent on", required=False, help_text="Postmark, portal or fax date.")
    sent_evidence = forms.ChoiceField(
        label="What proves the sending", choices=Denial.Evidence.choices, required=False
    )
    effective_on = DayField(
        label="Takes effect on", required=False, help_text="Only when care is reduced or ended."
    )
    continuation_stated_on = DayField(
        label="Ask by this day, so that care goes on",
        required=False,
        help_text="Only a day that stands in the letter, when care is reduced or ended.",
    )
    reference_number = forms.CharField(label="Payer's reference number", required=False, max_length=60)
    stated_deadline_on = DayField(
        label="Deadline the letter states (day)",
        required=False,
        help_text="Only a day that stands in the letter.",
    )
    stated_deadline_words = forms.CharField(
        label="Deadline in the letter's words", required=False, max_length=500
    )
    criteria = forms.CharField(label="Criterion or policy applied", required=False, max_length=120)
    reviewer = forms.CharField(label="Who decided", required=False, max_length=200)
    send_to_address = forms.CharField(
        label="Send the appeal to (address)", required=False, max_length=300, widget=lines(2)
    )
    send_to_fax = forms.CharField(label="Fax for appeals", required=False, max_length=40)
    send_to_portal = forms.CharField(label="Portal for appeals", required=False, max_length=200)
    appeal_phone = forms.CharField(label="Phone for appeals", required=False, max_length=40)
    expedited_offered = forms.NullBooleanField(
        label="Does the letter offer an urgent appeal?",
        required=False,
        widget=forms.Select(choices=[("", "Not said"), ("True", "Yes"), ("False", "No")]),
    )
    expedited_hours = forms.IntegerField(
        label="Urgent decision in (hours)", min_value=1, max_value=999, required=False
    )
    peer_to_peer_until = DayField(label="Peer-to-peer possible until", required=False)
    peer_to_peer_phone = forms.CharField(label="Phone for the peer-to-peer", required=False, max_length=40)

    DATES = (
        "received_on",
        "received_evidence",
        "notice_on",
        "sent_on",
        "sent_evidence",
        "effective_on",
        "continuation_stated_on",
    )
    DEADLINE = ("stated_deadline_on", "stated_deadline_words", "reference_number", "criteria", "reviewer")
    SEND_TO = ("send_to_fax", "send_to_address", "send_to_portal", "appeal_phone")
    RIGHTS = ("expedited_offered", "expedited_hours", "peer_to_peer_until", "peer_to_peer_phone")
    FACTS = (*DATES, *DEADLINE, *SEND_TO, *RIGHTS)

    def __init__(
        self, *args: Any, items: Choices, reasons: Choices, compared: Choices = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["wrong"] = forms.MultipleChoiceField(
            label="Read wrongly", choices=compared, required=False, widget=forms.CheckboxSelectMultiple
        )
        self.fields["items"] = forms.MultipleChoiceField(
            label="Items the letter refuses",
            choices=items,
            required=False,
            widget=forms.CheckboxSelectMultiple,
        )
        self.fields["reasons"] = forms.MultipleChoiceField(
            label="Reasons the letter gives",
            choices=reasons,
            required=False,
            widget=forms.CheckboxSelectMultiple,
        )
        self.fields["primary_reason"] = forms.ChoiceField(
            label="The main reason", choices=[("", "The first one chosen"), *reasons], required=False
        )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        chosen = found.get("reasons") or []
        main = found.get("primary_reason")
        if main and main not in chosen:
            self.add_error(
                "primary_reason", "Tick this reason in the list as well, or choose another main reason."
            )
        return found


class ConfirmForm(forms.Form):
    """The version that was looked at, whether the patient sees the letter, and that it is theirs where it names another."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    theirs_all_the_same = forms.BooleanField(
        label="It is this patient's letter all the same",
        help_text="Tick it only when you know why it says otherwise: a maiden name, a new member id.",
        required=False,
    )
    show_letter = forms.BooleanField(label="Show the letter to the patient in the portal", required=False)

    def __init__(self, *args: Any, another: bool, letter: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not another:
            del self.fields["theirs_all_the_same"]
        if not letter:
            del self.fields["show_letter"]


class SetAsideForm(forms.Form):
    """Why a denial does not belong here. `version` is the one that was looked at."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    why = forms.ChoiceField(
        label="Why it does not belong here", choices=[("", "Choose"), *Denial.SetAside.choices]
    )
    note = forms.CharField(
        label="In your words", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
