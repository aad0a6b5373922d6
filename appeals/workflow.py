"""What an authorization request, a peer-to-peer and a level of appeal may become."""

from __future__ import annotations

from django.db import models

from advocacy.access.permissions import Permission as P
from advocacy.workflow import Step, Workflow
from appeals import conditions


class RequestStatus(models.TextChoices):
    DRAFTING = "drafting", "Being prepared"
    SUBMITTED = "submitted", "Sent to the payer"
    RECEIVED = "received", "With the payer"
    APPROVED = "approved", "Approved"
    DENIED = "denied", "Denied in whole or part"
    WITHDRAWN = "withdrawn", "Withdrawn"


class PeerToPeerStatus(models.TextChoices):
    OFFERED = "offered", "Offered"
    SCHEDULED = "scheduled", "Scheduled"
    HELD = "held", "Held"
    MISSED = "missed", "Did not take place"


class AppealStatus(models.TextChoices):
    OPEN = "open", "Window open"
    DRAFTING = "drafting", "Being written"
    FILED = "filed", "Filed"
    FORWARDED = "forwarded", "Forwarded by the plan"
    RETURNED = "returned", "Opened again"
    RECEIVED = "received", "With the decision maker"
    DECIDED = "decided", "Decided"
    WITHDRAWN = "withdrawn", "Withdrawn"
    LAPSED = "lapsed", "Window passed"
    DECLINED = "declined", "Not pursued"


R, PP, A = RequestStatus, PeerToPeerStatus, AppealStatus

REQUEST = Workflow(
    "authorization request",
    RequestStatus,
    {
        1: (
            Step(
                "submit",
                frozenset({R.DRAFTING}),
                R.SUBMITTED,
                P.REQUEST_AUTHORIZATION,
                "request_submitted",
                guards=(
                    conditions.request_has_items,
                    conditions.what_was_typed_is_possible,
                    conditions.happened_not_in_future("submitted_at"),
                    conditions.a_known_receipt_came_after,
                    conditions.request_is_ready,
                    conditions.release_stands,
                ),
                title="Record as sent",
            ),
            Step(
                "receive",
                frozenset({R.DRAFTING, R.SUBMITTED}),
                R.RECEIVED,
                P.REQUEST_AUTHORIZATION,
                "request_received",
                guards=(
                    conditions.request_has_items,
                    conditions.happened_not_in_future("received_at"),
                    conditions.received_not_before_sent,
                    conditions.it_went_out_ready,
                    conditions.release_stands,
                ),
                title="Record as received",
            ),
            Step(
                "approve",
                frozenset({R.SUBMITTED, R.RECEIVED}),
                R.APPROVED,
                P.RECORD_DECISION,
                "request_approved",
                guards=(conditions.happened_not_in_future("decided_at"), conditions.decided_not_before_sent),
                title="Record an approval",
            ),
            Step(
                "deny",
                frozenset({R.SUBMITTED, R.RECEIVED}),
                R.DENIED,
                P.RECORD_DENIAL,
                "request_denied",
                guards=(conditions.happened_not_in_future("decided_at"),),
                title="Record a denial",
            ),
            Step(
                "withdraw",
                frozenset({R.DRAFTING, R.SUBMITTED, R.RECEIVED}),
                R.WITHDRAWN,
                P.REQUEST_AUTHORIZATION,
                "request_withdrawn",
                guards=(conditions.withdrawal_has_a_reason,),
                title="Withdraw",
            ),
        )
    },
    final=frozenset({R.APPROVED, R.DENIED, R.WITHDRAWN}),
)

PEER_TO_PEER = Workflow(
    "peer-to-peer",
    PeerToPeerStatus,
    {
        1: (
            Step(
                "schedule",
                frozenset({PP.OFFERED, PP.SCHEDULED}),
                PP.SCHEDULED,
                P.HOLD_PEER_TO_PEER,
                "peer_to_peer_scheduled",
                guards=(conditions.call_has_a_time,),
                title="Schedule the call",
            ),
            Step(
                "hold",
                frozenset({PP.OFFERED, PP.SCHEDULED}),
                PP.HELD,
                P.HOLD_PEER_TO_PEER,
                "peer_to_peer_held",
                guards=(conditions.happened_not_in_future("held_at"), conditions.call_has_an_outcome),
                title="Record the call",
            ),
            Step(
                "miss",
                frozenset({PP.OFFERED, PP.SCHEDULED}),
                PP.MISSED,
                P.HOLD_PEER_TO_PEER,
                "peer_to_peer_missed",
                guards=(conditions.missing_has_a_reason,),
                title="Record that it did not take place",
            ),
        )
    },
    final=frozenset({PP.HELD, PP.MISSED}),
)

