"""The matter: a patient, a treatment, a plan, and the work. What would exist even if nothing had been refused."""

from cases.models.case import Case, FailedTreatment
from cases.models.communication import Communication, Note
from cases.models.cost import Cost
from cases.models.coverage import Coverage, Payer, Provider
from cases.models.document import Blob, Document, DocumentVersion
from cases.models.grant import CaseGrant
from cases.models.search import CaseSearch
from cases.models.task import Task

__all__ = [
    "Blob",
    "Case",
    "CaseGrant",
    "CaseSearch",
    "Communication",
    "Cost",
    "Coverage",
    "Document",
    "DocumentVersion",
    "FailedTreatment",
    "Note",
    "Payer",
    "Provider",
    "Task",
]
