"""People: who signs in, who works where, and the patients they work for."""

from advocacy.people.models.absence import Absence
from advocacy.people.models.browser import BrowserSession
from advocacy.people.models.draft import Draft
from advocacy.people.models.feed import CalendarFeed, DailyDigest
from advocacy.people.models.glass import BreakGlass
from advocacy.people.models.hold import LegalHold
from advocacy.people.models.machine import MachineClient
from advocacy.people.models.organization import Invitation, SetupTest
from advocacy.people.models.patient import Consent, Contact, Patient
from advocacy.people.models.portal import PortalAccess
from advocacy.people.models.provider import ExternalIdentity, SignInProvider
from advocacy.people.models.role_term import RoleTerm
from advocacy.people.models.search import PatientSearch, SavedSearch
from advocacy.people.models.user import Membership, Team, User

__all__ = [
    "Absence",
    "BreakGlass",
    "BrowserSession",
    "CalendarFeed",
    "Consent",
    "Contact",
    "DailyDigest",
    "Draft",
    "ExternalIdentity",
    "Invitation",
    "LegalHold",
    "MachineClient",
    "Membership",
    "Patient",
    "PatientSearch",
    "PortalAccess",
    "RoleTerm",
    "SavedSearch",
    "SetupTest",
    "SignInProvider",
    "Team",
    "User",
]
