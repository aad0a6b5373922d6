"""Django's admin as the place of look-ups: rows by policy, saving by commands, no rows deleted, no second log.

Addresses hold public ids, and another organization's row is not there (404).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db import models, transaction
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone

from advocacy.access.permissions import Permission
from advocacy.access.policy import visible
from advocacy.errors import Refused, WrongState
from advocacy.inputs import put_reasons


class CommandForm(forms.ModelForm):
    """A form of the admin whose saving is a command. `run` returns the row; its reasons land on the fields."""

    actor: Any = None

    @abstractmethod
    def run(self, typed: dict[str, Any]) -> Any:
        """Call the command with what was typed (`self.instance` is the row being changed, unsaved when adding)."""

    def _post_clean(self) -> None:
        """In place of the model's own validation: the command checks everything, and all at once."""
        if self.errors:
            return
        try:
            with transaction.atomic():
                self.instance = self.run(self.cleaned_data)
        except Refused as refusal:
            put_reasons(self, refusal.reasons)
        except WrongState as late:
            self.add_error(None, str(late))


class _ByPublicId(ChangeList):
    def url_for_result(self, result: Any) -> str:
        opts = self.opts
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[result.public_id])


class Lookup(admin.ModelAdmin):
    """`see` and `write` are the permissions of the page; subclasses name forms, lists and actions."""

    see: Permission
    write: tuple[Permission, ...] = ()
    # One labelled input for a moment: the admin's own pair of inputs shares one label, so the second has none.
    formfield_overrides = {
        models.DateTimeField: {
            "form_class": forms.DateTimeField,
            "widget": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        },
        models.DateField: {"widget": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")},
        models.TimeField: {"widget": forms.TimeInput(attrs={"type": "time"}, format="%H:%M")},
    }
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 100
    add_form: type[CommandForm] | None = None
    list_title = ""

    def get_queryset(self, request: HttpRequest) -> Any:
        return self.model._default_manager.filter(visible(request.actor, self.model))  # type: ignore[attr-defined]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return _ByPublicId

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        title = str(self.opts.verbose_name_plural).capitalize()
        return super().changelist_view(request, {"title": self.list_title or title} | (extra_context or {}))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """One button: what is saved is done, and the list shows it."""
        buttons = {"show_save_and_continue": False, "show_save_and_add_another": False}
        return super().changeform_view(request, object_id, form_url, buttons | (extra_context or {}))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """By public id. Raises Http404 for what is absent, of another organization, or no id at all."""
        try:
            found = self.get_queryset(request).filter(public_id=UUID(object_id)).first()
        except ValueError:
            found = None
        if found is None:
            raise Http404
        return found

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None and self.add_form is not None:
            kwargs["form"] = self.add_form
        made = super().get_form(request, obj, change=change, **kwargs)
        made.actor = request.actor  # type: ignore[attr-defined]
        return made

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The command has saved already."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        actor = getattr(request, "actor", None)
        return actor is not None and actor.may(self.see)

    def has_add_permission(self, request: HttpRequest) -> bool:
        actor = getattr(request, "actor", None)
        return actor is not None and any(actor.may(permission) for permission in self.write)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is deleted: what names a row keeps it."""
        return False

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The trail is kept by the command; a second log would carry names."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """As above."""

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> Any:
        return self._to_list(request, "Added.")

    def response_change(self, request: HttpRequest, obj: Any) -> Any:
        return self._to_list(request, "Changed.")

    def _to_list(self, request: HttpRequest, said: str) -> Any:
        messages.success(request, said)
        return self.response_post_save_change(request, None)

    def each(self, request: HttpRequest, rows: Any, act: Callable[..., Any], said: str) -> None:
        """An action on chosen rows: the command on each, and how it went."""
        count = 0
        for row in rows:
            try:
                with transaction.atomic():
                    act(actor=request.actor, at=timezone.now(), row=row)  # type: ignore[attr-defined]
                    count += 1
            except (Refused, WrongState) as problem:
                messages.warning(request, f"{row}: {problem}")
        if count:
            messages.success(request, f"{said}: {count}.")


class InUse(admin.SimpleListFilter):
    """In use, retired, or all; the list opens with what is in use."""

    title = "state"
    parameter_name = "state"
    column = "retired_at"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("retired", "Retired"), ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "all":
            return queryset
        return queryset.filter(**{f"{self.column}__isnull": self.value() != "retired"})

    def choices(self, changelist: Any) -> Any:
        yield {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": "In use",
        }
        for value, label in self.lookup_choices:
            yield {
                "selected": self.value() == value,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": label,
            }
