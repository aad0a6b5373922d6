"""Messages of the patient's portal: the thread of a case, who has not read what, and which patients wait for an answer."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from advocacy.access.policy import Actor, visible
from cases.models import Attachment, Case, Communication, PatientNotice

MESSAGE = Communication.Channel.MESSAGE


def unanswered(path: str = "") -> Q:
    """Messages of the patient's side that wait for an answer. `path` leads to the message from another row."""
    said = {"channel": MESSAGE, "direction": Communication.Direction.IN, "answered_at": None}
    return Q(**{f"{path}{name}": value for name, value in said.items()})


def thread_of(actor: Actor, case: Case) -> QuerySet[Communication]:
    """The messages of a case with who wrote them; unordered, so that a list can page them by key. Both doors read it."""
    rows = Communication.objects.filter(visible(actor, Communication), case=case, channel=MESSAGE)
    return rows.select_related("logged_by", "read_by")


def unread_by(actor: Actor, case: Case) -> QuerySet[Communication]:
    """What the other side wrote and this actor's side has not seen."""
    other = Communication.Direction.IN if actor.portal is None else Communication.Direction.OUT
    return Communication.objects.filter(
        visible(actor, Communication), case=case, channel=MESSAGE, direction=other, read_at=None
    )


def attachments_of(actor: Actor, entries: Iterable[Communication]) -> dict[int, list[Attachment]]:
    """What came or went with these entries, by their primary keys: version and document joined, text left out. One query."""
    found: dict[int, list[Attachment]] = {}
    wanted = [entry.pk for entry in entries]
    if not wanted:
        return found
    rows = Attachment.objects.filter(visible(actor, Attachment), communication_id__in=wanted)
    for row in rows.select_related("version__document").defer("version__pages").order_by("pk"):
        found.setdefault(row.communication_id, []).append(row)
    return found


def notices_about(actor: Actor, messages: Iterable[Communication]) -> dict[int, PatientNotice]:
    """Whether the patient was told of these messages, by their primary keys. One query; none when we wrote none of them."""
    wanted = [f"message:{row.pk}" for row in messages if row.direction == Communication.Direction.OUT]
    if not wanted:
        return {}
    rows = PatientNotice.objects.filter(
        visible(actor, PatientNotice), kind=PatientNotice.Kind.MESSAGE, about__in=wanted
    ).select_related("contact")
    return {int(row.about.partition(":")[2]): row for row in rows}
