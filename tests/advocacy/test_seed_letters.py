"""The letters of the demonstration say what they are told to say, whatever day it is."""

from __future__ import annotations

from datetime import date

import pytest

from advocacy.management.seed.letters import FORMS, Notice, letter_for
from appeals.sample_letters import letter_text


def notice_of(day: date) -> Notice:
    return Notice(
        patient="Robin Sample",
        member_id="RS 1",
        reference="R-2",
        notice=day,
        asked=date(2026, 1, 12),
        doctor="Amara Osei, MD",
        npi="2004100774",
        facility="Cedar Run",
        item="the visits",
        diagnosis="F33.2",
        diagnosis_name="Depression",
    )


@pytest.mark.parametrize("form", ["tamarack", "columbine"])
def test_a_day_that_the_sample_names_too_stays_the_day_of_the_notice(form):
    """The sample was asked on February 27: a notice of that very day was taken for the day of asking."""
    assert "February 27, 2026" in letter_text(FORMS[form].sample)
    letter = letter_for(form, notice_of(date(2026, 2, 27)))
    assert "February 27, 2026" in letter
    assert "January 12, 2026" in letter


@pytest.mark.parametrize("form", FORMS)
def test_nothing_of_the_marks_is_left(form):
    letter = letter_for(form, notice_of(date(2026, 5, 4)))
    assert [c for c in letter if "\ue000" <= c <= "\uf8ff"] == []
