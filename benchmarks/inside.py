"""What needs the product inside the process: sign-ins for the workloads, and work that has no address of its own.

python -m benchmarks inside prepare FILE    sessions, tokens and ids of the organizations the workloads act in
python -m benchmarks inside measure FILE    W4, W7 and the export, each beside its floor
python -m benchmarks inside reach FILE      W6
"""

from __future__ import annotations

import hashlib
import importlib
import json
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from allauth.idp.oidc.models import Token
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core import signing
from django.db import connection, transaction
from django.db.models import Count
from django.urls import reverse
from django.utils import timezone

from advocacy.access.compiled import rows_of
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor
from advocacy.access.scopes import Scope
from advocacy.api import SALT
from advocacy.people.machines import issue_machine
from advocacy.people.models import User
from advocacy.people.queries import actor_of, memberships_of
from advocacy.people.second_factor import HELD
from advocacy.people.session_store import SessionStore
from advocacy.portal import COOKIE, USER
from advocacy.tenancy.scope import scoped_to
from appeals.queries import machine_case, machine_queue
from appeals.queries.order import forward
from benchmarks.lines import PORTAL_USER
from benchmarks.plan import LARGEST, SECOND, STEADY, THIRD, Organization
from cases.commands import machine_notes
from cases.models import Case, Document, DocumentVersion, Payer

NAMES = {STEADY: "steady", LARGEST: "largest", SECOND: "second", THIRD: "third"}
ROLES = {"supervisor": 0, "navigator": 6, "admin": 5}
CASES = 200
SCOPES = sorted(scope.value for scope in Scope if scope is not Scope.READ_FIGURES)


def actor(organization: int, role: str = "supervisor") -> Actor:
    """A member of one of the organizations, as the desk would know them."""
    user = User.objects.get(pk=Organization(organization, 0, 0).member(ROLES[role]))
    return actor_of(user, memberships_of(user.pk)[0])


