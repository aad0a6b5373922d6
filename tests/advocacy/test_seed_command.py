"""What `seed_demo` refuses, and what its stories are as data."""

from __future__ import annotations

import re
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from advocacy.management.seed.cast import Standing
from advocacy.management.seed.lived_in import LIVED
from advocacy.management.seed.tell import STORIES, unmade
from advocacy.tenancy.models import Organization
from tests.cast import NOW, make_case


@pytest.mark.django_db
def test_it_keeps_away_from_other_organizations():
    Organization.objects.create(slug="other", name="Another Organization", reference_prefix="OT")
    out = StringIO()
    call_command("seed_demo", "--if-empty", stdout=out)
    assert out.getvalue() == ""
    with pytest.raises(CommandError, match="other organizations"):
        call_command("seed_demo", stdout=out)
    assert list(Organization.objects.values_list("slug", flat=True)) == ["other"]


@pytest.mark.django_db
def test_it_is_not_made_in_production(settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="production"):
        call_command("seed_demo", stdout=StringIO())
    assert Organization.objects.count() == 0


@pytest.mark.django_db
def test_without_accounts_it_says_so():
    out = StringIO()
    call_command("seed_demo", "--print-sign-ins", stdout=out)
    assert out.getvalue().strip() == "There are no demonstration accounts in this database."


@pytest.mark.django_db
def test_an_organization_with_a_patient_is_made_and_the_other_is_missing():
    harbor = Organization.objects.create(slug="harbor", name="Harbor", reference_prefix="HB")
    Organization.objects.create(slug="meadow", name="Meadow", reference_prefix="MD")
    assert unmade() == ("harbor", "meadow")
    with Standing(harbor).program(NOW):
        make_case("HB-2026-0001", given="Dana", family="Whitlock", member_id="1", owner=None)
    assert unmade() == ("meadow",)


def test_no_file_of_the_seed_names_a_year():
    """Dates count back from today, so that the demonstration is as fresh in a year as it is now."""
    folder = Path(__file__).parents[2] / "advocacy" / "management" / "seed"
    dated = [p.name for p in folder.glob("stories_*.py") if re.search(r"\b20\d\d\b", p.read_text())]
    assert dated == []


def test_no_patient_has_the_name_of_another_story():
    names = [story.person.full_name for story in (*STORIES, *LIVED)]
    assert [name for name, n in Counter(names).items() if n > 1] == ["Maria Elena Torres"]
