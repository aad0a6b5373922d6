"""One request for documents as its page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from advocacy.tenancy.together import fetched
from appeals.models import Denial, DocumentRequest
from appeals.queries.clocks import Day
from appeals.queries.documents import due_of_documents
from appeals.queries.shown_dues import Card, card_of, history_rows
from appeals.queries.steps import history_from
from cases.models import Case


@dataclass(frozen=True)
class DocumentPage:
    """`clock` is None where no rule gives the plan a time."""

    row: DocumentRequest
    clock: Card | None


def document_page(case: Case, row: DocumentRequest, day: Day) -> DocumentPage:
    """One statement. Everything under a visible case is as visible as the case."""
    due = due_of_documents(history_from(case, fetched(history_rows(case))), row)
    return DocumentPage(row, card_of(due, day) if due is not None else None)


def get_document_request(actor: Actor, case: Case, public_id: UUID) -> DocumentRequest:
    """One request of this case. Raises NotFound when absent, invisible or of another case."""
    found = (
        DocumentRequest.objects.filter(visible(actor, DocumentRequest), case=case, public_id=public_id)
        .select_related("case", "denial", "letter", "answer")
        .first()
    )
    if found is None:
        raise NotFound("document_request")
    return found


def denials_of(actor: Actor, case: Case) -> dict[UUID, Denial]:
    """The confirmed denials of the case, by their public id, oldest first."""
    rows = Denial.objects.filter(
        visible(actor, Denial), case=case, confirmed_at__isnull=False, set_aside_at=None
    )
    return {row.public_id: row for row in rows.order_by("id")}
