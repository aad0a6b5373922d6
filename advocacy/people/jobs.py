"""Background work about people: who left, and the worker's own proof of life."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from advocacy.background.queue import job
from advocacy.people.leaving import alert_about_leavers, end_what_ran_out
from advocacy.people.portal_access import portal_access_by_key
from advocacy.people.portal_invitations import send_invitation

PROVE = "people.prove_worker"


@job("people.check_leavers", title="Find what leavers left behind", every=timedelta(days=1))
def check_leavers() -> None:
    """End memberships whose last day is over, and tell supervisors of open things without a member who owns them."""
    at = timezone.now()
    end_what_ran_out(at=at)
    alert_about_leavers(at=at)


@job(PROVE, title="Prove that the worker works")
def prove_worker() -> None:
    """Do nothing, so that its row says that a worker took it up and ended it."""


@job("people.invite_to_portal", title="Send an invitation to the portal")
def invite_to_portal(*, access: int) -> None:
    """Mail somebody the way to the portal, once, if their access still stands."""
    found = portal_access_by_key(access)
    if found is not None:
        send_invitation(found, at=timezone.now())
