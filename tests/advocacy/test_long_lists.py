"""What long lists are drawn with says what the slower way said: lists to choose from, days, how many are left."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.template import Context, Template

from advocacy.inputs import Renderer


class Choosing(forms.Form):
    one = forms.ChoiceField(
        choices=[("", "Any <one>"), ("a&b", "It's"), ("Group", [("x", "1"), ("y", 2)]), (3, 1234567)],
        required=False,
    )
    several = forms.MultipleChoiceField(
        choices=[("1", "One"), ("2", "Two")],
        widget=forms.SelectMultiple(attrs={"class": 'q"x', "data-on": True, "data-off": False}),
        help_text="As many as fit.",
    )
    maybe = forms.NullBooleanField()


@pytest.mark.parametrize("typed", [None, {}, {"one": "a&b", "several": ["1", "2"], "maybe": "true"}])
@pytest.mark.parametrize("name", Choosing.base_fields)
def test_a_list_to_choose_from_is_drawn_as_django_draws_it(typed: Any, name: str) -> None:
    ours, django = (
        Choosing(typed, initial={"one": "y", "maybe": False}, renderer=renderer())
        for renderer in (Renderer, DjangoTemplates)
    )
    assert str(ours[name]) == str(django[name])
    assert str(ours.as_p()) == str(django.as_p())


def drawn(tag: str, **given: Any) -> str:
    return Template("{% load dates %}" + tag).render(Context(given))


@pytest.mark.parametrize(
    ("days_left", "left", "whose", "tone", "words"),
    [
        (None, "", "ours", "none", "No date yet"),
        ("", "met", "ours", "none", "met"),
        (-2, "", "ours", "bad", "Overdue by 2 days"),
        (-1, "", "ours", "bad", "Overdue by 1 day"),
        (0, "", "ours", "bad", "Due today"),
        (1, "", "ours", "warn", "1 day left"),
        (7, "", "ours", "warn", "7 days left"),
        (8, "", "", "ok", "8 days left"),
        (0, "5 hours <left>", "ours", "bad", "5 hours &lt;left&gt;"),
        (-3, "", "plan", "bad", "Plan is late by 3 days"),
        (-1, "", "plan", "bad", "Plan is late by 1 day"),
        (0, "", "plan", "none", "Plan must answer today"),
        (1, "", "plan", "none", "Plan has 1 day"),
        (9, "", "plan", "none", "Plan has 9 days"),
    ],
)
def test_how_long_is_left(days_left: Any, left: str, whose: str, tone: str, words: str) -> None:
    given = {"days_left": days_left, "left": left, "whose": whose}
    expected = f'<span class="days days--{tone}">{words}</span>'
    assert drawn("{% days days_left left whose %}", **given) == expected
    component = Template('{% include "components/days.html" %}').render(Context(given))
    assert component.strip() == expected


def test_the_other_side_is_called_what_it_is() -> None:
    drawn_days = '{% days days_left "" "plan" who %}'
    assert (
        drawn(drawn_days, days_left=13, who="Judge")
        == '<span class="days days--none">Judge has 13 days</span>'
    )
    late = '<span class="days days--bad">Council is late by 1 day</span>'
    assert drawn(drawn_days, days_left=-1, who="Council") == late


def test_a_day_is_named_for_people_and_for_machines() -> None:
    on = date(2026, 3, 5)
    assert drawn("{% day on %}", on=on) == '<time datetime="2026-03-05">Mar 5, 2026</time>'
    assert (
        drawn('{% day on "D, M j" "nowrap" %}', on=on)
        == '<time class="nowrap" datetime="2026-03-05">Thu, Mar 5</time>'
    )
    with pytest.raises(TypeError):
        drawn("{% day on %}", on=datetime(2026, 3, 5, tzinfo=UTC))
