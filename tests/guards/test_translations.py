"""Every string of the portal has its Spanish, and the compiled catalog is that of the words beside it."""

from __future__ import annotations

import re

import pytest

from advocacy.management.commands.translations import MO, collected, compiled, stored, strings, untranslated

_NAMED = re.compile(r"%\((\w+)\)s")


def test_every_string_is_translated():
    assert untranslated(collected(stored())) == [], (
        "Fill in advocacy/locale/es/LC_MESSAGES/django.po: make translations"
    )


def test_the_catalog_holds_what_the_program_says_and_nothing_else():
    kept = stored()
    assert {m.id for m in collected(kept)} == {m.id for m in kept}


def test_the_compiled_catalog_is_current():
    assert MO.read_bytes() == compiled(stored()), "Run: make translations"


def test_a_translation_names_the_same_values():
    wrong = {
        str(m.id): str(m.string)
        for m in stored()
        if m.id
        and isinstance(m.id, str)
        and sorted(_NAMED.findall(m.id)) != sorted(_NAMED.findall(str(m.string)))
    }
    assert wrong == {}


@pytest.mark.parametrize(
    "text", ["My case", "Your sign-in code:", "Your plan has until %(theirs)s to answer."]
)
def test_templates_mails_and_python_are_read(text: str):
    assert text in {message for message, _context in strings()}
