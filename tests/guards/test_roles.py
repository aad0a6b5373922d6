"""What restricts a case further than roles do: its owner, and dated access. Who opens which page: tests/attacks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from advocacy import desk
from advocacy.audit.models import Event
from advocacy.tenancy.scope import scoped_to
from cases.commands.access import give_grant, restrict_case
from cases.models import CaseGrant
from tests.guards.addresses import desk_routes, with_rows
from tests.guards.test_routes import get_only, visitor

# Addresses with a row that is no patient's, each with its reason.
NO_PATIENT = {
    "people:absence_end": "a colleague",
    "background:retry": "a job: ids and our own words",
    "people:member_end": "a colleague, and counts",
    "people:member_sign_in": "a colleague, and counts",
    "people:invitation_resend": "a colleague",
    "people:invitation_revoke": "a colleague",
    "people:machine_revoke": "a machine",
}


def patient_routes():
    return [r for r in with_rows() if r.name not in NO_PATIENT]


CASE_PAGES = [
    ("appeals:case", "case_id"),
    ("cases:documents", "case_id"),
    ("cases:notes", "case_id"),
    ("people:patient", "patient_id"),
]


def statuses(world, who):
    client = visitor(world.cast.users[who])
    return [
        client.get(reverse(name, args=[world.rows[key].public_id])).status_code for name, key in CASE_PAGES
    ]


def test_a_restricted_case_is_open_to_its_owner_only(world):
    cast = world.cast
    assert [statuses(world, who) for who in ("nora", "nils", "sam", "petra")] == [[200] * 4] * 4
    restrict_case(
        actor=cast.sam, case=world.rows["case_id"], reason="a colleague's sister", at=timezone.now()
    )
    assert {who: statuses(world, who) for who in ("nora", "nils", "petra", "ines")} == {
        "nora": [200] * 4,
        "nils": [404] * 4,
        "petra": [404] * 4,
        "ines": [404] * 4,
    }
    nils = visitor(cast.users["nils"])
    for url in (reverse("appeals:today") + "?whose=all", reverse("appeals:queue")):
        assert "HB-2026-0001" not in nils.get(url).content.decode()
    answer = nils.post(reverse("cases:search"), {"q": "TMK 7730 41582 01"}, follow=True)
    assert "HB-2026-0001" not in answer.content.decode()


def test_dated_access_opens_a_restricted_case_until_its_end(world):
    cast, case = world.cast, world.rows["case_id"]
    restrict_case(actor=cast.sam, case=case, reason="a colleague's sister", at=timezone.now())
    grant = give_grant(
        actor=cast.sam, case=case, user=cast.users["nils"], days=7, reason="cover", at=timezone.now()
    )
    assert statuses(world, "nils") == [200] * 4
    CaseGrant.objects.filter(pk=grant.pk).update(
        granted_at=timezone.now() - timedelta(days=8), expires_at=timezone.now() - timedelta(minutes=1)
    )
    assert statuses(world, "nils") == [404] * 4


def test_dated_access_reads_and_writes_nothing(world):
    """Clara holds dated access to the case; as an analyst she has no role that writes."""
    cast, case = world.cast, world.rows["case_id"]
    give_grant(actor=cast.sam, case=case, user=cast.users["anna"], reason="figures", at=timezone.now())
    anna = visitor(cast.users["anna"])
    assert anna.get(reverse("appeals:case", args=[case.public_id])).status_code == 200
    written = {
        r.name: anna.post(world.address(r)).status_code
        for r in patient_routes()
        if not get_only(r) and "case_id" in r.rows and r.name not in OWN
    }
    assert {s for s in written.values()} <= {403, 404}, {
        n: s for n, s in written.items() if s not in (403, 404)
    }


# What somebody who changes nothing may still post: their own searches, unsent words and keys, and where they work. And what
# a privacy officer is there for: ending and reviewing emergency access, legal holds, and recording what left by other ways than
# ours, putting that right and holding it back (45 CFR 164.528), which change no case and no patient. A member id is shown to
# them for a reason that is told.
OWN = {
    "appeals:own_notices",
    "cases:communication_find",
    "cases:glass_end",
    "cases:glass_review",
    "cases:reveal",
    "cases:search",
    "desk_keys",
    "people:disclosure_correct",
    "people:disclosure_hold",
    "people:disclosure_new",
    "people:draft",
    "people:proof",
    "people:sessions",
    "people:hold_lift",
    "people:holds",
    "people:switch",
}


def test_a_privacy_officer_changes_nothing(world):
    """Every form of the desk, sent by somebody who reads everything: 403, or 404 for what only its author reaches."""
    cast = world.cast
    petra = visitor(cast.users["petra"])
    written = {}
    for route in desk_routes():
        if route.name in OWN or get_only(route):
            continue
        url = world.address(route) if route.rows else route.url({})
        answer = petra.post(url, {"case": str(world.rows["case_id"].public_id), "owner": "none"})
        if answer.status_code not in (403, 404):
            written[route.name] = answer.status_code
    assert written == {}
    with scoped_to(cast.harbor.pk):
        assert not Event.objects.filter(actor=cast.petra.key).exclude(kind=Event.Kind.READ).exists()


@pytest.mark.parametrize(
    ("who", "first"),
    [
        ("nora", "/admin/today/"),
        ("olga", "/admin/setup/"),
        ("petra", "/admin/trails/"),
        ("anna", "/admin/figures/"),
    ],
)
def test_everybody_comes_home_to_a_page_they_may_open(world, who, first):
    answer = visitor(world.cast.users[who]).get(reverse("home"), follow=True)
    assert ([url for url, _status in answer.redirect_chain], answer.status_code) == ([first], 200)


def test_whoever_opens_no_page_is_told_so_at_home(world, monkeypatch):
    """Every role opens a page today; one that is made tomorrow may not."""
    monkeypatch.setattr(desk, "NAVIGATION", ())
    answer = visitor(world.cast.users["anna"]).get(reverse("home"), follow=True)
    assert (answer.redirect_chain, answer.status_code) == ([], 200)
    assert "Analyst" in answer.content.decode()
