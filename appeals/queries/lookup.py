"""One row of the contest for an actor, and which rules apply to a case."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import F, Model, Q, QuerySet

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from advocacy.people.models import Consent
from advocacy.tenancy.kept import KeptRows, kept_rows
from advocacy.tenancy.together import fetched
from appeals.models import (
    STANDS,
    Answer,
    Appeal,
    AuthorizationRequest,
    Deadline,
    Denial,
    Filing,
    GrantedAuthorization,
    PeerToPeer,
    Proposal,
)
from appeals.plan_facts import is_plan_fact
from appeals.regimes.classifier import Answer as Said
from appeals.regimes.classifier import Classification, classify
from appeals.state_laws import FUNDING, StateLaws, state_laws_for
from cases.models import Case, DocumentVersion

Row = TypeVar("Row", bound=Model)

COVERAGE_SOURCE = "card"
STATE = "state_of_issue"


def _one(actor: Actor, model: type[Row], public_id: UUID, *joined: str) -> Row:
    rows: Any = model._default_manager
    row: Row | None = rows.filter(visible(actor, model), public_id=public_id).select_related(*joined).first()
    if row is None:
        raise NotFound(model._meta.label)
    return row


def get_case(actor: Actor, public_id: UUID) -> Case:
    """The case with patient, coverage, payer, provider and owner. Raises NotFound when absent or invisible."""
    return _one(
        actor, Case, public_id, "patient", "coverage__payer", "provider", "owner__user", "organization"
    )


def get_request(actor: Actor, public_id: UUID) -> AuthorizationRequest:
    """The authorization request with its case. Raises NotFound when absent or invisible."""
    return _one(actor, AuthorizationRequest, public_id, "case__patient", "coverage__payer")


def get_denial(actor: Actor, public_id: UUID) -> Denial:
    """The denial with its case, request and letter. Raises NotFound when absent or invisible."""
    return _one(actor, Denial, public_id, "case__patient", "request", "letter")


def get_appeal(actor: Actor, public_id: UUID) -> Appeal:
    """The level with its case, denial and the level before. Raises NotFound when absent or invisible."""
    return _one(actor, Appeal, public_id, "case__patient", "denial__request", "previous")


def get_peer_to_peer(actor: Actor, public_id: UUID) -> PeerToPeer:
    """The peer-to-peer with its case and denial. Raises NotFound when absent or invisible."""
    return _one(actor, PeerToPeer, public_id, "case__patient", "denial__request", "clinician")


def get_filing(actor: Actor, public_id: UUID) -> Filing:
    """The filing with its level and frozen version. Raises NotFound when absent or invisible."""
    return _one(actor, Filing, public_id, "case__patient", "appeal", "document_version__blob", "proof")


def get_proposal(actor: Actor, public_id: UUID) -> Proposal:
    """The proposed fact with the version it was read from. Raises NotFound when absent or invisible."""
    return _one(actor, Proposal, public_id, "case", "document_version")


def get_version_for_reading(actor: Actor, pk: int) -> DocumentVersion:
    """A document version by primary key, for the job that reads it. Raises NotFound when absent or invisible."""
    rows = DocumentVersion.objects.filter(visible(actor, DocumentVersion), pk=pk)
    row = rows.select_related("document", "case").first()
    if row is None:
        raise NotFound("version")
    return row


def answers_of(case: Case) -> tuple[Answer, ...]:
    """The standing answers of a case, oldest first."""
    return tuple(
        Answer.objects.filter(case=case, superseded_at=None)
        .select_related("answered_by")
        .order_by("answered_at", "id")
    )


_THE_CASE = -7_105


@cache
def _answers() -> KeptRows:
    """Asked in each act that settles which rules apply: its text is made once."""
    rows = Answer.objects.filter(case=_THE_CASE, superseded_at=None).order_by("answered_at", "id")
    return kept_rows(lambda: {"answers": rows}, {"case": _THE_CASE})


def standing_answers(case: Case) -> tuple[Answer, ...]:
    """As `answers_of`, without who gave them."""
    return tuple(fetched(_answers().written({"case": case.pk}))["answers"])


def said_of(case: Case, answers: tuple[Answer, ...] | None = None) -> tuple[Said, ...]:
    """The answers as the classifier reads them, coverage included.

    What the coverage says about funding and state of issue was read from the member card, so it counts as the card's
    answer, unless the card's answer to that question was recorded expressly ("unknown" included).
    """
    rows = standing_answers(case) if answers is None else answers
    said = [Said(row.question, row.value, row.source) for row in rows if not is_plan_fact(row.question)]
    expressly = {(row.question, row.source) for row in rows}
    coverage = case.coverage
    implied = {
        FUNDING: coverage.funding if coverage.funding in ("self_funded", "insured") else "",
        STATE: coverage.state_of_issue,
    }
    for question, value in implied.items():
        if value and (question, COVERAGE_SOURCE) not in expressly:
            said.append(Said(question, value, COVERAGE_SOURCE))
    return tuple(said)


def plan_facts_said(answers: Iterable[Answer]) -> tuple[Said, ...]:
    """What the standing answers say about the plan itself (`appeals.plan_facts`), oldest first."""
    return tuple(Said(row.question, row.value, row.source) for row in answers if is_plan_fact(row.question))


def classification_of(case: Case) -> Classification:
    """Which rules apply to a case and why, from its answers and its coverage."""
    return classify(said_of(case))


def state_laws_of(case: Case) -> StateLaws:
    """The laws of the state of issue that reach this coverage, or why none does. One statement."""
    said = said_of(case)
    return state_laws_for(classify(said), agreed(said, FUNDING))


def agreed(said: tuple[Said, ...], question: str) -> str | None:
    """The value all sources that know it give to a question; None when nobody knows or they disagree."""
    values = {s.value for s in said if s.question == question and s.value != "unknown"}
    return values.pop() if len(values) == 1 else None


def consent_among(consents: Iterable[Consent], kind: str, on: date) -> bool:
    """Whether one of the consents, not withdrawn, stands on that day (inclusive; a day where the patient is)."""
    return any(c.kind == kind and c.stands_on(on) for c in consents)


def requests_where(whose: Q) -> QuerySet[AuthorizationRequest]:
    """Requests, oldest first, each with the last day of the authorization that it asks to go on with as `renewed_until`."""
    rows = AuthorizationRequest.objects.filter(whose).annotate(renewed_until=F("renews__valid_until"))
    return rows.order_by("id")


def cases_with_dates(actor: Actor) -> QuerySet[Case]:
    """Cases whose dates are checked, by key: the open ones, and closed ones on which a clock is still stored as running."""
    running = Deadline.objects.filter(status=Deadline.Status.RUNNING).values("case_id")
    return (
        Case.objects.filter(visible(actor, Case)).filter(Q(status="open") | Q(pk__in=running)).order_by("pk")
    )


def keys_with_dates(actor: Actor, *, after: int, most: int) -> list[int]:
    """The next ones of them by primary key."""
    return list(cases_with_dates(actor).filter(pk__gt=after).values_list("pk", flat=True)[:most])


def reference_numbers_of(case: int) -> dict[str, tuple[QuerySet[Any], str]]:
    """The numbers a payer gave to requests, denials and authorizations: a case (by its key) is found by each of them. Rows, with
    the field in which the number stands.
    """
    given = ("public_id", "organization", "reference_number")
    granted = GrantedAuthorization.objects.filter(case=case).only("public_id", "organization", "number")
    return {
        "requests": (AuthorizationRequest.objects.filter(case=case).only(*given), "reference_number"),
        "denials": (Denial.objects.filter(STANDS, case=case).only(*given), "reference_number"),
        "authorizations": (granted, "number"),
    }