def desk_cookie(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session[HELD] = True
    session.save()
    return f"sessionid={session.session_key}"


def portal_cookie(first_case: int) -> str:
    session = SessionStore()
    session[USER] = PORTAL_USER + first_case
    session.save()
    return f"{COOKIE}={session.session_key}"


def token(number: int) -> str:
    """A machine of the organization that reads and writes cases, let in by its admin; the token it carries."""
    admin, at, text = actor(number, "admin"), timezone.now(), secrets.token_urlsafe(64)
    with scoped_to(number, actor=admin.key, actor_label=admin.label):
        issued = issue_machine(
            actor=admin,
            purpose="Measuring",
            roles=["supervisor"],
            scopes=SCOPES,
            expires_at=at + timedelta(days=30),
            at=at,
        )
        row = Token(
            type=Token.Type.ACCESS_TOKEN,
            hash=hashlib.sha256(text.encode()).hexdigest(),
            client_id=issued.client_id,
            expires_at=at + timedelta(days=1),
        )
        row.set_scopes(SCOPES)
        row.save()
    return text


def statements() -> dict[str, str]:
    """The product's own texts for the hot reads and the note, as its policy compiles them for such a machine."""
    machine = Actor(
        key="machine:0",
        label="",
        organization_id=STEADY,
        roles=frozenset({"supervisor"}),
        scopes=frozenset(SCOPES),
    )
    seen = rows_of(machine, "cases.Case")
    return {
        "queue": machine_queue._statement(seen, "open", frozenset(), "first"),
        "case": machine_case._statement(seen, rows_of(machine, "people.Patient")),
        "note": machine_notes._statement(rows_of(machine, "cases.Case", Permission.WRITE_NOTE)),
    }


def filters() -> dict[str, str]:
    """What the API's list of cases may be asked in this organization, each filter by itself: its rarest value, and its
    commonest where that may be another plan. By its name, as the words of an address.
    """
    cases = Case.objects.filter(status="open")

    def by_share(path: str) -> list[Any]:
        rows = cases.exclude(**{path: None}).values_list(path).annotate(n=Count("pk")).order_by("n", path)
        return [row[0] for row in rows]

    payers, today = by_share("coverage__payer__public_id"), timezone.now()
    told = {
        "status": "status=closed",
        "stage, the rarest": f"stage={by_share('stage')[0]}",
        "payer, the rarest": f"payer={payers[0]}",
        "payer, the middle one": f"payer={payers[len(payers) // 2]}",
        "payer, the commonest": f"payer={payers[-1]}",
        "owner": f"owner={by_share('owner__public_id')[0]}",
        "owner, nobody": "owner=none",
        "treatment, the rarest": f"treatment={by_share('treatment')[0]}",
        "urgency, the rarest": f"urgency={by_share('urgency')[0]}",
        "due": f"due={(today + timedelta(days=7)).date().isoformat()}",
    }
    for name, days in (("a day", 1), ("a year", 365)):
        told[f"updated, {name} ago"] = (
            f"updated={(today - timedelta(days=days)).strftime('%Y-%m-%dT%H:%M:%SZ')}"
        )
    return told


def deep(size: int = 50, page: int = 1_000) -> dict[str, Any]:
    """The place of page 1,000 of the list, or of the last whole one where there are not so many; and its number."""
    seen = Case.objects.filter(status="open", is_restricted=False).order_by(*forward())
    count = seen.count()
    page = max(min(page, count // size), 2)
    on, pk = seen.values_list("next_deadline_on", "pk")[min(size * (page - 1), count) - 1]
    place = [on.isoformat() if on else None, pk]
    return {"page": page, "after": signing.dumps(place, salt=f"{SALT}.cases.open")}


def prepared() -> dict[str, Any]:
    """Per organization: cookies by role, addresses of pages, ids of cases; enough for every request of the workloads."""
    told: dict[str, Any] = {"statements": statements()}
    for number, name in NAMES.items():
        someone = actor(number)
        with transaction.atomic(), scoped_to(number, actor=someone.key, actor_label=someone.label):
            cases = list(Case.objects.filter(status="open", is_restricted=False).order_by("id")[:CASES])
            first = Case.objects.order_by("id").values_list("pk", flat=True)[0]
            letters = DocumentVersion.objects.filter(
                document_id__in=Document.objects.filter(kind="denial_letter")
                .order_by("id")
                .values("pk")[:CASES]
            ).select_related("case")
            told[name] = {
                "organization": number,
                "cookies": {
                    role: desk_cookie(User.objects.get(pk=actor(number, role).user_id)) for role in ROLES
                },
                "portal": portal_cookie(first),
                "token": token(number),
                "filters": filters(),
                "deep": deep(),
                "documents": [
                    str(v.document.public_id) for v in letters.select_related("document").order_by("id")[:50]
                ],
                "pages": {
                    "today": reverse("appeals:today"),
                    "queue": reverse("appeals:queue"),
                    "portal": reverse("portal:home"),
                },
                "cases": [
                    {"id": str(c.public_id), "pk": c.pk, "page": reverse("appeals:case", args=[c.public_id])}
                    for c in cases
                ],
                "files": [
                    reverse("cases:document_file", args=[v.case.public_id, v.public_id])
                    for v in letters.order_by("id")[:50]
                ],
                "payer": str(Payer.objects.order_by("id").values_list("public_id", flat=True)[3]),
                "members": {
                    "supervisor": someone.membership_id,
                    "navigator": actor(number, "navigator").membership_id,
                },
            }
    return told


def main(arguments: list[str]) -> int:
    """The command line. Returns the exit code."""
    match arguments:
        case ["prepare", path]:
            with transaction.atomic():
                told = prepared()
            Path(path).write_text(json.dumps(told))
            connection.close()
            return 0
        case ["measure", path]:
            importlib.import_module("benchmarks.inner").write(path)
            return 0
        case ["reach", path]:
            inner = importlib.import_module("benchmarks.inner")
            inner.write(path, inner.reach)
            return 0
    return 2
