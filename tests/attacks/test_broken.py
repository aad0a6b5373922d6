"""A broken view and a broken job reach their own organization's rows and no others: row-level security alone stops them.

With row-level security off they reach everything, so it is nothing else that stops them.
"""

from __future__ import annotations

import pytest

from advocacy.background import queue
from advocacy.background.models import Job
from advocacy.tenancy.scope import scoped_to
from tests.attacks import rings
from tests.attacks.broken import TOLD, reached, registered_job
from tests.attacks.siege import undone
from tests.guards.test_routes import visitor


@pytest.fixture
def attacked(siege, settings):
    """What is done is undone behind."""
    settings.ROOT_URLCONF = "tests.attacks.broken"
    with undone():
        yield siege


def asked(siege) -> dict[str, list[int]]:
    """Mia of Meadow opens the page, with the key of a case of Harbor's."""
    mia = visitor(siege.cast.users["mia"])
    answer = mia.get(f"/broken/{siege.rows['cases.Case']['open']}/")
    assert answer.status_code == 200
    return answer.json()


def done(siege) -> dict[str, list[int]]:
    """The same by a job that Meadow asked for."""
    TOLD.clear()
    with registered_job() as name:
        with scoped_to(siege.meadow):
            row = queue.enqueue(name, case=siege.rows["cases.Case"]["open"])
        assert queue.run(siege.meadow, row.pk) == "done"
    return TOLD[-1]


@pytest.mark.parametrize("way", [asked, done])
def test_row_level_security_alone_stops_it(attacked, way):
    assert way(attacked) == reached([attacked.meadow], [])


@pytest.mark.parametrize("way", [asked, done])
def test_without_it_everything_is_reached(attacked, way):
    with rings.without_row_level_security(attacked):
        assert way(attacked) == reached(sorted([attacked.harbor, attacked.meadow]), [attacked.harbor])


def test_a_job_of_another_organization_is_not_run_in_this_ones_name(attacked):
    """Somebody who can write to the queue sends Harbor's job with Meadow's id: there is no such job, manager or not."""
    TOLD.clear()
    with registered_job() as name, scoped_to(attacked.harbor):
        theirs = queue.enqueue(name, case=attacked.rows["cases.Case"]["open"])
    with registered_job(), rings.without_managers(attacked), pytest.raises(Job.DoesNotExist):
        queue.run(attacked.meadow, theirs.pk)
    assert TOLD == []
