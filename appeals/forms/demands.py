"""A letter to whoever is late: its draft, and its sending."""

from __future__ import annotations

from django import forms

from appeals.forms.choices import NOT_CHOSEN
from appeals.models.authorization import Channel
from cases.forms.inputs import MomentField, lines


class SendForm(forms.Form):
    """`expected_sha256` is the fingerprint of the pages the page showed: only those very bytes are frozen."""

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
    sent_at = MomentField(label="Sent on")
    proof_note = forms.CharField(
        label="Proof of sending",
        required=False,
        max_length=500,
        help_text="Certified mail number, fax report, portal number.",
    )
    address_checked = forms.BooleanField(
        label="I held the agency's address against its own site", required=False
    )
    unapproved_reason = forms.CharField(
        label="Why it goes without the patient's approval", required=False, max_length=1000, widget=lines(2)
    )

    def __init__(
        self, *args: object, asks_check: bool = False, asks_approval: bool = False, **kwargs: object
    ) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if not asks_check:
            del self.fields["address_checked"]
        if not asks_approval:
            del self.fields["unapproved_reason"]
