"""`recompute_deadlines` is killed in the middle, children and all, and begun again: every case once, and one report of it all."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection, transaction

from advocacy.audit.models import Event
from advocacy.tenancy.scope import scoped_to
from cases.models import Case
from tests.cast import assemble
from tests.factories.cases import another_case
from tests.seeded import ROOT, addresses

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]
CASES = 60


@pytest.fixture
def harbor(db):
    """Sixty committed cases whose stage is not what their rows say: each has something to write."""
    with transaction.atomic():
        cast = assemble()
    with transaction.atomic(), scoped_to(cast.harbor.pk):
        for number in range(CASES):
            another_case(cast.case, 1000 + number)
        Case.objects.update(stage="not its own")
    return cast.harbor


def begun(report: Path) -> subprocess.Popen[str]:
    """With a batch for each case, in two processes, as a group that can be killed at once."""
    command = [
        "manage.py",
        "recompute_deadlines",
        "--batch",
        "1",
        "--processes",
        "2",
        "--report",
        str(report),
    ]
    environment = os.environ | addresses(connection.settings_dict["NAME"])
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )


def batches(organization: int) -> list[tuple[int, str]]:
    """The cases that batches were written for, each with its run, oldest first."""
    with transaction.atomic(), scoped_to(organization):
        acts = Event.objects.filter(verb="deadlines_recomputed", data__has_key="batch").order_by("id")
        return [(event.data["batch"]["first"], event.data["run"]) for event in acts]


def test_killed_in_the_middle_it_goes_on_and_does_each_case_once(harbor, tmp_path):
    process = begun(tmp_path / "first.csv")
    while len(batches(harbor.pk)) < 3 and process.poll() is None:
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = batches(harbor.pk)
    assert 3 <= len(before) < CASES
    assert not (tmp_path / "first.csv").exists()

    again = begun(tmp_path / "whole.csv")
    said, _ = again.communicate(timeout=120)
    assert (again.returncode, said.splitlines()[0]) == (0, "Goes on where it stopped.")
    after = batches(harbor.pk)
    with transaction.atomic(), scoped_to(harbor.pk):
        cases = set(Case.objects.values_list("pk", flat=True))
        assert not Case.objects.filter(stage="not its own").exists()
    assert sorted(case for case, _ in after) == sorted(cases)
    assert len({run for _, run in after}) == 1
    with (tmp_path / "whole.csv").open() as file:
        assert list(csv.DictReader(file)) == []
    assert f"{len(cases) + 1:,} cases in" in said
