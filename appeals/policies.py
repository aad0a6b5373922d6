"""Everything of the contest is as visible as its case."""

from __future__ import annotations

from advocacy.access.permissions import Permission
from advocacy.access.policy import declare, declare_portal, declare_through, under
from advocacy.people.policies import whole_organization
from cases.policies import of_patient

for model in (
    "Answer",
    "Appeal",
    "AuthorizationRequest",
    "Choice",
    "ClockEvent",
    "Deadline",
    "Decision",
    "Demand",
    "Denial",
    "DenialItem",
    "DenialReason",
    "DocumentRequest",
    "Effectuation",
    "Exhibit",
    "Filing",
    "GrantedAuthorization",
    "ItemOutcome",
    "LetterApproval",
    "NoticeCheck",
    "PeerToPeer",
    "Proposal",
    "Reminder",
    "RequestItem",
    "StepOverride",
    "TreatmentSession",
):
    declare_through(f"appeals.{model}", parent="cases.Case", path="case")
declare("appeals.Finding", see=Permission.ASSIGN_CASE, rows=whole_organization)
declare("appeals.OwnDateRule", see=Permission.SEE_LOOKUPS, rows=whole_organization)
declare("appeals.OwnLetterBlock", see=Permission.SEE_LOOKUPS, rows=whole_organization)
declare("appeals.ServiceTarget", see=Permission.SEE_LOOKUPS, rows=whole_organization)
for letter in ("Filing", "LetterApproval"):
    declare_portal(
        f"appeals.{letter}",
        see=(Permission.PORTAL_LETTERS,),
        rows=lambda portal: under("case", of_patient(portal)),
    )
