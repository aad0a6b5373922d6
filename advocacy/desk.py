"""The web admin site: Django's admin as the frame of the desk. Casework pages are mounted beside it, in the same frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor
from advocacy.access.roles import ROLES
from advocacy.web import page
from advocacy.words import notice_sentence


class Desk(AdminSite):
    site_header = "Recourse"
    site_title = "Recourse"
    index_title = "Look-ups and configuration"

    def has_permission(self, request: HttpRequest) -> bool:
        """Whoever is a live member of an organization enters; what is there, the policies say."""
        return bool(request.user.is_active and getattr(request, "actor", None) is not None)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseRedirect:
        """No sign-in beside allauth's: a password alone would pass its second factor and its limits on guessing."""
        if request.user.is_authenticated:
            return HttpResponseRedirect(reverse("home"))
        wanted = request.GET.get("next", "")
        safe = url_has_allowed_host_and_scheme(
            wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )
        return redirect_to_login(wanted if safe else reverse("home"))

    def password_change(  # type: ignore[override]  # the page is elsewhere
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseRedirect:
        """As above: one place where a password changes."""
        return HttpResponseRedirect(reverse("account_change_password"))

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """The look-ups under the names their pages have, not those of tables and programs."""
        found: list[dict[str, Any]] = super().get_app_list(request, app_label)
        for app in found:
            app["name"] = APP_NAMES.get(app["app_label"], app["name"])
            for row in app["models"]:
                row["name"] = getattr(self._registry[row["model"]], "list_title", "") or row["name"]
        return found


APP_NAMES = {"cases": "Payers and providers", "people": "Members and teams"}

site = Desk(name="admin")


@dataclass(frozen=True)
class Item:
    """One entry of the desk's navigation: shown to whoever holds the permission; `names` are the pages it stands for."""

    label: str
    name: str
    permission: Permission
    names: tuple[str, ...] = ()


NAVIGATION = (
    Item("Today", "appeals:today", Permission.SEE_CASES),
    Item("Queue", "appeals:queue", Permission.SEE_CASES, ("appeals:bulk_assign",)),
    Item("Board", "appeals:board", Permission.ASSIGN_CASE, ("appeals:share", "appeals:checks")),
    Item(
        "Intake",
        "cases:intake",
        Permission.OPEN_CASE,
        ("cases:inquiry", "cases:inquiry_step", "cases:inquiry_decline"),
    ),
    Item(
        "Offers",
        "cases:offers_received",
        Permission.RECEIVE_CASE,
        ("cases:offer_received", "cases:offer_accept", "cases:offer_decline"),
    ),
    Item("New patient", "people:patient_new", Permission.REGISTER_PATIENT),
    Item("Restricted", "cases:restricted", Permission.GRANT_ACCESS),
    Item("Trails", "appeals:trails", Permission.SEE_TRAIL),
    Item(
        "Set-up",
        "appeals:setup",
        Permission.MANAGE_MEMBERS,
        ("cases:organization", "appeals:templates", "appeals:own_dates", "appeals:service_targets"),
    ),
    Item("Figures", "reporting:figures", Permission.SEE_FIGURES, ("reporting:figures_list",)),
    Item("Jobs", "background:jobs", Permission.SEE_JOBS),
    Item("Look-ups", "admin:index", Permission.SEE_LOOKUPS),
)


# Asked of somebody whose roles open no case: whether dated access does. Filled by the app that knows cases.
dated_access: list[Callable[[Actor], bool]] = []
BY_DATED_ACCESS = frozenset({"appeals:today", "appeals:queue"})


def _may_open(request: HttpRequest, actor: Actor, item: Item) -> bool:
    if actor.may(item.permission):
        return True
    if item.name not in BY_DATED_ACCESS or not connection.in_atomic_block:
        return False  # after the commit only short notices are made, whose frame nobody sees
    if not hasattr(request, "has_dated_access"):
        request.has_dated_access = any(asked(actor) for asked in dated_access)  # type: ignore[attr-defined]
    return bool(request.has_dated_access)  # type: ignore[attr-defined]


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The entries this person may open, the one being looked at marked. No entry leads to a page that answers 403."""
    actor = getattr(request, "actor", None)
    if actor is None:
        return []
    here = request.resolver_match.view_name if request.resolver_match else ""
    return [
        {"label": item.label, "url": reverse(item.name), "current": here == item.name or here in item.names}
        for item in NAVIGATION
        if _may_open(request, actor, item)
    ]


def organizations(request: HttpRequest) -> list[dict[str, Any]]:
    """The organizations somebody works in, the one acted in marked; empty when there is only one to be in."""
    memberships = getattr(request, "memberships", ())
    current = getattr(getattr(request, "organization", None), "pk", None)
    if len(memberships) < 2:
        return []
    return [
        {
            "public_id": str(m.organization_public_id),
            "name": m.organization_name,
            "current": m.organization_id == current,
        }
        for m in memberships
    ]


def frame(request: HttpRequest) -> dict[str, Any]:
    """What every page of the desk shows around its content. Queries nothing: all of it came with the request."""
    actor = getattr(request, "actor", None)
    organization = getattr(request, "organization", None)
    if actor is None or actor.portal is not None:
        return {"actor": None, "organization": None}
    may_search = actor.may(Permission.SEE_CASES)
    return {
        "actor": actor,
        "organization": organization,
        "organization_name": organization.name if organization else "",
        "desk_organizations": organizations(request),
        "desk_nav": navigation(request),
        "desk_home_url": reverse("home"),
        "desk_search_url": reverse("cases:search") if may_search else "",
        "desk_switch_url": reverse("people:switch"),
        "desk_keys_url": reverse("desk_keys"),
        "desk_keys_off": not request.user.shortcuts,  # type: ignore[union-attr]
        "user_label": actor.label,
        # In the organization's zone on every page: a page of one case has its patient's.
        "desk_glass_until": actor.glass_until,
        "desk_glass_zone": organization.time_zone if organization else "UTC",
        "desk_glass_url": reverse("cases:break_glass") if actor.glass_until else "",
        "notice_sentence": notice_sentence(get_language() or "en"),
    }


@require_safe
@page
def home(request: HttpRequest) -> HttpResponse:
    """The first page of the desk that this person may open: Today for whoever sees cases, else what stands next to it.

    Whose role opens no page here is told what the role is for, and what can be done.
    """
    entries = navigation(request)
    actor: Any = request.actor  # type: ignore[attr-defined]
    if actor.may(Permission.SEE_TRAIL) and not actor.may(Permission.WORK_TASKS):
        return HttpResponseRedirect(reverse("appeals:trails"))  # answers who saw what; no task is ever theirs
    if entries:
        return HttpResponseRedirect(entries[0]["url"])
    roles = [d for role, d in ROLES.items() if role.value in actor.roles]
    return render(request, "desk/home.html", {"roles": roles})


@require_POST
@page
def keys(request: HttpRequest) -> HttpResponse:
    """Switch the single-key shortcuts on or off for this person (WCAG 2.1.4), and go back to the page."""
    user: Any = request.user
    user.shortcuts = request.POST.get("keys") == "on"
    user.save(update_fields=["shortcuts"])
    messages.success(
        request, "Keyboard shortcuts are on." if user.shortcuts else "Keyboard shortcuts are off."
    )
    back = request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(back if safe else reverse("home"))