_BEFORE = frozenset({A.OPEN, A.DRAFTING})
_AWAITING = frozenset({A.FILED, A.FORWARDED, A.RETURNED, A.RECEIVED})

APPEAL = Workflow(
    "appeal",
    AppealStatus,
    {
        1: (
            Step("draft", _BEFORE, A.DRAFTING, P.DRAFT_APPEAL, "appeal_drafted", title="Write the appeal"),
            Step(
                "file",
                _BEFORE,
                A.FILED,
                P.FILE_APPEAL,
                "appeal_filed",
                guards=(
                    conditions.opened_by_filing,
                    conditions.the_level_beside_allows_it,
                    conditions.file_is_frozen,
                    conditions.filing_has_an_address,
                    conditions.happened_not_in_future("filed_at"),
                    conditions.filed_not_before_denial,
                    conditions.inside_window_or_good_cause,
                    conditions.amount_is_met_or_explained,
                    conditions.consent_stands,
                ),
                title="File the appeal",
            ),
            Step(
                "file_orally",
                _BEFORE,
                A.FILED,
                P.FILE_APPEAL,
                "appeal_filed",
                guards=(
                    conditions.opened_by_filing,
                    conditions.the_level_beside_allows_it,
                    conditions.may_be_filed_orally,
                    conditions.file_is_frozen,
                    conditions.happened_not_in_future("filed_at"),
                    conditions.filed_not_before_denial,
                    conditions.inside_window_or_good_cause,
                    conditions.amount_is_met_or_explained,
                    conditions.consent_stands,
                ),
                title="File by phone",
            ),
            Step(
                "forward",
                _BEFORE,
                A.FORWARDED,
                P.FILE_APPEAL,
                "appeal_forwarded",
                guards=(conditions.opened_by_forwarding, conditions.happened_not_in_future("forwarded_at")),
                title="Record that the plan forwarded the case",
            ),
            Step(
                "receive",
                frozenset({A.FILED, A.FORWARDED, A.RETURNED}),
                A.RECEIVED,
                P.FILE_APPEAL,
                "appeal_received",
                guards=(
                    conditions.happened_not_in_future("received_at"),
                    conditions.received_not_before_filed,
                ),
                title="Record as received",
            ),
            Step(
                "decide",
                _AWAITING,
                A.DECIDED,
                P.RECORD_DECISION,
                "appeal_decided",
                guards=(
                    conditions.happened_not_in_future("decided_at"),
                    conditions.decided_not_before_filed,
                    conditions.every_item_has_an_outcome,
                ),
                title="Record the decision",
            ),
            Step(
                "deem",
                _AWAITING,
                A.DECIDED,
                P.RECORD_DECISION,
                "appeal_decided",
                guards=(conditions.decision_is_overdue,),
                title="Go on without a decision (the plan missed its time)",
            ),
            Step(
                "withdraw",
                _BEFORE | _AWAITING,
                A.WITHDRAWN,
                P.FILE_APPEAL,
                "appeal_withdrawn",
                guards=(conditions.withdrawal_has_a_reason, conditions.the_level_beside_allows_it),
                title="Withdraw",
            ),
            Step(
                "lapse",
                _BEFORE,
                A.LAPSED,
                P.FILE_APPEAL,
                "appeal_lapsed",
                guards=(conditions.window_has_passed,),
                title="Record that the window passed",
            ),
            Step(
                "decline",
                _BEFORE,
                A.DECLINED,
                P.FILE_APPEAL,
                "appeal_withdrawn",
                guards=(conditions.withdrawal_has_a_reason, conditions.not_pursued_by_choice),
                title="Do not pursue this level",
            ),
        )
    },
    final=frozenset({A.DECIDED, A.WITHDRAWN, A.LAPSED, A.DECLINED}),
    also_begins=frozenset({A.RETURNED}),
)
