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
    P.SEE_LOOKUPS,
    P.SEE_MEMBERS,
    P.ANSWER_QUESTIONS,
}
_NAVIGATOR = _INTAKE | {
    P.CHANGE_CASE,
    P.CLOSE_CASE,
    P.REQUEST_AUTHORIZATION,
    P.RECORD_DENIAL,
    P.HOLD_PEER_TO_PEER,
    P.DRAFT_APPEAL,
    P.FILE_APPEAL,
    P.RECORD_DECISION,
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
                P.HOLD_PEER_TO_PEER,
                P.DRAFT_APPEAL,
                P.SEE_LOOKUPS,
                P.SEE_MEMBERS,
            }
        ),
    ),
    Role.SUPERVISOR: RoleDescription(
        "Supervisor",
        "Does all a navigator does, assigns work, grants dated access, and reads the trail.",
        frozenset(
            _NAVIGATOR
            | {
                P.ASSIGN_CASE,
                P.REOPEN_CASE,
                P.RESTRICT_CASE,
                P.GRANT_ACCESS,
                P.SEE_TRAIL,
                P.SEE_JOBS,
                P.RETRY_JOBS,
                P.SEE_FIGURES,
            }
        ),
    ),
    Role.ORGANIZATION_ADMIN: RoleDescription(
        "Organization admin",
        "Keeps members, teams and look-ups. Sees no patient and no case.",
        frozenset({P.SEE_MEMBERS, P.MANAGE_MEMBERS, P.SEE_LOOKUPS, P.MANAGE_LOOKUPS, P.SEE_JOBS}),
    ),
    Role.ANALYST: RoleDescription(
        "Analyst", "Reads figures. Sees no patient and no case.", frozenset({P.SEE_FIGURES})
    ),
    Role.PRIVACY_OFFICER: RoleDescription(
        "Privacy officer",
        "Reads cases and the trail of every case to answer who saw and changed what. Changes nothing.",
        frozenset({P.SEE_PATIENTS, P.SEE_CASES, P.SEE_TRAIL, P.SEE_MEMBERS, P.SEE_LOOKUPS}),
    ),
    Role.FUNDER: RoleDescription(
        "Funder",
        "Reads figures of the programs it pays for. Sees no patient and no case.",
        frozenset({P.SEE_FIGURES}),
    ),
}


def permissions_of(roles: frozenset[str]) -> frozenset[P]:
    """All permissions of the given role keys; an unknown key gives nothing."""
    found: set[P] = set()
    for role in roles:
        if role in Role._value2member_map_:
            found |= ROLES[Role(role)].permissions
    return frozenset(found)
