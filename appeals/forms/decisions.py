"""The decision of a level: an outcome for each item, the dates of its notice, and what was granted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms

from appeals.forms.choices import NOT_CHOSEN, upload_field
from appeals.forms.requests import AuthorizationForm
from appeals.models import Denial, ItemOutcome
from cases.forms.inputs import Choices, DayField, MomentField, PickField, lines

LETTER_FIELDS = ("letter", "file", "summary", "reasons_quoted", "theirs_all_the_same", "show_letter")


class OutcomeField(forms.ChoiceField):
    """Shown as needed; that it is missing the command says, together with every other reason."""

    def validate(self, value: Any) -> None:
        if value:
            super().validate(value)


class DecisionForm(forms.Form):
    """`items` are (public id as text, label). `version` is the level's version when the page was made, `shown` the letter that
    stood beside the form (its document's public id), `compared` (key, label) its facts that have no field.
    """

    version = forms.IntegerField(widget=forms.HiddenInput)
    shown = forms.CharField(widget=forms.HiddenInput, required=False, max_length=36)
    decided_at = MomentField(
        label="Decided on", required=False, help_text="Empty: the date on the notice. Never after it."
    )
    notice_on = DayField(label="Date on the notice", required=False)
    sent_on = DayField(label="Sent on", required=False, help_text="Postmark, portal or fax date.")
    received_on = DayField(label="Received by the patient on", required=False)
    received_evidence = forms.ChoiceField(
        label="What proves the receipt", choices=Denial.Evidence.choices, required=False
    )
    stated_deadline_on = DayField(
        label="Deadline the notice states for the next step",
        required=False,
        help_text="Only what stands in the notice.",
    )
    continuation_stated_on = DayField(
        label="Ask by this day, so that care goes on",
        required=False,
        help_text="Only a day that stands in the notice.",
    )
    letter = PickField(label="The decision letter", required=False)
    summary = forms.CharField(
        label="What it says, in a few words", required=False, max_length=4000, widget=lines(4)
    )
    reasons_quoted = forms.CharField(
        label="Why it stays refused, in its own words",
        required=False,
        max_length=8000,
        widget=lines(5),
        help_text="Word for word, each reason on a line of its own. The letter of the next level quotes and answers them.",
    )

    theirs_all_the_same = forms.BooleanField(
        label="It is this patient's letter, though it names somebody else",
        help_text="Tick it only when you know why it says otherwise: a maiden name, a new member id.",
        required=False,
    )
    show_letter = forms.BooleanField(
        label="Show the letter to the patient in the portal", required=False, initial=True
    )

    def __init__(
        self,
        *args: Any,
        items: Choices,
        documents: Choices,
        compared: Choices = (),
        may_be_sent_back: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["wrong"] = forms.MultipleChoiceField(
            label="Read wrongly", choices=compared, required=False, widget=forms.CheckboxSelectMultiple
        )
        self.items = list(items)
        for key, label in self.items:
            self.fields[f"item_{key}"] = OutcomeField(
                label=label,
                choices=[
                    NOT_CHOSEN,
                    *(
                        (key, said)
                        for key, said in ItemOutcome.Outcome.choices
                        if may_be_sent_back or key != ItemOutcome.Outcome.REMANDED
                    ),
                ],
            )
        self.fields["file"] = upload_field("Or upload it now")
        self.fields["letter"] = PickField(
            label="The decision letter", choices=documents, empty="Not in the documents yet", required=False
        )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        if not (found.get("decided_at") or found.get("notice_on")) and "decided_at" not in self.errors:
            self.add_error(
                "decided_at", "Say when it was decided, or give the date on the notice: it stands for it."
            )
        return found

    @property
    def outcome_fields(self) -> list[forms.BoundField]:
        return [self[f"item_{key}"] for key, _ in self.items]

    @property
    def date_fields(self) -> list[forms.BoundField]:
        names = (
            "decided_at",
            "notice_on",
            "sent_on",
            "received_on",
            "received_evidence",
            "stated_deadline_on",
            "continuation_stated_on",
        )
        return [self[name] for name in names]

    @property
    def letter_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in LETTER_FIELDS]

    def outcomes(self) -> dict[UUID | str, str]:
        """Item public id (text) to outcome, chosen ones only: a missing one is the command's to refuse."""
        return {
            key: self.cleaned_data[f"item_{key}"] for key, _ in self.items if self.cleaned_data[f"item_{key}"]
        }


class GrantedForm(AuthorizationForm):
    """All or nothing: an authorization without number and validity is no authorization."""

    number = forms.CharField(label="Authorization number", max_length=60, required=False)
    valid_from = DayField(label="Valid from", required=False)
    valid_until = DayField(label="Valid until (included)", required=False)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        if any(found.values()):
            for name in ("number", "valid_from", "valid_until"):
                if not found.get(name) and name not in self.errors:
                    self.add_error(name, "An authorization needs its number and its first and last day.")
        return found

    @property
    def is_given(self) -> bool:
        return bool(self.cleaned_data.get("number"))


class DecisionLetterForm(forms.Form):
    """The letter taken in before anything is typed, so that what it says stands beside the form."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # It stands on one page with the decision's own form, which has a field of this name.
        super().__init__(*args, **{"auto_id": "id_first_%s"} | kwargs)
        self.fields["file"] = upload_field("The decision letter")
        self.fields["file"].required = True


class DeemForm(forms.Form):
    """Nothing to type: the version that was looked at."""

    version = forms.IntegerField(widget=forms.HiddenInput)
