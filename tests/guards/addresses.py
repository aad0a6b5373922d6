"""Every address of the program, and how to fill it: read from the resolver, so that a new route is visited by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from advocacy.api import MachineView

HERE = "tests/guards/addresses.py"

# Which row a parameter names. A parameter that is not here fails the guards: say what it is.
ROWS: dict[str, str] = {
    "case_id": "cases.Case",
    "patient_id": "people.Patient",
    "grant_id": "cases.CaseGrant",
    "glass_id": "people.BreakGlass",
    "hold_id": "people.LegalHold",
    "treatment_id": "cases.FailedTreatment",
    "coverage_id": "cases.Coverage",
    "search_id": "people.SavedSearch",
    "communication_id": "cases.Communication",
    "document_id": "cases.Document",
    "version_id": "cases.DocumentVersion",
    "task_id": "cases.Task",
    "contact_id": "people.Contact",
    "consent_id": "people.Consent",
    "consent_paper_id": "cases.ConsentPaper",
    "draft_id": "people.Draft",
    "member_id": "people.Membership",
    "machine_id": "people.MachineClient",
    "invitation_id": "people.Invitation",
    "job_id": "background.Job",
    "request_id": "appeals.AuthorizationRequest",
    "denial_id": "appeals.Denial",
    "call_id": "appeals.PeerToPeer",
    "answer_id": "appeals.Answer",
    "level_id": "appeals.Appeal",
    "filing_id": "appeals.Filing",
    "ask_id": "cases.ClinicAsk",
    "clinic_link_id": "cases.ClinicLink",
    "portal_access_id": "people.PortalAccess",
    "authorization_id": "appeals.GrantedAuthorization",
    "session_id": "appeals.TreatmentSession",
    "effectuation_id": "appeals.Effectuation",
    "document_request_id": "appeals.DocumentRequest",
    "entry_id": "cases.CaseTeamMember",
    "absence_id": "people.Absence",
    "inquiry_id": "cases.Inquiry",
    "link_id": "cases.CaseLink",
    "referral_id": "cases.Referral",
    "approval_id": "appeals.LetterApproval",
    "page_id": "cases.WaitingPage",
    "deadline_id": "appeals.Deadline",
    "demand_id": "appeals.Demand",
    "finding_id": "appeals.Finding",
    "override_id": "appeals.StepOverride",
    "attachment_id": "cases.Attachment",
    "offer_id": "cases.CaseOffer",
    "received_id": "cases.CaseOffer",
    "paper_id": "cases.DocumentVersion",
    "own_date_id": "appeals.OwnDateRule",
    "service_target_id": "appeals.ServiceTarget",
}
# Parameters that name no row, with a value that the view knows.
WORDS: dict[str, str] = {
    "part": "what",
    "how": "withdraw",
    "step": "members",
    "key": "gather_records",
    "block": "decision_in_writing",
    "about": "overdue",
    "check": "claim_file",
}


@dataclass(frozen=True)
class Route:
    """One pattern of the resolver. `parameters` are the names in its path, in their order."""

    name: str
    path: str
    view: Callable[..., Any]
    parameters: tuple[str, ...]

    @property
    def is_desk_page(self) -> bool:
        return bool(getattr(self.view, "is_desk_page", False))

    @property
    def is_portal_page(self) -> bool:
        """A page that shows something of one patient to whoever came in by a code."""
        return bool(getattr(self.view, "is_portal_page", False))

    @property
    def is_portal_door(self) -> bool:
        return bool(getattr(self.view, "is_portal_door", False))

    @property
    def is_admin(self) -> bool:
        return self.name.startswith("admin:") or (self.path.startswith("admin/") and not self.is_desk_page)

    @property
    def is_sign_in(self) -> bool:
        return self.path.startswith("accounts/") and self.view.__module__.startswith(
            ("allauth.", "advocacy.people.sign_in")
        )

    @property
    def is_api(self) -> bool:
        """An address of the machine door that takes a token."""
        return issubclass(getattr(self.view, "cls", object), MachineView)

    @property
    def is_health(self) -> bool:
        return self.path.startswith("health/")

    @property
    def rows(self) -> tuple[str, ...]:
        """The parameters that name a row of ours."""
        return tuple(p for p in self.parameters if p not in WORDS)

    def url(self, values: Mapping[str, Any]) -> str:
        """The address with the given values; words of a route are filled in."""
        filled = {p: values.get(p, WORDS.get(p)) for p in self.parameters}
        return reverse(self.name, kwargs=filled)


def routes() -> list[Route]:
    """All of them, by path."""
    return sorted(_walk(get_resolver().url_patterns, "", ()), key=lambda r: (r.path, r.name))


def _walk(patterns: list[Any], before: str, namespaces: tuple[str, ...]) -> Iterator[Route]:
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            deeper = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from _walk(pattern.url_patterns, path, deeper)
        elif isinstance(pattern, URLPattern):
            name = ":".join((*namespaces, pattern.name or ""))
            yield Route(name, path, pattern.callback, tuple(re.findall(r"<(?:\w+:)?(\w+)>", path)))


def desk_routes() -> list[Route]:
    return [r for r in routes() if r.is_desk_page]


def api_routes() -> list[Route]:
    return [r for r in routes() if r.is_api]


def portal_routes() -> list[Route]:
    return [r for r in routes() if r.is_portal_page]


def with_rows() -> list[Route]:
    """Desk pages whose address names at least one row."""
    return [r for r in desk_routes() if r.rows]


def shared() -> list[Route]:
    """Desk pages whose address names none."""
    return [r for r in desk_routes() if not r.rows]


def names(found: list[Route]) -> list[str]:
    return [r.name for r in found]
