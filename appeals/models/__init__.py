"""The contest: request, refusal, levels, filings, decisions, and the dates that follow from them."""

from appeals.models.answer import Answer
from appeals.models.appeal import Appeal, Exhibit, Filing
from appeals.models.approval import LetterApproval
from appeals.models.authorization import AuthorizationRequest, GrantedAuthorization, RequestItem
from appeals.models.block import OwnLetterBlock
from appeals.models.choice import Choice
from appeals.models.deadline import Deadline
from appeals.models.decision import Decision, ItemOutcome
from appeals.models.demand import Demand
from appeals.models.denial import STANDS, Denial, DenialItem, DenialReason, Proposal
from appeals.models.document_request import DocumentRequest
from appeals.models.effectuation import Effectuation
from appeals.models.event import ClockEvent
from appeals.models.finding import Finding
from appeals.models.notice_check import NoticeCheck
from appeals.models.override import StepOverride
from appeals.models.own_date import OwnDateRule
from appeals.models.peer_to_peer import PeerToPeer
from appeals.models.reminder import Reminder
from appeals.models.service_target import ServiceTarget
from appeals.models.session import TreatmentSession

__all__ = [
    "STANDS",
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
    "Finding",
    "GrantedAuthorization",
    "ItemOutcome",
    "LetterApproval",
    "NoticeCheck",
    "OwnDateRule",
    "OwnLetterBlock",
    "PeerToPeer",
    "Proposal",
    "Reminder",
    "RequestItem",
    "ServiceTarget",
    "StepOverride",
    "TreatmentSession",
]
