"""Forms of offers: to whom and what, taking over with the second look at who is registered, declining."""

from __future__ import annotations

from typing import Any

from django import forms

from cases import offering
from cases.forms.inputs import Choices, PickField, PickManyField, lines, short

NEW = "new"


class OfferForm(forms.Form):
    """`consents` are releases that stand, `papers` versions of documents: pairs of public id and words."""

    organization = forms.UUIDField(
        label="Id of the other organization",
        widget=short(),
        help_text="They find it on their page of offers. It is long, so that it is copied and not typed.",
    )
    name = forms.CharField(
        label="Its name",
        max_length=120,
        widget=short(),
        help_text="As they write it. Id and name have to belong together.",
    )
    consent = PickField(
        label="The patient's release",
        empty="Choose",
        help_text="It has to name that organization as a recipient.",
    )
    parts = forms.MultipleChoiceField(
        label="What is shared",
        choices=list(offering.PARTS.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Only what is ticked, as it stands now. To take the case over they need who the patient is, the plan, and"
        " the treatment.",
    )
    papers = PickManyField(
        label="Documents", required=False, help_text="Only these versions; nothing that is added later."
    )
    days = forms.TypedChoiceField(
        label="For how long they can read it",
        choices=[(n, f"{n} days") for n in offering.DAYS],
        coerce=int,
        initial=offering.DAYS[1],
    )
    understood = forms.BooleanField(
        label="The patient knows that what they take over becomes their own record, and stays with them."
    )

    def __init__(self, *args: Any, consents: Choices, papers: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pick: Any = self.fields
        pick["consent"].choices = [("", "Choose"), *consents]
        pick["papers"].choices = papers
        if not papers:
            del self.fields["papers"]


class AcceptForm(forms.Form):
    """`alike` are the people registered here who may be the one: pairs of public id and words."""

    person = forms.ChoiceField(
        label="Who this is", widget=forms.RadioSelect, help_text="Compare before you choose."
    )
    duplicates_seen = forms.BooleanField(
        label="I compared: it is nobody who is registered here", required=False
    )

    def __init__(self, *args: Any, alike: Choices, hidden: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pick: Any = self.fields
        pick["person"].choices = [*alike, (NEW, "Somebody new: register them")]
        if not alike:
            pick["person"].initial = NEW
        if not alike and not hidden:
            del self.fields["duplicates_seen"]


class DeclineForm(forms.Form):
    because = forms.CharField(
        label="Why",
        max_length=500,
        widget=lines(3),
        help_text="The other organization reads it. Kept encrypted on both sides.",
    )
