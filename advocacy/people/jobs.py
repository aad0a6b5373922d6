"""Background work about people: who left, and the worker's own proof of life."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from advocacy.access.policy import Actor, system_actor
from advocacy.background.queue import again, job
from advocacy.people.invitation_hours import due_invitations
from advocacy.people.leaving import alert_about_leavers, end_what_ran_out
from advocacy.people.membership import take_away_roles_that_ended
from advocacy.people.portal_access import portal_access_by_key
from advocacy.people.portal_invitations import send_invitation
from advocacy.tenancy.scope import current_organization_id, current_scope

PROVE = "people.prove_worker"
INVITE_JOB = "people.invite_to_portal"


def _program() -> Actor:
    organization_id = current_organization_id()
    assert organization_id is not None, "a job runs in an organization's scope"
    return system_actor(organization_id, "jobs")


def _now() -> datetime:
    """The moment of the scope, where history is told after the fact; else now."""
    scope = current_scope()
    return scope.at if scope and scope.at else timezone.now()


@job("people.check_leavers", title="Find what leavers left behind", every=timedelta(days=1))
def check_leavers() -> None:
    """End memberships and roles whose last day is over, and tell supervisors of open things without a member who owns them."""
    at = timezone.now()
    take_away_roles_that_ended(at=at)
    end_what_ran_out(at=at)
    alert_about_leavers(at=at)


@job(PROVE, title="Prove that the worker works")
def prove_worker() -> None:
    """Do nothing, so that its row says that a worker took it up and ended it."""


@job(INVITE_JOB, title="Send an invitation to the portal")
def invite_to_portal(*, access: int) -> None:
    """Mail somebody the way to the portal, once, if their access still stands and it is an hour for it."""
    found = portal_access_by_key(access)
    if found is not None:
        send_invitation(found, at=_now())


@job("people.send_invitations", title="See which invitations may go out", every=timedelta(minutes=5))
def send_invitations() -> None:
    """Ask for one job per invitation for which it has become an hour. One that waits is a row: no restart loses it."""
    for access in due_invitations(_program(), _now()):
        again(INVITE_JOB, access=access)
