"""Forms for tasks, contacts, notes and money: the shape only."""

from __future__ import annotations

from typing import Any

from django import forms

from cases.forms.inputs import Choices, DayField, MomentField, MoneyField, PickField, lines, short
from cases.models import Communication, Cost
from cases.queries.templates import templates_in_use

# A message of the patient's portal is written on the page of messages and logs itself.
LOGGED = [choice for choice in Communication.Channel.choices if choice[0] != Communication.Channel.MESSAGE]

ASKED = ("waits_on_patient", "asked_of_patient")


class AskedOfPatient(forms.Form):
    """What a task asks of the patient, where it asks anything."""

    waits_on_patient = forms.BooleanField(
        label="The patient has to do something",
        required=False,
        help_text="The patient is reminded of it, by a safe way and at a safe hour.",
    )
    asked_of_patient = forms.CharField(
        label="What the patient is asked to do",
        required=False,
        widget=lines(2),
        max_length=500,
        help_text="One plain sentence, in the patient's language. The patient reads it in the portal.",
    )


class TaskForm(AskedOfPatient):
    """A new task."""

    template = forms.ChoiceField(
        required=False,
        help_text="Brings its checklist, and its title and due date where you leave them empty.",
    )
    title = forms.CharField(label="What is to be done", max_length=200, required=False, widget=short())
    due_on = DayField(label="Due", required=False)
    detail = forms.CharField(required=False, widget=lines(3), max_length=5000)

    def __init__(self, *args: object, owners: Choices, others: Choices, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        template: Any = self.fields["template"]
        template.choices = [("", "No template"), *((t.key, t.title) for t in templates_in_use().values())]
        self.fields["owner"] = PickField(
            choices=owners, empty="The case's owner", required=False, label="Owner"
        )
        self.fields["waits_for"] = PickField(
            choices=others, empty="Nothing", required=False, label="Waits for"
        )
        self.order_fields(["template", "title", "due_on", "owner", "waits_for", "detail", *ASKED])


class ChangeTaskForm(AskedOfPatient):
    title = forms.CharField(label="What is to be done", max_length=200, widget=short())
    due_on = DayField(label="Due", required=False)
    detail = forms.CharField(required=False, widget=lines(3), max_length=5000)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: object, others: Choices, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["waits_for"] = PickField(
            choices=others, empty="Nothing", required=False, label="Waits for"
        )
        self.order_fields(["title", "due_on", "waits_for", "detail", *ASKED, "version"])


class FinishTaskForm(forms.Form):
    note = forms.CharField(
        label="What came of it", required=False, widget=lines(3), max_length=5000, help_text="Stays inside."
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


class CancelTaskForm(forms.Form):
    end_note = forms.CharField(label="Why it will not be done", widget=lines(3), max_length=5000)
    version = forms.IntegerField(widget=forms.HiddenInput)


class HoldTaskForm(forms.Form):
    hold_until = MomentField(label="Wake up", help_text="It comes back by itself at this moment.")
    hold_reason = forms.CharField(label="Waiting for what", required=False, max_length=300, widget=short())
    version = forms.IntegerField(widget=forms.HiddenInput)


class WakeTaskForm(forms.Form):
    woken_reason = forms.CharField(
        label="Why the hold ends early",
        required=False,
        max_length=300,
        widget=short(),
        help_text="Not needed once its wake-up has come.",
    )


class ReassignTaskForm(forms.Form):
    def __init__(self, *args: object, owners: Choices, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["owner"] = PickField(choices=owners, empty="Nobody", required=False, label="New owner")


class NoteForm(forms.Form):
    body = forms.CharField(label="Note", widget=lines(12), max_length=50_000)
    for_patient = forms.BooleanField(
        label="The patient may see this note",
        required=False,
        help_text="Left off, it stays inside the organization.",
    )


class CallForm(forms.Form):
    """The call note. Everything but what was said has a sensible answer already."""

    person = forms.CharField(
        label="Who you spoke with",
        required=False,
        max_length=200,
        widget=short(),
        help_text="Name and department.",
    )
    address = forms.CharField(
        label="Number that was called",
        required=False,
        max_length=300,
        widget=short(inputmode="tel"),
        help_text="Or the number they called from.",
    )
    reference_number = forms.CharField(
        label="Call reference number", required=False, max_length=60, widget=short()
    )
    summary = forms.CharField(label="What was said", required=False, widget=lines(4), max_length=20_000)
    promise = forms.CharField(label="What they promised", required=False, max_length=500, widget=short())
    promised_by = DayField(label="Promised by", required=False)
    follow_up = forms.CharField(
        label="Follow-up task",
        required=False,
        max_length=200,
        widget=short(),
        help_text="Opens a task for you.",
    )
    follow_up_on = DayField(label="Follow up on", required=False)
    party = forms.ChoiceField(label="With", choices=Communication.With.choices)
    direction = forms.ChoiceField(label="Who called", choices=Communication.Direction.choices)
    channel = forms.ChoiceField(label="How", choices=LOGGED)
    happened_at = MomentField(label="When")
    minutes = forms.IntegerField(label="Minutes", required=False, min_value=0, max_value=1440)

    FIRST = (
        "person",
        "address",
        "reference_number",
        "summary",
        "promise",
        "promised_by",
        "follow_up",
        "follow_up_on",
    )
    DEFAULTED = ("party", "direction", "channel", "happened_at", "minutes")


class CostForm(forms.Form):
    kind = forms.ChoiceField(label="Which money", choices=Cost.Kind.choices)
    amount = MoneyField(label="Amount in US dollars")
    certainty = forms.ChoiceField(label="How sure", choices=Cost.Certainty.choices, widget=forms.RadioSelect)
    basis = forms.CharField(
        label="How the figure was found",
        widget=lines(3),
        max_length=2000,
        help_text="Such as “six sessions at the clinic's price of $750” or “explanation of benefits of May 2”.",
    )
