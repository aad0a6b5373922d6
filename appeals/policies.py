"""Everything of the contest is as visible as its case."""

from __future__ import annotations

from advocacy.access.policy import declare_through

for model in (
    "Answer",
    "Appeal",
    "AuthorizationRequest",
    "Choice",
    "ClockEvent",
    "Deadline",
    "Decision",
    "Denial",
    "DenialItem",
    "DenialReason",
    "Exhibit",
    "Filing",
    "GrantedAuthorization",
    "ItemOutcome",
    "PeerToPeer",
    "Proposal",
    "RequestItem",
    "TreatmentSession",
):
    declare_through(f"appeals.{model}", parent="cases.Case", path="case")
