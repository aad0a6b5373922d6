"""What left by hand, as the desk records it, puts it right, and decides whether the patient is told of it yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from advocacy.inputs import DayField, lines
from cases.commands.accounting import PARTIES, SHOW, Told
from cases.queries.accounting import GROUNDS, MISTAKE
from cases.suspensions import LOOK_AGAIN_DAYS, ORAL_DAYS, WORDS, Why

TOLD = {
    SHOW: "Yes, it is listed for the patient",
    Why.WRITTEN.value: f"Not yet. {WORDS[Why.WRITTEN]}",
    Why.ORAL.value: f"Not yet. {WORDS[Why.ORAL]}",
    Why.RISK.value: f"Not yet. {WORDS[Why.RISK]}: the privacy officer decides",
    Why.UNDECIDED.value: "Not yet. The privacy officer has to decide about a report of abuse",
}


class ToldFields(forms.Form):
    """Whether the patient may see a line, and what keeps it back."""

    who = forms.CharField(
        label="Agency or official who asked",
        max_length=200,
        required=False,
        help_text="Name and office. Needed where an agency asked for it.",
    )
    statement = forms.CharField(
        label="The agency's statement, the risk, or why it may be shown",
        max_length=600,
        required=False,
        widget=lines(3),
        help_text="Kept encrypted. An agency says that telling would be reasonably likely to impede its work.",
    )
    said_on = DayField(label="Day of an oral statement", required=False)
    until = DayField(
        label="Held back until",
        required=False,
        help_text=f"An agency's last day; on an oral statement {ORAL_DAYS} days at most. For a risk, the day to look at it"
        f" again, within {LOOK_AGAIN_DAYS} days: it stays back until you show it.",
    )

    def as_told(self) -> Told:
        """What was typed of it."""
        names = ("told", "who", "statement", "said_on", "until")
        return Told(**{name: self.cleaned_data[name] for name in names})


class DisclosureForm(ToldFields):
    """A disclosure without the patient's authorization: what the law asks an accounting to say of it."""

    left_on = DayField(label="Day it left", help_text="Where the patient lives.")
    party = forms.ChoiceField(label="Who got it", choices=[("", "Choose"), *PARTIES.items()])
    recipient = forms.CharField(label="Name of the person or body", max_length=200)
    address = forms.CharField(label="Their address, if known", max_length=300, required=False)
    what = forms.CharField(label="What was given", max_length=300, help_text="A short description.")
    ground = forms.ChoiceField(label="What it rested on", choices=[("", "Choose"), *GROUNDS.items()])
    why = forms.CharField(
        label="What it was for",
        max_length=600,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="In a line or two, or which written request it answered, of which day.",
    )
    told = forms.ChoiceField(
        label="May the patient see it now?",
        choices=[("", "Choose"), *TOLD.items()],
        required=False,
        help_text="Needed for abuse, public health, oversight, law enforcement, and what the law required. What was shown"
        " in the portal cannot be taken back.",
    )
    field_order = ("left_on", "party", "recipient", "address", "what", "ground", "why", "told")

    def of_it(self) -> dict[str, Any]:
        """What `record_disclosure` takes."""
        names = ("left_on", "party", "recipient", "address", "what", "ground", "why")
        return {name: self.cleaned_data[name] for name in names} | {"told": self.as_told()}


class _OfALine(forms.Form):
    line = forms.TypedChoiceField(label="Which disclosure", coerce=int)

    def __init__(self, *args: Any, rows: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["line"].choices = [("", "Choose"), *rows]  # type: ignore[attr-defined]


class HoldForm(_OfALine, ToldFields):
    """What the patient sees of one disclosure."""

    told = forms.ChoiceField(label="May the patient see it now?", choices=[("", "Choose"), *TOLD.items()])
    field_order = ("line", "told")


class CorrectionForm(_OfALine):
    """A disclosure, as it really was."""

    recipient = forms.CharField(label="Name of the person or body that got it", max_length=200)
    address = forms.CharField(label="Their address, if known", max_length=300, required=False)
    what = forms.CharField(
        label="What was given, and what for",
        max_length=900,
        required=False,
        widget=lines(3),
        help_text="Of what the program sent, it says itself what it was.",
    )
    left_on = DayField(
        label="Day it left",
        required=False,
        help_text="Empty where it stays. Only of what was recorded by hand.",
    )
    ground = forms.ChoiceField(
        label="What it rested on",
        choices=[("", "As it was"), *GROUNDS.items()],
        required=False,
        help_text=f"What the program sent can become one thing only: {GROUNDS[MISTAKE].lower()}. Then the law wants it listed.",
    )
    because = forms.CharField(
        label="What was wrong", max_length=300, help_text="Both versions stay, and the patient sees both."
    )
