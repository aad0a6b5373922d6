"""What a form offered when somebody began to type, so that their kept words win where they typed and nowhere else.

A page that gives kept words back (`appeals/views/casework.py`) sends along, as `offered_then`, a short print of each value it
put into its fields. It is kept with the words. When the page is made again and offers more by now (a letter was read meanwhile),
a field whose kept value is still the one offered then was not typed in, and takes what is offered now. A field that differs was
typed in, or emptied, and stays so.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from django.forms import BaseForm, CheckboxInput, DateTimeField, FileField, Select
from django.forms.models import ModelChoiceIterator

OFFERED = "offered_then"


def offered_by(form: BaseForm, lists: frozenset[str] = frozenset()) -> dict[str, str]:
    """A print of what each field of an unbound form would send if nobody touched it. `lists`: fields of several values."""
    return {
        name: _print(_untouched(form, name, name in lists), name in lists)
        for name, field in form.fields.items()
        if not isinstance(field, FileField)
    }


def packed(offered: Mapping[str, str]) -> str:
    """The prints as one text for the page."""
    return json.dumps(offered, separators=(",", ":"))


def unpacked(texts: Sequence[str] | None) -> dict[str, str] | None:
    """The prints that came back with kept words; None when the words came without them, or with something else."""
    try:
        found = json.loads(texts[-1]) if texts else None
    except ValueError:
        return None
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else None


def typed_in(
    form: BaseForm,
    words: Mapping[str, Sequence[str]],
    *,
    lists: frozenset[str] = frozenset(),
    never: Iterable[str] = (),
) -> tuple[dict[str, Any], bool]:
    """Of kept words those that this person typed, by field, as initial values; and whether there were any.

    `never` are the page's own machinery. Words that were kept without what was offered then all count. A moment that was
    filled in stays though nobody typed it: a form fills in when it was opened, and opening it later makes that no truer.
    """
    then = unpacked(words.get(OFFERED))
    found: dict[str, Any] = {}
    any_typed = False
    for name, field in form.fields.items():
        several, values = name in lists, list(words.get(name, ()))
        ticked = several or isinstance(field.widget, CheckboxInput)
        if name in never or field.disabled or not (values or (ticked and then)):
            continue
        is_typed = then is None or then.get(name, "") != _print(values, several)
        if is_typed or (isinstance(field, DateTimeField) and any(values)):
            found[name] = values if several else (values[-1] if values else "")
            any_typed = any_typed or is_typed
    return found, any_typed


def _untouched(form: BaseForm, name: str, several: bool) -> list[str]:
    field: Any = form.fields[name]
    # A bound field of its own: the form's remembers its first value, and kept words are still to come.
    widget, value = field.widget, field.get_bound_field(form, name).value()
    if isinstance(widget, CheckboxInput):
        return ["on"] if widget.check_test(value) else []
    if several:
        return [str(v) for v in value or ()]
    shown = widget.format_value(value)
    texts = [str(v) for v in shown] if isinstance(shown, list | tuple) else [str(shown or "")]
    is_list = isinstance(widget, Select) and not widget.allow_multiple_selected
    if is_list and not isinstance(widget.choices, ModelChoiceIterator):
        # A browser sends the first choice of a list in which none is marked.
        choices = [str(option["value"]) for _, group, _ in widget.optgroups(name, texts) for option in group]
        if choices and not set(texts) & set(choices):
            return choices[:1]
    return texts


def _print(values: Sequence[str], several: bool) -> str:
    texts = sorted(values) if several else ["\n".join(v.splitlines()).strip() for v in values[-1:]]
    return sha256(json.dumps(texts).encode()).hexdigest()[:16] if any(texts) else ""
