"""What may be typed about benefits, networks, referrals, triage and links: shape only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from advocacy.access.policy import Actor
from advocacy.inputs import short
from cases.benefits import WOULD_NOT_SAY, WOULD_NOT_SAY_WORDS, BenefitQuestion, window
from cases.commands.benefits import ON_FORM
from cases.forms.inputs import Choices, DayField, MomentField, PickField, lines
from cases.forms.registration import RowField
from cases.models import Case, NetworkCheck, Provider
from cases.models.benefits import BenefitSource
from cases.queries.registration import providers

UNSAID = "unsaid_"


class BenefitsForm(forms.Form):
    """One occasion, and a field for each question: what is left empty was not asked this time."""

    source = forms.ChoiceField(label="Where from", choices=BenefitSource.choices)
    asked_at = MomentField(label="When they said it")
    representative = forms.CharField(
        label="Who said it",
        max_length=120,
        required=False,
        widget=short(),
        help_text="Name of the representative; needed for a call.",
    )
    reference_number = forms.CharField(
        label="Reference number of the call", max_length=60, required=False, widget=short()
    )
    follow_up_on = DayField(
        label="Ask again on",
        required=False,
        help_text=f"For what they would not say; {window('follow_up_days').days} days from today when empty.",
    )
    document = PickField(label="Document", required=False)

    def __init__(
        self, *args: Any, questions: Iterable[BenefitQuestion], documents: Choices, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["document"].choices = [("", "None"), *documents]  # type: ignore[attr-defined]
        self.questions = list(questions)
        for question in self.questions:
            self.fields[f"{ON_FORM}{question.key}"] = _field(question)
            if question.kind != "choice":
                self.fields[f"{UNSAID}{question.key}"] = forms.BooleanField(
                    label=WOULD_NOT_SAY_WORDS, required=False
                )

    def occasion(self) -> list[Any]:
        names = ("source", "asked_at", "representative", "reference_number", "follow_up_on", "document")
        return [self[name] for name in names]

    def of(self, question: BenefitQuestion) -> list[Any]:
        """The fields of one question."""
        names = (f"{ON_FORM}{question.key}", f"{UNSAID}{question.key}")
        return [self[name] for name in names if name in self.fields]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        for question in self.questions:
            name = f"{ON_FORM}{question.key}"
            if typed.get(f"{UNSAID}{question.key}") and typed.get(name):
                self.add_error(name, "Either they said it or they would not say: clear one of the two.")
        return typed

    def answers(self) -> dict[str, str]:
        """Question to what was chosen or typed."""
        found = {}
        for question in self.questions:
            said = str(self.cleaned_data.get(f"{ON_FORM}{question.key}") or "").strip()
            if not said and self.cleaned_data.get(f"{UNSAID}{question.key}"):
                said = WOULD_NOT_SAY
            if said:
                found[question.key] = said
        return found


def _field(question: BenefitQuestion) -> forms.Field:
    label = {"money": "US dollars", "percent": "Percent", "words": "What they said"}.get(
        question.kind, "Answer"
    )
    if question.kind == "choice":
        choices = [
            ("", "Not asked this time"),
            *question.choices.items(),
            (WOULD_NOT_SAY, WOULD_NOT_SAY_WORDS),
        ]
        return forms.ChoiceField(label=label, choices=choices, required=False)
    mode = "text" if question.kind == "words" else "decimal"
    return forms.CharField(label=label, required=False, max_length=200, widget=short(inputmode=mode))


class NetworkForm(forms.Form):
    status = forms.ChoiceField(
        label="The provider is", choices=[("", "Choose"), *NetworkCheck.Status.choices]
    )
    source = forms.ChoiceField(label="Where from", choices=[("", "Choose"), *NetworkCheck.Source.choices])
    checked_on = DayField(label="Checked on")
    network_name = forms.CharField(
        label="Plan or network",
        max_length=120,
        required=False,
        widget=short(),
        help_text="As the plan names it.",
    )
    said_by = forms.CharField(label="Who said so", max_length=120, required=False, widget=short())
    reference_number = forms.CharField(
        label="Reference number", max_length=60, required=False, widget=short()
    )
    effective_on = DayField(label="In effect since", required=False)
    document = PickField(
        label="Document", required=False, help_text="A picture of the directory, for example."
    )

    def __init__(self, *args: Any, documents: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["document"].choices = [("", "None"), *documents]  # type: ignore[attr-defined]


class ReferralForm(forms.Form):
    from_provider = RowField(
        Provider.objects.none(),
        label="Who refers, from the list",
        required=False,
        empty_label="Not in the list",
    )
    from_name = forms.CharField(
        label="Or who refers, in words", max_length=120, required=False, widget=short()
    )
    to_provider = RowField(Provider.objects.none(), label="Referred to")
    number = forms.CharField(label="Number of the referral", max_length=60, required=False, widget=short())
    valid_from = DayField(label="Valid from")
    valid_until = DayField(label="Valid until (included)")
    visits = forms.IntegerField(label="Visits allowed", min_value=1, max_value=999, required=False)
    document = PickField(label="Document", required=False)

    def __init__(
        self, *args: Any, actor: Actor, documents: Choices, current: Provider | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["document"].choices = [("", "None"), *documents]
        for name in ("from_provider", "to_provider"):
            fields[name].queryset = providers(actor, also=current)


class WhyForm(forms.Form):
    reason = forms.CharField(label="Why", max_length=500, widget=lines(2))


class TriageForm(forms.Form):
    urgency = forms.ChoiceField(choices=Case.Urgency.choices, widget=forms.RadioSelect)
    safety_concern = forms.ChoiceField(
        label="Is there a concern for the person's safety?",
        choices=Case.SafetyConcern.choices,
        widget=forms.RadioSelect,
        help_text="Thoughts of suicide count. Only this answer is kept here; what was said is not written down.",
    )


class LinkForm(forms.Form):
    """The other case: one of the patient's, or any other by its reference."""

    kind = forms.ChoiceField(
        label="How they belong together",
        choices=[
            ("related", "They are related"),
            ("duplicate", "This case is a duplicate of it: close this one"),
        ],
        widget=forms.RadioSelect,
        initial="related",
    )
    other = forms.CharField(
        label="The other case",
        max_length=24,
        widget=short(),
        help_text="Its reference, as it stands at the head of its page.",
    )
    why = forms.CharField(label="Why", max_length=500, required=False, widget=lines(2))
