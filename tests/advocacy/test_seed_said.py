"""What the demonstration says was said: with the patient, of which letter, at which hour, in which words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from advocacy.management.seed.cast import Standing, assemble
from advocacy.management.seed.color import OTHERWISE, TALKS
from appeals.models import Choice, Decision, Denial
from cases.models import Case, CaseGrant, Communication
from tests.seeded import inside_copy


@pytest.fixture(scope="module")
def harbor(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Standing]:
    """Its Harbor, inside a transaction that is never committed."""
    with django_db_blocker.unblock(), inside_copy("said", tmp_path_factory.mktemp("said")) as copy:
        harbor = assemble(copy.now)["harbor"]
        with harbor.program(copy.now):
            yield harbor


def with_patients() -> Any:
    return Communication.objects.filter(party="patient", channel="call", source="").order_by("happened_at")


def test_most_letters_were_talked_about_on_the_day_they_were_taken_in(harbor):
    decisions = Decision.objects.filter(is_deemed=False).values_list("appeal__case_id", "recorded_at")
    denials = Denial.objects.filter(confirmed_at__isnull=False).values_list("case_id", "confirmed_at")
    for letters in (list(decisions), list(denials)):
        said = [
            with_patients().filter(case_id=case, happened_at__range=(at, at + timedelta(hours=2))).exists()
            for case, at in letters
        ]
        assert 0.6 < sum(said) / len(said) < 1


def test_nobody_talked_about_a_letter_before_it_was_there(harbor):
    about = {TALKS[key].summary for key in ("told", "told_es")} | {*OTHERWISE["told"], *OTHERWISE["told_es"]}
    first: dict[int, Any] = {}
    for case, at in Denial.objects.order_by("recorded_at").values_list("case_id", "recorded_at"):
        first.setdefault(case, at)
    told = [call for call in with_patients().select_related("case") if call.summary in about]
    assert told
    assert [call.case.reference for call in told if call.happened_at < first[call.case_id]] == []


def test_calls_come_at_all_hours_of_the_day_and_are_put_in_several_ways(harbor):
    hours = Counter(call.happened_at.strftime("%M") for call in with_patients())
    assert max(hours.values()) < sum(hours.values()) / 4
    told = Counter(call.summary for call in with_patients())
    assert max(told.values()) < sum(told.values()) / 4
    chosen = Counter(choice.why for choice in Choice.objects.filter(kind="appeal"))
    assert len(chosen) > 3 and max(chosen.values()) < sum(chosen.values()) / 2


def test_what_was_written_weeks_ago_stands_before_what_was_done_since(harbor):
    restricted = Case.objects.get(is_restricted=True)
    written = Communication.objects.filter(case=restricted, channel="message").order_by("happened_at")
    (given,) = CaseGrant.objects.filter(content_object=restricted, ended_at=None)
    assert len(written) == 3
    assert all(message.happened_at < given.granted_at - timedelta(days=10) for message in written)
