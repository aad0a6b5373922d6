"""Role x permission, one table, with a sentence a person can check. Which rows is the policies' answer, not the role's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from advocacy.access.permissions import Permission as P


class Role(StrEnum):
    INTAKE = "intake"
    NAVIGATOR = "navigator"
    CLINICIAN = "clinician"
    SUPERVISOR = "supervisor"
    ORGANIZATION_ADMIN = "organization_admin"
    ANALYST = "analyst"
    PRIVACY_OFFICER = "privacy_officer"
    FUNDER = "funder"


class PortalRole(StrEnum):
    """Who enters the patient's portal. Never the role of a membership; a member never has one of these."""

    PATIENT = "patient"
    REPRESENTATIVE = "representative"


class PortalScope(StrEnum):
    """The parts of a patient's portal that a representative may be given."""

    STATUS = "status"
    DOCUMENTS = "documents"
    LETTERS = "letters"
    MESSAGES = "messages"

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        return [
            (cls.STATUS.value, "Where the case stands"),
            (cls.DOCUMENTS.value, "Documents"),
            (cls.LETTERS.value, "Letters"),
            (cls.MESSAGES.value, "Messages"),
        ]


@dataclass(frozen=True)
class RoleDescription:
    title: str
    sentence: str
    permissions: frozenset[P]


_INTAKE = {
    P.SEE_PATIENTS,
    P.REGISTER_PATIENT,
    P.CHANGE_PATIENT,
    P.RECORD_CONSENT,
    P.SEE_CASES,
    P.OPEN_CASE,
    P.UPLOAD_DOCUMENT,
    P.WRITE_NOTE,
    P.WORK_TASKS,
    P.CHECK_BENEFITS,
    P.TRIAGE_CASE,
    P.SEE_LOOKUPS,
    P.SEE_MEMBERS,
    P.ANSWER_QUESTIONS,
    P.ASK_CLINIC,
    P.BREAK_GLASS,
}
_NAVIGATOR = _INTAKE | {
    P.CHANGE_CASE,
    P.CLOSE_CASE,
    P.INVITE_TO_PORTAL,
    P.REQUEST_AUTHORIZATION,
    P.RECORD_DENIAL,
    P.HOLD_PEER_TO_PEER,
    P.DRAFT_APPEAL,
    P.FILE_APPEAL,
    P.RECORD_DECISION,
    P.OFFER_CASE,
    P.RECEIVE_CASE,
}

ROLES: dict[Role, RoleDescription] = {
    Role.INTAKE: RoleDescription(
        "Intake", "Registers patients, their coverage and consent, and opens cases.", frozenset(_INTAKE)
    ),
    Role.NAVIGATOR: RoleDescription(
        "Navigator",
        "Works cases from the request to the outcome: records denials, files appeals, records decisions.",
        frozenset(_NAVIGATOR),
    ),
    Role.CLINICIAN: RoleDescription(
        "Clinician reviewer",
        "Reads cases, holds peer-to-peer calls and helps draft the medical argument.",
        frozenset(
            {
                P.SEE_PATIENTS,
                P.SEE_CASES,
                P.UPLOAD_DOCUMENT,
                P.WRITE_NOTE,
                P.WORK_TASKS,
                P.TRIAGE_CASE,
                P.HOLD_PEER_TO_PEER,
                P.DRAFT_APPEAL,
                P.SEE_LOOKUPS,
                P.SEE_MEMBERS,
                P.BREAK_GLASS,
            }
        ),
    ),
    Role.SUPERVISOR: RoleDescription(
        "Supervisor",
        "Does all a navigator does, assigns work, grants dated access, and reads the trail.",
        frozenset(
            _NAVIGATOR
            | {
                P.ACCOUNT_DISCLOSURES,
                P.ASSIGN_CASE,
                P.REOPEN_CASE,
                P.CONFIRM_OVERRIDE,
                P.RESTRICT_CASE,
                P.GRANT_ACCESS,
                P.REVIEW_BREAK_GLASS,
                P.HOLD_RECORDS,
                P.SEE_TRAIL,
                P.SEE_JOBS,
                P.RETRY_JOBS,
                P.SEE_FIGURES,
            }
        ),
    ),
    Role.ORGANIZATION_ADMIN: RoleDescription(
        "Organization admin",
        "Keeps members, their sign-in, teams and look-ups, gives machines access, reads figures. Sees no patient and no case.",
        frozenset(
            {
                P.SEE_MEMBERS,
                P.MANAGE_MEMBERS,
                P.MANAGE_MACHINES,
                P.MANAGE_SIGN_IN,
                P.SEE_LOOKUPS,
                P.MANAGE_LOOKUPS,
                P.SEE_JOBS,
                P.SEE_FIGURES,
            }
        ),
    ),
    Role.ANALYST: RoleDescription(
        "Analyst", "Reads figures. Sees no patient and no case.", frozenset({P.SEE_FIGURES})
    ),
    Role.PRIVACY_OFFICER: RoleDescription(
        "Privacy officer",
        "Reads cases and every case's trail to answer who saw and changed what, and what left; reviews emergency access,"
        " places legal holds, decides what a patient is told later. Changes no case.",
        frozenset(
            {
                P.SEE_PATIENTS,
                P.ACCOUNT_DISCLOSURES,
                P.DECIDE_ACCOUNTING,
                P.SEE_CASES,
                P.SEE_TRAIL,
                P.SEE_MEMBERS,
                P.SEE_LOOKUPS,
                P.REVIEW_BREAK_GLASS,
                P.HOLD_RECORDS,
            }
        ),
    ),
    Role.FUNDER: RoleDescription(
        "Funder",
        "Reads figures of the programs it pays for. Sees no patient and no case.",
        frozenset({P.SEE_FIGURES}),
    ),
}


PORTAL_ROLES: dict[PortalRole, RoleDescription] = {
    PortalRole.PATIENT: RoleDescription(
        "Patient",
        "Sees their own cases in the portal, with all that is meant for them, and decides who else does.",
        frozenset(
            {P.PORTAL_STATUS, P.PORTAL_DOCUMENTS, P.PORTAL_LETTERS, P.PORTAL_MESSAGES, P.PORTAL_CONTROL}
        ),
    ),
    PortalRole.REPRESENTATIVE: RoleDescription(
        "Representative",
        "Sees in the portal the parts of one patient's cases that the patient chose, until a day.",
        frozenset({P.PORTAL_STATUS, P.PORTAL_DOCUMENTS, P.PORTAL_LETTERS, P.PORTAL_MESSAGES}),
    ),
}
_OF_SCOPE = {
    PortalScope.STATUS: P.PORTAL_STATUS,
    PortalScope.DOCUMENTS: P.PORTAL_DOCUMENTS,
    PortalScope.LETTERS: P.PORTAL_LETTERS,
    PortalScope.MESSAGES: P.PORTAL_MESSAGES,
}


def portal_permissions_of(role: str, scope: frozenset[str]) -> frozenset[P]:
    """What a patient, or a representative with this scope, may do in the portal; an unknown role may do nothing."""
    if role not in PortalRole._value2member_map_:
        return frozenset()
    held = PORTAL_ROLES[PortalRole(role)].permissions
    if role == PortalRole.PATIENT:
        return held
    return held & {_OF_SCOPE[PortalScope(s)] for s in scope if s in PortalScope._value2member_map_}


def permissions_of(roles: frozenset[str]) -> frozenset[P]:
    """All permissions of the given role keys; an unknown key gives nothing."""
    found: set[P] = set()
    for role in roles:
        if role in Role._value2member_map_:
            found |= ROLES[Role(role)].permissions
    return frozenset(found)
