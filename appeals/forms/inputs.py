"""Inputs that several forms share, and how the reasons of a refusal find their fields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django import forms

from advocacy.errors import Reason

Choices = Sequence[tuple[str, str]]
NOT_CHOSEN = ("", "Choose")


class DayField(forms.DateField):
    """A calendar day, typed into the browser's own date input."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        super().__init__(**kwargs)


class MomentField(forms.DateTimeField):
    """A day and time in the zone that is active (the patient's, on pages of a case); the answer is aware."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault(
            "widget", forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        )
        super().__init__(**kwargs)


class PickField(forms.TypedChoiceField):
    """One of the offered rows, named by its public id. Anything else, another organization's row too, is no valid choice."""

    def __init__(self, *, choices: Choices = (), empty: str = "None", **kwargs: Any) -> None:
        offered = [("", empty), *choices]
        super().__init__(choices=offered, coerce=UUID, empty_value=None, **kwargs)


def lines(rows: int = 3) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


def put_reasons(form: forms.BaseForm, reasons: Iterable[Reason]) -> None:
    """Show each reason at the field it names, or above the form when it names none of this form's fields."""
    form.is_valid()
    for reason in reasons:
        form.add_error(reason.field if reason.field in form.fields else None, reason.message)
