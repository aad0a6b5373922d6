"""A statement whose text is made once: it finds what the ORM finds, for whoever and whenever, and keeps nothing of them."""

from __future__ import annotations

from contextvars import Context
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from advocacy.tenancy.kept import ORGANIZATION, kept
from advocacy.tenancy.plans import any_of
from advocacy.tenancy.scope import OutsideScope, scoped_to
from cases.models import Case
from tests.appeals.scenes import new_case
from tests.cast import Cast

OWNER, NAMED = -7_002, [-7_003]
NOW, TODAY = datetime(1901, 1, 1, tzinfo=UTC), date(1905, 1, 1)


def lists(owner: int, named: list[int], now: datetime, today: date) -> Any:
    mine = Case.objects.filter(owner_id=owner, opened_at__gte=now - timedelta(days=3))
    return (
        (mine | Case.objects.filter(any_of("pk", named), next_deadline_on__gt=today + timedelta(days=1)))
        .order_by("id")
        .values_list("pk")[:5]
    )


def test_it_finds_what_the_orm_finds(cast: Cast) -> None:
    at = timezone.now()
    once = kept(
        lambda: lists(OWNER, NAMED, NOW, TODAY), {"owner": OWNER, "named": NAMED, "now": NOW, "today": TODAY}
    )
    nora, nils = cast.members["nora"], cast.members["nils"]
    for n in range(1, 9):
        new_case(
            n,
            at=at,
            owner=nora if n % 2 else nils,
            opened_at=at - timedelta(days=n),
            last_touched_at=at,
            next_deadline_on=at.date() + timedelta(days=n),
        )
    everything = list(Case.objects.order_by("id").values_list("pk", flat=True))
    asked = [
        (owner.pk, named, at - timedelta(days=back), at.date() + timedelta(days=back))
        for owner in (nora, nils)
        for named in ([], everything[:2], everything)
        for back in (-2, 0, 3)
    ]
    found = [
        once.rows(dict(zip(("owner", "named", "now", "today"), values, strict=True))) for values in asked
    ]
    assert found == [list(lists(*values)) for values in asked]
    assert len({str(rows) for rows in found}) > 6
    with scoped_to(cast.meadow.pk):
        assert once.rows({"owner": nora.pk, "named": everything, "now": at, "today": at.date()}) == []


def test_it_is_sent_in_a_scope_only(cast: Cast) -> None:
    once = kept(lambda: Case.objects.filter(owner_id=OWNER).values_list("pk"), {"owner": OWNER})
    with pytest.raises(OutsideScope):
        Context().run(once.rows, {"owner": 1})


@pytest.mark.parametrize(
    "make",
    [
        lambda: Case.objects.filter(opened_at__lte=timezone.now()),
        lambda: Case.objects.filter(next_deadline_on__lte=date(2026, 5, 5)),
        lambda: Case.objects.filter(owner_id=4_711),
        lambda: Case.objects.filter(owner_id=ORGANIZATION - 1),
        lambda: Case.objects.filter(any_of("pk", [4_711])),
    ],
)
def test_what_comes_from_no_stand_in_fails_when_the_text_is_made(make: Any) -> None:
    with pytest.raises(TypeError, match="comes from none of the stand-ins"):
        kept(make, {"now": NOW, "today": TODAY, "named": NAMED})
