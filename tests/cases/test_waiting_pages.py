"""Pages that somebody sent from a phone and never sent on: how long they are kept, that it is said, and that they go."""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from advocacy.access.policy import system_actor
from advocacy.audit.models import Event
from advocacy.background import queue
from advocacy.errors import NotAllowed
from cases.commands.documents import document_vault
from cases.commands.papers import sweep_pages
from cases.models import PatientNotice, WaitingPage
from cases.queries.portal_papers import PAGES_KEPT_DAYS, kept_through
from tests.cases.test_portal_papers import address, jpeg, page, photo

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("America/New_York")
ADDED = datetime(2026, 3, 2, 23, 30, tzinfo=ZONE)


@pytest.fixture(autouse=True)
def vault(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def add(client, cast, *shades) -> list[WaitingPage]:
    url = reverse("portal:page_add", args=[cast.case.public_id])
    for shade in shades:
        assert client.post(url, {"pages": photo(jpeg(page(shade=shade)))}).status_code == 200
    return list(WaitingPage.objects.order_by("pk"))


def sweep(cast, at) -> int:
    return sweep_pages(actor=system_actor(cast.harbor.pk, "jobs"), at=at)


def test_they_are_kept_for_two_weeks_and_the_page_says_so(cast, enter):
    dana = enter("dana")
    add(dana, cast, 30)
    WaitingPage.objects.update(added_at=ADDED)
    assert PAGES_KEPT_DAYS == 14
    assert kept_through(WaitingPage.objects.all(), cast.case.patient.time_zone) == date(2026, 3, 16)
    shown = dana.get(address(cast)).content.decode()
    assert "We keep them here through March 16, 2026. Then they are deleted." in shown
    dana.post(reverse("portal:language"), {"language": "es", "next": "/portal/"})
    shown = dana.get(address(cast)).content.decode()
    assert "Las guardamos aquí hasta el 16 de marzo de 2026. Luego se borran." in shown


def test_they_go_after_the_last_day_and_all_together(cast, enter):
    add(enter("dana"), cast, 30, 60)
    first, second = WaitingPage.objects.order_by("pk")
    WaitingPage.objects.filter(pk=first.pk).update(added_at=ADDED - timedelta(days=30))
    WaitingPage.objects.filter(pk=second.pk).update(added_at=ADDED)
    assert sweep(cast, datetime(2026, 3, 16, 23, 59, tzinfo=ZONE)) == 0
    assert sweep(cast, datetime(2026, 3, 17, 0, 0, tzinfo=ZONE)) == 2
    assert sweep(cast, datetime(2026, 3, 17, 0, 1, tzinfo=ZONE)) == 0
    event = Event.objects.get(verb="pages_swept")
    assert (event.subject_id, event.data) == (cast.case.pk, {"pages": 2})


def test_somebody_elses_pages_stay(cast, enter):
    add(enter("dana"), cast, 30)
    WaitingPage.objects.update(added_at=ADDED)
    add(enter("rosa"), cast, 60)
    assert sweep(cast, ADDED + timedelta(days=20)) == 1
    assert WaitingPage.objects.count() == 1
    with pytest.raises(NotAllowed):
        sweep_pages(actor=cast.nora, at=timezone.now())


def test_the_nightly_job_takes_their_files_along(cast, enter, tmp_path):
    (old, new) = add(enter("dana"), cast, 30)[0], add(enter("rosa"), cast, 60)[-1]
    WaitingPage.objects.filter(pk=old.pk).update(added_at=timezone.now() - timedelta(days=20))
    vault, folder = document_vault(), cast.harbor.public_id

    def kept() -> list[str]:
        return sorted(vault.locations(organization_id=folder, older_than_seconds=0))

    assert kept() == sorted([old.location, new.location])
    long_ago = (timezone.now() - timedelta(days=20)).timestamp()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            os.utime(path, (long_ago, long_ago))
    job = queue.enqueue("cases.tidy_vault")
    assert queue.run(cast.harbor.pk, job.pk) == "done"
    assert kept() == [new.location]
    assert list(WaitingPage.objects.all()) == [new]
    assert PatientNotice.objects.count() == 0
