"""What forms of every app share: inputs, sections, how a refusal finds its fields, and how typed words are shown again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.forms.renderers import DjangoTemplates
from django.http import QueryDict
from django.utils.formats import localize
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from advocacy.errors import Reason

SELECT = forms.Select.template_name


class Renderer(DjangoTemplates):
    """Django's own forms. A list to choose from is written without templates, which took two of them for each choice: a page
    with a hundred colleagues to choose from took longer for that than for everything else.
    """

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> SafeString:
        if template_name == SELECT:
            return _select(context["widget"])
        return mark_safe(super().render(template_name, context, request))  # noqa: S308  a template escapes by itself


def _select(widget: Mapping[str, Any]) -> SafeString:
    """What Django's templates for a select and its options say, character by character."""
    parts: list[str] = [format_html('<select name="{}"{}>', widget["name"], _attributes(widget["attrs"]))]
    for group, options, _index in widget["optgroups"]:
        if group:
            parts.append(format_html('\n  <optgroup label="{}">', group))
        for option in options:
            value, words = (
                conditional_escape(str(option["value"])),
                conditional_escape(localize(option["label"])),
            )
            chosen = _attributes(option["attrs"])
            parts.append(f'\n  <option value="{value}"{chosen}>{words}</option>\n')
        if group:
            parts.append("\n  </optgroup>")
    return mark_safe("".join([*parts, "\n</select>"]))  # noqa: S308  every part above is escaped


def _attributes(attrs: Mapping[str, Any]) -> SafeString:
    if not attrs:
        return SafeString()
    shown = [(name, value) for name, value in attrs.items() if value is not False]
    return format_html_join(
        "", "{}", [(format_html(" {}", n) if v is True else format_html(' {}="{}"', n, v),) for n, v in shown]
    )


class DayField(forms.DateField):
    """A calendar day, typed into the browser's own date input."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        super().__init__(**kwargs)


class HourField(forms.TimeField):
    """A time of day without a date."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
        super().__init__(**kwargs)


def lines(rows: int = 3) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


def short(**attrs: str) -> forms.TextInput:
    """A one-line input that the browser does not fill in from what it remembers of other patients."""
    return forms.TextInput(attrs={"autocomplete": "off"} | attrs)


def one_of(*fields: forms.Field) -> None:
    """Mark fields of which exactly one is filled: none of them is called optional on the page."""
    for field in fields:
        field.one_of = True  # type: ignore[attr-defined]


class SectionedForm(forms.Form):
    """A long form in parts. `SECTIONS` are (legend, hint, names of its fields); what no part names is drawn by hand."""

    SECTIONS: Sequence[tuple[str, str, Sequence[str]]] = ()

    def sections(self) -> list[dict[str, Any]]:
        return [
            {"legend": legend, "hint": hint, "fields": [self[name] for name in names if name in self.fields]}
            for legend, hint, names in self.SECTIONS
        ]


def put_reasons(
    form: forms.BaseForm, reasons: Iterable[Reason], rows: Mapping[str, forms.BaseForm] | None = None
) -> None:
    """Show each reason at the field it names, or above the form. `rows` are forms of a formset by the prefix of their fields."""
    form.is_valid()
    for reason in reasons:
        prefix, _, name = (reason.field or "").rpartition("-")
        row = (rows or {}).get(prefix)
        if row is not None and name in row.fields:
            row.add_error(name, reason.message)
        else:
            form.add_error(reason.field if reason.field in form.fields else None, reason.message)


def as_posted(fields: Mapping[str, Sequence[str]]) -> QueryDict:
    """Kept words (lists of texts by field name) as a form expects them from a request."""
    posted = QueryDict(mutable=True)
    for name, values in fields.items():
        posted.setlist(name, list(values))
    return posted


def without_errors(form: Any) -> Any:
    """A bound form, or formset, that shows what was typed and does not complain: the words were not sent yet."""
    if isinstance(form, forms.BaseFormSet):
        if not form.management_form.is_valid():
            return form
        for row in form.forms:
            without_errors(row)
        form._errors = [{} for _row in form.forms]  # type: ignore[attr-defined]
        form._non_form_errors = form.error_class()  # type: ignore[attr-defined]
    else:
        form._errors = {}
    return form
