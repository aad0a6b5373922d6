"""A letter to whoever is late: its draft, and its sending."""

from __future__ import annotations

from django import forms

from appeals.forms.levels import SentForm
from cases.forms.inputs import MomentField, lines


class SendForm(SentForm):
    sent_at = MomentField(label="Sent on")
    address_checked = forms.BooleanField(
        label="I held the agency's address against its own site", required=False
    )
    unapproved_reason = forms.CharField(
        label="Why it goes without the patient's approval", required=False, max_length=1000, widget=lines(2)
    )

    field_order = ["expected_sha256", "channel", "address", "sent_at", "proof_note"]

    def __init__(
        self, *args: object, asks_check: bool = False, asks_approval: bool = False, **kwargs: object
    ) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if not asks_check:
            del self.fields["address_checked"]
        if not asks_approval:
            del self.fields["unapproved_reason"]
