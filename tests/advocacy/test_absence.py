"""Absences: who records them, what is refused, and that they end by themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, NotFound, Refused, WrongState
from advocacy.people.absence import end_absence, record_absence
from advocacy.people.models import Absence
from advocacy.people.queries import absences_on, absent_now, covered_by
from advocacy.tenancy.scope import scoped_to
from tests.cast import NOW

TODAY = NOW.date()


def codes(caught) -> list[str]:
    return [reason.code for reason in caught.value.reasons]


def away(cast, who="nora", cover="nils", first=0, last=6, *, by="", at=NOW) -> Absence:
    return record_absence(
        actor=getattr(cast, by or who),
        member=cast.members[who],
        cover=cast.members[cover],
        from_on=TODAY + timedelta(days=first),
        until_on=TODAY + timedelta(days=last),
        at=at,
    )


def test_an_absence_runs_on_its_days_and_ends_by_itself(cast):
    row = away(cast)
    days = {n: list(absent_now(TODAY + timedelta(days=n))) for n in (-1, 0, 6, 7)}
    mine = cast.members["nora"].pk
    assert days == {-1: [], 0: [mine], 6: [mine], 7: []}
    assert [a.pk for a in covered_by(cast.nils, TODAY)] == [row.pk]
    assert not covered_by(cast.sam, TODAY).exists()
    [event] = Event.objects.filter(verb="absence_recorded")
    assert event.data["cover"] == cast.members["nils"].pk


def test_oneself_or_who_assigns_work_and_nobody_else(cast):
    away(cast, "nils", "nora", by="sam")
    with pytest.raises(NotAllowed):
        away(cast, "nora", "sam", by="nils")
    with pytest.raises(NotFound):
        away(cast, "nora", "nils", by="anna")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"cover": "nora"}, ["covers_self"]),
        ({"cover": "olga"}, ["cover_cannot_work"]),
        ({"first": 6, "last": 2}, ["ends_before_start"]),
        ({"first": -9, "last": -3}, ["absence_over"]),
        ({"last": 400}, ["absence_long"]),
    ],
)
def test_what_does_not_fit_is_refused(cast, given, expected):
    with pytest.raises(Refused) as caught:
        away(cast, **given)
    assert codes(caught) == expected


def test_absences_do_not_overlap_and_whoever_covers_is_there(cast):
    away(cast, "nora", "nils", 0, 6)
    for given, expected in (
        ({"who": "nora", "cover": "sam", "first": 6, "last": 9}, ["absence_overlaps"]),
        ({"who": "sam", "cover": "nora", "first": 3, "last": 4}, ["cover_absent"]),
        ({"who": "nils", "cover": "sam", "first": 5, "last": 8}, ["covers_meanwhile"]),
    ):
        with pytest.raises(Refused) as caught:
            away(cast, **given)
        assert codes(caught) == expected
    away(cast, "nora", "sam", 7, 9)


def test_an_absence_is_ended_before_its_last_day(cast):
    row = away(cast)
    with pytest.raises(NotAllowed):
        end_absence(actor=cast.nils, absence=row, at=NOW)
    end_absence(actor=cast.nora, absence=row, at=NOW)
    assert not absences_on(TODAY).exists()
    with pytest.raises(WrongState):
        end_absence(actor=cast.nora, absence=row, at=NOW)
    away(cast)


def test_meadow_reaches_no_absence_of_harbor(cast):
    row = away(cast)
    with scoped_to(cast.meadow.pk), pytest.raises(NotFound):
        end_absence(actor=cast.mia, absence=row, at=NOW)


def test_the_page_records_shows_and_ends(cast, sign_in):
    nora = sign_in("nora")
    url = reverse("people:absences")
    today = timezone.now().date()
    form = {
        "member": str(cast.members["nora"].public_id),
        "cover": str(cast.members["nils"].public_id),
        "from_on": str(today - timedelta(days=1)),
        "until_on": str(today + timedelta(days=5)),
    }
    assert nora.post(url, form).status_code == 302
    text = nora.get(url).content.decode()
    assert "Away now" in text and "Nils Navigator" in text
    other = nora.post(url, form | {"member": str(cast.members["nils"].public_id)})
    assert other.status_code == 422
    row = Absence.objects.get()
    end = reverse("people:absence_end", args=[row.public_id])
    assert sign_in("nils").get(end).status_code == 403
    nora = sign_in("nora")
    assert nora.get(end).status_code == 200 and nora.post(end).status_code == 302
    assert "Nobody is away." in nora.get(url).content.decode()
    assert sign_in("anna").get(url).status_code == 403
