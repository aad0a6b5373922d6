"""What may be typed about people: shape only. Whether it is true enough, the commands say."""

from __future__ import annotations

from typing import Any

from django import forms

from advocacy.inputs import DayField, HourField, SectionedForm, lines, short
from advocacy.people.commands import ContactInput
from advocacy.people.models import Consent, Contact, Membership, Patient
from advocacy.people.places import STATES, TIME_ZONES

STATE_CHOICES = [("", "Not known yet"), *((code, f"{name} ({code})") for code, name in STATES.items())]


METHODS: list[Any] = list(Consent._meta.get_field("method").choices or ())


class PatientForm(SectionedForm):
    SECTIONS = (
        (
            "Name",
            "The legal name, as payers have it, and how the patient wants to be spoken to.",
            ("given_name", "family_name", "preferred_name", "pronouns", "birth_date"),
        ),
        ("Language", "", ("language", "language_note", "interpreter_needed")),
        (
            "Place",
            "Days are counted where letters reach the patient.",
            ("state", "time_zone"),
        ),
        ("Safe contact", "", ("safe_contact_note",)),
    )

    given_name = forms.CharField(label="Given name", max_length=100, widget=short())
    family_name = forms.CharField(label="Family name", max_length=100, widget=short())
    preferred_name = forms.CharField(
        label="Preferred name",
        max_length=100,
        required=False,
        widget=short(),
        help_text="Shown instead of the given name.",
    )
    pronouns = forms.CharField(max_length=40, required=False, widget=short())
    birth_date = DayField(label="Birth date")
    language = forms.ChoiceField(choices=Patient.Language.choices)
    language_note = forms.CharField(
        label="About the language",
        max_length=200,
        required=False,
        widget=short(),
        help_text="Which other language, a dialect, or large print.",
    )
    interpreter_needed = forms.BooleanField(label="An interpreter is needed", required=False)
    state = forms.ChoiceField(label="State of residence", choices=STATE_CHOICES, required=False)
    time_zone = forms.ChoiceField(label="Time zone", choices=list(TIME_ZONES.items()))
    safe_contact_note = forms.CharField(
        label="Rules for reaching the patient safely",
        max_length=1000,
        required=False,
        widget=lines(3),
        help_text="In the patient's own words: who must not learn of this, what to say when somebody else answers.",
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class NewPatientForm(PatientForm):
    duplicates_seen = forms.BooleanField(label="This is a different person", required=False)


class ContactForm(forms.Form):
    kind = forms.ChoiceField(label="Way", choices=Contact.Kind.choices, initial=Contact.Kind.PHONE)
    value = forms.CharField(label="Number or address", max_length=300, required=False, widget=short())
    from_time = HourField(label="Not before", required=False)
    until_time = HourField(label="Not after", required=False)
    is_safe = forms.BooleanField(label="The patient said this way is safe", required=False)
    may_leave_message = forms.BooleanField(label="A message may be left", required=False)
    is_preferred = forms.BooleanField(label="Preferred", required=False)

    def contact(self) -> ContactInput:
        """What was typed, for the command."""
        return ContactInput(**self.cleaned_data)


class _ContactRows(forms.BaseFormSet):
    def filled(self) -> list[ContactForm]:
        """The rows in which something was typed; the spare ones are left out."""
        return [row for row in self.forms if row.has_changed()]


ContactRows: Any = forms.formset_factory(ContactForm, formset=_ContactRows, extra=2, max_num=10)


class ConsentForm(forms.Form):
    kind = forms.ChoiceField(label="What was allowed", choices=[("", "Choose"), *Consent.Kind.choices])
    method = forms.ChoiceField(label="How", choices=[("", "Choose"), *METHODS])
    signed_on = DayField(label="Signed or given on")
    expires_on = DayField(label="Expires on", required=False)
    scope = forms.CharField(
        label="Scope",
        max_length=1000,
        required=False,
        widget=lines(3),
        help_text="What may be shared, with whom, and why.",
    )


class EndMembershipForm(forms.Form):
    """Who takes over what a leaver owned."""

    successor = forms.ModelChoiceField(
        Membership.objects.none(),
        required=False,
        to_field_name="public_id",
        empty_label="Nobody: back to the queue",
        label="Who takes over their open cases and tasks",
    )

    def __init__(self, *args: Any, members: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        successor: Any = self.fields["successor"]
        successor.queryset = members
        successor.label_from_instance = lambda member: str(member.user)
