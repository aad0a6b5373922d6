"""Somebody who works in two organizations: one control on every page, home afterward, and nothing of the other one kept."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from advocacy.people.drafts import save_draft
from advocacy.people.models import Membership
from advocacy.people.queries import actor_of, memberships_of
from advocacy.tenancy.scope import scoped_to
from tests.cast import NOW

EVERY_ROLE = ["navigator", "supervisor", "organization_admin"]


@pytest.fixture
def both(cast, sign_in):
    """Sam works in Harbor and in Meadow, with roles that open every kind of page in each."""
    for organization in (cast.harbor, cast.meadow):
        with scoped_to(organization.pk, actor="system:test", actor_label="test"):
            Membership.objects.filter(user=cast.users["sam"], ended_at=None).update(roles=EVERY_ROLE)
            Membership.objects.get_or_create(
                user=cast.users["sam"], ended_at=None, defaults={"roles": EVERY_ROLE, "starts_at": NOW}
            )
    return sign_in("sam")


def pages(cast) -> list[str]:
    return [
        "/admin/today/",
        "/admin/queue/",
        "/admin/setup/",
        "/admin/templates/",
        "/admin/organization/",
        "/admin/invitations/",
        "/admin/jobs/",
        "/admin/",
        "/admin/people/membership/",
        "/admin/people/membership/add/",
        "/admin/cases/payer/",
        "/admin/cases/payer/add/",
        "/accounts/email/",
        reverse("appeals:case", args=[cast.case.public_id]),
        reverse("people:patient", args=[cast.case.patient.public_id]),
        "/admin/no-such-page/",
    ]


def test_one_control_stands_on_every_page(cast, both):
    for url in pages(cast):
        html = both.get(url, follow=True).content.decode()
        assert html.count("masthead__switch") == 1, url
        assert html.count(f'action="{reverse("people:switch")}"') == 1, url


def test_switching_goes_home_and_keeps_nothing_of_the_other(cast, both):
    harbor = memberships_of(cast.users["sam"].pk)[0]
    with scoped_to(cast.harbor.pk):
        save_draft(
            actor=actor_of(cast.users["sam"], harbor),
            key="patient:new",
            fields={"given_name": ["Harborling"]},
            at=timezone.now(),
        )
    assert "Harborling" in both.get("/admin/patients/new/").content.decode()
    found = both.post("/admin/search/", {"q": "Whitlock"}).headers["Location"]
    answer = both.post(reverse("people:switch"), {"organization": str(cast.meadow.public_id)})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    home = both.get("/", follow=True)
    assert home.redirect_chain == [("/admin/today/", 302)]
    html = home.content.decode()
    assert "You now work in Meadow Coverage Project." in html
    assert "HB-2026-0001" not in html and "Whitlock" not in html
    assert "Harborling" not in both.get("/admin/patients/new/").content.decode()
    assert both.get(found).status_code == 404
    for url in (
        reverse("appeals:case", args=[cast.case.public_id]),
        reverse("people:patient", args=[cast.case.patient.public_id]),
        f"/admin/cases/payer/{cast.case.coverage.payer.public_id}/change/",
        reverse("people:member_end", args=[cast.members["nora"].public_id]),
    ):
        assert both.get(url).status_code == 404, url
    back = both.post(reverse("people:switch"), {"organization": str(cast.harbor.public_id)}, follow=True)
    assert "You now work in Harbor Patient Advocates." in back.content.decode()
