"""A single role ends on its day, at the very next request; the others stay."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from advocacy.access.policy import visible
from advocacy.errors import Refused
from advocacy.people.membership import change_member, take_away_roles_that_ended
from advocacy.people.models import Membership, RoleTerm
from advocacy.people.queries import actor_of, memberships_of
from cases.models import Case


def change(cast, who="anna", *, by="olga", roles=("analyst", "navigator"), ends=None, **given):
    member = Membership.objects.get(pk=cast.members[who].pk)
    values = {"team": None, "at": timezone.now(), "role_ends": ends} | given
    return change_member(actor=cast.actors[by], member=member, roles=list(roles), **values)


def now(cast, who="anna"):
    return actor_of(cast.users[who], memberships_of(cast.users[who].pk)[0])


def codes(act) -> list[tuple[str, str | None]]:
    with pytest.raises(Refused) as refused:
        act()
    return [(r.code, r.field) for r in refused.value.reasons]


def test_it_opens_nothing_from_its_moment_on_and_the_others_stay(cast):
    end = timezone.now() + timedelta(days=3)
    change(cast, ends={"navigator": end})
    assert now(cast).roles == {"analyst", "navigator"}
    assert Case.objects.filter(visible(now(cast), Case)).count() == 1
    past = timezone.now() - timedelta(days=2)
    RoleTerm.objects.update(given_at=past, until=past + timedelta(days=1))
    assert now(cast).roles == {"analyst"}
    assert Case.objects.filter(visible(now(cast), Case)).count() == 0
    assert take_away_roles_that_ended(at=timezone.now()) == 1
    assert Membership.objects.get(pk=cast.members["anna"].pk).roles == ["analyst"]
    assert take_away_roles_that_ended(at=timezone.now()) == 0
    assert memberships_of(cast.users["anna"].pk)[0].roles == ("analyst",)


def test_an_end_is_moved_and_taken_back_by_another_admin_only(cast):
    at = timezone.now()
    change(cast, ends={"navigator": at + timedelta(days=3)})
    change(cast, ends={"navigator": at + timedelta(days=5)})
    assert list(RoleTerm.objects.filter(ended_at=None).values_list("until", flat=True)) == [
        at + timedelta(days=5)
    ]
    change(cast)
    assert RoleTerm.objects.filter(ended_at=None).count() == 1
    change(cast, ends={})
    assert RoleTerm.objects.filter(ended_at=None).count() == 0

    both = ("organization_admin", "supervisor")
    change(cast, "sam", roles=both, ends={"supervisor": at + timedelta(days=3)})
    for ends in ({}, {"supervisor": at + timedelta(days=9)}):
        assert codes(lambda ends=ends: change(cast, "sam", by="sam2", roles=both, ends=ends)) == [
            ("own_roles", "role_last_day")
        ]
    change(cast, "sam", by="sam2", roles=both, ends={"supervisor": at + timedelta(days=2)})


@pytest.fixture(autouse=True)
def sam_as_admin(cast):
    """Sam as he acts when he keeps members too."""
    sam = cast.sam
    cast.actors["sam2"] = type(sam)(
        key=sam.key,
        label=sam.label,
        organization_id=sam.organization_id,
        user_id=sam.user_id,
        membership_id=sam.membership_id,
        roles=frozenset({"organization_admin"}),
    )


def test_it_is_refused_with_every_reason(cast):
    past = timezone.now() - timedelta(seconds=1)
    assert codes(lambda: change(cast, ends={"supervisor": past})) == [
        ("role_not_held", "ending_role"),
        ("role_until_past", "role_last_day"),
    ]
    admin = {
        "roles": ("organization_admin",),
        "ends": {"organization_admin": timezone.now() + timedelta(days=1)},
    }
    assert codes(lambda: change(cast, "olga", by="sam2", **admin)) == [("last_admin", "roles")]


def test_at_the_desk(cast, sign_in):
    url = reverse("admin:people_membership_change", args=[cast.members["anna"].public_id])
    day = timezone.localdate() + timedelta(days=9)
    typed = {
        "roles": ["analyst", "navigator"],
        "ending_role": "navigator",
        "role_last_day": day.isoformat(),
        "team": "",
        "last_day": "",
    }
    olga = sign_in("olga")
    assert olga.post(url, typed).status_code == 302
    term = RoleTerm.objects.get()
    assert (term.role, term.given_by_id) == ("navigator", cast.users["olga"].pk)
    assert (
        f"Navigator (until {day:%b %-d, %Y})"
        in olga.get(reverse("admin:people_membership_changelist")).content.decode()
    )
    assert f'value="{day.isoformat()}"' in olga.get(url).content.decode()
    assert olga.post(url, typed | {"role_last_day": ""}).status_code == 302
    assert RoleTerm.objects.filter(ended_at=None).count() == 0
