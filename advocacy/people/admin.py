"""Members and teams among the look-ups: rows by policy, saving by commands. Inviting and leaving are pages of their own."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from advocacy.access.permissions import Permission
from advocacy.access.roles import ROLES
from advocacy.desk import site
from advocacy.inputs import DayField
from advocacy.lookups import CommandForm, InUse, Lookup
from advocacy.people.membership import (
    change_member,
    ends_that_count,
    record_team,
    retire_team,
    return_team,
)
from advocacy.people.models import Membership, Team
from advocacy.people.queries import end_of_day, teams_of_organization
from advocacy.people.step_up import initial_of, require_fresh, typed

ROLE_CHOICES = [(role.value, f"{d.title}: {d.sentence}") for role, d in ROLES.items()]


def _day_of(end: datetime, zone: ZoneInfo) -> date:
    """The last day before this first moment after it."""
    return (end.astimezone(zone) - timedelta(seconds=1)).date()


class MembershipForm(CommandForm):
    words: QueryDict | None = None
    """What was typed before a proof was asked for."""

    roles = forms.MultipleChoiceField(choices=ROLE_CHOICES, widget=forms.CheckboxSelectMultiple)
    team = forms.ModelChoiceField(Team.objects.none(), required=False, to_field_name="public_id")

    last_day = DayField(
        label="Last day",
        required=False,
        help_text="For somebody who stays for a time: after this day nothing opens for them. Leave it empty otherwise.",
    )

    ending_role = forms.ChoiceField(
        label="One role that ends earlier",
        choices=[("", "None"), *((role.value, d.title) for role, d in ROLES.items())],
        required=False,
    )
    role_last_day = DayField(
        label="Last day of that role",
        required=False,
        help_text="After this day the role opens nothing; the others stay. Empty: the role has no end of its own.",
    )

    class Meta:
        model = Membership
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["team"].queryset = teams_of_organization()
        if self.instance.pk:
            zone = ZoneInfo(self.instance.organization.time_zone)
            until = self.instance.until
            self.initial = dict(self.initial) | {
                "last_day": _day_of(until, zone) if until else None,
                "roles": self.instance.roles,
                "team": self.instance.team.public_id if self.instance.team else None,
            }
            for role, end in sorted(ends_that_count(self.instance).items())[:1]:
                self.initial |= {"ending_role": role, "role_last_day": _day_of(end, zone)}
            if self.words is not None:
                self.initial |= initial_of(self, self.words)

    def run(self, typed: dict[str, Any]) -> Membership:
        ends, role = ends_that_count(self.instance), typed["ending_role"]
        if end := end_of_day(self.instance.organization, typed["role_last_day"]):
            ends[role] = end
        else:
            ends.pop(role, None)
        return change_member(
            actor=self.actor,
            member=self.instance,
            roles=typed["roles"],
            team=typed["team"],
            until=end_of_day(self.instance.organization, typed["last_day"]),
            role_ends={held: end for held, end in ends.items() if held in typed["roles"] or held == role},
            at=timezone.now(),
        )


class Live(InUse):
    column = "ended_at"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("retired", "Left"), ("all", "All")]


@admin.register(Membership, site=site)
class MembershipAdmin(Lookup):
    see = Permission.SEE_MEMBERS
    write = (Permission.MANAGE_MEMBERS,)
    form = MembershipForm
    change_list_template = "admin/people/membership/change_list.html"
    list_title = "Members"
    list_display = ("person", "role_titles", "team", "starts_at", "until", "ended_at", "sign_in", "leave")
    list_select_related = ("user", "team")
    list_filter = (Live,)
    ordering = ("user__name", "id")

    @admin.display(description="Name", ordering="user__name")
    def person(self, row: Membership) -> str:
        return str(row.user)

    @admin.display(description="Roles")
    def role_titles(self, row: Membership) -> str:
        zone = ZoneInfo(row.organization.time_zone)
        ends = {
            term.role: _day_of(term.until, zone) for term in row.role_terms.all() if term.ended_at is None
        }
        return ", ".join(
            f"{d.title} (until {ends[role]:%b %-d, %Y})" if role in ends else d.title
            for role, d in ROLES.items()
            if role.value in row.roles
        )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("organization").prefetch_related("role_terms")

    @admin.display(description="Sign-in")
    def sign_in(self, row: Membership) -> str:
        if row.ended_at is not None:
            return "—"
        return format_html(
            '<a href="{}">Sign-in<span class="spoken">: {}</span></a>',
            reverse("people:member_sign_in", args=[row.public_id]),
            row.user,
        )

    @admin.display(description="Leaving")
    def leave(self, row: Membership) -> str:
        if row.ended_at is not None:
            return "—"
        return format_html(
            '<a href="{}">Leaving<span class="spoken">: {}</span></a>',
            reverse("people:member_end", args=[row.public_id]),
            row.user,
        )

    def get_list_display(self, request: HttpRequest) -> Any:
        shown = super().get_list_display(request)
        return shown if self.has_change_permission(request) else shown[:-2]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who only looks gets the team's name: Django would link it by a key that no address here holds."""
        team = "team" if self.has_change_permission(request, obj) else "team_name"
        ends = ("ending_role", "role_last_day") if self.has_change_permission(request, obj) else ()
        return ("roles", *ends, team, "last_day")

    @admin.display(description="Team")
    def team_name(self, row: Membership) -> str:
        return str(row.team or "—")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Roles change after a fresh proof only: what checks this form changes them already."""
        if request.method == "POST" and self.has_change_permission(request):
            require_fresh(request)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """With what was typed before a proof was asked for, where that was."""
        made = super().get_form(request, obj, change=change, **kwargs)
        made.words = typed(request) if request.method == "GET" else None
        return made

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Nobody is made a member: people are invited, by whoever may."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return redirect("people:invitation_new")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Somebody who left is shown, not changed."""
        return super().has_change_permission(request, obj) and (obj is None or obj.ended_at is None)


class TeamForm(CommandForm):
    class Meta:
        model = Team
        fields = ("name",)

    def run(self, typed: dict[str, Any]) -> Team:
        team = self.instance if self.instance.pk else None
        return record_team(actor=self.actor, name=typed["name"], team=team, at=timezone.now())


@admin.register(Team, site=site)
class TeamAdmin(Lookup):
    see = Permission.SEE_MEMBERS
    write = (Permission.MANAGE_MEMBERS,)
    form = TeamForm
    list_display = ("name", "retired_at")
    list_filter = (InUse,)
    ordering = ("name",)
    actions = ("retire", "put_back")

    @admin.action(description="Retire the chosen teams", permissions=["change"])
    def retire(self, request: HttpRequest, rows: Any) -> None:
        self.each(request, rows, retire_team, "Retired")

    @admin.action(description="Put the chosen teams back into use", permissions=["change"])
    def put_back(self, request: HttpRequest, rows: Any) -> None:
        self.each(request, rows, return_team, "Put back")
