"""What is said to colleagues about dates. Data only; `advocacy.mail` sends it. No name, no plan, no treatment."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.urls import reverse

from advocacy.access.disclosures import Party
from advocacy.mail import Notice, link_to

OURS = "A date of ours comes up in a case you work."
COVERING = "A date comes up in a case of a colleague you cover for."
OURS_SUPERVISOR = "A date of ours comes up in a case of your organization."
OURS_PASSED = "A date of ours has passed in a case of your organization."
OURS_LEFT = (
    "A date of ours has passed in a case of your organization, and nobody has filed late or recorded the window as lost."
    " Ask whoever assigns work."
)
CALL = "The plan offers a peer-to-peer call until this day. It is no legal deadline: the appeal's own dates stand."
CALL_SUPERVISOR = "In a case of your organization the plan offers a peer-to-peer call until this day. It is no legal deadline."
CALL_PASSED = "The plan's offer of a peer-to-peer call has ended. The appeal's own dates stand as they were."
PLAN_TODAY = "The time of the other side to answer ends today."
PLAN_PASSED = "The other side has not answered in time, as far as it is recorded."


def deadline_notice(
    *, to: str, reference: str, case: UUID, due_on: date, time: str, left: str, lead: str, subject: str
) -> Notice:
    """One reminder of one date. `left` says in words how long is left; `time` is empty unless the rule counts hours."""
    return Notice(
        to=to,
        subject=f"{reference}: {subject}",
        template="notices/deadline.txt",
        facts={
            "lead": lead,
            "reference": reference,
            "due": f"{due_on:%A, %B} {due_on.day}, {due_on.year}{f', {time}' if time else ''}",
            "left": left,
            "url": link_to(reverse("appeals:case", args=[case])),
        },
        reader=Party.WORKFORCE,
    )
