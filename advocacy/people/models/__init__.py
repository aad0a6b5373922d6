"""People: who signs in, who works where, and the patients they work for."""

from advocacy.people.models.draft import Draft
from advocacy.people.models.patient import Consent, Contact, Patient
from advocacy.people.models.search import PatientSearch, SavedSearch
from advocacy.people.models.user import Membership, Team, User

__all__ = [
    "Consent",
    "Contact",
    "Draft",
    "Membership",
    "Patient",
    "PatientSearch",
    "SavedSearch",
    "Team",
    "User",
]
