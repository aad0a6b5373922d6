"""What may be typed into the steps of an intake: shape only. Each step is a form of its own, filled again from what was kept."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from django import forms

from advocacy.access.policy import Actor
from advocacy.inputs import DayField, SectionedForm, lines, one_of, short
from advocacy.people.commands import ContactInput
from advocacy.people.forms import METHODS, PatientForm
from advocacy.people.models import Membership, Patient
from advocacy.people.rules import HELPER, INSTRUMENTS, consent_is_whole
from advocacy.people.zones import usual_zone, zone_field
from cases.forms.benefits import TriageForm
from cases.forms.inputs import Choices, PickField
from cases.forms.registration import CaseForm, CoverageField, CoverageForm, OwnerField, RowField
from cases.models import Coverage, Inquiry, Provider
from cases.queries.registration import coverages_of, owners, providers
from cases.workflow import InquiryStatus

NEW_PERSON = tuple(name for name in PatientForm.base_fields if name != "version")
NEEDED = ("given_name", "family_name", "birth_date")


def same(form: type[forms.Form], name: str) -> Any:
    """The field of another form, for this one."""
    return copy.deepcopy(form.base_fields[name])


class WhoForm(SectionedForm):
    """Somebody who is registered, chosen from what a search found; or a new person."""

    SECTIONS = (
        (
            "Or a new person",
            "Only what is known; the rest can be added later.",
            (
                "given_name",
                "family_name",
                "birth_date",
                "preferred_name",
                "pronouns",
                "state",
                "time_zone",
            ),
        ),
        ("Language", "", ("language", "language_note", "interpreter_needed")),
        (
            "Reaching the person safely",
            "Only a way that the person called safe is ever used.",
            ("phone", "phone_is_safe", "may_leave_message", "email", "email_is_safe", "safe_contact_note"),
        ),
    )
    patient = forms.UUIDField(required=False, widget=forms.HiddenInput)
    given_name = same(PatientForm, "given_name")
    family_name = same(PatientForm, "family_name")
    birth_date = same(PatientForm, "birth_date")
    preferred_name = same(PatientForm, "preferred_name")
    pronouns = same(PatientForm, "pronouns")
    state = same(PatientForm, "state")
    time_zone = zone_field()
    language = same(PatientForm, "language")
    language_note = same(PatientForm, "language_note")
    interpreter_needed = same(PatientForm, "interpreter_needed")
    phone = forms.CharField(max_length=40, required=False, widget=short(inputmode="tel"))
    phone_is_safe = forms.BooleanField(label="The person said this phone is safe", required=False)
    may_leave_message = forms.BooleanField(label="A message may be left", required=False)
    email = forms.CharField(label="E-mail", max_length=200, required=False, widget=short(inputmode="email"))
    email_is_safe = forms.BooleanField(label="The person said this address is safe", required=False)
    safe_contact_note = same(PatientForm, "safe_contact_note")
    duplicates_seen = forms.BooleanField(label="This is a different person", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.required = False
            if name in NEEDED:
                one_of(field)

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if typed.get("patient"):
            for name in list(self.errors):
                del self._errors[name]  # type: ignore[attr-defined]
            return typed
        for name in NEEDED:
            if not typed.get(name) and name not in self.errors:
                self.add_error(name, "Fill this in, or choose a person above.")
        usual_zone(self, typed)
        return typed

    def details(self) -> dict[str, Any]:
        """What a new patient is registered with."""
        return {name: self.cleaned_data[name] for name in NEW_PERSON} | {
            "language": self.cleaned_data["language"] or "en"
        }

    def contacts(self) -> tuple[ContactInput, ...]:
        typed = self.cleaned_data
        found = []
        if typed["phone"]:
            found.append(
                ContactInput(
                    "phone",
                    typed["phone"],
                    is_safe=typed["phone_is_safe"],
                    may_leave_message=typed["may_leave_message"],
                    is_preferred=typed["phone_is_safe"],
                )
            )
        if typed["email"]:
            found.append(ContactInput("email", typed["email"], is_safe=typed["email_is_safe"]))
        return tuple(found)


class WhatForm(SectionedForm):
    SECTIONS = (
        (
            "Treatment and purpose",
            "Every case says what the treatment is for. What is not asked for a medical purpose is declined, with a place to"
            " turn to.",
            ("treatment", "purpose", "purpose_words"),
        ),
        ("Codes", "", ("diagnosis_codes", "procedure_codes", "treatment_note")),
    )
    treatment = same(CaseForm, "treatment")
    purpose = same(CaseForm, "purpose")
    purpose_words = same(CaseForm, "purpose_words")
    diagnosis_codes = same(CaseForm, "diagnosis_codes")
    procedure_codes = same(CaseForm, "procedure_codes")
    treatment_note = same(CaseForm, "treatment_note")


class IntakeCoverageForm(CoverageForm):
    """A plan that is recorded already, where the person has one; or a new one."""

    coverage = CoverageField(
        Coverage.objects.none(),
        label="A plan on record",
        required=False,
        empty_label="Another plan: fill it in below",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, actor: Actor, patient: Patient | None, **kwargs: Any) -> None:
        super().__init__(*args, actor=actor, **kwargs)
        fields: Any = self.fields
        fields["member_id"].required = False
        one_of(fields["member_id"])
        fields["funding"].required = False
        if patient is None:
            del fields["coverage"]
        else:
            fields["coverage"].queryset = coverages_of(patient)

    def sections(self) -> list[dict[str, Any]]:
        if "coverage" not in self.fields:
            return super().sections()
        return [{"legend": "On record", "hint": "", "fields": [self["coverage"]]}, *super().sections()]

    def clean(self) -> dict[str, Any]:
        typed = self.cleaned_data
        if typed.get("coverage"):
            for name in list(self.errors):
                del self._errors[name]  # type: ignore[attr-defined]
            return typed
        typed = super().clean()
        if not typed.get("member_id") and "member_id" not in self.errors:
            self.add_error("member_id", "Fill in the member id as the card shows it.")
        return typed

    def details(self) -> dict[str, Any]:
        """What a new coverage is recorded with."""
        left_out = {"coverage", "version", "likeness_seen"}
        given = {k: v for k, v in self.cleaned_data.items() if k not in left_out}
        return given | {"funding": given["funding"] or Coverage.Funding.UNKNOWN}


class IntakeProviderForm(SectionedForm):
    SECTIONS = (
        ("Who treats", "", ("provider",)),
        (
            "Or a provider who is not in the list",
            "The new entry is kept for later cases.",
            ("new_provider", "new_credentials", "new_npi", "new_fax"),
        ),
    )
    provider = RowField(Provider.objects.none(), required=False, empty_label="Choose")
    new_provider = same(CaseForm, "new_provider")
    new_credentials = same(CaseForm, "new_credentials")
    new_npi = same(CaseForm, "new_npi")
    new_fax = same(CaseForm, "new_fax")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["provider"].queryset = providers(actor)
        one_of(fields["provider"], fields["new_provider"], fields["new_npi"])

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        named = bool(typed.get("new_provider", "").strip())
        if "provider" not in self.errors and bool(typed.get("provider")) == named:
            both = "Choose a provider or name a new one, not both."
            self.add_error("provider", both if named else "Choose the provider.")
        return typed

    def details(self) -> dict[str, Any]:
        typed = self.cleaned_data
        return {
            "name": typed["new_provider"],
            "credentials": typed["new_credentials"],
            "npi": typed["new_npi"],
            "fax": typed["new_fax"],
        }


CONSENTS = {"release": "Release of health information", "representation": "Representation"}
PAPER = {"representation": ("instrument",)}


class IntakeConsentForm(SectionedForm):
    """What the person allowed so far. Nothing is needed to open a case; without a release nothing is sent."""

    SECTIONS = tuple(
        (
            title,
            "",
            tuple(
                f"{kind}_{part}"
                for part in (
                    "method",
                    *PAPER.get(kind, ()),
                    "signed_on",
                    "expires_on",
                    "expires_event",
                    "scope",
                )
            ),
        )
        for kind, title in CONSENTS.items()
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in CONSENTS:
            self.fields[f"{kind}_method"] = forms.ChoiceField(
                label="How it was given", choices=[("", "Not yet"), *METHODS], required=False
            )
            if kind in PAPER:
                papers = ((key, words) for key, words in INSTRUMENTS.items() if key != HELPER)
                self.fields[f"{kind}_instrument"] = forms.ChoiceField(
                    label="By which paper", choices=[("", "Choose"), *papers], required=False
                )
            self.fields[f"{kind}_signed_on"] = DayField(label="Signed or given on", required=False)
            self.fields[f"{kind}_expires_on"] = DayField(label="Expires on", required=False)
            self.fields[f"{kind}_expires_event"] = forms.CharField(
                label="Or the event it ends with", max_length=200, required=False
            )
            self.fields[f"{kind}_scope"] = forms.CharField(
                label="Scope",
                max_length=1000,
                required=False,
                widget=lines(2),
                help_text="What may be shared, with whom, and why.",
            )

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        for kind in CONSENTS:
            method, day = typed.get(f"{kind}_method"), typed.get(f"{kind}_signed_on")
            if method and not day and f"{kind}_signed_on" not in self.errors:
                self.add_error(f"{kind}_signed_on", "Say on which day it was given.")
            if day and not method:
                self.add_error(f"{kind}_method", "Say how it was given.")
            if method and kind in PAPER and not typed.get(f"{kind}_instrument"):
                self.add_error(f"{kind}_instrument", "Say by which paper.")
            if method and not any(f"{kind}_{part}" in self.errors for part in ("scope", "expires_on")):
                self._whole(kind, typed)
        return typed

    def _whole(self, kind: str, typed: Mapping[str, Any]) -> None:
        told = (typed[f"{kind}_{part}"] for part in ("method", "scope", "expires_on", "expires_event"))
        for reason in consent_is_whole(kind, *told):
            self.add_error(f"{kind}_{reason.field}", reason.message)

    def consents(self) -> tuple[Mapping[str, Any], ...]:
        """What was given, for `record_consent`."""
        typed = self.cleaned_data
        return tuple(
            {
                "kind": kind,
                "method": typed[f"{kind}_method"],
                "signed_on": typed[f"{kind}_signed_on"],
                "expires_on": typed[f"{kind}_expires_on"],
                "expires_event": typed[f"{kind}_expires_event"],
                "scope": typed[f"{kind}_scope"],
                "instrument": typed.get(f"{kind}_instrument", ""),
            }
            for kind in CONSENTS
            if typed[f"{kind}_method"]
        )


class IntakeUrgencyForm(TriageForm):
    owner = OwnerField(Membership.objects.none(), required=False, empty_label="Nobody yet")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = owners(actor)  # type: ignore[attr-defined]


class ReviewForm(forms.Form):
    """`needed` when the patient has an open case for the same treatment: somebody says that this is another matter."""

    another_matter = forms.BooleanField(
        label="I have looked at the open case: this is another matter", required=False
    )

    def __init__(self, *args: Any, needed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not needed:
            del self.fields["another_matter"]
        else:
            self.fields["another_matter"].required = True


class DeclineForm(forms.Form):
    because = forms.ChoiceField(
        label="Why it is declined", choices=[("", "Choose"), *Inquiry.Declined.choices]
    )
    words = forms.CharField(label="In more words", max_length=1000, required=False, widget=lines(2))
    referred_to = forms.CharField(
        label="Where the person can turn",
        max_length=1000,
        required=False,
        widget=lines(3),
        help_text="Name and phone of another organization, a clinic, the state's consumer assistance program, or 211.",
    )


class InquiryFilters(forms.Form):
    """What the address of the list may say: codes and keys only."""

    state = forms.ChoiceField(
        choices=[(key, key) for key in InquiryStatus.values], required=False, widget=forms.HiddenInput
    )
    found = forms.CharField(max_length=36, required=False, widget=forms.HiddenInput)
    owner = forms.ChoiceField(label="Whose", required=False)

    def __init__(self, *args: Any, owners: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = owners  # type: ignore[attr-defined]

    def clean_state(self) -> str:
        return self.cleaned_data["state"] or str(InquiryStatus.OPEN)


class InquiryNameForm(forms.Form):
    """A name is looked for by a POST: it stands in no address."""

    q = forms.CharField(label="Name, or inquiry number", max_length=120, widget=short())


class HandOverForm(forms.Form):
    def __init__(self, *args: Any, owners: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"] = PickField(
            choices=owners,
            empty="Nobody yet",
            required=False,
            label="Who goes on with it",
            help_text="All that was answered stays. The colleague finds it among their own.",
        )
