"""Inputs of the pages of a case. What forms of every app share stands in `advocacy.inputs` and is named here again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms

from advocacy.inputs import DayField, lines, put_reasons, short

__all__ = [
    "Choices",
    "DayField",
    "MomentField",
    "PickField",
    "PickManyField",
    "lines",
    "put_reasons",
    "short",
]

Choices = Sequence[tuple[str, str]]


class MomentField(forms.DateTimeField):
    """A day and time in the zone that is active (the patient's, on pages of a case); the answer is aware."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault(
            "widget", forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        )
        super().__init__(**kwargs)


class PickManyField(forms.TypedMultipleChoiceField):
    """Any number of the offered rows, named by their public ids; a row that was not offered is no valid choice."""

    def __init__(self, *, choices: Choices = (), **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.CheckboxSelectMultiple)
        super().__init__(choices=choices, coerce=UUID, empty_value=[], **kwargs)


class PickField(forms.TypedChoiceField):
    """One of the offered rows, named by its public id. Anything else, another organization's row too, is no valid choice."""

    def __init__(self, *, choices: Choices = (), empty: str = "None", **kwargs: Any) -> None:
        super().__init__(choices=[("", empty), *choices], coerce=UUID, empty_value=None, **kwargs)
