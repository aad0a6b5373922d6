"""Scopes, each with the permissions it lets through and a sentence for whoever gives it: of a machine, of dated access.

A machine holds roles like a person, so the same policies say which rows it reaches; its scopes only take away. What no scope
of a token lets through is not there for it, whatever its roles are.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from advocacy.access.permissions import Permission as P
from advocacy.access.roles import Role, permissions_of


class Scope(StrEnum):
    READ_FIGURES = "figures:read"
    READ_CASES = "cases:read"
    READ_EVENTS = "events:read"
    READ_DOCUMENTS = "documents:read"
    READ_CONTENT = "documents:content"
    READ_IDENTIFIERS = "identifiers:read"
    EXPORT_ROWS = "rows:export"
    WRITE_NOTES = "notes:write"
    WRITE_DOCUMENTS = "documents:write"


@dataclass(frozen=True)
class ScopeDescription:
    title: str
    sentence: str
    permissions: frozenset[P]
    is_personal: bool


def _says(title: str, sentence: str, *permissions: P, is_personal: bool = True) -> ScopeDescription:
    return ScopeDescription(title, sentence, frozenset(permissions), is_personal)


SCOPES: dict[Scope, ScopeDescription] = {
    Scope.READ_FIGURES: _says(
        "Figures", "Reads figures, small cells masked. No case.", P.SEE_FIGURES, is_personal=False
    ),
    Scope.READ_CASES: _says(
        "Cases",
        "Reads cases with their dates and levels, without names and without what was typed.",
        P.SEE_CASES,
    ),
    Scope.READ_EVENTS: _says("Events", "Reads what was done on cases, by whom and when.", P.SEE_CASES),
    Scope.READ_DOCUMENTS: _says(
        "List of documents",
        "Reads which documents there are: type, size, day. No title, no content.",
        P.SEE_CASES,
    ),
    Scope.READ_CONTENT: _says(
        "Content of documents",
        "Reads the documents themselves. They name patients.",
        P.SEE_CASES,
        P.SEE_PATIENTS,
    ),
    Scope.READ_IDENTIFIERS: _says(
        "Names and numbers of patients",
        "Reads names, birth dates and member ids with a case.",
        P.SEE_CASES,
        P.SEE_PATIENTS,
    ),
    Scope.EXPORT_ROWS: _says(
        "Files of rows",
        "Takes all cases and decisions it may see as files, without names and without what was typed.",
        P.SEE_CASES,
    ),
    Scope.WRITE_NOTES: _says("Write notes", "Writes internal notes on cases.", P.SEE_CASES, P.WRITE_NOTE),
    Scope.WRITE_DOCUMENTS: _says(
        "Upload documents", "Adds documents to cases.", P.SEE_CASES, P.UPLOAD_DOCUMENT
    ),
}


class GrantScope(StrEnum):
    """How far dated access to one case goes; each holds the one before."""

    VIEW = "view"
    COMMENT = "comment"
    EDIT = "edit"

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        return [(scope.value, GRANT_SCOPES[scope].sentence) for scope in cls]


@dataclass(frozen=True)
class GrantDescription:
    """`codename` is django-guardian's permission on the case that stands for the scope."""

    title: str
    sentence: str
    codename: str
    permissions: frozenset[P]


_VIEW = frozenset({P.SEE_CASES, P.SEE_PATIENTS})
_COMMENT = _VIEW | {P.WRITE_NOTE}
_EDIT = _COMMENT | {P.CHANGE_CASE, P.WORK_TASKS, P.UPLOAD_DOCUMENT}
GRANT_SCOPES: dict[GrantScope, GrantDescription] = {
    GrantScope.VIEW: GrantDescription("Read", "Reads the case and changes nothing.", "view_case", _VIEW),
    GrantScope.COMMENT: GrantDescription(
        "Comment", "Reads the case, writes notes and logs calls.", "comment_case", _COMMENT
    ),
    GrantScope.EDIT: GrantDescription(
        "Edit",
        "Also corrects the case, works its tasks and adds documents. Files nothing, closes nothing, gives no access.",
        "change_case",
        _EDIT,
    ),
}


def codenames_for(permission: P) -> tuple[str, ...]:
    """Of the scopes that allow the permission, guardian's names."""
    return tuple(said.codename for said in GRANT_SCOPES.values() if permission in said.permissions)


def permissions_of_codename(codename: str) -> frozenset[P]:
    """What the scope with guardian's name allows; an unknown one nothing."""
    return next((s.permissions for s in GRANT_SCOPES.values() if s.codename == codename), frozenset())


HELD_BY_MACHINES = tuple(role for role in Role if role is not Role.ORGANIZATION_ADMIN)
"""Who keeps the members, and issues machines, is a person."""


def permissions_of_scopes(scopes: Collection[str]) -> frozenset[P]:
    """All permissions the scopes let through; an unknown one lets nothing through."""
    found: set[P] = set()
    for scope in scopes:
        if scope in Scope._value2member_map_:
            found |= SCOPES[Scope(scope)].permissions
    return frozenset(found)


def beyond_roles(scopes: Collection[str], roles: Collection[str]) -> tuple[Scope, ...]:
    """The scopes that these roles cannot use, since they lack a permission it lets through."""
    held = permissions_of(frozenset(roles))
    return tuple(s for s in Scope if s.value in scopes and not SCOPES[s].permissions <= held)
