"""Whom to let into the portal: shape only."""

from __future__ import annotations

from typing import Any

from django import forms

from advocacy.access.policy import Actor
from advocacy.access.roles import PortalScope
from advocacy.inputs import DayField, lines, short
from advocacy.people.models import Contact, Patient
from cases.models import Document
from cases.queries.portal import proofs_of


class EmailContactField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Contact) -> str:
        return obj.value if obj.is_safe else f"{obj.value} (not marked safe)"


class ProofField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Document) -> str:
        return f"{obj.title} ({obj.case.reference})"


class ConsentPaperForm(forms.Form):
    document = ProofField(
        Document.objects.none(),
        label="The scan",
        to_field_name="public_id",
        empty_label="Choose",
        help_text="Documents of this patient's cases that were uploaded as a consent or an appointment. Upload it there first.",
    )

    def __init__(self, *args: Any, actor: Actor, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["document"].queryset = proofs_of(actor, patient)  # type: ignore[attr-defined]


class ConsentCorrectionForm(forms.Form):
    recipients = forms.CharField(
        label="Who may receive it",
        max_length=300,
        help_text="As the signed form says. Whom the form does not name needs a new one, signed.",
    )
    because = forms.CharField(label="What was wrong", max_length=300)


class InvitePatientForm(forms.Form):
    contact = EmailContactField(
        Contact.objects.none(),
        label="E-mail address",
        to_field_name="public_id",
        empty_label="Choose",
        help_text="Only an address the patient marked safe can be used.",
    )

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        emails = Contact.objects.filter(patient=patient, kind="email", ended_at=None).order_by(
            "-is_safe", "id"
        )
        self.fields["contact"].queryset = emails  # type: ignore[attr-defined]


class InviteRepresentativeForm(forms.Form):
    name = forms.CharField(max_length=120, widget=short())
    email = forms.EmailField(label="E-mail address", widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    relation = forms.CharField(
        label="What they are to the patient",
        max_length=80,
        required=False,
        widget=short(),
        help_text="Sister, guardian, lawyer.",
    )
    language = forms.ChoiceField(choices=[("en", "English"), ("es", "Spanish")])
    scope = forms.MultipleChoiceField(
        label="What they may see", choices=PortalScope.choices(), widget=forms.CheckboxSelectMultiple
    )
    expires_on = DayField(label="Last day", help_text="At most one year ahead. It can be ended at any time.")
    proof = ProofField(
        Document.objects.none(),
        label="Document that shows it",
        to_field_name="public_id",
        required=False,
        empty_label="None on file",
    )
    proof_note = forms.CharField(
        label="What shows that they may act",
        max_length=400,
        required=False,
        widget=lines(2),
        help_text="For example: signed appointment, original in the safe.",
    )

    def __init__(self, *args: Any, actor: Actor, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["proof"].queryset = proofs_of(actor, patient)  # type: ignore[attr-defined]
