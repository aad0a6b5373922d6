"""A level of appeal: the draft, its exhibits, the filing and what comes after it."""

from __future__ import annotations

import copy
from typing import Any
from uuid import UUID

from django import forms

from appeals.forms.choices import NOT_CHOSEN, upload_field
from appeals.models import Appeal
from appeals.models.authorization import Channel
from cases.forms.inputs import Choices, DayField, MomentField, PickField, lines


def filer_field(filers: Choices) -> forms.ChoiceField:
    """Who files, where somebody may without being appointed."""
    return forms.ChoiceField(
        label="Who files",
        choices=filers,
        initial=filers[0][0],
        required=False,
        help_text="Whoever files without appointment says so in the letter, and tells the patient.",
    )


class DraftForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    recipient = forms.CharField(
        label="To", max_length=1000, widget=lines(7), help_text="One line of the address per line."
    )
    dated = DayField(label="Date of the letter")
    text = forms.CharField(
        label="The letter",
        max_length=200_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 28, "spellcheck": "true"}),
        help_text=(
            "An empty line begins a new paragraph. “# ” begins a heading, “- ” a list item, “&gt; ” a quotation,"
            " “| ” a table row."
        ),
    )


class ExhibitsForm(forms.Form):
    """One row per document: whether it goes along, in which place, under which title.

    `rows` are (version public id as text, name of the document, its place or None, its title).
    """

    def __init__(self, *args: Any, rows: list[tuple[str, str, int | None, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys = [row[0] for row in rows]
        for key, name, place, title in rows:
            self.fields[f"with_{key}"] = forms.BooleanField(
                label=name, required=False, initial=place is not None
            )
            self.fields[f"place_{key}"] = forms.IntegerField(
                label=f"Place of {name}",
                min_value=1,
                max_value=999,
                required=False,
                initial=place,
                widget=forms.NumberInput(attrs={"class": "input-narrow", "inputmode": "numeric"}),
            )
            self.fields[f"title_{key}"] = forms.CharField(
                label=f"Title of {name} in the packet", max_length=120, required=False, initial=title
            )

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [
            {"take": self[f"with_{key}"], "place": self[f"place_{key}"], "title": self[f"title_{key}"]}
            for key in self.keys
        ]

    def chosen(self) -> list[tuple[UUID, str]]:
        """The chosen versions with their titles, in the order of their places; without a place they come last."""
        taken = []
        for at, key in enumerate(self.keys):
            if self.cleaned_data[f"with_{key}"]:
                place = self.cleaned_data[f"place_{key}"] or 1000
                taken.append((place, at, UUID(key), self.cleaned_data[f"title_{key}"]))
        return [(version, title) for _, _, version, title in sorted(taken)]


class UrgencyForm(forms.Form):
    is_expedited = forms.BooleanField(label="Ask for an expedited (urgent) decision", required=False)
    expedited_reason = forms.CharField(
        label="Why waiting could seriously harm the patient, and who says so",
        required=False,
        max_length=1000,
        widget=lines(),
    )


AMOUNT = forms.CharField(
    label="Why the amount in dispute is met",
    required=False,
    max_length=1000,
    widget=lines(2),
    help_text="Only when the money at stake is not recorded or too small, such as: claims taken together.",
)
"""Asked where a level needs an amount in dispute."""


class SentForm(forms.Form):
    """`expected_sha256` is the fingerprint of the file the page showed: only those very bytes are frozen."""

    expected_sha256 = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)
    channel = forms.ChoiceField(
        label="Sent by", choices=[NOT_CHOSEN, *((c, t) for c, t in Channel.choices if c != "phone")]
    )
    address = forms.CharField(
        label="Sent to",
        max_length=500,
        widget=lines(2),
        help_text="The address, fax number or portal it really went to.",
    )
    proof_note = forms.CharField(
        label="Proof of sending",
        required=False,
        max_length=500,
        help_text="Certified mail number, fax report, portal number.",
    )


class BegunForm(forms.Form):
    """How a level is begun: what every way of it asks. `unapproved` are label and help where nobody approved the letter."""

    unapproved = ("", "")
    good_cause = forms.CharField(
        label="Why it is late",
        required=False,
        max_length=2000,
        widget=lines(2),
        help_text="Only when the window has passed.",
    )

    def __init__(
        self,
        *args: Any,
        asks_amount: bool = False,
        asks_approval: bool = False,
        filers: Choices = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if len(filers) > 1:
            self.fields["filed_as"] = filer_field(filers)
        if asks_amount:
            self.fields["amount_reason"] = copy.deepcopy(AMOUNT)
        if asks_approval:
            label, help_text = self.unapproved
            self.fields["unapproved_reason"] = forms.CharField(
                label=label, required=False, max_length=2000, widget=lines(2), help_text=help_text
            )


class FilingForm(SentForm, BegunForm):
    """In writing."""

    unapproved = (
        "Why it goes without the patient's approval",
        "Only when it is urgent and the patient has not approved this letter.",
    )
    filed_at = MomentField(label="Sent on")
    field_order = ["expected_sha256", "channel", "address", "filed_at", "proof_note", "good_cause"]


class AskForm(forms.Form):
    """A button: nothing is typed."""


class PatientAnswerForm(forms.Form):
    """The patient's answer about a letter, told to us."""

    answer = forms.ChoiceField(
        label="The patient said",
        choices=[NOT_CHOSEN, ("approved", "Yes, send it"), ("change", "No, change it")],
    )
    method = forms.ChoiceField(
        label="How", choices=[NOT_CHOSEN, ("phone", "By phone"), ("paper", "On paper")]
    )
    words = forms.CharField(
        label="In the patient's words",
        required=False,
        max_length=4000,
        widget=lines(3),
        help_text="What to change, or who answered when.",
    )


class PhoneForm(BegunForm):
    """On a call that is logged."""

    unapproved = (
        "Why it was said without the patient's approval",
        "Only when the patient did not approve the letter of this level before the call.",
    )

    def __init__(self, *args: Any, calls: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["communication"] = PickField(
            label="The logged call", choices=calls, empty="Choose the call"
        )
        self.order_fields(["communication", "filed_as", "good_cause", "amount_reason", "unapproved_reason"])


class ForwardedForm(forms.Form):
    forwarded_at = MomentField(
        label="The plan forwarded the case on", help_text="From the plan's notice of forwarding."
    )


class AppealReceivedForm(forms.Form):
    received_at = MomentField(
        label="Received by the decision maker on", help_text="The decision clock runs from here."
    )


class ReturnForm(forms.Form):
    why = forms.ChoiceField(
        label="Who opened it again",
        choices=[NOT_CHOSEN, *((key, label) for key, label in Appeal.Returned.choices if key != "remand")],
    )
    returned_at = MomentField(label="Opened again on", help_text="The day of the order, or of the notice.")
    received_at = MomentField(
        label="The decision maker had the case again on",
        required=False,
        help_text="Only when it is known. It may be recorded later.",
    )
    note = forms.CharField(
        label="What for",
        max_length=2000,
        widget=lines(3),
        help_text="What has to be decided anew, and by which paper.",
    )


class AtOnceForm(forms.Form):
    """Why a level is opened beside one that is open: `bases` are (key, words). Where two people agreed (`is_allowed`), nobody has
    to have certified or waived."""

    said_by = forms.CharField(
        label="Who certifies it, or who waived it",
        max_length=1000,
        help_text="The clinician with name and specialty; or the person at the plan, and its paper.",
    )
    said_on = DayField(label="On which day")
    note = forms.CharField(
        label="What was said",
        required=False,
        max_length=1000,
        widget=lines(2),
        help_text="In a sentence: why even the time of an expedited decision is too long.",
    )

    def __init__(self, *args: Any, bases: Choices, is_allowed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["said_by"].required = self.fields["said_on"].required = not is_allowed
        self.fields["basis"] = forms.ChoiceField(
            label="Why it does not wait for this decision", choices=[NOT_CHOSEN, *bases]
        )
        self.order_fields(["basis", "said_by", "said_on", "note"])


class EndForm(forms.Form):
    reason = forms.CharField(label="Why", max_length=1000, widget=lines(2), help_text="One sentence.")


class LapseForm(forms.Form):
    reason = forms.CharField(label="What happened", required=False, max_length=1000, widget=lines(2))


class ProofForm(forms.Form):
    note = forms.CharField(label="What it proves", required=False, max_length=500)

    def __init__(self, *args: Any, documents: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"] = upload_field("Upload the proof (fax report, receipt, screenshot)")
        self.fields["document"] = PickField(
            label="Or a document of the case", choices=documents, required=False
        )
        self.order_fields(["file", "document", "note"])

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        if not self.errors and not (found.get("file") or found.get("document") or found.get("note")):
            raise forms.ValidationError("Upload the proof, choose a document, or say in words what it is.")
        return found
