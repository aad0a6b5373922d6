"""The matter: a patient, a treatment, a plan, and the work. What would exist even if nothing had been refused."""

from cases.models.benefits import BenefitAnswer, BenefitCheck, NetworkCheck, Referral
from cases.models.case import Case, FailedTreatment
from cases.models.channel import OwnTaskTemplate, PayerChannel
from cases.models.clinic import Attestation, CallTime, ClinicAsk, ClinicLink
from cases.models.communication import Attachment, Communication, Note
from cases.models.cost import Cost
from cases.models.coverage import Coverage, Payer, Provider
from cases.models.document import FOR_PATIENT_KINDS, Blob, ConsentPaper, Document, DocumentVersion
from cases.models.grant import CaseGrant
from cases.models.intake import Inquiry
from cases.models.notice import PatientNotice
from cases.models.offer import Answer, CaseOffer, OfferedDocument, ReceivedOffer
from cases.models.search import CaseSearch, InquirySearch
from cases.models.task import Task
from cases.models.team import CaseTeamMember
from cases.models.triage import CaseLink, Triage
from cases.models.waiting_page import WaitingPage

__all__ = [
    "FOR_PATIENT_KINDS",
    "Answer",
    "Attachment",
    "Attestation",
    "BenefitAnswer",
    "BenefitCheck",
    "Blob",
    "CallTime",
    "Case",
    "CaseGrant",
    "CaseLink",
    "CaseOffer",
    "CaseSearch",
    "CaseTeamMember",
    "ClinicAsk",
    "ClinicLink",
    "Communication",
    "ConsentPaper",
    "Cost",
    "Coverage",
    "Document",
    "DocumentVersion",
    "FailedTreatment",
    "Inquiry",
    "InquirySearch",
    "NetworkCheck",
    "Note",
    "OfferedDocument",
    "OwnTaskTemplate",
    "PatientNotice",
    "Payer",
    "PayerChannel",
    "Provider",
    "ReceivedOffer",
    "Referral",
    "Task",
    "Triage",
    "WaitingPage",
]
