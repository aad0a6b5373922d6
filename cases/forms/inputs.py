"""Inputs of the pages of a case. What forms of every app share stands in `advocacy.inputs` and is named here again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms

from advocacy.inputs import DayField, lines, put_reasons, short

__all__ = [
    "Choices",
    "DayField",
    "MomentField",
    "MoneyField",
    "PickField",
    "PickManyField",
    "lines",
    "put_reasons",
    "short",
]

Choices = Sequence[tuple[str, str]]
_THOUSANDS = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?")


class MomentField(forms.DateTimeField):
    """A day and time in the zone that is active (the patient's, on pages of a case); the answer is aware."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault(
            "widget", forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        )
        super().__init__(**kwargs)


class MoneyField(forms.DecimalField):
    """An amount in US dollars as people write it: "4500", "4,500.00", "$4,500". Never below zero."""

    default_error_messages = {"invalid": "Enter an amount in US dollars, such as 4,500.00."}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        messages = {"min_value": "An amount is 0 or more."} | kwargs.pop("error_messages", {})
        super().__init__(min_value=0, max_digits=12, decimal_places=2, error_messages=messages, **kwargs)

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            bare = value.strip().removeprefix("$").strip()
            # A comma parts thousands; anywhere else it may be a decimal comma, and an amount is not guessed.
            value = bare.replace(",", "") if _THOUSANDS.fullmatch(bare) else bare
        return super().to_python(value)


class PickManyField(forms.TypedMultipleChoiceField):
    """Any number of the offered rows, named by their public ids; a row that was not offered is no valid choice."""

    def __init__(self, *, choices: Choices = (), **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.CheckboxSelectMultiple)
        super().__init__(choices=choices, coerce=UUID, empty_value=[], **kwargs)


class PickField(forms.TypedChoiceField):
    """One of the offered rows, named by its public id. Anything else, another organization's row too, is no valid choice."""

    def __init__(self, *, choices: Choices = (), empty: str = "None", **kwargs: Any) -> None:
        super().__init__(choices=[("", empty), *choices], coerce=UUID, empty_value=None, **kwargs)
