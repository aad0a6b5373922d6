"""Days and how many are left, as rows of long lists show them: written once here, since a template for each took longer than
the list itself. The desk speaks English only; what is kept between calls are days and counts, never words about anybody.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from django import template
from django.utils import dateformat
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()


@register.simple_tag
def day(value: dt.date, form: str = "M j, Y", css: str = "") -> SafeString:
    """A calendar day in a `time` element, with `css` as its class; `form` as Django's `date` filter takes it."""
    return _day(value, form, css, get_language())


@lru_cache(maxsize=4096)
def _day(value: dt.date, form: str, css: str, _language: str | None) -> SafeString:
    if isinstance(value, dt.datetime):
        raise TypeError("A moment is no day: say in which zone first.")
    named = format_html(' class="{}"', css) if css else ""
    shown = dateformat.format(value, form)
    return format_html('<time{} datetime="{}">{}</time>', named, value.isoformat(), shown)


@register.simple_tag
def days(days_left: int | str | None, left: str = "", whose: str = "", who: str = "") -> SafeString:
    """How long is left. `days_left` is negative when past, None or "" without a date; `left` replaces the count ("5 hours
    left"); `whose` is "ours" or "plan" (the other side), `who` the word for the other side ("Judge"; without it "Plan").
    """
    return _days(days_left, left, whose, who or "Plan")


@lru_cache(maxsize=4096)
def _days(days_left: int | str | None, left: str, whose: str, who: str) -> SafeString:
    if days_left is None or isinstance(days_left, str):
        return format_html('<span class="days days--none">{}</span>', left or "No date yet")
    tone = "none" if whose == "plan" and days_left >= 0 else _tone(days_left)
    words = left or (_has(who, days_left) if whose == "plan" else _we_have(days_left))
    return format_html('<span class="days days--{}">{}</span>', tone, words)


def _tone(days_left: int) -> str:
    if days_left <= 0:
        return "bad"
    return "warn" if days_left <= 7 else "ok"


def _has(who: str, days_left: int) -> str:
    if days_left < 0:
        return f"{who} is late by {-days_left} {'day' if days_left == -1 else 'days'}"
    if days_left == 0:
        return f"{who} must answer today"
    return f"{who} has 1 day" if days_left == 1 else f"{who} has {days_left} days"


def _we_have(days_left: int) -> str:
    if days_left < 0:
        return "Overdue by 1 day" if days_left == -1 else f"Overdue by {-days_left} days"
    if days_left == 0:
        return "Due today"
    return "1 day left" if days_left == 1 else f"{days_left} days left"
