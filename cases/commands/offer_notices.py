"""What is said of offered cases: on the receiver's side by mail, that one came and that it is about to run out, once each and
naming nobody; on the side that offers by a task, that it was answered or ran out without an answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction
from django.urls import reverse

from advocacy.access.disclosures import Party
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, system_actor
from advocacy.access.roles import Role, permissions_of
from advocacy.audit.models import Event
from advocacy.audit.trail import record
from advocacy.mail import Notice, deliver, link_to
from advocacy.people.models import Membership
from advocacy.people.queries import roles_now, working_members
from advocacy.people.rules import day_in
from advocacy.tenancy.models import Organization
from cases.commands.tasks import open_task
from cases.models import CaseOffer, Task
from cases.queries.offers import Offered, every_offer_to_us, ran_out_unanswered

TELL_JOB = "cases.tell_of_offer"
REMIND_JOB = "cases.remind_of_offer"
REMIND_WITHIN: Final = timedelta(days=3)
TOLD, REMINDED = "offer_told", "offer_reminded"
RAN_OUT = "An offer ran out without an answer: decide how the case goes on"


def tell_of_offer(*, actor: Actor, offer: int, at: datetime) -> int:
    """Mail those who lead the work here that another organization offers a case; where nobody does, everybody who may take it
    over. `offer` is the primary key of the other organization's row. How many were told: none where it can be read no more, is
    answered, or they were told before. The mail names nobody.
    """
    offered = _waiting(offer)
    if offered is None or _said(actor, TOLD, [offered]):
        return 0
    able = _who_may_take_over(at)
    lead = [member for member in able if Role.SUPERVISOR in roles_now(member)]
    _mail(
        actor,
        offered,
        lead or able,
        verb=TOLD,
        subject="A case is offered to your organization",
        template="notices/case_offered.txt",
        key="offer",
    )
    return len(lead or able)


def offers_to_remind_of(*, actor: Actor, at: datetime) -> list[int]:
    """Offers of others (primary keys of their rows) that nobody here answered, that run out soon, and of which nobody was
    reminded.
    """
    due = [one for one in every_offer_to_us() if not one.answer and one.expires_at <= at + REMIND_WITHIN]
    said = _said(actor, REMINDED, due)
    return [one.offer_id for one in due if str(one.offer) not in said]


def remind_of_offer(*, actor: Actor, offer: int, at: datetime) -> int:
    """Mail everybody here who may answer an offer that it runs out soon, once. How many were told: none where it can be read
    no more, is answered, does not run out soon, or was said before. The mail names nobody.
    """
    offered = _waiting(offer)
    if offered is None or offered.expires_at > at + REMIND_WITHIN or _said(actor, REMINDED, [offered]):
        return 0
    told = [member for member in _who_may_take_over(at) if member.user_id != offered.offered_by]
    if told:
        _mail(
            actor,
            offered,
            told,
            verb=REMINDED,
            subject="A case that is offered to your organization waits for an answer",
            template="notices/case_offer_ends.txt",
            key="offer-ends",
        )
    return len(told)


def raise_unanswered(*, at: datetime) -> int:
    """Open a task for the owner of each open case of which an offer ran out without an answer, once an offer; how many."""
    rows = list(ran_out_unanswered(at))
    for row in rows:
        today = day_in(row.case.patient.time_zone, at)
        with transaction.atomic():
            said = f"{row.to_organization} did not answer. Offer the case again, or go on with it yourself."
            have_owner_look(row, RAN_OUT, detail=said, due_on=today, at=at)
    return len(rows)


def have_owner_look(
    offer: CaseOffer, title: str, *, detail: str = "", due_on: date | None = None, at: datetime
) -> None:
    """Open a task about an offer of ours for the case's owner; where that is nobody any more, it waits with the case."""
    assert offer.organization_id is not None
    open_task(
        actor=system_actor(offer.organization_id, "offers"),
        case=offer.case,
        title=title,
        detail=detail,
        due_on=due_on,
        code=f"{CaseOffer.TASK}{offer.pk}",
        opened_by=Task.OpenedBy.RULE,
        at=at,
    )


def _waiting(offer: int) -> Offered | None:
    """The offer, where it can be read now and nobody answered it."""
    return next((one for one in every_offer_to_us() if one.offer_id == offer and not one.answer), None)


def _said(actor: Actor, verb: str, offers: Iterable[Offered]) -> set[str]:
    """Of which of the offers (public ids) our trail holds this."""
    keys = [str(one.offer) for one in offers]
    acts = Event.objects.filter(
        subject_table=Organization._meta.db_table, subject_id=actor.organization_id, verb=verb
    )
    return set(acts.filter(data__offer__in=keys).values_list("data__offer", flat=True)) if keys else set()


def _who_may_take_over(at: datetime) -> list[Membership]:
    rows = working_members(at).select_related("user").order_by("user__email")
    return [m for m in rows if Permission.RECEIVE_CASE in permissions_of(roles_now(m))]


def _mail(
    actor: Actor,
    offered: Offered,
    members: Iterable[Membership],
    *,
    verb: str,
    subject: str,
    template: str,
    key: str,
) -> None:
    record(
        verb,
        subject=Organization.objects.get(pk=actor.organization_id),
        detail={"offer": str(offered.offer)},
    )
    facts = {
        "until": offered.expires_at,
        "url": link_to(reverse("cases:offer_received", args=[offered.offer])),
    }
    for number, member in enumerate(members):
        notice = Notice(
            to=member.user.email, subject=subject, template=template, facts=facts, reader=Party.WORKFORCE
        )
        deliver(notice, message_id=f"{key}-{offered.offer}-{number}")
