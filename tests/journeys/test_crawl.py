"""Every link of every page of the desk leads to something finished, whoever follows it.

In `make test` each kind of page is visited by the first two people who come to it, several going at a time; `make test-long`
sends everybody everywhere.
"""

from __future__ import annotations

import pytest

from tests.journeys.crawling import crawl

STAFF = ("nora", "sam", "olga", "ines", "clara", "petra", "anna", "fred")


@pytest.mark.parametrize("who", STAFF)
def test_every_link_leads_to_something_finished(at_desk, who):
    assert crawl(at_desk(f"{who}@harbor.example"), "/", most_visits=2) == []


@pytest.mark.long
@pytest.mark.parametrize("who", STAFF)
def test_everybody_comes_everywhere(at_desk, who):
    assert crawl(at_desk(f"{who}@harbor.example"), "/", most_visits=None) == []
